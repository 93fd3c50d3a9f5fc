"""A batch on a cluster: with a stand-in for Ray that does everything here, when it is asked for."""

import functools
import itertools
import socket
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from overlay.batching.on_ray import Cluster, Scorer, _scores_path, connected
from overlay.batching.pool import Limits
from overlay.batching.run import Batch, BatchSettings
from overlay.batching.sources import Found, find_sources, roots_of
from overlay.errors import UsageError
from overlay.settings import Settings, TaggingSettings, override

SETTINGS = Settings(tagging=TaggingSettings(model="builtin", cache=False))


class Lost(Exception):
    """A node is gone."""


class StandIn:
    """As much of Ray as is used; a call is a function without arguments, done when it is got."""

    exceptions = SimpleNamespace(RayError=Lost)

    def __init__(self, n_cpus=1, losses=0):
        self.n_cpus, self.losses, self.most_flying, self.killed = n_cpus, losses, 0, 0

    def cluster_resources(self):
        return {"CPU": float(self.n_cpus)}

    def remote(self, **options):
        def wrapped(thing):
            if isinstance(thing, type):
                return SimpleNamespace(remote=lambda *args: Actor(thing(*args)))
            return SimpleNamespace(remote=functools.partial(Call, thing))

        return wrapped

    def wait(self, calls, num_returns, timeout):
        self.most_flying = max(self.most_flying, len(calls))
        return calls[:num_returns], calls[num_returns:]

    def get(self, call):
        if self.losses:
            self.losses -= 1
            raise Lost
        return call.done()

    def cancel(self, call, force):
        self.killed += 1

    def kill(self, actor):
        self.killed += 1


class Call:
    def __init__(self, function, *args):
        self._function, self._args = function, args

    def done(self):
        return self._function(*(a.done() if isinstance(a, Call) else a for a in self._args))


class Actor:
    def __init__(self, made):
        self.score = SimpleNamespace(remote=functools.partial(Call, made.score))


@pytest.fixture(scope="module")
def source(make_clip):
    clip = make_clip(
        "for-rays.mp4", "-f", "lavfi", "-i", "testsrc2=s=160x120:r=10:d=1", "-f", "lavfi",
        "-i", "sine=d=1", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac",
    )  # fmt: skip
    return roots_of([clip])


def items_of(source, out, *kinds):
    batch = Batch(lambda: find_sources(source, out), out, SETTINGS, BatchSettings(kinds))
    return list(batch._items(find_sources(source, out)))


def states(ray, items):
    events = list(Cluster(lambda: ray, Limits()).run(items))
    return [(event.outcome.kind, event.outcome.state) for event in events]


