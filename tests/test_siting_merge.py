"""Promise: the plan of clinics is the best there is in the strict order of objectives, and every rule binds."""

import ast
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from benchmarks.siting_merge import drawn_question
from hypothesis import given, settings

from clinicplan.errors import InfeasibleError
from clinicplan.siting.merge import formulation
from clinicplan.siting.merge.alternatives import other_plans
from clinicplan.siting.merge.answer import objective_values, read_plan, site_rows
from clinicplan.siting.merge.formulation import merge_model
from clinicplan.siting.merge.frontier import cost_frontier
from clinicplan.siting.merge.obstacles import explain_infeasible, smallest_budget
from clinicplan.siting.merge.question import FEN, NO_LIMIT, Limits
from clinicplan.siting.merge.stages import solve_in_order
from merge_questions import ORDER, best_by_enumeration, paper_town, question, questions

GOLDENS = Path(__file__).parent / "goldens" / "lp"


def solved(asked, **options):
    model = merge_model(asked)
    found = solve_in_order(model.program, model.goals, time_limit_s=60, **options)
    return model, found


def planned(asked):
    model, found = solved(asked)
    return read_plan(asked, model, found.x), found


def test_the_town_on_paper():
    asked = paper_town()
    plan, found = planned(asked)
    assert objective_values(asked, plan) == {
        "people_outside": 0, "people_without_arrangement": 0, "changes_from_baseline": 0,
        "yearly_cost": 10_666_666, "changes": 3,
        "person_time": 2000 * 60_000 + 300 * 360_000 + 400 * 480_000 + 1500 * 60_000 + 200 * 30_000,
    }  # fmt: skip
    assert all(stage.proven for stage in found.stages)
    actions = {row.site_id: (row.action, row.tier, row.cost_fen) for row in site_rows(asked, plan)}
    assert actions == {
        "S0": ("upgrade", "central_clinic", 30_000 * FEN),
        "S1": ("convert", "service_point", 5_000 * FEN),
        "S3": ("build", "village_clinic", 60_000 * FEN),
        "V2-point": ("build", "service_point", 5_000 * FEN),
    }


@settings(max_examples=400, deadline=None)
@given(questions())
def test_no_plan_is_better_than_the_one_proposed(asked):
    best = best_by_enumeration(asked)
    model, found = solved(asked)
    if best is None:
        assert found.infeasible
        return
    plan = read_plan(asked, model, found.x)
    values = objective_values(asked, plan)
    assert tuple(values[name] for name in ORDER) == best
    assert all(stage.proven and stage.bound == stage.value for stage in found.stages)


@settings(max_examples=60, deadline=None)
@given(questions())
def test_a_relaxation_bounds_every_plan(asked):
    from clinicplan.siting.engine import solve

    model, found = solved(asked)
    if found.x is None:
        return
    first = model.goals[0]
    program = replace(model.program, cost=first.coefficient.astype(float), constant=float(first.constant))
    assert solve(program, relaxed=True).bound <= found.stages[0].value + 1e-6


@settings(max_examples=60, deadline=None)
@given(questions())
def test_why_there_is_no_plan_is_said_with_what_would_do(asked):
    model, found = solved(asked)
    if not found.infeasible:
        return
    error = explain_infeasible(None, asked, model, 30.0)
    assert isinstance(error, InfeasibleError)
    assert error.faults
    assert error.exit_code == 3


def test_the_least_budget_suffices_and_a_yuan_less_does_not():
    asked = paper_town(complete=True, limits=Limits(build_fen=50_000 * FEN))
    model, found = solved(asked)
    assert found.infeasible
    (fault,) = explain_infeasible(None, asked, model, 30.0).faults
    assert fault.code == "limit.build_budget"
    least = smallest_budget(asked, time_limit_s=30.0)
    assert f"{least // FEN:,}" in fault.allowed.en
    enough = replace(asked, limits=Limits(build_fen=least))
    short = replace(asked, limits=Limits(build_fen=least - 1))
    assert not solved(enough)[1].infeasible
    assert solved(short)[1].infeasible


