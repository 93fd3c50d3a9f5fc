"""All options: what each may be, and which of defaults, file and flags wins."""

import json
import re
from dataclasses import asdict, fields
from fractions import Fraction
from pathlib import Path

import pytest

from overlay.datatypes import Excerpt
from overlay.errors import SettingsError
from overlay.settings import (
    POSITIONS,
    PRESETS,
    VIEWS,
    PanelSettings,
    Settings,
    TaggingSettings,
    VideoSettings,
    override,
    resolve,
    settings_from_tables,
)


def _config(tmp_path, text):
    path = tmp_path / "settings.toml"
    path.write_text(text)
    return path


def test_defaults_then_file_then_flags(tmp_path):
    config = _config(tmp_path, "[panel]\ntop_k = 7\ntheme = 'light'\n[tagging]\nhop_duration = 1\n")
    settings = resolve({"theme": "minimal", "crf": None, "videos": ["x"]}, config)
    assert settings.panel.top_k == 7
    assert settings.panel.theme == "minimal"
    assert settings.tagging.hop_duration == 1
    assert settings.video == Settings().video


def test_zero_and_false_are_values(tmp_path):
    config = _config(tmp_path, "[panel]\nthreshold = 0.5\n[video]\ncrf = 9\ntolerant = true\n")
    settings = resolve({"threshold": 0.0, "crf": 0, "tolerant": False}, config)
    assert (settings.panel.threshold, settings.video.crf, settings.video.tolerant) == (
        0.0,
        0,
        False,
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[panel]\ntopk = 3", "topk"),
        ("[pannel]\ntop_k = 3", "pannel"),
        ("top_k = 3", "top_k"),
        ("[panel]\ntop_k = 'three'", "top_k"),
        ("[panel]\ntop_k = true", "top_k"),
        ("[panel]\ntop_k = 0", "top_k"),
        ("[panel]\nposition = 'middle'", "middle"),
        ("[video]\ncrf = 99", "crf"),
        ("[captions]\nstyle = 'nobodys'", "nobodys"),
        ("[captions]\ndensity = 3", "density"),
        ("[panel]\nlanguage = 'tlh'", "tlh"),
        ("[panel", "TOML"),
    ],
)
def test_mistakes_in_the_file_are_said(tmp_path, text, said):
    config = _config(tmp_path, text)
    with pytest.raises(SettingsError, match=said) as caught:
        resolve({}, config)
    assert str(config) in str(caught.value)


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(SettingsError, match=r"nothing\.toml"):
        resolve({}, tmp_path / "nothing.toml")


def test_override_takes_any_field_and_no_other():
    assert override(Settings(), model="cnn6", theme="light").tagging.model == "cnn6"
    with pytest.raises(SettingsError, match="colour"):
        override(Settings(), colour="red")


def test_captions_are_set_like_the_rest_and_one_language_flag_is_for_all(tmp_path):
    config = _config(tmp_path, "[captions]\nstyle = 'bbc'\ndensity = 'low'\nlanguage = 'zh'\n")
    settings = resolve({"density": "high"}, config)
    assert (settings.captions.style, settings.captions.density) == ("bbc", "high")
    assert (settings.captions.language, settings.panel.language) == ("zh", "en")
    assert override(Settings(), language="zh").panel.language == "zh"


def test_a_preset_is_many_options_over_which_others_win():
    made = resolve({"preset": "phone"})
    assert (made.panel.view, made.panel.top_k, made.video.preset) == ("chips", 2, "fast")
    made = resolve({"preset": "phone", "view": "list", "speed": "slow", "crf": 30})
    assert (made.panel.view, made.panel.top_k) == ("list", 2)
    assert (made.video.preset, made.video.crf) == ("slow", 30)
    assert override(Settings(), preset="stage").panel.theme == "high-contrast"


def test_any_other_preset_is_a_speed():
    assert resolve({"preset": "ultrafast"}).video.preset == "ultrafast"
    assert resolve({"speed": "slow"}).video.preset == "slow"
    assert override(Settings(), preset="p4").video.preset == "p4"
    assert resolve({}).video.preset is None


