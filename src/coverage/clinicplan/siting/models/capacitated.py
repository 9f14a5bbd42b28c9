"""Choose sites that can serve no more than their capacity: cover, p-median, facility location."""

from __future__ import annotations

import time

from numpy.typing import ArrayLike

from clinicplan.siting.linear import Formulation, LinearProgram
from clinicplan.siting.models.capacity_faults import check_capacities, check_limit
from clinicplan.siting.models.capacity_plans import Model, plan_sites
from clinicplan.siting.models.capacity_trips import Trips, add_service, usable_trips
from clinicplan.siting.models.choice import check_choice, constrain_choice
from clinicplan.siting.problem import LocationProblem, SitingResult

__all__ = [
    "build_capacitated_cover",
    "build_capacitated_p_median",
    "build_facility_location",
    "capacitated_cover",
    "capacitated_facility_location",
    "capacitated_p_median",
]


def capacitated_cover(problem: LocationProblem, limit: ArrayLike, *, time_limit_s: float = 120.0) -> SitingResult:
    """Open the cheapest sites that serve every point within a limit and no site beyond its capacity.

    With the default `site_cost` of 1 these are the fewest sites. A point is assigned whole to one site unless
    `problem.split`; points without demand are assigned too.

    Parameters
    ----------
    problem
        Points, sites, costs and `capacity`.
    limit
        Largest cost of a trip, inclusive: one for all or one per point.
    time_limit_s
        Seconds for the whole call.

    Returns
    -------
    result
        `objective` and `bound` in units of `site_cost`; `shares` where points may be split.

    Raises
    ------
    SitingError
        If there is no capacity, or a limit is negative or missing.
    InfeasibleError
        If points are out of reach or too large, or the sites too small together: with what would do.

    References
    ----------
    .. [1] Current, Storbeck (1988). Capacitated covering models. doi:10.1068/b150153

    Examples
    --------
    Three villages, two sites that take 60 people each: one site reaches all but has no room.

    >>> from clinicplan.siting import LocationProblem, capacitated_cover
    >>> problem = LocationProblem([[5, 9], [6, 9], [7, 9]], [40, 30, 20], capacity=[60, 60])
    >>> result = capacitated_cover(problem, 10)
    >>> result.objective, result.open.tolist(), result.status
    (2.0, [0, 1], 'optimal')
    """
    begin = time.perf_counter()
    most = check_limit(problem, limit)
    check_choice(problem)
    trips = usable_trips(problem, most)
    check_capacities(problem, trips)
    model = Model(problem, trips, build_capacitated_cover, pays_sites=True, pays_trips=False)
    return plan_sites(model, begin, time_limit_s)


def capacitated_p_median(
    problem: LocationProblem, p: int, *, budget: float | None = None, time_limit_s: float = 120.0
) -> SitingResult:
    """Open exactly p sites and assign every point within capacities so that demand times cost is least.

    A point is assigned whole to one site unless `problem.split`; then to the nearest with room, which need not be the
    nearest open site.

    Parameters
    ----------
    problem
        Points, sites, costs and `capacity`.
    p
        Number of sites that open.
    budget
        Most that the `site_cost` of the open sites may add up to; None for no limit.
    time_limit_s
        Seconds for the whole call.

    Returns
    -------
    result
        `objective` and `bound` in demand times cost; `shares` where points may be split.

    Raises
    ------
    SitingError
        If there is no capacity, or p is no whole number or out of range.
    InfeasibleError
        If points are out of reach or too large, or p sites too small together: with what would do.

    References
    ----------
    .. [1] Hakimi (1964). doi:10.1287/opre.12.3.450
    .. [2] Lorena, Senne (2004). A column generation approach to capacitated p-median problems.
       doi:10.1016/S0305-0548(03)00039-X

    Examples
    --------
    >>> from clinicplan.siting import LocationProblem, capacitated_p_median
    >>> problem = LocationProblem([[0, 4], [1, 3], [5, 0]], [10, 10, 10], capacity=[10, 20])
    >>> result = capacitated_p_median(problem, 2)
    >>> result.objective, result.assignment.tolist()
    (30.0, [0, 1, 1])
    """
    begin = time.perf_counter()
    number = check_choice(problem, p, budget)
    trips = usable_trips(problem)
    check_capacities(problem, trips, number)
    model = Model(
        problem, trips, build_capacitated_p_median, pays_sites=False, pays_trips=True, p=number, budget=budget
    )
    return plan_sites(model, begin, time_limit_s)


