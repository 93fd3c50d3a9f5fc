"""Workers that hang, grow, are killed or are no longer wanted."""

import os
import re
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from overlay.batching.pool import Event, Limits, Pool, _listed, _searched, descendants
from overlay.batching.run import Batch, BatchSettings
from overlay.batching.sources import find_sources, roots_of
from overlay.batching.task import given_up
from overlay.settings import Settings, TaggingSettings

OURS = re.compile(rb"overlay.batching.worker|ffmpeg")
SETTINGS = Settings(tagging=TaggingSettings(model="builtin", cache=False))


@pytest.fixture(scope="module")
def source(make_clip):
    clip = make_clip(
        "for-pools.mp4", "-f", "lavfi", "-i", "testsrc2=s=160x120:r=10:d=1", "-f", "lavfi",
        "-i", "sine=d=1", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac",
    )  # fmt: skip
    return roots_of([clip])


def batch_of(source, out, *kinds, limits=None):
    settings = BatchSettings(kinds, jobs=1, limits=limits or Limits())
    return Batch(lambda: find_sources(source, out), out, SETTINGS, settings)


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(0.1, least_s=0.0), "took longer than 0 s"),
        (Limits(memory_mb=1), "took more than 1 MB of memory"),
    ],
)
def test_what_takes_too_much_is_ended_and_fails_the_second_time(source, tmp_path, limits, reason):
    report = batch_of(source, tmp_path, "events", limits=limits).run()
    assert [outcome.reason for outcome in report.failures] == [reason]
    assert report.exit_code == 3
    again = batch_of(source, tmp_path, "events")
    assert again.outlook().n_failed == 1
    assert not workers()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc on this system")
def test_children_and_theirs_are_found_whether_the_kernel_lists_them_or_not():
    waits = "import sys; sys.stdin.read()"
    parent = f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {waits!r}]); "
    with subprocess.Popen(
        [sys.executable, "-c", parent + "print(p.pid, flush=True); p.wait()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        grandchild = int(child.stdout.readline())
        assert {child.pid, grandchild} <= {*descendants(os.getpid())}
        assert descendants(child.pid) == [grandchild]
        assert _searched()(child.pid) == [grandchild]
        if Path("/proc/thread-self/children").exists():
            assert _listed(child.pid) == [grandchild]
        assert descendants(grandchild) == []
        child.stdin.close()


def test_a_worker_that_is_killed_costs_one_try(source, tmp_path):
    kills = []

    def told(event):
        if event.progress and not kills:
            kills.append(os.kill(the_worker(), signal.SIGKILL))

    report = batch_of(source, tmp_path, "events", "captions").run(told)
    assert kills
    assert report.counts == {"done": 2}


def the_worker():
    """The first of our children that is one; its own may not have become ffmpeg yet."""
    return workers()[0]


def workers():
    """Those of our children that are workers, or what they started; a browser may be one, too."""
    argv = [(pid, Path(f"/proc/{pid}/cmdline")) for pid in descendants(os.getpid())]
    return [pid for pid, path in argv if OURS.search(said(path))]


def said(path):
    try:
        return path.read_bytes()
    except OSError:  # it has just ended
        return b""


def test_what_was_finished_but_not_told_stays_finished(source, tmp_path):
    batch, tasks = batch_of(source, tmp_path, "events"), []
    batch.run(lambda event: tasks.append(event.task))
    assert [outcome.state for outcome in given_up(tasks[0], "lost")] == ["skipped"]
    lost = replace(tasks[0], facts=(("events", "of other settings"),))
    assert [outcome.reason for outcome in given_up(lost, "lost")] == ["lost"]


def test_work_that_is_stopped_leaves_no_worker_and_no_file(source, tmp_path):
    def told(event):
        if event.progress:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        batch_of(source, tmp_path, "render").run(told)
    assert not workers()
    assert [path.name for path in tmp_path.iterdir()] == [".tag-overlay"]


def test_in_a_hurry_workers_are_not_waited_for(source, tmp_path):
    hurry = threading.Event()
    pool = Pool(1, Limits(), hurry, grace_s=3600)
    events = pool.run(batch_of(source, tmp_path, "render")._items(find_sources(source, tmp_path)))
    while next(events).progress is None:
        pass
    os.kill(the_worker(), signal.SIGSTOP)  # it will not unwind
    hurry.set()
    events.close()
    assert not workers()


def test_what_is_known_already_takes_no_worker():
    events = [Event(-1, None, note=str(number)) for number in range(3000)]
    assert list(Pool(2, Limits()).run(iter(events))) != []
    assert not workers()
