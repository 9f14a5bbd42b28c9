"""What is derived anew of a plan: a right plan passes, and every rule is failed by a plan that breaks it alone.

The plan of `plan_world.py` is written by hand and its numbers come from other code than the check's. A case changes
what the region asks, the draft before its numbers are worked out, or the finished plan, and names all rules that must
then fail; everything else must go on holding.
"""

import ast
import copy
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

import clinicplan.siting.check as package
from clinicplan.check.matching import match_own_clinics
from clinicplan.errors import Phrase
from clinicplan.siting.check import check_plan
from clinicplan.siting.check.roads import PlannedRoads
from clinicplan.siting.check.world import PlanWorld
from plan_world import IDS, county_with, draft, finished, objective, point, site

POINT = f"{IDS[1]}-point"


def failed(checks):
    return {check.rule for check in checks if not check.holds}


@dataclass
class Case:
    """A plan that breaks the rules named; `asks` is what the region asks, `change` and `edit` are done to the plan."""

    breaks: set
    asks: dict = None
    change: object = None
    edit: object = None
    county: object = None
    target_share: float = None
    folder: object = None

    def result(self):
        county, circles = county_with(self.asks, target_share=self.target_share, folder=self.folder, edit=self.county)
        plan = draft()
        if self.change:
            self.change(plan)
        plan = finished(plan, county, circles)
        if self.edit:
            self.edit(plan)
        return check_plan(county, circles, plan)


# --- how plans are changed --------------------------------------------------------------------------------------------


def arrange(*changes):
    """Give villages (rows of the drawing) another arrangement and host."""

    def change(plan):
        for row, arrangement, host in changes:
            plan["villages"][IDS[row]] = [arrangement, host]

    return change


def sites(without=(), **others):
    """Take sites away and put others in."""

    def change(plan):
        for name in without:
            del plan["sites"][name]
        plan["sites"].update(others)

    return change


def both(*changes):
    def change(plan):
        for one in changes:
            one(plan)

    return change


def of_site(name, **values):
    def change(plan):
        plan["sites"][name].update(values)

    return change


def village(row, **values):
    def edit(plan):
        found = next(item for item in plan["villages"] if item["village_id"] == IDS[row])
        found.update(values)

    return edit


def later(key, step, row):
    """Move a number of a village, its printed minutes with it."""

    def edit(plan):
        found = next(item for item in plan["villages"] if item["village_id"] == IDS[row])
        found[key] += step
        found[{"time_ms": "time_min", "lost_ms": "minutes_lost"}[key]] = round(found[key] / 60_000, 4)

    return edit


def goal(name, **steps):
    def edit(plan):
        found = next(item for item in plan["objectives"] if item["name"] == name)
        for key, step in steps.items():
            found[key] = found[key] + step if isinstance(step, int) and not isinstance(step, bool) else step

    return edit


def money(key, step):
    def edit(plan):
        plan["costs"][key] += step

    return edit


def price(name, step):
    def edit(plan):
        next(item for item in plan["sites"] if item["site_id"] == name)["cost"] += step

    return edit


def twice(key):
    def edit(plan):
        plan[key].append(dict(plan[key][0]))

    return edit


def lost_row(key, name):
    def edit(plan):
        column = {"villages": "village_id", "sites": "site_id"}[key]
        plan[key] = [item for item in plan[key] if item[column] != name]

    return edit


def sixteen_closed(*, allowed):
    """The plan in which C06 closes and a new service point stands in its place."""
    change = both(of_site("C06", action="close", tier=""), sites(**{f"{IDS[16]}-point": point(16)}))
    return {"change": change, "asks": {"allow_close": allowed}}


def with_column(layer_name, column, row, value):
    """Change a cell of a layer, in the county and in the circles."""

    def edit(county, circles):
        frame = getattr(circles, layer_name).copy()
        if column not in frame:
            frame[column] = np.array([False] * len(frame))
        frame.loc[row, column] = value
        layers = replace(county.layers, **{layer_name: frame})
        return replace(county, layers=layers), replace(circles, **{layer_name: frame})

    return edit


