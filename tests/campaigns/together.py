"""Several at once: processes on one target, cache or batch; threads on one target or engine."""

import os
import shutil
import sys
import threading
import traceback
from pathlib import Path

import numpy as np
from campaigns.material import clip, damage_of, in_child, scores, warm_up
from campaigns.trying import LEFTOVER, Case, in_this_process, traces

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
)
_BATCH = ("batch", "many", "--do", "events,tags", "--jobs", "1", "--model", "builtin", "-o", "out")
_THREADED = ("tag", "render", "soft", "preview", "captions", "export")  # fmt: skip


def prepare(folder: Path):
    warm_up()
    made = folder / "made"
    made.mkdir()
    clip(made, "mp4")
    scores(made / "scores.npz")
    in_child(["tag", "clip.mp4", "--model", "builtin", "-o", "expected.npz", "-q"], made)
    (made / "many").mkdir()
    for name in ("a.mp4", "b.mp4", "c.mp4"):
        shutil.copy2(made / "clip.mp4", made / "many" / name)
    return made


def case(number, chance, folder: Path, made: Path) -> Case:
    shutil.copytree(made, folder, dirs_exist_ok=True)
    argv, target = chance.choice(_COMMANDS)
    count, overwrite = chance.choice((2, 3, 4, 6)), chance.random() < 0.5
    kind = ("processes", "threads", "clearing", "engine", "batch")[number % 5]
    if argv[0] == "parse":
        overwrite = True
    elif overwrite:
        argv = (*argv, "--overwrite")
    if kind == "threads":
        argv, target = _threaded(chance.choice(_THREADED))
    if kind == "engine":
        argv, target, overwrite = ("tag", "one engine"), "", True
    if kind == "batch":
        argv, target, overwrite = (*_BATCH, "-q"), "out", True

    def instead() -> int:
        if kind == "threads":
            statuses = _at_once(count, lambda: _work(argv[1], target, overwrite))
        elif kind == "engine":
            statuses = _at_once(count, _one_engine())
        else:
            commands = [argv] * count + [("cache", "clear")] * (2 * (kind == "clearing"))
            statuses = _processes(commands)[:count]
        return _judged(statuses, folder, overwrite=overwrite)

    targets = (target, "cache", *(f"out.{n}{Path(target).suffix}" for n in range(2, 9)))
    return Case(
        f"{count} {kind} at once, {'replacing' if overwrite else 'not replacing'}", argv, folder,
        targets, environment={"XDG_CACHE_HOME": str(folder / "cache")}, instead=instead,
        allowed=(0,), any_console=True, always=traces,
        check=lambda outcome: _wrong(folder, kind),
    )  # fmt: skip


def _wrong(folder: Path, kind: str) -> list[str]:
    """Results that are damaged, or not what one alone makes."""
    wrong = [said for path in folder.glob("out*") for said in damage_of(path)]
    if kind == "batch":
        found = sorted(path.name for path in (folder / "out").iterdir() if path.name[0] != ".")
        if found != [f"{stem}{end}" for stem in "abc" for end in (".csv", ".tags.npz")]:
            wrong.append(f"the batch made {found}")
    return wrong


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


def _threaded(what: str) -> tuple[tuple[str, str], str]:
    ends = {"tag": "npz", "render": "mkv", "soft": "mkv", "preview": "png", "captions": "srt",
            "export": "json"}  # fmt: skip
    return ("threads", what), f"out.{ends[what]}"


def _work(what: str, target: str, overwrite: bool) -> None:
    """What a thread does, through the façade."""
    import overlay

    if what == "tag":
        overlay.tag("clip.mp4", model="builtin").save(target, overwrite=overwrite)
        return
    if what in ("captions", "export"):
        kind = "srt" if what == "captions" else "json"
        overlay.export_events("scores.npz", kind, target, overwrite=overwrite)
    elif what == "preview":
        overlay.preview("clip.mp4", 1, target, track="scores.npz", overwrite=overwrite)
    else:
        more = {"soft": True} if what == "soft" else {"preset": "ultrafast"}
        overlay.render("clip.mp4", target, track="scores.npz", overwrite=overwrite, **more)


def _one_engine():
    """Work with a tagger that all threads share: its scores are those that one alone gets."""
    from overlay.media.source import open_source
    from overlay.scoring.score import score
    from overlay.settings import Settings, TaggingSettings
    from overlay.tagging.registry import load_tagger

    settings = Settings(tagging=TaggingSettings(model="builtin", cache=False))
    tagger = load_tagger(settings.tagging)
    expected = np.load("expected.npz")["scores"]

    def work() -> None:
        track = score(open_source("clip.mp4"), tagger, settings)
        np.testing.assert_array_equal(track.scores, expected)

    return work


def _at_once(count: int, work) -> list[int]:
    """Do it in several threads; the exit status of each."""
    from overlay.errors import OverlayError

    statuses: list[int] = []

    def one() -> None:
        try:
            work()
            statuses.append(0)
        except OverlayError as error:
            statuses.append(error.exit_code)
        except BaseException:
            traceback.print_exc()
            statuses.append(70)

    threads = [threading.Thread(target=one) for _ in range(count)]
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
