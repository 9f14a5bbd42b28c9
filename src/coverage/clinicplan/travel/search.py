"""Find what lies within a limit of each source node, exactly, in whole milliseconds or millimetres.

Two interchangeable searches give the same answer to the last unit: scipy's Dijkstra, ready at once but with a cost per
source that grows with the whole network, and kernels in machine code that touch only what they reach but cost seconds
to load. `reached_blocks` chooses by the estimated work. Routes can be compared by one weight or by two: the first
decides, the second settles ties, both are summed exactly (packed into one number whose parts are proven not to
overflow).
"""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clinicplan.errors import NetworkError
from clinicplan.network.graph import Int32, RoadNetwork
from clinicplan.network.simplification import Arcs, Weight, best_arcs

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Int64 = NDArray[np.int64]
Backend = Literal["auto", "scipy", "numba"]

LARGEST_LIMIT: Final = 2**31 - 2
"""Largest limit of a search in ms or mm: 24 days, 2,147 km."""
EXACT_FLOAT_BITS: Final = 53
"""Whole numbers below 2**53 are exact in 64-bit floats."""
PACKED_BITS: Final = 62
FINEST_BUCKETS_BITS, USUAL_BUCKETS_BITS = 16, 8

SCIPY_S_PER_NODE: Final = 1.2e-8
"""Seconds of scipy's search per source and node up to `SCIPY_REACH` nodes; measured, field/engine.md section a."""
SCIPY_REACH: Final = 50_000
SCIPY_S_PER_FURTHER_NODE: Final = 2e-9
KERNEL_LOADING_S: Final = 2.5
KERNEL_CALL_S: Final = 0.002
KERNEL_CALL_S_PER_NODE: Final = 5e-9
DENSE_CELLS: Final = 4_000_000
"""Cells of one dense block of scipy distances: 32 MB."""
SOURCES_PER_CHUNK: Final = 64
FIRST_OUTPUT_ENTRIES: Final = 1 << 18


@dataclass(frozen=True, eq=False)
class SearchArcs:
    """Edges ready for searching: grouped by the node they leave, loops dropped, the best of parallel ones kept.

    Parameters
    ----------
    indptr, head
        Edges of node v are rows `indptr[v]:indptr[v + 1]`.
    first, second
        Shape (edges): the weight that is minimised, and the one that settles ties (ms and mm or the reverse).
    """

    n_nodes: int
    indptr: Int32
    head: Int32
    first: Int32
    second: Int32

    @cached_property
    def packed(self) -> Int64:
        """Shape (edges): first weight << 32 | head."""
        return (self.first.astype(np.int64) << 32) | self.head

    @cached_property
    def usual_first(self) -> int:
        """The tenth percentile of the first weight."""
        return int(np.percentile(self.first, 10)) if self.first.size else 1

    def graph(self, weight: NDArray[np.floating[Any]]) -> csr_array[Any]:
        """Return the edges as a matrix for scipy, zero weights stored."""
        from scipy.sparse import csr_array

        return csr_array((weight, self.head, self.indptr), shape=(self.n_nodes, self.n_nodes))

    def second_bits(self, limit: int) -> int:
        """Return how many bits hold the sum of second weights along any walk of first weight up to the limit.

        Two bounds hold. Each unit of the first weight brings at most the largest ratio of the two, and edges without a
        first weight are used once on a best route, twice on a candidate that closes a loop. And no candidate uses any
        edge twice, so the sum of all edges is enough.
        """
        free = self.first == 0
        ratio = float(np.max(self.second[~free] / self.first[~free], initial=0.0))
        by_ratio = int(np.ceil(limit * ratio * (1 + 1e-9))) + 2 * int(self.second[free].sum(dtype=np.int64)) + 1
        return min(by_ratio, int(self.second.sum(dtype=np.int64))).bit_length()


@dataclass(frozen=True, eq=False)
class ReachedBlock:
    """What some of the sources reach.

    Parameters
    ----------
    rows
        Shape (rows): place of each row's source in the list of sources asked.
    indptr
        Shape (rows + 1): entries of row i are `indptr[i]:indptr[i + 1]`, ascending in column.
    column
        Shape (entries): node, or column of the wanted node.
    first, second
        Shape (entries): sums of the two weights; `second` is empty when only one was asked.
    """

    rows: Int64
    indptr: Int64
    column: Int32
    first: Int64
    second: Int64


