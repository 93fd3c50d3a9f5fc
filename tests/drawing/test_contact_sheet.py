"""A contact sheet: pictures in rows, each with a bar of its score, its label, time and number."""

import numpy as np
import pytest
from PIL import Image

from overlay.drawing.contact_sheet import PICTURE_HEIGHT, PICTURE_WIDTH, Cell, contact_sheet
from overlay.drawing.theme import load_theme

GAP, BAR, PITCH = 16, 5, (PICTURE_WIDTH + 16, PICTURE_HEIGHT + 71)
RED = (1.0, 0.0, 0.0)


def drawn(folder, *cells, size=(PICTURE_WIDTH, PICTURE_HEIGHT), theme="dark"):
    """Sheet of label, time, score: ``[height, width, 3]``, of green pictures with red bars."""
    picture = folder / "p.png"
    Image.new("RGB", size, (0, 200, 0)).save(picture)
    out = folder / "sheet.png"
    made = [Cell(picture, label, when, score, RED) for label, when, score in cells]
    contact_sheet(made, load_theme(theme), None, out)
    with Image.open(out) as sheet:
        return np.asarray(sheet.convert("RGB")).astype(int)


def part(sheet, n, top, bottom):
    """Rows of the n-th cell from a row below its picture's top on."""
    row, column = divmod(n, 4)
    x, y = GAP + column * PITCH[0], GAP + row * PITCH[1]
    return sheet[y + top : y + bottom, x : x + PICTURE_WIDTH]


@pytest.mark.parametrize("score", [0.0, 0.25, 0.5, 0.875, 1.0])
def test_the_bar_is_as_long_as_the_score_and_the_rest_of_it_is_seen(tmp_path, score):
    sheet = drawn(tmp_path, ("Dog", "0:01.0", score))
    bar = part(sheet, 0, PICTURE_HEIGHT, PICTURE_HEIGHT + BAR)
    red = (bar[..., 0] > 200) & (bar[..., 1] < 60)
    assert (red.all(axis=0) == (np.arange(PICTURE_WIDTH) < round(PICTURE_WIDTH * score))).all()
    ground = sheet[2, 2].mean()
    if score < 1:
        assert bar[:, -1].mean() > ground + 20  # the track


def test_what_is_told_is_label_and_number_above_a_fainter_time(tmp_path):
    sheet = drawn(tmp_path, ("Dog", "0:01.0 - 0:03.0", 0.87))
    ground = sheet[2, 2].mean()
    above, below = (part(sheet, 0, PICTURE_HEIGHT + BAR + a, PICTURE_HEIGHT + BAR + b) - ground
                    for a, b in ((4, 29), (29, 50)))  # fmt: skip
    columns = [np.flatnonzero(each.max(axis=(0, 2)) > 60) for each in (above, below)]
    assert columns[0][0] <= 3
    assert columns[0][-1] > PICTURE_WIDTH - 12  # the number
    assert columns[1][-1] < PICTURE_WIDTH / 2
    assert below.max() < 0.85 * above.max()


def test_other_labels_times_and_numbers_are_other_pictures(tmp_path):
    cells = [("Dog", "0:01.0", 0.5), ("Cat", "0:01.0", 0.5), ("Dog", "0:02.0", 0.5)]
    texts = {drawn(tmp_path, cell)[GAP + PICTURE_HEIGHT + BAR :].tobytes() for cell in cells}
    assert len(texts) == 3
    numbers = {drawn(tmp_path, ("Dog", "", score))[GAP + PICTURE_HEIGHT + BAR :].tobytes()
               for score in (0.504, 0.5, 0.51)}  # fmt: skip
    assert len(numbers) == 2  # percent, rounded


def test_cells_follow_each_other_in_rows_of_four(tmp_path):
    sheet = drawn(tmp_path, *[("Dog", "", 0.5)] * 6)
    assert sheet.shape == (GAP + 2 * PITCH[1], GAP + 4 * PITCH[0], 3)
    for n in range(6):
        assert (part(sheet, n, 0, PICTURE_HEIGHT) == (0, 200, 0)).all()
    assert (part(sheet, 6, 0, PICTURE_HEIGHT) == sheet[2, 2]).all()
    assert drawn(tmp_path, ("Dog", "", 0.5)).shape[1] == GAP + PITCH[0]


@pytest.mark.parametrize("size", [(90, 160), (320, 100)])
def test_a_picture_of_another_shape_stands_in_the_middle(tmp_path, size):
    shown = part(drawn(tmp_path, ("Dog", "", 0.5), size=size), 0, 0, PICTURE_HEIGHT)
    green = (shown == (0, 200, 0)).all(axis=2)
    for axis, whole in ((0, PICTURE_WIDTH), (1, PICTURE_HEIGHT)):
        inside = np.flatnonzero(green.any(axis=axis))
        assert abs(inside[0] - (whole - 1 - inside[-1])) <= 1
    assert (shown[~green] < sheet_color(tmp_path)).all()  # darker than the sheet


def sheet_color(folder):
    return drawn(folder, ("Dog", "", 0.5))[2, 2]


def test_a_long_label_never_meets_the_number(tmp_path):
    sheet = drawn(tmp_path, ("Wide label " * 12, "", 1.0))
    ground = sheet[2, 2].mean()
    row = part(sheet, 0, PICTURE_HEIGHT + BAR + 4, PICTURE_HEIGHT + BAR + 29).max(axis=(0, 2))
    blank = np.flatnonzero(row - ground < 20)
    gaps = np.split(blank, np.flatnonzero(np.diff(blank) > 1) + 1)
    assert max(len(gap) for gap in gaps if gap[-1] < PICTURE_WIDTH - 3) >= 8
