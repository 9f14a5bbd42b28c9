"""Measure ways on the drawn roads, so that the cases planners meet can be placed and proved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from clinicplan.sample.lattice import BoolArray, FloatArray, IntArray
from clinicplan.sample.sketch import Drawing, runs_of

CAR: Final = (
    "motorway", "motorway_link", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential", "service",
)  # fmt: skip
E_BIKE_KMH: Final = {
    "trunk": 21.0, "primary": 21.0, "secondary": 21.0, "tertiary": 21.0, "unclassified": 18.0, "residential": 18.0,
    "service": 15.0, "track": 13.0, "path": 10.0,
}  # fmt: skip
"""Speeds to place cases by, km/h; close to `speeds.toml`, whose factors for surfaces are left out here."""


@dataclass(frozen=True, eq=False)
class RoadGraph:
    """A drawing's roads for one way of travelling.

    Parameters
    ----------
    graph
        Shape (points, points): cost from point to point, metres or minutes.
    usable
        Shape (points): the point lies on a usable road of the largest part, private roads apart.
    """

    graph: sparse.csr_matrix
    usable: BoolArray

    def nearest(self, sources: IntArray, *, limit: float = np.inf) -> FloatArray:
        """Return the cost from each point to its nearest source."""
        found = csgraph.dijkstra(self.graph.T.tocsr(), indices=np.unique(sources), min_only=True, limit=limit)
        return np.asarray(found)

    def from_point(self, source: int) -> FloatArray:
        """Return the cost from one point to every point."""
        return np.asarray(csgraph.dijkstra(self.graph, indices=[source])[0])


def car_metres(drawing: Drawing) -> RoadGraph:
    """Return the roads a car may use, costs in metres."""
    return _graph(drawing, dict.fromkeys(CAR, 0.06), np.ones(len(drawing.x), dtype=bool))


def e_bike_minutes(drawing: Drawing, open_points: BoolArray | None = None) -> RoadGraph:
    """Return the roads an e-bike may use, costs in minutes, where given only between open points."""
    allowed = np.ones(len(drawing.x), dtype=bool) if open_points is None else open_points
    return _graph(drawing, E_BIKE_KMH, allowed)


def _graph(drawing: Drawing, kmh: dict[str, float], allowed: BoolArray) -> RoadGraph:
    tail, head, cost = _segments(drawing, kmh)
    kept = allowed[tail] & allowed[head]
    size = len(drawing.x)
    graph = sparse.csr_matrix((cost[kept], (tail[kept], head[kept])), shape=(size, size))
    _, part = csgraph.connected_components(graph, connection="strong")
    main = part == np.bincount(part).argmax()
    return RoadGraph(graph, main)


def _segments(drawing: Drawing, kmh: dict[str, float]) -> tuple[IntArray, IntArray, FloatArray]:
    """Return directed segments of usable ways and their cost (metres / (1000 / 60 * km/h): 0.06 km/h gives metres)."""
    ways = [way for way in drawing.ways if way.tags.get("highway") in kmh and way.tags.get("access") != "private"]
    points, number = runs_of(ways)
    first = np.flatnonzero(number[:-1] == number[1:])
    tail, head, way = points[first], points[first + 1], number[first]
    length = np.hypot(drawing.x[tail] - drawing.x[head], drawing.y[tail] - drawing.y[head])
    cost = length * 0.06 / np.asarray([kmh[each.tags["highway"]] for each in ways])[way]
    both = np.asarray([each.tags.get("oneway") != "yes" and "junction" not in each.tags for each in ways])[way]
    return np.concatenate([tail, head[both]]), np.concatenate([head, tail[both]]), np.concatenate([cost, cost[both]])
