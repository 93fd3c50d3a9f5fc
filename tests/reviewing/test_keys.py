"""Every key, in a real browser, on a page opened from the disk."""

import pytest

pytest.importorskip("selenium")
from browsing import fresh
from judging import heard, page_of
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys

from overlay.datatypes import Excerpt


def _current(person):
    return person.text("#event-name"), person.text("#event-facts").split(" · ")[0]


def _last(person):
    return person.entries()[-1]


def _edges(entry):
    return entry["onset_s"], entry["offset_s"]


@pytest.mark.parametrize(
    ("key", "verdict"),
    [
        ("a", "right"), (Keys.ARROW_UP, "right"), ("x", "wrong"), (Keys.ARROW_DOWN, "wrong"),
        ("u", "unsure"),
    ],
)  # fmt: skip
def test_one_key_judges_and_goes_on(key, verdict, person):
    assert _current(person) == ("Dog", "0:01.0 – 0:03.0")
    person.press(key)
    entry = _last(person)
    assert (entry["action"], entry["verdict"], entry["label"]) == ("judge", verdict, "Dog")
    assert _edges(entry) == pytest.approx((1, 3), abs=0.1) and entry["score"] == 0.9
    assert _current(person)[0] == "Speech"
    assert person.text("#counts").startswith("1 of 6 judged")


def test_verdicts_survive_a_reload(person):
    person.press("a", "x", "u")
    person.open()
    assert person.text("#counts") == "3 of 6 judged · 50 % right"
    assert person.js("[...document.querySelectorAll('.mark b')].map((m) => m.textContent)") == [
        "✓", "✕", "?",
    ]  # fmt: skip


@pytest.mark.parametrize("key", [Keys.ARROW_LEFT, Keys.BACKSPACE])
def test_undo_takes_back_the_last_verdict_also_after_a_reload(key, person):
    person.press("a", "x")
    person.open()
    person.press(key)
    assert _current(person)[0] == "Speech" and person.text("#counts").startswith("1 of 6")
    person.press(key)
    assert _current(person)[0] == "Dog" and person.text("#counts").startswith("0 of 6")
    person.press(key)
    assert person.text("#toast") == "Nothing to undo"
    assert [entry["action"] for entry in person.entries()] == ["judge", "judge", "undo", "undo"]


def test_skip_next_and_previous(person):
    person.press(Keys.ARROW_RIGHT)
    assert _current(person)[0] == "Speech"
    person.press("j")
    assert _current(person) == ("Dog", "0:08.0 – 0:09.0")
    person.press("k", "k")
    assert _current(person) == ("Dog", "0:01.0 – 0:03.0")
    assert not person.entries()


def test_skip_passes_over_what_is_judged(person):
    person.press("j", "a", "k", "k", Keys.ARROW_RIGHT)
    assert _current(person) == ("Dog", "0:08.0 – 0:09.0")


def test_digit_relabels_with_one_of_the_best_tags_there(person):
    second = person.text("#choices button:nth-child(2)")
    person.press("2")
    entry = _last(person)
    assert (entry["verdict"], entry["relabel"], entry["label"]) == ("wrong", second, "Dog")
    assert person.text(".row .about b") == second
    assert "was Dog" in person.text(".row .about small")


@pytest.mark.parametrize(("typed", "chosen"), [("meow", "Meow"), ("喵喵", "Meow")])
def test_search_relabels_in_english_and_chinese(typed, chosen, person):
    person.press("/")
    person.press(typed, Keys.ENTER)
    assert _last(person)["relabel"] == chosen
    assert _current(person)[0] == "Speech"


def test_label_of_ones_own_is_typed_kept_and_offered_again(person):
    person.press("/")
    person.press(" My  <b>machine", Keys.ENTER)
    assert _last(person)["relabel"] == "My <b>machine"
    assert person.text(".row .about b") == "My <b>machine"
    person.press("n")
    person.press("my <", Keys.ENTER)
    assert (_last(person)["action"], _last(person)["label"]) == ("add", "My <b>machine")
    person.open()
    assert person.texts(".row .about b").count("My <b>machine") == 2
    assert not person.complaints()


@pytest.mark.parametrize("typed", ["MEOW", "喵喵声"])
def test_a_class_typed_in_full_is_no_label_of_ones_own(typed, person):
    person.press("/")
    person.press(typed)
    assert not person.js("document.querySelector('#found .new')")
    person.press(Keys.ENTER)
    assert _last(person)["relabel"] == "Meow"


def test_search_by_arrows_and_given_up(person):
    person.press("/")
    person.press("dog", Keys.ARROW_DOWN)
    second = person.text("#found li:nth-child(2) span")
    person.press(Keys.ESCAPE)
    assert not person.entries()
    person.press("/")
    person.press("dog", Keys.ARROW_DOWN, Keys.ENTER)
    assert _last(person)["relabel"] == second


