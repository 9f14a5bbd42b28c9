"""Find good covering plans: greedy, swap, annealing, row weighting."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Int8 = NDArray[np.int8]
Arrays = tuple[Any, Any, Any, Any]

SEED: Final = 88172645463325252
STEPS: Final = 4000
"""Steps of row weighting between two looks at the clock."""
PASSES: Final = 60
PASS_WORK: Final = 2_000_000_000
"""Most passes of exchange one for one, and most looks at a site in all of them."""
HOT: Final = 0.07
COLD: Final = 0.002
"""Heat of annealing at first and in the end, as a share of what an open site covers on average."""
TRIALS: Final = 2000
LOOKS: Final = 200
"""Exchanges tried at one heat at least, and looks at the clock at most."""


def both_ways(table: csr_matrix) -> Arrays:
    """Return the sites of each point and the points of each site as plain arrays."""
    by_site = table.T.tocsr()
    return (
        table.indptr.astype(np.int64), table.indices.astype(np.int32), by_site.indptr.astype(np.int64),
        by_site.indices.astype(np.int32),
    )  # fmt: skip


def seeded() -> NDArray[np.uint64]:
    """Return the state of the kernels' random numbers."""
    return np.array([SEED], dtype=np.uint64)


def whole_cover(table: csr_matrix, needed: Int64, price: Float64, status: Int8) -> Int64:
    """Return sites that cover every point its number of times, by greedy."""
    from clinicplan.siting.cover.whole import kernels

    return np.flatnonzero(kernels.greedy_cover(*both_ways(table), price, needed, status))


def cheaper_cover(table: csr_matrix, price: Float64, sites: Int64, floor: float, steps: int, deadline: float) -> Int64:
    """Return a cover that costs no more than the given one; all sites are free and every point needs one.

    Parameters
    ----------
    table
        Shape (points, sites): ones where a site covers a point.
    price
        Shape (sites), above 0.
    sites
        A cover.
    floor
        Cost at which to stop.
    steps
        Sites closed in all.
    deadline
        When to stop, by the clock of `time.perf_counter`.
    """
    from clinicplan.siting.cover.whole import kernels

    best = np.zeros(price.size, dtype=np.int8)
    best[sites] = 1
    arrays, state = both_ways(table), seeded()
    while steps > 0 and time.perf_counter() < deadline and price[best == 1].sum() > floor:
        kernels.weigh_rows(*arrays, price, best, floor, min(steps, 50 * STEPS), state)
        steps -= 50 * STEPS
    return np.flatnonzero(best)


def packed_price(table: csr_matrix, price: Float64) -> float:
    """Return a bound of the cost of a cover that takes no time to find."""
    from clinicplan.siting.cover.whole import kernels

    row_ptr, row_site, _, _ = both_ways(table)
    return float(kernels.dual_ascent(row_ptr, row_site, price, np.argsort(np.diff(row_ptr), kind="stable")))


@dataclass(eq=False)
class Covering:
    """A choice of sites under exchange, with what each adds or alone covers.

    Parameters
    ----------
    table
        Shape (points, sites): ones where a site covers a point.
    demand
        Shape (points).
    price
        Shape (sites): what a site takes of the room; zeros where there is no budget.
    status
        Shape (sites): 1 open for good, -1 closed for good, 0 free.
    chosen
        Shape (sites): ones where open.
    room
        What is left of the budget; infinite without one.
    """

    table: csr_matrix
    demand: Float64
    price: Float64
    status: Int8
    chosen: Int8
    room: float
    arrays: Arrays = field(init=False)
    state: tuple[Any, Any, Any] = field(init=False)
    random: NDArray[np.uint64] = field(default_factory=seeded)

    def __post_init__(self) -> None:
        self.arrays = both_ways(self.table)
        self.restart(self.chosen)

    @property
    def by_site(self) -> tuple[Int64, Int64, Any]:
        """Where rows start, and the points of each site."""
        return self.arrays[0], self.arrays[2], self.arrays[3]

    @property
    def covered(self) -> float:
        """Demand covered."""
        return float(self.demand[self.state[0] > 0].sum())

    def restart(self, chosen: Int8) -> None:
        """Start from another choice; the room is what it was, less the difference in price."""
        from clinicplan.siting.cover.exchange import kernels

        self.room += float(self.price @ (self.chosen.astype(float) - chosen))
        self.chosen = chosen.astype(np.int8)
        self.state = kernels.cover_state(*self.arrays[:3], self.demand, self.chosen)

    def fill(self, most: int, *, rated: bool = False, target: float = np.inf) -> None:
        """Open greedily until so many are open, the room is used or the target reached."""
        from clinicplan.siting.cover.exchange import kernels

        self.room = kernels.fill(*self._parts(), most, self.room, rated, target)

    def swap(self) -> None:
        """Exchange sites one for one while that covers more."""
        from clinicplan.siting.cover.exchange import kernels

        passes = PASS_WORK // max(1, self.chosen.size * int(self.chosen.sum()))
        self.room = kernels.swap(*self._parts(), self.room, min(max(1, passes), PASSES))

    def anneal(self, trials: int, deadline: float, ceiling: float = np.inf) -> None:
        """Exchange sites at random, first also where that covers less, then ever less so; end with the best choice.

        Parameters
        ----------
        trials
            Exchanges tried in all.
        deadline
            When to stop, by the clock of `time.perf_counter`; cooling keeps pace with it.
        ceiling
            Demand covered at which to stop.
        """
        from clinicplan.siting.cover.exchange import kernels

        begin, done = time.perf_counter(), 0
        average = self.covered / max(1, int(self.chosen.sum()))
        best, high = self.chosen.copy(), self.covered
        while done < trials and high < ceiling:
            passed = max(done / trials, (time.perf_counter() - begin) / max(deadline - begin, 1e-9))
            if passed >= 1:
                break
            heat = max(average, 1e-9) * HOT * (COLD / HOT) ** passed
            turn = min(trials - done, max(TRIALS, trials // LOOKS))
            parts = (*self.arrays, self.demand, self.price, self.status, self.chosen, self.state[0])
            self.room = kernels.anneal(*parts, self.room, turn, heat, self.random)
            done += turn
            if self.covered > high:
                best, high = self.chosen.copy(), self.covered
        self.restart(self.chosen)
        self.swap()
        if self.covered < high:
            self.restart(best)
            self.swap()

    def close(self, site: int) -> None:
        """Close one site."""
        chosen = self.chosen.copy()
        chosen[site] = 0
        self.restart(chosen)

    def _parts(self) -> tuple[Any, ...]:
        return (*self.arrays, self.demand, self.price, self.status, self.chosen, *self.state)
