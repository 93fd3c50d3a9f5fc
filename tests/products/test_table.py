"""What is heard as text files; the scores themselves; which product is asked for."""

import json

import numpy as np
import pytest
from making import listener, two_tags

from overlay.errors import (
    NoAudioStream,
    NoVideoStream,
    OutputError,
    SettingsError,
    UnknownFormat,
    UsageError,
)
from overlay.media.source import open_source
from overlay.products.base import Made
from overlay.products.captions import Captions
from overlay.products.product_choice import PRODUCTS, asked_for, without_sound
from overlay.products.scores import Scores
from overlay.products.table import Table, export_formats
from overlay.reporting import SILENT
from overlay.scoring.saved_tracks import open_saved
from overlay.settings import EventSettings, PanelSettings, Settings, VideoSettings
from overlay.track import TagTrack


@pytest.fixture
def saved(tmp_path):
    """A source without media, and its track."""
    return open_saved(two_tags().save(tmp_path / "clip.tags.npz"))


@pytest.fixture(scope="module")
def clip(make_clip):
    return make_clip(
        "table.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x48:d=1", "-f", "lavfi", "-i", "sine=d=1"
    )


@pytest.fixture(scope="module")
def mute(make_clip):
    return make_clip("table-mute.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x48:d=1")


@pytest.mark.parametrize("name", export_formats())
def test_every_format_is_planned_and_written(saved, tmp_path, name):
    if name == "parquet":
        pytest.importorskip("pyarrow")
    source, track = saved
    plan = Table(name).plan(source, Settings(), None, SILENT)
    assert plan.target.parent == tmp_path
    assert plan.target.name == f"clip{export_formats()[name].extension}"
    assert not plan.target.exists()
    done = plan.write(track, SILENT)
    assert isinstance(done, Made)
    assert done.path.stat().st_size > 0
    with pytest.raises(OutputError, match="--overwrite"):
        Table(name).plan(source, Settings(), None, SILENT)


def test_a_table_says_what_it_is_of(saved, clip):
    source, track = saved
    done = Table("json").plan(source, Settings(), None, SILENT).write(track, SILENT)
    assert json.loads(done.path.read_text())["run"]["source"] == "clip"
    assert open_saved(clip) is None


def test_the_panel_of_saved_scores_is_made_for_a_size(saved, tmp_path, make_clip):
    source, track = saved
    done = Table("ass-panel", (640, 360)).plan(source, Settings(), None, SILENT)
    assert "PlayResX: 640" in done.write(track, SILENT).path.read_text()
    sound = make_clip("only-sound.wav", "-f", "lavfi", "-i", "sine=d=1")
    with pytest.raises(NoVideoStream):
        Table("ass-panel").plan(open_source(sound), Settings(), tmp_path / "x.ass", SILENT)


def test_what_cannot_be_written_is_refused_by_the_plan(saved):
    source, _ = saved
    with pytest.raises(UnknownFormat, match="nope"):
        Table("nope").plan(source, Settings(), None, SILENT)
    dark = Settings(panel=PanelSettings(theme="Neon"))
    with pytest.raises(SettingsError, match="Neon"):
        Table("ass-panel").plan(source, dark, None, SILENT)
    own = Settings(video=VideoSettings(overwrite=True))
    for out in (source.path, source.path.parent / "." / source.path.name):
        with pytest.raises(OutputError, match="input"):
            Table("csv").plan(source, own, out, SILENT)


def test_files_that_the_settings_name_are_no_targets(saved, tmp_path):
    source, _ = saved
    thresholds = tmp_path / "t.toml"
    thresholds.write_text('"Dog" = 0.4\n')
    settings = Settings(
        events=EventSettings(thresholds_file=str(thresholds)), video=VideoSettings(overwrite=True)
    )
    with pytest.raises(OutputError, match="input"):
        Table("csv").plan(source, settings, thresholds, SILENT)


def test_captions_are_what_their_name_says(saved, tmp_path):
    source, track = saved
    for name in ("x.srt", "x.VTT", "x.ass", "x.ttml", "x.sbv"):
        plan = Captions().plan(source, Settings(), tmp_path / name, SILENT)
        assert plan.kind.name == name[2:].lower()
    assert Captions().plan(source, Settings(), tmp_path / "x.txt", SILENT).kind.name == "srt"
    assert Captions("vtt").plan(source, Settings(), tmp_path / "x.txt", SILENT).kind.name == "vtt"
    assert Captions("vtt").plan(source, Settings(), tmp_path, SILENT).target.suffix == ".vtt"
    with pytest.raises(UsageError, match="--format"):
        Captions("vtt").plan(source, Settings(), tmp_path / "x.srt", SILENT)
    reporter, _, notes = listener()
    silent = TagTrack(np.zeros((3, 2), np.float32), track.labels, 2.0, 0.3, 2.0)
    Captions().plan(source, Settings(), None, reporter).write(silent, reporter)
    assert any("no sound is worth a caption" in note for note in notes)


def test_scores_are_saved_under_the_name_that_is_asked_for(clip, tmp_path):
    plan = Scores().plan(open_source(clip), Settings(), tmp_path / "scores", SILENT)
    done = plan.write(two_tags(), SILENT)
    assert done.path == tmp_path / "scores"
    assert open_saved(done.path)[1].labels == ("Speech", "Dog")
    demo = Scores(as_demo=True).plan(open_source(clip), Settings(), tmp_path, SILENT)
    assert demo.target == tmp_path / "audioset_tagging_sr_44100.npz"


@pytest.mark.parametrize(
    ("options", "heard", "unheard"),
    [
        ({}, "burned", None),
        ({"soft": True}, "soft", None),
        ({"overlay_only": True}, "alone", None),
        ({"allow_silent": True}, "burned", "copied"),
        ({"allow_silent": True, "soft": True}, "soft", "copied"),
        ({"allow_silent": True, "overlay_only": True}, "alone", None),
    ],
)
def test_which_product_the_options_ask_for(clip, mute, options, heard, unheard):
    settings = VideoSettings(**options)
    assert asked_for(open_source(clip), settings, None, is_scored=False) == heard
    assert asked_for(open_source(mute), settings, None, is_scored=True) == heard
    if unheard:
        assert asked_for(open_source(mute), settings, None, is_scored=False) == unheard
        assert without_sound(open_source(mute), settings, heard) == unheard
    else:
        with pytest.raises(NoAudioStream):
            asked_for(open_source(mute), settings, None, is_scored=False)


def test_every_product_says_what_it_is():
    for name, product in PRODUCTS.items():
        assert product.__name__.lower() == name.replace("-", "")
        assert product.__doc__
        assert product.plan.__doc__
