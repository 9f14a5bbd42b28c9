"""Bound maximal cover by Lagrangian relaxation, and settle the sites that the bound decides.

The relaxed constraints are z_i <= sum of the sites that cover i, and the budget. Every multiplier gives a bound; where
the best plan and the bound are close, most sites are settled: one is closed (opened) for good once the bound with it
open (closed) falls below the least value better than the best plan.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.siting.cover.search import Covering

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Int8 = NDArray[np.int8]

ROUNDS: Final = 100
SHRINK: Final = 0.7
PATIENCE: Final = 12
LEAST_SIZE: Final = 1e-3


@dataclass(eq=False)
class Relaxed:
    """A bound and the multipliers that make it.

    Parameters
    ----------
    u
        Shape (points): multipliers of the points, 0 to their demand.
    mu
        Shape (1): multiplier of the budget.
    status
        Shape (sites): 1 open for good, -1 closed for good, 0 free.
    often
        Shape (sites): how often each was chosen.
    bound
        No plan covers more.
    complete
        Whether no plan is better than the best known.
    """

    u: Float64
    mu: Float64
    status: Int8
    often: Int64
    bound: float = np.inf
    complete: bool = False


def first_multipliers(plan: Covering) -> Relaxed:
    """Return multipliers that share a point's demand among the sites of a plan that cover it; none covered, all."""
    count = plan.state[0]
    u = np.where(count == 0, plan.demand, plan.demand * np.where(count == 1, 0.7, 0.15))
    n = plan.chosen.size
    return Relaxed(u, np.zeros(1), plan.status.copy(), np.zeros(n, dtype=np.int64))


def least_better(value: float, grid: float) -> float:
    """Return a value that every better plan reaches."""
    return value + 0.999 * grid if grid else value * (1 + 1e-9)


def lower(
    relaxed: Relaxed, plan: Covering, best: float, grid: float, most: int, budget: float, rounds: int, deadline: float
) -> None:
    """Lower the bound until it stalls, proves the plan or the time is up; `relaxed` is brought up to date.

    Parameters
    ----------
    relaxed
        Multipliers to start from.
    plan
        Points, sites and prices.
    best
        Demand covered by the best plan.
    grid
        What demands are whole multiples of, or 0.
    most
        Number of open sites, those open for good included; -1 where only the budget counts.
    budget
        Infinite without one.
    rounds, deadline
        Steps in all, and when to stop.
    """
    from clinicplan.siting.cover.descent import kernels

    size = 1.0
    aim = least_better(best, grid)
    while rounds > 0 and size >= LEAST_SIZE and time.perf_counter() < deadline:
        value, size, done = kernels.descend(
            *plan.by_site, plan.demand, plan.price, relaxed.status, most, budget, relaxed.u, relaxed.mu, best, aim,
            size, SHRINK, PATIENCE, min(rounds, ROUNDS), relaxed.often,
        )  # fmt: skip
        relaxed.bound = min(relaxed.bound, max(value, best))
        rounds -= ROUNDS
        if done:
            relaxed.complete = True
            relaxed.bound = best
            return
