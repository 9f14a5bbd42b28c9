"""Cover points by sites within a limit: all of them, more than once, as many as possible, a given share."""

from __future__ import annotations

import time
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clinicplan.siting.models.choice import check_choice
from clinicplan.siting.models.cover_checks import check_covered, check_question, check_share, keep_blocks
from clinicplan.siting.models.cover_least import Found, least_cover
from clinicplan.siting.models.cover_most import backed_up, enough_covered, most_covered
from clinicplan.siting.models.cover_programs import (
    backup_program,
    cover_program,
    max_cover_program,
    partial_program,
)
from clinicplan.siting.problem import UNSERVED, LocationProblem, SitingResult, Status, gap_of, proven, quantum

__all__ = [
    "backup_cover",
    "backup_program",
    "cover_program",
    "max_cover",
    "max_cover_program",
    "multi_cover",
    "partial_cover",
    "partial_program",
    "set_cover",
]

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
FIRST_SHARE: Final = 0.7
"""Most of the time that the first stage of backup cover may take."""


def set_cover(problem: LocationProblem, limit: ArrayLike, *, time_limit_s: float = 120.0) -> SitingResult:
    """Open the fewest or cheapest sites so that every point has one within the limit.

    Points without demand count as every other. `cover_program` is the model; before it is solved, points that others
    imply and sites that others replace are left out, which changes neither the answer nor the bound.

    Parameters
    ----------
    problem
        Points, sites, costs and rules; `capacity` plays no part.
    limit
        Largest cost of a trip, inclusive, in units of cost: one for all points, or one each.
    time_limit_s
        Seconds after which the best plan and its bound are returned.

    Returns
    -------
    result
        `objective` and `bound`: sum of `site_cost` of the open sites, by default their number. `assignment`: nearest
        open site.

    Raises
    ------
    SitingError
        If a limit is negative, missing or of the wrong shape.
    InfeasibleError
        Naming all points without an allowed site within the limit, the nearest one and the limit that would do; or
        how many existing sites a cover needs.

    References
    ----------
    .. [1] Toregas, Swain, ReVelle, Bergman (1971). The location of emergency service facilities.
       doi:10.1287/opre.19.6.1363

    Examples
    --------
    Villages at kilometres 0, 2, 4 and 9, a site in each: km 2 reaches three of them within 2 km, km 9 itself.

    >>> from clinicplan.siting import LocationProblem, set_cover
    >>> km = [0, 2, 4, 9]
    >>> town = LocationProblem([[abs(a - b) for b in km] for a in km], [5, 1, 1, 2])
    >>> set_cover(town, 2)
    SitingResult(2 sites, objective 2.0, optimal, gap 0.00%)
    >>> set_cover(town, 2).open
    array([1, 3])
    """
    return multi_cover(problem, limit, 1, time_limit_s=time_limit_s)


def multi_cover(
    problem: LocationProblem, limit: ArrayLike, times: ArrayLike, *, time_limit_s: float = 120.0
) -> SitingResult:
    """Open the fewest or cheapest sites so that every point has a given number of them within the limit.

    Parameters
    ----------
    problem
        Points, sites, costs and rules; `capacity` plays no part.
    limit
        Largest cost of a trip, inclusive, in units of cost: one for all points, or one each.
    times
        Different sites that each point needs: one whole number for all, or one each; 0 needs none.
    time_limit_s
        Seconds after which the best plan and its bound are returned.

    Returns
    -------
    result
        `objective` and `bound`: sum of `site_cost` of the open sites. `assignment`: nearest open site within the
        limit, -1 where none.

    Raises
    ------
    SitingError
        If a limit or a number of times is negative, missing, no whole number or of the wrong shape.
    InfeasibleError
        Naming all points with too few allowed sites within the limit, the site that would complete them and the limit
        that would do; or how many existing sites a cover needs.

    References
    ----------
    .. [1] Daskin, Stern (1981). A hierarchical objective set covering model for emergency medical service vehicle
       deployment. doi:10.1287/trsc.15.2.137

    Examples
    --------
    >>> from clinicplan.siting import LocationProblem, multi_cover
    >>> km = [0, 2, 4, 9]
    >>> town = LocationProblem([[abs(a - b) for b in km] for a in km], [5, 1, 1, 2])
    >>> multi_cover(town, 2, [2, 2, 2, 1]).open
    array([0, 1, 2, 3])
    """
    begin = time.perf_counter()
    most, needed = check_question(problem, limit, times=times, time_limit_s=time_limit_s)
    check_covered(problem, most, needed)
    found = least_cover(problem, most, needed, begin + time_limit_s)
    if found.impossible:
        raise keep_blocks(problem, cover_program(problem, most, needed))
    return _cheapest(problem, most, found, begin)


