"""State a location problem and its answer: demand points, sites, what a trip costs, what must and must not open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clinicplan.errors import Fault, Severity, SitingError
from clinicplan.words import fault

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import csr_matrix

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]

Status = Literal["optimal", "gap", "infeasible", "unknown"]
UNSERVED: Final = -1
"""Assignment of a demand point that no open site serves."""
FINEST: Final = 6
"""Values are whole multiples of a power of ten down to 1e-6, or of no grid at all."""
ROUNDINGS: Final = 16
"""Roundings that a number may have gone through and still be taken for the decimal it stands for."""
LARGEST_NOISE: Final = 1e-3
"""Of a unit: a number farther than this from a whole one is none, however large."""


@dataclass(frozen=True, eq=False)
class LocationProblem:
    """Demand points, candidate sites and the cost of serving one from the other.

    Parameters
    ----------
    cost
        Shape (demand points, sites), dense or scipy sparse, at least 0: minutes, metres or any cost of a trip. In a
        sparse matrix a stored zero costs nothing and an absent entry is out of reach; in either `inf` is out of reach.
    demand
        Shape (demand points): weight of each point, such as residents; at least 0, 0 allowed.
    required, forbidden
        Sites that must, must not open: ids where `site_ids` is given, else column numbers.
    existing
        Sites that stand today.
    keep_at_least, keep_at_most
        How many existing sites stay open.
    site_cost
        Shape (sites): cost of opening each; default 1.
    capacity
        Shape (sites): largest demand that each serves; needed by capacitated models only.
    split
        Whether a demand point may be served by several sites (capacitated models).
    demand_ids, site_ids
        Names of points and sites; default their numbers.

    Raises
    ------
    SitingError
        With every fault: shapes, negative or missing values, unknown sites, sites both required and forbidden.
    """

    cost: csr_matrix
    demand: Float64
    required: Int64
    forbidden: Int64
    existing: Int64
    keep_at_least: int
    keep_at_most: int | None
    site_cost: Float64
    capacity: Float64 | None
    split: bool
    demand_ids: NDArray[np.object_] = field(repr=False)
    site_ids: NDArray[np.object_] = field(repr=False)

    def __init__(
        self,
        cost: Any,
        demand: ArrayLike,
        *,
        required: Iterable[Any] = (),
        forbidden: Iterable[Any] = (),
        existing: Iterable[Any] = (),
        keep_at_least: int = 0,
        keep_at_most: int | None = None,
        site_cost: ArrayLike | None = None,
        capacity: ArrayLike | None = None,
        split: bool = False,
        demand_ids: Sequence[Any] | None = None,
        site_ids: Sequence[Any] | None = None,
    ) -> None:
        table = _sparse(cost)
        n_points, n_sites = table.shape
        named = site_ids is not None
        points, sites = _names(demand_ids, n_points, "demand"), _names(site_ids, n_sites, "sites")
        faults: list[Fault] = []
        lists = {
            name: _site_rows(list(chosen), sites, named, name, faults)
            for name, chosen in (("required", required), ("forbidden", forbidden), ("existing", existing))
        }
        values: dict[str, Any] = {
            "cost": table,
            "demand": _amounts(demand, n_points, "demand", points, faults),
            **lists,
            "keep_at_least": int(keep_at_least),
            "keep_at_most": keep_at_most,
            "site_cost": _amounts(1.0 if site_cost is None else site_cost, n_sites, "site_cost", sites, faults),
            "capacity": None if capacity is None else _amounts(capacity, n_sites, "capacity", sites, faults),
            "split": split,
            "demand_ids": points,
            "site_ids": sites,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)
        faults += self._contradictions()
        if faults:
            raise SitingError(*faults)

    def __repr__(self) -> str:
        return f"LocationProblem({self.n_points} points, {self.n_sites} sites, {self.cost.nnz} trips)"

    @property
    def n_points(self) -> int:
        """Number of demand points."""
        return int(self.cost.shape[0])

    @property
    def n_sites(self) -> int:
        """Number of sites."""
        return int(self.cost.shape[1])

    @property
    def weighted_cost(self) -> csr_matrix:
        """Demand times cost, same pattern; stored zeros stay."""
        table = self.cost.copy()
        table.data = table.data * np.repeat(self.demand, np.diff(table.indptr))
        return table

    @cached_property
    def open_bounds(self) -> tuple[Float64, Float64]:
        """Bounds of each site's opening: required 1 to 1, forbidden 0 to 0, else 0 to 1."""
        low, high = np.zeros(self.n_sites), np.ones(self.n_sites)
        low[self.required], high[self.forbidden] = 1.0, 0.0
        return low, high

    @property
    def counts_existing(self) -> bool:
        """Whether the number of existing sites that stay is limited at all."""
        most = len(self.existing) if self.keep_at_most is None else self.keep_at_most
        return self.keep_at_least > 0 or most < len(self.existing)

    def within(self, limit: ArrayLike) -> csr_matrix:
        """Return which site serves which point within a limit (inclusive), as ones.

        Parameters
        ----------
        limit
            One for all, or one per demand point.
        """
        from scipy.sparse import csr_matrix

        most = np.broadcast_to(np.asarray(limit, dtype=float), self.n_points)
        inside = self.cost.data <= np.repeat(most, np.diff(self.cost.indptr))
        count = np.concatenate([[0], np.cumsum(inside)])
        indptr = count[self.cost.indptr]
        chosen = self.cost.indices[inside]
        return csr_matrix((np.ones(chosen.size), chosen, indptr), shape=self.cost.shape)

    def nearest(self, open_sites: Int64, limit: ArrayLike | None = None) -> tuple[Int64, Float64]:
        """Return each point's cheapest open site (ties: the first) and its cost; -1 and inf where none serves it."""
        table = self.cost[:, np.sort(open_sites)].tocsr()
        names = np.append(np.sort(open_sites), UNSERVED)
        best = np.full(self.n_points, np.inf)
        site = np.full(self.n_points, names.size - 1, dtype=np.int64)
        row = np.repeat(np.arange(self.n_points), np.diff(table.indptr))
        most = np.inf if limit is None else np.broadcast_to(np.asarray(limit, dtype=float), self.n_points)[row]
        usable = table.data <= most
        row, column, value = row[usable], table.indices[usable], table.data[usable]
        order = np.lexsort((column, value, row))[::-1]
        site[row[order]], best[row[order]] = column[order], value[order]  # the last assignment wins: the cheapest
        return names[site], best

    def _contradictions(self) -> list[Fault]:
        both = np.intersect1d(self.required, self.forbidden)
        faults = []
        if both.size:
            faults.append(siting_fault("required_and_forbidden", ids=self.site_ids[both]))
        most = len(self.existing) if self.keep_at_most is None else self.keep_at_most
        if not 0 <= self.keep_at_least <= most or self.keep_at_least > len(self.existing):
            faults.append(siting_fault("keep_range", least=self.keep_at_least, most=most, existing=len(self.existing)))
        return faults


