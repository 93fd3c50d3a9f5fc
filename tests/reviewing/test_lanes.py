"""Events of other programs to be judged, and another model's beside them."""

import json

import pytest
from browsing import Reviewer
from judging import heard, page_of

from overlay.datatypes import TagEvent
from overlay.errors import ExportError, OutputError
from overlay.verdicts import event_id

AUDACITY = "1\t2.5\tdog\n4\t5\tMy <b>own</b> label\n4\t5\tMy <b>own</b> label\n"


@pytest.fixture(scope="module")
def pages(film, tmp_path_factory):
    """A page of labels that were written by hand, with the model's events beside them."""
    folder = tmp_path_factory.mktemp("lanes")
    (folder / "mine.txt").write_text(AUDACITY)
    other = heard((("Dog", 1.0, 3.0, 0.9), ("Siren", 10.0, 12.0, 0.7)), sound="")
    other.save(folder / "other.npz")
    plain = page_of(film, folder).read_text(encoding="utf-8")
    made = page_of(film, folder, events=folder / "mine.txt", against=folder / "other.npz")
    return plain, made


def data_of(text):
    start = text.index('id="data">') + len('id="data">')
    return json.loads(text[start : text.index("</script>", start)])


def test_events_of_a_file_are_judged_instead(pages):
    data = data_of(pages[1].read_text(encoding="utf-8"))
    events, labels = data["events"], data["labels"]
    assert data["model"] == "mine.txt"
    assert [labels[place][0] for place in events["label"]] == ["Dog"] + ["My <b>own</b> label"] * 2
    assert (events["onset_ms"], events["score"]) == ([1000, 4000, 4000], [None] * 3)
    assert len(set(events["id"])) == 3
    assert len(labels) == 528


def test_the_others_stand_beside_them_with_their_agreement(pages):
    against = data_of(pages[1].read_text(encoding="utf-8"))["against"]
    assert against["name"] == "unknown (other.npz)"
    assert len(against["events"]["id"]) == 2
    assert 0.6 < against["kappa"]["Dog"] < 0.9
    assert against["kappa"]["Siren"] == against["kappa"]["My <b>own</b> label"] == 0


def test_without_files_the_page_is_of_what_is_found(pages):
    data = data_of(pages[0])
    assert data["against"] is None
    first = data["events"]["id"][0]
    onset, offset = data["events"]["onset_ms"][0] / 1000, data["events"]["offset_ms"][0] / 1000
    assert first == event_id(TagEvent(0, "Dog", onset, offset, 0, 0), "unknown")


def test_what_cannot_be_read_is_refused_and_no_file_is_written_over(film, tmp_path):
    (tmp_path / "bad.txt").write_text("hello")
    with pytest.raises(ExportError, match=r"bad\.txt"):
        page_of(film, tmp_path, events=tmp_path / "bad.txt")
    own = tmp_path / "p.html"
    own.write_text(AUDACITY)
    with pytest.raises(OutputError, match="input"):
        page_of(film, tmp_path, events=own)
    assert own.read_text() == AUDACITY


def test_a_person_judges_them_and_sees_the_others(browser, pages):
    browser.get(pages[1].as_uri())
    browser.execute_script("localStorage.clear()")
    person = Reviewer(browser, pages[1].as_uri())
    assert person.text("#against").endswith("unknown (other.npz)")
    person.press("a", "x")
    said = person.entries()
    assert [each["verdict"] for each in said] == ["right", "wrong"]
    assert all(each.get("score") is None for each in said)
    person.click("#tab-labels")
    cells = person.js(
        "[...document.querySelectorAll('#label-rows tr')].map((row) =>"
        " [...row.children].slice(0, 4).map((cell) => cell.textContent))"
    )
    kappas = {row[0]: float(row[3]) for row in cells}
    assert kappas.keys() == {"My <b>own</b> label", "Dog"}
    assert kappas["Dog"] == pytest.approx(0.84, abs=0.05)  # 1 to 2.5 s against 1 to 3 s, of 20 s
    assert person.complaints() == []