def backup_cover(problem: LocationProblem, limit: ArrayLike, *, time_limit_s: float = 120.0) -> SitingResult:
    """Cover every point with the fewest or cheapest sites and, among such plans, most demand at least twice.

    Two models in order: the least cost of a cover, then the demand covered twice at no more than that cost. Where time
    runs out in the first, the second holds the cost of the best cover found.

    Parameters
    ----------
    problem
        Points, sites, costs and rules; `capacity` plays no part.
    limit
        Largest cost of a trip, inclusive, in units of cost: one for all points, or one each.
    time_limit_s
        Seconds after which the best plan and its bound are returned.

    Returns
    -------
    result
        `objective` and `bound`: pairs of the sum of `site_cost` of the open sites and the demand covered at least
        twice; the second bound holds for plans that cost no more than this one. `gap`: the larger of the two.

    Raises
    ------
    SitingError
        If a limit is negative, missing or of the wrong shape.
    InfeasibleError
        As for `set_cover`.

    References
    ----------
    .. [1] Hogan, ReVelle (1986). Concepts and applications of backup coverage. doi:10.1287/mnsc.32.11.1434

    Examples
    --------
    Villages every 3 km: two sites cover all within 3 km in four ways; those at km 3 and 6 cover both of their villages
    twice.

    >>> from clinicplan.siting import LocationProblem, backup_cover
    >>> km = [0, 3, 6, 9]
    >>> town = LocationProblem([[abs(a - b) for b in km] for a in km], [5, 1, 1, 2])
    >>> result = backup_cover(town, 3)
    >>> result.open, result.objective
    (array([1, 2]), (2.0, 2.0))
    """
    begin = time.perf_counter()
    most, once = check_question(problem, limit, time_limit_s=time_limit_s)
    check_covered(problem, most, once)
    first = least_cover(problem, most, once, begin + FIRST_SHARE * time_limit_s)
    if first.impossible:
        raise keep_blocks(problem, cover_program(problem, most, once))
    if first.open is None:
        return _unknown(problem, (first.bound, float(problem.demand.sum())), begin)
    second = backed_up(problem, most, first.open, begin + time_limit_s)
    sites = first.open if second.open is None else second.open
    cost, twice = float(problem.site_cost[sites].sum()), covered_demand(problem, most, sites, 2)
    ends = (min(cost, first.bound), max(twice, second.bound))
    done = (
        proven(cost, ends[0], quantum(problem.site_cost)),
        proven(twice, ends[1], quantum(problem.demand), maximise=True),
    )
    gaps = [
        0.0 if whole else gap_of(*pair) for whole, pair in zip(done, ((cost, ends[0]), (twice, ends[1])), strict=True)
    ]
    return _result(problem, most, sites, (cost, twice), ends, all(done), max(gaps), second.engine, begin)


def max_cover(
    problem: LocationProblem,
    limit: ArrayLike,
    p: int | None = None,
    *,
    budget: float | None = None,
    time_limit_s: float = 120.0,
) -> SitingResult:
    """Open exactly p sites, or what a budget buys, so that most demand has one within the limit.

    Greedy, swap and annealing find a plan, a Lagrangian bound excludes most sites, and HiGHS settles the rest;
    `max_cover_program` is the whole model.

    Parameters
    ----------
    problem
        Points, sites, costs and rules; `capacity` plays no part.
    limit
        Largest cost of a trip, inclusive, in units of cost: one for all points, or one each.
    p
        Sites that open in all, required ones included; None for any number within the budget.
    budget
        Most that `site_cost` of the open sites may sum to; None for no limit. One of p and budget is needed.
    time_limit_s
        Seconds after which the best plan and its bound are returned.

    Returns
    -------
    result
        `objective` and `bound`: demand covered. `assignment`: nearest open site within the limit, -1 where none.

    Raises
    ------
    SitingError
        If p is no whole number or outside what the rules allow, neither p nor budget is given, the budget is negative,
        or a limit is negative, missing or of the wrong shape.
    InfeasibleError
        If the budget buys no choice that keeps the rules: with the least that does.

    References
    ----------
    .. [1] Church, ReVelle (1974). The maximal covering location problem. doi:10.1007/BF01942293
    .. [2] Galvão, ReVelle (1996). A Lagrangean heuristic for the maximal covering location problem.
       doi:10.1016/0377-2217(94)00159-6

    Examples
    --------
    >>> from clinicplan.siting import LocationProblem, max_cover
    >>> km = [0, 2, 4, 9]
    >>> town = LocationProblem([[abs(a - b) for b in km] for a in km], [5, 1, 1, 2])
    >>> max_cover(town, 2, 1)
    SitingResult(1 sites, objective 7.0, optimal, gap 0.00%)
    >>> max_cover(town, 2, 1).assignment
    array([ 1,  1,  1, -1])
    """
    begin = time.perf_counter()
    measured = p is not None or budget is not None
    most, _ = check_question(problem, limit, time_limit_s=time_limit_s, measured=measured)
    p = check_choice(problem, p, budget, fewest=0)
    found = most_covered(problem, most, p, budget, begin + time_limit_s)
    if found.open is None:
        return _unknown(problem, found.bound, begin)
    objective = covered_demand(problem, most, found.open)
    bound = max(objective, found.bound)
    done = proven(objective, bound, quantum(problem.demand), maximise=True)
    return _result(problem, most, found.open, objective, bound, done, gap_of(objective, bound), found.engine, begin)


