"""Cores and memory that this machine lets us have, and what each worker gets of them."""

import os
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from overlay.batching.pool import Limits, _Worker
from overlay.batching.run import Batch, BatchSettings
from overlay.batching.sources import Found
from overlay.machine_share import memory_mb, n_cores, worker_mb
from overlay.settings import Settings, TaggingSettings

ROOT = Path(__file__).parents[2]
MATHS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_ONE_CORE = """
import os
from overlay.machine_share import n_cores
from overlay.batching.run import BatchSettings
from overlay.settings import TaggingSettings
from overlay.tagging.registry import load_tagger
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
assert n_cores() == 1
assert (BatchSettings(()).n_workers, BatchSettings(()).n_threads) == (1, 1)
assert load_tagger(TaggingSettings(model="builtin")).job.n_threads == 1
"""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity on this system")
def test_cores_are_those_that_we_may_run_on():
    subprocess.run([sys.executable, "-c", _ONE_CORE], cwd=ROOT, check=True)


def test_a_worker_gets_its_share_of_nine_tenths_of_the_memory_and_never_less_than_it_needs():
    whole = memory_mb()
    if whole is None:
        pytest.skip("nobody tells the memory of this system")
    assert worker_mb(1) == pytest.approx(max(1000, 0.9 * whole))
    assert worker_mb(2) == pytest.approx(max(1000, 0.45 * whole))
    assert worker_mb(10**6) == 1000


def in_a_group(files, own):
    """The memory that we may use where such control groups are all there are."""
    unshare = shutil.which("unshare")
    if unshare is None or sys.platform != "linux":
        pytest.skip("needs unshare")
    make = ["mount -t tmpfs none /sys/fs/cgroup"]
    for name, limit in files.items():
        path = Path("/sys/fs/cgroup", name)
        make.append(f"mkdir -p '{path.parent}' && echo {limit} > '{path}'")
    make.append(f"printf '%s\\n' '{own}' > /sys/fs/cgroup/own")
    make.append("mount --bind /sys/fs/cgroup/own /proc/$$/cgroup")  # exec keeps the number
    setup = " && ".join(make)
    if subprocess.run([unshare, "-rm", "sh", "-c", setup], capture_output=True).returncode:
        pytest.skip("may not mount in a namespace of its own here")
    asked = "from overlay.machine_share import memory_mb; print(memory_mb())"
    command = [unshare, "-rm", "sh", "-c", f'{setup} && exec "$0" -c "$1"', sys.executable, asked]
    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return float(said.stdout)


LESS = 500_000_000
"""Than any machine has."""


@pytest.mark.parametrize(
    ("files", "own", "expected_mb"),
    [
        ({"memory.max": LESS}, "0::/", 500),
        ({"memory.max": "max"}, "0::/", None),
        ({"memory.max": 9 * 10**17}, "0::/", None),  # more than there is
        ({"job/memory.max": LESS, "job/step/memory.max": "max"}, "0::/job/step", 500),
        ({"job/memory.max": 2 * LESS, "job/step/memory.max": LESS}, "0::/job/step", 500),
        ({"job 7/memory.max": LESS}, "0::/job 7", 500),
        ({"pod:7/memory.max": LESS}, "0::/pod:7", 500),
        ({"other/memory.max": LESS}, "0::/job", None),
        ({"memory.max": LESS}, "0::/../../seen/from/inside", 500),  # of a container
        ({"memory/job/memory.limit_in_bytes": LESS}, "4:memory:/job", 500),
        ({"memory/memory.limit_in_bytes": LESS}, "4:cpu,memory:/of/the/host", 500),
        ({"memory/job/memory.limit_in_bytes": LESS}, "4:cpuset:/job", None),
        ({"memory/job/memory.limit_in_bytes": 2**63 - 4096}, "4:memory:/job", None),  # none
        ({"memory.max": LESS}, "nonsense", None),
    ],
)
def test_the_least_limit_of_our_control_groups_counts_where_the_machine_has_more(
    files, own, expected_mb
):
    installed_mb = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e6
    assert in_a_group(files, own) == pytest.approx(expected_mb or installed_mb)


def test_memory_is_shared_out_where_nothing_is_said_and_else_is_what_was_said():
    limits = Limits(3.0, least_s=7.0)
    assert limits.memory_mb is None
    assert limits.among(4) == replace(limits, memory_mb=worker_mb(4))
    assert replace(limits, memory_mb=250.0).among(4).memory_mb == 250


@pytest.mark.parametrize(
    ("jobs", "ray", "n_workers", "n_threads"),
    [
        (0, "", n_cores(), 1),
        (1, "", 1, n_cores()),
        (10 * n_cores(), "", 10 * n_cores(), 1),  # more workers than cores: never none
        (1, "auto", 1, 1),  # a cluster gives each worker one core
    ],
)
def test_cores_are_shared_out_among_workers(jobs, ray, n_workers, n_threads):
    how = BatchSettings(("events",), jobs, ray=ray)
    assert (how.n_workers, how.n_threads) == (n_workers, n_threads)


@pytest.mark.parametrize(("asked", "expected"), [(0, n_cores()), (7, 7)])
def test_a_task_says_the_share_of_the_cores_or_what_the_user_asked_for(tmp_path, asked, expected):
    settings = Settings(TaggingSettings(model="builtin", threads=asked))
    found = Found(tmp_path / "a.wav", "a.wav", 0, 0, "a")
    batch = Batch(lambda: [found], tmp_path, settings, BatchSettings(("events",), 1))
    (task,) = batch._items([found])
    assert task.settings.tagging.threads == expected


@pytest.mark.skipif(sys.platform != "linux", reason="reads the environment of a process in /proc")
def test_a_worker_is_told_its_share_of_the_cores_and_what_the_user_set_stays(monkeypatch):
    for name in MATHS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    worker = _Worker(3)
    try:
        assert worker.receive(60) == {"ready": True}  # before, it may not be Python yet
        lines = Path(f"/proc/{worker.pid}/environ").read_text().split("\0")
    finally:
        worker.end(0, threading.Event())
    told = dict(line.split("=", 1) for line in lines if "=" in line)
    expected = dict.fromkeys(MATHS, "3") | {"OMP_NUM_THREADS": "5"}
    assert {name: told.get(name) for name in MATHS} == expected
