"""The pictures of the sample film: ten drawn scenes, each a sound, in motion.

A scene is a function of the canvas, the second of the scene, and how loud it is just then, in
[0, 1]: what makes a sound moves with it. Coordinates are pixels of the film; everything is drawn
twice as large, which smooths the edges.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from sounds import BOOMS, FLASHES, MARIMBA_S, TICK_S, TUNE

SIZE = WIDTH, HEIGHT = 960, 540
_FINE = 2

Color = tuple[int, ...]
Point = tuple[float, float]


class Canvas:
    """A picture that is drawn on."""

    def __init__(self, ground: Image.Image) -> None:
        self._image = ground.copy()
        self._pen = ImageDraw.Draw(self._image, "RGBA")

    def polygon(self, points: Sequence[Point], color: Color) -> None:
        """A filled polygon."""
        self._pen.polygon([(x * _FINE, y * _FINE) for x, y in points], color)

    def line(self, points: Sequence[Point], color: Color, width: float = 2) -> None:
        """A line through some points."""
        fine = [(x * _FINE, y * _FINE) for x, y in points]
        self._pen.line(fine, color, max(1, round(width * _FINE)), "curve")

    def ellipse(self, x: float, y: float, rx: float, ry: float, color: Color) -> None:
        """A filled ellipse by its centre and half axes."""
        self._pen.ellipse([v * _FINE for v in (x - rx, y - ry, x + rx, y + ry)], color)

    def disc(self, x: float, y: float, r: float, color: Color) -> None:
        """A filled circle."""
        self.ellipse(x, y, r, r, color)

    def ring(self, x: float, y: float, r: float, color: Color, width: float) -> None:
        """A circle's outline."""
        box = [v * _FINE for v in (x - r, y - r, x + r, y + r)]
        self._pen.ellipse(box, None, color, max(1, round(width * _FINE)))

    def arc(self, x: float, y: float, r: float, ends: Point, color: Color, width: float) -> None:
        """A part of a circle, between two angles in degrees."""
        box = [v * _FINE for v in (x - r, y - r, x + r, y + r)]
        self._pen.arc(box, *ends, color, max(1, round(width * _FINE)))

    def box(self, x: float, y: float, w: float, h: float, color: Color, round_: float = 0) -> None:
        """A filled box, perhaps with round corners."""
        box = [v * _FINE for v in (x, y, x + w, y + h)]
        self._pen.rounded_rectangle(box, round_ * _FINE, color)

    def turned(
        self, points: Sequence[Point], at: Point, degrees: float, color: Color, scale: float = 1
    ) -> None:
        """A polygon around (0, 0), turned and put somewhere."""
        c, s = math.cos(math.radians(degrees)) * scale, math.sin(math.radians(degrees)) * scale
        self.polygon([(at[0] + x * c - y * s, at[1] + x * s + y * c) for x, y in points], color)

    def glow(self, x: float, y: float, r: float, color: Color, strength: float = 1.0) -> None:
        """Light that fades with the distance."""
        if strength <= 0.01:
            return
        side = round(2 * r * _FINE)
        mask = _falloff().resize((side, side)).point(lambda v: v * min(1.0, strength))
        self._image.paste(color, (round((x - r) * _FINE), round((y - r) * _FINE)), mask)

    def veil(self, color: Color, strength: float) -> None:
        """One colour over everything."""
        self._pen.rectangle((0, 0, *self._image.size), (*color[:3], round(255 * strength)))

    def picture(self) -> Image.Image:
        """In the film's size."""
        return self._image.resize(SIZE, Image.Resampling.BOX)


Scene = Callable[[Canvas, float, float], None]


@cache
def _falloff() -> Image.Image:
    y, x = np.mgrid[-1:1:128j, -1:1:128j]
    light = np.clip(1 - np.hypot(x, y), 0, 1) ** 2
    return Image.fromarray((255 * light).astype(np.uint8))


def gradient(*stops: tuple[float, Color]) -> Image.Image:
    """From top to bottom through colours at heights in [0, 1]."""
    rows = np.linspace(0, 1, HEIGHT * _FINE)
    at = [stop for stop, _ in stops]
    columns = [np.interp(rows, at, [color[i] for _, color in stops]) for i in range(3)]
    pixels = np.broadcast_to(np.stack(columns, axis=1)[:, None], (HEIGHT * _FINE, WIDTH * _FINE, 3))
    return Image.fromarray(np.ascontiguousarray(pixels.astype(np.uint8)))


def _oval(rx: float, ry: float, n: int = 28) -> list[Point]:
    angles = [2 * math.pi * i / n for i in range(n)]
    return [(rx * math.cos(a), ry * math.sin(a)) for a in angles]


def _leaf(length: float, width: float) -> list[Point]:
    side = [(length * i / 10, width * math.sin(math.pi * i / 10)) for i in range(11)]
    return side + [(x, -y) for x, y in reversed(side)]


def _scatter(n: int, seed: int, *spans: tuple[float, float]) -> list[list[float]]:
    """Random numbers, ``[n][len(spans)]``, the same for the same seed."""
    rng = np.random.default_rng(seed)
    return np.stack([rng.uniform(low, high, n) for low, high in spans], axis=1).tolist()


# the sea in the morning