@pytest.mark.parametrize(
    ("code", "limits", "widened"),
    [
        ("limit.running_budget", Limits(running_fen=60_000 * FEN), Limits(running_fen=100_000 * FEN)),
        ("limit.doctors_most", Limits(doctors_most=1), Limits(doctors_most=2)),
        ("limit.changes_limit", Limits(changes=0), Limits(changes=2)),
        ("limit.outside_limit", Limits(people_outside=100), Limits(people_outside=900)),
    ],
)
def test_each_limit_names_the_smallest_relaxation(code, limits, widened):
    asked = paper_town(complete=True, limits=limits)
    if code == "limit.outside_limit":
        asked = replace(asked, uncoverable_people=900)
    model, found = solved(asked)
    assert found.infeasible
    codes = {fault.code for fault in explain_infeasible(None, asked, model, 30.0).faults}
    assert code in codes
    assert not solved(replace(asked, limits=widened))[1].infeasible


def test_a_village_that_nothing_provides_for_is_named():
    asked = paper_town(complete=True)
    asked = replace(asked, open_most=np.array([True, True, True, False, True]))
    model, found = solved(asked)
    assert found.infeasible
    (fault,) = explain_infeasible(None, asked, model, 30.0).faults
    assert fault.code == "unprovided"
    assert fault.ids == ("V3",)


def test_a_township_with_too_few_sites_is_named():
    asked = paper_town(township_least={"T": 9})
    model, found = solved(asked)
    assert found.infeasible
    (fault,) = explain_infeasible(None, asked, model, 30.0).faults
    assert (fault.code, fault.ids) == ("township_short", ("T",))


# --- every family is written, named and binding -----------------------------------------------------------------------


def full_question():
    """A small county in which every family of constraints stands."""
    limits = Limits(
        build_fen=200_000 * FEN, running_fen=500_000 * FEN, doctors_least=2, doctors_most=6, changes=5,
        people_outside=500, guests=1,
    )  # fmt: skip
    return paper_town(
        limits=limits,
        township_least={"T": 1},
        near_needed=np.array([False, False, True, False, False]),
        near_village=np.array([2]),
        near_site=np.array([0]),
    )


PER_SITE = (
    "site_village", "facility_id", "stands", "open_least", "open_most", "host_least", "host_most", "build_fen",
    "own_person_ms",
)  # fmt: skip
FAMILIES = sorted({family.name for family in merge_model(full_question()).program.families})


@pytest.mark.parametrize("name", FAMILIES)
def test_each_family_reads_as_its_golden(name):
    program = merge_model(full_question()).program
    others = [family for family in FAMILIES if family != name]
    text = program.without(*others).to_lp()
    path = GOLDENS / f"merge_{name}.lp"
    if os.environ.get("CLINICPLAN_WRITE_GOLDENS"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_no_family_lacks_a_golden():
    tree = ast.parse(Path(formulation.__file__).read_text(encoding="utf-8"))
    written = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in (
            "constrain",
            "_at_most",
        ):
            written |= {arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)}
    assert written == set(FAMILIES)


def binding_thousand():
    """A seeded county of a thousand villages in which every rule binds: money, doctors, changes, guests, neighbours.

    Forty villages have a second clinic; half of the villages without a clinic may be served by touring, and some of
    these must keep a clinic near by; one clinic in ten covers only as a central one.
    """
    base = drawn_question(1000, 3, share_people=900)
    random = np.random.default_rng(7)
    outreach = ~base.has_clinic & (random.random(1000) < 0.5)
    needed = outreach & (random.random(1000) < 0.5)
    arcs = np.flatnonzero(needed[base.arc_village])
    second = np.flatnonzero(base.has_clinic & np.isin(np.arange(1000), base.arc_village))[:40]
    wide = {name: np.r_[getattr(base, name), getattr(base, name)[second]] for name in PER_SITE}
    wide["site_ids"] = np.r_[base.site_ids, np.array([f"{name}b" for name in base.site_ids[second]], dtype=object)]
    wide["central"] = wide["stands"] & (random.random(1040) < 0.3)
    wide["covers_open"] = random.random(1040) < 0.9
    towns = sorted(set(base.township))[:3]
    limits = Limits(
        build_fen=2_850_000 * FEN, running_fen=42_650_000 * FEN, doctors_least=855, changes=138, guests=1,
    )  # fmt: skip
    return replace(
        base, **wide, outreach=outreach, limits=limits, outreach_kind="touring", uncoverable_people=700,
        near_needed=needed, near_village=base.arc_village[arcs], near_site=base.arc_site[arcs],
        township_least={name: int((base.township == name).sum()) - 1 for name in towns},
    )  # fmt: skip


