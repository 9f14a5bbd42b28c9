"""Trips between points are what the plainest search gives, walks included, whatever the order asked."""

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from clinicplan.errors import LayerError, NetworkError
from clinicplan.network import RoadNetwork
from clinicplan.network.joining import join_points
from clinicplan.network.simplification import simplify
from clinicplan.network.snapping import find_access
from clinicplan.network.straight_walks import straight_walks
from clinicplan.roads import read_roads
from clinicplan.travel import nearest_trips, node_times, prepare_search, travel_times, trips_within
from clinicplan.travel.search import reached_table, search_arcs
from test_search import random_roads
from test_simplification import best_routes, networks

CRS = "EPSG:4549"
SHARED = Path(__file__).resolve().parents[2] / "shared"


def town(seed, n=40, side_m=4000.0):
    """Return seeded roads in the plane, neighbours joined, some one-way, 4 to 60 km/h, and points beside them."""
    random = np.random.default_rng(seed)
    x, y = random.uniform(0, side_m, (2, n)).round(1)
    gap = np.hypot(x[:, None] - x, y[:, None] - y)
    near = np.argsort(gap, axis=1)[:, 1:4]
    tail, head = np.repeat(np.arange(n), 3), near.ravel()
    both = random.random(tail.size) < 0.8
    length_m = gap[tail, head] * random.uniform(1.0, 1.4, tail.size)
    time_s = length_m / random.choice([4, 15, 60], tail.size) * 3.6
    roads = RoadNetwork.from_edges(
        np.concatenate([tail, head[both]]),
        np.concatenate([head, tail[both]]),
        np.concatenate([time_s, time_s[both]]),
        length_m=np.concatenate([length_m, length_m[both]]),
        x=x,
        y=y,
    )
    px, py = random.uniform(-500, side_m + 500, (2, 16)).round(1)
    px[5], py[5] = px[4], py[4]  # two points in one place
    px[7] = np.nan  # one without a place
    return replace(roads, crs=CRS, segment=np.arange(roads.n_edges, dtype=np.int32)), px, py


def joined_town(seed):
    roads, x, y = town(seed)
    return join_points(roads, find_access(roads, [f"P{i:02d}" for i in range(x.size)], x, y))


def plain_trips(joined, origins, destinations, weight):
    """Return {(place, place): (first, second, direct)} from a Dijkstra on pairs and all straight walks."""
    legs = joined.legs
    one, two = (legs.access_ms, legs.access_mm)[:: 1 if weight == "time" else -1]
    walks = straight_walks(legs, np.unique(origins), np.unique(destinations), barrier_lines=joined.crossings)
    walked = {
        (a, b): pair[:: 1 if weight == "time" else -1]
        for a, b, *pair in zip(*(values.tolist() for values in walks), strict=True)
    }
    trips = {}
    for i, a in enumerate(origins.tolist()):
        node = int(joined.departure[a])
        routes = best_routes(joined.network, node, weight) if node >= 0 else {}
        for j, b in enumerate(destinations.tolist()):
            options = []
            if int(joined.arrival[b]) in routes:
                first, second = routes[int(joined.arrival[b])]
                options.append((first + int(one[a] + one[b]), second + int(two[a] + two[b]), False))
            if (a, b) in walked:
                options.append((*walked[a, b], True))
            if options:
                trips[i, j] = min(options)
    return trips


def dense(table):
    """Return a table of times with infinity where there is none."""
    entries = table.tocoo()
    times = np.full(table.shape, np.inf)
    times[entries.row, entries.col] = entries.data
    return times


def as_dict(found, weight="time"):
    first, second = (found.time_ms, found.length_mm)[:: 1 if weight == "time" else -1]
    keys = zip(found.origin.tolist(), found.destination.tolist(), strict=True)
    return dict(zip(keys, zip(first.tolist(), second.tolist(), found.direct.tolist(), strict=True), strict=True))


