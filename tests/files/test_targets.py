"""Whole or absent: names, races, leftovers, and what is never replaced."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from overlay.errors import OutputError
from overlay.files import (
    check_target,
    fitting,
    leftovers,
    make_folder,
    named_after,
    temporary_folder,
    whole_folder_or_absent,
    whole_or_absent,
    write_bytes,
)

ROOT = Path(__file__).parents[2]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    "name",
    ["a" * 251 + ".mp4", "声" * 80 + ".mp4", "😀" * 62 + ".mp4", "-x.mp4", "a.b.mp4", "plain"],
)
def test_every_legal_name_can_be_written_and_the_extension_stays(tmp_path, name):
    target = tmp_path / name
    with whole_or_absent(target, overwrite=False) as temporary:
        assert temporary.name.endswith(f".part{target.suffix}")
        assert not target.exists()
        temporary.write_bytes(b"x")
    assert names(tmp_path) == [name]


def test_names_that_are_no_utf_8_work(tmp_path):
    target = tmp_path / os.fsdecode(b"caf\xe9.srt")
    write_bytes(target, b"x", overwrite=False)
    assert [os.fsencode(name) for name in names(tmp_path)] == [b"caf\xe9.srt"]


@pytest.mark.parametrize("name", ["a" * 300 + ".mp4", "a\0b.mp4", "no/such/folder.mp4"])
def test_names_that_cannot_be_are_refused_in_one_line(tmp_path, name):
    with pytest.raises(OutputError) as caught, whole_or_absent(tmp_path / name, overwrite=True):
        pass
    assert "\n" not in str(caught.value)
    assert names(tmp_path) == []


def test_a_failure_leaves_nothing_and_arrives_as_it_is(tmp_path):
    target = tmp_path / "t.srt"
    target.write_text("old")
    for failure in (ValueError("mine"), OSError(errno.EPIPE, "a caller's"), KeyboardInterrupt()):
        with (
            pytest.raises(type(failure)) as caught,
            whole_or_absent(target, overwrite=True) as temporary,
        ):
            temporary.write_text("half")
            raise failure
        assert caught.value is failure
    assert (names(tmp_path), target.read_text()) == (["t.srt"], "old")


def test_a_full_disk_is_said(tmp_path):
    target = tmp_path / "t.srt"
    with pytest.raises(OutputError, match="disk is full"), whole_or_absent(target, overwrite=True):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert names(tmp_path) == []


def test_a_temporary_folder_is_ours_alone_and_goes(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with temporary_folder() as folder:
        assert folder.parent == tmp_path
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "x").write_text("on the way")
    assert names(tmp_path) == []
    with pytest.raises(OutputError, match="disk is full"), temporary_folder():
        raise OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with temporary_folder() as folder:  # another place does as well
        assert folder.is_dir()


def test_the_temporary_folder_of_a_killed_run_is_swept(tmp_path):
    killed = (
        "import os\nfrom overlay.files import temporary_folder\n"
        "with temporary_folder() as folder:\n"
        "    (folder / 'x').touch()\n    os.kill(os.getpid(), 9)\n"
    )
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    for code in (killed, killed.replace("os.kill(os.getpid(), 9)", "pass")):
        subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT, check=False)
        n_left = len(names(tmp_path))
        assert (n_left > 0) == ("kill" in code)


def test_a_target_that_appears_stays_and_the_result_is_kept_beside(tmp_path):
    target = tmp_path / "t.srt"
    (tmp_path / "t.2.srt").write_text("another's")
    with (
        pytest.raises(OutputError, match=r"t\.3\.srt"),
        whole_or_absent(target, overwrite=False) as temporary,
    ):
        temporary.write_text("ours")
        target.write_text("theirs")
    assert target.read_text() == "theirs"
    assert (tmp_path / "t.3.srt").read_text() == "ours"
    assert names(tmp_path) == ["t.2.srt", "t.3.srt", "t.srt"]


def test_with_overwrite_a_folder_or_pipe_that_appears_stays(tmp_path):
    for make in (os.mkdir, os.mkfifo):
        target = tmp_path / f"{make.__name__}.srt"
        with (
            pytest.raises(OutputError, match="the result is in"),
            whole_or_absent(target, overwrite=True) as temporary,
        ):
            temporary.write_text("ours")
            make(target)
        assert not target.is_file()
        assert (tmp_path / f"{make.__name__}.2.srt").read_text() == "ours"


def test_what_is_there_is_replaced_where_that_is_wanted(tmp_path):
    target = tmp_path / "t.srt"
    for content in (b"old", b"new"):
        assert write_bytes(target, content, overwrite=True) == target
    assert (names(tmp_path), target.read_bytes()) == (["t.srt"], b"new")
    with pytest.raises(OutputError, match="exists already; use --overwrite"):
        write_bytes(target, b"newer", overwrite=False)
    with pytest.raises(OutputError, match="is a folder; give a file name"):
        write_bytes(tmp_path, b"", overwrite=True)


def test_an_input_is_said_to_be_the_first_or_another(tmp_path):
    files = [tmp_path / "in.mp4", tmp_path / "labels.txt"]
    for each in files:
        each.touch()
    for target, said in zip(files, ("is the input itself", "is an input, too"), strict=True):
        with pytest.raises(OutputError, match=said):
            check_target(target, *files, overwrite=True)


def test_no_input_is_ever_the_target(tmp_path):
    source, labels = tmp_path / "in.mp4", tmp_path / "labels.txt"
    source.write_text("s")
    labels.write_text("l")
    link, hard = tmp_path / "link", tmp_path / "hard"
    link.symlink_to(labels)
    os.link(labels, hard)
    for target in (source, labels, link, hard):
        with pytest.raises(OutputError, match="input"):
            write_bytes(target, b"", overwrite=True, inputs=(source, labels))
    assert labels.read_text() == "l"


@pytest.mark.parametrize("target", ["/dev/null", "/dev/stdout", "/dev/new", "/proc/self/fd/9"])
def test_devices_and_their_folders_are_refused(target):
    with pytest.raises(OutputError):
        write_bytes(target, b"", overwrite=True)
    assert os.path.lexists("/dev/null")


def test_a_link_that_leads_to_a_pipe_or_in_a_circle_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "to-pipe").symlink_to("pipe")
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    for target in (tmp_path / "pipe", tmp_path / "to-pipe", tmp_path / "a" / "x"):
        with pytest.raises(OutputError):
            check_target(target, overwrite=True)


_KILLED = """
import sys, time
from pathlib import Path
from overlay.files import whole_or_absent
with whole_or_absent(Path(sys.argv[1]), overwrite=True) as temporary:
    temporary.write_text("half")
    print("ready", flush=True)
    sys.stdin.read()
