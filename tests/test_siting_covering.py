"""Promise: covering models find the best plan there is, say so only when proven, and explain what cannot be.

On paper: villages at kilometres 0, 3, 6 and 9 with 5, 1, 1 and 2 people, a site in each, limit 3 km. N(0) = {0, 3},
N(3) = {0, 3, 6}, N(6) = {3, 6, 9}, N(9) = {6, 9}. One site reaches three villages at most, so a cover needs two:
{0, 6}, {0, 9}, {3, 6} or {3, 9}. {3, 6} covers the villages at 3 and 6 twice (2 people), the others one or none. Every
village twice: 0 and 3 for the first, 6 and 9 for the last, so all four. One site covers most at km 3: 5 + 1 + 1 = 7 of
9 people, two sites all 9. A share of 7/9 takes one site, anything above two.
"""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from clinicplan.errors import InfeasibleError, SitingError
from clinicplan.siting import engine
from clinicplan.siting.engine import solve
from clinicplan.siting.models import backup_cover, max_cover, multi_cover, partial_cover, set_cover
from clinicplan.siting.models.covering import backup_program, cover_program, max_cover_program, partial_program
from clinicplan.siting.problem import LocationProblem

GOLDENS = Path(__file__).parent / "goldens" / "lp"
PLACE = np.array([0.0, 3.0, 6.0, 9.0])
ROAD = np.abs(PLACE[:, None] - PLACE)


def town(**rules):
    return LocationProblem(ROAD, [5, 1, 1, 2], **rules)


# ---------------------------------------------------------------- on paper


def test_the_fewest_sites_of_the_town_on_paper():
    result = set_cover(town(), 3)
    assert (result.objective, result.bound, result.gap, result.status) == (2, 2, 0, "optimal")
    assert tuple(result.open) in {(0, 2), (0, 3), (1, 2), (1, 3)}
    assert np.abs(PLACE - PLACE[result.assignment]).max() <= 3


def test_every_village_twice_takes_every_site():
    assert multi_cover(town(), 3, 2).open.tolist() == [0, 1, 2, 3]
    assert multi_cover(town(), 3, [0, 2, 0, 0]).objective == 2
    assert multi_cover(town(), 3, 0).open.size == 0


def test_of_the_covers_with_two_sites_one_covers_two_people_twice():
    result = backup_cover(town(), 3)
    assert result.open.tolist() == [1, 2]
    assert (result.objective, result.bound, result.gap, result.status) == ((2, 2), (2, 2), 0, "optimal")


@pytest.mark.parametrize(("p", "people"), [(0, 0), (1, 7), (2, 9), (3, 9), (4, 9)])
def test_the_most_people_that_p_sites_cover(p, people):
    result = max_cover(town(), 3, p)
    assert (result.objective, result.bound, result.status, len(result.open)) == (people, people, "optimal", p)


def test_a_budget_buys_what_it_can():
    costs = [1, 4, 2, 2]
    assert max_cover(town(site_cost=costs), 3, budget=3).open.tolist() == [0, 2]
    assert max_cover(town(site_cost=costs), 3, 1, budget=3).open.tolist() == [0]
    assert max_cover(town(site_cost=costs), 3, 1, budget=4).open.tolist() == [1]


@pytest.mark.parametrize(("share", "sites"), [(0, 0), (0.5, 1), (7 / 9, 1), (0.778, 2), (1, 2)])
def test_a_share_is_reached_or_passed(share, sites):
    assert partial_cover(town(), 3, share).objective == sites


def test_the_limit_is_inclusive_and_may_differ_by_point():
    assert set_cover(town(), 2.999).objective == 4
    assert set_cover(town(), [3, 3, 0, 3]).objective == 2
    assert set_cover(town(), [0, 3, 0, 0]).objective == 3
    assert set_cover(town(), np.inf).objective == 1


