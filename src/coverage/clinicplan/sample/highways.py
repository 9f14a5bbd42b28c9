"""Grow the road network over the lattice, from trunk roads down to farm tracks.

Each level joins its settlements over the ways that are cheapest to build, and what stands already is cheap to use:
so roads gather in valleys and branch like trees, as they do in mountains.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from clinicplan.sample.lattice import BoolArray, FloatArray, IntArray, Lattice, Mesh
from clinicplan.sample.routes import Meetings, Spread, edge_between, meetings, spread, trace, way_through

CLASSES: Final = (
    "", "motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential", "service", "track",
    "path", "footway",
)  # fmt: skip
"""Road classes by number, the more important first; 0 is no road."""
CODE: Final = {name: number for number, name in enumerate(CLASSES)}
Classes = np.ndarray[tuple[int], np.dtype[np.int8]]

REUSE: Final = 0.35
"""Cost of following a road that stands, as a share of building it."""


@dataclass(frozen=True, eq=False)
class Settlements:
    """Nodes of all settlements.

    Parameters
    ----------
    seats
        The twelve seats of the county, the county town first.
    neighbour_towns
        Towns beyond the county line.
    villages
        Villages of the county, the off-road and the cut-off one not among them.
    neighbour_villages
        Villages beyond the line.
    off_road, cut_off
        The village without any road and the one whose roads join no others.
    """

    seats: IntArray
    neighbour_towns: IntArray
    villages: IntArray
    neighbour_villages: IntArray
    off_road: int
    cut_off: int


def lay(classes: Classes, edges: IntArray, name: str) -> Classes:
    """Return the classes with a road along the edges, where none more important stands."""
    laid = classes.copy()
    code = CODE[name]
    laid[edges] = np.where(laid[edges] == 0, code, np.minimum(laid[edges], code))
    return laid


def with_roads(cost: FloatArray, classes: Classes) -> FloatArray:
    """Return the building cost where roads that stand are cheap to follow."""
    return np.where(classes > 0, cost * REUSE, cost)


def road_nodes(lattice: Lattice, classes: Classes) -> IntArray:
    """Return the nodes that lie on a road."""
    used = classes > 0
    return np.unique(np.concatenate([lattice.tail[used], lattice.head[used]]))


def join_towns(
    lattice: Lattice, mesh: Mesh, cost: FloatArray, towns: IntArray, trunk_stops: tuple[int, ...]
) -> Classes:
    """Join towns by main roads: the trunk road through the county town, then primary and secondary roads."""
    found = spread(mesh, cost, towns)
    pairs = _thin(meetings(lattice, found, cost), slack=1.25)
    classes = np.zeros(len(cost), dtype=np.int8)
    traffic = _traffic(pairs, towns)
    busy = np.quantile(traffic, 0.12)
    for number in np.argsort(-traffic, kind="stable").tolist():
        name = "primary" if traffic[number] >= busy else "secondary"
        classes = lay(classes, way_through(lattice, found, int(pairs.edge[number])), name)
    along = with_roads(cost, classes) * np.where(classes > 0, 1.0, 4.0)
    return lay(classes, _way_over(lattice, mesh, along, trunk_stops), "trunk")


def join_markets(lattice: Lattice, mesh: Mesh, cost: FloatArray, classes: Classes, places: IntArray) -> Classes:
    """Join market villages to each other and to the main roads by secondary and tertiary roads."""
    current = with_roads(cost, classes)
    found = spread(mesh, current, places)
    pairs = _thin(meetings(lattice, found, current), slack=1.18)
    traffic = _traffic(pairs, places)
    busy = np.quantile(traffic, 0.42)
    for number in np.argsort(-traffic, kind="stable").tolist():
        name = "secondary" if traffic[number] >= busy else "tertiary"
        classes = lay(classes, way_through(lattice, found, int(pairs.edge[number])), name)
    return classes


def reach_villages(lattice: Lattice, mesh: Mesh, cost: FloatArray, classes: Classes, villages: IntArray) -> Classes:
    """Give every village a road to the network, in trees: tertiary where many share it, else unclassified."""
    found = spread(mesh, cost, road_nodes(lattice, classes))
    edges, users = trace(lattice, found, villages)
    classes = lay(classes, edges[users >= 5], "tertiary")
    return lay(classes, edges[users < 5], "unclassified")


def close_loops(
    lattice: Lattice, mesh: Mesh, cost: FloatArray, classes: Classes, places: IntArray, longest_m: float,
    least_detour: float, name: str = "unclassified",
) -> Classes:  # fmt: skip
    """Join neighbouring places where the way by road is long beside the way that could be built."""
    current = with_roads(cost, classes)
    found = spread(mesh, current, places, limit=longest_m)
    pairs = meetings(lattice, found, current)
    by_road = _road_costs(mesh, cost, classes, places, 4.0 * longest_m)
    index = {int(node): row for row, node in enumerate(np.unique(places))}
    for number in np.argsort(pairs.cost, kind="stable").tolist():
        one, two = index[int(pairs.one[number])], index[int(pairs.two[number])]
        if pairs.cost[number] <= longest_m and by_road[one, two] * REUSE > least_detour * pairs.cost[number]:
            classes = lay(classes, way_through(lattice, found, int(pairs.edge[number])), name)
    return classes


def lead_to(
    lattice: Lattice, mesh: Mesh, cost: FloatArray, classes: Classes, targets: IntArray, limit_m: float, name: str
) -> Classes:
    """Lead a track or path to each target within a limit of the network; ways to one direction run together."""
    found = spread(mesh, cost, road_nodes(lattice, classes), limit=limit_m)
    edges, _ = trace(lattice, found, targets[found.source[targets] >= 0])
    return lay(classes, edges, name)


def cut_off_roads(lattice: Lattice, mesh: Mesh, cost: FloatArray, classes: Classes, village: int) -> Classes:
    """Give the cut-off village a few roads of its own that join no others."""
    apart = np.hypot(lattice.x - lattice.x[village], lattice.y - lattice.y[village])
    found = spread(mesh, cost, np.asarray([village]), limit=6_000.0)
    ring = np.flatnonzero((apart > 600.0) & (apart < 950.0) & (found.source >= 0))
    ends = ring[np.argsort(found.cost[ring], kind="stable")]
    angle = np.arctan2(lattice.y[ends] - lattice.y[village], lattice.x[ends] - lattice.x[village])
    chosen = [int(ends[np.argmin(np.abs(angle - target) + found.cost[ends] / 4_000.0)]) for target in (-2.0, 0.1, 2.0)]
    edges, _ = trace(lattice, found, np.asarray(chosen))
    return lay(classes, edges, "unclassified")


def lay_streets(
    lattice: Lattice, classes: Classes, reach: FloatArray, closed: BoolArray, crossing_km2: FloatArray, seed: int
) -> Classes:
    """Lay streets over built-up ground: mesh lines along rows and columns, the fewer the farther out.

    Parameters
    ----------
    reach
        Shape (nodes): 0 in the middle of a town, 1 at its rim, beyond that no streets.
    closed
        Shape (edges): no street may be laid here.
    """
    random = np.random.default_rng([seed, 4])
    outer = np.maximum(reach[lattice.tail], reach[lattice.head])
    axis = np.arange(len(outer)) < lattice.n_axis_edges
    chance = np.where(outer < 1.0, 0.93 - 0.38 * np.minimum(outer, 1.0), 0.0) * np.where(crossing_km2 > 0, 0.2, 1.0)
    wanted = np.flatnonzero(axis & ~closed & (random.random(len(outer)) < chance))
    laid = _only_joined(lattice, classes, lay(classes, wanted, "residential"))
    laid = _open_crossroads(lattice, classes, laid, random)
    for _ in range(2):
        laid = _shorten(lattice, classes, laid, random)
    return _only_joined(lattice, classes, laid)


def _open_crossroads(lattice: Lattice, before: Classes, after: Classes, random: np.random.Generator) -> Classes:
    """Drop one new street at most crossroads: where streets grew over time, most junctions have three arms."""
    used = np.flatnonzero(after > 0)
    degree = np.bincount(
        np.concatenate([lattice.tail[used], lattice.head[used]]), minlength=lattice.rows * lattice.columns
    )
    new = used[before[used] == 0]
    kept = after.copy()
    for edge in new[random.permutation(len(new))].tolist():
        ends = (int(lattice.tail[edge]), int(lattice.head[edge]))
        crowded = max(degree[ends[0]], degree[ends[1]]) >= 4 and min(degree[ends[0]], degree[ends[1]]) >= 3
        if crowded and random.random() < 0.7:
            kept[edge] = 0
            degree[list(ends)] -= 1
    return kept


def _shorten(lattice: Lattice, before: Classes, after: Classes, random: np.random.Generator) -> Classes:
    """Drop most of the new streets that end blind."""
    used = after > 0
    degree = np.bincount(
        np.concatenate([lattice.tail[used], lattice.head[used]]), minlength=lattice.rows * lattice.columns
    )
    blind = used & (before == 0) & ((degree[lattice.tail] == 1) | (degree[lattice.head] == 1))
    kept = after.copy()
    kept[blind & (random.random(len(kept)) < 0.75)] = 0
    return kept


def _only_joined(lattice: Lattice, before: Classes, after: Classes) -> Classes:
    """Drop new roads that hang on no road that stood before."""
    used = np.flatnonzero(after > 0)
    size = lattice.rows * lattice.columns
    graph = sparse.csr_matrix((np.ones(len(used)), (lattice.tail[used], lattice.head[used])), shape=(size, size))
    _, part = csgraph.connected_components(graph, directed=False)
    standing = np.unique(part[lattice.tail[before > 0]])
    kept = after.copy()
    kept[used[~np.isin(part[lattice.tail[used]], standing)]] = 0
    return kept


def _thin(pairs: Meetings, slack: float) -> Meetings:
    """Keep pairs with no third place nearer to both by a factor (a relative neighbourhood graph of the costs)."""
    near: dict[int, dict[int, float]] = {}
    for one, two, cost in zip(pairs.one.tolist(), pairs.two.tolist(), pairs.cost.tolist(), strict=True):
        near.setdefault(one, {})[two] = cost
        near.setdefault(two, {})[one] = cost
    kept = np.asarray(
        [
            not any(
                slack * max(near[one][third], near[two][third]) < cost for third in near[one].keys() & near[two].keys()
            )
            for one, two, cost in zip(pairs.one.tolist(), pairs.two.tolist(), pairs.cost.tolist(), strict=True)
        ],
        dtype=bool,
    )
    return Meetings(pairs.one[kept], pairs.two[kept], pairs.cost[kept], pairs.edge[kept])


def _traffic(pairs: Meetings, places: IntArray) -> FloatArray:
    """Count the trips between all places that use each pair's way."""
    order = np.unique(places)
    one, two = np.searchsorted(order, pairs.one), np.searchsorted(order, pairs.two)
    graph = sparse.csr_matrix((pairs.cost, (one, two)), shape=(len(order),) * 2)
    _, before = csgraph.dijkstra(graph, directed=False, return_predecessors=True)
    count: dict[tuple[int, int], int] = {}
    for start in range(len(order)):
        ahead = before[start].tolist()
        for end in range(start + 1, len(order)):
            node = end
            while ahead[node] >= 0:
                key = (min(node, ahead[node]), max(node, ahead[node]))
                count[key] = count.get(key, 0) + 1
                node = ahead[node]
    return np.asarray(
        [float(count.get((min(a, b), max(a, b)), 0)) for a, b in zip(one.tolist(), two.tolist(), strict=True)]
    )