@pytest.mark.parametrize("weight", ["time", "length"])
@pytest.mark.parametrize("seed", range(6))
def test_trips_equal_a_plain_search_whichever_side_is_smaller(seed, weight):
    joined = joined_town(seed)
    graph = prepare_search(joined, weight=weight)
    for origins, destinations in (
        (np.arange(10), np.arange(10, 16)),
        (np.arange(3), np.arange(16)),
        (np.array([9, 2, 2, 7, 4]), np.array([5, 4, 0, 5, 15, 1])),
    ):
        plain = plain_trips(joined, origins, destinations, weight)
        for limit in (0, 300_000, 900_000, 50_000_000):
            limits = {"limit_ms": limit} if weight == "time" else {"limit_mm": limit}
            found = trips_within(graph, origins, destinations, **limits)
            assert as_dict(found, weight) == {pair: trip for pair, trip in plain.items() if trip[0] <= limit}
            order = found.origin.astype(np.int64) * 100 + found.destination
            assert (np.diff(order) > 0).all()


@pytest.mark.parametrize("weight", ["time", "length"])
@pytest.mark.parametrize("seed", range(6))
def test_nearest_trip_is_the_best_of_all_trips(seed, weight):
    joined = joined_town(seed)
    graph = prepare_search(joined, weight=weight)
    origins, destinations = np.arange(16), np.array([15, 3, 12, 3, 7])
    found = as_dict(nearest_trips(graph, origins, destinations), weight)
    plain = plain_trips(joined, origins, destinations, weight)
    ids = joined.legs.ids[destinations]
    best = {}
    for (i, j), trip in plain.items():
        best.setdefault(i, []).append((trip[0], trip[1], ids[j], trip[2]))
    assert {i: (*trip[:2], ids[j], trip[2]) for (i, j), trip in found.items()} == {i: min(v) for i, v in best.items()}


def test_hand_worked_road():
    """One road of 2,000 m along y = 0 at 50 km/h (72 ms a metre); walks at 4 km/h (900 ms a metre).

    V1 stands 100 m north of x = 0, V2 on the road at x = 1,900, C1 on the road at x = 400, C2 50 m south of x = 2,000.
    V1-C1: 90 s + 28.8 s = 118.8 s, 500 m; straight 412.3 m on foot takes 371.1 s: road.
    V1-C2: 90 + 144 + 45 = 279 s, 2,150 m.  V2-C1: 108 s, 1,500 m.
    V2-C2: road 7.2 + 45 = 52.2 s; straight 111.803 m takes 100.623 s: road.
    """
    roads = replace(
        RoadNetwork.from_edges([0, 1], [1, 0], [144, 144], length_m=[2000, 2000], x=[0, 2000], y=[0, 0]), crs=CRS
    )
    villages = gpd.GeoDataFrame({"village_id": ["V1", "V2"]}, geometry=gpd.points_from_xy([0, 1900], [100, 0]), crs=CRS)
    clinics = gpd.GeoDataFrame(
        {"facility_id": ["C1", "C2"]}, geometry=gpd.points_from_xy([400, 2000], [0, -50]), crs=CRS
    )
    frame = travel_times(roads, villages, clinics, limit_min=279 / 60).to_frame()
    assert list(frame.columns) == ["village_id", "facility_id", "time_s", "length_m", "way"]
    assert frame.values.tolist() == [
        ["V1", "C1", 118.8, 500.0, "road"],
        ["V1", "C2", 279.0, 2150.0, "road"],
        ["V2", "C1", 108.0, 1500.0, "road"],
        ["V2", "C2", 52.2, 150.0, "road"],
    ]
    assert len(travel_times(roads, villages, clinics, limit_min=278.999 / 60)) == 3


