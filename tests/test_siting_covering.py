"""Promise: covering models find the best plan there is, say so only when proven, and explain what cannot be.

On paper: villages at kilometres 0, 3, 6 and 9 with 5, 1, 1 and 2 people, a site in each, limit 3 km. N(0) = {0, 3},
N(3) = {0, 3, 6}, N(6) = {3, 6, 9}, N(9) = {6, 9}. One site reaches three villages at most, so a cover needs two:
{0, 6}, {0, 9}, {3, 6} or {3, 9}. {3, 6} covers the villages at 3 and 6 twice (2 people), the others one or none. Every
village twice: 0 and 3 for the first, 6 and 9 for the last, so all four. One site covers most at km 3: 5 + 1 + 1 = 7 of
9 people, two sites all 9. A share of 7/9 takes one site, anything above two.
"""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from clinicplan.errors import InfeasibleError, SitingError
from clinicplan.siting.cover import reduction
from clinicplan.siting.engine import Solution, Termination, solve
from clinicplan.siting.models import (
    backup_cover,
    cover_least,
    max_cover,
    multi_cover,
    partial_cover,
    set_cover,
)
from clinicplan.siting.models.covering import backup_program, cover_program, max_cover_program, partial_program
from clinicplan.siting.problem import LocationProblem

GOLDENS = Path(__file__).parent / "goldens" / "lp"
PLACE = np.array([0.0, 3.0, 6.0, 9.0])
ROAD = np.abs(PLACE[:, None] - PLACE)
NO_DEMAND = pytest.mark.filterwarnings("ignore:.*no demand.*:UserWarning")


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


def test_a_site_that_costs_nothing_opens():
    """{0, 6} costs 0 + 2."""
    result = set_cover(town(site_cost=[0, 2, 2, 3]), 3)
    assert (result.objective, 0 in result.open, result.status) == (2, True, "optimal")
    assert set_cover(town(site_cost=0), 3).objective == 0
    assert partial_cover(town(site_cost=[0, 1, 1, 0]), 3, 1).open.tolist() == [0, 3]
    assert max_cover(town(site_cost=[0, 1, 1, 0]), 3, budget=0).objective == 9


@NO_DEMAND
def test_a_point_without_people_is_covered_and_adds_nothing():
    problem = LocationProblem(ROAD, [5, 0, 0, 0])
    assert set_cover(problem, 3).objective == 2
    assert partial_cover(problem, 3, 1).objective == 1
    assert max_cover(problem, 3, 1).objective == 5


def test_points_that_none_covers_are_assigned_to_none():
    assert max_cover(town(), 3, 1).assignment.tolist() == [1, 1, 1, -1]


# ---------------------------------------------------------------- every subset


def all_choices(problem):
    """Return every choice of sites that keeps the rules, one a row."""
    sites = np.arange(problem.n_sites)
    chosen = (np.arange(2**problem.n_sites)[:, None] >> sites) & 1
    kept = chosen[:, problem.existing].sum(axis=1)
    most = problem.n_sites if problem.keep_at_most is None else problem.keep_at_most
    lawful = (problem.keep_at_least <= kept) & (kept <= most)
    lawful &= chosen[:, problem.required].all(axis=1) & ~chosen[:, problem.forbidden].any(axis=1)
    return chosen[lawful]


def counts(problem, limit, chosen):
    """Return how many of the chosen sites cover each point, by plain comparison of a dense table."""
    dense = np.full((problem.n_points, problem.n_sites), np.inf)
    table = problem.cost.tocoo()
    dense[table.row, table.col] = table.data
    reach = (dense <= np.reshape(limit, (-1, 1))) & np.isfinite(dense)
    return np.asarray(chosen) @ reach.T.astype(int)


def as_choice(problem, sites):
    return np.isin(np.arange(problem.n_sites), sites).astype(int)


@st.composite
def cases(draw):
    sites, points = draw(st.integers(1, 12)), draw(st.integers(1, 10))
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
    """Hold the parts of an answer that every model shares; return how often each point is covered."""
    choice = as_choice(problem, result.open)
    assert (all_choices(problem) == choice).all(axis=1).any()
    count = counts(problem, limit, choice)
    assert ((result.assignment >= 0) == (count > 0)).all()
    assert np.isin(result.assignment[result.assignment >= 0], result.open).all()
    assert (result.status, result.gap) == ("optimal", 0)
    return count


