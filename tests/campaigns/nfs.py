"""A batch by two machines over one NFS mount, with other clocks, and one of them loses its power.

    python tests/campaigns/nfs.py KERNEL [--version 3] [--clips 12]

KERNEL is an unpacked kernel package (see ``machines``). Three virtual machines: a server with the
kernel's own NFS server over ext4, and two clients of the same host name with the usual caching of
attributes, one of which is seven minutes ahead. First each looks for what the other has just
written. Then both run the same command over one OUT, and one is cut off when a third is done. The
other must make all the rest, nothing that was done again, and leave no claim and no partial file;
in the end there must be the bytes of a run by one machine alone.

Without hardware that helps it takes 25 minutes for twelve clips of a second.
"""

import argparse
import json
import shlex
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from campaigns.batch_kills import _make_clips  # noqa: E402
from campaigns.machines import Machine, Told  # noqa: E402

_PORTS = {"one": 23451, "other": 23452}
_KINDS = ("render", "events")
_SERVE = """set -e
mkdir -p /export && mount /dev/vda /export && mkdir /export/work
mount -t nfsd nfsd /proc/fs/nfsd
rpcbind -w; rpc.statd --no-notify
exportfs -i -o rw,no_root_squash,no_subtree_check,insecure,fsid=0 '*:/export'
rpc.nfsd -G 10 -L 30 4; rpc.mountd
"""
_MOUNT = """rpcbind -w; rpc.statd --no-notify; mkdir -p /nfs
mount -t nfs -o vers={version} {address}:{path} /nfs"""
_LOOKS = """
import sys, time
from pathlib import Path
from overlay.batching.claims import Claims
from overlay.batching.markers import Marker, make_state_folders, marker_path, read_marker
from overlay.batching.markers import write_marker
from overlay.files import look_anew
out, number, writes = Path("/nfs/work/seen"), sys.argv[1], sys.argv[2] == "writes"
make_state_folders(out)
for name in (f"written-{number}.mp4", f"looked-{number}.mp4"):
    marker_path(out, name, "x").parent.mkdir(parents=True, exist_ok=True)
marker, signal = marker_path(out, f"{number}.mp4", "x"), out / f"signal-{number}"
marker.parent.mkdir(parents=True, exist_ok=True)
if writes:
    while not (out / f"looked-{number}").exists():
        time.sleep(0.2)
    write_marker(out, Marker(f"{number}.mp4", "x", "k", "done"))
    signal.touch()
else:
    Claims(out).path(f"{number}.mp4", "x").parent.mkdir(parents=True, exist_ok=True)
    assert read_marker(out, f"{number}.mp4", "x") is None
    (out / f"looked-{number}").touch()
    while signal.name not in [path.name for path in out.iterdir()]:
        time.sleep(0.2)
    with Claims(out).claimed(f"{number}.mp4", "x") as mine:
        remembered = read_marker(out, f"{number}.mp4", "x") is not None
        look_anew(marker, out)
        print(mine, remembered, read_marker(out, f"{number}.mp4", "x") is not None)
"""