def sea(c: Canvas, t: float, level: float) -> None:
    """Waves run up a beach; a boat, gulls."""
    c.glow(640, 262, 330, (255, 226, 170), 0.8)
    c.disc(640, 236, 44, (255, 246, 220))
    for x, y, size, speed in _scatter(9, 2, (0, 1100), (50, 170), (24, 54), (4, 10)):
        for dx, dy, r in ((-1.1, 0.15, 0.7), (0, 0, 1), (1.1, 0.2, 0.6)):
            middle = x + speed * t + dx * size - 80
            c.ellipse(middle, y + dy * size, r * size * 1.5, r * size * 0.45, (255, 236, 222, 80))
    c.box(0, 280, WIDTH, 260, (47, 122, 150))
    for x, y, length, phase in _scatter(90, 3, (-1, 1), (0, 1), (6, 34), (0, 6.3)):
        depth = y**1.6
        at = 640 + x * (40 + 170 * depth) + 6 * math.sin(2 * t + phase)
        glint = 110 + 90 * math.sin(3 * t + 2 * phase)
        c.line([(at - length / 2, 284 + 150 * depth), (at + length / 2, 284 + 150 * depth)],
               (255, 232, 190, round(glint)), 1 + 2 * depth)  # fmt: skip
    _boat(c, 200 + 9 * t, 292 + 3 * math.sin(1.7 * t), 3 * math.sin(1.7 * t + 1))
    shades = ((40, 110, 142), (33, 97, 130), (27, 84, 118), (21, 72, 106))
    for row, color in enumerate(shades):
        top = 316 + 34 * row + 5 * math.sin(1.3 * t + row)
        high, wide, fast = 4 + 2 * row, 38 + 16 * row, 1.6 - 0.2 * row
        crest = [
            (
                x,
                top
                + high * math.sin(x / wide + fast * t + 2 * row)
                + 3 * math.sin(x / 23 - t + row),
            )
            for x in range(0, WIDTH + 20, 12)
        ]
        c.polygon([*crest, (WIDTH, HEIGHT), (0, HEIGHT)], color)
        c.line(crest, (200, 228, 232, 70), 1.5)
    swell = 0.5 - 0.5 * math.cos(2 * math.pi * t / 4 + 0.6)
    edge = [(x, 478 - 34 * swell + 9 * math.sin(x / 90 + 0.8 * t) + 4 * math.sin(x / 31 - t))
            for x in range(0, WIDTH + 20, 10)]  # fmt: skip
    c.polygon([(0, HEIGHT), *[(x, y + 26) for x, y in edge], (WIDTH, HEIGHT)], (236, 205, 156))
    for lift, alpha, width in ((26, 70, 22), (20, 150, 12), (13, 235, 7)):
        c.line([(x, y + lift) for x, y in edge], (255, 255, 255, alpha), width)
    for x, y, r in _scatter(60, 7, (0, 960), (0, 1), (1, 3.4)):
        base = edge[min(len(edge) - 1, int(x / 10))][1]
        c.disc(x, base + 4 + 20 * y, r, (255, 255, 255, round(120 + 100 * level)))
    for n, (x, y, size) in enumerate(((330, 120, 16), (392, 152, 12), (285, 168, 10))):
        wing = math.sin(7 * t + 2 * n)
        x += 16 * t
        c.line([(x - size, y - size * 0.5 * wing), (x - size / 2, y - size * 0.35), (x, y),
                (x + size / 2, y - size * 0.35), (x + size, y - size * 0.5 * wing)],
               (70, 66, 92), 2.6)  # fmt: skip


def _boat(c: Canvas, x: float, y: float, lean: float) -> None:
    c.turned([(-34, 0), (34, 0), (24, 13), (-26, 13)], (x, y), lean, (110, 62, 52))
    c.turned([(-1.5, -66), (1.5, -66), (1.5, 0), (-1.5, 0)], (x, y), lean, (92, 58, 48))
    c.turned([(4, -62), (30, -6), (4, -6)], (x, y), lean, (255, 250, 240))
    c.turned([(-4, -54), (-26, -6), (-4, -6)], (x, y), lean, (244, 206, 170))


# birds on a branch


def birds(c: Canvas, t: float, level: float) -> None:
    """Two birds on a twig in blossom; one sings."""
    for x, y, r, green in _scatter(26, 11, (0, 960), (0, 540), (30, 90), (0, 1)):
        c.disc(x + 5 * math.sin(0.7 * t + x), y, r, (150 + round(60 * green), 214, 158, 46))
    sway = 5 * math.sin(1.2 * t)
    branch = [(-20, 420), (180, 396 + sway * 0.3), (420, 388 + sway * 0.6), (700, 352 + sway),
              (980, 300 + 1.4 * sway)]  # fmt: skip
    c.line(branch, (94, 66, 54), 20)
    c.line([(x, y - 5) for x, y in branch], (124, 90, 72), 6)
    c.line([(600, 366 + sway), (700, 270 + sway), (790, 214 + 1.3 * sway)], (94, 66, 54), 9)
    c.line([(250, 394 + sway * 0.4), (190, 300 + sway), (200, 230 + sway)], (94, 66, 54), 8)
    for x, y, turn, size in _LEAVES:
        c.turned(_leaf(size, size * 0.24), (x, y + sway), turn + 8 * math.sin(1.6 * t + x),
                 (98, 168, 92) if turn > 0 else (122, 190, 104))  # fmt: skip
    for x, y in _BLOSSOMS:
        for n in range(5):
            a = 2 * math.pi * n / 5 + x
            c.disc(x + 9 * math.cos(a), y + sway + 9 * math.sin(a), 8, (255, 214, 226))
        c.disc(x, y + sway, 5, (242, 150, 160))
    _bird(c, (560, 318 + sway - 3 * level), 1, (84, 138, 214), (250, 214, 130), 0.25 + level)
    hop = abs(math.sin(math.pi * t / 0.9)) * 7 if 1.2 < t < 2.1 else 0
    _bird(c, (352, 336 + 0.5 * sway - hop), -0.84, (226, 116, 92), (252, 232, 206), 0.1)


