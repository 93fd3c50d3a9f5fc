"""Of all processes of all machines one works on a product; what the dead left is taken over."""

import json
import os
import socket
import subprocess
import sys
import time

import pytest

from overlay.batching.claims import Claims

NAME = socket.gethostname()


@pytest.fixture
def claims(tmp_path):
    return Claims(tmp_path, lease_s=60)


@pytest.fixture
def here(claims):
    """What a claim says of the machine that it was made on."""
    with claims.claimed("another.mp4", "events"):
        owner = json.loads(claims.path("another.mp4", "events").read_bytes())["owner"]
    return owner.partition(":")[0]


class Clock:
    """Time that passes in naps alone, and stands still or leaps when a test says so.

    Args:
        meanwhile: What happens in the first, second, third nap; nothing in those that follow.
    """

    def __init__(self, *meanwhile):
        self.now, self.n_naps, self._meanwhile = 0.0, 0, list(meanwhile)

    def __call__(self):
        return self.now

    def nap(self, seconds):
        self.now += seconds
        self.n_naps += 1
        if self._meanwhile:
            self._meanwhile.pop(0)()


def left(claims, owner):
    """A claim that somebody left."""
    path = claims.path("a.mp4", "events")
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(json.dumps({"owner": owner, "renewed": 3}))
    return new.replace(path)


def dead_pid():
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


@pytest.mark.parametrize(
    ("owner", "is_taken"),
    [
        (lambda here: f"{here}:{dead_pid()}:x", True),
        (lambda here: f"{here}:{os.getppid()}:x", False),  # alive
        (lambda here: f"{here}:{os.getpid()}:x", False),  # another thread of this process
        (lambda here: f"elsewhere:{dead_pid()}:x", False),  # numbers of another machine
        (lambda here: f"{NAME}:{dead_pid()}:x", False),  # of another one of this name
        (lambda here: f"{NAME}/0000/1:{dead_pid()}:x", False),
        (lambda here: f"{here}:0x1:x", False),
        (lambda here: here, False),
    ],
)
def test_at_once_only_what_a_dead_process_of_this_machine_left_is_taken(
    claims, here, owner, is_taken
):
    path = left(claims, owner(here))
    before = path.read_bytes()
    with claims.claimed("a.mp4", "events") as mine:
        assert mine == is_taken
    assert path.exists() != is_taken
    if not is_taken:
        assert path.read_bytes() == before


def test_a_claim_says_whose_it_is_is_renewed_and_goes(tmp_path):
    claims = Claims(tmp_path, lease_s=0.2)
    path = claims.path("a.mp4", "events")
    with claims.claimed("a.mp4", "events") as mine:
        assert mine
        first = json.loads(path.read_bytes())
        assert first["owner"].startswith(NAME)
        assert first["owner"].split(":")[1] == str(os.getpid())
        deadline = time.monotonic() + 60
        while json.loads(path.read_bytes()) == first and time.monotonic() < deadline:
            time.sleep(0.02)
        later = json.loads(path.read_bytes())
        assert (later["owner"], later["renewed"] > first["renewed"]) == (first["owner"], True)
    assert list(path.parent.iterdir()) == []


def test_each_kind_of_each_source_has_a_claim_of_its_own(claims):
    with (
        claims.claimed("a.mp4", "events") as one,
        claims.claimed("a.mp4", "render") as another,
        claims.claimed("b.mp4", "events") as third,
        claims.claimed("a.mp4", "events") as again,
    ):
        assert (one, another, third, again) == (True, True, True, False)


@pytest.mark.parametrize("lease_s", [60, 0.1])  # before it would be renewed, and after
def test_what_was_taken_over_meanwhile_is_left_to_whoever_has_it(tmp_path, lease_s):
    claims = Claims(tmp_path, lease_s)
    with claims.claimed("a.mp4", "events") as mine:
        assert mine
        path = left(claims, "elsewhere:1:x")  # we were frozen for longer than a lease
        content = path.read_bytes()
        time.sleep(0.3)
        assert path.read_bytes() == content
    assert path.read_bytes() == content


def test_a_claim_goes_though_the_work_ends_with_an_error(claims):
    with pytest.raises(ZeroDivisionError), claims.claimed("a.mp4", "events"):
        raise ZeroDivisionError
    assert not claims.path("a.mp4", "events").exists()


def test_a_new_claim_in_the_place_of_a_stale_one_is_put_back(claims):
    path = left(claims, "elsewhere:1:new")
    content = path.read_bytes()
    assert not claims._put_away(path, b"what was looked at for a lease")
    assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]
    assert claims._put_away(path, content)
    assert list(path.parent.iterdir()) == []
    assert not claims._put_away(path, content)  # another was quicker


def test_the_patient_is_not_kept_by_one_that_is_renewed(tmp_path):
    claims = Claims(tmp_path, lease_s=3600)
    with Claims(tmp_path, lease_s=0.2).claimed("a.mp4", "events") as first:
        assert first
        with claims.claimed("a.mp4", "events", patient=True) as mine:
            assert not mine  # after a look or two, and not after an hour


def waited(tmp_path, clock, lease_s=60):
    """Whether the patient gets the claim of another machine, and what there is then."""
    claims = Claims(tmp_path, lease_s, clock, clock.nap)
    with claims.claimed("a.mp4", "events", patient=True) as mine:
        path = claims.path("a.mp4", "events")
        return mine, path.read_bytes() if path.exists() else None


def test_after_a_lease_and_not_before_it_what_nobody_renews_is_taken(tmp_path, claims):
    path = left(claims, "elsewhere:1:x")
    content = path.read_bytes()
    clock = Clock()
    mine, now = waited(tmp_path, clock)
    assert (mine, now != content, clock.now) == (True, True, 60)


def test_a_claim_that_goes_while_the_patient_looks_is_theirs(tmp_path, claims):
    path = left(claims, "elsewhere:1:x")
    clock = Clock(path.unlink)
    mine, _ = waited(tmp_path, clock)
    assert (mine, clock.n_naps) == (True, 1)


@pytest.mark.parametrize("at", [0, 10, 58])
def test_time_in_which_the_storage_did_not_answer_is_no_sign_that_the_owner_is_gone(
    tmp_path, claims, at
):
    path = left(claims, "elsewhere:1:x")
    new = json.dumps({"owner": "elsewhere:1:x", "renewed": 4})

    def stand_still():
        clock.now += 600

    clock = Clock(*[lambda: None] * at, stand_still, lambda: path.write_text(new))
    assert waited(tmp_path, clock) == (False, new.encode())


def test_a_claim_that_cannot_be_read_for_a_while_is_renewed_when_it_can(tmp_path):
    claims = Claims(tmp_path, lease_s=0.1)
    with claims.claimed("a.mp4", "events") as mine:
        assert mine
        path = claims.path("a.mp4", "events")
        damaged = path.with_suffix(".new")
        damaged.write_text("{")
        damaged.replace(path)
        deadline = time.monotonic() + 60
        while path.read_bytes() == b"{" and time.monotonic() < deadline:
            time.sleep(0.02)
        assert json.loads(path.read_bytes())["renewed"] > 0
    assert not path.exists()
