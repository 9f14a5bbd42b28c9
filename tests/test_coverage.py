"""The service circles of the hand-worked town, and promises that hold in any town."""

import pandas as pd
import pytest

import town
from clinicplan.coverage import CircleRule, service_circles
from clinicplan.coverage.summary import summarise
from clinicplan.report.tables import facility_table, township_table, travel_time_table, village_table
from clinicplan.standard import UNREACHED, Standard

PEOPLE = {name: 100 + number for number, name in enumerate(town.VILLAGES)}
"""V01 has 100 people, V02 101 and so on."""


def town_layers():
    villages, facilities = town.villages(), town.facilities()
    villages["population"] = [PEOPLE[name] for name in villages["village_id"]]
    return villages, facilities


def solve(minutes=20, *, layers=None, networks=None, natural_villages=None, **rule):
    villages, facilities = layers or town_layers()
    standard = rule.pop("standard", None) or Standard.from_minutes(minutes, [10, 20])
    return service_circles(
        villages,
        facilities,
        networks or {"e_bike": town.network()},
        CircleRule(standard, "e_bike", **rule),
        natural_villages=natural_villages,
    )


@pytest.fixture(scope="module")
def circles():
    return solve()


def test_every_village_has_the_time_worked_out_on_paper(circles):
    found = circles.to_frame().set_index("village_id")
    for name, (facility, seconds, metres, way) in town.NEAREST.items():
        row = found.loc[name]
        assert (row.facility_id, row.time_s) == (facility, seconds), name
        number = list(found.index).index(name)
        assert circles.village_trips.length_mm[number] == pytest.approx(metres * 1000, abs=2), name
        assert circles.village_trips.direct[number] == (way == "direct"), name


def test_every_village_outside_has_its_reason(circles):
    reasons = dict(zip(circles.villages["village_id"], circles.reason, strict=True))
    outside = {name: reason for name, reason in reasons.items() if reason}
    assert outside == {**town.REASONS, "V04": "too_far", "V09": "too_far"}


def test_the_limit_itself_is_within(circles):
    """V08 takes 1,170 s: inside a circle of exactly 19.5 minutes, outside one a millisecond smaller."""
    assert inside(solve(19.5), "V08")
    assert not inside(solve(standard=Standard(1_170_000 - 1, None, ())), "V08")


def inside(circles, name):
    return bool(circles.village_trips.within[list(circles.villages["village_id"]).index(name)])


def test_the_four_groups_add_up_to_the_layer(circles):
    """Set aside: V13 has no coordinates, V11 is off every road; nobody else is exempt or a community here."""
    summary = summarise(circles)
    assert summary["pending"]["villages"] == 2
    assert summary["villages"] + summary["pending"]["villages"] == 17
    assert summary["population"] + summary["pending"]["people"] == sum(PEOPLE.values())
    assert summary["communities"] == summary["exempt"] == {"n": 0, "people": 0, "people_covered": 0}


def test_people_covered_are_those_of_the_villages_within(circles):
    names = [name for name, row in town.NEAREST.items() if row[1] <= 1200]
    summary = summarise(circles)
    assert summary["villages_covered"] == len(names) == 11
    assert summary["people_covered"] == sum(PEOPLE[name] for name in names)
    low, high = summary["share_range"]
    share = summary["people_covered_share"]
    assert low < share < high


def test_bands_are_disjoint_and_add_up_with_the_unreached(circles):
    summary = summarise(circles)
    assert [band["upto_min"] for band in summary["bands"]] == [10, 20, None]
    assert summary["unreached"] == ["V10", "V12"]
    assert sum(band["villages"] for band in summary["bands"]) + 2 == summary["villages"]
    people = sum(band["people"] for band in summary["bands"]) + summary["unreached_people"]
    assert people == summary["population"]


def test_a_circle_by_distance_takes_the_shortest_road():
    """V06 is 1 km on foot from C1; by the one-way streets it would be 7 km."""
    found = solve(standard=Standard.from_distance(3300, [10, 20]))
    assert inside(found, "V03")
    assert not inside(solve(standard=Standard(None, 3_299_000, ())), "V03")


def test_exempt_villages_and_communities_have_their_own_lines():
    layers = town_layers()
    layers[0].loc[layers[0]["village_id"] == "V01", "status"] = "urbanised"
    layers[0].loc[layers[0]["village_id"] == "V02", "kind"] = "community"
    summary = summarise(solve(layers=layers))
    assert summary["exempt"] == {"n": 1, "people": 100, "people_covered": 100}
    assert summary["communities"] == {"n": 1, "people": 101, "people_covered": 101}
    assert summary["villages"] == 13


def test_a_clinic_out_of_operation_does_not_count_but_an_unknown_state_does():
    layers = town_layers()
    layers[1].loc[layers[1]["facility_id"] == "C1", "operating"] = "no"
    layers[1].loc[layers[1]["facility_id"] == "C2", "operating"] = ""
    found = solve(layers=layers).to_frame().set_index("village_id")
    assert "C1" not in set(found["facility_id"])
    assert found.loc["V07", "facility_id"] == "C2"


def test_a_facility_over_the_border_counts_only_when_asked():
    layers = town_layers()
    layers[1].loc[layers[1]["facility_id"] == "C1", "outside_county"] = True
    plain, asked = solve(layers=layers), solve(layers=layers, count_neighbours=True)
    assert "C1" not in set(plain.to_frame()["facility_id"])
    assert plain.facilities["facility_id"].iloc[plain.nearest_outside.facility[0]] == "C1"
    assert plain.nearest_outside.time_ms[0] == 240_000
    assert asked.to_frame()["facility_id"].iloc[0] == "C1"


