"""Trace building money against people outside the circle: plans that no other beats in both."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.siting.linear import LinearProgram
from clinicplan.siting.merge.answer import objective_values, read_plan, site_costs, site_rows
from clinicplan.siting.merge.formulation import Goal, MergeModel, building_goal, merge_model
from clinicplan.siting.merge.question import FEN, NO_LIMIT, MergeQuestion
from clinicplan.siting.merge.stages import solve_in_order, with_row

Float64 = NDArray[np.float64]

SETTLED: Final = ("people_without_arrangement", "yearly_cost")
"""What tells plans of the same money and the same people outside apart, in order."""


@dataclass(frozen=True, eq=False)
class _Point:
    """One plan of the frontier: money, people outside, whether both are proven, and the least people could be."""

    build_fen: int
    outside: int
    exact: bool
    outside_bound: float
    x: Float64


def cost_frontier(question: MergeQuestion, points: int, *, time_limit_s: float) -> tuple[dict[str, Any], ...]:
    """Return plans from the cheapest to the one with fewest people outside, none beaten by another in both.

    Each point is the least number of people outside that its money can buy, and the least money for that number
    (the epsilon-constraint method). Gaps between points are halved until there are enough points or every gap is known
    to hold none. Of the plans of a point the one is told that leaves the fewest people without an arrangement, at the
    least yearly cost. Money is the one-off building money. Unless the county asks for complete, a village without a
    clinic today may be left without one.

    Parameters
    ----------
    question
        The county; its own building budget is not applied.
    points
        How many points to find at least, as far as there are so many.
    time_limit_s
        For all points together.

    Returns
    -------
    points
        One row a point in order of money: `build_cny, people_outside, yearly_cny, people_without_arrangement, built,
        upgraded, exact, gap`; `gap` is the share of people outside that a better plan could still save.

    References
    ----------
    .. [1] Haimes, Lasdon, Wismer (1971). On a bicriterion formulation of the problems of integrated system
       identification and system optimization. doi:10.1109/TSMC.1971.4308298
    """
    deadline = time.perf_counter() + time_limit_s
    ceiling = 10**13
    free = replace(question, limits=replace(question.limits, build_fen=ceiling, people_outside=NO_LIMIT))
    model = merge_model(free)
    model = replace(model, program=model.program.without("build_budget"))
    building = building_goal(free, model.columns, model.program.cost.size)
    outside = model.goals[0]
    low = _solve(model.program, (building, outside), outside, building, deadline, None)
    high = _solve(model.program, (outside, building), outside, building, deadline, None if low is None else low.x)
    if low is None or high is None:
        return ()
    found = _filled(model.program, outside, building, [low, high], points, deadline)
    return tuple(_row(free, model, _settled(model, outside, building, point, deadline)) for point in found)


def _solve(
    program: LinearProgram,
    goals: tuple[Goal, ...],
    outside: Goal,
    building: Goal,
    deadline: float,
    start: Float64 | None,
) -> _Point | None:
    left = deadline - time.perf_counter()
    if left <= 0:
        return None
    found = solve_in_order(program, goals, time_limit_s=left, start=start)
    if found.x is None:
        return None
    stage = next(item for item in found.stages if item.name == outside.name)
    exact = all(item.proven for item in found.stages)
    return _Point(building.value(found.x), outside.value(found.x), exact, stage.bound, found.x)


def _filled(
    program: LinearProgram, outside: Goal, building: Goal, ends: list[_Point], points: int, deadline: float
) -> list[_Point]:
    """Halve the widest gap in money until there are enough points, or none is left to halve."""
    low, high = ends
    if high.build_fen <= low.build_fen:
        return [low if low.outside <= high.outside else high]
    found = [low, high]
    gaps = [(low, high)]
    while gaps and len(found) < points:
        gaps.sort(key=lambda gap: gap[1].build_fen - gap[0].build_fen)
        left, right = gaps.pop()
        point = _between(program, outside, building, left, right, deadline)
        if point is None:
            continue
        found.append(point)
        gaps += [(left, point), (point, right)]
    return sorted(found, key=lambda point: point.build_fen)


def _between(
    program: LinearProgram, outside: Goal, building: Goal, left: _Point, right: _Point, deadline: float
) -> _Point | None:
    """Return a plan strictly between two: from the middle of the gap, else just below its upper end."""
    for budget in dict.fromkeys(((left.build_fen + right.build_fen) // 2, right.build_fen - 1)):
        capped = with_row(program, building.coefficient, upper=budget - building.constant)
        point = _solve(capped, (outside, building), outside, building, deadline, left.x)
        if point is None:
            return None
        if point.build_fen > left.build_fen and point.outside < left.outside:
            return point
    return None


def _settled(model: MergeModel, outside: Goal, building: Goal, point: _Point, deadline: float) -> _Point:
    """Return the plan of a point with fewest people without an arrangement, then the least yearly cost."""
    left = deadline - time.perf_counter()
    if left <= 0:
        return point
    kept = with_row(model.program, building.coefficient, upper=point.build_fen - building.constant)
    kept = with_row(kept, outside.coefficient, upper=point.outside - outside.constant)
    goals = tuple(goal for goal in model.goals if goal.name in SETTLED)
    found = solve_in_order(kept, goals, time_limit_s=left, start=point.x)
    if found.x is None or building.value(found.x) > point.build_fen or outside.value(found.x) > point.outside:
        return point
    return replace(point, x=found.x)


def _row(question: MergeQuestion, model: MergeModel, point: _Point) -> dict[str, Any]:
    plan = read_plan(question, model, point.x)
    values = objective_values(question, plan)
    sites = site_rows(question, plan)
    gap = 0.0 if point.exact else (values["people_outside"] - point.outside_bound) / max(values["people_outside"], 1)
    points = sum(site.cost_fen for site in sites if site.tier == "service_point" and site.action == "build")
    return {
        "build_cny": (int(site_costs(question, plan).sum()) + points) / FEN,
        "people_outside": values["people_outside"],
        "yearly_cny": values["yearly_cost"] / FEN,
        "people_without_arrangement": values["people_without_arrangement"],
        "built": sum(site.action == "build" and site.tier != "service_point" for site in sites),
        "upgraded": sum(site.action == "upgrade" for site in sites),
        "exact": point.exact,
        "gap": round(float(gap), 6),
    }
