"""Promise: p-median plans are the best there are, their bounds never too high, and what cannot be is explained.

On paper: villages at kilometres 0, 2, 3 and 9 of a road with 5, 1, 1 and 2 hundred people, each a site. One site: at 0
it costs 0 + 2 + 3 + 18 = 23, at 2 10 + 0 + 1 + 14 = 25, at 3 15 + 1 + 0 + 12 = 28, at 9 45 + 7 + 6 + 0 = 58. Two: at 0
and 9 only the middle villages travel, 2 + 3 = 5; at 2 and 9 10 + 1 = 11. Three: 0, 9 and 2 or 3: one village goes 1 km.
"""

import itertools
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_matrix

from clinicplan.errors import InfeasibleError, SitingError
from clinicplan.siting.engine import Solution, Termination, solve
from clinicplan.siting.median import core
from clinicplan.siting.median.branching import branch
from clinicplan.siting.median.core import search_kernel, solve_core
from clinicplan.siting.median.feasibility import feasible_plan
from clinicplan.siting.median.formulation import cover_program
from clinicplan.siting.median.lagrangian import Pace, first_multipliers, raise_bound
from clinicplan.siting.median.lists import make_lists
from clinicplan.siting.median.search import Best, find_plan
from clinicplan.siting.models import p_median
from clinicplan.siting.models.medians import median_program
from clinicplan.siting.problem import LocationProblem

GOLDENS = Path(__file__).parent / "goldens" / "lp"
PLACE = np.array([0.0, 2.0, 3.0, 9.0])
ROAD = np.abs(PLACE[:, None] - PLACE)
HASTY = Pace(rounds=2, most_rounds=2)
"""Too few steps to prove anything: the search behind the bound must do it."""
NO_DEMAND = pytest.mark.filterwarnings("ignore:.*no demand.*:UserWarning")


def town(**rules):
    return LocationProblem(ROAD, [5, 1, 1, 2], **rules)


# ---------------------------------------------------------------- on paper


@pytest.mark.parametrize(("p", "least", "sites"), [(1, 23, [0]), (2, 5, [0, 3]), (4, 0, [0, 1, 2, 3])])
def test_the_best_sites_of_the_town_on_paper(p, least, sites):
    result = p_median(town(), p)
    assert (result.objective, result.bound, result.gap, result.status) == (least, least, 0, "optimal")
    assert result.open.tolist() == sites


def test_three_sites_leave_one_village_a_kilometre_away():
    result = p_median(town(), 3)
    assert result.objective == 1
    assert {0, 3} < set(result.open.tolist())


def test_required_and_forbidden_sites_cost_what_they_cost():
    assert p_median(town(required=[1]), 1).objective == 25
    assert p_median(town(forbidden=[0]), 1).objective == 25
    assert p_median(town(required=[1]), 2).objective == 11
    assert p_median(town(required=["c"], site_ids=list("abcd")), 1).open.tolist() == [2]


def test_existing_sites_are_kept_at_least_and_at_most():
    """Of the sites at 2 and 3, one must stay, or none may."""
    assert p_median(town(existing=[1, 2], keep_at_least=1), 1).objective == 25
    assert p_median(town(existing=[0, 3], keep_at_most=0), 1).objective == 25
    assert p_median(town(existing=[0, 3], keep_at_most=1), 2).objective == 11


def test_a_budget_excludes_the_dear_site():
    """Site 0 costs 10, all others 1: within 5 the two sites are 2 and 9."""
    problem = town(site_cost=[10, 1, 1, 1])
    assert p_median(problem, 2, budget=5).objective == 11
    assert p_median(problem, 2, budget=11).objective == 5
    assert p_median(problem, 2, budget=np.inf).objective == 5


def test_a_limit_holds_each_village_to_its_own_reach():
    """Nobody beyond 7 km: one site serves all only from km 2 or 3. The village at 0 within 2 km: only from 2."""
    assert p_median(town(), 1, limit=7).objective == 25
    assert p_median(town(), 1, limit=[2, 9, 9, 9]).open.tolist() == [0]
    result = p_median(town(forbidden=[0]), 1, limit=[2, 9, 9, 9])
    assert (result.open.tolist(), result.objective) == ([1], 25)


