"""Find the least cost of sites that cover every point: reduce, plan, bound, search."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clinicplan.siting.engine import NAME, Termination, solve
from clinicplan.siting.linear import LinearProgram
from clinicplan.siting.models.choice import keeps_rules
from clinicplan.siting.models.cover_programs import cover_program
from clinicplan.siting.problem import LocationProblem

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Found:
    """What a search came to.

    Parameters
    ----------
    open
        Sites of the best plan; None without one.
    bound
        No plan is better.
    engine
        What proved it.
    impossible
        Whether no plan exists.
    """

    open: Int64 | None
    bound: float
    engine: str = NAME
    impossible: bool = False


def search(
    program: LinearProgram,
    problem: LocationProblem,
    seconds: float,
    start: Float64 | None = None,
    *,
    p: int | None = None,
    budget: float | None = None,
) -> Found:
    """Solve a model whose first block is `open`; a plan that breaks a rule of the choice is none."""
    found = solve(program, time_limit_s=seconds, start=start)
    sites = None if found.x is None else np.flatnonzero(program.blocks[0].of(found.x) > 0.5)
    if sites is not None and not keeps_rules(problem, sites, p, budget):
        sites = None
    return Found(sites, found.bound, impossible=found.termination is Termination.INFEASIBLE)


def least_cover(problem: LocationProblem, limit: Float64, times: Int64, deadline: float) -> Found:
    """Return the cheapest sites that cover every point its number of times."""
    return search(cover_program(problem, limit, times), problem, deadline - time.perf_counter())