"""


def one_of_two_is_killed(program, target):
    """Run a program twice until it is ready, kill one, and give the other."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, target], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for _ in range(2)
    ]  # fmt: skip
    dead, living = started
    for process in started:
        assert process.stdout.readline() == "ready\n"
    dead.send_signal(signal.SIGKILL)
    dead.communicate()
    return living


def test_leftovers_of_the_killed_are_swept_and_of_the_living_are_not(tmp_path):
    target = tmp_path / "t.mp4"
    living = one_of_two_is_killed(_KILLED, target)
    mine = tmp_path / ".tag-overlay-notes.part.mp4"
    mine.write_text("a person's")
    assert len(names(tmp_path)) == 3
    write_bytes(tmp_path / "other.txt", b"", overwrite=False)
    assert len(names(tmp_path)) == 3
    living.communicate("")
    assert living.returncode == 0
    assert names(tmp_path) == [mine.name, "other.txt", "t.mp4"]


_MAKES_FOLDER = """
import sys
from pathlib import Path
from overlay.files import whole_folder_or_absent
with whole_folder_or_absent(Path(sys.argv[1]), "%d.png", overwrite=True) as temporary:
    (temporary / "1.png").write_text("half")
    print("ready", flush=True)
    sys.stdin.read()
"""


def test_folders_of_the_killed_are_swept_and_those_of_the_living_are_not(tmp_path):
    """The lock is on a file: no other machine would see that of a folder on NFS."""
    target = tmp_path / "frames.lock"
    living = one_of_two_is_killed(_MAKES_FOLDER, target)
    found = [path for path in tmp_path.iterdir() if path.is_file()]
    assert [is_locked(path) for path in found].count(True) == 1
    write_bytes(tmp_path / "other.txt", b"", overwrite=False)
    assert len(names(tmp_path)) == 3
    living.communicate("")
    assert living.returncode == 0
    assert names(tmp_path) == ["frames.lock", "other.txt"]