def test_every_preset_can_be_used():
    for name, options in PRESETS.items():
        made = resolve({"preset": name})
        assert made.panel.view == options["view"]
        assert made.video.preset == options["speed"]


def test_a_file_may_name_a_preset_and_what_it_says_beside_wins(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text('[panel]\ntop_k = 4\n[video]\npreset = "review"\ncrf = 30\n')
    made = resolve({}, path)
    assert (made.panel.view, made.panel.top_k, made.video.crf) == ("list+timeline", 4, 30)
    assert made.video.preset == "ultrafast"
    assert resolve({"preset": "social"}, path).panel.view == "chips"
    path.write_text('[video]\npreset = "veryfast"\n')
    assert resolve({}, path).video.preset == "veryfast"
    path.write_text("[video]\npreset = []\n")
    with pytest.raises(SettingsError, match="preset"):
        resolve({}, path)


NAN = float("nan")


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("front_end", ("own", "paddleaudio"), ("", "librosa")),
        ("device", ("auto", "cpu", "gpu"), ("tpu", "CPU")),
        ("windows", ("auto", "together", "context", "isolated"), ("alone",)),
        ("threads", (0, 1, 1024), (-1, 1025)),
        ("sample_duration", (0.1, 2, 60.0), (0.099, 60.1, NAN)),
        ("hop_duration", (0.01, 60.0), (0.0099, 60.1, NAN)),
        ("audio_track", (0, 1000), (-1, 1001)),
        ("video_track", (None, 0, 1000), (-1, 1001)),
        ("from_s", (None, 0.0, 86400.0), (-0.1, NAN)),
        ("to_s", (None, 0.1), (0.0, -1.0, NAN)),
        ("view", ("none", "list", "chips+timeline", "+".join(VIEWS)),
         ("", "list+", "lists", "list+list", "none+list", "none+none", "list,chips")),
        ("strip", ("loudness", "spectrogram"), ("none",)),
        ("span", (5, 3600.0), (4.9, 3601, NAN)),
        ("position", POSITIONS, ("middle", "Top")),
        ("smoothing", ("centered", "trailing", "none"), ("leading",)),
        ("top_k", (1, 20), (0, 21)),
        ("threshold", (None, 0.0, 1.0), (-0.01, 1.01, NAN)),
        ("smooth_size", (None, 1, 1000), (0, 1001)),
        ("scale", (0.3, 3.0), (0.29, 3.1, NAN)),
        ("language", ("en", "zh"), ("", "de")),
        ("event_threshold", (None, 0.0, 1.0), (-0.01, 1.01, NAN)),
        ("hysteresis", (0.0, 1.0), (-0.01, 1.01, NAN)),
        ("margin", (0.0, 1.0), (-0.01, 1.01, NAN)),
        ("min_duration_s", (0.0, 3600.0), (-0.1, 3600.1, NAN)),
        ("max_gap_s", (0.0, 3600.0), (-0.1, 3600.1, NAN)),
        ("stay_s", (0.0, 3600.0), (-0.1, 3600.1, NAN)),
        ("hop_top_k", (1, 10000), (0, 10001)),
        ("style", ("netflix", "dcmp", "bbc", "youtube", "plain"), ("", "Netflix")),
        ("density", (None, "low", "medium", "high"), ("none",)),
        ("crf", (None, 0, 63), (-1, 64)),
        ("coarser", (0, -10, 20), (-11, 21)),
        ("frame", (None, "9:16", "4:1", "1:4", "1000:1000"),
         ("", "9x16", "0:1", "1:0", "-1:1", "1.5:1", "401:100", "100:401", " 1:1", "10000:10000")),
        ("fit", ("pad", "crop"), ("stretch",)),
        ("audio", ("copy", "aac", "opus"), ("mp3",)),
        ("max_mb", (0.05, 1000.0), (0.049, 1001, NAN)),
    ],
)  # fmt: skip
def test_what_each_option_may_be(name, right, wrong):
    for value in right:
        tables = asdict(override(Settings(), **{name: value})).values()
        assert {table[name] for table in tables if name in table} == {value}
    for value in wrong:
        with pytest.raises(SettingsError):
            override(Settings(), **{name: value})


