"""Make a first plan within capacities: all sites open, largest points placed first; close sites, then exchange them."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import product
from typing import Self

import numpy as np
from numpy.typing import NDArray

from clinicplan.siting.models.capacity_trips import Trips
from clinicplan.siting.models.choice import MONEY_NOISE, keeps_rules, may_open
from clinicplan.siting.problem import LocationProblem

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]


def first_plan(
    problem: LocationProblem,
    trips: Trips,
    *,
    p: int | None,
    budget: float | None,
    value: Callable[[Int64, Float64], float],
    deadline: float,
) -> Float64 | None:
    """Return a plan that assigns every point whole, as columns `open` then `serve`; None where none is found.

    Sites close from the least used one on as long as the rules ask for fewer or the plan becomes cheaper.

    Parameters
    ----------
    problem, trips
        Points and sites; pairs that may be assigned.
    p, budget
        Number and most cost of sites; None where free.
    value
        Objective of open sites and of the part of its point that each trip serves.
    deadline
        When to give up, by the clock of `time.perf_counter`.
    """
    plan = _Assignment(problem, trips)
    if not plan.place(_hardest_first(problem, trips)):
        return None
    best = value(plan.open_sites(), plan.part())
    for site in np.argsort(plan.load - 1e-9 * problem.site_cost, kind="stable"):
        if time.perf_counter() > deadline:
            break
        if problem.open_bounds[0][site] == 1 or not plan.open[site] or (p is not None and plan.open.sum() <= p):
            continue
        before = plan.copy()
        closed = plan.close(int(site)) and _keeps_enough(problem, plan)
        now = value(plan.open_sites(), plan.part()) if closed else np.inf
        if closed and (p is not None or now <= best or not keeps_rules(problem, before.open_sites(), None, budget)):
            best = now
        else:
            plan = before
    if not keeps_rules(problem, plan.open_sites(), p, budget):
        return None
    return np.concatenate([plan.open.astype(float), plan.part()])


def exchange_sites(
    problem: LocationProblem,
    trips: Trips,
    start: Float64,
    *,
    candidates: Flags,
    budget: float | None,
    value: Callable[[Int64, Float64], float],
    deadline: float,
) -> Float64:
    """Return a plan at least as good: an open site is exchanged for a closed one as long as that saves something.

    An exchange whose points would cost too much even without capacities is not tried further.

    Parameters
    ----------
    problem, trips
        Points and sites; pairs that may be assigned.
    start
        Plan, as columns `open` then `serve`.
    candidates
        Shape (sites): which may be opened.
    budget
        Most that sites may cost; None for no limit.
    value
        Objective of open sites and of the part of its point that each trip serves.
    deadline
        When to stop, by the clock of `time.perf_counter`.
    """
    plan, nearest = _Assignment(problem, trips), _Nearest(problem, trips)
    opened, part = start[: problem.n_sites] > 0.5, start[problem.n_sites :]
    best = value(np.flatnonzero(opened), part)
    orders = (_hardest_first(problem, trips), nearest.regret_first())
    fixed = problem.open_bounds[0] == 1
    moved = True
    while moved and time.perf_counter() < deadline:
        moved = False
        for out, into in product(np.flatnonzero(opened & ~fixed), np.flatnonzero(candidates & ~opened)):
            swapped = opened.copy()
            swapped[out], swapped[into] = False, True
            sites = np.flatnonzero(swapped)
            ideal = nearest.part(swapped)
            if ideal is None or value(sites, ideal) >= best or not keeps_rules(problem, sites, None, budget):
                continue
            found = [plan.part() for order in orders if plan.restart(swapped).place(order)]
            costs = [value(sites, item) for item in found]
            if costs and min(costs) < best:
                opened, part, best, moved = swapped, found[int(np.argmin(costs))], min(costs), True
                break
            if time.perf_counter() > deadline:
                break
    return np.concatenate([opened.astype(float), part])


class _Nearest:
    """Trips of each point from the cheapest on."""

    def __init__(self, problem: LocationProblem, trips: Trips) -> None:
        self.order = np.lexsort((trips.site, trips.cost, trips.point))
        self.site, self.cost = trips.site[self.order], trips.cost[self.order]
        self.starts = np.searchsorted(trips.point, np.arange(problem.n_points))
        self.count = np.bincount(trips.point, minlength=problem.n_points)
        self.demand = problem.demand

    def part(self, opened: Flags) -> Float64 | None:
        """Return the part that each trip serves where capacities are ignored; None where a point has no open site."""
        size = self.site.size
        place = np.where(opened[self.site], np.arange(size), size)
        first = np.minimum.reduceat(place, self.starts) if size else place
        if (first >= np.append(self.starts[1:], size)).any():
            return None
        part = np.zeros(size)
        part[self.order[first]] = 1.0
        return part

    def regret_first(self) -> Int64:
        """Return points in order of what their second choice costs more than the first, the largest first."""
        second = np.minimum(self.starts + 1, self.starts + self.count - 1)
        loss = np.where(self.count > 1, self.cost[second] - self.cost[self.starts], np.inf)
        return np.lexsort((-self.demand, -loss * np.maximum(self.demand, 1e-9)))


def _keeps_enough(problem: LocationProblem, plan: _Assignment) -> bool:
    return int(plan.open[problem.existing].sum()) >= problem.keep_at_least


def _hardest_first(problem: LocationProblem, trips: Trips) -> Int64:
    """Return points in order of size, those with fewer sites first among equals."""
    choices = np.bincount(trips.point, minlength=problem.n_points)
    return np.lexsort((choices, -problem.demand))


class _Assignment:
    """Points assigned whole to open sites with room."""

    def __init__(self, problem: LocationProblem, trips: Trips) -> None:
        self.problem, self.trips = problem, trips
        self.open: Flags = may_open(problem).copy()
        self.load = np.zeros(problem.n_sites)
        self.trip = np.full(problem.n_points, -1, dtype=np.int64)
        self.room = trips.room * (1 + MONEY_NOISE)
        self.starts = np.searchsorted(trips.point, np.arange(problem.n_points + 1))

    def copy(self) -> _Assignment:
        """Return an independent copy."""
        twin = _Assignment.__new__(_Assignment)
        twin.__dict__.update(self.__dict__)
        twin.open, twin.load, twin.trip = self.open.copy(), self.load.copy(), self.trip.copy()
        return twin

    def restart(self, opened: Flags) -> Self:
        """Open some sites and leave every point unassigned."""
        self.open, self.load = opened.copy(), np.zeros(opened.size)
        self.trip = np.full(self.trip.size, -1, dtype=np.int64)
        return self

    def place(self, points: Int64) -> bool:
        """Assign points one after the other to their cheapest open site with room; tell whether all fit."""
        trips = self.trips
        for point in points.tolist():
            span = np.arange(self.starts[point], self.starts[point + 1])
            sites = trips.site[span]
            fits = self.open[sites] & (self.load[sites] + self.problem.demand[point] <= self.room[sites])
            if not fits.any():
                return False
            chosen = span[fits][np.argmin(trips.cost[span[fits]])]
            self.trip[point] = chosen
            self.load[trips.site[chosen]] += self.problem.demand[point]
        return True

    def close(self, site: int) -> bool:
        """Close a site and assign its points anew; tell whether all fit."""
        moved = np.flatnonzero(self.trips.site[self.trip] == site)
        self.open[site] = False
        self.load[site] = 0.0
        return self.place(moved[np.argsort(-self.problem.demand[moved], kind="stable")])

    def open_sites(self) -> Int64:
        """Return the open sites."""
        return np.flatnonzero(self.open)

    def part(self) -> Float64:
        """Return the part of its point that each trip serves."""
        part = np.zeros(self.trips.point.size)
        part[self.trip] = 1.0
        return part
