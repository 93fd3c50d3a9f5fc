"""Signals at any moment, to every command that writes.

A moment is a time, or a step: the n-th file, folder or program that the command turns to. Steps are
the same on every machine.
"""

import os
import shutil
import signal
import sys
import time
from pathlib import Path

from campaigns.material import clip, damage_of, has_mn04, make, scores, warm_up
from campaigns.trying import LEFTOVER, Case, Outcome, tried

_SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_TAGS = ("--tags", "scores.npz")
_NEW = ("--model", "builtin", "--no-cache")
_COMMANDS = (
    (("render", "clip.mkv", "--preset", "slower", *_TAGS, "-o", "out.mp4"), "out.mp4"),
    (("render", "clip.mkv", "--preset", "slower", *_NEW, "-o", "out.mkv"), "out.mkv"),
    (("render", "clip.mkv", "--soft", *_NEW, "-o", "out.mkv"), "out.mkv"),
    (("render", "clip.mkv", "--overlay-only", *_TAGS, "-o", "out.mov"), "out.mov"),
    (("render", "clip.mkv", "--overlay-only", *_TAGS, "-o", "frames"), "frames"),
    (("render", "clip.mkv", "--preview", "1", *_NEW, "-o", "out.png"), "out.png"),
    (("tag", "clip.mkv", *_NEW, "-o", "out.npz"), "out.npz"),
    (("tag", "clip.mkv", "--model", "builtin", "-o", "new/"), "new"),
    (("captions", "clip.mkv", *_NEW, "-o", "out.vtt"), "out.vtt"),
    (("captions", "scores.npz", "--merge", "in.srt", "-o", "out.srt"), "out.srt"),
    (("export", "clip.mkv", "--format", "hops", *_NEW, "-o", "out.csv"), "out.csv"),
    (("parse", "--tagging_file", "scores.npz", "--output_dir", "out"), "out"),
    (("train", "own", "--model", "builtin", "-o", "own.model.npz"), "own.model.npz"),
    (("render", "clip.mkv", "short.mp4", "--preset", "slower", *_NEW, "-o", "both/"), "both"),
    (("review", "clip.mkv", "--proxy", "always", *_NEW, "-o", "page.html"), "page.html"),
    (("batch", "many", "--do", "events,captions", "--jobs", "2", *_NEW, "-o", "all"), "all"),
    (("batch", "many", "--do", "render", "--jobs", "1", *_NEW, "-o", "all"), "all"),
)  # fmt: skip
_WITH_PADDLE = (
    ("tag", "clip.mkv", "--model", "mn04", "--windows", "isolated", "--no-cache", "-o", "out.npz"),
    "out.npz",
)
_STEPS = ("open", "os.", "shutil.", "subprocess.", "tempfile.")
"""Beginnings of the names of Python's audit events that count as steps."""
_BY_STEP_ONLY = 8
"""The first cases, which the tests try, depend on no clock."""
_EARLY = 70
"""Exit status of a fork that has not come to the command yet."""
_SRT = "1\n00:00:00,000 --> 00:00:01,000\nHello\n\n"


def prepare(folder: Path):
    warm_up()
    made = folder / "made"
    made.mkdir()
    big = ("-f", "lavfi", "-i", "testsrc2=s=640x480:r=25:d=2", "-f", "lavfi", "-i", "sine=d=2")
    make(made / "clip.mkv", *big, "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac")
    clip(made, "mp4").rename(made / "short.mp4")
    (made / "many").mkdir()
    for name in ("a.mp4", "b.mp4"):
        shutil.copy2(made / "short.mp4", made / "many" / name)
    scores(made / "scores.npz")
    (made / "in.srt").write_text(_SRT)
    for label, sound in (("hum", "sine=200:d=1"), ("hiss", "anoisesrc=d=1:a=0.5")):
        made.joinpath("own", label).mkdir(parents=True)
        for n in range(3):
            make(made / "own" / label / f"{n}.wav", "-f", "lavfi", "-i", sound, "-ss", f"{n / 10}")
    return made


