"""No two labels ever overlap: looked at in the pixels of every frame, however the panel is drawn.

The panel is drawn with white letters and nothing else, over black, so that each band of ink is a
label. Every band must look like one of the labels, faint or not, and like no mixture of two.
"""

import subprocess

import numpy as np
import pytest
from inspecting import pictures

from overlay.datatypes import ColorInfo, TagTimeline
from overlay.drawing.panel import Panel
from overlay.drawing.yuv_planes import PlanarPanel
from overlay.export.ass_panel import panel_text
from overlay.media.process import ffmpeg_program
from overlay.resources import resource
from overlay.settings import PanelSettings
from overlay.vocabulary import FAMILIES

SIZE, RATE, SECONDS = (640, 360), 25, 7
LABELS = ("Dog", "Barking", "Rain on surface", "Speech", "Waterfall", "Pink noise", "Growling")
THEME = """
[card]
color = "#000000"
opacity = 1
[row]
dim = 1
[bar]
color = "#000000"
height = 0.006
track_opacity = 0
[families]
""" + "".join(f'{family} = "#000000"\n' for family in FAMILIES)


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    path = tmp_path_factory.mktemp("themes") / "letters.toml"
    path.write_text(THEME)
    return PanelSettings(theme=str(path), position="center", scale=2)


def hard():
    """Dogs, rain and speech, all at once, in hops of 0.3 s."""
    rng = np.random.default_rng(11)
    n = int(SECONDS / 0.3)
    scores = np.clip(0.35 + 0.75 * np.cumsum(rng.normal(0, 0.16, (n, len(LABELS))), axis=0), 0, 1)
    scores = np.abs(scores - np.round(scores / 2)).astype(np.float32)
    scores[30:36] = 0
    classes = np.argsort(-scores, axis=1)[:, :5].astype(np.int32)
    classes[np.take_along_axis(scores, classes, axis=1) < 0.3] = -1
    return TagTimeline(0.3 + 0.3 * np.arange(n), scores, classes, LABELS)


def alone(label, settings):
    """How a label looks by itself: its rows of pixels, in the columns of labels."""
    line = TagTimeline(np.array([1.0]), np.ones((1, 1), np.float32), np.zeros((1, 1), np.int32),
                       (label,))  # fmt: skip
    panel = Panel(line, SIZE, settings)
    letters = panel.rgba(1.0)[..., 1].astype(float) / 255
    return _only_ink(
        letters[
            :,
            panel.pieces[0].layout.left : panel.pieces[0].layout.left
            + panel.pieces[0].layout.label_width,
        ]
    )


def _only_ink(letters):
    inked = np.flatnonzero(letters.max(axis=1) > 0.1)
    return letters[inked[0] : inked[-1] + 1]


def bands(letters):
    """The bands of ink of a picture, from top to bottom."""
    inked = letters.max(axis=1) > 0.06
    edges = np.flatnonzero(np.diff(np.concatenate([[0], inked.astype(int), [0]])))
    return [letters[a:b] for a, b in edges.reshape(-1, 2) if b - a > 3]


def strange(band, template):
    """How much of a band's ink is not a label's, 0 to 1; a pixel beside does not count."""
    padded = np.pad(template, 1)
    height, width = max(len(band), len(template)), template.shape[1]
    ink = np.zeros((height, width))
    ink[: len(band)] = band
    near = np.zeros((height, width))
    for y in range(3):
        for x in range(3):
            part = padded[y : y + height, x : x + width]
            near[: len(part)] = np.maximum(near[: len(part)], part)
    return float(ink[near < 0.15].sum() / ink.sum())


def missing(band, template):
    """How much of a label's ink is not in a band."""
    return strange(template, band / band.max())


