"""Promise: p-center and p-dispersion find the best plan there is, say so only when proven, and explain what cannot be.

On paper: villages at kilometres 0, 2, 7 and 10, each a site. Two sites: {0 or 2} and {7 or 10} leave nobody farther
than 3 km, and one site leaves the far end at least 7 km away (site 7: 0 is 7 km off). Three sites 2 km apart exist
(0, 2, 7), 3 km apart 0 (or 2), 7 and 10; four only 2 km apart.
"""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix, triu

from clinicplan.errors import InfeasibleError, SitingError
from clinicplan.siting.engine import solve
from clinicplan.siting.linear import Formulation, Term
from clinicplan.siting.models import p_center, p_dispersion
from clinicplan.siting.models.bisection import IMPOSSIBLE, bisect
from clinicplan.siting.models.centres import cover_within
from clinicplan.siting.models.dispersion import spread_apart
from clinicplan.siting.problem import LocationProblem

GOLDENS = Path(__file__).parent / "goldens" / "lp"
PLACE = np.array([0.0, 2.0, 7.0, 10.0])
ROAD = np.abs(PLACE[:, None] - PLACE)
TIGHT = 0.0
"""Seconds that suffice for nothing."""


def town(**rules):
    return LocationProblem(ROAD, [5, 0, 1, 5], **rules)


# ---------------------------------------------------------------- on paper


@pytest.mark.parametrize(("p", "farthest"), [(1, 7), (2, 3), (3, 2), (4, 0)])
def test_the_farthest_village_of_the_town_on_paper(p, farthest):
    result = p_center(town(), p)
    assert (result.objective, result.bound, result.gap, result.status) == (farthest, farthest, 0, "optimal")
    assert len(result.open) == p
    assert np.abs(PLACE - PLACE[result.assignment]).max() == farthest


def test_a_village_without_residents_counts_as_every_other():
    """Village 1 has nobody; a model that forgot it would reach the other three within 3 km from 0 and 7 or 10."""
    problem = LocationProblem([[0, 9], [9, 4], [9, 0]], [1, 0, 1])
    assert p_center(problem, 1, time_limit_s=10).objective == 9
    assert p_center(problem, 2).objective == 4


def test_a_stored_zero_is_near_and_an_absent_entry_is_out_of_reach():
    table = csr_matrix((np.array([0.0, 5.0, 0.0]), ([0, 1, 1], [0, 0, 1])), shape=(2, 2))
    assert p_center(LocationProblem(table, [1, 1]), 1).open.tolist() == [0]
    assert p_center(LocationProblem(table, [1, 1]), 2).objective == 0


@pytest.mark.parametrize(("p", "least"), [(2, 10), (3, 3), (4, 2)])
def test_the_nearest_two_sites_of_the_town_on_paper(p, least):
    result = p_dispersion(ROAD, p)
    assert (result.objective, result.bound, result.status) == (least, least, "optimal")
    assert result.assignment.size == 0
    assert min(abs(a - b) for a, b in itertools.combinations(PLACE[result.open], 2)) == least


def test_a_required_pair_holds_the_spread_down():
    assert p_dispersion(ROAD, 3, required=[0, 1]).objective == 2
    assert p_dispersion(ROAD, 3, forbidden=[2]).objective == 2


def test_sites_are_named_where_names_are_given():
    result = p_dispersion(ROAD, 2, required=["b"], site_ids=list("abcd"))
    assert result.open.tolist() == [1, 3]


def test_absent_pairs_are_farther_apart_than_every_stored_one():
    near = csr_matrix((np.array([1.0, 1.0, 2.0, 2.0]), ([0, 1, 1, 2], [1, 0, 2, 1])), shape=(3, 3))
    assert p_dispersion(near, 2).objective == np.inf
    assert p_dispersion(near, 2).status == "optimal"
    assert p_dispersion(near, 2).gap == 0
    assert p_dispersion(near, 3).objective == 1


def test_two_sites_in_one_place_are_no_distance_apart():
    assert p_dispersion(np.zeros((2, 2)), 2).objective == 0


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


