"""Find the sites that cover most demand, or enough of it, or most of it twice."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.siting.cover.bounds import Relaxed, first_multipliers, lower
from clinicplan.siting.cover.reduction import allowed_reach, equal_points, replaced_sites
from clinicplan.siting.cover.search import Covering
from clinicplan.siting.linear import LinearProgram
from clinicplan.siting.models.choice import complete, count_range, keeps_rules
from clinicplan.siting.models.cover_least import Found, search
from clinicplan.siting.models.cover_programs import backup_program, max_cover_program, partial_program
from clinicplan.siting.problem import LocationProblem, proven, quantum

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Int8 = NDArray[np.int8]

DESCENT: Final = 1500
"""Steps of the Lagrangian in a round."""
TRIALS_PER_SITE: Final = (20_000, 200_000)
"""Exchanges tried for each site that opens: at first, and again where too much is left for a search."""
LARGE: Final = 1500
"""Sites beyond which a search finds no better plans than more exchanges do."""
HUGE: Final = 8000
"""Sites beyond which a search improves no bound in any time that a planner has."""
SEARCH_SHARE: Final = 0.4
"""Most of the time that the search for a better plan may take."""


@dataclass(frozen=True, eq=False)
class Compact:
    """A problem of covering demand without what does not matter.

    Parameters
    ----------
    problem
        Points with equal sites are one, costs are 0 within the limit and absent beyond it.
    table
        The same as ones.
    sites
        Numbers of its sites in the problem as given.
    base
        Demand that required sites cover.
    """

    problem: LocationProblem
    table: csr_matrix
    sites: Int64
    base: float


def most_covered(
    problem: LocationProblem, limit: Float64, p: int | None, budget: float | None, deadline: float
) -> Found:
    """Return the p sites, or the sites within a budget, that cover most demand.

    Parameters
    ----------
    problem
        Points, sites and rules.
    limit
        Shape (points): largest cost of a trip.
    p, budget
        Number of sites, most that they may cost; None for no such limit.
    deadline
        When to stop, by the clock of `time.perf_counter`.
    """
    free = not problem.counts_existing and (p is None or budget is None)
    price = np.zeros(problem.n_sites) if budget is None else problem.site_cost
    small = compact(problem, limit, price if free else None)
    count = None if p is None else p if not free else min(p, small.sites.size)
    plan = _first_plan(small.problem, small.table, count, budget)
    if plan is None:
        found = _searched(small, count, budget, deadline)
    else:
        found = _improve(small, plan, count, budget, deadline)
    if found.open is None:
        return replace(found, bound=found.bound + small.base)
    sites: Int64 | None = small.sites[found.open]
    if sites is not None and p is not None and sites.size < p:
        sites = complete(problem, sites, p)
    return replace(found, open=sites, bound=found.bound + small.base)


def compact(problem: LocationProblem, limit: Float64, price: Float64 | None) -> Compact:
    """Return the problem with equal points made one and, where a price is given, without sites that others replace."""
    reach = allowed_reach(problem, limit)
    chosen = np.zeros(problem.n_sites)
    chosen[problem.required] = 1.0
    held = reach @ chosen > 0
    table, demand = equal_points(reach[~held], problem.demand[~held])
    kept = np.ones(problem.n_sites, dtype=bool)
    if price is not None:
        droppable = problem.open_bounds[1] > problem.open_bounds[0]
        kept = (np.bincount(table.indices, minlength=kept.size) > 0) | ~droppable
        kept &= problem.open_bounds[1] > 0
        kept &= ~replaced_sites(table, price, droppable)
    sites = np.flatnonzero(kept)
    table = table[:, sites].tocsr()
    low, high = problem.open_bounds
    part = _problem(problem, table, demand, sites, (low[sites], high[sites]))
    return Compact(part, table, sites, float(problem.demand[held].sum()))


def _problem(
    problem: LocationProblem, table: csr_matrix, demand: Float64, sites: Int64, bounds: tuple[Float64, Float64]
) -> LocationProblem:
    """Return points that some sites of a problem cover at no cost, or not at all; `bounds` are the sites' own."""
    cost = table.copy()
    cost.data = np.zeros(cost.nnz)
    rules: dict[str, Any] = {}
    if problem.counts_existing:
        rules = {
            "existing": np.flatnonzero(np.isin(sites, problem.existing)), "keep_at_least": problem.keep_at_least,
            "keep_at_most": problem.keep_at_most,
        }  # fmt: skip
    return LocationProblem(
        cost, demand, required=np.flatnonzero(bounds[0] == 1), forbidden=np.flatnonzero(bounds[1] == 0),
        site_cost=problem.site_cost[sites], **rules,
    )  # fmt: skip


