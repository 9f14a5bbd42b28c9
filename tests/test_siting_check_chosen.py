"""What is derived anew of sub-centres and of services with a quota: every rule is failed by a plan that breaks it.

The drawn county has four central township hospitals beside its own; all sets of two are tried by hand, with ways from
the searches of the circles.
"""

import copy
import functools
import tempfile
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from clinicplan.county import read_county
from clinicplan.coverage.searches import nearest_homes
from clinicplan.plan import county_circles
from clinicplan.policy.journeys import RoadJourneys
from clinicplan.region import Siting
from clinicplan.siting.check import check_plan
from county import draw_county, place, write_county
from plan_world import objective

HOSPITALS = {"H11": (2.28, 2.2), "H12": (2.28, -2.2), "H13": (-2.2, 2.2), "H14": (-2.2, -2.2), "H15": (0.2, 0.78)}
"""H15 stands 500 m from the county hospital, in its township."""
TOWNSHIPS = {"H11": "东山镇", "H12": "东山镇", "H13": "西岭乡", "H14": "西岭乡", "H15": "中溪镇"}
MIN_KM = 2.0
LIMIT_MS = 6 * 60_000


@functools.cache
def hospital_county():
    drawing = draw_county()
    for name, spot in HOSPITALS.items():
        row = [name, f"{TOWNSHIPS[name]}中心卫生院{name[-1]}", "中心卫生院", None, TOWNSHIPS[name], "正常运行"]
        drawing.facilities.rows.append([*row, *place(*spot)])
    county = read_county(write_county(drawing, Path(tempfile.mkdtemp())))
    return county, county_circles(county)


def county_asking(**asks):
    county, circles = hospital_county()
    region = county.region.model_copy(update={"siting": Siting.model_validate(asks)})
    return type(county)(**{**vars(county), "region": region}), circles


def flags(circles, names):
    return np.isin(circles.facilities["facility_id"].to_numpy(dtype=str), list(names))


def achieved(circles, names):
    """Person-milliseconds to the nearest of some hospitals, and people within six minutes."""
    trips = nearest_homes(circles.searches["e_bike"], flags(circles, names), circles.rule)
    assert (trips.time_ms >= 0).all()
    people = circles.homes.people
    return int((people * trips.time_ms).sum()), int(people[trips.time_ms <= LIMIT_MS].sum())


def road_km(circles, name):
    row = {str(item): at for at, item in enumerate(circles.facilities["facility_id"])}
    way = RoadJourneys(circles).roads_between(np.array([row[name]]), np.array([row["H01"]]), "e_bike")[0]
    return int(way) // 1000 / 1000


SUB = {"sub_centres": {"least": 1, "most": 2, "min_km": MIN_KM, "minutes": 6.0}}
CHOOSABLE = ("H11", "H12", "H13", "H14")


def set_row(circles, names, *, chosen=False):
    person, within = achieved(circles, names)
    return {
        "row": "set", "size": len(names), "sites": sorted(names), "chosen": chosen, "person_ms": person,
        "people_within": within,
    }  # fmt: skip


def sub_centre_plan(names=None, goal="person_time"):
    """The best two, with every set of two listed and every hospital told of."""
    _, circles = hospital_county()
    pairs = sorted(combinations(CHOOSABLE, 2), key=lambda pair: achieved(circles, pair)[0])
    best = tuple(names or pairs[0])
    value = achieved(circles, best)[goal == "people_within_30"]
    hospitals = [
        {
            "row": "hospital", "facility_id": name, "eligible": name in CHOOSABLE, "chosen": name in best,
            "road_km": road_km(circles, name) if name != "H02" else None,
        }
        for name in (*HOSPITALS, "H02")
    ]  # fmt: skip
    return {
        "model": "sub_centres", "status": "optimal", "bound": value, "gap": 0.0,
        "objectives": [objective(goal, value)], "villages": [],
        "sites": [hospital(name) for name in best],
        "sub_centres": [*(set_row(circles, pair, chosen=set(pair) == set(best)) for pair in pairs), *hospitals],
        "quotas": [], "costs": {},
    }  # fmt: skip


def hospital(name, action="upgrade", tier="sub_centre"):
    return {"site_id": name, "village_id": "", "facility_id": name, "action": action, "tier": tier, "cost": 0.0}


def failed(plan, **asks):
    return {check.rule for check in check_plan(*county_asking(**asks), plan) if not check.holds}


def best():
    return [item["site_id"] for item in sub_centre_plan()["sites"]]


def test_the_best_two_pass():
    assert failed(sub_centre_plan(), **SUB) == set()
    assert failed(sub_centre_plan(goal="people_within_30"), **SUB) == set()


def edited(edit, *, goal="person_time"):
    plan = sub_centre_plan(goal=goal)
    edit(plan)
    return plan


def first(kind, **values):
    def edit(plan):
        next(row for row in plan["sub_centres"] if row["row"] == kind).update(values)

    return edit


