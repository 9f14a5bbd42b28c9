"""Dam reservoirs and draw streams: the water that roads go round or bridge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely import Polygon

from clinicplan.sample.lattice import BoolArray, FloatArray, IntArray, Lattice
from clinicplan.sample.terrain import RIVER_KM2, Terrain, flood, side_towards, triangle_of

SHORE_M = 62.0
"""Drawn water stays this far inside the flooded cells, so that shore roads stay dry, metres."""


@dataclass(frozen=True, eq=False)
class Reservoirs:
    """Flooded valleys.

    Parameters
    ----------
    shapes
        One polygon a reservoir, metres.
    closed
        Shape (edges): the edge lies under water.
    """

    shapes: tuple[Polygon, ...]
    closed: BoolArray


@dataclass(frozen=True, eq=False)
class Stream:
    """A stretch of stream between springs, confluences and mouths.

    Parameters
    ----------
    coordinates
        Shape (points, 2): metres, downstream.
    drained_km2
        Drained area at the lower end; what makes it a stream or a river.
    """

    coordinates: FloatArray
    drained_km2: float


def dam_reservoirs(lattice: Lattice, terrain: Terrain, inside_m: FloatArray, seats: IntArray, count: int) -> Reservoirs:
    """Dam a few valleys of the county: middling streams, far from towns, the largest lakes first."""
    x, y, inside = lattice.cell_mean(lattice.x), lattice.cell_mean(lattice.y), lattice.cell_mean(inside_m)
    allowed = (terrain.drained_km2 > 18.0) & (terrain.drained_km2 < 120.0) & (inside > 1_800.0)
    for seat in seats.tolist():
        allowed &= np.hypot(x - lattice.x[seat], y - lattice.y[seat]) > 3_200.0
    shapes: list[Polygon] = []
    wet = np.zeros(len(x), dtype=bool)
    for dam in np.flatnonzero(allowed)[:: max(1, int(allowed.sum()) // 40)].tolist():
        cells = flood(terrain, dam, 30.0)
        shape = _outline(lattice, cells)
        apart = all(shape.distance(other) > 6_000.0 for other in shapes)
        if apart and 300_000.0 < shape.area < 3_500_000.0 and len(shapes) < count:
            shapes.append(shape)
            wet[cells] = True
    return Reservoirs(tuple(shapes), _under_water(lattice, wet))


def _outline(lattice: Lattice, cells: IntArray) -> Polygon:
    row, column = np.divmod(cells, lattice.columns - 1)
    corner = row * lattice.columns + column
    ring = np.column_stack([corner, corner + 1, corner + lattice.columns + 1, corner + lattice.columns])
    quads = shapely.polygons(np.stack([lattice.x[ring], lattice.y[ring]], axis=2))
    shape = shapely.union_all(quads).buffer(-SHORE_M, join_style="mitre").simplify(25.0)
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    largest = max(parts, key=lambda part: part.area, default=Polygon())
    return largest if largest.is_empty else Polygon(_cut_corners(shapely.get_coordinates(largest.exterior)))


def _cut_corners(ring: FloatArray) -> FloatArray:
    """Cut each corner of a closed ring at a quarter of its sides, three times."""
    for _ in range(3):
        after = 0.75 * ring[:-1] + 0.25 * ring[1:]
        before = 0.25 * ring[:-1] + 0.75 * ring[1:]
        cut = np.stack([after, before], axis=1).reshape(-1, 2)
        ring = np.concatenate([cut, cut[:1]])
    return ring


def _under_water(lattice: Lattice, wet: BoolArray) -> BoolArray:
    """Close diagonals of wet cells and edges with wet cells on both sides."""
    sides = lattice.cell_sides()
    count = np.bincount(sides[wet].ravel(), minlength=len(lattice.tail))
    closed = count >= 2
    closed[lattice.n_axis_edges :] = wet
    return closed


def draw_streams(lattice: Lattice, terrain: Terrain, inside_m: FloatArray, least_outside_km2: float) -> list[Stream]:
    """Draw the streams of the county, and outside it those that drain a least area, as lines downstream."""
    inside = lattice.cell_mean(inside_m) > -1_500.0
    crossing = terrain.crossing_km2
    shown = (terrain.downstream >= 0) & (terrain.drained_km2 >= np.where(inside, 2.5, least_outside_km2))
    cells = np.flatnonzero(shown)
    exit_side = side_towards(cells, terrain.downstream[cells])
    leaves = np.full(len(shown), -1, dtype=np.int64)
    leaves[cells] = lattice.cell_sides()[cells, exit_side]
    inflows = np.bincount(terrain.downstream[cells], minlength=len(shown))
    middles = lattice.middles
    streams = []
    for head in cells[(inflows[cells] != 1)].tolist():
        line, cell = [leaves[head]], head
        while True:
            cell = int(terrain.downstream[cell])
            if not shown[cell]:
                break
            line += _through(lattice, cell, int(line[-1]), int(leaves[cell]))
            if inflows[cell] != 1:
                break
        if len(line) > 1:
            streams.append(Stream(_round(middles[line]), float(crossing[line[-1]])))
    return streams


def _through(lattice: Lattice, cell: int, entry: int, leaving: int) -> list[int]:
    """Return the edges a stream crosses within and out of a cell: the diagonal too where it changes triangles."""
    sides = lattice.cell_sides_of(cell)
    halves = triangle_of(lattice, np.asarray([cell, cell]), np.asarray([sides.index(entry), sides.index(leaving)]))
    return [leaving] if halves[0] == halves[1] else [lattice.n_axis_edges + cell, leaving]


def _round(line: FloatArray) -> FloatArray:
    """Add a point between each two that rounds the corners; the points given stay, since bridges stand there."""
    ends = np.concatenate([[line[0]], line, [line[-1]]])
    between = (line[:-1] + line[1:]) / 2 + 1.0 * (line[:-1] + line[1:] - ends[:-3] - ends[3:]) / 16.0
    rounded = np.empty((2 * len(line) - 1, 2))
    rounded[::2], rounded[1::2] = line, between
    return rounded


__all__ = ["RIVER_KM2", "Reservoirs", "Stream", "dam_reservoirs", "draw_streams"]