def test_straight_walk_wins_where_it_is_quicker():
    """Across a hairpin of 3 km at 5 km/h (2,160 s), two points 300 m apart walk straight: 270 s."""
    roads = RoadNetwork.from_edges(
        [0, 1, 1, 2, 2, 3], [1, 0, 2, 1, 3, 2], np.array([1350, 1350, 300, 300, 1350, 1350]) * 0.72,
        length_m=[1350, 1350, 300, 300, 1350, 1350], x=[0, 1350, 1350, 0], y=[0, 0, 300, 300],
    )  # fmt: skip
    joined = join_points(roads, find_access(roads, ["A", "B"], [0.0, 0.0], [0.0, 300.0]))
    graph = prepare_search(joined)
    found = trips_within(graph, [0], [1, 0], limit_ms=10**7)
    assert as_dict(found) == {(0, 0): (270_000, 300_000, True), (0, 1): (0, 0, False)}
    assert as_dict(nearest_trips(graph, [0], [1])) == {(0, 0): (270_000, 300_000, True)}
    far = prepare_search(joined, max_access_m=299.0)
    assert as_dict(trips_within(far, [0], [1], limit_ms=10**7)) == {(0, 0): (2_160_000, 3_000_000, False)}


def test_other_limit_drops_trips_and_seeks_no_detour():
    joined = joined_town(1)
    graph = prepare_search(joined)
    all_trips = as_dict(trips_within(graph, np.arange(8), np.arange(8, 16), limit_ms=3_000_000))
    short = as_dict(trips_within(graph, np.arange(8), np.arange(8, 16), limit_ms=3_000_000, limit_mm=1_500_000))
    assert short == {pair: trip for pair, trip in all_trips.items() if trip[1] <= 1_500_000}


def test_limits_and_points_are_checked():
    graph = prepare_search(joined_town(0))
    for limits in ({}, {"limit_mm": 5}, {"limit_ms": -1}):
        with pytest.raises(NetworkError, match="limit"):
            trips_within(graph, [0], [1], **limits)
    with pytest.raises(NetworkError, match="origins"):
        nearest_trips(graph, [16], [0])


def test_no_points_give_no_trips():
    graph = prepare_search(joined_town(0))
    assert len(trips_within(graph, [], [1], limit_ms=10**6)) == 0
    assert len(nearest_trips(graph, [0, 1], [])) == 0
    assert nearest_trips(graph, [0, 1], []).to_frame().columns.tolist()[:2] == ["origin_id", "destination_id"]


@settings(max_examples=60, deadline=None)
@given(networks(), st.integers(0, 10), st.booleans(), st.data())
def test_node_times_equal_a_plain_search(network, limit_ms, to_facility, data):
    node = st.integers(0, network.n_nodes - 1)
    sources = data.draw(st.lists(node, min_size=1, max_size=4))
    targets = data.draw(st.none() | st.lists(node, min_size=1, max_size=6))
    direction = "to_facility" if to_facility else "from_facility"
    table = node_times(network, sources, limit_s=limit_ms / 1000, direction=direction, targets=targets)
    columns = list(range(network.n_nodes)) if targets is None else targets
    assert table.shape == (len(sources), len(columns))
    assert table.has_sorted_indices
    turned = network.reversed() if to_facility else network
    for i, source in enumerate(sources):
        routes = best_routes(turned, source)
        expected = {j: routes[v][0] / 1000 for j, v in enumerate(columns) if v in routes and routes[v][0] <= limit_ms}
        row = table[[i]]
        assert dict(zip(row.indices.tolist(), row.data.tolist(), strict=True)) == expected


def test_node_times_equal_scipy_both_ways():
    roads = random_roads(4)
    best = {}
    for u, v, t in zip(roads.tail.tolist(), roads.head.tolist(), roads.time_ms.tolist(), strict=True):
        best[u, v] = min(t, best.get((u, v), t))
    u, v = np.array(list(best)).T
    order = np.lexsort((v, u))
    indptr = np.searchsorted(u[order], np.arange(roads.n_nodes + 1))
    weight = np.array(list(best.values()), dtype=float)[order]
    graph = csr_array((weight, v[order], indptr), shape=(roads.n_nodes, roads.n_nodes))
    expected = dijkstra(graph) / 1000
    everywhere = np.arange(roads.n_nodes)
    assert (dense(node_times(roads, everywhere, limit_s=1e6, direction="from_facility")) == expected).all()
    assert (dense(node_times(roads, everywhere, limit_s=1e6)) == expected.T).all()


