"""Find the least cost of sites that cover every point: reduce, plan, bound, search."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.siting.cover.reduction import allowed_reach, components, reduce_cover, restricted
from clinicplan.siting.cover.search import cheaper_cover, packed_price, whole_cover
from clinicplan.siting.engine import NAME, Termination, solve
from clinicplan.siting.linear import LinearProgram
from clinicplan.siting.models.choice import keeps_rules, may_open
from clinicplan.siting.models.cover_programs import cover_program
from clinicplan.siting.problem import LocationProblem, proven, quantum

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

STEPS_PER_SITE: Final = 500
"""Steps of the search for a cheaper cover, for each site left after the reduction."""
PROVE: Final = {
    "mip_heuristic_effort": 0.0, "mip_heuristic_run_feasibility_jump": False, "mip_heuristic_run_rins": False,
    "mip_heuristic_run_rens": False, "mip_heuristic_run_root_reduced_cost": False, "mip_heuristic_run_zi_round": False,
    "mip_pscost_minreliable": 0, "mip_allow_restart": False,
}  # fmt: skip
"""HiGHS options where a good plan is known: no time for looking for others, or for choosing where to branch."""
SEARCH_SHARE: Final = 0.3
"""Most of the time that the search for a cheaper cover may take."""


@dataclass(frozen=True, eq=False)
class Found:
    """What a search came to.

    Parameters
    ----------
    open
        Sites of the best plan; None without one.
    bound
        No plan is better.
    engine
        What proved it.
    impossible
        Whether no plan exists.
    """

    open: Int64 | None
    bound: float
    engine: str = NAME
    impossible: bool = False


def search(
    program: LinearProgram,
    problem: LocationProblem,
    deadline: float,
    start: Float64 | None = None,
    *,
    p: int | None = None,
    budget: float | None = None,
) -> Found:
    """Solve a model whose first block is `open`; a plan that breaks a rule of the choice is none."""
    options = PROVE if start is not None else None
    found = solve(program, time_limit_s=deadline - time.perf_counter(), start=start, options=options)
    sites = None if found.x is None else np.flatnonzero(program.blocks[0].of(found.x) > 0.5)
    if sites is not None and not keeps_rules(problem, sites, p, budget):
        sites = None
    return Found(sites, found.bound, impossible=found.termination is Termination.INFEASIBLE)


def least_cover(problem: LocationProblem, limit: Float64, times: Int64, deadline: float) -> Found:
    """Return the cheapest sites that cover every point its number of times.

    Parameters
    ----------
    problem
        Points, sites and rules; every point has enough allowed sites.
    limit
        Shape (points): largest cost of a trip.
    times
        Shape (points): different sites that each point needs.
    deadline
        When to stop, by the clock of `time.perf_counter`.
    """
    droppable = may_open(problem)
    droppable[problem.required] = False
    if problem.counts_existing:
        droppable[problem.existing] = False
    reach = allowed_reach(problem, limit)
    reduced = reduce_cover(reach, times, problem.site_cost, problem.required, droppable)
    if problem.counts_existing:
        kept = np.unique(np.concatenate([reduced.sites, reduced.forced, problem.existing]))
        return _with_rules(problem, limit, times, kept, reduced.forced, deadline)
    chosen = np.zeros(problem.n_sites)
    chosen[reduced.forced] = 1.0
    left = times[reduced.points] - (reach[reduced.points] @ chosen).astype(np.int64)
    cost = float(problem.site_cost[reduced.forced].sum())
    parts = components(reach[reduced.points][:, reduced.sites])
    found = [reduced.forced]
    engine = "reduction"
    for number, (points, sites) in enumerate(parts):
        chunk = restricted(problem, reduced.points[points], reduced.sites[sites])
        until = _share(deadline, number, parts)
        answer = _solve_part(chunk, limit[reduced.points[points]], left[points], until)
        if answer.open is None:
            return Found(None, cost + answer.bound)
        found.append(reduced.sites[sites][answer.open])
        cost += answer.bound
        engine = engine if answer.engine == "reduction" else answer.engine
    return Found(np.sort(np.concatenate(found)), cost, engine)


def _share(deadline: float, number: int, parts: list[tuple[Int64, Int64]]) -> float:
    """Return until when a part may take: what is left, by its size among the parts still to come."""
    now = time.perf_counter()
    sizes = [points.size for points, _ in parts[number:]]
    return now + (deadline - now) * sizes[0] / sum(sizes)


def _solve_part(problem: LocationProblem, limit: Float64, needed: Int64, deadline: float) -> Found:
    """Return the least cover of a connected part in which every site is free."""
    table, price = problem.within(limit), problem.site_cost
    status = np.zeros(price.size, dtype=np.int8)
    plan = whole_cover(table, needed, price, status)
    grid = quantum(price)
    floor = packed_price(table, price)
    if (needed == 1).all():
        until = time.perf_counter() + SEARCH_SHARE * (deadline - time.perf_counter())
        goal = np.ceil(floor / grid - 1e-6) * grid if grid else floor
        plan = cheaper_cover(table, price, plan, goal + 1e-9, STEPS_PER_SITE * price.size, until)
    if proven(float(price[plan].sum()), floor, grid):
        return Found(plan, rounded_up(floor, float(price[plan].sum()), grid), "dual ascent")
    cost = float(price[plan].sum())
    return _cheaper(cover_program(problem, limit, needed), Found(plan, floor), cost, grid, deadline)


def _cheaper(program: LinearProgram, known: Found, cost: float, grid: float, deadline: float) -> Found:
    """Search for a plan cheaper than a known one: nothing that costs as much is looked at, which makes proofs short."""
    cutoff = cost - 0.99 * grid if grid else cost * (1 - 1e-9)
    found = solve(program, time_limit_s=deadline - time.perf_counter(), cutoff=cutoff, options=PROVE)
    bound = max(known.bound, min(found.bound, cutoff))
    if found.termination in {Termination.INFEASIBLE, Termination.CUTOFF}:
        bound = cutoff
    if found.x is not None and found.objective < cutoff + 1e-9 * cost:
        sites = np.flatnonzero(program.blocks[0].of(found.x) > 0.5)
        bound = max(known.bound, min(found.bound, found.objective))
        return Found(sites, rounded_up(bound, found.objective, grid))
    return replace(known, bound=rounded_up(bound, cost, grid), engine=NAME)


def rounded_up(bound: float, cost: float, grid: float) -> float:
    """Return a bound of costs that are whole multiples of a grid, rounded up to one, at most the cost of a plan.

    Parts of a problem are rounded one by one: half a site short in each of two would add up to a whole one.
    """
    return min(cost, float(np.ceil(bound / grid - 1e-6)) * grid) if grid else bound


def _with_rules(
    problem: LocationProblem, limit: Float64, times: Int64, kept: Int64, forced: Int64, deadline: float
) -> Found:
    """Return the least cover where the number of existing sites is limited, with all these sites kept as they are."""
    status = np.where(may_open(problem), 0, -1).astype(np.int8)
    status[forced] = 1
    # Existing sites come last in the first plan, so that it holds as few as it can.
    price = problem.site_cost.copy()
    price[problem.existing] += price.sum() + 1.0
    plan = whole_cover(allowed_reach(problem, limit), times, price, status)
    lacking = problem.keep_at_least - int(np.isin(plan, problem.existing).sum())
    if lacking > 0:
        spare = np.setdiff1d(problem.existing[may_open(problem)[problem.existing]], plan)
        plan = np.union1d(plan, spare[np.argsort(problem.site_cost[spare], kind="stable")[:lacking]])
    part = restricted(problem, np.flatnonzero(times > 0), kept)
    start = None
    if keeps_rules(problem, plan):
        start = np.isin(kept, plan).astype(float)
        start = start if np.isin(plan, kept).all() else None
    program = cover_program(part, limit[times > 0], times[times > 0])
    found = search(program, part, deadline, start)
    sites = None if found.open is None else kept[found.open]
    if sites is None and keeps_rules(problem, plan):
        sites = plan
    return replace(found, open=sites, bound=max(found.bound, 0.0))
