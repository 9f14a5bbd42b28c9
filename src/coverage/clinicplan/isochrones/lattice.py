"""Survey the ground beside roads: the foot of every lattice point on its nearest road, tile by tile."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from clinicplan.isochrones.line_index import NO_LINE, Feet, LineIndex
from clinicplan.network.crossings import Crossings
from clinicplan.network.snapping import COMPONENT_EXTRA_M, COMPONENT_FACTOR

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Flags = NDArray[np.bool_]
TileAt = tuple[int, int]

BLOCK_CELLS: Final = 8
"""Points along the side of a block, by which empty ground is passed over."""
OTHER_CHOICES: Final = 8
"""How many further pieces of road are tried when a barrier cuts a lattice point off its nearest road."""


class Rows(NamedTuple):
    """Lattice points of a tile and the feet they are reached from.

    `cell` is the place in the tile, row by row, each at most once and ascending; `link` the number of the link,
    `fraction` the place along it, `distance_m` the way there.
    """

    cell: Int32
    link: Int32
    fraction: Float64
    distance_m: Float32


class Shore(NamedTuple):
    """Lattice points of a tile near a barrier line, ascending, and how far it is in metres."""

    cell: Int32
    distance_m: Float32


class Tile(NamedTuple):
    """One square of the lattice.

    `roads` has the nearest road of each point. `connected` has, for points whose nearest road is on a tiny cut-off
    part, the nearest one that is not, as far as `snapping` prefers it. `closed` has the nearest road that
    cannot be joined.
    """

    roads: Rows
    connected: Rows
    closed: Rows
    shore: Shore


_NO_NUMBERS, _NO_METRES = np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32)
NO_ROWS: Final = Rows(_NO_NUMBERS, _NO_NUMBERS, _NO_METRES.astype(np.float64), _NO_METRES)
EMPTY_TILE: Final = Tile(NO_ROWS, NO_ROWS, NO_ROWS, Shore(_NO_NUMBERS, _NO_METRES))
"""A square without roads."""


class Window(NamedTuple):
    """A rectangle of the lattice: first column and row, counted from the origin of the coordinates, and its size."""

    column: int
    row: int
    columns: int
    rows: int


@dataclass(frozen=True, eq=False)
class RoadIndex:
    """Some links of a network, prepared for nearest-point questions.

    Parameters
    ----------
    link
        Shape (lines): number of the link that each line of the index is.
    lines
        The links.
    """

    link: Int32
    lines: LineIndex

    def named(self, feet: Feet) -> Int32:
        """Return the link of each foot (`NO_LINE` where none)."""
        if not self.link.size:
            return feet.line
        return np.where(feet.line == NO_LINE, NO_LINE, self.link[feet.line]).astype(np.int32)


@dataclass(frozen=True, eq=False)
class Lattice:
    """Points `cell_m` apart, in square tiles; lattice point (0, 0) is the origin of the coordinates.

    Parameters
    ----------
    cell_m
        Distance between points, metres.
    tile_cells
        Points along a tile's side, a multiple of `BLOCK_CELLS`.
    reach_m
        How far from a road points are surveyed, metres.
    corridor_m
        The same for roads that cannot be joined.
    shore_m
        Up to which distance barriers are noted, metres.
    roads, closed
        Roads that may be joined, and those that may not.
    connected
        Of `roads` those that are not on a tiny cut-off part; None where that is all of them.
    barriers, crossings
        Lines that no walk crosses: for their distance, and for the question whether one is crossed.
    """

    cell_m: float
    tile_cells: int
    reach_m: float
    corridor_m: float
    shore_m: float
    roads: RoadIndex
    closed: RoadIndex
    connected: RoadIndex | None
    barriers: LineIndex
    crossings: Crossings

    def survey(self, tiles: Sequence[TileAt]) -> list[Tile]:
        """Find the feet of all points of some tiles."""
        xy = self.points(tiles)
        by_road = self._near(xy, self.roads.lines, self.reach_m)
        by_closed = self._near(xy, self.closed.lines, self.corridor_m)
        shore = np.full(len(xy), np.inf)
        by_barrier = np.flatnonzero((by_road | by_closed) & self._near(xy, self.barriers, self.reach_m))
        shore[by_barrier] = self.barriers.nearest(xy[by_barrier], self.reach_m).distance_m
        roads = self._rows(xy, shore, np.flatnonzero(by_road), self.roads, self.reach_m)
        closed = self._rows(xy, shore, np.flatnonzero(by_closed), self.closed, self.corridor_m)
        connected = self._connected_rows(xy, shore, roads)
        near = np.flatnonzero(shore < self.shore_m).astype(np.int32)
        shores = self._split(Shore(near, shore[near].astype(np.float32)), len(tiles))
        parts = zip(*(self._split(rows, len(tiles)) for rows in (roads, connected, closed)), shores, strict=True)
        return [Tile(Rows(*first), Rows(*second), Rows(*third), Shore(*edge)) for first, second, third, edge in parts]

    def _near(self, xy: Float64, lines: LineIndex, within_m: float) -> Flags:
        """Tell which points may have a line within reach, judged block by block; some have none after all."""
        blocks = self.tile_cells // BLOCK_CELLS
        middle = xy.reshape(-1, blocks, BLOCK_CELLS, blocks, BLOCK_CELLS, 2).mean(axis=(2, 4))
        half_diagonal_m = self.cell_m * BLOCK_CELLS * 0.75
        near = lines.any_within(middle.reshape(-1, 2), within_m + half_diagonal_m).reshape(-1, blocks, blocks)
        return np.repeat(np.repeat(near, BLOCK_CELLS, axis=1), BLOCK_CELLS, axis=2).ravel()

    def _connected_rows(self, xy: Float64, shore: Float64, roads: Rows) -> Rows:
        """Return feet on connected roads for the points whose nearest road is on a tiny part, where near enough."""
        if self.connected is None:
            return NO_ROWS
        aside = np.flatnonzero(~np.isin(roads.link, self.connected.link))
        rows = self._rows(xy, shore, roads.cell[aside], self.connected, self.reach_m)
        nearest = roads.distance_m[aside][np.searchsorted(roads.cell[aside], rows.cell)]
        # A point stands for places up to half a diagonal nearer to the tiny part, for which less is allowed.
        nearest = np.maximum(nearest - 0.7 * self.cell_m, 0.0)
        near = rows.distance_m <= COMPONENT_FACTOR * nearest + COMPONENT_EXTRA_M
        return Rows(rows.cell[near], rows.link[near], rows.fraction[near], rows.distance_m[near])

    def points(self, tiles: Sequence[TileAt]) -> Float64:
        """Return the positions of all points of some tiles, shape (tiles * points, 2), metres."""
        rank = np.arange(self.tile_cells)
        corner = np.array(tiles, dtype=np.int64).reshape(-1, 2) * self.tile_cells
        column = np.broadcast_to(corner[:, 0, None, None] + rank[None, None, :], (len(corner), rank.size, rank.size))
        row = np.broadcast_to(corner[:, 1, None, None] + rank[None, :, None], column.shape)
        return np.column_stack([column.ravel(), row.ravel()]) * self.cell_m

    def _rows(
        self, xy: Float64, shore: Float64, chosen: NDArray[np.intp] | Int32, roads: RoadIndex, within_m: float
    ) -> Rows:
        """Return the feet of the chosen points on the nearest road that no barrier cuts off."""
        feet = roads.lines.nearest(xy[chosen], within_m)
        link, fraction, distance = roads.named(feet), feet.fraction, feet.distance_m
        doubtful = np.flatnonzero(np.isfinite(distance) & (distance > shore[chosen] - self.barriers.spacing_m / 2.0))
        cut = doubtful[self._cut_off(xy[chosen[doubtful]], roads, feet.line[doubtful], fraction[doubtful])]
        link[cut], distance[cut] = NO_LINE, np.inf
        if cut.size:
            link[cut], fraction[cut], distance[cut] = self._other_choice(xy[chosen[cut]], roads, within_m)
        found = np.flatnonzero(link != NO_LINE)
        return Rows(
            np.asarray(chosen)[found].astype(np.int32),
            link[found],
            fraction[found],
            distance[found].astype(np.float32),
        )

    def _other_choice(self, xy: Float64, roads: RoadIndex, within_m: float) -> tuple[Int32, Float64, Float64]:
        """Return link, fraction and distance on the nearest of the next pieces of road that is not cut off."""
        feet = roads.lines.coarse.choices(xy, within_m, OTHER_CHOICES)
        best = np.full(len(xy), -1)
        for rank in range(OTHER_CHOICES):
            open_rows = np.flatnonzero((best < 0) & (feet.line[:, rank] != NO_LINE))
            cut = self._cut_off(xy[open_rows], roads, feet.line[open_rows, rank], feet.fraction[open_rows, rank])
            best[open_rows[~cut]] = rank
        row = np.arange(len(xy))
        chosen = Feet(*(part[row, best] for part in feet))
        missing = best < 0
        link = np.where(missing, NO_LINE, roads.named(chosen)).astype(np.int32)
        return link, chosen.fraction, np.where(missing, np.inf, chosen.distance_m)

    def _cut_off(self, xy: Float64, roads: RoadIndex, line: Int32, fraction: Float64) -> Flags:
        """Tell which points a barrier parts from their foot."""
        return self.parted(xy, np.column_stack(roads.lines.at(line, fraction)))

    def parted(self, start: Float64, end: Float64) -> Flags:
        """Tell which straight walks (shape (walks, 2), metres) cross a barrier."""
        return self.crossings.cut(start[:, 0], start[:, 1], end[:, 0], end[:, 1])

    def corners(self, place: Float64) -> tuple[Int64, Float64, Flags]:
        """Return the four points around each place: column and row, distance in metres, whether the way is free.

        Shapes (places, 4, 2), (places, 4) and (places, 4).
        """
        point = np.floor(place / self.cell_m).astype(np.int64)[:, None, :] + np.array([(0, 0), (1, 0), (0, 1), (1, 1)])
        apart = point * self.cell_m - place[:, None, :]
        free = np.ones(point.shape[:2], dtype=np.bool_)
        near = np.flatnonzero(self.barriers.any_within(place, 2.0 * self.cell_m))
        start = np.repeat(place[near], 4, axis=0)
        free[near] = ~self.parted(start, point[near].reshape(-1, 2) * self.cell_m).reshape(-1, 4)
        return point, np.hypot(apart[..., 0], apart[..., 1]), free

    def near_barrier(self, x: float, y: float, radius_m: float) -> bool:
        """Tell whether a barrier may lie within a radius of a place."""
        if self.crossings.tree is None:
            return False
        return self.crossings.tree.query(shapely.Point(x, y).buffer(radius_m).envelope).size > 0

    def _split(self, rows: Rows | Shore, n_tiles: int) -> list[list[Any]]:
        """Part columns by tile; cells then count from the start of their tile."""
        size = self.tile_cells**2
        bounds = np.searchsorted(rows.cell, np.arange(n_tiles + 1) * size)
        return [
            [rows.cell[low:high] - np.int32(number * size), *(part[low:high] for part in rows[1:])]
            for number, (low, high) in enumerate(itertools.pairwise(bounds))
        ]
