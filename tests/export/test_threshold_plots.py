"""What was learnt as TOML that detection reads, and as pictures that hold any label as text."""

import re
import tomllib

import pytest
from export.test_hostile import HOSTILE
from lxml import etree

from overlay.detection.class_filter import read_thresholds
from overlay.export.threshold_plots import COLUMNS, curves_page, curves_svg, row_of
from overlay.export.thresholds_file import thresholds_text
from overlay.verdicts.learning import Judgement, learn

LABELS = tuple(dict.fromkeys(HOSTILE))
FOUND = [Judgement(label, 0.2 + 0.1 * n, n > 3) for label in LABELS for n in range(6)]


@pytest.fixture(scope="module")
def learnt():
    return learn(FOUND, 0.9)


def test_thresholds_are_read_back_whatever_the_labels_are(learnt, tmp_path):
    text = thresholds_text(*learnt, 0.9)
    path = tmp_path / "t.toml"
    path.write_text(text, encoding="utf-8")
    assert read_thresholds(str(path)) == tomllib.loads(text)
    assert tomllib.loads(text).keys() == set(LABELS)
    assert all(0 <= value <= 1 for value in tomllib.loads(text).values())


def test_half_letters_do_not_stop_the_file():
    text = thresholds_text(*learn([Judgement("a\ud800", 0.5, True)], 0.9), 0.9)
    assert tomllib.loads(text).keys() == {"a?"}


def test_there_is_a_plot_for_each_label_and_it_is_well_formed(learnt):
    together, curves = learnt
    root = etree.fromstring(curves_svg((together, *curves), 0.9).encode())
    namespace = "{http://www.w3.org/2000/svg}"
    groups = list(root.iter(f"{namespace}g"))
    assert len(groups) == len(LABELS) + 1
    for group in groups:
        assert len(group.findall(f"{namespace}polyline")) == 1
    ticks = [line for line in root.iter(f"{namespace}line") if line.get("class") == "right"]
    assert len(ticks) == 2 * sum(each.is_right for each in FOUND)
    names = {element.tag for element in root.iter()}
    allowed = (
        "svg",
        "style",
        "g",
        "text",
        "title",
        "line",
        "rect",
        "polygon",
        "polyline",
        "circle",
    )
    assert names <= {namespace + name for name in allowed}


def test_the_page_fetches_and_runs_nothing(learnt):
    page = curves_page(*learnt, 0.9)
    assert "default-src 'none'" in page
    assert re.search(r"<script|<img|<link|<iframe|javascript:|\bon\w+=", page, re.I) is None
    assert "<b>" not in page
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", page)


def test_numbers_are_those_that_were_learnt(learnt):
    together, curves = learnt
    row = dict(zip(COLUMNS, row_of(together), strict=True))
    assert row["verdicts"] == str(len(FOUND))
    assert row["right"] == str(sum(each.is_right for each in FOUND))
    never = learn([Judgement("No", 0.9, False)] * 200, 0.9)[1][0]
    assert dict(zip(COLUMNS, row_of(never), strict=True))["threshold"] == "never"
    assert row_of(never)[-1] == "–"
    assert f"{len(LABELS)}" in str(len(curves))


def test_of_very_many_labels_those_with_most_verdicts_are_drawn():
    found = [Judgement(f"l{n}", 0.5, True) for n in range(230)] + [Judgement("much", 0.5, True)] * 5
    svg = curves_svg(learn(found, 0.9)[1], 0.9)
    assert svg.count("<g ") == 200
    assert ">much<" in svg
