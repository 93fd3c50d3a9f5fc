"""Ways to damage bytes."""

import random

_EXTREMES = (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFE, 0x00010000, 0x7F)


def mutated(chance: random.Random, data: bytes) -> tuple[bytes, str]:
    """The bytes, damaged once to thrice, and how, in words."""
    said = []
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        way = chance.choice(_WAYS)
        data, where = way(chance, data)
        said.append(f"{way.__name__.strip('_')} {where}")
    return data, ", ".join(said)


def _place(chance: random.Random, data: bytes) -> int:
    """Anywhere, and half of the time at an end, where headers and indexes are."""
    near = min(len(data), 2048)
    return chance.choice((
        chance.randrange(len(data) or 1), chance.randrange(len(data) or 1),
        chance.randrange(near or 1), max(0, len(data) - 1 - chance.randrange(near or 1)),
    ))  # fmt: skip


def _bits(chance, data):
    changed, places = bytearray(data), []
    for _ in range(chance.choice((1, 1, 3, 10, 100))):
        if changed:
            places.append(_place(chance, data))
            changed[places[-1]] ^= 1 << chance.randrange(8)
    return bytes(changed), f"at {places[:3]} ({len(places)})"


def _noise(chance, data):
    start, n = _place(chance, data), chance.choice((4, 16, 200, 2000))
    n = min(n, len(data) - start)
    return data[:start] + chance.randbytes(n) + data[start + n :], f"{n} from {start}"


def _same(chance, data):
    start, n, value = _place(chance, data), chance.choice((4, 64, 1000)), chance.choice((0, 255))
    n = min(n, len(data) - start)
    return data[:start] + bytes([value]) * n + data[start + n :], f"{n} of {value} from {start}"


def _cut(chance, data):
    end = _place(chance, data)
    return data[:end], f"to {end}"


def _without(chance, data):
    start, n = _place(chance, data), chance.choice((1, 7, 188, 1000))
    return data[:start] + data[start + n :], f"{n} from {start}"


def _twice(chance, data):
    start, n = _place(chance, data), chance.choice((1, 16, 188, 3000))
    return data[: start + n] + data[start:], f"{n} from {start}"


def _number(chance, data):
    start, value = _place(chance, data), chance.choice(_EXTREMES)
    order = chance.choice(("big", "little"))
    number = value.to_bytes(4, order)
    return data[:start] + number + data[start + 4 :], f"{value:#x} ({order}) at {start}"


def _behind(chance, data):
    n = chance.choice((1, 100, 5000))
    return data + chance.randbytes(n), f"{n}"


def _moved(chance, data):
    a, b = sorted((_place(chance, data), _place(chance, data)))
    n = min(chance.choice((16, 500)), b - a)
    swapped = data[:a] + data[b : b + n] + data[a + n : b] + data[a : a + n] + data[b + n :]
    return swapped, f"{n} between {a} and {b}"


_WAYS = (_bits, _bits, _noise, _same, _cut, _without, _twice, _number, _number, _behind, _moved)
