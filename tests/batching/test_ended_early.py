"""A batch whose every source would fail ends, and the same command goes on."""

import errno
import os
import shutil
from dataclasses import replace

import pytest

from overlay.batching.blame import lies_outside, to_blame
from overlay.batching.markers import Marker, all_markers, write_marker
from overlay.batching.run import Batch, BatchSettings
from overlay.batching.setbacks import Setbacks
from overlay.batching.sources import Found, find_sources, roots_of
from overlay.batching.task import Outcome, Task
from overlay.commands import main
from overlay.errors import (
    BatchStopped,
    DecodeError,
    EncodeError,
    FfmpegNotFound,
    OutputError,
    ThemeError,
)
from overlay.files import whole_or_absent
from overlay.settings import Settings, TaggingSettings, override

SETTINGS = Settings(tagging=TaggingSettings(model="builtin", cache=False))


@pytest.fixture
def many(make_clip, tmp_path):
    """Ten sources in a folder."""
    clip = make_clip("one-of-many.wav", "-f", "lavfi", "-i", "sine=d=1")
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(10):
        shutil.copy(clip, folder / f"{number:02}.wav")
    return folder


def batch_of(folder, out, *, settings=SETTINGS, n_workers=2):
    how = BatchSettings(("tags",), jobs=n_workers)
    return Batch(lambda: find_sources(roots_of([folder]), out), out, settings, how)


def left_of(out):
    """What nobody should find."""
    return [path for path in out.rglob("*") if ".part" in path.name]


def test_on_a_full_disk_it_ends_soon_and_goes_on_when_there_is_room(many, small):
    out = small("size=120k") / "out"
    tried = set()
    with pytest.raises(BatchStopped, match=f"ended early.*{out}.*: the disk is full$") as stopped:
        batch_of(many, out).run(lambda event: tried.add(event.task.found.place))
    assert stopped.value.exit_code == 8
    made = sorted(path.name for path in out.glob("*.npz"))
    assert 1 <= len(made) < len(tried) < 10
    assert left_of(out) == []
    assert {marker.state for marker in all_markers(out)} == {"done"}
    small("remount,size=4m")
    outlook = batch_of(many, out).outlook()
    assert (outlook.n_failed, outlook.n_done) == (0, len(list(all_markers(out))))
    assert batch_of(many, out).run().exit_code == 0
    assert len(list(out.glob("*.npz"))) == 10


def test_a_disk_that_is_read_only_is_said_once(many, small, capsys):
    out = small("size=4m") / "out"
    for name in ("markers", "claims"):
        (out / ".tag-overlay" / name).mkdir(parents=True)
    small("remount,ro")
    command = ["batch", str(many), "-o", str(out), "--do", "tags", "--model", "builtin", "-q"]
    assert main([*command, "--jobs", "2"]) == 8
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "read-only" in said


@pytest.mark.parametrize("comes_back", [False, True])
def test_an_output_that_goes_away_is_not_made_anew(many, tmp_path, comes_back):
    out, away = tmp_path / "out", tmp_path / "away"

    def told(event):
        if event.outcome and out.exists() and not away.exists():
            out.rename(away)
            if comes_back:
                out.mkdir()

    with pytest.raises(BatchStopped, match=f"{out} is gone, or another folder"):
        batch_of(many, out).run(told)
    shutil.rmtree(out, ignore_errors=True)
    away.rename(out)
    assert batch_of(many, out).outlook().n_failed == 0


def test_a_file_of_the_settings_that_goes_away_is_no_sources_fault(many, tmp_path):
    thresholds = tmp_path / "thresholds.toml"
    thresholds.write_text('"Dog" = 0.4\n')
    settings, out = override(SETTINGS, thresholds_file=str(thresholds)), tmp_path / "out"
    how = BatchSettings(("events",), jobs=1)
    batch = Batch(lambda: find_sources(roots_of([many]), out), out, settings, how)
    seen = []

    def told(event):
        seen.append(event)
        thresholds.unlink(missing_ok=True)

    with pytest.raises(BatchStopped, match=r"thresholds\.toml: cannot read the thresholds"):
        batch.run(told)
    assert {marker.state for marker in all_markers(out)} <= {"done"}
    assert len({event.task.found.place for event in seen}) < 8
    thresholds.write_text('"Dog" = 0.4\n')
    assert batch.outlook().n_failed == 0


def test_workers_that_cannot_be_started_end_it(many, tmp_path, monkeypatch):
    batch = batch_of(many, tmp_path / "out")
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))  # each ends before it says a word
    with pytest.raises(BatchStopped, match=r"mended: the worker ended: "):
        batch.run()
    assert list(all_markers(tmp_path / "out")) == []


def test_what_waits_for_another_try_is_said(many, tmp_path, capsys):
    broken = tmp_path / "in/00.wav"
    broken.write_bytes(broken.read_bytes()[:60_000])
    command = ["batch", str(many), "-o", str(tmp_path / "out"), "--do", "tags", "--jobs", "1"]
    assert main([*command, "--model", "builtin", "--include", "0[01].wav"]) == 7
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("tag-overlay: 00.wav: tags is tried again later: ")
    assert said[1].startswith("tag-overlay: 2/2 00.wav: tags failed: ")


# When it is time to ask


def failed(place="a.mp4", kind="events", blame=""):
    return Outcome(place, kind, "failed", reason="x", blame=blame)


DONE = Outcome("a.mp4", "events", "done")


