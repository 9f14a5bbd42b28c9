"""Measure short distances by road between facilities and villages, to tell which village a clinic stands in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clinicplan.network.joining import join_points
from clinicplan.standard import MM_PER_M

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from clinicplan.check.matching import RoadDistance
    from clinicplan.network.graph import RoadNetwork
    from clinicplan.network.joining import JoinedNetwork
    from clinicplan.network.snapping import AccessLegs

Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]

REACH_M = 1_000.0
"""Distances beyond this are not looked for."""


def road_distance_between(
    network: RoadNetwork, legs: AccessLegs, facility_points: Int64, village_points: Int64
) -> RoadDistance:
    """Return a function that measures metres by road for pairs of facility and village rows.

    Both walks to the road count. A distance over 1 km, or along no road at all, is infinite. Roads are joined to the
    points only when the function is called with pairs.

    Parameters
    ----------
    network
        Roads of the mode of the standard, with positions.
    legs
        Walks of all points to these roads.
    facility_points, village_points
        Shape (facilities) and (villages): row of each facility and village in `legs`.

    Examples
    --------
    >>> from clinicplan.network.graph import RoadNetwork
    >>> from clinicplan.network.snapping import find_access
    >>> road = RoadNetwork.from_edges([0, 1], [1, 0], [72, 72], length_m=[1000, 1000], x=[0, 1000], y=[0, 0])
    >>> legs = find_access(road, ["V1", "F1"], [100.0, 700.0], [0.0, 30.0])
    >>> metres = road_distance_between(road, legs, np.array([1]), np.array([0]))
    >>> metres(np.array([0]), np.array([0])).tolist()
    [630.0]
    """

    def metres(facility_rows: Int64, village_rows: Int64) -> Float64:
        if not facility_rows.size:
            return np.zeros(0)
        return _measure(join_points(network, legs), facility_points[facility_rows], village_points[village_rows])

    return metres


def _measure(joined: JoinedNetwork, start: Int64, end: Int64) -> Float64:
    """Return metres from start to end points, pair by pair."""
    from scipy.sparse.csgraph import dijkstra

    legs = joined.legs
    graph, number = _roads_around(joined, np.unique(start))
    leaves, arrives = number[joined.departure[start]], number[joined.arrival[end]]
    known = (joined.departure[start] >= 0) & (joined.arrival[end] >= 0) & (leaves >= 0) & (arrives >= 0)
    length_m = np.full(start.size, np.inf)
    if not known.any():
        return length_m
    sources, which = np.unique(leaves[known], return_inverse=True)
    table_mm = dijkstra(graph, indices=sources, limit=REACH_M * MM_PER_M)
    walk_mm = legs.access_mm[start[known]] + legs.access_mm[end[known]]
    length_m[known] = (table_mm[which, arrives[known]] + walk_mm) / MM_PER_M
    return np.where(length_m <= REACH_M, length_m, np.inf)


def _roads_around(joined: JoinedNetwork, start: Int64) -> tuple[csr_array, Int64]:
    """Return the roads within reach of the start points, and the number of each node among them (-1: not there).

    A way of at most 1 km stays within 1 km of where it starts, so nothing is lost.
    """
    from scipy.sparse import csr_array
    from scipy.spatial import cKDTree

    roads, legs = joined.network, joined.legs
    assert roads.x is not None
    assert roads.y is not None
    entries = np.c_[legs.foot_x[start], legs.foot_y[start]]
    entries = entries[np.isfinite(entries).all(axis=1)]
    if not len(entries):
        return csr_array((0, 0)), np.full(roads.n_nodes, -1, dtype=np.int64)
    # Straight edges are no longer than their roads, but for projection (below 0.1 %) and rounding.
    far, _ = cKDTree(entries).query(np.c_[roads.x, roads.y], distance_upper_bound=REACH_M * 1.01)
    number = np.full(roads.n_nodes, -1, dtype=np.int64)
    near = np.flatnonzero(np.isfinite(far))
    number[near] = np.arange(near.size)
    tail, head = number[roads.tail], number[roads.head]
    chosen = (tail >= 0) & (head >= 0)
    return _shortest_links(tail[chosen], head[chosen], roads.length_mm[chosen], near.size), number


def _shortest_links(tail: Int64, head: Int64, length_mm: NDArray[np.int32], n_nodes: int) -> csr_array:
    """Keep the shortest of parallel edges; a sparse matrix would add them up."""
    from scipy.sparse import csr_array

    order = np.lexsort((length_mm, head, tail))
    tail, head, length = tail[order], head[order], length_mm[order].astype(np.float64)
    first = np.ones(tail.size, dtype=np.bool_)
    first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    return csr_array((length[first], (tail[first], head[first])), shape=(n_nodes, n_nodes))
