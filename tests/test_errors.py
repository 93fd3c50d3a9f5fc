"""The tree of errors: what each says, what it knows, which status it gives."""

import inspect
import pickle
from pathlib import Path

import pytest

from overlay import errors

SAMPLES = [
    errors.UsageError("no"),
    errors.BatchError(2, 5, 3),
    errors.DecodeError("is damaged", path=Path("a.mp4"), command=["ffmpeg"], stderr_tail="x\ny"),
    errors.UnknownTagger("cnn99", ["cnn14"]),
    errors.CheckpointError("wrong shape", path="w.pth", expected=(2, 3), got=(3, 2)),
    errors.ThemeError("not a colour", path="t.toml", key="panel.color"),
    errors.UnknownFormat("doc", ["txt"]),
]


@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: type(error).__name__)
def test_errors_survive_pickling(error):
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


def test_every_error_of_the_tree_is_drawn_and_has_its_exit_code():
    codes = {"MediaError": 3, "TaggerError": 4, "SettingsError": 5, "ExportError": 6}
    for name, kind in inspect.getmembers(errors, inspect.isclass):
        if issubclass(kind, errors.OverlayError):
            assert name in (errors.__doc__ or "")
            branch = next(
                (c for b, c in codes.items() if issubclass(kind, getattr(errors, b))), None
            )
            assert branch is None or kind.exit_code == branch


@pytest.mark.parametrize(
    ("error", "message", "code"),
    [
        (errors.OverlayError("no"), "no", 1),
        (errors.UsageError("no"), "no", 2),
        (errors.BatchError(2, 5, 4), "2 of 5 files failed", 4),
        (errors.ProbeError("is empty", path="a.mp4"), "a.mp4: is empty", 3),
        (errors.ProbeError("is empty"), "is empty", 3),
        (errors.OutputError("exists", path=Path("o.mp4")), "o.mp4: exists", 3),
        (errors.UnknownTagger("x", ["a", "b"]), "unknown model 'x'; known are a, b", 4),
        (errors.CheckpointError("is cut", path=Path("w.pt")), "w.pt: is cut", 4),
        (errors.CheckpointError("no", path="w", expected=(2, 3), got=None),
         "w: no (expected (2, 3), got None)", 4),
        (errors.CheckpointError("no", path="w", got=3), "w: no", 4),
        (errors.ThemeError("no", path="t.toml", key="a.b"), "t.toml: a.b: no", 5),
        (errors.ThemeError("no", path=Path("t.toml")), "t.toml: no", 5),
        (errors.UnknownFormat("doc", iter(["txt"])), "unknown format 'doc'; known are txt", 6),
    ],
)  # fmt: skip
def test_each_error_says_what_which_file_and_has_its_code(error, message, code):
    assert (str(error), error.exit_code) == (message, code)


def test_what_an_error_knows_can_be_asked_for():
    media = errors.DecodeError("is damaged", path=Path("a.mp4"), command=["ffmpeg", "-i"])
    assert (media.path, media.command, media.stderr_tail) == ("a.mp4", ("ffmpeg", "-i"), "")
    assert (errors.MediaError("no").path, errors.MediaError("no").command) == (None, ())
    checkpoint = errors.CheckpointError("no", path=Path("w"), expected=0, got=1)
    assert (checkpoint.path, checkpoint.expected, checkpoint.got) == ("w", 0, 1)
    theme = errors.ThemeError("no", path=Path("t.toml"))
    assert (theme.path, theme.key) == ("t.toml", None)
    for kind in (errors.UnknownTagger, errors.UnknownFormat):
        assert (kind("x", iter("ab")).name, kind("x", iter("ab")).known) == ("x", ("a", "b"))
