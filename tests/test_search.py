"""Both searches find what scipy, networkx and a plain Dijkstra find, to the last unit."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import dijkstra

from clinicplan.errors import NetworkError
from clinicplan.network import RoadNetwork
from clinicplan.travel import search
from clinicplan.travel.nearest import nearest_seeds
from clinicplan.travel.search import reached_blocks, reached_table, search_arcs
from test_simplification import best_routes, networks

BACKENDS = ("scipy", "numba")


def random_roads(seed, n=400, *, most_ms=60_000, zero_share=0.05):
    """Seeded directed network with one-way, parallel and zero-time edges and cut-off parts."""
    random = np.random.default_rng(seed)
    tail = random.integers(0, n, 2 * n)
    head = (tail + random.integers(-12, 13, tail.size)) % n
    both = random.random(tail.size) < 0.7
    time_ms = random.integers(1, most_ms, tail.size) * (random.random(tail.size) > zero_share)
    length_mm = random.integers(0, 5 * most_ms, tail.size)
    return RoadNetwork(
        n,
        *(np.concatenate(pair).astype(np.int32) for pair in ((tail, head[both]), (head, tail[both]))),
        *(np.concatenate([a, a[both]]).astype(np.int32) for a in (time_ms, length_mm)),
    )


def as_dicts(block):
    """Return one {column: (first, second)} a row."""
    second = block.second if block.second.size else np.zeros(block.first.size, dtype=int)
    values = list(zip(block.column.tolist(), zip(block.first.tolist(), second.tolist(), strict=True), strict=True))
    return [dict(values[a:b]) for a, b in zip(block.indptr[:-1], block.indptr[1:], strict=True)]


def same(one, other):
    return all(
        np.array_equal(getattr(one, a), getattr(other, a)) for a in ("rows", "indptr", "column", "first", "second")
    )


@settings(max_examples=120, deadline=None)
@given(networks(), st.integers(0, 12), st.sampled_from(["time", "length"]), st.booleans(), st.booleans())
def test_searches_equal_a_plain_dijkstra(network, limit, weight, backward, both):
    arcs = search_arcs(network, weight=weight, backward=backward)
    turned = network.reversed() if backward else network
    sources = np.arange(network.n_nodes)
    tables = [reached_table(arcs, sources, limit=limit, both=both, backend=name) for name in BACKENDS]
    assert same(*tables)
    for source, row in zip(sources.tolist(), as_dicts(tables[0]), strict=True):
        plain = {v: (a, b if both else 0) for v, (a, b) in best_routes(turned, source, weight).items() if a <= limit}
        assert row == plain


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("limit", [0, 1, 90_000, 400_000, 10_000_000])
def test_backends_are_interchangeable(seed, limit):
    roads = random_roads(seed)
    arcs = search_arcs(roads)
    random = np.random.default_rng(seed)
    sources = random.integers(0, roads.n_nodes, 150)
    column = np.full(roads.n_nodes, -1, dtype=np.int32)
    wanted = random.permutation(roads.n_nodes)[:60]
    column[wanted] = np.arange(60)
    for both in (False, True):
        for columns in (None, column):
            tables = [
                reached_table(arcs, sources, limit=limit, column=columns, both=both, backend=name) for name in BACKENDS
            ]
            assert same(*tables)
            for a, b in zip(tables[0].indptr[:-1], tables[0].indptr[1:], strict=True):
                assert (np.diff(tables[0].column[a:b]) > 0).all()


@pytest.mark.parametrize("backend", BACKENDS)
def test_times_equal_scipy_and_networkx(backend):
    roads = random_roads(7, n=200)
    arcs = search_arcs(roads)
    rows = as_dicts(reached_table(arcs, [3, 77], limit=200_000, backend=backend))
    oracle = dijkstra(arcs.graph(arcs.first.astype(float)), indices=[3, 77], limit=200_000)
    for row, expected in zip(rows, oracle, strict=True):
        assert {v: a for v, (a, _) in row.items()} == {
            v: int(expected[v]) for v in np.flatnonzero(np.isfinite(expected))
        }
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(200))
    for u, v, t in zip(roads.tail.tolist(), roads.head.tolist(), roads.time_ms.tolist(), strict=True):
        graph.add_edge(u, v, t=t)
    found = nx.single_source_dijkstra_path_length(graph, 77, cutoff=200_000, weight="t")
    assert {v: a for v, (a, _) in rows[1].items()} == found


@pytest.mark.parametrize("backend", BACKENDS)
def test_zero_weight_edges_are_roads_not_gaps(backend):
    roads = RoadNetwork.from_edges([0, 1, 2], [1, 2, 0], [0, 0, 0], length_m=[1, 2, 3])
    row = as_dicts(reached_table(search_arcs(roads), [0], limit=0, both=True, backend=backend))[0]
    assert row == {0: (0, 0), 1: (0, 1000), 2: (0, 3000)}


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_and_order_of_sources_do_not_matter(threads, monkeypatch):
    monkeypatch.setattr(search, "SOURCES_PER_CHUNK", 7)
    roads = random_roads(11)
    arcs = search_arcs(roads)
    sources = np.random.default_rng(5).integers(0, roads.n_nodes, 90)
    for both in (False, True):
        expected = reached_table(arcs, sources, limit=150_000, both=both, backend="numba", threads=1)
        found = reached_table(arcs, sources, limit=150_000, both=both, backend="numba", threads=threads)
        assert same(found, expected)
        turned = reached_table(arcs, sources[::-1], limit=150_000, both=both, backend="numba", threads=threads)
        assert as_dicts(turned) == as_dicts(expected)[::-1]


@pytest.mark.parametrize("both", [False, True])
def test_small_workspaces_grow_without_a_trace(both, monkeypatch):
    roads = random_roads(3, most_ms=4_000)
    arcs = search_arcs(roads)
    expected = reached_table(arcs, np.arange(80), limit=20_000, both=both, backend="scipy")
    made = search._Desk.__init__

    def cramped(self, job, weight):
        made(self, job, weight)
        self._resize_pool(16)

    monkeypatch.setattr(search, "FIRST_OUTPUT_ENTRIES", 16)
    monkeypatch.setattr(search._Desk, "__init__", cramped)
    assert same(reached_table(arcs, np.arange(80), limit=20_000, both=both, backend="numba"), expected)


def test_blocks_hold_every_source_once(monkeypatch):
    monkeypatch.setattr(search, "SOURCES_PER_CHUNK", 8)
    monkeypatch.setattr(search, "DENSE_CELLS", 4_000)
    roads = random_roads(2)
    sources = np.random.default_rng(0).integers(0, roads.n_nodes, 50)
    for backend in BACKENDS:
        blocks = list(reached_blocks(search_arcs(roads), sources, limit=100_000, backend=backend))
        assert len(blocks) > 4
        assert sorted(np.concatenate([block.rows for block in blocks]).tolist()) == list(range(50))


def test_weights_that_do_not_fit_one_number_are_told_not_wrapped():
    roads = RoadNetwork.from_edges([0, 1], [1, 2], [1e-3, 1e-3], length_m=[2_000_000, 2_000_000])
    arcs = search_arcs(roads)
    with pytest.raises(NetworkError, match="63 bits"):
        reached_table(arcs, [0], limit=search.LARGEST_LIMIT, both=True)
    with pytest.raises(NetworkError, match="floats"):
        reached_table(arcs, [0], limit=5_000_000, both=True, backend="scipy")
    row = as_dicts(reached_table(arcs, [0], limit=5_000_000, both=True))[0]
    assert row[2] == (2, 4_000_000_000)


def test_largest_weights_do_not_wrap():
    big = 2_147_483_647
    roads = RoadNetwork(3, *(np.array(a, dtype=np.int32) for a in ([0, 1], [1, 2], [big - 1, big], [1, 1])))
    for backend in BACKENDS:
        row = as_dicts(reached_table(search_arcs(roads), [0], limit=search.LARGEST_LIMIT, backend=backend))[0]
        assert {v: a for v, (a, _) in row.items()} == {0: 0, 1: big - 1}


@pytest.mark.parametrize(("sources", "limit"), [([5], 10), ([-1], 10), ([0.5], 10), ([0], -1), ([0], 2**31 - 1)])
def test_wrong_sources_and_limits_are_refused(sources, limit):
    arcs = search_arcs(RoadNetwork.from_edges([0], [1], [1.0]))
    with pytest.raises(NetworkError):
        reached_table(arcs, sources, limit=limit)


def test_no_sources_and_no_edges():
    arcs = search_arcs(RoadNetwork.from_edges([], [], [], n_nodes=3))
    for backend in BACKENDS:
        assert reached_table(arcs, [], limit=10, backend=backend).indptr.tolist() == [0]
        assert as_dicts(reached_table(arcs, [2, 2], limit=10, backend=backend)) == [{2: (0, 0)}] * 2


def test_small_jobs_go_to_scipy_and_large_ones_to_the_kernels(monkeypatch):
    arcs = search_arcs(random_roads(0))
    monkeypatch.setitem(search.sys.modules, "clinicplan.travel.kernels", None)
    monkeypatch.delitem(search.sys.modules, "clinicplan.travel.kernels")
    assert not search.kernels_pay(arcs, 1000)
    assert search.kernels_pay(arcs, 10_000_000)


@settings(max_examples=100, deadline=None)
@given(networks(), st.data())
def test_nearest_seed_is_the_best_of_all_with_ties_by_order(network, data):
    node = st.integers(0, network.n_nodes - 1)
    seeds = data.draw(st.lists(st.tuples(node, st.integers(0, 4), st.integers(0, 4)), max_size=5))
    nodes, first, second = (np.array([seed[i] for seed in seeds], dtype=int) for i in range(3))
    found = nearest_seeds(search_arcs(network), nodes, first, second)
    routes = [best_routes(network, int(u)) for u in nodes]
    for v in range(network.n_nodes):
        options = [
            (route[v][0] + a, route[v][1] + b, i)
            for i, (route, a, b) in enumerate(zip(routes, first.tolist(), second.tolist(), strict=True))
            if v in route
        ]
        expected = min(options, default=(-1, -1, -1))
        assert (found.first[v], found.second[v], found.seed[v]) == expected
