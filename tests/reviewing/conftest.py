"""A browser for all tests of the page, and clips to judge."""

import pytest
from browsing import chromium, fresh
from judging import page_of


@pytest.fixture(scope="session")
def film(make_clip):
    return make_clip(
        "film.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=10:d=20", "-f", "lavfi", "-i",
        "sine=660:d=20:r=32000", "-shortest", "-pix_fmt", "yuv420p",
    )  # fmt: skip


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture(scope="session")
def page_file(film, tmp_path_factory):
    return page_of(film, tmp_path_factory.mktemp("page"))


@pytest.fixture
def person(browser, page_file):
    """Somebody who opens the page for the first time."""
    return fresh(browser, page_file.as_uri())
