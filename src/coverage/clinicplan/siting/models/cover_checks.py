"""Hold what a covering model is asked against what it can do: limits, times, shares, points that no site covers."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clinicplan.errors import Fault, InfeasibleError, Severity, SitingError, fault_line
from clinicplan.siting.engine import solve
from clinicplan.siting.linear import LinearProgram
from clinicplan.siting.models.choice import check_choice, may_open
from clinicplan.siting.problem import LocationProblem
from clinicplan.words import fault, phrase

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
LIKE_SECONDS: Final = (600.0, 86_400.0)
"""A middle cost between these, ten hours to sixty days as minutes, is more likely ten minutes to a day in seconds."""
EXPLAIN_S: Final = 10.0
"""Seconds given to the search for what would make an impossible problem possible."""


def cover_fault(code: str, **values: Any) -> Fault:
    """Make a fault of the covering vocabulary."""
    return fault(Severity.ERROR, code, subject="siting_cover", **values)


def check_question(
    problem: LocationProblem,
    limit: ArrayLike,
    *,
    times: ArrayLike = 1,
    share: float | None = None,
    time_limit_s: float = 1.0,
    measured: bool = True,
) -> tuple[Float64, Int64]:
    """Return the limit and the number of times of each point; raise SitingError with all that is wrong.

    Points without demand, and minutes that look like seconds, are warned of.

    Parameters
    ----------
    problem
        Points and sites.
    limit, times
        One for all, or one per point.
    share
        Share of all demand to cover; None where it is not asked.
    time_limit_s
        Seconds allowed.
    measured
        Whether a number of sites or a budget is given where one is needed.
    """
    faults: list[Fault] = []
    most = _each(problem, limit, "limit_shape", faults)
    wrong = ~(most >= 0)
    if wrong.any():
        faults.append(cover_fault("limit_value", ids=_names(problem, wrong), value=most[wrong][0]))
    needed = _each(problem, times, "times_shape", faults)
    wrong = ~((needed >= 0) & (needed == np.floor(needed)) & np.isfinite(needed))
    if wrong.any():
        faults.append(cover_fault("times_value", ids=_names(problem, wrong), value=needed[wrong][0]))
    if share is not None and not 0 <= share <= 1:
        faults.append(cover_fault("share_value", found=share))
    if not time_limit_s > 0:
        faults.append(cover_fault("seconds_value", found=time_limit_s))
    if not measured:
        faults.append(cover_fault("no_measure"))
    if faults:
        raise SitingError(*faults)
    check_choice(problem, fewest=0)
    _warn_of_doubts(problem)
    return most, needed.astype(np.int64)


def _warn_of_doubts(problem: LocationProblem) -> None:
    """Warn of points without demand, and of minutes that look like seconds."""
    doubts = []
    empty = problem.demand == 0
    if empty.any():
        doubts.append(cover_fault("no_demand", ids=_names(problem, empty), count=int(empty.sum())))
    middle = float(np.median(problem.cost.data)) if problem.cost.nnz else 0.0
    if LIKE_SECONDS[0] < middle < LIKE_SECONDS[1]:
        doubts.append(cover_fault("like_seconds", middle=f"{middle:g}"))
    for doubt in doubts:
        warnings.warn(fault_line(replace(doubt, severity=Severity.NOTE), "en"), stacklevel=4)


def check_covered(problem: LocationProblem, limit: Float64, times: Int64) -> None:
    """Raise InfeasibleError naming every point with fewer allowed sites within its limit than it needs.

    With each the cost of the site that would complete them; apart from these, points whose whole row has too few.
    """
    usable = may_open(problem)[problem.cost.indices]
    row = np.repeat(np.arange(problem.n_points), np.diff(problem.cost.indptr))
    near = usable & (problem.cost.data <= limit[row])
    short = np.bincount(row[near], minlength=problem.n_points) < times
    if not short.any():
        return
    alone = short & (np.bincount(row[usable], minlength=problem.n_points) < times)
    faults = []
    far = np.flatnonzero(short & ~alone)
    if far.size:
        wanted = sorted(_completing(problem, int(point), int(times[point])) for point in far)
        told = "; ".join(
            f"{problem.demand_ids[point]} → {problem.site_ids[site]} ({cost:g})" for cost, point, site in wanted
        )
        ids = tuple(str(problem.demand_ids[point]) for _, point, _ in wanted)
        faults.append(cover_fault("points_far", ids=ids, count=far.size, nearest=told, most=f"{wanted[-1][0]:g}"))
    if alone.any():
        faults.append(cover_fault("points_alone", ids=_names(problem, alone), count=int(alone.sum())))
    raise InfeasibleError(*faults)


def check_share(problem: LocationProblem, limit: Float64, target: float) -> None:
    """Raise InfeasibleError where all allowed sites together cover less than the target."""
    covered = problem.nearest(np.flatnonzero(may_open(problem)), limit)[0] >= 0
    reach, every = float(problem.demand[covered].sum()), float(problem.demand.sum())
    if reach < target * (1 - 1e-9) - 1e-12:
        share = np.floor(reach / every * 1e6) / 1e6
        raise InfeasibleError(
            cover_fault("share_short", target=f"{target:.12g}", reach=f"{reach:.12g}", share=f"{share:g}")
        )


def keep_blocks(problem: LocationProblem, program: LinearProgram) -> InfeasibleError:
    """Return why a model without a solution has none: the limit of existing sites, with the least that would do.

    Nothing else is left once points are covered by allowed sites: opening more of them never hurts.
    """
    counted = np.zeros(program.cost.size)
    counted[problem.existing] = 1.0  # the sites are the first columns of every covering model
    free = replace(program.without("keep"), cost=counted, constant=0.0, sense="minimise")
    found = solve(free, time_limit_s=EXPLAIN_S)
    ways = [phrase("siting_cover.way_sites")]
    if found.x is not None:
        ways.insert(0, phrase("siting_cover.way_keep", least=round(found.objective)))
    joined = ways[0]._replace(zh="；或".join(way.zh for way in ways), en="; or ".join(way.en for way in ways))
    return InfeasibleError(cover_fault("keep_blocks", most=problem.keep_at_most, ways=joined))


def _each(problem: LocationProblem, values: ArrayLike, code: str, faults: list[Fault]) -> Float64:
    array = np.asarray(values, dtype=float)
    if array.ndim and array.shape != (problem.n_points,):
        faults.append(cover_fault(code, found=str(array.shape), allowed=problem.n_points))
        return np.zeros(problem.n_points)
    return np.broadcast_to(array, problem.n_points).copy()


def _names(problem: LocationProblem, chosen: NDArray[np.bool_]) -> tuple[str, ...]:
    return tuple(str(name) for name in problem.demand_ids[chosen])


def _completing(problem: LocationProblem, point: int, times: int) -> tuple[float, int, int]:
    """Return cost, point and site of the allowed site, counted from the nearest, that completes a point's number."""
    part = slice(problem.cost.indptr[point], problem.cost.indptr[point + 1])
    sites, costs = problem.cost.indices[part], problem.cost.data[part]
    allowed = may_open(problem)[sites]
    sites, costs = sites[allowed], costs[allowed]
    at = int(np.argsort(costs, kind="stable")[times - 1])
    return float(costs[at]), point, int(sites[at])
