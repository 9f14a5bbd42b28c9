"""The town drawn in town.py: what stands there on paper is what the program finds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

import town
from clinicplan.network.joining import join_points
from clinicplan.network.snapping import find_access
from clinicplan.network.straight_walks import straight_walks
from clinicplan.travel import nearest_trips, prepare_search, travel_times


@pytest.fixture(scope="module")
def roads():
    return town.network()


@pytest.fixture(scope="module")
def legs(roads):
    return find_access(roads, *town.points())


@pytest.fixture(scope="module")
def joined(roads, legs):
    return join_points(roads, legs)


def row_of(name):
    return town.points()[0].index(name)


def shortest(network, weight):
    """Distances between all nodes by scipy, the least of parallel edges taken."""
    dense = np.full((network.n_nodes, network.n_nodes), np.inf)
    np.minimum.at(dense, (network.tail, network.head), weight)
    kept = np.isfinite(dense)
    graph = coo_array((dense[kept], np.nonzero(kept)), shape=dense.shape).tocsr()
    return dijkstra(graph)


@pytest.fixture(scope="module")
def trips(joined, legs):
    """Time in ms of every pair of points, by road with both legs or straight, worked out with scipy alone."""
    times = shortest(joined.network, joined.network.time_ms)
    on_road = (legs.edge >= 0)[:, None] & (legs.edge >= 0)[None, :]
    by_road = times[joined.departure][:, joined.arrival] + legs.access_ms[:, None] + legs.access_ms[None, :]
    by_road = np.where(on_road, by_road, np.inf)
    everyone = np.arange(legs.n_points)
    walks = straight_walks(legs, everyone, everyone, barrier_lines=joined.crossings)
    straight = np.full(by_road.shape, np.inf)
    straight[walks.origin, walks.destination] = walks.time_ms
    return by_road, straight


def test_every_leg_is_as_drawn(legs):
    for row, name in enumerate(legs.ids):
        expected = 1000 * town.LEGS_M[name] if name in town.LEGS_M else -1
        assert legs.access_mm[row] == expected, name
        assert legs.access_ms[row] == (-1 if expected < 0 else expected * 0.9), name


def test_access_reasons_are_as_drawn(legs):
    for name, reason in town.REASONS.items():
        assert legs.reason[row_of(name)] == ("" if reason == "separate_component" else reason), name
    reached = [name for name in legs.ids if name not in town.REASONS]
    assert all(legs.reason[row_of(name)] == "" for name in reached)


def test_second_choices_and_private_legs_are_flagged(legs):
    assert legs.ids[legs.second_choice].tolist() == ["V14"]
    assert legs.ids[legs.private].tolist() == ["V15"]


def test_nearest_facilities_times_and_ways_are_as_worked_out(trips):
    by_road, straight = trips
    counted = [row_of(name) for name in town.COUNTED]
    for name in town.VILLAGES:
        road, walk = by_road[row_of(name), counted], straight[row_of(name), counted]
        best = np.minimum(road, walk)
        if name not in town.NEAREST:
            assert np.isinf(best).all(), name
            continue
        facility, time_s, _, way = town.NEAREST[name]
        assert town.COUNTED[int(best.argmin())] == facility, name
        assert best.min() == 1000 * time_s, name
        assert way == ("direct" if walk.min() < road.min() else "road"), name


def test_lengths_are_as_worked_out(joined, legs):
    lengths = shortest(joined.network, joined.network.length_mm)
    expected = {(name, row[0]): row[2] for name, row in town.NEAREST.items() if row[3] == "road"}
    expected |= {pair: metres for pair, (_, metres) in town.FURTHER.items()}
    for (village, facility), metres in expected.items():
        start, end = row_of(village), row_of(facility)
        along = lengths[joined.departure[start], joined.arrival[end]]
        assert along + legs.access_mm[start] + legs.access_mm[end] == 1000 * metres, (village, facility)


def test_further_pairs_are_as_worked_out(trips):
    best = np.minimum(*trips)
    for (village, facility), (time_s, _) in town.FURTHER.items():
        assert best[row_of(village), row_of(facility)] == 1000 * time_s
    assert best[row_of("C1"), row_of("V06")] == 120_000


def test_nearest_trips_are_as_worked_out(joined):
    graph = prepare_search(joined)
    counted = [row_of(name) for name in town.COUNTED]
    found = nearest_trips(graph, range(len(town.VILLAGES)), counted).to_frame()
    rows = {row[0]: row[1:] for row in found.itertuples(index=False, name=None)}
    assert rows == town.NEAREST


@pytest.mark.parametrize("limit_min", [7, 14, 19.5, 20, 60])
def test_travel_times_are_as_worked_out(roads, trips, limit_min):
    """Every pair of the table, by the public door, against scipy on the joined roads; 19.5 min is V08 to the second."""
    villages, facilities = town.villages(), town.facilities()
    found = travel_times(roads, villages, facilities, limit_min=limit_min).to_frame()
    best = np.minimum(*trips)[: len(villages), len(villages) :]
    expected = {
        (village, facility): best[row, column] / 1000
        for row, village in enumerate(villages["village_id"])
        for column, facility in enumerate(facilities["facility_id"])
        if best[row, column] <= limit_min * 60_000
    }
    assert (
        dict(zip(zip(found["village_id"], found["facility_id"], strict=True), found["time_s"], strict=True)) == expected
    )
    assert (("V08", "C2") in expected) == (limit_min >= 19.5)


def test_distances_of_further_pairs_are_as_worked_out(roads):
    found = travel_times(roads, town.villages(), town.facilities(), limit_min=60).to_frame()
    rows = {row[:2]: row[2:4] for row in found.itertuples(index=False, name=None)}
    assert {pair: rows[pair] for pair in town.FURTHER} == town.FURTHER


def test_layers_of_the_town_hold_every_point():
    villages, facilities = town.villages(), town.facilities()
    assert villages["village_id"].tolist() == list(town.VILLAGES)
    assert facilities["facility_id"].tolist() == list(town.FACILITIES)
    assert villages.crs == facilities.crs == town.CRS
    assert villages.loc[villages.geometry.isna(), "village_id"].tolist() == ["V13"]
