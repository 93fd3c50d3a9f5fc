"""What the page holds, and that text in it can never become markup or script."""

import base64
import hashlib
import itertools
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from inspecting import picture_times
from making import made, two_tags

from overlay.datatypes import Excerpt, SoundBlock
from overlay.errors import ExportError, NoAudioStream, OutputError
from overlay.media.source import open_source
from overlay.products.review import Review
from overlay.reporting import SILENT
from overlay.reviewing import page_pictures
from overlay.reviewing.browser_support import why_not
from overlay.reviewing.page import json_in_script, page
from overlay.reviewing.page_data import best_tags
from overlay.settings import Settings
from overlay.track import TagTrack

HOSTILE = ("</script><script>alert(1)</script>", "<!--", "\u202eevil\u2028\"'&amp;", "{{script}}")


class _Elements(HTMLParser):
    """Every element with its attributes and text."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append([tag, dict(attributes), ""])

    def handle_endtag(self, tag):
        self.found.append(["", {}, ""])

    def handle_data(self, data):
        if self.found:
            self.found[-1][2] += data

    def of(self, tag):
        return [(attributes, text) for name, attributes, text in self.found if name == tag]


@pytest.fixture(scope="module")
def clip(make_clip):
    return make_clip(
        "seen.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=10:d=6", "-f", "lavfi", "-i",
        "sine=880:d=6:r=32000", "-shortest", "-pix_fmt", "yuv420p",
    )  # fmt: skip


def _read(file):
    elements = _Elements(file.read_text(encoding="utf-8"))
    (found,) = [
        text for attributes, text in elements.of("script") if attributes.get("id") == "data"
    ]
    return json.loads(found), elements


def _hashes(elements, tag):
    texts = [text for attributes, text in elements.of(tag) if attributes.get("id") != "data"]
    return [base64.b64encode(hashlib.sha256(t.encode()).digest()).decode() for t in texts]


def test_page_holds_events_pictures_and_the_way_to_the_video(clip, tmp_path):
    track = two_tags(sound="ab12")
    done = made(Review("Ann", "zh"), clip, tmp_path / "p.html", track=track)
    data, _ = _read(done.path)
    names = [label[0] for label in data["labels"]]
    assert {names[n] for n in data["events"]["label"]} == {"Speech", "Dog"}
    assert data["fingerprint"] == "ab12" and data["reviewer"] == "Ann" and data["language"] == "zh"
    assert (tmp_path / data["src"]).resolve() == clip
    assert data["sound"]["mel"] and data["thumbs"]["sheet"].startswith("data:image/")
    assert done.path.stat().st_size < 1_000_000


def test_a_page_of_a_part_names_its_start_and_its_copy_is_of_the_whole(clip, tmp_path):
    part = open_source(clip, excerpt=Excerpt(2.0, 5.0))
    asked = Review(proxy="always")
    data, _ = _read(made(asked, part, tmp_path / "part.html").path)
    assert data["from_s"] == 2.0
    whole, _ = _read(made(asked, clip, tmp_path / "whole.html").path)
    assert whole["from_s"] is None
    assert (tmp_path / "part.mp4").read_bytes() == (tmp_path / "whole.mp4").read_bytes()
    assert len(picture_times(tmp_path / "part.mp4")) == 60


def test_page_loads_nothing_and_allows_only_its_own_script_and_style(clip, tmp_path):
    done = made(Review(), clip, tmp_path / "p.html")
    _, elements = _read(done.path)
    (policy,) = [a["content"] for a, _ in elements.of("meta") if "http-equiv" in a]
    assert "default-src 'none'" in policy and "connect-src 'none'" in policy
    assert "unsafe" not in policy and "http" not in policy
    (script,), (style,) = _hashes(elements, "script"), _hashes(elements, "style")
    assert f"script-src 'sha256-{script}'" in policy and f"style-src 'sha256-{style}'" in policy
    assert not [a for _, a, _ in elements.found if "src" in a or "style" in a]
    links = [a["href"] for _, a, _ in elements.found if "href" in a]
    assert links and all(link.startswith("data:image/svg+xml;base64,") for link in links)
    assert not [name for _, a, _ in elements.found for name in a if name.startswith("on")]


@pytest.mark.parametrize("label", HOSTILE)
def test_hostile_labels_are_text(label, clip, tmp_path):
    track = TagTrack(np.full((20, 1), 0.9, np.float32), (label,), 2.0, 0.3, 8.0)
    data, elements = _read(made(Review(label), clip, tmp_path / "p.html", track=track).path)
    assert data["labels"][0][0] == label and data["reviewer"] == label
    assert len(elements.of("script")) == 2


def test_title_is_text():
    elements = _Elements(page({"name": "x"}, "</title><img src=x>").decode())
    assert not elements.of("img")


def test_json_in_a_script_has_no_letter_that_html_acts_on():
    text = json_in_script({"a": "<!--</script>&\u2028"})
    assert not re.search("[<>&\u2028]", text)
    assert json.loads(text) == {"a": "<!--</script>&\u2028"}


def test_modules_name_only_each_other_and_no_name_twice():
    script = page({}, "x").decode()
    script = script[script.index("// words.js") :]
    assert not re.search(r"^(import|export)\b", script, re.MULTILINE)
    names = re.findall(r"^(?:async )?(?:const|let|class|function) (\w+)", script, re.MULTILINE)
    assert len(names) == len(set(names))


def test_sound_without_picture_has_no_thumbnails(make_clip, tmp_path):
    clip = make_clip("only.wav", "-f", "lavfi", "-i", "sine=440:d=3")
    data, _ = _read(made(Review(), clip, tmp_path / "p.html").path)
    assert data["thumbs"] is None and not data["has_picture"]


def test_what_cannot_be_reviewed_is_refused_before_scoring(make_clip, clip, tmp_path):
    silent = make_clip("mute.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x64:d=1")
    with pytest.raises(NoAudioStream):
        made(Review(), silent, tmp_path / "p.html")
    (tmp_path / "there.html").write_text("mine")
    with pytest.raises(OutputError):
        made(Review(), clip, tmp_path / "there.html")
    assert (tmp_path / "there.html").read_text() == "mine"


def test_names_that_mean_something_in_addresses_are_kept(clip, tmp_path):
    odd = tmp_path / "a:b #1?%41.mp4"
    odd.write_bytes(clip.read_bytes())
    data, _ = _read(made(Review(), odd, None).path)
    assert data["src"] == "a%3Ab%20%231%3F%2541.mp4" and data["name"] == odd.name


def test_best_tags_are_in_order():
    scores = np.random.default_rng(1).random((50, 40), np.float32)
    classes, best = best_tags(scores)
    assert classes.shape == (50, 9)
    np.testing.assert_array_equal(best, -np.sort(-scores, axis=1)[:, :9])
    np.testing.assert_array_equal(np.take_along_axis(scores, classes, axis=1), best)


def test_best_tags_of_few_classes_are_all():
    assert best_tags(np.zeros((3, 2), np.float32))[0].shape == (3, 2)


def test_tone_is_drawn_where_it_sounds():
    grid = page_pictures.Grid.over(4.0)
    t = np.arange(32000, dtype=np.float32) / 32000
    tone = np.sin(2 * np.pi * 1000 * t).astype(np.float32)
    blocks = [SoundBlock(0.0, np.zeros(32000, np.float32)), SoundBlock(1.0, tone)]
    mel, loudness = page_pictures._spectrogram(blocks, grid)
    second = round(1 / grid.column_s)
    assert loudness[: second - 2].max() < -90 < 0 < loudness[second + 2 : 2 * second - 2].min()
    assert (mel[second + 2 : 2 * second - 2].argmax(axis=1) == mel[second + 9].argmax()).all()


@pytest.mark.parametrize("hours", [0.001, 1, 3, 24 * 366])
def test_columns_are_bounded_whatever_the_length(hours):
    grid = page_pictures.Grid.over(3600 * hours)
    assert grid.n_columns <= 64_001 and 1 <= grid.frames <= 4
    assert grid.n_columns * grid.column_s >= 3600 * hours


def test_many_moments_become_even_thumbnails():
    chosen = page_pictures._chosen([0.1 * n for n in range(100_000)])
    assert len(chosen) == 400 and max(b - a for a, b in itertools.pairwise(chosen)) < 25.2
    assert page_pictures._chosen([3, 1, 1.01]) == [1, 3]


@pytest.mark.parametrize(
    ("name", "arguments", "why"),
    [
        ("plain.mp4", ["-c:a", "aac"], None),
        ("new.webm", ["-c:v", "libvpx", "-c:a", "libopus"], None),
        ("old.avi", ["-c:a", "mp2"], ".avi files"),
        ("x265.mp4", ["-c:v", "libx265", "-x265-params", "log-level=error"], "hevc pictures"),
        ("deep.mp4", ["-pix_fmt", "yuv420p10le"], "yuv420p10le pictures"),
        ("ac3.mp4", ["-c:a", "ac3"], "ac3 sound"),
        ("inside.mkv", [], ".mkv files"),
    ],
)
def test_what_browsers_cannot_play_is_told_by_its_codec(name, arguments, why, make_clip):
    clip = make_clip(
        name, "-f", "lavfi", "-i", "testsrc2=s=64x64:r=5:d=1", "-f", "lavfi", "-i", "sine=d=1",
        "-pix_fmt", "yuv420p", *arguments,
    )  # fmt: skip
    assert why_not(open_source(clip).info) == why


def test_sound_files_play(make_clip):
    for name in ("a.wav", "a.mp3", "a.flac", "a.ogg", "a.m4a"):
        clip = make_clip(name, "-f", "lavfi", "-i", "sine=d=1")
        assert why_not(open_source(clip).info) is None, name
    assert why_not(open_source(clip).info, 1) == "sound track 1"


def test_events_of_others_lie_in_lanes_of_their_own(clip, tmp_path):
    labels = tmp_path / "mine.txt"
    labels.write_text("1.0\t2.0\tdog\n3.0\t4.0\tMy own <label>\n")
    other = two_tags(model="other").save(tmp_path / "other.npz")
    track = two_tags(model="this")
    done = made(Review(beside=(labels, other)), clip, tmp_path / "p.html", track=track)
    data, _ = _read(done.path)
    events = data["events"]
    assert data["lanes"] == ["this", "mine.txt", "other"]
    names = [data["labels"][n][0] for n in events["label"]]
    mine = [n for n, lane in enumerate(events["lane"]) if lane == 1]
    assert [(names[n], events["score"][n]) for n in mine] == [
        ("Dog", None),
        ("My own <label>", None),
    ]
    assert sorted(n for n, lane in zip(names, events["lane"], strict=True) if lane == 2) == [
        "Dog", "Speech",
    ]  # fmt: skip
    assert events["onset_ms"] == sorted(events["onset_ms"])
    assert len(set(events["id"])) == len(events["id"])


def test_what_cannot_lie_beside_is_refused_before_scoring(clip, tmp_path):
    (tmp_path / "x.txt").write_text("no events")
    with pytest.raises(ExportError):
        Review(beside=(tmp_path / "x.txt",)).plan(open_source(clip), Settings(), None, SILENT)