def best_radius(problem, p, budget=None):
    dense = np.full((problem.n_points, problem.n_sites), np.inf)
    table = problem.cost.tocoo()
    dense[table.row, table.col] = table.data
    sets = chosen_sets(problem, p, budget)
    return min((dense[:, list(sites)].min(axis=1).max(initial=0.0) for sites in sets), default=np.inf)


@st.composite
def centre_cases(draw):
    sites, points = draw(st.integers(1, 7)), draw(st.integers(1, 7))
    value = st.one_of(st.integers(0, 9), st.just(np.inf), st.sampled_from([0.5, 1 / 3, 7.25]))
    cost = np.array(draw(st.lists(value, min_size=sites * points, max_size=sites * points)), dtype=float)
    roles = draw(st.lists(st.sampled_from("rf....e.e"), min_size=sites, max_size=sites))
    existing = [site for site in range(sites) if roles[site] == "e" or draw(st.booleans())]
    least = draw(st.integers(0, min(2, len(existing))))
    most = draw(st.one_of(st.none(), st.integers(least, max(least, len(existing)))))
    problem = LocationProblem(
        cost.reshape(points, sites),
        draw(st.lists(st.integers(0, 3), min_size=points, max_size=points)),
        required=[site for site in range(sites) if roles[site] == "r"],
        forbidden=[site for site in range(sites) if roles[site] == "f"],
        existing=existing,
        keep_at_least=least,
        keep_at_most=most,
        site_cost=draw(st.lists(st.integers(0, 4), min_size=sites, max_size=sites)),
    )
    return problem, draw(st.integers(1, sites)), draw(st.one_of(st.none(), st.integers(0, 12)))


@settings(max_examples=700, deadline=None, derandomize=True)
@given(centre_cases())
def test_no_subset_beats_the_p_center_plan(case):
    """Every subset is tried: the best one has the objective, or none exists and the error says so."""
    problem, p, budget = case
    best = best_radius(problem, p, budget)
    try:
        result = p_center(problem, p, budget=budget)
    except (SitingError, InfeasibleError):
        assert best == np.inf
        return
    assert result.status == "optimal"
    assert result.objective == result.bound == best
    assert tuple(result.open.tolist()) in set(chosen_sets(problem, p, budget))
    served = problem.cost.todok()
    costs = [served[point, site] for point, site in enumerate(result.assignment)]
    assert max(costs) == best


@st.composite
def spread_cases(draw):
    n = draw(st.integers(2, 8))
    value = st.one_of(st.integers(0, 9), st.just(np.inf), st.sampled_from([0.5, 1 / 3]))
    upper = np.triu(np.array(draw(st.lists(value, min_size=n * n, max_size=n * n)), dtype=float).reshape(n, n), 1)
    table = np.where(np.arange(n)[:, None] < np.arange(n), upper, 0)
    table = np.where(np.tri(n, n, -1) > 0, table.T, table)
    roles = draw(st.lists(st.sampled_from("rf......"), min_size=n, max_size=n))
    required, forbidden = ([site for site in range(n) if roles[site] == role] for role in "rf")
    return table, draw(st.integers(2, n)), required, forbidden


@settings(max_examples=700, deadline=None, derandomize=True)
@given(spread_cases())
def test_no_subset_beats_the_p_dispersion_plan(case):
    """Every subset is tried."""
    table, p, required, forbidden = case
    sets = [
        sites
        for sites in itertools.combinations(range(len(table)), p)
        if set(required) <= set(sites) and not set(forbidden) & set(sites)
    ]
    least = [min(table[a, b] for a, b in itertools.combinations(sites, 2)) for sites in sets]
    if not sets:
        with pytest.raises((SitingError, InfeasibleError)):
            p_dispersion(table, p, required=required, forbidden=forbidden)
        return
    result = p_dispersion(table, p, required=required, forbidden=forbidden)
    assert result.status == "optimal"
    assert result.objective == result.bound == max(least)
    assert least[sets.index(tuple(result.open.tolist()))] == max(least)


