"""Every status that a clause can have, and both sides of every boundary, each by a real audit of a small county.

The cases are those of `audit_cases`: verbs turn one county, clause by clause, to every status that kind and strength of
the clause can give. The boundaries turn it by one person, one metre, one bed, one year or one millisecond.
"""

from datetime import date, timedelta

import pytest

import audit_cases
import audit_edits
from audit_cases import cases_of, reason_never, statuses_of
from audit_drafts import EAST, MERGE, Draft
from audit_edits import fill_units, nothing, people, set_cells, set_region, then, without
from clinicplan.policy.parameters import PARAMETERS
from clinicplan.policy.planned import plan_tables
from clinicplan.policy.profile import built_in_profiles, read_profile

PROFILES = {name: read_profile(name) for name in built_in_profiles()}
CLAUSES = {clause.id: (profile, clause) for profile in PROFILES.values() for clause in profile.clauses}
CASES = [(clause.id, case) for _, clause in CLAUSES.values() for case in cases_of(clause)]


def draft_of(clause):
    """Return the base county, about a clause."""
    return Draft(*CLAUSES[clause])


def turned(clause, *edits):
    """Return the result of a clause after some edits."""
    draft = draft_of(clause)
    then(*edits)(draft)
    return draft.result()


# --- every status of every clause -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("clause", "case"), CASES, ids=[case.name for _, case in CASES])
def test_each_edit_gives_the_status_that_kind_and_strength_say(clause, case):
    """Of principles and figures that compare, `met` says how they stand, though the status is reported alike."""
    result = turned(clause, case.edit)
    assert result.status == case.status
    assert result.met in {"meet": (True, None), "miss": (False, None)}.get(case.verb, (True, False, None))


@pytest.mark.parametrize("clause", CLAUSES)
def test_no_clause_lacks_a_case_for_a_status_it_can_have(clause):
    """A new clause, or a clause of a new kind, fails here until it has its cases."""
    _, asked = CLAUSES[clause]
    wanted = {(status, verb) for status, verbs in statuses_of(asked).items() for verb in verbs}
    assert {(case.status, case.verb) for case in cases_of(asked)} == wanted
    if audit_cases.is_binding(asked) and not asked.needs_plan:
        assert {"pass", "fail", "not_assessed"} <= set(statuses_of(asked))


def test_every_kind_has_its_edits():
    assert set(audit_cases.EDITS) == set(PARAMETERS)


def test_every_verb_that_never_arises_has_clauses_and_a_reason():
    for verb, who, reason in audit_cases.NEVER:
        assert reason
        assert any(who(clause) and reason_never(clause, verb) for _, clause in CLAUSES.values()), reason


@pytest.mark.parametrize(
    ("clause", "tables", "yuan"),
    [
        ("LY-14b", {"sites": [{"site_id": "n", "village_id": "V2", "action": "build"}]}, 40_000),
        ("NY-3.2.1c", {"sites": [{"site_id": "H1", "facility_id": "H1", "action": "upgrade"}]}, 5_000_000),
        ("MTG-18", {"sites": [], "villages": [{"village_id": "V2", "arrangement": "touring"}]}, None),
    ],
)
def test_what_only_a_plan_brings_is_reported_as_planned(clause, tables, yuan):
    result = turned(clause, lambda draft: setattr(draft, "plan", plan_tables({"villages": [], **tables})))
    assert (result.status, result.planned_status) == ("not_assessed", "reported")
    assert result.finding.needs == ("plan",)
    assert yuan is None or result.planned_finding.measures[0].value == yuan


# --- both sides of every boundary -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("x_m", "status", "missing"), [(15_000.0, "pass", 0), (14_999.0, "fail", 1)])
def test_a_sub_centre_stands_15_000_metres_off_or_1_metre_too_near(x_m, status, missing):
    result = turned("NY-3.2.1a", audit_edits.fill_sub_centres, set_cells("facilities", "S1", x_m=x_m))
    assert (result.status, result.finding.measures[0].shortfall) == (status, missing)


