"""Write a merge-and-add plan for the small drawn county by hand, with numbers from other code than the check's.

The county of `county.py` has fifteen villages that need an arrangement. Rows of the drawing, their clinics, and the
plan::

    0  C01 raised to a central clinic, for 1 and 2     7  built at the village
    1  shares C01, new service point                   9  none
    2  shares C01, new service point                   10 fixed service point, new
    3  C02 kept                                        11 none
    4  built at the village                            12 built as a central clinic, for 16
    5  C03, out of operation today, opened again       13 C05 kept
    6  touring                                         15 its township's hospital H02
                                                       16 shares 12, C06 turned into a service point

Row 14 is exempt, 8 a community, 17 set aside. Times come from the circles of the planned county (`policy.planned`,
`policy.journeys`), money and counts from the plainest sums.
"""

import copy
import functools
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from clinicplan.county import read_county
from clinicplan.plan import county_circles
from clinicplan.policy.journeys import RoadJourneys
from clinicplan.policy.planned import carry_out, plan_tables, planned_circles
from clinicplan.region import Siting
from county import draw_county, write_county

IDS = {
    0: "330624101201", 1: "330624101202", 2: "330624101203", 3: "330624101204", 4: "330624101205", 5: "330624101206",
    6: "330624102201", 7: "330624102202", 8: "330624102001", 9: "330624102204", 10: "330624102205",
    11: "330624102206", 12: "330624201201", 13: "330624201202", 14: "330624201203", 15: "330624201204",
    16: "330624201205", 17: "330624201206",
}  # fmt: skip
ROWS = {name: row for row, name in IDS.items()}
MEMBERS = (0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 15, 16)
CLINIC_OF = {0: "C01", 3: "C02", 13: "C05", 16: "C06"}
"""Clinics in operation of villages that need an arrangement."""
SITING = {
    "merge": {"max_people": 400, "max_minutes": 30.0, "max_km": 10.0, "max_guests": 2},
    "outreach": ["touring", "service_point"],
    "outreach_max_people": 300,
    "doctors": {"available": 9, "least_per_1000": 1.0},
    "budget": {"build_cny": 500_000.0, "running_cny_per_year": 500_000.0},
    "cost": {"life_years": 7.0},
    "keep": ["C01"],
    "forbid": ["330624102201"],
    "township_minimum": {"东山镇": 3},
    "max_changes": 7,
    "max_minutes_lost": 30.0,
}
COSTS = {"build": 60_000, "upgrade": 30_000, "service_point": 5_000, "run": 20_000, "doctor": 30_000, "years": 7}
OPENING = ("keep", "upgrade", "build")


def draft():
    """Return the arrangements and the sites of the plan, without any number that is worked out."""
    villages = {
        0: ("own", "C01"), 1: ("shared", "C01"), 2: ("shared", "C01"), 3: ("own", "C02"), 4: ("own", IDS[4]),
        5: ("own", "C03"), 6: ("touring", ""), 7: ("own", IDS[7]), 9: ("none", ""), 10: ("service_point", ""),
        11: ("none", ""), 12: ("own", IDS[12]), 13: ("own", "C05"), 15: ("township_hospital", "H02"),
        16: ("shared", IDS[12]), 14: ("community", "H02"),
    }  # fmt: skip
    return {
        "villages": {IDS[row]: list(what) for row, what in villages.items()},
        "sites": {
            "C01": site(0, "upgrade", "central_clinic", "C01", doctors=2),
            "C02": site(3, "keep", "village_clinic", "C02"),
            "C03": site(5, "build", "village_clinic", "C03"),
            "C05": site(13, "keep", "village_clinic", "C05"),
            "C06": site(16, "convert", "service_point", "C06", doctors=None),
            IDS[4]: site(4, "build", "village_clinic"),
            IDS[7]: site(7, "build", "village_clinic"),
            IDS[12]: site(12, "build", "central_clinic"),
            **{f"{IDS[row]}-point": point(row) for row in (1, 2, 10)},
        },
    }


def site(row, action, tier, facility="", doctors=1):
    """Return one site."""
    return {"village_id": IDS[row], "facility_id": facility, "action": action, "tier": tier, "doctors": doctors}


def point(row):
    """Return a new service point."""
    return site(row, "build", "service_point", doctors=None)


@functools.cache
def drawn_county():
    """Return the drawn county and its circles, without what the region asks of a plan."""
    county = read_county(write_county(draw_county(), Path(tempfile.mkdtemp())))
    return county, county_circles(county)


def county_with(siting=None, *, target_share=None, folder=None, edit=None):
    """Return the county with the plan's conditions, some of them others; `edit` changes its layers and circles."""
    county, circles = drawn_county()
    region = county.region.model_copy(update={"siting": Siting.model_validate(merged(SITING, siting or {}))})
    if target_share is not None:
        standard = region.standard.model_copy(update={"target_share": target_share})
        region = region.model_copy(update={"standard": standard})
    if folder is not None:
        region = region.model_copy(update={"path": Path(folder) / "region.toml"})
    county = replace(county, region=region)
    return edit(county, circles) if edit else (county, circles)


def merged(one, other):
    """Return nested tables with some entries replaced; None takes an entry away."""
    out = dict(one)
    for key, value in other.items():
        out[key] = merged(out.get(key, {}), value) if isinstance(value, dict) and key != "township_minimum" else value
    return {key: value for key, value in out.items() if value is not None}


