"""Bound the p-median by Lagrangian relaxation of the assignment, and reduce the problem by what the bound excludes.

With a multiplier u_i for "every point is served" and mu_r >= 0 for each side rule a_r @ open <= b_r,

    L(u, mu) = sum_i u_i - sum_r mu_r b_r
               + min over p sites of sum_j (sum_i min(0, c_ij - u_i) + sum_r mu_r a_rj) open_j

is at most the cost of every plan, whatever the multipliers. A site is closed (opened) for good once the bound with it
open (closed) exceeds the best plan; a point is never served at a cost above u_i + best - L: forbidding all cheaper
sites lets u_i rise to that cost at no loss.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clinicplan.siting.median.lists import Lists, shorten
from clinicplan.siting.median.search import Best

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Int8 = NDArray[np.int8]


@dataclass(frozen=True)
class Pace:
    """How a descent goes about it.

    Parameters
    ----------
    rounds
        Steps before lists are shortened and the clock is read.
    size, shrink, patience, least_size
        First step as a share of the distance to the best plan; what it is multiplied by after so many steps without a
        better bound; where it ends.
    most_rounds
        Steps in all.
    """

    rounds: int = 100
    size: float = 1.5
    shrink: float = 0.9
    patience: int = 30
    least_size: float = 1e-4
    most_rounds: int = 10000


ROOT = Pace()


@dataclass(frozen=True, eq=False)
class Bounded:
    """A problem with its bound.

    Parameters
    ----------
    lists
        The problem reduced to what a plan better than `best` can use.
    bound
        No plan of the problem is better than the smaller of this and `best`.
    best
        Best plan known.
    complete
        Whether no plan is better than `best`.
    u, mu
        Multipliers of the bound.
    often
        Shape (sites): how often each was chosen.
    """

    lists: Lists
    bound: float
    best: Best
    complete: bool
    u: Float64
    mu: Float64
    often: Int64


def first_multipliers(lists: Lists, best: Best) -> Float64:
    """Return multipliers between what each point pays at its nearest and its second site."""
    from clinicplan.siting.median import kernels

    ends = lists.row_ptr[1:] - 1
    largest = lists.row_cost[ends]
    if best.sites is None:
        return largest.copy()
    first, second = kernels.two_costs(*lists.rows, lists.mask(best.sites), lists.units.penalty)
    between: Float64 = np.minimum((first + np.minimum(second, largest)) / 2, largest)
    return between


def raise_bound(lists: Lists, best: Best, u: Float64, mu: Float64, deadline: float, pace: Pace = ROOT) -> Bounded:
    """Raise the bound until it stalls, proves the best plan, or the time is up; reduce the problem on the way."""
    bound, size, done = -np.inf, pace.size, 0
    often, prices = np.zeros(lists.n_sites, dtype=np.int64), lists.prices()
    while True:
        run = _descend(lists, best, u, mu, prices, size, pace, often)
        bound, best, size = max(bound, run.bound), run.best, run.size
        done += pace.rounds
        if run.complete:
            return Bounded(lists, bound, best, True, u, mu, often)
        alive = run.status >= 0
        lists, often = shorten(lists, run.status, run.cap), often[alive]
        if (np.diff(lists.row_ptr) == 0).any():
            return Bounded(lists, bound, best, True, u, mu, often)
        if not run.goes_on or done >= pace.most_rounds or time.perf_counter() > deadline:
            return Bounded(lists, bound, best, False, u, mu, often)


@dataclass(frozen=True, eq=False)
class _Run:
    bound: float
    best: Best
    size: float
    complete: bool
    goes_on: bool
    status: Int8
    cap: Float64


def _descend(
    lists: Lists, best: Best, u: Float64, mu: Float64, prices: Float64, size: float, pace: Pace, often: Int64
) -> _Run:
    """Make some steps; `u`, `mu`, `prices` and `often` are brought up to date in place."""
    from clinicplan.siting.median.descent import kernels

    status = lists.status.copy()
    cap = np.full(lists.n_points, np.inf)
    plan = np.zeros(lists.n_sites, dtype=np.int8)
    units = lists.units
    bound, value, size, complete, goes_on = kernels.descend(
        *lists.rows, *lists.columns, status, lists.p, lists.side.coefficient, lists.side.limit, lists.scale, u, mu,
        prices, cap, plan, best.value, units.slack(best.value), units.penalty, units.tolerance, units.step, size,
        pace.shrink, pace.patience, pace.least_size, pace.rounds, often,
    )  # fmt: skip
    if plan.any():
        best = Best(value, lists.sites[np.flatnonzero(plan)])
    return _Run(bound, best, size, complete, goes_on, status, cap)
