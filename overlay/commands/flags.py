"""Flags that several commands share, and what is made of them."""

from __future__ import annotations

import argparse
import math
from typing import Any

from overlay.settings import (
    CAPTION_STYLES,
    DENSITIES,
    DEVICES,
    FRONT_ENDS,
    LANGUAGES,
    POSITIONS,
    SMOOTHINGS,
    STRIPS,
    WINDOWS,
    Settings,
    resolve,
)


def settings_of(args: argparse.Namespace) -> Settings:
    """Defaults, overridden by the settings file, overridden by flags.

    Raises:
        SettingsError: A value is out of range, or the file cannot be used.
    """
    flags = vars(args)
    lists = {name: tuple(flags[name]) for name in ("allow", "deny", "verdicts") if flags.get(name)}
    return resolve(flags | lists, args.config)


def option(parser: Any, name: str, **options: Any) -> None:
    """A flag that may be written with hyphens or with underscores, as in PaddleAudio's demo."""
    parser.add_argument(*dict.fromkeys((f"--{name}", f"--{name.replace('-', '_')}")), **options)


def switch(parser: Any, name: str, help_text: str | None = None, *, value: bool = True) -> None:
    """A flag without a value; ``None`` where it is not given."""
    option(parser, name, action="store_const", const=value, help=help_text)


def boolean(text: str) -> bool:
    """``True`` or ``False``, as PaddleAudio's demo takes it."""
    if text not in ("True", "False", "true", "false"):
        raise argparse.ArgumentTypeError(f"{text!r} is not True or False")
    return text.lower() == "true"


def size(text: str) -> tuple[int, int]:
    """Width and height such as ``1920x1080``."""
    width, _, height = text.partition("x")
    digits = width.isdecimal() and height.isdecimal() and len(width) < 6 and len(height) < 6
    if not (digits and int(width) * int(height) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 1920x1080")
    return int(width), int(height)


def second(text: str) -> float:
    """A time from the start on, in seconds."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0 on")
    return value


def clock_time(text: str) -> float:
    """Seconds from ``83.5``, ``1:23.5`` or ``0:01:23.5``."""
    *larger, last = text.strip().split(":")
    if len(larger) > 2 or not all(part.isdecimal() and len(part) < 9 for part in larger):
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 83.5 or 1:23.5")
    if larger and not 0 <= second(last) < 60:
        raise argparse.ArgumentTypeError(f"{text!r} has more than 59 seconds behind the minutes")
    seconds = second(last)
    for n, part in enumerate(reversed(larger), start=1):
        seconds += float(60**n) * int(part)
    return seconds


def share(text: str) -> float:
    """A part of all, between 0 and 1."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number between 0 and 1")
    return value


def add_output(parser: Any, help_text: str = "target file, or folder") -> None:
    """Where the result goes, and whether it may replace another."""
    parser.add_argument("-o", "--output", metavar="OUT", help=help_text)
    switch(parser, "overwrite", "replace an existing target")


def add_common(parser: argparse.ArgumentParser) -> None:
    """The settings file, and silence."""
    parser.add_argument("--config", metavar="TOML", help="settings file; flags override it")
    parser.add_argument("-q", "--quiet", action="store_true", help="print errors alone")


def add_tagging(parser: argparse.ArgumentParser) -> None:
    """How sound becomes scores."""
    group = parser.add_argument_group("tagging")
    group.add_argument(
        "--model",
        metavar="NAME",
        help="auto, builtin, mn04, fine, cnn14, cnn10, cnn6, frame_mn10, frame_mn06, a file of "
        "'tag-overlay train', or your own FILE.onnx",
    )
    option(
        group, "front-end", choices=FRONT_ENDS,
        help="whose log-mel the PANNs get (own; both are equal)",
    )  # fmt: skip
    group.add_argument("--weights", metavar="FILE", help="weights to use for the model")
    group.add_argument("--device", choices=DEVICES)
    group.add_argument("--threads", type=int, metavar="N", help="CPU threads (default: all cores)")
    option(group, "sample-duration", type=float, metavar="S", help="window, seconds (2)")
    option(group, "hop-duration", type=float, metavar="S", help="window step, seconds (0.3)")
    group.add_argument(
        "--windows", choices=WINDOWS,
        help="a score of one window alone, or with what is around it (auto: the truer)",
    )  # fmt: skip
    group.add_argument(
        "--no-cache", dest="cache", action="store_const", const=False,
        help="score anew, and do not remember it",
    )  # fmt: skip
    group.add_argument(
        "--from", dest="from_s", type=clock_time, metavar="T",
        help="begin at this second of the file, such as 83.5 or 1:23.5; times count from there",
    )  # fmt: skip
    group.add_argument("--to", dest="to_s", type=clock_time, metavar="T", help="end there")
    option(group, "audio-track", type=int, metavar="N", help="which audio track, from 0")
    option(group, "video-track", type=int, metavar="N", help="which picture, from 0")


