"""Sources that change, go away or cannot be read while a batch is at them."""

import os
import resource
import shutil
from dataclasses import replace

import pytest

from overlay.batching.markers import read_marker
from overlay.batching.run import Batch, BatchSettings
from overlay.batching.sources import find_sources, roots_of
from overlay.batching.task import do_task, given_up
from overlay.settings import Settings, TaggingSettings
from tests.making import two_tags

SETTINGS = Settings(tagging=TaggingSettings(model="builtin", cache=False))


@pytest.fixture
def task(make_clip, tmp_path):
    """The task of a clip that may be changed."""
    clip = make_clip("to-change.wav", "-f", "lavfi", "-i", "sine=d=1")
    source = shutil.copy(clip, tmp_path / "a.wav")
    out = tmp_path / "out"
    (task,) = batch_of(source, out)._items(find_sources(roots_of([source]), out))
    return task


def batch_of(source, out, kind="events"):
    how = BatchSettings((kind,), 1)
    return Batch(lambda: find_sources(roots_of([source]), out), out, SETTINGS, how)


def one_day_later(path):
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 86_400 * 10**9))


def longer(path):
    status = path.stat()
    path.write_bytes(path.read_bytes() + bytes(8000))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def gone(path):
    path.unlink()


@pytest.mark.parametrize("change", [one_day_later, longer, gone])
def test_what_changes_while_it_is_worked_on_is_not_done(task, change):
    changes = iter([change])

    def told_length(seconds):
        for each in changes:
            each(task.found.path)

    (outcome,) = do_task(task, told_length=told_length)
    assert outcome.state == "failed"
    assert outcome.may_pass
    marker = read_marker(task.out, "a.wav", "events")
    assert (marker.state, marker.key) == ("failed", "")  # of no state that it ever had
    if change is not gone:
        assert "changed while it was worked on" in outcome.reason
        (again,) = do_task(replace(task, again=True))
        assert again.state == "done"


def test_what_failed_since_it_changed_is_tried_by_the_next_run_though_it_is_as_before(task):
    before = task.found.path.stat()

    def told_length(seconds):
        one_day_later(task.found.path)

    (outcome,) = do_task(task, told_length=told_length)
    assert outcome.state == "failed"
    os.utime(task.found.path, ns=(before.st_atime_ns, before.st_mtime_ns))
    outlook = batch_of(task.found.path, task.out).outlook()
    assert (outlook.n_new, outlook.n_failed) == (1, 0)


def test_a_source_that_changes_once_is_done_in_the_end_of_the_run(task):
    batch = batch_of(task.found.path, task.out)
    changes = iter([one_day_later])

    def told(event):
        for each in changes if event.progress else ():
            each(task.found.path)

    report = batch.run(told)
    assert next(changes, None) is None
    assert report.counts == {"done": 1}
    assert batch.outlook().n_done == 1  # by the key of what it is now


def test_a_source_that_changed_before_its_turn_is_done_as_it_is_now(task):
    one_day_later(task.found.path)
    assert [outcome.state for outcome in do_task(task)] == ["done"]
    current = replace(task, found=task.found.now())
    assert [outcome.state for outcome in do_task(current)] == ["skipped"]


def test_a_target_that_is_left_is_not_taken_for_one_of_a_source_that_changes(task):
    assert [outcome.state for outcome in do_task(task)] == ["done"]
    one_day_later(task.found.path)
    again = replace(task, found=task.found.now(), skip_existing=True)
    (outcome,) = do_task(again, told_length=lambda seconds: longer(task.found.path))
    assert (outcome.state, outcome.may_pass) == ("failed", True)


def test_what_found_no_room_is_tried_by_the_next_run(make_clip, tmp_path):
    source = make_clip("to-change.wav", "-f", "lavfi", "-i", "sine=d=1")
    out = tmp_path / "out"
    (task,) = batch_of(source, out, "tags")._items(find_sources(roots_of([source]), out))
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)

    def told_length(seconds):  # there is room for a marker, and none for scores
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, usual[1]))

    try:
        (outcome,) = do_task(task, told_length=told_length)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert (outcome.state, outcome.may_pass) == ("failed", True)
    assert "larger" in read_marker(out, source.name, "tags").reason
    assert batch_of(source, out, "tags").outlook().n_new == 1
    assert [each.state for each in do_task(task)] == ["done"]


@pytest.mark.parametrize(("changes", "is_used"), [((), True), ((one_day_later,), False)])
def test_scores_of_what_a_source_was_before_are_not_used(task, tmp_path, changes, is_used):
    scores = tmp_path / "scores.npz"
    two_tags().save(scores)
    for each in changes:
        each(task.found.path)
    (outcome,) = do_task(replace(task, scores=str(scores)))
    assert outcome.state == "done"
    assert ("Dog" in (task.out / "a.csv").read_text()) == is_used


@pytest.mark.parametrize("content_keys", [False, True])
def test_a_source_that_is_gone_is_one_that_failed(task, content_keys):
    gone(task.found.path)
    (outcome,) = do_task(replace(task, content_keys=content_keys))
    assert (outcome.state, outcome.reason) == ("failed", "cannot be read: there is no such file")
    assert read_marker(task.out, "a.wav", "events").state == "failed"


def test_what_cannot_be_read_is_given_up_though_it_is_known_by_its_content(task):
    gone(task.found.path)
    (outcome,) = given_up(replace(task, content_keys=True), "lost")
    assert (outcome.state, outcome.reason) == ("failed", "lost")
    assert read_marker(task.out, "a.wav", "events").reason == "lost"
