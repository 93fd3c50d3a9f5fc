"""One source: what is made, what is remembered of it, and what is left as it is."""

import json
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from overlay.batching.claims import Claims
from overlay.batching.markers import all_markers, marker_path, read_marker
from overlay.batching.run import Batch, BatchSettings
from overlay.batching.sources import Found, find_sources, roots_of
from overlay.batching.task import Task, do_task, keys_of, standing_of
from overlay.settings import Settings, TaggingSettings
from overlay.tagging.registry import load_tagger
from tests.making import two_tags

LISTENERS = []
sys.addaudithook(lambda event, told: [hear(event, told) for hear in LISTENERS])
SETTINGS = Settings(tagging=TaggingSettings(model="builtin", cache=False))


NOTHING = Found(Path(), "a.wav", 1, 0, "a")


@pytest.fixture
def task(make_clip, tmp_path):
    """The task of a second of sound."""
    return task_of(make_clip, tmp_path, "events", "captions")


def task_of(make_clip, tmp_path, *kinds):
    clip = make_clip("for-tasks.wav", "-f", "lavfi", "-i", "sine=d=1")
    source = shutil.copy(clip, tmp_path / "a.wav")
    out = tmp_path / "out"
    batch = Batch(lambda: [], out, SETTINGS, BatchSettings(kinds, 1))
    (task,) = batch._items(find_sources(roots_of([source]), out))
    return task


def states(task, **more):
    return [outcome.state for outcome in do_task(task, **more)]


def test_a_marker_says_what_was_made_of_what(task):
    assert states(task) == ["done", "done"]
    marker = read_marker(task.out, "a.wav", "events")
    size = (task.out / "a.csv").stat().st_size
    assert (marker.target, marker.target_bytes, marker.state) == ("a.csv", size, "done")
    assert (marker.source, marker.tries, marker.reason) == (str(task.found.path), 1, "")
    assert marker.length_s == pytest.approx(1, abs=0.1)
    assert marker.seconds > 0
    assert marker.made_by.endswith(f":{os.getpid()}")
    plain = json.loads(marker_path(task.out, "a.wav", "events").read_text())
    assert (plain["version"], plain["kind"]) == (1, "events")


def test_what_is_done_is_passed_over_and_what_was_lost_is_made(task):
    assert states(task) == ["done", "done"]
    assert states(task) == ["skipped", "skipped"]
    (task.out / "a.srt").unlink()
    assert states(task) == ["skipped", "done"]
    (task.out / "a.csv").write_text("cut")
    assert states(task) == ["done", "skipped"]


@pytest.fixture
def opened():
    """What is opened below a test's ``out``, in order; with a ! what has to be new."""
    paths = []

    def hear(event, told):
        path = str(told[0]) if event == "open" else ""
        if "/out" in path:
            new = "!" if told[2] & os.O_EXCL else ""
            paths.append(new + path.partition("/out")[2].lstrip("/"))

    LISTENERS.append(hear)
    yield paths
    LISTENERS.remove(hear)


def test_under_its_claim_it_asks_the_storage_and_not_its_memory_whether_it_is_done(task, opened):
    events = replace(task, kinds=("events",))
    assert states(events) == ["done"]
    (task.out / "a.csv").write_text("cut")  # so there is something to do
    opened.clear()
    assert states(events) == ["done"]
    marker = marker_path(task.out, "a.wav", "events").relative_to(task.out)
    claimed = next(n for n, place in enumerate(opened) if place.endswith(".claim"))
    assert opened[claimed].startswith("!")
    ways = [".", *map(str, list(marker.parents)[-2::-1])]
    asked = [place or "." for place in opened[claimed + 1 :]]
    assert asked[: len(ways) + 3] == [*ways, str(marker), ".", str(marker)]  # and its target's


def test_folders_of_many_markers_and_pictures_are_not_looked_through(make_clip, tmp_path):
    """Each write would take as long as its folder is full, and that many times over."""
    clip = make_clip(
        "for-state.mp4", "-f", "lavfi", "-i", "testsrc2=s=160x120:r=10:d=1", "-f", "lavfi", "-i",
        "sine=d=1", "-c:v", "libx264", "-c:a", "aac",
    )  # fmt: skip
    source, out = shutil.copy(clip, tmp_path / "a.mp4"), tmp_path / "out"
    batch = Batch(lambda: [], out, SETTINGS, BatchSettings(("events",), 1))
    (task,) = batch._items(find_sources(roots_of([source]), out))
    assert states(task) == ["done"]
    (task.out / "a.csv").unlink()
    looked = []
    LISTENERS.append(lambda event, told: event == "os.scandir" and looked.append(str(told[0])))
    try:
        assert states(task) == ["done"]
    finally:
        LISTENERS.pop()
    below = [each.partition("/.tag-overlay/")[2] for each in looked if "/.tag-overlay/" in each]
    assert set(below) == {"new"}
    assert list((out / ".tag-overlay" / "new").iterdir()) == []