_LEAVES = [
    (198, 232, -100, 52), (190, 262, 20, 46), (196, 300, 160, 50), (214, 336, -30, 44),
    (788, 214, -60, 54), (770, 226, 40, 50), (742, 244, 130, 46), (712, 268, -20, 44),
    (690, 290, 190, 48), (90, 408, -70, 52), (60, 412, 40, 44), (880, 320, -110, 56),
    (900, 320, 60, 50), (820, 334, 80, 42), (480, 380, 50, 46), (140, 402, -130, 44),
]  # fmt: skip
_BLOSSOMS = [(176, 280), (222, 246), (806, 236), (752, 218), (108, 388), (866, 296), (930, 306)]


def _bird(c: Canvas, at: Point, way: float, coat: Color, chest: Color, beak: float) -> None:
    """A bird that looks to the right, or with a negative ``way`` to the left."""
    x, y = at
    size = abs(way)
    flip = math.copysign(1, way)

    def put(points: Sequence[Point], color: Color) -> None:
        c.polygon([(x + flip * size * px, y + size * py) for px, py in points], color)

    dark = tuple(round(0.72 * v) for v in coat)
    put([(-48, 22), (-118, 62), (-104, 74), (-36, 42)], dark)
    put([(px, py + 10) for px, py in _oval(58, 44)], coat)
    put([(px + 20, py + 20) for px, py in _oval(38, 34)], chest)
    put([(px + 34, py - 38) for px, py in _oval(34, 31)], coat)
    wing = [(-14, -10), (26, 12), (-6, 40), (-62, 38), (-74, 30)]
    put(wing, dark)
    gape = 11 * min(1.0, beak)
    put([(62, -44), (92, -40 - gape), (64, -34)], (246, 168, 66))
    put([(62, -36), (88, -34 + gape), (60, -28)], (226, 142, 52))
    put([(px + 44, py - 46) for px, py in _oval(6, 6)], (34, 30, 36))
    put([(px + 46, py - 48) for px, py in _oval(2, 2)], (255, 255, 255))
    for leg in (-8, 14):
        top, foot = (
            (x + flip * size * leg, y + size * 50),
            (x + flip * size * (leg + 2), y + size * 68),
        )
        c.line([top, foot], (120, 84, 60), 3)


# a clock in a room


def clock(c: Canvas, t: float, level: float) -> None:
    """A pendulum clock on a wall, a lamp, a chair's back."""
    for x in range(0, WIDTH, 60):
        c.box(x, 0, 26, 430, (126, 84, 74, 60))
    c.box(0, 430, WIDTH, 12, (92, 58, 50))
    c.box(0, 442, WIDTH, 98, (74, 46, 42))
    c.glow(780, 250, 340, (255, 206, 138), 0.55)
    c.box(776, 262, 8, 180, (60, 40, 38))
    c.polygon([(730, 262), (832, 262), (808, 170), (754, 170)], (255, 222, 160))
    c.box(744, 432, 72, 10, (60, 40, 38), 4)
    _pendulum_case(c, t)
    x, y, r = 430, 190, 122
    c.disc(x + 5, y + 8, r + 16, (40, 22, 20, 90))
    c.disc(x, y, r + 14, (96, 54, 36))
    c.disc(x, y, r + 6, (140, 86, 52))
    c.disc(x, y, r, (250, 242, 222))
    for hour in range(60):
        a = math.radians(6 * hour)
        inner = r - (18 if hour % 5 == 0 else 9)
        ends = [(x + q * math.sin(a), y - q * math.cos(a)) for q in (inner, r - 5)]
        c.line(ends, (70, 52, 48), 4 if hour % 5 == 0 else 1.5)
    for turn, length, width in ((305 + t / 120, 62, 8), (48 + t / 10, 92, 5)):
        a = math.radians(turn)
        s, k = math.sin(a), math.cos(a)
        c.line([(x - 14 * s, y + 14 * k), (x + length * s, y - length * k)], (44, 36, 40), width)
    n, since = divmod(t, TICK_S)
    jump = math.exp(-22 * since) * math.cos(46 * since)
    a = math.radians(3 * (n + 1 - jump))
    c.line([(x - 26 * math.sin(a), y + 26 * math.cos(a)),
            (x + 104 * math.sin(a), y - 104 * math.cos(a))], (206, 60, 52), 2.6)  # fmt: skip
    c.disc(x, y, 7, (206, 60, 52))


def _pendulum_case(c: Canvas, t: float) -> None:
    c.box(372, 300, 126, 166, (44, 24, 20, 90), 8)
    c.box(366, 292, 128, 168, (96, 54, 36), 8)
    c.box(378, 300, 104, 150, (52, 30, 26), 5)
    a = 0.26 * math.cos(math.pi * t / TICK_S)
    at = 430 + 118 * math.sin(a), 300 + 118 * math.cos(a)
    c.line([(430, 300), at], (214, 176, 96), 4)
    c.disc(*at, 22, (226, 184, 96))
    c.disc(at[0] - 5, at[1] - 5, 12, (250, 220, 150))
    c.polygon([(378, 450), (378, 300), (402, 300), (384, 450)], (255, 255, 255, 18))


# a telephone at night


