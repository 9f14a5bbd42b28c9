"""Search ways over the lattice: cost of building, spreading from settlements, tracing the ways back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csgraph

from clinicplan.sample.lattice import FloatArray, IntArray, Lattice, Mesh
from clinicplan.sample.terrain import RIVER_KM2, Terrain

STREAM_PENALTY_M = 220.0
RIVER_PENALTY_M = 1_300.0


@dataclass(frozen=True, eq=False)
class Spread:
    """The cheapest ways from every node to its nearest source.

    Parameters
    ----------
    cost
        Shape (nodes): cost to the nearest source, infinite where none is near.
    before
        Shape (nodes): next node on the way to the source, negative at sources and where there is none.
    source
        Shape (nodes): node of the nearest source, negative where there is none.
    """

    cost: FloatArray
    before: IntArray
    source: IntArray


def building_cost(
    lattice: Lattice, terrain: Terrain, bearable_slope: float, *, levelled_m: float = 0.0, bridge_share: float = 1.0
) -> FloatArray:
    """Return the cost of a road along each edge, in metres of level road; slopes cost by their square.

    Parameters
    ----------
    bearable_slope
        The slope at which a road costs twice as much as on the level.
    levelled_m
        Cuttings and embankments level the ground over this distance, metres.
    bridge_share
        How dear bridges are, as a share of the usual.
    """
    length, height = lattice.length_m, terrain.height_m
    if levelled_m > 0:
        from scipy.ndimage import gaussian_filter

        grid = height.reshape(lattice.rows, lattice.columns)
        height = gaussian_filter(grid, levelled_m / lattice.spacing_m).ravel()
    slope = np.abs(height[lattice.tail] - height[lattice.head]) / length
    bridge = bridge_share * np.where(terrain.crossing_km2 >= RIVER_KM2, RIVER_PENALTY_M, STREAM_PENALTY_M)
    return np.asarray(length * (1.0 + (slope / bearable_slope) ** 2) + np.where(terrain.crossing_km2 > 0, bridge, 0.0))


def spread(mesh: Mesh, cost: FloatArray, sources: IntArray, limit: float = np.inf) -> Spread:
    """Search outwards from all sources at once."""
    found = csgraph.dijkstra(
        mesh.weighted(cost), indices=np.unique(sources), min_only=True, limit=limit, return_predecessors=True
    )
    return Spread(found[0], found[1].astype(np.int64), found[2].astype(np.int64))


def edge_between(lattice: Lattice, one: IntArray, two: IntArray) -> IntArray:
    """Return the edge that joins two neighbouring nodes."""
    first, second = np.minimum(one, two), np.maximum(one, two)
    step, (row, column) = second - first, np.divmod(first, lattice.columns)
    west = np.minimum(column, second % lattice.columns)
    along_row = row * (lattice.columns - 1) + column
    along_column = lattice.n_along_rows + first
    diagonal = lattice.n_axis_edges + row * (lattice.columns - 1) + west
    return np.where(step == 1, along_row, np.where(step == lattice.columns, along_column, diagonal))


def trace(lattice: Lattice, found: Spread, starts: IntArray) -> tuple[IntArray, IntArray]:
    """Follow the ways from the starts to their sources.

    Returns
    -------
    edges
        Edges on any of the ways, each once, those nearest the starts first.
    users
        How many starts use each.
    """
    users: dict[int, int] = {}
    before = found.before
    for start in starts.tolist():
        node = start
        while before[node] >= 0:
            users[node] = users.get(node, 0) + 1
            node = int(before[node])
    nodes = np.fromiter(users, dtype=np.int64, count=len(users))
    return edge_between(lattice, nodes, before[nodes]), np.fromiter(users.values(), dtype=np.int64, count=len(users))


@dataclass(frozen=True, eq=False)
class Meetings:
    """Where the areas of two sources touch most cheaply.

    Parameters
    ----------
    one, two
        Shape (pairs): the two sources, as nodes.
    cost
        Shape (pairs): cost of the way between them over the meeting edge.
    edge
        Shape (pairs): the meeting edge.
    """

    one: IntArray
    two: IntArray
    cost: FloatArray
    edge: IntArray


def meetings(lattice: Lattice, found: Spread, cost: FloatArray) -> Meetings:
    """Find for each pair of neighbouring sources the edge over which the way between them is cheapest."""
    one, two = found.source[lattice.tail], found.source[lattice.head]
    edge = np.flatnonzero((one != two) & (one >= 0) & (two >= 0) & np.isfinite(cost))
    total = found.cost[lattice.tail[edge]] + cost[edge] + found.cost[lattice.head[edge]]
    first, second = np.minimum(one[edge], two[edge]), np.maximum(one[edge], two[edge])
    order = np.lexsort((total, second, first))
    first, second, total, edge = first[order], second[order], total[order], edge[order]
    best = np.ones(len(edge), dtype=bool)
    best[1:] = (first[1:] != first[:-1]) | (second[1:] != second[:-1])
    return Meetings(first[best], second[best], total[best], edge[best])


def way_through(lattice: Lattice, found: Spread, edge: int) -> IntArray:
    """Return the edges of the way that passes a meeting edge, from one source to the other."""
    ends = [int(lattice.tail[edge]), int(lattice.head[edge])]
    nodes: list[list[int]] = [[], []]
    for side, end in zip(nodes, ends, strict=True):
        node = end
        while node >= 0:
            side.append(node)
            node = int(found.before[node])
    line = np.asarray(nodes[0][::-1] + nodes[1], dtype=np.int64)
    return edge_between(lattice, line[:-1], line[1:])
