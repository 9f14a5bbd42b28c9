"""Find out whether any p-median plan serves every point, and say in the planner's words why not."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import Fault, InfeasibleError, Severity
from clinicplan.siting.engine import Solution, Termination, solve
from clinicplan.siting.median.formulation import cover_program
from clinicplan.siting.median.lists import Lists
from clinicplan.siting.median.search import Best, improve
from clinicplan.siting.problem import LocationProblem
from clinicplan.words import fault

Int64 = NDArray[np.int64]
WORDS = "siting_median"


def median_fault(
    code: str, *, ids: NDArray[np.object_] | None = None, severity: Severity = Severity.ERROR, **values: Any
) -> Fault:
    """Make a fault of the p-median's vocabulary."""
    names = () if ids is None else tuple(str(name) for name in ids)
    return fault(severity, code, subject=WORDS, ids=names, **values)


def check_reach(problem: LocationProblem) -> None:
    """Refuse points that no allowed site reaches.

    Raises
    ------
    InfeasibleError
        Naming all of them.
    """
    allowed = problem.open_bounds[1] > 0
    entries = allowed[problem.cost.indices]
    row = np.repeat(np.arange(problem.n_points), np.diff(problem.cost.indptr))
    lost = np.flatnonzero(np.bincount(row[entries], minlength=problem.n_points) == 0)
    if lost.size:
        raise InfeasibleError(median_fault("out_of_reach", ids=problem.demand_ids[lost]))


def feasible_plan(problem: LocationProblem, lists: Lists, deadline: float) -> Best:
    """Return a plan that serves every point and keeps all rules; without sites where the time is up before.

    Raises
    ------
    InfeasibleError
        If there is none: with points of pairwise separate reach, the fewest sites, or the rule that cannot be kept.
    """
    separate, needed = separate_points(problem)
    if needed > lists.p:
        ids = problem.demand_ids[separate]
        raise InfeasibleError(median_fault("separate_reach", ids=ids, needed=needed, p=lists.p))
    fewest = _solve(lists, "sites", deadline)
    if np.ceil(fewest.bound - 1e-6) > lists.p:
        needed = int(np.ceil(fewest.bound - 1e-6))
        raise InfeasibleError(median_fault("too_few_sites", needed=needed, p=lists.p))
    chosen = _filled(lists, fewest)
    if lists.side.names:
        found = _solve(lists, "nothing", deadline)
        if found.termination is Termination.INFEASIBLE:
            raise InfeasibleError(_broken_rule(problem, lists, deadline))
        chosen = None if found.x is None else found.x > 0.5
    if chosen is None:
        return Best(np.inf, None)
    plan = chosen.astype(np.int8)
    return improve(lists, plan, Best(np.inf, None).or_better(lists, plan))


def separate_points(problem: LocationProblem) -> tuple[Int64, int]:
    """Return points no two of which can share a site, and how many sites they and the required sites need.

    Points with the fewest sites come first.

    Examples
    --------
    >>> from clinicplan.siting.problem import LocationProblem
    >>> inf = float("inf")
    >>> separate_points(LocationProblem([[1, inf, inf], [2, 3, inf], [inf, inf, 4]], 1.0))
    (array([0, 2]), 2)
    """
    allowed = problem.open_bounds[1] > 0
    indptr, indices = problem.cost.indptr, problem.cost.indices
    taken = np.zeros(problem.n_sites, dtype=bool)
    chosen = []
    for point in np.argsort(np.diff(indptr), kind="stable"):
        sites = indices[indptr[point] : indptr[point + 1]]
        sites = sites[allowed[sites]]
        if not taken[sites].any():
            taken[sites] = True
            chosen.append(point)
    return np.sort(np.array(chosen, dtype=np.int64)), len(chosen) + int((~taken[problem.required]).sum())


def _solve(lists: Lists, minimise: str, deadline: float) -> Solution:
    left = max(deadline - time.perf_counter(), 0.1)
    # Whatever the number of sites, a plan that needs no more than p will do.
    target = lists.p + 0.5 if minimise == "sites" else None
    return solve(cover_program(lists, minimise=minimise), time_limit_s=left, target=target)


def _filled(lists: Lists, cover: Solution) -> NDArray[np.bool_] | None:
    """Return a cover topped up to p sites."""
    if cover.x is None or cover.x.sum() > lists.p + 0.5:
        return None
    chosen = cover.x > 0.5
    spare = np.flatnonzero(~chosen)
    chosen[spare[: lists.p - int(chosen.sum())]] = True
    return chosen


def _broken_rule(problem: LocationProblem, lists: Lists, deadline: float) -> Fault:
    """Return the first rule whose change alone would allow a plan, with the value that would do."""
    for name, limit in zip(lists.side.names, lists.side.limit, strict=True):
        found = _solve(lists, name, deadline)
        if found.termination is not Termination.OPTIMAL or found.x is None:
            continue
        sites = lists.sites[found.x > 0.5]
        if name == "budget":
            return median_fault("budget_short", p=lists.p, needed=f"{problem.site_cost[sites].sum():.12g}")
        reached = int(np.isin(problem.existing, sites).sum())
        return median_fault(f"{name}_unmet", p=lists.p, asked=int(abs(limit)), reached=reached)
    return median_fault("rules_in_conflict", p=lists.p)