@NO_DEMAND
def test_a_village_without_residents_must_be_served_too():
    """Village 1 has nobody, but only site 1 reaches it."""
    problem = LocationProblem([[0, 3], [np.inf, 5], [0, 3]], [1, 0, 1])
    assert p_median(problem, 1).objective == 6


def test_a_stored_zero_is_near_and_an_absent_entry_is_out_of_reach():
    table = csr_matrix((np.array([0.0, 5.0, 0.0]), ([0, 1, 1], [0, 0, 1])), shape=(2, 2))
    assert p_median(LocationProblem(table, [1, 1]), 1).open.tolist() == [0]
    assert p_median(LocationProblem(table, [1, 1]), 2).objective == 0
    assert p_median(LocationProblem(table, [1, 1]), 2, limit=0).assignment.tolist() == [0, 1]
    assert p_median(LocationProblem(np.zeros((3, 3)), [1, 1, 1]), 2).objective == 0


def test_a_site_that_costs_nothing_fits_any_budget():
    result = p_median(town(site_cost=[0, 1, 1, 0]), 2, budget=0)
    assert (result.open.tolist(), result.objective) == ([0, 3], 5)


# ---------------------------------------------------------------- every subset


def chosen_sets(problem, p, budget=None):
    kept = set(problem.existing.tolist())
    most = len(kept) if problem.keep_at_most is None else problem.keep_at_most
    for sites in itertools.combinations(range(problem.n_sites), p):
        if (
            set(problem.required.tolist()) <= set(sites)
            and not set(problem.forbidden.tolist()) & set(sites)
            and problem.keep_at_least <= len(kept & set(sites)) <= most
            and (budget is None or problem.site_cost[list(sites)].sum() <= budget + 1e-9)
        ):
            yield sites


def dense_cost(problem, limit=np.inf):
    dense = np.full((problem.n_points, problem.n_sites), np.inf)
    table = problem.cost.tocoo()
    dense[table.row, table.col] = table.data
    return np.where(dense <= np.reshape(limit, (-1, 1)), dense, np.inf)


def value_of(problem, sites, limit=np.inf):
    nearest = dense_cost(problem, limit)[:, list(sites)].min(axis=1)
    return np.inf if np.isinf(nearest).any() else float(problem.demand @ nearest)


def least_cost(problem, p, budget=None, limit=np.inf):
    return min((value_of(problem, sites, limit) for sites in chosen_sets(problem, p, budget)), default=np.inf)


@st.composite
def cases(draw):
    sites, points = draw(st.integers(1, 12)), draw(st.integers(1, 9))
    value = draw(
        st.sampled_from(
            [
                st.integers(0, 9),
                st.one_of(st.integers(0, 9), st.integers(0, 9), st.just(np.inf)),
                st.sampled_from([0.0, 0.5, 1 / 3, 7.25, np.inf]),
                st.floats(0, 30, allow_subnormal=False),
            ]
        )
    )
    cost = np.array(draw(st.lists(value, min_size=sites * points, max_size=sites * points)), dtype=float)
    roles = draw(st.lists(st.sampled_from("rf......."), min_size=sites, max_size=sites))
    existing = [site for site in range(sites) if draw(st.booleans())]
    least = draw(st.integers(0, min(2, len(existing))))
    most = draw(st.one_of(st.none(), st.none(), st.integers(least, max(least, len(existing)))))
    weight = draw(st.sampled_from([st.integers(0, 3), st.sampled_from([0.7, 1 / 3, 2.5])]))
    problem = LocationProblem(
        cost.reshape(points, sites),
        draw(st.lists(weight, min_size=points, max_size=points)),
        required=[site for site in range(sites) if roles[site] == "r"],
        forbidden=[site for site in range(sites) if roles[site] == "f"],
        existing=existing,
        keep_at_least=least,
        keep_at_most=most,
        site_cost=draw(st.lists(st.sampled_from([0, 1, 2, 3.5, 4]), min_size=sites, max_size=sites)),
    )
    limit = draw(st.one_of(st.none(), st.none(), st.lists(st.integers(2, 9), min_size=points, max_size=points)))
    budget = draw(st.one_of(st.none(), st.none(), st.sampled_from([0, 3, 6.5, 12])))
    return problem, draw(st.integers(1, sites)), budget, limit


