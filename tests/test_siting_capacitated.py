"""Promise: capacitated plans are the best there are, hold every capacity, and what cannot be is explained in numbers.

On paper: three villages of 40, 30 and 20 people at kilometres 0, 1 and 5 of a road, sites at 0 and 5 that take 60
people each. Neither takes all 90. Whole villages: 0 and 2 go to their own site (0 km), 1 goes to the first only with
40 + 30 = 70 > 60, so it travels 4 km to the second: 30 x 4 = 120. Split: 20 of its people stay with the first (1 km),
10 travel 4 km: 20 + 40 = 60.
"""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, linear_sum_assignment, linprog, milp

from clinicplan.errors import InfeasibleError, SitingError
from clinicplan.siting.engine import solve
from clinicplan.siting.models import (
    capacitated_cover,
    capacitated_facility_location,
    capacitated_p_median,
)
from clinicplan.siting.models.capacitated import (
    build_capacitated_cover,
    build_capacitated_p_median,
    build_facility_location,
)
from clinicplan.siting.models.capacity_start import first_plan
from clinicplan.siting.models.capacity_trips import usable_trips
from clinicplan.siting.problem import LocationProblem

GOLDENS = Path(__file__).parent / "goldens" / "lp"
ROAD = np.array([[0.0, 5.0], [1.0, 4.0], [5.0, 0.0]])


def town(**rules):
    return LocationProblem(ROAD, [40, 30, 20], **{"capacity": [60, 60], **rules})


# ---------------------------------------------------------------- on paper


def test_a_village_that_stays_whole_goes_where_there_is_room():
    result = capacitated_p_median(town(), 2)
    assert (result.objective, result.bound, result.gap, result.status) == (120, 120, 0, "optimal")
    assert result.assignment.tolist() == [0, 1, 1]
    assert result.shares is None


def test_a_village_that_may_be_split_fills_the_near_site_first():
    result = capacitated_p_median(town(split=True), 2)
    assert (result.objective, result.status) == (60, "optimal")
    assert result.shares.toarray() == pytest.approx(np.array([[1, 0], [2 / 3, 1 / 3], [0, 1]]))
    assert result.assignment.tolist() == [0, 0, 1]


def test_capacity_makes_a_second_site_needed():
    assert capacitated_cover(town(), 5).objective == 2
    assert capacitated_cover(town(capacity=[90, 60]), 5).open.tolist() == [0]
    assert capacitated_cover(town(capacity=[90, 90], site_cost=[7, 3]), 5).objective == 3
    assert capacitated_cover(town(capacity=[np.inf, 60]), [5, 5, 5]).objective == 1


def test_sites_and_trips_are_weighed_against_each_other():
    """One site for all costs 100 + 30 x 1 + 20 x 5 = 230; two cost 200 + 30 = 230 at 100 each, less below."""
    assert capacitated_facility_location(town(capacity=[90, 90], site_cost=[100, 99])).objective == 229
    assert capacitated_facility_location(town(capacity=[90, 90], site_cost=[100, 101])).objective == 230


def test_a_place_without_people_is_assigned_to_its_nearest_open_site():
    problem = LocationProblem([[0, 9], [3, 2]], [5, 0], capacity=[5, 5])
    assert capacitated_p_median(problem, 2).assignment.tolist() == [0, 1]
    assert capacitated_p_median(problem, 1).assignment.tolist() == [0, 0]
    split = LocationProblem([[0, 9], [3, 2]], [5, 0], capacity=[5, 5], split=True)
    assert capacitated_p_median(split, 2).shares.toarray().tolist() == [[1, 0], [0, 1]]


# ---------------------------------------------------------------- every choice of sites


def sets_of(problem, p=None, budget=None):
    kept = set(problem.existing.tolist())
    most = len(kept) if problem.keep_at_most is None else problem.keep_at_most
    for size in range(problem.n_sites + 1) if p is None else [p]:
        for sites in itertools.combinations(range(problem.n_sites), size):
            if (
                set(problem.required.tolist()) <= set(sites)
                and not set(problem.forbidden.tolist()) & set(sites)
                and problem.keep_at_least <= len(kept & set(sites)) <= most
                and (budget is None or problem.site_cost[list(sites)].sum() <= budget + 1e-9)
            ):
                yield sites