def _first_plan(problem: LocationProblem, table: csr_matrix, p: int | None, budget: float | None) -> Covering | None:
    """Return a plan by greedy and swap; None where it breaks a rule that counts existing sites."""
    low, high = problem.open_bounds
    status = np.where(low == 1, 1, np.where(high == 0, -1, 0)).astype(np.int8)
    price = np.zeros(problem.n_sites) if budget is None else problem.site_cost
    opened = (status == 1).astype(np.int8)
    room = np.inf if budget is None else budget * (1 + 1e-12) - float(price @ opened)
    plan = Covering(table, problem.demand, price, status, opened, room)
    plan.fill(problem.n_sites if p is None else p, rated=budget is not None)
    plan.swap()
    plan.fill(problem.n_sites if p is None else p)
    if keeps_rules(problem, np.flatnonzero(plan.chosen), p, budget):
        return plan
    number = count_range(problem)[0] if p is None else p
    cheapest = complete(problem, problem.required, number, budget)
    if cheapest is None or problem.counts_existing:
        return None
    plan.restart(np.isin(np.arange(problem.n_sites), cheapest).astype(np.int8))
    plan.swap()
    return plan if keeps_rules(problem, np.flatnonzero(plan.chosen), p, budget) else None


def _searched(small: Compact, p: int | None, budget: float | None, deadline: float) -> Found:
    """Search from the cheapest choice that keeps the rules."""
    problem = small.problem
    number = max(problem.required.size, count_range(problem)[0]) if p is None else p
    cheapest = complete(problem, problem.required, number, budget)
    start = None if cheapest is None else _start(small, np.isin(np.arange(problem.n_sites), cheapest).astype(float))
    found = search(_program(problem, p, budget), problem, deadline, start, p=p, budget=budget)
    return replace(
        found,
        open=cheapest if found.open is None and not found.impossible else found.open,
        bound=min(found.bound, float(problem.demand.sum())),
    )


def _improve(small: Compact, plan: Covering, p: int | None, budget: float | None, deadline: float) -> Found:
    """Bound a plan and better it by turns, then search what the bound leaves open."""
    problem, grid = small.problem, quantum(small.problem.demand)
    begin = time.perf_counter()
    until = begin + SEARCH_SHARE * (deadline - begin)
    most, money = -1 if p is None else p, np.inf if budget is None else budget
    best, chosen = plan.covered, plan.chosen.copy()
    relaxed = first_multipliers(plan)
    lower(relaxed, plan, best, grid, most, money, DESCENT, until)
    if not relaxed.complete and not problem.counts_existing:
        if budget is None and p is not None:
            _restart_from_bound(plan, relaxed, p, best)
        for trials in TRIALS_PER_SITE:
            plan.anneal(trials * int(plan.chosen.sum()), until, relaxed.bound)
            plan.fill(problem.n_sites if p is None else p)
            best, chosen = plan.covered, plan.chosen.copy()
            lower(relaxed, plan, best, grid, most, money, DESCENT, until)
            if relaxed.complete or int((relaxed.status == 0).sum()) <= LARGE:
                break
    sites = np.flatnonzero(chosen)
    if relaxed.complete or proven(best, relaxed.bound, grid, maximise=True):
        return Found(sites, max(best, relaxed.bound), "Lagrangian")
    if int((relaxed.status == 0).sum()) > HUGE and not problem.counts_existing:
        return Found(sites, relaxed.bound, "Lagrangian")
    core = _core(small, relaxed)
    start = _start(core, np.isin(core.sites, sites).astype(float))
    found = search(_program(core.problem, p, budget), core.problem, deadline, start, p=p, budget=budget)
    bound = min(relaxed.bound, max(best, found.bound + core.base))
    if found.impossible:  # nothing better than the best plan was left
        return Found(sites, best)
    if found.open is not None:
        other = core.sites[found.open]
        if _demand(small, other) > best:
            sites = other
    return Found(sites, bound)


