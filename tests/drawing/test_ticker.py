"""The ticker: one line of words at a time, and the last four events, which never meet."""

import re
from itertools import pairwise

import numpy as np
import pytest

from overlay.datatypes import TagEvent
from overlay.detection import detect
from overlay.drawing.panel import Panel
from overlay.drawing.views.base import Look
from overlay.drawing.views.ticker import entries_of
from overlay.settings import PanelSettings, Settings
from overlay.track import TagTrack
from overlay.vocabulary.audioset import audioset

STORY = (("Dog", 1.0, 3.0), ("Siren", 4.0, 6.0), ("Rain", 4.1, 9.0), ("Applause", 7.0, 9.0),
         ("Music", 9.5, 12.0), ("Speech", 12.5, 14.0), ("Dog", 14.5, 16.0))  # fmt: skip


def panel(size=(1280, 720), **options):
    names, n = audioset().names, 170
    scores = np.full((n, len(names)), 0.004, np.float32)
    times = 0.1 * np.arange(n)
    for place, (label, on, off) in enumerate(STORY):
        scores[(times >= on) & (times < off), names.index(label)] = 0.5 + 0.05 * place
    settings = PanelSettings(view="ticker", smoothing="none", **options)
    track = TagTrack(scores, names, 0.2, 0.1, 17.0)
    line = detect(track, Settings(panel=settings)).timeline
    return Panel(line, size, settings, families=line.family_by_label)


def parts(made, t, **options):
    """Opacity of the words and of the events at a second."""
    sheet = made.rgba(t, **options)[..., 3]
    return [sheet[row : row + box.height, : box.width] for box, row in made.places]


@pytest.mark.parametrize("position", ["bottom-left", "bottom-right"])
def test_the_plate_is_as_wide_as_its_words_and_never_narrower(position):
    made = panel(position=position)
    words = made.pieces[0]
    widths = set()
    for t in np.arange(0.0, 17, 1 / 30):
        shown, _ = parts(made, t)
        plate = np.flatnonzero(shown.max(axis=0))
        if not len(plate) or shown.max() < 200:
            continue
        sides = plate[0], shown.shape[1] - 1 - plate[-1]
        assert sides["right" in position] == 0  # it keeps to its side
        text = [words.columns(row.index) for row in words.motion.at(t).rows]
        assert len(plate) >= max(text, default=0) - 2, t
        widths.add(len(plate))
    settled = {words.columns(span.index) for span in words.motion.spans}
    assert len(settled) > 3
    assert settled <= widths
    assert len(widths) > len(settled)  # and goes from one to the next without a jump


def test_letters_stand_inside_their_plate():
    made = panel()
    shown = made.rgba(2.0, settled=True)[: made.pieces[0].box.height]
    plate = np.flatnonzero(shown[..., 3].max(axis=0))[-1] + 1
    letters = np.flatnonzero((shown[:, :, :3].min(axis=2) > 200).any(axis=0))
    assert letters[-1] < plate - 0.5 * made.pieces[0].plate.padding


@pytest.mark.parametrize("size", [(640, 360), (360, 640), (426, 240)])
def test_the_last_events_never_meet_and_come_in_order(size):
    made = panel(size)
    words, events = made.pieces
    height, pitch = events.plate.height, events.pitch
    assert pitch > height
    numbers = set()
    for t in np.arange(0, 17, 1 / 15):
        plates = _bands(parts(made, t)[1])
        assert len(plates) <= 5
        assert all(b - a <= height for a, b in plates), t
        assert all(pitch - height - 1 <= c - b for (_, b), (c, _) in pairwise(plates)), t
        numbers.add(len(plates))
    assert max(numbers) >= 4
    assert words.box.bottom <= size[1]


def look_of(made):
    return Look(made.theme, made.fonts, made.families, lambda rgb: rgb)


def _bands(alpha):
    """Rows of each plate."""
    inked = alpha.max(axis=1) > 0
    edges = np.flatnonzero(np.diff(np.concatenate([[0], inked.astype(int), [0]])))
    return [tuple(pair) for pair in edges.reshape(-1, 2)]


def test_no_plate_is_seen_of_which_more_than_half_is_cut_off():
    made = panel()
    events = made.pieces[1]
    view = events.view(look_of(made))
    half = events.plate.height - events.pitch / 2
    for t in np.arange(0, 17, 1 / 60):
        for entry in view.scene(float(t)):
            assert entry.opacity > 0
            assert -events.pitch / 2 <= entry.y <= events.box.height - half


def test_a_still_shows_the_last_four_where_they_stand():
    made = panel()
    for t, n in ((0.5, 0), (2.0, 1), (4.6, 3), (8.0, 4), (16.5, 4)):
        plates = _bands(parts(made, t, settled=True)[1])
        assert len(plates) == n
        if plates:
            assert plates[-1][1] == made.pieces[1].box.height  # the newest at the bottom


def test_words_are_the_captions_and_one_line_at_a_time():
    made = panel()
    motion, line = made.pieces[0].motion, made.timeline
    assert line.words[audioset().index_of("Dog")] == "dog barking"
    said = [line.labels[span.index] for span in motion.spans]
    assert said[0] == said[-1] == "Dog"
    assert {"Rain", "Music", "Speech"} <= set(said)
    for t in np.arange(0, 17, 1 / 30):
        assert len(motion.at(t).rows) <= 1


def test_the_plate_is_not_empty_while_words_change():
    motion = panel().pieces[0].motion
    seen = [(t, max((row.opacity for row in motion.at(t).rows), default=0.0))
            for t in np.arange(0, 17, 0.01) if motion.at(t).plate == 1]  # fmt: skip
    faint = np.array([t for t, opacity in seen if opacity < 0.2])
    runs = np.split(faint, np.flatnonzero(np.diff(faint) > 0.015) + 1)
    assert max(len(run) for run in runs) <= 8  # hundredths of a second


def test_in_chinese_words_and_labels_are_chinese():
    made = panel(language="zh")
    assert all(re.search("[\u4e00-\u9fff]", made.timeline.words[i]) for i in range(527))


def event(index, onset, offset):
    return TagEvent(index, "x", onset, offset, 0.5, 0.4)


def test_events_come_one_after_the_other_and_not_late():
    together = [event(i, 5.0, 6.0) for i in range(40)]
    entries = entries_of(together)
    starts = [entry.start_s for entry in entries]
    assert starts[0] == 5.0
    assert all(b - a >= 0.25 - 1e-9 for a, b in pairwise(starts))
    assert max(starts) <= 6.5 + 1e-9
    again = entries_of([event(1, 0.0, 2.0), event(1, 4.0, 5.0), event(1, 9.0, 10.0)])
    assert [entry.event.onset_s for entry in again] == [0.0, 9.0]


def test_words_and_events_lie_on_opposite_sides_where_there_is_room():
    wide, narrow = panel(), panel((720, 1280))
    words, events = (piece.box for piece in wide.pieces)
    assert words.x < 640 < events.x
    assert words.bottom == pytest.approx(events.bottom, abs=2)
    words, events = (piece.box for piece in narrow.pieces)
    assert events.bottom < words.y
    top = panel(position="top-right")
    words, events = (piece.box for piece in top.pieces)
    assert words.y < 60
    assert events.right < words.x
