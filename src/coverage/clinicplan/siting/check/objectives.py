"""Work out every objective again, and check that what is said of bounds, gaps and proof fits together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import isfinite
from typing import Any, Final

from clinicplan.siting.check.baseline import changes_from_baseline
from clinicplan.siting.check.claims import Offence, at_least, claim, compared, people
from clinicplan.siting.check.money import exact, yearly_fen
from clinicplan.siting.check.roads import PlannedRoads
from clinicplan.siting.check.site_rules import number_of_changes
from clinicplan.siting.check.world import PlanWorld
from clinicplan.siting.proposal import Check
from clinicplan.standard import UNREACHED

Value = Callable[[], int | None]

UNITS: Final = {
    "people_outside": "people",
    "people_without_arrangement": "people",
    "changes_from_baseline": "sites",
    "yearly_cost": "fen",
    "person_time": "person_ms",
    "changes": "sites",
}
"""Objectives of the merge-and-add plan in their order, with their units."""
SHOWN: Final = {
    "people_outside": "people",
    "people_without_arrangement": "people",
    "yearly_cost": "fen",
    "demand_covered": "people",
    "people_covered_twice": "people",
    "people_within_30": "people",
    "largest_time": "ms",
    "least_distance": "mm",
}
"""How values are told; the others are plain numbers."""
MOST: Final = ("demand_covered", "people_covered_twice", "people_within_30", "least_distance")
"""Objectives of which more is better."""
NEAR: Final = 1e-6
"""Numbers are written with six decimals."""


def merge_objectives(world: PlanWorld, roads: PlannedRoads, trips: Mapping[str, list[int]]) -> Iterator[Check]:
    """Check which objectives stand there in which order, the value of each, and the share that is asked for."""
    wanted = [name for name in UNITS if name != "changes_from_baseline" or world.siting.baseline]
    listed = [(str(item.get("name")), str(item.get("unit"))) for item in world.plan.get("objectives") or ()]
    right = [(name, UNITS[name]) for name in wanted]
    odd = [] if listed == right else [Offence("", _names(listed), _names(right))]
    yield claim("objectives_listed", odd)
    outside = roads.people_outside(world.members)
    values: dict[str, Value] = {
        "people_outside": lambda: outside,
        "people_without_arrangement": lambda: sum(world.people[row.village_id] for row in world.arranged("none")),
        "changes_from_baseline": lambda: changes_from_baseline(world),
        "yearly_cost": lambda: yearly_fen(world),
        "person_time": lambda: person_time(roads, {name: trips[name] for name in trips if name in world.members}),
        "changes": lambda: number_of_changes(world),
    }
    yield from check_values(world, values)
    share, total = world.county.region.standard.target_share, world.member_people
    short = share is not None and total - outside < exact(share) * total
    yield claim("target_share", [Offence("", people(total - outside), at_least(people(total)))] if short else ())


def _names(listed: list[tuple[str, str]]) -> str:
    return ", ".join(f"{name} ({unit})" for name, unit in listed)


def check_values(world: PlanWorld, values: Mapping[str, Value]) -> Iterator[Check]:
    """Compare the value of every objective that a plan states with what it comes to."""
    for item in world.plan.get("objectives") or ():
        name = str(item.get("name"))
        right = values[name]() if name in values else None
        if right is not None:
            yield compared(f"objective_{name}", name, item.get("value"), right, unit=SHOWN.get(name, "count"))


def person_time(roads: PlannedRoads, trips: Mapping[str, list[int]]) -> int:
    """Return the sum of people times milliseconds from home to host; homes without a way count nothing."""
    return sum(
        number * time
        for village, times in trips.items()
        for number, time in zip(roads.people(village), times, strict=True)
        if time != UNREACHED
    )


def check_proof(world: PlanWorld) -> Iterator[Check]:
    """Check status, bounds and gaps: optimal only where whole units leave no room below the value."""
    items = list(world.plan.get("objectives") or ())
    wrong = [str(item.get("name")) for item in items if not _bound_fits(item)]
    yield claim("bounds", (Offence(name) for name in wrong))
    unproven = [item for item in items if item.get("proven") is not True]
    right = "gap" if unproven or not items else "optimal"
    status = str(world.plan.get("status"))
    yield claim("status", [Offence("", status, right)] if status != right else ())
    gaps = [(str(item.get("name")), item.get("gap"), _gap(item)) for item in items]
    gaps.append(("", world.plan.get("gap"), max((gap for *_, gap in gaps), default=0.0)))
    chosen = unproven[0] if unproven else items[-1] if items else {}
    odd = [Offence(name, str(said), f"{gap:.8f}") for name, said, gap in gaps if not _near(said, gap)]
    if not _near(world.plan.get("bound"), chosen.get("bound")):
        odd.append(Offence("bound", str(world.plan.get("bound")), str(chosen.get("bound"))))
    yield claim("gaps", odd)


def _bound_fits(item: Mapping[str, Any]) -> bool:
    """Tell whether a bound lies on the right side of the value, and as near as a proof asks."""
    value, bound, proven = item.get("value"), item.get("bound"), item.get("proven")
    if not isinstance(value, int) or isinstance(value, bool) or not isinstance(proven, bool):
        return False
    if bound is None:
        return not proven
    room = bound - value if item.get("name") in MOST else value - bound
    return room >= -NEAR and (not proven or room < 1)


def _gap(item: Mapping[str, Any]) -> float:
    value, bound = item.get("value"), item.get("bound")
    if item.get("proven") is True or not isinstance(value, int):
        return 0.0
    return float("inf") if bound is None else abs(value - bound) / max(abs(value), 1)


def _near(said: object, right: object) -> bool:
    if not isinstance(right, int | float) or not isfinite(right):
        return said is None or said == right
    return isinstance(said, int | float) and abs(said - right) <= NEAR * max(1.0, abs(right))
