"""``tag-overlay models``: list, fetch, verify and export the models."""

from __future__ import annotations

import argparse
from pathlib import Path

from overlay.commands import flags
from overlay.commands.console import show
from overlay.errors import UsageError

HELP = "list, fetch, verify and export the models"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """What to do, and with which."""
    actions = ("list", "fetch", "verify", "export")
    parser.add_argument("action", nargs="?", choices=actions, default="list")
    parser.add_argument(
        "names",
        nargs="*",
        metavar="MODEL",
        help="default: mn04 to fetch or to export, all that are here to verify",
    )
    parser.add_argument("--to", choices=("onnx",), default="onnx", help="kind of file to export")
    flags.add_output(parser, "file to export to (default: MODEL.onnx)")


def run(args: argparse.Namespace) -> None:
    """List, fetch, verify or export.

    Raises:
        TaggerError: There is no such model, it cannot be fetched, or is not what it should be.
        OutputError: The file to export to exists, or cannot be written.
    """
    from overlay.tagging import catalog

    if args.action == "export":
        _export(args)
        return
    lines = {
        "list": lambda names: catalog.list_models(),
        "fetch": catalog.fetch_models,
        "verify": catalog.verify_models,
    }[args.action](args.names)
    for line in lines:
        show(line)


def _export(args: argparse.Namespace) -> None:
    from overlay.files import whole_or_absent
    from overlay.tagging.onnx_export import export_onnx

    if len(args.names) > 1:
        raise UsageError("export takes one model")
    name = args.names[0] if args.names else "mn04"
    target = Path(args.output or f"{name}.onnx")
    with whole_or_absent(target, overwrite=bool(args.overwrite)) as temporary:
        export_onnx(name, temporary)
    show(f"wrote {target}: waveforms in, scores out; use it with --model {target}")
