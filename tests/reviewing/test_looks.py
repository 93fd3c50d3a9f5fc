"""The page in a real browser: what is seen, filtered, kept and handed on."""

import json

import pytest
from browsing import axe_script, chromium, forget, fresh
from judging import heard, page_of

pytest.importorskip("selenium")
from selenium.webdriver.common.keys import Keys

from overlay.verdicts import Entry, Verdicts, fold, read_verdicts, verdicts_text, write_verdicts

HOSTILE = (
    "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>",
    "\u202eevil\u2066\"'&amp;", "{{data}}", "very " * 40 + "long",
)  # fmt: skip


def _rows(person):
    return person.texts(".row .about b")


def _set(person, css, value):
    person.browser.execute_script(
        "const e = document.querySelector(arguments[0]); e.value = arguments[1];"
        "e.dispatchEvent(new Event('input', {bubbles: true}))", css, value,
    )  # fmt: skip
    person.settle()


def test_nothing_is_asked_of_anybody_and_the_console_is_silent(person):
    person.press("a", "x", "2", "/", Keys.ESCAPE, "c", Keys.ESCAPE, "?", Keys.ESCAPE, Keys.ENTER)
    person.until("document.getElementById('video').readyState > 1")
    asked = person.requests()
    assert asked and all(address.startswith(("file:///", "data:", "blob:")) for address in asked)
    assert not person.complaints()


def test_events_are_listed_with_time_score_and_thumbnail(person):
    assert _rows(person) == ["Dog", "Speech", "Dog", "Siren", "Rain", "Speech"]
    assert "0:01.0 – 0:03.0" in person.text(".row .about small")
    assert person.text(".row .score") == "90"
    assert "blob:" in person.js("document.querySelector('.thumb').style.backgroundImage")


def test_panel_shows_the_tags_at_the_playhead(person):
    _set(person, "#seek", "5")
    person.until_says("#panel", "Speech")
    assert person.text("#panel li b") == "50"
    _set(person, "#seek", "9.5")
    person.until("!document.querySelector('#panel li')")


def test_least_score_acts_at_once(person):
    _set(person, "#least", "60")
    assert _rows(person) == ["Dog", "Siren", "Speech"]
    assert person.text("#shown-count") == "3 of 6 shown"
    _set(person, "#least", "99")
    assert person.text("#shown-count") == "No event passes the filters"


def test_filters_by_label_family_and_state(person):
    _set(person, "#text", "spee")
    assert _rows(person) == ["Speech", "Speech"]
    _set(person, "#text", "")
    person.click(f".chip:nth-child({person.texts('.chip').index('Nature') + 1})")
    person.until("document.querySelectorAll('.row').length === 1")
    assert _rows(person) == ["Rain"]
    person.js("document.querySelector('.chip[aria-pressed=true]').click()")
    person.press("a")
    _set(person, "#state", "right")
    assert _rows(person) == ["Dog"]
    _set(person, "#state", "open")
    assert len(_rows(person)) == 5


def test_orders(person):
    _set(person, "#order", "sureness")
    assert _rows(person) == ["Dog", "Speech", "Siren", "Speech", "Rain", "Dog"]
    _set(person, "#order", "doubt")
    assert _rows(person) == ["Dog", "Rain", "Speech", "Siren", "Speech", "Dog"]
    _set(person, "#order", "byLabel")
    assert _rows(person) == ["Dog", "Dog", "Rain", "Siren", "Speech", "Speech"]
    for order in ("balanced", "random"):
        _set(person, "#order", order)
        assert sorted(_rows(person)) == ["Dog", "Dog", "Rain", "Siren", "Speech", "Speech"]
    _set(person, "#order", "time")
    assert _rows(person)[3] == "Siren"


def test_all_of_a_label_at_one_stroke_and_back(person):
    person.press("a")
    person.click("#tab-labels")
    person.click("#label-rows [aria-label='All of Speech not judged yet are wrong']")
    assert person.texts("#label-rows tr:nth-child(2) > *")[:3] == ["Speech", "2/2", "0 %"]
    assert person.texts("#label-rows tr:nth-child(1) > *")[:3] == ["Dog", "1/2", "100 %"]
    person.press(Keys.BACKSPACE)
    assert person.texts("#label-rows tr:nth-child(2) > *")[:3] == ["Speech", "0/2", "–"]
    assert person.texts("#label-rows tr:nth-child(1) > *")[:3] == ["Dog", "1/2", "100 %"]
    assert [entry["action"] for entry in person.entries()][1:] == ["judge"] * 2 + ["undo"] * 2


