"""Optimise objectives strictly one after the other: each stage proves its value, the next keeps it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.siting.engine import Solution, Termination, solve
from clinicplan.siting.linear import LinearProgram
from clinicplan.siting.merge.formulation import Goal, row_scale
from clinicplan.siting.problem import proven

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

WHOLE: Final = 1.0
"""Objectives are whole numbers."""


@dataclass(frozen=True)
class StageValue:
    """One objective of a plan: its value, and what none can go below while the earlier ones keep theirs."""

    name: str
    value: int
    bound: float
    proven: bool


@dataclass(frozen=True, eq=False)
class Ordered:
    """What optimising in order found.

    Parameters
    ----------
    x
        Shape (columns): the plan; None where none was found.
    stages
        One an objective.
    infeasible
        Proven that no plan exists.
    seconds
        Time spent.
    parts
        Independent parts that the program fell into.
    """

    x: Float64 | None
    stages: tuple[StageValue, ...]
    infeasible: bool
    seconds: float
    parts: int


def solve_in_order(
    program: LinearProgram,
    goals: Sequence[Goal],
    *,
    time_limit_s: float,
    start: Float64 | None = None,
    threads: int = 2,
) -> Ordered:
    """Minimise whole objectives in strict order.

    A program that falls into parts without a common row is solved part by part: sums of objectives are least in order
    when each part's are. Within a part each stage adds the row objective <= its value for the stages after it. A stage
    that runs out of time leaves its bound, and nothing after it is called proven.

    Parameters
    ----------
    program
        Rows and variables; its own objective is not used.
    goals
        Whole objectives, the first weighs most.
    time_limit_s
        For all stages together.
    start
        Shape (columns): a first plan.
    threads
        Parts solved at once.

    Returns
    -------
    ordered
        The plan and the proof of each objective.
    """
    begin = time.perf_counter()
    deadline = begin + time_limit_s
    parts = _parts(program)

    def job(columns_rows: tuple[Int64, Int64]) -> _PartResult:
        return _solve_part(program, goals, *columns_rows, deadline, start)

    with ThreadPoolExecutor(max_workers=max(1, threads)) as pool:
        results = list(pool.map(job, parts))
    seconds = time.perf_counter() - begin
    if any(result.infeasible for result in results):
        return Ordered(None, (), infeasible=True, seconds=seconds, parts=len(parts))
    if any(result.x is None for result in results):
        return Ordered(None, (), infeasible=False, seconds=seconds, parts=len(parts))
    x = np.clip(np.zeros(program.cost.size), program.lower, program.upper)
    for (columns, _), result in zip(parts, results, strict=True):
        assert result.x is not None
        x[columns] = result.x
    return Ordered(x, _sums(goals, results), infeasible=False, seconds=seconds, parts=len(parts))


@dataclass(frozen=True, eq=False)
class _PartResult:
    x: Float64 | None
    stages: tuple[StageValue, ...]
    infeasible: bool = False


def _sums(goals: Sequence[Goal], results: Sequence[_PartResult]) -> tuple[StageValue, ...]:
    stages = []
    earlier = True
    for at, goal in enumerate(goals):
        value = goal.constant + sum(result.stages[at].value for result in results)
        bound = goal.constant + sum(
            result.stages[at].value if result.stages[at].proven else result.stages[at].bound for result in results
        )
        closed = earlier and all(result.stages[at].proven for result in results)
        stages.append(StageValue(goal.name, value, bound, closed))
        earlier = closed
    return tuple(stages)


def part_labels(program: LinearProgram) -> tuple[Int64, Int64]:
    """Return the number of the independent part of each row and column; variables that are fixed join nothing.

    Rows and columns with nothing free belong to the part of the first free column.
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    n_rows, n_columns = program.matrix.shape
    entries = program.matrix.tocoo()
    free = (program.lower < program.upper)[entries.col] & (entries.data != 0)
    row, column = entries.row[free], entries.col[free]
    size = n_rows + n_columns
    graph = csr_matrix((np.ones(row.size, dtype=bool), (row, n_rows + column)), shape=(size, size))
    _, label = connected_components(graph, directed=False)
    loose = np.asarray(program.lower == program.upper)
    row_label, column_label = label[:n_rows].astype(np.int64), label[n_rows:].astype(np.int64)
    first = int(column_label[~loose].min()) if (~loose).any() else 0
    row_label[np.setdiff1d(np.arange(n_rows), row)] = first
    column_label[loose] = first
    return row_label, column_label


