"""Machine-code loops of covering every point: greedy, row weighting, dual ascent.

References
----------
.. [1] Gao, Weise, Li (2015). An efficient local search heuristic with row weighting for the unicost set covering
   problem. doi:10.1016/j.ejor.2015.05.038
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clinicplan.siting.cover.kernels import CLOSED, FREE, OPEN, compiled, draw

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Int32 = NDArray[np.int32]
Int8 = NDArray[np.int8]
UInt64 = NDArray[np.uint64]


@compiled
def greedy_cover(  # noqa: C901, PLR0912 - one loop nest: calls cost time here
    row_ptr: Int64, row_site: Int32, col_ptr: Int64, col_point: Int32, price: Float64, needed: Int64, status: Int8
) -> Int8:
    """Open the site that helps most points for its price until each has its number; then close what is spare.

    Returns ones for the sites that open; points may stay short where too few sites are allowed.
    """
    n = col_ptr.size - 1
    left = needed.copy()
    chosen = np.zeros(n, np.int8)
    gain = np.zeros(n)
    for i in range(left.size):
        if left[i] > 0:
            for a in range(row_ptr[i], row_ptr[i + 1]):
                gain[row_site[a]] += 1.0
    for turn in range(2):
        while True:
            best, rate = -1, 0.0
            for j in range(n):
                if chosen[j] == 0 and status[j] != CLOSED and (turn == 1 or status[j] == OPEN):
                    value = 1e300 if turn == 0 else gain[j] / max(price[j], 1e-9)
                    if value > rate:
                        best, rate = j, value
            if best < 0:
                break
            chosen[best] = 1
            for b in range(col_ptr[best], col_ptr[best + 1]):
                i = col_point[b]
                left[i] -= 1
                if left[i] == 0:
                    for a in range(row_ptr[i], row_ptr[i + 1]):
                        gain[row_site[a]] -= 1.0
    for j in np.argsort(-price, kind="mergesort"):
        if chosen[j] == 1 and status[j] == FREE:
            spare = True
            for b in range(col_ptr[j], col_ptr[j + 1]):
                if left[col_point[b]] >= 0:
                    spare = False
                    break
            if spare:
                chosen[j] = 0
                for b in range(col_ptr[j], col_ptr[j + 1]):
                    left[col_point[b]] += 1
    return chosen


@compiled
def weigh_rows(  # noqa: C901, PLR0912, PLR0915 - one loop nest: calls cost time here
    row_ptr: Int64,
    row_site: Int32,
    col_ptr: Int64,
    col_point: Int32,
    price: Float64,
    best: Int8,
    floor: float,
    steps: int,
    state: UInt64,
) -> float:
    """Look for cheaper covers: close a site, reopen where points lack one, and weigh up points that stay uncovered.

    `best` (a cover) is brought up to date in place. Stops at a cover that costs no more than `floor`. Returns the cost
    of the best.
    """
    m, n = row_ptr.size - 1, col_ptr.size - 1
    now = best.copy()
    count = np.zeros(m, np.int64)
    weight = np.ones(m)
    # Of an open site what closing it uncovers, of a closed one what opening it covers.
    score = np.zeros(n)
    since = np.zeros(n, np.int64)
    may_add = np.ones(n, np.int8)
    bare = np.empty(m, np.int64)
    at = np.full(m, -1, np.int64)
    bare_size = 0
    opened = np.empty(n, np.int64)
    place = np.full(n, -1, np.int64)
    size = 0
    cost = 0.0
    for j in range(n):
        if now[j] == 1:
            cost += price[j]
            opened[size], place[j] = j, size
            size += 1
            for b in range(col_ptr[j], col_ptr[j + 1]):
                count[col_point[b]] += 1
    for i in range(m):
        if count[i] == 1:
            for a in range(row_ptr[i], row_ptr[i + 1]):
                if now[row_site[a]] == 1:
                    score[row_site[a]] += weight[i]
    least = cost
    tabu = -1
    for step in range(1, steps + 1):
        rounds = 0
        while True:
            if bare_size == 0:
                if cost < least - 1e-9:
                    least = cost
                    for j in range(n):
                        best[j] = now[j]
                    if least <= floor:
                        return least
            elif rounds > 0:
                break
            if size == 0:
                break
            # Close the site whose points cost least to lose for its price; of equal ones the longest open.
            out, low = -1, 1e300
            for k in range(size):
                j = opened[k]
                if j == tabu and bare_size > 0:
                    continue
                loss = score[j] / max(price[j], 1e-9)
                if loss < low or (loss == low and since[j] < since[out]):
                    out, low = j, loss
            if out < 0:
                break
            rounds += 1
            now[out] = 0
            cost -= price[out]
            size -= 1
            opened[place[out]] = opened[size]
            place[opened[size]] = place[out]
            place[out] = -1
            since[out] = step
            may_add[out] = 0
            score[out] = 0.0
            for b in range(col_ptr[out], col_ptr[out + 1]):
                i = col_point[b]
                count[i] -= 1
                if count[i] == 0:
                    bare[bare_size], at[i] = i, bare_size
                    bare_size += 1
                    for a in range(row_ptr[i], row_ptr[i + 1]):
                        score[row_site[a]] += weight[i]
                        may_add[row_site[a]] = 1
                    may_add[out] = 0
                else:
                    for a in range(row_ptr[i], row_ptr[i + 1]):
                        j = row_site[a]
                        may_add[j] = 1
                        if count[i] == 1 and now[j] == 1:
                            score[j] += weight[i]
            may_add[out] = 0
        if bare_size == 0:
            break
        # Open a site of a point that lacks one.
        i = bare[draw(state, bare_size)]
        add, high = -1, -1.0
        for a in range(row_ptr[i], row_ptr[i + 1]):
            j = row_site[a]
            if may_add[j] == 1 and cost + price[j] < least - 1e-9:
                rate = score[j] / max(price[j], 1e-9)
                if rate > high or (rate == high and since[j] < since[add]):
                    add, high = j, rate
        if add >= 0:
            now[add] = 1
            cost += price[add]
            opened[size], place[add] = add, size
            size += 1
            since[add] = step
            tabu = add
            score[add] = 0.0
            for b in range(col_ptr[add], col_ptr[add + 1]):
                i = col_point[b]
                count[i] += 1
                if count[i] == 1:
                    bare_size -= 1
                    bare[at[i]] = bare[bare_size]
                    at[bare[bare_size]] = at[i]
                    at[i] = -1
                    for a in range(row_ptr[i], row_ptr[i + 1]):
                        if row_site[a] != add:
                            score[row_site[a]] -= weight[i]
                            may_add[row_site[a]] = 1
                    score[add] += weight[i]
                else:
                    for a in range(row_ptr[i], row_ptr[i + 1]):
                        j = row_site[a]
                        may_add[j] = 1
                        if count[i] == 2 and now[j] == 1 and j != add:
                            score[j] -= weight[i]
        for k in range(bare_size):
            i = bare[k]
            weight[i] += 1.0
            for a in range(row_ptr[i], row_ptr[i + 1]):
                score[row_site[a]] += 1.0
    return least


@compiled
def dual_ascent(row_ptr: Int64, row_site: Int32, price: Float64, order: Int64) -> float:
    """Return a bound of the cost of covering every point once: what points pay, no site being paid above its price."""
    left = price.copy()
    total = 0.0
    for i in order:
        pay = np.inf
        for a in range(row_ptr[i], row_ptr[i + 1]):
            pay = min(pay, left[row_site[a]])
        if pay > 0.0 and pay < np.inf:
            total += pay
            for a in range(row_ptr[i], row_ptr[i + 1]):
                left[row_site[a]] -= pay
    return total