def test_a_copied_marker_is_not_taken_for_that_of_another_source(task):
    assert states(task) == ["done", "done"]
    other = replace(task, found=replace(task.found, place="b.wav"))
    path = marker_path(task.out, "b.wav", "events")
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(marker_path(task.out, "a.wav", "events"), path)
    assert standing_of(other, "events", keys_of(other)["events"]) is None


def test_by_content_a_source_is_the_same_whenever_it_was_written(task):
    by_content = replace(task, content_keys=True)
    before = keys_of(by_content), keys_of(task)
    os.utime(task.found.path, (1, 1))
    later = replace(by_content, found=task.found.now())
    assert keys_of(later) == before[0]
    assert keys_of(replace(later, content_keys=False)) != before[1]
    task.found.path.write_bytes(task.found.path.read_bytes()[:-2] + b"ab")
    assert keys_of(later) != before[0]


def test_a_target_that_is_there_is_left_where_that_is_wanted(task):
    (task.out / "a.csv").write_text("somebody's own")
    left = replace(task, skip_existing=True)
    assert states(left) == ["skipped", "done"]
    assert standing_of(left, "events", keys_of(left)["events"]).state == "skipped"  # not opened
    assert states(left) == ["skipped", "skipped"]
    assert (task.out / "a.csv").read_text() == "somebody's own"
    assert (task.out / "a.srt").exists()
    assert states(task) == ["done", "skipped"]  # of what it was made is not known
    assert (task.out / "a.csv").read_text() != "somebody's own"


def test_what_is_known_of_a_target_stays_known_where_it_is_left(task):
    assert states(task) == ["done", "done"]
    others = replace(task, facts=(("events", "of other settings"), ("captions", "others")))
    assert states(replace(others, skip_existing=True)) == ["skipped", "skipped"]
    assert states(task) == ["skipped", "skipped"]
    assert states(others) == ["done", "done"]


def test_what_another_is_at_is_busy_and_may_come_free(task):
    with Claims(task.out).claimed("a.wav", "events"):
        busy, done = do_task(task)
        assert (busy.state, busy.may_pass, done.state) == ("busy", True, "done")
        last = replace(task, again=True, lease_s=0.1, kinds=("events",))
        with Claims(task.out, lease_s=0.01).claimed("a.wav", "captions"):
            pass
    assert read_marker(task.out, "a.wav", "events") is None  # busy is nothing to remember
    assert states(last) == ["done"]
    assert read_marker(task.out, "a.wav", "events").tries == 2


def test_what_failed_before_is_left_unless_it_is_wanted_or_this_is_the_second_try(task):
    task.found.path.write_text("no sound")
    task = replace(task, found=task.found.now())
    first = list(do_task(task))
    assert [(each.state, each.may_pass) for each in first] == [("failed", False)] * 2
    assert first[0].reason.startswith("cannot be read as a media file")  # and no path
    times = [marker_path(task.out, "a.wav", "events").stat().st_ino]
    for options, is_tried in (({}, False), ({"retry_failed": True}, True), ({"again": True}, True)):
        assert states(replace(task, **options)) == ["failed", "failed"]
        times.append(marker_path(task.out, "a.wav", "events").stat().st_ino)
        assert (times[-1] != times[-2]) == is_tried


def test_names_that_differ_in_the_extension_alone_make_products_of_two_names(task):
    longer = replace(task, found=replace(task.found, stem="a.wav"))
    assert states(longer) == ["done", "done"]
    made = sorted(path.name for path in task.out.iterdir() if path.is_file())
    assert made == ["a.wav.csv", "a.wav.srt"]


def test_the_sound_is_scored_once_for_all_products(task):
    loads = []

    def load(settings, **more):
        loads.append(settings)
        return load_tagger(settings, **more)

    assert states(task, load=load) == ["done", "done"]
    assert len(loads) == 1


def test_what_was_heard_is_remembered(make_clip, tmp_path):
    task = task_of(make_clip, tmp_path, "events")
    scores = tmp_path / "scores.npz"
    two_tags().save(scores)
    (outcome,) = do_task(replace(task, scores=str(scores)))
    assert outcome.state == "done"
    (marker,) = all_markers(task.out)
    assert marker.heard == outcome.heard


def test_a_task_goes_to_another_process_and_comes_as_it_was(task):
    odd = replace(
        task.found, path=task.found.path.with_name("caf\udce9.wav"), place="caf\udce9.wav"
    )
    for each in (task, replace(task, found=odd, again=True, scores="x.npz", content_keys=True)):
        assert Task.from_json(json.loads(json.dumps(each.to_json()))) == each


def test_workers_load_the_model_that_auto_is_here(tmp_path):
    auto = replace(SETTINGS, tagging=TaggingSettings(cache=False))
    (task,) = Batch(lambda: [], tmp_path, auto, BatchSettings(("events",), 1))._items(
        [replace(NOTHING, path=tmp_path / "a.wav")]
    )
    theirs, here = (load_tagger(each.tagging) for each in (task.settings, auto))
    assert (theirs.name, theirs.model_hash) == (here.name, here.model_hash)
    assert task.settings.tagging.model != "auto"  # which may be another one there