def test_clicks_do_what_keys_do(person):
    for css, verdict in (("#right", "right"), ("#wrong", "wrong"), ("#unsure", "unsure")):
        person.click(css)
        assert person.entries()[-1]["verdict"] == verdict
    person.click("#undo")
    assert person.text("#counts").startswith("2 of 6")
    person.until("!document.getElementById('video').paused")
    person.press(" ")  # the button that was clicked does not take the key
    person.until("document.getElementById('video').paused")
    assert len(person.entries()) == 4
    person.click("#choices button")
    assert person.entries()[-1]["relabel"]


def test_timeline_click_seeks_and_chooses(person):
    from selenium.webdriver import ActionChains

    person.js("document.getElementById('video').pause()")
    lanes = person.element("#lanes-canvas")
    width = lanes.size["width"]
    x = round(136 + (width - 136) * 17.5 / 20 - width / 2)
    lane = 30 - lanes.size["height"] // 2
    ActionChains(person.browser).move_to_element_with_offset(lanes, x, lane).click().perform()
    assert person.text("#event-name") == "Speech"
    assert person.text("#event-facts").startswith("0:17.0 – 0:18.0")
    sound = person.element("#sound")
    x = round(136 + (width - 136) * 15 / 20 - width / 2)
    ActionChains(person.browser).move_to_element_with_offset(sound, x, 30).click().perform()
    person.until("Math.abs(Number(document.getElementById('seek').value) - 15) < 0.2")


def test_pictures_are_drawn(person):
    colors = (
        "(() => { const c = document.getElementById('sound'); const p = c.getContext('2d')"
        ".getImageData(140, 62, c.width - 160, 80).data; const s = new Set();"
        "for (let i = 0; i < p.length; i += 4) s.add(p[i] + ',' + p[i + 1] + ',' + p[i + 2]);"
        "return s.size; })()"
    )
    person.until(f"{colors} > 20")


def test_two_tabs_see_each_other_and_lose_nothing(person):
    person.press("a")
    first = person.browser.current_window_handle
    person.browser.switch_to.new_window("tab")
    try:
        person.open()
        assert person.text("#counts").startswith("1 of 6")
        person.press(Keys.ARROW_RIGHT, "x")
        second = person.browser.current_window_handle
        person.browser.switch_to.window(first)
        person.until_says("#counts", "2 of 6")
        person.press(Keys.ARROW_RIGHT, "u")
        person.browser.switch_to.window(second)
        person.until_says("#counts", "3 of 6")
    finally:
        person.browser.close()
        person.browser.switch_to.window(first)
    assert len(person.entries()) == 3


def test_second_reviewer_says_for_himself_and_conflicts_are_a_queue(person):
    def be(name):
        _set(person, "#reviewer", name)
        person.js("document.getElementById('reviewer').dispatchEvent(new Event('change'))")

    be("Ann")
    person.press("a", "a", "a")
    be("Bo")
    assert person.text("#counts").startswith("0 of 6")
    person.press("k", "k", "k", "x", "a")
    assert "Ann: Right" in person.text("#event-facts")
    _set(person, "#state", "conflict")
    assert _rows(person) == ["Dog"]
    assert {(entry["reviewer"], entry["verdict"]) for entry in person.entries()} == {
        ("Ann", "right"), ("Bo", "wrong"), ("Bo", "right"),
    }  # fmt: skip
    be("Ann")
    _set(person, "#state", "any")
    assert person.text("#counts") == "3 of 6 judged · 100 % right"


def test_downloaded_file_is_what_the_program_reads_and_is_loaded_again(person, tmp_path):
    person.press("a", "2", "c")
    person.press("what?", Keys.ENTER)
    person.browser.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    person.click("#download")
    file = tmp_path / "film.verdicts.json"
    person.wait.until(lambda _: file.exists() and file.stat().st_size)
    kept = read_verdicts(file)
    assert (kept.media.name, kept.media.fingerprint) == ("film.mp4", "5eed")
    said = list(fold(kept.entries).values())
    assert [each.verdict for each in said] == ["right", "wrong", None]
    assert said[2].comment == "what?"
    forget(person.browser, person.address)
    person.open()
    assert person.text("#counts").startswith("0 of 6")
    person.element("#file").send_keys(str(file))
    person.until_says("#counts", "2 of 6")
    assert len(person.entries()) == 3
    person.element("#file").send_keys(str(file))
    person.until_says("#toast", "nothing new")


