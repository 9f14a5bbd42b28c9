"""Write the p-median in its radius form: levels of cost for each point instead of pairs of point and site."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clinicplan.siting.linear import Formulation, LinearProgram, Term
from clinicplan.siting.median.lists import Lists

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]


def radius_program(lists: Lists, *, scale: float = 1.0) -> LinearProgram:
    """Return the p-median as a mixed-integer program in the radius form.

    Sets: demand points i in I; candidate sites j in J; for each point the distinct weighted costs D_i1 < ... < D_iK of
    the sites within its reach, and N_ik the sites at cost D_ik.
    Parameters: D_ik, demand times cost in the problem's own units; p, sites to open; e_j, 1 where a site exists today;
    f_j, cost of opening a site; least and most, existing sites that stay; B, budget.
    Variables: `open_j` in {0, 1}; `beyond_ik` >= 0, k < K_i, which is 1 where no site within cost D_ik of point i is
    open.

    Minimise
        (1) sum_i D_i1 + sum_i sum_{k<K} (D_i,k+1 - D_ik) beyond_ik
    subject to
        (2) sites:         sum_j open_j = p
        (3) nearest:       sum_{j in N_i1} open_j + beyond_i1 >= 1                     for every point i
        (4) farther:       sum_{j in N_ik} open_j + beyond_ik >= beyond_i,k-1          for every i and k >= 2
        (5) keep_at_least: sum_j e_j open_j >= least
        (6) keep_at_most:  sum_j e_j open_j <= most
        (7) budget:        sum_j f_j open_j <= B

    beyond_iK is absent, that is 0: every point is served within its reach. Required sites have lower bound 1.

    Parameters
    ----------
    lists
        The problem; forbidden sites are not in it.
    scale
        What costs are multiplied by.

    Returns
    -------
    program
        Blocks `open` and `beyond`, families as named above.

    References
    ----------
    .. [1] Hakimi (1964). Optimum locations of switching centers and the absolute centers and medians of a graph.
       doi:10.1287/opre.12.3.450
    .. [2] Elloumi (2010). A tighter formulation of the p-median problem. doi:10.1007/s10878-008-9162-0
    .. [3] Garcia, Labbe, Marin (2011). Solving large p-median problems with a radius formulation.
       doi:10.1287/ijoc.1100.0418
    """
    row_ptr, row_site, row_cost = lists.rows
    n, entries = lists.n_points, row_cost.size
    level, first, last, point = _levels(row_ptr, row_cost)
    inner = ~last
    z_of = np.cumsum(inner) - 1
    value = row_cost[np.searchsorted(level, np.arange(point.size))] * scale if entries else np.zeros(0)
    model = Formulation()
    site = model.variables("open", lists.n_sites, lower=(lists.status == 1).astype(float), integer=True)
    beyond = model.variables("beyond", int(inner.sum()))
    model.add_constant(float(value[first].sum()))  # (1)
    model.charge(beyond, np.diff(value, append=0.0)[inner])  # (1)
    model.constrain("sites", [Term(0, site.columns)], 1, lower=lists.p, upper=lists.p)  # (2)
    row_of = np.where(first, point, np.cumsum(~first) - 1)
    at_first = first[level] if entries else np.zeros(0, dtype=bool)
    model.constrain(
        "nearest",
        [
            Term(row_of[level[at_first]], site.column(row_site[at_first])),
            Term(row_of[first & inner], beyond.column(z_of[first & inner])),
        ],
        n,
        lower=1.0,
    )  # (3)
    later = np.flatnonzero(~first)
    model.constrain(
        "farther",
        [
            Term(row_of[level[~at_first]], site.column(row_site[~at_first])),
            Term(row_of[later[inner[later]]], beyond.column(z_of[later[inner[later]]])),
            Term(row_of[later], beyond.column(z_of[later - 1]), -1.0),
        ],
        later.size,
        lower=0.0,
    )  # (4)
    for name, coefficient, limit in zip(lists.side.names, lists.side.coefficient, lists.side.limit, strict=True):
        sign = -1.0 if name == "keep_at_least" else 1.0
        bounds = {"lower": -limit} if sign < 0 else {"upper": limit}
        model.constrain(name, [Term(0, site.columns, sign * coefficient)], 1, **bounds)  # (5) (6) (7)
    return model.program()


def cover_program(lists: Lists, *, minimise: str) -> LinearProgram:
    """Return the question whether a plan serves every point: the fewest sites, or the least of a side rule.

    Minimise sum_j open_j (`sites`: then (2) and the side rules are left out), or the left side of the side rule named,
    subject to `reach`: sum_{j in N_i} open_j >= 1 for every point i, and to (2) and the other side rules; with
    `nothing` all rules stand and the objective is empty.

    Parameters
    ----------
    lists
        The problem.
    minimise
        `sites`, `nothing` or the name of a side rule.

    Returns
    -------
    program
        Block `open`.
    """
    model = Formulation()
    site = model.variables("open", lists.n_sites, lower=(lists.status == 1).astype(float), integer=True)
    row = np.repeat(np.arange(lists.n_points), np.diff(lists.row_ptr))
    model.constrain("reach", [Term(row, site.column(lists.row_site))], lists.n_points, lower=1.0)
    if minimise == "sites":
        model.charge(site, 1.0)
        return model.program()
    model.constrain("sites", [Term(0, site.columns)], 1, lower=lists.p, upper=lists.p)
    for name, coefficient, limit in zip(lists.side.names, lists.side.coefficient, lists.side.limit, strict=True):
        if name == minimise:
            model.charge(site, coefficient)
        else:
            model.constrain(name, [Term(0, site.columns, coefficient)], 1, upper=limit)
    return model.program()


def _levels(row_ptr: Int64, row_cost: Float64) -> tuple[Int64, Flags, Flags, Int64]:
    """Return each entry's level, and of each level whether it is its point's first, its last, and the point."""
    starts = np.zeros(row_cost.size, dtype=bool)
    starts[row_ptr[:-1][np.diff(row_ptr) > 0]] = True
    owner = np.repeat(np.arange(row_ptr.size - 1), np.diff(row_ptr))
    new = starts.copy()
    new[1:] |= row_cost[1:] != row_cost[:-1]
    level = np.cumsum(new) - 1
    first, point = starts[new], owner[new]
    last = np.append(first[1:], True) if first.size else first
    return level, first, last, point
