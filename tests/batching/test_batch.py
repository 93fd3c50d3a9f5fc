"""Folders of sources: planned, done by workers, remembered, never done twice."""

import contextlib
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

import overlay
from overlay.batching.claims import Claims
from overlay.batching.folder_watch import Watch
from overlay.batching.markers import Marker, all_markers, is_done, read_marker, write_marker
from overlay.batching.pool import Limits, _Shared
from overlay.batching.product_kinds import facts_of
from overlay.batching.report import write_lines, write_report
from overlay.batching.sources import Found, Root, find_sources, in_shard, read_manifest, roots_of
from overlay.batching.task import Task
from overlay.commands import main
from overlay.errors import OutputError, UsageError
from overlay.reporting import Reporter
from overlay.settings import PanelSettings, Settings
from tests.making import two_tags

ROOT = Path(__file__).parents[2]
TEST = ("-f", "lavfi", "-i", "testsrc2=s=160x120:r=10:d=1", "-f", "lavfi", "-i", "sine=d=1")
ENCODE = ("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac")


@pytest.fixture(scope="module")
def clip(make_clip):
    return make_clip("one-second.mp4", *TEST, *ENCODE)


@pytest.fixture
def tree(clip, tmp_path):
    """Two clips of one stem, one below, one that is none."""
    root = tmp_path / "in"
    (root / "below").mkdir(parents=True)
    for name in ("a.mp4", "a.mov", "below/b.mp4"):
        shutil.copy(clip, root / name)
    (root / "bad.mp4").write_text("no media")
    return root


def places(root, out, **options):
    return [found.place for found in find_sources(roots_of([root]), out, **options)]


def test_sources_are_found_once_and_in_order(tree, tmp_path):
    out = tree / "out"
    out.mkdir()
    shutil.copy(tree / "a.mp4", out / "result.mp4")
    (tree / "loop").symlink_to(tree)
    (tree / ".hidden.mp4").write_text("")
    (tree / "notes.txt").write_text("")
    assert places(tree, out) == ["a.mov", "a.mp4", "bad.mp4"]
    found = places(tree, out, recursive=True)
    assert found == ["a.mov", "a.mp4", "bad.mp4", "below/b.mp4"]
    assert places(tree, out, recursive=True, include=["below/*"]) == ["below/b.mp4"]
    assert places(tree, out, exclude=["bad*", "*.mov"]) == ["a.mp4"]
    with pytest.raises(UsageError, match="no such"):
        roots_of([tmp_path / "nowhere"])


def test_what_cannot_be_looked_at_is_said_and_what_vanished_is_not(tree, tmp_path):
    (tree / "lost.mp4").symlink_to("nowhere.mp4")
    (tree / "notes.txt").symlink_to("nowhere.txt")
    for name in ("one", "other"):
        (tree / f"{name}.mkv").symlink_to(tree / ("other.mkv" if name == "one" else "one.mkv"))
    os.mkfifo(tree / "pipe.mp4")
    notes = []
    found = places(tree, tmp_path / "out", reporter=Reporter(on_note=notes.append))
    assert found == ["a.mov", "a.mp4", "bad.mp4"]
    said = "left out, the link leads nowhere"
    assert notes == [f"{tree / name}: {said}" for name in ("lost.mp4", "one.mkv", "other.mkv")]


_WITHOUT_RIGHTS = """
import ctypes, sys
from overlay.commands import main
class Caps(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable")]
header = (ctypes.c_uint32 * 2)(0x20080522, 0)
ctypes.CDLL(None).capset(header, (Caps * 2)())
sys.exit(main(["batch", *sys.argv[1:], "--model", "builtin", "--dry-run"]))
"""


@pytest.fixture
def without_rights(tree):
    """Plans a batch of the tree, with a folder that may not be looked into; what it says."""
    (tree / "above").mkdir()
    shutil.copy(tree / "a.mp4", tree / "above/x.mp4")
    (tree / "above").chmod(0)

    def planned(*arguments):
        command = [sys.executable, "-c", _WITHOUT_RIGHTS, *arguments, "-o", str(tree / "out")]
        return subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)

    yield planned
    (tree / "above").chmod(0o755)


linux = pytest.mark.skipif(
    sys.platform != "linux", reason="gives up the rights of root as Linux does"
)


