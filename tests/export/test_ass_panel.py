"""The panel as an ASS track: libass shows what the panel draws."""

import re
import subprocess
from itertools import pairwise

import numpy as np
import pysubs2
import pytest
from inspecting import pictures

import overlay
from overlay.commands import main
from overlay.datatypes import TagTimeline
from overlay.drawing.panel import Panel
from overlay.errors import NoVideoStream, UnknownFormat
from overlay.export.ass_panel import panel_text
from overlay.media.process import ffmpeg_program
from overlay.resources import resource
from overlay.settings import PanelSettings
from overlay.track import TagTrack
from overlay.vocabulary.own_labels import own_vocabulary

GRAY = 96
LABELS = ("Speech", "Dog", "Violin, fiddle", "Fire engine, fire truck (siren)", "Rain")
RATE = 10


def families(labels):
    return dict(zip(labels, own_vocabulary(labels).families, strict=True))


def timeline(labels=LABELS):
    """Ten seconds in which tags come, overtake each other, fall silent and come back."""
    t = np.arange(30)[:, None]
    phase = np.arange(len(labels))[None, :]
    scores = (0.45 + 0.45 * np.sin(t / (3.0 + phase) + 1.7 * phase)).astype(np.float32)
    scores[18:24] = 0.01
    classes = np.argsort(-scores, axis=1).astype(np.int32)
    classes[np.take_along_axis(scores, classes, axis=1) < 0.05] = -1
    families = own_vocabulary(labels).families
    return TagTimeline(1 + 0.3 * np.arange(30), scores, classes, labels, families)


def burned(text, folder, size, seconds=11):
    """What libass makes of an ASS file over gray, ``[n, height, width, 3]``."""
    (folder / "p.ass").write_text(text, "utf-8")
    width, height = size
    command = [
        ffmpeg_program(), "-v", "error", "-f", "lavfi", "-i",
        f"color=0x{GRAY:02x}{GRAY:02x}{GRAY:02x}:s={width}x{height}:r={RATE}:d={seconds}", "-vf",
        f"format=rgb24,ass=p.ass:fontsdir={resource('fonts')}", "-c:v", "ffv1", "-pix_fmt", "bgr0",
        "-y", "b.mkv",
    ]  # fmt: skip
    subprocess.run(command, check=True, cwd=folder, capture_output=True)
    return pictures(folder / "b.mkv", pix_fmt="rgb24")


def drawn(panel, t):
    tile = panel.rgba(t).astype(float)
    alpha = tile[..., 3:] / 255
    return tile[..., :3] * alpha + GRAY * (1 - alpha)


def bar_ends(pixels, panel):
    """Columns in which each still bar ends, by its colour over the track's gray."""
    layout, ends = panel.pieces[0].layout, []
    for row in range(layout.n_rows):
        y = layout.baseline(row) + layout.bar_offset + layout.bar_height // 2
        line = pixels[y, layout.left : layout.right]
        colored = np.ptp(line, axis=1) > 40
        ends.append(int(np.flatnonzero(colored)[-1]) if colored.any() else 0)
    return ends


@pytest.mark.parametrize(
    ("theme", "position", "size"),
    [("dark", "bottom-left", (640, 360)), ("light", "top-right", (360, 640)),
     ("minimal", "bottom", (426, 240))],
)  # fmt: skip
def test_libass_shows_the_drawn_panel(tmp_path, theme, position, size):
    settings = PanelSettings(theme=theme, position=position)
    panel = Panel(timeline(), size, settings, families=families(LABELS))
    box = panel.pieces[0].box
    frames = burned(panel_text(timeline(), size, 11.0, settings), tmp_path, size)
    for hop in (0, 4, 9, 14, 27):
        n = round(float(panel.timeline.times[hop]) * RATE)
        whole = frames[n].astype(float)
        shown = whole[box.y : box.bottom, box.x : box.right].copy()
        expected = drawn(panel, n / RATE)
        assert np.abs(shown - expected).mean() < 9  # letters are half a pixel elsewhere
        blurred = [_blurred(picture) for picture in (shown, expected)]
        assert np.abs(blurred[0] - blurred[1]).max() < 28
        whole[box.y : box.bottom, box.x : box.right] = GRAY
        assert np.abs(whole - GRAY).max() <= 3  # nothing outside the box


