import pytest

from overlay.errors import SettingsError
from overlay.settings import PRESETS, Settings, override, resolve


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