def costs_of(problem, limit):
    dense = np.full((problem.n_points, problem.n_sites), np.inf)
    table = problem.cost.tocoo()
    dense[table.row, table.col] = table.data
    return np.where(dense <= limit, dense, np.inf)


def cheapest_trips(problem, sites, limit):
    """Least demand times cost with these sites open: every assignment is tried, or the flow is solved elsewhere."""
    cost = costs_of(problem, limit)[:, list(sites)]
    room = problem.capacity[list(sites)]
    if problem.split:
        return flow_cost(problem.demand, cost, room)
    best = np.inf
    for chosen in itertools.product(range(len(sites)), repeat=problem.n_points):
        load = np.bincount(chosen, weights=problem.demand, minlength=len(sites))
        trip = cost[np.arange(problem.n_points), list(chosen)]
        if (load <= room + 1e-9).all() and np.isfinite(trip).all():
            best = min(best, float((problem.demand * trip).sum()))
    return best


def flow_cost(demand, cost, room):
    """Solve the flow with scipy's own routine."""
    n, m = cost.shape
    if m == 0:
        return np.inf if n else 0.0
    rows = np.kron(np.eye(n), np.ones(m))
    load = np.hstack([np.diag(np.full(m, weight)) for weight in demand])
    usable = np.isfinite(cost).ravel()
    price = np.where(usable, np.where(np.isfinite(cost), cost, 0).ravel() * np.repeat(demand, m), 0)
    most = np.where(np.isfinite(room), room, demand.sum())
    found = linprog(price, load, most, rows, np.ones(n), bounds=[(0, 1 if ok else 0) for ok in usable])
    return found.fun if found.status == 0 else np.inf


@st.composite
def cases(draw, split=None):
    sites, points = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    value = st.one_of(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.just(np.inf), st.just(0.25))
    cost = np.array(draw(st.lists(value, min_size=sites * points, max_size=sites * points)), dtype=float)
    roles = draw(st.lists(st.sampled_from("rf......"), min_size=sites, max_size=sites))
    existing = [site for site in range(sites) if draw(st.booleans())]
    least = draw(st.sampled_from([0, 0, 0, min(1, len(existing))]))
    most = draw(st.sampled_from([None, None, len(existing), least]))
    problem = LocationProblem(
        cost.reshape(points, sites),
        draw(st.lists(st.integers(0, 6), min_size=points, max_size=points)),
        required=[site for site in range(sites) if roles[site] == "r"],
        forbidden=[site for site in range(sites) if roles[site] == "f"],
        existing=existing,
        keep_at_least=least,
        keep_at_most=most,
        site_cost=draw(st.lists(st.integers(0, 5), min_size=sites, max_size=sites)),
        capacity=draw(st.lists(st.sampled_from([3, 6, 8, 12, 20, np.inf]), min_size=sites, max_size=sites)),
        split=draw(st.booleans()),
    )
    return problem, draw(st.integers(1, sites)), draw(st.sampled_from([4, 9])), draw(st.sampled_from([None, None, 6]))


def check_plan(problem, result, limit, p=None, budget=None):
    """Hold every rule against the plan alone."""
    assert tuple(result.open.tolist()) in set(sets_of(problem, p, budget))
    cost = costs_of(problem, limit)
    if problem.split:
        shares = result.shares.toarray()
    else:
        shares = np.zeros(cost.shape)
        shares[np.arange(problem.n_points), result.assignment] = 1
    assert shares.sum(axis=1) == pytest.approx(np.ones(problem.n_points))
    assert (shares[~np.isfinite(cost)] == 0).all()
    assert (problem.demand @ shares <= problem.capacity + 1e-6).all()
    assert set(np.flatnonzero(shares.sum(axis=0)).tolist()) <= set(result.open.tolist())
    assert (shares[np.arange(problem.n_points), result.assignment] == shares.max(axis=1)).all()
    trips = np.where(np.isfinite(cost), cost, 0)
    return float(problem.site_cost[result.open].sum()), float((problem.demand[:, None] * trips * shares).sum())


