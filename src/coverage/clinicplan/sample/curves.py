"""Bend lattice roads into curves: every line keeps the middles of its edges and rounds the corners between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clinicplan.sample.highways import Classes
from clinicplan.sample.lattice import FloatArray, IntArray, Lattice


@dataclass(frozen=True, eq=False)
class Curves:
    """Where the points of the curved network stand.

    Parameters
    ----------
    node
        Shape (nodes, 2): lattice nodes, moved onto the curve of the road that runs through.
    middle
        Shape (edges, 2): middles of edges; curves pass them along the edge, and streams cross here.
    tail_quarter, head_quarter
        Shape (edges, 2): point of the curve between the middle and the tail or head; NaN where the line is straight.
    degree
        Shape (nodes): number of roads that end or pass, a passing one counting twice.
    """

    node: FloatArray
    middle: FloatArray
    tail_quarter: FloatArray
    head_quarter: FloatArray
    degree: IntArray


def bend_roads(lattice: Lattice, classes: Classes, crossing_km2: FloatArray) -> Curves:
    """Round the corners of every road; at a junction the two most important, straightest arms share a curve.

    A corner at b between the middles m and n becomes the parabola with control points m, b, n: it leaves the middles
    along the edges, stays within the triangle m b n, and so never meets another road of the mesh. Junctions beside
    water stay where they are, so that their other arms keep to their own bank.

    Parameters
    ----------
    classes
        Shape (edges): road class, 0 where there is none.
    crossing_km2
        Shape (edges): drained area of the stream over each edge, 0 where none is.
    """
    used = np.flatnonzero(classes > 0)
    node = np.column_stack([lattice.x, lattice.y])
    middle = lattice.middles
    degree = np.bincount(np.concatenate([lattice.tail[used], lattice.head[used]]), minlength=len(node))
    wet = np.unique(np.concatenate([lattice.tail[crossing_km2 > 0], lattice.head[crossing_km2 > 0]]))
    one, two, corner = _pairs(lattice, classes, used, degree, middle)
    bends = (degree[corner] == 2) | ~np.isin(corner, wet)
    one, two, corner = one[bends], two[bends], corner[bends]
    moved = node.copy()
    moved[corner] = 0.25 * middle[one] + 0.5 * node[corner] + 0.25 * middle[two]
    tail_quarter, head_quarter = np.full_like(middle, np.nan), np.full_like(middle, np.nan)
    for edge, other in ((one, two), (two, one)):
        point = 0.5625 * middle[edge] + 0.375 * node[corner] + 0.0625 * middle[other]
        at_tail = lattice.tail[edge] == corner
        tail_quarter[edge[at_tail]] = point[at_tail]
        head_quarter[edge[~at_tail]] = point[~at_tail]
    return Curves(moved, middle, tail_quarter, head_quarter, degree)


def _pairs(
    lattice: Lattice, classes: Classes, used: IntArray, degree: IntArray, middle: FloatArray
) -> tuple[IntArray, IntArray, IntArray]:
    """Return for each corner the two edges whose curve passes it."""
    ends = np.concatenate([lattice.tail[used], lattice.head[used]])
    order = np.argsort(ends, kind="stable")
    ends, edges = ends[order], np.tile(used, 2)[order]
    first = np.flatnonzero(np.concatenate([[True], ends[1:] != ends[:-1]]))
    corners = ends[first]
    simple = degree[corners] == 2
    one, two, corner = edges[first[simple]], edges[first[simple] + 1], corners[simple]
    extra: list[tuple[int, int, int]] = []
    for start, node in zip(first[degree[corners] > 2].tolist(), corners[degree[corners] > 2].tolist(), strict=True):
        arms = edges[start : start + degree[node]]
        extra.append((*_straightest(arms, classes, middle, lattice.x[node], lattice.y[node]), node))
    more = np.asarray(extra, dtype=np.int64).reshape(-1, 3)
    return (
        np.concatenate([one, more[:, 0]]), np.concatenate([two, more[:, 1]]), np.concatenate([corner, more[:, 2]])
    )  # fmt: skip


def _straightest(arms: IntArray, classes: Classes, middle: FloatArray, x: float, y: float) -> tuple[int, int]:
    """Return the pair of arms with the lowest classes, and among these the straightest."""
    direction = middle[arms] - (x, y)
    direction /= np.hypot(direction[:, 0], direction[:, 1])[:, None]
    bend = direction @ direction.T
    rank = classes[arms].astype(np.float64)
    score = bend + 0.6 * (rank[:, None] + rank[None, :])
    np.fill_diagonal(score, np.inf)
    best = int(np.argmin(score))
    return int(arms[best // len(arms)]), int(arms[best % len(arms)])