# ---------------------------------------------------------------- another formulation, larger


def plane(n, seed, digits=1):
    xy = np.random.default_rng(seed).random((n, 2)) * 30
    return np.round(np.linalg.norm(xy[:, None] - xy, axis=2), digits)


@pytest.mark.parametrize(("n", "p", "seed"), [(30, 3, 1), (30, 6, 2), (40, 8, 3)])
def test_the_direct_model_agrees_on_the_farthest_point(n, p, seed):
    """The textbook model, minimise z with sum_j c_ij x_ij <= z, is slow but needs no bisection."""
    cost = plane(n, seed)
    model = Formulation()
    opened = model.variables("open", n, integer=True)
    serve = model.variables("serve", n * n)
    worst = model.variables("worst", 1, upper=np.inf)
    model.charge(worst, 1.0)
    point, site = np.repeat(np.arange(n), n), np.tile(np.arange(n), n)
    model.constrain("count", [Term(0, opened.columns)], 1, lower=p, upper=p)
    model.constrain("assign", [Term(point, serve.columns)], n, lower=1, upper=1)
    trip = np.arange(n * n)
    model.constrain("link", [Term(trip, serve.columns), Term(trip, opened.column(site), -1.0)], n * n, upper=0)
    worst_term = Term(np.arange(n), worst.column(np.zeros(n)), -1.0)
    model.constrain("worst", [Term(point, serve.columns, cost.ravel()), worst_term], n, upper=0)
    direct = solve(model.program(), time_limit_s=60)
    assert direct.termination == "optimal"
    result = p_center(LocationProblem(cost, np.ones(n)), p)
    assert result.objective == pytest.approx(direct.objective, abs=1e-6)


