"""Machine-code loop of the p-median: swap one open site for a closed one while that saves something.

References
----------
.. [1] Resende, Werneck (2007). A fast swap-based local search procedure for location problems.
   doi:10.1007/s10479-006-0154-0
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.siting.median.kernels import FREE, compiled, two_nearest

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Int32 = NDArray[np.int32]
Int8 = NDArray[np.int8]

DEARER: Final = 1.5
"""What the price of a point that no swap serves is multiplied by."""


@compiled
def excess(chosen: Int8, side: Float64, limit: Float64) -> float:
    """Return by how much a plan breaks the side rules."""
    total = 0.0
    for r in range(limit.size):
        value = -limit[r]
        for j in range(chosen.size):
            if chosen[j]:
                value += side[r, j]
        total += max(0.0, value)
    return total


@compiled
def breach(r: int, j: int, side: Float64, room: Float64) -> float:
    """Return the excess over the side rules after site j opens and r closes."""
    total = 0.0
    for k in range(room.size):
        total += max(0.0, side[k, j] - side[k, r] - room[k])
    return total


@compiled
def interchange(  # noqa: C901, PLR0912, PLR0915 - one loop nest: calls cost time here
    row_ptr: Int64,
    row_site: Int32,
    row_cost: Float64,
    col_ptr: Int64,
    col_point: Int32,
    col_cost: Float64,
    status: Int8,
    side: Float64,
    limit: Float64,
    chosen: Int8,
    prices: Float64,
    tolerance: float,
    most_passes: int,
) -> float:
    """Swap one open for one closed site while that saves something; return the plan's cost.

    A point without an open site in its row costs its price, at least the largest cost of its row.
    Each candidate is weighed in one pass over its points; its best partner is either the open site that costs least
    to close, or one that its own points use now. A profitable swap is made at once and only its surroundings are
    brought up to date. Breaking a side rule by one costs more than all points together.
    """
    n, m = row_ptr.size - 1, status.size
    sided = limit.size > 0
    heavy = prices.max() * (n + 1) if n else 1.0
    c1, c2 = np.empty(n, np.int64), np.empty(n, np.int64)
    d1, d2 = np.empty(n), np.empty(n)
    for i in range(n):
        c1[i], c2[i], d1[i], d2[i] = two_nearest(i, row_ptr, row_site, row_cost, chosen, prices[i])
    loss, spared = np.zeros(m), np.zeros(m)
    touched = np.empty(m, np.int64)
    mark = np.zeros(m, np.int8)
    room = limit.copy()
    for k in range(limit.size):
        for j in range(m):
            if chosen[j]:
                room[k] -= side[k, j]
    for _ in range(most_passes):
        improved = False
        loss[:] = 0.0
        for i in range(n):
            if c1[i] >= 0:
                loss[c1[i]] += d2[i] - d1[i]
        cheapest = -1
        for j in range(m):
            if chosen[j] and status[j] == FREE and (cheapest < 0 or loss[j] < loss[cheapest]):
                cheapest = j
        if cheapest < 0:
            break
        for j in range(m):
            if chosen[j] or status[j] != FREE:
                continue
            gain, count = 0.0, 0
            for b in range(col_ptr[j], col_ptr[j + 1]):
                i, v = col_point[b], col_cost[b]
                if v < d2[i]:
                    r = c1[i]
                    if r >= 0 and mark[r] == 0:
                        mark[r] = 1
                        touched[count] = r
                        count += 1
                    if v < d1[i]:
                        gain += d1[i] - v
                        if r >= 0:
                            spared[r] += d2[i] - d1[i]
                    elif r >= 0:
                        spared[r] += d2[i] - v
            out, least = cheapest, loss[cheapest] - spared[cheapest]
            if sided:
                now = 0.0
                for k in range(room.size):
                    now += max(0.0, -room[k])
                out, least = -1, np.inf
                for r in range(m):
                    if chosen[r] and status[r] == FREE:
                        price = loss[r] - spared[r] + heavy * (breach(r, j, side, room) - now)
                        if price < least:
                            out, least = r, price
            for t in range(count):
                r = touched[t]
                if not sided and status[r] == FREE and loss[r] - spared[r] < least:
                    out, least = r, loss[r] - spared[r]
                spared[r], mark[r] = 0.0, 0
            if out < 0 or gain - least <= tolerance:
                continue
            improved = True
            chosen[j], chosen[out] = 1, 0
            for k in range(room.size):
                room[k] -= side[k, j] - side[k, out]
            for b in range(col_ptr[j], col_ptr[j + 1]):
                i, v = col_point[b], col_cost[b]
                if v >= d2[i]:
                    continue
                if c1[i] >= 0:
                    loss[c1[i]] -= d2[i] - d1[i]
                if v < d1[i]:
                    c2[i], d2[i], c1[i], d1[i] = c1[i], d1[i], j, v
                else:
                    c2[i], d2[i] = j, v
                loss[c1[i]] += d2[i] - d1[i]
            for b in range(col_ptr[out], col_ptr[out + 1]):
                i = col_point[b]
                if c1[i] != out and c2[i] != out:
                    continue
                loss[c1[i]] -= d2[i] - d1[i]
                c1[i], c2[i], d1[i], d2[i] = two_nearest(i, row_ptr, row_site, row_cost, chosen, prices[i])
                if c1[i] >= 0:
                    loss[c1[i]] += d2[i] - d1[i]
            cheapest = -1
            for r in range(m):
                if chosen[r] and status[r] == FREE and (cheapest < 0 or loss[r] < loss[cheapest]):
                    cheapest = r
        if not improved:
            break
    total = 0.0
    for i in range(n):
        total += d1[i]
    return total


@compiled
def serve_all(
    row_ptr: Int64,
    row_site: Int32,
    row_cost: Float64,
    col_ptr: Int64,
    col_point: Int32,
    col_cost: Float64,
    status: Int8,
    side: Float64,
    limit: Float64,
    chosen: Int8,
    prices: Float64,
    tolerance: float,
    most_rounds: int,
) -> bool:
    """Swap sites until every point is served: whenever no swap helps, points left out become dearer.

    `chosen` and `prices` are changed in place. Returned: whether every point is served and every side rule kept.
    """
    for _ in range(most_rounds):
        interchange(
            row_ptr, row_site, row_cost, col_ptr, col_point, col_cost, status, side, limit, chosen, prices,
            tolerance, 50,
        )  # fmt: skip
        left_out = 0
        for i in range(row_ptr.size - 1):
            served = False
            for a in range(row_ptr[i], row_ptr[i + 1]):
                if chosen[row_site[a]]:
                    served = True
                    break
            if not served:
                prices[i] *= DEARER
                left_out += 1
        if left_out == 0:
            return bool(excess(chosen, side, limit) == 0.0)
    return False