@NO_DEMAND
@settings(max_examples=900, deadline=None, derandomize=True)
@given(cases())
def test_no_subset_beats_the_plan(case):
    """Every subset is tried: the best one has the objective, or none exists and the error says so."""
    problem, p, budget, limit = case
    reach = np.inf if limit is None else limit
    best = least_cost(problem, p, budget, reach)
    try:
        result = p_median(problem, p, budget=budget, limit=limit)
    except (SitingError, InfeasibleError):
        assert best == np.inf
        return
    assert result.status == "optimal"
    assert result.objective == pytest.approx(best, rel=1e-9, abs=1e-12)
    assert result.bound <= result.objective
    assert result.gap == 0
    assert tuple(result.open.tolist()) in set(chosen_sets(problem, p, budget))
    cost = dense_cost(problem, reach)[np.arange(problem.n_points), result.assignment]
    assert problem.demand @ cost == pytest.approx(result.objective, rel=1e-12, abs=1e-12)
    assert set(result.assignment.tolist()) <= set(result.open.tolist())


def bounded(problem, p, budget, pace):
    """The first plan and a bound, None where no plan exists."""
    lists = make_lists(problem, p, budget)
    best = find_plan(lists)
    if best.sites is None:
        best = feasible_plan(problem, lists, np.inf)
    rules = np.zeros(len(lists.side.names))
    return lists, raise_bound(lists, best, first_multipliers(lists, best), rules, np.inf, pace)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(cases(), st.sampled_from([1, 2, 5, 20, 300]))
def test_no_bound_is_above_the_optimum(case, rounds):
    """However short the descent; nor does the relaxation of the model exceed it."""
    problem, p, budget, _ = case
    best = least_cost(problem, p, budget)
    if best == np.inf:
        return
    lists, root = bounded(problem, p, budget, Pace(rounds=rounds, most_rounds=rounds))
    unit = lists.units.unit
    room = 1e-8 * max(1.0, best)
    assert min(root.bound, root.best.value) * unit <= best + room
    if root.complete:
        assert root.best.value * unit == pytest.approx(best, rel=1e-8, abs=1e-12)
    relaxed = solve(median_program(problem, p, budget=budget), relaxed=True)
    assert relaxed.objective <= best + 1e-6 * max(1.0, best)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(cases(), st.sampled_from([branch, solve_core]))
def test_either_search_finds_the_best_subset_from_a_hasty_bound(case, search):
    """Most small problems are settled by the bound alone: here it is stopped early."""
    problem, p, budget, _ = case
    best = least_cost(problem, p, budget)
    if best == np.inf:
        return
    lists, root = bounded(problem, p, budget, HASTY)
    if root.complete:
        return
    found = search(root, np.inf) if search is branch else search(root, 1e9)
    assert found.complete
    assert found.best.value * lists.units.unit == pytest.approx(best, rel=1e-8, abs=1e-12)
    assert found.bound * lists.units.unit <= best + 1e-8 * max(1.0, best)
    assert found.bound * lists.units.unit >= best - 1e-8 * max(1.0, best)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.integers(2, 6), st.sampled_from([0, 1, 9]), st.booleans(), st.booleans())
def test_both_searches_find_the_best_subset_of_a_plane(seed, p, digits, near, ruled):
    """Twelve sites in a plane, where a hasty bound leaves much to search; costs whole, in tenths, of no unit."""
    rules = {"existing": range(6), "keep_at_least": 1, "keep_at_most": 2} if ruled else {}
    whole = plane(20, 12, seed, digits, **rules)
    table = dense_cost(whole, 14.0 if near else np.inf)
    problem = LocationProblem(table, whole.demand, **rules)
    best = least_cost(problem, p)
    if best == np.inf:
        return
    lists, root = bounded(problem, p, None, HASTY)
    if root.complete:
        return
    for found in (branch(root, np.inf), solve_core(root, 1e9)):
        assert found.complete
        assert found.best.value * lists.units.unit == pytest.approx(best, rel=1e-9)
        assert found.bound * lists.units.unit == pytest.approx(best, rel=1e-8)
        assert found.bound * lists.units.unit <= best * (1 + 1e-12)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(cases())
