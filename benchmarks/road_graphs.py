"""Make seeded road-like graphs for the benchmarks: towns, lanes, main roads, trunk roads, a few one-way streets.

Points lie 45 % in towns and 55 % anywhere, 20 to the square kilometre; roads are the Urquhart graph of their Delaunay
triangulation plus 8 % of the edges it drops (a planar graph with the junction degrees of a road map). Lanes have 25, 30
or 40 km/h; the fastest paths between neighbouring towns become main roads (55 km/h), those between large towns trunk
roads (75 km/h); 3 % of the edges are one-way. Nodes stand in Hilbert order. Same number and seed: same graph.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from clinicplan.network import RoadNetwork
from clinicplan.network.simplification import hilbert_order

CACHE = Path(__file__).parent / "cache"
NODES_PER_KM2 = 20
TOWN_SHARE = 0.45
KEPT_OF_DROPPED = 0.08
ONE_WAY_SHARE = 0.03
LANE_KMH = (25, 30, 40)
MAIN_KMH, TRUNK_KMH = 55, 75
NODES_PER_TOWN, TOWNS_PER_LARGE_TOWN = 1_000, 12
NODES_PER_VILLAGE = 25


def road_graph(n_nodes: int, *, seed: int = 1) -> RoadNetwork:
    """Return the graph of so many nodes, from the cache where it has been made before."""
    file = CACHE / f"road-graph-{n_nodes}-{seed}.npz"
    if not file.exists():
        CACHE.mkdir(exist_ok=True)
        part = file.with_name(file.stem + "-part.npz")
        np.savez(part, **_make(n_nodes, np.random.default_rng(seed)))
        part.replace(file)
    with np.load(file) as stored:
        return RoadNetwork(n_nodes=n_nodes, **{name: stored[name] for name in stored.files})


def villages_of(network: RoadNetwork, *, seed: int = 2) -> np.ndarray:
    """Return one node in 25 as villages."""
    count = max(1, network.n_nodes // NODES_PER_VILLAGE)
    return np.random.default_rng(seed).choice(network.n_nodes, count, replace=False)


def with_shape_nodes(network: RoadNetwork, *, mean: float = 3.5, seed: int = 3) -> RoadNetwork:
    """Return the graph as an extract would hold it: a Poisson number of shape nodes inside every road."""
    low, high = np.minimum(network.tail, network.head), np.maximum(network.tail, network.head)
    road, of_road = np.unique(low.astype(np.int64) * network.n_nodes + high, return_inverse=True)
    inside = np.random.default_rng(seed).poisson(mean, road.size)
    start = network.n_nodes + np.concatenate([[0], np.cumsum(inside)])
    count = inside[of_road] + 1
    edge = np.repeat(np.arange(network.n_edges), count)
    step = np.arange(edge.size) - np.repeat(np.cumsum(count) - count, count)
    forward = (network.tail == low)[edge]
    k = count[edge]
    place = np.where(forward, step, k - 1 - step)  # part of the road, counted from its lower node
    first = np.where(place == 0, low[edge], start[of_road[edge]] + place - 1)
    second = np.where(place == k - 1, high[edge], start[of_road[edge]] + place)

    def parts(total: np.ndarray) -> np.ndarray:
        whole = total.astype(np.int64)[edge]
        return ((place + 1) * whole // k - place * whole // k).astype(np.int32)

    x, y = _shape_positions(network, road, inside)
    return RoadNetwork(
        n_nodes=int(start[-1]),
        tail=np.where(forward, first, second).astype(np.int32),
        head=np.where(forward, second, first).astype(np.int32),
        time_ms=parts(network.time_ms),
        length_mm=parts(network.length_mm),
        x=x,
        y=y,
    )


def _shape_positions(network: RoadNetwork, road: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    which = np.repeat(np.arange(road.size), inside)
    step = np.arange(which.size) - np.repeat(np.cumsum(inside) - inside, inside) + 1
    share = step / (inside[which] + 1)
    low, high = (road // network.n_nodes)[which], (road % network.n_nodes)[which]
    x, y = network.x, network.y
    return (
        np.concatenate([x, x[low] + share * (x[high] - x[low])]),
        np.concatenate([y, y[low] + share * (y[high] - y[low])]),
    )


def _make(n_nodes: int, random: np.random.Generator) -> dict[str, np.ndarray]:
    x, y = _points(n_nodes, random)
    order = hilbert_order(x, y)
    x, y = x[order], y[order]
    tail, head = _urquhart(x, y, random)
    length_m = np.hypot(x[tail] - x[head], y[tail] - y[head]) * random.uniform(1.0, 1.3, tail.size)
    speed_kmh = _speeds(n_nodes, tail, head, length_m, random)
    time_ms = np.maximum(np.rint(length_m / speed_kmh * 3600), 1).astype(np.int32)
    length_mm = np.maximum(np.rint(length_m * 1000), 1).astype(np.int32)
    kind = random.random(tail.size)
    forward, backward = kind >= ONE_WAY_SHARE / 2, (kind < ONE_WAY_SHARE / 2) | (kind >= ONE_WAY_SHARE)
    tails = np.concatenate([tail[forward], head[backward]])
    by_tail = np.argsort(tails, kind="stable")
    return {
        "tail": tails[by_tail].astype(np.int32),
        "head": np.concatenate([head[forward], tail[backward]])[by_tail].astype(np.int32),
        "time_ms": np.concatenate([time_ms[forward], time_ms[backward]])[by_tail],
        "length_mm": np.concatenate([length_mm[forward], length_mm[backward]])[by_tail],
        "x": x,
        "y": y,
    }


def _points(n_nodes: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    side_m = 1000.0 * np.sqrt(n_nodes / NODES_PER_KM2)
    n_town = int(n_nodes * TOWN_SHARE)
    towns = max(1, n_nodes // NODES_PER_TOWN)
    centre = random.uniform(0, side_m, (towns, 2))
    size = random.pareto(1.5, towns) + 0.3
    town = random.choice(towns, n_town, p=size / size.sum())
    spread_m = 350.0 * np.sqrt(size)[town][:, None]
    inside = centre[town] + random.normal(0, 1, (n_town, 2)) * spread_m
    spread = random.uniform(0, side_m, (n_nodes - n_town, 2))
    xy = np.clip(np.vstack([inside, spread]), -5000, side_m + 5000) + random.uniform(-1, 1, (n_nodes, 2))
    return xy[:, 0], xy[:, 1]


def _urquhart(x: np.ndarray, y: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the Delaunay edges without the longest of each triangle, and some of those put back."""
    from scipy.spatial import Delaunay

    corner = Delaunay(np.column_stack([x, y])).simplices
    pairs = np.stack([corner[:, [0, 1]], corner[:, [1, 2]], corner[:, [2, 0]]])
    length = np.hypot(x[pairs[..., 0]] - x[pairs[..., 1]], y[pairs[..., 0]] - y[pairs[..., 1]])
    key = pairs.min(axis=2).astype(np.int64) * x.size + pairs.max(axis=2)
    longest = key[length.argmax(axis=0), np.arange(corner.shape[0])]
    edges, dropped = np.unique(key), np.unique(longest)
    kept = ~np.isin(edges, dropped, assume_unique=True) | (random.random(edges.size) < KEPT_OF_DROPPED)
    return edges[kept] // x.size, edges[kept] % x.size