@dataclass(frozen=True, eq=False)
class SitingResult:
    """The answer of a location model.

    Parameters
    ----------
    open
        Numbers of the sites that open, ascending.
    assignment
        Shape (demand points): site that serves each, -1 where none.
    objective
        Recomputed from `open` and `assignment`, in the model's own units; for backup cover the pair (sites or their
        cost, demand covered twice). NaN without a plan.
    bound
        No plan is better than this.
    gap
        |objective - bound| / |objective|, 0 where proven; infinite where nothing is known.
    status
        `optimal` (proven), `gap` (a plan and its distance from the best there can be), `unknown` (time ran out before
        a plan was found); a model without any plan raises InfeasibleError.
    seconds
        Time from call to return.
    shares
        Shape (demand points, sites), sparse: part of each point's demand served by each site, where points may be
        split; else None.
    engine
        What proved it, such as `reduction`, `Lagrangian`, `HiGHS`.
    """

    open: Int64
    assignment: Int64
    objective: Any
    bound: Any
    gap: float
    status: Status
    seconds: float
    shares: csr_matrix | None = None
    engine: str = ""

    def __repr__(self) -> str:
        return f"SitingResult({len(self.open)} sites, objective {self.objective}, {self.status}, gap {self.gap:.2%})"

    def to_frame(self) -> pd.DataFrame:
        """Return one row a demand point: its number and its site, -1 where none."""
        import pandas as pd

        return pd.DataFrame({"point": np.arange(self.assignment.size), "site": self.assignment})


def quantum(*values: ArrayLike) -> float:
    """Return the coarsest power of ten from 1 to 1e-6 that all values are whole multiples of, 0 where none is.

    What a product of two decimals loses in binary is forgiven, no more: with a share of the value large numbers would
    be multiples of anything.

    Examples
    --------
    >>> quantum([3.0, 12.0]), quantum([0.25, 1.5]), quantum([1 / 3]), quantum([77374.277194564])
    (1.0, 0.01, 0.0, 0.0)
    """
    flat = np.concatenate([np.asarray(value, dtype=float).ravel() for value in values]) if values else np.zeros(0)
    flat = flat[np.isfinite(flat)]
    for digits in range(FINEST + 1):
        scaled = flat * 10.0**digits
        noise = np.minimum(ROUNDINGS * np.finfo(float).eps * np.maximum(1.0, np.abs(scaled)), LARGEST_NOISE)
        if np.all(np.abs(scaled - np.round(scaled)) <= noise):
            return float(10.0**-digits)
    return 0.0


