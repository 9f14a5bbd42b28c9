"""Say why no plan fits the capacities, and the smallest change that would do."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clinicplan.errors import Fault, InfeasibleError, Phrase, Severity, SitingError
from clinicplan.siting.engine import Solution, solve
from clinicplan.siting.linear import Formulation, LinearProgram
from clinicplan.siting.models.capacity_trips import Trips, add_service, usable_trips
from clinicplan.siting.models.choice import MONEY_NOISE, constrain_choice, count_range, least_sum
from clinicplan.siting.problem import LocationProblem
from clinicplan.words import fault, phrase

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
EXPLAIN_S: Final = 10.0
"""Seconds given to each search for what would make an impossible problem possible."""
SHOWN: Final = 5
"""Points shown with their numbers in a message; all are named."""


def check_limit(problem: LocationProblem, limit: ArrayLike) -> Float64:
    """Return the limit of each point.

    Raises
    ------
    SitingError
        If it is neither one number nor one a point, or negative or missing.
    """
    most = np.asarray(limit, dtype=float)
    if most.shape not in {(), (problem.n_points,)}:
        raise SitingError(_fault("limit_shape", found=str(most.shape), allowed=problem.n_points))
    most = np.broadcast_to(most, problem.n_points)
    wrong = ~(most >= 0)
    if wrong.any():
        raise SitingError(_fault("limit_bad", ids=_points(problem, np.flatnonzero(wrong)), value=most[wrong][0]))
    return most


def check_capacities(problem: LocationProblem, trips: Trips, p: int | None = None) -> None:
    """Compare each point and all points together with what the sites take.

    Parameters
    ----------
    problem
        Points, sites and rules.
    trips
        Pairs that may be assigned.
    p
        Number of sites, None for any.

    Raises
    ------
    SitingError
        If the problem has no capacities.
    InfeasibleError
        Naming every point out of reach, every point too large for the sites in its reach, and the room missing.
    """
    if problem.capacity is None:
        raise SitingError(_fault("no_capacity"))
    faults = [*_lonely(problem, trips), *_oversized(problem, trips), *_overfull(problem, trips, p)]
    if faults:
        raise InfeasibleError(*faults)


def explain_shortage(problem: LocationProblem, trips: Trips, p: int | None, budget: float | None) -> Fault:
    """Return why the points do not fit although each and all together might: with every way out that was found.

    Each way is found by solving the model with one rule relaxed, for at most `EXPLAIN_S` seconds.
    """
    ways: list[Phrase] = []
    if p is not None:
        fewest = _solve(_program(problem, trips, None, budget, sites=np.ones(problem.n_sites)))
        if fewest.x is not None and round(fewest.objective) > p:
            ways.append(phrase("siting_capacity.way_count", p=round(fewest.objective)))
    if budget is not None:
        cheapest = _solve(_program(problem, trips, p, None, sites=problem.site_cost))
        if cheapest.x is not None:
            ways.append(phrase("siting_capacity.way_budget", budget=f"{cheapest.objective:g}"))
    wide = usable_trips(problem, trips.limit, too_large=True)
    if not problem.split and _solve(_program(problem, wide, p, budget, split=True)).x is not None:
        ways.append(phrase("siting_capacity.way_split"))
    if problem.counts_existing and _solve(_program(problem, trips, p, budget).without("keep")).x is not None:
        ways.append(phrase("siting_capacity.way_keep"))
    ways.extend(_more_room(problem, wide, p, budget))
    ways.append(phrase("siting_capacity.way_reach"))
    joined = Phrase("；或".join(way.zh for way in ways), "; or ".join(way.en for way in ways))
    total = float(problem.demand.sum())
    return _fault("no_fit", demand=f"{total:g}", ways=joined)


def _program(
    problem: LocationProblem,
    trips: Trips,
    p: int | None,
    budget: float | None,
    *,
    sites: Float64 | None = None,
    extra: bool = False,
    split: bool | None = None,
) -> LinearProgram:
    """Return a model that minimises the cost of sites, the capacity missing, or nothing."""
    model = Formulation()
    opened, _ = add_service(model, problem, trips, extra=extra, split=split)
    if sites is not None:
        model.charge(opened, sites)
    constrain_choice(model, opened, problem, p, budget)
    return model.program()


def _solve(program: LinearProgram) -> Solution:
    return solve(program, time_limit_s=EXPLAIN_S)


def _more_room(problem: LocationProblem, trips: Trips, p: int | None, budget: float | None) -> list[Phrase]:
    """Return how much capacity more would do, and at which sites."""
    program = _program(problem, trips, p, budget, extra=True)
    found = _solve(program)
    if found.x is None:
        return []
    extra = program.blocks[2].of(found.x)
    grown = np.flatnonzero(extra > 1e-6)
    shown = ", ".join(f"{problem.site_ids[site]} +{round(float(extra[site]), 6):g}" for site in grown)
    total = round(float(extra[grown].sum()), 6)
    return [phrase("siting_capacity.way_capacity", extra=f"{total:g}", sites=shown)]


def _lonely(problem: LocationProblem, trips: Trips) -> list[Fault]:
    """Return the faults of points out of reach: beyond the limit, with the limit that would do, or without any site."""
    nearest = _least_by_point(problem, usable_trips(problem, too_large=True))
    within = _least_by_point(problem, usable_trips(problem, trips.limit, too_large=True))
    alone = np.flatnonzero(~np.isfinite(nearest))
    beyond = np.flatnonzero(np.isfinite(nearest) & ~np.isfinite(within))
    faults = []
    if beyond.size:
        order = beyond[np.argsort(nearest[beyond], kind="stable")]
        shown = ", ".join(f"{problem.demand_ids[point]} {nearest[point]:g}" for point in order[:SHOWN])
        faults.append(
            _fault("beyond_limit", ids=_points(problem, order), limit=f"{nearest[beyond].max():g}", shown=shown)
        )
    if alone.size:
        faults.append(_fault("point_alone", ids=_points(problem, alone)))
    return faults


def _oversized(problem: LocationProblem, trips: Trips) -> list[Fault]:
    """Return the fault of points larger than a site in their reach takes, or than all of them where points split."""
    wide = usable_trips(problem, trips.limit, too_large=True)
    assert problem.capacity is not None
    room = np.zeros(problem.n_points)
    if problem.split:
        np.add.at(room, wide.point, wide.room[wide.site])
    else:
        np.maximum.at(room, wide.point, wide.room[wide.site])
    reached = np.bincount(wide.point, minlength=problem.n_points) > 0
    large = np.flatnonzero(reached & (problem.demand > room * (1 + MONEY_NOISE)))
    if not large.size:
        return []
    order = large[np.argsort(-problem.demand[large], kind="stable")]
    shown = ", ".join(f"{problem.demand_ids[at]}: {problem.demand[at]:g} > {room[at]:g}" for at in order[:SHOWN])
    largest = f"{problem.demand[order[0]]:g}"
    code = "point_large_split" if problem.split else "point_large"
    return [_fault(code, ids=_points(problem, order), shown=shown, largest=largest)]


def _overfull(problem: LocationProblem, trips: Trips, p: int | None) -> list[Fault]:
    """Return the fault of more demand than the largest choice of sites takes."""
    total = float(problem.demand.sum())
    most = -least_sum(problem, -trips.room, p)
    if most * (1 + MONEY_NOISE) + 1e-12 >= total:
        return []
    values: dict[str, Any] = {"room": f"{most:g}", "demand": f"{total:g}", "missing": f"{total - most:g}"}
    if p is None:
        return [_fault("room_short", **values)]
    enough = next(
        (
            number
            for number in range(p + 1, count_range(problem)[1] + 1)
            if -least_sum(problem, -trips.room, number) * (1 + MONEY_NOISE) >= total
        ),
        None,
    )
    if enough is None:
        return [_fault("room_short", **values)]
    return [_fault("room_short_p", p=p, enough=enough, **values)]


def _least_by_point(problem: LocationProblem, trips: Trips) -> Float64:
    least = np.full(problem.n_points, np.inf)
    np.minimum.at(least, trips.point, trips.cost)
    return least


def _points(problem: LocationProblem, points: Int64) -> tuple[str, ...]:
    return tuple(str(name) for name in problem.demand_ids[points])


def _fault(code: str, **values: Any) -> Fault:
    return fault(Severity.ERROR, code, subject="siting_capacity", **values)
