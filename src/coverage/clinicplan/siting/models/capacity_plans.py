"""Solve capacitated models: a greedy first plan, HiGHS, then everything measured anew from the plan."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import InfeasibleError
from clinicplan.siting.engine import NAME, Solution, Termination, solve
from clinicplan.siting.linear import LinearProgram
from clinicplan.siting.models.capacity_faults import explain_shortage
from clinicplan.siting.models.capacity_start import exchange_sites, first_plan
from clinicplan.siting.models.capacity_trips import Trips
from clinicplan.siting.problem import (
    UNSERVED,
    LocationProblem,
    SitingResult,
    Status,
    gap_of,
    proven,
    quantum,
)

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Build = Callable[[LocationProblem, Trips, int | None, float | None], LinearProgram]
START_SHARE: Final = 0.1
"""Part of the time that the first plan and the relaxation may take."""
FIXING_NOISE: Final = 1e-7
"""A reduced cost must pass what is left to save by this share of the bound: relaxations are solved to a tolerance."""
OPTIONS: Final = {"mip_allow_restart": False}
"""Restarts of the search solve the costly first relaxation again; without them 50 x 50 takes a half of the time."""


@dataclass(frozen=True, eq=False)
class Model:
    """A capacitated model: its data, its builder, and what its objective counts.

    Parameters
    ----------
    problem, trips
        Points and sites; pairs that may be assigned.
    build
        Makes the program.
    pays_sites, pays_trips
        Whether the objective counts the cost of sites, of trips.
    p, budget
        Number and most cost of sites; None where free.
    """

    problem: LocationProblem
    trips: Trips
    build: Build
    pays_sites: bool
    pays_trips: bool
    p: int | None = None
    budget: float | None = None

    def program(self) -> LinearProgram:
        """Return the linear program."""
        return self.build(self.problem, self.trips, self.p, self.budget)

    def value(self, opened: Int64, part: Float64) -> float:
        """Return the objective of open sites and of the part of its point that each trip serves."""
        sites = float(self.problem.site_cost[opened].sum()) if self.pays_sites else 0.0
        trips = self.problem.demand[self.trips.point] * self.trips.cost * part
        return sites + (float(trips.sum()) if self.pays_trips else 0.0)

    def grid(self) -> float:
        """Return what objectives of basic plans are whole multiples of, 0 where there is no such number.

        Where points are split, plans whose open sites are fixed are flows: with whole demands and capacities the best
        of them moves whole units.
        """
        split_trips = self.problem.split and self.pays_trips
        weight = self.unit() if split_trips else self.problem.demand[self.trips.point]
        if split_trips and weight == 0:
            return 0.0
        parts = [weight * self.trips.cost if self.pays_trips else np.zeros(0)]
        return quantum(*parts, self.problem.site_cost if self.pays_sites else np.zeros(0))

    def unit(self) -> float:
        """Return what demands and capacities are whole multiples of, 0 where there is no such number."""
        return quantum(self.problem.demand, self.trips.room)


def plan_sites(model: Model, begin: float, time_limit_s: float) -> SitingResult:
    """Solve a model and return its plan, measured anew.

    Raises
    ------
    InfeasibleError
        If no plan exists: with what would do.
    """
    deadline = begin + time_limit_s
    program = model.program()
    start, narrowed = _narrow(model, program, time_limit_s)
    found = Solution(Termination.INFEASIBLE, None, np.nan, np.inf, 0.0)
    if narrowed is not None:
        left = max(0.01, deadline - time.perf_counter())
        found = solve(narrowed, start=start, time_limit_s=left, options=OPTIONS)
    if found.termination is Termination.INFEASIBLE:
        raise InfeasibleError(explain_shortage(model.problem, model.trips, model.p, model.budget))
    if found.x is None:
        nobody = np.full(model.problem.n_points, UNSERVED)
        spent = time.perf_counter() - begin
        return SitingResult(np.zeros(0, np.int64), nobody, np.nan, found.bound, np.inf, "unknown", spent, engine=NAME)
    opened = np.flatnonzero(program.blocks[0].of(found.x) > 0.5)
    part = program.blocks[1].of(found.x)
    part = _flows(model, program, found, opened) if model.problem.split else np.round(part)
    return _result(model, opened, _nearest_for_nobody(model, opened, part), found, begin)


def _narrow(model: Model, program: LinearProgram, time_limit_s: float) -> tuple[Float64 | None, LinearProgram | None]:
    """Return a first plan, and the program without the columns that cannot be part of a better one.

    The relaxation bounds what a plan costs that uses a column: its value plus the reduced cost. The program is None
    where even the relaxation has no solution.
    """
    deadline = time.perf_counter() + START_SHARE * time_limit_s
    problem, trips, budget = model.problem, model.trips, model.budget
    start = first_plan(problem, trips, p=model.p, budget=budget, value=model.value, deadline=deadline)
    relaxation = solve(program, relaxed=True, time_limit_s=max(0.01, deadline - time.perf_counter()))
    if relaxation.termination is Termination.INFEASIBLE and start is None:
        return None, None
    saved = relaxation.reduced_cost
    if start is None or saved is None:
        return start, program
    opened = program.blocks[0]
    if model.pays_trips:
        useful = relaxation.objective + opened.of(saved) < program.value(start)
        useful &= opened.of(program.upper) > 0
        start = exchange_sites(
            problem, trips, start, candidates=useful, budget=budget, value=model.value, deadline=deadline
        )
    room = program.value(start) - relaxation.objective
    useless = (saved > room + FIXING_NOISE * max(1.0, abs(relaxation.objective))) & (start < 0.5) & (program.lower == 0)
    return start, replace(program, upper=np.where(useless, 0.0, program.upper))


def _result(model: Model, opened: Int64, part: Float64, found: Solution, begin: float) -> SitingResult:
    problem, trips = model.problem, model.trips
    objective = model.value(opened, part)
    bound = float(min(found.bound, objective))
    is_proven = proven(objective, bound, model.grid())
    bound = objective if is_proven else bound
    assignment = np.full(problem.n_points, UNSERVED, dtype=np.int64)
    order = np.lexsort((-trips.site, part, trips.point))
    assignment[trips.point[order]] = trips.site[order]  # the last one wins: the largest part, the first such site
    status: Status = "optimal" if is_proven else "gap"
    shares = _table(problem, trips, part) if problem.split else None
    spent = time.perf_counter() - begin
    return SitingResult(opened, assignment, objective, bound, gap_of(objective, bound), status, spent, shares, NAME)


def _table(problem: LocationProblem, trips: Trips, part: Float64) -> csr_matrix:
    from scipy.sparse import csr_matrix

    used = part > 0
    shape = (problem.n_points, problem.n_sites)
    return csr_matrix((part[used], (trips.point[used], trips.site[used])), shape=shape)


def _flows(model: Model, program: LinearProgram, found: Solution, opened: Int64) -> Float64:
    """Serve the points from the open sites as cheaply as can be, in whole units of demand where there are such.

    The search stops within its tolerances; with the sites fixed, what is left is a flow, and its corners are whole.
    """
    assert found.x is not None
    sites, served = program.blocks[0], program.blocks[1]
    lower, upper = program.lower.copy(), program.upper.copy()
    fixed = np.zeros(sites.size)
    fixed[opened] = 1.0
    lower[sites.columns] = upper[sites.columns] = fixed
    cost = program.cost.copy()
    if not model.pays_trips:
        cost[served.columns] = model.problem.demand[model.trips.point] * model.trips.cost
    flow = solve(replace(program, lower=lower, upper=upper, cost=cost), relaxed=True)
    part = np.clip(served.of(found.x if flow.x is None else flow.x), 0.0, 1.0)
    part[part < 1e-9] = 0.0
    return _whole_units(model, part)


def _whole_units(model: Model, part: Float64) -> Float64:
    """Round flows to the unit of demand where that breaks no rule; let the parts of each point add up to one."""
    problem, trips, unit = model.problem, model.trips, model.unit()
    demand = problem.demand[trips.point]
    if unit > 0:
        amount = np.round(part * demand / unit) * unit
        by_point = np.bincount(trips.point, weights=amount, minlength=problem.n_points)
        by_site = np.bincount(trips.site, weights=amount, minlength=problem.n_sites)
        noise = 1e-9 * max(1.0, float(problem.demand.sum()))
        if np.allclose(by_point, problem.demand, atol=noise) and (by_site <= trips.room + noise).all():
            return np.divide(amount, demand, out=part.copy(), where=demand > 0)
    total = np.bincount(trips.point, weights=part, minlength=problem.n_points)
    return np.asarray(part / total[trips.point])


def _nearest_for_nobody(model: Model, opened: Int64, part: Float64) -> Float64:
    """Assign points without demand to their cheapest open site: they take no room and change no objective."""
    problem, trips = model.problem, model.trips
    usable = np.isin(trips.site, opened) & (problem.demand[trips.point] == 0)
    if not usable.any():
        return part
    part = np.where(problem.demand[trips.point] == 0, 0.0, part)
    chosen = np.flatnonzero(usable)
    order = chosen[np.lexsort((trips.site[chosen], trips.cost[chosen], trips.point[chosen]))]
    first = np.concatenate([[True], np.diff(trips.point[order]) > 0])
    part[order[first]] = 1.0
    return part
