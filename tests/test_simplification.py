"""Contraction keeps every route between kept nodes, to the millisecond and millimetre."""

import heapq
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinicplan.errors import NetworkError
from clinicplan.network import RoadNetwork
from clinicplan.network.simplification import hilbert_order, simplify


def best_routes(network, source, weight="time"):
    """Return {node: (first, second)} by Dijkstra on pairs of whole numbers, the plainest way."""
    first, second = (network.time_ms, network.length_mm)[:: 1 if weight == "time" else -1]
    ways = {}
    for u, v, a, b in zip(network.tail.tolist(), network.head.tolist(), first.tolist(), second.tolist(), strict=True):
        ways.setdefault(u, []).append((v, a, b))
    best, queue = {}, [((0, 0), source)]
    while queue:
        cost, u = heapq.heappop(queue)
        if u in best:
            continue
        best[u] = cost
        for v, a, b in ways.get(u, ()):
            heapq.heappush(queue, ((cost[0] + a, cost[1] + b), v))
    return best


@st.composite
def networks(draw, most_nodes=14, most_edges=40):
    """Small directed networks with zero times, parallel edges, loops, one-way streets, dead ends and chains."""
    n = draw(st.integers(1, most_nodes))
    node, weight = st.integers(0, n - 1), st.integers(0, 4)
    rows = draw(st.lists(st.tuples(node, node, weight, weight, st.booleans()), max_size=most_edges))
    edges = [row[:4] for row in rows] + [(v, u, a, b) for u, v, a, b, two_way in rows if two_way]
    tail, head, time_ms, length_mm = np.array(edges or np.zeros((0, 4)), dtype=np.int32).reshape(-1, 4).T
    return RoadNetwork(n, tail.copy(), head.copy(), time_ms.copy(), length_mm.copy())


def network_of(*edges, n_nodes=None, two_way=True):
    """Make a network of (tail, head, seconds, metres)."""
    rows = [*edges, *((v, u, a, b) for u, v, a, b in edges)] if two_way else list(edges)
    tail, head, time_s, length_m = zip(*rows, strict=True)
    return RoadNetwork.from_edges(tail, head, time_s, length_m=length_m, n_nodes=n_nodes)


@settings(max_examples=150, deadline=None)
@given(networks(), st.data())
def test_routes_between_kept_nodes_stay_the_same(network, data):
    keep = data.draw(st.lists(st.integers(0, network.n_nodes - 1), max_size=5))
    weight = data.draw(st.sampled_from(["time", "length"]))
    core = simplify(network, np.array(keep, dtype=int), weight=weight)
    assert (core.core_of[core.raw_of] == np.arange(core.raw_of.size)).all()
    for u in keep:
        raw, contracted = best_routes(network, u, weight), best_routes(core.network, int(core.core_of[u]), weight)
        for v in keep:
            assert raw.get(v) == contracted.get(int(core.core_of[v]))


@settings(max_examples=60, deadline=None)
@given(networks(), st.data())
def test_nothing_is_left_to_contract(network, data):
    keep = data.draw(st.lists(st.integers(0, network.n_nodes - 1), max_size=3))
    core = simplify(network, np.array(keep, dtype=int))
    again = simplify(core.network, core.core_of[np.array(keep, dtype=int)])
    assert again.raw_of.size == core.raw_of.size
    pairs = list(zip(core.network.tail.tolist(), core.network.head.tolist(), strict=True))
    assert len(set(pairs)) == len(pairs)
    assert all(u != v for u, v in pairs)


def test_two_parallel_chains_give_each_weight_its_own():
    """A town with two ways from 0 to 3: over 1 in 20 s and 600 m, over 2 in 40 s and 200 m.

    The time core must keep 20 s with 600 m, the length core 200 m with 40 s, and neither mixes them.
    """
    town = network_of((0, 1, 10, 300), (1, 3, 10, 300), (0, 2, 20, 100), (2, 3, 20, 100))
    by_time, by_length = simplify(town, [0, 3]), simplify(town, [0, 3], weight="length")
    assert by_time.network.time_ms.tolist() == [20_000, 20_000]
    assert by_time.network.length_mm.tolist() == [600_000, 600_000]
    assert by_length.network.time_ms.tolist() == [40_000, 40_000]
    assert by_length.network.length_mm.tolist() == [200_000, 200_000]


def test_equal_times_keep_the_shorter_chain():
    town = network_of((0, 1, 10, 300), (1, 3, 10, 300), (0, 2, 10, 100), (2, 3, 10, 100), (0, 3, 20, 500))
    core = simplify(town, [0, 3])
    assert core.network.length_mm.tolist() == [200_000, 200_000]


def test_one_way_chain_passes_in_its_direction_only():
    road = network_of((0, 1, 1, 1), (1, 2, 1, 1), (2, 3, 1, 1), two_way=False)
    core = simplify(road, [0, 3])
    assert core.raw_of[core.network.tail].tolist() == [0]
    assert core.raw_of[core.network.head].tolist() == [3]
    assert core.network.time_ms.tolist() == [3000]


