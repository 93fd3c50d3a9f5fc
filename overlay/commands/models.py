"""``tag-overlay models``: list, fetch and verify the models."""

from __future__ import annotations

import argparse

from overlay.commands.printing import show

HELP = "list, fetch and verify the models"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """What to do, and with which."""
    parser.add_argument("action", nargs="?", choices=("list", "fetch", "verify"), default="list")
    parser.add_argument(
        "names",
        nargs="*",
        metavar="MODEL",
        help="default: mn04 to fetch, all that are here to verify",
    )


def run(args: argparse.Namespace) -> None:
    """List, fetch or verify.

    Raises:
        TaggerError: There is no such model, it cannot be fetched, or is not what it should be.
    """
    from overlay.tagging import catalog

    lines = {
        "list": lambda names: catalog.list_models(),
        "fetch": catalog.fetch_models,
        "verify": catalog.verify_models,
    }[args.action](args.names)
    for line in lines:
        show(line)