@pytest.mark.parametrize(
    ("content", "said"),
    [("{}", "no verdicts of this program"), ("\0", "no verdicts of this program"),
     ('{"format": "tag-overlay verdicts", "version": 1, "media": {"name": "b", "fingerprint": "x"},'
      ' "entries": []}', "another sound (b)")],
)  # fmt: skip
def test_other_files_are_refused(content, said, person, tmp_path):
    file = tmp_path / "x.json"
    file.write_text(content)
    person.element("#file").send_keys(str(file))
    person.until_says("#toast", said)


def test_damaged_storage_is_passed_over(person):
    person.press("a")
    person.browser.execute_script(
        "arguments[0].forEach((text, n) => { localStorage[`tag-overlay/5eed/${n}`] = text })",
        ["{", '{"id": 3}', '{"id": "z", "at": "soon", "event": "e", "action": "judge"}'],
    )
    person.open()
    assert person.text("#counts").startswith("1 of 6") and not person.complaints()


@pytest.mark.parametrize(
    "facts",
    [{"at": "9999-12-31T23:59:59.999Z"}, {"at": "2026-13-45T00:00:00.000Z"},
     {"at": "2026-02-30T00:00:00.000Z"}, {"event": "\ud800"}, {"others": {"length": 1}},
     {"onset_s": 3, "offset_s": 1}, {"verdict": {"right": 1}}, {"score": "NaN"}],
    ids=str,
)  # fmt: skip
def test_what_no_program_would_take_from_a_store_never_stops_the_work(facts, person):
    said = {"id": "z", "event": "e", "at": "2026-11-26T02:00:00.000Z", "reviewer": "",
            "action": "judge", "verdict": "right", **facts}  # fmt: skip
    person.browser.execute_script(
        "localStorage['tag-overlay/5eed/z'] = arguments[0]", json.dumps(said)
    )
    person.open()
    person.press("a", "x")
    assert person.text("#counts").startswith("2 of 6") and not person.complaints()
    person.open()
    assert person.text("#counts").startswith("2 of 6")


def test_a_browser_that_keeps_nothing_says_so_and_judges_on(person):
    person.browser.execute_cdp_cmd("Page.enable", {})
    forbidden = person.browser.execute_cdp_cmd(
        "Page.addScriptToEvaluateOnNewDocument",
        {"source": "Object.defineProperty(window, 'localStorage', "
                   "{get() { throw new DOMException('no', 'SecurityError') }})"},
    )  # fmt: skip
    try:
        person.open()
        person.press("a", "x")
        assert person.text("#counts").startswith("2 of 6")
        assert "download the verdicts now" in person.text("#saved")
        assert not person.complaints()
    finally:
        person.browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", forbidden)


def test_half_a_letter_in_a_comment_is_kept_as_a_mark(person):
    person.press("c")
    person.browser.execute_script("document.getElementById('comment-text').value = 'a\\ud800b'")
    person.press(Keys.ENTER)
    assert person.entries()[-1]["comment"] == "a\ufffdb"


def test_full_storage_is_said(person):
    person.browser.execute_script(
        "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }"
    )
    person.press("a")
    assert "download the verdicts now" in person.text("#saved")
    assert person.text("#counts").startswith("1 of 6")


def test_verdicts_beside_the_medium_come_with_the_page(browser, film, tmp_path):
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(film.read_bytes())
    track = heard()
    file = page_of(clip, tmp_path, track)
    person = fresh(browser, file.as_uri())
    event = person.js("JSON.parse(document.getElementById('data').textContent).events.id[0]")
    media = read_media(track, "clip.mp4")
    said = Entry("one", "2026-11-26T02:00:00.000Z", event, "judge", "Ann", "Dog", verdict="wrong")
    write_verdicts(tmp_path / "clip.verdicts.json", Verdicts(media, (said,)))
    page_of(clip, tmp_path, track, reviewer="Ann")
    person = fresh(browser, file.as_uri())
    assert person.text("#counts") == "1 of 6 judged · 0 % right"
    assert person.js("document.getElementById('reviewer').value") == "Ann"


def read_media(track, name):
    from overlay.verdicts import Media, fingerprint_of

    return Media(name, fingerprint_of(track), track.duration_s, track.model, track.vocabulary)