def partial_cover(
    problem: LocationProblem, limit: ArrayLike, share: float, *, time_limit_s: float = 120.0
) -> SitingResult:
    """Open the fewest or cheapest sites so that at least a share of all demand has one within the limit.

    Parameters
    ----------
    problem
        Points, sites, costs and rules; `capacity` plays no part.
    limit
        Largest cost of a trip, inclusive, in units of cost: one for all points, or one each.
    share
        Share of all demand, 0 to 1, reached or passed; with whole demands it is rounded up to a whole number of them.
    time_limit_s
        Seconds after which the best plan and its bound are returned.

    Returns
    -------
    result
        `objective` and `bound`: sum of `site_cost` of the open sites. `assignment`: nearest open site within the
        limit, -1 where none.

    Raises
    ------
    SitingError
        If the share is not between 0 and 1, or a limit is negative, missing or of the wrong shape.
    InfeasibleError
        If all allowed sites together cover less: with the share they do; or how many existing sites it takes.

    References
    ----------
    .. [1] Daskin, Owen (1999). Two new location covering problems: the partial p-center problem and the partial set
       covering problem. doi:10.1111/j.1538-4632.1999.tb00980.x

    Examples
    --------
    Seven of nine people live within 2 km of km 2.

    >>> from clinicplan.siting import LocationProblem, partial_cover
    >>> km = [0, 2, 4, 9]
    >>> town = LocationProblem([[abs(a - b) for b in km] for a in km], [5, 1, 1, 2])
    >>> partial_cover(town, 2, 7 / 9).open, partial_cover(town, 2, 0.8).open
    (array([1]), array([1, 3]))
    """
    begin = time.perf_counter()
    most, _ = check_question(problem, limit, share=share, time_limit_s=time_limit_s)
    grid = quantum(problem.demand)
    target = share * float(problem.demand.sum())
    if grid:
        target = float(np.ceil(target / grid - 1e-6)) * grid
    check_share(problem, most, target)
    found = enough_covered(problem, most, target, begin + time_limit_s)
    if found.impossible:
        raise keep_blocks(problem, partial_program(problem, most, target, grid or 1.0))
    return _cheapest(problem, most, found, begin)


def covered_demand(problem: LocationProblem, limit: Float64, sites: Int64, times: int = 1) -> float:
    """Return the demand with at least so many open sites within the limit."""
    chosen = np.zeros(problem.n_sites)
    chosen[sites] = 1.0
    return float(problem.demand[problem.within(limit) @ chosen >= times].sum())


def _cheapest(problem: LocationProblem, limit: Float64, found: Found, begin: float) -> SitingResult:
    """Return the answer of a model that minimises the cost of sites."""
    if found.open is None:
        return _unknown(problem, found.bound, begin)
    objective = float(problem.site_cost[found.open].sum())
    bound = min(objective, found.bound)
    done = proven(objective, bound, quantum(problem.site_cost))
    return _result(problem, limit, found.open, objective, bound, done, gap_of(objective, bound), found.engine, begin)


def _result(
    problem: LocationProblem,
    limit: Float64,
    sites: Int64,
    objective: Any,
    bound: Any,
    done: bool,
    gap: float,
    engine: str,
    begin: float,
) -> SitingResult:
    status: Status = "optimal" if done else "gap"
    return SitingResult(
        open=np.sort(sites), assignment=problem.nearest(sites, limit)[0], objective=objective, bound=bound,
        gap=0.0 if done else gap, status=status, seconds=time.perf_counter() - begin, engine=engine,
    )  # fmt: skip


def _unknown(problem: LocationProblem, bound: Any, begin: float) -> SitingResult:
    nothing = (np.nan, np.nan) if isinstance(bound, tuple) else np.nan
    return SitingResult(
        open=np.zeros(0, dtype=np.int64), assignment=np.full(problem.n_points, UNSERVED), objective=nothing,
        bound=bound, gap=float("inf"), status="unknown", seconds=time.perf_counter() - begin,
    )  # fmt: skip