def test_a_stored_zero_is_near_and_an_absent_entry_is_out_of_reach():
    table = csr_matrix((np.array([0.0, 5.0, 0.0]), ([0, 1, 1], [0, 0, 1])), shape=(2, 2))
    problem = LocationProblem(table, [1, 1])
    assert set_cover(problem, 0).open.tolist() == [0, 1]
    assert set_cover(problem, 5).open.tolist() == [0]
    assert max_cover(problem, 0, 1).objective == 1


def test_a_point_without_people_is_covered_and_adds_nothing():
    problem = LocationProblem(ROAD, [5, 0, 0, 0])
    assert set_cover(problem, 3).objective == 2
    assert partial_cover(problem, 3, 1).objective == 1
    assert max_cover(problem, 3, 1).objective == 5


def test_points_that_none_covers_are_assigned_to_none():
    assert max_cover(town(), 3, 1).assignment.tolist() == [1, 1, 1, -1]


# ---------------------------------------------------------------- every subset


def chosen_sets(problem):
    kept = set(problem.existing.tolist())
    most = len(kept) if problem.keep_at_most is None else problem.keep_at_most
    for size in range(problem.n_sites + 1):
        for sites in itertools.combinations(range(problem.n_sites), size):
            if (
                set(problem.required.tolist()) <= set(sites)
                and not set(problem.forbidden.tolist()) & set(sites)
                and problem.keep_at_least <= len(kept & set(sites)) <= most
            ):
                yield list(sites)


def counts(problem, limit, sites):
    """Return how many of the sites cover each point, by plain comparison."""
    dense = np.full((problem.n_points, problem.n_sites), np.inf)
    table = problem.cost.tocoo()
    dense[table.row, table.col] = table.data
    return ((dense <= np.reshape(limit, (-1, 1))) & np.isfinite(dense))[:, sites].sum(axis=1)


@st.composite
def cases(draw):
    sites, points = draw(st.integers(1, 8)), draw(st.integers(1, 8))
    value = st.one_of(st.integers(0, 9), st.just(np.inf), st.sampled_from([0.5, 1 / 3, 7.25]))
    cost = np.array(draw(st.lists(value, min_size=sites * points, max_size=sites * points)), dtype=float)
    roles = draw(st.lists(st.sampled_from("rf......"), min_size=sites, max_size=sites))
    existing = [site for site in range(sites) if draw(st.booleans())]
    least = draw(st.integers(0, min(2, len(existing)))) if draw(st.booleans()) else 0
    most = draw(st.one_of(st.none(), st.integers(least, max(least, len(existing)))))
    price = draw(st.sampled_from([st.just(1), st.integers(0, 4), st.sampled_from([0.5, 1.25, 1 / 3, 0, 7])]))
    weight = draw(st.sampled_from([st.integers(0, 5), st.sampled_from([0, 0.1, 1 / 7, 2.5])]))
    problem = LocationProblem(
        cost.reshape(points, sites),
        draw(st.lists(weight, min_size=points, max_size=points)),
        required=[site for site in range(sites) if roles[site] == "r"],
        forbidden=[site for site in range(sites) if roles[site] == "f"],
        existing=existing,
        keep_at_least=least,
        keep_at_most=most,
        site_cost=draw(st.lists(price, min_size=sites, max_size=sites)),
    )
    radius = st.sampled_from([0, 0.5, 3, 5, 7.25, 9, 20])
    limit = draw(st.one_of(radius, st.lists(radius, min_size=points, max_size=points)))
    return problem, np.broadcast_to(np.asarray(limit, dtype=float), points)


def check_plan(result, problem, limit):
    """Hold the parts of an answer that every model shares."""
    assert result.open.tolist() in list(chosen_sets(problem))
    assert ((result.assignment >= 0) == (counts(problem, limit, result.open) > 0)).all()
    assert np.isin(result.assignment[result.assignment >= 0], result.open).all()
    assert result.status == "optimal"
    assert result.gap == 0