def check_least(ask, fits, problem, limit):
    """Compare a cheapest plan with the cheapest of all choices that fit; return it, None where none does."""
    choices = all_choices(problem)
    fitting = choices[[fits(count) for count in counts(problem, limit, choices)]]
    if not len(fitting):
        with pytest.raises(InfeasibleError):
            ask()
        return None
    result = ask()
    assert fits(check_plan(result, problem, limit))
    assert result.objective == pytest.approx((fitting @ problem.site_cost).min(), rel=1e-9, abs=1e-12)
    assert result.bound <= result.objective
    return result


@NO_DEMAND
@settings(max_examples=400, deadline=None, derandomize=True)
@given(cases())
def test_no_choice_beats_the_set_cover(case):
    """Every choice is tried, and the relaxation is no dearer than the plan."""
    problem, limit = case
    result = check_least(lambda: set_cover(problem, limit), lambda count: (count >= 1).all(), problem, limit)
    if result is not None:
        relaxed = solve(cover_program(problem, limit), relaxed=True)
        assert relaxed.objective <= result.objective + 1e-6


@NO_DEMAND
@settings(max_examples=300, deadline=None, derandomize=True)
@given(cases(), st.data())
def test_no_choice_beats_the_multiple_cover(case, data):
    """Every choice is tried, with a number of times for all or one each."""
    problem, limit = case
    each = st.lists(st.integers(0, 3), min_size=problem.n_points, max_size=problem.n_points)
    times = np.broadcast_to(np.array(data.draw(st.one_of(st.integers(0, 2), each))), problem.n_points)
    result = check_least(
        lambda: multi_cover(problem, limit, times), lambda count: (count >= times).all(), problem, limit
    )
    if result is not None:
        relaxed = solve(cover_program(problem, limit, times), relaxed=True)
        assert relaxed.objective <= result.objective + 1e-6


@NO_DEMAND
@settings(max_examples=300, deadline=None, derandomize=True)
@given(cases(), st.sampled_from([0, 0.25, 0.5, 2 / 3, 0.9, 1]))
def test_no_choice_beats_the_partial_cover(case, share):
    """Every choice is tried, and the relaxation is no dearer than the plan."""
    problem, limit = case
    target = share * problem.demand.sum()

    def fits(count):
        return problem.demand[count > 0].sum() >= target * (1 - 1e-9) - 1e-12

    result = check_least(lambda: partial_cover(problem, limit, share), fits, problem, limit)
    if result is not None:
        relaxed = solve(partial_program(problem, limit, target), relaxed=True)
        assert relaxed.objective <= result.objective + 1e-6


@NO_DEMAND
@settings(max_examples=300, deadline=None, derandomize=True)
@given(cases())
def test_no_choice_beats_the_backup_cover(case):
    """Every choice is tried: least cost first, then most demand covered twice."""
    problem, limit = case
    choices = all_choices(problem)
    covers = choices[(counts(problem, limit, choices) >= 1).all(axis=1)]
    if not len(covers):
        with pytest.raises(InfeasibleError):
            backup_cover(problem, limit)
        return
    result = backup_cover(problem, limit)
    check_plan(result, problem, limit)
    cost = covers @ problem.site_cost
    cheapest = covers[cost <= cost.min() + 1e-8]
    twice = ((counts(problem, limit, cheapest) >= 2) @ problem.demand).max()
    assert result.objective == pytest.approx((cost.min(), twice), rel=1e-8, abs=1e-12)
    relaxed = solve(backup_program(problem, limit, cost.min() + 1e-9), relaxed=True)
    assert relaxed.objective >= twice - 1e-6


