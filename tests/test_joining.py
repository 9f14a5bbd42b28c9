"""How points join the network: split roads, shared entries, private roads."""

from __future__ import annotations

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from clinicplan.network import RoadNetwork
from clinicplan.network.joining import join_points
from clinicplan.network.private_roads import reach
from clinicplan.network.snapping import find_access


def distances(network, weight="time_ms"):
    """Return distances between all nodes by scipy; parallel edges by their least, edges of nothing kept."""
    table = np.full((network.n_nodes, network.n_nodes), np.inf)
    np.minimum.at(table, (network.tail, network.head), getattr(network, weight))
    kept = np.isfinite(table)
    return dijkstra(coo_array((table[kept], np.nonzero(kept)), shape=table.shape).tocsr())


def random_network(seed, *, segments=True, n_nodes=40, n_lines=80):
    """Return roads whose lengths and times have nothing to do with the straight line, a third of them one-way."""
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, n_nodes, (2, n_lines))
    two_way = rng.random(n_lines) < 0.67
    length, there, back = rng.integers(0, 5000, (3, n_lines))
    rows = [(a[i], b[i], there[i], length[i], i) for i in range(n_lines)]
    rows += [(b[i], a[i], back[i], length[i], i) for i in range(n_lines) if two_way[i]]
    tail, head, time_ms, length_mm, segment = np.array(rows, dtype=np.int32).T
    x, y = np.round(rng.uniform(0, 2000, (2, n_nodes)))
    network = RoadNetwork(n_nodes, tail, head, time_ms, length_mm, x, y, segment=segment if segments else None)
    return network, rng


def straight_road(**options):
    """Return a two-way road of 1,000 m at 1 m/s."""
    arrays = {"length_m": [1000, 1000], "x": [0, 1000], "y": [0, 0]}
    return RoadNetwork.from_edges([0, 1], [1, 0], [1000, 1000], **arrays, **options)


def join_at(network, *spots, **options):
    x, y = np.array(spots, dtype=float).reshape(-1, 2).T
    return join_points(network, find_access(network, [f"P{i}" for i in range(len(spots))], x, y, **options))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("segments", [True, False])
def test_joining_changes_no_distance_between_raw_nodes(seed, segments):
    network, rng = random_network(seed, segments=segments)
    joined = join_at(network, *rng.uniform(0, 2000, (60, 2)))
    assert joined.network.n_nodes > network.n_nodes
    for weight in ("time_ms", "length_mm"):
        n = network.n_nodes
        assert (distances(joined.network, weight)[:n, :n] == distances(network, weight)).all()


@pytest.mark.parametrize("seed", range(4))
def test_parts_of_every_edge_add_up_and_hang_together(seed):
    network, rng = random_network(seed)
    joined = join_at(network, *rng.uniform(0, 2000, (60, 2)))
    after = joined.network
    for edge in range(network.n_edges):
        parts = np.flatnonzero(joined.raw_edge == edge)
        assert after.time_ms[parts].sum() == network.time_ms[edge]
        assert after.length_mm[parts].sum() == network.length_mm[edge]
        assert (after.time_ms[parts] >= 0).all()
        assert (after.segment[parts] == network.segment[edge]).all()
        follows = dict(zip(after.tail[parts].tolist(), after.head[parts].tolist(), strict=True))
        node = int(network.tail[edge])
        for _ in parts:
            node = follows[node]
        assert node == network.head[edge]


def test_both_directions_are_split_at_the_same_places():
    network, rng = random_network(3)
    joined = join_at(network, *rng.uniform(0, 2000, (60, 2)))
    after = joined.network
    for segment in range(80):
        rows = np.flatnonzero(after.segment == segment)
        one_way = {
            tuple(sorted(pair)) for pair in zip(after.tail[rows].tolist(), after.head[rows].tolist(), strict=True)
        }
        directions = len(np.unique(joined.raw_edge[rows]))
        assert len(one_way) * directions == rows.size or network.tail[segment] == network.head[segment]


