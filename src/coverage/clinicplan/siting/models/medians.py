"""Open p sites so that people travel least in all: the p-median, proven at every size."""

from __future__ import annotations

import copy
import time
import warnings
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from clinicplan.errors import Fault, InfeasibleError, Severity, SitingError, fault_line
from clinicplan.siting.engine import NAME
from clinicplan.siting.linear import LinearProgram
from clinicplan.siting.median.branching import Searched, branch
from clinicplan.siting.median.core import search_kernel, solve_core, worth_a_kernel
from clinicplan.siting.median.feasibility import check_reach, feasible_plan, median_fault
from clinicplan.siting.median.formulation import radius_program
from clinicplan.siting.median.lagrangian import first_multipliers, raise_bound
from clinicplan.siting.median.lists import Lists, make_lists
from clinicplan.siting.median.search import Best, find_plan
from clinicplan.siting.models.choice import check_choice
from clinicplan.siting.problem import UNSERVED, LocationProblem, SitingResult, gap_of, proven

BRANCHED_UP_TO: Final = 12
"""Sites left to choose up to which the own branch and bound is faster than the solver."""
ROOT_SHARE: Final = 0.5
"""Most of the time that the first bound may take."""
LIKE_SECONDS: Final = (600.0, 86_400.0)
"""A middle cost between these, ten hours to sixty days as minutes, is more likely ten minutes to a day in seconds."""


def p_median(
    problem: LocationProblem,
    p: int,
    *,
    limit: ArrayLike | None = None,
    budget: float | None = None,
    time_limit_s: float = 120.0,
) -> SitingResult:
    """Open exactly p sites so that demand times cost, each point at its nearest open site, is least.

    Every point must be served by a site within its reach, points without demand too. Greedy and interchange find a
    plan, a Lagrangian bound excludes most sites, and what is left is settled by branch and bound (few sites) or by
    HiGHS in the radius form; `median_program` is that form of the whole problem.

    Parameters
    ----------
    problem
        Points, sites, costs; required and forbidden sites, existing ones to keep. Capacities are not used.
    p
        How many sites are open in all, required ones included.
    limit
        Largest cost at which a point may be served (inclusive): one for all, or one per demand point; default any
        cost in the table.
    budget
        Most that `site_cost` of the open sites may sum to; default no limit.
    time_limit_s
        Seconds after which the best plan and its bound are returned.

    Returns
    -------
    result
        Objective in demand times cost. Status `optimal`, `gap`, or `unknown` when the time was up before any plan.

    Raises
    ------
    SitingError
        With every fault: p that is no whole number or outside what the rules leave, a limit or budget that is
        negative or missing, a time limit that is not above zero.
    InfeasibleError
        Naming all points that no allowed site reaches; or saying why no p sites serve every point: points with
        pairwise separate reach, the fewest sites needed, the least budget, or how many existing sites can stay.

    Warns
    -----
    UserWarning
        Where points have no demand, or costs would be many hours if they were minutes.

    References
    ----------
    .. [1] Hakimi (1964). Optimum locations of switching centers and the absolute centers and medians of a graph.
       doi:10.1287/opre.12.3.450
    .. [2] Elloumi (2010). A tighter formulation of the p-median problem. doi:10.1007/s10878-008-9162-0
    .. [3] Garcia, Labbe, Marin (2011). Solving large p-median problems with a radius formulation.
       doi:10.1287/ijoc.1100.0418
    .. [4] Duran-Mateluna, Ales, Elloumi (2023). An efficient Benders decomposition for the p-median problem.
       doi:10.1016/j.ejor.2022.11.033
    .. [5] Resende, Werneck (2007). A fast swap-based local search procedure for location problems.
       doi:10.1007/s10479-006-0154-0

    Examples
    --------
    Four villages on a road at km 0, 2, 3 and 9 with 5, 1, 1 and 2 hundred people, a clinic possible in each. One
    clinic: at km 0 it costs 0 + 2 + 3 + 18 = 23, at km 2 10 + 0 + 1 + 14 = 25. Two: at km 0 and 9 only the middle
    villages travel, 2 + 3 = 5.

    >>> from clinicplan.siting import LocationProblem, p_median
    >>> km = [0, 2, 3, 9]
    >>> town = LocationProblem([[abs(a - b) for b in km] for a in km], [5, 1, 1, 2])
    >>> p_median(town, 1)
    SitingResult(1 sites, objective 23.0, optimal, gap 0.00%)
    >>> p_median(town, 2).open
    array([0, 3])
    """
    begin = time.perf_counter()
    reachable, count = _checked(problem, p, limit, budget, time_limit_s)
    _warn_of_doubts(problem)
    deadline = begin + time_limit_s
    lists = make_lists(reachable, count, budget)
    best = find_plan(lists)
    if best.sites is None:
        best = feasible_plan(reachable, lists, deadline)
    if best.sites is None:
        return _nothing_found(reachable, lists, begin)
    searched, engine = _prove(lists, best, deadline)
    return _result(reachable, lists, searched, engine, begin)