def case(number, chance, folder: Path, made: Path) -> Case:
    shutil.copytree(made, folder, dirs_exist_ok=True)
    (folder / "tmp").mkdir()
    argv, target = chance.choice(_COMMANDS)
    if chance.random() < 0.05 and has_mn04():
        argv, target = _WITH_PADDLE
    by_step = chance.random() < 0.4 or number < _BY_STEP_ONLY
    fresh, sent = chance.random() < 0.25 and not by_step, chance.choice(_SIGNALS)
    times = 1 if sent == signal.SIGKILL else chance.choice((1, 1, 2, 5))
    first_s = chance.uniform(0, 1.5 if fresh else 0.7) * chance.choice((0.1, 1, 1, 2))
    apart_s = chance.choice((0, 0.001, 0.02))
    hard = sent == signal.SIGKILL
    others = [chance.choice(_SIGNALS[1:]) for _ in range(times - 1)]

    step = round(10 ** chance.uniform(0, 2.5))

    def during(pid: int) -> None:
        if by_step:
            return
        time.sleep(first_s)
        for each in (sent, *others):
            try:
                os.kill(pid, each)
            except ProcessLookupError:
                return
            time.sleep(apart_s)

    def always(outcome: Outcome) -> list[str]:
        found = _status(outcome, fresh=fresh) + damage_of(folder / target)
        return found + (_swept(again, target) if hard else [])

    environment = {"XDG_CACHE_HOME": str(folder / "cache"), "TMPDIR": str(folder / "tmp")}
    again = Case("again", argv, folder, (target, "cache", "page.mp4"), environment=environment)
    names = [each.name for each in (sent, *others)]
    moment = f"at step {step}" if by_step else f"after {first_s:.3f} s, {apart_s} s apart"
    return Case(
        f"{names} {moment}, {'new' if fresh else 'forked'}",
        argv, folder, (target, "cache", "page.mp4"), environment=environment, during=during,
        fresh=fresh,
        may_leave=hard, any_console=True, always=always,
        new_if_whole=(target, "cache", "page.mp4"),
        also_new=(target,) if argv[0] == "batch" else (),
        inside=lambda: _kill_at(step, (sent, *others)) if by_step else None,
        allowed=(0, 1, _EARLY, *(128 + n for n in (1, 2, 15)), *(-n for n in (1, 2, 9, 15))),
    )  # fmt: skip


def _kill_at(step: int, signals) -> None:
    """Send signals to this process at a step, one at each."""
    waiting, n_steps = list(signals), 0

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal n_steps
        ours = signal.getsignal(signal.SIGTERM) != signal.SIG_DFL  # else it is Python that answers
        if not (waiting and ours and event.startswith(_STEPS)) or event == "os.kill":
            return
        n_steps += 1
        if n_steps >= step:
            os.kill(os.getpid(), waiting.pop(0))

    sys.addaudithook(hook)


def _status(outcome: Outcome, *, fresh: bool) -> list[str]:
    said = outcome.err.decode("utf-8", "replace")
    if (fresh or outcome.status == _EARLY) and "stopping.Stopped" not in said:
        return []  # before our own code runs, Python answers, in its way, or the campaign
    if "Traceback" in said or "Exception ignored" in said:
        return [f"traceback: {said.strip().splitlines()[-1]}"]
    return [f"exit status {outcome.status}"] if outcome.status == 1 else []


def _swept(again: Case, target: str) -> list[str]:
    """The next run ends well, and nothing of the killed one is there any more."""
    there = any((again.folder / name).exists() for name in (target, "page.mp4"))
    if there and again.argv[0] != "batch":
        return []  # nothing that is there is replaced unasked, nor is a page's copy
    outcome = tried(again)
    found = [] if outcome.status == 0 else [f"the next run: exit status {outcome.status}"]
    left = [each for each in again.folder.rglob(".*") if LEFTOVER.match(each.name)]
    found += damage_of(again.folder / target)
    return found + [f"not swept: {each.name}" for each in left if "cache" not in each.parts]
