"""Say why no plan exists, in the planner's words, each reason with the smallest relaxation that works."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from clinicplan.errors import Fault, InfeasibleError, Phrase, Severity
from clinicplan.siting.county_obstacles import listed, village_names, why_not
from clinicplan.siting.linear import LinearProgram
from clinicplan.siting.merge.asking import ask
from clinicplan.siting.merge.formulation import Goal, MergeModel, building_goal, merge_model, running_goal
from clinicplan.siting.merge.question import FEN, MergeQuestion
from clinicplan.siting.merge.relaxing import sharing_relaxation
from clinicplan.siting.merge.stages import solve_in_order
from clinicplan.words import fault, phrase

if TYPE_CHECKING:
    from clinicplan.siting.merge.ground import SitingGround

BIG: Final = 10**13
LONGEST_TENTHS: Final = 6000
"""No bound on minutes lost beyond ten hours is looked for; tenths of a minute."""
LIMIT_FAMILIES: Final = (
    "build_budget", "running_budget", "doctors_most", "doctors_least", "changes_limit", "outside_limit",
    "township_minimum", "minutes_lost",
)  # fmt: skip


def explain_infeasible(
    ground: SitingGround | None, question: MergeQuestion, model: MergeModel, time_limit_s: float
) -> InfeasibleError:
    """Find every reason why a county has no plan.

    First what can be counted: villages that nothing may provide for, townships with fewer sites than clinics asked
    for. Then each county-wide limit alone is lifted and the model solved for the least value with which a plan exists;
    for building money also what the given money can reach. Where no single limit is to blame, all are lifted together
    and each one's least value is found while the others stay lifted.

    Parameters
    ----------
    ground
        The county, for the planner's file name; None without one.
    question, model
        The county as arrays, and its model without a plan.
    time_limit_s
        For all searches together.

    Returns
    -------
    error
        To be raised: one fault a reason.
    """
    deadline = time.perf_counter() + time_limit_s
    faults = [*_unprovided(ground, question), *_small_townships(question)]
    if not faults:
        faults = _limits_to_blame(ground, question, model, deadline)
    if not faults:
        faults = [_fault("no_plan")]
    if ground is not None:
        faults = [replace(item, file=ground.county.region.siting_file()) for item in faults]
    return InfeasibleError(*faults)


def _unprovided(ground: SitingGround | None, question: MergeQuestion) -> list[Fault]:
    """Name villages without any lawful arrangement: no site, host, hospital or outreach, and none not allowed."""
    n = question.n_villages
    options = np.bincount(question.site_village[question.open_most], minlength=n)
    options += np.bincount(question.arc_village[question.open_most[question.arc_site]], minlength=n)
    bare = (options == 0) & ~question.seat & ~question.outreach & (question.has_clinic | question.complete)
    rows = np.flatnonzero(bare)
    if not rows.size:
        return []
    people = f"{int(question.people[rows].sum()):,}"
    names = [Phrase(str(name), str(name)) for name in question.village_ids[rows]]
    told = names if ground is None else [_bare_village(ground, question, int(row)) for row in rows]
    return [_fault("unprovided", ids=question.village_ids[rows], people=people, told=listed(told))]


def _bare_village(ground: SitingGround, question: MergeQuestion, village: int) -> Phrase:
    """Say why nothing can be built in a village, and what would let it share a clinic."""
    own = np.flatnonzero(question.site_village == village)
    reasons = dict.fromkeys(why_not(ground, ground.county.region.siting, int(site)) for site in own)
    change = sharing_relaxation(ground, village, question.open_most) or phrase("siting_merge.relax.none")
    people = f"{int(question.people[village]):,}"
    name = str(village_names(ground)[village])
    return phrase(
        "siting_merge.relax.village", village=name, people=people, reason=listed(list(reasons)), change=change
    )


def _small_townships(question: MergeQuestion) -> list[Fault]:
    town = question.township[question.site_village]
    short = {
        name: int((question.open_most & (town == name)).sum())
        for name, least in question.township_least.items()
        if (question.open_most & (town == name)).sum() < least
    }
    return [
        _fault("township_short", ids=(name,), least=question.township_least[name], found=found)
        for name, found in short.items()
    ]


def _relaxations(question: MergeQuestion, model: MergeModel) -> dict[str, Goal | None]:
    columns, size = model.columns, model.program.cost.size
    goals = {goal.name: goal for goal in model.goals}
    clinics = np.zeros(size, dtype=np.int64)
    clinics[columns.open.columns] = 1
    clinics[columns.extra_doctors.columns] = 1
    doctors = Goal("doctors", clinics, 0)
    fewer = Goal("doctors_fewer", -clinics, 0)
    return {
        "build_budget": building_goal(question, columns, size),
        "running_budget": running_goal(question, columns, size),
        "doctors_most": doctors,
        "doctors_least": fewer,
        "changes_limit": goals["changes"],
        "outside_limit": goals["people_outside"],
        "township_minimum": None,
        "minutes_lost": None,
    }


def _limits_to_blame(
    ground: SitingGround | None, question: MergeQuestion, model: MergeModel, deadline: float
) -> list[Fault]:
    """Lift each limit alone, else all at once, and name the least value that works."""
    measured = _relaxations(question, model)
    present = {family.name for family in model.program.families if family.size}
    blamed = [name for name in LIMIT_FAMILIES if name in present]
    faults = []
    for name in blamed:
        found = _least(question, model.program.without(name), name, measured[name], deadline)
        faults += _told_more(ground, question, model, name, deadline) if found and measured[name] is None else found
    if faults or not blamed:
        return faults
    free = model.program.without(*blamed)
    for name in blamed:
        faults += _least(question, free, name, measured[name], deadline, together=True)
    return faults


def _least(
    question: MergeQuestion,
    program: LinearProgram,
    name: str,
    goal: Goal | None,
    deadline: float,
    *,
    together: bool = False,
) -> list[Fault]:
    left = deadline - time.perf_counter()
    if left <= 0:
        return []
    nothing = Goal("any", np.zeros(program.cost.size, dtype=np.int64), 0)
    found = solve_in_order(program, (goal or nothing,), time_limit_s=left)
    if found.x is None:
        return []
    code = f"limit.{name}" + (".together" if together else "")
    values = {} if goal is None else _shown(question, name, goal.value(found.x))
    reached = _reached(question, deadline) if name == "build_budget" and not together else {}
    if name == "build_budget" and not together and not reached:
        code = "limit.build_budget_hard"
    return [_fault(code, **values, **reached)]


def _told_more(
    ground: SitingGround | None, question: MergeQuestion, model: MergeModel, name: str, deadline: float
) -> list[Fault]:
    """Name the limit of townships, or of minutes lost, with which a plan exists."""
    if name == "township_minimum":
        return _least_townships(question, model, deadline)
    minutes = None if ground is None else least_minutes_lost(ground, deadline)
    if minutes is None:
        return [_fault("limit.minutes_lost")]
    return [_fault("limit.minutes_lost_least", least=f"{minutes:g}")]


def _least_townships(question: MergeQuestion, model: MergeModel, deadline: float) -> list[Fault]:
    """Find how many clinics every township can have at most with the other townships' least numbers lifted."""
    program = model.program.without("township_minimum")
    town, told = question.township[question.site_village], []
    for name, least in question.township_least.items():
        clinics = np.zeros(program.cost.size, dtype=np.int64)
        clinics[model.columns.open.column(np.flatnonzero(town == name))] = -1
        left = max(deadline - time.perf_counter(), 1.0)
        goal = Goal("clinics", clinics, 0)
        found = solve_in_order(program, (goal,), time_limit_s=left)
        most = None if found.x is None else -goal.value(found.x)
        if most is not None and most < least:
            told.append(phrase("siting_merge.relax.township", township=name, most=most, least=least))
    if not told:
        return [_fault("limit.township_minimum")]
    return [_fault("limit.township_minimum_most", told=listed(told))]