def is_locked(path):
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_a_lock_can_be_one_on_nfs(tmp_path):
    """There the server locks what is open for writing; Linux says so in ``fdinfo``."""
    if not Path("/proc/self/fdinfo").is_dir():
        pytest.skip("no /proc")
    with whole_or_absent(tmp_path / "t.mp4", overwrite=True) as temporary:
        held = [
            link.name
            for link in Path("/proc/self/fd").iterdir()
            if os.path.realpath(link) == str(temporary)
        ]
        (said,) = [Path(f"/proc/self/fdinfo/{number}").read_text() for number in held]
    assert "lock:" in said
    flags = next(line.split()[1] for line in said.splitlines() if line.startswith("flags:"))
    assert int(flags, 8) & os.O_ACCMODE == os.O_RDWR


def test_threads_on_one_target_lose_nothing(tmp_path):
    target, kept = tmp_path / "t.txt", []

    def work(number):
        try:
            with whole_or_absent(target, overwrite=False) as temporary:
                temporary.write_text(str(number))
                barrier.wait()
        except OutputError as error:
            kept.append(str(error))

    barrier = threading.Barrier(8)
    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept) == 7
    assert sorted(path.read_text() for path in tmp_path.iterdir()) == list("01234567")


def _make(folder, *found):
    folder.mkdir(exist_ok=True)
    for name in found:
        (folder / name).write_text("old")


def test_a_folder_of_pictures_appears_whole_and_sweeps_what_was_killed(tmp_path):
    killed = tmp_path / f".tag-overlay-{'0' * 12}.part"
    _make(killed, "1.png")
    with whole_folder_or_absent(tmp_path / "frames", "%d.png", overwrite=False) as temporary:
        assert not killed.exists()
        _make(temporary, "1.png")
        assert names(tmp_path) == [temporary.name, f"{temporary.name}~"]  # with its lock
    assert (names(tmp_path), names(tmp_path / "frames")) == (["frames"], ["1.png"])


