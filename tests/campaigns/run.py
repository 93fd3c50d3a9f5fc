"""Campaigns: many broken inputs and bad moments, and what the program makes of them.

    python tests/campaigns/run.py [NAME…] --count 1000 --seed 1 --keep FOLDER

Each prints how many cases were tried, how many of them the program refused, and the faults; a
fault's folder is kept with its command and recipe, and so is a line of every case, as it ends, in
``NAME-SEED.jsonl``. ``--only N`` tries one case again. ``--sample`` is the few of each that the
tests run; ``--least`` is as many of each as a release needs, one campaign after the other, and
their table in Markdown. On a machine that does other things, ``--patience 10`` gives a case ten
times as long by the clock before it counts as a hang (its work, in CPU seconds, is bounded as
ever).
"""

import argparse
import contextlib
import json
import os
import resource
import shlex
import shutil
import sys
import tempfile
from collections import Counter
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

CAMPAIGNS = {
    "mutated-media": (12, 10_000), "mutated-data": (24, 10_000), "mutated-newest": (12, 1_500),
    "mutated-products": (8, 2_000), "kills": (8, 500), "surroundings": (20, 500),
    "together": (3, 100), "injection": (8, 200),
}  # fmt: skip
"""Names, how many of each are the tests' sample, and how many a release needs."""
_TABLE = ("campaign", "tried", "refused", "faults", "hours of work")


def main() -> int:
    """Run campaigns; exit status 1 if there was a fault."""
    args = _arguments()
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "TAG_OVERLAY_OFFLINE": "1"}
    with tempfile.TemporaryDirectory(prefix="campaigns-") as place:
        work = Path(place)
        work.chmod(0o755)
        os.environ["XDG_CACHE_HOME"] = str(work / "cache")
        os.environ["TMPDIR"] = tempfile.tempdir = str(work / "tmp")
        (work / "tmp").mkdir(mode=0o1777)
        (work / "tmp").chmod(0o1777)
        rows = [_campaign(name, args, work) for name in args.names or CAMPAIGNS]
    if args.least:
        for row in (_TABLE, ("---",) * len(_TABLE), *rows):
            print("| " + " | ".join(map(str, row)) + " |", flush=True)
    return 1 if any(row[3] for row in rows) else 0


def _arguments() -> argparse.Namespace:
    from overlay.machine_share import n_cores

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(CAMPAIGNS))
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--workers", type=int, default=n_cores())
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--only", type=int, help="number of one case")
    parser.add_argument("--sample", action="store_true")
    parser.add_argument("--least", action="store_true")
    parser.add_argument("--patience", type=float, default=1.0)
    args = parser.parse_args()
    unknown = set(args.names) - set(CAMPAIGNS)
    if unknown:
        parser.error(f"no campaign {min(unknown)}; there are {', '.join(CAMPAIGNS)}")
    return args


def _campaign(name: str, args: argparse.Namespace, work: Path) -> tuple[str, int, int, int, str]:
    """Try a campaign; its row of the table."""
    sample, least = CAMPAIGNS[name]
    count = sample if args.sample else least if args.least else args.count
    numbers = [args.only] if args.only is not None else range(args.first, args.first + count)
    module = import_module(f"campaigns.{name.replace('-', '_')}")
    folder = work / name
    folder.mkdir()
    material = module.prepare(folder)  # what is imported and made here, all cases share
    results = _results(name, args, folder)
    results.parent.mkdir(parents=True, exist_ok=True)
    results.write_text("")
    workers = [
        _started(module, name, numbers[start :: args.workers], args, folder, material)
        for start in range(min(args.workers, len(numbers)))
    ]
    n_died = sum(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0 for pid in workers)
    return _told(name, [json.loads(line) for line in results.read_text().splitlines()], n_died)


def _results(name: str, args: argparse.Namespace, folder: Path) -> Path:
    """The file that has a line for each case as soon as it was tried."""
    return args.keep / f"{name}-{args.seed}.jsonl" if args.keep else folder / "results"


def _started(module, name, numbers, args, folder, material) -> int:
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        from campaigns.trying import adopt

        adopt()
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        for number in numbers:
            _one(module, name, number, args, folder, material)
        status = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(status)


def _one(module, name, number, args, folder, material) -> None:
    from campaigns.trying import LONGEST_S, faults, luck, tried

    place = folder / f"{number}"
    place.mkdir()
    case = module.case(number, luck(f"{args.seed} {name} {number}"), place, material)
    try:
        outcome = tried(case, longest_s=LONGEST_S * args.patience)
        found = faults(case, outcome)
    finally:
        case.after()
    record = {
        "number": number, "status": outcome.status, "faults": found, "recipe": case.recipe,
        "argv": shlex.join(case.argv).encode("utf-8", "replace").decode(),
        "cpu_s": outcome.cpu_s,
        "err": outcome.err.decode("utf-8", "replace")[-2000:],
    }  # fmt: skip
    with _results(name, args, folder).open("a") as file:
        file.write(json.dumps(record) + "\n")
    if found and args.keep:
        kept = args.keep / f"{name}-{args.seed}-{number}"
        shutil.rmtree(kept, ignore_errors=True)
        with contextlib.suppress(shutil.Error, OSError):  # pipes, and names of 255 bytes
            shutil.copytree(place, kept, symlinks=True)
        kept.mkdir(parents=True, exist_ok=True)
        (kept / "case.json").write_text(json.dumps(record, indent=1))
    shutil.rmtree(place, ignore_errors=True)


def _told(name: str, records: list[dict], n_died: int) -> tuple[str, int, int, int, str]:
    records.sort(key=lambda each: each["number"])
    bad = [each for each in records if each["faults"]]
    statuses = Counter(each["status"] for each in records)
    n_refused = sum(n for status, n in statuses.items() if status)
    for each in bad:
        print(f"{name} {each['number']}: {'; '.join(each['faults'])}")
        print(f"    {each['recipe']}\n    tag-overlay {each['argv']}")
        if each["err"].strip():
            print(f"    {each['err'].strip().splitlines()[-1][:300]}")
    cpu_s = sum(each["cpu_s"] for each in records)
    print(
        f"{name}: tried {len(records)}, refused {n_refused}, faults {len(bad)}"
        f" (statuses {dict(sorted(statuses.items()))}, {cpu_s:.0f} s of work)", flush=True,
    )  # fmt: skip
    if n_died:
        print(f"{name}: {n_died} workers of the campaign itself died")
    return name, len(records), n_refused, len(bad) + n_died, f"{cpu_s / 3600:.2f}"


if __name__ == "__main__":
    raise SystemExit(main())