def proven(objective: float, bound: float, grid: float, *, maximise: bool = False) -> bool:
    """Tell whether a bound proves a plan: rounded to the objective's own whole numbers it reaches the plan's value.

    Parameters
    ----------
    objective
        Value recomputed from the plan.
    bound
        No plan is better than this.
    grid
        What objectives are whole multiples of; 0 where there is no such number, then 1e-9 of the value decides.
    maximise
        Whether larger is better.

    Examples
    --------
    >>> proven(12, 11.2, 1.0), proven(12, 10.9, 1.0)
    (True, False)
    """
    if not np.isfinite(objective) or not np.isfinite(bound):
        return False
    if maximise:
        objective, bound = -objective, -bound
    if grid == 0:
        return bound >= objective - 1e-9 * max(1.0, abs(objective))
    steps = bound / grid
    noise = max(1e-6, 4e-16 * abs(steps))
    return bool(np.ceil(steps - noise) >= np.round(objective / grid))


def gap_of(objective: float, bound: float) -> float:
    """Return the distance of a bound from a plan as a share of the plan's value."""
    if not np.isfinite(objective) or not np.isfinite(bound):
        return float("inf")
    distance = abs(objective - bound)
    return 0.0 if distance == 0 else float(distance / max(abs(objective), 1e-12))


def siting_fault(code: str, *, ids: Iterable[Any] = (), count: int | None = None, **values: Any) -> Fault:
    """Make a fault of the siting vocabulary."""
    names = tuple(str(name) for name in ids)
    return fault(Severity.ERROR, code, subject="siting", ids=names, count=count, **values)


def _sparse(cost: Any) -> csr_matrix:
    """Return costs as a sparse table without infinite entries; stored zeros stay, absent ones stay absent."""
    from scipy.sparse import csr_matrix, issparse

    given: Any = cost
    if issparse(cost):
        table = csr_matrix(given).astype(float, copy=True)
        table.sort_indices()
    else:
        dense = np.asarray(cost, dtype=float)
        if dense.ndim != 2:
            raise SitingError(siting_fault("cost_shape", shape=str(dense.shape)))
        # Every entry is stored: scipy would drop the zeros.
        n_points, n_sites = dense.shape
        columns = np.tile(np.arange(n_sites), n_points)
        indptr = np.arange(n_points + 1) * n_sites
        table = csr_matrix((dense.ravel().copy(), columns, indptr), shape=dense.shape)
    wrong = np.isnan(table.data) | (table.data < 0)
    if wrong.any():
        rows = np.repeat(np.arange(table.shape[0]), np.diff(table.indptr))[wrong]
        raise SitingError(siting_fault("bad_cost", ids=np.unique(rows), count=int(wrong.sum())))
    return _without_infinite(table)


def _without_infinite(table: csr_matrix) -> csr_matrix:
    from scipy.sparse import csr_matrix

    finite = np.isfinite(table.data)
    if finite.all():
        return table
    count = np.concatenate([[0], np.cumsum(finite)])
    return csr_matrix((table.data[finite], table.indices[finite], count[table.indptr]), shape=table.shape)


def _names(ids: Sequence[Any] | None, size: int, what: str) -> NDArray[np.object_]:
    names = np.arange(size).astype(object) if ids is None else np.array([str(item) for item in ids], dtype=object)
    if names.size != size:
        raise SitingError(siting_fault("ids_length", what=what, found=names.size, allowed=size))
    if len(set(names.tolist())) < size:
        raise SitingError(siting_fault("ids_repeat", what=what))
    return names


def _amounts(values: ArrayLike, size: int, what: str, names: NDArray[np.object_], faults: list[Fault]) -> Float64:
    """Return amounts one a row; note those that are missing or negative."""
    array = np.asarray(values, dtype=float)
    if array.ndim and array.shape != (size,):
        faults.append(siting_fault("amounts_shape", what=what, found=str(array.shape), allowed=size))
        return np.zeros(size)
    array = np.broadcast_to(array, size).astype(float)
    wrong = ~np.isfinite(array) | (array < 0)
    if what == "capacity":
        wrong = np.isnan(array) | (array < 0)
    if wrong.any():
        faults.append(siting_fault("bad_amount", ids=names[wrong], what=what, value=str(array[wrong][0])))
    return array


def _site_rows(chosen: list[Any], sites: NDArray[np.object_], named: bool, what: str, faults: list[Fault]) -> Int64:
    """Return the numbers of the sites named in a list; note those that are none."""
    if named:
        row_of = {name: row for row, name in enumerate(sites)}
        unknown = [item for item in chosen if str(item) not in row_of]
        rows = [row_of[str(item)] for item in chosen if str(item) in row_of]
    else:
        numbers = [int(item) for item in chosen]
        unknown = [number for number in numbers if not 0 <= number < sites.size]
        rows = [number for number in numbers if 0 <= number < sites.size]
    if unknown:
        faults.append(siting_fault("unknown_site", ids=unknown, what=what))
    return np.unique(np.array(rows, dtype=np.int64))