def test_the_written_model_has_the_optimum_of_all_subsets(case):
    problem, p, budget, limit = case
    best = least_cost(problem, p, budget, np.inf if limit is None else limit)
    if best == np.inf:
        return
    found = solve(median_program(problem, p, budget=budget, limit=limit))
    assert found.objective == pytest.approx(best, abs=1e-6)


# ---------------------------------------------------------------- another tool, larger


def plane(n, m, seed, digits=1, **rules):
    random = np.random.default_rng(seed)
    villages, sites = random.random((n, 2)) * 30, random.random((m, 2)) * 30
    cost = np.round(np.linalg.norm(villages[:, None] - sites, axis=2), digits)
    return LocationProblem(cost, random.integers(50, 900, n), **rules)


def by_scipy(problem, p):
    """The textbook model, a variable a trip, written anew for scipy."""
    n, m = problem.n_points, problem.n_sites
    price = np.concatenate([np.zeros(m), (problem.demand[:, None] * dense_cost(problem)).ravel()])
    rules = [
        LinearConstraint(np.hstack([np.zeros((n, m)), np.kron(np.eye(n), np.ones(m))]), 1, 1),
        LinearConstraint(np.hstack([-np.tile(np.eye(m), (n, 1)), np.eye(n * m)]), -np.inf, 0),
        LinearConstraint(np.concatenate([np.ones(m), np.zeros(n * m)]), p, p),
    ]
    whole = np.concatenate([np.ones(m), np.zeros(n * m)])
    return milp(price, constraints=rules, bounds=Bounds(0, 1), integrality=whole, options={"mip_rel_gap": 0}).fun


@pytest.mark.parametrize(("n", "m", "p", "seed"), [(30, 20, 3, 1), (40, 20, 6, 2), (30, 30, 12, 3)])
def test_scipy_finds_the_same_plan(n, m, p, seed):
    problem = plane(n, m, seed)
    result = p_median(problem, p)
    assert result.status == "optimal"
    assert result.objective == pytest.approx(by_scipy(problem, p), rel=1e-7)


@pytest.mark.parametrize(("p", "seed"), [(2, 1), (4, 2), (5, 3)])
def test_few_sites_among_many_agree_with_the_written_model(p, seed):
    """Here the own branch and bound is used, or its bound is enough."""
    problem = plane(60, 60, seed)
    result = p_median(problem, p)
    assert (result.status, result.engine.startswith("Lagrangian")) == ("optimal", True)
    assert result.objective == pytest.approx(solve(median_program(problem, p)).objective, rel=1e-7)


@pytest.mark.parametrize("seed", range(3))
def test_one_more_site_never_makes_people_travel_more(seed):
    values = [p_median(plane(80, 80, seed), p).objective for p in (4, 8, 16, 30)]
    assert values == sorted(values, reverse=True)


def test_the_order_of_sites_and_points_does_not_matter():
    problem = plane(60, 60, 9)
    shuffle = np.random.default_rng(1).permutation(60)
    table = dense_cost(problem)[shuffle][:, shuffle]
    other = LocationProblem(table, problem.demand[shuffle])
    assert p_median(other, 9).objective == pytest.approx(p_median(problem, 9).objective, rel=1e-12)


@pytest.mark.parametrize("digits", [0, 2, 9])
def test_costs_of_any_fineness_are_proven(digits):
    """Whole numbers, hundredths, and numbers of no common unit."""
    problem = plane(70, 70, 4, digits)
    result = p_median(problem, 10)
    assert result.status == "optimal"
    assert result.objective == pytest.approx(solve(median_program(problem, 10)).objective, rel=1e-7)


def test_rules_never_make_a_plan_better():
    free = p_median(plane(60, 60, 5), 8).objective
    ruled = plane(60, 60, 5, required=[1, 2], existing=list(range(20)), keep_at_least=6, site_cost=np.arange(60))
    assert free <= p_median(ruled, 8).objective <= p_median(ruled, 8, budget=150).objective


# ---------------------------------------------------------------- near the edge of what is possible


