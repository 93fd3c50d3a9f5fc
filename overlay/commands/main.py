"""The command line: flags, printing, progress, exit codes; the work is done elsewhere.

Nothing heavy is imported before it is needed, so that ``--help`` answers at once.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

from overlay.errors import MediaError, OverlayError, RulesBroken, UsageError
from overlay.resources import program_version
from overlay.settings import (
    CAPTION_STYLES,
    DENSITIES,
    DEVICES,
    FRONT_ENDS,
    LANGUAGES,
    POSITIONS,
    SMOOTHINGS,
    Settings,
    resolve,
)

if TYPE_CHECKING:
    from overlay.pipeline import Rendered
    from overlay.track import TagTrack

_COMMANDS = ("render", "tag", "captions", "export", "parse", "train", "models", "cache", "doctor")
_CAPTIONS = ("srt", "vtt", "ass", "ttml", "sbv")
_INTERRUPTED, _TERMINATED = 130, 143


class _Terminated(BaseException):
    """SIGTERM came; unwinds everything, so that temporary files and ffmpeg go."""


def run() -> NoReturn:
    """Entry point of the installed program."""
    sys.exit(main(sys.argv[1:]))


def main(argv: Sequence[str]) -> int:
    """Run one command.

    Returns:
        Exit status: 0 ok, 2 usage, 3 media, 4 tagger, 5 settings, 6 export, 130 Ctrl-C,
        143 SIGTERM.
    """
    arguments = _with_command(list(argv))
    with _stoppable():
        return _run_command(arguments)


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM unwinds what runs inside; afterwards it does what it did before."""
    try:
        before = signal.signal(signal.SIGTERM, _terminate)
    except ValueError:  # not the main thread: nobody sends us signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _run_command(arguments: list[str]) -> int:
    debug = "--debug" in arguments
    try:
        args = _parser().parse_args(arguments)
        handler: Callable[[argparse.Namespace], None] = args.handler
        handler(args)
    except SystemExit as exit_:  # argparse has printed what is wrong, or the help
        return int(exit_.code or 0)
    except OverlayError as error:
        return _report(error, debug=debug)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        _say("stopped; nothing was kept")
        return _INTERRUPTED
    except _Terminated:
        _say("told to stop; nothing was kept")
        return _TERMINATED
    return 0


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise _Terminated


def _report(error: OverlayError, *, debug: bool) -> int:
    _say(f"error: {error}".replace("\n", "\\n"))
    if debug:
        if isinstance(error, MediaError):
            _say(" ".join(error.command), error.stderr_tail, sep="\n")
        import traceback

        traceback.print_exception(error)
    return error.exit_code


def _say(*parts: str, sep: str = " ") -> None:
    print("tag-overlay:", *parts, sep=sep, file=sys.stderr)


# Flags