class Asked:
    """What is asked, and how often."""

    def __init__(self, error=None):
        self.n, self.error = 0, error

    def __call__(self):
        self.n += 1
        if self.error:
            raise self.error


def added(setbacks, outcomes):
    """How many of some outcomes came until it ended."""
    for number, outcome in enumerate(outcomes, start=1):
        try:
            setbacks.add(outcome)
        except BatchStopped:
            return number
    return len(outcomes)


FULL, BAD = failed(blame="out: full"), failed()
SKIPPED = Outcome("b.mp4", "events", "skipped")


@pytest.mark.parametrize(
    ("outcomes", "n_added"),
    [
        ([FULL] * 9, 3),  # a worker, and two more
        ([FULL, FULL, DONE] * 5, 15),  # others still fit
        ([FULL, FULL, SKIPPED, FULL], 4),  # that is no news
        ([BAD, FULL, BAD, FULL, BAD, FULL, BAD], 6),  # bad ones between change nothing
        ([FULL, FULL, Outcome("a", "render", "done"), FULL], 4),  # small ones of another kind do
        ([FULL, FULL, failed(kind="render", blame="out: full")] * 2, 4),
        ([BAD] * 50, 50),
        ([FULL, FULL, *[BAD] * 50], 52),
    ],
)
def test_it_ends_where_a_kind_fails_in_a_row_for_what_all_would_fail_for(
    tmp_path, outcomes, n_added
):
    assert added(Setbacks(tmp_path, 1, Asked()), outcomes) == n_added


@pytest.mark.parametrize(("n_failed", "n_asked"), [(3, 0), (4, 1), (11, 1), (12, 2), (28, 3)])
def test_it_is_asked_ever_more_rarely_what_was_asked_before_the_work(tmp_path, n_failed, n_asked):
    asked = Asked()
    assert added(Setbacks(tmp_path, 2, asked), [BAD] * n_failed) == n_failed
    assert asked.n == n_asked


def test_what_failed_last_and_what_nobody_heard_of_is_forgotten(tmp_path):
    found = Found(tmp_path / "x.mp4", "x.mp4", 0, 0, "x")
    for place, state in (("a.mp4", "done"), ("b.mp4", "failed"), ("c.mp4", "failed"),
                         ("d.mp4", "failed"), ("e.mp4", "failed"), ("f.mp4", "done")):  # fmt: skip
        write_marker(tmp_path, Marker(place, "events", "key", state))
    setbacks = Setbacks(tmp_path, 0, Asked(ThemeError("is gone", path="t.toml")))
    for place in "abcdef":
        it = replace(found, place=f"{place}.mp4")
        setbacks.begun(Task(it, tmp_path, ("events",), Settings(), ()))
    setbacks.add(failed("b.mp4"))  # before one was made: of its own
    setbacks.add(DONE)
    setbacks.add(failed("e.mp4"), is_last=False)  # it waits for its second try
    setbacks.add(DONE)
    setbacks.add(failed("c.mp4"))
    with pytest.raises(BatchStopped, match=r"mended: t\.toml: is gone$"):
        setbacks.add(failed("d.mp4"), is_last=False)
    setbacks.forget()
    assert {marker.place for marker in all_markers(tmp_path)} == {"a.mp4", "b.mp4", "f.mp4"}


# Whose fault it is


def raised(error, cause=None):
    """An error as it comes, raised from another."""
    try:
        raise error from cause
    except type(error) as caught:
        return caught


def of_disk(number):
    return OSError(number, os.strerror(number))


@pytest.mark.parametrize(
    ("error", "blame", "outside"),
    [
        (raised(OutputError("x", path="o/a.mp4"), of_disk(errno.ENOSPC)), "o: the disk is full", 1),
        (raised(EncodeError("x", path="o/a.mp4"), of_disk(errno.EROFS)),
         "o: the disk is read-only", 1),
        (raised(EncodeError("x", path="a.mp4"), raised(OutputError("x", path="o/b/tmp"),
                                                       of_disk(errno.ENOSPC))),
         "o/b: the disk is full", 1),
        (raised(ThemeError("x", path="t"), OutputError("x", path="o/a")), "", 0),
        (raised(OutputError("x", path="o/a.mp4"), of_disk(errno.EFBIG)), "", 1),  # only that clip
        (raised(OutputError("x", path="o/a.mp4"), of_disk(errno.EACCES)), "", 1),
        (OutputError("cannot hold that sound", path="o/a.mp4"), "", 0),
        (raised(DecodeError("x", path="a.mp4"), of_disk(errno.EIO)), "", 0),  # of the source
        (FfmpegNotFound("no ffmpeg"), "no ffmpeg", 1),
        (ZeroDivisionError(), "", 0),
    ],
)  # fmt: skip
def test_a_full_disk_and_no_ffmpeg_are_to_blame_and_no_source(tmp_path, error, blame, outside):
    source = tmp_path / "a.mp4"
    source.touch()
    assert to_blame(error) == blame
    assert lies_outside(error, source) == bool(outside)
    assert lies_outside(error, tmp_path / "gone.mp4")


def test_the_folder_is_that_of_what_could_not_be_written(tmp_path):
    with (
        pytest.raises(OutputError) as full,
        whole_or_absent(tmp_path / "a.csv", overwrite=True),
    ):
        raise of_disk(errno.ENOSPC)
    assert to_blame(full.value) == f"{tmp_path}: the disk is full"