def scattered(n, seed):
    """Places that each reach only those within 5 km."""
    random = np.random.default_rng(seed)
    xy = random.random((n, 2)) * 30
    cost = np.round(np.linalg.norm(xy[:, None] - xy, axis=2), 1)
    return LocationProblem(np.where(cost <= 5, cost, np.inf), random.integers(50, 900, n))


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_swaps_come_to_serve_everybody_with_few_sites_to_spare(seed):
    """Two sites more than the fewest: greedy for the cost alone leaves places out."""
    problem = scattered(150, seed)
    lists = make_lists(problem, 10, None)
    fewest = round(solve(cover_program(lists, minimise="sites")).objective)
    found = find_plan(make_lists(problem, fewest + 2, None))
    assert found.sites is not None
    assert np.isfinite(value_of(problem, found.sites))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_kernel_gives_a_plan_as_good_and_no_false_bound(seed):
    """The kernel sees some of the sites only: what it proves is not a bound of the whole."""
    problem = scattered(150, seed)
    proven = solve(median_program(problem, 24))
    lists, root = bounded(problem, 24, None, HASTY)
    assert not root.complete
    better = search_kernel(root, 1e9)
    assert better.best.value <= root.best.value
    assert min(better.bound, better.best.value) * lists.units.unit <= proven.objective + 1e-3
    result = p_median(problem, 24)
    assert result.status == "optimal"
    assert result.objective == pytest.approx(proven.objective, rel=1e-9)


# ---------------------------------------------------------------- time


def test_out_of_time_the_best_plan_comes_with_its_bound_and_gap(monkeypatch):
    """The solver is stopped before it begins: on a fast machine it would prove the plan in its least time."""
    problem = scattered(250, 2)
    proven = p_median(problem, 24)
    assert proven.status == "optimal"
    nothing = Solution(Termination.TIME, None, float("nan"), -np.inf, 0.0)
    monkeypatch.setattr(core, "solve", lambda *_, **__: nothing)
    hasty = p_median(problem, 24, time_limit_s=1e-9)
    assert hasty.status == "gap"
    assert hasty.bound < proven.objective <= hasty.objective
    assert hasty.gap == pytest.approx((hasty.objective - hasty.bound) / hasty.objective)


def test_without_time_a_plan_that_is_at_hand_is_returned():
    """Every site reaches every place, so that greedy has a plan at once; its bound is not claimed to prove it."""
    problem = plane(200, 200, 3, digits=3)
    hasty = p_median(problem, 15, time_limit_s=1e-9)
    proven = p_median(problem, 15)
    assert proven.status == "optimal"
    assert len(hasty.open) == 15
    assert hasty.bound <= proven.objective <= hasty.objective
    assert (hasty.status == "optimal") == (hasty.gap == 0)


def test_a_search_out_of_time_says_that_it_is_not_complete():
    problem = plane(60, 60, 3)
    _, root = bounded(problem, 4, None, HASTY)
    assert not root.complete
    stopped = branch(root, -np.inf)
    assert not stopped.complete
    assert stopped.bound <= stopped.best.value


@pytest.mark.parametrize(("bound", "status"), [(4.2, "optimal"), (4.0, "gap")])
def test_optimal_is_said_only_by_the_whole_number_rule(bound, status, monkeypatch):
    """The plan costs 5 whole hundred-person-kilometres: a bound of 4.2 leaves nothing below 5, one of 4.0 leaves 4."""
    from clinicplan.siting.models import medians

    def search(lists, best, deadline):
        return medians.Searched(best, bound / lists.units.unit, 0, complete=False), "stand-in"

    monkeypatch.setattr(medians, "_prove", search)
    result = p_median(town(), 2)
    assert (result.objective, result.status) == (5, status)
    assert result.gap == (0 if status == "optimal" else pytest.approx(0.2))


# ---------------------------------------------------------------- what cannot be


def codes(error):
    return [fault.code for fault in error.value.faults]