def _blurred(picture, size=9):
    height, width = (length // size * size for length in picture.shape[:2])
    tiles = picture[:height, :width].reshape(height // size, size, width // size, size, 3)
    return tiles.mean(axis=(1, 3))


def test_bars_are_as_long_as_the_drawn_ones_at_all_times(tmp_path):
    """Also between the hops, where they run on a curve; rows do not move here."""
    rng = np.random.default_rng(3)
    scores = np.stack([base + 0.2 * rng.random(30) for base in (0.75, 0.5, 0.25, 0.05)], axis=1)
    classes = np.tile(np.arange(4, dtype=np.int32), (30, 1))
    line = TagTimeline(
        1 + 0.3 * np.arange(30),
        scores.astype(np.float32),
        classes,
        ("Speech", "Dog", "Rain", "Car"),
        ("human", "animal", "nature", "things"),
    )
    size = 640, 360
    panel = Panel(line, size, PanelSettings(top_k=4), families=line.family_by_label)
    box = panel.pieces[0].box
    frames = burned(panel_text(line, size, 11.0, PanelSettings(top_k=4)), tmp_path, size)
    for n, frame in enumerate(frames):
        shown = frame[box.y : box.bottom, box.x : box.right].astype(float)
        ends = bar_ends(shown, panel), bar_ends(drawn(panel, n / RATE), panel)
        assert ends[0] == pytest.approx(ends[1], abs=2)
        assert min(ends[1][:3]) > 20


def test_nothing_is_shown_where_nothing_is_heard(tmp_path):
    size = 320, 180
    frames = burned(panel_text(timeline(), size, 11.0, PanelSettings()), tmp_path, size)
    assert np.abs(frames[round((1 + 0.3 * 21) * RATE)].astype(int) - GRAY).max() <= 1
    assert np.abs(frames[1].astype(int) - GRAY).max() > 50  # before the first hop its tags
    assert np.abs(frames[-1].astype(int) - GRAY).max() > 50  # behind the last one those


@pytest.mark.parametrize(
    "label",
    [
        "{\\b1}bold",
        "back\\slash\\N",
        "狗叫；雨",
        "<i>a</i> --> b, c",
        "two\nlines",
        "tab\there",
        "{",
    ],
)
def test_labels_are_text_and_not_commands(tmp_path, label):
    line = timeline((label, "Dog"))
    text = panel_text(line, (640, 360), 11.0, PanelSettings())
    subtitles = pysubs2.SSAFile.from_string(text)
    shown = {line.plaintext for line in subtitles if line.style == "L"}
    flat = " ".join(label.split()).replace("{", "(").replace("}", ")")
    assert {text.replace("\u2060", "") for text in shown} == {flat, "Dog"}
    assert (
        len(text.splitlines()) == len(subtitles) + len(text.split("[Events]")[0].splitlines()) + 2
    )


def test_the_track_is_small_and_every_moment_is_covered():
    text = panel_text(timeline(), (1280, 720), 11.0, PanelSettings())
    assert len(text) / 11 < 12_000  # bytes a second
    subtitles = pysubs2.SSAFile.from_string(text)
    assert subtitles.info["PlayResX"] == "1280"
    spans = sorted((line.start, line.end) for line in subtitles if line.style == "C")
    assert (spans[0][0], spans[-1][1]) == (0, 11_000)
    gaps = [(a[1], b[0]) for a, b in pairwise(spans) if a[1] != b[0]]
    ((start, end),) = gaps  # where nothing is heard
    assert (start, end) == (pytest.approx(6_400, abs=700), pytest.approx(8_000, abs=200))
    assert max(end - start for start, end in spans) <= 3000
    for found in re.findall(r"\\t\((\d+),(\d+),", text):
        assert int(found[0]) <= int(found[1])


def test_a_panel_without_hops_is_a_file_without_events():
    nothing = TagTimeline(
        np.zeros(0), np.zeros((0, 2), np.float32), np.zeros((0, 2), np.int32), ("a", "b")
    )
    text = panel_text(nothing, (640, 360), 3.0, PanelSettings())
    assert len(pysubs2.SSAFile.from_string(text)) == 0


def test_pixels_that_are_not_square(tmp_path, make_clip):
    """The layout is that of the shown picture, and letters keep their shape."""
    clip = make_clip(
        "wide-panel.mp4", "-f", "lavfi", "-i", "color=gray:s=320x360:r=10:d=2", "-f", "lavfi", "-i",
        "sine=d=2", "-vf", "setsar=2", "-c:a", "aac",
    )  # fmt: skip
    track = TagTrack(np.full((7, 2), 0.6, np.float32), ("Dog", "Rain"), 2.0, 0.3, 2.0)
    out = overlay.export_events(clip, "ass-panel", tmp_path / "w.ass", model="builtin")
    assert pysubs2.load(str(out)).info["PlayResX"] == "640"
    saved = track.save(tmp_path / "w.tags.npz")
    assert main(["export", str(saved), "--format", "ass-panel", "--size", "640x360"]) == 0
    text = (tmp_path / "w.panel.ass").read_text("utf-8")
    square = burned(text, tmp_path, (640, 360), 2)[15].astype(float)
    narrow = burned(text, tmp_path, (320, 360), 2)[15].astype(float)
    shrunk = square.reshape(360, 320, 2, 3).mean(axis=2)
    assert np.abs(shrunk - narrow).mean() < 1


def test_the_command_knows_the_format(tmp_path, capsys, make_clip):
    sound = make_clip("tone-panel.wav", "-f", "lavfi", "-i", "sine=d=1")
    with pytest.raises(NoVideoStream):
        overlay.export_events(sound, "ass-panel", tmp_path / "p.ass")
    with pytest.raises(UnknownFormat, match="ass-panel"):
        overlay.export_events(sound, "nope", tmp_path / "p.ass")
    assert main(["export", "--format", "list"]) == 0
    assert ".panel.ass" in capsys.readouterr().out
    assert main(["export", "x.npz", "--format", "ass-panel", "--size", "12"]) == 2


def test_a_player_hangs_the_card_as_it_is_drawn(tmp_path):
    classes = np.full((36, 3), -1, np.int32)
    classes[:14], classes[14:, :1] = [0, 1, 2], [3]
    scores = np.tile(np.array([0.9, 0.8, 0.7, 0.6], np.float32), (36, 1))
    line = TagTimeline(1 + 0.3 * np.arange(36), scores, classes, ("Dog", "Rain", "Car", "Bell"))
    size = 640, 360
    panel = Panel(line, size, PanelSettings())
    box = panel.pieces[0].box
    frames = burned(panel_text(line, size, 11.0, PanelSettings()), tmp_path, size)
    for n in range(0, len(frames), 4):
        shown = frames[n][box.y : box.bottom, box.x : box.right].astype(float)
        expected = drawn(panel, n / RATE)
        assert np.abs(shown - expected).mean() < 9, n / RATE
