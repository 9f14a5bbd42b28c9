"""Every number of every profile counts: one step up or down changes what a clause says of one of the two towns.

Each number that a profile states is moved by one step: whole numbers by 1, minutes by a millisecond, yuan by 1, shares
and ratios by a hair (a millionth of themselves), then by one unit of what is counted, then by the last digit that is
printed. In the hand-worked towns (`audit_town_one.py` as drawn, after each of its changes and with a plan, and
`audit_town_two.py`) that must change the status, whether it is met, a figure, a shortfall, who fails, or what is asked
as printed (numbers of a city and parts of a bill are printed as remarks). A step that a profile may not take (a share
above 1, minus one doctor) is none. Steps that no town shows stand in `NO_ROW`, each with its reason.
"""

from __future__ import annotations

import csv
import functools
from pathlib import Path

import pandas as pd
import pytest
from pydantic import ValidationError

import audit_town_one
import audit_town_two
from clinicplan.check.matching import match_own_clinics
from clinicplan.policy.findings import Finding, status_of
from clinicplan.policy.journeys import RoadJourneys
from clinicplan.policy.parameters import PARAMETERS
from clinicplan.policy.planned import carry_out, plan_tables, planned_circles
from clinicplan.policy.profile import built_in_profiles, read_profile
from clinicplan.policy.register import county_register
from clinicplan.policy.rules import RULES
from clinicplan.policy.wording import required_text

HAIR = 1e-6
MILLISECOND_MIN = 1 / 60_000
WHOLE = (
    "at_least", "at_most", "more_than", "less_than", "each_less_than", "minimum_m", "days_per_year",
    "most_days_per_year", "months_away", "most_months_away", "every_years_low", "every_years_high", "floor", "cap",
    "central_cap",
)  # fmt: skip
"""Fields that may hold decimals but count whole things."""
SHARES = ("required", "required_share", "share_of_townships", "refund_share")
RATIOS = ("low", "high")

with (Path(__file__).with_name("goldens") / "audit_town_one_changes.csv").open(encoding="utf-8", newline="") as file:
    CHANGES = {}
    for line in csv.DictReader(file):
        CHANGES.setdefault(line["clause"], []).append(line["change"])

NO_ROW = {
    ("NY-2.1.4a", "parts.0.brackets.0.from_people", 1): "a county without residents is none of the towns",
}
"""Clause, path of the number, direction (1 up, -1 down): why no row of either town can show the step."""


# ---------------------------------------- the towns


def counties(profile, clause):
    """Return the registers a clause is tested in: both towns, town one with a plan, and after its own changes."""
    makers = [(audit_town_one, None), (audit_town_two, None), (audit_town_one, "plan")]
    makers += [(audit_town_one, change) for change in CHANGES.get(clause, ())]
    return [register(profile, town, change) for town, change in makers]


@functools.cache
def roads(town):
    """Return layers, roads and own clinics of a town."""
    layers = town.layers()
    matches = match_own_clinics(
        layers.villages, layers.facilities, townships=layers.townships, polygons=layers.village_areas
    )
    return layers, RoadJourneys(town.circles(layers)), matches


@functools.cache
def register(profile, town, change):
    """Return a town under a profile: as drawn, with the plan, or after a change of cells."""
    layers, journeys, matches = roads(town)
    if change == "plan":
        layers, journeys, matches = planned(town)
    elif change:
        layers = town.changed_layers(change)  # places and roads stay as they are
    return county_register(profile, town.settings(), layers, journeys, matches, planned=change == "plan")


@functools.cache
def planned(town):
    """Return a town with a clinic built in V04 and H2 made a sub-centre."""
    layers, journeys, matches = roads(town)
    county = carry_out(plan_tables(PLAN), layers, matches)
    return county.layers, RoadJourneys(planned_circles(county, journeys.circles)), county.matches


PLAN = {
    "villages": pd.DataFrame({"village_id": ["V04"], "arrangement": ["own"], "host_id": ["V04"]}).to_dict("records"),
    "sites": [
        {"site_id": "V04", "village_id": "V04", "facility_id": "", "action": "build", "doctors": 1},
        {"site_id": "H2", "village_id": "V06", "facility_id": "H2", "action": "upgrade"},
    ],
}