def test_a_value_that_is_wrong_is_said_with_what_would_be_right():
    for options, said in (
        ({"top_k": 21}, "top_k 21 is not between 1 and 20"),
        ({"fit": "stretch"}, "fit 'stretch' is not one of pad, crop"),
        ({"view": "list+list"}, "view 'list+list': name each view once"),
        ({"frame": "5:1"}, "frame '5:1' is no shape such as 9:16, from 1:4 to 4:1"),
        ({"from_s": 5.0, "to_s": 5.0}, "--to must lie behind --from"),
        ({"from_s": 5.0, "to_s": 4.0}, "from 5.0 s to 4.0 s is no part of a file"),
    ):
        with pytest.raises(SettingsError, match=re.escape(said)) as caught:
            override(Settings(), **options)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"soft": True, "overlay_only": True}, "soft and overlay_only exclude"),
        ({"soft": True, "gif": True}, "soft and gif exclude"),
        ({"overlay_only": True, "gif": True}, "overlay_only and gif exclude"),
        ({"soft": True, "frame": "1:1"}, "soft keeps the source's"),
        ({"overlay_only": True, "frame": "1:1"}, "overlay_only keeps the source's"),
    ],
)
def test_ways_to_write_a_video_that_exclude_each_other(options, said):
    with pytest.raises(SettingsError, match=said):
        VideoSettings(**options)
    for name, value in options.items():
        assert getattr(VideoSettings(**{name: value}), name) == value


@pytest.mark.parametrize(
    ("frame", "ratio"), [(None, None), ("9:16", Fraction(9, 16)), ("4:1", 4), ("2:8", 0.25)]
)
def test_the_shape_of_a_frame(frame, ratio):
    assert VideoSettings(frame=frame).ratio == ratio


@pytest.mark.parametrize(
    ("from_s", "to_s", "excerpt"),
    [
        (None, None, None),
        (None, 5.0, Excerpt(0.0, 5.0)),
        (2.0, None, Excerpt(2.0, None)),
        (0.0, None, Excerpt(0.0, None)),
        (2.0, 5.0, Excerpt(2.0, 5.0)),
    ],
)
def test_the_part_that_is_used(from_s, to_s, excerpt):
    assert TaggingSettings(from_s=from_s, to_s=to_s).excerpt == excerpt


def test_views_are_in_the_order_that_they_are_named_in():
    assert PanelSettings(view="timeline+list").views == ("timeline", "list")
    assert PanelSettings(view="none").views == ()


def test_what_a_user_gets_who_says_nothing():
    """The defaults that documents and measurements speak of."""
    chosen = {
        "model": "auto", "windows": "auto", "sample_duration": 2.0, "hop_duration": 0.3,
        "threads": 0, "audio_track": 0, "cache": True, "view": "list", "span": 60.0, "top_k": 5,
        "theme": "dark", "position": "bottom-left", "smoothing": "centered", "scale": 1.0,
        "raw": False, "hysteresis": 0.35, "min_duration_s": 0.2, "max_gap_s": 0.3, "stay_s": 0.8,
        "margin": 0.4, "hop_top_k": 10, "style": "netflix", "language": "en", "encoder": "auto",
        "fit": "pad", "audio": "copy", "max_mb": 8.0,
    }  # fmt: skip
    tables = asdict(Settings())
    said = {name: value for table in tables.values() for name, value in table.items()}
    assert {name: said[name] for name in chosen} == chosen
    on = {name for name, value in said.items() if value is True}
    assert on == {"cache", "collapse"}
    assert tables["panel"]["collapse"] and tables["events"]["collapse"]
    nothing = {name for name, value in said.items() if value is None or value == ()}
    assert {"threshold", "event_threshold", "smooth_size", "density", "crf", "preset"} <= nothing


