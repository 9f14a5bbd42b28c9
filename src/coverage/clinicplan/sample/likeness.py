"""Measure what a road network is like: kilometres by class, junctions, dead ends, detours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph
from shapely.geometry.base import BaseGeometry

from clinicplan.sample.lattice import BoolArray, FloatArray, IntArray

DRIVABLE: Final = (
    "motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential", "living_street", "road",
    "service",
)  # fmt: skip
COMPARED: Final = (
    "motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential", "service", "track", "path",
    "footway",
)  # fmt: skip
CELL_M: Final = 2_000.0
RURAL_JUNCTIONS_KM2: Final = 15.0
"""A cell of 2 km is rural with fewer junctions of drivable roads than this to a km2 (the median of Porto is 25)."""
RURAL_LEAST_KM: Final = 0.3
"""Cells with fewer km of drivable road to a km2 than this are sea or forest and are left out."""

REFERENCE: Final[Mapping[str, Mapping[str, float]]] = {
    "andorra": {
        "km_motorway": 0.000, "km_trunk": 0.107, "km_primary": 0.211, "km_secondary": 0.278, "km_tertiary": 0.093,
        "km_unclassified": 0.035, "km_residential": 0.244, "km_service": 0.202, "km_track": 0.612, "km_path": 1.952,
        "km_footway": 0.328, "dead_end_share": 0.271, "three_arm_share": 0.678, "four_arm_share": 0.048,
        "detour_short": 1.413, "detour_long": 1.469,
    },
    "porto": {
        "km_motorway": 0.340, "km_trunk": 0.036, "km_primary": 0.228, "km_secondary": 0.154, "km_tertiary": 0.260,
        "km_unclassified": 0.655, "km_residential": 1.025, "km_service": 0.058, "km_track": 1.017, "km_path": 0.049,
        "km_footway": 0.055, "dead_end_share": 0.242, "three_arm_share": 0.702, "four_arm_share": 0.054,
        "detour_short": 1.542, "detour_long": 1.398,
    },
}  # fmt: skip
"""What this module measured on Andorra (within the country, OSM 2025-01-19) and on the rural cells of the Porto extract
(OSM 2015-06-06); (c) OpenStreetMap contributors, ODbL 1.0. `tests/test_sample.py` measures both again."""

DENSITY_TOLERANCE: Final = 0.30
"""The sample's km of each class may lie this share outside the range of the two references."""
SHARE_TOLERANCE: Final = 0.08
"""Shares of junctions may lie this far outside their range."""
DETOUR_TOLERANCE: Final = 0.15
"""Detour indices may lie this far outside their range."""


@dataclass(frozen=True, eq=False)
class Segments:
    """Straight pieces of ways in metres.

    Parameters
    ----------
    tail, head
        Shape (pieces): numbers of their ends.
    highway
        Shape (pieces): class, links counted with their class.
    x, y
        Shape (ends): position, metres.
    """

    tail: IntArray
    head: IntArray
    highway: NDArray[np.object_]
    x: FloatArray
    y: FloatArray

    @property
    def length_m(self) -> FloatArray:
        """Shape (pieces): length in metres."""
        return np.hypot(self.x[self.tail] - self.x[self.head], self.y[self.tail] - self.y[self.head])


def read_segments(path: Path, crs: str) -> Segments:
    """Read the pieces of all ways with a `highway` tag."""
    import osmium
    from osmium.filter import KeyFilter
    from pyproj import Transformer

    ids: list[int] = []
    lon: list[float] = []
    lat: list[float] = []
    count: list[int] = []
    names: list[str] = []
    for way in osmium.FileProcessor(str(path)).with_locations().with_filter(KeyFilter("highway")):
        if isinstance(way, osmium.osm.Way):
            before = len(ids)
            for node in way.nodes:
                if node.location.valid():
                    ids.append(node.ref)
                    lon.append(node.lon)
                    lat.append(node.lat)
            count.append(len(ids) - before)
            names.append(way.tags["highway"].removesuffix("_link"))
    _, first, number = np.unique(np.asarray(ids), return_index=True, return_inverse=True)
    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(
        np.asarray(lon)[first], np.asarray(lat)[first]
    )
    way_of = np.repeat(np.arange(len(count)), count)
    start = np.flatnonzero(way_of[:-1] == way_of[1:])
    highway = np.asarray(names, dtype=object)[way_of[start]]
    return Segments(number[start], number[start + 1], highway, np.asarray(x), np.asarray(y))


