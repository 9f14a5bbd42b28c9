"""For every kind of clause the edits of a small county that give it each status it can have.

Four verbs turn the county of `audit_drafts`: `meet` fills the columns of the clause so that it is just met (the number
itself, the level itself), `miss` so that it is just missed (one less, one level lower), `blank` leaves what decides
unknown, `none` takes away the units it speaks of, or makes the document silent; `aimless` is a circle without a target.
What is said of a kind holds for all its clauses; `OVERRIDES` has the clauses that need an edit of their own. `NEVER`
lists the verbs that cannot arise, with the reason.

The statuses follow from kind and strength:

====================================================  ======================================
binding (`must`, and a kind with a verdict)           meet pass, miss fail, blank not_assessed
figures (kinds without verdict, other strengths)      meet and miss reported, blank not_assessed
all                                                   none not_applicable
what only a plan brings                               not_assessed today, reported as planned
====================================================  ======================================
"""

from __future__ import annotations

from typing import NamedTuple

import audit_edits as edits
from audit_drafts import Draft
from audit_edits import nothing, set_cells, set_region, then, without
from clinicplan.policy.findings import REPORTED_KINDS, REPORTED_STRENGTHS


class Case(NamedTuple):
    """One edit of the county and the status that it must give."""

    name: str
    verb: str
    status: str
    edit: object


def is_binding(clause):
    """Tell whether a clause has a verdict."""
    return clause.kind not in REPORTED_KINDS and clause.strength not in REPORTED_STRENGTHS


def statuses_of(clause):
    """Return the statuses that the kind and strength of a clause can give today, each with the verbs that give it."""
    if clause.needs_plan:
        return {"not_assessed": ("today",)}
    binding = {"pass": ("meet",), "fail": ("miss",)} if is_binding(clause) else {"reported": ("meet", "miss")}
    found = {**binding, "not_assessed": ("blank",), "not_applicable": ("none",)}
    if clause.kind == "service_circle":
        found["reported"] = ("aimless",)
    possible = {
        status: tuple(verb for verb in verbs if not reason_never(clause, verb)) for status, verbs in found.items()
    }
    return {status: verbs for status, verbs in possible.items() if verbs}


def reason_never(clause, verb):
    """Return why a verb cannot arise for a clause; empty where it can."""
    return next((reason for what, who, reason in NEVER if what == verb and who(clause)), "")


def cases_of(clause):
    """Return every case of a clause that there is an edit for."""
    return [
        Case(f"{clause.id}-{verb}", verb, status, edit)
        for status, verbs in statuses_of(clause).items()
        for verb in verbs
        if (edit := edit_of(clause, verb)) is not None
    ]


def edit_of(clause, verb):
    """Return the edit of a verb: of the clause itself, else of its kind; None where there is none."""
    of_kind = EDITS.get(clause.kind, {})
    return OVERRIDES.get(clause.id, {}).get(verb, of_kind.get(verb))


NO_CLINIC = without("village_clinic", village="V2")
"""V2, 1,000 people, loses its clinic."""
FILL_STANDARD = edits.fill_sub_centres
COUNTED = "own clinics are always counted"
ALWAYS_THERE = "every county has villages, communities and townships"