@given(st.lists(st.integers(0, 1_000_000), min_size=1, max_size=8), st.integers(1, 10_000), st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_entries_divide_time_and_length_in_order(stops, time_ms, length_mm):
    network = replace(
        straight_road(),
        time_ms=np.array([time_ms, 3 * time_ms], dtype=np.int32),
        length_mm=np.array([length_mm] * 2, dtype=np.int32),
    )
    joined = join_at(network, *[(stop / 1000, 30) for stop in stops])
    times = distances(joined.network)
    for row, stop in enumerate(stops):
        assert abs(times[0, joined.departure[row]] - time_ms * stop / 1e6) <= 0.5 + 1e-6
        assert abs(times[joined.departure[row], 0] - 3 * time_ms * stop / 1e6) <= 0.5 + 1e-6
    assert len(set(joined.departure.tolist())) == len(set(stops))


def test_points_sharing_a_place_share_a_node():
    joined = join_at(straight_road(), (250, 10), (250, -40), (250.0004, 0), (250.001, 0))
    assert joined.departure.tolist() == [2, 2, 2, 3]
    assert joined.network.x.tolist() == pytest.approx([0, 1000, 250, 250.001], abs=1e-9)
    assert (joined.departure == joined.arrival).all()


def test_points_at_the_ends_get_the_nodes_that_are_there():
    joined = join_at(straight_road(), (0, 10), (-50, 5), (1000, 0), (1400, 5), (999.9996, 0), (0.0004, 0))
    assert joined.departure.tolist() == [0, 0, 1, 1, 1, 0]
    assert joined.network.n_nodes == 2
    assert joined.network.n_edges == 2


def test_two_points_on_one_piece_reach_each_other_along_it():
    joined = join_at(straight_road(), (200, 0), (700, 0))
    assert distances(joined.network)[joined.departure[0], joined.departure[1]] == 500_000


def test_a_one_way_piece_is_entered_in_its_direction_only():
    network = RoadNetwork.from_edges([0], [1], [1000], length_m=[1000], x=[0, 1000], y=[0, 0])
    joined = join_at(network, (300, 20))
    times = distances(joined.network)
    entry = joined.departure[0]
    assert (times[entry, 1], times[0, entry]) == (700_000, 300_000)
    assert np.isinf(times[1, entry])


def test_without_segment_numbers_opposite_edges_of_equal_length_are_one_road():
    arrays = {"x": [0, 1000], "y": [0, 0]}
    twins = RoadNetwork.from_edges([0, 1, 1], [1, 0, 0], [9, 9, 5], length_m=[1000, 1000, 1300], **arrays)
    joined = join_at(twins, (500, 10))
    assert sorted(joined.raw_edge.tolist()) == [0, 0, 1, 1, 2], "the longer road between the same nodes stays whole"


def test_order_of_points_is_of_no_account():
    network, rng = random_network(5)
    spots = rng.uniform(0, 2000, (60, 2))
    order = rng.permutation(60)
    straight, shuffled = join_at(network, *spots), join_at(network, *spots[order])
    assert (straight.departure[order] == shuffled.departure).all()
    for name in ("tail", "head", "time_ms", "length_mm", "x", "y", "segment"):
        assert (getattr(straight.network, name) == getattr(shuffled.network, name)).all(), name


def test_points_off_the_road_have_no_node():
    joined = join_at(straight_road(), (500, 9000), (np.nan, 0), (500, 5))
    assert joined.departure.tolist() == joined.arrival.tolist() == [-1, -1, 2]


def test_properties_of_roads_are_carried_on_to_their_parts():
    network = replace(straight_road(), joinable=np.array([True, True]), crs="EPSG:4549", mode="walk")
    joined = join_at(network, (500, 5))
    assert joined.network.joinable.tolist() == [True] * 4
    assert (joined.network.crs, joined.network.mode, joined.network.through) == ("EPSG:4549", "walk", None)
    assert joined.network.segment is None


def test_legs_of_another_edge_row_of_the_same_road_join_the_same_place():
    network = straight_road()
    legs = find_access(network, ["P"], [250], [10])
    turned = replace(legs, edge=np.array([1], dtype=np.int32), fraction=np.array([0.75]), roads=None)
    assert join_points(network, turned).network.x.tolist() == join_points(network, legs).network.x.tolist()


def private_network(lengths_m):
    """Return a two-way chain of private pieces (given lengths, 1 m/s) between two open nodes joined by a long road."""
    ends = np.concatenate([[0], np.cumsum(lengths_m)]).astype(float)
    last, n = len(lengths_m), len(lengths_m)
    tail = [*range(n), *range(1, n + 1), 0, last]
    head = [*range(1, n + 1), *range(n), last, 0]
    metres = [*lengths_m, *lengths_m, 9000, 9000]
    network = RoadNetwork.from_edges(tail, head, metres, length_m=metres, x=np.zeros(n + 1), y=ends)
    private = np.array([True] * (2 * n) + [False] * 2)
    segment = np.array([*range(n), *range(n), n, n], dtype=np.int32)
    return replace(network, through=private ^ True, segment=segment, joinable=private)


def test_nobody_passes_through_a_private_road():
    joined = join_at(private_network([200, 200]), (30, 100), (30, 300))
    assert distances(joined.network)[0, 2] == 9_000_000
    assert (joined.departure != joined.arrival).all()
    assert np.isinf(distances(joined.network)[0, joined.departure]).all()
    assert np.isinf(distances(joined.network)[joined.arrival, 0]).all()


def test_the_first_and_last_500_metres_of_a_private_road_are_open():
    network = private_network([300, 1400, 300])
    joined = join_at(network, (30, 500), (30, 1600), (30, 100), (30, 700))
    times = distances(joined.network)
    leave, reach_it = times[joined.departure], times[:, joined.arrival]
    assert leave[0, 0] == reach_it[0, 0] == 500_000, "exactly 500 m to one end"
    assert leave[0, 3] == 500_000 + 9_000_000, "the far end lies beyond 500 m of private road"
    assert leave[1, 3] == 400_000
    assert joined.legs.foot_y.tolist() == [500, 1600, 100, 300], "700 m up is too far, so P3 walks to where it is not"
    assert times[joined.departure[2], joined.arrival[0]] == 400_000, "straight along the private road"
    assert times[joined.departure[0], joined.arrival[1]] == 500_000 + 9_000_000 + 400_000, "1,100 m would be too far"


def test_departure_and_arrival_lie_at_the_entry():
    joined = join_at(private_network([200, 200]), (30, 100))
    for node in (joined.departure[0], joined.arrival[0]):
        assert (joined.network.x[node], joined.network.y[node]) == (0, 100)


def test_a_slow_short_private_way_does_not_hide_behind_a_quick_long_one():
    ways = reach({0: [(1, 1, 450), (1, 9, 100)], 1: [(2, 1, 100)]}, [0], 500)
    assert ways == [(0, 0, 0), (1, 1, 450), (1, 9, 100), (2, 10, 200)]


def best_way(graph, start, end):
    """Least time over all simple paths, private edges allowed within 500 m of an end that no open road touches."""
    inner = {node for node in (start, end) if not any(step["through"] for *_, step in touching(graph, node))}
    limits = [500_000 * (node in inner) for node in (start, end)]
    best = np.inf
    for path in nx.all_simple_edge_paths(graph, start, end):
        steps = [graph.edges[edge] for edge in path]
        opened = [row for row, step in enumerate(steps) if step["through"]]
        first, last = (opened[0], opened[-1] + 1) if opened else (len(steps), len(steps))
        private_mm = [sum(step["mm"] for step in part) for part in (steps[:first], steps[last:])]
        if opened:
            allowed = all(step["through"] for step in steps[first:last])
            allowed &= private_mm[0] <= limits[0] and private_mm[1] <= limits[1]
        else:
            allowed = private_mm[0] <= sum(limits)
        if allowed:
            best = min(best, sum(step["ms"] for step in steps))
    return best


def touching(graph, node):
    return [*graph.out_edges(node, data=True), *graph.in_edges(node, data=True)]


@pytest.mark.parametrize("seed", range(24))
def test_private_roads_against_all_simple_paths(seed):
    """Points at nodes of small random networks: every time equals the best of all allowed simple paths."""
    rng = np.random.default_rng(seed)
    n, m = 7, 11
    a, b = rng.integers(0, n, (2, m))
    keep = a != b
    a, b = a[keep], b[keep]
    both = rng.random(a.size) < 0.8
    tail, head = np.concatenate([a, b[both]]), np.concatenate([b, a[both]])
    segment = np.concatenate([np.arange(a.size), np.flatnonzero(both)]).astype(np.int32)
    through = rng.random(a.size) < (0.45 if seed % 2 else 0.2)
    length_m, time_s = rng.integers(50, 450, a.size), rng.integers(10, 300, a.size)
    x, y = rng.integers(0, 4000, (2, n)).astype(float)
    network = RoadNetwork.from_edges(tail, head, time_s[segment], length_m=length_m[segment], x=x, y=y, n_nodes=n)
    network = replace(network, segment=segment, through=through[segment])
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(n))
    for edge in range(network.n_edges):
        values = {"ms": int(network.time_ms[edge]), "mm": int(network.length_mm[edge])}
        graph.add_edge(int(tail[edge]), int(head[edge]), through=bool(network.through[edge]), **values)
    legs = find_access(network, range(n), x, y, max_access_m=0, tiny_share=0)
    joined = join_points(network, legs)
    there = np.flatnonzero(legs.edge >= 0)
    times = distances(joined.network)[joined.departure[there]][:, joined.arrival[there]]
    for i, start in enumerate(there.tolist()):
        for j, end in enumerate(there.tolist()):
            if start != end:
                assert times[i, j] == best_way(graph, start, end), (start, end)
