"""Bounded shortest-path kernels in machine code; imported only when a job is large enough to repay loading numba.

One search is Dijkstra's with a bucket queue (Dial): buckets of 2**shift units, each a linked list in one pool. A node
that is improved within the bucket being emptied is scanned again, so the answer is exact for any width, for zero
weights too, and does not depend on the order of equal entries. A search touches only what it reaches: distances start
and are left at `limit + 1`, and the list of visited nodes both undoes the writes and makes the output row.

Relaxing an edge has no branch: candidate entries are written always and counted only when they improve. A mispredicted
branch costs more than the few writes. All kernels release the interpreter lock; workspaces belong to one thread.

References
----------
.. [1] Dial (1969). Algorithm 360: shortest-path forest with topological ordering. doi:10.1145/363269.363610
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]

DONE: Final = 0
OUTPUT_FULL: Final = 1
POOL_FULL: Final = 2
SLACK: Final = 8
"""Entries that output rows may be written beyond their end."""

_HEAD_MASK: Final = np.int64(0x7FFFFFFF)


def _compiled(function: Callable[..., Any]) -> Any:
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:  # no folder for the cache can be written: compile anew in each process
        return njit(nogil=True)(function)


@_compiled
def reach_one(  # noqa: C901, PLR0912, PLR0915 - one loop nest: calls and small functions cost time here
    indptr: Int32,
    arc: Int64,
    source: Int32,
    limit: Any,
    shift: Any,
    column: Int32,
    distance: Int32,
    visited: Int32,
    pool: Int64,
    bucket: Int32,
    mark: NDArray[np.uint8],
    mark_words: Int64,
    out_column: Int32,
    out_first: Int32,
    out_indptr: Int64,
) -> tuple[int, int, int]:
    """Search from each source by one weight; write columns and weights row by row.

    Parameters
    ----------
    indptr, arc
        Edges by tail; each packs weight << 32 | head.
    column
        Shape (nodes): output column, -1 unwanted; empty for every node in order of its number.
    distance
        Shape (nodes) int32, all limit + 1, and so again afterwards.
    visited, pool, bucket, mark, mark_words
        Workspace: nodes + 1 int32; any int64; buckets + 1 int32, all -1; nodes rounded up to 8 bytes, all 0, twice.

    Returns
    -------
    rows, entries, status
        Rows finished, entries written, and `DONE` or what was too small for the next row.
    """
    beyond = np.int32(limit + 1)
    last = np.int64(limit) >> shift
    position: Any = np.int64(0)
    everywhere = column.size == 0
    for row in range(source.size):
        u = np.int64(source[row])
        distance[u] = 0
        visited[0] = u
        n_visited = np.int64(1)
        pool[0] = (np.int64(-1) << 32) | u
        bucket[0] = 0
        free = np.int64(1)
        waiting = np.int64(1)
        b = np.int64(0)
        status = DONE
        while waiting > 0:
            entry = bucket[b]
            if entry < 0:
                b += 1
                continue
            key = pool[entry]
            bucket[b] = np.int32(key >> 32)
            waiting -= 1
            u = key & _HEAD_MASK
            d = np.int64(distance[u])
            if (d >> shift) != b:  # improved into an earlier bucket since, and scanned there
                continue
            start, end = indptr[u], indptr[u + 1]
            if free + (end - start) > pool.size:
                status = POOL_FULL
                break
            before = free
            for j in range(start, end):
                a = arc[j]
                v = a & _HEAD_MASK
                reached = d + (a >> 32)
                known = np.int64(distance[v])
                better = np.int64(reached < known)
                visited[n_visited] = v
                n_visited += better & np.int64(known == beyond)
                distance[v] = np.int32(min(reached, known))
                q = min(reached >> shift, last + 1)
                top = bucket[q]
                pool[free] = (np.int64(top) << 32) | v
                bucket[q] = np.int32(free) if better else top
                free += better
            waiting += free - before
        if status == DONE and position + n_visited + SLACK > out_column.size:
            status = OUTPUT_FULL
        if status != DONE:
            for q in range(b, last + 2):
                bucket[q] = -1
            for k in range(n_visited):
                distance[visited[k]] = beyond
            return row, position, status
        if everywhere:
            low: Any = np.int64(visited[0])
            high: Any = low
            for k in range(n_visited):
                u = np.int64(visited[k])
                mark[u] = 1
                low = min(low, u)
                high = max(high, u)
            for word in range(low >> 3, (high >> 3) + 1):
                if mark_words[word] != 0:
                    for v in range(word << 3, min((word << 3) + 8, distance.size)):
                        out_column[position] = v
                        out_first[position] = distance[v]
                        position += mark[v]
                    mark_words[word] = 0
            for k in range(n_visited):
                distance[visited[k]] = beyond
        else:
            for k in range(n_visited):
                u = np.int64(visited[k])
                c = column[u]
                out_column[position] = c
                out_first[position] = distance[u]
                position += np.int64(c >= 0)
                distance[u] = beyond
        out_indptr[row + 1] = position
    return source.size, position, DONE


@_compiled
def reach_two(  # noqa: C901, PLR0915 - one loop nest: calls and small functions cost time here
    indptr: Int32,
    head: Int32,
    weight: Int64,
    source: Int32,
    limit: Any,
    shift: Any,
    column: Int32,
    distance: Int64,
    visited: Int32,
    pool: Int64,
    bucket: Int32,
    out_column: Int32,
    out_first: Int64,
    out_indptr: Int64,
) -> tuple[int, int, int]:
    """Search like `reach_one` by two weights packed into 64 bits, the first above the second.

    `limit` and the rows written are packed too; `column` holds a column or -1 for every node.
    """
    beyond = np.int64(limit + 1)
    last = np.int64(limit) >> shift
    position: Any = np.int64(0)
    for row in range(source.size):
        u = np.int64(source[row])
        distance[u] = 0
        visited[0] = u
        n_visited = np.int64(1)
        pool[0] = (np.int64(-1) << 32) | u
        bucket[0] = 0
        free = np.int64(1)
        waiting = np.int64(1)
        b = np.int64(0)
        status = DONE
        while waiting > 0:
            entry = bucket[b]
            if entry < 0:
                b += 1
                continue
            key = pool[entry]
            bucket[b] = np.int32(key >> 32)
            waiting -= 1
            u = key & _HEAD_MASK
            d = distance[u]
            if (d >> shift) != b:
                continue
            start, end = indptr[u], indptr[u + 1]
            if free + (end - start) > pool.size:
                status = POOL_FULL
                break
            before = free
            for j in range(start, end):
                v = np.int64(head[j])
                reached = d + weight[j]
                known = distance[v]
                better = np.int64(reached < known)
                visited[n_visited] = v
                n_visited += better & np.int64(known == beyond)
                distance[v] = min(reached, known)
                q = min(reached >> shift, last + 1)
                top = bucket[q]
                pool[free] = (np.int64(top) << 32) | v
                bucket[q] = np.int32(free) if better else top
                free += better
            waiting += free - before
        if status == DONE and position + n_visited + SLACK > out_column.size:
            status = OUTPUT_FULL
        if status != DONE:
            for q in range(b, last + 2):
                bucket[q] = -1
            for k in range(n_visited):
                distance[visited[k]] = beyond
            return row, position, status
        for k in range(n_visited):
            u = np.int64(visited[k])
            c = column[u]
            out_column[position] = c
            out_first[position] = distance[u]
            position += np.int64(c >= 0)
            distance[u] = beyond
        out_indptr[row + 1] = position
    return source.size, position, DONE
