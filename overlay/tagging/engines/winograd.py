"""Convolutions by Winograd's algorithm: a third of the multiplications, the same answers.

A tile of m x m results of an r x r convolution needs (m + r - 1)^2 products instead of (m r)^2:

    Y = A^T ((G g G^T) . (B^T d B)) A

with d the tile's input, g the filter, and "." the product of entries, which over all tiles and
channels is one matrix product for each entry. All of it is NumPy's matrix product.

Source:
    Lavin, Gray, "Fast Algorithms for Convolutional Neural Networks", arXiv:1509.09308.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Map = npt.NDArray[np.float32]
"""Feature maps, ``[n, n_columns, n_bands, n_channels]``: time, then frequency."""
Matrix = npt.NDArray[np.float64]

_POINTS = (0, 1, -1, 2, -2, 0.5, -0.5)
_LARGEST = 5
"""Larger tiles lose digits and need larger filters."""
_CACHED = 16_000
"""Entries of tiles, by channels, that are worked on at once."""


def transforms(n_results: int, size: int) -> tuple[Matrix, Matrix, Matrix]:
    """A^T, G and B^T for ``n_results`` of a one-dimensional correlation with ``size`` taps.

        y = A^T ((G g) . (B^T d))

    by interpolation at n = n_results + size - 2 points a_j and at infinity:

        A^T[i, j] = a_j^i,   G[j, k] = a_j^k / prod(a_j - a_l),   B^T[j] = prod(x - a_l),   l != j

    where a row of B^T holds the coefficients of that polynomial in x, the constant first.
    """
    points = np.array(_POINTS[: n_results + size - 2], np.float64)
    n = len(points) + 1
    a, g, b = np.zeros((n_results, n)), np.zeros((n, size)), np.zeros((n, n))
    for j, point in enumerate(points):
        others = np.delete(points, j)
        a[:, j] = point ** np.arange(n_results)
        g[j] = point ** np.arange(size) / np.prod(point - others)
        b[j, : n - 1] = np.poly(others)[::-1]
    a[-1, -1] = g[-1, -1] = 1
    b[-1] = np.poly(points)[::-1]
    return a, g, b


def tile_for(n_results: int, size: int) -> int:
    """Tile that needs the fewest products for a row of results; the smaller one of two."""
    tiles = range(2, min(_LARGEST, len(_POINTS) + 2 - size) + 1)
    return min(tiles, key=lambda tile: -(-n_results // tile) * (tile + size - 1))


class Convolution:
    """Convolution with stride 1, bias and rectifier; zeros around the bands, none around time.

    Args:
        weight: Square filters, ``[n_out, n_in, size, size]``.
        bias: ``[n_out]``.
        tile: Results of a tile in time and in frequency, 2 to 5, or to 4 if ``size`` is 5.
    """

    def __init__(self, weight: Map, bias: Map, tile: tuple[int, int]) -> None:
        self.radius = weight.shape[-1] // 2
        self._bias = bias.astype(np.float32)
        self._tile = tile
        (a, g, b), (a2, g2, b2) = (transforms(each, weight.shape[-1]) for each in tile)
        self._results, self._inputs = np.kron(a, a2).astype("f4"), np.kron(b, b2).astype("f4")
        n_out, n_in = weight.shape[:2]
        taps = weight.transpose(2, 3, 1, 0).reshape(-1, n_in * n_out)
        self._filters = (np.kron(g, g2).astype("f4") @ taps).reshape(-1, n_in, n_out)

    def __call__(self, x: Map) -> Map:
        """``[n, n_columns, n_bands, n_in]`` to ``[n, n_columns - 2 radius, n_bands, n_out]``."""
        n, n_columns, n_bands, n_in = x.shape
        (m, m2), reach, n_out = self._tile, 2 * self.radius, len(self._bias)
        rows, columns = -(-(n_columns - reach) // m), -(-n_bands // m2)
        padded = np.zeros((n, rows * m + reach, columns * m2 + reach, n_in), np.float32)
        padded[:, :n_columns, self.radius : self.radius + n_bands] = x
        y = np.empty((n, rows, m, columns, m2, n_out), np.float32)
        step = self._rows_at_once(n * columns)
        for first in range(0, rows, step):
            some = y[:, first : first + step]
            end = (first + some.shape[1]) * m + reach
            self._convolve(padded[:, first * m : end], some)
        y = y.reshape(n, rows * m, columns * m2, n_out)[:, : n_columns - reach, :n_bands]
        return np.maximum(y, 0, out=y)

    def _rows_at_once(self, n_tiles: int) -> int:
        """Rows of tiles that stay in the cache, but outweigh the filters that they need there."""
        _, n_in, n_out = self._filters.shape
        return -(-max(_CACHED // max(n_in, n_out), 2 * n_out) // n_tiles)

    def _convolve(self, padded: Map, y: Map) -> None:
        """Fill ``y``, ``[n, rows, m, columns, m, n_out]``, tiles side by side."""
        n, rows, m, columns, m2, n_out = y.shape
        n_products, n_in, _ = self._filters.shape
        inputs = self._inputs @ self._tiles(padded, rows, columns).reshape(n_products, -1)
        products = inputs.reshape(n_products, -1, n_in) @ self._filters
        results = self._results @ products.reshape(n_products, -1)
        results = results.reshape(m, m2, n, rows, columns, n_out)
        for i in range(m):
            for j in range(m2):
                np.add(results[i, j], self._bias, out=y[:, :, i, :, j])

    def _tiles(self, padded: Map, rows: int, columns: int) -> Map:
        """Overlapping tiles, entry by entry, ``[height, width, n, rows, columns, n_in]``."""
        n, _, _, n_in = padded.shape
        (m, m2), reach = self._tile, 2 * self.radius
        tiles = np.empty((m + reach, m2 + reach, n, rows, columns, n_in), np.float32)
        for i in range(m + reach):
            for j in range(m2 + reach):
                ends = i + (rows - 1) * m + 1, j + (columns - 1) * m2 + 1
                tiles[i, j] = padded[:, i : ends[0] : m, j : ends[1] : m2]
        return tiles
