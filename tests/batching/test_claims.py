"""Of all processes of all machines one works on a product; what the dead left is taken over."""

import json
import os
import socket
import subprocess
import sys
import time

import pytest

from overlay.batching.claims import Claims

HERE = socket.gethostname()


@pytest.fixture
def claims(tmp_path):
    return Claims(tmp_path, lease_s=60)


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
        (lambda: f"{HERE}:{dead_pid()}:x", True),
        (lambda: f"{HERE}:{os.getppid()}:x", False),  # alive
        (lambda: f"{HERE}:{os.getpid()}:x", False),  # another thread of this process
        (lambda: f"elsewhere:{dead_pid()}:x", False),  # numbers of another machine
        (lambda: f"{HERE}:0x1:x", False),
        (lambda: HERE, False),
    ],
)
def test_at_once_only_what_a_dead_process_of_this_machine_left_is_taken(claims, owner, is_taken):
    path = left(claims, owner())
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
        assert first["owner"].startswith(f"{HERE}:{os.getpid()}:")
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