def phone(c: Canvas, t: float, level: float) -> None:
    """An old telephone that shakes while it rings."""
    c.box(560, 40, 300, 240, (18, 30, 66))
    c.glow(760, 110, 90, (220, 226, 255), 0.5)
    c.disc(760, 110, 30, (240, 240, 226))
    for x, y, r in _scatter(28, 5, (566, 854), (46, 270), (0.6, 1.6)):
        c.disc(x, y, r, (220, 226, 255, 150))
    for part in ((552, 32, 316, 10), (552, 276, 316, 12), (552, 32, 10, 250), (858, 32, 10, 250),
                 (706, 36, 8, 244)):  # fmt: skip
        c.box(*part, (70, 50, 62))
    c.glow(170, 170, 380, (255, 196, 120), 0.5)
    c.polygon([(96, 150), (244, 150), (212, 66), (128, 66)], (250, 190, 110))
    c.box(166, 150, 9, 236, (54, 38, 46))
    c.box(120, 380, 100, 12, (54, 38, 46), 5)
    c.box(0, 388, WIDTH, 152, (104, 62, 46))
    c.box(0, 388, WIDTH, 7, (140, 88, 62))
    for n in range(3):
        grow = (t * 1.6 + n / 3) % 1
        for begin in (200, 320):
            c.arc(480, 300, 170 + 110 * grow, (begin - 24, begin + 24),
                  (255, 240, 200, round(210 * (1 - grow) * min(1.0, 1.4 * level))), 5)  # fmt: skip
    shake = 3.5 * math.sin(95 * t) * min(1.0, 1.5 * level)
    c.ellipse(480, 446, 178, 20, (40, 20, 20, 130))
    _telephone(c, 480 + shake, 340, -10 * min(1.0, 1.5 * level) * abs(math.sin(47 * t)) * 0.5)


def _telephone(c: Canvas, x: float, y: float, lift: float) -> None:
    red, dark, bright = (196, 46, 52), (140, 28, 40), (232, 94, 88)
    c.polygon([(x - 92, y - 30), (x + 92, y - 30), (x + 156, y + 96), (x - 156, y + 96)], red)
    c.box(x - 160, y + 84, 320, 22, dark, 10)
    c.polygon([(x - 84, y - 24), (x - 40, y - 24), (x - 80, y + 82), (x - 134, y + 82)],
              (*bright, 70))  # fmt: skip
    for side in (-1, 1):
        c.box(x + side * 58 - 11, y - 64, 22, 40, dark, 5)
    c.ellipse(x, y + 36, 66, 52, (246, 236, 220))
    for n in range(10):
        a = math.radians(-60 - 30 * n)
        c.ellipse(x + 48 * math.cos(a), y + 36 + 37 * math.sin(a), 8, 6.6, (110, 34, 40))
    c.ellipse(x, y + 36, 24, 19, red)
    c.ellipse(x - 5, y + 31, 9, 6, bright)
    top = y - 84 + lift
    c.box(x - 130, top - 4, 260, 26, red, 13)
    c.box(x - 120, top, 240, 7, bright, 3)
    for side in (-1, 1):
        c.box(x + side * 128 - 34, top - 4, 68, 46, red, 18)
        c.box(x + side * 128 - 30, top + 28, 60, 14, dark, 7)


# rain on a window


def rain(c: Canvas, t: float, level: float) -> None:
    """Drops run down a window; behind it the lights of a town, before it a cup of tea."""
    for x, y, r, alpha in _scatter(320, 21, (0, 960), (0, 430), (1.0, 3.6), (60, 150)):
        c.ellipse(x, y, r, r * 1.15, (206, 222, 240, round(alpha)))
        c.disc(x - r * 0.3, y - r * 0.35, r * 0.35, (255, 255, 255, 190))
    for x, start, speed, size, wind in _scatter(
        46, 22, (0, 960), (-500, 420), (60, 240), (3.2, 6.5), (0, 6.3)
    ):
        run = speed * t + 26 * math.sin(2.2 * t + wind)
        y = (start + max(0.0, run) + 520) % 980 - 520
        trail = [(x + 3 * math.sin(q / 17 + wind), y - q) for q in range(0, 130, 12)]
        c.line(trail, (214, 228, 244, 46), size * 0.9)
        c.ellipse(x + 3 * math.sin(wind), y, size, size * 1.35, (224, 236, 250, 220))
        c.disc(x - size * 0.3, y - size * 0.5, size * 0.36, (255, 255, 255))
    for x, y, length, phase in _scatter(60, 23, (-60, 1000), (0, 1), (14, 34), (0, 1)):
        fall = (phase + 1.9 * t * (0.7 + 0.5 * y)) % 1 * 640 - 60
        c.line([(x, fall), (x - 4, fall + length)], (220, 232, 246, 70), 1.2)
    frame = (48, 40, 46)
    for part in ((0, 0, WIDTH, 22), (0, 0, 26, 440), (934, 0, 26, 440), (470, 0, 18, 440)):
        c.box(*part, frame)
    c.box(0, 424, WIDTH, 116, (66, 52, 54))
    c.box(0, 424, WIDTH, 9, (96, 78, 76))
    for n in range(3):
        wave = [
            (716 + 15 * n + 9 * math.sin(q / 15 - 2.4 * t + n), 392 - q) for q in range(0, 90, 8)
        ]
        c.line(wave, (240, 240, 246, 46), 6)
    c.ring(792, 438, 24, (226, 120, 84), 9)
    c.box(690, 396, 96, 92, (226, 120, 84), 14)
    c.box(698, 404, 16, 74, (240, 150, 112), 8)
    c.ellipse(738, 398, 48, 9, (186, 92, 62))
    c.ellipse(738, 399, 40, 6.5, (92, 52, 36))
    c.box(150, 476, 190, 18, (88, 118, 140), 4)
    c.box(164, 458, 176, 18, (190, 148, 92), 4)
    c.box(156, 440, 168, 18, (150, 78, 74), 4)


@cache
def _town() -> Image.Image:
    """Lights of a town out of focus."""
    ground = gradient((0, (22, 30, 56)), (0.55, (48, 58, 92)), (1, (30, 34, 56)))
    pen = ImageDraw.Draw(ground, "RGBA")
    hues = ((255, 186, 92), (255, 120, 96), (120, 200, 255), (255, 232, 170), (150, 230, 190))
    for n, (x, y, r, alpha) in enumerate(
        _scatter(70, 20, (0, 960), (110, 410), (12, 36), (50, 130))
    ):
        box = [v * _FINE for v in (x - r, y - r, x + r, y + r)]
        pen.ellipse(box, (*hues[n % 5], round(alpha)))
    return ground.filter(ImageFilter.GaussianBlur(9))


