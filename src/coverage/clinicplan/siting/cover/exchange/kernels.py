"""Machine-code loops of covering most demand: greedy, swap, kicks.

Of every site two numbers are kept up to date: `gain`, the demand that opening it would add, and `loss`, the demand that
only it covers.

References
----------
.. [1] Resende (1998). Computing approximate solutions of the maximum covering problem with GRASP.
   doi:10.1023/A:1009677613792
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

RUIN_MOST: Final = 5
"""Most neighbouring sites that a kick closes at once."""
NOISE: Final = 0.3
"""Most that a site's gain is taken off by chance when a kick opens sites anew."""


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
def some_closed(
    gain: Float64, chosen: Int8, status: Int8, price: Float64, room: float, barred: int, state: UInt64
) -> int:
    """Return a closed site that adds nearly the most demand and fits the room; -1 where none."""
    best, high = -1, -1.0
    for j in range(gain.size):
        if gain[j] > high and chosen[j] == 0 and status[j] != CLOSED and j != barred and price[j] <= room:
            value = gain[j] * (1.0 - NOISE * draw(state, 1024) / 1024.0)
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
def kick(  # noqa: C901, PLR0912, PLR0915 - one loop nest: calls cost time here
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
    rounds: int,
    state: UInt64,
    heat: float,
    best: Int8,
) -> float:
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
        first = opened[draw(state, opened.size)]
        if status[first] == OPEN:
            continue
        want = 2 + draw(state, RUIN_MOST - 1)
        size = 1
        gone[0] = first
        # Neighbours: open sites that cover a point of a site that shares a point with the first.
        for _try in range(12):
            if size >= want or col_ptr[first + 1] == col_ptr[first]:
                break
            i = col_point[col_ptr[first] + draw(state, col_ptr[first + 1] - col_ptr[first])]
            j = row_site[row_ptr[i] + draw(state, row_ptr[i + 1] - row_ptr[i])]
            i = col_point[col_ptr[j] + draw(state, col_ptr[j + 1] - col_ptr[j])]
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
            close_site(row_ptr, row_site, col_ptr, col_point, demand, count, gain, loss, chosen, gone[k])
        made = 0
        for k in range(size):
            j = some_closed(gain, chosen, status, price, space, first if k == 0 else -1, state)
            if j < 0:
                break
            change += gain[j]
            space -= price[j]
            open_site(row_ptr, row_site, col_ptr, col_point, demand, count, gain, loss, chosen, j)
            come[made] = j
            made += 1
        if made == size:
            for k in range(size):
                out = come[k]
                lost = loss[out]
                close_site(row_ptr, row_site, col_ptr, col_point, demand, count, gain, loss, chosen, out)
                j = best_closed(gain, chosen, status, price, space + price[out], False, -1)
                if j < 0 or gain[j] <= lost:
                    j = out
                change += gain[j] - lost
                space += price[out] - price[j]
                open_site(row_ptr, row_site, col_ptr, col_point, demand, count, gain, loss, chosen, j)
                come[k] = j
        if made == size and (change >= 0.0 or draw(state, 1 << 20) < np.exp(change / max(heat, 1e-9)) * (1 << 20)):
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
                close_site(row_ptr, row_site, col_ptr, col_point, demand, count, gain, loss, chosen, come[k])
            for k in range(size):
                open_site(row_ptr, row_site, col_ptr, col_point, demand, count, gain, loss, chosen, gone[k])
    return room
