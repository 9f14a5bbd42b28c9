"""Who lives within the circle; whether every village is served; exempt villages and their community institutions."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

import town
from audit_county import DAY, SETTINGS, audit_county, clause
from clinicplan.check.matching import match_own_clinics
from clinicplan.coverage import CircleRule, service_circles
from clinicplan.coverage.summary import summarise
from clinicplan.layers import CountyLayers
from clinicplan.policy.findings import Status, status_of
from clinicplan.policy.journeys import RoadJourneys
from clinicplan.policy.profile import Profile
from clinicplan.policy.register import county_register
from clinicplan.policy.rules.circles import exempt, service, service_circle
from clinicplan.policy.settings import AuditSettings
from clinicplan.region import MergeTable
from clinicplan.standard import Standard

CIRCLE = {"minutes": 15, "body_tiers": ["central_clinic"], "supplement_tiers": ["village_clinic", "service_point"]}
FAR = 90_000
"""So many metres east of everything: beyond any circle here."""


def aiming(target=None, **settings):
    return AuditSettings(county="测试县", day=DAY, target_share=target, **settings)


def circle(villages, facilities, *, target=None, parameters=None, settings=None, **county):
    settings = aiming(target) if settings is None else settings
    asked = clause("service_circle", unit="village", **(CIRCLE if parameters is None else parameters))
    finding = service_circle(asked, audit_county(villages, facilities, settings=settings, **county))
    return finding, status_of(asked, finding)


def figure(finding, name, mode="e_bike", unit="people"):
    """Return the measure of a figure under a mode, by the English words of its name."""
    word = {"e_bike": "e-bike", "walk": "walking", "car": "car"}[mode]
    return next(item for item in finding.measures if item.name.en == f"{name} ({word}, {unit})")


def ids(cases):
    return [case.id for case in cases]


# --- three figures ----------------------------------------------------------------------------------------------------

VILLAGES = [
    {"population": 500},
    {"population": 300, "x_m": 30_000},
    {"population": 150, "x_m": 60_000},
    {"population": 50, "x_m": FAR},
]
FACILITIES = [
    {"tier": "central_clinic", "village_id": "V1"},
    {"tier": "village_clinic", "village_id": "V2"},
    {"tier": "township_hospital", "x_m": 60_000},
    {"tier": "touring_stop", "x_m": FAR},
]


def test_body_supplement_and_any_fixed_facility_have_each_their_figure():
    """A central clinic is the body, a plain clinic the supplement, the hospital only a fixed facility; no touring."""
    finding, status = circle(VILLAGES, FACILITIES)
    assert status is Status.REPORTED
    for name, people, villages in (("body", 500, 1), ("body and supplement", 800, 2)):
        assert (figure(finding, name).value, figure(finding, name).of) == (people, 1000)
        counted = figure(finding, name, unit="villages")
        assert (counted.value, counted.of) == (villages, 4)
    assert figure(finding, "any fixed facility, township hospitals included").value == 950
    assert finding.measures[0].name == figure(finding, "body and supplement").name


def test_every_mode_stands_beside_and_the_mode_of_the_standard_decides():
    """V2 is 5 km from the clinic: 15 minutes by e-bike, an hour on foot, 7.5 by car."""
    villages = [{"population": 500}, {"population": 500, "x_m": 5000}]
    finding, status = circle(villages, [{"tier": "central_clinic", "village_id": "V1"}], target=1.0)
    assert [figure(finding, "body and supplement", mode).value for mode in ("e_bike", "walk", "car")] == [
        1000,
        500,
        1000,
    ]
    assert status is Status.PASS
    walking, _ = circle(
        villages, [{"tier": "central_clinic", "village_id": "V1"}], target=1.0, mode="walk", modes=("walk", "car")
    )
    assert walking.holds is False


def test_without_a_supplement_the_body_decides():
    parameters = {"minutes": 15, "body_tiers": ["village_clinic"]}
    finding, _ = circle(VILLAGES, FACILITIES, parameters=parameters, target=0.8)
    assert finding.measures[0].name.en == "body (e-bike, people)"
    assert finding.holds is True
    assert not any("body and supplement" in item.name.en for item in finding.measures)


# --- the standard -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("minutes", "inside"), [(15, True), (15 + 1 / 60_000, False)])
def test_the_limit_itself_is_inside_to_the_millisecond(minutes, inside):
    villages, clinic = [{"population": 100}], [{"tier": "central_clinic", "village_id": "V1"}]
    finding, status = circle(villages, clinic, target=1.0, minutes={("V1", "F1"): minutes})
    assert finding.holds is inside
    assert status is (Status.PASS if inside else Status.FAIL)


def test_a_printed_minute_does_not_cross_the_limit():
    villages, clinic = [{"population": 100}], [{"tier": "central_clinic", "village_id": "V1"}]
    finding, _ = circle(villages, clinic, target=1.0, minutes={("V1", "F1"): 15 + 1 / 60_000})
    assert finding.listings[0].rows[0][5] == 15.1
    assert finding.failing[0].value.zh.startswith("15.1分钟")


def test_the_documents_minutes_come_first_then_the_regions_own_else_nothing_can_be_said():
    villages, clinic = [{"population": 100}], [{"tier": "central_clinic", "village_id": "V1"}]
    pair = {("V1", "F1"): 18}
    own = aiming(1.0, minutes=20)
    assert circle(villages, clinic, settings=own, minutes=pair)[0].holds is False
    silent = {"body_tiers": ["central_clinic"]}
    assert circle(villages, clinic, settings=own, minutes=pair, parameters=silent)[0].holds is True
    finding, status = circle(villages, clinic, target=1.0, parameters=silent)
    assert finding.needs == ("standard.minutes",)
    assert status is Status.NOT_ASSESSED


@pytest.mark.parametrize(("metres", "inside"), [(3000, True), (3000.001, False)])
def test_a_circle_of_metres_takes_the_road(metres, inside):
    settings = aiming(1.0, distance_m=3000)
    villages, clinic = [{"population": 100}], [{"tier": "central_clinic", "village_id": "V1"}]
    finding, _ = circle(
        villages,
        clinic,
        settings=settings,
        parameters={"body_tiers": ["central_clinic"]},
        metres={("V1", "F1"): metres},
    )
    assert finding.holds is inside


# --- the share aimed at -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("target", "holds", "shortfall"), [(0.8, True, 0), (0.801, False, 1), (None, None, None)])
def test_the_share_of_people_decides_and_only_where_the_region_sets_one(target, holds, shortfall):
    finding, status = circle(VILLAGES, FACILITIES, target=target)
    assert finding.holds is holds
    assert finding.measures[0].shortfall == shortfall
    assert finding.measures[0].least == (None if target is None else Fraction(str(target)))
    assert ids(finding.failing) == (["V3", "V4"] if holds is False else [])
    assert status is {True: Status.PASS, False: Status.FAIL, None: Status.REPORTED}[holds]


def test_villages_outside_are_always_listed_with_way_and_people():
    finding, _ = circle(VILLAGES, FACILITIES)
    rows = finding.listings[0].rows
    assert [row[:5] for row in rows] == [("V3", "V3村", "甲镇", 150, 150), ("V4", "V4村", "甲镇", 50, 50)]
    assert rows[0][5:] == (90.0, 30.0, "F2机构")


def test_communities_and_exempt_villages_are_not_counted():
    villages = [{"population": 500}, {"population": 9, "kind": "community"}, {"population": 9, "status": "relocated"}]
    finding, _ = circle(villages, FACILITIES[:1])
    assert finding.measures[0].of == 500
    both, _ = circle(villages, FACILITIES[:1], parameters={**CIRCLE, "kinds": ["village", "community"]})
    assert both.measures[0].of == 509


def test_without_rural_villages_the_document_is_silent():
    assert circle([{"kind": "community", "population": 9}], [])[1] is Status.NOT_APPLICABLE


# --- what is unknown --------------------------------------------------------------------------------------------------


def test_villages_set_aside_make_a_range_and_are_asked_for():
    villages = [*VILLAGES, {"population": 1000, "x_m": None}]
    finding, status = circle(villages, FACILITIES, target=0.8)
    first = finding.measures[0]
    assert (first.value, first.of) == (800, 1000)
    assert (first.low, first.high) == (Fraction(800, 2000), Fraction(1800, 2000))
    assert (finding.holds, status) == (None, Status.NOT_ASSESSED)
    assert ids(finding.unknown) == ["V5"]
    assert circle(villages, FACILITIES, target=0.4)[0].holds is True
    assert circle(villages, FACILITIES, target=0.901)[0].holds is False


def test_an_unknown_population_may_be_any_unless_its_village_is_surely_inside():
    outside, inside = [*VILLAGES, {"x_m": FAR}], [*VILLAGES, {"x_m": 0}]
    assert circle(outside, FACILITIES, target=0.8)[0].holds is None
    assert circle(outside, FACILITIES, target=0.801)[0].holds is False
    assert circle(inside, FACILITIES, target=0.8)[0].holds is True
    assert circle(inside, FACILITIES, target=0.801)[0].holds is None


def test_a_clinic_of_unknown_operation_makes_a_range():
    facilities = [*FACILITIES[:2], {"tier": "village_clinic", "x_m": 60_000, "operating": ""}]
    finding, _ = circle(VILLAGES, facilities, target=0.95)
    assert (finding.measures[0].low, finding.measures[0].high) == (Fraction(800, 1000), Fraction(950, 1000))
    assert finding.holds is None
    assert ids(finding.unknown) == ["F3"]
    assert circle(VILLAGES, facilities, target=0.951)[0].holds is False
    assert circle(VILLAGES, facilities, target=0.8)[0].holds is True


def test_a_clinic_out_of_operation_does_not_count_and_the_register_is_remarked():
    facilities = [*FACILITIES[:2], {"tier": "village_clinic", "x_m": 60_000, "operating": "no"}]
    finding, _ = circle(VILLAGES, facilities, target=0.95)
    assert finding.holds is False
    assert any("登记" in remark.zh for remark in finding.remarks)


def test_a_clinic_without_coordinates_could_cover_its_township():
    villages = [*VILLAGES[:3], {**VILLAGES[3], "township": "乙镇"}]
    lost = {"tier": "village_clinic", "x_m": None, "township": "乙镇"}
    finding, _ = circle(villages, [*FACILITIES[:2], lost], target=0.85)
    assert (finding.measures[0].low, finding.measures[0].high) == (Fraction(800, 1000), Fraction(850, 1000))
    anywhere, _ = circle(villages, [*FACILITIES[:2], {**lost, "township": ""}], target=0.85)
    assert anywhere.measures[0].high == 1
    assert ids(anywhere.unknown) == ["F3"]


def test_where_every_village_is_set_aside_there_is_no_figure():
    finding, status = circle([{"population": 9, "x_m": None}], FACILITIES)
    assert (finding.needs, status) == (("villages.geometry",), Status.NOT_ASSESSED)
    assert circle([{"population": None}], FACILITIES)[0].needs == ("villages.population",)


# --- along roads ------------------------------------------------------------------------------------------------------


def town_register(natural_villages=None, **settings):
    villages, facilities = town.villages(), town.facilities()
    facilities["operating"] = "yes"
    rule = CircleRule(Standard.from_minutes(20), "e_bike")
    circles = service_circles(villages, facilities, {"e_bike": town.network()}, rule, natural_villages=natural_villages)
    layers = CountyLayers(town.CRS, villages, villages, facilities, natural_villages=natural_villages)
    matches = match_own_clinics(villages, facilities)
    return county_register(
        Profile(id="t", title="t", title_en="t"), aiming(**settings), layers, RoadJourneys(circles), matches
    ), circles


def test_people_and_villages_are_those_of_the_service_circles():
    register, circles = town_register()
    asked = clause("service_circle", minutes=20, body_tiers=["village_clinic", "township_hospital"])
    finding, summary = service_circle(asked, register), summarise(circles)
    people, villages = finding.measures[:2]
    assert (people.value, people.of) == (summary["people_covered"], summary["population"])
    assert (villages.value, villages.of) == (summary["villages_covered"], summary["villages"])
    assert [round(float(end), 6) for end in (people.low, people.high)] == summary["share_range"]
    assert {row[0] for row in finding.listings[0].rows} == {"V04", "V09", "V10", "V12"}


def test_people_of_natural_villages_are_counted_where_they_live():
    """V01's 100 people: 60 at B, 2 km from C1, and 40 off every road."""
    import geopandas as gpd
    import shapely

    hamlets = gpd.GeoDataFrame(
        {"natural_village_id": ["N1", "N2"], "village_id": "V01", "name": "n", "population": [60, 40]},
        geometry=[shapely.Point(town.place(spot)) for spot in ((2, 3), (9, 8))],
        crs=town.CRS,
    )
    plain, _ = town_register()
    split, _ = town_register(hamlets)
    asked = clause("service_circle", minutes=20, body_tiers=["village_clinic", "township_hospital"])
    before, after = service_circle(asked, plain), service_circle(asked, split)
    assert before.measures[0].value - after.measures[0].value == 40
    assert before.measures[1].value - after.measures[1].value == 1
    row = next(row for row in after.listings[0].rows if row[0] == "V01")
    assert row[4:6] == (40, None)


