"""Find the best of many seeds for every node, however far, with exact ties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clinicplan.network.graph import Int32
from clinicplan.travel.search import Int64, SearchArcs, node_numbers


@dataclass(frozen=True, eq=False)
class NearestSeeds:
    """The best seed of every node.

    Parameters
    ----------
    seed
        Shape (nodes): row of the seed, -1 where none is reached.
    first, second
        Shape (nodes): sums of the two weights, start weights included; -1 where none is reached.
    """

    seed: Int32
    first: Int64
    second: Int64


def nearest_seeds(
    arcs: SearchArcs, nodes: ArrayLike, first: ArrayLike, second: ArrayLike, *, limit: int | None = None
) -> NearestSeeds:
    """Find the seed that reaches each node best: least first weight, then least second, then the seed listed first.

    Three searches from one extra node joined to all seeds: by the first weight; by the second along edges that lie on
    best routes by the first; by the number of the seed along edges that lie on best routes by both. Whole numbers below
    2**53 throughout, so nothing need be packed and nothing can overflow.

    Parameters
    ----------
    arcs
        Edges to follow.
    nodes, first, second
        Shape (seeds): node of each seed and the weights it starts with; several seeds may share a node.
    limit
        Largest sum of the first weight, inclusive; None for no limit.

    Returns
    -------
    nearest
        Seed and sums of every node.
    """
    seeds = _best_seed_a_node(
        node_numbers(nodes, arcs.n_nodes, "nodes"), np.asarray(first, np.int64), np.asarray(second, np.int64)
    )
    start = arcs.n_nodes
    tail = np.concatenate([np.repeat(np.arange(start), np.diff(arcs.indptr)), np.full(seeds.node.size, start)])
    head = np.concatenate([arcs.head, seeds.node])
    of_arcs = np.zeros(arcs.head.size, dtype=np.int64)
    stages = (
        np.concatenate([arcs.first, seeds.first]),
        np.concatenate([arcs.second, seeds.second]),
        np.concatenate([of_arcs, seeds.row]),
    )
    tight = np.ones(tail.size, dtype=bool)
    results: list[Int64] = []
    for weight in stages:
        total = _from_node(start, tail[tight], head[tight], weight[tight], limit if not results else None)
        tight[tight] = total[tail[tight]] + weight[tight] == total[head[tight]]
        results.append(np.where(np.isfinite(total), total, -1)[:start].astype(np.int64))
    return NearestSeeds(results[2].astype(np.int32), results[0], results[1])


class _Seeds(NamedTuple):
    node: Int32
    first: Int64
    second: Int64
    row: Int64


def _best_seed_a_node(node: Int32, first: Int64, second: Int64) -> _Seeds:
    order = np.lexsort((np.arange(node.size), second, first, node))
    chosen = order[np.unique(node[order], return_index=True)[1]]
    return _Seeds(node[chosen], first[chosen], second[chosen], chosen.astype(np.int64))


def _from_node(start: int, tail: Int64, head: Int64, weight: Int64, limit: int | None) -> NDArray[np.float64]:
    """Return the least sum of weights from the last node to every node, infinite where there is no way.

    Edges come sorted by tail.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    indptr = np.searchsorted(tail, np.arange(start + 2)).astype(np.int32)
    graph = csr_array((weight.astype(np.float64), head.astype(np.int32), indptr), shape=(start + 1, start + 1))
    most = np.inf if limit is None else float(limit)
    total: NDArray[np.float64] = dijkstra(graph, indices=np.array([start]), limit=most)[0]
    return total
