"""Machine-code loops of the p-median: sorting lists, greedy, interchange, the Lagrangian bound.

A problem is held twice. By rows: the sites of each demand point in ascending order of cost, so that whatever concerns
the nearest open site, or the sites cheaper than a multiplier, reads the head of a row and stops. By columns: the points
of each site, which a swap touches. A point without an open site in its row pays `penalty`, a number larger than
anything the costs can add up to, so that plans that serve more points always win.

Multipliers of the Lagrangian are rounded to whole multiples of a power of two (`step`): with whole costs every sum is
then exact in double precision, whatever its order, and a bound needs no margin.

References
----------
.. [1] Resende, Werneck (2007). A fast swap-based local search procedure for location problems.
   doi:10.1007/s10479-006-0154-0
.. [2] Beasley (1993). Lagrangean heuristics for location problems. doi:10.1016/0377-2217(93)90118-7
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

PRIMAL_EVERY: Final = 10
"""Rounds of the subgradient between two looks at the plan it suggests."""
SWAP_EVERY: Final = 40
"""Rounds between two of these looks that are followed by interchange."""
DEFLECTION: Final = 0.3
"""Share of the last direction in the next one."""
AIM: Final = 1.003
"""What the steps aim at, as a multiple of the best plan's value."""


def _compiled(function: Callable[..., Any]) -> Any:
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:  # no folder for the cache can be written: compile anew in each process
        return njit(nogil=True)(function)


@_compiled
def sort_rows(row_ptr: Int64, row_site: Int32, row_cost: Float64) -> None:
    """Sort every row by cost; equal costs keep their order."""
    for i in range(row_ptr.size - 1):
        a, b = row_ptr[i], row_ptr[i + 1]
        order = np.argsort(row_cost[a:b], kind="mergesort")
        row_site[a:b] = row_site[a:b][order]
        row_cost[a:b] = row_cost[a:b][order]


@_compiled
def shorten_rows(  # type: ignore[no-untyped-def]
    row_ptr: Int64, row_site: Int32, row_cost: Float64, status: Int8, cap: Float64, most: Any, number: Int32
):
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


@_compiled
def transpose(row_ptr: Int64, row_site: Int32, row_cost: Float64, m: Any):  # type: ignore[no-untyped-def]
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


@_compiled
def plan_cost(row_ptr: Int64, row_site: Int32, row_cost: Float64, chosen: Int8, penalty: Any) -> Any:
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


@_compiled
def _excess(chosen: Int8, side: Float64, limit: Float64) -> Any:
    """Return by how much a plan breaks the side rules."""
    total = 0.0
    for r in range(limit.size):
        value = -limit[r]
        for j in range(chosen.size):
            if chosen[j]:
                value += side[r, j]
        total += max(0.0, value)
    return total


@_compiled
def greedy(  # type: ignore[no-untyped-def]
    row_ptr: Int64, row_site: Int32, row_cost: Float64, status: Int8, p: Any, penalty: Any
):
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


@_compiled
def _two_nearest(  # type: ignore[no-untyped-def]
    i: Any, row_ptr: Int64, row_site: Int32, row_cost: Float64, chosen: Int8, penalty: Any
):
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


@_compiled
def two_costs(row_ptr: Int64, row_site: Int32, row_cost: Float64, chosen: Int8, penalty: Any):  # type: ignore[no-untyped-def]
    """Return what each point pays at its nearest open site and at the second."""
    n = row_ptr.size - 1
    first, second = np.empty(n), np.empty(n)
    for i in range(n):
        _, _, first[i], second[i] = _two_nearest(i, row_ptr, row_site, row_cost, chosen, penalty)
    return first, second


@_compiled
def _breach(r: Any, j: Any, side: Float64, room: Float64) -> Any:
    """Return the excess over the side rules after site j opens and r closes."""
    total = 0.0
    for k in range(room.size):
        total += max(0.0, side[k, j] - side[k, r] - room[k])
    return total