@NO_DEMAND
@settings(max_examples=400, deadline=None, derandomize=True)
@given(cases(), st.data())
def test_no_choice_covers_more(case, data):
    """Every choice is tried, of p sites, within a budget, or both; the relaxation covers no less than the plan."""
    problem, limit = case
    p = data.draw(st.one_of(st.none(), st.integers(0, problem.n_sites)))
    budget = data.draw(st.one_of(st.integers(0, 12), st.just(2.5), *([] if p is None else [st.none()] * 2)))
    fitting = all_choices(problem)
    if p is not None:
        fitting = fitting[fitting.sum(axis=1) == p]
    if budget is not None:
        fitting = fitting[fitting @ problem.site_cost <= budget + 1e-9]
    if not len(fitting):
        with pytest.raises((SitingError, InfeasibleError)):
            max_cover(problem, limit, p, budget=budget)
        return
    result = max_cover(problem, limit, p, budget=budget)
    check_plan(result, problem, limit)
    best = ((counts(problem, limit, fitting) > 0) @ problem.demand).max()
    assert result.objective == pytest.approx(best, rel=1e-9, abs=1e-12)
    assert p is None or len(result.open) == p
    assert budget is None or problem.site_cost[result.open].sum() <= budget + 1e-9
    relaxed = solve(max_cover_program(problem, limit, p, budget=budget), relaxed=True)
    assert relaxed.objective >= result.objective - 1e-6


# ---------------------------------------------------------------- the whole model, larger


def plane(n, seed, **rules):
    """Return villages drawn in a square, each a site; 10 of their units reach five or six villages."""
    random = np.random.default_rng(seed)
    place = random.random((n, 2)) * np.sqrt(n) * 8
    people = np.round(random.lognormal(6, 0.6, n)) + 1
    return LocationProblem(np.round(np.linalg.norm(place[:, None] - place, axis=2), 1), people, **rules)