def main() -> int:
    """Run it; exit status 1 if there was a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kernel", type=Path)
    parser.add_argument("--version", default="3", choices=["3", "4.0", "4.1", "4.2"])
    parser.add_argument("--clips", type=int, default=12)
    args = parser.parse_args()
    machines: list[Machine] = []
    with tempfile.TemporaryDirectory(prefix="nfs-", dir="/var/tmp") as place:
        try:
            faults = _campaign(args, Path(place), machines)
        finally:
            for machine in machines:
                machine.cut()
    print(*faults, f"NFS {args.version}: {len(faults)} faults", sep="\n")
    return 1 if faults else 0


def _campaign(args: argparse.Namespace, work: Path, machines: list[Machine]) -> list[str]:
    _make_clips(work / "in", args.clips)
    server, one, other = _started(args, work, machines)
    faults = []
    for number, (looks, writes) in enumerate([(one, other), (other, one)]):
        faults += _seen(work, number, looks, writes)
    server.must(f"cp -r {work}/in /export/work/in")
    one.must(_batch("alone"), 1800)
    other.tell(_batch("out"))
    here = one.tell(_batch("out"))
    _wait(server, args.clips * len(_KINDS) // 3, here)
    other.cut()
    before = _markers(server)
    print(f"the other is cut off, {len(before)} are done", flush=True)
    status = here.wait(1800)
    print(here.said(), flush=True)
    faults += [f"exit status {status}"] if status else []
    after = _markers(server)
    faults += [f"made again: {name}" for name, made in before.items() if after[name] != made]
    return faults + _faults(server, here.said(), len(after), args.clips * len(_KINDS))


def _started(
    args: argparse.Namespace, work: Path, machines: list[Machine]
) -> tuple[Machine, Machine, Machine]:
    disk = work / "export.img"
    with disk.open("wb") as file:
        file.truncate(1 << 30)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(disk)], check=True)
    wires = {port: f"10.77.{n}.1/24" for n, port in enumerate(_PORTS.values())}
    machines.append(Machine(args.kernel, work, "server", wires, listens=True, disk=disk))
    machines[0].must(_SERVE)
    path = "/export" if args.version == "3" else "/"
    for number, (name, port) in enumerate(_PORTS.items()):
        wire = {port: f"10.77.{number}.2/24"}
        machines.append(Machine(args.kernel, work, name, wire, host_name="same"))
        address = f"10.77.{number}.1"
        machines[-1].must(_MOUNT.format(version=args.version, address=address, path=path))
    server, one, other = machines
    other.must("date -s '+7 min'")
    return server, one, other


def _python(arguments: str) -> str:
    return (
        f"cd {ROOT}; export PYTHONPATH=$PWD HOME=/tmp TAG_OVERLAY_OFFLINE=1; "
        f"exec {sys.executable} {arguments}"
    )


def _batch(out: str) -> str:
    return _python(
        f"cli.py batch /nfs/work/in -r -o /nfs/work/{out} --do {','.join(_KINDS)} "
        "--model builtin --no-cache --jobs 1 --timeout 1000x"
    )


def _seen(work: Path, number: int, looks: Machine, writes: Machine) -> list[str]:
    """Whether one sees a marker that the other wrote after it was found missing."""
    program = work / "looks.py"
    program.write_text(_LOOKS)
    told = looks.tell(_python(f"{program} {number} looks"))
    writes.must(_python(f"{program} {number} writes"))
    told.wait()
    mine, remembered, now = told.said().split()[-3:]
    print(f"claimed {mine}; the marker seen without asking {remembered}, asking {now}", flush=True)
    return [] if (mine, now) == ("True", "True") else ["a marker of the other was not seen"]


def _wait(server: Machine, count: int, told: Told) -> None:
    listed = "grep -l done -r /export/work/out/.tag-overlay/markers --include=*.json | wc -l"
    while not told.is_over() and int(server.does(listed)[1].split()[-1]) < count:
        time.sleep(3)


def _markers(server: Machine) -> dict[tuple[str, str], tuple[str, float]]:
    """Who made which product in how many seconds."""
    program = "import json, pathlib; print(json.dumps([json.loads(p.read_bytes()) for p in "
    program += "pathlib.Path('/export/work/out/.tag-overlay/markers').glob('*/*.json')]))"
    said = server.must(f"{sys.executable} -S -c {shlex.quote(program)}")
    markers = json.loads(said.splitlines()[-1])
    print(dict(Counter(marker["made_by"] for marker in markers)), flush=True)
    return {(m["place"], m["kind"]): (m["made_by"], m["seconds"]) for m in markers}


def _faults(server: Machine, said: str, n_markers: int, n_products: int) -> list[str]:
    out = "/export/work/out"
    words = said.strip().splitlines()[-1].split()
    n_done, n_before = int(words[0]), int(words[2]) if len(words) > 2 else 0
    faults = [] if n_done + n_before == n_products == n_markers else ["something is missing"]
    if server.does(f"cd {out}; find . -name '*.claim' -o -name '.tag-overlay-*' | grep .")[1]:
        faults.append("claims or partial files are left")
    listed = "find . -type f -not -path '*/.tag-overlay/*' | sort | xargs -d '\\n' sha256sum"
    one, other = (server.must(f"cd /export/work/{name}; {listed}") for name in ("alone", "out"))
    return faults if one == other else [*faults, "other bytes"]


if __name__ == "__main__":
    sys.exit(main())