@pytest.fixture(scope="module")
def best_of_thousand():
    asked = binding_thousand()
    model, found = solved(asked)
    assert all(stage.proven for stage in found.stages)
    return model, found


@pytest.mark.slow
@pytest.mark.xdist_group("thousand")
@pytest.mark.parametrize("name", [name for name in FAMILIES if name not in ("outside_limit", "doctors_most")])
def test_removing_any_family_changes_the_best_plan_of_a_thousand_villages(name, best_of_thousand):
    """Two families are tested below: doctors at most would bind where running money does already."""
    model, found = best_of_thousand
    less = solve_in_order(model.program.without(name), model.goals, time_limit_s=120)
    assert [stage.value for stage in less.stages] != [stage.value for stage in found.stages]


@pytest.mark.slow
@pytest.mark.xdist_group("thousand")
def test_removing_the_most_doctors_changes_the_best_plan_of_a_thousand_villages():
    asked = binding_thousand()
    limits = replace(asked.limits, running_fen=NO_LIMIT, doctors_least=0, doctors_most=850)
    model, found = solved(replace(asked, limits=limits))
    less = solve_in_order(model.program.without("doctors_most"), model.goals, time_limit_s=120)
    assert [stage.value for stage in less.stages] != [stage.value for stage in found.stages]


@pytest.mark.slow
@pytest.mark.xdist_group("thousand")
def test_the_limit_on_people_outside_decides_whether_a_thousand_villages_have_a_plan(best_of_thousand):
    """It changes no optimum, since people outside are least first: it only makes plans impossible."""
    _, found = best_of_thousand
    least = found.stages[0].value
    asked = binding_thousand()
    for allowed, impossible in ((least, False), (least - 1, True)):
        limits = replace(asked.limits, people_outside=allowed)
        assert solved(replace(asked, limits=limits))[1].infeasible == impossible


# --- frontier, alternatives, reasons ----------------------------------------------------------------------------------


def ladder_town():
    """Six villages of 600, 500, ... 100 people without clinics; building one takes its people into the circle."""
    villages = [(100 * (6 - row), "T", 0, 0) for row in range(6)]
    return question(villages, [(row, 0, 0) for row in range(6)])


def test_the_frontier_has_every_point_of_the_ladder():
    points = cost_frontier(ladder_town(), 15, time_limit_s=60)
    assert [(point["build_cny"], point["people_outside"]) for point in points] == [
        (0.0, 2100), (60_000.0, 1500), (120_000.0, 1000), (180_000.0, 600), (240_000.0, 300), (300_000.0, 100),
        (360_000.0, 0),
    ]  # fmt: skip
    assert all(point["exact"] and point["gap"] == 0 for point in points)


def test_alternatives_differ_cost_no_more_than_allowed_and_name_what_all_share():
    asked = ladder_town()
    asked = replace(asked, limits=Limits(build_fen=60_000 * FEN), home_people=np.full(6, 100), people=np.full(6, 100))
    model, found = solved(asked)
    rows = other_plans(asked, model, found, 10, 0.0, time_limit_s=60)
    assert len(rows) == 5
    assert all(row["extra_share"] == 0 and row["proven"] for row in rows)
    assert {tuple(row["opened"]) for row in rows} == {(f"S{row}",) for row in range(6)} - {tuple(rows[0]["left_out"])}
    assert rows[0]["shared_by_all"] == []


def test_a_baseline_is_left_in_as_few_sites_as_can_be():
    asked = paper_town(baseline_open=np.array([True, True, True, True, False]))
    plan, found = planned(asked)
    assert [stage.name for stage in found.stages][2] == "changes_from_baseline"
    assert objective_values(asked, plan)["changes_from_baseline"] == 0
    assert plan.open.tolist() == [True, True, True, True, False]


def test_a_target_share_is_a_rule():
    asked = paper_town(limits=Limits(people_outside=0, build_fen=30_000 * FEN))
    assert solved(asked)[1].infeasible


def test_limits_say_whether_they_couple_villages():
    assert not Limits().couples
    assert Limits(build_fen=0).couples
    assert Limits(people_outside=NO_LIMIT, changes=3).couples
