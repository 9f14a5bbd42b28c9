"""Write the covering models as linear programs, each with its numbered formulation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clinicplan.siting.linear import Block, Formulation, LinearProgram, Term
from clinicplan.siting.models.choice import constrain_choice
from clinicplan.siting.problem import LocationProblem

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


def cover_program(problem: LocationProblem, limit: ArrayLike, times: ArrayLike = 1) -> LinearProgram:
    """Build the least cost of sites that cover every point, each a number of times (set cover, multiple cover).

    Sets: points I, sites J, existing sites E, N(i) the sites whose cost c_ij is at most the limit T_i (units of cost).
    Parameters: site costs f_j (money, or 1); times r_i that point i is covered; bounds k-, k+ of existing sites.
    Variables: y_j in {0, 1}, 1 where site j opens (`open`); required sites are fixed at 1, forbidden ones at 0.

    (1) minimise sum_j f_j y_j
    (2) `cover`: sum_{j in N(i)} y_j >= r_i for every point i
    (3) `keep`: k- <= sum_{j in E} y_j <= k+

    Parameters
    ----------
    problem
        Points, sites, costs and rules.
    limit
        Largest cost of a trip, inclusive: one for all, or one per point.
    times
        How often each point is covered: one for all, or one per point.

    Returns
    -------
    program
        The model with its rows by name.

    References
    ----------
    .. [1] Toregas, Swain, ReVelle, Bergman (1971). The location of emergency service facilities.
       doi:10.1287/opre.19.6.1363
    """
    model = Formulation()
    opened = _opened(model, problem)
    model.charge(opened, problem.site_cost)  # (1)
    needed = np.broadcast_to(np.asarray(times, dtype=float), problem.n_points)
    model.constrain("cover", [_reach(problem.within(limit), opened)], problem.n_points, lower=needed)  # (2)
    constrain_choice(model, opened, problem)  # (3)
    return model.program()


def backup_program(problem: LocationProblem, limit: ArrayLike, most: float, unit: float = 1.0) -> LinearProgram:
    """Build the second stage of backup cover: most demand covered twice by a cover that costs no more than the least.

    Sets: points I, sites J, existing sites E, N(i) the sites whose cost c_ij is at most the limit T_i (units of cost).
    Parameters: demand w_i (people); site costs f_j (money, or 1); least cost F of a cover; bounds k-, k+ of existing
    sites.
    Variables: y_j in {0, 1}, 1 where site j opens (`open`); b_i in [0, 1], 1 where point i is covered at least twice
    (`twice`), whole by itself wherever y is.

    (1) maximise sum_i w_i b_i
    (2) `cover`: sum_{j in N(i)} y_j >= 1 for every point i
    (3) `backup`: sum_{j in N(i)} y_j - b_i >= 1 for every point i
    (4) `sites`: sum_j f_j y_j <= F
    (5) `keep`: k- <= sum_{j in E} y_j <= k+

    Parameters
    ----------
    problem
        Points, sites, costs and rules.
    limit
        Largest cost of a trip, inclusive: one for all, or one per point.
    most
        F; the caller adds what floating sums may be off.
    unit
        Row (4) is divided by it.

    Returns
    -------
    program
        The model with its rows by name.

    References
    ----------
    .. [1] Hogan, ReVelle (1986). Concepts and applications of backup coverage. doi:10.1287/mnsc.32.11.1434
    """
    model = Formulation("maximise")
    opened = _opened(model, problem)
    twice = model.variables("twice", problem.n_points)
    model.charge(twice, problem.demand)  # (1)
    reach = _reach(problem.within(limit), opened)
    every = np.arange(problem.n_points)
    model.constrain("cover", [reach], problem.n_points, lower=1.0)  # (2)
    model.constrain("backup", [reach, Term(every, twice.columns, -1.0)], problem.n_points, lower=1.0)  # (3)
    price = Term(0, opened.columns, problem.site_cost / unit)
    model.constrain("sites", [price], 1, upper=most / unit)  # (4)
    constrain_choice(model, opened, problem)  # (5)
    return model.program()


def max_cover_program(
    problem: LocationProblem, limit: ArrayLike, p: int | None = None, *, budget: float | None = None
) -> LinearProgram:
    """Build the most demand that p sites, or the sites that a budget buys, cover (maximal cover).

    Sets: points I, sites J, existing sites E, N(i) the sites whose cost c_ij is at most the limit T_i (units of cost).
    Parameters: demand w_i (people); number of sites p; site costs f_j and budget B (money); bounds k-, k+ of existing
    sites.
    Variables: y_j in {0, 1}, 1 where site j opens (`open`); z_i in [0, 1], 1 where point i is covered (`served`),
    whole by itself wherever y is.

    (1) maximise sum_i w_i z_i
    (2) `covered`: z_i <= sum_{j in N(i)} y_j for every point i
    (3) `count`: sum_j y_j = p
    (4) `budget`: sum_j f_j y_j <= B
    (5) `keep`: k- <= sum_{j in E} y_j <= k+

    Parameters
    ----------
    problem
        Points, sites, costs and rules.
    limit
        Largest cost of a trip, inclusive: one for all, or one per point.
    p
        Number of sites; None leaves out (3).
    budget
        Most that sites may cost; None leaves out (4).

    Returns
    -------
    program
        The model with its rows by name.

    References
    ----------
    .. [1] Church, ReVelle (1974). The maximal covering location problem. doi:10.1007/BF01942293
    """
    model = Formulation("maximise")
    opened = _opened(model, problem)
    served = _served(model, problem, limit, opened)  # (2)
    model.charge(served, problem.demand)  # (1)
    constrain_choice(model, opened, problem, p, budget)  # (3) (4) (5)
    return model.program()


def partial_program(problem: LocationProblem, limit: ArrayLike, target: float, unit: float = 1.0) -> LinearProgram:
    """Build the least cost of sites that cover a given demand (partial cover).

    Sets: points I, sites J, existing sites E, N(i) the sites whose cost c_ij is at most the limit T_i (units of cost).
    Parameters: demand w_i (people); demand D to cover; site costs f_j (money, or 1); bounds k-, k+ of existing sites.
    Variables: y_j in {0, 1}, 1 where site j opens (`open`); z_i in [0, 1], 1 where point i is covered (`served`).

    (1) minimise sum_j f_j y_j
    (2) `covered`: z_i <= sum_{j in N(i)} y_j for every point i
    (3) `target`: sum_i w_i z_i >= D
    (4) `keep`: k- <= sum_{j in E} y_j <= k+

    Parameters
    ----------
    problem
        Points, sites, costs and rules.
    limit
        Largest cost of a trip, inclusive: one for all, or one per point.
    target
        D; the caller takes off what floating sums may be off.
    unit
        Row (3) is divided by it.

    Returns
    -------
    program
        The model with its rows by name.

    References
    ----------
    .. [1] Daskin, Owen (1999). Two new location covering problems: the partial p-center problem and the partial set
       covering problem. doi:10.1111/j.1538-4632.1999.tb00980.x
    """
    model = Formulation()
    opened = _opened(model, problem)
    model.charge(opened, problem.site_cost)  # (1)
    served = _served(model, problem, limit, opened)  # (2)
    model.constrain("target", [Term(0, served.columns, problem.demand / unit)], 1, lower=target / unit)  # (3)
    constrain_choice(model, opened, problem)  # (4)
    return model.program()


def _opened(model: Formulation, problem: LocationProblem) -> Block:
    low, high = problem.open_bounds
    return model.variables("open", problem.n_sites, lower=low, upper=high, integer=True)


def _served(model: Formulation, problem: LocationProblem, limit: ArrayLike, opened: Block) -> Block:
    served = model.variables("served", problem.n_points)
    own = Term(np.arange(problem.n_points), served.columns, -1.0)
    model.constrain("covered", [_reach(problem.within(limit), opened), own], problem.n_points, lower=0.0)
    return served


def _reach(table: csr_matrix, opened: Block) -> Term:
    rows = np.repeat(np.arange(table.shape[0]), np.diff(table.indptr))
    return Term(rows, opened.column(table.indices))