def search_arcs(network: RoadNetwork, *, weight: Weight = "time", backward: bool = False) -> SearchArcs:
    """Group a network's edges for searching, forward or against their direction."""
    tail, head = (network.head, network.tail) if backward else (network.tail, network.head)
    first, second = (network.time_ms, network.length_mm)[:: 1 if weight == "time" else -1]
    best = best_arcs(Arcs(network.n_nodes, tail, head, first, second))
    indptr = np.zeros(network.n_nodes + 1, dtype=np.int32)
    np.cumsum(np.bincount(best.tail, minlength=network.n_nodes), out=indptr[1:])
    return SearchArcs(network.n_nodes, indptr, *(np.array(a, dtype=np.int32) for a in best[2:]))


def reached_blocks(
    arcs: SearchArcs,
    sources: ArrayLike,
    *,
    limit: int,
    column: Int32 | None = None,
    both: bool = False,
    backend: Backend = "auto",
    threads: int | None = None,
) -> Iterator[ReachedBlock]:
    """Search from every source, a block of sources at a time, so that memory stays bounded whatever their number.

    Parameters
    ----------
    arcs
        Edges to follow.
    sources
        Node numbers; repeats allowed.
    limit
        Largest sum of the first weight, inclusive (ms or mm).
    column
        Shape (nodes): column of each wanted node, -1 for the others, no column twice; None wants every node, column =
        node.
    both
        Whether to sum the second weight along the best route too (least first weight, then least second).
    backend
        `auto` chooses by the estimated work; the answer is the same.
    threads
        How many threads the kernels use; default one per available processor.

    Yields
    ------
    block
        Rows in an order of the search's own; every source is in exactly one block.

    Raises
    ------
    NetworkError
        If a source is no node, the limit is negative or beyond `LARGEST_LIMIT`, or two weights need over 62 bits.
    """
    nodes = node_numbers(sources, arcs.n_nodes, "sources")
    if not 0 <= limit <= LARGEST_LIMIT:
        raise NetworkError(f"a search limit must lie between 0 and {LARGEST_LIMIT:,} ms or mm, got {limit:,}")
    order = np.argsort(nodes, kind="stable")  # neighbours in turn: what one search read is still near for the next
    bits = arcs.second_bits(limit) if both else 0
    job = _Job(arcs, nodes[order], order, int(limit), column, both, bits)
    if _chosen(job, backend) == "scipy":
        yield from _scipy_blocks(job)
    else:
        yield from _kernel_blocks(job, threads or _processors())


def reached_table(
    arcs: SearchArcs,
    sources: ArrayLike,
    *,
    limit: int,
    column: Int32 | None = None,
    both: bool = False,
    backend: Backend = "auto",
    threads: int | None = None,
) -> ReachedBlock:
    """Search from every source and return one block, rows in the order of the sources; see `reached_blocks`."""
    found = reached_blocks(arcs, sources, limit=limit, column=column, both=both, backend=backend, threads=threads)
    blocks = list(found)
    if not blocks:
        none = np.zeros(0, dtype=np.int64)
        return ReachedBlock(none, np.zeros(1, dtype=np.int64), none.astype(np.int32), none, none)
    return _in_source_order(blocks)


def node_numbers(values: ArrayLike, n_nodes: int, name: str) -> Int32:
    """Return node numbers as an array, or say which one is none."""
    numbers = np.atleast_1d(np.asarray(values))
    if numbers.size == 0:
        return np.zeros(0, dtype=np.int32)
    if not np.issubdtype(numbers.dtype, np.integer):
        raise NetworkError(f"{name} must hold whole node numbers, got {numbers.dtype}")
    wrong = numbers[(numbers < 0) | (numbers >= n_nodes)][:5].tolist()
    if wrong:
        raise NetworkError(f"{name} holds numbers that are no nodes: {wrong}; nodes are 0 to {n_nodes - 1}")
    return numbers.astype(np.int32)


class _Job(NamedTuple):
    arcs: SearchArcs
    sources: Int32
    rows: Int64
    limit: int
    column: Int32 | None
    both: bool
    second_bits: int

    @property
    def packed_limit(self) -> int:
        return ((self.limit + 1) << self.second_bits) - 1

    def unpacked(self, total: NDArray[Any]) -> tuple[Int64, Int64]:
        whole = total.astype(np.int64)
        if not self.both:
            return whole, np.zeros(0, dtype=np.int64)
        return whole >> self.second_bits, whole & ((1 << self.second_bits) - 1)

    def packed_weights(self) -> Int64:
        """Return both weights of every edge in one number; edges longer than the limit are just beyond it."""
        first = np.minimum(self.arcs.first.astype(np.int64), self.limit + 1)
        second = np.where(first <= self.limit, self.arcs.second, 0) if self.both else 0
        packed: Int64 = (first << self.second_bits) + second
        return packed

    def block(self, part: slice, indptr: Int64, column: Int32, total: NDArray[Any]) -> ReachedBlock:
        return ReachedBlock(self.rows[part], indptr, column, *self.unpacked(total))


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _chosen(job: _Job, backend: Backend) -> str:
    bits = (job.packed_limit + 1).bit_length()
    if bits > PACKED_BITS:
        raise NetworkError(
            f"time and length of the routes need {bits} bits, {PACKED_BITS} are there: "
            "check the units of the edges, or search with a smaller limit"
        )
    if backend == "scipy" and job.packed_limit >= 1 << EXACT_FLOAT_BITS:
        raise NetworkError("scipy's 64-bit floats cannot hold time and length of these routes exactly")
    if backend != "auto":
        return backend
    return "numba" if job.packed_limit >= 1 << EXACT_FLOAT_BITS or kernels_pay(job.arcs, job.sources.size) else "scipy"