def capacitated_facility_location(problem: LocationProblem, *, time_limit_s: float = 120.0) -> SitingResult:
    """Open sites and assign every point within capacities so that sites and trips together cost least.

    A point is assigned whole to one site unless `problem.split`. `site_cost` and demand times `cost` must be in one
    unit, such as yuan a year.

    Parameters
    ----------
    problem
        Points, sites, costs, `site_cost` and `capacity`.
    time_limit_s
        Seconds for the whole call.

    Returns
    -------
    result
        `objective` and `bound`: cost of open sites plus demand times cost; `shares` where points may be split.

    Raises
    ------
    SitingError
        If there is no capacity.
    InfeasibleError
        If points are out of reach or too large, or the sites too small together: with what would do.

    References
    ----------
    .. [1] Cornuéjols, Sridharan, Thizy (1991). A comparison of heuristics and relaxations for the capacitated plant
       location problem. doi:10.1016/0377-2217(91)90261-S

    Examples
    --------
    Opening both sites costs 12 more than the first alone and saves 16 on the road.

    >>> from clinicplan.siting import LocationProblem, capacitated_facility_location
    >>> problem = LocationProblem([[0, 4], [4, 0]], [4, 4], site_cost=[12, 12], capacity=[10, 10])
    >>> result = capacitated_facility_location(problem)
    >>> result.objective, result.open.tolist()
    (24.0, [0, 1])
    """
    begin = time.perf_counter()
    check_choice(problem)
    trips = usable_trips(problem)
    check_capacities(problem, trips)
    model = Model(problem, trips, build_facility_location, pays_sites=True, pays_trips=True)
    return plan_sites(model, begin, time_limit_s)


def build_capacitated_cover(
    problem: LocationProblem, trips: Trips, p: int | None = None, budget: float | None = None
) -> LinearProgram:
    """Build the capacitated cover model.

    Sets: points I, sites J, existing sites E, trips A: pairs (i, j) whose cost is within point i's limit.
    Parameters: demand w_i (residents), capacity C_j (residents; total demand where it is more), site cost f_j (money,
    or 1), bounds k-, k+ of existing sites that stay.
    Variables: y_j in {0, 1}, 1 where site j opens (`open`); x_ij, part of point i served by site j (`serve`), in
    {0, 1}, or in [0, 1] where points may be split. Required sites are fixed at 1, forbidden ones have no trips.

    (1) minimise sum_j f_j y_j
    (2) `assign`: sum_{(i,j) in A} x_ij = 1 for every point i
    (3) `capacity`: sum_i w_i x_ij <= C_j y_j for every site j
    (4) `link`: x_ij <= y_j for every trip; implied by (3) for whole plans, but it makes the bound
    (5) `total`: sum_j C_j y_j >= sum_i w_i; implied by (2) and (3), and helps to prove
    (6) `keep`: k- <= sum_{j in E} y_j <= k+

    Parameters
    ----------
    problem
        Points, sites and rules.
    trips
        Pairs that may be assigned.
    p, budget
        Further rules `count` and `budget` of the number and the cost of sites; None for neither.

    Returns
    -------
    program
        The model with its rows by name.

    References
    ----------
    .. [1] Current, Storbeck (1988). doi:10.1068/b150153
    """
    model = Formulation()
    opened, _ = add_service(model, problem, trips)  # (2) (3) (4) (5)
    model.charge(opened, problem.site_cost)  # (1)
    constrain_choice(model, opened, problem, p, budget)  # (6)
    return model.program()