def _parts(program: LinearProgram) -> list[tuple[Int64, Int64]]:
    """Return columns and rows of each independent part."""
    row_label, column_label = part_labels(program)
    columns_of, rows_of = _groups(column_label), _groups(row_label)
    empty = np.zeros(0, dtype=np.int64)
    names = sorted(set(columns_of) | set(rows_of))
    return [(columns_of.get(name, empty), rows_of.get(name, empty)) for name in names]


def _groups(label: NDArray[np.integer]) -> dict[int, Int64]:
    order = np.argsort(label, kind="stable")
    if not order.size:
        return {}
    cuts = np.flatnonzero(np.diff(label[order])) + 1
    return {int(label[group[0]]): group.astype(np.int64) for group in np.split(order, cuts)}


def _solve_part(
    program: LinearProgram,
    goals: Sequence[Goal],
    columns: Int64,
    rows: Int64,
    deadline: float,
    start: Float64 | None,
) -> _PartResult:
    part = _restricted(program, columns, rows)
    x = None if start is None else start[columns]
    stages: list[StageValue] = []
    closed = True
    for goal in goals:
        coefficient = goal.coefficient[columns]
        if not coefficient.any() and x is not None and stages:
            stages.append(StageValue(goal.name, 0, 0.0, closed))
            continue
        found = _minimise(part, coefficient, deadline, x)
        if found.termination is Termination.INFEASIBLE and not stages:
            return _PartResult(None, (), infeasible=True)
        if found.x is None and x is None:
            return _PartResult(None, ())
        x = found.x if found.x is not None else x
        assert x is not None
        value = int(coefficient @ np.round(x).astype(np.int64))
        closed = closed and _closed(found, value, coefficient)
        stages.append(StageValue(goal.name, value, _whole_bound(found, coefficient, closed, value), closed))
        part = _keeping(part, coefficient, value)
    return _PartResult(x, tuple(stages))


def _minimise(part: LinearProgram, coefficient: Int64, deadline: float, start: Float64 | None) -> Solution:
    scale = row_scale(coefficient)
    stage = replace(part, cost=coefficient / scale)
    return solve(stage, time_limit_s=deadline - time.perf_counter(), start=start)


def _closed(found: Solution, value: int, coefficient: Int64) -> bool:
    """Tell whether the bound, in whole units, reaches the value of the plan."""
    scale = row_scale(coefficient)
    step = int(np.gcd.reduce(coefficient)) if coefficient.any() else 1
    return proven(float(value), found.bound * scale, float(max(step, 1)))


def _whole_bound(found: Solution, coefficient: Int64, closed: bool, value: int) -> float:
    return float(value) if closed else float(min(found.bound * row_scale(coefficient), value))


def _keeping(part: LinearProgram, coefficient: Int64, value: int) -> LinearProgram:
    """Add the row that keeps an objective at its value."""
    return with_row(part, coefficient, upper=value) if coefficient.any() else part


def with_row(
    program: LinearProgram, coefficient: NDArray[np.generic], *, lower: float = -np.inf, upper: float = np.inf
) -> LinearProgram:
    """Return the program with one more row, scaled so that its largest coefficient is of the order of a thousand."""
    from scipy.sparse import csr_matrix, vstack

    scale = row_scale(np.asarray(coefficient, dtype=np.int64))
    return replace(
        program,
        matrix=vstack(
            [program.matrix, csr_matrix(np.asarray(coefficient, dtype=float)[None, :] / scale)], format="csr"
        ),
        row_lower=np.append(program.row_lower, lower / scale),
        row_upper=np.append(program.row_upper, upper / scale),
    )


def _restricted(program: LinearProgram, columns: Int64, rows: Int64) -> LinearProgram:
    """Return the rows and columns of a part; fixed variables outside it enter its bounds."""
    outside = np.ones(program.cost.size, dtype=bool)
    outside[columns] = False
    fixed = np.where(outside & (program.lower == program.upper), program.lower, 0.0)
    part = program.matrix[rows]
    moved = part @ fixed
    return LinearProgram(
        program.sense, np.zeros(columns.size), 0.0, part[:, columns].tocsr(),
        program.row_lower[rows] - moved, program.row_upper[rows] - moved,
        program.lower[columns], program.upper[columns], program.integer[columns], (), (),
    )  # fmt: skip