def test_node_times_obey_the_triangle_inequality():
    roads = random_roads(8, n=120)
    times = dense(node_times(roads, np.arange(120), limit_s=1e6, direction="from_facility"))
    assert (np.diag(times) == 0).all()
    for via in range(120):
        assert (times <= times[:, [via]] + times[[via], :] + 1e-9).all()


def test_a_faster_road_never_lengthens_a_trip():
    roads = random_roads(9, n=150)
    faster = roads.time_ms.copy()
    faster[::7] //= 2
    before, after = (dense(node_times(r, np.arange(150), limit_s=300)) for r in (roads, replace(roads, time_ms=faster)))
    assert (after <= before).all()
    assert (after < before).any()


def test_node_numbers_do_not_matter():
    roads = random_roads(10)
    name = np.random.default_rng(1).permutation(roads.n_nodes).astype(np.int32)
    renamed = replace(roads, tail=name[roads.tail], head=name[roads.head])
    sources = np.arange(0, 400, 9)
    one = node_times(roads, sources, limit_s=200)
    other = node_times(renamed, name[sources], limit_s=200, targets=name)
    assert np.array_equal(one.indptr, other.indptr)
    assert np.array_equal(one.indices, other.indices)
    assert np.array_equal(one.data, other.data)


def test_node_times_hold_zero_and_leave_out_what_is_beyond():
    road = RoadNetwork.from_edges([0, 1, 2], [1, 2, 3], [0.0, 90.0, 0.001])
    times = node_times(road, [2, 3], limit_s=90.0)
    assert times.indices.tolist() == [0, 1, 2, 2, 3]
    assert times.data.tolist() == [90.0, 90.0, 0.0, 0.001, 0.0]
    assert times.dtype == np.float64


@pytest.mark.parametrize("limit_s", [-1, np.nan, np.inf, 1e9])
def test_node_times_refuse_limits_that_are_none(limit_s):
    with pytest.raises(NetworkError):
        node_times(RoadNetwork.from_edges([0], [1], [1.0]), [0], limit_s=limit_s)


def test_node_times_refuse_unknown_nodes_and_directions():
    road = RoadNetwork.from_edges([0], [1], [1.0])
    for wrong in ({"sources": [2]}, {"sources": [0], "targets": [-1]}, {"sources": [0], "direction": "back"}):
        with pytest.raises(NetworkError):
            node_times(road, **wrong, limit_s=1)


def layer(ids, x, y, crs=CRS, column="id"):
    return gpd.GeoDataFrame({column: ids}, geometry=gpd.points_from_xy(x, y), crs=crs)


def test_layers_are_reprojected_and_rows_without_place_have_no_trips():
    roads, x, y = town(3)
    roads = replace(roads, x=roads.x + 500_000, y=roads.y + 3_300_000)
    origins = layer([f"o{i}" for i in range(6)], x[:6] + 500_000, y[:6] + 3_300_000)
    destinations = layer([f"d{i}" for i in range(5)], x[10:15] + 500_000, y[10:15] + 3_300_000)
    plain = travel_times(roads, origins, destinations, limit_min=60)
    turned = travel_times(roads, origins.to_crs("EPSG:4326"), destinations.to_crs("EPSG:3857"), limit_min=60)
    assert len(plain) == len(turned) > 5
    # Degrees and back move a point by less than a millimetre: 1 ms a leg at walking pace, a few at the foot.
    assert np.abs(plain.time_ms - turned.time_ms).max() <= 5
    origins.loc[0, "geometry"] = None
    origins.loc[1, "geometry"] = shapely.Point()
    lost = travel_times(roads, origins, destinations, limit_min=60)
    assert set(lost.origin.tolist()) == set(plain.origin.tolist()) - {0, 1}
    assert lost.origin_ids.tolist() == [f"o{i}" for i in range(6)]