@linux
def test_a_folder_that_may_not_be_read_is_said_and_the_others_are_looked_into(tree, without_rights):
    done = without_rights(str(tree), "-r")
    said = f"{tree / 'above'}: left out, the folder cannot be read: permission is denied"
    assert done.stderr == f"tag-overlay: {said}\n"
    assert (done.returncode, done.stdout.partition(" new")[0]) == (0, "4")


@linux
@pytest.mark.parametrize(
    ("named", "code", "said"),
    [
        (["above"], 3, "the folder cannot be read: permission is denied"),
        (["below", "above"], 3, "the folder cannot be read: permission is denied"),
        (["above/x.mp4"], 2, "cannot be looked at: permission is denied"),
        (["nowhere"], 2, "there is no such file or folder"),
        (["a.mp4/x"], 2, "cannot be looked at: a part of its path is no folder"),
    ],
)
def test_what_is_named_and_cannot_be_read_is_refused(tree, without_rights, named, code, said):
    done = without_rights(*[str(tree / name) for name in named])
    assert done.stderr == f"tag-overlay: error: {tree / named[-1]}: {said}\n"
    assert done.returncode == code


def test_a_pipe_that_is_named_is_refused(tmp_path, capsys):
    os.mkfifo(tmp_path / "pipe.mp4")
    assert main(["batch", str(tmp_path / "pipe.mp4"), "-o", str(tmp_path / "out")]) == 2
    assert "is neither a file nor a folder" in capsys.readouterr().err


def test_equal_names_never_clash(tree, tmp_path):
    stems = {found.place: found.stem for found in find_sources(roots_of([tree]), tmp_path / "out")}
    assert stems == {"a.mov": "a.mov", "a.mp4": "a.mp4", "bad.mp4": "bad"}
    other = tmp_path / "other" / "in"
    shutil.copytree(tree, other)
    both = roots_of([tree, other])
    assert [root.place for root in both] == ["in", "in-2"]
    found = [found.place for found in find_sources(both, tmp_path / "out")]
    assert len(set(found)) == len(found) == 6


def products_of(roots, out):
    return [f"{found.folder}/{found.stem}" for found in find_sources(roots, out)]


def test_equal_names_of_single_files_never_clash(tree, clip, tmp_path):
    files = [tree / "a.mp4", tree / "a.mov", tree / "below/b.mp4", tree / "below/a.mp4"]
    shutil.copy(clip, files[-1])
    names = products_of(roots_of(files), tmp_path / "out")
    assert names == ["/a.mp4", "/a.mov", "below/b", "below/a"]
    assert products_of(roots_of(files[:1]), tmp_path / "out") == ["/a"]
    mixed = roots_of([tree / "below", tree / "a.mp4"])
    assert products_of(mixed, tmp_path / "out") == ["below/a", "below/b", "in/a"]


def test_equal_names_of_a_list_never_clash(tree, clip, tmp_path):
    far = tmp_path / "far/a.mp4"
    far.parent.mkdir()
    shutil.copy(clip, far)
    shutil.copy(clip, tree / "below/a.mp4")
    listed = tree / "list.txt"
    listed.write_text(f"a.mp4\nbelow/a.mp4\na.mov\n{far}\nbelow/a.mp4\n")
    names = products_of(read_manifest(listed), tmp_path / "out")
    assert sorted(names) == sorted(["/a.mp4", "/a.mov", "below/a", f"{str(far.parent)[1:]}/a"])


def test_shards_share_everything_out():
    names = [f"folder/{number}.mp4" for number in range(300)]
    counts = [sum(in_shard(name, shard, 3) for name in names) for shard in (1, 2, 3)]
    assert sum(counts) == 300
    assert min(counts) > 60


def test_a_manifest_is_a_list_or_a_table(tmp_path):
    (tmp_path / "list.txt").write_text("# comment\na.mp4\n\nb/c.mp4\n")
    listed = read_manifest(tmp_path / "list.txt")
    assert listed == [Root(tmp_path / "a.mp4", ""), Root(tmp_path / "b/c.mp4", "b")]
    (tmp_path / "t.csv").write_text("file,note\nx.mp4,1\n")
    assert read_manifest(tmp_path / "t.csv") == [Root(tmp_path / "x.mp4", "")]
    (tmp_path / "l.txt").write_text("a\u2028b.mp4\r\nc.mp4")
    found = [root.path.name for root in read_manifest(tmp_path / "l.txt")]
    assert found == ["a\u2028b.mp4", "c.mp4"]
    (tmp_path / "long.csv").write_text(f"file\n{'x' * 200_000}\n")
    with pytest.raises(UsageError, match="no CSV table"):
        read_manifest(tmp_path / "long.csv")
    (tmp_path / "nul.txt").write_text("a\0.mp4")
    with pytest.raises(UsageError, match="NUL"):
        read_manifest(tmp_path / "nul.txt")
    (tmp_path / "u.csv").write_text("name\nx.mp4\n")
    with pytest.raises(UsageError, match="column"):
        read_manifest(tmp_path / "u.csv")


