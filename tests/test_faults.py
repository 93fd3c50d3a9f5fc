"""Every fault of the list has a test, and the test is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / ".github" / "FAULTS.md"
LAST = {"A": 5, "B": 7, "C": 7, "D": 4, "E": 11, "F": 6, "H": 3, "I": 21}


def _rows():
    return re.findall(r"^\| ([A-I][A-I0-9 ]*) \| .* \| (.*) \|$", PAGE.read_text(), re.MULTILINE)


@pytest.mark.skipif(not PAGE.exists(), reason="the page is in the repository only")
def test_every_row_names_tests_that_are_there():
    seen = set()
    for names, tests in _rows():
        seen |= set(names.split())
        found = re.findall(r"`([\w/]+\.py)::(\w+)`", tests)
        assert found, names
        for file, test in found:
            text = (ROOT / "tests" / file).read_text()
            assert re.search(rf"^def {test}\(", text, re.MULTILINE), (names, file, test)
    wanted = {f"{kind}{n}" for kind, last in LAST.items() for n in range(kind != "H", last + 1)}
    assert seen == wanted | {"G"}
