"""The page in another browser: nothing of it is Chromium's alone."""

import threading

import pytest
from firefox import firefox
from judging import heard, page_of

from overlay.reporting import SILENT
from overlay.reviewing.server import ReviewServer
from overlay.reviewing.session import Clip, Desk, Page
from overlay.verdicts import Media, fingerprint_of, fold, read_verdicts


@pytest.fixture(scope="module")
def fox(tmp_path_factory):
    with firefox(tmp_path_factory.mktemp("fox")) as started:
        started.size(1280, 800)
        yield started


@pytest.fixture(scope="module")
def webm(make_clip):
    """What Firefox plays without programs of the system."""
    return make_clip(
        "free.webm", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=10:d=20", "-f", "lavfi", "-i",
        "sine=660:d=20:r=48000", "-c:v", "libvpx", "-c:a", "libopus",
    )  # fmt: skip


def test_keys_search_and_playing_from_the_disk(fox, webm, tmp_path):
    page = page_of(webm, tmp_path).as_uri()
    fox.open(page)
    fox.press("a", "x", "\ue003", "u", "2")
    assert fox.text("#counts") == "3 of 6 judged · 50 % right"
    fox.press("/", *"meow", "\ue007")
    assert fox.text(".row:nth-child(4) .about b") == "Meow"
    fox.open(page)
    assert fox.text("#counts").startswith("4 of 6")
    fox.press("k", "\ue007")
    fox.until("document.getElementById('video').currentTime > 8.2")
    fox.click("#language")
    assert "正确" in fox.text("#right")
    assert fox.complaints() == []
    assert {each.partition(":")[0] for each in fox.requests()} <= {"file", "data", "blob"}


def test_a_phone_has_the_verdicts_at_its_foot(fox, webm, tmp_path):
    fox.size(390, 844)
    fox.open(page_of(webm, tmp_path, heard(sound="phone"), language="en").as_uri())
    assert fox.js("document.documentElement.scrollWidth") <= 390
    assert fox.js("document.getElementById('right').getBoundingClientRect().top") > 740
    fox.click("#right")
    assert fox.text("#counts").startswith("1 of 6")
    fox.size(1280, 800)


def test_verdicts_reach_the_disk_from_the_server(fox, webm, tmp_path):
    track = heard(sound="fox")
    media = Media("free.webm", fingerprint_of(track), 20.0)

    def make(reporter):
        file = page_of(webm, tmp_path, track, served=True, language="en")
        return Page(file.read_bytes(), media)

    clip = Clip(webm, tmp_path / "v.verdicts.json", make, lambda reporter: webm)
    desk = Desk([clip])
    desk.work(SILENT, for_ever=False)
    with ReviewServer(desk) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            fox.open(f"{server.link}0/")
            fox.press("a", "x")
            fox.until("document.getElementById('saved').textContent.includes('beside the file')")
            fox.press("\ue007")
            fox.until("document.getElementById('video').currentTime > 7.6")
        finally:
            server.shutdown()
    said = fold(read_verdicts(clip.verdicts_path).entries).values()
    assert [each.verdict for each in said] == ["right", "wrong"]
    assert fox.complaints() == []