@pytest.mark.parametrize(("x_m", "status"), [(12_250.0, "pass"), (12_249.995, "fail")])
def test_the_circle_holds_to_the_millisecond(x_m, status):
    """V3 is 3,750 m from C1: 900,000 ms by e-bike, the limit; 5 mm farther it is 900,001 ms."""
    away = then(without("village_clinic", village="V3"), set_cells("villages", "V3", x_m=x_m))
    assert turned("LY-05a", away, set_region(target_share=1.0)).status == status


@pytest.mark.parametrize(
    ("clause", "residents", "centres", "met"),
    [
        ("NY-2.1.4a", 199_999, 3, False),
        ("NY-2.1.4a", 200_000, 3, True),
        ("NY-3.2.1b", 499_999, 2, True),
        ("NY-3.2.1b", 499_999, 3, False),
        ("NY-3.2.1b", 500_000, 3, True),
        ("NY-3.2.1b", 999_999, 4, False),
        ("NY-3.2.1b", 1_000_000, 4, True),
        ("NY-3.2.1b", 1_000_000, 5, False),
        ("NY-3.2.1b", 1_000_000, 0, True),
    ],
)
def test_one_resident_moves_the_county_into_the_next_bracket(clause, residents, centres, met):
    """The base county has 4,900 residents beside those of U1."""
    county = then(people("U1", residents - 4_900), audit_edits.sub_centres(centres))
    assert turned(clause, county).met is met


@pytest.mark.parametrize(("residents", "status"), [(50_000, "not_applicable"), (50_001, "fail")])
def test_more_than_50_000_served_people_need_the_scanner(residents, status):
    assert turned("LY-04b", people("V1", residents - 1_000), fill_units(good=False)).status == status


@pytest.mark.parametrize(
    ("hospital", "village", "rural", "beds", "status"),
    [
        ("H1", "V3", 1_500, 20, "pass"),
        ("H1", "V3", 1_500, 19, "fail"),
        ("H1", "V3", 33_333, 20, "pass"),
        ("H1", "V3", 33_334, 20, "fail"),
        ("H1", "V3", 33_334, 21, "pass"),
        ("H1", "V3", 166_666, 99, "fail"),
        ("H1", "V3", 500_000, 100, "pass"),
        ("H1", "V3", 500_000, 99, "fail"),
        ("S1", "V1", 500_000, 150, "pass"),
        ("S1", "V1", 500_000, 149, "fail"),
    ],
)
def test_beds_stand_between_floor_and_cap(hospital, village, rural, beds, status):
    """0.6 beds per 1,000 rural residents, at least 20, at most 100, of central hospitals 150 are asked for."""
    others = then(*(set_cells("facilities", name, beds=150) for name in ("H1", "S1")))
    county = then(others, people(village, rural), set_cells("facilities", hospital, beds=beds))
    assert turned("GZ-06", county).status == status


@pytest.mark.parametrize(
    ("posts", "status"), [(5, "fail"), (6, "pass"), (9, "pass"), (10, "fail")], ids=["0.83", "1", "1.5", "1.67"]
)
def test_posts_keep_to_the_range_of_the_county(posts, status):
    """6,000 residents of the two townships that have a hospital: 1 to 1.5 per 1,000 are 6 to 9 posts."""
    county = then(
        people("V1", 3_500), set_cells("facilities", "S1", posts=posts), set_cells("facilities", "H1", posts=0)
    )
    assert turned("LY-06a", county).status == status


@pytest.mark.parametrize(("age", "leaves"), [(59, False), (60, True)])
def test_a_doctor_of_60_has_reached_the_age(age, leaves):
    assert turned("GZ-20", audit_edits.ages(age - 60)).met is not leaves


def clinics(public, private, unknown):
    """Return the edit that leaves so many clinics by the ownership of their premises."""

    def edit(draft):
        draft.remove("village_clinic")
        for owner, count in (("public", public), ("private", private), ("", unknown)):
            for _ in range(count):
                draft.add("village_clinic", "V1", ownership=owner)

    return edit


