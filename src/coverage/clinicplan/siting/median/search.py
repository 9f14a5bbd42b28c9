"""Find good p-median plans: greedy, then fast interchange."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.siting.median.lists import Lists

Int64 = NDArray[np.int64]
Int8 = NDArray[np.int8]
MOST_PASSES: Final = 1000
SERVE_ROUNDS: Final = 200
"""Rounds of swaps in which a first plan must come to serve every point."""


@dataclass(frozen=True, eq=False)
class Best:
    """The best plan so far.

    Parameters
    ----------
    value
        In the lists' unit; infinite without a plan that serves all and keeps the side rules.
    sites
        Numbers in the problem as given, ascending; None without a plan.
    """

    value: float
    sites: Int64 | None

    def or_better(self, lists: Lists, plan: Int8) -> Best:
        """Return a plan if it is better than this one, else this one."""
        value = lists.cost(plan)
        chosen = np.flatnonzero(plan)
        fits = chosen.size == lists.p and value < lists.units.penalty and lists.side.holds(chosen)
        return Best(value, lists.sites[chosen]) if fits and value < self.value else self


def find_plan(lists: Lists) -> Best:
    """Return a plan by greedy and interchange; without sites where they find none that serves every point."""
    from clinicplan.siting.median import kernels
    from clinicplan.siting.median.interchange.kernels import serve_all

    prices = lists.prices()
    plan = kernels.greedy(*lists.rows, lists.status, lists.p, float(prices.max(initial=0.0)))
    serve_all(
        *lists.rows, *lists.columns, lists.status, lists.side.coefficient, lists.side.limit, plan, prices,
        lists.units.tolerance, SERVE_ROUNDS,
    )  # fmt: skip
    return improve(lists, plan, Best(np.inf, None))


def improve(lists: Lists, plan: Int8, best: Best) -> Best:
    """Return the better of a plan after interchange and the best so far."""
    from clinicplan.siting.median.interchange import kernels

    trial = plan.copy()
    kernels.interchange(
        *lists.rows, *lists.columns, lists.status, lists.side.coefficient, lists.side.limit, trial,
        np.full(lists.n_points, lists.units.penalty), lists.units.tolerance, MOST_PASSES,
    )  # fmt: skip
    return best.or_better(lists, trial)