def ruled(n, seed):
    """Return the same with prices and rules of every kind."""
    random = np.random.default_rng(seed + 100)
    order = random.permutation(n)
    return plane(
        n,
        seed,
        required=order[:3],
        forbidden=order[3 : n // 5],
        existing=order[n // 4 : n // 2],
        keep_at_least=n // 12,
        keep_at_most=n // 10,
        site_cost=random.integers(1, 6, n),
    )


@pytest.mark.parametrize("make", [plane, ruled])
@pytest.mark.parametrize("seed", range(3))
def test_the_whole_model_solved_without_shortcuts_agrees(make, seed):
    """What reduction, Lagrangian bound and exchange leave out does not change the answer."""
    problem = make(120, seed)
    plain = solve(cover_program(problem, 14))
    assert set_cover(problem, 14).objective == pytest.approx(plain.objective)
    p = 18
    plain = solve(max_cover_program(problem, 10, p))
    result = max_cover(problem, 10, p)
    assert (result.objective, result.status) == (pytest.approx(plain.objective), "optimal")
    target = np.ceil(0.7 * problem.demand.sum())
    plain = solve(partial_program(problem, 10, target))
    assert partial_cover(problem, 10, 0.7).objective == pytest.approx(plain.objective)


def test_a_budget_and_different_times_agree_with_the_whole_model():
    problem = plane(100, 7, site_cost=np.random.default_rng(7).integers(1, 9, 100))
    plain = solve(max_cover_program(problem, 10, budget=40.0))
    assert max_cover(problem, 10, budget=40.0).objective == pytest.approx(plain.objective)
    times = np.arange(100) % 3
    assert multi_cover(problem, 16, times).objective == pytest.approx(
        solve(cover_program(problem, 16, times)).objective
    )


@pytest.mark.parametrize("seed", range(3))
def test_more_sites_cover_no_less_and_wider_limits_need_no_more(seed):
    problem = plane(80, seed)
    covered = [max_cover(problem, 10, p).objective for p in (2, 5, 9, 14)]
    assert covered == sorted(covered)
    needed = [set_cover(problem, limit).objective for limit in (0, 6, 9, 13, 30)]
    assert needed == sorted(needed, reverse=True)
    assert needed[0] == 80
    shares = [partial_cover(problem, 10, share).objective for share in (0.2, 0.5, 0.8, 1)]
    assert shares == sorted(shares)
    assert shares[-1] == set_cover(problem, 10).objective


def test_the_order_of_points_and_sites_does_not_matter():
    problem = plane(80, 4)
    shuffle = np.random.default_rng(1).permutation(80)
    other = LocationProblem(problem.cost[shuffle][:, shuffle], problem.demand[shuffle])
    assert set_cover(problem, 10).objective == set_cover(other, 10).objective
    assert max_cover(problem, 10, 12).objective == max_cover(other, 10, 12).objective
    assert backup_cover(problem, 10).objective == backup_cover(other, 10).objective


def test_too_many_pairs_to_compare_change_nothing_but_the_time(monkeypatch):
    problem = plane(80, 5)
    before = set_cover(problem, 10).objective, max_cover(problem, 10, 12).objective
    monkeypatch.setattr(reduction, "PAIR_LIMIT", 0)
    assert (set_cover(problem, 10).objective, max_cover(problem, 10, 12).objective) == before


def test_a_thousand_villages_are_proven():
    problem = plane(1000, 0)
    assert set_cover(problem, 12).status == "optimal"
    assert max_cover(problem, 12, 60).status == "optimal"


# ---------------------------------------------------------------- time and proof

TRIANGLE = np.array([[0, 0, np.inf], [np.inf, 0, 0], [0, np.inf, 0]])
"""Two sites cover it; the relaxation opens half of each of the three."""
LINES = [[0, 1, 2], [0, 3, 4], [0, 5, 6], [1, 3, 5], [1, 4, 6], [2, 3, 6], [2, 4, 5]]
"""Seven lines of seven points: any two meet in one, so two cover five; the relaxation opens 2/7 of each: six."""


def stops(monkeypatch, bound):
    """Let the solver stop on time at once, with nothing but a bound."""
    nothing = Solution(Termination.TIME, None, np.nan, bound, 0.0)
    monkeypatch.setattr(cover_least, "solve", lambda *_, **__: nothing)


def test_a_bound_short_of_a_whole_site_proves_nothing_and_one_above_it_does(monkeypatch):
    problem = LocationProblem(TRIANGLE, [1, 1, 1])
    stops(monkeypatch, 1.0)
    result = set_cover(problem, 0)
    assert (result.objective, result.bound, result.gap, result.status) == (2, 1, 0.5, "gap")
    stops(monkeypatch, 1.5)
    assert (set_cover(problem, 0).status, set_cover(problem, 0).gap) == ("optimal", 0)


def test_costs_on_no_grid_are_not_rounded(monkeypatch):
    problem = LocationProblem(TRIANGLE, [1, 1, 1], site_cost=1 / 3)
    stops(monkeypatch, 0.5)
    result = set_cover(problem, 0)
    assert (result.status, result.gap) == ("gap", pytest.approx(0.25))


def test_bounds_of_separate_parts_are_rounded_one_by_one(monkeypatch):
    """Two triangles: 1.5 and 1.5 are three sites, but two and two are needed."""
    apart = np.full((3, 3), np.inf)
    problem = LocationProblem(np.block([[TRIANGLE, apart], [apart, TRIANGLE]]), np.ones(6))
    stops(monkeypatch, 1.5)
    result = set_cover(problem, 0)
    assert (result.objective, result.bound, result.status) == (4, 4, "optimal")


def seven():
    table = np.full((7, 7), np.inf)
    for line, points in enumerate(LINES):
        table[points, line] = 0
    return LocationProblem(table, np.ones(7))


def test_stopped_maximal_cover_has_a_plan_a_bound_and_their_distance(monkeypatch):
    assert (max_cover(seven(), 0, 2).objective, max_cover(seven(), 0, 2).status) == (5, "optimal")
    stops(monkeypatch, np.inf)
    result = max_cover(seven(), 0, 2)
    assert (result.objective, result.status, len(result.open)) == (5, "gap", 2)
    assert 6 <= result.bound < 7
    assert result.gap == pytest.approx((result.bound - 5) / 5)


def test_stopped_partial_and_backup_cover_keep_their_plan(monkeypatch):
    stops(monkeypatch, -np.inf)
    result = partial_cover(seven(), 0, 1)
    assert (result.status, result.bound) == ("gap", 0)
    assert (result.assignment >= 0).all()
    stops(monkeypatch, np.inf)
    result = backup_cover(town(), 3)
    assert result.objective[0] == 2
    assert result.status in {"gap", "optimal"}
    assert (result.bound[1], result.status == "optimal") == (np.inf, False)


def test_a_rule_that_greedy_breaks_leaves_the_cheapest_choice(monkeypatch):
    """Km 3 covers most, but one of the existing sites at the ends must stay."""
    problem = town(existing=[0, 3], keep_at_least=1)
    assert max_cover(problem, 3, 1).objective == 6
    stops(monkeypatch, np.inf)
    result = max_cover(problem, 3, 1)
    assert (result.status, result.bound, len(result.open)) == ("gap", 9, 1)


def test_without_any_plan_nothing_is_claimed(monkeypatch):
    problem = town(existing=[1], keep_at_most=0)
    assert partial_cover(problem, 3, 7 / 9).objective == 2
    stops(monkeypatch, -np.inf)
    result = partial_cover(problem, 3, 7 / 9)
    assert (result.status, result.gap, result.open.size) == ("unknown", np.inf, 0)
    assert np.isnan(result.objective)
    assert result.assignment.tolist() == [-1] * 4


def test_hardly_any_time_still_gives_a_plan_and_a_bound():
    problem = plane(300, 2)
    for result in (
        set_cover(problem, 12, time_limit_s=1e-6),
        max_cover(problem, 12, 20, time_limit_s=1e-6),
        partial_cover(problem, 12, 0.8, time_limit_s=1e-6),
    ):
        assert result.status in {"gap", "optimal"}
        assert np.isfinite([result.objective, result.bound, result.gap]).all()
    assert max_cover(problem, 12, 20).objective <= max_cover(problem, 12, 20, time_limit_s=1e-6).bound


# ---------------------------------------------------------------- bad input


def codes(error):
    return [fault.code for fault in error.value.faults]


def test_all_that_is_wrong_with_a_question_is_said_at_once():
    with pytest.raises(SitingError) as error:
        multi_cover(town(), [3, np.nan, -1, 3], [1, 0.5, 1, -1], time_limit_s=0)
    assert codes(error) == ["limit_value", "times_value", "seconds_value"]
    assert [fault.ids for fault in error.value.faults[:2]] == [("1", "2"), ("1", "3")]
    with pytest.raises(SitingError) as error:
        multi_cover(town(), [3, 3], [1, 1, 1])
    assert codes(error) == ["limit_shape", "times_shape"]


@pytest.mark.parametrize("share", [-0.1, 1.1, np.nan, 90])
def test_a_share_is_a_fraction(share):
    with pytest.raises(SitingError, match="between 0 and 1") as error:
        partial_cover(town(), 3, share)
    assert codes(error) == ["share_value"]


@pytest.mark.parametrize("p", [-1, 5])
def test_p_out_of_range_names_the_range(p):
    with pytest.raises(SitingError, match="0 to 4") as error:
        max_cover(town(), 3, p)
    assert codes(error) == ["p_range"]
    with pytest.raises(SitingError, match="1 to 3"):
        max_cover(town(required=[1], forbidden=[2]), 3, 4)


def test_p_is_whole_a_budget_not_negative_and_one_of_them_given():
    with pytest.raises(SitingError) as error:
        max_cover(town(), 3, 1.5, budget=-2)
    assert codes(error) == ["p_whole", "budget_negative"]
    with pytest.raises(SitingError) as error:
        max_cover(town(), 3)
    assert codes(error) == ["no_measure"]


@pytest.mark.parametrize("wrong", [-1, np.nan])
def test_missing_and_negative_numbers_are_named(wrong):
    with pytest.raises(SitingError) as error:
        LocationProblem(ROAD, [1, wrong, 1, 1], demand_ids=list("abcd"), required=[7], forbidden=[-1])
    assert codes(error) == ["unknown_site", "unknown_site", "bad_amount"]
    with pytest.raises(SitingError) as error:
        LocationProblem(np.where(ROAD == 6, wrong, ROAD), [1, 1, 1, 1])
    assert codes(error) == ["bad_cost"]


def test_points_without_demand_are_warned_of():
    with pytest.warns(UserWarning, match=r"b.*1 demand point\(s\) have no demand"):
        set_cover(LocationProblem(ROAD, [1, 0, 1, 1], demand_ids=list("abcd")), 3)


def test_minutes_that_look_like_seconds_are_warned_of():
    with pytest.warns(UserWarning, match="look like seconds"):
        set_cover(LocationProblem(ROAD * 300, [5, 1, 1, 2]), 900)


# ---------------------------------------------------------------- what cannot be


def test_points_out_of_reach_are_named_with_the_limit_that_would_do():
    """Km 0 reaches only the forbidden sites at 0 and 3: the next is 6 km away. Km 9 has no allowed site at all."""
    table = ROAD.copy()
    table[3] = np.inf
    problem = LocationProblem(table, [5, 1, 1, 2], forbidden=["w", "x"], demand_ids=list("abcd"), site_ids=list("wxyz"))
    with pytest.raises(InfeasibleError, match=r"a → y \(6\)") as error:
        set_cover(problem, 3)
    assert codes(error) == ["points_far", "points_alone"]
    assert [fault.ids for fault in error.value.faults] == [("a",), ("d",)]
    assert set_cover(LocationProblem(ROAD, [5, 1, 1, 2], forbidden=[0, 1]), 6).open.tolist() == [2]
    with pytest.raises(InfeasibleError):
        set_cover(LocationProblem(ROAD, [5, 1, 1, 2], forbidden=[0, 1]), 5.999)


def test_too_few_sites_for_the_times_name_the_one_that_would_complete_them():
    with pytest.raises(InfeasibleError, match=r"0 → 2 \(6\)") as error:
        multi_cover(town(), 3, [3, 1, 1, 1])
    assert codes(error) == ["points_far"]
    assert multi_cover(town(), 6, [3, 1, 1, 1]).status == "optimal"
    with pytest.raises(InfeasibleError) as error:
        multi_cover(town(), 99, [5, 1, 1, 1])
    assert codes(error) == ["points_alone"]


def test_existing_sites_that_a_cover_needs_are_counted():
    """Only existing sites, and a cover needs two of them."""
    problem = town(existing=[0, 1, 2, 3], keep_at_most=1)
    for ask in (lambda: set_cover(problem, 3), lambda: backup_cover(problem, 3), lambda: partial_cover(problem, 3, 1)):
        with pytest.raises(InfeasibleError, match="keep_at_most to 2") as error:
            ask()
        assert codes(error) == ["keep_blocks"]
    assert set_cover(town(existing=[0, 1, 2, 3], keep_at_most=2), 3).objective == 2


def test_a_share_out_of_reach_names_the_one_in_reach():
    with pytest.raises(InfeasibleError, match="0\\.777777") as error:
        partial_cover(town(forbidden=[0, 2, 3]), 3, 0.9)
    assert codes(error) == ["share_short"]
    assert partial_cover(town(forbidden=[0, 2, 3]), 3, 0.777777).objective == 1


def test_a_budget_too_small_names_the_least():
    with pytest.raises(InfeasibleError, match="costs 4") as error:
        max_cover(town(site_cost=[1, 4, 2, 2], required=[1]), 3, budget=3)
    assert codes(error) == ["budget_small"]


# ---------------------------------------------------------------- goldens


def golden_programs():
    """Return the four models with every rule; a name of a row is told apart by its model where two differ."""
    rules = {"existing": [0, 1], "keep_at_least": 1, "keep_at_most": 1, "site_cost": [1, 2, 3, 4], "forbidden": [3]}
    problem = town(**rules)
    return {
        "least": cover_program(problem, 3, [1, 2, 1, 1]),
        "backup": backup_program(problem, 3, 6.0),
        "most": max_cover_program(problem, [3, 3, 0, 3], 2, budget=5.0),
        "partial": partial_program(problem, 3, 7.0),
    }


FAMILIES = [
    "least_cover", "least_keep", "backup_cover", "backup_backup", "backup_sites", "backup_keep", "most_covered",
    "most_count", "most_budget", "most_keep", "partial_covered", "partial_target", "partial_keep",
]  # fmt: skip


@pytest.mark.parametrize("name", FAMILIES)
def test_each_constraint_reads_as_its_golden(name):
    """One LP a constraint: the model with this family alone. CLINICPLAN_WRITE_GOLDENS=1 writes it instead."""
    model, family = name.split("_")
    program = golden_programs()[model]
    others = [item.name for item in program.families if item.name != family]
    text, golden = program.without(*others).to_lp(), GOLDENS / f"cover_{name}.lp"
    if os.environ.get("CLINICPLAN_WRITE_GOLDENS"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_no_constraint_lacks_a_golden():
    names = {f"{model}_{item.name}" for model, program in golden_programs().items() for item in program.families}
    assert names == set(FAMILIES)
    assert {path.stem.removeprefix("cover_") for path in GOLDENS.glob("cover_*.lp")} == names