def add_decoding(parser: Any) -> None:
    """How a media file is read."""
    switch(parser, "tolerant", "use damaged files")
    parser.add_argument("--ffmpeg", metavar="PATH", help="program to use instead of the built-in")


def add_panel(
    parser: argparse.ArgumentParser, title: str = "panel", *, beside_events: bool = False
) -> None:
    """How the panel looks.

    Args:
        parser: Of the command.
        title: Of the group in the help.
        beside_events: Whether ``add_events`` brings the flags that both have.
    """
    group = parser.add_argument_group(title)
    group.add_argument(
        "--view", metavar="NAME[+NAME]",
        help="list, chips, ticker, timeline, several such as chips+timeline, or none (list)",
    )  # fmt: skip
    group.add_argument("--strip", choices=STRIPS, help="below the timeline's lanes (loudness)")
    group.add_argument(
        "--span", type=float, metavar="S", help="seconds of a long video on the timeline (60)"
    )
    group.add_argument("--theme", metavar="NAME|TOML", help="dark, light, high-contrast, minimal")
    group.add_argument("--position", choices=POSITIONS)
    option(group, "top-k", type=int, metavar="K", help="rows (5)")
    group.add_argument("--threshold", type=float, metavar="P", help="hide tags below (0.22)")
    group.add_argument("--smoothing", choices=SMOOTHINGS)
    option(
        group,
        "smooth-size",
        type=int,
        metavar="HOPS",
        help="rows averaged (0.9 s; 5 with --raw)",
    )
    group.add_argument("--font", metavar="FILE")
    group.add_argument("--scale", type=float, metavar="X", help="size of the panel (1)")
    switch(group, "raw", "show the plain smoothed scores, with nothing decided")
    if not beside_events:
        _add_wanted(group)
        option(group, "label-file", metavar="TXT", help="names to show, one a line")
        _add_language(group)


def add_events(parser: argparse.ArgumentParser) -> None:
    """How scores become events."""
    group = parser.add_argument_group("events")
    option(group, "event-threshold", type=float, metavar="P", help="score to reach (0.22)")
    group.add_argument(
        "--min-duration", dest="min_duration_s", type=float, metavar="S", help="shortest (0.2)"
    )
    group.add_argument(
        "--max-gap", dest="max_gap_s", type=float, metavar="S", help="gaps to close (0.3)"
    )
    _add_wanted(group)
    option(group, "label-file", metavar="TXT", help="names to write, one a line")


def add_verdicts(parser: argparse.ArgumentParser) -> None:
    """What people said of the events."""
    parser.add_argument(
        "--verdicts", action="append", default=[], metavar="FILE|DIR",
        help="of 'tag-overlay review': wrong events go, corrections take their place; a folder, or "
        "several: each medium gets what is on its sound",
    )  # fmt: skip


def add_captioning(parser: argparse.ArgumentParser) -> None:
    """How events become captions."""
    group = parser.add_argument_group("captions")
    group.add_argument("--style", choices=CAPTION_STYLES, help="whose rules they follow (netflix)")
    group.add_argument("--density", choices=DENSITIES, help="how much is captioned (medium)")
    _add_language(group)


def _add_language(group: Any) -> None:
    group.add_argument(
        "--lang", dest="language", choices=LANGUAGES, help="English or Simplified Chinese (en)"
    )


def _add_wanted(group: Any) -> None:
    """Which labels count: the same for the panel, captions and tables."""
    group.add_argument(
        "--thresholds", dest="thresholds_file", metavar="TOML", help="for single labels"
    )
    group.add_argument("--allow", nargs="+", metavar="LABEL", help="look for these alone")
    group.add_argument("--deny", nargs="+", metavar="LABEL", help="leave these out")
    switch(group, "show-all", "show silence, rooms and noise under clearer tags, too")
    group.add_argument(
        "--collapse", action=argparse.BooleanOptionalAction, default=None,
        help="of Animal, Cat and Meow keep the most specific (on)",
    )  # fmt: skip