def _speeds(
    n_nodes: int, tail: np.ndarray, head: np.ndarray, length_m: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    speed_kmh = random.choice(np.array(LANE_KMH, dtype=float), tail.size)
    towns = random.choice(n_nodes, max(2, n_nodes // NODES_PER_TOWN), replace=False)
    for hubs, kmh in ((towns, MAIN_KMH), (towns[::TOWNS_PER_LARGE_TOWN], TRUNK_KMH)):
        speed_kmh[_between(hubs, n_nodes, tail, head, length_m / speed_kmh)] = kmh
    return speed_kmh


def _between(hubs: np.ndarray, n_nodes: int, tail: np.ndarray, head: np.ndarray, cost: np.ndarray) -> np.ndarray:
    """Mark the edges of the cheapest paths between hubs whose catchments touch."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import dijkstra

    graph = coo_array((cost, (tail, head)), shape=(n_nodes, n_nodes)).tocsr()
    distance, before, hub = dijkstra(graph, directed=False, indices=hubs, min_only=True, return_predecessors=True)
    a, b = hub[tail], hub[head]
    border = np.flatnonzero((a != b) & (a >= 0) & (b >= 0))
    through = distance[tail[border]] + cost[border] + distance[head[border]]
    pair = np.minimum(a, b)[border].astype(np.int64) * n_nodes + np.maximum(a, b)[border]
    order = np.lexsort((through, pair))
    best = border[order[np.unique(pair[order], return_index=True)[1]]]
    on_path = np.zeros(n_nodes, dtype=bool)
    front = np.unique(np.concatenate([tail[best], head[best]]))
    while front.size:
        on_path[front] = True
        front = np.unique(before[front])
        front = front[front >= 0]
        front = front[~on_path[front]]
    marked = np.zeros(tail.size, dtype=bool)
    marked[best] = True
    follows = ((before[tail] == head) & on_path[tail]) | ((before[head] == tail) & on_path[head])
    return marked | follows