# a thunderstorm


def thunder(c: Canvas, t: float, level: float) -> None:
    """Lightning over hills, a house, a tree in the wind."""
    since = [t - at for at in FLASHES if t >= at]
    flash = max((math.exp(-5 * s) * (0.6 + 0.4 * math.cos(40 * s)) for s in since), default=0.0)
    for x, y, size, shade in _scatter(26, 31, (-100, 1060), (10, 150), (60, 130), (0, 1)):
        tone = 34 + round(24 * shade + 90 * flash)
        c.ellipse(x + 14 * t, y, size * 1.6, size * 0.62, (tone, tone + 4, tone + 18, 210))
    for s, at, seed in ((t - FLASHES[0], 640, 5), (t - FLASHES[1], 330, 12)):
        if 0 <= s < 0.5:
            _bolt(c, at, seed, math.exp(-6 * s))
    lit = round(70 * flash)
    hills = (((34, 44, 62), 340, 46, 210, 0.4), ((26, 36, 48), 386, 30, 150, 2.0),
             ((18, 28, 34), 432, 18, 120, 4.1))  # fmt: skip
    for color, base, high, wide, phase in hills:
        edge = [(x, base - high * math.sin(x / wide + phase)) for x in range(0, WIDTH + 20, 16)]
        c.polygon([(0, HEIGHT), *edge, (WIDTH, HEIGHT)], tuple(v + lit for v in color))
    _house(c, 690, 400, lit)
    _tree(c, 240, 452, 10 + 7 * math.sin(2.1 * t) + 4 * math.sin(5.3 * t), lit)
    for x, phase, speed in _scatter(130, 33, (-40, 1100), (0, 1), (0.9, 1.5)):
        y = (phase + speed * 1.7 * t) % 1 * 620 - 50
        c.line([(x - y * 0.16, y), (x - y * 0.16 - 7, y + 34)], (196, 208, 232, 64), 1.3)
    c.veil((226, 232, 255), 0.42 * flash)


def _bolt(c: Canvas, x: float, seed: int, light: float) -> None:
    rng = np.random.default_rng(seed)
    points: list[Point] = [(x, 60.0)]
    while points[-1][1] < 352:
        points.append((points[-1][0] + rng.normal(0, 26), points[-1][1] + rng.uniform(16, 36)))
        if rng.random() < 0.35:
            side = [points[-1]]
            for _ in range(4):
                step = rng.normal(0, 18) + 12
                side.append((side[-1][0] + step, side[-1][1] + rng.uniform(10, 24)))
            c.line(side, (214, 222, 255, round(170 * light)), 2)
    for width, alpha in ((18, 40), (8, 110), (3.4, 255)):
        c.line(points, (236, 240, 255, round(alpha * light)), width)


def _house(c: Canvas, x: float, y: float, lit: int) -> None:
    c.box(x, y - 56, 118, 70, (46 + lit, 40 + lit, 46 + lit))
    c.polygon(
        [(x - 14, y - 54), (x + 132, y - 54), (x + 59, y - 108)], (34 + lit, 26 + lit, 32 + lit)
    )
    c.glow(x + 36, y - 24, 60, (255, 208, 120), 0.5)
    c.box(x + 20, y - 40, 32, 32, (255, 216, 130))
    c.line([(x + 36, y - 40), (x + 36, y - 8)], (46, 36, 40), 3)
    c.line([(x + 20, y - 24), (x + 52, y - 24)], (46, 36, 40), 3)
    c.box(x + 74, y - 36, 24, 50, (28 + lit, 22 + lit, 28 + lit))


def _tree(c: Canvas, x: float, y: float, lean: float, lit: int) -> None:
    c.line(
        [(x, y), (x + lean * 0.7, y - 70), (x + lean * 2, y - 130)], (30 + lit, 24 + lit, 28), 13
    )
    for dx, dy, r in ((-34, -128, 36), (0, -160, 44), (38, -134, 36), (4, -118, 42)):
        c.disc(x + dx + lean * (-dy) / 60, y + dy, r, (22 + lit, 44 + lit, 40 + lit))


# a siren passes


def siren(c: Canvas, t: float, level: float) -> None:
    """A police car comes down a street at night, and is gone."""
    x = -260 + 1420 * (t / 4)
    blink = math.sin(2 * math.pi * 3.2 * t) > 0
    hue = (255, 48, 60) if blink else (70, 110, 255)
    c.glow(x + 130, 420, 520, hue, 0.5)
    c.box(0, 408, WIDTH, 132, (34, 34, 48))
    c.box(0, 400, WIDTH, 12, (70, 68, 84))
    for n in range(-1, 8):
        c.box(n * 150 + 20, 484, 76, 7, (206, 198, 170))
    for lamp in (110, 430, 750):
        c.box(lamp - 3, 196, 6, 206, (26, 26, 38))
        c.line([(lamp, 198), (lamp + 40, 188)], (26, 26, 38), 5)
        c.glow(lamp + 42, 196, 110, (255, 214, 140), 0.6)
        c.polygon([(lamp + 36, 196), (lamp + 48, 196), (lamp + 110, 404), (lamp - 30, 404)],
                  (255, 220, 150, 26))  # fmt: skip
        c.disc(lamp + 42, 192, 7, (255, 240, 200))
        c.ellipse(lamp + 42, 452, 80, 9, (255, 220, 150, 40))
    c.ellipse(x + 130, 500, 190, 22, (*hue, 70))
    _police_car(c, x, 452 + 1.5 * math.sin(25 * t), t, blink=blink)


