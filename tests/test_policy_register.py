"""The tables that the rules look at: who is a unit, who lives where, who is next to whom, what stands where."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import Point, box
from shapely.geometry.polygon import Polygon

from audit_county import ORIGIN, PROFILE, audit_county
from clinicplan.policy.findings import Case
from clinicplan.policy.neighbours import SHARED_M, find_neighbours
from clinicplan.policy.parameters import Subjects
from clinicplan.policy.places import NOWHERE, facility_places, villages_with
from clinicplan.policy.register import People

# --- units ------------------------------------------------------------------------------------------------------------


def test_exempt_villages_are_no_units_and_communities_only_where_named():
    county = audit_county([{}, {"kind": "community"}, {"status": "urbanised"}, {"status": "planned_relocation"}])
    assert county.members(Subjects(layer="villages")).ids == ["V1", "V4"]
    assert county.members(Subjects(layer="villages", kinds=("village", "community"))).ids == ["V1", "V2", "V4"]


def test_facilities_out_of_operation_or_of_the_county_are_no_units_and_an_unknown_state_is_perhaps_one():
    rows = [{}, {"operating": "no"}, {"operating": ""}, {"outside_county": True}, {"tier": "central_clinic"}]
    units = audit_county([{}], rows).members(Subjects(tiers=("village_clinic",)))
    assert units.ids == ["F1", "F3", "F5"]
    assert units.member.tolist() == [1, -1, 1]


def test_where_the_register_says_it_of_none_all_are_in_operation():
    county = audit_county([{}], [{"operating": ""}, {"operating": ""}])
    assert county.by_register
    assert county.serving(["village_clinic"]).tolist() == [1, 1]


def test_the_county_as_registered_has_every_facility_in_operation():
    county = audit_county([{}], [{"operating": "no"}, {"operating": ""}, {}])
    assert county.serving(["village_clinic"]).tolist() == [0, -1, 1]
    assert county.registered.serving(["village_clinic"]).tolist() == [1, 1, 1]


def test_tiers_count_as_those_below_them_unless_exact():
    rows = [{"tier": "sub_centre"}, {"tier": "central_township_hospital"}, {"tier": "township_hospital"}]
    county = audit_county([{}], rows)
    assert county.serving(["township_hospital"]).tolist() == [1, 1, 1]
    assert county.serving(["township_hospital"], exact=True).tolist() == [0, 0, 1]


def test_cases_name_the_units_of_a_mask():
    units = audit_county([{}, {"name": "后岸村"}]).members(Subjects(layer="villages"))
    assert units.cases(np.array([False, True])) == (Case("V2", "后岸村"),)


def test_columns_are_missing_only_where_there_are_units():
    county = audit_county([{}], [{"beds": None}])
    assert county.missing(Subjects(tiers=("village_clinic",)), ("beds", "doctors")) == (
        "facilities.beds",
        "facilities.doctors",
    )
    assert county.missing(Subjects(tiers=("hospice",)), ("beds",)) == ()


# --- people and townships ---------------------------------------------------------------------------------------------


def test_a_township_has_its_own_figure_else_the_sum_of_its_villages():
    villages = [
        {"population": 300},
        {"population": 200, "kind": "community"},
        {"population": None},
        {"population": 50, "township": "乙镇"},
    ]
    county = audit_county(villages, townships=[{"township": "乙镇", "population": 70, "rural_population": 60}])
    assert county.residents("甲镇") == People(500, complete=False)
    assert county.residents("甲镇", rural=True) == People(300, complete=False)
    assert county.residents("乙镇") == People(70)
    assert county.residents("乙镇", rural=True) == People(60)
    assert county.county_people() == People(570, complete=False)


def test_townships_stand_in_the_order_of_codes_where_there_are_codes():
    names = ("西岭乡", "东山镇", "中溪镇")
    coded = [
        {"village_id": code, "township": name}
        for code, name in zip(("330624201201", "330624101201", "330624102201"), names, strict=True)
    ]
    assert audit_county(coded).townships["township"].tolist() == ["东山镇", "中溪镇", "西岭乡"]
    with_layer = audit_county(coded, townships=["无村街道", "西岭乡", "东山镇"])
    assert with_layer.townships["township"].tolist() == ["东山镇", "中溪镇", "西岭乡", "无村街道"]
    plain = [{"village_id": f"V{number}", "township": name} for number, name in zip((9, 10, 11), names, strict=True)]
    assert audit_county(plain).townships["township"].tolist() == list(names)


def test_a_facility_is_in_the_township_of_its_cell_its_name_its_place_or_its_village():
    villages = [{"township": "东山镇"}, {"township": "西岭乡", "x_m": 50_000}]
    rows = [
        {"township": "东山"},
        {"name": "西岭乡卫生院", "tier": "township_hospital"},
        {"x_m": 40_000, "tier": "township_hospital"},
        {"village_id": "V2", "tier": "hospice"},
        {"township": "别镇", "tier": "other"},
    ]
    layer = [{"township": "东山镇", "geometry": (39_000, -1000, 41_000, 1000)}, "西岭乡"]
    county = audit_county(villages, rows, layer)
    assert county.facilities["township"].tolist() == ["东山镇", "西岭乡", "东山镇", "西岭乡", "别镇"]


def test_what_was_found_is_kept_for_other_documents_and_not_for_other_facilities():
    county, asked = audit_county([{}], [{}]), []

    def find():
        asked.append(1)
        return len(asked)

    assert county.recall("key", find) == replace(county, profile=PROFILE).recall("key", find) == 1
    other = replace(county, facilities=county.facilities.assign(works=0))
    assert other.recall("key", find) == 2


def test_villages_without_a_place_have_no_known_way():
    villages = [{"population": 9}, {"x_m": None, "population": 9}, {"pending": "outside_county"}, {"population": None}]
    assert audit_county(villages).wayless.tolist() == [False, True, True, False]


# --- neighbours -------------------------------------------------------------------------------------------------------


def village_layer(spots):
    points = [None if spot is None else Point(ORIGIN[0] + spot[0], ORIGIN[1] + spot[1]) for spot in spots]
    return gpd.GeoDataFrame({"village_id": [f"V{at}" for at in range(len(spots))]}, geometry=points, crs="EPSG:4549")


def area_layer(areas):
    return gpd.GeoDataFrame({"village_id": list(areas)}, geometry=list(areas.values()), crs="EPSG:4549")


def pairs_of(neighbours):
    return {(int(one), int(other)) for one, other in zip(*neighbours.pairs, strict=True) if one < other}


def test_points_on_a_grid_are_not_adjacent_across_a_corner():
    """Nine points; the four cells round a corner share only the corner."""
    spots = [(1000 * column, 1000 * row) for row in range(3) for column in range(3)]
    found = pairs_of(find_neighbours(village_layer(spots)))
    beside = {(at, at + 1) for at in range(9) if at % 3 < 2}
    above = {(at, at + 3) for at in range(6)}
    assert found == beside | above


@pytest.mark.parametrize(
    ("spots", "expected"),
    [
        ([(0, 0)], set()),
        ([(0, 0), (500, 0)], {(0, 1)}),
        ([(0, 0), (500, 0), (0, 500)], {(0, 1), (0, 2), (1, 2)}),
        ([(0, 0), (2000, 0), (1000, 0)], {(0, 2), (1, 2)}),
        ([(0, 0), (3000, 3000), (1000, 1000), (2000, 2000)], {(0, 2), (2, 3), (1, 3)}),
        ([(0, 0), (0, 0), (900, 0)], {(0, 1), (0, 2), (1, 2)}),
        ([None, (0, 0), (900, 0)], {(1, 2)}),
    ],
    ids=["one", "two", "three", "three in line", "four in line", "two at one place", "one without a place"],
)
def test_few_points_and_points_in_line_have_neighbours_too(spots, expected):
    assert pairs_of(find_neighbours(village_layer(spots))) == expected


def test_a_village_without_a_place_is_perhaps_adjacent_to_any():
    found = find_neighbours(village_layer([None, (0, 0), (900, 0)]))
    assert found.adjacent(np.array([0, 1, 1]), np.array([1, 2, 1])).tolist() == [-1, 1, 0]


def test_polygons_are_adjacent_along_a_line_and_not_at_a_corner():
    """B lies east of A, C touches A at one corner only, D is 3 m east of B, E 1 m north of B."""
    areas = {
        "V0": box(0, 0, 1000, 1000),
        "V1": box(1000, 0, 2000, 1000),
        "V2": box(-1000, 1000, 0, 2000),
        "V3": box(2003, 0, 3000, 1000),
        "V4": box(1000, 1001, 2000, 2000),
    }
    spots = [(area.centroid.x - ORIGIN[0], area.centroid.y - ORIGIN[1]) for area in areas.values()]
    found = find_neighbours(village_layer(spots), area_layer(areas))
    assert pairs_of(found) == {(0, 1), (1, 4)}
    assert found.n_areas == 5


@pytest.mark.parametrize(("length", "adjacent"), [(SHARED_M + 1, True), (SHARED_M / 2, False)])
def test_a_common_boundary_has_a_least_length(length, adjacent):
    areas = {"V0": box(0, 0, 1000, 1000), "V1": box(1000, 1000 - length, 2000, 3000)}
    found = find_neighbours(village_layer([(500, 500), (1500, 2000)]), area_layer(areas))
    assert bool(pairs_of(found)) is adjacent


def test_where_one_village_has_no_polygon_points_tell():
    areas = {"V0": box(*(ORIGIN[0], ORIGIN[1]), ORIGIN[0] + 1000, ORIGIN[1] + 1000)}
    found = find_neighbours(village_layer([(500, 500), (1500, 500), (2500, 500)]), area_layer(areas))
    assert pairs_of(found) == {(0, 1), (1, 2)}


def test_the_order_of_villages_changes_no_neighbours():
    random = np.random.default_rng(7)
    spots = [tuple(spot) for spot in random.uniform(0, 20_000, (40, 2))]
    order = random.permutation(40)
    whole = pairs_of(find_neighbours(village_layer(spots)))
    mixed = pairs_of(find_neighbours(village_layer([spots[at] for at in order])))
    assert {tuple(sorted((int(order[one]), int(order[other])))) for one, other in mixed} == whole


# --- what stands where ------------------------------------------------------------------------------------------------


def candidates(county):
    places = facility_places(county)
    return [places.candidates(row) for row in range(len(county.facilities))]


def test_a_hospital_stands_in_the_village_its_row_names_whose_polygon_holds_it_or_whose_point_is_near():
    villages = [{"x_m": 0}, {"x_m": 5000}, {"x_m": 20_000}]
    rows = [
        {"tier": "township_hospital", "village_id": "V3", "x_m": 0},
        {"tier": "township_hospital", "x_m": 6000},
        {"tier": "township_hospital", "x_m": 500},
        {"tier": "township_hospital", "x_m": 500.001},
        {"tier": "township_hospital", "x_m": 5400},
    ]
    county = audit_county(villages, rows, village_areas={"V2": (5500, -500, 6500, 500)})
    assert candidates(county) == [(2,), (1,), (0,), (), ()]


def test_a_hospital_without_coordinates_could_stand_anywhere_in_its_township():
    villages = [{}, {}, {"township": "乙镇"}]
    rows = [
        {"tier": "township_hospital", "township": "甲镇", "x_m": None},
        {"tier": "township_hospital", "x_m": None, "name": "某院"},
    ]
    assert candidates(audit_county(villages, rows)) == [(0, 1), (0, 1, 2)]


def test_of_two_villages_equally_near_the_smaller_id_holds_the_hospital():
    villages = [{"village_id": "V9", "x_m": 100}, {"village_id": "V2", "x_m": -100}]
    assert candidates(audit_county(villages, [{"tier": "township_hospital"}])) == [(1,)]


def test_a_clinic_on_a_common_line_could_be_of_both_and_one_that_fits_nobody_of_any_in_its_township():
    villages = [{"x_m": 500}, {"x_m": 1500}, {"x_m": 9000}, {"township": "乙镇"}]
    areas = {"V1": (0, -500, 1000, 500), "V2": (1000, -500, 2000, 500)}
    rows = [{"x_m": 1000}, {"x_m": 5000, "township": "甲镇"}, {"village_id": "V3"}]
    county = audit_county(villages, rows, village_areas=areas)
    assert candidates(county) == [(0, 1), (0, 1, 2), (2,)]
    assert villages_with(county, county.serving(["village_clinic"])).tolist() == [-1, -1, 1, 0]


def test_a_facility_of_unknown_operation_is_perhaps_there():
    county = audit_county([{}, {}], [{"village_id": "V1", "operating": ""}, {"village_id": "V2"}])
    assert villages_with(county, county.serving(["village_clinic"])).tolist() == [-1, 1]
    assert facility_places(county).village.tolist() == [0, 1]
    assert NOWHERE not in facility_places(county).village


def test_a_polygon_of_several_parts_counts_as_one():
    parts = Polygon([(0, 0), (1000, 0), (1000, 1000), (0, 1000)]).union(box(3000, 0, 4000, 1000))
    areas = {"V0": parts, "V1": box(4000, 0, 5000, 1000)}
    found = find_neighbours(village_layer([(0, 0), (4500, 500)]), area_layer(areas))
    assert pairs_of(found) == {(0, 1)}