def test_faults_of_both_layers_come_together():
    roads, *_ = town(0)
    with pytest.raises(LayerError) as caught:
        travel_times(
            roads,
            layer(["a", "a"], [0, 1], [0, 1], column="village_id"),
            layer(["b"], [0], [0], crs=None),
            limit_min=15,
        )
    assert [found.code for found in caught.value.faults] == ["repeated_id", "missing_crs"]
    assert caught.value.faults[0].ids == ("a",)
    assert caught.value.faults[0].count == 2


def test_network_without_coordinate_system_takes_layers_of_one_plane():
    roads, x, y = town(0)
    bare = replace(roads, crs="")
    origins, destinations = layer(["a", "b"], x[:2], y[:2]), layer(["c"], x[10:11], y[10:11])
    same = travel_times(bare, origins, destinations, limit_min=60)
    assert same.time_ms.tolist() == travel_times(roads, origins, destinations, limit_min=60).time_ms.tolist()
    with pytest.raises(LayerError, match="coordinate system"):
        travel_times(bare, origins.set_crs("EPSG:4326", allow_override=True), destinations, limit_min=60)


@pytest.mark.parametrize("limit_min", [0, -5, np.nan, np.inf])
def test_travel_times_refuse_limits_that_are_none(limit_min):
    roads, *_ = town(0)
    with pytest.raises(ValueError, match="positive and finite"):
        travel_times(roads, layer(["a"], [0], [0]), layer(["b"], [0], [0]), limit_min=limit_min)


def test_index_serves_as_id_where_no_column_does():
    roads, x, y = town(0)
    one = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x[:3], y[:3]), crs=CRS, index=["u", "v", "w"])
    frame = travel_times(roads, one, one, limit_min=60).to_frame()
    assert frame.columns[:2].tolist() == ["origin_id", "destination_id"]
    assert set(frame["origin_id"]) == {"u", "v", "w"}


@pytest.mark.skipif(not (SHARED / "data" / "andorra").exists(), reason="../shared/data/andorra is not there")
@pytest.mark.parametrize(("weight", "limit"), [("time", 1_200_000), ("length", 15_000_000)])
def test_contraction_of_a_real_country_changes_no_trip(weight, limit):
    """Roads of Andorra by car: 40 facilities, 150 villages at seeded junctions; raw and contracted tables are equal."""
    roads = read_roads(next((SHARED / "data" / "andorra").glob("*.osm.pbf")), mode="car")
    random = np.random.default_rng(0)
    villages, facilities = random.choice(roads.n_nodes, 150, replace=False), random.choice(roads.n_nodes, 40)
    core = simplify(roads, np.concatenate([villages, facilities]), weight=weight)
    assert core.raw_of.size < roads.n_nodes / 4
    tables = []
    for network, number in ((roads, np.arange(roads.n_nodes)), (core.network, core.core_of)):
        column = np.full(network.n_nodes, -1, dtype=np.int32)
        column[number[villages]] = np.arange(150)
        arcs = search_arcs(network, weight=weight, backward=True)
        for backend in ("scipy", "numba"):
            found = reached_table(arcs, number[facilities], limit=limit, column=column, both=True, backend=backend)
            tables.append([found.indptr, found.column, found.first, found.second])
    assert tables[0][1].size > 500
    for table in tables[1:]:
        assert all(np.array_equal(one, other) for one, other in zip(tables[0], table, strict=True))


def test_a_layers_own_ids_are_the_leftmost():
    """A village names its clinic and a clinic its village; neither is taken for the layer's own id."""
    import town

    villages = town.villages().dropna(subset="geometry").head(3).assign(facility_id="C1")
    facilities = town.facilities().assign(village_id="V01")
    times = travel_times(town.network(), villages, facilities, limit_min=20)
    assert set(times.to_frame()["village_id"]) <= {"V01", "V02", "V03"}
    assert set(times.to_frame()["facility_id"]) <= set(facilities["facility_id"])