def test_a_file_of_a_list_that_is_not_there_is_one_that_failed(clip, tmp_path, capsys):
    shutil.copy(clip, tmp_path / "a.mp4")
    (tmp_path / "list.txt").write_text("a.mp4\ngone.mp4\n")
    arguments = ["batch", "--manifest", str(tmp_path / "list.txt"), "-o", str(tmp_path / "out")]
    assert main([*arguments, "--do", "events", "--model", "builtin", "--jobs", "1"]) == 7
    assert "gone.mp4: events failed" in capsys.readouterr().err


def run(tree, out, *more, do="events", jobs=1):
    common = ["-r", "-o", str(out), "--do", do, "--model", "builtin", "--jobs", str(jobs)]
    return main(["batch", str(tree), *common, *more])


def test_done_once_one_bad_clip_never_stops_it(tree, tmp_path, capsys):
    out = tmp_path / "out"
    assert run(tree, out, do="render,events", jobs=2) == 7
    said = capsys.readouterr()
    assert said.out.startswith(
        "8 new, 0 done, 0 failed before; 4 sources of 0.1 MB to do, about 3 s long"
    )
    assert said.out.endswith("6 done, 2 failed\n")
    assert "bad.mp4: render failed: cannot be read as a media file" in said.err
    made = sorted(str(p.relative_to(out)) for p in out.rglob("*") if p.is_file())
    made = [name for name in made if not name.startswith(".tag-overlay")]
    assert made == [
        "a.mov.csv", "a.mov.tagged.mp4", "a.mp4.csv", "a.mp4.tagged.mp4", "below/b.csv",
        "below/b.tagged.mp4",
    ]  # fmt: skip
    times = {name: (out / name).stat().st_mtime_ns for name in made}
    assert run(tree, out, do="render,events") == 7
    again = capsys.readouterr()
    assert "0 new, 6 done, 2 failed before" in again.out
    assert "--retry-failed" in again.out
    assert again.out.endswith("0 done, 6 done before, 2 failed\n")
    assert again.err == ""  # each failure was said when it came
    assert times == {name: (out / name).stat().st_mtime_ns for name in made}
    assert run(tree, out, "--theme", "light", "--dry-run", do="render,events") == 0
    assert "4 new, 3 done, 1 failed before" in capsys.readouterr().out
    (tree / "bad.mp4").unlink()
    assert run(tree, out, do="render,events") == 0


def test_a_damaged_marker_or_a_lost_target_means_again(tree, tmp_path, capsys):
    out = tmp_path / "out"
    (tree / "bad.mp4").unlink()
    assert run(tree, out) == 0
    markers = list((out / ".tag-overlay/markers").rglob("*.json"))
    assert len(markers) == 3
    markers[0].write_text("{")
    (out / "below/b.csv").unlink()
    capsys.readouterr()
    assert run(tree, out, "--dry-run") == 0
    said = capsys.readouterr().out
    assert said.startswith(("1 new", "2 new"))
    assert run(tree, out) == 0
    assert (out / "below/b.csv").exists()


def test_nothing_that_works_is_its_own_status(tmp_path):
    root = tmp_path / "in"
    root.mkdir()
    (root / "bad.mp4").write_text("no media")
    assert run(root, tmp_path / "out") == 3
    assert run(root, tmp_path / "out", do="nonsense") == 2
    assert run(root, tmp_path / "out", "--shard", "4/3") == 2


def test_a_changed_source_is_done_again(tree, tmp_path, capsys):
    out = tmp_path / "out"
    (tree / "bad.mp4").unlink()
    assert run(tree, out) == 0
    os.utime(tree / "a.mp4", (1, 1))
    capsys.readouterr()
    assert run(tree, out, "--dry-run") == 0
    assert capsys.readouterr().out.startswith("1 new, 2 done")