def median_program(
    problem: LocationProblem, p: int, *, limit: ArrayLike | None = None, budget: float | None = None
) -> LinearProgram:
    """Return the whole p-median as a mixed-integer program in the radius form.

    The formulation, its sets, variables and numbered constraints stand with `radius_program`.

    Parameters
    ----------
    problem, p, limit, budget
        As for `p_median`.

    Returns
    -------
    program
        Block `open` has the allowed sites in their order; objective in demand times cost.

    Raises
    ------
    SitingError, InfeasibleError
        As for `p_median`, except that nothing is solved.

    Examples
    --------
    >>> from clinicplan.siting import LocationProblem
    >>> median_program(LocationProblem([[0, 2], [3, 0]], [1, 1]), 1)
    LinearProgram(5 rows, 4 columns, 10 entries, 2 whole)
    """
    reachable, count = _checked(problem, p, limit, budget, 1.0)
    lists = make_lists(reachable, count, budget)
    return radius_program(lists, scale=lists.units.unit)


def _checked(
    problem: LocationProblem, p: int, limit: ArrayLike | None, budget: float | None, time_limit_s: float
) -> tuple[LocationProblem, int]:
    """Return the problem without trips beyond a limit, and p; raise with all that is wrong or cannot be."""
    faults: list[Fault] = []
    count = 0
    impossible: InfeasibleError | None = None
    try:
        count = check_choice(problem, p, budget) or 0
    except InfeasibleError as error:
        impossible = error
    except SitingError as error:
        faults += error.faults
    reachable = problem if limit is None else _within(problem, limit, faults)
    if not time_limit_s > 0:
        faults.append(median_fault("bad_time_limit", seconds=str(time_limit_s)))
    if faults:
        raise SitingError(*faults)
    if impossible is not None:
        raise impossible
    check_reach(reachable)
    return reachable, count


def _within(problem: LocationProblem, limit: ArrayLike, faults: list[Fault]) -> LocationProblem:
    """Return the problem without trips beyond a limit; note what is wrong with the limit."""
    most = np.asarray(limit, dtype=float)
    if most.ndim and most.shape != (problem.n_points,):
        faults.append(median_fault("limit_shape", found=str(most.shape), allowed=problem.n_points))
        return problem
    most = np.broadcast_to(most, problem.n_points)
    wrong = ~(most >= 0)
    if wrong.any():
        faults.append(median_fault("limit_value", ids=problem.demand_ids[wrong], value=str(most[wrong][0])))
        return problem
    table = problem.within(most)
    table.data = problem.cost.data[problem.cost.data <= np.repeat(most, np.diff(problem.cost.indptr))]
    reachable = copy.copy(problem)
    object.__setattr__(reachable, "cost", table)
    return reachable


def _warn_of_doubts(problem: LocationProblem) -> None:
    """Warn of points without demand, and of minutes that look like seconds."""
    empty = problem.demand == 0
    doubts = []
    if empty.any():
        doubts.append(median_fault("no_demand", ids=problem.demand_ids[empty], severity=Severity.NOTE))
    middle = float(np.median(problem.cost.data)) if problem.cost.nnz else 0.0
    if LIKE_SECONDS[0] < middle < LIKE_SECONDS[1]:
        doubts.append(median_fault("like_seconds", severity=Severity.NOTE, middle=f"{middle:g}"))
    for doubt in doubts:
        warnings.warn(fault_line(doubt, "en"), stacklevel=3)


def _prove(lists: Lists, best: Best, deadline: float) -> tuple[Searched, str]:
    """Bound the problem, then settle what is left; say what did it."""
    now = time.perf_counter()
    root = raise_bound(
        lists, best, first_multipliers(lists, best), np.zeros(len(lists.side.names)),
        now + ROOT_SHARE * max(0.0, deadline - now),
    )  # fmt: skip
    if root.complete:
        return Searched(root.best, lists.units.proved(root.best.value), 0, True), "Lagrangian"
    if root.lists.p - int((root.lists.status == 1).sum()) <= BRANCHED_UP_TO:
        return branch(root, deadline), "Lagrangian branch and bound"
    if worth_a_kernel(root):
        root = search_kernel(root, deadline)
        if root.complete:
            return Searched(root.best, lists.units.proved(root.best.value), 0, True), NAME
    return solve_core(root, deadline), NAME


def _result(problem: LocationProblem, lists: Lists, searched: Searched, engine: str, begin: float) -> SitingResult:
    """Recompute a plan's value from the problem and hold the bound against it."""
    chosen = np.asarray(searched.best.sites, dtype=np.int64)
    assignment, cost = problem.nearest(chosen)
    objective = float(problem.demand @ cost)
    unit = lists.units.unit
    bound = min(objective, searched.bound * unit)
    done = proven(objective, bound, lists.units.grid)
    return SitingResult(
        open=chosen, assignment=assignment, objective=objective, bound=bound,
        gap=0.0 if done else gap_of(objective, bound), status="optimal" if done else "gap",
        seconds=time.perf_counter() - begin, engine=engine,
    )  # fmt: skip


def _nothing_found(problem: LocationProblem, lists: Lists, begin: float) -> SitingResult:
    bound = float(lists.row_cost[lists.row_ptr[:-1]].sum()) * lists.units.unit
    return SitingResult(
        open=np.zeros(0, dtype=np.int64), assignment=np.full(problem.n_points, UNSERVED), objective=float("nan"),
        bound=bound, gap=float("inf"), status="unknown", seconds=time.perf_counter() - begin, engine=NAME,
    )  # fmt: skip