@_compiled
def interchange(  # type: ignore[no-untyped-def]  # noqa: C901, PLR0912, PLR0915 - one loop nest: calls cost time here
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
    penalty: Any,
    tolerance: Any,
    most_passes: Any,
):
    """Swap one open for one closed site while that saves something; return the plan's cost.

    Each candidate is weighed in one pass over its points; its best partner is either the open site that costs least
    to close, or one that its own points use now. A profitable swap is made at once and only its surroundings are
    brought up to date. Breaking a side rule costs `penalty` a point times the number of points.
    """
    n, m = row_ptr.size - 1, status.size
    sided = limit.size > 0
    heavy = penalty * (n + 1)
    c1, c2 = np.empty(n, np.int64), np.empty(n, np.int64)
    d1, d2 = np.empty(n), np.empty(n)
    for i in range(n):
        c1[i], c2[i], d1[i], d2[i] = _two_nearest(i, row_ptr, row_site, row_cost, chosen, penalty)
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
                        price = loss[r] - spared[r] + heavy * (_breach(r, j, side, room) - now)
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
                c1[i], c2[i], d1[i], d2[i] = _two_nearest(i, row_ptr, row_site, row_cost, chosen, penalty)
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


@_compiled
def _reduced(row_ptr: Int64, row_site: Int32, row_cost: Float64, u: Float64, rho: Float64) -> None:
    """Add to each site what opening it saves against the multipliers (a number at most 0)."""
    for i in range(row_ptr.size - 1):
        ui = u[i]
        for a in range(row_ptr[i], row_ptr[i + 1]):
            saved = row_cost[a] - ui
            if saved >= 0.0:
                break
            rho[row_site[a]] += saved


@_compiled
def _select(  # type: ignore[no-untyped-def]
    rho: Float64, status: Int8, p: Any, chosen: Int8
):
    """Choose the p sites of least reduced cost; return their sum, the last free one in and the first one out.

    The sum is infinite where the sites that are open for good are too many, or all sites too few.
    """
    total, fixed, free = 0.0, 0, 0
    values = np.empty(rho.size)
    for j in range(rho.size):
        chosen[j] = status[j] == OPEN
        if status[j] == OPEN:
            total += rho[j]
            fixed += 1
        elif status[j] == FREE:
            values[free] = rho[j]
            free += 1
    wanted = p - fixed
    if wanted < 0 or wanted > free:
        return np.inf, 0.0, 0.0, 0
    last, first_out = -np.inf, np.inf
    if wanted > 0:
        part = np.partition(values[:free], wanted - 1)
        last = part[wanted - 1]
        if wanted < free:
            first_out = part[wanted:].min()
        below = 0
        for j in range(rho.size):
            if status[j] == FREE and rho[j] < last:
                chosen[j] = 1
                total += rho[j]
                below += 1
        for j in range(rho.size):
            if below == wanted:
                break
            if status[j] == FREE and rho[j] == last:
                chosen[j] = 1
                total += rho[j]
                below += 1
    elif free > 0:
        first_out = values[:free].min()
    return total, last, first_out, wanted