def finished(plan, county, circles):
    """Return a draft as it would stand in `plan.json`, every number worked out."""
    plan = copy.deepcopy(plan)
    planned = planned_for(plan, county, circles)
    times = {name: host_time(planned, circles, name, host) for name, (_, host) in plan["villages"].items()}
    villages = [_village_row(name, what, times, circles) for name, what in plan["villages"].items()]
    sites = [
        {"site_id": name, **row, "cost": cost(name, row, county), "why": ""} for name, row in plan["sites"].items()
    ]
    people = dict(zip(circles.villages["village_id"], circles.villages["population"], strict=True))
    clinics = [row for row in sites if row["action"] in OPENING and row["tier"] != "service_point"]
    running = len(clinics) * COSTS["run"] + sum(row["doctors"] or 0 for row in clinics) * COSTS["doctor"]
    spread = sum(int(row["cost"] * 100 / COSTS["years"] + 0.5) for row in sites)
    members = [IDS[row] for row in MEMBERS]
    outside = sum(people[name] - planned.village_trips.people_within[ROWS[name]] for name in members)
    values = {
        "people_outside": int(outside),
        "people_without_arrangement": sum(int(people[name]) for name in members if plan["villages"][name][0] == "none"),
        "yearly_cost": running * 100 + spread,
        "person_time": sum(int(people[name]) * max(times[name], 0) for name in members),
        "changes": sum(row["action"] != "keep" and not is_point(row) for row in sites),
    }
    return {
        "model": "merge", "status": "optimal", "bound": values["changes"], "gap": 0.0, "engine": "hand",
        "objectives": [objective(name, value) for name, value in values.items()],
        "villages": villages, "sites": sites,
        "costs": {
            "build_cny": sum(row["cost"] for row in sites),
            "running_cny_per_year": running,
            "yearly_cny": values["yearly_cost"] / 100,
            "today_running_cny_per_year": standing(county, circles) * (COSTS["run"] + COSTS["doctor"]),
            "by_action": by_action(sites),
        },
        "sub_centres": [], "quotas": [], "alternatives": [], "checks": [], "notes": [],
    }  # fmt: skip


UNITS = {
    "people_outside": "people", "people_without_arrangement": "people", "changes_from_baseline": "sites",
    "yearly_cost": "fen", "person_time": "person_ms", "changes": "sites", "sites": "sites", "demand_covered": "people",
    "largest_time": "ms", "least_distance": "mm", "people_within_30": "people", "people_covered_twice": "people",
}  # fmt: skip


def objective(name, value):
    """Return an objective that is proven."""
    return {"name": name, "unit": UNITS[name], "value": value, "bound": value, "gap": 0.0, "proven": True}


def standing(county, circles):
    """Return how many clinics of the villages in question are in operation today."""
    frame = circles.facilities
    works = (frame["tier"] == "village_clinic") & (frame["operating"] != "no")
    own = np.isin(county.inspection.matches.village_id.astype(str), [IDS[row] for row in MEMBERS])
    return int((works.to_numpy() & own).sum())


def is_point(row):
    """Tell whether a site is a new service point."""
    return row["action"] == "build" and row["tier"] == "service_point"


def by_action(sites):
    """Return the one-off money by what is done."""
    table = {}
    for row in sites:
        name = "service_point" if is_point(row) else row["action"]
        table[name] = table.get(name, 0) + row["cost"]
    return table


def cost(name, row, county):
    """Return what an action costs, yuan."""
    if row["action"] == "convert" or is_point(row):
        return COSTS["service_point"]
    if row["action"] == "build":
        candidates = county.layers.candidates
        price = COSTS["build"]
        if candidates is not None and name in set(candidates["candidate_id"]):
            own = float(candidates.set_index("candidate_id")["build_cost"][name])
            price = own if own == own else price  # noqa: PLR0124
        return price + (COSTS["upgrade"] if row["tier"] == "central_clinic" else 0)
    return COSTS["upgrade"] if row["action"] == "upgrade" else 0


def planned_for(plan, county, circles):
    """Return the circles of the county with the plan's clinics, opened again ones as if they had been kept.

    A place that serves its village only (a service point) is left out: it never counts.
    """
    rows = []
    for name, row in plan["sites"].items():
        if is_point(row):
            continue
        known = row["facility_id"] in set(circles.facilities["facility_id"])
        action = "keep" if row["action"] == "build" and known else row["action"]
        if row["village_id"] in ROWS and (known or not row["facility_id"]):
            rows.append({"site_id": name, **row, "action": action})
    tables = plan_tables({"sites": rows, "villages": []})
    return planned_circles(carry_out(tables, county.layers, county.inspection.matches), circles)


def host_time(planned, circles, village, host):
    """Return the mean milliseconds from a village to its host, -1 without one."""
    names = planned.facilities["facility_id"].to_numpy(dtype=object)
    chosen = names == host
    if village not in ROWS or not chosen.any():
        return -1
    return int(RoadJourneys(planned).nearest(np.asarray(chosen, dtype=bool), planned.rule.mode).time_ms[ROWS[village]])


def _village_row(name, what, times, circles):
    arrangement, host = what
    time = times[name]
    today = int(circles.village_trips.time_ms[ROWS[name]]) if name in ROWS else -1
    lost = -1 if time < 0 or today < 0 else max(0, time - today)
    if arrangement == "own" and ROWS.get(name) in CLINIC_OF:
        lost = 0
    return {
        "village_id": name, "arrangement": arrangement, "host_id": host,
        "time_ms": time, "time_min": None if time < 0 else round(time / 60_000, 4),
        "lost_ms": lost, "minutes_lost": None if lost < 0 else round(lost / 60_000, 4),
    }  # fmt: skip