def test_chain_that_changes_its_direction_passes_in_none():
    road = network_of((0, 1, 1, 1), (2, 1, 1, 1), (2, 3, 1, 1), two_way=False)
    assert simplify(road, [0, 3]).network.n_edges == 0


def test_dead_ends_go_unless_they_lead_to_a_kept_node():
    tree = network_of((0, 1, 1, 1), (1, 2, 1, 1), (1, 3, 1, 1), (3, 4, 1, 1), (3, 5, 1, 1))
    assert sorted(simplify(tree, [0, 2]).raw_of.tolist()) == [0, 2]
    assert sorted(simplify(tree, [0, 2, 5]).raw_of.tolist()) == [0, 1, 2, 5]


def test_long_dead_ends_and_rings_go_too():
    n = 5000
    line = [(i, i + 1, 1, 1) for i in range(n)]
    ring = [(n, n + 1, 1, 1), (n + 1, n + 2, 1, 1), (n + 2, n, 1, 1)]
    lone_ring = [(n + 3, n + 4, 1, 1), (n + 4, n + 5, 1, 1), (n + 5, n + 3, 1, 1)]
    core = simplify(network_of((0, n + 6, 5, 5), *line, *ring, *lone_ring), [0, n + 6])
    assert sorted(core.raw_of.tolist()) == [0, n + 6]


def test_long_chain_adds_up():
    n = 3000
    core = simplify(network_of(*[(i, i + 1, 1, 2) for i in range(n)]), [0, n])
    assert core.network.time_ms.tolist() == [n * 1000] * 2
    assert core.network.length_mm.tolist() == [n * 2000] * 2


def test_kept_node_without_roads_stays():
    core = simplify(network_of((0, 1, 1, 1), n_nodes=4), [3, 3])
    assert core.raw_of.tolist() == [3]
    assert core.core_of.tolist() == [-1, -1, -1, 0]


def test_empty_network_and_nothing_to_keep():
    nothing = RoadNetwork.from_edges([], [], [], n_nodes=0)
    assert simplify(nothing, []).raw_of.size == 0
    assert simplify(network_of((0, 1, 1, 1)), []).raw_of.size == 0


def test_keep_must_name_nodes():
    with pytest.raises(NetworkError, match="0 to 1"):
        simplify(network_of((0, 1, 1, 1)), [2])
    with pytest.raises(NetworkError):
        simplify(network_of((0, 1, 1, 1)), [0.5])


def test_chain_beyond_the_largest_weight_is_refused_not_wrapped():
    road = RoadNetwork.from_edges([0, 1], [1, 2], [2_000_000, 2_000_000])
    with pytest.raises(NetworkError, match="24 days"):
        simplify(road, [0, 2])


@settings(max_examples=60, deadline=None)
@given(networks(), st.data())
def test_node_numbers_do_not_matter(network, data):
    keep = np.array(data.draw(st.lists(st.integers(0, network.n_nodes - 1), max_size=4, unique=True)), dtype=int)
    name = np.array(data.draw(st.permutations(range(network.n_nodes))), dtype=np.int32)
    renamed = RoadNetwork(network.n_nodes, name[network.tail], name[network.head], network.time_ms, network.length_mm)
    one, other = simplify(network, keep), simplify(renamed, name[keep])

    def edges(core, names):
        ends = (names[core.raw_of[core.network.tail]].tolist(), names[core.raw_of[core.network.head]].tolist())
        return sorted(zip(*ends, core.network.time_ms.tolist(), core.network.length_mm.tolist(), strict=True))

    assert edges(one, name) == edges(other, np.arange(network.n_nodes))


def test_hilbert_order_walks_from_cell_to_neighbouring_cell():
    side = 16
    x, y = (a.ravel() for a in np.meshgrid(np.arange(side), np.arange(side)))
    order = hilbert_order(x, y)
    step = np.abs(np.diff(x[order])) + np.abs(np.diff(y[order]))
    assert (step == 1).all()


def test_hilbert_order_of_points_in_one_place_or_without_place():
    assert hilbert_order([1.0, 1.0], [2.0, 2.0]).tolist() == [0, 1]
    assert hilbert_order([], []).tolist() == []
    assert sorted(hilbert_order([np.nan, 1.0, 5.0], [0.0, 1.0, 2.0]).tolist()) == [0, 1, 2]


def test_core_follows_the_plane_where_positions_are_known():
    grid = [(i, i + 1) for i in range(8) if i % 3 != 2] + [(i, i + 3) for i in range(6)]
    tail, head = zip(*itertools.chain(grid, ((v, u) for u, v in grid)), strict=True)
    x, y = np.arange(9) % 3, np.arange(9) // 3
    town = RoadNetwork.from_edges(tail, head, [1.0] * len(tail), x=x, y=y)
    core = simplify(town, np.arange(9))
    assert core.raw_of.tolist() == hilbert_order(x, y).tolist()
    assert core.network.x.tolist() == x[core.raw_of].tolist()
