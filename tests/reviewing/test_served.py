"""The page from the server, in a real browser: verdicts reach the disk whatever happens."""

import threading
from contextlib import contextmanager

import pytest
from browsing import Reviewer, chromium, forget, fresh
from judging import heard, page_of

pytest.importorskip("selenium")
from selenium.webdriver.common.keys import Keys

from overlay.media.source import open_source
from overlay.reporting import SILENT
from overlay.reviewing.proxy_cache import proxy_of
from overlay.reviewing.server import ReviewServer
from overlay.reviewing.session import Clip, Desk, Page
from overlay.verdicts import (
    Media,
    Verdicts,
    fingerprint_of,
    fold,
    read_verdicts,
    write_verdicts,
)


def _clip(media, folder, name):
    """A copy of a medium, with the page that the server hands out."""
    path = folder / name
    path.write_bytes(media.read_bytes())
    track = heard()

    def make(reporter):
        file = page_of(path, folder, track, served=True)
        return Page(file.read_bytes(), Media(name, fingerprint_of(track), 20.0, track.model))

    def copy(reporter):
        return proxy_of(open_source(path), reporter)

    return Clip(path, path.with_suffix(".verdicts.json"), make, copy)


@contextmanager
def _served(*clips):
    desk = Desk(clips)
    with ReviewServer(desk) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        desk.work(SILENT, for_ever=False)
        try:
            yield desk, server.link
        finally:
            server.shutdown()


@pytest.fixture
def clip(film, tmp_path):
    return _clip(film, tmp_path, "clip.mp4")


def _kept(clip):
    return clip.verdicts_path.exists() and read_verdicts(clip.verdicts_path).entries


def _until_kept(person, clip, n_entries):
    person.wait.until(lambda _: len(_kept(clip) or ()) == n_entries)


def test_verdicts_are_beside_the_medium_and_come_back(clip, browser):
    with _served(clip) as (_, link):
        person = fresh(browser, f"{link}0/")
        person.press("a", "x", Keys.BACKSPACE, "u")
        _until_kept(person, clip, 4)
        person.until_says("#saved", "Saved beside the file")
        said = fold(_kept(clip)).values()
        assert [each.verdict for each in said] == ["right", "unsure"]
        forget(person.browser, person.address)
        person.open()
        person.until_says("#counts", "2 of 6")
        assert not person.complaints()


def test_it_plays_and_seeks_and_talks_to_nobody_else(clip, browser):
    with _served(clip) as (_, link):
        person = fresh(browser, f"{link}0/")
        person.press(Keys.ARROW_RIGHT, "j", Keys.ENTER)
        person.until("document.getElementById('video').currentTime > 7.6")
        assert all(a.startswith((link, "data:", "blob:")) for a in person.requests())
        assert not person.complaints()


def test_two_people_at_two_browsers(clip, browser, tmp_path_factory):
    with _served(clip) as (_, link), chromium(tmp_path_factory.mktemp("other")) as other:
        people = [fresh(browser, f"{link}0/"), Reviewer(other, f"{link}0/")]
        for person, name in zip(people, ("Ann", "Bo"), strict=True):
            person.click("#reviewer")
            person.press(name, Keys.TAB)
            person.js("document.activeElement.blur()")
        people[0].press("a", "a")
        people[1].press("x", "a", "a")
        _until_kept(people[0], clip, 5)
        people[0].open()
        people[0].until("document.querySelector('.mark .conflict')")
        assert people[0].text("#counts").startswith("2 of 6")


def test_what_cannot_be_written_is_said_kept_here_and_sent_later(clip, browser):
    with _served(clip) as (_, link):
        person = fresh(browser, f"{link}0/")
        clip.verdicts_path.write_text("somebody's notes")
        person.press("a")
        person.until_says("#saved", "kept in this browser")
        assert len(person.entries()) == 1
        assert clip.verdicts_path.read_text() == "somebody's notes"
        clip.verdicts_path.unlink()
        _until_kept(person, clip, 1)
        person.until_says("#saved", "Saved beside the file")


def test_what_another_server_wrote_over_is_sent_again_by_itself(clip, browser):
    with _served(clip) as (_, link):
        person = fresh(browser, f"{link}0/")
        person.press("a", "x")
        _until_kept(person, clip, 2)
        first, _ = _kept(clip)
        write_verdicts(clip.verdicts_path, Verdicts(clip.page.media, (first,)))
        _until_kept(person, clip, 2)


@contextmanager
def _without_network(browser):
    browser.execute_cdp_cmd("Network.enable", {})
    state = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    browser.execute_cdp_cmd("Network.emulateNetworkConditions", state)
    try:
        yield
    finally:
        state["offline"] = False
        browser.execute_cdp_cmd("Network.emulateNetworkConditions", state)


def test_server_that_does_not_answer_loses_nothing(clip, browser):
    with _served(clip) as (_, link):
        person = fresh(browser, f"{link}0/")
        person.press("a")
        _until_kept(person, clip, 1)
        with _without_network(browser):
            person.press("x")
            person.until_says("#saved", "does not answer")
            assert len(person.entries()) == 2
        _until_kept(person, clip, 2)


def test_copy_that_plays_is_made_when_it_is_needed(make_clip, browser, tmp_path):
    old = make_clip(
        "old.mpg", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=20", "-f", "lavfi", "-i",
        "sine=d=20", "-c:v", "mpeg2video", "-c:a", "mp2",
    )  # fmt: skip
    clip = _clip(old, tmp_path, "old.mpg")
    with _served(clip) as (desk, link):
        person = fresh(browser, f"{link}0/")
        person.until_says("#unplayable", "is being made")
        assert clip.playable is None
        desk.work(SILENT, for_ever=False)
        person.until("document.getElementById('video').readyState > 0")
        assert "small copy" in person.text("#unplayable")
        person.press("j", Keys.ENTER)
        person.until("document.getElementById('video').currentTime > 3.6")


def test_index_leads_to_pages(clip, browser):
    with _served(clip) as (_, link):
        browser.get(link)
        from selenium.webdriver.common.by import By

        row = browser.find_element(By.CSS_SELECTOR, ".clips li")
        assert "clip.mp4" in row.text and "not judged yet" in row.text
        row.find_element(By.TAG_NAME, "a").click()
        person = Reviewer(browser, browser.current_url)
        person.press("a")
        _until_kept(person, clip, 1)
        browser.get(link)
        person.until("document.body?.textContent.includes('1 event judged')")