def test_markers_can_be_read_by_people_and_damage_is_no_marker(tmp_path):
    marker = Marker("a/ü\udce4.mp4", "events", "key", "done", "a/x.csv", 3, heard=("Dog",))
    write_marker(tmp_path, marker)
    assert read_marker(tmp_path, marker.place, "events") == marker
    assert list(all_markers(tmp_path)) == [marker]
    assert not is_done(tmp_path, marker, "key")
    (tmp_path / "a").mkdir()
    (tmp_path / "a/x.csv").write_text("abc")
    assert is_done(tmp_path, marker, "key")
    assert not is_done(tmp_path, marker, "other key")
    path = next((tmp_path / ".tag-overlay/markers").rglob("*.json"))
    for content in (b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"version": 1, "heard": 3}'):
        path.write_bytes(content)
        assert read_marker(tmp_path, marker.place, "events") is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seconds", "x"), ("seconds", True), ("seconds", -1), ("length_s", "2"), ("length_s", []),
        ("length_s", float("nan")), ("length_s", 10**400), ("target_bytes", None), ("tries", {}),
        ("reason", 3), ("heard", [None]), ("heard", "ab\ud800"), ("target", "/etc/passwd"),
        ("target", "../x"), ("target", "a\0b"), ("made_by", 0), ("place", "\ud800"), ("more", 1),
    ],
)  # fmt: skip
def test_a_marker_of_other_things_is_none_and_stops_no_report(tmp_path, name, value):
    marker = Marker("a.mp4", "events", "key", "done", "x.csv", 3)
    write_marker(tmp_path, marker)
    path = next((tmp_path / ".tag-overlay/markers").rglob("*.json"))
    path.write_text(json.dumps(json.loads(path.read_text()) | {name: value}))
    assert read_marker(tmp_path, marker.place, "events") is None
    write_report(tmp_path, tmp_path / "r.html")
    write_lines(tmp_path, tmp_path / "r.jsonl")
    assert (tmp_path / "r.jsonl").read_text() == ""


@pytest.mark.parametrize("content", ["[" * 4000, "3", "{}", '{"owner": "HOST:99999999999999:x"}'])
def test_a_claim_of_other_things_is_somebody_elses_for_a_lease(tmp_path, content):
    claims = Claims(tmp_path, lease_s=0.05)
    path = claims.path("a.mp4", "events")
    path.parent.mkdir(parents=True)
    path.write_text(content.replace("HOST", socket.gethostname()))
    with claims.claimed("a.mp4", "events") as mine:
        assert not mine
    with claims.claimed("a.mp4", "events", patient=True) as mine:
        assert mine


def test_a_pipe_that_is_a_claim_is_not_waited_for(tmp_path):
    claims = Claims(tmp_path, lease_s=60)
    path = claims.path("a.mp4", "events")
    path.parent.mkdir(parents=True)
    os.mkfifo(path)
    with claims.claimed("a.mp4", "events") as mine:
        assert not mine


@pytest.mark.parametrize("place", [".tag-overlay", ".tag-overlay/claims", ".tag-overlay/markers"])
def test_an_output_that_can_remember_nothing_is_said_before_the_work(tree, tmp_path, capsys, place):
    out = tmp_path / "out"
    (out / place).parent.mkdir(parents=True)
    (out / place).touch()
    assert run(tree, out) == 3
    assert capsys.readouterr().err.count("\n") == 1
    assert not list(out.glob("*.csv"))


def test_a_claim_that_finds_no_room_is_that_products_failure(tree, tmp_path):
    out = tmp_path / "out"
    for n in range(256):
        path = out / ".tag-overlay" / "claims" / f"{n:02x}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert run(tree, out, "--jsonl", str(tmp_path / "l.jsonl")) == 3
    lines = [json.loads(line) for line in (tmp_path / "l.jsonl").read_text().splitlines()]
    assert all("cannot be made" in line["reason"] for line in lines)


def test_a_claim_that_cannot_be_written_keeps_nobody_out(tmp_path):
    claims = Claims(tmp_path)
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, usual[1]))
    try:
        with pytest.raises(OutputError, match="larger"), claims.claimed("a.mp4", "events"):
            pytest.fail("never got here")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    with claims.claimed("a.mp4", "events") as mine:
        assert mine


def test_a_batch_in_a_folder_that_is_gone_is_said(tree, tmp_path, monkeypatch, capsys):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert run(tree, "out") == 3
    assert "the folder that we are in is gone" in capsys.readouterr().err


def test_one_of_many_gets_a_claim(tmp_path):
    taken, barrier = [], threading.Barrier(8)

    def take():
        claims = Claims(tmp_path, lease_s=60)
        barrier.wait()
        with claims.claimed("a.mp4", "events") as mine:
            taken.append(mine)
            time.sleep(0.3)

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False] * 7 + [True]
    with Claims(tmp_path).claimed("a.mp4", "events") as mine:
        assert mine


