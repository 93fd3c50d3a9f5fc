"""What ships is found, wherever it is installed; the cache is somewhere that is safe."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from overlay.reporting import SILENT, Reporter
from overlay.resources import cache_folder, program_version, resource


def test_what_ships_is_found_and_what_is_missing_is_said():
    assert resource("assets", "models", "builtin.npz").is_file()
    assert resource("fonts").is_dir()
    with pytest.raises(FileNotFoundError, match="assets/nothing is missing from the installation"):
        resource("assets", "nothing")


@pytest.mark.skipif(sys.platform != "linux", reason="folders of the XDG kind")
@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"XDG_CACHE_HOME": "/a/b"}, "/a/b/tag-overlay"),
        ({"HOME": "/home/me"}, "/home/me/.cache/tag-overlay"),
    ],
)
def test_the_cache_is_where_the_system_keeps_such(monkeypatch, variables, folder):
    for name in ("XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert cache_folder() == Path(folder)


def test_a_checkout_that_is_not_installed_has_no_version(tmp_path):
    """The version is that of the installation: where there is none, nothing is made up."""
    (tmp_path / "overlay").symlink_to(Path(__file__).parents[1] / "overlay")
    code = "from overlay.resources import program_version; print(program_version())"
    done = subprocess.run(
        [sys.executable, "-S", "-E", "-c", code], cwd=tmp_path, capture_output=True, text=True,
        env={"PATH": os.environ["PATH"]}, check=True,
    )  # fmt: skip
    assert done.stdout == "not installed\n"
    assert program_version()


def test_a_reporter_hands_on_what_it_is_told():
    said = []
    reporter = Reporter(lambda *step: said.append(step), said.append)
    reporter.progress("tag", 1.5, 3.0)
    reporter.progress("train", 2)
    reporter.note("a line")
    assert said == [("tag", 1.5, 3.0), ("train", 2, None), "a line"]
    SILENT.progress("tag", 1.0, None)
    SILENT.note("nobody hears it")
