"""Machine-code loops of covering most demand: greedy, swap, annealing.

Of every site two numbers are kept up to date: `gain`, the demand that opening it would add, and `loss`, the demand that
only it covers.

References
----------
.. [1] Resende (1998). Computing approximate solutions of the maximum covering problem with GRASP.
   doi:10.1023/A:1009677613792
.. [2] Kirkpatrick, Gelatt, Vecchi (1983). Optimization by simulated annealing. doi:10.1126/science.220.4598.671
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.siting.cover.kernels import CLOSED, FREE, OPEN, compiled, draw

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Int32 = NDArray[np.int32]
Int8 = NDArray[np.int8]
UInt64 = NDArray[np.uint64]

FAR_ONE_IN: Final = 10
"""One exchange in so many is tried with any site, the others with one that shares a point, or with a neighbour's."""


@compiled
def open_site(
    row_ptr: Int64,
    row_site: Int32,
    col_ptr: Int64,
    col_point: Int32,
    demand: Float64,
    count: Int64,
    gain: Float64,
    loss: Float64,
    chosen: Int8,
    j: int,
) -> None:
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


@compiled
def close_site(
    row_ptr: Int64,
    row_site: Int32,
    col_ptr: Int64,
    col_point: Int32,
    demand: Float64,
    count: Int64,
    gain: Float64,
    loss: Float64,
    chosen: Int8,
    j: int,
) -> None:
    """Close a site; `gain` and `loss` stay what they mean."""
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


@compiled
def best_closed(
    gain: Float64, chosen: Int8, status: Int8, price: Float64, room: float, rated: bool, barred: int
) -> int:
    """Return the closed site that adds most demand (for its price, where rated) and fits the room; -1 where none."""
    best, high = -1, -1.0
    for j in range(gain.size):
        if (gain[j] > high or rated) and chosen[j] == 0 and status[j] != CLOSED and j != barred and price[j] <= room:
            value = gain[j] / max(price[j], 1e-9) if rated else gain[j]
            if value > high:
                best, high = j, value
    return best


@compiled
def cover_state(
    row_ptr: Int64, row_site: Int32, col_ptr: Int64, demand: Float64, chosen: Int8
) -> tuple[Int64, Float64, Float64]:
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


@compiled
def fill(
    row_ptr: Int64,
    row_site: Int32,
    col_ptr: Int64,
    col_point: Int32,
    demand: Float64,
    price: Float64,
    status: Int8,
    chosen: Int8,
    count: Int64,
    gain: Float64,
    loss: Float64,
    most: int,
    room: float,
    rated: bool,
    target: float,
) -> float:
    """Open sites greedily until `most` are open, the room is used or the demand covered; return the room left."""
    size = 0
    for j in range(chosen.size):
        size += chosen[j]
    covered = 0.0
    for i in range(count.size):
        if count[i] > 0:
            covered += demand[i]
    while size < most and covered < target:
        j = best_closed(gain, chosen, status, price, room, rated, -1)
        if j < 0 or (gain[j] <= 0.0 and rated):
            break
        covered += gain[j]
        open_site(row_ptr, row_site, col_ptr, col_point, demand, count, gain, loss, chosen, j)
        room -= price[j]
        size += 1
    return room


@compiled
def swap(
    row_ptr: Int64,
    row_site: Int32,
    col_ptr: Int64,
    col_point: Int32,
    demand: Float64,
    price: Float64,
    status: Int8,
    chosen: Int8,
    count: Int64,
    gain: Float64,
    loss: Float64,
    room: float,
    passes: int,
) -> float:
    """Exchange an open site for a closed one as long as that covers more demand; return the room left."""
    for _ in range(passes):
        better = False
        for out in np.argsort(loss):
            if chosen[out] == 0 or status[out] == OPEN:
                continue
            lost = loss[out]
            close_site(row_ptr, row_site, col_ptr, col_point, demand, count, gain, loss, chosen, out)
            j = best_closed(gain, chosen, status, price, room + price[out], False, out)
            if j >= 0 and gain[j] > lost * (1 + 1e-12) + 1e-12:
                open_site(row_ptr, row_site, col_ptr, col_point, demand, count, gain, loss, chosen, j)
                room += price[out] - price[j]
                better = True
            else:
                open_site(row_ptr, row_site, col_ptr, col_point, demand, count, gain, loss, chosen, out)
        if not better:
            break
    return room


@compiled
def anneal(  # noqa: C901 - one loop nest: calls cost time here
    row_ptr: Int64,
    row_site: Int32,
    col_ptr: Int64,
    col_point: Int32,
    demand: Float64,
    price: Float64,
    status: Int8,
    chosen: Int8,
    count: Int64,
    room: float,
    trials: int,
    heat: float,
    state: UInt64,
) -> float:
    """Exchange an open site for a closed one, mostly near it, also where that covers less; return the room left.

    A loss is kept with a chance that falls with its size over `heat`, in demand. Only `chosen` and `count` are brought
    up to date.
    """
    n = chosen.size
    opened = np.flatnonzero((chosen == 1) & (status == FREE))
    for _ in range(trials if opened.size else 0):
        k = draw(state, opened.size)
        out = opened[k]
        j = draw(state, n)
        if col_ptr[out + 1] > col_ptr[out] and draw(state, FAR_ONE_IN) > 0:
            j = out
            for _step in range(1 + draw(state, 2)):
                i = col_point[col_ptr[j] + draw(state, col_ptr[j + 1] - col_ptr[j])]
                j = row_site[row_ptr[i] + draw(state, row_ptr[i + 1] - row_ptr[i])]
        if chosen[j] == 1 or status[j] != FREE or price[j] > room + price[out]:
            continue
        change = 0.0
        for b in range(col_ptr[out], col_ptr[out + 1]):
            i = col_point[b]
            count[i] -= 1
            if count[i] == 0:
                change -= demand[i]
        for b in range(col_ptr[j], col_ptr[j + 1]):
            if count[col_point[b]] == 0:
                change += demand[col_point[b]]
        if change >= 0.0 or draw(state, 1 << 30) < np.exp(change / heat) * (1 << 30):
            for b in range(col_ptr[j], col_ptr[j + 1]):
                count[col_point[b]] += 1
            chosen[out], chosen[j] = 0, 1
            opened[k] = j
            room += price[out] - price[j]
        else:
            for b in range(col_ptr[out], col_ptr[out + 1]):
                count[col_point[b]] += 1
    return room