def _police_car(c: Canvas, x: float, y: float, t: float, *, blink: bool) -> None:
    c.ellipse(x + 132, y + 34, 160, 13, (10, 10, 18, 150))
    c.polygon([(x + 262, y - 14), (x + 500, y - 44), (x + 500, y + 54), (x + 262, y + 2)],
              (255, 246, 200, 46))  # fmt: skip
    c.polygon(
        [(x + 52, y - 42), (x + 86, y - 92), (x + 176, y - 92), (x + 214, y - 42)], (30, 34, 52)
    )
    c.polygon([(x + 64, y - 44), (x + 92, y - 84), (x + 126, y - 84), (x + 126, y - 44)],
              (132, 168, 200))  # fmt: skip
    c.polygon([(x + 134, y - 44), (x + 134, y - 84), (x + 172, y - 84), (x + 200, y - 44)],
              (132, 168, 200))  # fmt: skip
    c.box(x - 4, y - 46, 272, 62, (236, 238, 244), 16)
    c.box(x - 4, y - 18, 272, 20, (36, 64, 140), 4)
    for n in range(7):
        c.box(x + 8 + 38 * n, y - 14, 19, 12, (246, 214, 70))
    c.box(x + 252, y - 30, 16, 14, (255, 250, 220), 5)
    c.box(x - 6, y - 30, 12, 14, (220, 40, 40), 5)
    c.box(x + 92, y - 102, 84, 10, (40, 42, 58), 4)
    for side, hue, on in ((98, (255, 50, 60), blink), (136, (80, 120, 255), not blink)):
        color = hue if on else tuple(round(v * 0.4) for v in hue)
        c.box(x + side, y - 112, 34, 14, color, 6)
        if on:
            c.glow(x + side + 17, y - 106, 150, hue, 0.9)
            c.disc(x + side + 17, y - 105, 6, (255, 255, 255))
    for wheel in (52, 212):
        c.disc(x + wheel, y + 14, 27, (20, 20, 28))
        c.disc(x + wheel, y + 14, 15, (176, 180, 192))
        for spoke in range(5):
            a = 14 * t + spoke * 2 * math.pi / 5
            c.line([(x + wheel, y + 14), (x + wheel + 14 * math.cos(a), y + 14 + 14 * math.sin(a))],
                   (70, 74, 88), 3)  # fmt: skip


