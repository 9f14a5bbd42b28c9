"""Machine-code loop of the p-median: raise the Lagrangian bound, fix sites and shorten lists on the way.

Multipliers are rounded to whole multiples of a power of two (`step`): with whole costs every sum is then exact in
double precision, whatever its order, and a bound needs no margin.

References
----------
.. [1] Beasley (1993). Lagrangean heuristics for location problems. doi:10.1016/0377-2217(93)90118-7
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.siting.median.interchange.kernels import excess, interchange, serve_all
from clinicplan.siting.median.kernels import CLOSED, FREE, OPEN, compiled, plan_cost

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Int32 = NDArray[np.int32]
Int8 = NDArray[np.int8]

PRIMAL_EVERY: Final = 10
"""Rounds of the subgradient between two looks at the plan it suggests."""
SWAP_EVERY: Final = 20
"""Rounds between two of these looks that are followed by interchange."""
SERVE_ROUNDS: Final = 30
"""Rounds of swaps in which a plan so found must come to serve every point."""
DEFLECTION: Final = 0.3
"""Share of the last direction in the next one."""
AIM: Final = 1.003
"""What the steps aim at, as a multiple of the best plan's value."""


@compiled
def reduced(row_ptr: Int64, row_site: Int32, row_cost: Float64, u: Float64, rho: Float64) -> None:
    """Add to each site what opening it saves against the multipliers (a number at most 0)."""
    for i in range(row_ptr.size - 1):
        ui = u[i]
        for a in range(row_ptr[i], row_ptr[i + 1]):
            saved = row_cost[a] - ui
            if saved >= 0.0:
                break
            rho[row_site[a]] += saved


@compiled
def select(  # noqa: C901 - one loop nest: calls cost time here
    rho: Float64, status: Int8, p: int, chosen: Int8
) -> tuple[float, float, float, int]:
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


@compiled
def descend(  # noqa: C901, PLR0912, PLR0915 - one loop nest: calls cost time here
    row_ptr: Int64,
    row_site: Int32,
    row_cost: Float64,
    col_ptr: Int64,
    col_point: Int32,
    col_cost: Float64,
    status: Int8,
    p: int,
    side: Float64,
    limit: Float64,
    scale: Float64,
    u: Float64,
    mu: Float64,
    prices: Float64,
    cap: Float64,
    plan: Int8,
    upper: float,
    slack: float,
    penalty: float,
    tolerance: float,
    step: float,
    size: float,
    shrink: float,
    patience: int,
    least_size: float,
    rounds: int,
    often: Int64,
) -> tuple[float, float, float, bool, bool]:
    """Raise the Lagrangian bound by subgradient steps; fix sites and shorten lists on the way.

    `status`, `cap` (the largest cost at which a point can be served in a plan better than the best), `u`, `mu` (in the
    end: of the best bound), `prices` (of points without a site), `plan` (when a better one is found)
    and `often` (how often each site was chosen) are changed in place. Returned: bound, value of the best plan, size of
    the last step, whether the bound proves that no plan is better, and whether the search may go on.
    """
    n, m = row_ptr.size - 1, status.size
    rho, direction = np.zeros(m), np.zeros(n)
    turn = np.zeros(limit.size)
    chosen, trial = np.zeros(m, np.int8), np.zeros(m, np.int8)
    best_u, best_mu = u.copy(), mu.copy()
    full = np.full(n, penalty)
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
        reduced(row_ptr, row_site, row_cost, u, rho)
        total, last, first_out, wanted = select(rho, status, p, chosen)
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
            within = excess(chosen, side, limit) == 0.0
            if cost < upper - tolerance and cost < penalty and within:
                upper = cost
                plan[:] = chosen
            if k % SWAP_EVERY == 0 and free > 0:
                trial[:] = chosen
                served = serve_all(
                    row_ptr, row_site, row_cost, col_ptr, col_point, col_cost, status, side, limit, trial,
                    prices, tolerance, SERVE_ROUNDS,
                )  # fmt: skip
                cost = penalty
                if served:
                    cost = interchange(
                        row_ptr, row_site, row_cost, col_ptr, col_point, col_cost, status, side, limit, trial,
                        full, tolerance, 50,
                    )  # fmt: skip
                if cost < upper - tolerance and cost < penalty and excess(trial, side, limit) == 0.0:
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
            cap[i] = min(cap[i], u[i] + room)
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
