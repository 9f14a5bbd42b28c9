"""Sub-centres: the best set on paper, against brute force and the solver, at every boundary, and why there is none."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinicplan.errors import InfeasibleError, SitingError
from clinicplan.siting import choice as choosing
from clinicplan.siting.choice import choose, is_possible, largest_spacing, selection_model
from clinicplan.siting.selection import (
    NEVER,
    NO_WAY_MS,
    SelectionQuestion,
    evaluate,
    every_set,
    number_of_sets,
)
from clinicplan.siting.sub_centres import most_by_people, plan_sub_centres
from line_county import PEOPLE, PERSON_MINUTES, hospital, line_county, standard_facilities

GOLDENS = Path(__file__).parent / "goldens" / "lp"
SOLVER_ONLY = {"enumerate_up_to": 0}
DAY = NO_WAY_MS


def plan(sub_centres=None, *, keep=(), forbid=(), **county):
    siting = {"sub_centres": {"most": 2, **(sub_centres or {})}, "keep": tuple(keep), "forbid": tuple(forbid)}
    return plan_sub_centres(*line_county(siting, **county))


def rows(proposal, kind):
    return [row for row in proposal.sub_centres if row["row"] == kind]


def hospitals(proposal):
    return {row["facility_id"]: row for row in rows(proposal, "hospital")}


def chosen(proposal):
    return [site.site_id for site in proposal.sites]


def codes(faults):
    return [item.code for item in faults]


# ---------------------------------------------------------------- on paper


@pytest.mark.parametrize(("most", "best"), [(1, ("H2",)), (2, ("H2", "H3")), (3, ("H1", "H2", "H3"))])
def test_the_best_set_of_every_size_stands_on_paper(most, best):
    proposal = plan({"most": most})
    assert chosen(proposal) == list(best)
    (goal,) = proposal.objectives
    assert (goal.name, goal.value, goal.proven) == ("person_time", PERSON_MINUTES[best] * 60_000, True)
    assert (proposal.status, proposal.engine, proposal.gap) == ("optimal", "enumeration", 0)


def test_the_best_of_every_number_is_listed_and_more_is_never_worse():
    best = [row for row in rows(plan({"most": 3}), "set") if row["rank"] == 1]
    assert [(row["sites"], row["person_minutes"], row["mean_minutes"]) for row in best] == [
        (["H2"], 70_000, 8.75), (["H2", "H3"], 40_000, 5.0), (["H1", "H2", "H3"], 30_000, 3.75),
    ]  # fmt: skip


def test_sets_nearly_as_good_are_all_listed_with_their_distance():
    listed = [row for row in rows(plan({"near_share": 0.5}), "set") if row["size"] == 2]
    assert [(row["sites"], row["person_minutes"], row["gap_share"]) for row in listed] == [
        (["H2", "H3"], 40_000, 0.0), (["H1", "H3"], 45_000, 0.125), (["H1", "H2"], 60_000, 0.5),
    ]  # fmt: skip
    assert [row["chosen"] for row in listed] == [True, False, False]
    narrow = [row for row in rows(plan({"near_share": 0.1249}), "set") if row["size"] == 2]
    assert len(narrow) == 1


def test_a_loser_says_what_it_lacks_and_a_winner_whom_it_serves():
    told = hospitals(plan())
    loser = told["H1"]
    assert (loser["chosen"], loser["eligible"], loser["best_with"]) == (False, True, ["H1", "H3"])
    assert (loser["extra_person_minutes"], loser["extra_mean_minutes"]) == (5000, 0.62)
    assert (told["H2"]["people_served"], told["H3"]["people_served"]) == (6000, 2000)
    assert told["H2"]["mean_minutes"] == pytest.approx(40 / 6, abs=0.01)
    assert (told["T1"]["eligible"], told["T1"]["lacks"]) == (False, ["not_central", "standard_below"])
    assert told["T1"]["extra_person_minutes"] is None


def test_the_reason_names_the_next_best_and_its_price():
    first, second = plan().sites
    assert "H1机构" in first.why.zh
    assert "5,000人·分钟" in first.why.zh
    assert "20,000 person-minutes" in second.why.en
    assert (first.action, first.tier, first.facility_id, first.cost_fen) == ("upgrade", "sub_centre", "H2", 0)


def test_a_sub_centre_of_today_is_kept_and_one_left_out_is_said():
    proposal = plan(facilities=standard_facilities(H2={"tier": "sub_centre"}, H1={"tier": "sub_centre"}))
    assert [(site.site_id, site.action) for site in proposal.sites] == [("H2", "keep"), ("H3", "upgrade")]
    (left,) = [item for item in proposal.notes if item.code == "existing_left"]
    assert left.ids == ("H1",)


def test_most_people_within_the_circle_is_the_other_objective():
    proposal = plan({"objective": "people_within", "minutes": 10.0})
    assert chosen(proposal) == ["H1", "H3"]
    assert (proposal.objectives[0].name, proposal.objectives[0].value) == ("people_within_30", 8000)
    assert hospitals(proposal)["H2"]["extra_people"] == 1000
    assert "circle" in codes(proposal.notes)
    assert "10分钟内少" in proposal.sites[0].why.zh


def test_equal_coverage_is_settled_by_time_then_by_ids():
    """Within 30 minutes every pair reaches all; H2 and H3 are the quickest."""
    assert chosen(plan({"objective": "people_within"})) == ["H2", "H3"]
    twins = [*standard_facilities(H1=None, H3=None), hospital("H9", 25)]
    proposal = plan({"most": 1}, facilities=twins)
    assert chosen(proposal) == ["H2"]
    assert "同样好" in proposal.sites[0].why.zh


# ---------------------------------------------------------------- boundaries


def test_fifteen_kilometres_exactly_are_enough_and_a_millimetre_less_is_not():
    assert hospitals(plan())["H1"]["eligible"] is True
    row = hospitals(plan(shorter_mm=1))["H1"]
    assert (row["eligible"], row["lacks"], row["road_km"], row["km_short"]) == (False, ["too_near"], 14.999, 0.001)
    assert (row["straight_km"], row["disagree"]) == (15.0, True)
    assert "disagree" in codes(plan(shorter_mm=1).notes)


@pytest.mark.parametrize(
    ("people", "most"), [(199_999, None), (200_000, 2), (499_999, 2), (500_000, 3), (999_999, 3), (1_000_000, 4)]
)
def test_residents_set_the_ceiling_the_lower_end_included(people, most):
    assert most_by_people(people) == most


@pytest.mark.parametrize(
    ("name", "residents", "number", "code"),
    [
        ("甲县", 500_000, 3, "ceiling"), ("甲县", 499_999, 2, "ceiling"), ("甲县", 199_999, 2, "ceiling"),
        ("甲区", 199_999, 1, "silent"), ("甲区", 200_000, 2, "ceiling"),
    ],
)  # fmt: skip
def test_the_default_number_follows_the_residents_of_the_county(name, residents, number, code):
    people = {**PEOPLE, "V2": (20, residents - 6000)}
    proposal = plan({"most": None}, people=people, name=name)
    assert len(proposal.sites) == number
    assert code in codes(proposal.notes)


def test_a_number_above_the_ceiling_is_taken_and_said():
    assert "above_ceiling" in codes(plan({"most": 3}).notes)
    assert len(plan({"most": None, "least": 3}).sites) == 3


def test_fewer_than_the_most_are_chosen_where_no_more_can_be():
    proposal = plan({"most": 4})
    assert len(proposal.sites) == 3
    assert "fewer_than_most" in codes(proposal.notes)


# ---------------------------------------------------------------- who is eligible


@pytest.mark.parametrize(
    ("cells", "lack"),
    [
        ({"tier": "township_hospital"}, "not_central"),
        ({"operating": "no"}, "not_operating"),
        ({"x_m": None}, "no_place"),
        ({"x_m": 14_000}, "too_near"),
    ],
)
def test_what_keeps_a_hospital_out(cells, lack):
    proposal = plan(facilities=standard_facilities(H2=cells))
    assert hospitals(proposal)["H2"]["lacks"] == [lack]
    assert chosen(proposal) == ["H1", "H3"]


def test_hospitals_beyond_the_county_line_are_not_looked_at():
    assert "H2" not in hospitals(plan(facilities=standard_facilities(H2={"outside_county": True})))


@pytest.mark.parametrize(("right", "eligible"), [(24_999, True), (25_000, False)])
def test_the_edge_of_the_urban_area_is_inside(right, eligible):
    row = hospitals(plan(urban_area=(-10, -100, right, 100)))["H2"]
    assert (row["eligible"], row["lacks"]) == (eligible, [] if eligible else ["in_urban_area"])


def test_without_the_urban_area_the_township_of_the_centre_is_the_seat():
    proposal = plan(urban_area=None, facilities=standard_facilities(H2={"township": "城关镇"}))
    assert "no_urban_area" in codes(proposal.notes)
    assert hospitals(proposal)["H2"]["lacks"] == ["in_seat"]
    assert "no_urban_area" not in codes(plan().notes)


@pytest.mark.parametrize(
    ("standard", "lacks"),
    [
        ("recommended", []), ("community_hospital", []), ("basic", ["standard_below"]), ("none", ["standard_below"]),
        (None, ["standard_unknown"]),
    ],
)  # fmt: skip
def test_a_lower_or_unknown_standard_could_be_reached_and_is_said(standard, lacks):
    proposal = plan(facilities=standard_facilities(H2={"standard": standard}))
    row = hospitals(proposal)["H2"]
    assert (row["chosen"], row["lacks"], row["could_reach"]) == (True, lacks, bool(lacks))
    assert ("could_reach" in codes(proposal.notes)) is bool(lacks)


def test_without_a_medical_centre_the_nearest_county_hospital_binds_with_a_warning():
    centres = standard_facilities(A0={"tier": "county_hospital"})
    second = {"facility_id": "A1", "tier": "county_hospital", "x_m": 5000, "township": "城关镇"}
    proposal = plan(facilities=[*centres, second])
    assert "by_hospital" in codes(proposal.notes)
    row = hospitals(proposal)["H1"]
    assert (row["centre_id"], row["road_km"], row["lacks"]) == ("A1", 10.0, ["too_near"])
    with pytest.raises(SitingError, match="neither a county medical centre"):
        plan(facilities=standard_facilities(A0=None))
    assert chosen(plan({"min_km": 0.0}, facilities=standard_facilities(A0=None))) == ["H2", "H3"]


def test_a_hospital_that_no_road_joins_to_the_centre_is_not_eligible():
    """A gap behind kilometre 30: H3 stands beyond it, and V4 has no way to H1 and H2."""
    proposal = plan(cut_km=30)
    assert hospitals(proposal)["H3"]["lacks"] == ["no_road"]
    assert chosen(proposal) == ["H1", "H2"]
    assert "without_way" in codes(proposal.notes)
    assert rows(proposal, "set")[0]["people_no_way"] == 2000
    anywhere = plan({"min_km": 0.0, "most": 1}, cut_km=30)
    assert chosen(anywhere) == ["H2"]
    assert anywhere.objectives[0].value == (15_000 + 10_000 + 15_000 + 2000 * 24 * 60) * 60_000


def test_without_roads_for_cars_the_mode_of_the_standard_is_taken_and_said():
    proposal = plan(modes=("e_bike",))
    assert "by_mode" in codes(proposal.notes)
    assert chosen(proposal) == ["H2", "H3"]


# ---------------------------------------------------------------- keep, forbid, and no plan


def test_kept_hospitals_are_chosen_and_forbidden_ones_are_not():
    assert chosen(plan(keep=["H1"])) == ["H1", "H3"]
    assert "keep" in plan(keep=["H1"]).sites[0].why.zh
    assert chosen(plan(forbid=["H2"])) == ["H1", "H3"]


def failure(error=InfeasibleError, **asked):
    with pytest.raises(error) as caught:
        plan(**asked)
    return caught.value.faults


def test_contradictions_of_keep_and_forbid_are_all_named():
    faults = failure(keep=["H1", "T1", "A0"], forbid=["H1"])
    assert codes(faults) == ["keep_and_forbid", "kept_not_eligible", "kept_other_tier", "kept_too_many"]
    assert "不是中心乡镇卫生院" in faults[1].found.zh
    assert codes(failure(keep=["H1", "H2", "H3"])) == ["kept_too_many"]
    assert codes(failure(error=SitingError, keep=["X"], forbid=["Y", "Z"])) == ["unknown_id", "unknown_id"]
    assert codes(failure(error=SitingError, sub_centres={"least": 3, "most": 2})) == ["most_below_least"]
    assert codes(failure(sub_centres={"least": 2}, forbid=["H1", "H2"])) == ["forbidden_too_many"]


def test_too_few_far_enough_lists_the_misses_and_the_smallest_relaxation_works():
    """At 30 km only H3 is far enough; 25 km brings in H2, and anything more does not."""
    asked = {"least": 2, "min_km": 30.0}
    (found,) = failure(sub_centres=asked)
    assert (found.code, found.ids) == ("too_few_near", ("H1", "H2"))
    assert "H2机构 25.0 km (-5.0)、H1机构 15.0 km (-15.0)" in found.found.zh
    assert "min_km = 25.0 " in found.remedy.en
    assert chosen(plan({**asked, "min_km": 25.0})) == ["H2", "H3"]
    assert codes(failure(sub_centres={**asked, "min_km": 25.001})) == ["too_few_near"]


def test_where_distance_alone_does_not_help_that_is_said():
    assert codes(failure(sub_centres={"least": 4, "most": 4, "min_km": 30.0})) == ["too_few"]


def test_a_relaxed_distance_must_bring_hospitals_that_stand_far_enough_apart():
    """H2 stands 15 km from H3: with 20 km of spacing only H1 helps, at 15 km."""
    (found,) = failure(sub_centres={"least": 2, "min_km": 30.0, "spacing_km": 20.0})
    assert "min_km = 15.0 " in found.remedy.en
    assert chosen(plan({"least": 2, "min_km": 15.0, "spacing_km": 20.0})) == ["H1", "H3"]


def test_spacing_is_inclusive_and_its_conflicts_are_shown():
    assert chosen(plan({"spacing_km": 15.0})) == ["H2", "H3"]
    proposal = plan({"spacing_km": 15.001})
    assert chosen(proposal) == ["H1", "H3"]
    assert hospitals(proposal)["H2"]["conflicts"] == [
        {"facility_id": "H1", "km": 10.0}, {"facility_id": "H3", "km": 15.0},
    ]  # fmt: skip


def test_an_impossible_spacing_names_the_pairs_and_the_largest_that_works():
    (found,) = failure(sub_centres={"least": 2, "spacing_km": 26.0})
    assert (found.code, found.ids) == ("too_close", ("H1", "H3"))
    assert "H1机构–H2机构 10.0 km、H2机构–H3机构 15.0 km、H1机构–H3机构 25.0 km" in found.found.zh
    assert "spacing_km = 25.0 " in found.remedy.en
    assert chosen(plan({"least": 2, "spacing_km": 25.0})) == ["H1", "H3"]
    assert codes(failure(sub_centres={"least": 2, "spacing_km": 25.001})) == ["too_close"]


def test_infeasible_is_exit_three_and_bad_input_exit_two():
    assert (InfeasibleError.exit_code, SitingError.exit_code) == (3, 2)


def test_none_asked_and_none_eligible_is_a_plan_without_sub_centres():
    proposal = plan({"least": 0, "min_km": 59.0})
    assert (proposal.sites, proposal.status) == ((), "optimal")
    assert "none_eligible" in codes(proposal.notes)


# ---------------------------------------------------------------- against brute force


@st.composite
def questions(draw):
    """Sites and homes on a plane of whole numbers; some ways missing, some ids pinned, a spacing, townships."""
    n, homes = draw(st.integers(2, 7)), draw(st.integers(1, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    scale = draw(st.sampled_from([1, 1000, 600_000]))
    way = rng.integers(0, 12, (homes, n)) * scale + rng.integers(0, scale, (homes, n))
    way[rng.random(way.shape) < draw(st.sampled_from([0, 0.2]))] = -1
    apart = rng.integers(1, 30, (n, n))
    apart = np.triu(apart, 1) + np.triu(apart, 1).T
    grouped = draw(st.booleans())
    pins = rng.integers(0, 8, n)
    return SelectionQuestion(
        np.array([f"S{at}" for at in range(n)], dtype=object),
        rng.integers(0, 4, homes) * draw(st.sampled_from([1, 1370])),
        way,
        apart,
        draw(st.integers(0, 15)),
        pins == 0,
        pins == 1,
        rng.integers(-1, 2, n) if grouped else None,
        np.array([1, draw(st.integers(0, 2))]) if grouped else np.zeros(0, dtype=int),
        draw(st.sampled_from(["person_minutes", "people_within"])),
        6 * scale,
    ), draw(st.integers(1, n))


def brute(question, size):
    """Return {set: value} of every lawful set, by plain loops."""
    found = {}
    for members in combinations(range(question.n_sites), size):
        pinned = all(question.must[at] <= (at in members) for at in range(question.n_sites))
        barred = any(question.must_not[at] for at in members)
        close = any(question.apart_mm[a, b] < question.spacing_mm for a, b in combinations(members, 2))
        groups = [] if question.group is None else [int(question.group[at]) for at in members]
        short = any(groups.count(number) < least for number, least in enumerate(question.group_least))
        if pinned and not barred and not close and not short:
            found[members] = value_of(question, members)
    return found


def value_of(question, members):
    total = 0
    for people, ways in zip(question.people.tolist(), question.time_ms.tolist(), strict=True):
        best = min((ways[at] for at in members if ways[at] >= 0), default=DAY)
        total += people * best if question.goal == "person_minutes" else people * (best <= question.limit_ms)
    return total


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(questions(), st.sampled_from([0.0, 0.1, 1.0]))
def test_enumeration_finds_what_plain_loops_find(asked, share):
    question, size = asked
    lawful, found = brute(question, size), choose(question, size, near_share=share)
    assert (found is None) is (not lawful)
    assert is_possible(question, size) is bool(lawful)
    if found is None:
        return
    better = min if question.goal == "person_minutes" else max
    best = better(lawful.values())
    near = {members for members, value in lawful.items() if abs(value - best) <= share * best}
    assert found.proven
    assert {tuple(row) for row in found.listed.sites.tolist()} == near
    assert lawful[tuple(found.listed.sites[0].tolist())] == best == found.bound
    for site, (inside, outside) in enumerate(zip(found.with_site, found.without_site, strict=True)):
        for answer, part in ((inside, True), (outside, False)):
            values = [value for members, value in lawful.items() if (site in members) is part]
            assert (answer is None) is (not values)
            assert answer is None or answer.values(question.goal)[0] == better(values)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(questions(), st.sampled_from([0.0, 0.2]))
def test_the_solver_proves_what_enumeration_finds(asked, share):
    question, size = asked
    listed, solved = choose(question, size, near_share=share), choose(question, size, near_share=share, **SOLVER_ONLY)
    assert (listed is None) is (solved is None)
    assert is_possible(question, size, **SOLVER_ONLY) is (listed is not None)
    if listed is None:
        return
    assert (solved.proven, solved.complete, solved.n_near) == (True, True, listed.n_near)
    assert solved.listed.sites.tolist() == listed.listed.sites.tolist()
    assert solved.bound == pytest.approx(listed.bound, abs=0.5)
    for ours, theirs in zip(
        solved.with_site + solved.without_site, listed.with_site + listed.without_site, strict=True
    ):
        assert (ours is None) is (theirs is None)
        assert ours is None or ours.values(question.goal)[0] == theirs.values(question.goal)[0]


@settings(max_examples=200, deadline=None)
@given(questions())
def test_the_largest_spacing_works_and_the_next_larger_does_not(asked):
    question, size = asked
    found, solved = largest_spacing(question, size), largest_spacing(question, size, **SOLVER_ONLY)
    assert (found is None) is (solved is None)
    if found is None:
        return
    assert found[0] == solved[0]
    for spacing, members in (found, solved):
        assert is_possible(spaced(question, min(spacing, NEVER - 1)), size)
        assert all(question.apart[a, b] >= spacing for a, b in combinations(members.tolist(), 2))
        assert spacing == NEVER or not is_possible(spaced(question, spacing + 1), size)


def spaced(question, spacing_mm):
    names = ("site_ids", "people", "time_ms", "apart_mm", "spacing_mm", "required", "forbidden", "group", "group_least")
    parts = {name: getattr(question, name) for name in names}
    return SelectionQuestion(**{**parts, "spacing_mm": spacing_mm})


@settings(max_examples=200, deadline=None)
@given(questions())
def test_a_further_site_never_lengthens_the_way(asked):
    question, _ = asked
    everyone = evaluate(question, np.array([list(range(question.n_sites))]))
    some = evaluate(question, every_set(spaced(question, 0), 1)) if number_of_sets(question, 1) else None
    if some is not None and len(some):
        assert (some.person_ms >= everyone.person_ms[0]).all()
        assert (some.people_within <= everyone.people_within[0]).all()


def test_a_county_of_forty_hospitals_is_the_same_by_solver_and_by_enumeration():
    rng = np.random.default_rng(4)
    place, home = rng.random((14, 2)) * 40, rng.random((120, 2)) * 40
    way = (np.hypot(*(home[:, None] - place).transpose(2, 0, 1)) * 90_000).astype(np.int64)
    ids = np.array([f"H{at:02d}" for at in range(14)], dtype=object)
    question = SelectionQuestion(ids, rng.integers(50, 3000, 120), way)
    exact, solved = choose(question, 4, near_share=0.01), choose(question, 4, near_share=0.01, **SOLVER_ONLY)
    assert solved.proven
    assert solved.listed.sites.tolist() == exact.listed.sites.tolist()


def test_a_solver_without_time_claims_no_proof(monkeypatch):
    monkeypatch.setattr(choosing, "solve", lambda program, **_: choosing_stopped(program))
    question = SelectionQuestion(
        np.array(["a", "b"], dtype=object), np.array([1, 2]), np.array([[60_000, 0], [0, 120_000]])
    )
    found = choose(question, 1, **SOLVER_ONLY)
    assert (found.proven, found.complete, found.bound) == (False, False, 0.0)


def choosing_stopped(program):
    from clinicplan.siting.engine import Solution, Termination

    x = np.zeros(program.cost.size)
    x[0] = 1.0
    return Solution(Termination.TIME, x, 0.0, 0.0, 1.0)


# ---------------------------------------------------------------- the model


def small(goal, **more):
    """Three sites, two homes; the ids of sites 0 and 1 stand 5 apart, site 2 far off."""
    apart = np.array([[0, 5, 30], [5, 0, 30], [30, 30, 0]])
    way = np.array([[1, 2, 3], [9, 4, -1]])
    ids = np.array(["a", "b", "c"], dtype=object)
    return SelectionQuestion(ids, np.array([10, 20]), way, apart, goal=goal, limit_ms=3, **more)


@pytest.mark.parametrize(
    ("family", "question", "excluded"),
    [
        ("chosen", small("person_minutes"), ()),
        ("serve", small("person_minutes"), ()),
        ("open_first", small("person_minutes"), ()),
        ("spacing", small("person_minutes", spacing_mm=6), ()),
        ("quota", small("person_minutes", group=np.array([0, 0, 1]), group_least=np.array([1, 1])), ()),
        ("another", small("person_minutes"), (np.array([0, 1]),)),
        ("within", small("people_within"), ()),
    ],
)
def test_every_family_of_constraints_has_its_golden(family, question, excluded):
    program, _ = selection_model(question, 2, excluded=excluded)
    others = {item.name for item in program.families} - {family}
    assert len(program.rows_of(family))
    golden = GOLDENS / f"sub_centre_{family}.lp"
    assert program.without(*others).to_lp() == golden.read_text(encoding="utf-8")


def test_no_family_is_without_a_golden():
    every = small("person_minutes", spacing_mm=6, group=np.array([0, 0, 1]), group_least=np.array([1, 1]))
    names = {
        item.name
        for question in (every, small("people_within"))
        for item in selection_model(question, 2, excluded=[np.array([0, 1])])[0].families
    }
    assert {f"sub_centre_{name}.lp" for name in names} == {path.name for path in GOLDENS.glob("sub_centre_*.lp")}


# ---------------------------------------------------------------- the sample county


def test_the_sample_county_has_its_two_sub_centres(sample_result):
    from clinicplan.coverage.searches import trips_between

    county, circles = sample_result.county, sample_result.circles
    proposal = plan_sub_centres(county, circles)
    assert chosen(proposal) == ["SL00017", "SL00019"]
    assert [(site.action, site.tier) for site in proposal.sites] == [("keep", "sub_centre"), ("upgrade", "sub_centre")]
    # The value again, by a search of its own.
    search = circles.searches["car"]
    facility = np.flatnonzero(circles.facilities["facility_id"].isin(chosen(proposal)))
    trips = trips_between(search.by_time, np.arange(search.n_homes), facility + search.n_homes, limit_ms=6 * 3_600_000)
    least = np.full(search.n_homes, np.iinfo(np.int64).max)
    np.minimum.at(least, trips.origin, trips.time_ms)
    reached = least < np.iinfo(np.int64).max
    assert proposal.objectives[0].value == int(circles.homes.people[reached] @ least[reached])
    told = hospitals(proposal)
    assert set(told) == {f"SL000{number}" for number in range(15, 23)}
    assert told["SL00016"]["disagree"] is True


def test_a_plan_is_plain_json_in_both_languages(sample_result):
    import json

    proposal = plan_sub_centres(sample_result.county, sample_result.circles)
    for lang in ("zh", "en"):
        text = json.dumps(proposal.to_json(lang), ensure_ascii=False, allow_nan=False)
        assert "SL00017" in text
    again = plan_sub_centres(sample_result.county, sample_result.circles)
    assert again.to_json("zh") == proposal.to_json("zh")