# --- promises ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_another_clinic_never_lowers_the_people_covered_and_the_order_of_rows_changes_nothing(seed):
    random = np.random.default_rng(seed)
    villages = [
        {"village_id": f"V{at}", "population": int(random.integers(1, 900)), "x_m": float(random.integers(0, 40_000))}
        for at in range(8)
    ]
    clinics = [
        {"facility_id": f"F{at}", "tier": str(random.choice(["central_clinic", "village_clinic", "hospice"])),
         "x_m": float(random.integers(0, 40_000)), "operating": str(random.choice(["yes", "", "no"]))}
        for at in range(6)
    ]  # fmt: skip
    before, _ = circle(villages, clinics, target=0.5)
    more, _ = circle(villages, [*clinics, {"facility_id": "F9", "x_m": float(random.integers(0, 40_000))}], target=0.5)
    mixed, _ = circle(villages[::-1], clinics[::-1], target=0.5)
    for old, new, turned in zip(before.measures, more.measures, mixed.measures, strict=True):
        assert new.value >= old.value
        assert (turned.value, turned.of, turned.low, turned.high) == (old.value, old.of, old.low, old.high)
    assert set(ids(mixed.failing)) == set(ids(before.failing))


@pytest.mark.parametrize("seed", range(8))
def test_an_unknown_turned_into_any_known_value_contradicts_no_verdict(seed):
    random = np.random.default_rng(50 + seed)

    def spot():
        return float(random.integers(0, 30_000))

    villages = [{"population": int(random.integers(1, 900)), "x_m": spot()} for _ in range(7)]
    villages[0]["population"], villages[1]["x_m"] = None, None
    clinics = [{"tier": "village_clinic", "x_m": spot(), "township": "甲镇", "operating": "yes"} for _ in range(4)]
    clinics[0]["operating"], clinics[1]["x_m"] = "", None
    for target in (0.2, 0.5, 0.8):
        before, _ = circle(villages, clinics, target=target)
        for _ in range(5):
            homes = [{**row, "x_m": spot() if row["x_m"] is None else row["x_m"]} for row in villages]
            homes[0]["population"] = int(random.choice([0, 10, 100_000]))
            known = [{**row, "x_m": spot() if row["x_m"] is None else row["x_m"]} for row in clinics]
            known[0]["operating"] = str(random.choice(["yes", "no"]))
            after, _ = circle(homes, known, target=target)
            assert before.holds in (None, after.holds)
            first, then = before.measures[0], after.measures[0]
            assert first.low is None or first.low <= Fraction(then.value, then.of) <= first.high