def test_points_out_of_every_sites_reach_are_named():
    table = [[1, np.inf], [np.inf, 2], [np.inf, 1]]
    problem = LocationProblem(table, [1, 1, 1], forbidden=[1], demand_ids=["a", "b", "c"])
    with pytest.raises(InfeasibleError, match=r"b.*c") as error:
        p_median(problem, 1)
    assert (codes(error), error.value.faults[0].ids) == (["out_of_reach"], ("b", "c"))
    assert error.value.exit_code == 3
    with pytest.raises(InfeasibleError) as error:
        p_median(LocationProblem(table, [1, 1, 1]), 2, limit=[9, 9, 0.5])
    assert error.value.faults[0].ids == ("2",)
    with pytest.raises(InfeasibleError) as error:
        median_program(problem, 1)
    assert codes(error) == ["out_of_reach"]


def test_separate_reach_names_the_points_and_the_number():
    table = np.where(np.eye(4) > 0, 1.0, np.inf)
    with pytest.raises(InfeasibleError, match="at least 4") as error:
        p_median(LocationProblem(table, np.ones(4)), 3)
    assert codes(error) == ["separate_reach"]
    assert error.value.faults[0].ids == ("0", "1", "2", "3")


def test_too_few_sites_are_told_how_many_are_needed():
    """A ring of five places, each reached from two neighbouring sites: no three are separate, yet three are needed."""
    table = np.full((5, 5), np.inf)
    for place in range(5):
        table[place, [place, (place + 1) % 5]] = 1
    with pytest.raises(InfeasibleError, match="provably needs at least 3") as error:
        p_median(LocationProblem(table, np.ones(5)), 2)
    assert codes(error) == ["too_few_sites"]
    assert p_median(LocationProblem(table, np.ones(5)), 3).objective == 5


def test_the_rule_in_the_way_is_named_with_the_value_that_would_do():
    """Place 1 is reached from site 1 only, which costs 5 and exists."""
    table = [[0, np.inf, 1], [np.inf, 0, np.inf]]
    priced = LocationProblem(table, [1, 1], site_cost=[3, 5, 2])
    with pytest.raises(InfeasibleError, match="at least 7") as error:
        p_median(priced, 2, budget=6)
    assert codes(error) == ["budget_short"]
    with pytest.raises(InfeasibleError, match="least 1 existing") as error:
        p_median(LocationProblem(table, [1, 1], existing=[1], keep_at_most=0), 2)
    assert codes(error) == ["keep_at_most_unmet"]
    kept = LocationProblem([[1, 1, np.inf], [np.inf, np.inf, 1]], [1, 1], existing=[0, 1], keep_at_least=2)
    with pytest.raises(InfeasibleError, match="At most 1 existing") as error:
        p_median(kept, 2)
    assert codes(error) == ["keep_at_least_unmet"]


def test_rules_that_only_together_leave_no_plan_are_said_to_do_so():
    """Place 1 needs site 1, which exists and costs 9: neither money nor the number of kept sites alone allows it."""
    table = [[0, np.inf, 1], [np.inf, 0, np.inf]]
    problem = LocationProblem(table, [1, 1], existing=[1], keep_at_most=0, site_cost=[1, 9, 1])
    with pytest.raises(InfeasibleError) as error:
        p_median(problem, 2, budget=3)
    assert codes(error) == ["rules_in_conflict"]


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize("p", [0, 5, -1])
def test_p_out_of_range_names_the_range(p):
    with pytest.raises(SitingError, match="1 to 4") as error:
        p_median(town(), p)
    assert codes(error) == ["p_range"]


def test_every_fault_of_a_question_is_named_at_once():
    with pytest.raises(SitingError) as error:
        p_median(town(), 2.5, limit=[1, -1, np.nan, 2], budget=-1, time_limit_s=0)
    assert codes(error) == ["p_whole", "budget_negative", "limit_value", "bad_time_limit"]
    assert error.value.faults[2].ids == ("1", "2")
    with pytest.raises(SitingError) as error:
        p_median(town(), 9, limit=[1, 2], time_limit_s=np.nan)
    assert codes(error) == ["p_range", "limit_shape", "bad_time_limit"]
    assert error.value.exit_code == 2


