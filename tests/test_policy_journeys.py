"""What the rules ask of the roads, on the hand-worked town, and against other searches."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

import town
from clinicplan.coverage import CircleRule, service_circles
from clinicplan.coverage.circles import by_village
from clinicplan.coverage.searches import nearest_homes
from clinicplan.policy.journeys import LIMITS_MM, LIMITS_MS, RoadJourneys, pair_trips
from clinicplan.standard import UNREACHED, Standard
from clinicplan.travel import trips_within

VILLAGES, FACILITIES = list(town.VILLAGES), list(town.FACILITIES)


def town_journeys(natural_villages=None, **rule):
    circles = service_circles(
        town.villages(),
        town.facilities(),
        {"e_bike": town.network(), "car": town.network()},
        CircleRule(Standard.from_minutes(20), "e_bike", **rule),
        natural_villages=natural_villages,
    )
    return RoadJourneys(circles)


@pytest.fixture(scope="module")
def journeys():
    return town_journeys()


def rows(names, known):
    return np.array([known.index(name) for name in names], dtype=np.int64)


def flags(*names):
    return np.isin(FACILITIES, names)


def test_the_mode_of_the_standard_comes_first(journeys):
    assert journeys.mode == "e_bike"
    assert journeys.modes == ("e_bike", "car")


def test_nearest_gives_what_was_worked_out_on_paper(journeys):
    trips = journeys.nearest(flags(*town.COUNTED), "e_bike")
    for name, (facility, seconds, metres, _) in town.NEAREST.items():
        row = VILLAGES.index(name)
        assert FACILITIES[trips.facility[row]] == facility, name
        assert trips.time_ms[row] == seconds * 1000, name
        assert trips.length_mm[row] == pytest.approx(metres * 1000, abs=2), name


def test_villages_without_place_or_road_are_set_aside(journeys):
    """V13 has no coordinates and V11 is off every road; V10 and V12 are cut off, which is an answer."""
    assert [name for name, aside in zip(VILLAGES, journeys.set_aside, strict=True) if aside] == ["V11", "V13"]


def test_ways_are_those_of_the_pairs_asked_in_their_order(journeys):
    pairs = [("V17", "C2"), ("V06", "C1"), ("V04", "C1"), ("V05", "C1"), ("V17", "C2")]
    ways = journeys.ways(rows([v for v, _ in pairs], VILLAGES), rows([f for _, f in pairs], FACILITIES), "e_bike")
    expected = {**town.FURTHER, ("V05", "C1"): (0, 0)}
    assert ways.time_ms.tolist() == [1000 * expected[pair][0] for pair in pairs]
    assert ways.length_mm.tolist() == pytest.approx([1000 * expected[pair][1] for pair in pairs], abs=2)


def test_a_village_without_a_way_or_a_place_has_none(journeys):
    ways = journeys.ways(rows(["V10", "V13"], VILLAGES), rows(["C1", "C1"], FACILITIES), "e_bike")
    assert ways.time_ms.tolist() == ways.length_mm.tolist() == [UNREACHED, UNREACHED]


def test_no_pairs_are_no_ways(journeys):
    nothing = np.zeros(0, dtype=np.int64)
    assert journeys.ways(nothing, nothing, "e_bike").time_ms.size == 0
    assert journeys.roads_between(nothing, nothing, "car").size == 0


def every_pair(journeys):
    village, facility = np.meshgrid(np.arange(len(VILLAGES)), np.arange(len(FACILITIES)), indexing="ij")
    return village.ravel(), facility.ravel()


@pytest.mark.parametrize("shortest", [False, True])
def test_ways_agree_with_one_search_of_all_pairs(journeys, shortest):
    search = journeys.circles.searches["e_bike"]
    village, facility = every_pair(journeys)
    ways = journeys.ways(village, facility, "e_bike", shortest=shortest)
    graph = search.by_length if shortest else search.by_time
    limit = {"limit_mm": LIMITS_MM[-1]} if shortest else {"limit_ms": LIMITS_MS[-1]}
    found = trips_within(graph, np.arange(search.n_homes), np.arange(len(FACILITIES)) + search.n_homes, **limit)
    homes = journeys.circles.homes.village
    expected = {
        (homes[o], d): (t, m)
        for o, d, t, m in zip(found.origin, found.destination, found.time_ms, found.length_mm, strict=True)
    }
    for v, f, t, m in zip(village, facility, ways.time_ms, ways.length_mm, strict=True):
        assert expected.get((v, f), (UNREACHED, UNREACHED)) == (t, m)


def test_a_village_of_natural_villages_takes_the_farthest():
    """V01 with hamlets at B itself (2 km to C1) and at A (4 km); one more, off every road, leaves it without a way."""

    def hamlets(*spots):
        names = [f"N{number}" for number in range(len(spots))]
        return gpd.GeoDataFrame(
            {"natural_village_id": names, "village_id": "V01", "name": names, "population": 50},
            geometry=[shapely.Point(town.place(spot)) for spot in spots],
            crs=town.CRS,
        )

    way = (rows(["V01"], VILLAGES), rows(["C1"], FACILITIES), "e_bike")
    two = town_journeys(hamlets((2, 3), (0, 3))).ways(*way)
    assert (two.time_ms.tolist(), two.length_mm.tolist()) == ([480_000], [4_000_000])
    lost = town_journeys(hamlets((2, 3), (9, 8))).ways(*way)
    assert lost.time_ms.tolist() == [UNREACHED]


def test_roads_between_facilities_take_the_shorter_direction_with_both_legs(journeys):
    """C1 to T1: C-B 2 km, B down to (2, 0.6) 2.4 km, leg of T1 100 m; C1 to C2: round by B and H, 9 km and 100 m."""
    metres = journeys.roads_between(
        rows(["C1", "T1", "C1", "C1"], FACILITIES), rows(["T1", "C1", "C2", "C1"], FACILITIES), "car"
    )
    assert metres.tolist() == pytest.approx([4_500_000, 4_500_000, 9_100_000, 0], abs=3)


def town_with(spots, **rule):
    """Return the town with some facilities elsewhere."""
    facilities = town.facilities()
    for name, spot in spots.items():
        place = None if spot is None else shapely.Point(town.place(spot))
        facilities.loc[facilities["facility_id"] == name, "geometry"] = place
    rule = CircleRule(Standard.from_minutes(20), "car", **rule)
    return RoadJourneys(service_circles(town.villages(), facilities, {"car": town.network()}, rule))


@pytest.mark.parametrize("direction", ["to_facility", "from_facility"])
def test_a_one_way_street_counts_in_the_direction_that_is_shorter(direction):
    """From C1 at C to F: 2 km up the one-way street, 4 minutes; back by E and D 6 km, 12 minutes."""
    found = town_with({"C2": (4, 5)}, direction=direction)
    c1, c2 = rows(["C1"], FACILITIES), rows(["C2"], FACILITIES)
    assert found.roads_between(c1, c2, "car").tolist() == found.roads_between(c2, c1, "car").tolist() == [2_000_000]
    assert found.drives(c1, c2, "car").tolist() == [240_000]
    assert found.drives(c2, c1, "car").tolist() == [720_000]


def test_a_straight_walk_is_no_road():
    """From (6, 4) to (5.5, 5): 1,118 m on foot over the fields; by road up to E and west, 1.5 km."""
    found = town_with({"C1": (6, 4), "C2": (5.5, 5)})
    c1, c2 = rows(["C1"], FACILITIES), rows(["C2"], FACILITIES)
    assert found.straight_mm(c1, c2).tolist() == [1_118_034]
    assert found.roads_between(c1, c2, "car").tolist() == [1_500_000]


def test_a_place_that_is_not_known_has_no_distance():
    found = town_with({"C2": None})
    c1, c2 = rows(["C1"], FACILITIES), rows(["C2"], FACILITIES)
    assert found.straight_mm(c1, c2).tolist() == found.roads_between(c1, c2, "car").tolist() == [UNREACHED]
    assert found.drives(c1, c2, "car").tolist() == [UNREACHED]


@pytest.mark.parametrize("weight", ["time", "length"])
def test_nearest_by_road_or_on_foot_is_what_one_search_of_both_finds(journeys, weight):
    """Walks are found once and kept apart from the roads; the answer is that of the service circles."""
    search, rule = journeys.circles.searches["e_bike"], journeys.circles.rule
    graph = search.by_time if weight == "time" else search.by_length
    standard = Standard.from_minutes(20) if weight == "time" else Standard.from_distance(3000)
    for chosen in (("C1",), ("C2", "T1"), ("P1", "C1", "T1"), ()):
        found = journeys.nearest(flags(*chosen), "e_bike", standard)
        expected = by_village(
            nearest_homes(search, flags(*chosen), rule, graph=graph), journeys.circles.homes, standard
        )
        for name in ("facility", "time_ms", "length_mm", "direct", "within", "people_within"):
            assert getattr(found, name).tolist() == getattr(expected, name).tolist(), (chosen, name)


def test_the_same_question_is_searched_once(journeys, monkeypatch):
    calls = []
    original = journeys.nearest(flags("C1"), "car")
    monkeypatch.setattr("clinicplan.policy.journeys.nearest_homes", lambda *args, **_: calls.append(args))
    again = journeys.nearest(flags("C1"), "car", Standard.from_minutes(5))
    assert calls == []
    assert again.time_ms.tolist() == original.time_ms.tolist()


def test_many_pairs_are_searched_in_parts_with_the_same_answer(journeys, monkeypatch):
    graph = journeys.circles.searches["e_bike"].by_time
    village, facility = every_pair(journeys)
    n = journeys.circles.searches["e_bike"].n_homes
    start, end = np.minimum(village, n - 1), facility + n
    whole = pair_trips(graph, start, end)
    monkeypatch.setattr("clinicplan.policy.journeys.SOURCES_AT_ONCE", 2)
    parts = pair_trips(graph, start, end)
    assert [part.tolist() for part in parts] == [part.tolist() for part in whole]
    monkeypatch.setattr("clinicplan.policy.journeys.LIMITS_MS", (60_000, 600_000, LIMITS_MS[-1]))
    steps = pair_trips(graph, start, end)
    assert [part.tolist() for part in steps] == [part.tolist() for part in whole]