def value(step):
    def edit(plan):
        plan["objectives"][0]["value"] += step
        plan["objectives"][0]["bound"] += step
        plan["bound"] += step

    return edit


EDITS = {
    "a set a millisecond better": (first("set", person_ms=1), {"sets_listed"}),
    "a set with people too few": (first("set", people_within=-1), {"sets_listed"}),
    "another set marked": (first("set", chosen=False), {"chosen_set"}),
    "a hospital that may not be chosen": (first("hospital", eligible=False), {"facilities_listed"}),
    "a road too long": (first("hospital", road_km=99.0), {"facilities_listed"}),
    "a person-millisecond less": (value(-1), {"objective_person_time"}),
    "raised in name only": (lambda plan: plan["sites"][0].update(action="keep"), {"chosen_rows"}),
    "a hospital nobody knows": (
        lambda plan: plan["sites"][0].update(facility_id="X9"),
        {"ids_known", "chosen_rows", "chosen_set", "facilities_listed"},
    ),
}


@pytest.mark.parametrize(("edit", "breaks"), EDITS.values(), ids=EDITS)
def test_a_broken_plan_fails_what_it_breaks(edit, breaks):
    assert failed(edited(edit), **SUB) == breaks


def test_one_person_more_within_is_found():
    assert failed(edited(value(1), goal="people_within_30"), **SUB) == {"objective_people_within_30"}


def asked(**changes):
    return {"sub_centres": SUB["sub_centres"] | changes}


def test_what_the_region_asks_is_tested():
    plan, names = sub_centre_plan(), best()
    assert failed(plan, **asked(most=1)) == {"chosen_count"}
    assert failed(plan, **asked(least=3, most=4)) == {"chosen_count"}
    assert failed(plan, **asked(spacing_km=20.0)) == {"chosen_spacing"}
    assert failed(plan, **SUB, forbid=[names[0]]) == {"forbid"}
    other = next(name for name in CHOOSABLE if name not in names)
    assert failed(plan, **SUB, keep=[other]) == {"keep"}
    bare = copy.deepcopy(plan) | {"sub_centres": []}
    assert failed(bare, **asked(min_km=20.0)) == {"chosen_min_km"}


def bare_plan(*names):
    return sub_centre_plan() | {"sites": [hospital(name) for name in names], "sub_centres": [], "objectives": []}


def test_a_hospital_in_the_seat_or_of_a_lower_tier_is_refused():
    assert failed(bare_plan("H15"), **SUB) == {"chosen_outside_seat", "chosen_min_km", "status", "gaps"}
    assert failed(bare_plan("H02"), **SUB) == {"chosen_tier", "status", "gaps"}


def test_a_listed_set_that_is_better_is_found():
    _, circles = hospital_county()
    worst = max(combinations(CHOOSABLE, 2), key=lambda pair: achieved(circles, pair)[0])
    assert failed(sub_centre_plan(worst), **SUB) == {"best_listed"}


# --- quotas -----------------------------------------------------------------------------------------------------------


def quota_plan(*names):
    _, circles = hospital_county()
    person = achieved(circles, names)[0]
    tiers = dict(zip(circles.facilities["facility_id"], circles.facilities["tier"], strict=True))
    return {
        "model": "quota", "status": "optimal", "bound": person, "gap": 0.0,
        "objectives": [objective("person_time", person)], "villages": [],
        "sites": [hospital(name, "keep", tiers[name]) for name in names], "sub_centres": [],
        "quotas": [set_row(circles, names, chosen=True)], "costs": {},
    }  # fmt: skip


def quota(**asks):
    return {"quota": {"name": "献血点", "tiers": ["township_hospital"], "minutes": 6.0, **asks}}


def test_one_a_township_or_so_many_in_the_county():
    """Without a number every one of the three townships has one."""
    assert failed(quota_plan("H11", "H15", "H13"), **quota()) == set()
    assert failed(quota_plan("H11", "H12", "H13"), **quota()) == {"chosen_a_township"}
    assert failed(quota_plan("H11", "H15"), **quota()) == {"chosen_count", "chosen_a_township"}
    assert failed(quota_plan("H11", "H12"), **quota(count=2)) == set()
    assert failed(quota_plan("H11", "H12"), **quota(count=3)) == {"chosen_count"}
    assert failed(quota_plan("H11", "H15", "H02"), **quota(count=1, per_township=1)) == set()


def test_every_chosen_rule_is_failed_above():
    """Reads this file: the names of rules that the other file leaves to this one stand in an assertion here."""
    from clinicplan.words import _subject

    text = Path(__file__).read_text(encoding="utf-8")
    rules = {key.removeprefix("rule.") for key in _subject("siting_check") if key.startswith("rule.chosen_")}
    rules |= {"sets_listed", "best_listed", "facilities_listed", "objective_people_within_30"}
    assert [rule for rule in sorted(rules) if f'"{rule}"' not in text] == []