def compare(problem, run, best, limit, parts, p=None, budget=None):
    """Run a model; its plan has the best value of all choices, or there is none and the error says so."""
    try:
        result = run()
    except (SitingError, InfeasibleError):
        assert best == np.inf
        return
    sites, trips = check_plan(problem, result, limit, p, budget)
    assert result.status == "optimal"
    assert result.objective == pytest.approx(parts[0] * sites + parts[1] * trips, abs=1e-9)
    assert result.objective == pytest.approx(best, abs=1e-6)
    assert result.bound == result.objective


@settings(max_examples=700, deadline=None, derandomize=True)
@given(cases())
def test_no_choice_beats_the_capacitated_cover(case):
    """Every set of sites, and every assignment to it, is tried."""
    problem, _, limit, _ = case
    fits = [sites for sites in sets_of(problem) if cheapest_trips(problem, sites, limit) < np.inf]
    best = min((problem.site_cost[list(sites)].sum() for sites in fits), default=np.inf)
    compare(problem, lambda: capacitated_cover(problem, limit), best, limit, (1, 0))


@settings(max_examples=700, deadline=None, derandomize=True)
@given(cases())
def test_no_choice_beats_the_capacitated_p_median(case):
    """Every set of p sites within the budget, and every assignment to it, is tried."""
    problem, p, _, budget = case
    best = min((cheapest_trips(problem, sites, np.inf) for sites in sets_of(problem, p, budget)), default=np.inf)
    compare(problem, lambda: capacitated_p_median(problem, p, budget=budget), best, np.inf, (0, 1), p, budget)


@settings(max_examples=700, deadline=None, derandomize=True)
@given(cases())
def test_no_choice_beats_the_capacitated_facility_location(case):
    """Every set of sites, and every assignment to it, is tried."""
    problem = case[0]
    best = min(
        (problem.site_cost[list(sites)].sum() + cheapest_trips(problem, sites, np.inf) for sites in sets_of(problem)),
        default=np.inf,
    )
    compare(problem, lambda: capacitated_facility_location(problem), best, np.inf, (1, 1))


# ---------------------------------------------------------------- another tool, larger


def plain(n, m, seed, **rules):
    random = np.random.default_rng(seed)
    villages, sites = random.random((n, 2)) * 40, random.random((m, 2)) * 40
    cost = np.round(np.linalg.norm(villages[:, None] - sites, axis=2), 1)
    people = random.integers(50, 900, n)
    defaults = {"capacity": np.full(m, 2500.0), "site_cost": random.integers(3000, 9000, m)}
    return LocationProblem(cost, people, **{**defaults, **rules})


def by_scipy(problem):
    """The facility location model written anew for scipy, without links or totals."""
    n, m = problem.n_points, problem.n_sites
    cost = costs_of(problem, np.inf)
    price = np.concatenate([problem.site_cost, (problem.demand[:, None] * cost).ravel()])
    assign = np.hstack([np.zeros((n, m)), np.kron(np.eye(n), np.ones(m))])
    load = np.hstack([-np.diag(problem.capacity), np.hstack([np.eye(m) * weight for weight in problem.demand])])
    whole = np.concatenate([np.ones(m), np.full(n * m, 0 if problem.split else 1)])
    rules = [LinearConstraint(assign, 1, 1), LinearConstraint(load, -np.inf, 0)]
    return milp(price, constraints=rules, bounds=Bounds(0, 1), integrality=whole, options={"mip_rel_gap": 0}).fun