@cache
def _street() -> Image.Image:
    """Houses with lit windows at night."""
    ground = gradient(
        (0, (16, 18, 46)), (0.6, (58, 40, 86)), (0.76, (110, 66, 96)), (1, (30, 30, 44))
    )
    c = Canvas(ground)
    for x, y, r in _scatter(90, 40, (0, 960), (0, 200), (0.5, 1.5)):
        c.disc(x, y, r, (230, 230, 255, 170))
    rng = np.random.default_rng(41)
    for color, low, high, wide in (((38, 30, 66), 120, 250, 84), ((24, 22, 46), 60, 200, 128)):
        for n in range(-1, 13):
            x, top = n * wide + rng.uniform(-12, 12), 404 - rng.uniform(low, high + 60)
            c.box(x, top, wide - 4, 420 - top, color)
            for column in range(int((wide - 24) // 22)):
                for row in range(int((396 - top) // 30)):
                    if rng.random() < 0.42:
                        light = (255, 214, 130) if rng.random() < 0.8 else (170, 210, 255)
                        c.box(x + 13 + 22 * column, top + 14 + 30 * row, 11, 16, (*light, 220))
    return c._image


# a marimba


def marimba(c: Canvas, t: float, level: float) -> None:
    """Two mallets on the bars of a marimba; each note moves its bar."""
    c.glow(480, 200, 560, (255, 190, 120), 0.5)
    note = min(int(t / MARIMBA_S), len(TUNE) - 1)
    since = t - note * MARIMBA_S
    struck = {TUNE[n]: t - n * MARIMBA_S for n in range(max(0, note - 3), note + 1)}
    for n in range(_N_BARS):
        x, top, height = _bar_at(n)
        c.box(x + 12, top + height - 6, 36, 300 - 9 * n, (196, 164, 96), 6)
        c.box(x + 17, top + height - 6, 9, 300 - 9 * n, (238, 214, 150), 4)
    c.box(0, 412, WIDTH, 26, (74, 40, 30))
    c.box(0, 412, WIDTH, 6, (110, 64, 46))
    for n in range(_N_BARS):
        x, top, height = _bar_at(n)
        shake = 0.0
        if n in struck:
            shake = 4 * math.exp(-7 * struck[n]) * math.sin(60 * struck[n])
            c.glow(x + 30, top + height / 2, 120, (255, 232, 180), 0.7 * math.exp(-6 * struck[n]))
        c.box(x + 3, top + 8, 60, height, (50, 26, 22, 120), 6)
        c.box(x, top + shake, 60, height, (178 - 3 * n, 92 + 2 * n, 58), 6)
        c.box(x + 5, top + 5 + shake, 12, height - 10, (214, 132, 88), 5)
        for hole in (0.16, 0.84):
            c.disc(x + 30, top + hole * height + shake, 4, (60, 30, 26))
    for hand in (0, 1):
        _mallet(c, t, hand, note, since)
    for n, (x, phase) in enumerate(((170, 0.0), (420, 0.35), (640, 0.7), (830, 0.5))):
        rise = (0.42 * t + phase) % 1
        _note(c, x + 26 * math.sin(5 * rise + n), 190 - 180 * rise, 255 * math.sin(math.pi * rise))


_N_BARS = 13


def _bar_at(n: int) -> tuple[float, float, float]:
    """Left, top and height of a bar: lower notes have longer ones."""
    height = 210 - 9 * n
    return 28 + 70 * n, 300 - height / 2, height


def _mallet(c: Canvas, t: float, hand: int, note: int, since: float) -> None:
    """It strikes every other note, and is on its way to the next between."""
    mine = note if note % 2 == hand else note - 1
    following = min(mine + 2, len(TUNE) - 1)
    if mine < 0:
        mine, way = following, 1.0
    else:
        way = min(1.0, (t - mine * MARIMBA_S) / (2 * MARIMBA_S))
    places = [_bar_at(TUNE[k]) for k in (mine, following)]
    x = 30 + places[0][0] * (1 - way) + places[1][0] * way
    up = 92 * max(0.0, math.sin(math.pi * way)) ** 0.7
    y = 300 + 26 * hand - up
    c.line([(x, y), (x + 84 - 168 * hand, y + 420)], (230, 200, 150), 7)
    c.disc(x, y, 21, (170, 40, 60) if hand else (44, 84, 160))
    c.disc(x - 6, y - 7, 7, (236, 120, 130) if hand else (120, 160, 230))


def _note(c: Canvas, x: float, y: float, alpha: float) -> None:
    color = (255, 236, 196, round(0.8 * alpha))
    c.turned(_oval(13, 9), (x, y), -20, color)
    c.line([(x + 11, y - 2), (x + 11, y - 48)], color, 3.5)
    c.line([(x + 11, y - 48), (x + 26, y - 36), (x + 26, y - 26)], color, 4)


# applause


def applause(c: Canvas, t: float, level: float) -> None:
    """A musician bows; the hall claps."""
    c.polygon([(380, 0), (580, 0), (700, 420), (260, 420)], (255, 244, 206, 54))
    c.ellipse(480, 414, 216, 28, (255, 244, 206, 110))
    bow = math.sin(math.pi * min(1.0, max(0.0, (t - 0.5) / 2.2)))
    _musician(c, 480, 404, 62 * bow)
    for x, phase, speed, turn, n in _scatter(
        46, 51, (0, 960), (0, 1), (0.14, 0.26), (0, 360), (0, 5)
    ):
        y = (phase + speed * t) % 1 * 480 - 30
        hue = ((255, 206, 84), (240, 96, 110), (110, 196, 240), (170, 224, 130), (250, 250, 250))
        sheet = [(-5, -3), (5, -3), (5, 3), (-5, 3)]
        c.turned(sheet, (x + 16 * math.sin(2 * t + turn), y), turn + 200 * t, hue[int(n)])
    for row, (y, size, shade) in enumerate(((432, 25, 52), (476, 33, 36), (526, 43, 22))):
        n_heads = (15, 12, 9)[row]
        for n in range(n_heads):
            x = (n + 0.5 + 0.24 * math.sin(7 * n + row)) * WIDTH / n_heads
            _clapper(c, x, y, size, shade, t * (5.2 + (n * 7 + row) % 5 * 0.3) + n * 1.7)


def _clapper(c: Canvas, x: float, y: float, size: float, shade: int, phase: float) -> None:
    """Somebody from behind with the hands above the head."""
    color = (shade, round(0.62 * shade), round(0.9 * shade))
    apart = size * (0.16 + 0.42 * abs(math.sin(math.pi * phase / 1.6)))
    for side in (-1, 1):
        hand = x + side * apart, y - 1.75 * size
        c.line([(x + side * size, y + size), (x + side * size * 1.15, y - 0.5 * size), hand],
               color, size * 0.3)  # fmt: skip
        c.turned(_oval(size * 0.16, size * 0.36), hand, 14 * side, color)
    c.disc(x, y - 0.35 * size, size * 0.58, color)
    c.box(x - size, y + 0.15 * size, 2 * size, 3 * size, color, size * 0.7)


def _musician(c: Canvas, x: float, y: float, bow: float) -> None:
    """Beside a marimba, mallets in the hands; ``bow`` in degrees."""
    suit, skin = (30, 32, 52), (236, 188, 150)
    for foot in (-13, 13):
        c.line([(x + foot, y), (x + foot * 0.8, y - 84)], suit, 17)
        c.ellipse(x + foot + 4, y, 14, 6, (20, 18, 26))
    a = math.radians(bow)
    hip = x, y - 84
    neck = hip[0] + 84 * math.sin(a), hip[1] - 84 * math.cos(a)
    head = hip[0] + 112 * math.sin(a * 1.12), hip[1] - 112 * math.cos(a * 1.12)
    c.line([hip, neck], suit, 42)
    c.disc(*hip, 20, suit)
    c.disc(*head, 21, skin)
    c.turned([(-21, -4), (-16, -19), (0, -24), (16, -19), (21, -4)], head, bow, (66, 40, 30))
    hand = neck[0] + 30, neck[1] + 66
    c.line([neck, hand], suit, 13)
    c.disc(*hand, 8, skin)
    other = neck[0] - 26, neck[1] + 62
    c.line([neck, other], suit, 13)
    c.disc(*other, 8, skin)
    for at, color in ((hand, (170, 40, 60)), (other, (44, 84, 160))):
        c.line([at, (at[0] + 10, at[1] + 34)], (230, 200, 150), 3)
        c.disc(at[0] + 11, at[1] + 37, 7, color)
    c.box(x - 190, y - 66, 130, 12, (74, 40, 30), 4)
    for n in range(8):
        c.box(x - 188 + 16 * n, y - 78 + n, 13, 30 - 2 * n, (184, 98, 60), 3)
    for foot in (x - 176, x - 76):
        c.line([(foot, y - 56), (foot, y + 2)], (74, 40, 30), 6)


@cache
def _hall() -> Image.Image:
    """A curtain in folds above a stage."""
    x = np.arange(WIDTH * _FINE) / _FINE
    fold = 0.5 + 0.5 * np.sin(x / 15 + 2.2 * np.sin(x / 90))
    curtain = np.stack([70 + 100 * fold, 12 + 22 * fold, 24 + 26 * fold], axis=1)
    fade = np.linspace(1.0, 0.72, HEIGHT * _FINE)[:, None, None]
    ground = Image.fromarray((curtain[None] * fade).astype(np.uint8))
    pen = ImageDraw.Draw(ground)
    pen.rectangle([0, 388 * _FINE, WIDTH * _FINE, HEIGHT * _FINE], (92, 58, 44))
    for n in range(8):
        y = (392 + 9 * n + n * n) * _FINE
        pen.line([0, y, WIDTH * _FINE, y], (74, 46, 36), 3)
    for n in range(13):
        box = [v * _FINE for v in (n * 80 - 40, -62, n * 80 + 40, 54)]
        pen.ellipse(box, (120, 22, 36), (214, 170, 84), 6)
    return ground


# fireworks

_PLACES = [(300, 170), (640, 130), (480, 210), (770, 190), (190, 150), (560, 110), (400, 150)]
_HUES = [(255, 196, 90), (120, 190, 255), (255, 110, 130), (150, 240, 160), (220, 150, 255),
         (255, 236, 180), (255, 130, 80)]  # fmt: skip


def fireworks(c: Canvas, t: float, level: float) -> None:
    """Rockets burst over a town at a lake, and in the water."""
    for at, (x, y), hue, seed in zip(BOOMS, _PLACES, _HUES, range(60, 70), strict=False):
        since = t - at
        if -0.55 < since < 0:
            rise = 1 + since / 0.55
            top = 380 - (380 - y) * rise**0.7
            c.line([(x - 6 * (1 - rise), top + 34), (x, top)], (*hue, 170), 3)
        elif 0 <= since < 1.7:
            c.glow(x, y, 270, hue, 0.75 * math.exp(-6 * since))
            c.glow(x, 470, 200, hue, 0.3 * math.exp(-4 * since))
            _burst(c, x, y, hue, since, seed)
    for n, (x, width, height) in enumerate(_SKYLINE):
        c.box(x, 386 - height, width, height + 6, (12, 12, 26))
        for k in range(int(height // 16)):
            if (n * 7 + k * 5) % 4 == 0:
                c.box(x + 6 + (k * 11 + n * 5) % max(8, width - 14), 392 - height + 15 * k, 4, 6,
                      (255, 214, 130, 190))  # fmt: skip
    c.line([(0, 390), (WIDTH, 390)], (20, 20, 40), 4)


_SKYLINE = [
    (40 * n - 10, 36 + 8 * math.sin(3 * n), 26 + 34 * abs(math.sin(1.7 * n + 0.4)))
    for n in range(26)
]


def _burst(c: Canvas, x: float, y: float, hue: Color, since: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    angles, speeds = rng.uniform(0, 2 * math.pi, 84), rng.uniform(0.45, 1, 84)
    fade = max(0.0, 1 - since / 1.7)

    def at(angle: float, speed: float, s: float) -> Point:
        reach = 165 * speed * (1 - math.exp(-3.2 * s))
        return x + reach * math.cos(angle), y + reach * math.sin(angle) + 42 * s * s

    for angle, speed in zip(angles.tolist(), speeds.tolist(), strict=True):
        trail = [at(angle, speed, max(0.0, since - back)) for back in (0.16, 0.08, 0.0)]
        c.line(trail, (*hue, round(235 * fade)), 1 + 1.8 * fade)
        c.disc(*trail[-1], 1.2 + 1.2 * fade, (255, 250, 236, round(255 * fade)))
        mirrored = [(px, 394 + 0.42 * (390 - py)) for px, py in trail]
        if mirrored[-1][1] > 396:
            c.line(mirrored, (*hue, round(70 * fade)), 1.6)


_SKIES: dict[str, tuple[tuple[float, Color], ...]] = {
    "sea": ((0, (94, 132, 178)), (0.36, (248, 196, 156)), (0.53, (255, 222, 170)),
            (1, (47, 122, 150))),
    "birds": ((0, (214, 238, 214)), (1, (158, 212, 168))),
    "clock": ((0, (104, 66, 62)), (1, (140, 92, 76))),
    "phone": ((0, (70, 52, 74)), (1, (98, 68, 76))),
    "thunder": ((0, (26, 30, 50)), (0.7, (70, 78, 104)), (1, (30, 36, 44))),
    "marimba": ((0, (70, 38, 40)), (1, (112, 62, 48))),
    "fireworks": ((0, (8, 10, 34)), (0.7, (34, 28, 70)), (0.73, (16, 18, 44)), (1, (10, 14, 36))),
}  # fmt: skip
_GROUNDS = {"rain": _town, "siren": _street, "applause": _hall}
SCENES: dict[str, Scene] = {
    each.__name__: each
    for each in (
        sea, birds, clock, phone, rain, thunder, siren, marimba, applause, fireworks
    )
}  # fmt: skip
"""Each scene by name."""


@cache
def _ground(name: str) -> Image.Image:
    """What is behind a scene."""
    return _GROUNDS[name]() if name in _GROUNDS else gradient(*_SKIES[name])


def picture(name: str, t: float, level: float) -> Image.Image:
    """One frame of a scene.

    Args:
        name: Of ``SCENES``.
        t: Second of the scene.
        level: How loud it is just then, in [0, 1].
    """
    canvas = Canvas(_ground(name))
    SCENES[name](canvas, t, level)
    return canvas.picture()