# --- every village served ---------------------------------------------------------------------------------------------

WAYS = {"ways": ["own", "shared", "seat", "community"], "required_share": 1.0}
THRESHOLDS = MergeTable(max_people=500, max_minutes=10)


def served(villages, facilities, *, parameters=WAYS, settings=None, **county):
    settings = aiming(minutes=20, merge=THRESHOLDS) if settings is None else settings
    asked = clause("service", unit="village", **parameters)
    return service(asked, audit_county(villages, facilities, settings=settings, **county))


def test_each_way_serves_a_village():
    villages = [
        {"population": 900},
        {"population": 500},
        {"population": 900, "x_m": 40_000},
        {"population": 900, "x_m": 60_000},
    ]
    facilities = [
        {"village_id": "V1"},
        {"tier": "township_hospital", "x_m": 40_000},
        {"tier": "community_station", "village_id": "V9", "x_m": 66_666},
    ]
    finding = served(villages, facilities)
    assert finding.holds is True
    assert [row[4].en for row in finding.listings[0].rows] == [
        "own clinic",
        "shared clinic",
        "township institution in the village",
        "community institution within the circle",
    ]
    without = served(villages, facilities, parameters={"ways": ["own", "seat"], "required_share": 1.0})
    assert ids(without.failing) == ["V2", "V4"]