def second_clinic(county, circles):
    """Let the clinic of the neighbouring county be a second one of row 3."""
    facilities = circles.facilities.copy()
    at = facilities.index[facilities["facility_id"] == "P01"][0]
    facilities.loc[at, "tier"] = "village_clinic"
    facilities.loc[at, "village_id"] = IDS[3]
    matches = match_own_clinics(circles.villages, facilities)
    layers = replace(county.layers, facilities=facilities)
    county = replace(county, layers=layers, inspection=replace(county.inspection, matches=matches))
    return county, replace(circles, facilities=facilities)


def candidate_layer(county, circles):
    """Give row 4 a candidate place beside its point, at its own price."""
    import geopandas as gpd

    here = circles.villages.geometry.iloc[4]
    layer = gpd.GeoDataFrame(
        {"candidate_id": ["K1", "K2"], "name": ["", ""], "village_id": [IDS[4], IDS[8]], "build_cost": [41_000.5, 1.0]},
        geometry=[type(here)(here.x + 200, here.y + 100), here],
        crs=circles.villages.crs,
    )
    return replace(county, layers=replace(county.layers, candidates=layer)), circles


def built_at_candidate(plan):
    del plan["sites"][IDS[4]]
    plan["sites"]["K1"] = site(4, "build", "village_clinic")
    plan["villages"][IDS[4]] = ["own", "K1"]


def baseline(folder, **actions):
    """Write an earlier plan; sites are `name: (row, action, tier)`."""
    rows = [
        {"site_id": name, **site(row, action, tier, name if name.startswith("C") else "")}
        for name, (row, action, tier) in actions.items()
    ]
    (folder / "plan.json").write_text(json.dumps({"sites": rows, "villages": []}), encoding="utf-8")


TIMES = {"village_minutes", "minutes_lost", "objective_person_time"}
NO_MINUTES = {"merge": {"max_minutes": None, "max_km": None}, "max_minutes_lost": None}

