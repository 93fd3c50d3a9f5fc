"""Chips: none meets another, each stands long enough, large and seen as the player draws it too."""

import subprocess
from itertools import combinations

import numpy as np
import pytest
from inspecting import pictures

from overlay.datatypes import TagEvent
from overlay.detection import detect
from overlay.drawing.chip_slots import IN_S, OUT_S, STAY_S, Seats, seated
from overlay.drawing.icons import FAMILY_ICONS, SOUNDS, icon_for, icon_mask
from overlay.drawing.panel import Panel
from overlay.drawing.short_labels import ShortNames
from overlay.drawing.text import TextDrawer, TextStyle
from overlay.drawing.theme import theme_names
from overlay.export.ass_panel import panel_text
from overlay.media.process import ffmpeg_program
from overlay.resources import resource
from overlay.settings import PanelSettings, Settings
from overlay.track import TagTrack
from overlay.vocabulary import FAMILIES
from overlay.vocabulary.audioset import audioset

LABELS = ("Dog", "Rain on surface", "Speech", "Music", "Fire engine, fire truck (siren)", "Bell")
RATE, SECONDS = 25, 12


def hard(seed=7):
    """Six sounds that come and go all the time."""
    rng = np.random.default_rng(seed)
    names, n = audioset().names, SECONDS * 10
    scores = np.full((n, len(names)), 0.004, np.float32)
    for label in LABELS:
        walk = np.cumsum(rng.normal(0, 0.18, n))
        scores[:, names.index(label)] = np.abs(walk - 2 * np.round(walk / 2))
    return TagTrack(scores, names, 0.2, 0.1, float(SECONDS))


def panel(size=(640, 360), track=None, **options):
    settings = PanelSettings(view="chips", smoothing="none", **options)
    line = detect(hard() if track is None else track, Settings(panel=settings)).timeline
    return Panel(line, size, settings, families=line.family_by_label)


def random_events(n, seed=1, n_classes=8, every_s=0.5):
    rng = np.random.default_rng(seed)
    onsets = np.sort(rng.random(n) * n * every_s)
    return [
        TagEvent(int(rng.integers(n_classes)), "x", float(a), float(a + 0.3 + rng.exponential(2)),
                 float(rng.random()), 0.3)
        for a in onsets
    ]  # fmt: skip


