"""Solve a linear program with HiGHS: gaps at zero, a first plan given, the bound kept whatever stops it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.siting.linear import LinearProgram

Float64 = NDArray[np.float64]

NAME: Final = "HiGHS"
FEASIBILITY: Final = 1e-7
"""Largest break of a row or of wholeness that the solver may take for none."""
HOLDS: Final = 1e-6
"""A solution read back must break no row by more than this, relative to the size of its bound."""


class Termination(StrEnum):
    """Why the solver stopped."""

    OPTIMAL = "optimal"
    """The search is complete."""
    INFEASIBLE = "infeasible"
    """No solution exists."""
    CUTOFF = "cutoff"
    """No solution better than the value given exists."""
    TIME = "time"
    """Stopped on time, or on a target reached."""
    UNBOUNDED = "unbounded"
    """The objective has no end."""


@dataclass(frozen=True, eq=False)
class Solution:
    """What the solver found.

    Parameters
    ----------
    termination
        Why it stopped.
    x
        Shape (columns): the best solution, whole numbers rounded; None without one.
    objective
        Its value; NaN without one.
    bound
        No solution is better than this (infinite where nothing is known).
    seconds, nodes
        Time and nodes of the search.
    reduced_cost
        Shape (columns), of a relaxation only; None for a mixed-integer program.
    """

    termination: Termination
    x: Float64 | None
    objective: float
    bound: float
    seconds: float
    nodes: int = 0
    reduced_cost: Float64 | None = None


def solve(
    program: LinearProgram,
    *,
    time_limit_s: float = 120.0,
    start: Float64 | None = None,
    cutoff: float | None = None,
    relaxed: bool = False,
    target: float | None = None,
    threads: int = 1,
    options: dict[str, Any] | None = None,
) -> Solution:
    """Solve a program to the end or until the time is up.

    Relative and absolute gaps are zero: the solver's own default calls a plan optimal at 1e-4.

    Parameters
    ----------
    program
        What to solve.
    time_limit_s
        Seconds, of the solver alone.
    start
        Shape (columns): a first solution; one that breaks a rule is ignored by the solver.
    cutoff
        Only solutions better than this value are looked for.
    relaxed
        Drop the whole-number conditions.
    target
        Stop as soon as a solution at least this good is found.
    threads
        Processors of the solver.
    options
        Further HiGHS options by name.

    Returns
    -------
    solution
        Best solution and bound.

    References
    ----------
    .. [1] Huangfu, Hall (2018). Parallelizing the dual revised simplex method. doi:10.1007/s12532-017-0130-5
    """
    import highspy

    if not program.cost.size:
        holds = bool((program.row_lower <= 0).all() and (program.row_upper >= 0).all())
        ended = Termination.OPTIMAL if holds else Termination.INFEASIBLE
        return Solution(ended, np.zeros(0) if holds else None, program.constant, program.constant, 0.0)
    whole = bool(program.integer.any()) and not relaxed
    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    _set_options(solver, time_limit_s, threads, cutoff, target, options)
    _pass(solver, program, whole)
    if start is not None and whole:
        solver.setSolution(start.size, np.arange(start.size, dtype=np.int32), np.asarray(start, dtype=float))
    begin = time.perf_counter()
    solver.run()
    found = _read(solver, program, whole, time.perf_counter() - begin)
    return _with_start(found, program, start) if whole else found


def _set_options(
    solver: Any,
    time_limit_s: float,
    threads: int,
    cutoff: float | None,
    target: float | None,
    options: dict[str, Any] | None,
) -> None:
    values: dict[str, Any] = {
        "output_flag": False,
        "threads": threads,
        "time_limit": max(float(time_limit_s), 0.01),
        "mip_rel_gap": 0.0,
        "mip_abs_gap": 0.0,
        "mip_feasibility_tolerance": FEASIBILITY,
        "random_seed": 1,
    }
    if cutoff is not None:
        values["objective_bound"] = float(cutoff)
    if target is not None:
        values["objective_target"] = float(target)
    for name, value in {**values, **(options or {})}.items():
        solver.setOptionValue(name, value)


def _pass(solver: Any, program: LinearProgram, whole: bool) -> None:
    import highspy

    matrix = program.matrix
    rows, columns = matrix.shape
    sense = highspy.ObjSense.kMinimize if program.sense == "minimise" else highspy.ObjSense.kMaximize
    solver.passModel(
        columns, rows, matrix.nnz, int(highspy.MatrixFormat.kRowwise), int(sense), float(program.constant),
        program.cost, program.lower, program.upper, program.row_lower, program.row_upper,
        matrix.indptr.astype(np.int32), matrix.indices.astype(np.int32), matrix.data.astype(float),
        (program.integer if whole else np.zeros(columns)).astype(np.int32),
    )  # fmt: skip


def _read(solver: Any, program: LinearProgram, whole: bool, seconds: float) -> Solution:
    import highspy

    status, info = solver.getModelStatus(), solver.getInfo()
    kinds = highspy.HighsModelStatus
    worst = np.inf if program.sense == "maximise" else -np.inf
    ended = {
        kinds.kOptimal: Termination.OPTIMAL,
        kinds.kInfeasible: Termination.INFEASIBLE,
        kinds.kUnboundedOrInfeasible: Termination.INFEASIBLE,
        kinds.kUnbounded: Termination.UNBOUNDED,
        kinds.kObjectiveBound: Termination.CUTOFF,
    }.get(status, Termination.TIME)
    x = np.array(solver.getSolution().col_value) if info.primal_solution_status == 2 else None
    if whole:
        bound = float(info.mip_dual_bound)
        if x is not None:
            x[program.integer] = np.round(x[program.integer])
            x = x if _holds(program, x) else None
        bound = bound if np.isfinite(bound) and abs(bound) < 1e29 else worst
        value = np.nan if x is None else program.value(x)
        return Solution(ended, x, value, bound, seconds, max(0, int(info.mip_node_count)))
    bound = float(info.objective_function_value) if ended is Termination.OPTIMAL else worst
    reduced = np.array(solver.getSolution().col_dual) if ended is Termination.OPTIMAL else None
    return Solution(ended, x, np.nan if x is None else program.value(x), bound, seconds, 0, reduced)


def _holds(program: LinearProgram, x: Float64) -> bool:
    """Tell whether a solution whose whole numbers were rounded still holds every row."""
    value = program.matrix @ x
    slack = HOLDS * np.maximum(1.0, np.abs(np.where(np.isfinite(program.row_lower), program.row_lower, 0.0)))
    room = HOLDS * np.maximum(1.0, np.abs(np.where(np.isfinite(program.row_upper), program.row_upper, 0.0)))
    return bool((value >= program.row_lower - slack).all() and (value <= program.row_upper + room).all())


def _with_start(found: Solution, program: LinearProgram, start: Float64 | None) -> Solution:
    """Keep the first plan where the solver found none better."""
    if start is None or not _holds(program, start):
        return found
    value = program.value(start)
    smaller = value < found.objective if program.sense == "minimise" else value > found.objective
    better = found.x is None or smaller
    return replace(found, x=start.copy(), objective=value) if better else found