def kernels_pay(arcs: SearchArcs, n_sources: int) -> bool:
    """Tell whether the kernels, loading included where they are not yet loaded, cost less than searching with scipy."""
    near = min(arcs.n_nodes, SCIPY_REACH)
    scipy_s = n_sources * (near * SCIPY_S_PER_NODE + (arcs.n_nodes - near) * SCIPY_S_PER_FURTHER_NODE)
    loaded = "clinicplan.travel.kernels" in sys.modules
    return scipy_s > (0.0 if loaded else KERNEL_LOADING_S) + KERNEL_CALL_S + arcs.n_nodes * KERNEL_CALL_S_PER_NODE


def _scipy_blocks(job: _Job) -> Iterator[ReachedBlock]:
    """Search with scipy: exact, since every sum stays below 2**53."""
    from scipy.sparse.csgraph import dijkstra

    arcs = job.arcs
    graph = arcs.graph(job.packed_weights().astype(np.float64))
    wanted = _wanted_nodes(job.column)
    step = max(1, DENSE_CELLS // max(arcs.n_nodes, 1))
    for start in range(0, job.sources.size, step):
        part = slice(start, start + step)
        total = dijkstra(graph, indices=job.sources[part], limit=float(job.packed_limit))
        total = total if wanted is None else total[:, wanted]
        row, column = np.nonzero(np.isfinite(total))
        indptr = np.zeros(total.shape[0] + 1, dtype=np.int64)
        np.cumsum(np.bincount(row, minlength=total.shape[0]), out=indptr[1:])
        yield job.block(part, indptr, column.astype(np.int32), total[row, column])


def _wanted_nodes(column: Int32 | None) -> Int64 | None:
    """Return the node of every column."""
    if column is None:
        return None
    nodes = np.flatnonzero(column >= 0)
    return nodes[np.argsort(column[nodes], kind="stable")]


def _kernel_blocks(job: _Job, threads: int) -> Iterator[ReachedBlock]:
    """Search chunks of sources in threads; a few chunks ahead of the reader, never all at once."""
    import clinicplan.travel.kernels  # noqa: F401 - loaded before the threads start

    starts = range(0, job.sources.size, SOURCES_PER_CHUNK)
    weight = job.packed_weights() if job.both else job.arcs.packed
    if threads == 1 or len(starts) < 2:
        desk = _Desk(job, weight)
        for start in starts:
            yield from desk.search(start)
        return
    local = threading.local()

    def search(start: int) -> list[ReachedBlock]:
        if not hasattr(local, "desk"):
            local.desk = _Desk(job, weight)
        return local.desk.search(start)  # type: ignore[no-any-return]

    running: deque[Future[list[ReachedBlock]]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for start in starts:
            running.append(pool.submit(search, start))
            if len(running) > 2 * threads:
                yield from running.popleft().result()
        while running:
            yield from running.popleft().result()


class _Desk:
    """The workspace of one thread, and the search that uses it."""

    def __init__(self, job: _Job, weight: Int64) -> None:
        n = job.arcs.n_nodes
        self.job = job
        self.weight = weight
        self.shift = _bucket_shift(job.arcs, job.limit)
        self.distance = np.full(n, job.packed_limit + 1, dtype=np.int64 if job.both else np.int32)
        self.bucket = np.full((job.limit >> self.shift) + 2, -1, dtype=np.int32)
        self.mark_words = np.zeros(n // 8 + 1 if job.column is None else 1, dtype=np.int64)
        self.column = _kernel_columns(job)
        self.n_columns = int(self.column.max(initial=0)) + 1
        self._resize_pool(job.arcs.head.size + 64)  # pages never touched are never committed
        self._resize_output(FIRST_OUTPUT_ENTRIES)

    def search(self, start: int) -> list[ReachedBlock]:
        """Search one chunk; rows that do not fit begin a new block."""
        end = min(start + SOURCES_PER_CHUNK, self.job.sources.size)
        blocks = []
        while start < end:
            indptr = np.zeros(end - start + 1, dtype=np.int64)
            rows, entries, status = self._run(self.job.sources[start:end], indptr)
            if rows:
                blocks.append(self._block(slice(start, start + rows), indptr[: rows + 1], entries))
            start += rows
            self._make_room(status, rows)
        return blocks

    def _run(self, sources: Int32, indptr: Int64) -> tuple[int, int, int]:
        from clinicplan.travel import kernels

        job, arcs = self.job, self.job.arcs
        work = (self.distance, self.scanned, self.pool, self.bucket)
        out = (self.out_column, self.out_first, indptr)
        if job.both:
            shift = self.shift + job.second_bits
            given = (arcs.indptr, arcs.head, self.weight, sources, job.packed_limit, shift, self.column)
            return kernels.reach_two(*given, *work, *out)  # type: ignore[no-any-return]
        given_one = (arcs.indptr, self.weight, sources, job.limit, self.shift, self.column)
        marks = (self.mark_words.view(np.uint8), self.mark_words)
        return kernels.reach_one(*given_one, *work, *marks, *out)  # type: ignore[no-any-return]

    def _block(self, part: slice, indptr: Int64, entries: int) -> ReachedBlock:
        column, total = self.out_column[:entries].copy(), self.out_first[:entries].copy()
        if self.column.size:
            column, total = _rows_sorted(indptr, column, total, self.n_columns)
        return self.job.block(part, indptr, column, total)

    def _make_room(self, status: int, rows: int) -> None:
        from clinicplan.travel import kernels

        if status == kernels.POOL_FULL:
            self._resize_pool(2 * self.pool.size)
        elif status == kernels.OUTPUT_FULL and rows == 0:
            self._resize_output(2 * self.out_column.size)

    def _resize_pool(self, entries: int) -> None:
        self.pool = np.empty(entries, dtype=np.int64)
        self.scanned = np.empty(entries, dtype=np.int32)

    def _resize_output(self, entries: int) -> None:
        self.out_column = np.empty(entries, dtype=np.int32)
        self.out_first = np.empty(entries, dtype=self.distance.dtype)


def _kernel_columns(job: _Job) -> Int32:
    """Return the column of every node as the kernels take it; none at all stands for every node by one weight."""
    if job.column is not None:
        return np.array(job.column, dtype=np.int32)  # a copy of its own: the kernels take writable arrays only
    return np.arange(job.arcs.n_nodes if job.both else 0, dtype=np.int32)


def _bucket_shift(arcs: SearchArcs, limit: int) -> int:
    """Return the width of a bucket as a power of two: a 128th to 256th of the limit, less where edges are shorter.

    A node is scanned at most once for each value inside a bucket, so narrow buckets bound the work on tiny edges.
    """
    usual = limit.bit_length() - USUAL_BUCKETS_BITS
    finest = limit.bit_length() - FINEST_BUCKETS_BITS
    return max(0, finest, min(usual, max(arcs.usual_first, 1).bit_length() - 1))


def _rows_sorted(indptr: Int64, column: Int32, total: NDArray[Any], n_columns: int) -> tuple[Int32, NDArray[Any]]:
    from scipy.sparse import csr_array

    table = csr_array((total, column, indptr), shape=(indptr.size - 1, n_columns))
    table.sort_indices()
    return table.indices.astype(np.int32, copy=False), table.data


def _in_source_order(blocks: list[ReachedBlock]) -> ReachedBlock:
    """Join blocks and put their rows in the order of the sources."""
    rows = np.concatenate([block.rows for block in blocks])
    indptr = np.append(0, np.cumsum(np.concatenate([np.diff(block.indptr) for block in blocks])))
    column, first, second = (
        np.concatenate([getattr(block, name) for block in blocks]) for name in ("column", "first", "second")
    )
    if (np.diff(rows) < 0).any():
        order = np.argsort(rows, kind="stable")
        second = _rows_taken(order, indptr, column, second).data if second.size else second
        table = _rows_taken(order, indptr, column, first)
        rows, indptr, column, first = rows[order], table.indptr, table.indices, table.data
    return ReachedBlock(rows, indptr.astype(np.int64), column.astype(np.int32, copy=False), first, second)


def _rows_taken(order: Int64, indptr: Int64, column: Int32, values: Int64) -> csr_array[Any]:
    from scipy.sparse import csr_array

    width = int(column.max(initial=0)) + 1
    return csr_array((values, column, indptr), shape=(indptr.size - 1, width))[order]