def test_hostile_labels_and_names_are_text(browser, make_clip, tmp_path):
    clip = tmp_path / "<img src=x onerror=alert(1)>'\"&amp;.wav"
    clip.write_bytes(make_clip("six.wav", "-f", "lavfi", "-i", "sine=d=6").read_bytes())
    events = [(label, n + 0.2, n + 0.8, 0.9) for n, label in enumerate(HOSTILE)]
    track = heard(events, 6.0, HOSTILE)
    file = page_of(clip, tmp_path, track, reviewer="</script><b>")
    person = fresh(browser, file.as_uri())
    assert _rows(person) == list(HOSTILE)
    person.press("2", "c")
    person.press("<img src=x onerror=alert(2)>", Keys.ENTER)
    person.click("#tab-labels")
    assert person.text("#name") == clip.name
    assert sorted(person.texts("#label-rows .link")) == sorted(HOSTILE)
    assert not person.js("document.querySelectorAll('img, b b, script:not([type])').length")
    assert not person.complaints()
    assert len(person.entries()) == 2


def test_wav_has_no_picture_but_everything_else(browser, make_clip, tmp_path):
    clip = make_clip("long.wav", "-f", "lavfi", "-i", "sine=d=20")
    person = fresh(browser, page_of(clip, tmp_path).as_uri())
    assert not person.element("#frame").is_displayed()
    person.press(Keys.ENTER)
    person.until("document.getElementById('video').currentTime > 0.9")
    person.press("a", "x")
    assert person.text("#counts").startswith("2 of 6") and not person.complaints()


@pytest.fixture(scope="module")
def unplayable(make_clip):
    return make_clip(
        "old.mpg", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=20", "-f", "lavfi", "-i",
        "sine=d=20", "-c:v", "mpeg2video", "-c:a", "mp2",
    )  # fmt: skip


def test_what_no_browser_plays_is_said_and_judged_all_the_same(browser, unplayable, tmp_path):
    person = fresh(browser, page_of(unplayable, tmp_path, proxy="never").as_uri())
    person.until("!document.getElementById('unplayable').hidden")
    assert "cannot play old.mpg" in person.text("#unplayable")
    person.press("a", Keys.ENTER, " ", "x")
    assert person.text("#counts").startswith("2 of 6")
    assert person.text("#clock").startswith("0:08.0 ") or person.text("#clock").startswith("0:07.")


def test_small_copy_is_played_instead(browser, unplayable, tmp_path):
    file = page_of(unplayable, tmp_path)
    assert file.with_suffix(".mp4").is_file()
    person = fresh(browser, file.as_uri())
    assert "small copy" in person.text("#unplayable") and ".mpg" in person.text("#unplayable")
    person.press(Keys.ENTER)
    person.until("document.getElementById('video').currentTime > 0.6")


def test_language_is_switched_and_kept(person):
    person.click("#language")
    assert "正确" in person.text("#right") and _rows(person)[0] == "狗叫声"
    person.press("a")
    assert person.entries()[-1]["label"] == "Dog"
    person.open()
    assert person.js("document.documentElement.lang") == "zh-Hans"
    assert person.text("#counts") == "已审核 1 / 6 · 100 % 正确"


def test_keyboard_alone_reaches_everything_in_order(person):
    seen = []
    for _ in range(60):
        person.press(Keys.TAB)
        seen.append(person.js("document.activeElement.id || document.activeElement.tagName"))
        if seen[-1] == "BODY" or (len(seen) > 2 and seen[-1] == seen[0]):
            break
    wanted = [
        "reviewer", "download", "load", "language", "help", "play", "seek", "wrong",
        "unsure", "right", "undo", "skip", "search", "again", "onset", "offset", "merge", "new",
        "comment", "advance", "tab-events", "order", "state", "text", "least", "list", "zoom-in",
        "zoom-out", "zoom-fit", "lanes",
    ]  # fmt: skip
    assert [name for name in seen if name in wanted] == wanted
    person.js("document.getElementById('unsure').focus()")
    person.press(Keys.ENTER)
    assert person.entries()[-1]["verdict"] == "unsure"


