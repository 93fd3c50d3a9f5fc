"""What would fail for every source alike is refused once, before any work."""

import shutil

import pytest

from overlay.batching.run import Batch, BatchSettings
from overlay.batching.settings_check import check_settings
from overlay.commands import main
from overlay.errors import OverlayError
from overlay.settings import Settings, override

LABELS = ("Speech", "Dog")


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        ("events", {"ffmpeg": "/nowhere/ffmpeg"}, "no ffmpeg program"),
        ("events", {"thresholds_file": "/nowhere.toml"}, "cannot read the thresholds"),
        ("events", {"label_file": "/nowhere.txt"}, "cannot read the labels"),
        ("events", {"allow": ("Dogg",)}, "'Dogg' is no label"),
        ("captions", {"deny": ("Dogg",)}, "'Dogg' is no label"),
        ("events", {"verdicts": ("/nowhere.json",)}, "cannot read the verdicts"),
        ("render", {"theme": "nonsense"}, "no such theme"),
        ("soft", {"theme": "nonsense"}, "no such theme"),
        ("panel", {"font": "/nowhere.ttf"}, "cannot read the font"),
        ("ass-panel", {"theme": "nonsense"}, "no such theme"),
        ("render", {"encoder": "nonsense"}, "unknown encoder"),
        ("render", {"preset": "nonsense"}, "knows no speed"),
    ],
)
def test_it_is_refused(kind, options, said):
    with pytest.raises(OverlayError, match=said):
        check_settings([kind], override(Settings(), **options), LABELS)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("render", {}),
        ("events", {"theme": "nonsense"}),  # nothing is drawn
        ("events", {"encoder": "nonsense"}),  # nothing is encoded
        ("render", {"preset": "5"}),  # VP9 knows it, and a source may lead to that
        ("render", {"preset": "slow"}),
        ("render", {"view": "timeline"}),
        ("youtube", {}),
        ("ass-panel", {"frames": True}),
    ],
)
def test_it_may_work_for_some_source(kind, options):
    check_settings([kind], override(Settings(), **options), LABELS)


def test_the_command_ends_before_it_makes_or_remembers_anything(make_clip, tmp_path, capsys):
    (tmp_path / "in").mkdir()
    shutil.copy(make_clip("checked.wav", "-f", "lavfi", "-i", "sine=d=1"), tmp_path / "in")
    command = ["batch", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--model", "builtin"]
    assert main([*command, "--do", "events", "--allow", "Dogg", "--dry-run"]) == 5
    assert capsys.readouterr().err.count("\n") == 1
    assert main([*command, "--do", "events", "--allow", "Dogg"]) == 5
    assert not (tmp_path / "out").exists()


def test_from_python_it_is_raised(tmp_path):
    settings = override(Settings(), model="builtin", allow=("Dogg",))
    with pytest.raises(OverlayError, match="no label of this model"):
        Batch(lambda: [], tmp_path, settings, BatchSettings(("events",)))
