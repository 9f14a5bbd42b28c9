"""Machine-code loops of the p-median: sorted lists, what a plan costs, greedy.

A problem is held twice. By rows: the sites of each demand point in ascending order of cost, so that whatever concerns
the nearest open site, or the sites cheaper than a multiplier, reads the head of a row and stops. By columns: the points
of each site, which a swap touches. A point without an open site in its row pays `penalty`, a number larger than
anything the costs can add up to, so that plans that serve more points always win.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Int32 = NDArray[np.int32]
Int8 = NDArray[np.int8]

CLOSED: Final = -1
FREE: Final = 0
OPEN: Final = 1


def compiled(function: Callable[..., Any]) -> Any:
    """Return a function in machine code, kept on disk where a folder for it can be written."""
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:  # no folder for the cache can be written: compile anew in each process
        return njit(nogil=True)(function)


@compiled
def sort_rows(row_ptr: Int64, row_site: Int32, row_cost: Float64) -> None:
    """Sort every row by cost; equal costs keep their order."""
    for i in range(row_ptr.size - 1):
        a, b = row_ptr[i], row_ptr[i + 1]
        order = np.argsort(row_cost[a:b], kind="mergesort")
        row_site[a:b] = row_site[a:b][order]
        row_cost[a:b] = row_cost[a:b][order]


@compiled
def shorten_rows(
    row_ptr: Int64, row_site: Int32, row_cost: Float64, status: Int8, cap: Float64, most: int, number: Int32
) -> tuple[Int64, Int32, Float64]:
    """Return rows without closed sites, without costs above a cap, and no longer than may be needed.

    A row ends with the first site that is open for good, and after `most` sites, one of which is always open.
    """
    n = row_ptr.size - 1
    ptr = np.zeros(n + 1, np.int64)
    site = np.empty(row_site.size, np.int32)
    cost = np.empty(row_site.size, np.float64)
    at = 0
    for i in range(n):
        start = at
        for a in range(row_ptr[i], row_ptr[i + 1]):
            j = row_site[a]
            if status[j] == CLOSED:
                continue
            if row_cost[a] > cap[i] or at - start >= most:
                break
            site[at], cost[at] = number[j], row_cost[a]
            at += 1
            if status[j] == OPEN:
                break
        ptr[i + 1] = at
    return ptr, site[:at].copy(), cost[:at].copy()


@compiled
def transpose(row_ptr: Int64, row_site: Int32, row_cost: Float64, m: int) -> tuple[Int64, Int32, Float64]:
    """Return the points and costs of each site."""
    n = row_ptr.size - 1
    ptr = np.zeros(m + 1, np.int64)
    for a in range(row_site.size):
        ptr[row_site[a] + 1] += 1
    for j in range(m):
        ptr[j + 1] += ptr[j]
    at = ptr[:-1].copy()
    point = np.empty(row_site.size, np.int32)
    cost = np.empty(row_site.size, np.float64)
    for i in range(n):
        for a in range(row_ptr[i], row_ptr[i + 1]):
            j = row_site[a]
            point[at[j]], cost[at[j]] = i, row_cost[a]
            at[j] += 1
    return ptr, point, cost


@compiled
def plan_cost(row_ptr: Int64, row_site: Int32, row_cost: Float64, chosen: Int8, penalty: float) -> float:
    """Return what a plan costs, each point at its first open site."""
    total = 0.0
    for i in range(row_ptr.size - 1):
        best = penalty
        for a in range(row_ptr[i], row_ptr[i + 1]):
            if chosen[row_site[a]]:
                best = row_cost[a]
                break
        total += best
    return total


@compiled
def greedy(  # noqa: C901 - one loop nest: calls cost time here
    row_ptr: Int64, row_site: Int32, row_cost: Float64, status: Int8, p: int, penalty: float
) -> Int8:
    """Open the sites that are open for good, then p in all, each time the one that saves most."""
    n, m = row_ptr.size - 1, status.size
    now = np.full(n, penalty)
    gain = np.zeros(m)
    chosen = np.zeros(m, np.int8)
    for i in range(n):
        for a in range(row_ptr[i], row_ptr[i + 1]):
            gain[row_site[a]] += penalty - row_cost[a]
    col_ptr, col_point, col_cost = transpose(row_ptr, row_site, row_cost, m)
    fixed = 0
    for j in range(m):
        fixed += status[j] == OPEN
    for count in range(p):
        best = -1
        wanted = OPEN if count < fixed else FREE
        for j in range(m):
            if chosen[j] == 0 and status[j] == wanted and (best < 0 or gain[j] > gain[best]):
                best = j
        if best < 0:
            break
        chosen[best] = 1
        for b in range(col_ptr[best], col_ptr[best + 1]):
            i, new = col_point[b], col_cost[b]
            old = now[i]
            if new >= old:
                continue
            for a in range(row_ptr[i], row_ptr[i + 1]):
                if row_cost[a] >= old:
                    break
                gain[row_site[a]] -= old - max(new, row_cost[a])
            now[i] = new
    return chosen


@compiled
def two_nearest(
    i: int, row_ptr: Int64, row_site: Int32, row_cost: Float64, chosen: Int8, penalty: float
) -> tuple[int, int, float, float]:
    """Return a point's first and second open site and their costs."""
    c1, c2, d1, d2 = -1, -1, penalty, penalty
    for a in range(row_ptr[i], row_ptr[i + 1]):
        if chosen[row_site[a]]:
            if c1 < 0:
                c1, d1 = row_site[a], row_cost[a]
            else:
                c2, d2 = row_site[a], row_cost[a]
                break
    return c1, c2, d1, d2


@compiled
def two_costs(
    row_ptr: Int64, row_site: Int32, row_cost: Float64, chosen: Int8, penalty: float
) -> tuple[Float64, Float64]:
    """Return what each point pays at its nearest open site and at the second."""
    n = row_ptr.size - 1
    first, second = np.empty(n), np.empty(n)
    for i in range(n):
        _, _, first[i], second[i] = two_nearest(i, row_ptr, row_site, row_cost, chosen, penalty)
    return first, second