def test_many_events_stay_few_elements(browser, film, tmp_path):
    labels = ("Dog", "Cat", "Speech", "Rain", "Siren")
    events = [(labels[n % 5], 2 * n, 2 * n + 1, 0.2 + 0.0015 * (n % 500)) for n in range(5000)]
    track = heard(events, 10_800.0, labels)
    file = page_of(film, tmp_path, track)
    assert file.stat().st_size < 6_000_000
    person = fresh(browser, file.as_uri())
    assert "5000" in person.text("#shown-count")
    assert person.js("document.querySelectorAll('*').length") < 600
    person.press("a", "x", "j")
    _set(person, "#least", "50")
    assert person.js("document.querySelectorAll('.row').length") < 40
    person.js("document.getElementById('list').scrollTo(0, 1e6)")
    person.until("document.querySelector('.row:last-child').getAttribute('aria-posinset') "
                 "== document.querySelector('.row').getAttribute('aria-setsize')")  # fmt: skip
    assert not person.complaints()


@pytest.fixture(scope="module", params=[(390, 844), (360, 740)], ids=str)
def phone(tmp_path_factory, page_file, request):
    folder = tmp_path_factory.mktemp("phone")
    with chromium(folder, size=request.param, scheme="light") as started:
        person = fresh(started, page_file.as_uri())
        person.size = request.param
        yield person


def _boxes(person, *selectors):
    return [person.element(css).rect for css in selectors]


def test_phone_needs_no_sideways_scrolling_and_is_judged_by_thumb(phone):
    width, height = phone.size
    assert phone.js("document.documentElement.scrollWidth") <= width
    buttons = _boxes(phone, "#wrong", "#unsure", "#right", "#undo", "#skip")
    assert all(box["height"] >= 56 and height - 90 < box["y"] for box in buttons)
    assert len({box["y"] for box in buttons}) == 1
    phone.click("#right")
    phone.js("document.scrollingElement.scrollTo(0, 1e6)")
    phone.click("#wrong")
    assert phone.text("#counts").startswith("2 of 6") and not phone.complaints()
    phone.click("#undo")
    phone.click("#undo")
    phone.js("document.scrollingElement.scrollTo(0, 0)")


def test_phone_has_video_timeline_event_and_list_below_each_other(phone):
    boxes = _boxes(phone, "#frame", "#play", "#tracks", "#event-name", "#choices button", "#list")
    assert [box["y"] for box in boxes] == sorted(box["y"] for box in boxes)
    assert boxes[4]["y"] + boxes[4]["height"] < phone.size[1] - 60  # in sight, above the verdicts


def test_phone_keeps_the_video_in_sight_while_the_list_is_scrolled(phone):
    phone.js("document.scrollingElement.scrollTo(0, 1e6)")
    assert phone.js("document.getElementById('frame').getBoundingClientRect().top") == 0
    phone.js("document.scrollingElement.scrollTo(0, 0)")


def test_what_a_finger_presses_is_large_enough(phone):
    phone.click("#menu")
    assert phone.element("#download").is_displayed()
    small = phone.js(
        "[...document.querySelectorAll('button, select, input[type=text], input[type=search], "
        "input[type=range], .row')].filter((each) => each.offsetHeight && each.offsetHeight < 40)"
        ".map((each) => each.id || each.className)"
    )
    assert small == []
    phone.click("#menu")
    assert not phone.element("#download").is_displayed()


def _serious(person):
    person.browser.execute_script(axe_script())
    found = person.browser.execute_async_script(
        "axe.run().then((found) => arguments[0](JSON.stringify(found.violations)))"
    )
    return [
        (each["id"], [node["target"] for node in each["nodes"]][:3])
        for each in json.loads(found) if each["impact"] in ("serious", "critical")
    ]  # fmt: skip


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("tab", ["tab-events", "tab-labels"])
def test_axe_finds_no_serious_fault(scheme, tab, person):
    axe_script()
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    person.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    try:
        person.press("a", "x", "u")
        person.click(f"#{tab}")
        assert _serious(person) == []
        for key, dialog in (("/", "search"), ("c", "comment"), ("?", "help")):
            person.press(key)
            assert person.element(f"#{dialog}-dialog").is_displayed()
            assert _serious(person) == []
            person.press(Keys.ESCAPE)
    finally:
        features[0]["value"] = "dark"
        person.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def test_axe_finds_no_serious_fault_on_a_phone(phone):
    assert _serious(phone) == []


def test_verdict_file_of_the_program_and_of_the_page_are_one_format(person):
    person.press("a", "m")
    entries = tuple(Entry.of(entry) for entry in person.entries())
    assert verdicts_text(Verdicts(read_media(heard(), "film.mp4"), entries)).count('"at"') == 2