def _with_command(arguments: list[str]) -> list[str]:
    """``tag-overlay VIDEO`` means ``tag-overlay render VIDEO``."""
    if not arguments or arguments[0] in (*_COMMANDS, "-h", "--help", "--version"):
        return arguments or ["--help"]
    return ["render", *arguments]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tag-overlay",
        description="Show what can be heard in a video: live sound tags on the matching frames.",
        epilog="'tag-overlay VIDEO' is short for 'tag-overlay render VIDEO'. "
        "'tag-overlay COMMAND --help' lists the options of a command.",
    )
    parser.add_argument("--version", action="version", version=f"tag-overlay {program_version()}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_render(commands)
    _add_tag(commands)
    _add_captions(commands)
    _add_export(commands)
    _add_parse(commands)
    _add_train(commands)
    _add_models(commands)
    _add_cache(commands)
    _add_doctor(commands)
    return parser


def _command(
    commands: Any, name: str, handler: Callable[[argparse.Namespace], None], help_text: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=help_text, description=help_text, allow_abbrev=False
    )
    parser.set_defaults(handler=handler)
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser


def _add_render(commands: Any) -> None:
    parser = _command(commands, "render", _render, "write videos with live sound tags")
    parser.add_argument("videos", nargs="+", metavar="VIDEO")
    parser.add_argument(
        "-o", "--output", metavar="OUT", help="target file, or folder (default: NAME.tagged.mp4)"
    )
    parser.add_argument("--tags", metavar="NPZ", help="draw these saved scores; do not tag again")
    parser.add_argument(
        "--preview", type=float, metavar="T", help="write one PNG of the frame at T seconds instead"
    )
    parser.add_argument("--overwrite", action="store_const", const=True)
    _add_common(parser)
    _add_tagging(parser)
    _add_panel(parser)
    _add_video(parser)


def _add_tag(commands: Any) -> None:
    parser = _command(commands, "tag", _tag, "write the scores of media files as npz")
    parser.add_argument("media", nargs="*", metavar="MEDIA")
    parser.add_argument("--wav", metavar="FILE", help="as PaddleAudio's demo takes its one file")
    parser.add_argument("-o", "--output", metavar="NPZ", help="target (default: NAME.tags.npz)")
    _option(
        parser, "output-dir", metavar="DIR",
        help="write DIR/audioset_tagging_sr_RATE.npz, as PaddleAudio's demo does",
    )  # fmt: skip
    parser.add_argument("--overwrite", action="store_const", const=True)
    parser.add_argument("--tolerant", action="store_const", const=True)
    parser.add_argument("--ffmpeg", metavar="PATH")
    _add_common(parser)
    _add_tagging(parser)


def _add_parse(commands: Any) -> None:
    parser = _command(commands, "parse", _parse, "write the best tags of an npz as text")
    _option(parser, "tagging-file", required=True, metavar="NPZ")
    _option(parser, "top-k", type=int, default=10, metavar="K")
    parser.add_argument("--smooth", type=_boolean, default=True, metavar="True|False")
    _option(parser, "smooth-size", type=int, default=5, metavar="HOPS")
    _option(parser, "label-file", metavar="TXT", help="one name a line (default: the npz's own)")
    _option(parser, "output-dir", default="./output_dir", metavar="DIR")


def _add_captions(commands: Any) -> None:
    parser = _command(commands, "captions", _captions, "write captions of what is heard")
    parser.add_argument("media", nargs="*", metavar="MEDIA|NPZ")
    parser.add_argument("--format", choices=_CAPTIONS, help="kind of file (srt)")
    parser.add_argument(
        "--merge", metavar="FILE", help="write a copy of these subtitles with the sounds added"
    )
    parser.add_argument(
        "--check", metavar="FILE", help="write nothing; say which rules of the style it breaks"
    )
    _add_captioning(parser)
    _add_writing(parser)


def _add_captioning(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("captions")
    group.add_argument("--style", choices=CAPTION_STYLES, help="whose rules they follow (netflix)")
    group.add_argument("--density", choices=DENSITIES, help="how much is captioned (medium)")
    _add_language(group)


def _add_language(parser: Any) -> None:
    parser.add_argument(
        "--lang", dest="language", choices=LANGUAGES, help="English or Simplified Chinese (en)"
    )


def _add_export(commands: Any) -> None:
    parser = _command(commands, "export", _export, "write events as tables, labels, chapters, ...")
    parser.add_argument("media", nargs="*", metavar="MEDIA|NPZ")
    parser.add_argument("--format", metavar="NAME", required=True, help="'list' lists them")
    parser.add_argument(
        "--size", type=_size, metavar="WxH",
        help="of the video that ass-panel of an NPZ is for (1920x1080)",
    )  # fmt: skip
    _option(parser, "hop-top-k", type=int, metavar="K", help="tags a hop in hops and parquet (10)")
    _add_captioning(parser)
    _add_writing(parser)
    _add_panel(parser, "panel, for ass-panel", beside_events=True)


def _add_writing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", metavar="OUT", help="target file, or folder")
    parser.add_argument("--overwrite", action="store_const", const=True)
    group = parser.add_argument_group("events")
    _option(group, "event-threshold", type=float, metavar="P", help="score to reach (0.3)")
    group.add_argument(
        "--min-duration", dest="min_duration_s", type=float, metavar="S", help="shortest (0.2)"
    )
    group.add_argument(
        "--max-gap", dest="max_gap_s", type=float, metavar="S", help="gaps to close (0.5)"
    )
    group.add_argument(
        "--thresholds", dest="thresholds_file", metavar="TOML", help="for single labels"
    )
    group.add_argument("--allow", nargs="+", metavar="LABEL", help="look for these alone")
    group.add_argument("--deny", nargs="+", metavar="LABEL", help="leave these out")
    _add_collapse(group)
    _option(group, "label-file", metavar="TXT", help="names to write, one a line")
    _add_common(parser)
    _add_tagging(parser)


def _add_collapse(group: Any) -> None:
    group.add_argument(
        "--collapse", action=argparse.BooleanOptionalAction, default=None,
        help="of Animal, Cat and Meow keep the most specific (on)",
    )  # fmt: skip


def _add_train(commands: Any) -> None:
    parser = _command(commands, "train", _train, "teach a model your own labels")
    parser.add_argument("folder", metavar="DIR", help="one folder of clips for each label")
    parser.add_argument(
        "--labels", metavar="CSV", help="columns file, label instead of folders; 'a;b' for several"
    )
    parser.add_argument("-o", "--output", metavar="NPZ", help="target (default: DIR.model.npz)")
    parser.add_argument("--overwrite", action="store_true")
    _add_common(parser)
    _add_tagging(parser)


def _add_models(commands: Any) -> None:
    parser = _command(commands, "models", _models, "list, fetch and verify the models")
    parser.add_argument("action", nargs="?", choices=("list", "fetch", "verify"), default="list")
    parser.add_argument(
        "names",
        nargs="*",
        metavar="MODEL",
        help="default: mn04 to fetch, all that are here to verify",
    )


def _add_cache(commands: Any) -> None:
    parser = _command(commands, "cache", _cache, "show or clear the scores that are remembered")
    parser.add_argument("action", nargs="?", choices=("show", "clear"), default="show")


def _add_doctor(commands: Any) -> None:
    parser = _command(commands, "doctor", _doctor, "say what works on this machine")
    parser.add_argument("--ffmpeg", metavar="PATH")


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", metavar="TOML", help="settings file; flags override it")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress, no summary")


def _add_tagging(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("tagging")
    group.add_argument(
        "--model",
        metavar="NAME",
        help="auto, builtin, mn04, cnn14, cnn10, cnn6 or a file of 'tag-overlay train'",
    )
    _option(
        group, "front-end", choices=FRONT_ENDS,
        help="whose log-mel the PANNs get (own; both are equal)",
    )  # fmt: skip
    group.add_argument("--weights", metavar="FILE", help="weights to use for the model")
    group.add_argument("--device", choices=DEVICES)
    group.add_argument("--threads", type=int, metavar="N", help="CPU threads (default: all cores)")
    _option(group, "sample-duration", type=float, metavar="S", help="window, seconds (2)")
    _option(group, "hop-duration", type=float, metavar="S", help="window step, seconds (0.3)")
    group.add_argument(
        "--no-cache", dest="cache", action="store_const", const=False,
        help="score anew, and do not remember it",
    )  # fmt: skip
    _option(group, "audio-track", type=int, metavar="N", help="which audio track, from 0")


def _add_panel(
    parser: argparse.ArgumentParser, title: str = "panel", *, beside_events: bool = False
) -> None:
    group = parser.add_argument_group(title)
    group.add_argument("--theme", metavar="NAME|TOML", help="dark, light, high-contrast, minimal")
    group.add_argument("--position", choices=POSITIONS)
    _option(group, "top-k", type=int, metavar="K", help="rows (5)")
    group.add_argument("--threshold", type=float, metavar="P", help="hide tags below (0.05)")
    group.add_argument("--smoothing", choices=SMOOTHINGS)
    _option(group, "smooth-size", type=int, metavar="HOPS", help="hops averaged (5)")
    group.add_argument("--font", metavar="FILE")
    group.add_argument("--scale", type=float, metavar="X", help="size of the panel (1)")
    if not beside_events:
        _add_collapse(group)
        _option(group, "label-file", metavar="TXT", help="names to show, one a line")
        _add_language(group)


def _add_video(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("video")
    group.add_argument("--encoder", metavar="NAME", help="auto, libx264, libx265, libvpx-vp9, ...")
    group.add_argument("--crf", type=int, metavar="N", help="quality, by the encoder's own scale")
    group.add_argument("--preset", metavar="NAME", help="speed, by the encoder's own names")
    group.add_argument("--tolerant", action="store_const", const=True, help="use damaged files")
    group.add_argument(
        "--soft", action="store_const", const=True,
        help="add captions as a subtitle track and copy the rest, instead of drawing",
    )  # fmt: skip
    _option(
        group, "overlay-only", action="store_const", const=True,
        help="write the panel alone with transparency: mov, webm, a new folder or a-%%05d.png",
    )  # fmt: skip
    _option(
        group, "allow-silent", action="store_const", const=True,
        help="copy the picture of a video without sound",
    )  # fmt: skip
    group.add_argument("--ffmpeg", metavar="PATH", help="program to use instead of the built-in")


def _option(parser: Any, name: str, **options: Any) -> None:
    """A flag that may be written with hyphens or with underscores, as in PaddleAudio's demo."""
    parser.add_argument(f"--{name}", f"--{name.replace('-', '_')}", **options)


def _boolean(text: str) -> bool:
    if text not in ("True", "False", "true", "false"):
        raise argparse.ArgumentTypeError(f"{text!r} is not True or False")
    return text.lower() == "true"


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) * int(height) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 1920x1080")
    return int(width), int(height)


def _settings(args: argparse.Namespace) -> Settings:
    flags = vars(args)
    lists = {name: tuple(flags[name]) for name in ("allow", "deny") if flags.get(name)}
    return resolve(flags | lists, args.config)


# Commands


def _render(args: argparse.Namespace) -> None:
    settings = _settings(args)
    if len(args.videos) > 1 and args.output and not Path(args.output).is_dir():
        raise UsageError(f"{args.output}: several videos need a folder to go to")
    if len(args.videos) > 1 and args.tags:
        raise UsageError("--tags goes with one video")
    from overlay.commands.many import for_each

    for_each(args.videos, lambda video: _render_one(video, args, settings), _say)


def _render_one(video: str, args: argparse.Namespace, settings: Settings) -> None:
    from overlay import pipeline

    track = pipeline.load_track(args.tags, video, args.label_file) if args.tags else None
    with _Bars(quiet=args.quiet) as bars:
        if args.preview is not None:
            path = pipeline.preview(
                video, args.preview, args.output, settings, track=track,
                on_progress=bars.update, on_note=bars.note,
            )  # fmt: skip
            bars.close()
            print(path)
            return
        done = pipeline.render(
            video, args.output, settings, track=track, on_progress=bars.update, on_note=bars.note
        )
    if not args.quiet:
        _summarize(done, settings)


def _summarize(done: Rendered, settings: Settings) -> None:
    print(f"wrote {done.path}: {done.content}")
    if done.track is None:
        return
    frames = f"{done.n_frames} frames, " if done.n_frames else ""
    print(f"  {frames}encoder {done.encoder}; tagger {_tagger_line(done.track)}")
    _print_events(done.track, settings)


def _tagger_line(track: TagTrack) -> str:
    short = f" (weights {track.model_hash[:12]})" if track.model_hash else ""
    return f"{track.model}{short}, {track.window_s:g} s every {track.hop_s:g} s"


def _print_events(track: TagTrack, settings: Settings) -> None:
    from overlay.pipeline import top_events

    for event in top_events(track, 8, settings.events):
        span = f"{_clock(event.onset_s)} - {_clock(event.offset_s)}"
        print(f"  {span}  {event.label}  {round(100 * event.peak)}")


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02}:{rest:04.1f}" if hours else f"{minutes:02}:{rest:04.1f}"


def _tag(args: argparse.Namespace) -> None:
    settings = _settings(args)
    media = [*args.media, *([args.wav] if args.wav else [])]
    if not media:
        raise UsageError("give a media file to tag")
    if len(media) > 1 and (args.output or args.output_dir):
        raise UsageError("-o and --output_dir go with one file")
    from overlay.commands.many import for_each

    for_each(media, lambda path: _tag_one(path, args, settings), _say)


def _tag_one(path: str, args: argparse.Namespace, settings: Settings) -> None:
    from overlay import pipeline

    target = pipeline.track_path(path, args.output, args.output_dir, settings)
    with _Bars(quiet=args.quiet) as bars:
        track = pipeline.tag(path, settings, on_progress=bars.update, on_note=bars.note)
    track.save(target)
    if not args.quiet:
        print(f"wrote {target}")
        print(f"  {track.n_hops} hops, {track.n_classes} classes; tagger {_tagger_line(track)}")
        _print_events(track, settings)


def _export(args: argparse.Namespace) -> None:
    from overlay.commands.many import for_each
    from overlay.texts import export_formats

    if args.format == "list":
        for each in export_formats().values():
            print(f"{each.name:<12} {each.extension:<20} {each.description}")
        return
    if not args.media:
        raise UsageError("give a media file, or the npz of 'tag-overlay tag'")
    settings = _settings(args)
    if len(args.media) > 1 and args.output and not Path(args.output).is_dir():
        raise UsageError(f"{args.output}: several files need a folder to go to")
    for_each(args.media, lambda path: _export_one(path, args, settings), _say)


def _export_one(path: str, args: argparse.Namespace, settings: Settings) -> None:
    from overlay import writing

    told: Any
    with _Bars(quiet=args.quiet) as bars:
        told = {"on_progress": bars.update, "on_note": bars.note}
        if getattr(args, "merge", None):
            target = writing.merge_captions(path, args.merge, args.output, settings, **told)
        else:
            told |= {"picture": args.size} if getattr(args, "size", None) else {}
            target = writing.export_events(path, args.format, args.output, settings, **told)
    if not args.quiet:
        print(f"wrote {target}")


def _captions(args: argparse.Namespace) -> None:
    if args.check:
        _check(args)
        return
    if args.merge and args.format:
        raise UsageError("--merge keeps the kind of the file; leave --format out")
    if args.merge and len(args.media) != 1:
        raise UsageError("--merge goes with one media file, or its npz")
    args.format = args.format or "srt"
    _export(args)


def _check(args: argparse.Namespace) -> None:
    from overlay.writing import check_captions

    if len(args.media) > 1 or args.merge or args.format or args.output:
        raise UsageError("--check FILE goes with the video that it is shown with, or alone")
    style = _settings(args).captions.style
    video = args.media[0] if args.media else None
    broken = check_captions(args.check, style, language=args.language, video=video)
    for each in broken:
        print(f"{args.check}: {each}")
    if broken:
        n_cues = len({each.number for each in broken})
        said = f"{n_cues} {'cue does' if n_cues == 1 else 'cues do'} not keep the rules of {style}"
        raise RulesBroken(f"{args.check}: {said}")
    if not args.quiet:
        print(f"{args.check}: no cue breaks a rule of {style}")


def _train(args: argparse.Namespace) -> None:
    from overlay.files import check_target, complete_or_absent
    from overlay.reporting import Reporter
    from overlay.tagging.registry import load_network
    from overlay.training.head import find_clips, train_head

    settings = _settings(args).tagging
    folder = Path(args.folder)
    target = Path(args.output or f"{folder.resolve().name}.model.npz")
    if target.suffix != ".npz":
        raise UsageError(f"{target}: the file of a model ends in .npz")
    check_target(target, folder, overwrite=args.overwrite)
    clips = find_clips(folder, Path(args.labels) if args.labels else None)
    with _Bars(quiet=args.quiet) as bars:
        trained = train_head(
            clips, load_network(settings, reporter=Reporter(on_note=bars.note)),
            settings.sample_duration, settings.hop_duration, on_note=bars.note,
            on_progress=lambda done, total: bars.update("train", done, total),
        )  # fmt: skip
    with complete_or_absent(target) as temporary:
        trained.head.save(temporary)
    if not args.quiet:
        print(f"wrote {target}; use it with --model {target}")
        labels = ", ".join(trained.head.labels)
        print(f"  {len(trained.head.labels)} labels on {trained.head.base}: {labels}")
        print(
            f"  right for {trained.n_right} of {trained.n_tested} clips "
            "while they were left out of the training"
        )


def _parse(args: argparse.Namespace) -> None:
    from overlay.export.text import write_text
    from overlay.pipeline import labels_of

    if args.top_k < 1 or args.smooth_size < 1:
        raise UsageError("--top_k and --smooth_size must be at least 1")
    labels = labels_of(args.tagging_file, args.label_file)
    size = args.smooth_size if args.smooth else None
    print(
        "wrote",
        write_text(args.tagging_file, labels, args.output_dir, top_k=args.top_k, smooth_size=size),
    )


def _models(args: argparse.Namespace) -> None:
    from overlay.tagging import catalog

    lines = {
        "list": lambda names: catalog.list_models(),
        "fetch": catalog.fetch_models,
        "verify": catalog.verify_models,
    }[args.action](args.names)
    for line in lines:
        print(line)


def _cache(args: argparse.Namespace) -> None:
    from overlay.scoring import cache

    if args.action == "clear":
        print(f"forgot {cache.clear()} score tracks")
        return
    n_tracks, n_bytes = cache.size()
    print(f"{n_tracks} score tracks, {n_bytes / 1e6:.1f} MB, in {cache.track_folder()}")


def _doctor(args: argparse.Namespace) -> None:
    from overlay.commands.diagnosis import diagnose

    for line in diagnose(args.ffmpeg):
        print(line)


# Progress


class _Bars:
    """One progress bar a step on the terminal; nothing where there is none, or ``quiet``."""

    _NAMES = {"tag": "listening", "render": "drawing  ", "train": "listening"}  # noqa: RUF012

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._step = ""
        self._bar: Any = None

    def __enter__(self) -> _Bars:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def update(self, step: str, done_s: float, total_s: float | None) -> None:
        """Show that ``done_s`` of ``total_s`` seconds are done."""
        if self._quiet:
            return
        if step != self._step:
            self.close()
            self._open(step, total_s)
        if self._bar.total:
            done_s = min(done_s, self._bar.total)
        self._bar.update(done_s - self._bar.n)

    def _open(self, step: str, total_s: float | None) -> None:
        from tqdm import tqdm

        self._step = step
        layout = (
            "{desc} {percentage:3.0f}% |{bar}| {n:.0f}/{total:.0f} {unit}  {rate_fmt}, "
            "{remaining} left"
        )
        unit = "clips" if step == "train" else "s"
        self._bar = tqdm(
            total=total_s, desc=self._NAMES[step], unit=unit, mininterval=0.2, leave=True,
            bar_format=layout if total_s else None, disable=None, dynamic_ncols=True,
        )  # fmt: skip

    def note(self, text: str) -> None:
        """One line above the bars."""
        if self._quiet:
            return
        from tqdm import tqdm

        with tqdm.external_write_mode(file=sys.stderr):
            _say(text)

    def close(self) -> None:
        """End the bar at its full length."""
        if self._bar is not None:
            self._bar.close()
            self._bar, self._step = None, ""
