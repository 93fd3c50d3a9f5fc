"""Another model's events, or another program's, in lanes of their own: how far they agree."""

import json

import pytest
from browsing import fresh
from judging import heard, page_of

MINE = "1\t2.5\tdog\n4\t5\tMy <b>own</b> label\n4\t5\tMy <b>own</b> label\n"


@pytest.fixture(scope="module")
def page(film, tmp_path_factory):
    """A page of what is found, with labels written by hand and one model twice beside it."""
    folder = tmp_path_factory.mktemp("lanes")
    (folder / "mine.txt").write_text(MINE)
    other = heard((("Dog", 1.0, 3.0, 0.9), ("Siren", 10.0, 12.0, 0.7)), sound="")
    other.save(folder / "other.npz")
    beside = (folder / "mine.txt", folder / "other.npz", folder / "other.npz")
    return page_of(film, folder, beside=beside)


def data_of(page):
    text = page.read_text(encoding="utf-8")
    start = text.index('id="data">') + len('id="data">')
    return json.loads(text[start : text.index("</script>", start)])


def test_lanes_and_events_have_names_of_their_own(page):
    data = data_of(page)
    assert data["lanes"] == ["unknown", "mine.txt", "unknown #2", "unknown #3"]
    assert len(set(data["events"]["id"])) == len(data["events"]["id"])
    assert data["events"]["lane"].count(1) == 2


def test_agreement_is_told_for_each_lane_and_label(page):
    none, mine, other, again = data_of(page)["kappa"]
    assert none == {}
    assert other == again
    assert mine["Dog"] == pytest.approx(0.55, abs=0.1)  # 1 to 2.5 s, against 1 to 3 and 8 to 9 s
    assert mine["My <b>own</b> label"] == 0
    assert other["Siren"] == pytest.approx(1, abs=0.03)
    assert other["Dog"] == pytest.approx(0.77, abs=0.1)


def test_a_person_sees_it_and_other_lanes_teach_no_thresholds(browser, page):
    person = fresh(browser, page.as_uri())
    person.click("#tab-labels")
    assert not person.js("document.getElementById('kappa').hidden")
    cells = person.js(
        "[...document.querySelectorAll('#label-rows tr')].map((row) =>"
        " [...row.children].slice(0, 4).map((cell) => cell.textContent))"
    )
    words = "[...document.querySelectorAll('#label-rows .link')].map((e) => e.offsetHeight)"
    assert max(person.js(words)) < 90  # labels wrap between words, not between letters
    table = "document.querySelector('.table')"
    assert person.js(f"{table}.scrollWidth <= {table}.clientWidth")
    kappas = {row[0]: row[3] for row in cells}
    assert kappas["Dog"] == "–"
    assert float(kappas["Dog · mine.txt"]) == pytest.approx(0.55, abs=0.1)
    person.click("#tab-events")
    for _ in range(len(data_of(page)["events"]["id"])):
        person.press("a")
    said = person.entries()
    lanes = dict(zip(*(data_of(page)["events"][key] for key in ("id", "lane")), strict=True))
    assert {each["event"] for each in said} == lanes.keys()
    assert all((each.get("score") is None) == (lanes[each["event"]] > 0) for each in said)
    assert person.complaints() == []
