"""The page and the lines that say what became of a batch."""

import base64
import html
import json
import re

import pytest

from overlay.batching.markers import Marker, write_marker
from overlay.batching.report import write_lines, write_report
from overlay.batching.thumbnails import picture_path


def marker(place, kind="events", state="done", target="", **more):
    return Marker(place, kind, "key", state, target, **more)


@pytest.fixture
def page_of(tmp_path):
    """The page of some markers."""

    def page(*markers):
        for each in markers:
            write_marker(tmp_path / "out", each)
        write_report(tmp_path / "out", tmp_path / "r.html")
        return (tmp_path / "r.html").read_text()

    return page


def lines_of(tmp_path):
    write_lines(tmp_path / "out", tmp_path / "r.jsonl")
    return [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]


def test_names_and_reasons_are_text(page_of, tmp_path):
    bad = "<script>alert(1)</script>\u202e.mp4"
    page = page_of(
        marker(bad, state="failed", reason="</td><b>x"),
        marker("good.mp4", target="good.csv", heard=("A&B",)),
    )
    for raw in ("<script>", "<b>x", "\u202e", "A&B"):
        assert raw not in page
    assert page.index("&lt;script&gt;") < page.index("good.mp4")  # failures first
    assert {line["state"] for line in lines_of(tmp_path)} == {"done", "failed"}


def test_each_reason_is_said_once_with_the_products_that_it_stopped(page_of):
    page = page_of(
        *[marker("a.mp4", kind, "failed", reason="no sound") for kind in ("events", "captions")],
        marker("a.mp4", "render", "failed", reason="no picture"),
    )
    assert re.findall(r'class="reason">(.*?)</p>', page) == [
        "captions, events: no sound", "render: no picture",
    ]  # fmt: skip


def test_totals_count_sources_once_and_products_by_kind(page_of):
    page = page_of(
        marker("a.mp4", "render", length_s=100.0, seconds=40.0),
        marker("a.mp4", "events", length_s=100.0, seconds=10.0),
        marker("b.mp4", "events", length_s=20.0, seconds=5.0),
        marker("c.mp4", "events", "failed", reason="x"),
    )
    totals = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page))
    assert totals == {
        "Sources": "3", "Done": "2", "Failed": "1", "Length": "2:00", "Time of workers": "55.0 s",
    }  # fmt: skip
    assert "2 events · 1 render" in page
    assert "1:40 · 2.0× as fast as played" in page
    assert "20.0 s · 4.0× as fast as played" in page


def test_without_failures_there_is_no_word_of_them(page_of):
    page = page_of(marker("a.mp4"))
    for word in ("Failed", 'class="reason"', "Left out"):
        assert word not in page


def test_in_chinese_words_and_labels_are_chinese_and_own_labels_stay(page_of, tmp_path):
    page_of(marker("a.mp4", heard=("Dog", "My kettle"), length_s=4.0, seconds=2.0))
    write_report(tmp_path / "out", tmp_path / "r.html", "zh")
    page = (tmp_path / "r.html").read_text()
    assert '<html lang="zh-Hans">' in page
    for word in ("来源", "完成", "2.0倍于播放速度", "狗叫声, My kettle"):
        assert word in page
    for word in ("Sources", "Done", "Dog", "as fast"):
        assert word not in page


def test_of_an_output_with_nothing_in_it_that_is_said(tmp_path):
    (tmp_path / "out").mkdir()
    write_report(tmp_path / "out", tmp_path / "r.html")
    assert "Nothing has been made yet." in (tmp_path / "r.html").read_text()


def test_a_long_reason_is_there_whole_behind_a_click(page_of):
    reason = "no <b>" + " ".join(map(str, range(200)))
    page = page_of(marker("a.mp4", state="failed", reason=reason))
    brief, rest = re.search(r"<summary>(.*)…</summary>…(.*)</details>", page).groups()
    assert html.unescape(brief + rest) == f"events: {reason}"
    assert len(brief) < 320


@pytest.mark.parametrize(
    ("known", "facts"),
    [
        ({"length_s": 3.0}, "3.0 s"),  # made so quickly that no time was measured
        ({"seconds": 3.0}, ""),  # saved scores, which say no length
        ({"length_s": 8.0, "seconds": 2.0}, "8.0 s · 4.0× as fast as played"),
        ({"length_s": 59.94}, "59.9 s"),
        ({"length_s": 59.96}, "1:00"),
        ({"heard": ("Dog", "Cat")}, '<span class="heard">Dog, Cat</span>'),
    ],
)
def test_of_a_source_it_is_said_what_is_known(page_of, known, facts):
    assert re.findall(r'class="facts">(.*?)</p>', page_of(marker("a.mp4", **known))) == [facts]


def test_what_was_written_before_is_written_again(page_of, tmp_path):
    page_of(marker("a.mp4", state="failed", reason="x"))
    lines_of(tmp_path)
    assert "Failed" not in page_of(marker("a.mp4"))
    assert [line["state"] for line in lines_of(tmp_path)] == ["done"]


def test_products_are_links_from_where_the_page_lies_and_those_that_went_are_none(
    page_of, tmp_path
):
    target = tmp_path / "out/a b/\u00e9#?.csv"
    target.parent.mkdir(parents=True)
    target.touch()
    page = page_of(
        marker("a b/x.mp4", target="a b/\u00e9#?.csv"), marker("a b/x.mp4", "render", target="no")
    )
    assert '<a href="out/a%20b/%C3%A9%23%3F.csv">events</a>' in page
    assert re.search(r'<span class="gone"[^>]*>render</span>', page)


def test_failures_of_sources_that_are_gone_are_left_out_and_counted(page_of, tmp_path):
    there = tmp_path / "there.mp4"
    there.touch()
    gone = str(tmp_path / "gone.mp4")
    page = page_of(
        marker("there.mp4", state="failed", reason="bad", source=str(there)),
        marker("gone.mp4", state="failed", reason="bad", source=gone),
        marker("gone.mp4", "render", target="g.mp4", source=gone),  # that product stays one
        marker("old.mp4", state="failed", reason="bad"),  # a marker that says no source
    )
    failed = page.partition('<section class="done">')[0]
    assert "there.mp4" in failed
    assert "old.mp4" in failed
    assert "gone.mp4" not in failed
    assert "Left out: 1 failures of sources that are no longer there." in page
    found = {(line["place"], line["state"]) for line in lines_of(tmp_path)}
    assert found == {("there.mp4", "failed"), ("gone.mp4", "done"), ("old.mp4", "failed")}


@pytest.mark.parametrize(
    ("kind", "is_shown"), [(b"image/webp", True), (b"image/jpeg", True), (b"text/html", False)]
)
def test_pictures_stand_in_the_page_if_they_are_some(page_of, tmp_path, kind, is_shown):
    path = picture_path(tmp_path / "out", "a.mp4")
    path.parent.mkdir(parents=True)
    path.write_bytes(kind + b"\npixels")
    page = page_of(marker("a.mp4"))
    data = f"data:{kind.decode()};base64,{base64.b64encode(b'pixels').decode()}"
    assert (data in page) == is_shown
    assert ("<img" in page) == is_shown


def test_the_page_needs_nothing_from_elsewhere(page_of):
    page = page_of(marker("a.mp4", target="a.csv"))
    assert "default-src 'none'" in page
    assert not re.search(r"(src|href)=.(https?:|//)|@import|url\(", page)