@pytest.mark.parametrize(("n", "p", "seed"), [(25, 4, 1), (25, 7, 2), (30, 5, 3)])
def test_the_direct_model_agrees_on_the_spread(n, p, seed):
    """Maximise d with d <= d_jl + M (2 - y_j - y_l) for every pair."""
    table = plane(n, seed)
    far = table.max()
    one, other = np.triu_indices(n, 1)
    model = Formulation("maximise")
    opened = model.variables("open", n, integer=True)
    spread = model.variables("spread", 1, upper=far)
    model.charge(spread, 1.0)
    pair = np.arange(one.size)
    model.constrain("count", [Term(0, opened.columns)], 1, lower=p, upper=p)
    terms = [Term(pair, spread.column(np.zeros(one.size)))]
    terms += [Term(pair, opened.column(end), far) for end in (one, other)]
    model.constrain("apart", terms, one.size, upper=table[one, other] + 2 * far)
    direct = solve(model.program(), time_limit_s=60)
    assert direct.termination == "optimal"
    assert p_dispersion(table, p).objective == pytest.approx(direct.objective, abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_one_more_site_never_leaves_anybody_farther(seed):
    problem = LocationProblem(plane(60, seed), np.ones(60))
    radii = [p_center(problem, p).objective for p in (4, 8, 12, 20)]
    assert radii == sorted(radii, reverse=True)


def test_the_order_of_sites_and_points_does_not_matter():
    cost, shuffle = plane(40, 9), np.random.default_rng(1).permutation(40)
    problems = [LocationProblem(table, np.ones(40)) for table in (cost, cost[shuffle][:, shuffle])]
    assert len({p_center(problem, 6).objective for problem in problems}) == 1
    assert p_dispersion(cost, 6).objective == p_dispersion(cost[shuffle][:, shuffle], 6).objective


def test_the_relaxation_of_the_cover_bounds_every_smaller_radius():
    """The plan's own radius needs at most p sites; the next smaller one needs more."""
    problem = LocationProblem(plane(60, 5), np.ones(60))
    result = p_center(problem, 9)
    smaller = float(problem.cost.data[problem.cost.data < result.objective].max())
    assert solve(cover_within(problem, result.objective), relaxed=True).objective <= 9 + 1e-6
    assert solve(cover_within(problem, smaller)).objective > 9


# ---------------------------------------------------------------- time


def test_without_time_nothing_is_known_and_nothing_is_claimed():
    result = p_center(town(), 2, time_limit_s=TIGHT)
    assert (result.status, result.gap) == ("unknown", np.inf)
    assert np.isnan(result.objective)
    assert result.assignment.tolist() == [-1] * 4
    assert result.bound <= 3
    spread = p_dispersion(ROAD, 3, time_limit_s=TIGHT)
    assert (spread.status, spread.bound >= 3) == ("unknown", True)


class Sluggish:
    """Values 0 to 9, attained from 6 on; greedy plans reach 8, bounds refute up to 2, the search gives up at 3."""

    def attain(self, at):
        return at if at >= 8 else None

    def refute(self, at):
        return at <= 2

    def decide(self, at):
        return None if at in {3, 4} else (at if at >= 6 else IMPOSSIBLE)


def test_bisection_keeps_what_each_round_proved():
    assert bisect(10, Sluggish(), np.inf) == (6, 6)
    stuck = Sluggish()
    stuck.decide = lambda _: None
    assert bisect(10, stuck, np.inf) == (3, 8)


# ---------------------------------------------------------------- what cannot be


def codes(error):
    return [fault.code for fault in error.value.faults]


@pytest.mark.parametrize("p", [0, 5, -1])
def test_p_out_of_range_names_the_range(p):
    with pytest.raises(SitingError, match="leave room for 1 to 4") as error:
        p_center(town(), p)
    assert codes(error) == ["p_range"]
    with pytest.raises(SitingError, match="2 to 4"):
        p_dispersion(ROAD, p)


def test_p_must_be_whole_and_a_budget_not_negative():
    with pytest.raises(SitingError) as error:
        p_center(town(), 2.5, budget=-1)
    assert codes(error) == ["p_whole", "budget_negative"]


def test_rules_narrow_the_range_of_p():
    with pytest.raises(SitingError, match="2 to 3"):
        p_center(town(required=[0, 1], forbidden=[3]), 1)
    with pytest.raises(SitingError, match="1 to 2"):
        p_center(town(existing=[0, 1, 2], keep_at_most=1), 3)


def test_kept_and_forbidden_sites_in_conflict_are_named():
    with pytest.raises(InfeasibleError, match=r"0, 1.*only 1 can") as error:
        p_center(town(existing=[0, 1, 2], forbidden=[0, 1], keep_at_least=2), 2)
    assert codes(error) == ["keep_forbidden"]
    with pytest.raises(InfeasibleError, match="2 are required") as error:
        p_center(town(existing=[0, 1, 2], required=[0, 1], keep_at_most=1), 2)
    assert codes(error) == ["keep_required"]


def test_nothing_may_open():
    with pytest.raises(InfeasibleError, match="Only 0 site"):
        p_center(town(forbidden=[0, 1, 2, 3]), 1)


def test_a_budget_too_small_names_the_one_that_buys_a_choice():
    with pytest.raises(InfeasibleError, match="costs 3"):
        p_center(town(site_cost=[1, 2, 3, 4]), 2, budget=2)


def test_a_point_without_any_site_is_named():
    problem = LocationProblem([[1, 2], [np.inf, np.inf], [np.inf, 3]], [1, 1, 1], demand_ids=list("abc"), forbidden=[1])
    with pytest.raises(InfeasibleError, match="b, c") as error:
        p_center(problem, 1)
    assert codes(error) == ["point_alone"]


def test_too_few_sites_for_the_table_name_points_that_share_none_and_the_number_that_does():
    apart = np.where(np.eye(3) > 0, 0.0, np.inf)
    with pytest.raises(InfeasibleError, match="raise p to 3") as error:
        p_center(LocationProblem(apart, [1, 1, 1], demand_ids=list("abc")), 2)
    assert error.value.faults[0].ids == ("a", "b", "c")


def test_a_budget_that_reaches_not_all_names_the_one_that_does():
    table = [[0, np.inf, 1], [np.inf, 0, np.inf]]
    with pytest.raises(InfeasibleError, match="raise the budget to 7"):
        p_center(LocationProblem(table, [1, 1], site_cost=[3, 5, 2]), 2, budget=6)


def test_limits_of_existing_sites_that_make_it_impossible_are_said():
    table = np.where(np.eye(3) > 0, 0.0, np.inf)
    table[:, 2] = [1, np.inf, 0]
    problem = LocationProblem(table, [1, 1, 1], existing=[1, 2], keep_at_most=1)
    with pytest.raises(InfeasibleError, match="relax how many existing sites stay"):
        p_center(problem, 2)


def test_distances_between_sites_must_be_square_and_symmetric():
    with pytest.raises(SitingError) as error:
        p_dispersion(np.zeros((2, 3)), 2)
    assert codes(error) == ["not_square"]
    uneven = ROAD.copy()
    uneven[0, 3] = 11
    with pytest.raises(SitingError, match="0, 3") as error:
        p_dispersion(uneven, 2)
    assert codes(error) == ["not_symmetric"]
    with pytest.raises(SitingError) as error:
        p_dispersion(triu(csr_matrix(ROAD)), 2)
    assert codes(error) == ["not_symmetric"]
    with pytest.raises(SitingError):
        p_dispersion(np.full((2, 2), -1.0), 2)


# ---------------------------------------------------------------- goldens


def golden_programs():
    problem = town(existing=[0, 1], keep_at_least=1, keep_at_most=1, site_cost=[1, 2, 3, 4], forbidden=[3])
    return {
        "centre_cover": cover_within(problem, 3.0, 2, budget=5.0),
        "centre_apart": spread_apart(LocationProblem(ROAD, 0.0, required=[3]), 8.0),
    }


FAMILIES = {"cover": "centre_cover", "count": "centre_cover", "budget": "centre_cover", "keep": "centre_cover"}
FAMILIES["apart"] = "centre_apart"


@pytest.mark.parametrize("family", FAMILIES)
def test_each_constraint_reads_as_its_golden(family):
    """One LP a constraint: the model with this family alone."""
    program = golden_programs()[FAMILIES[family]]
    others = [item.name for item in program.families if item.name != family]
    assert program.without(*others).to_lp() == (GOLDENS / f"centre_{family}.lp").read_text(encoding="utf-8")


def test_no_constraint_lacks_a_golden():
    assert {item.name for program in golden_programs().values() for item in program.families} == set(FAMILIES)


# ---------------------------------------------------------------- another package's documented values


def lattice_points(count, seed):
    """Return the points that the other package's own suite draws in a street lattice: x, y."""
    spaghetti, util = pytest.importorskip("spaghetti"), pytest.importorskip("spopt.locate.util")
    lattice = spaghetti.regular_lattice((0, 0, 10, 10), 9, exterior=True)
    network = spaghetti.Network(in_data=lattice)
    arcs = spaghetti.element_as_gdf(network, arcs=True)
    space = arcs["geometry"].buffer(0.2).union_all()
    street = type(arcs)(geometry=[space], crs=arcs.crs)
    network.snapobservations(util.simulated_geo_points(street, needed=count, seed=seed), "drawn", attribute=True)
    snapped = spaghetti.element_as_gdf(network, pp_name="drawn", snapped=True).geometry
    return np.column_stack([snapped.x, snapped.y])


@pytest.mark.filterwarnings("ignore")
def test_documented_values_of_another_package():
    """Its suite states 6.2520432 (p-center) and 4.213464 (p-dispersion) for three of five sites, two required."""
    clients, sites = lattice_points(100, 5), lattice_points(5, 6)
    cost = np.linalg.norm(clients[:, None] - sites, axis=2)
    centre = p_center(LocationProblem(cost, np.ones(100), required=[3, 4]), 3)
    assert centre.objective == pytest.approx(6.2520432)
    assert centre.open.tolist() == [2, 3, 4]
    between = np.linalg.norm(sites[:, None] - sites, axis=2)
    assert p_dispersion((between + between.T) / 2, 3, required=[3, 4]).objective == pytest.approx(4.213464)