@pytest.mark.parametrize(
    ("public", "private", "unknown", "status"),
    [
        (9, 1, 0, "pass"),
        (89, 11, 0, "fail"),
        (90, 10, 0, "pass"),
        (9, 0, 1, "pass"),
        (8, 1, 1, "not_assessed"),
        (8, 2, 0, "fail"),
        (7, 2, 1, "fail"),
        (0, 0, 10, "not_assessed"),
    ],
)
def test_unknown_cells_decide_a_share_only_where_they_could(public, private, unknown, status):
    """90 % public, inclusive: 9 of 10 hold whatever the tenth is; 8 and an unknown are open; 7 of 10 cannot."""
    assert turned("NY-3.2.4a", clinics(public, private, unknown)).status == status


@pytest.mark.parametrize(
    ("cells", "status"),
    [(("yes", 1), "pass"), (("yes", 0), "fail"), (("", 1), "pass"), (("", 0), "not_assessed"), (("no", 0), "pass")],
)
def test_a_clinic_of_unknown_operation_decides_only_where_it_fails(cells, status):
    """C1, C3 and the station have a doctor; C2 has one or none, and is open, closed, or nobody knows."""
    operating, doctors = cells
    county = then(
        *(set_cells("facilities", name, doctors=1) for name in ("C1", "C3", "Z1")),
        set_cells("facilities", "C2", doctors=doctors, operating=operating),
    )
    assert turned("XC-3.1", county).status == status


def test_where_the_register_says_of_no_facility_whether_it_operates_all_count():
    def edit(draft):
        for row in draft.facilities:
            row.update(operating="", doctors=0)

    result = turned("XC-3.1", edit)
    assert result.status == "fail"
    assert result.finding.remarks


@pytest.mark.parametrize(
    ("residents", "x_m", "status"),
    [(500, 18_500.0, "pass"), (501, 18_500.0, "fail"), (500, 18_500.005, "fail")],
)
def test_sharing_keeps_to_the_planners_thresholds(residents, x_m, status):
    """V2, 2,500 m and 10 minutes from C1, with a service point of its own; the region lets 500 people share."""
    county = then(
        without("village_clinic", village="V2"),
        lambda draft: draft.add("service_point", "V2"),
        set_cells("villages", "V2", population=residents, x_m=x_m),
    )
    assert turned("NY-2.1.4c", county, set_region(merge=MERGE)).status == status


@pytest.mark.parametrize(("days", "overdue"), [(-1, False), (0, False), (1, True)])
def test_a_deadline_is_due_until_its_day_has_passed(days, overdue):
    day = date(2025, 12, 31) + timedelta(days=days)
    assert turned("LY-01", audit_edits.fill_shares(good=True), set_region(day=day)).overdue is overdue


def test_the_deadline_that_counts_is_the_earliest_that_is_not_met():
    """45 % by the end of 2024, all by the end of 2025: with 2 of 4 clinics the second is missed, with 1 the first."""
    for integrated, deadline in ((4, 2025), (2, 2025), (1, 2024)):

        def edit(draft, integrated=integrated):
            draft.remove("village_clinic")
            for number in range(4):
                draft.add("village_clinic", "V1", integrated=number < integrated)

        result = turned("MTG-06", edit)
        assert (result.status == "pass", result.deadline.year) == (integrated == 4, deadline)


def test_a_township_that_lacks_its_hospital_is_named():
    result = turned("NY-2.1.4b", without("sub_centre"))
    assert [case.id for case in result.finding.failing] == [EAST]
    assert turned("NY-2.1.4b", nothing).status == "pass"


def test_county_quotas_count_no_unit_as_none_at_all():
    """No blood store is a failure, not a clause that does not apply."""
    assert turned("NY-1.16c", nothing).status == "fail"
    assert turned("NY-1.16c", audit_edits.add("blood_store", "U1")).status == "pass"