def _restart_from_bound(plan: Covering, relaxed: Relaxed, p: int, best: float) -> None:
    """Start again from the sites that the bound chose most often, where exchange makes that the better plan."""
    before = plan.chosen.copy()
    wanted = np.where(plan.status == 1, np.inf, np.where(plan.status == -1, -np.inf, relaxed.often))
    chosen = np.zeros(plan.chosen.size, dtype=np.int8)
    chosen[np.argsort(-wanted, kind="stable")[:p]] = 1
    plan.restart(chosen)
    plan.swap()
    if plan.covered < best:
        plan.restart(before)


def _core(small: Compact, relaxed: Relaxed) -> Compact:
    """Return what the bound leaves open: settled sites are required or gone, points that they cover are gone."""
    problem = small.problem
    opened, closed = relaxed.status == 1, relaxed.status == -1
    held = small.table @ opened.astype(float) > 0
    keep = ~closed
    if problem.counts_existing:
        keep[problem.existing] = True
    sites = np.flatnonzero(keep)
    table, demand = equal_points(small.table[~held][:, np.flatnonzero(keep)], problem.demand[~held])
    bounds = (opened[sites].astype(float), 1.0 - closed[sites])
    part = _problem(problem, table, demand, sites, bounds)
    return Compact(part, table, sites, float(problem.demand[held].sum()))


def _start(core: Compact, chosen: Float64) -> Float64:
    return np.concatenate([chosen, np.minimum(1.0, core.table @ chosen)])


def _program(problem: LocationProblem, p: int | None, budget: float | None) -> LinearProgram:
    return max_cover_program(problem, 0.0, p, budget=budget)


def _demand(small: Compact, sites: Int64) -> float:
    chosen = np.zeros(small.sites.size)
    chosen[sites] = 1.0
    return float(small.problem.demand[small.table @ chosen > 0].sum())


def enough_covered(problem: LocationProblem, limit: Float64, target: float, deadline: float) -> Found:
    """Return the cheapest sites that cover a demand."""
    grid = quantum(problem.demand)
    least = target - 1e-3 * grid if grid else target * (1 - 1e-9)
    small = compact(problem, limit, None if problem.counts_existing else problem.site_cost)
    rest = max(0.0, least - small.base)
    sites = _enough(small, rest)
    program = partial_program(small.problem, 0.0, rest, grid or 1.0)
    start = None if sites is None else _start(small, np.isin(np.arange(small.sites.size), sites).astype(float))
    found = search(program, small.problem, deadline, start)
    chosen = sites if found.open is None or _demand(small, found.open) < rest * (1 - 1e-9) else found.open
    return replace(found, open=None if chosen is None else small.sites[chosen], bound=max(0.0, found.bound))


def _enough(small: Compact, target: float) -> Int64 | None:
    """Return sites that cover a demand, by greedy, then one fewer at a time by swap; None where a rule breaks."""
    problem = small.problem
    low, high = problem.open_bounds
    status = np.where(low == 1, 1, np.where(high == 0, -1, 0)).astype(np.int8)
    opened = (status == 1).astype(np.int8)
    plan = Covering(small.table, problem.demand, problem.site_cost, status, opened, np.inf)
    plan.fill(problem.n_sites, rated=True, target=target)
    best = plan.chosen.copy()
    while plan.covered >= target and (plan.chosen.astype(bool) & (status == 0)).any():
        best = plan.chosen.copy()
        loss = np.where(plan.chosen.astype(bool) & (status == 0), plan.state[2] / np.maximum(plan.price, 1e-9), np.inf)
        plan.close(int(np.argmin(loss)))
        plan.room = 0.0 if (problem.site_cost != problem.site_cost[0]).any() else np.inf
        plan.swap()
    sites = np.flatnonzero(best)
    covered = _demand(small, sites) >= target
    return sites if covered and keeps_rules(problem, sites) else None


def backed_up(problem: LocationProblem, limit: Float64, sites: Int64, deadline: float) -> Found:
    """Return a cover no dearer than a given one with most demand covered twice."""
    cost, grid = float(problem.site_cost[sites].sum()), quantum(problem.site_cost)
    most = cost + 0.5 * grid if grid else cost * (1 + 1e-9)
    program = backup_program(problem, limit, most, grid or 1.0)
    start = np.zeros(program.cost.size)
    start[sites] = 1.0
    start[program.blocks[1].columns] = problem.within(limit) @ start[: problem.n_sites] >= 2
    return search(program, problem, deadline, start)