@pytest.mark.parametrize("split", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_scipy_finds_the_same_facility_location(split, seed):
    problem = plain(12, 6, seed, split=split)
    result = capacitated_facility_location(problem)
    assert result.status == "optimal"
    assert result.objective == pytest.approx(by_scipy(problem), rel=1e-7)


def test_one_person_a_place_is_an_assignment_problem():
    cost = np.random.default_rng(3).integers(0, 100, (12, 12))
    row, column = linear_sum_assignment(cost)
    for split in (True, False):
        problem = LocationProblem(cost, np.ones(12), capacity=np.ones(12), split=split)
        result = capacitated_p_median(problem, 12)
        assert result.objective == cost[row, column].sum()


@pytest.mark.parametrize("seed", range(3))
def test_splitting_never_costs_more_and_the_relaxation_bounds_both(seed):
    whole, split = plain(20, 8, seed), plain(20, 8, seed, split=True)
    values = [capacitated_facility_location(problem).objective for problem in (split, whole)]
    assert values == sorted(values)
    program = build_facility_location(whole, usable_trips(whole))
    assert solve(program, relaxed=True).objective <= values[0] + 1e-6


@pytest.mark.parametrize("seed", range(3))
def test_more_room_never_costs_more(seed):
    rooms = (2000.0, 2500.0, 4000.0, np.inf)
    values = [capacitated_facility_location(plain(15, 8, seed, capacity=np.full(8, room))).objective for room in rooms]
    assert values == sorted(values, reverse=True)


@pytest.mark.parametrize("seed", range(5))
def test_the_first_plan_holds_every_rule_of_the_model(seed):
    problem = plain(30, 10, seed, required=[1], forbidden=[2])
    trips = usable_trips(problem)
    for build, p in ((build_facility_location, None), (build_capacitated_p_median, 8)):
        start = first_plan(
            problem, trips, p=p, budget=None, value=lambda opened, _: float(opened.size), deadline=np.inf
        )
        assert start is not None
        assert build(problem, trips, p, None).violation(start) <= 1e-9


def test_random_capacities_in_tenths_are_proven_too():
    random = np.random.default_rng(5)
    problem = LocationProblem(
        np.round(random.random((9, 4)) * 10, 2), random.integers(1, 90, 9) / 10, capacity=np.full(4, 20.5), split=True
    )
    result = capacitated_p_median(problem, 3)
    assert result.status == "optimal"
    assert problem.demand @ result.shares.toarray() == pytest.approx(
        np.minimum(problem.demand @ result.shares.toarray(), 20.5)
    )


def test_data_without_a_common_unit_are_proven_too():
    random = np.random.default_rng(6)
    for split in (True, False):
        problem = LocationProblem(
            random.random((9, 4)), random.random(9), capacity=np.full(4, 2.5), site_cost=random.random(4), split=split
        )
        assert capacitated_facility_location(problem).status == "optimal"


def test_without_time_nothing_is_claimed_that_is_not_known():
    result = capacitated_p_median(plain(60, 30, 1, capacity=np.full(30, 1500.0)), 22, time_limit_s=0.0)
    assert result.status in {"unknown", "gap"}
    assert not result.objective < result.bound


# ---------------------------------------------------------------- what cannot be


def codes(error):
    return [fault.code for fault in error.value.faults]


def test_capacities_and_limits_must_be_given_and_sensible():
    with pytest.raises(SitingError) as error:
        capacitated_facility_location(LocationProblem(ROAD, [1, 1, 1]))
    assert codes(error) == ["no_capacity"]
    with pytest.raises(SitingError) as error:
        capacitated_cover(town(), [5, 5])
    assert codes(error) == ["limit_shape"]
    for wrong in (-1, np.nan):
        with pytest.raises(SitingError, match="1") as error:
            capacitated_cover(town(), [5, wrong, 5])
        assert error.value.faults[0].ids == ("1",)


@pytest.mark.parametrize("p", [0, 3])
def test_p_out_of_range_names_the_range(p):
    with pytest.raises(SitingError, match="1 to 2"):
        capacitated_p_median(town(), p)


def test_every_point_out_of_reach_is_named_with_the_limit_that_reaches_all():
    problem = town(demand_ids=["a", "b", "c"], forbidden=[1])
    with pytest.raises(InfeasibleError, match=r"c 5\. A limit of 5 would") as error:
        capacitated_cover(problem, 0.5)
    assert codes(error) == ["beyond_limit", "room_short"]
    assert error.value.faults[0].ids == ("b", "c")
    cut_off = LocationProblem([[1], [np.inf]], [1, 1], capacity=[9])
    with pytest.raises(InfeasibleError) as error:
        capacitated_facility_location(cut_off)
    assert (codes(error), error.value.faults[0].ids) == (["point_alone"], ("1",))


def test_every_point_too_large_is_named_with_what_it_needs():
    with pytest.raises(InfeasibleError, match=r"0: 40 > 25, 1: 30 > 25.*the largest: 40") as error:
        capacitated_facility_location(town(capacity=[25, 25]))
    assert codes(error) == ["point_large", "room_short"]
    near = LocationProblem([[1, np.inf], [1, 1]], [40, 10], capacity=[30, 60], split=True)
    with pytest.raises(InfeasibleError, match="0: 40 > 30") as error:
        capacitated_facility_location(near)
    assert codes(error) == ["point_large_split"]


def test_too_little_room_names_what_is_missing_and_the_number_of_sites_that_has_it():
    with pytest.raises(InfeasibleError, match=r"take 80 at most; demand is 90.*Add at least 10"):
        capacitated_facility_location(town(capacity=[40, 40]))
    with pytest.raises(InfeasibleError, match="Raise p to 2"):
        capacitated_p_median(town(), 1)


def test_whole_places_that_do_not_fit_are_told_that_splitting_or_room_would_do():
    """Three places of 40 for two sites of 60: 120 fit only in halves, or with 20 more at one site."""
    problem = LocationProblem(np.ones((3, 2)), [40, 40, 40], capacity=[60, 60])
    with pytest.raises(InfeasibleError, match=r"split = true.*add 20 of capacity") as error:
        capacitated_facility_location(problem)
    assert codes(error) == ["no_fit"]


def test_reach_that_needs_more_sites_names_how_many():
    table = np.where(np.eye(3) > 0, 0.0, np.inf)
    with pytest.raises(InfeasibleError, match="raise p to 3"):
        capacitated_p_median(LocationProblem(table, [1, 1, 1], capacity=[9, 9, 9]), 2)


def test_a_budget_or_a_limit_of_existing_sites_in_the_way_is_named():
    table = [[0, np.inf, 1], [np.inf, 0, np.inf]]
    with pytest.raises(InfeasibleError, match="raise the budget to 7"):
        capacitated_p_median(LocationProblem(table, [1, 1], site_cost=[3, 5, 2], capacity=[9, 9, 9]), 2, budget=6)
    kept = LocationProblem(table, [1, 1], existing=[1, 2], keep_at_most=0, capacity=[9, 9, 9])
    with pytest.raises(InfeasibleError, match="relax how many existing sites stay"):
        capacitated_facility_location(kept)


# ---------------------------------------------------------------- goldens


def golden_programs():
    problem = town(existing=[0], keep_at_least=1, required=[1], site_cost=[2, 3])
    whole, split = usable_trips(problem), town(split=True, forbidden=[0], capacity=[60, 99])
    return {
        "cover": build_capacitated_cover(problem, usable_trips(problem, np.array([4.0, 4.0, 4.0]))),
        "median": build_capacitated_p_median(problem, whole, 2, 5.0),
        "location": build_facility_location(split, usable_trips(split)),
    }


FAMILIES = {
    "assign": "cover", "capacity": "cover", "link": "cover", "total": "location",
    "count": "median", "budget": "median", "keep": "median",
}  # fmt: skip


@pytest.mark.parametrize("family", FAMILIES)
def test_each_constraint_reads_as_its_golden(family):
    """One LP a constraint: the model with this family alone."""
    program = golden_programs()[FAMILIES[family]]
    others = [item.name for item in program.families if item.name != family]
    assert program.without(*others).to_lp() == (GOLDENS / f"capacity_{family}.lp").read_text(encoding="utf-8")


def test_no_constraint_lacks_a_golden():
    assert {item.name for program in golden_programs().values() for item in program.families} == set(FAMILIES)


@pytest.mark.parametrize("family", ["assign", "capacity", "count", "keep"])
def test_leaving_out_a_constraint_changes_the_optimum(family):
    problem = plain(16, 8, 2, existing=[0, 1, 2], keep_at_least=3, capacity=np.full(8, 2600.0))
    program = build_capacitated_p_median(problem, usable_trips(problem), 4, None)
    without = ["capacity", "total"] if family == "capacity" else [family]
    assert solve(program.without(*without)).objective < solve(program).objective - 1e-6