def test_a_service_point_is_a_supplement_never_the_main_share():
    layers = town_layers()
    layers[1].loc[layers[1]["facility_id"] == "P1", "tier"] = "service_point"
    found = solve(layers=layers)
    assert not inside(found, "V09")
    assert bool(found.with_supplement.within[list(found.villages["village_id"]).index("V09")])


def test_without_any_facility_every_village_says_so():
    found = solve(tiers=("hospice",))
    assert set(found.reason) == {"no_facility", "pending"}
    assert summarise(found)["villages_covered"] == 0


def test_the_other_direction_turns_the_one_way_street_round(circles):
    """From C1 the one-way street leads straight to V06: 1 km, 120 s instead of 840 s."""
    found = solve(direction="from_facility").to_frame().set_index("village_id")
    assert found.loc["V06", "time_s"] == 120
    assert found.loc["V01", "time_s"] == 240


def test_a_village_of_natural_villages_is_within_when_all_are_and_counts_people_where_they_live():
    """V03 has 102 people: 34 live at V01's place (240 s), 68 at V09's (2,070 s); on average 1,460 s."""
    villages, facilities = town_layers()
    spots = villages.set_index("village_id").geometry
    natural = type(villages)(
        {
            "natural_village_id": ["a", "b"], "village_id": ["V03", "V03"], "name": ["a", "b"], "population": [34, 68],
        },
        geometry=[spots["V01"], spots["V09"]],
        crs=villages.crs,
    )  # fmt: skip
    found = solve(layers=(villages, facilities), natural_villages=natural)
    row = list(villages["village_id"]).index("V03")
    trips = found.village_trips
    assert trips.time_ms[row] == 1_460_000
    assert trips.worst_ms[row] == 2_070_000
    assert not trips.within[row]
    assert trips.people_within[row] == 34
    assert found.reason[row] == "too_far"
    assert sum(found.homes.people) == sum(PEOPLE.values()) - PEOPLE["V13"]


def test_nearest_facilities_serve_all_reached_people_once(circles):
    figures = circles.facility_figures
    reached = circles.home_trips.time_ms != UNREACHED
    assert figures["people_served"].sum() == circles.homes.people[reached].sum()
    assert (figures["people_solely_served"] + figures["people_overlapping"] == figures["people_within"]).all()


def test_a_further_clinic_never_lowers_coverage(circles):
    layers = town_layers()
    layers[1].loc[layers[1]["facility_id"] == "P1", "tier"] = "village_clinic"
    more = solve(layers=layers)
    assert (more.village_trips.within >= circles.village_trips.within).all()
    reached = circles.village_trips.time_ms != UNREACHED
    assert (more.village_trips.time_ms[reached] <= circles.village_trips.time_ms[reached]).all()


def test_the_order_of_villages_and_facilities_does_not_matter(circles):
    villages, facilities = town_layers()
    mixed = solve(layers=(villages[::-1].reset_index(drop=True), facilities[::-1].reset_index(drop=True)))
    one, other = (found.to_frame().sort_values("village_id").reset_index(drop=True) for found in (circles, mixed))
    pd.testing.assert_frame_equal(one, other)


def test_the_tables_say_what_the_circles_say(circles):
    table = village_table(circles).set_index("village_id")
    assert table.loc["V08", ["time_s", "time_min", "band", "within_standard"]].tolist() == [1170.0, 19.5, "≤20", True]
    assert table.loc["V09", "band"] == ">20"
    assert table.loc["V13", "reason"] == "pending"
    assert pd.isna(table.loc["V13", "within_standard"])
    assert table.loc["V07", "way"] == "direct"
    assert table.loc["V03", "access_m"] == 300.0
    assert table.loc["V03", "route_km"] == 3.3
    assert len(facility_table(circles)) == 4
    townships = township_table(circles, "合计")
    assert townships["township"].tolist() == ["北镇", "南镇", "合计"]
    assert townships["villages"].iloc[:-1].sum() == townships["villages"].iloc[-1] == 15
    pairs = travel_time_table(circles)
    assert pairs["time_s"].max() <= 1200
    assert not pairs.duplicated(["village_id", "facility_id", "mode"]).any()


def test_other_modes_stand_beside(circles):
    both = solve(networks={"e_bike": town.network(), "walk": town.network()})
    table = village_table(both)
    pd.testing.assert_series_equal(table["time_min_walk"], table["time_min_e_bike"], check_names=False)
    assert set(summarise(both)["modes"]) == {"e_bike", "walk"}


def test_one_natural_village_off_the_road_does_not_set_the_whole_village_aside():
    """V03's people: 34 at V01's place (240 s), 68 at V11's, 3 km from any road: assessed, outside, 34 covered."""
    villages, facilities = town_layers()
    spots = villages.set_index("village_id").geometry
    natural = type(villages)(
        {"natural_village_id": ["a", "b"], "village_id": ["V03", "V03"], "name": ["a", "b"], "population": [34, 68]},
        geometry=[spots["V01"], spots["V11"]],
        crs=villages.crs,
    )
    found = solve(layers=(villages, facilities), natural_villages=natural)
    row = list(villages["village_id"]).index("V03")
    assert (found.group[row], found.reason[row], found.village_trips.people_within[row]) == ("village", "off_road", 34)
