"""Hold a p-median problem as sorted lists: the sites of each point by cost, the points of each site, the side rules."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.siting.problem import LocationProblem, quantum

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Int32 = NDArray[np.int32]
Int8 = NDArray[np.int8]

CLOSED: Final = -1
OPEN: Final = 1
EXACT_BITS: Final = 52
"""Whole numbers up to 2**52 are exact in double precision, and so are their halves, quarters ... of smaller ones."""
HEADROOM_BITS: Final = 6
"""Sums of the Lagrangian may exceed the sum of all costs by this power of two."""
FINEST_STEP_BITS: Final = 16
NOISE: Final = 5e-10
"""Plans nearer than this share of the value count as equal where costs are no whole numbers."""


@dataclass(frozen=True, eq=False)
class Units:
    """What costs are counted in.

    Parameters
    ----------
    grid
        Costs are whole multiples of this; 0 where they are of nothing. All lists hold multiples of it.
    penalty
        Price of a point without a site, above what the costs can add up to.
    step
        Multipliers are rounded to multiples of this; 0 where they are not.
    """

    grid: float
    penalty: float
    step: float

    @property
    def unit(self) -> float:
        """Cost of one in the lists."""
        return self.grid or 1.0

    def slack(self, value: float) -> float:
        """Return by how much a plan must be better than a value to count as better."""
        if not np.isfinite(value):
            return 0.0
        return 1.0 if self.grid else NOISE * max(1e-300, abs(value))

    def proved(self, value: float) -> float:
        """Return the bound that the absence of plans better than a value by `slack` gives."""
        return value if self.grid else value - self.slack(value)

    @property
    def tolerance(self) -> float:
        """Least saving that a swap is made for."""
        return 0.5 if self.grid else 1e-12 * self.penalty


@dataclass(frozen=True, eq=False)
class Side:
    """Rules beyond the number of sites: coefficient @ open <= limit."""

    names: tuple[str, ...]
    coefficient: Float64
    limit: Float64

    def holds(self, sites: Int64) -> bool:
        """Tell whether a plan keeps every rule."""
        used = self.coefficient[:, sites].sum(axis=1)
        return bool((used <= self.limit + 1e-9 * np.maximum(1.0, np.abs(self.limit))).all())


@dataclass(frozen=True, eq=False)
class Lists:
    """A p-median problem, possibly reduced to what a plan better than the best known can use.

    Parameters
    ----------
    row_ptr, row_site, row_cost
        Sites of each point in ascending order of cost, compressed.
    col_ptr, col_point, col_cost
        Points of each site.
    status
        Shape (sites): 1 open for good, 0 free.
    sites
        Shape (sites): number of each in the problem as given.
    p
        Sites to open in all.
    side
        Rules beyond the number of sites.
    units
        What costs are counted in.
    """

    row_ptr: Int64
    row_site: Int32
    row_cost: Float64
    col_ptr: Int64
    col_point: Int32
    col_cost: Float64
    status: Int8
    sites: Int64
    p: int
    side: Side
    units: Units

    @property
    def n_points(self) -> int:
        """Number of demand points."""
        return self.row_ptr.size - 1

    @property
    def n_sites(self) -> int:
        """Number of sites that may open."""
        return self.status.size

    @property
    def rows(self) -> tuple[Int64, Int32, Float64]:
        """Row lists."""
        return self.row_ptr, self.row_site, self.row_cost

    @property
    def columns(self) -> tuple[Int64, Int32, Float64]:
        """Column lists."""
        return self.col_ptr, self.col_point, self.col_cost

    @property
    def scale(self) -> Float64:
        """Largest coefficient of each side rule."""
        largest: Float64 = np.maximum(1e-300, np.abs(self.side.coefficient).max(axis=1, initial=0.0))
        return largest

    def prices(self) -> Float64:
        """Return a first price of leaving each point out: the largest cost of all."""
        return np.full(self.n_points, max(self.row_cost.max(initial=0.0), 1e-12))

    def mask(self, sites: Int64) -> Int8:
        """Return a plan as flags; sites that may not open are left out."""
        return np.isin(self.sites, sites).astype(np.int8)

    def cost(self, plan: Int8) -> float:
        """Return what a plan costs in the lists' unit; at least `units.penalty` where it serves not all."""
        from clinicplan.siting.median import kernels

        return float(kernels.plan_cost(*self.rows, plan, self.units.penalty))