def test_presets_are_what_the_reference_says():
    text = (Path(__file__).parents[1] / ".github/REFERENCE.md").read_text(encoding="utf-8")
    rows = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in text.splitlines()]
    written = {row[0]: row[1:] for row in rows if row and row[0] in PRESETS and len(row) > 5}
    for name, options in PRESETS.items():
        made = override(Settings(), preset=name)
        panel, video = made.panel, made.video
        quality = f"usual {'+' if video.coarser > 0 else '-'} {abs(video.coarser)}"
        assert written[name] == [
            panel.view, panel.theme, panel.position, f"{panel.scale:g}", str(panel.top_k),
            f"{panel.threshold:g}", f"{quality}, {video.preset}",
        ], name  # fmt: skip
        assert options["speed"] == video.preset


@pytest.mark.parametrize(
    ("options", "preset"),
    [
        ({"preset": "slow"}, "slow"),
        ({"preset": "slow", "speed": "p4"}, "p4"),
        ({"speed": "p4"}, "p4"),
        ({"preset": "phone", "speed": "p4"}, "p4"),
        ({"preset": "phone"}, "fast"),
        ({"preset": None}, None),  # as every other field
        ({"crf": 3}, "veryslow"),
    ],
)
def test_the_speed_that_is_meant(options, preset):
    before = Settings(video=VideoSettings(preset="veryslow"))
    assert override(before, **options).video.preset == preset
    assert before.video.preset == "veryslow"


def test_settings_travel_as_text():
    made = override(
        Settings(), preset="stage", allow=("Dog", "Cat"), deny=("Rain",), to_s=9.0, crf=0,
        frame="9:16", density="low", threshold=0.0,
    )  # fmt: skip
    assert settings_from_tables(json.loads(json.dumps(asdict(made)))) == made
    assert settings_from_tables({"panel": {"top_k": 3}}).panel.top_k == 3
    assert settings_from_tables({"panel": {"top_k": 3}}).video == Settings().video
    with pytest.raises(SettingsError, match="top_k"):
        settings_from_tables({"panel": {"top_k": 0}})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[events]\nallow = 'Dog'", r"\[events\] allow: 'Dog' is not a list of texts"),
        ("[events]\nallow = ['Dog', 3]", r"\['Dog', 3\] is not a list of texts"),
        ("[events]\nframes = 1", r"\[events\] frames: 1 is not a bool"),
        ("[panel]\nscale = true", "True is not a float"),
        ("[panel]\nscale = nan", "scale nan is not between"),
        ("[panel]\nfont = 3", "3 is not a str"),
        ("[tagging]\nthreads = 1.0", "1.0 is not a int"),
        ("[tagging]\nfrom_s = 'x'", "'x' is not a float"),
        ("panel = 3", "unknown table or key 'panel'"),
        ("[panel]\nspeed = 'fast'", "unknown key"),
        ("[video]\nspeed = 'fast'", "unknown key"),
    ],
)
def test_more_mistakes_in_the_file(tmp_path, text, said):
    config = _config(tmp_path, text)
    with pytest.raises(SettingsError, match=said) as caught:
        resolve({}, config)
    assert str(config) in str(caught.value)


def test_a_file_may_hold_lists_whole_numbers_for_fractions_and_what_may_be_left_out(tmp_path):
    text = "[events]\ndeny = ['a', 'b']\n[panel]\nscale = 2\nthreshold = 1\nfont = 'x.ttf'\n"
    made = resolve({"deny": None}, _config(tmp_path, text))
    assert (made.events.deny, made.panel.scale, made.panel.font) == (("a", "b"), 2, "x.ttf")
    assert resolve({"deny": ("c",)}, _config(tmp_path, text)).events.deny == ("c",)


def test_an_option_that_nobody_knows_is_said_with_all_that_there_are():
    with pytest.raises(SettingsError, match="unknown option 'a'; known: model, weights") as caught:
        override(Settings(), b=1, a=2)
    for table in fields(Settings):
        for each in fields(getattr(Settings(), table.name)):
            assert f" {each.name}" in str(caught.value)