def measure_network(segments: Segments, within: Area) -> dict[str, float]:
    """Measure the network of an area.

    Parameters
    ----------
    segments
        Pieces of roads, also beyond the area: detours may lead through there.
    within
        Which points belong to the area, and its size.

    Returns
    -------
    measures
        `km_CLASS` (km a km2); of drivable roads `dead_end_share`, `three_arm_share`, `four_arm_share` (among junctions
        and dead ends) and `detour_short`, `detour_long` (median of way by road over straight line between random
        junctions 2-5 and 5-15 km apart).
    """
    middle_x = (segments.x[segments.tail] + segments.x[segments.head]) / 2
    middle_y = (segments.y[segments.tail] + segments.y[segments.head]) / 2
    inside = within.holds(middle_x, middle_y)
    length = segments.length_m
    measures = {
        f"km_{name}": float(length[inside & (segments.highway == name)].sum() / 1e3 / within.area_km2)
        for name in COMPARED
    }
    graph, degree = _drivable(segments)
    chosen = within.holds(segments.x, segments.y)
    arms = degree[chosen]
    ends = np.count_nonzero(arms == 1) + np.count_nonzero(arms > 2)
    for label, number in (("dead_end_share", 1), ("three_arm_share", 3), ("four_arm_share", 4)):
        measures[label] = float(np.count_nonzero(arms == number) / ends)
    return measures | _measure_detours(graph, segments, chosen & ((degree == 1) | (degree > 2)))


@dataclass(frozen=True, eq=False)
class Area:
    """A county, or the cells of a grid that are kept.

    Parameters
    ----------
    area_km2
        Size, km2.
    polygon
        The area; None where cells are given.
    cells
        Columns and rows of kept cells of `CELL_M`.
    """

    area_km2: float
    polygon: BaseGeometry | None = None
    cells: frozenset[tuple[int, int]] = frozenset()

    def holds(self, x: FloatArray, y: FloatArray) -> BoolArray:
        """Tell which points lie in the area."""
        import shapely

        if self.polygon is not None:
            return np.asarray(shapely.contains_xy(self.polygon, x, y))
        pairs = zip((x // CELL_M).astype(int).tolist(), (y // CELL_M).astype(int).tolist(), strict=True)
        return np.asarray([pair in self.cells for pair in pairs], dtype=bool)


def rural_cells(segments: Segments) -> Area:
    """Return the cells that have roads but few junctions."""
    _, degree = _drivable(segments)
    drivable = np.isin(segments.highway.astype(str), DRIVABLE)
    junctions = _count_by_cell(segments.x[degree > 2], segments.y[degree > 2], np.ones(np.count_nonzero(degree > 2)))
    metres = _count_by_cell(
        segments.x[segments.tail][drivable], segments.y[segments.tail][drivable], segments.length_m[drivable]
    )
    size = CELL_M**2 / 1e6
    kept = frozenset(
        cell
        for cell, length in metres.items()
        if length / 1e3 / size > RURAL_LEAST_KM and junctions.get(cell, 0.0) / size < RURAL_JUNCTIONS_KM2
    )
    return Area(len(kept) * size, cells=kept)


def _count_by_cell(x: FloatArray, y: FloatArray, amount: FloatArray) -> dict[tuple[int, int], float]:
    total: dict[tuple[int, int], float] = {}
    cells = zip((x // CELL_M).astype(int).tolist(), (y // CELL_M).astype(int).tolist(), strict=True)
    for cell, value in zip(cells, amount.tolist(), strict=True):
        total[cell] = total.get(cell, 0.0) + value
    return total


def _drivable(segments: Segments) -> tuple[sparse.csr_matrix, IntArray]:
    """Return lengths between points of drivable roads both ways, and the arms of each point."""
    chosen = np.isin(segments.highway.astype(str), DRIVABLE)
    tail, head, length = segments.tail[chosen], segments.head[chosen], segments.length_m[chosen]
    size = len(segments.x)
    ends = (np.concatenate([tail, head]), np.concatenate([head, tail]))
    arms = sparse.csr_matrix((np.ones(2 * len(tail)), ends), shape=(size, size))
    graph = sparse.csr_matrix((np.tile(length, 2), ends), shape=(size, size))
    return graph, np.diff(arms.indptr).astype(np.int64)


def _measure_detours(graph: sparse.csr_matrix, segments: Segments, chosen: BoolArray) -> dict[str, float]:
    _, part = csgraph.connected_components(graph, directed=False)
    nodes = np.flatnonzero(chosen & (part == np.bincount(part).argmax()))
    random = np.random.default_rng(1)
    starts, ends = random.choice(nodes, 120, replace=False), random.choice(nodes, 900, replace=False)
    road = csgraph.dijkstra(graph, directed=False, indices=starts)[:, ends]
    straight = np.hypot(segments.x[starts][:, None] - segments.x[ends], segments.y[starts][:, None] - segments.y[ends])
    found = {}
    for label, low, high in (("detour_short", 2e3, 5e3), ("detour_long", 5e3, 15e3)):
        apart = (straight > low) & (straight < high)
        found[label] = float(np.median(road[apart] / straight[apart]))
    return found


def allowed_range(measure: str) -> tuple[float, float]:
    """Return the least and largest value with which the sample passes for a county.

    Examples
    --------
    >>> low, high = allowed_range("dead_end_share")
    >>> round(low, 3), round(high, 3)
    (0.162, 0.351)
    """
    values = [reference[measure] for reference in REFERENCE.values()]
    if measure.startswith("km_"):
        return min(values) * (1 - DENSITY_TOLERANCE), max(values) * (1 + DENSITY_TOLERANCE)
    slack = SHARE_TOLERANCE if measure.endswith("_share") else DETOUR_TOLERANCE
    return max(min(values) - slack, 0.0), max(values) + slack
