"""Find the sites that cover most demand, or enough of it, or most of it twice."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from clinicplan.siting.models.cover_least import Found, search
from clinicplan.siting.models.cover_programs import backup_program, max_cover_program, partial_program
from clinicplan.siting.problem import LocationProblem, quantum

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


def most_covered(
    problem: LocationProblem, limit: Float64, p: int | None, budget: float | None, deadline: float
) -> Found:
    """Return the p sites, or the sites within a budget, that cover most demand."""
    return search(
        max_cover_program(problem, limit, p, budget=budget), problem, deadline - time.perf_counter(), p=p, budget=budget
    )


def enough_covered(problem: LocationProblem, limit: Float64, target: float, deadline: float) -> Found:
    """Return the cheapest sites that cover a demand."""
    grid = quantum(problem.demand)
    least = target - 1e-3 * grid if grid else target * (1 - 1e-9)
    program = partial_program(problem, limit, least, grid or 1.0)
    return search(program, problem, deadline - time.perf_counter())


def backed_up(problem: LocationProblem, limit: Float64, sites: Int64, deadline: float) -> Found:
    """Return a cover no dearer than a given one with most demand covered twice."""
    cost, grid = float(problem.site_cost[sites].sum()), quantum(problem.site_cost)
    most = cost + 0.5 * grid if grid else cost * (1 + 1e-9)
    program = backup_program(problem, limit, most, grid or 1.0)
    start = np.zeros(program.cost.size)
    start[sites] = 1.0
    start[program.blocks[1].columns] = problem.within(limit) @ start[: problem.n_sites] >= 2
    return search(program, problem, deadline - time.perf_counter(), start)