@pytest.mark.parametrize(("minutes", "holds"), [(20, True), (20 + 1 / 60_000, False)])
def test_a_community_institution_serves_within_the_regions_circle(minutes, holds):
    stations = [{"tier": "community_station", "x_m": 5000, "township": "乙镇", "village_id": "V2"}]
    villages = [{"population": 900}, {"kind": "community", "x_m": 5000, "population": 9}]
    assert served(villages, stations, minutes={("V1", "F1"): minutes}).holds is holds


@pytest.mark.parametrize(("required", "holds"), [(0.5, True), (0.51, False), (None, None)])
def test_the_share_asked_for_is_inclusive_and_without_one_there_is_only_a_figure(required, holds):
    parameters = {"ways": ["own"], "required_share": required}
    finding = served([{"population": 900}, {"population": 300}], [{"village_id": "V1"}], parameters=parameters)
    assert finding.holds is holds
    assert [(item.value, item.of) for item in finding.measures] == [(1, 2), (900, 1200)]
    assert ids(finding.failing) == (["V2"] if holds is False else [])


def test_without_standard_or_thresholds_a_village_may_still_be_served():
    finding = served(
        [{"population": 900}, {"population": 300}],
        [{"village_id": "V1"}, {"tier": "community_centre"}],
        settings=SETTINGS,
    )
    assert finding.holds is None
    assert set(finding.needs) == {"siting.merge", "standard.minutes"}
    assert ids(finding.unknown) == ["V2"]
    nothing_near = served([{"population": 900}], [], settings=SETTINGS)
    assert nothing_near.holds is False


