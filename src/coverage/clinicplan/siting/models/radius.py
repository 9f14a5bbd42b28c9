"""Ask whether few enough sites cover every point within a radius: greedy, packing, dominance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]

PAIR_LIMIT: Final = 40_000_000
"""Dominance compares rows or columns that share an entry; beyond this many pairs it costs more than it saves."""
ROUNDS: Final = 6


def greedy_cover(cover: csr_matrix, required: Int64, price: Float64, most: int) -> Int64 | None:
    """Return sites that cover every point, at most `most` of them; None where the greedy choice needs more.

    Parameters
    ----------
    cover
        Shape (points, sites): ones where a site covers a point.
    required
        Sites that are taken first.
    price
        Shape (sites): the site that covers most new points for its price comes next.
    most
        How many sites may be taken.
    """
    by_site = cover.T.tocsr()
    open_now = np.zeros(cover.shape[1], dtype=bool)
    covered = np.zeros(cover.shape[0], dtype=np.int64)
    gain = np.diff(by_site.indptr).astype(float)
    rate = 1.0 / np.maximum(price, 1e-9)

    def take(site: int) -> None:
        open_now[site] = True
        points = by_site.indices[by_site.indptr[site] : by_site.indptr[site + 1]]
        fresh = points[covered[points] == 0]
        covered[points] += 1
        gain[:] -= np.bincount(cover[fresh].indices, minlength=gain.size)

    for site in required:
        take(int(site))
    while (covered == 0).any():
        best = int(np.argmax(gain * rate))
        if gain[best] <= 0 or open_now.sum() >= most + 3:
            return None
        take(best)
    _drop_spare(by_site, open_now, covered, required)
    return np.flatnonzero(open_now) if open_now.sum() <= most else None


def _drop_spare(by_site: csr_matrix, open_now: Flags, covered: Int64, required: Int64) -> None:
    """Close sites whose points are all covered twice, smallest first."""
    size = np.diff(by_site.indptr)
    fixed = set(required.tolist())
    for site in sorted(np.flatnonzero(open_now).tolist(), key=lambda number: (size[number], number)):
        points = by_site.indices[by_site.indptr[site] : by_site.indptr[site + 1]]
        if site not in fixed and (covered[points] > 1).all():
            open_now[site] = False
            covered[points] -= 1


def packing(cover: csr_matrix, required: Int64) -> Int64:
    """Return points of which no two can share a site and none is covered by a required one.

    Any plan needs the required sites and one more for each of these points.
    """
    blocked = np.zeros(cover.shape[1], dtype=bool)
    blocked[required] = True
    chosen = []
    for point in np.argsort(np.diff(cover.indptr), kind="stable"):
        sites = cover.indices[cover.indptr[point] : cover.indptr[point + 1]]
        if not blocked[sites].any():
            blocked[sites] = True
            chosen.append(point)
    return np.array(chosen, dtype=np.int64)


def essential(cover: csr_matrix, drop_sites: Flags) -> tuple[Int64, Flags]:
    """Return the points and the sites that matter to a cover of fewest sites.

    A point is covered whenever a point with fewer of the same sites is; a site is not needed when another covers all
    of its points.

    Parameters
    ----------
    cover
        Shape (points, sites).
    drop_sites
        Shape (sites): sites that may be left out.
    """
    points, sites = np.arange(cover.shape[0]), np.ones(cover.shape[1], dtype=bool)
    for _ in range(ROUNDS):
        part = _columns_cleared(cover[points], sites)
        needless = _holding_another(part)
        points = points[~needless]
        part = part[~needless].T.tocsr()
        swallowed = _inside_another(part) & drop_sites & sites
        sites &= ~swallowed
        if not needless.any() and not swallowed.any():
            break
    return points, sites


def _columns_cleared(table: csr_matrix, kept: Flags) -> csr_matrix:
    from scipy.sparse import csr_matrix

    inside = kept[table.indices]
    count = np.concatenate([[0], np.cumsum(inside)])
    return csr_matrix((table.data[inside], table.indices[inside], count[table.indptr]), shape=table.shape)


def _holding_another(table: csr_matrix) -> Flags:
    """Tell of each row whether another row's entries are all among its own (of equal rows the first stays)."""
    shared = _shared(table)
    if shared is None:
        return np.zeros(table.shape[0], dtype=bool)
    row, column, both = shared
    size = np.diff(table.indptr)
    holds = (both == size[column]) & ((size[column] < size[row]) | (column < row))
    found = np.zeros(table.shape[0], dtype=bool)
    found[row[holds]] = True
    return found


def _inside_another(table: csr_matrix) -> Flags:
    """Tell of each row whether all its entries are among another's (of equal rows the first stays)."""
    size = np.diff(table.indptr)
    shared = _shared(table)
    if shared is None:
        return np.zeros(table.shape[0], dtype=bool)
    found: Flags = np.asarray(size == 0, dtype=bool)
    row, column, both = shared
    inside = (both == size[row]) & ((size[column] > size[row]) | (column < row))
    found[row[inside]] = True
    return found


def _shared(table: csr_matrix) -> tuple[Int64, Int64, Int64] | None:
    """Return pairs of different rows with the number of entries they share; None where there are too many pairs."""
    column_size = np.bincount(table.indices, minlength=table.shape[1]).astype(float)
    if (column_size**2).sum() > PAIR_LIMIT:
        return None
    counts = table.astype(np.int32)
    pairs = (counts @ counts.T).tocoo()
    apart = pairs.row != pairs.col
    return pairs.row[apart], pairs.col[apart], pairs.data[apart]
