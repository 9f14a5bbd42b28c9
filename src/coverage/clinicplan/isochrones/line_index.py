"""Find the nearest place on straight lines for many points at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scipy.spatial import cKDTree
    from shapely import LineString

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]
Flags = NDArray[np.bool_]

POINTS_FOR_THREADS: Final = 20_000
"""From so many points on, all processors take part; the answers are the same."""
NO_LINE: Final = -1
"""Marks a point with no line within reach."""


class Feet(NamedTuple):
    """Nearest points on lines, one row a query point.

    `line` is the number of the line (`NO_LINE` where none is near enough), `fraction` the place along it from its
    start (0-1), `distance_m` the way there, infinite where there is none.
    """

    line: Int32
    fraction: Float64
    distance_m: Float64


@dataclass(frozen=True, eq=False)
class LineIndex:
    """Straight lines prepared for nearest-point questions.

    Lines are cut into pieces of at most `spacing_m`; the piece whose middle is nearest names the line, and the foot is
    then exact on that line. Where two lines meet, the neighbour may be taken within half a spacing of the border
    between them; distances are then at most `spacing_m` / 2 too long.

    Parameters
    ----------
    x0, y0, x1, y1
        Shape (lines): ends in metres.
    spacing_m
        Longest piece, metres.
    """

    x0: Float64
    y0: Float64
    x1: Float64
    y1: Float64
    spacing_m: float

    @classmethod
    def from_lines(cls, lines: Sequence[LineString] | NDArray[np.object_], spacing_m: float) -> LineIndex:
        """Index lines of two points each."""
        xy = shapely.get_coordinates(np.asarray(lines, dtype=object)).reshape(-1, 4)
        return cls(xy[:, 0], xy[:, 1], xy[:, 2], xy[:, 3], spacing_m)

    @property
    def n_lines(self) -> int:
        """Number of straight lines."""
        return int(self.x0.size)

    @cached_property
    def pieces(self) -> tuple[Int32, Float64]:
        """Line number and middle (shape (pieces, 2), metres) of every piece."""
        length = np.hypot(self.x1 - self.x0, self.y1 - self.y0)
        count = np.maximum(1, np.ceil(length / self.spacing_m)).astype(np.int64)
        line = np.repeat(np.arange(self.n_lines, dtype=np.int32), count)
        rank = np.arange(line.size) - np.repeat(np.cumsum(count) - count, count)
        fraction = (rank + 0.5) / count[line]
        middle = np.column_stack(self.at(line, fraction))
        return line, middle

    @cached_property
    def coarse(self) -> LineIndex:
        """The same lines in pieces eight times as long, so that a few pieces span more ground."""
        return LineIndex(self.x0, self.y0, self.x1, self.y1, 8.0 * self.spacing_m)

    @cached_property
    def tree(self) -> cKDTree:
        """Middles of the pieces."""
        from scipy.spatial import cKDTree

        return cKDTree(self.pieces[1])

    def at(self, line: Int32, fraction: Float64) -> tuple[Float64, Float64]:
        """Return the place at a fraction of each line."""
        x = self.x0[line] + fraction * (self.x1[line] - self.x0[line])
        y = self.y0[line] + fraction * (self.y1[line] - self.y0[line])
        return x, y

    def nearest(self, xy: Float64, within_m: float) -> Feet:
        """Return the nearest foot of each point, none beyond `within_m`."""
        if not self.n_lines or not len(xy):
            return _no_feet(len(xy))
        piece = self._nearest_pieces(xy, within_m, 1)[:, 0]
        found = np.flatnonzero(piece < self.pieces[0].size)
        feet = _no_feet(len(xy))
        line = self.pieces[0][piece[found]]
        fraction, distance = self.project(xy[found], line)
        near = distance <= within_m
        found = found[near]
        feet.line[found], feet.fraction[found], feet.distance_m[found] = line[near], fraction[near], distance[near]
        return feet

    def any_within(self, xy: Float64, within_m: float) -> Flags:
        """Tell which points may have a line within a distance; true for all that have one."""
        if not self.n_lines or not len(xy):
            return np.zeros(len(xy), dtype=np.bool_)
        return self._nearest_pieces(xy, within_m, 1)[:, 0] < self.pieces[0].size

    def choices(self, xy: Float64, within_m: float, count: int) -> Feet:
        """Return the feet on the `count` nearest pieces, nearest first; arrays of shape (points, count)."""
        shape = (len(xy), count)
        if not self.n_lines or not len(xy):
            return Feet(np.full(shape, NO_LINE, dtype=np.int32), np.zeros(shape), np.full(shape, np.inf))
        piece = self._nearest_pieces(xy, within_m, count)
        present = piece < self.pieces[0].size
        line = self.pieces[0][np.where(present, piece, 0)]
        fraction, distance = self.project(np.repeat(xy, count, axis=0), line.ravel())
        near = present & (distance.reshape(shape) <= within_m)
        distance = np.where(near, distance.reshape(shape), np.inf)
        order = np.argsort(distance, axis=1, kind="stable")
        return Feet(
            np.take_along_axis(np.where(near, line, NO_LINE).astype(np.int32), order, axis=1),
            np.take_along_axis(fraction.reshape(shape), order, axis=1),
            np.take_along_axis(distance, order, axis=1),
        )

    def _nearest_pieces(self, xy: Float64, within_m: float, count: int) -> Int64:
        """Return the pieces with the nearest middles, shape (points, count); the number of pieces stands for none."""
        reach_m = within_m + self.spacing_m / 2
        workers = -1 if len(xy) > POINTS_FOR_THREADS else 1
        _, piece = self.tree.query(xy, k=np.arange(1, count + 1), distance_upper_bound=reach_m, workers=workers)
        return np.asarray(piece, dtype=np.int64)

    def project(self, xy: Float64, line: Int32) -> tuple[Float64, Float64]:
        """Return the fraction along the given line and the distance of each point's foot on it."""
        ax, ay = self.x0[line], self.y0[line]
        dx, dy = self.x1[line] - ax, self.y1[line] - ay
        square = np.maximum(dx * dx + dy * dy, 1e-12)
        fraction = np.clip(((xy[:, 0] - ax) * dx + (xy[:, 1] - ay) * dy) / square, 0.0, 1.0)
        return fraction, np.hypot(xy[:, 0] - ax - fraction * dx, xy[:, 1] - ay - fraction * dy)


def _no_feet(size: int) -> Feet:
    return Feet(np.full(size, NO_LINE, dtype=np.int32), np.zeros(size), np.full(size, np.inf))