@_compiled
def descend(  # type: ignore[no-untyped-def]  # noqa: C901, PLR0912, PLR0915 - one loop nest: calls cost time here
    row_ptr: Int64,
    row_site: Int32,
    row_cost: Float64,
    col_ptr: Int64,
    col_point: Int32,
    col_cost: Float64,
    status: Int8,
    p: Any,
    side: Float64,
    limit: Float64,
    scale: Float64,
    u: Float64,
    mu: Float64,
    cap: Float64,
    plan: Int8,
    upper: Any,
    slack: Any,
    penalty: Any,
    tolerance: Any,
    step: Any,
    size: Any,
    shrink: Any,
    patience: Any,
    least_size: Any,
    rounds: Any,
    often: Int64,
):
    """Raise the Lagrangian bound by subgradient steps; fix sites and shorten lists on the way.

    `status`, `cap` (the largest cost at which a point can be served in a plan better than the best), `u`, `mu` (in the
    end: of the best bound), `plan` (when a better one is found) and `often` (how often each site was chosen) are
    changed in place. Returned: bound, value of the best plan, size of the last step, whether the bound proves that no
    plan is better, and whether the search may go on.
    """
    n, m = row_ptr.size - 1, status.size
    rho, direction = np.zeros(m), np.zeros(n)
    turn = np.zeros(limit.size)
    chosen, trial = np.zeros(m, np.int8), np.zeros(m, np.int8)
    best_u, best_mu = u.copy(), mu.copy()
    bound, stall = -np.inf, 0
    for k in range(rounds):
        value = 0.0
        for i in range(n):
            u[i] = np.floor(u[i] / step) * step if step > 0 else u[i]
            value += u[i]
        rho[:] = 0.0
        for r in range(limit.size):
            mu[r] = np.floor(mu[r] / step) * step if step > 0 else mu[r]
            value -= mu[r] * limit[r]
            if mu[r] > 0:
                for j in range(m):
                    rho[j] += mu[r] * side[r, j]
        _reduced(row_ptr, row_site, row_cost, u, rho)
        total, last, first_out, wanted = _select(rho, status, p, chosen)
        value += total
        if value > upper - slack:
            u[:], mu[:] = best_u, best_mu
            return max(bound, value), upper, size, True, False
        if value > bound:
            if value > bound + 1e-5 * abs(value):
                stall = 0
            bound = value
            best_u[:], best_mu[:] = u, mu
        else:
            stall += 1
        free = 0
        for j in range(m):
            often[j] += chosen[j]
            if status[j] == FREE:
                if chosen[j]:
                    if value + first_out - rho[j] > upper - slack:
                        status[j] = OPEN
                    else:
                        free += 1
                elif wanted == 0 or value + rho[j] - last > upper - slack:
                    status[j] = CLOSED
                else:
                    free += 1
        if k % PRIMAL_EVERY == 0 or free == 0 or first_out == np.inf:
            cost = plan_cost(row_ptr, row_site, row_cost, chosen, penalty)
            within = _excess(chosen, side, limit) == 0.0
            if cost < upper - tolerance and cost < penalty and within:
                upper = cost
                plan[:] = chosen
            if k % SWAP_EVERY == 0 and free > 0:
                trial[:] = chosen
                cost = interchange(
                    row_ptr, row_site, row_cost, col_ptr, col_point, col_cost, status, side, limit, trial,
                    penalty, tolerance, 50,
                )  # fmt: skip
                if cost < upper - tolerance and cost < penalty and _excess(trial, side, limit) == 0.0:
                    upper = cost
                    plan[:] = trial
            if free == 0 or first_out == np.inf:  # only this plan was left
                u[:], mu[:] = best_u, best_mu
                return bound, upper, size, True, False
        aim = upper * AIM if upper < np.inf else max(bound, value) + 0.05 * abs(bound) + 1.0
        square = 0.0
        room = upper - slack - value
        for i in range(n):
            served = 0
            for a in range(row_ptr[i], row_ptr[i + 1]):
                if row_cost[a] >= u[i]:
                    break
                served += chosen[row_site[a]]
            if u[i] + room < cap[i]:
                cap[i] = u[i] + room
            direction[i] = (1.0 - DEFLECTION) * (1.0 - served) + DEFLECTION * direction[i]
            square += direction[i] * direction[i]
        for r in range(limit.size):
            over = -limit[r]
            for j in range(m):
                if chosen[j]:
                    over += side[r, j]
            turn[r] = (1.0 - DEFLECTION) * over / scale[r] + DEFLECTION * turn[r]
            square += turn[r] * turn[r]
        if stall >= patience:
            size *= shrink
            stall = 0
            u[:], mu[:] = best_u, best_mu
        if square == 0.0 or size < least_size:
            u[:], mu[:] = best_u, best_mu
            return bound, upper, size, False, False
        length = size * (aim - value) / square
        for i in range(n):
            u[i] = max(0.0, u[i] + length * direction[i])
        for r in range(limit.size):
            mu[r] = max(0.0, mu[r] + length * turn[r] / scale[r])
    u[:], mu[:] = best_u, best_mu
    return bound, upper, size, False, True