def check_least(ask, fits, problem, limit):
    """Compare a cheapest plan with the cheapest of all subsets that fit; return it."""
    fitting = [sites for sites in chosen_sets(problem) if fits(counts(problem, limit, sites))]
    if not fitting:
        with pytest.raises(InfeasibleError):
            ask()
        return None
    result = ask()
    check_plan(result, problem, limit)
    assert fits(counts(problem, limit, result.open))
    best = min(problem.site_cost[sites].sum() for sites in fitting)
    assert result.objective == pytest.approx(best, rel=1e-9, abs=1e-12)
    assert result.bound <= result.objective
    return result


@settings(max_examples=400, deadline=None, derandomize=True)
@given(cases())
def test_no_subset_beats_the_set_cover(case):
    """Every subset is tried."""
    problem, limit = case
    result = check_least(lambda: set_cover(problem, limit), lambda count: (count >= 1).all(), problem, limit)
    if result is not None:
        relaxed = solve(cover_program(problem, limit), relaxed=True)
        assert relaxed.objective <= result.objective + 1e-6


@settings(max_examples=250, deadline=None, derandomize=True)
@given(cases(), st.data())
def test_no_subset_beats_the_multiple_cover(case, data):
    """Every subset is tried, with a number of times for all or one each."""
    problem, limit = case
    each = st.lists(st.integers(0, 3), min_size=problem.n_points, max_size=problem.n_points)
    times = np.broadcast_to(np.array(data.draw(st.one_of(st.integers(0, 2), each))), problem.n_points)
    check_least(lambda: multi_cover(problem, limit, times), lambda count: (count >= times).all(), problem, limit)


@settings(max_examples=250, deadline=None, derandomize=True)
@given(cases(), st.sampled_from([0, 0.25, 0.5, 2 / 3, 0.9, 1]))
def test_no_subset_beats_the_partial_cover(case, share):
    """Every subset is tried."""
    problem, limit = case
    target = share * problem.demand.sum()

    def fits(count):
        return problem.demand[count > 0].sum() >= target * (1 - 1e-9) - 1e-12

    check_least(lambda: partial_cover(problem, limit, share), fits, problem, limit)


@settings(max_examples=250, deadline=None, derandomize=True)
@given(cases())
def test_no_subset_beats_the_backup_cover(case):
    """Every subset is tried: least cost first, then most demand covered twice."""
    problem, limit = case
    fitting = [sites for sites in chosen_sets(problem) if (counts(problem, limit, sites) >= 1).all()]
    if not fitting:
        with pytest.raises(InfeasibleError):
            backup_cover(problem, limit)
        return
    result = backup_cover(problem, limit)
    check_plan(result, problem, limit)
    least = min(problem.site_cost[sites].sum() for sites in fitting)
    cheapest = [sites for sites in fitting if problem.site_cost[sites].sum() <= least + 1e-8]
    twice = max(problem.demand[counts(problem, limit, sites) >= 2].sum() for sites in cheapest)
    assert result.objective == pytest.approx((least, twice), rel=1e-8, abs=1e-12)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(cases(), st.data())
def test_no_subset_covers_more(case, data):
    """Every subset is tried, of p sites, within a budget, or both."""
    problem, limit = case
    p = data.draw(st.one_of(st.none(), st.integers(0, problem.n_sites)))
    budget = data.draw(st.one_of(st.integers(0, 12), st.just(2.5), *([] if p is None else [st.none()] * 2)))
    fitting = [
        sites
        for sites in chosen_sets(problem)
        if (p is None or len(sites) == p) and (budget is None or problem.site_cost[sites].sum() <= budget + 1e-9)
    ]
    if not fitting:
        with pytest.raises((SitingError, InfeasibleError)):
            max_cover(problem, limit, p, budget=budget)
        return
    result = max_cover(problem, limit, p, budget=budget)
    check_plan(result, problem, limit)
    best = max(problem.demand[counts(problem, limit, sites) > 0].sum() for sites in fitting)
    assert result.objective == pytest.approx(best, rel=1e-9, abs=1e-12)
    assert p is None or len(result.open) == p
    assert budget is None or problem.site_cost[result.open].sum() <= budget + 1e-9
    relaxed = solve(max_cover_program(problem, limit, p, budget=budget), relaxed=True)
    assert relaxed.objective >= result.objective - 1e-6
