"""``tag-overlay cache``: the scores that are remembered."""

from __future__ import annotations

import argparse

from overlay.commands.console import show

HELP = "show or clear the scores that are remembered"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """What to do."""
    parser.add_argument("action", nargs="?", choices=("show", "clear"), default="show")


def run(args: argparse.Namespace) -> None:
    """Show or clear."""
    from overlay.reviewing.proxy_cache import clear_proxies
    from overlay.scoring import cache

    if args.action == "clear":
        show(f"forgot {cache.clear()} score tracks")
        n_copies = clear_proxies()
        if n_copies:
            show(f"removed {n_copies} small copies of videos")
        return
    n_tracks, n_bytes = cache.size()
    show(f"{n_tracks} score tracks, {n_bytes / 1e6:.1f} MB, in {cache.track_folder()}")
