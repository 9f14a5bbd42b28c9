"""Measure how far private access roads carry: the first and last 500 m of a trip, never a way through.

A private road (`through` False) may be used within 500 m of a trip's own ends, measured along private roads. Searches
here run over private roads alone; they are small, so plain Python with a heap is quick enough.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int32] | NDArray[np.int64]
Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]
Adjacency = dict[int, list[tuple[int, int, int]]]

PRIVATE_LIMIT_MM: Final = 500_000
"""Longest use of private roads at either end of a trip, millimetres, inclusive (issue 2: first and last 500 m)."""
BEYOND_MM: Final = 2**40
"""Stands for "no open road within the limit" in arrays of lengths."""


@dataclass(frozen=True, eq=False)
class PrivateEdges:
    """Directed edges of private roads.

    Parameters
    ----------
    tail, head, time_ms, length_mm
        Shape (private edges).
    """

    tail: Whole
    head: Whole
    time_ms: Whole
    length_mm: Whole

    @cached_property
    def leaving(self) -> Adjacency:
        """Edges by the node they leave."""
        return _grouped(self.tail, self.head, self.time_ms, self.length_mm)

    @cached_property
    def entering(self) -> Adjacency:
        """Edges by the node they enter, for searches against the direction of travel."""
        return _grouped(self.head, self.tail, self.time_ms, self.length_mm)


def reach(edges: Adjacency, seeds: Iterable[int], limit_mm: int) -> list[tuple[int, int, int]]:
    """Search outwards along private roads within a length, keeping quicker and shorter ways alike.

    A node may have several ways: one is kept unless another is at least as quick and at least as short. So the quickest
    way within the limit and the shortest one are both there.

    Parameters
    ----------
    edges
        For each node its neighbours with time (ms) and length (mm).
    seeds
        Nodes to start from.
    limit_mm
        Longest way, inclusive.

    Returns
    -------
    ways
        (node, time_ms, length_mm), quickest first; the last one of a node is its shortest.

    Examples
    --------
    >>> reach({0: [(1, 10, 400), (1, 20, 300)], 1: [(2, 5, 150)]}, [0], 500)
    [(0, 0, 0), (1, 10, 400), (1, 20, 300), (2, 25, 450)]
    """
    heap = [(0, 0, seed) for seed in sorted(set(seeds))]
    shortest: dict[int, int] = {}
    ways = []
    while heap:
        time_ms, length_mm, node = heapq.heappop(heap)
        if length_mm >= shortest.get(node, limit_mm + 1):
            continue
        shortest[node] = length_mm
        ways.append((node, time_ms, length_mm))
        for neighbour, step_ms, step_mm in edges.get(node, ()):
            if length_mm + step_mm < shortest.get(neighbour, limit_mm + 1):
                heapq.heappush(heap, (time_ms + step_ms, length_mm + step_mm, neighbour))
    return ways


def lengths_to(goals: Flags, edges: Adjacency) -> Int64:
    """Return the shortest private way between every node and the nearest goal.

    Parameters
    ----------
    goals
        Shape (nodes): the nodes to reach.
    edges
        Private edges by the node they enter for ways to a goal, by the node they leave for ways from one.

    Returns
    -------
    length_mm
        Shape (nodes): 0 at goals, `BEYOND_MM` where no goal lies within `PRIVATE_LIMIT_MM`.
    """
    length_mm = np.where(goals, 0, BEYOND_MM).astype(np.int64)
    # The second value of an edge is searched for here, so the time is put aside.
    by_length = {node: [(other, 0, step_mm) for other, _, step_mm in rest] for node, rest in edges.items()}
    for node, _, way_mm in reach(by_length, [node for node in edges if goals[node]], PRIVATE_LIMIT_MM):
        length_mm[node] = min(int(length_mm[node]), way_mm)
    return length_mm


def _grouped(start: Whole, end: Whole, time_ms: Whole, length_mm: Whole) -> Adjacency:
    edges: Adjacency = {}
    rows = zip(start.tolist(), end.tolist(), time_ms.tolist(), length_mm.tolist(), strict=True)
    for node, neighbour, step_ms, step_mm in rows:
        edges.setdefault(node, []).append((neighbour, step_ms, step_mm))
    return edges