def test_exempt_villages_are_to_be_served_by_a_community_institution_where_the_document_has_these():
    villages = [{"population": 900}, {"population": 100, "status": "urbanised"}]
    assert ids(served(villages, [{"village_id": "V1"}]).failing) == ["V2"]
    assert served(villages, [{"village_id": "V1"}], parameters={"ways": ["own"], "required_share": 1.0}).holds is True


def test_an_unknown_population_leaves_the_share_of_people_open():
    finding = served([{"population": 900}, {"population": None}], [{"village_id": "V1"}], parameters={"ways": ["own"]})
    people = finding.measures[1]
    assert (people.low, people.high) == (0, 1)
    both = served(
        [{"population": 900}, {"population": None}],
        [{"village_id": "V1"}, {"village_id": "V2"}],
        parameters={"ways": ["own"]},
    )
    assert both.measures[1].low == 1


# --- exempt villages --------------------------------------------------------------------------------------------------


def exempted(villages, facilities, *, settings=None, **county):
    settings = aiming(minutes=20) if settings is None else settings
    return exempt(clause("exempt", unit="village"), audit_county(villages, facilities, settings=settings, **county))


def test_an_exempt_village_has_no_clinic_and_a_community_institution_within_the_circle():
    villages = [{"population": 100, "status": "urbanised"}, {"population": 900}]
    station = {"tier": "community_station", "village_id": "V2"}
    finding = exempted(villages, [station])
    assert finding.holds is True
    assert [(item.value, item.of) for item in finding.measures] == [(1, 1), (100, 100)]
    still = exempted(villages, [station, {"village_id": "V1"}])
    assert still.holds is False
    assert "F2" in still.failing[0].value.zh


@pytest.mark.parametrize(("minutes", "holds"), [(20, True), (20 + 1 / 60_000, False), (None, False)])
def test_the_circle_of_an_exempt_village_includes_its_limit(minutes, holds):
    villages = [{"population": 100, "status": "urbanised"}, {"population": 900}]
    station = {"tier": "community_station", "village_id": "V2"}
    finding = exempted(villages, [station], minutes={("V1", "F1"): minutes})
    assert finding.holds is holds


def test_a_village_clinic_is_no_community_institution():
    villages = [{"population": 100, "status": "urbanised"}, {"population": 900}]
    assert exempted(villages, [{"village_id": "V2"}]).holds is False


def test_without_exempt_villages_nothing_is_asked_and_without_a_standard_nothing_is_known():
    assert not exempted([{"population": 100}], []).applicable
    villages, station = [{"population": 100, "status": "urbanised"}], [{"tier": "community_centre"}]
    finding = exempted(villages, station, settings=SETTINGS)
    assert (finding.holds, finding.needs) == (None, ("standard.minutes",))
    own = exempted(villages, [*station, {"village_id": "V1"}], settings=SETTINGS)
    assert own.holds is False
    document = replace(
        audit_county(villages, station), profile=Profile(id="x", title="x", title_en="x", circle_minutes=15)
    )
    assert exempt(clause("exempt"), document).holds is True


def test_what_is_unknown_leaves_an_exempt_village_open():
    lost = [{"population": 100, "status": "urbanised", "x_m": None}]
    assert exempted(lost, [{"tier": "community_centre"}]).holds is None
    village = [{"population": 100, "status": "urbanised"}, {"population": 5}]
    rows = [{"tier": "community_centre"}, {"village_id": "V1", "operating": ""}, {"village_id": "V2"}]
    finding = exempted(village, rows)
    assert (finding.holds, ids(finding.unknown)) == (None, ["V1"])
