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


def test_messages_are_one_line_with_the_file():
    message = str(SAMPLES[2])
    assert message == "a.mp4: is damaged"
    assert "cnn14" in str(SAMPLES[3])
    assert "(2, 3)" in str(SAMPLES[4]) and "(3, 2)" in str(SAMPLES[4])