def test_products_and_bytes_are_those_of_this_machine_and_no_scores_stay(source, tmp_path):
    items = items_of(source, tmp_path / "ray", "events", "captions")
    ray = StandIn()
    assert states(ray, items) == [("events", "done"), ("captions", "done")]
    left = _scores_path(items[0])  # by a driver that was lost
    left.write_bytes(b"scores")
    assert states(StandIn(), items_of(source, tmp_path / "ray", "events")) == [
        ("events", "skipped")
    ]
    assert ray.killed == 1
    here = Batch(lambda: find_sources(source, tmp_path / "here"), tmp_path / "here", SETTINGS,
                 BatchSettings(("events", "captions"), jobs=1))  # fmt: skip
    here.run()
    for name in ("for-rays.csv", "for-rays.srt"):
        assert (tmp_path / "ray" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()
    assert not list((tmp_path / "ray").rglob("*.npz"))
    assert here.outlook().n_done == 2


@pytest.mark.parametrize("options", [{"from_s": 0.4, "to_s": 0.9}, {"tolerant": True}])
def test_a_part_is_scored_as_on_this_machine(source, tmp_path, options):
    settings = override(SETTINGS, **options)

    def batch(out):
        how = BatchSettings(("events", "tags"), jobs=1)
        return Batch(lambda: find_sources(source, out), out, settings, how)

    items = batch(tmp_path / "ray")._items(find_sources(source, tmp_path / "ray"))
    assert states(StandIn(), items) == [("events", "done"), ("tags", "done")]
    batch(tmp_path / "here").run()
    for name in ("for-rays.csv", "for-rays.tags.npz"):
        assert (tmp_path / "ray" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()


def test_what_a_lost_node_was_at_is_tried_again_and_then_fails(source, tmp_path):
    items = items_of(source, tmp_path, "events")
    assert states(StandIn(losses=2), items) == [("events", "failed")]
    assert items_of(source, tmp_path, "events")[0].outcome.reason == "lost by the cluster: Lost"
    other = tmp_path / "other"
    assert states(StandIn(losses=1), items_of(source, other, "events")) == [("events", "done")]


def test_sources_without_end_are_taken_as_there_is_room(source, tmp_path):
    (task,) = items_of(source, tmp_path, "events")
    taken = itertools.count()
    missing = Found(tmp_path / "gone.mp4", "gone.mp4", 0, 0, "gone")

    def endless():
        for number in taken:
            yield None if number % 3 == 2 else _of(task, missing, number)

    ray = StandIn(n_cpus=2, losses=10**9)
    events = Cluster(lambda: ray, Limits()).run(endless())
    next(events)
    events.close()
    assert ray.most_flying <= 4
    assert next(taken) < 100
    assert ray.killed


def _of(task, found, number):
    return replace(task, found=replace(found, place=f"{number}/gone.mp4"))


def test_what_an_actor_cannot_score_is_left_to_who_says_why(source, tmp_path):
    (task,) = items_of(source, tmp_path, "events")
    missing = override(task.settings, model=str(tmp_path / "gone.onnx"))
    for settings, found in ((missing, task.found), (task.settings, _gone(task.found))):
        plain = replace(task, settings=settings, found=found).to_json()
        assert Scorer(plain).score([plain]) == [None]
    (path,) = Scorer(task.to_json()).score([task.to_json()])
    assert path == str(_scores_path(task))


def _gone(found):
    return replace(found, path=found.path.with_name("gone.mp4"))


def test_where_there_is_nothing_to_do_no_cluster_is_joined(source, tmp_path):
    def batch(address):
        how = BatchSettings(("events",), jobs=1, ray=address)
        return Batch(lambda: find_sources(source, tmp_path), tmp_path, SETTINGS, how)

    nobody = "127.0.0.1:1"
    with pytest.raises(UsageError, match=r"Ray is not installed|no cluster answers"):
        batch(nobody).run()
    batch("").run()
    assert batch(nobody).run().counts == {"skipped": 1}


def test_without_ray_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError, match=r"pip install 'tag-overlay\[ray\]'"):
        connected("auto", 0)


class Refusing:
    """A module ``ray`` that finds no cluster."""

    exceptions = SimpleNamespace(RayError=Lost)

    def __init__(self, error):
        self.error, self.asked = error, []

    def init(self, address, **options):
        self.asked.append((address, options["num_cpus"]))
        raise self.error


@pytest.mark.parametrize("error", [ConnectionError("no\nnode"), ValueError("x"), Lost("token")])
def test_a_cluster_that_does_not_answer_is_said_in_a_line(monkeypatch, error):
    ray = Refusing(error)
    monkeypatch.setitem(sys.modules, "ray", ray)
    with pytest.raises(UsageError, match=r"--ray auto: no cluster answers: (no node|x|token)$"):
        connected("auto", 3)
    with pytest.raises(UsageError):
        connected("local", 3)
    assert ray.asked == [("auto", None), ("local", 3)]  # cores of a cluster that is started


def test_where_nobody_listens_ray_is_not_even_asked(monkeypatch):
    ray = Refusing(ConnectionError())
    monkeypatch.setitem(sys.modules, "ray", ray)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(UsageError):
            connected(address, 0)
        assert ray.asked == [(address, None)]
    with pytest.raises(UsageError, match="no cluster answers"):
        connected(address, 0)
    assert len(ray.asked) == 1