@pytest.mark.parametrize("side", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("n_lines", [1, 2, 3])
def test_no_two_chips_ever_meet_and_each_stands_long_enough(side, n_lines):
    seats = Seats(width=800, n_lines=n_lines, gap=10, most=3, side=side)
    chips = seated(random_events(300), seats, lambda index: 150 + 60 * index)
    assert len(chips) > 60
    for chip in chips:
        assert all(0 <= x <= 800 - chip.width for _, x in chip.across)
        assert chip.end_s - chip.start_s >= STAY_S - 1e-9
        assert chip.opacity(chip.start_s + 0.15) == 1  # in within 150 ms
        assert chip.start_s >= chip.event.onset_s
    for a, b in combinations(chips, 2):
        if a.start_s < b.end_s + OUT_S and b.start_s < a.end_s + OUT_S:
            times = np.arange(max(a.start_s, b.start_s), min(a.end_s, b.end_s) + OUT_S, 0.02)
            for t in times if a.line == b.line else ():
                left, right = sorted([(a.x(t), a.width), (b.x(t), b.width)])
                assert left[0] + left[1] + 10 <= right[0] + 1, t  # each is rounded
            assert a.event.index != b.event.index
    edges = np.arange(0, 150, 0.05)
    alive = [sum(c.start_s <= t < c.end_s + OUT_S for c in chips) for t in edges]
    assert max(alive) == 3 if side != 0.5 else max(alive) in (2, 3)


def test_where_a_chip_has_gone_the_others_close_up():
    seats = Seats(width=800, n_lines=1, gap=10, most=3, side=0)
    short, long = TagEvent(1, "x", 0.0, 2.0, 0.9, 0.8), TagEvent(2, "x", 0.5, 9.0, 0.8, 0.7)
    first, second = seated([short, long], seats, lambda index: 200)
    assert [first.x(1.0), second.x(1.0), second.x(2.0)] == [0, 210, 210]
    assert 0 < second.x(2.0 + OUT_S + 0.1) < 210
    assert second.x(3.0) == 0


def test_what_is_seen_at_once_is_what_is_surest():
    sure = TagEvent(1, "x", 5.0, 9.0, 0.9, 0.8)
    weak = [TagEvent(i, "x", 0.0, 30.0, 0.3, 0.2) for i in (2, 3, 4)]
    seats = Seats(width=800, n_lines=1, gap=10, most=3, side=0)
    chips = seated([*weak, sure], seats, lambda index: 200)
    shown = next(chip for chip in chips if chip.event.index == 1)
    assert shown.start_s < 5.3


def test_very_many_events_take_no_time():
    seats = Seats(width=800, n_lines=2, gap=10, most=3, side=0)
    long = [TagEvent(i, "x", i / 1e4, 3600.0, i / 1e4, 0.1) for i in range(10_000)]
    assert len(seated(long, seats, lambda index: 100)) >= 3
    assert (
        len(seated(random_events(5000, n_classes=5000, every_s=0.01), seats, lambda index: 100))
        > 20
    )


@pytest.mark.parametrize("size", [(426, 240), (1280, 720), (720, 1280), (640, 480)])
def test_pixels_of_two_chips_never_touch(size):
    """Every column and row between two chips is clear in every frame."""
    made = panel(size)
    piece, counts = made.pieces[0], set()
    for n in range(0, RATE * SECONDS, 3):
        alpha = made.rgba(n / RATE)[..., 3]
        on = [c for c in piece.chips if c.opacity(n / RATE) > 0]
        expected = np.zeros_like(alpha, bool)
        for chip in on:
            x, y = piece.place(chip, n / RATE)
            assert not expected[y : y + piece.geometry.height, x : x + chip.width].any()
            expected[y : y + piece.geometry.height, x : x + chip.width] = True
        assert not alpha[~expected].any()
        counts.add(len(on))
    assert max(counts) >= 2


@pytest.mark.parametrize("theme", theme_names())
@pytest.mark.parametrize("size", [(854, 480), (1280, 720), (1080, 1920), (3840, 2160)])
def test_capitals_are_large(size, theme):
    geometry = panel(size, theme=theme).pieces[0].geometry
    drawer = TextDrawer(TextStyle(resource("fonts", "Inter-SemiBold.otf"), (1, 1, 1)), lambda c: c)
    ink = drawer.tile("H", geometry.text_size).pixels[3].max(axis=1)
    assert ink.sum() / ink.max() >= 0.035 * min(size) - 0.3


def test_the_ring_is_as_long_as_the_score():
    names = audioset().names
    shares = []
    for score in (0.25, 0.5, 1.0):
        scores = np.full((50, len(names)), 0.004, np.float32)
        scores[:, names.index("Dog")] = score
        made = panel((1280, 720), TagTrack(scores, names, 0.2, 0.1, 5.0, model="other"))
        geometry = made.pieces[0].geometry
        drawn = made.rgba(2.0)[:, geometry.before : geometry.before + geometry.ring]
        green = (drawn[..., 1] > 1.4 * drawn[..., 0]) & (drawn[..., 1] > 120)
        shares.append(int(green.sum()))
    assert shares[0] == pytest.approx(shares[2] / 4, rel=0.12)
    assert shares[1] == pytest.approx(shares[2] / 2, rel=0.12)


def test_every_family_and_the_commonest_sounds_have_an_icon_of_their_own():
    assert set(FAMILY_ICONS) == set(FAMILIES)
    known = audioset()
    assert len({id(icon) for icon in SOUNDS.values()}) >= 12
    masks = {}
    for name in [*SOUNDS, *FAMILIES]:
        icon = icon_for([name], name)
        mask = icon_mask(icon, 40)
        assert 0.1 < mask.mean() < 0.85, name
        masks[icon] = mask
        assert all(0 <= v <= 1 for shape in icon for point in shape.points for v in point), name
    for a, b in combinations(masks.values(), 2):
        assert np.abs(a - b).mean() > 0.05
    bark, accordion = known.index_of("Bark"), known.index_of("Accordion")
    assert icon_for(known.kinds[bark], "animal") == icon_for(["Dog"], "")
    assert icon_for(known.kinds[accordion], "music") == icon_for([], "music")
    for name in SOUNDS:
        assert name in known.names


def test_a_label_gives_way_to_the_first_of_its_names():
    drawer = TextDrawer(TextStyle(resource("fonts", "Inter-SemiBold.otf"), (1, 1, 1)), lambda c: c)
    label = "Bird vocalization, bird call, bird song"
    names = ShortNames((label, "Inside, small room", "Inside, large room or hall", "Dog"))
    assert names.shortest(label) == "Bird vocalization"
    assert names.shortest("(siren)") == "(siren)"
    assert names.fitting(label, drawer, 20, 1000) == label
    assert names.fitting(label, drawer, 20, 290) == "Bird vocalization, bird call"
    assert names.fitting(label, drawer, 20, 200) == "Bird vocalization"
    tight = 0.9 * drawer.length("Bird vocalization", 20)
    assert names.fitting(label, drawer, 20, tight) == "Bird vocalization"  # a little smaller
    assert names.fitting(label, drawer, 20, 40) is None


@pytest.mark.parametrize(
    ("labels", "short"),
    [
        (
            ("Inside, small room", "Inside, large room"),
            ["Inside, small room", "Inside, large room"],
        ),
        (("Dog", "Dog, barking"), ["Dog", "Dog, barking"]),
        (("a, b, c", "a, b, d", "a, e"), ["a, b, c", "a, b, d", "a, e"]),
        (("a, b, c", "d, b, c"), ["a", "d"]),
        (("音乐，乐器", "狗（叫）"), ["音乐", "狗"]),
        (("Take 1, 2", "Take 1, 2"), ["Take 1", "Take 1"]),
        (("x" * 300,), ["x" * 240]),
    ],
)
def test_labels_are_shortened_only_as_far_as_they_can_be_told_apart(labels, short):
    names = ShortNames(labels)
    assert [names.shortest(label) for label in labels] == short


@pytest.mark.parametrize(("theme", "size"), [("dark", (640, 360)), ("minimal", (360, 640)),
                                             ("light", (640, 360))])  # fmt: skip
def test_a_player_draws_the_same_chips(tmp_path, theme, size):
    settings = PanelSettings(view="chips", theme=theme)
    made = panel(size, theme=theme)
    (tmp_path / "p.ass").write_text(panel_text(made.timeline, size, SECONDS, settings), "utf-8")
    command = [
        ffmpeg_program(), "-v", "error", "-f", "lavfi", "-i",
        f"color=0x707070:s={size[0]}x{size[1]}:r={RATE}:d={SECONDS}", "-vf",
        f"format=rgb24,ass=p.ass:fontsdir={resource('fonts')}", "-c:v", "ffv1", "-pix_fmt", "bgr0",
        "b.mkv",
    ]  # fmt: skip
    subprocess.run(command, check=True, cwd=tmp_path, capture_output=True)
    frames = pictures(tmp_path / "b.mkv", pix_fmt="rgb24")
    box = made.pieces[0].box
    gray = int(frames[0][0, 0, 0])
    for n in range(10, RATE * SECONDS, 37):
        tile = made.rgba(n / RATE).astype(float)
        alpha = tile[..., 3:] / 255
        expected = tile[..., :3] * alpha + gray * (1 - alpha)
        whole = frames[n].astype(float)
        shown = whole[box.slices].copy()
        assert np.abs(shown - expected).mean() < 9, n
        blurred = [_blurred(picture) for picture in (shown, expected)]
        assert np.abs(blurred[0] - blurred[1]).max() < 48, n
        whole[box.slices] = gray
        assert np.abs(whole - gray).max() <= 3
    assert IN_S <= 0.15


def _blurred(picture, size=9):
    height, width = (length // size * size for length in picture.shape[:2])
    tiles = picture[:height, :width].reshape(height // size, size, width // size, size, 3)
    return tiles.mean(axis=(1, 3))
