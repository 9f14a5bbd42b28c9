"""Doctors leave at an age: who is over it at the day of the audit, and which clinics lose their last doctor when."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_county import SETTINGS, audit_county, clause
from clinicplan.policy.findings import Status, status_of
from clinicplan.policy.rules.ages import staff_age

CLINICS = {"tiers": ["village_clinic"]}
DAY = date(2026, 6, 30)


def aged(*lists, strength="must", age=70, day=DAY, **parameters):
    """Return what the rule finds for clinics with these ages (text, or a row), and the clause."""
    asked = clause("staff_age", strength=strength, subjects=CLINICS, age=age, **parameters)
    rows = [cell if isinstance(cell, dict) else {"doctor_ages": cell} for cell in lists]
    county = audit_county([{}], rows, settings=replace(SETTINGS, day=day))
    return staff_age(asked, county), asked


def ids(cases):
    return [case.id for case in cases]


@pytest.mark.parametrize(("age", "status"), [(69, Status.PASS), (70, Status.FAIL), (71, Status.FAIL)])
def test_a_doctor_of_seventy_leaves(age, status):
    finding, asked = aged(f"50;{age}")
    assert status_of(asked, finding) is status


def test_in_principle_a_doctor_of_sixty_is_reported_and_none_fails():
    finding, asked = aged("59", "60", strength="principle", age=60)
    assert (status_of(asked, finding), finding.holds, ids(finding.failing)) == (Status.REPORTED, False, ["F2"])


def test_a_failing_clinic_says_how_many_and_how_old():
    finding, _ = aged("50;72;70", "69")
    assert [(case.id, case.value.zh) for case in finding.failing] == [("F1", "已到龄2人（70、72岁）")]
    first = finding.measures[0]
    assert (first.value, first.of, first.shortfall) == (1, 2, 1)


@pytest.mark.parametrize(
    ("cells", "holds"),
    [
        (["69", ""], None),
        (["70", ""], False),
        (["69;不详"], None),
        (["70;不详"], False),
        ([{"doctor_ages": "50", "doctors": 2}], None),
        ([{"doctor_ages": "50;51", "doctors": 2}], True),
        ([{"doctor_ages": "", "doctors": 0}], True),
        (["1956"], None),
    ],
    ids=[
        "empty",
        "empty beside a miss",
        "partly",
        "partly, one over",
        "fewer ages than doctors",
        "all ages",
        "nobody",
        "year",
    ],
)
def test_unknown_ages_decide_nothing_that_known_ones_do_not(cells, holds):
    """A clinic without doctors has nobody over the age; a year of birth is no age."""
    finding, _ = aged(*cells)
    assert finding.holds is holds


def test_rows_to_ask_for_say_what_is_there():
    finding, _ = aged({"doctor_ages": "50", "doctors": 2}, {"doctor_ages": "", "doctors": 1})
    assert [(case.id, case.value.zh) for case in finding.unknown] == [
        ("F1", "村医年龄：50；乡村医生数：2"),
        ("F2", "未填：村医年龄"),
    ]


def test_clinics_lose_their_last_doctor_when_the_youngest_reaches_the_age():
    """On 30 June 2026 with an age of 60: F1 (61, 60) now, F2 (57) in 3 years, F3 (61, 56) in 4, F4 in 5, F5 in 6."""
    finding, _ = aged("61;60", "57", "61;56", "55", "54", age=60)
    assert [(measure.value, measure.low) for measure in finding.measures[1:]] == [(1, None), (2, None), (4, None)]
    assert [measure.name.zh for measure in finding.measures[1:]] == [
        "本年内最后一名医生到龄", "3年内最后一名医生到龄", "5年内最后一名医生到龄",
    ]  # fmt: skip
    rows = finding.listings[0].rows
    assert [(row[0], *row[3:]) for row in rows] == [
        ("F1", 2, 60, 2026, 0), ("F2", 1, 57, 2029, 3), ("F3", 2, 56, 2030, 5), ("F4", 1, 55, 2031, 5),
    ]  # fmt: skip


def test_the_year_follows_the_day_of_the_audit():
    finding, _ = aged("58", age=60, day=date(2027, 1, 1))
    assert finding.listings[0].rows[0][5] == 2029
    assert "2027-01-01" in finding.remarks[0].zh


def test_a_clinic_of_which_an_age_is_missing_may_lose_its_last_doctor():
    """F1's second doctor may be young; F2 certainly keeps one of 40; F3 has nobody to lose."""
    finding, _ = aged({"doctor_ages": "69", "doctors": 2}, "40;不详", {"doctors": 0})
    assert [(measure.value, measure.low, measure.high) for measure in finding.measures[2:]] == [(0, 0, 1), (0, 0, 1)]
    assert finding.listings == ()


def test_without_the_column_nothing_can_be_said():
    finding, asked = aged({})
    assert (finding.needs, status_of(asked, finding)) == (("facilities.doctor_ages",), Status.NOT_ASSESSED)
    silent, asked = aged({"tier": "township_hospital"})
    assert status_of(asked, silent) is Status.NOT_APPLICABLE


ROW = st.fixed_dictionaries(
    {
        "doctor_ages": st.sampled_from(["", "50", "70", "50;70", "60;不详"]),
        "doctors": st.sampled_from([None, 0, 1, 2]),
        "operating": st.sampled_from(["yes", ""]),
    }
)
FILLS = {"doctor_ages": ["50", "70;50"], "doctors": [0, 1, 2], "operating": ["yes", "no"]}


@settings(max_examples=100, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=4), st.data())
def test_filling_an_unknown_cell_never_contradicts_a_verdict(rows, data):
    """A list of ages alone is taken for complete, so no headcount is filled in that contradicts it."""
    rows = [*rows, {"tier": "township_hospital"}]
    before, _ = aged(*rows)
    holes = [(at, name) for at, row in enumerate(rows[:-1]) for name, value in row.items() if value in ("", None)]
    if not holes:
        return
    at, name = data.draw(st.sampled_from(holes))
    filled = [dict(row) for row in rows]
    filled[at][name] = data.draw(st.sampled_from(FILLS[name]))
    ages = [part for part in filled[at]["doctor_ages"].split(";") if part]
    if ages and filled[at]["doctors"] not in (None, len(ages)):
        return
    after, _ = aged(*filled)
    if before.holds is not None:
        assert (after.holds, after.applicable) == (before.holds, True)


@settings(max_examples=30, deadline=None)
@given(st.lists(ROW, min_size=2, max_size=5), st.integers(0, 9))
def test_the_order_of_rows_changes_nothing(rows, seed):
    rows = [row | {"facility_id": f"F{number}"} for number, row in enumerate(rows)]
    shuffled = [rows[at] for at in np.random.default_rng(seed).permutation(len(rows))]
    (one, _), (other, _) = aged(*rows), aged(*shuffled)
    assert (one.holds, one.measures, one.listings) == (other.holds, other.measures, other.listings)
