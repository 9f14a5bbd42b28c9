"""Settle what is left of a p-median problem with HiGHS, in its radius form."""

from __future__ import annotations

import time

import numpy as np

from clinicplan.siting.engine import Termination, solve
from clinicplan.siting.median.branching import Searched
from clinicplan.siting.median.formulation import radius_program
from clinicplan.siting.median.lagrangian import Bounded
from clinicplan.siting.median.search import Best

COMFORTABLE = 2.0**20
"""Size that objectives are scaled to for the solver's absolute tolerances."""


def solve_core(root: Bounded, deadline: float) -> Searched:
    """Look for plans better than the best known among what the reduction left.

    The solver is given the best value as a cut-off rather than the plan: the plan itself may no longer fit into the
    reduced lists.
    """
    best, bound, nodes = root.best, root.bound, 0
    slack = root.lists.units.slack(best.value)
    scale = _scale(best.value if np.isfinite(best.value) else max(bound, 1.0))
    program = radius_program(root.lists, scale=scale)
    cutoff = (best.value - slack / 2) * scale if np.isfinite(best.value) else None
    found = solve(program, time_limit_s=max(deadline - time.perf_counter(), 0.1), cutoff=cutoff)
    nodes += found.nodes
    if found.x is not None:
        plan = np.round(found.x[: root.lists.n_sites]).astype(np.int8)
        best = best.or_better(root.lists, plan)
    if found.termination in (Termination.CUTOFF, Termination.INFEASIBLE):
        return Searched(best, best.value - (0.0 if root.lists.units.grid else slack), nodes, True)
    return Searched(best, max(bound, min(found.bound / scale, best.value)), nodes, found.termination is Termination.OPTIMAL)


def _scale(value: float) -> float:
    """Return the power of two that brings a value near a comfortable size, at most 1."""
    return float(2.0 ** min(0.0, np.floor(np.log2(COMFORTABLE / max(value, 1.0)))))
