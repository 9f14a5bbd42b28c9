"""Settle what is left of a p-median problem with HiGHS, in its radius form."""

from __future__ import annotations

import time
from typing import Final

import numpy as np

from clinicplan.siting.engine import Termination, solve
from clinicplan.siting.median.branching import Searched
from clinicplan.siting.median.formulation import radius_program
from clinicplan.siting.median.lagrangian import Bounded
from clinicplan.siting.median.lists import Lists

COMFORTABLE: Final = 2.0**20
"""Size that objectives are scaled to for the solver's absolute tolerances."""
SURE: Final = 1e-6
"""Differences of scaled objectives that the solver may take for none."""


def solve_core(root: Bounded, deadline: float) -> Searched:
    """Look for plans better than the best known among what the reduction left.

    The solver is given the best value as a cut-off rather than the plan: the plan itself may no longer fit into the
    reduced lists.
    """
    best, bound, nodes = root.best, root.bound, 0
    slack = root.lists.units.slack(best.value)
    scale = _scale(root.lists, best.value)
    program = radius_program(root.lists, scale=scale)
    cutoff = (best.value - slack / 2) * scale
    found = solve(program, time_limit_s=max(deadline - time.perf_counter(), 0.1), cutoff=cutoff)
    nodes += found.nodes
    if found.x is not None:
        plan = np.round(found.x[: root.lists.n_sites]).astype(np.int8)
        best = best.or_better(root.lists, plan)
    if found.termination in (Termination.CUTOFF, Termination.INFEASIBLE):
        return Searched(best, best.value - _margin(slack, root.lists.units.grid, scale), nodes, True)
    done = found.termination is Termination.OPTIMAL
    return Searched(best, max(bound, min(found.bound / scale, best.value)), nodes, done)


def _scale(lists: Lists, value: float) -> float:
    """Return the power of two that brings a value near a comfortable size; whole costs are not scaled up."""
    power = np.floor(np.log2(COMFORTABLE / max(value, 1e-12)))
    return float(2.0 ** (min(0.0, power) if lists.units.grid else power))


def _margin(slack: float, grid: float, scale: float) -> float:
    """Return how far below the best plan's value the solver's refusal of better plans leaves the bound."""
    if grid and slack * scale > 2 * SURE:
        return 0.0
    return max(0.0 if grid else slack, SURE / scale)