def test_pictures_go_to_no_file_and_through_no_link(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to("there")
    for name in ("file", "link"):
        with (
            pytest.raises(OutputError, match="exists and is no folder"),
            whole_folder_or_absent(tmp_path / name, "%d.png", overwrite=True),
        ):
            pass


def test_pictures_replace_pictures_as_a_whole(tmp_path):
    folder = tmp_path / "frames"
    _make(folder, "a-001.png", "a-002.png")
    with whole_folder_or_absent(folder, "a-%03d.png", overwrite=True) as temporary:
        _make(temporary, "a-001.png")
    assert (names(tmp_path), names(folder)) == (["frames"], ["a-001.png"])
    with (
        pytest.raises(OutputError, match="exists already"),
        whole_folder_or_absent(folder, "a-%03d.png", overwrite=False),
    ):
        pass


def test_what_is_put_into_a_folder_of_pictures_meanwhile_is_never_deleted(tmp_path):
    folder = tmp_path / "frames"
    _make(folder, "a-001.png")
    with (
        pytest.raises(OutputError, match=r"frames\.2"),
        whole_folder_or_absent(folder, "a-%03d.png", overwrite=True) as temporary,
    ):
        _make(temporary, "a-001.png", "a-002.png")
        _make(folder, "thesis.txt")
    assert names(folder) == ["a-001.png", "thesis.txt"]
    assert names(tmp_path / "frames.2") == ["a-001.png", "a-002.png"]
    assert names(tmp_path) == ["frames", "frames.2"]


def test_a_folder_that_appears_meanwhile_stays(tmp_path):
    folder = tmp_path / "frames"
    with (
        pytest.raises(OutputError, match="the result is in"),
        whole_folder_or_absent(folder, "%d.png", overwrite=False) as temporary,
    ):
        _make(temporary, "1.png")
        _make(folder, "1.png", "x")
    assert names(folder) == ["1.png", "x"]


def test_a_failing_folder_leaves_nothing(tmp_path):
    with (
        pytest.raises(ZeroDivisionError),
        whole_folder_or_absent(tmp_path / "f", "%d.png", overwrite=False) as temporary,
    ):
        _make(temporary, "1.png")
        raise ZeroDivisionError
    assert names(tmp_path) == []


def test_a_name_made_of_another_is_cut_where_it_would_be_too_long(tmp_path):
    assert named_after("in/clip.mov", ".tagged.mp4").name == "clip.tagged.mp4"
    for stem in ("a" * 251, "声" * 83, "😀" * 62):
        path = named_after(tmp_path / f"{stem}.mp4", ".tagged.mp4", tmp_path)
        path.touch()
        assert path.name.endswith(".tagged.mp4")


def test_usual_names_of_long_names_are_legal(tmp_path):
    for name in ("clip.tagged.mp4", "a" * 251 + ".mp4"):
        assert fitting(name) == name
    assert fitting("a" * 252 + ".mp4") == "a" * 251 + ".mp4"
    assert fitting("a" * 200 + "." + "b" * 62 + ".mp4") == "a" * 200 + "." + "b" * 50 + ".mp4"
    for stem in ("a" * 251, "声" * 83, "😀" * 62, "a." * 125):
        name = fitting(f"{stem}.tagged.mp4")
        (tmp_path / name).touch()
        assert name.endswith(".tagged.mp4")


def test_folders_are_made_or_refused(tmp_path):
    assert make_folder(tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").touch()
    for bad in (tmp_path / "file", tmp_path / "file" / "x", tmp_path / ("n" * 300)):
        with pytest.raises(OutputError):
            make_folder(bad)


_AS_NOBODY = """
import os, sys
from pathlib import Path
import overlay.files.npz
from overlay import files
from overlay.errors import OverlayError
os.setuid(65534)
closed = Path(sys.argv[1])
for path in (closed / "x", closed / "in" / "y"):
    assert not files.is_file(path) and not files.is_there(path) and not files.is_folder(path)
    assert not files.entries(path) and not list(files.files_below(path))
    for work in (
        lambda: files.write_bytes(path, b"", overwrite=True),
        lambda: files.check_folder_target(path, "%d.png", overwrite=True),
        lambda: files.make_folder(path),
        lambda: files.read_bytes(path, 9, "it", OverlayError),
    ):
        try:
            work()
        except OverlayError as error:
            print(error)
        else:
            raise SystemExit("not refused")
"""


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")
def test_folders_that_one_may_not_enter_are_said(tmp_path):
    closed = tmp_path / "closed"
    (closed / "in").mkdir(parents=True)
    closed.chmod(0)
    done = subprocess.run(
        [sys.executable, "-c", _AS_NOBODY, closed], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("permission is denied") == 8


_READ_ONLY = """
import os, sys
from overlay.errors import OutputError
from overlay.files import check_target
if os.geteuid() == 0:
    os.setuid(65534)
try:
    check_target(sys.argv[1], overwrite=False)
except OutputError as error:
    print(error)
"""


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs users")
def test_a_folder_that_one_may_not_write_to_is_said_before_the_work():
    with tempfile.TemporaryDirectory() as folder:  # pytest's own is closed to others
        Path(folder).chmod(0o555)
        done = subprocess.run(
            [sys.executable, "-c", _READ_ONLY, f"{folder}/out.mp4"], capture_output=True,
            text=True, check=False,
        )  # fmt: skip
    assert "permission is denied" in done.stdout, done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a folder in use cannot go there")
def test_a_working_folder_that_is_gone_is_said(tmp_path, monkeypatch):
    place = tmp_path / "gone"
    place.mkdir()
    monkeypatch.chdir(place)
    place.rmdir()
    with pytest.raises(OutputError, match="is gone"):
        check_target("out.npz", overwrite=False)


class _Signal(BaseException):
    pass


def test_a_signal_at_any_moment_leaves_nothing(tmp_path):
    """It comes at each line that runs until the temporary file is there, one after the other."""
    n_lines = 0
    while _stopped_at(n_lines, tmp_path / "t.mp4"):
        assert list(tmp_path.iterdir()) == [], n_lines
        n_lines += 1
    assert n_lines > 20


def test_a_signal_while_a_temporary_folder_is_removed_leaves_nothing(tmp_path):
    n_lines = 0
    while _stopped_while_removing(n_lines, tmp_path / "t.mp4"):
        assert list(tmp_path.iterdir()) == [], n_lines
        n_lines += 1
    assert n_lines > 20


def _stopped_at(n_lines, target):
    """Whether so many lines run before the block is entered; the next one raises."""
    before = sys.gettrace()
    try:
        sys.settrace(_raising_after(n_lines))
        with whole_or_absent(target, overwrite=False):
            sys.settrace(None)
            return False
    except _Signal:
        return True
    finally:
        sys.settrace(before)


def _stopped_while_removing(n_lines, target):
    before = sys.gettrace()
    try:
        with leftovers.owned(target, folder=True) as temporary:
            (temporary / "x").touch()
            sys.settrace(_raising_after(n_lines))
    except _Signal:
        return True
    finally:
        sys.settrace(before)
    return False


def _raising_after(n_lines):
    left = n_lines

    def trace(frame, event, _):
        nonlocal left
        is_ours = "overlay" in frame.f_code.co_filename or "shutil" in frame.f_code.co_filename
        if is_ours and event == "line":
            left -= 1
            if left < 0:
                sys.settrace(None)
                raise _Signal
        return trace

    return trace
