"""Several at once: processes on one target and one cache, threads in one process."""

import os
import shutil
import sys
import threading
import traceback
from pathlib import Path

import numpy as np
from campaigns.material import clip, scores, warm_up
from campaigns.trying import LEFTOVER, Case, in_this_process

_TAGS = ("--tags", "scores.npz")
_COMMANDS = (
    (("render", "clip.mp4", "--preset", "ultrafast", *_TAGS, "-o", "out.mkv"), "out.mkv"),
    (("render", "clip.mp4", "--soft", *_TAGS, "-o", "out.mkv"), "out.mkv"),
    (("render", "clip.mp4", "--preview", "1", *_TAGS, "-o", "out.png"), "out.png"),
    (("render", "clip.mp4", "--overlay-only", *_TAGS, "-o", "out"), "out"),
    (("tag", "clip.mp4", "--model", "builtin", "-o", "out.npz"), "out.npz"),
    (("captions", "clip.mp4", "--model", "builtin", "-o", "out.srt"), "out.srt"),
    (("export", "clip.mp4", "--format", "csv", "--model", "builtin", "-o", "out.csv"), "out.csv"),
    (("parse", "--tagging_file", "scores.npz", "--output_dir", "out"), "out"),
)  # fmt: skip


def prepare(folder: Path):
    warm_up()
    made = folder / "made"
    made.mkdir()
    clip(made, "mp4")
    scores(made / "scores.npz")
    return made


def case(number, chance, folder: Path, made: Path) -> Case:
    shutil.copytree(made, folder, dirs_exist_ok=True)
    argv, target = chance.choice(_COMMANDS)
    count, overwrite = chance.choice((2, 3, 4, 6)), chance.random() < 0.5
    if argv[0] == "parse":
        overwrite = True
    elif overwrite:
        argv = (*argv, "--overwrite")
    kind = chance.choice(("processes", "processes", "threads", "clearing"))
    clears = kind == "clearing"

    def instead() -> int:
        if kind == "threads":
            statuses = _threads(count, overwrite)
        else:
            commands = [argv] * count + [("cache", "clear")] * (2 * clears)
            statuses = _processes(commands)[:count]
        return _judged(statuses, folder, overwrite=overwrite)

    targets = (target, "cache", *(f"out.{n}{Path(target).suffix}" for n in range(2, 9)))
    if kind == "threads":
        targets = ("out.npz", "cache", *(f"out.{n}.npz" for n in range(2, 9)))
    return Case(
        f"{count} {kind} at once, {'replacing' if overwrite else 'not replacing'}", argv, folder,
        targets, environment={"XDG_CACHE_HOME": str(folder / "cache")}, instead=instead,
        allowed=(0,), any_console=True, always=lambda outcome: _traces(outcome.err),
    )  # fmt: skip


def _traces(err: bytes) -> list[str]:
    return [err.decode("utf-8", "replace")[-300:]] if b"Traceback" in err else []


def _processes(commands) -> list[int]:
    pids = []
    for each in commands:
        pid = os.fork()
        if pid == 0:
            status = 70
            try:
                status = in_this_process(
                    [*each, "-q"] if each[0] not in ("parse", "cache") else each
                )
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(status)
        pids.append(pid)
    return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]


def _threads(count: int, overwrite: bool) -> list[int]:
    """Scores of one clip, saved by every thread under one name."""
    import overlay
    from overlay.errors import OverlayError

    statuses: list[int] = []

    def work() -> None:
        try:
            track = overlay.tag("clip.mp4", model="builtin")
            track.save("out.npz", overwrite=overwrite)
            statuses.append(0)
        except OverlayError as error:
            statuses.append(error.exit_code)
        except BaseException:
            traceback.print_exc()
            statuses.append(70)

    threads = [threading.Thread(target=work) for _ in range(count)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return statuses


def _judged(statuses: list[int], folder: Path, *, overwrite: bool) -> int:
    """0 if all is right: one wins, or all where they may replace; nothing is lost or left."""
    n_won = statuses.count(0)
    wrong = []
    if set(statuses) - {0, 3, 6}:
        wrong.append(f"statuses {statuses}")
    if not overwrite and n_won != 1:
        wrong.append(f"{n_won} of {len(statuses)} say that the target is theirs")
    if overwrite and n_won < 1:
        wrong.append(f"nobody won: {statuses}")
    wrong += [f"left: {each}" for each in folder.rglob(".*") if LEFTOVER.match(each.name)]
    for each in folder.rglob("*.npz"):
        if not np.isfinite(np.load(each)["scores"]).all():
            wrong.append(f"{each} is damaged")
    for each in wrong:
        print(each, file=sys.stderr)
    sys.stderr.flush()
    return 71 if wrong else 0