def make_lists(problem: LocationProblem, p: int, budget: float | None) -> Lists:
    """Return a problem as sorted lists, without forbidden sites."""
    from clinicplan.siting.median import kernels

    table = problem.weighted_cost
    side, exact_sides = _side(problem, budget)
    units = _units(problem, table.data, exact_sides)
    cost = np.round(table.data / units.grid) if units.grid else table.data.astype(float)
    status = np.zeros(problem.n_sites, dtype=np.int8)
    status[problem.required], status[problem.forbidden] = OPEN, CLOSED
    row_ptr, row_site = table.indptr.astype(np.int64), table.indices.astype(np.int32)
    kernels.sort_rows(row_ptr, row_site, cost)
    nothing = np.zeros(0, dtype=np.int32)
    whole = Lists(
        row_ptr, row_site, cost, np.zeros(problem.n_sites + 1, dtype=np.int64), nothing, np.zeros(0),
        status, np.arange(problem.n_sites), p, side, units,
    )  # fmt: skip
    return shorten(whole, status, np.full(problem.n_points, np.inf))


def shorten(lists: Lists, status: Int8, cap: Float64) -> Lists:
    """Return the problem without closed sites and without what no better plan can use.

    Parameters
    ----------
    lists
        Problem so far.
    status
        Shape (sites): -1 closed for good, 0 free, 1 open for good.
    cap
        Shape (points): the largest cost at which each can be served.
    """
    from clinicplan.siting.median import kernels

    alive = status != CLOSED
    number = (np.cumsum(alive) - 1).astype(np.int32)
    most = int(alive.sum()) - lists.p + 1
    row_ptr, row_site, row_cost = kernels.shorten_rows(*lists.rows, status, cap, max(most, 1), number)
    col_ptr, col_point, col_cost = kernels.transpose(row_ptr, row_site, row_cost, int(alive.sum()))
    side = replace(lists.side, coefficient=np.ascontiguousarray(lists.side.coefficient[:, alive]))
    return Lists(
        row_ptr, row_site, row_cost, col_ptr, col_point, col_cost,
        status[alive].copy(), lists.sites[alive], lists.p, side, lists.units,
    )  # fmt: skip


def _side(problem: LocationProblem, budget: float | None) -> tuple[Side, bool]:
    """Return the side rules and whether their coefficients are whole numbers."""
    stands = np.zeros(problem.n_sites)
    stands[problem.existing] = 1.0
    rows: list[tuple[str, Float64, float]] = []
    if problem.keep_at_least > 0:
        rows.append(("keep_at_least", -stands, -float(problem.keep_at_least)))
    if problem.keep_at_most is not None and problem.keep_at_most < len(problem.existing):
        rows.append(("keep_at_most", stands, float(problem.keep_at_most)))
    exact = True
    if budget is not None:
        grid = quantum(problem.site_cost, budget)
        exact = grid > 0
        price = np.round(problem.site_cost / grid) if grid else problem.site_cost
        rows.append(("budget", price, float(np.round(budget / grid)) if grid else budget * (1 + 1e-12)))
    names = tuple(name for name, _, _ in rows)
    coefficient = np.array([row for _, row, _ in rows]).reshape(len(rows), problem.n_sites)
    return Side(names, coefficient, np.array([limit for _, _, limit in rows], dtype=float)), exact


def _units(problem: LocationProblem, weighted: Float64, exact_sides: bool) -> Units:
    grid = quantum(weighted)
    indptr = problem.cost.indptr
    filled = np.diff(indptr) > 0
    most = float(np.maximum.reduceat(weighted, indptr[:-1][filled]).sum()) if weighted.size else 0.0
    bits = EXACT_BITS - HEADROOM_BITS - int(np.ceil(np.log2(max(2.0, most / (grid or 1.0)))))
    if grid == 0 or bits < 0:
        return Units(0.0, most * (1 + 1e-9) + 1.0, 0.0)
    step = 2.0 ** -min(bits, FINEST_STEP_BITS) if exact_sides else 0.0
    return Units(grid, float(np.round(most / grid)) + 1.0, step)