def check(frames, settings, n_least):
    """Every band of every frame is one label; and many changes were seen."""
    line = hard()
    panel = Panel(line, SIZE, settings)
    templates = {label: alone(label, settings) for label in LABELS}
    box, layout = panel.pieces[0].box, panel.pieces[0].layout
    columns = slice(box.x + layout.left, box.x + layout.left + layout.label_width)
    lists, n_bands = set(), 0
    for n, frame in enumerate(frames):
        letters = frame[box.y : box.bottom, columns].astype(float) / 255
        found = []
        for band in bands(letters):
            if band.max() < 0.25:  # too faint for its edges to be clear
                assert len(band) <= layout.text_size * 1.2
                continue
            scores = {
                label: max(strange(band, each), missing(band, each))
                for label, each in templates.items()
            }
            best = min(scores, key=scores.get)
            assert scores[best] < 0.04, (n, n / RATE, scores)
            assert len(band) <= len(templates[best]) + 3, (n, best)
            found.append(best)
        assert len(set(found)) == len(found), (n, found)
        lists.add(tuple(found))
        n_bands += len(found)
    assert len(lists) > n_least
    assert n_bands > 300


def drawn(settings):
    panel = Panel(hard(), SIZE, settings)
    planar = PlanarPanel(panel, ColorInfo("pc", "bt709"), 8, SIZE[1])
    box = panel.pieces[0].box
    for n in range(RATE * SECONDS):
        picture = np.zeros((SIZE[1], SIZE[0]), np.uint8)
        codes = np.frombuffer(planar.frame(n / RATE), np.uint8).astype(float)
        n_luma = box.width * box.height
        luma, alpha = codes[:n_luma], codes[-n_luma:]
        picture[box.slices] = (luma * alpha / 255).reshape(box.height, box.width)
        yield picture


def test_the_burned_panel(settings):
    check(drawn(settings), settings, 10)


def test_the_panel_as_ass(settings, tmp_path):
    text = panel_text(hard(), SIZE, SECONDS, settings)
    (tmp_path / "p.ass").write_text(text, "utf-8")
    command = [
        ffmpeg_program(), "-v", "error", "-f", "lavfi", "-i",
        f"color=black:s={SIZE[0]}x{SIZE[1]}:r={RATE}:d={SECONDS}", "-vf",
        f"format=rgb24,ass=p.ass:fontsdir={resource('fonts')}", "-c:v", "ffv1", "-pix_fmt", "bgr0",
        "b.mkv",
    ]  # fmt: skip
    subprocess.run(command, check=True, cwd=tmp_path, capture_output=True)
    frames = (each[..., 1] for each in pictures(tmp_path / "b.mkv", pix_fmt="rgb24"))
    check(frames, settings, 10)


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
def test_the_effect_of_moviepy(settings):
    from overlay.moviepy import with_panel

    panel = Panel(hard(), SIZE, settings)
    black = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    frames = (with_panel(black, panel, n / RATE)[..., 1] for n in range(RATE * SECONDS))
    check(frames, settings, 10)


@pytest.mark.parametrize("faint", [0.3, 0.6, 1.0])
@pytest.mark.parametrize(("a", "b"), [("Speech", "Waterfall"), ("Dog", "Barking"),
                                      ("Growling", "Pink noise")])  # fmt: skip
def test_two_labels_over_each_other_would_be_seen(settings, a, b, faint):
    panel = Panel(hard(), SIZE, settings)
    one, other = alone(a, settings), alone(b, settings)
    mixed = np.zeros((max(len(one), len(other)), one.shape[1]))
    mixed[: len(one)] = one
    mixed[: len(other)] = np.maximum(mixed[: len(other)], faint * other)
    picture = np.zeros((SIZE[1], SIZE[0]))
    left = panel.pieces[0].box.x + panel.pieces[0].layout.left
    picture[panel.pieces[0].box.y + 8 :][: len(mixed), left : left + mixed.shape[1]] = mixed * 255
    with pytest.raises(AssertionError):
        check([picture] * 600, settings, 0)