def _way_over(lattice: Lattice, mesh: Mesh, cost: FloatArray, stops: tuple[int, ...]) -> IntArray:
    """Return the edges of the cheapest way over several stops."""
    parts = []
    for start, end in itertools.pairwise(stops):
        found = spread(mesh, cost, np.asarray([start]))
        parts.append(trace(lattice, found, np.asarray([end]))[0])
    return np.unique(np.concatenate(parts))


def _road_costs(mesh: Mesh, cost: FloatArray, classes: Classes, places: IntArray, limit: float) -> FloatArray:
    """Return costs by road between places, shape (places, places), infinite beyond the limit."""
    lattice = mesh.lattice
    used = np.flatnonzero(classes > 0)
    nodes, number = np.unique(np.concatenate([lattice.tail[used], lattice.head[used]]), return_inverse=True)
    graph = sparse.csr_matrix((cost[used], (number[: len(used)], number[len(used) :])), shape=(len(nodes),) * 2)
    order = np.unique(places)
    on_road = np.isin(order, nodes)
    rows = np.searchsorted(nodes, order[on_road])
    result = np.full((len(order),) * 2, np.inf)
    found = csgraph.dijkstra(graph, directed=False, indices=rows, limit=limit)[:, rows]
    result[np.ix_(on_road, on_road)] = found
    return result


__all__ = ["CLASSES", "CODE", "Classes", "Settlements", "Spread", "close_loops", "cut_off_roads", "edge_between",
           "join_markets", "join_towns", "lay", "lay_streets", "lead_to", "reach_villages", "road_nodes",
           "with_roads"]  # fmt: skip