def build_capacitated_p_median(
    problem: LocationProblem, trips: Trips, p: int | None = None, budget: float | None = None
) -> LinearProgram:
    """Build the capacitated p-median model.

    Sets: points I, sites J, existing sites E, trips A: pairs (i, j) in the cost table.
    Parameters: demand w_i (residents), cost c_ij (minutes or other), capacity C_j (residents), number of sites p,
    site cost f_j and budget B (money), bounds k-, k+ of existing sites that stay.
    Variables: y_j in {0, 1}, 1 where site j opens (`open`); x_ij, part of point i served by site j (`serve`), in
    {0, 1}, or in [0, 1] where points may be split.

    (1) minimise sum_{(i,j) in A} w_i c_ij x_ij
    (2) `assign`: sum_j x_ij = 1 for every point i
    (3) `capacity`: sum_i w_i x_ij <= C_j y_j for every site j
    (4) `link`: x_ij <= y_j for every trip
    (5) `total`: sum_j C_j y_j >= sum_i w_i
    (6) `count`: sum_j y_j = p
    (7) `budget`: sum_j f_j y_j <= B
    (8) `keep`: k- <= sum_{j in E} y_j <= k+

    Parameters
    ----------
    problem
        Points, sites and rules.
    trips
        Pairs that may be assigned.
    p, budget
        Number and most cost of sites; None leaves out (6), (7).

    Returns
    -------
    program
        The model with its rows by name.

    References
    ----------
    .. [1] Lorena, Senne (2004). doi:10.1016/S0305-0548(03)00039-X
    """
    model = Formulation()
    opened, served = add_service(model, problem, trips)  # (2) (3) (4) (5)
    model.charge(served, problem.demand[trips.point] * trips.cost)  # (1)
    constrain_choice(model, opened, problem, p, budget)  # (6) (7) (8)
    return model.program()


def build_facility_location(
    problem: LocationProblem, trips: Trips, p: int | None = None, budget: float | None = None
) -> LinearProgram:
    """Build the capacitated facility location model.

    Sets: points I, sites J, existing sites E, trips A: pairs (i, j) in the cost table.
    Parameters: demand w_i (residents), cost c_ij (money a resident), capacity C_j (residents), site cost f_j (money),
    bounds k-, k+ of existing sites that stay.
    Variables: y_j in {0, 1}, 1 where site j opens (`open`); x_ij, part of point i served by site j (`serve`), in
    {0, 1}, or in [0, 1] where points may be split.

    (1) minimise sum_j f_j y_j + sum_{(i,j) in A} w_i c_ij x_ij
    (2) `assign`: sum_j x_ij = 1 for every point i
    (3) `capacity`: sum_i w_i x_ij <= C_j y_j for every site j
    (4) `link`: x_ij <= y_j for every trip
    (5) `total`: sum_j C_j y_j >= sum_i w_i
    (6) `keep`: k- <= sum_{j in E} y_j <= k+

    Parameters
    ----------
    problem
        Points, sites and rules.
    trips
        Pairs that may be assigned.
    p, budget
        Further rules `count` and `budget` of the number and the cost of sites; None for neither.

    Returns
    -------
    program
        The model with its rows by name.

    References
    ----------
    .. [1] Cornuéjols, Sridharan, Thizy (1991). doi:10.1016/0377-2217(91)90261-S
    """
    model = Formulation()
    opened, served = add_service(model, problem, trips)  # (2) (3) (4) (5)
    model.charge(opened, problem.site_cost)  # (1)
    model.charge(served, problem.demand[trips.point] * trips.cost)  # (1)
    constrain_choice(model, opened, problem, p, budget)  # (6)
    return model.program()
