"""From arguments to a command, and from what it raises to an exit status: the one catcher."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import NoReturn

from overlay.commands import (
    agree,
    batch,
    cache,
    captions,
    doctor,
    export,
    learn,
    models,
    parse,
    render,
    review,
    tag,
    train,
)
from overlay.commands.console import (
    close_standard_files,
    open_standard_files,
    put_text,
    report,
    say,
)
from overlay.errors import OverlayError
from overlay.resources import program_version

COMMANDS: dict[str, ModuleType] = {
    "render": render,
    "batch": batch,
    "review": review,
    "tag": tag,
    "captions": captions,
    "export": export,
    "learn": learn,
    "agree": agree,
    "parse": parse,
    "train": train,
    "models": models,
    "cache": cache,
    "doctor": doctor,
}
"""Each has ``HELP``, ``add_flags(parser)``, ``run(args)``, which may return an exit status.

To add one, write a file like them.
"""
_UNEXPECTED, _USAGE = 1, 2


def dispatch(
    argv: Sequence[str] | None = None, *, is_stopped: Callable[[], bool] = lambda: False
) -> int:
    """Run a command; returns its exit status.

    Args:
        argv: Arguments; the program's own if ``None``, which also opens closed standard files.
        is_stopped: Whether a signal came: an error is then what became of it, and is raised.
    """
    arguments = _with_command(list(sys.argv[1:] if argv is None else argv))
    debug = "--debug" in arguments
    if argv is None:
        open_standard_files()
        if not debug:
            warnings.simplefilter("ignore")  # of libraries: what matters is refused or noted
    try:
        args = parser().parse_args(arguments)
        status: int | None = COMMANDS[args.command].run(args)
    except SystemExit as exit_:  # argparse has printed what is wrong, or the help
        return int(exit_.code or 0)
    except Exception as error:
        if is_stopped():
            raise
        report(error, debug=debug)  # also what nobody foresaw in one line
        return error.exit_code if isinstance(error, OverlayError) else _UNEXPECTED
    finally:
        close_standard_files()
    return status or 0


def _with_command(arguments: list[str]) -> list[str]:
    """``tag-overlay VIDEO`` means ``tag-overlay render VIDEO``."""
    if not arguments or arguments[0] in (*COMMANDS, "-h", "--help", "--version"):
        return arguments or ["--help"]
    return ["render", *arguments]


class _Parser(argparse.ArgumentParser):
    """A parser whose messages are printed as all others are."""

    def print_help(self, file: object = None) -> None:
        put_text("stdout", self.format_help())

    def error(self, message: str) -> NoReturn:
        say(f"error: {message}; '{self.prog} --help' lists what there is")
        self.exit(_USAGE)


def parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    whole = _Parser(
        prog="tag-overlay",
        description="Show what can be heard in a video: live sound tags on the matching frames.",
        epilog="'tag-overlay VIDEO' is short for 'tag-overlay render VIDEO'. "
        "'tag-overlay COMMAND --help' lists the options of a command.",
    )
    whole.add_argument("--version", action="version", version=f"tag-overlay {program_version()}")
    commands = whole.add_subparsers(
        title="commands", metavar="COMMAND", required=True, dest="command"
    )
    for name, module in COMMANDS.items():
        each = commands.add_parser(
            name, help=module.HELP, description=module.HELP, allow_abbrev=False
        )
        each.add_argument("--debug", action="store_true", help="show the traceback of an error")
        module.add_flags(each)
    return whole
