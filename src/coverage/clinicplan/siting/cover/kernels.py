"""Machine-code loops of the covering models: greedy, swap, row weighting, dual ascent, the Lagrangian bound.

A problem is held twice, as the sites of each point (`row_ptr`, `row_site`) and the points of each site (`col_ptr`,
`col_point`), both in the compressed form of a sparse table of ones. Sites have a status: open for good, closed for
good, or free. Random numbers come from a state of one word that the caller owns, so that a run can be repeated.

References
----------
.. [1] Gao, Weise, Li (2015). An efficient local search heuristic with row weighting for the unicost set covering
   problem. doi:10.1016/j.ejor.2015.05.038
.. [2] Resende (1998). Computing approximate solutions of the maximum covering problem with GRASP.
   doi:10.1023/A:1009677613792
.. [3] Galvão, ReVelle (1996). A Lagrangean heuristic for the maximal covering location problem.
   doi:10.1016/0377-2217(94)00159-6
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
UInt64 = NDArray[np.uint64]

CLOSED: Final = -1
FREE: Final = 0
OPEN: Final = 1

RUIN_MOST: Final = 5
"""Most neighbouring sites that a kick closes at once."""
NOISE: Final = 0.3
"""Most that a site's gain is taken off by chance when a kick opens sites anew."""
DEFLECTION: Final = 0.3
"""Share of the last direction in the next one."""


def _compiled(function: Callable[..., Any]) -> Any:
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:  # no folder for the cache can be written: compile anew in each process
        return njit(nogil=True)(function)