def row_of(clause, county):
    """Return what a clause says of a county: the cells of its row, and what is asked as printed."""
    lacking = clause.needs_plan and not county.planned
    finding = Finding.lacking("plan") if lacking else RULES[clause.kind](clause, county)
    return (
        status_of(clause, finding),
        finding.holds if finding.applicable else None,
        tuple((item.value, item.of, item.shortfall, item.low, item.high) for item in finding.measures),
        tuple(case.id for case in finding.failing),
        required_text(finding, "en"),
        tuple(remark.en for remark in finding.remarks) if clause.strength in ("information", "report") else (),
    )


# ---------------------------------------- the numbers


def numbers(table, path=()):
    """Yield the path and value of every number that stands in a clause's parameters."""
    pairs = table.items() if isinstance(table, dict) else enumerate(table)
    for key, value in pairs:
        if isinstance(value, dict | tuple | list):
            yield from numbers(value, (*path, key))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield (*path, key), value


def replaced(table, path, number):
    """Return the parameters with another number at a path."""
    key, *rest = path
    if isinstance(table, dict):
        return {**table, key: replaced(table[key], rest, number) if rest else number}
    return [
        (replaced(item, rest, number) if rest else number) if place == key else item for place, item in enumerate(table)
    ]


def changed(clause, path, number):
    """Return the clause with another number, or None where a profile may not state it."""
    table = replaced(clause.parameters.model_dump(exclude_unset=True), path, number)
    try:
        parameters = PARAMETERS[clause.kind].model_validate(table)
    except ValidationError:
        return None
    return clause.model_copy(update={"parameters": parameters})


def steps(path, value, denominators):
    """Return the steps to try, the smallest first."""
    field = next(key for key in reversed(path) if isinstance(key, str))
    if field == "minutes":
        return [MILLISECOND_MIN]
    if field in SHARES:
        return [HAIR * value, *(1 / of for of in denominators), 0.01]
    if field in RATIOS:
        return [HAIR * value, 0.01]
    if field == "times_per_year":
        return [0.1]
    if isinstance(value, int) or field in WHOLE or field.endswith("_cny"):
        return [1]
    raise AssertionError(f"{path}: no step is set for {field}")


def flips(clause, path, value, direction, towns):
    """Tell whether one step in a direction changes a row of a town; None where there is no such step."""
    possible = False
    for county, before in towns:
        denominators = sorted({item[1] for item in before[2] if item[1]}, reverse=True)
        for step in steps(path, value, denominators):
            moved = value + direction * (step if isinstance(value, float) else round(step))
            other = changed(clause, path, moved)
            if other is None or moved == value:
                continue
            possible = True
            if row_of(other, county) != before:
                return True
    return False if possible else None


def unmoved_steps(profile, clause):
    """Yield clause, path and direction of every step of a number that no row shows."""
    stated = list(numbers(clause.parameters.model_dump(exclude_unset=True)))
    towns = [(county, row_of(clause, county)) for county in counties(profile, clause.id)] if stated else []
    for path, value in stated:
        for direction in (1, -1):
            if flips(clause, path, value, direction, towns) is False:
                yield clause.id, ".".join(map(str, path)), direction


@pytest.mark.parametrize("name", built_in_profiles())
def test_one_step_of_any_number_changes_a_row(name):
    profile = read_profile(name)
    unmoved = {step for clause in profile.clauses for step in unmoved_steps(profile, clause)}
    listed = {key for key in NO_ROW if key[0] in {clause.id for clause in profile.clauses}}
    assert unmoved - listed == set(), "no row shows these steps"
    assert listed - unmoved == set(), "a row shows these steps now: take them off the list"


def test_every_listed_number_is_one_of_a_profile_and_has_a_reason():
    known = {
        (clause.id, ".".join(map(str, path)))
        for name in built_in_profiles()
        for clause in read_profile(name).clauses
        for path, _ in numbers(clause.parameters.model_dump(exclude_unset=True))
    }
    assert {key[:2] for key in NO_ROW} <= known
    assert all(NO_ROW.values())


def test_numbers_are_found_and_replaced():
    table = {"a": 1, "b": ({"c": 0.5}, {"d": True}), "e": [3, 4]}
    assert list(numbers(table)) == [(("a",), 1), (("b", 0, "c"), 0.5), (("e", 0), 3), (("e", 1), 4)]
    assert replaced(table, ("b", 0, "c"), 0.6)["b"][0] == {"c": 0.6}
    assert replaced(table, ("e", 1), 5)["e"] == [3, 5]
