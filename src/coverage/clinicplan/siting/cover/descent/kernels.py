"""Machine-code loop of maximal cover: lower the Lagrangian bound, settle sites on the way.

References
----------
.. [1] Galvão, ReVelle (1996). A Lagrangean heuristic for the maximal covering location problem.
   doi:10.1016/0377-2217(94)00159-6
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.siting.cover.kernels import CLOSED, FREE, OPEN, compiled

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Int32 = NDArray[np.int32]
Int8 = NDArray[np.int8]
UInt64 = NDArray[np.uint64]

DEFLECTION: Final = 0.3
"""Share of the last direction in the next one."""


@compiled
def descend(  # noqa: C901, PLR0912, PLR0915 - one loop nest: calls cost time here
    row_ptr: Int64,
    col_ptr: Int64,
    col_point: Int32,
    demand: Float64,
    price: Float64,
    status: Int8,
    most: int,
    budget: float,
    u: Float64,
    mu: Float64,
    best: float,
    aim: float,
    size: float,
    shrink: float,
    patience: int,
    rounds: int,
    often: Int64,
) -> tuple[float, float, bool]:
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
