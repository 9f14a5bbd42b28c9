"""Leave out points and sites that do not matter to a covering model: dominance, forced sites, equal points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.siting.problem import LocationProblem

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]

PAIR_LIMIT: Final = 60_000_000
"""Dominance compares rows or columns that share an entry; beyond this many pairs it costs more than it saves."""
ROUNDS: Final = 20


@dataclass(frozen=True, eq=False)
class Reduced:
    """What is left of a covering problem.

    Parameters
    ----------
    points, sites
        Numbers of those left.
    forced
        Sites that some cheapest plan opens, none of them in `sites`.
    """

    points: Int64
    sites: Int64
    forced: Int64


def reduce_cover(table: csr_matrix, needed: Int64, price: Float64, opened: Int64, droppable: Flags) -> Reduced:
    """Return the points and sites that a least-cost cover still has to decide on, and the sites it opens anyway.

    A point is covered often enough whenever one with a part of its sites and no smaller number is; a site is needless
    where another, no dearer, covers all its points and none of them needs two; a point with no more sites than it
    needs opens them all; a free site opens.

    Parameters
    ----------
    table
        Shape (points, sites): ones where a site that may open covers a point.
    needed
        Shape (points): different sites that each needs.
    price
        Shape (sites).
    opened
        Sites that open whatever happens.
    droppable
        Shape (sites): sites that may be replaced, or opened for nothing; others stay to be decided.
    """
    left = needed.copy()
    points, alive = np.flatnonzero(left > 0), np.ones(table.shape[1], dtype=bool)
    forced = np.zeros(table.shape[1], dtype=bool)
    alive[np.bincount(table.indices, minlength=alive.size) == 0] = False
    fresh = np.union1d(opened, np.flatnonzero(alive & droppable & (price == 0)))
    for _ in range(ROUNDS):
        forced[fresh], alive[fresh] = True, False
        if fresh.size:
            chosen = np.zeros(alive.size)
            chosen[fresh] = 1.0
            left -= (table @ chosen).astype(np.int64)
        points = points[left[points] > 0]
        part = _cleared(table[points], alive)
        tight = np.diff(part.indptr) <= left[points]
        fresh = np.unique(part[tight].indices)
        if fresh.size:
            continue
        needless = _implied(part, left[points])
        points, part = points[~needless], part[~needless]
        gone = alive & droppable & (np.bincount(part.indices, minlength=alive.size) == 0)
        if (left[points] == 1).all():
            gone |= _replaced(part, price, droppable & alive)
        alive &= ~gone
        if not needless.any() and not gone.any():
            break
    return Reduced(points, np.flatnonzero(alive), np.flatnonzero(forced))


def equal_points(table: csr_matrix, demand: Float64) -> tuple[csr_matrix, Float64]:
    """Return a table in which points with the same sites are one, with their demand in all; those with none are gone.

    Points are told apart by two sums of random numbers of their sites, then compared entry by entry.
    """
    random = np.random.default_rng(1).random((table.shape[1], 2))
    key = table @ random
    size = np.diff(table.indptr)
    kept = np.flatnonzero((size > 0) & (demand > 0))
    order = kept[np.lexsort((key[kept, 1], key[kept, 0], size[kept]))]
    if not order.size:
        return table[order], demand[order]
    same = (size[order[1:]] == size[order[:-1]]) & (np.abs(key[order[1:]] - key[order[:-1]]).max(axis=1) < 1e-9)
    for at in np.flatnonzero(same):
        one, other = (table.indices[table.indptr[i] : table.indptr[i + 1]] for i in (order[at], order[at + 1]))
        same[at] = bool((one == other).all())
    group = np.concatenate([[0], np.cumsum(~same)])
    first = order[np.concatenate([[True], ~same])]
    return table[first], np.bincount(group, demand[order]).astype(float)


def replaced_sites(table: csr_matrix, price: Float64, droppable: Flags) -> Flags:
    """Tell of each site whether another that may open instead covers all its points and costs no more."""
    return _replaced(table, price, droppable)


def restricted(problem: LocationProblem, points: Int64, sites: Int64, demand: Float64 | None = None) -> LocationProblem:
    """Return the problem of some points and some sites, renumbered; rules of existing sites stay where they count.

    The caller keeps all existing sites wherever their number is limited.
    """
    number = np.full(problem.n_sites, -1, dtype=np.int64)
    number[sites] = np.arange(sites.size)
    rules: dict[str, Any] = {}
    if problem.counts_existing:
        rules = {
            "existing": number[problem.existing], "keep_at_least": problem.keep_at_least,
            "keep_at_most": problem.keep_at_most,
        }  # fmt: skip
    listed = [number[chosen][number[chosen] >= 0] for chosen in (problem.required, problem.forbidden)]
    return LocationProblem(
        problem.cost[points][:, sites], problem.demand[points] if demand is None else demand, required=listed[0],
        forbidden=listed[1], site_cost=problem.site_cost[sites], **rules,
    )  # fmt: skip


def components(table: csr_matrix) -> list[tuple[Int64, Int64]]:
    """Return the rows and columns of each connected part, smallest first; columns without entries belong to none."""
    from scipy.sparse import bmat
    from scipy.sparse.csgraph import connected_components

    rows = table.shape[0]
    if not rows:
        return []
    blocks: Any = [[None, table], [table.T, None]]
    graph: Any = bmat(blocks, format="csr")
    count, label = connected_components(graph, directed=False)
    of_row, of_column = label[:rows], label[rows:]
    size = np.bincount(of_row, minlength=count)
    by_row, by_column = np.argsort(of_row, kind="stable"), np.argsort(of_column, kind="stable")
    row_at = np.searchsorted(of_row[by_row], np.arange(count + 1))
    column_at = np.searchsorted(of_column[by_column], np.arange(count + 1))
    return [
        (by_row[row_at[part] : row_at[part + 1]], by_column[column_at[part] : column_at[part + 1]])
        for part in np.argsort(size, kind="stable")
        if size[part]
    ]


def allowed_reach(problem: LocationProblem, limit: Float64) -> csr_matrix:
    """Return ones where a site that may open covers a point."""
    return _cleared(problem.within(limit), problem.open_bounds[1] > 0)


def _cleared(table: csr_matrix, kept: Flags) -> csr_matrix:
    """Return a table of the same shape without the entries of some columns."""
    from scipy.sparse import csr_matrix

    inside = kept[table.indices]
    count = np.concatenate([[0], np.cumsum(inside)])
    return csr_matrix((table.data[inside], table.indices[inside], count[table.indptr]), shape=table.shape)


def _pairs(table: csr_matrix) -> tuple[Int64, Int64, Flags] | None:
    """Return pairs of different rows of which the first holds all entries of the second; None where too many touch."""
    size = np.diff(table.indptr)
    if (np.bincount(table.indices, minlength=table.shape[1]).astype(float) ** 2).sum() > PAIR_LIMIT:
        return None
    counts = table.astype(np.int32)
    shared = (counts @ counts.T).tocoo()
    holds = (shared.data == size[shared.col]) & (shared.row != shared.col)
    return shared.row[holds], shared.col[holds], size


def _implied(table: csr_matrix, needed: Int64) -> Flags:
    """Tell of each row whether a row with a part of its entries needs no fewer (of equal ones the first stays)."""
    found = np.zeros(table.shape[0], dtype=bool)
    pairs = _pairs(table)
    if pairs is None:
        return found
    row, part, size = pairs
    same = (size[row] == size[part]) & (needed[row] == needed[part])
    found[row[(needed[row] <= needed[part]) & (~same | (part < row))]] = True
    return found


def _replaced(table: csr_matrix, price: Float64, droppable: Flags) -> Flags:
    """Tell of each column whether a droppable one holds all its entries and is no dearer (of equal the first stays)."""
    found = np.zeros(table.shape[1], dtype=bool)
    pairs = _pairs(table.T.tocsr())
    if pairs is None:
        return found
    better, column, size = pairs
    same = (size[better] == size[column]) & (price[better] == price[column])
    wins = (price[better] <= price[column]) & (~same | (better < column))
    found[column[wins & droppable[better] & droppable[column]]] = True
    return found
