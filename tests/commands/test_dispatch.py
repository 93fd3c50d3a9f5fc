"""Finding the command: help, README's examples, exit statuses."""

import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from overlay.commands import main
from overlay.commands.dispatch import COMMANDS, parser

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / ".github").glob("*.md"))]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_help(capsys, name):
    assert main([name, "--help"]) == 0
    printed = capsys.readouterr().out
    assert f"tag-overlay {name}" in printed
    assert COMMANDS[name].HELP in printed.replace("\n", " ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["batch", "x", "-o", "y", "--jobs", "0"], "--jobs: '0' is not auto"),
        (["batch", "x"], "required: -o/--output"),
        (["batch", "x", "-o", "y", "--nonsense"], "--nonsense"),
    ],
)
def test_what_is_wrong_with_a_command_is_one_line_that_says_where_help_is(capsys, arguments, said):
    assert main(arguments) == 2
    line, end = capsys.readouterr().err.split("\n")
    assert said in line
    assert re.search(r"; 'tag-overlay( batch)? --help' lists what there is$", line)
    assert end == ""


def test_no_argument_shows_the_help(capsys):
    assert main([]) == 0
    printed = capsys.readouterr().out
    assert "VIDEO" in printed
    assert all(name in printed for name in COMMANDS)


@pytest.mark.parametrize("how", [[str(ROOT / "cli.py")], ["-m", "overlay"]])
def test_other_ways_to_start_it(how):
    done = subprocess.run(
        [sys.executable, *how, "--help"], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert "render" in done.stdout


def _is_example(line):
    return line.startswith("    ") and re.search("tag-overlay [^&]", line) is not None


def _examples():
    """Command lines in the pages, as shells take them."""
    for page in PAGES:
        text = page.read_text("utf-8").replace("\\\n", "")
        for line in text.splitlines():
            for part in re.split(r"&&|\|(?=\s)", line if _is_example(line) else ""):
                words = shlex.split(part, comments=True)
                if words and Path(words[0]).name == "tag-overlay" and not {"…", "$"} & set(part):
                    yield words[1:]


def test_every_example_of_the_pages_is_understood():
    examples = list(_examples())
    assert len(examples) >= 5
    for words in examples:
        known = [words[0] in COMMANDS or words[0].startswith("--")]
        arguments = words if known[0] else ["render", *words]
        if "--help" not in arguments and "--version" not in arguments:
            assert parser().parse_args(arguments).command in COMMANDS


def test_every_option_of_the_pages_exists():
    known = set()
    for each in COMMANDS:
        command = next(a for a in parser()._actions if a.dest == "command").choices[each]
        known |= {flag for action in command._actions for flag in action.option_strings}
    known |= {"--version", "--help"}
    rows = [line for page in PAGES for line in page.read_text("utf-8").splitlines()
            if line.startswith("| `-")]  # fmt: skip
    named = {flag for row in rows for flag in re.findall(r"`(--[a-z][a-z-_]*)", row.split("|")[1])}
    assert len(named) >= 15
    assert named <= known


def test_debug_shows_the_traceback(tmp_path, capsys):
    assert main(["render", str(tmp_path / "missing.mp4"), "--debug"]) == 3
    assert "Traceback" in capsys.readouterr().err


def test_an_error_that_nobody_foresaw_is_one_line(monkeypatch, capsys):
    def run(args):
        raise ZeroDivisionError("a\nb")

    broken = SimpleNamespace(**vars(COMMANDS["cache"]) | {"run": run})
    monkeypatch.setitem(COMMANDS, "cache", broken)
    assert main(["cache"]) == 1
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert "unexpected ZeroDivisionError: a\\nb" in printed