@_compiled
def _draw(state: UInt64, below: int) -> int:
    """Return a whole number from 0 to below - 1 (xorshift)."""
    x = state[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    state[0] = x
    return np.int64((x >> np.uint64(1)) % np.uint64(below))  # type: ignore[no-any-return]


# ---------------------------------------------------------------- covering every point


@_compiled
def greedy_cover(
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


@_compiled
def weigh_rows(
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
        i = bare[_draw(state, bare_size)]
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


@_compiled
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


# ---------------------------------------------------------------- covering most demand


@_compiled
def _open_site(row_ptr, row_site, col_ptr, col_point, demand, count, gain, loss, chosen, j):  # type: ignore[no-untyped-def]
    """Open a site; `gain` of every site is the demand it would add, `loss` the demand that only it covers."""
    chosen[j] = 1
    loss[j] = 0.0
    for b in range(col_ptr[j], col_ptr[j + 1]):
        i = col_point[b]
        w = demand[i]
        if count[i] == 0:
            loss[j] += w
            for a in range(row_ptr[i], row_ptr[i + 1]):
                gain[row_site[a]] -= w
        elif count[i] == 1:
            for a in range(row_ptr[i], row_ptr[i + 1]):
                if chosen[row_site[a]] == 1 and row_site[a] != j:
                    loss[row_site[a]] -= w
        count[i] += 1


@_compiled
def _close_site(row_ptr, row_site, col_ptr, col_point, demand, count, gain, loss, chosen, j):  # type: ignore[no-untyped-def]
    chosen[j] = 0
    loss[j] = 0.0
    for b in range(col_ptr[j], col_ptr[j + 1]):
        i = col_point[b]
        w = demand[i]
        count[i] -= 1
        if count[i] == 0:
            for a in range(row_ptr[i], row_ptr[i + 1]):
                gain[row_site[a]] += w
        elif count[i] == 1:
            for a in range(row_ptr[i], row_ptr[i + 1]):
                if chosen[row_site[a]] == 1:
                    loss[row_site[a]] += w


@_compiled
def _best_closed(gain, chosen, status, price, room, rated, barred):  # type: ignore[no-untyped-def]
    """Return the closed site that adds most demand (for its price, where rated) and fits the room; -1 where none."""
    best, high = -1, -1.0
    for j in range(gain.size):
        if gain[j] > high or rated:
            if chosen[j] == 0 and status[j] != CLOSED and j != barred and price[j] <= room:
                value = gain[j] / max(price[j], 1e-9) if rated else gain[j]
                if value > high:
                    best, high = j, value
    return best


@_compiled
def _some_closed(gain, chosen, status, price, room, barred, state):  # type: ignore[no-untyped-def]
    """Return a closed site that adds nearly the most demand and fits the room; -1 where none."""
    best, high = -1, -1.0
    for j in range(gain.size):
        if gain[j] > high and chosen[j] == 0 and status[j] != CLOSED and j != barred and price[j] <= room:
            value = gain[j] * (1.0 - NOISE * _draw(state, 1024) / 1024.0)
            if value > high:
                best, high = j, value
    return best


@_compiled
def cover_state(row_ptr, row_site, col_ptr, col_point, demand, chosen):  # type: ignore[no-untyped-def]
    """Return how often each point is covered, and the gain and loss of each site."""
    m, n = row_ptr.size - 1, col_ptr.size - 1
    count, gain, loss = np.zeros(m, np.int64), np.zeros(n), np.zeros(n)
    for i in range(m):
        only = -1
        for a in range(row_ptr[i], row_ptr[i + 1]):
            if chosen[row_site[a]] == 1:
                count[i] += 1
                only = row_site[a]
        if count[i] == 0:
            for a in range(row_ptr[i], row_ptr[i + 1]):
                gain[row_site[a]] += demand[i]
        elif count[i] == 1:
            loss[only] += demand[i]
    return count, gain, loss


@_compiled
def fill(  # type: ignore[no-untyped-def]
    row_ptr, row_site, col_ptr, col_point, demand, price, status, chosen, count, gain, loss, most, room, rated, target
):
    """Open sites greedily until `most` are open, the room is used or the demand covered; return the room left."""
    size = 0
    for j in range(chosen.size):
        size += chosen[j]
    covered = 0.0
    for i in range(count.size):
        if count[i] > 0:
            covered += demand[i]
    while size < most and covered < target:
        j = _best_closed(gain, chosen, status, price, room, rated, -1)
        if j < 0 or (gain[j] <= 0.0 and rated):
            break
        covered += gain[j]
        _open_site(row_ptr, row_site, col_ptr, col_point, demand, count, gain, loss, chosen, j)
        room -= price[j]
        size += 1
    return room


@_compiled
def swap(  # type: ignore[no-untyped-def]
    row_ptr, row_site, col_ptr, col_point, demand, price, status, chosen, count, gain, loss, room, passes
):
    """Exchange an open site for a closed one as long as that covers more demand; return the room left."""
    n = chosen.size
    for _ in range(passes):
        better = False
        for out in np.argsort(loss):
            if chosen[out] == 0 or status[out] == OPEN:
                continue
            lost = loss[out]
            _close_site(row_ptr, row_site, col_ptr, col_point, demand, count, gain, loss, chosen, out)
            j = _best_closed(gain, chosen, status, price, room + price[out], False, out)
            if j >= 0 and gain[j] > lost * (1 + 1e-12) + 1e-12:
                _open_site(row_ptr, row_site, col_ptr, col_point, demand, count, gain, loss, chosen, j)
                room += price[out] - price[j]
                better = True
            else:
                _open_site(row_ptr, row_site, col_ptr, col_point, demand, count, gain, loss, chosen, out)
        if not better:
            break
    return room


@_compiled
def kick(  # type: ignore[no-untyped-def]
    row_ptr, row_site, col_ptr, col_point, demand, price, status, chosen, count, gain, loss, room, rounds, state, heat, best
):
    """Close some neighbouring sites, open as many greedily, exchange these once more; undo what covers much less.

    A loss is kept with a chance that falls with its size over `heat`, in demand. `best` is brought up to date with the
    best choice. Returns the room left.
    """
    n = chosen.size
    opened = np.flatnonzero(chosen)
    place = np.full(n, -1, np.int64)
    for k in range(opened.size):
        place[opened[k]] = k
    total = high = 0.0
    gone = np.empty(RUIN_MOST, np.int64)
    come = np.empty(RUIN_MOST, np.int64)
    for _ in range(rounds):
        if opened.size == 0:
            break
        first = opened[_draw(state, opened.size)]
        if status[first] == OPEN:
            continue
        want = 2 + _draw(state, RUIN_MOST - 1)
        size = 1
        gone[0] = first
        # Neighbours: open sites that cover a point of a site that shares a point with the first.
        for _try in range(12):
            if size >= want or col_ptr[first + 1] == col_ptr[first]:
                break
            i = col_point[col_ptr[first] + _draw(state, col_ptr[first + 1] - col_ptr[first])]
            j = row_site[row_ptr[i] + _draw(state, row_ptr[i + 1] - row_ptr[i])]
            i = col_point[col_ptr[j] + _draw(state, col_ptr[j + 1] - col_ptr[j])]
            for a in range(row_ptr[i], row_ptr[i + 1]):
                j = row_site[a]
                if chosen[j] == 1 and status[j] == FREE and size < want:
                    known = False
                    for k in range(size):
                        known = known or gone[k] == j
                    if not known:
                        gone[size] = j
                        size += 1
        change = 0.0
        space = room
        for k in range(size):
            change -= loss[gone[k]]
            space += price[gone[k]]
            _close_site(row_ptr, row_site, col_ptr, col_point, demand, count, gain, loss, chosen, gone[k])
        made = 0
        for k in range(size):
            j = _some_closed(gain, chosen, status, price, space, first if k == 0 else -1, state)
            if j < 0:
                break
            change += gain[j]
            space -= price[j]
            _open_site(row_ptr, row_site, col_ptr, col_point, demand, count, gain, loss, chosen, j)
            come[made] = j
            made += 1
        if made == size:
            for k in range(size):
                out = come[k]
                lost = loss[out]
                _close_site(row_ptr, row_site, col_ptr, col_point, demand, count, gain, loss, chosen, out)
                j = _best_closed(gain, chosen, status, price, space + price[out], False, -1)
                if j < 0 or gain[j] <= lost:
                    j = out
                change += gain[j] - lost
                space += price[out] - price[j]
                _open_site(row_ptr, row_site, col_ptr, col_point, demand, count, gain, loss, chosen, j)
                come[k] = j
        if made == size and (change >= 0.0 or _draw(state, 1 << 20) < np.exp(change / max(heat, 1e-9)) * (1 << 20)):
            total += change
            if total > high + 1e-9:
                high = total
                best[:] = chosen
            room = space
            free = np.empty(size, np.int64)
            for k in range(size):
                free[k] = place[gone[k]]
                place[gone[k]] = -1
            for k in range(size):
                opened[free[k]] = come[k]
                place[come[k]] = free[k]
        else:
            for k in range(made):
                _close_site(row_ptr, row_site, col_ptr, col_point, demand, count, gain, loss, chosen, come[k])
            for k in range(size):
                _open_site(row_ptr, row_site, col_ptr, col_point, demand, count, gain, loss, chosen, gone[k])
    return room


@_compiled
def descend(  # type: ignore[no-untyped-def]
    row_ptr, row_site, col_ptr, col_point, demand, price, status, most, budget, u, mu, best, aim, size, shrink,
    patience, rounds, often,
):  # fmt: skip
    """Lower the Lagrangian bound of maximal cover; close and open sites for good on the way.

    With 0 <= u_i <= w_i for z_i <= sum y_j and mu[0] >= 0 for the budget,
    L = sum_i (w_i - u_i) + mu B + the sum of the `most` largest scores s_j = sum_{i in j} u_i - mu f_j among free sites
    (all positive ones where there is no number: `most` < 0), and the scores of open ones. A site is closed (opened)
    for good once L with it open (closed) stays below `aim`, the least value better than the best plan `best`.

    `u`, `mu`, `status` and `often` are brought up to date in place, `u` to the multipliers of the best bound. Returns
    the best bound, the last step size, and whether it fell below `aim`.
    """
    m, n = row_ptr.size - 1, col_ptr.size - 1
    lowest = np.inf
    keep, keep_mu = u.copy(), mu[0]
    score = np.zeros(n)
    way = np.zeros(m)
    count = np.zeros(m)
    stall = 0
    for _ in range(rounds):
        value = 0.0
        for i in range(m):
            value += demand[i] - u[i]
        if budget < np.inf:
            value += mu[0] * budget
        free = 0
        fixed = 0
        for j in range(n):
            s = -mu[0] * price[j]
            for b in range(col_ptr[j], col_ptr[j + 1]):
                s += u[col_point[b]]
            score[j] = s
            if status[j] == OPEN:
                value += s
                fixed += 1
            elif status[j] == FREE:
                free += 1
        values = np.empty(free)
        k = 0
        for j in range(n):
            if status[j] == FREE:
                values[k] = -score[j]
                k += 1
        take = most - fixed
        if most < 0:
            high = low = 0.0
            for k in range(free):
                if values[k] < 0.0:
                    value -= values[k]
        elif take < 0 or take > free:
            return -np.inf, size, True  # no plan better than the best is left
        else:
            values.sort()
            for k in range(take):
                value -= values[k]
            high = -values[take - 1] if take > 0 else np.inf  # the smallest score taken
            low = -values[take] if take < free else -np.inf  # the largest score left
        if value < lowest:
            stall = 0 if value < lowest - 1e-6 * abs(lowest) or lowest == np.inf else stall + 1
            lowest = value
            keep[:] = u
            keep_mu = mu[0]
            if value < aim:
                break
            for j in range(n):
                if status[j] == FREE:
                    if score[j] < high and value - (high - score[j]) < aim:
                        status[j] = CLOSED
                    elif score[j] > low and value - (score[j] - low) < aim:
                        status[j] = OPEN
        else:
            stall += 1
        if stall >= patience:
            size *= shrink
            stall = 0
            u[:] = keep
            mu[0] = keep_mu
            way[:] = 0.0
            if size < 1e-3:
                break
            continue
        count[:] = 0.0
        spent = 0.0
        taken = 0
        for turn in range(2):
            for j in range(n):
                if turn == 0:
                    take_it = status[j] == OPEN or (status[j] == FREE and score[j] > high)
                else:
                    take_it = most >= 0 and status[j] == FREE and score[j] == high and taken < most
                if take_it and (turn == 1 or most < 0 or taken < most):
                    taken += 1
                    often[j] += 1
                    spent += price[j]
                    for b in range(col_ptr[j], col_ptr[j + 1]):
                        count[col_point[b]] += 1.0
        norm = 0.0
        for i in range(m):
            g = 1.0 - count[i]
            if (g < 0.0 and u[i] <= 0.0) or (g > 0.0 and u[i] >= demand[i]):
                g = 0.0
            way[i] = (1 - DEFLECTION) * g + DEFLECTION * way[i]
            norm += way[i] * way[i]
        over = 0.0
        if budget < np.inf:
            over = (spent - budget) / max(budget, 1e-9)
            if over < 0.0 and mu[0] <= 0.0:
                over = 0.0
        norm += over * over
        if norm <= 0.0:
            break
        length = size * max(value - best, 1e-9) / norm
        for i in range(m):
            u[i] = min(demand[i], max(0.0, u[i] + length * way[i]))
        if budget < np.inf:
            mu[0] = max(0.0, mu[0] + length * over / max(budget, 1e-9))
    u[:] = keep
    mu[0] = keep_mu
    return lowest, size, lowest < aim
