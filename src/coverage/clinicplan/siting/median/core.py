"""Settle what is left of a p-median problem with HiGHS, in its radius form."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Final

import numpy as np

from clinicplan.siting.engine import Termination, solve
from clinicplan.siting.median.branching import Searched
from clinicplan.siting.median.formulation import radius_program
from clinicplan.siting.median.lagrangian import Bounded, Pace, raise_bound
from clinicplan.siting.median.lists import CLOSED, OPEN, Lists, shorten

KERNEL_SITES: Final = 1.8
"""Sites of a kernel, as a multiple of p."""
KERNEL_LEFT: Final = 3.6
"""Sites that the reduction must have left, as a multiple of p, for a kernel to be worth its time."""
KERNEL_SHARE: Final = 0.2
"""Most of the time left that the search of a kernel may take."""
AGAIN: Final = Pace(size=0.3, most_rounds=2000)
COMFORTABLE: Final = 2.0**20
"""Size that objectives are scaled to for the solver's absolute tolerances."""
SURE: Final = 1e-6
"""Differences of scaled objectives that the solver may take for none."""

OPTIONS: Final = {"presolve": "off", "mip_heuristic_effort": 0.0}
"""The core is reduced already: on seeded counties the solver's own reductions tripled its time."""


def worth_a_kernel(root: Bounded) -> bool:
    """Tell whether the reduction left so many sites that a better plan should be looked for among few of them."""
    return root.lists.n_sites > KERNEL_LEFT * root.lists.p


def search_kernel(root: Bounded, deadline: float) -> Bounded:
    """Look for a better plan among the sites that the Lagrangian chose most often, and reduce by what it excludes.

    References
    ----------
    .. [1] Angelelli, Mansini, Speranza (2010). Kernel search: a general heuristic for the multi-dimensional knapsack
       problem. doi:10.1016/j.cor.2010.02.002
    """
    lists, best = root.lists, root.best
    often = np.where((lists.status == OPEN) | (lists.mask(np.asarray(best.sites)) > 0), np.inf, root.often)
    status = lists.status.copy()
    status[np.argsort(-often, kind="stable")[int(KERNEL_SITES * lists.p) :]] = CLOSED
    kernel = shorten(lists, status, np.full(lists.n_points, np.inf))
    now = time.perf_counter()
    if (np.diff(kernel.row_ptr) == 0).any() or now > deadline:
        return root
    scale = _scale(lists, best.value)
    cutoff = (best.value - lists.units.slack(best.value) / 2) * scale
    found = solve(
        radius_program(kernel, scale=scale), time_limit_s=KERNEL_SHARE * (deadline - now), cutoff=cutoff,
        options=OPTIONS,
    )  # fmt: skip
    if found.x is not None:
        best = best.or_better(kernel, np.round(found.x[: kernel.n_sites]).astype(np.int8))
    if best is root.best:
        return root
    again = raise_bound(lists, best, root.u.copy(), root.mu.copy(), deadline, AGAIN)
    return replace(again, bound=max(root.bound, again.bound))


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
    found = solve(program, time_limit_s=max(deadline - time.perf_counter(), 0.1), cutoff=cutoff, options=OPTIONS)
    nodes += found.nodes
    if found.x is not None:
        plan = np.round(found.x[: root.lists.n_sites]).astype(np.int8)
        best = best.or_better(root.lists, plan)
    margin = _margin(slack, root.lists.units.grid, scale)
    none_better = found.termination in (Termination.CUTOFF, Termination.INFEASIBLE)
    reached = best.value if none_better else min(found.bound / scale, best.value)
    done = none_better or found.termination is Termination.OPTIMAL
    return Searched(best, max(bound, reached - margin), nodes, done)


def _scale(lists: Lists, value: float) -> float:
    """Return the power of two that brings a value near a comfortable size; whole costs are not scaled up."""
    power = np.floor(np.log2(COMFORTABLE / max(value, 1e-12)))
    return float(2.0 ** (min(0.0, power) if lists.units.grid else power))


def _margin(slack: float, grid: float, scale: float) -> float:
    """Return how far below the best plan's value the solver's refusal of better plans leaves the bound."""
    if grid and slack * scale > 2 * SURE:
        return 0.0
    return max(0.0 if grid else slack, SURE / scale)