def least_minutes_lost(ground: SitingGround, deadline: float) -> float | None:
    """Return the least bound on the minutes any village may lose, to a tenth, with which a plan exists.

    Parameters
    ----------
    ground
        The county; its own bound has no plan.
    deadline
        When the search ends, on the clock of `time.perf_counter`; what is then known to do is returned.

    Returns
    -------
    minutes
        None where no bound up to ten hours does.
    """
    low = int(10 * (ground.county.region.siting.max_minutes_lost or 0.0))
    high = LONGEST_TENTHS
    if not _possible(ground, high / 10, deadline):
        return None
    while high - low > 1 and time.perf_counter() < deadline:
        middle = (low + high) // 2
        if _possible(ground, middle / 10, deadline):
            high = middle
        else:
            low = middle
    return high / 10


def _possible(ground: SitingGround, minutes: float, deadline: float) -> bool:
    """Tell whether a plan exists, and was found in time, with another bound on the minutes lost."""
    region = ground.county.region
    siting = region.siting.model_copy(update={"max_minutes_lost": minutes})
    county = replace(ground.county, region=region.model_copy(update={"siting": siting}))
    model = merge_model(ask(replace(ground, county=county)).question)
    nothing = Goal("any", np.zeros(model.program.cost.size, dtype=np.int64), 0)
    left = max(deadline - time.perf_counter(), 1.0)
    return solve_in_order(model.program, (nothing,), time_limit_s=left).x is not None


def _shown(question: MergeQuestion, name: str, least: int) -> dict[str, object]:
    """Return the least value and the given one as printed."""
    limits = question.limits
    money = {"build_budget": limits.build_fen, "running_budget": limits.running_fen}
    if name in money:
        return {"least": f"{-(-least // FEN):,}", "given": f"{money[name] / FEN:,.0f}"}
    given = {
        "doctors_most": limits.doctors_most, "doctors_least": limits.doctors_least, "changes_limit": limits.changes,
        "outside_limit": limits.people_outside,
    }[name]  # fmt: skip
    least = -least if name == "doctors_least" else least
    return {"least": f"{least:,}", "given": f"{given:,}", "short": f"{abs(least - given):,}"}


def _reached(question: MergeQuestion, deadline: float) -> dict[str, object]:
    """Say what the given building money can reach when villages may be left without an arrangement, if anything."""
    partial = merge_model(replace(question, complete=False))
    left = max(deadline - time.perf_counter(), 1.0)
    found = solve_in_order(partial.program, partial.goals[:2], time_limit_s=left)
    if found.x is None:
        return {}
    outside, bare = (goal.value(found.x) for goal in partial.goals[:2])
    return {"outside": f"{outside:,}", "bare": f"{bare:,}"}


def smallest_budget(question: MergeQuestion, *, time_limit_s: float) -> int | None:
    """Return the least building money with which every village has an arrangement, fen; None without any such plan."""
    limits = replace(question.limits, build_fen=BIG)
    whole = merge_model(replace(question, complete=True, limits=limits))
    goal = building_goal(question, whole.columns, whole.program.cost.size)
    found = solve_in_order(whole.program.without("build_budget"), (goal,), time_limit_s=time_limit_s)
    return None if found.x is None else goal.value(found.x)


def _fault(code: str, *, ids: Any = (), **values: Any) -> Fault:
    names = tuple(str(name) for name in ids)
    return fault(Severity.ERROR, code, subject="siting_merge", layer="siting", ids=names, **values)
