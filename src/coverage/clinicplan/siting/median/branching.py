"""Prove a p-median plan by branch and bound on its Lagrangian: sites open or closed, each node bounded anew."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

import numpy as np

from clinicplan.siting.median.lagrangian import Bounded, Pace, raise_bound
from clinicplan.siting.median.lists import CLOSED, OPEN, shorten
from clinicplan.siting.median.search import Best

NODE: Final = Pace(rounds=60, size=0.5, shrink=0.6, patience=5, least_size=0.02, most_rounds=60)


@dataclass(frozen=True, eq=False)
class Searched:
    """Result of a search: best plan, bound, nodes, and whether the search is complete."""

    best: Best
    bound: float
    nodes: int
    complete: bool


def branch(root: Bounded, deadline: float) -> Searched:
    """Search depth first, open before closed, until no node is left or the time is up.

    Each node branches on the free site that the Lagrangian chose most often.
    """
    best, stack, nodes = root.best, [root], 0
    while stack:
        node = stack.pop()
        slack = node.lists.units.slack(best.value)
        if node.bound > best.value - slack:
            continue
        if time.perf_counter() > deadline:
            return Searched(best, min([node.bound, *(item.bound for item in stack)]), nodes, False)
        free = node.lists.status == 0
        site = int(np.argmax(np.where(free, node.often, -1)))
        children = []
        for kind in (CLOSED, OPEN):
            status = node.lists.status.copy()
            status[site] = kind
            nodes += 1
            lists = shorten(node.lists, status, np.full(node.lists.n_points, np.inf))
            if (np.diff(lists.row_ptr) == 0).any():
                continue
            child = raise_bound(lists, best, node.u.copy(), node.mu.copy(), deadline, NODE)
            best = child.best
            if not child.complete:
                children.append(child)
        stack.extend(children)
    return Searched(best, root.lists.units.proved(best.value), nodes, True)
