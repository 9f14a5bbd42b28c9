"""Propose a plan of village clinics for a county, with its proof, its reasons and what it assumes."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from clinicplan.errors import Fault, InfeasibleError, Severity
from clinicplan.siting.merge.alternatives import other_plans
from clinicplan.siting.merge.answer import (
    NONE,
    MergePlan,
    cost_table,
    objective_values,
    read_plan,
    site_rows,
    village_rows,
)
from clinicplan.siting.merge.asking import Asked, ask
from clinicplan.siting.merge.formulation import MergeModel, merge_model
from clinicplan.siting.merge.frontier import cost_frontier
from clinicplan.siting.merge.ground import SitingGround, siting_ground
from clinicplan.siting.merge.obstacles import explain_infeasible
from clinicplan.siting.merge.question import NO_LIMIT, MergeQuestion
from clinicplan.siting.merge.reasons import Names, with_reasons
from clinicplan.siting.merge.stages import Ordered, solve_in_order
from clinicplan.siting.problem import proven
from clinicplan.siting.proposal import Objective, Proposal, VillagePlan
from clinicplan.words import fault

if TYPE_CHECKING:
    from clinicplan.county import County
    from clinicplan.coverage import ServiceCircles

ENGINE = "HiGHS, strict order"


def plan_merge(county: County, circles: ServiceCircles) -> Proposal:
    """Plan which clinics a county keeps, shares, builds, upgrades and turns into service points.

    Parameters
    ----------
    county, circles
        The county and its service circles today; what may be done stands in `[siting]` of its region file.

    Returns
    -------
    proposal
        The plan with the proof of every objective, one computed sentence a site, and notes.

    Raises
    ------
    SitingError
        If ids in keep, forbid or lock are unknown.
    InfeasibleError
        If no plan can satisfy the rules, with every reason found and the smallest relaxation that works; also where
        none was found in time.
    """
    begin = time.perf_counter()
    settings = county.region.siting
    ground = siting_ground(county, circles)
    asked = ask(ground)
    question = asked.question
    model = merge_model(question)
    found = solve_in_order(model.program, model.goals, time_limit_s=settings.time_limit_s)
    if found.infeasible:
        raise explain_infeasible(ground, question, model, settings.time_limit_s)
    if found.x is None:
        raise InfeasibleError(_note("no_plan_in_time", Severity.ERROR, seconds=settings.time_limit_s))
    plan = read_plan(question, model, found.x)
    left = max(settings.time_limit_s - (time.perf_counter() - begin), settings.time_limit_s / 4)
    return _proposal(ground, asked, model, found, plan, left)


def _proposal(
    ground: SitingGround, asked: Asked, model: MergeModel, found: Ordered, plan: MergePlan, left_s: float
) -> Proposal:
    question, settings = asked.question, ground.county.region.siting
    objectives = proven_objectives(question, found, plan)
    sites = site_rows(question, plan)
    names = Names.of(ground, question)
    assert found.x is not None
    told, cut = with_reasons(question, model, found.x, plan, sites, names, time_limit_s=left_s)
    return Proposal(
        model="merge",
        status="optimal" if all(item.proven for item in objectives) else "gap",
        objectives=objectives,
        engine=ENGINE,
        villages=(*village_rows(ground, asked, plan), *_exempt_rows(ground, question, plan)),
        sites=told,
        costs=cost_table(question, plan, sites),
        pareto=cost_frontier(question, settings.pareto, time_limit_s=settings.time_limit_s) if settings.pareto else (),
        alternatives=_others(question, model, found, ground),
        notes=(*_notes(ground, question, plan, objectives), *_cut_note(ground, cut)),
    )


def proven_objectives(question: MergeQuestion, found: Ordered, plan: MergePlan) -> tuple[Objective, ...]:
    """Return every objective with the value counted from the plan, proven where its bound reaches that value."""
    values = objective_values(question, plan)
    objectives: list[Objective] = []
    earlier = True
    for stage in found.stages:
        value = values[stage.name]
        earlier = earlier and stage.proven and value <= stage.value and proven(float(value), stage.bound, 1.0)
        objectives.append(Objective(stage.name, value, min(stage.bound, float(value)), earlier))
    return tuple(objectives)


def _others(
    question: MergeQuestion, model: MergeModel, found: Ordered, ground: SitingGround
) -> tuple[dict[str, Any], ...]:
    settings = ground.county.region.siting
    if not settings.alternatives:
        return ()
    return other_plans(
        question, model, found, settings.alternatives, settings.alternatives_share, time_limit_s=settings.time_limit_s
    )


def _exempt_rows(ground: SitingGround, question: MergeQuestion, plan: MergePlan) -> list[VillagePlan]:
    """Return exempt villages: the nearest community institution within the circle, else what serves nearest by plan."""
    from clinicplan.coverage.circles import by_village
    from clinicplan.coverage.searches import nearest_homes
    from clinicplan.siting.merge.ground import fixed_services

    circles = ground.circles
    rows = np.flatnonzero(circles.group == "exempt")
    if not rows.size:
        return []
    own_ids = circles.facilities["facility_id"].astype(str)
    serving = fixed_services(ground) | (circles.counted & own_ids.isin(question.facility_id[plan.open]).to_numpy())
    community = circles.facilities["tier"].isin(["community_centre", "community_station"]).to_numpy()
    near, any_near = (
        by_village(
            nearest_homes(circles.searches[circles.rule.mode], flags, circles.rule),
            circles.homes, circles.rule.standard,
        )
        for flags in (serving & community, serving)
    )  # fmt: skip
    facility = np.where(near.within, near.facility, any_near.facility)
    time_ms = np.where(near.within, near.time_ms, any_near.time_ms)
    ids = np.append(own_ids.to_numpy(dtype=object), "")
    village_ids = circles.villages["village_id"].astype(str).to_numpy(dtype=object)
    today = circles.village_trips.time_ms
    return [
        VillagePlan(
            str(village_ids[row]), "community", str(ids[facility[row]]), int(time_ms[row]),
            -1 if min(int(time_ms[row]), int(today[row])) < 0 else max(0, int(time_ms[row]) - int(today[row])),
        )
        for row in rows
    ]  # fmt: skip


def _notes(
    ground: SitingGround, question: MergeQuestion, plan: MergePlan, objectives: tuple[Objective, ...]
) -> tuple[Fault, ...]:
    """Say what the planner must know: who is left, what bounds nothing, what was assumed."""
    settings, notes = ground.county.region.siting, []
    left = np.flatnonzero(plan.kind == NONE)
    if left.size:
        ids = tuple(question.village_ids[left].astype(str))
        notes.append(_note("left_without", Severity.NOTE, ids=ids, people=f"{int(question.people[left].sum()):,}"))
    outside = next(item.value for item in objectives if item.name == "people_outside")
    if outside:
        notes.append(_note("outside", Severity.NOTE, people=f"{outside:,}"))
    if question.limits.build_fen == NO_LIMIT:
        notes.append(_note("no_build_budget", Severity.NOTE))
    if question.limits.running_fen == NO_LIMIT:
        notes.append(_note("no_running_budget", Severity.NOTE))
    merge = settings.merge
    if merge.max_people is None or (merge.max_minutes is None and merge.max_km is None):
        notes.append(_note("no_thresholds", Severity.NOTE))
    notes.append(_note("assumed_costs", Severity.NOTE))
    most = settings.doctors.most_per_1000
    people = int(question.people.sum())
    if most is not None and int(plan.doctors.sum()) * 1000 > most * people:
        shown = f"{int(plan.doctors.sum()) * 1000 / max(people, 1):.2f}"
        notes.append(_note("doctors_above", Severity.NOTE, found=shown, most=most))
    empty = np.flatnonzero(question.people == 0)
    if empty.size:
        notes.append(_note("no_people", Severity.NOTE, ids=tuple(question.village_ids[empty].astype(str))))
    open_ones = [item for item in objectives if not item.proven]
    if open_ones:
        gap = f"{max(item.gap for item in open_ones):.4%}"
        notes.append(_note("not_proven", Severity.NOTE, seconds=settings.time_limit_s, gap=gap))
    file = ground.county.region.siting_file()
    return tuple(replace(note, file=file) for note in notes)


def _cut_note(ground: SitingGround, cut: int) -> tuple[Fault, ...]:
    """Say for how many sites no next best was computed, so that nobody takes their sentence for the whole answer."""
    note = _note("reasons_cut", Severity.NOTE, sites=cut)
    return (replace(note, file=ground.county.region.siting_file()),) if cut else ()


def _note(code: str, severity: Severity, *, ids: tuple[str, ...] = (), **values: Any) -> Fault:
    return fault(severity, code, subject="siting_merge", ids=ids, layer="siting", **values)
