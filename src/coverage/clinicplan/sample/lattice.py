"""Lay a warped square lattice over the county and its margin: the mesh on which terrain, roads and streams are grown.

Roads run along the mesh lines, streams from the middle of one mesh line to the middle of the next. So a stream meets a
road only in the middle of a mesh line, and two roads meet only in nodes: whatever is grown here is planar.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

WARP_M = 950.0
"""Amplitude of the slow bend that turns the mesh out of north, metres."""
JITTER_SHARE = 0.27
"""Largest shift of a node, as a share of the spacing; below a third the mesh cannot fold."""


@dataclass(frozen=True, eq=False)
class Lattice:
    """Nodes in rows and columns, joined along rows, along columns and over one diagonal a cell.

    Parameters
    ----------
    rows, columns
        Number of nodes northwards and eastwards.
    spacing_m
        Mean distance of neighbours, metres.
    x, y
        Shape (nodes): position, metres.
    tail, head
        Shape (edges): the two nodes of each edge: first all edges along rows, then along columns, then diagonals.
    leans
        Shape (cells): the diagonal runs from south-west to north-east.
    """

    rows: int
    columns: int
    spacing_m: float
    x: FloatArray
    y: FloatArray
    tail: IntArray
    head: IntArray
    leans: BoolArray

    @property
    def n_along_rows(self) -> int:
        """Number of edges along rows; they come first."""
        return self.rows * (self.columns - 1)

    @property
    def n_axis_edges(self) -> int:
        """Number of edges along rows and columns; diagonals follow."""
        return self.n_along_rows + (self.rows - 1) * self.columns

    @property
    def length_m(self) -> FloatArray:
        """Shape (edges): straight length, metres."""
        return np.hypot(self.x[self.tail] - self.x[self.head], self.y[self.tail] - self.y[self.head])

    @property
    def middles(self) -> FloatArray:
        """Shape (edges, 2): middle of each edge."""
        return np.column_stack(
            [(self.x[self.tail] + self.x[self.head]) / 2, (self.y[self.tail] + self.y[self.head]) / 2]
        )

    def cell_mean(self, values: FloatArray) -> FloatArray:
        """Return the mean of the four corners of each cell, shape (cells)."""
        grid = values.reshape(self.rows, self.columns)
        return np.asarray((grid[:-1, :-1] + grid[1:, :-1] + grid[:-1, 1:] + grid[1:, 1:]) / 4).ravel()

    def node_mean(self, values: FloatArray) -> FloatArray:
        """Return the mean of the cells around each node, shape (nodes)."""
        padded = np.pad(values.reshape(self.rows - 1, self.columns - 1), 1, mode="edge")
        return np.asarray((padded[:-1, :-1] + padded[1:, :-1] + padded[:-1, 1:] + padded[1:, 1:]) / 4).ravel()

    def cell_sides_of(self, cell: int) -> list[int]:
        """Return the edges below, right of, above and left of one cell."""
        row, column = divmod(cell, self.columns - 1)
        below, left = row * (self.columns - 1) + column, self.n_along_rows + row * self.columns + column
        return [below, left + 1, below + self.columns - 1, left]

    def cell_sides(self) -> IntArray:
        """Return the edges below, right of, above and left of each cell, shape (cells, 4)."""
        row, column = np.divmod(np.arange((self.rows - 1) * (self.columns - 1)), self.columns - 1)
        below = row * (self.columns - 1) + column
        left = self.n_along_rows + row * self.columns + column
        return np.column_stack([below, left + 1, below + self.columns - 1, left])


@dataclass(frozen=True, eq=False)
class Mesh:
    """The undirected lattice as a sparse matrix whose weights can be set anew for each search."""

    lattice: Lattice
    indptr: NDArray[np.int32]
    indices: NDArray[np.int32]
    edge_of_entry: IntArray

    def weighted(self, weight: FloatArray) -> sparse.csr_matrix:
        """Return the matrix with a weight an edge; infinite weights close an edge."""
        size = len(self.indptr) - 1
        data = weight[self.edge_of_entry]
        if np.isfinite(data).all():
            return sparse.csr_matrix((data, self.indices, self.indptr), shape=(size, size))
        kept = np.isfinite(data)
        before = np.concatenate([[0], np.cumsum(kept)]).astype(np.int32)
        return sparse.csr_matrix((data[kept], self.indices[kept], before[self.indptr]), shape=(size, size))


def lay_lattice(box: tuple[float, float, float, float], spacing_m: float, seed: int) -> Lattice:
    """Lay the lattice over a box given as west, south, east, north in metres."""
    random = np.random.default_rng([seed, 1])
    columns = int(np.ceil((box[2] - box[0]) / spacing_m)) + 1
    rows = int(np.ceil((box[3] - box[1]) / spacing_m)) + 1
    x, y = np.meshgrid(box[0] + spacing_m * np.arange(columns), box[1] + spacing_m * np.arange(rows))
    x, y = _bend(x, y, box, random)
    jitter = random.uniform(-JITTER_SHARE, JITTER_SHARE, (2, rows, columns)) * spacing_m
    leans = random.random((rows - 1) * (columns - 1)) < 0.5
    tail, head = _edges(rows, columns, leans)
    return Lattice(rows, columns, spacing_m, (x + jitter[0]).ravel(), (y + jitter[1]).ravel(), tail, head, leans)


def _bend(
    x: FloatArray, y: FloatArray, box: tuple[float, float, float, float], random: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Shift the nodes along slow waves, so that no direction is privileged."""
    shift_x, shift_y = np.zeros_like(x), np.zeros_like(y)
    for wave_m in (23_000.0, 14_000.0, 9_000.0):
        angle, phase = random.uniform(0, 2 * np.pi, 2)
        along = 2 * np.pi / wave_m * ((x - box[0]) * np.cos(angle) + (y - box[1]) * np.sin(angle)) + phase
        amplitude = WARP_M * wave_m / 23_000.0
        shift_x += amplitude * -np.sin(angle) * np.sin(along)
        shift_y += amplitude * np.cos(angle) * np.sin(along)
    return x + shift_x, y + shift_y


def _edges(rows: int, columns: int, leans: BoolArray) -> tuple[IntArray, IntArray]:
    node = np.arange(rows * columns).reshape(rows, columns)
    rising = np.column_stack([node[:-1, :-1].ravel(), node[1:, 1:].ravel()])
    falling = np.column_stack([node[:-1, 1:].ravel(), node[1:, :-1].ravel()])
    diagonal = np.where(leans[:, None], rising, falling)
    tail = np.concatenate([node[:, :-1].ravel(), node[:-1, :].ravel(), diagonal[:, 0]])
    head = np.concatenate([node[:, 1:].ravel(), node[1:, :].ravel(), diagonal[:, 1]])
    return tail, head


def mesh_of(lattice: Lattice) -> Mesh:
    """Arrange the lattice for searches; each edge is entered from both ends."""
    size, edges = lattice.rows * lattice.columns, len(lattice.tail)
    row = np.concatenate([lattice.tail, lattice.head])
    column = np.concatenate([lattice.head, lattice.tail])
    order = np.argsort(row * np.int64(size) + column, kind="stable")
    indptr = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=size))]).astype(np.int32)
    return Mesh(lattice, indptr, column[order].astype(np.int32), np.tile(np.arange(edges), 2)[order])
