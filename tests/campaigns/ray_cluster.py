"""A batch on a Ray cluster of two nodes on this machine, with losses, against a batch without Ray.

    python tests/campaigns/ray_cluster.py [--clips 200] [--kinds render,events]

The clips are made into products without Ray first. Then a head and a second node are started, and
the same is made on them; when a quarter is done a process of Ray that is at work gets SIGKILL, when
half is done the whole head does. The driver ends; head and node are started anew, and the same
command goes on. In the end there must be the same bytes, nothing missing, nothing more, and nothing
that was done before the head was lost may have been made again.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from campaigns.batch_kills import _compared, _contents, _made_again, _make_clips  # noqa: E402

from overlay.batching.markers import STATE_FOLDER, all_markers  # noqa: E402
from overlay.batching.pool import descendants  # noqa: E402

_PORT = 26379
_ADDRESS = f"127.0.0.1:{_PORT}"
_PATIENCE_S = 600.0
_STARTS = 5


def main() -> int:
    """Run it; exit status 1 if there was a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--kinds", default="render,events")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ray-cluster-") as place:
        work = Path(place)
        os.environ |= {
            "XDG_CACHE_HOME": str(work / "cache"), "TAG_OVERLAY_OFFLINE": "1",
            "PYTHONPATH": str(ROOT), "RAY_gcs_rpc_server_reconnect_timeout_s": "10",
            "RAY_USAGE_STATS_ENABLED": "0", "RAY_ADDRESS": "", "RAY_AUTH_MODE": "disabled",
        }  # fmt: skip
        _make_clips(work / "in", args.clips)
        if _timed("without Ray", lambda: _driver(work, "calm", args.kinds).wait()):
            raise SystemExit("the run without Ray failed:\n" + _failures(work / "calm"))
        n_products = args.clips * len(args.kinds.split(","))
        return _with_losses(work, args.kinds, n_products)


def _with_losses(work: Path, kinds: str, n_products: int) -> int:
    nodes = _cluster(work)
    faults, done = [], {}
    try:
        driver = _driver(work, "ray", kinds, "--ray", _ADDRESS)
        _wait_for(work / "ray", n_products // 4, driver)
        print(f"a worker of Ray is killed: {_kill_one_at_work(nodes)}", flush=True)
        _wait_for(work / "ray", n_products // 2, driver)
        _end(nodes[:1])
        print(f"the head is killed; {_n_done(work / 'ray')} of {n_products} are done", flush=True)
        _timed("until the driver ended", driver.wait)
        _end(nodes)
        faults += _made_again(work / "ray", done)
        before = len(done)
        nodes = _cluster(work)
        again = _driver(work, "ray", kinds, "--ray", _ADDRESS)
        if _timed("the same command again", again.wait):
            faults.append(f"exit status {again.returncode}")
    finally:
        _end(nodes)
    faults += _made_again(work / "ray", done)
    faults += _compared(_contents(work / "calm"), work, "ray")
    faults += [f"scores left: {p.name}" for p in (work / "ray" / STATE_FOLDER).rglob("*.npz")]
    print((work / "ray.log").read_text()[-1500:])
    print(*faults, f"{before} done before the head was lost, {len(done)} in the end, "
          f"{len(faults)} faults", sep="\n")  # fmt: skip
    return 1 if faults else 0


def _failures(out: Path) -> str:
    failed = [marker for marker in all_markers(out) if marker.state == "failed"]
    return "\n".join(f"{each.place}: {each.kind}: {each.reason}" for each in failed)


def _timed(what: str, wait):
    began = time.monotonic()
    result = wait()
    print(f"{what}: {time.monotonic() - began:.0f} s, exit status {result}", flush=True)
    return result


def _driver(work: Path, out: str, kinds: str, *more: str) -> subprocess.Popen[bytes]:
    command = [
        sys.executable, "-m", "overlay", "batch", str(work / "in"), "-r", "-o", str(work / out),
        "--do", kinds, "--model", "builtin", "--no-cache", "--jobs", "2", *more,
    ]  # fmt: skip
    log = (work / f"{out}.log").open("ab")
    return subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)


def _cluster(work: Path) -> list[subprocess.Popen[bytes]]:
    """A head and a second node, one CPU each."""
    common = ["--num-cpus", "1", "--block", "--disable-usage-stats",
              "--object-store-memory", "100000000"]  # fmt: skip
    head = ["--head", "--port", str(_PORT), "--include-dashboard", "false"]
    nodes = [_started(work, *head, *common), _started(work, "--address", _ADDRESS, *common)]
    print("a cluster of two nodes", flush=True)
    return nodes


def _started(work: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """A node that works; on a busy machine Ray gives up after 30 s, so several times."""
    program = str(Path(sys.executable).with_name("ray"))
    for _ in range(_STARTS):
        more = []
        if "--head" in arguments:  # a short name, since names of sockets are bounded
            more = ["--temp-dir", tempfile.mkdtemp(prefix="ray-", dir="/tmp")]
        with (work / "node.log").open("wb") as log:
            node = subprocess.Popen(
                [program, "start", *arguments, *more], stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        while node.poll() is None:
            if b"will now block" in (work / "node.log").read_bytes():
                return node
            time.sleep(0.5)
        _end([node])
    raise SystemExit((work / "node.log").read_text())


def _n_done(out: Path) -> int:
    return sum(marker.state == "done" for marker in all_markers(out))


def _wait_for(out: Path, count: int, driver: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while _n_done(out) < count and driver.poll() is None and time.monotonic() < deadline:
        time.sleep(0.5)


def _kill_one_at_work(nodes: list[subprocess.Popen[bytes]]) -> str:
    for node in nodes:
        for pid in descendants(node.pid):
            title = Path(f"/proc/{pid}/cmdline").read_bytes().strip(b"\0").decode()
            if title.startswith("ray::make_all"):
                os.kill(pid, signal.SIGKILL)
                return title
    return "none was at work"


def _end(nodes: list[subprocess.Popen[bytes]]) -> None:
    for node in nodes:
        for pid in (*descendants(node.pid), node.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        node.wait()
        at = node.args.index("--temp-dir") + 1 if "--temp-dir" in node.args else 0
        if at:
            shutil.rmtree(node.args[at], ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