def test_missing_and_negative_numbers_and_unknown_sites_are_named_at_once():
    with pytest.raises(SitingError) as error:
        town(site_cost=[1, -1, np.nan, 1], required=[9], forbidden=[-1])
    assert codes(error) == ["unknown_site", "unknown_site", "bad_amount"]
    for wrong in (-1, np.nan):
        with pytest.raises(SitingError, match="0 is allowed") as error:
            LocationProblem(ROAD, [1, wrong, 1, 1], demand_ids=list("abcd"))
        assert error.value.faults[0].ids == ("b",)
        with pytest.raises(SitingError) as error:
            LocationProblem(np.where(ROAD == 7, wrong, ROAD), [1, 1, 1, 1])
        assert (codes(error), error.value.faults[0].ids) == (["bad_cost"], ("1", "3"))


def test_points_without_demand_are_warned_of():
    with pytest.warns(UserWarning, match=r"b.*1 demand point\(s\) have no demand"):
        p_median(LocationProblem(ROAD, [1, 0, 1, 1], demand_ids=list("abcd")), 2)


def test_minutes_that_look_like_seconds_are_warned_of():
    with pytest.warns(UserWarning, match="look like seconds"):
        assert p_median(LocationProblem(ROAD * 300, [5, 1, 1, 2]), 1).objective == 6900
    p_median(LocationProblem(ROAD * 30, [5, 1, 1, 2]), 1)


# ---------------------------------------------------------------- goldens


def golden_program():
    """Four villages: levels of equal cost, a required and a forbidden site, every rule."""
    table = [[0, 2, 2, 9, 1], [2, 0, 1, 7, 1], [3, 3, 0, 6, 1], [9, 7, 6, 0, 1]]
    problem = LocationProblem(
        table, [5, 1, 1, 2], required=[3], forbidden=[4], existing=[0, 1, 3],
        keep_at_least=1, keep_at_most=2, site_cost=[3, 1, 2, 4, 9],
    )  # fmt: skip
    return median_program(problem, 2, limit=[9, 9, 9, 6], budget=8)


def assert_golden(name, text):
    """Compare a text with its golden; CLINICPLAN_WRITE_GOLDENS=1 writes it instead, for a reader to judge the diff."""
    golden = GOLDENS / f"median_{name}.lp"
    if os.environ.get("CLINICPLAN_WRITE_GOLDENS"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


FAMILIES = ("sites", "nearest", "farther", "keep_at_least", "keep_at_most", "budget")


@pytest.mark.parametrize("family", FAMILIES)
def test_each_constraint_reads_as_its_golden(family):
    """One LP a constraint: the model with this family alone."""
    program = golden_program()
    others = [item.name for item in program.families if item.name != family]
    assert_golden(family, program.without(*others).to_lp())


def cover_programs():
    problem = town(existing=[0, 1], keep_at_least=1, keep_at_most=1, site_cost=[3, 1, 2, 4])
    lists = make_lists(problem, 2, 6.0)
    return [cover_program(lists, minimise=name) for name in ("sites", "nothing", *lists.side.names)]


def test_the_question_of_reach_reads_as_its_golden():
    program = cover_programs()[0]
    assert_golden("reach", program.to_lp())


def test_no_constraint_lacks_a_golden():
    programs = [golden_program(), *cover_programs()]
    names = {item.name for program in programs for item in program.families}
    assert names == {*FAMILIES, "reach"}
    assert {path.stem.removeprefix("median_") for path in GOLDENS.glob("median_*.lp")} == names


@pytest.mark.parametrize("family", FAMILIES)
def test_leaving_out_a_constraint_changes_the_optimum(family):
    tight = {"keep_at_least": {"keep_at_least": 3, "keep_at_most": None}, "keep_at_most": {"keep_at_most": 0}}
    asked = {"existing": range(5), "keep_at_least": 0, "site_cost": np.arange(10) % 4, **tight.get(family, {})}
    problem = plane(16, 10, 2, **asked)
    program = median_program(problem, 3, budget=2.0 if family == "budget" else None)
    assert solve(program.without(family)).objective < solve(program).objective - 1e-6


def test_a_better_plan_replaces_the_best_only_if_it_keeps_the_rules():
    lists = make_lists(town(site_cost=[3, 1, 1, 1]), 1, 2.0)
    nothing = Best(np.inf, None)
    dear, cheap = lists.mask(np.array([0])), lists.mask(np.array([1]))
    assert nothing.or_better(lists, dear).sites is None
    assert nothing.or_better(lists, cheap).value == 25
    assert replace(nothing, value=25).or_better(lists, cheap).sites is None