def test_a_claim_that_nobody_renews_is_taken_over_by_the_patient(tmp_path):
    claims = Claims(tmp_path, lease_s=0.2)
    path = claims.path("a.mp4", "events")
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"owner": "another-machine:1:x", "renewed": 0}))
    with claims.claimed("a.mp4", "events") as mine:
        assert not mine
    with claims.claimed("a.mp4", "events", patient=True) as mine:
        assert mine
    assert not path.exists()


def test_a_claim_that_is_renewed_is_nobody_elses(tmp_path):
    with Claims(tmp_path, lease_s=0.8).claimed("a.mp4", "events") as mine:
        assert mine
        with Claims(tmp_path, lease_s=60).claimed("a.mp4", "events", patient=True) as other:
            assert not other


def test_the_patient_gets_a_claim_that_is_given_up(tmp_path):
    first = Claims(tmp_path).claimed("a.mp4", "events")
    assert first.__enter__()
    threading.Timer(0.2, first.__exit__, (None, None, None)).start()
    with Claims(tmp_path, lease_s=10).claimed("a.mp4", "events", patient=True) as mine:
        assert mine


_STOPPED_WHILE_A_WORKER_STARTS = """
import os, signal, sys
def hook(event, arguments):
    if event == "subprocess.Popen" and "overlay.batching.worker" in arguments[1]:
        os.kill(os.getpid(), signal.SIGTERM)
sys.addaudithook(hook)
from overlay.commands import run
sys.argv = ["tag-overlay", *sys.argv[1:]]
run()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes as Linux shows them")
def test_a_batch_that_is_stopped_while_a_worker_starts_leaves_none(tree, tmp_path):
    mark = f"OF_THIS_TEST={tmp_path}".encode()
    command = ["batch", str(tree), "-o", str(tmp_path / "out"), "--do", "events", "--jobs", "2"]
    done = subprocess.run(
        [sys.executable, "-c", _STOPPED_WHILE_A_WORKER_STARTS, *command, "--model", "builtin"],
        env=os.environ | {"OF_THIS_TEST": str(tmp_path)}, cwd=ROOT, capture_output=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 143
    assert b"Traceback" not in done.stderr
    left = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            left += [environment] * (mark in environment.read_bytes())
    assert left == []


def test_workers_that_cannot_be_started_are_said(tree, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no python"))
    assert run(tree, tmp_path / "out") == 8
    said = capsys.readouterr().err
    assert "mended: no worker can be started: there is no such file" in said
    assert "Traceback" not in said


def test_a_report_never_replaces_a_source(tree, tmp_path):
    before = (tree / "a.mp4").read_bytes()
    for flag in ("--report", "--jsonl"):
        assert run(tree, tmp_path / "out", flag, str(tree / "a.mp4"), "--dry-run") == 2
    assert (tree / "a.mp4").read_bytes() == before
    assert run(tree, tmp_path / "out", "--jsonl", str(tmp_path / "all.jsonl")) == 7
    assert len((tmp_path / "all.jsonl").read_text().splitlines()) == 4


@pytest.mark.parametrize("flag", ["--report=r/all.html", "--jsonl=r/all.jsonl"])
def test_a_report_that_could_not_be_written_is_refused_before_the_work(
    tree, tmp_path, monkeypatch, capsys, flag
):
    monkeypatch.chdir(tmp_path)
    assert run(tree, "out", flag) == 3
    assert "there is no folder" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert run(tree, "r", flag, "--dry-run") == 0  # beside the products: that one will be made
    assert run(tree, "r", flag) == 7
    assert (tmp_path / "r" / flag.rpartition("/")[2]).exists()


def test_a_list_is_never_replaced_by_a_report(clip, tmp_path):
    listed = tmp_path / "list.jsonl"
    listed.write_text(f"{clip}\n")
    command = ["batch", "--manifest", str(listed), "-o", str(tmp_path / "out"), "--dry-run"]
    assert main([*command, "--model", "builtin", "--jsonl", str(listed)]) == 3
    assert listed.read_text() == f"{clip}\n"


@pytest.mark.parametrize(("flags", "hint"), [((), True), (("-r",), False), (("--watch",), False)])
def test_a_folder_without_media_is_said(tmp_path, capsys, flags, hint):
    (tmp_path / "in").mkdir()
    command = ["batch", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--model", "builtin"]
    assert main([*command, *flags, "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert ("no media files were found" in said) == (flags != ("--watch",))
    assert ("-r looks into the folders below" in said) == hint
    if flags == ():
        assert main([*command, "--include", "*.x", "--dry-run"]) == 0
        assert "nothing there matches --include" in capsys.readouterr().out


def test_an_output_that_is_no_folder_is_refused_by_the_plan(tree, capsys):
    assert run(tree, tree / "a.mp4", "--dry-run") == 3
    assert capsys.readouterr().err.endswith("a.mp4: is no folder; give another name with -o\n")


def test_saved_scores_are_sources_of_texts(tmp_path):
    (tmp_path / "in").mkdir()
    two_tags().save(tmp_path / "in/clip.npz")
    command = ["batch", str(tmp_path / "in"), "--include", "*.npz", "-o", str(tmp_path / "out")]
    command += ["--model", "builtin", "--jobs", "1", "--do", "events,srt"]
    assert main(command) == 0
    assert "Dog" in (tmp_path / "out/clip.csv").read_text()
    assert "dog barking" in (tmp_path / "out/clip.srt").read_text()


def test_a_device_behind_a_setting_is_not_waited_for():
    settings = Settings(panel=PanelSettings(theme="/dev/zero"))
    assert facts_of("render", settings, ("m", "h"))["panel"]["theme"] == "/dev/zero"


def test_from_python_results_come_while_sources_do(tree, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    came, notes = [], []

    def sources():
        yield tree / "a.mp4"
        while not came:  # the first result is there before the sources end
            time.sleep(0.05)
        yield tree / "a.mov"
        yield tree / "below"

    report = overlay.batch(
        sources(), "out", ["events"], model="builtin", jobs=2, on_result=came.append,
        reporter=overlay.Reporter(on_note=notes.append),
    )  # fmt: skip
    assert report.counts["done"] == len(came) == 3
    out = tmp_path / "out"
    made = sorted(str(path.relative_to(out)) for path in out.rglob("*.csv"))
    assert made == ["in/a.mov.csv", "in/a.mp4.csv", "in/below/b.csv"]
    assert report.exit_code == 0


def test_from_python_it_is_stopped_by_an_error(tree, tmp_path):
    def stop(outcome):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        overlay.batch([tree], tmp_path / "out", ["events"], model="builtin", jobs=1, on_result=stop)
    assert not list((tmp_path / "out").rglob("*.part*"))


def test_an_endless_look_takes_what_is_still(tmp_path):
    now, there = [0.0], {}

    def find():
        return [Found(tmp_path / name, name, size, 0, name) for name, size in there.items()]

    watch = Watch(find, 10, clock=lambda: now[0])
    names = lambda: [found.place for found in watch.look()]  # noqa: E731
    there["a"] = 1
    assert names() == []
    now[0], there["a"], there["b"] = 9, 2, 5  # a grows
    assert names() == []
    now[0] = 18.9
    assert names() == []
    now[0] = 19
    assert names() == ["a", "b"]
    assert names() == []
    now[0], there["a"] = 30, 3  # it changes once more
    assert names() == []
    now[0] = 41
    assert names() == ["a"]
    del there["b"]
    assert names() == []
    now[0], there["b"] = 50, 5  # and another of its name comes
    assert names() == []
    now[0] = 61
    assert names() == ["b"]


def test_broken_work_is_tried_again_when_there_is_nothing_else(tmp_path):
    first, second = (Task(Found(tmp_path, name, 0, 0, name), tmp_path, (), Settings(), ())
                     for name in "ab")  # fmt: skip
    broken = [first]
    shared = _Shared(iter([second, None]), broken)
    assert shared.next() == second
    assert shared.next() == replace(first, again=True)
    assert shared.next() is None
    assert broken == []


def test_time_goes_by_what_a_source_has_bytes_for(tmp_path):
    task = Task(Found(tmp_path, "a", 1_000_000, 0, "a"), tmp_path, ("events",), Settings(), ())
    limits = Limits(3)
    assert limits.seconds(task, 100) - limits.seconds(task) == 300
    assert limits.seconds(task, 1e12) < 5000
    assert limits.seconds(task, float("nan")) < 5000


def test_the_plan_says_about_how_long_it_all_is(tree, tmp_path, capsys):
    (tree / "bad.mp4").unlink()
    assert run(tree, tmp_path / "out", "--dry-run") == 0
    assert "about 3 s" in capsys.readouterr().out
