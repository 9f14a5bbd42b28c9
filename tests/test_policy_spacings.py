"""How far sub-centres stand from the county medical centre by road, and whether outside the county seat."""

from fractions import Fraction

import pytest
import shapely

import town
from audit_county import DAY, audit_county, clause
from clinicplan.check.matching import match_own_clinics
from clinicplan.coverage import CircleRule, service_circles
from clinicplan.layers import CountyLayers
from clinicplan.policy.findings import Status, status_of
from clinicplan.policy.journeys import RoadJourneys
from clinicplan.policy.profile import Profile
from clinicplan.policy.register import county_register
from clinicplan.policy.rules.spacings import spacing
from clinicplan.policy.settings import AuditSettings
from clinicplan.standard import Standard

CENTRE = {"tier": "county_medical_centre"}
SUB_CENTRE = {"tier": "sub_centre", "x_m": 16_000, "standard": "recommended"}
SEAT = (-3000, -3000, 3000, 3000)
ASKED = {"minimum_m": 15_000, "conditions": [{"column": "standard", "at_least": "recommended"}]}


def found(facilities, *, urban_area=SEAT, parameters=ASKED, **county):
    asked = clause("spacing", unit="central_township_hospital", **parameters)
    finding = spacing(asked, audit_county([{}], facilities, urban_area=urban_area, **county))
    return finding, status_of(asked, finding)


def ids(cases):
    return [case.id for case in cases]


@pytest.mark.parametrize(
    ("metres", "status", "value", "shortfall"),
    [(15_000, Status.PASS, 15_000, 0), (14_999.999, Status.FAIL, 14_999, 1), (14_999, Status.FAIL, 14_999, 1)],
)
def test_fifteen_kilometres_by_road_are_enough_to_the_millimetre(metres, status, value, shortfall):
    finding, verdict = found([CENTRE, SUB_CENTRE], metres={("F1", "F2"): metres})
    assert verdict is status
    measure = finding.measures[0]
    assert (measure.form, measure.value, measure.least, measure.shortfall) == ("metres", value, 15_000, shortfall)
    assert ids(finding.failing) == ([] if status is Status.PASS else ["F2"])


def test_a_kilometre_in_print_does_not_reach_what_the_road_does_not():
    finding, _ = found([CENTRE, SUB_CENTRE], metres={("F1", "F2"): 14_999.999})
    assert "14.999公里" in finding.failing[0].value.zh
    assert finding.listings[0].rows[0][5] == 14.999


def test_the_straight_line_stands_beside_and_disagreement_is_flagged():
    near, _ = found([CENTRE, {**SUB_CENTRE, "x_m": 14_000}], metres={("F1", "F2"): 15_500})
    assert near.holds is True
    assert near.listings[0].rows[0][5:9] == (15.5, 14.0, ("是", "yes"), ("否", "no"))
    assert any("直线距离结论不同" in remark.zh for remark in near.remarks)
    far, _ = found([CENTRE, SUB_CENTRE], metres={("F1", "F2"): 15_500})
    assert not any("结论不同" in remark.zh for remark in far.remarks)


def test_the_medical_centre_comes_first_then_the_only_county_hospital():
    hospital = {"tier": "county_hospital", "x_m": 10_000}
    assert found([CENTRE, SUB_CENTRE, hospital])[0].holds is True
    only, _ = found([{**hospital, "x_m": 0}, SUB_CENTRE])
    assert only.holds is True
    assert any("唯一的县级医院F1机构" in remark.zh for remark in only.remarks)


def test_of_several_county_hospitals_the_nearest_binds_and_the_row_warns():
    rows = [{"tier": "county_hospital"}, {"tier": "county_hospital", "x_m": 4000}, SUB_CENTRE]
    finding, status = found(rows)
    assert status is Status.FAIL
    assert finding.measures[0].value == 12_000
    assert "F2机构" in finding.measures[0].name.zh
    assert any("2所县级医院" in remark.zh for remark in finding.remarks)


def test_of_several_medical_centres_the_nearest_binds_too():
    finding, _ = found([CENTRE, {**CENTRE, "x_m": 4000}, SUB_CENTRE])
    assert finding.holds is False
    assert any("县域医疗中心有2所" in remark.zh for remark in finding.remarks)


def test_a_centre_of_unknown_operation_leaves_open_what_it_decides():
    doubtful = {"tier": "county_hospital", "x_m": 4000, "operating": ""}
    finding, status = found([{"tier": "county_hospital"}, doubtful, SUB_CENTRE])
    assert status is Status.NOT_ASSESSED
    assert (finding.measures[0].low, finding.measures[0].high) == (12_000, 16_000)
    assert found([{"tier": "county_hospital"}, {**doubtful, "x_m": 1000}, SUB_CENTRE])[0].holds is True
    assert found([{**CENTRE, "operating": ""}, {"tier": "county_hospital", "x_m": 500}, SUB_CENTRE])[0].holds is True
    assert found([{**CENTRE, "operating": ""}, {"tier": "county_hospital", "x_m": 1500}, SUB_CENTRE])[0].holds is None


def test_without_a_centre_the_distance_is_not_known():
    finding, status = found([{"tier": "township_hospital"}, SUB_CENTRE])
    assert (status, finding.needs, finding.measures) == (Status.NOT_ASSESSED, ("facilities.tier",), ())
    assert found([{"tier": "township_hospital"}, {**SUB_CENTRE, "standard": "basic"}])[1] is Status.FAIL


