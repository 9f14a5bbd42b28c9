"""Tell which villages are adjacent: their areas share a line, or, without areas, their points are natural neighbours.

Where both villages are given by polygons, they are adjacent when their boundaries run along each other for at least
`SHARED_M`; gaps and overlaps of up to `GAP_M` are errors of drawing, and a corner is no common boundary. Elsewhere the
land is thought to belong to the nearest village point: two villages are adjacent when these areas (Voronoi cells, the
duals of Delaunay's triangles) share a line; again a corner does not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.policy.bounds import Flags3, flags3

if TYPE_CHECKING:
    import geopandas as gpd

Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]
Flags = NDArray[np.bool_]

GAP_M: Final = 2.0
"""Village boundaries of one county are drawn from one survey; what differs by less is the same line (假设)."""
SHARED_M: Final = 20.0
"""Two areas that touch at a corner run within the gap for a few metres; a common boundary is longer (假设)."""
CORNER_M: Final = 1.0
"""Cells of village points that share less than this meet at a corner (points on a grid)."""


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Which villages are adjacent. Rows are those of the villages layer.

    Parameters
    ----------
    key
        Adjacent pairs, each in both orders, as `row * n + other`, ascending.
    placed
        Shape (villages): whether the village has a polygon or a point; without either nothing is known.
    n_areas
        Villages whose polygon is known.
    """

    key: Int64
    placed: Flags
    n_areas: int

    def __repr__(self) -> str:
        return f"Neighbours({self.key.size // 2} pairs of {self.placed.size} villages, {self.n_areas} by area)"

    @property
    def pairs(self) -> tuple[Int64, Int64]:
        """Rows of the adjacent pairs, each in both orders."""
        n = max(self.placed.size, 1)
        return self.key // n, self.key % n

    def adjacent(self, one: Int64, other: Int64) -> Flags3:
        """Tell pair by pair whether two villages are adjacent; unknown where either has no place."""
        wanted = one * self.placed.size + other
        at = np.minimum(np.searchsorted(self.key, wanted), max(self.key.size - 1, 0))
        hit = self.key[at] == wanted if self.key.size else np.zeros(wanted.size, dtype=bool)
        return flags3(hit, ~(self.placed[one] & self.placed[other]))


def find_neighbours(villages: gpd.GeoDataFrame, areas: gpd.GeoDataFrame | None = None) -> Neighbours:
    """Find the adjacent pairs of a county's villages and communities.

    Parameters
    ----------
    villages
        `village_id, geometry` (points; None where unknown).
    areas
        `village_id, geometry`: polygons of the villages that have one; None where none has.

    Returns
    -------
    neighbours
        The same whatever the order of the rows.
    """
    n = len(villages)
    shapes = _shapes(villages, areas)
    has_area = np.array([shape is not None for shape in shapes], dtype=bool)
    has_point = (~villages.geometry.isna() & ~villages.geometry.is_empty).to_numpy()
    one, other = _by_area(shapes)
    # A pair of which both have polygons is judged by these alone; where all have, no cells are needed.
    if not has_area[has_point].all():
        first, second = _by_points(villages, has_point)
        mixed = ~(has_area[first] & has_area[second])
        one, other = np.r_[one, first[mixed]], np.r_[other, second[mixed]]
    key = np.unique(np.r_[one * n + other, other * n + one])
    return Neighbours(key, has_area | has_point, int(has_area.sum()))


def _shapes(villages: gpd.GeoDataFrame, areas: gpd.GeoDataFrame | None) -> NDArray[np.object_]:
    """Return the polygon of each village, None where it has none."""
    shapes = np.full(len(villages), None, dtype=object)
    if areas is None or not len(areas):
        return shapes
    kept = areas[areas.geometry.notna() & ~areas.geometry.is_empty]
    of_village = dict(zip(kept["village_id"].astype(str), kept.geometry, strict=True))
    for row, name in enumerate(villages["village_id"].astype(str)):
        shapes[row] = of_village.get(name)
    return shapes


def _by_area(shapes: NDArray[np.object_]) -> tuple[Int64, Int64]:
    """Return the pairs of polygons that share a line, the first row smaller."""
    import shapely

    rows = np.flatnonzero([shape is not None for shape in shapes]).astype(np.int64)
    if rows.size < 2:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    held = shapes[rows]
    left, right = shapely.STRtree(held).query(held, predicate="dwithin", distance=GAP_M)
    left, right = left[left < right], right[left < right]
    shared = _shared_m(held, left, right) >= SHARED_M
    return rows[left[shared]], rows[right[shared]]


def _shared_m(shapes: NDArray[np.object_], left: Int64, right: Int64) -> Float64:
    """Return how far the boundary of one polygon runs within the gap of another, metres."""
    import shapely

    wide = shapely.buffer(shapes, GAP_M, quad_segs=2, join_style="mitre")
    shapely.prepare(wide)
    metres: Float64 = shapely.length(shapely.intersection(shapely.boundary(shapes)[left], wide[right]))
    return metres


def _by_points(villages: gpd.GeoDataFrame, has_point: Flags) -> tuple[Int64, Int64]:
    """Return the pairs of village points whose cells share a line; points at one place are neighbours too."""
    rows = np.flatnonzero(has_point).astype(np.int64)
    points = villages.geometry.iloc[rows].representative_point()
    xy = np.c_[points.x.to_numpy(dtype=float), points.y.to_numpy(dtype=float)]
    place, number = np.unique(np.round(xy, 3), axis=0, return_inverse=True)
    first, second = _cells(place - place.mean(axis=0)) if len(place) else (rows[:0], rows[:0])
    one, other = _spread(np.r_[first, np.arange(len(place))], np.r_[second, np.arange(len(place))], number.ravel())
    return rows[one], rows[other]


def _spread(first: Int64, second: Int64, place: Int64) -> tuple[Int64, Int64]:
    """Turn pairs of places into pairs of the points that stand there."""
    order = np.argsort(place, kind="stable")
    at = np.split(order, np.flatnonzero(np.diff(place[order])) + 1)
    pairs = [(a, b) for one, other in zip(first, second, strict=True) for a in at[one] for b in at[other] if a != b]
    found = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _cells(place: Float64) -> tuple[Int64, Int64]:
    """Return the pairs of different places whose Voronoi cells share more than a corner."""
    from scipy.spatial import QhullError, Voronoi

    if len(place) < 4:
        return _in_line(place) if _is_line(place) else _all_pairs(len(place))
    try:
        cells = Voronoi(place)
    except QhullError:
        return _in_line(place)
    ends = np.array(cells.ridge_vertices, dtype=np.int64)
    open_ended = (ends < 0).any(axis=1)
    length = np.linalg.norm(cells.vertices[ends[:, 0]] - cells.vertices[ends[:, 1]], axis=1)
    kept = np.asarray(cells.ridge_points, dtype=np.int64)[open_ended | (length > CORNER_M)]
    return kept[:, 0], kept[:, 1]


def _all_pairs(count: int) -> tuple[Int64, Int64]:
    one, other = np.triu_indices(count, 1)
    return one.astype(np.int64), other.astype(np.int64)


def _is_line(place: Float64) -> bool:
    return len(place) < 3 or bool(np.linalg.matrix_rank(place - place[0], tol=CORNER_M) < 2)


def _in_line(place: Float64) -> tuple[Int64, Int64]:
    """Return consecutive places of a straight row; these are sorted by x, then y, which is their order along it."""
    order = np.arange(len(place), dtype=np.int64)
    return order[:-1], order[1:]