CASES = {
    # ids and rows
    "a village nobody knows": Case({"ids_known"}, edit=lambda plan: plan["villages"].append(
        {"village_id": "X9", "arrangement": "none", "host_id": ""})),
    "a host nobody knows": Case(
        {"ids_known", "own_host", "village_minutes", "minutes_lost", "max_minutes_lost"},
        edit=village(4, host_id="X9")),
    "a facility nobody knows": Case(
        {"ids_known", "site_rows"}, edit=lambda plan: plan["sites"][5].update(facility_id="X9")),
    "a site listed twice": Case(
        {"sites_once", "doctors_available", "objective_yearly_cost", "cost_totals", "build_budget",
         "objective_changes"},
        asks={"budget": {"build_cny": 320_000.0}, "doctors": {"available": 8}, "max_changes": 0}, edit=twice("sites")),
    "a village listed twice": Case({"villages_once"}, edit=twice("villages")),
    "a village left out": Case(
        {"villages_once", "objective_people_without_arrangement"}, edit=lost_row("villages", IDS[9])),
    "a community arranged for": Case({"villages_once"}, change=arrange((8, "own", "C04"))),
    "a village set aside arranged for": Case({"villages_once"}, change=arrange((17, "none", ""))),
    "a clinic left out": Case({"clinics_listed", "own_is_open", "own_host"},
                              asks={"keep": []}, change=sites(without=["C05"])),
    "a clinic out of operation kept": Case(
        {"site_rows", "site_tiers"}, change=of_site("C03", action="keep", tier="village_clinic")),
    "a candidate of another village": Case(
        {"site_rows"}, change=both(sites(without=[IDS[4]]), sites(**{IDS[9]: site(4, "build", "village_clinic")}),
                                   arrange((4, "own", IDS[9])))),
    "built where a clinic stands": Case(
        {"site_rows"}, change=sites(**{IDS[3]: site(3, "build", "village_clinic")}), asks={"max_changes": 0}),
    "a kept clinic called central": Case({"site_tiers"}, change=of_site("C02", tier="central_clinic")),
    "a raised clinic not called central": Case(
        {"site_tiers", "shared_host"}, change=of_site("C01", tier="village_clinic")),
    # own
    "an unknown arrangement": Case({"arrangement_words", "objective_people_without_arrangement"},
                                   edit=village(9, arrangement="later")),
    "a village with a clinic said to have none": Case(
        {"own_is_open", "township_hospital"}, edit=village(7, arrangement="township_hospital")),
    "an own clinic elsewhere": Case({"own_host"}, change=arrange((4, "own", "C02"))),
    "an own clinic that is not open": Case(
        {"own_is_open", "own_host"}, change=both(sites(without=[IDS[4]]), arrange((4, "own", "")))),
    # shared
    "a host that is no central clinic": Case(
        {"shared_host"}, change=both(arrange((2, "shared", "C02")))),
    "a host that is not open": Case(
        {"shared_host", "own_is_open", "own_host", "keep", *TIMES},
        asks={"allow_close": True}, change=both(of_site("C01", action="close", tier=""))),
    "a host in the village itself": Case(
        {"shared_host", "shared_adjacent", "own_is_open"},
        change=both(of_site("C02", action="upgrade", tier="central_clinic"), arrange((3, "shared", "C02")),
                    sites(**{f"{IDS[3]}-point": point(3)}))),
    "one guest too many": Case({"shared_guests"}, asks={"merge": {"max_guests": 1}}),
    "one person too many": Case({"shared_people"}, asks={"merge": {"max_people": 376}}),
    "a village that must keep its clinic": Case(
        {"shared_must_keep"}, county=with_column("villages", "must_keep_clinic", 16, True)),
    "a way too long by a millisecond": Case({"shared_minutes"}, asks={"merge": {"max_minutes": 1_639_018 / 60_000}}),
    "a road too long": Case({"shared_km"}, asks={"merge": {"max_km": 3.0}}),
    "a host in another township": Case(
        {"shared_township"},
        change=both(of_site(IDS[7], tier="central_clinic"), arrange((2, "shared", IDS[7])))),
    "a host that is no neighbour": Case(
        {"shared_adjacent"}, asks=NO_MINUTES,
        change=both(of_site("C05", action="upgrade", tier="central_clinic"), arrange((16, "shared", "C05")))),
    # other arrangements
    "a hospital in another village": Case({"township_hospital"}, change=arrange((15, "township_hospital", "H01"))),
    "a village without the hospital": Case({"township_hospital"}, change=arrange((9, "township_hospital", "H02"))),
    "the hospital out of operation": Case(
        {"township_hospital", "exempt_nearest"},
        county=with_column("facilities", "operating", 7, "no"), edit=None),
    "touring not allowed": Case({"outreach_allowed"}, asks={"outreach": ["service_point"]}),
    "outreach for a person too many": Case({"outreach_people"}, asks={"outreach_max_people": 286}),
    "touring with a host": Case({"no_host"}, change=arrange((6, "touring", "C01"))),
    "none where a clinic stood": Case(
        {"none_had_no_clinic"}, change=arrange((16, "none", ""))),
    "none where all are to have something": Case({"complete"}, asks={"complete": True}),
    "no service point": Case({"service_point_there"}, change=sites(without=[POINT])),
    "a service point nobody needs": Case({"service_point_needed"}, change=sites(**{f"{IDS[9]}-point": point(9)})),
    "an exempt village with a clinic": Case({"exempt_community"}, edit=village(14, arrangement="own")),
    "an exempt village sent far": Case({"exempt_nearest"}, change=arrange((14, "community", "C02"))),
    # sites
    "a site to keep is not open": Case({"keep"}, asks={"keep": ["C01", "C06"]}),
    "a village to keep has no clinic": Case({"keep"}, asks={"keep": [IDS[9]]}),
    "a forbidden clinic": Case({"forbid"}, asks={"forbid": ["C05"]}),
    "built in a forbidden village": Case({"forbid"}, asks={"forbid": [IDS[12]]}),
    "opened again in a forbidden village": Case({"forbid"}, asks={"forbid": [IDS[5]]}),
    "built where people move away": Case(
        {"planned_relocation"}, county=with_column("villages", "status", 4, "planned_relocation")),
    "a locked township": Case({"lock"}, asks={"lock": ["中溪镇"]}),
    "a clinic closed that may not be": Case({"closing_allowed"}, **sixteen_closed(allowed=False)),
    "one of two clinics closed": Case(
        {"stay_together"}, asks={"allow_close": True}, county=second_clinic,
        change=sites(P01=site(3, "close", "", "P01", doctors=None))),
    "a township with a clinic too few": Case({"township_minimum"}, asks={"township_minimum": {"西岭乡": 3}}),
    "a change too many": Case({"max_changes"}, asks={"max_changes": 5}),
    # minutes
    "a millisecond less": Case({"village_minutes"}, edit=later("time_ms", -1, 13)),
    "a millisecond more": Case({"village_minutes"}, edit=later("time_ms", 1, 2)),
    "minutes of another time": Case({"minutes_printed"}, edit=village(13, time_min=0.5)),
    "a millisecond lost that is not": Case({"minutes_lost"}, edit=later("lost_ms", 1, 16)),
    "a millisecond too many lost": Case({"max_minutes_lost"}, asks={"max_minutes_lost": 1_606_564 / 60_000}),
    "a village left to touring that loses its clinic": Case(
        {"max_minutes_lost"}, asks={"max_minutes_lost": 5.0, "outreach_max_people": 400},
        change=both(arrange((16, "touring", "")))),
    # doctors and money
    "a clinic without a doctor": Case({"doctors_each"}, change=of_site("C05", doctors=0)),
    "a doctor too few": Case({"doctors_least"}, asks={"doctors": {"least_per_1000": 1.615}}),
    "a doctor too many": Case({"doctors_available"}, asks={"doctors": {"available": 7}}),
    "a fen too cheap": Case({"site_costs"}, edit=price(IDS[12], -0.01)),
    "no price": Case({"site_costs"}, edit=price("C02", 1)),
    "a candidate at its own price": Case(
        {"site_costs"}, county=candidate_layer, change=built_at_candidate, edit=price("K1", 18_999.5)),
    "a fen over what may be built for": Case({"build_budget"}, asks={"budget": {"build_cny": 319_999.99}}),
    "a fen over what may be run for": Case(
        {"running_budget"}, asks={"budget": {"running_cny_per_year": 379_999.99}}),
    "totals a fen off": Case({"cost_totals"}, edit=money("yearly_cny", 0.01)),
    "today's money off": Case({"cost_totals"}, edit=money("today_running_cny_per_year", -1)),
    "an action's money off": Case({"cost_totals"}, edit=lambda plan: plan["costs"]["by_action"].update(build=1)),
    # objectives
    "an objective less": Case({"objectives_listed"}, edit=lambda plan: plan["objectives"].pop(1)),
    "objectives in another order": Case(
        {"objectives_listed"}, edit=lambda plan: plan["objectives"].insert(0, plan["objectives"].pop(1))),
    "one person more outside": Case({"objective_people_outside"}, edit=goal("people_outside", value=-1, bound=-1)),
    "one person more without": Case(
        {"objective_people_without_arrangement"}, edit=goal("people_without_arrangement", value=1, bound=1)),
    "a fen less a year": Case({"objective_yearly_cost"}, edit=goal("yearly_cost", value=-1, bound=-1)),
    "a person-millisecond less": Case({"objective_person_time"}, edit=goal("person_time", value=-1, bound=-1)),
    "a change less": Case({"objective_changes", "gaps"}, edit=goal("changes", value=-1, bound=-1)),
    "too few within": Case({"target_share"}, target_share=0.9),
    # proof
    "a bound above the value": Case({"bounds"}, edit=goal("yearly_cost", bound=1)),
    "a bound too low for a proof": Case({"bounds"}, edit=goal("yearly_cost", bound=-1)),
    "no proof and called optimal": Case({"status"}, edit=both(
        goal("yearly_cost", proven=False), lambda plan: plan.update(bound=plan["objectives"][2]["bound"]))),
    "proven and not called so": Case({"status"}, edit=lambda plan: plan.update(status="gap")),
    "a gap left out": Case({"gaps"}, edit=both(
        goal("changes", proven=False, bound=-3), lambda plan: plan.update(status="gap", bound=plan["bound"] - 3))),
    "another bound": Case({"gaps"}, edit=lambda plan: plan.update(bound=1)),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_broken_plan_fails_what_it_breaks_and_nothing_else(case):
    assert failed(case.result()) == case.breaks


def test_the_right_plan_passes():
    checks = Case(set()).result()
    assert failed(checks) == set()
    assert len(checks) == len({check.rule for check in checks})


HOLDING = {
    "limits are inclusive": Case(set(), asks={
        "merge": {"max_people": 377, "max_minutes": 1_639_019 / 60_000}, "outreach_max_people": 287,
        "max_minutes_lost": 1_606_565 / 60_000, "budget": {"build_cny": 320_000.0, "running_cny_per_year": 380_000.0},
        "doctors": {"available": 8, "least_per_1000": 1.614}, "max_changes": 6}),
    "no limit where none is set": Case(set(), asks={
        **NO_MINUTES, "budget": {"build_cny": 0.0}, "max_changes": 0, "doctors": {"available": None}}),
    "another township and no neighbour where that is not asked": Case(
        set(), asks={"merge": {"same_township": False, "adjacent": False}},
        change=both(of_site("C05", action="upgrade", tier="central_clinic"), arrange((2, "shared", "C05")))),
    "closing where it is allowed": Case(set(), **sixteen_closed(allowed=True)),
    "a candidate at its own price": Case(set(), county=candidate_layer, change=built_at_candidate),
    "two clinics kept": Case(set(), county=second_clinic, change=sites(P01=site(3, "keep", "village_clinic", "P01"))),
    "a forbidden one of two closed": Case(
        set(), asks={"allow_close": True, "forbid": ["P01"]}, county=second_clinic,
        change=sites(P01=site(3, "close", "", "P01", doctors=None))),
    "a share that is reached": Case(set(), target_share=0.59),
    "a gap that is stated": Case(set(), edit=both(
        goal("changes", proven=False, bound=-3, gap=0.5),
        lambda plan: plan.update(status="gap", bound=plan["bound"] - 3, gap=0.5))),
    "a bound within a whole unit": Case(set(), edit=both(
        lambda plan: plan["objectives"][-1].update(bound=5.2), lambda plan: plan.update(bound=5.2))),
}  # fmt: skip


@pytest.mark.parametrize("case", HOLDING.values(), ids=HOLDING)
def test_a_lawful_plan_passes(case):
    assert failed(case.result()) == set()


# --- baseline ---------------------------------------------------------------------------------------------------------


def with_baseline(breaks, folder, value, **asks):
    """The plan against an earlier one that raised C01 and kept the rest, but for what it opened."""
    baseline(folder, C01=(0, "upgrade", "central_clinic"), C05=(13, "keep", "village_clinic"),
             **{IDS[4]: (4, "build", "village_clinic")})  # fmt: skip

    def edit(plan):
        plan["objectives"].insert(2, objective("changes_from_baseline", value))

    return Case(breaks, asks={"baseline": ".", **asks}, folder=folder, edit=edit)


def test_changes_from_an_earlier_plan_are_counted(tmp_path):
    """C03 and rows 7 and 12 are built, C06 is turned: four."""
    assert failed(with_baseline(set(), tmp_path, 4).result()) == set()
    assert failed(with_baseline(set(), tmp_path, 3).result()) == {"objective_changes_from_baseline"}


def test_a_locked_township_keeps_the_earlier_plan(tmp_path):
    case = with_baseline(set(), tmp_path, 3, lock=["东山镇"], township_minimum={})
    case.change = both(sites(without=["C03"]), arrange((5, "none", "")))
    assert failed(case.result()) == set()
    case.change = both(case.change, sites(without=[IDS[4]]), arrange((4, "none", "")))
    case.edit = both(case.edit, goal("changes_from_baseline", value=1, bound=1))
    assert failed(case.result()) == {"lock"}


# --- location models --------------------------------------------------------------------------------------------------


def location_plan(model, **values):
    """A plan that keeps C01, C05 and C06 and builds at row 4, for rows 1, 2, 4, 13, 16, with stated objectives."""
    plan = {
        "villages": {
            IDS[row]: ["own", host]
            for row, host in ((1, "C01"), (2, "C01"), (4, IDS[4]), (13, "C05"), (16, "C06"))
        },
        "sites": {
            "C01": site(0, "keep", "village_clinic", "C01"), "C05": site(13, "keep", "village_clinic", "C05"),
            "C06": site(16, "keep", "village_clinic", "C06"), IDS[4]: site(4, "build", "village_clinic"),
        },
    }  # fmt: skip
    county, circles = county_with(merged_location(values.pop("asks", {})))
    plan["villages"] |= {IDS[row]: ["none", ""] for row in (0, 3, 5, 6, 7, 9, 10, 11, 12, 15)} | {
        IDS[14]: ["community", "H02"]
    }
    full = finished(plan, county, circles)
    full["villages"] = [row for row in full["villages"] if row["arrangement"] == "own"]
    full["model"] = model
    goals = {item["name"]: item["value"] for item in full["objectives"]}
    largest = max(row["time_ms"] for row in full["villages"])
    known = {"sites": 4, "person_time": goals["person_time"], "largest_time": largest}
    full["objectives"] = [objective(name, values.get(name, known.get(name, 0))) for name in values.pop("goals", known)]
    for name, value in values.items():
        item = next((item for item in full["objectives"] if item["name"] == name), None)
        if item:
            item.update(value=value, bound=value)
    full["bound"] = full["objectives"][-1]["bound"]
    return county, circles, full


def merged_location(asks):
    return {"keep": [], "forbid": [], "p": 4, **asks}


LOCATION = {
    "right": ("p_median", {}, {}, set()),
    "a site too many": ("p_median", {"asks": {"p": 3}}, {}, {"site_count"}),
    "a site too many to cover": ("max_cover", {"asks": {"p": 3}}, {}, {"site_count"}),
    "a site to spare": ("max_cover", {"asks": {"p": 5}}, {}, set()),
    "a site to keep is shut": ("p_median", {"asks": {"keep": ["C02"]}}, {}, {"keep"}),
    "a forbidden site": ("p_median", {"asks": {"forbid": ["C05"]}}, {}, {"forbid"}),
    "a forbidden village": ("p_median", {"asks": {"forbid": [IDS[4]]}}, {}, {"forbid"}),
    "person-time": ("p_median", {"person_time": 1}, {}, {"objective_person_time"}),
    "largest time": ("p_center", {"largest_time": 1}, {}, {"objective_largest_time"}),
    "number of sites": ("p_center", {"sites": 3}, {}, {"objective_sites"}),
    "a host that is not open": (
        "p_median", {}, {"host": "C02"},
        {"hosts_open", "village_minutes", "objective_person_time", "objective_largest_time"}),
    "not all covered": ("set_cover", {}, {}, {"all_covered"}),
    "too small a share": ("partial_cover", {"asks": {"target_share": 0.9}}, {}, {"share_covered"}),
    "a share": ("partial_cover", {"asks": {"target_share": 0.1}}, {}, set()),
    "too many for a site": ("capacitated_cover", {"asks": {"capacity_people": 674.0}}, {},
                            {"site_capacity", "all_covered"}),
    "as many as a site takes": ("capacitated_p_median", {"asks": {"capacity_people": 675.0}}, {}, set()),
}  # fmt: skip


@pytest.mark.parametrize(("model", "values", "edit", "breaks"), LOCATION.values(), ids=LOCATION)
def test_a_location_plan_fails_what_it_breaks(model, values, edit, breaks):
    county, circles, plan = location_plan(model, **copy.deepcopy(values))
    if "host" in edit:
        plan["villages"][0]["host_id"] = edit["host"]
    assert failed(check_plan(county, circles, plan)) == breaks


def test_people_covered_and_the_least_distance_are_worked_out():
    """Rows 4, 13 and 16 lie at their sites; 1 and 2 are beyond five minutes of every site, 2 but for nobody."""
    county, circles, plan = location_plan("max_cover", goals=["demand_covered"], demand_covered=330 + 305 + 333)
    assert failed(check_plan(county, circles, plan)) == set()
    plan["objectives"][0].update(value=330 + 305, bound=330 + 305)
    plan["bound"] = 330 + 305
    assert failed(check_plan(county, circles, plan)) == {"objective_demand_covered"}
    county, circles, plan = location_plan("p_dispersion", goals=["least_distance"], least_distance=1)
    broken = [check for check in check_plan(county, circles, plan) if not check.holds]
    assert [check.rule for check in broken] == ["objective_least_distance"]
    assert "km" in broken[0].detail.en


def test_people_covered_by_two_sites_are_worked_out():
    """C01 and C05 stand apart: nobody of the listed villages has two sites within five minutes."""
    county, circles, plan = location_plan("max_cover", goals=["people_covered_twice"], people_covered_twice=0)
    assert failed(check_plan(county, circles, plan)) == set()
    plan["objectives"][0].update(value=5, bound=5)
    plan["bound"] = 5
    assert failed(check_plan(county, circles, plan)) == {"objective_people_covered_twice"}


def test_a_cover_may_leave_out_only_villages_that_other_services_cover():
    """Row 15 has its hospital within five minutes, row 2 nothing: listing neither is right for the first alone."""
    county, circles, plan = location_plan("set_cover")
    plan["villages"] = [row for row in plan["villages"] if row["village_id"] in {IDS[4], IDS[13], IDS[16]}]
    (broken,) = [
        check for check in check_plan(county, circles, plan) if not check.holds and check.rule == "all_covered"
    ]
    assert "not so" in broken.detail.en
    names = broken.detail.en
    assert IDS[15] not in names


# --- the check itself -------------------------------------------------------------------------------------------------


def modules():
    return sorted(Path(package.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.name)
def test_nothing_of_the_models_is_used(path):
    """Of siting only the record of a check, and its own modules."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert not any(alias.name.startswith("clinicplan.siting") for alias in node.names)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("clinicplan.siting"):
            own = node.module == "clinicplan.siting.check" or node.module.startswith("clinicplan.siting.check.")
            assert own or (node.module, [alias.name for alias in node.names]) == (
                "clinicplan.siting.proposal",
                ["Check"],
            )


def test_details_name_a_few_offenders_with_their_numbers_in_both_languages():
    checks = {check.rule: check for check in CASES["one person too many"].result()}
    detail = checks["shared_people"].detail
    assert isinstance(detail, Phrase)
    assert all(part in detail.zh for part in (IDS[1], "377 人", "≤ 376 人"))
    assert all(part in detail.en for part in (IDS[1], "377 people"))
    assert checks["shared_km"].detail.en.endswith("holds.")


def test_new_sites_leave_the_times_of_today_as_they_are():
    """The searched roads differ by the points put on them; the times of today's clinics must not."""
    county, circles = county_with()
    plan = finished(draft(), county, circles)
    roads = PlannedRoads(PlanWorld(county, circles, plan), circles.rule.mode)
    places = np.zeros(len(roads.places), dtype=bool)
    places[: len(circles.counted)] = circles.counted
    found = roads.to_nearest(places)
    assert found.time_ms.tolist() == circles.home_trips.time_ms.tolist()
    assert found.facility.tolist() == circles.home_trips.facility.tolist()


def test_a_plan_of_nothing_is_judged_not_a_traceback():
    county, circles = county_with()
    for model in ("merge", "p_median", "sub_centres", "quota", ""):
        assert "villages_once" in failed(check_plan(county, circles, {"model": model})) or model != "merge"


def test_every_rule_is_failed_by_some_plan():
    """A rule that no plan can fail checks nothing; those of chosen facilities are in test_siting_check_chosen.py."""
    from clinicplan.words import _subject

    rules = {key.removeprefix("rule.") for key in _subject("siting_check") if key.startswith("rule.")}
    broken = set().union(*(case.breaks for case in CASES.values()), *(row[3] for row in LOCATION.values()))
    elsewhere = {
        "objective_changes_from_baseline",
        "objective_demand_covered",
        "objective_least_distance",
        "objective_people_covered_twice",
    }
    chosen = {rule for rule in rules if rule.startswith("chosen_")}
    chosen |= {"sets_listed", "best_listed", "facilities_listed", "objective_people_within_30"}
    assert rules == broken | elsewhere | chosen
