"""A contact sheet: a picture an event, at its time, with what is told of it."""

import numpy as np
import pytest
from making import FAST, listener, made
from PIL import Image

from overlay.commands import main
from overlay.datatypes import Excerpt
from overlay.drawing.contact_sheet import PICTURE_HEIGHT, PICTURE_WIDTH
from overlay.drawing.theme import load_theme
from overlay.errors import ExportError, OutputError
from overlay.media.source import open_source
from overlay.products.contact_sheet import ContactSheet
from overlay.reporting import SILENT
from overlay.settings import Settings
from overlay.track import TagTrack

COLORS = [(255, 0, 0), (0, 255, 0), (0, 0, 255)]


@pytest.fixture(scope="module")
def clip(make_clip):
    """Nine seconds: three red, three green, three blue."""
    inputs = [
        part
        for color in ("red", "lime", "blue")
        for part in ("-f", "lavfi", "-i", f"color={color}:s=320x180:r=25:d=3")
    ]
    return make_clip(
        "colours.mp4", *inputs, "-f", "lavfi", "-i", "sine=d=9", "-filter_complex",
        "[0][1][2]concat=n=3[v]", "-map", "[v]", "-map", "3", "-c:v", "libx264", "-g", "200",
        "-c:a", "aac",
    )  # fmt: skip


def heard(*spans, n=2):
    """A track of labels that last from one second to another."""
    scores = np.zeros((90, n), np.float32)
    for label, begin, end, score in spans:
        scores[round(10 * begin) : round(10 * end), label] = score
    labels = ("Siren", "Dog", *(f"label {i}" for i in range(n - 2)))
    return TagTrack(scores, labels, 0.1, 0.1, 9.0)


def sheet_of(path):
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def middle(sheet, n, columns=4):
    """The colour in the middle of the n-th picture."""
    row, column = divmod(n, columns)
    y = 16 + row * (PICTURE_HEIGHT + 71) + PICTURE_HEIGHT // 2
    return sheet[y, 16 + column * (PICTURE_WIDTH + 16) + PICTURE_WIDTH // 2]


def test_each_event_has_the_picture_of_its_time(clip, tmp_path):
    out = tmp_path / "a.png"
    track = heard((0, 0.5, 2, 0.9), (1, 3.5, 5, 0.8), (0, 6.5, 8.5, 0.7))
    done = made(ContactSheet(), clip, out, track=track)
    sheet = sheet_of(out)
    assert sheet.shape == (16 + 251, 16 + 3 * 336, 3)
    for n, color in enumerate(COLORS):
        assert np.abs(middle(sheet, n) - color).max() < 12
        text = sheet[16 + 185 : 16 + 240, 16 + n * 336 : 16 + n * 336 + 320]
        assert (text.min(axis=2) > 170).sum() > 150  # label, time and score
    assert done.content == "a contact sheet of 3 events"
    bars = [(sheet[16 + 182, 16 + n * 336 :][:320].max(axis=1) > 130).mean() for n in range(3)]
    assert bars == sorted(bars, reverse=True)


@pytest.mark.parametrize(("span", "color"), [((1.5, 3.5), 0), ((2.5, 4.5), 1), ((4.0, 8.6), 2)])
def test_the_picture_is_that_of_the_middle_of_an_event(clip, tmp_path, span, color):
    made(ContactSheet(), clip, tmp_path / "a.png", track=heard((0, *span, 0.9)))
    assert np.abs(middle(sheet_of(tmp_path / "a.png"), 0) - COLORS[color]).max() < 12


def test_a_bar_has_the_colour_of_its_family(clip, tmp_path):
    track = heard((0, 0.5, 2, 0.9), (1, 3.5, 5, 0.8))
    made(ContactSheet(), clip, tmp_path / "a.png", track=track)
    sheet, theme = sheet_of(tmp_path / "a.png"), load_theme("dark")
    for n, family in enumerate(("things", "animal")):
        expected = 255 * np.array(theme.families[family])
        assert np.abs(sheet[16 + 182, 16 + n * 336 + 20] - expected).max() < 2


def test_a_part_shows_the_part(clip, tmp_path):
    source = open_source(clip, excerpt=Excerpt(3, 9))
    made(ContactSheet(), source, tmp_path / "a.png", track=heard((0, 0.5, 2, 0.9)))
    assert np.abs(middle(sheet_of(tmp_path / "a.png"), 0) - COLORS[1]).max() < 12


def test_a_sound_behind_the_picture_shows_its_last_frame_or_first(make_clip, tmp_path):
    short = make_clip(
        "short-picture.mp4", "-f", "lavfi", "-i", "color=red:s=90x160:r=25:d=1", "-f", "lavfi",
        "-i", "sine=d=9", "-c:v", "libx264", "-c:a", "aac",
    )  # fmt: skip
    made(ContactSheet(), short, tmp_path / "a.png", track=heard((0, 6, 8, 0.9)))
    sheet = sheet_of(tmp_path / "a.png")
    assert np.abs(middle(sheet, 0) - COLORS[0]).max() < 12
    assert sheet[100, 30].max() < 60  # beside a portrait


def test_of_many_events_the_surest_are_shown(clip, tmp_path):
    spans = [(i % 60, 0.1 * (i % 30), 0.1 * (i % 30) + 1, 0.3 + i / 100) for i in range(60)]
    reporter, _, notes = listener()
    done = made(
        ContactSheet(), clip, tmp_path / "a.png", track=heard(*spans, n=60), reporter=reporter
    )
    assert done.n_frames == 48
    sheet = sheet_of(tmp_path / "a.png")
    bars = [sheet[16 + n // 4 * 251 + 182, 16 + n % 4 * 336 :][:320] for n in range(48)]
    lengths = [(np.abs(bar - bar[0]).max(axis=1) < 3).mean() for bar in bars]
    assert min(lengths) == pytest.approx(0.3 + 12 / 100, abs=0.02)  # twelve less sure are missing
    shown = [middle(sheet, n) for n in range(48)]
    first_green = next((n for n, each in enumerate(shown) if each[1] > 200), 48)
    assert all(each[0] > 200 for each in shown[:first_green])
    assert all(each[1] > 200 for each in shown[first_green:])  # by time
    assert any("48 surest of" in note for note in notes)


def test_nothing_heard_and_other_names_are_refused(clip, tmp_path):
    with pytest.raises(ExportError, match="nothing is heard"):
        made(ContactSheet(), clip, tmp_path / "a.png", track=heard())
    assert not (tmp_path / "a.png").exists()
    with pytest.raises(OutputError, match=r"\.png"):
        ContactSheet().plan(open_source(clip), Settings(video=FAST), tmp_path / "a.jpg", SILENT)


def test_the_command(clip, tmp_path, capsys):
    out = tmp_path / "sheet.png"
    saved = heard((0, 0.5, 2, 0.9)).save(tmp_path / "t.npz")
    wanted = ["--tags", str(saved), "--contact-sheet", str(out)]
    assert main([str(clip), *wanted]) == 0
    assert capsys.readouterr().out.strip() == str(out)
    assert main([str(clip), *wanted, "-o", str(tmp_path / "b.png")]) == 2