EDITS = {
    **dict.fromkeys(("minimum", "premises", "equipment", "remote"), edits.EVERY_UNIT),
    "share": edits.SHARES,
    "quota": edits.QUOTAS,
    "ratio": {
        "meet": edits.ratio(good=True),
        "miss": edits.ratio(good=False),
        "blank": nothing,
        "none": edits.no_units,
    },
    "staff_age": {"meet": edits.ages(-1), "miss": edits.ages(0), "blank": nothing, "none": edits.no_units},
    "classification": {
        "meet": edits.classes(good=True),
        "miss": edits.classes(good=False),
        "blank": edits.unclassed,
        "none": edits.no_units,
    },
    "village_class": {
        "meet": edits.village_class(good=True),
        "miss": edits.village_class(good=False),
        "blank": nothing,
        "none": edits.no_villages,
    },
    "cost": {"meet": edits.pay, "blank": nothing, "none": edits.nobody_paid, "today": nothing},
    "rotation": {"meet": edits.rotate, "blank": nothing, "none": edits.no_units},
    "assignment": {
        "meet": edits.assign(good=True),
        "miss": edits.assign(good=False),
        "blank": edits.unassigned,
        "none": edits.no_units,
    },
    "touring": {"meet": nothing, "miss": edits.no_tourers, "none": edits.no_units},
    "referral_chain": {
        "meet": nothing,
        "miss": without("community_station"),
        "none": edits.no_villages,
    },
    "service_circle": {
        "meet": then(edits.reach_everybody, set_region(target_share=1.0)),
        "miss": then(edits.close_the_circle, set_region(target_share=0.01)),
        "blank": then(edits.reach_everybody, edits.open_clinics, set_region(target_share=0.9)),
        "aimless": nothing,
        "none": edits.no_villages,
    },
    "service": {
        "meet": nothing,
        "miss": NO_CLINIC,
        "blank": lambda draft: edits.unknown_operation(draft, "village_clinic"),
        "none": edits.no_villages,
    },
    "one_village_one_clinic": {
        "meet": nothing,
        "miss": NO_CLINIC,
        "blank": set_cells("facilities", "C2", operating=""),
        "none": edits.no_villages,
    },
    "merge": {
        "meet": then(NO_CLINIC, set_cells("villages", "V2", population=500)),
        "miss": then(NO_CLINIC, set_cells("villages", "V2", population=501)),
        "blank": then(NO_CLINIC, set_region(merge=Draft.no_thresholds())),
        "none": nothing,
    },
    "fixed_service_point": {
        "meet": then(NO_CLINIC, edits.add("service_point", "V2")),
        "miss": NO_CLINIC,
        "blank": then(NO_CLINIC, edits.add("service_point", "V2", operating="")),
        "none": nothing,
    },
    "exempt": {
        "meet": nothing,
        "miss": set_cells("villages", "X1", x_m=5000.0),
        "blank": set_region(minutes=None),
        "none": set_cells("villages", "X1", status="ordinary"),
    },
    "spacing": {
        "meet": FILL_STANDARD,
        "miss": then(FILL_STANDARD, set_cells("facilities", "S1", x_m=14_999.0)),
        "blank": then(FILL_STANDARD, edits.no_urban_area),
        "none": without("sub_centre"),
    },
}
"""Every kind of clause: what each verb does."""

LARGE, NOT_LARGE = edits.people("V1", 49_001), edits.people("V1", 49_000)
"""With V2's 1,000 residents 东岭镇 has 50,001, or 50,000; its one hospital serves them all."""
OVERRIDES = {
    "LY-04b": {
        "meet": then(LARGE, edits.fill_units(good=True)),
        "miss": then(LARGE, edits.fill_units(good=False)),
        "blank": LARGE,
        "none": then(NOT_LARGE, edits.fill_units(good=False)),
    },
    "LY-09a": {"none": without("township_hospital")},
    "NY-2.1.4b": {"none": edits.streets},
    "NY-3.2.1b": {
        "meet": then(edits.people("U1", 195_100), edits.sub_centres(2)),
        "miss": then(edits.people("U1", 195_100), edits.sub_centres(3)),
        "none": edits.people("U1", 195_099),
    },
}
"""Clauses that need an edit of their own; the county of NY-3.2.1b has 200,000 residents, or one less."""


def _speaks_always(clause):
    """Tell whether a quota speaks of every county: of all types, whatever its residents."""
    if clause.kind != "quota":
        return False
    asked = clause.parameters
    limited = len(asked.county_types) < 3 or len(asked.township_types) < 3
    return not limited and not any(part.brackets for part in asked.parts)


def _asks_everybody(clause):
    """Tell whether a share is of all townships, or of villages of all kinds."""
    if clause.kind != "share":
        return False
    groups = [part.subjects for part in clause.parameters.parts]
    return any(group.layer == "townships" or len(group.kinds) == 3 for group in groups)


def _counts_tiers_only(clause):
    """Tell whether a figure without verdict only counts facilities of some tiers, which the register always has."""
    if is_binding(clause) or clause.kind not in ("quota", "cost"):
        return False
    asked = clause.parameters
    if clause.kind == "cost":
        return bool(asked.items) and not any(item.conditions or item.times or item.at_village for item in asked.items)
    return not any(part.subjects.where or part.column for part in asked.parts)


def _reports(*kinds):
    """Tell of clauses of some kinds that only report."""
    return lambda clause: clause.kind in kinds and not is_binding(clause)


NEVER = (
    ("none", _speaks_always, "no unit at all is a count of 0"),
    ("none", _asks_everybody, ALWAYS_THERE),
    ("none", lambda clause: clause.id == "XC-3.3", "every county has some facility"),
    ("miss", _reports("cost", "rotation"), "an amount is not compared with anything"),
    ("blank", _counts_tiers_only, "how many there are is always known within a range"),
    ("blank", _reports("service", "one_village_one_clinic"), COUNTED),
    ("blank", _reports("touring", "referral_chain"), "a county without any place cannot be read"),
)
"""Verbs that cannot arise: verb, for which clauses, why."""