def test_brackets_move_the_edges_to_the_playhead(person):
    person.js("document.getElementById('video').pause()")
    person.press(".", "[")  # from its onset, a second on
    person.until("localStorage.length > 0")
    assert _last(person)["action"] == "edit"
    assert _edges(_last(person)) == pytest.approx((2, 3), abs=0.1)
    person.press("]")
    assert person.text("#toast") == "The start must lie before the end"
    person.press(".", ".", "]")
    assert _edges(_last(person)) == pytest.approx((2, 4), abs=0.1)
    assert _current(person)[1] == "0:02.0 – 0:04.0"
    person.press(Keys.BACKSPACE, Keys.BACKSPACE)
    assert _current(person)[1] == "0:01.0 – 0:03.0"


def test_merge_with_the_next_of_the_label(person):
    person.press("m")
    entry = _last(person)
    assert entry["action"] == "merge" and _edges(entry) == pytest.approx((1, 9), abs=0.1)
    assert len(entry["others"]) == 1
    assert person.text("#shown-count") == "5 of 5 shown"
    person.press(Keys.BACKSPACE)
    assert person.text("#shown-count") == "6 of 6 shown"


def test_new_event_from_a_drag(person):
    canvas = person.element("#sound")
    width = canvas.size["width"]
    gutter, x = 136, lambda s: 136 + (width - 136) * s / 20 - width / 2
    assert gutter < width / 2
    drag = ActionChains(person.browser).move_to_element_with_offset(canvas, round(x(5)), 30)
    drag.click_and_hold().move_by_offset(round(x(9) - x(5)), 0).release().perform()
    person.press("n")
    person.press("thunder", Keys.ENTER)
    entry = _last(person)
    assert (entry["action"], entry["label"], entry.get("score")) == ("add", "Thunder", None)
    assert entry["onset_s"] == pytest.approx(5, abs=0.1)
    assert entry["offset_s"] == pytest.approx(9, abs=0.1)
    assert _current(person)[0] == "Thunder" and person.text("#shown-count") == "7 of 7 shown"
    person.open()
    assert person.text("#shown-count") == "7 of 7 shown"
    person.press(Keys.BACKSPACE)
    assert person.text("#shown-count") == "6 of 6 shown"


def test_comment(person):
    person.press("c")
    person.press("a siren far away? <b>", Keys.ENTER)
    assert _last(person)["comment"] == "a siren far away? <b>"
    assert person.text("#event-comment") == "a siren far away? <b>"


def test_help_lists_the_keys_and_is_in_sight(person):
    assert person.element("#keys").is_displayed() and "unsure" in person.text("#keys")
    person.press("?")
    assert person.element("#help-dialog").is_displayed()
    person.press("a", Keys.ESCAPE)
    assert not person.entries()


def test_keys_do_nothing_while_text_is_typed(person):
    for field in ("#text", "#reviewer"):
        person.click(field)
        person.press("axu12/ncm?[]", Keys.BACKSPACE)
    assert not person.entries()
    assert not person.js("document.querySelector('dialog[open]')")


def test_enter_plays_the_event_and_a_little_around_it(person):
    person.js("window.seen = [], document.getElementById('video').addEventListener('timeupdate', "
              "(e) => seen.push(e.target.currentTime))")  # fmt: skip
    person.press(Keys.ENTER)
    person.until("seen.length && !document.getElementById('video').paused")
    person.until("document.getElementById('video').paused")
    seen = person.js("[Math.min(...seen), document.getElementById('video').currentTime]")
    assert seen[0] == pytest.approx(0.5, abs=0.3) and seen[1] == pytest.approx(3.5, abs=0.4)


PLAYED = "document.getElementById('video').currentTime"


def test_a_page_of_a_part_plays_the_part(browser, film, tmp_path):
    track = heard((("Dog", 1.0, 2.0, 0.9),), length_s=4.0)
    page = page_of(film, tmp_path, track, part=Excerpt(8.0, 12.0))
    person = fresh(browser, page.as_uri())
    person.until(f"{PLAYED} > 8.9")
    person.press(Keys.ENTER)
    person.until(f"!document.getElementById('video').paused && {PLAYED} > 8.4")
    person.until("document.getElementById('video').paused")
    assert person.js(f"{PLAYED}") == pytest.approx(10.5, abs=0.4)
    person.press(" ")
    person.until(f"document.getElementById('video').paused && {PLAYED} > 11")
    assert person.js(f"{PLAYED}") == pytest.approx(12.0, abs=0.4)
    assert person.text("#clock") == "0:04.0 / 0:04.0"
    person.press(" ")
    person.until(f"!document.getElementById('video').paused && {PLAYED} < 9")


def test_space_plays_and_pauses(person):
    person.press(" ")
    person.until("!document.getElementById('video').paused")
    person.press(" ")
    person.until("document.getElementById('video').paused")


def test_advance_can_be_switched_off(person):
    person.click("#advance")
    person.press("a")
    assert _current(person)[0] == "Dog" and person.text("#event-state") == "Right"
    person.press("x")
    assert person.text("#event-state") == "Wrong"


def test_zoom_keys(person):
    before = person.js("document.getElementById('hint').textContent")
    person.press("+", "+", "-", "0")
    assert before and not person.complaints()