def test_without_roads_for_cars_the_distance_is_not_known():
    finding, status = found([CENTRE, SUB_CENTRE], modes=("e_bike", "walk"))
    assert (status, finding.needs) == (Status.NOT_ASSESSED, ("roads.car",))
    assert (finding.measures[0].value, finding.measures[0].low, finding.measures[0].high) == (16_000, 0, None)
    assert "直线" in finding.measures[0].name.zh


def test_a_sub_centre_that_no_road_joins_is_open():
    finding, status = found([CENTRE, SUB_CENTRE], metres={("F1", "F2"): None})
    assert (status, ids(finding.unknown)) == (Status.NOT_ASSESSED, ["F2"])
    assert any("没有连通的公路" in remark.zh for remark in finding.remarks)


def test_a_sub_centre_without_coordinates_is_open():
    finding, status = found([CENTRE, {**SUB_CENTRE, "x_m": None}])
    assert (status, ids(finding.unknown)) == (Status.NOT_ASSESSED, ["F2"])
    assert finding.unknown[0].value.zh == "缺坐标"


@pytest.mark.parametrize(("left", "holds"), [(16_000.001, True), (16_000, False), (15_999, False)])
def test_outside_the_seat_means_outside_its_edge_too(left, holds):
    finding, _ = found([CENTRE, SUB_CENTRE], urban_area=(left, -100, 20_000, 100))
    assert finding.holds is holds


def test_without_the_urban_area_that_half_is_not_assessed():
    finding, status = found([CENTRE, SUB_CENTRE], urban_area=None)
    assert (status, finding.needs) == (Status.NOT_ASSESSED, ("urban_area",))
    assert found([CENTRE, {**SUB_CENTRE, "x_m": 9000}], urban_area=None)[1] is Status.FAIL
    anywhere = {**ASKED, "outside_urban_area": False}
    assert found([CENTRE, SUB_CENTRE], urban_area=None, parameters=anywhere)[1] is Status.PASS


@pytest.mark.parametrize(
    ("standard", "holds"),
    [("recommended", True), ("community_hospital", True), ("basic", False), ("none", False), (None, None)],
)
def test_the_recommended_standard_or_more_is_asked(standard, holds):
    finding, _ = found([CENTRE, {**SUB_CENTRE, "standard": standard}])
    assert finding.holds is holds
    assert finding.needs == (("facilities.standard",) if holds is None else ())


def test_every_sub_centre_must_hold_and_each_has_its_figure_the_nearest_first():
    rows = [CENTRE, SUB_CENTRE, {**SUB_CENTRE, "x_m": 9000}, {**SUB_CENTRE, "x_m": 30_000, "operating": "no"}]
    finding, _ = found(rows)
    assert [measure.value for measure in finding.measures] == [9000, 16_000]
    assert ids(finding.failing) == ["F3"]


def test_a_sub_centre_of_unknown_operation_leaves_open_only_what_it_would_miss():
    assert found([CENTRE, SUB_CENTRE, {**SUB_CENTRE, "operating": ""}])[0].holds is True
    finding, _ = found([CENTRE, SUB_CENTRE, {**SUB_CENTRE, "operating": "", "x_m": 9000}])
    assert (finding.holds, ids(finding.unknown)) == (None, ["F3"])


def test_without_a_sub_centre_nothing_is_asked_and_central_hospitals_are_listed():
    finding, status = found(
        [CENTRE, {"tier": "central_township_hospital", "x_m": 20_000}, {"tier": "township_hospital"}]
    )
    assert status is Status.NOT_APPLICABLE
    assert [row[0] for row in finding.listings[0].rows] == ["F2"]
    assert finding.listings[0].rows[0][5] == 20.0


def test_central_hospitals_stand_in_the_list_beside_sub_centres():
    finding, _ = found([CENTRE, SUB_CENTRE, {"tier": "central_township_hospital", "x_m": 9000}])
    assert [(row[0], row[5]) for row in finding.listings[0].rows] == [("F3", 9.0), ("F2", 16.0)]


# --- along roads ------------------------------------------------------------------------------------------------------


def town_finding(spot, minimum_m):
    """T1 as sub-centre and C1 as the medical centre; `spot` moves C1 in the drawing."""
    villages, facilities = town.villages(), town.facilities()
    facilities["standard"] = "recommended"
    facilities.loc[facilities["facility_id"] == "T1", "tier"] = "sub_centre"
    facilities.loc[facilities["facility_id"] == "C1", ["tier", "geometry"]] = [
        "county_medical_centre",
        shapely.Point(town.place(spot)),
    ]
    circles = service_circles(
        villages, facilities, {"car": town.network()}, CircleRule(Standard.from_minutes(20), "car")
    )
    layers = CountyLayers(town.CRS, villages, villages, facilities)
    register = county_register(
        Profile(id="t", title="t", title_en="t"),
        AuditSettings(county="测试县", day=DAY),
        layers,
        RoadJourneys(circles),
        match_own_clinics(villages, facilities),
    )
    return spacing(clause("spacing", minimum_m=minimum_m, outside_urban_area=False), register)


@pytest.mark.parametrize(("minimum_m", "holds"), [(4500, True), (4501, False)])
def test_the_road_runs_from_door_to_door(minimum_m, holds):
    """From C (4, 3): 2 km to B, 2.4 km down to (2, 0.6), and 100 m from the road to T1."""
    finding = town_finding((4, 3), minimum_m)
    assert finding.holds is holds
    assert finding.measures[0].value == pytest.approx(4500, abs=1)


def test_against_a_one_way_street_the_other_direction_counts():
    """From (4, 4) on the one-way street to T1 it is 3 km round by E and D more; from T1 to it 5.5 km."""
    finding = town_finding((4, 4), 1000)
    assert finding.measures[0].value == pytest.approx(5500, abs=1)
    assert finding.measures[0].least == Fraction(1000)
