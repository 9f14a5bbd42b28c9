"""List the trips a capacitated model may assign, and bind them: every point served, no site beyond its capacity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clinicplan.siting.linear import Block, Formulation, Term
from clinicplan.siting.models.choice import MONEY_NOISE, may_open
from clinicplan.siting.problem import LocationProblem

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Trips:
    """Pairs of a point and a site that may serve it, by point, then site.

    Parameters
    ----------
    point, site
        Shape (trips): the two.
    cost
        Shape (trips): cost of serving one unit of demand.
    room
        Shape (sites): capacity, total demand where that is less.
    limit
        Shape (points): largest cost of a trip; None for none.
    """

    point: Int64
    site: Int64
    cost: Float64
    room: Float64
    limit: Float64 | None = None


def usable_trips(problem: LocationProblem, limit: Float64 | None = None, *, too_large: bool = False) -> Trips:
    """Return the trips to sites that may open, within a limit, of points that fit the site where they stay whole.

    Parameters
    ----------
    problem
        Points, sites and costs.
    limit
        Shape (points): largest cost, inclusive; None for none.
    too_large
        Keep trips of points larger than the site.
    """
    table = problem.cost
    point = np.repeat(np.arange(problem.n_points), np.diff(table.indptr))
    site, cost = table.indices.astype(np.int64), table.data
    room = np.minimum(np.inf if problem.capacity is None else problem.capacity, problem.demand.sum())
    room = np.broadcast_to(room, problem.n_sites)
    kept = may_open(problem)[site]
    if limit is not None:
        kept &= cost <= limit[point]
    if not problem.split and not too_large:
        kept &= problem.demand[point] <= room[site] * (1 + MONEY_NOISE)
    return Trips(point[kept], site[kept], cost[kept], room, limit)


def add_service(
    model: Formulation, problem: LocationProblem, trips: Trips, *, extra: bool = False, split: bool | None = None
) -> tuple[Block, Block]:
    """Add sites, trips and the rows `assign`, `capacity`, `link` and `total`; return the two blocks of variables.

    Parameters
    ----------
    model
        What the variables and rows are added to.
    problem
        Demand, rules and whether points may be split.
    trips
        Pairs that may be assigned.
    extra
        Add variables `extra`: capacity beyond what sites have, charged 1 a unit, to see how much is missing.
    split
        Whether points may be split; None for what the problem says.
    """
    whole = not (problem.split if split is None else split)
    low, high = problem.open_bounds
    number, total = np.arange(trips.point.size), float(problem.demand.sum())
    opened = model.variables("open", problem.n_sites, lower=low, upper=high, integer=True)
    served = model.variables("serve", number.size, integer=whole)
    model.constrain("assign", [Term(trips.point, served.columns)], problem.n_points, lower=1.0, upper=1.0)
    sites = np.arange(problem.n_sites)
    load = [
        Term(trips.site, served.columns, problem.demand[trips.point]),
        Term(sites, opened.columns, -trips.room),
    ]
    if extra:
        added = model.variables("extra", problem.n_sites, upper=total)
        load.append(Term(sites, added.columns, -1.0))
        model.charge(added, 1.0)
    model.constrain("capacity", load, problem.n_sites, upper=0.0)
    link = [Term(number, served.columns, 1.0), Term(number, opened.column(trips.site), -1.0)]
    model.constrain("link", link, number.size, upper=0.0)
    if not extra:
        model.constrain("total", [Term(0, opened.columns, trips.room)], 1, lower=total)
    return opened, served
