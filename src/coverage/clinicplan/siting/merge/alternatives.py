"""List other plans nearly as good: which sites they open or leave, and which sites all of them share."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clinicplan.siting.linear import LinearProgram
from clinicplan.siting.merge.answer import MergePlan, objective_values, read_plan
from clinicplan.siting.merge.formulation import MergeModel
from clinicplan.siting.merge.question import FEN, MergeQuestion
from clinicplan.siting.merge.stages import Ordered, solve_in_order, with_row

Float64 = NDArray[np.float64]


def other_plans(
    question: MergeQuestion, model: MergeModel, found: Ordered, count: int, share: float, *, time_limit_s: float
) -> tuple[dict[str, Any], ...]:
    """Return the next best plans that open other sites.

    Each keeps the people outside and those without an arrangement at their best, and costs at most `share` more a
    year; among these the cheapest that differs from all before it in at least one open site (a no-good cut each).

    Parameters
    ----------
    question, model, found
        The county, its model and its best plan.
    count
        How many to list at most.
    share
        How much more they may cost a year, as a share of the plan's cost.
    time_limit_s
        For all of them together.

    Returns
    -------
    plans
        One row a plan: `rank, yearly_cny, extra_share, person_minutes, opened, left_out, proven`, and in every row
        `shared_by_all`, the open sites that the plan and all its alternatives have in common.
    """
    assert found.x is not None
    deadline = time.perf_counter() + time_limit_s
    goals = {goal.name: goal for goal in model.goals}
    cost = goals["yearly_cost"]
    best = read_plan(question, model, found.x)
    program = model.program
    for name in ("people_outside", "people_without_arrangement"):
        goal = goals[name]
        program = with_row(program, goal.coefficient, upper=goal.value(found.x) - goal.constant)
    ceiling = int(np.floor(cost.value(found.x) * (1 + share)))
    program = with_row(program, cost.coefficient, upper=ceiling - cost.constant)
    plans, x = [best], found.x
    proofs: list[bool] = []
    while len(plans) <= count and time.perf_counter() < deadline:
        program = _without_plan(program, model, x)
        left = deadline - time.perf_counter()
        other = solve_in_order(program, (cost, goals["person_time"]), time_limit_s=left)
        if other.x is None:
            break
        x = other.x
        plans.append(read_plan(question, model, x))
        proofs.append(all(stage.proven for stage in other.stages))
    return _rows(question, plans, proofs)


def _without_plan(program: LinearProgram, model: MergeModel, x: Float64) -> LinearProgram:
    """Forbid the open sites of a plan as they are together: at least one must differ."""
    block = model.columns.open
    opened = np.round(block.of(x)).astype(bool)
    coefficient = np.zeros(program.cost.size)
    coefficient[block.columns] = np.where(opened, -1.0, 1.0)
    return with_row(program, coefficient, lower=1.0 - opened.sum())


def _rows(question: MergeQuestion, plans: list[MergePlan], proofs: list[bool]) -> tuple[dict[str, Any], ...]:
    best = plans[0]
    common = np.logical_and.reduce([plan.open for plan in plans])
    shared = [str(name) for name in question.site_ids[common]]
    cheapest = objective_values(question, best)["yearly_cost"]
    rows = []
    for rank, (plan, exact) in enumerate(zip(plans[1:], proofs, strict=True), start=2):
        values = objective_values(question, plan)
        rows.append(
            {
                "rank": rank,
                "yearly_cny": values["yearly_cost"] / FEN,
                "extra_share": round((values["yearly_cost"] - cheapest) / max(cheapest, 1), 8),
                "person_minutes": round(values["person_time"] / 60_000, 3),
                "opened": [str(name) for name in question.site_ids[plan.open & ~best.open]],
                "left_out": [str(name) for name in question.site_ids[best.open & ~plan.open]],
                "proven": exact,
                "shared_by_all": shared,
            }
        )
    return tuple(rows)
