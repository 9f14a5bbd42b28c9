"""What every single unit must have: staff, things, premises; who serves more people than a limit."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_county import SETTINGS, audit_county, clause
from clinicplan.policy.findings import Status, status_of
from clinicplan.policy.rules.minimums import equipment, minimum, premises

CLINICS = {"tiers": ["village_clinic"]}
HOSPITALS = {"tiers": ["township_hospital"]}
STAFFED = [{"column": "doctors", "at_least": 1}]
AED = {"name": "除颤仪", "name_en": "AED", "condition": {"column": "equipment", "has_any": ["AED", "除颤仪"]}}
BED = {"name": "观察床", "name_en": "bed", "condition": {"column": "equipment", "has_any": ["观察床"]}}
CT = {"name": "16排CT", "name_en": "CT of 16 rows", "condition": {"column": "ct_rows", "at_least": 16}}


def staffed(facilities, *, strength="must", **parameters):
    """Return what the rule finds where every clinic needs a doctor, and the clause."""
    asked = clause("minimum", strength=strength, **({"subjects": CLINICS, "conditions": STAFFED} | parameters))
    return minimum(asked, audit_county([{}], facilities)), asked


def ids(cases):
    return [case.id for case in cases]


# Minimums


@pytest.mark.parametrize(
    ("doctors", "holds", "value", "shortfall"),
    [
        ([1, 2], True, 2, 0),
        ([1, 0], False, 1, 1),
        ([1, None], None, 1, 0),
        ([0, None], False, 0, 1),
        ([None, None], None, 0, 0),
    ],
)
def test_every_clinic_has_a_doctor(doctors, holds, value, shortfall):
    finding, _ = staffed([{"doctors": number} for number in doctors])
    measure = finding.measures[0]
    assert (finding.holds, measure.value, measure.of, measure.shortfall) == (holds, value, len(doctors), shortfall)
    assert len(finding.failing) == doctors.count(0)
    assert len(finding.unknown) == doctors.count(None)


def test_a_failing_unit_says_what_it_has_and_an_unknown_one_what_is_asked():
    finding, _ = staffed([{"doctors": 0}, {"doctors": None}, {"doctors": 1}])
    assert [(case.id, case.value.zh) for case in finding.failing] == [("F1", "乡村医生数：0")]
    assert [(case.id, case.value.zh) for case in finding.unknown] == [("F2", "未填：乡村医生数")]
    assert (finding.measures[0].low, finding.measures[0].high) == (1, 2)


def test_an_absent_column_leaves_no_figure():
    finding, asked = staffed([{}])
    assert (finding.needs, status_of(asked, finding)) == (("facilities.doctors",), Status.NOT_ASSESSED)
    reported, asked = staffed([{}], strength="principle")
    assert status_of(asked, reported) is Status.NOT_ASSESSED


def test_without_a_unit_the_clause_does_not_apply_and_with_only_doubtful_ones_it_is_open():
    finding, asked = staffed([{"tier": "service_point"}])
    assert status_of(asked, finding) is Status.NOT_APPLICABLE
    only, asked = staffed([{"doctors": 1, "operating": ""}, {"tier": "township_hospital"}])
    assert (only.holds, ids(only.unknown)) == (None, ["F1"])


def test_a_doubtful_unit_matters_only_where_it_fails():
    """F2 may be closed: with a doctor it changes nothing, without one it leaves the clause open."""
    assert staffed([{"doctors": 1}, {"doctors": 1, "operating": ""}])[0].holds is True
    finding, _ = staffed([{"doctors": 1}, {"doctors": 0, "operating": ""}])
    assert (finding.holds, finding.measures[0].shortfall, ids(finding.unknown)) == (None, 0, ["F2"])


def test_the_stricter_reading_stands_beside_and_decides_nothing():
    """One person with both duties passes; two people are the strict count."""
    finding, _ = staffed([{"doctors": 1}, {"doctors": 2}], beside=[{"column": "doctors", "at_least": 2}])
    first, beside = finding.measures
    assert (finding.holds, first.value, beside.value, beside.of, beside.shortfall) == (True, 2, 1, 2, None)


def test_own_or_posted_staff_is_enough():
    both = [{"column": "doctors", "or_columns": ["support_staff"], "at_least": 1}]
    finding, _ = staffed([{"doctors": 0, "support_staff": 1}, {"doctors": 0, "support_staff": None}], conditions=both)
    assert (finding.holds, ids(finding.unknown)) == (None, ["F2"])


def test_a_sub_centre_is_a_township_hospital_and_a_point_is_no_clinic():
    rows = [{"tier": "sub_centre", "gps": 0}, {"tier": "service_point", "gps": 0}, {"tier": "village_clinic", "gps": 0}]
    finding, _ = staffed(rows, subjects=HOSPITALS, conditions=[{"column": "gps", "at_least": 1}])
    assert ids(finding.failing) == ["F1"]
    exact, _ = staffed(rows, subjects=HOSPITALS | {"exact": True}, conditions=[{"column": "gps", "at_least": 1}])
    assert not exact.applicable


def test_facilities_out_of_operation_do_not_fail_and_the_register_is_remarked():
    finding, _ = staffed([{"doctors": 1}, {"doctors": 0, "operating": "no"}])
    assert (finding.holds, finding.measures[0].of) == (True, 1)
    assert any("登记" in remark.zh for remark in finding.remarks)


# Premises


@pytest.mark.parametrize(
    ("housed", "holds"),
    [(["collective", "public"], True), (["collective", "doctor_home"], False), (["collective", ""], None)],
)
def test_no_clinic_is_in_a_doctors_home(housed, holds):
    elsewhere = [{"column": "premises", "equals": ["collective", "public", "rented"]}]
    asked = clause("premises", subjects=CLINICS, conditions=elsewhere)
    finding = premises(asked, audit_county([{}], [{"premises": word} for word in housed]))
    assert finding.holds is holds
    if holds is False:
        assert finding.failing[0].value.zh == "业务用房性质：村医家中"


# Equipment


def equipped(lists, *items, strength="must"):
    """Return what the rule finds for clinics with these lists of equipment."""
    asked = clause("equipment", strength=strength, subjects=CLINICS, items=list(items))
    return equipment(asked, audit_county([{}], [{"equipment": cell} for cell in lists])), asked


def test_a_binding_clause_of_several_things_counts_units_with_all_of_them_first():
    """F1 has both, F2 the bed alone, F3's list is empty."""
    finding, _ = equipped(["观察床;自动体外除颤仪(AED)1台", "观察床", ""], AED, BED)
    everything, aed, bed = finding.measures
    assert (finding.holds, everything.value, aed.value, bed.value) == (False, 1, 1, 2)
    assert (everything.shortfall, aed.shortfall, bed.shortfall) == (1, 1, 0)
    assert [(case.id, case.value.zh) for case in finding.failing] == [("F2", "缺除颤仪")]
    assert [(case.id, case.value.zh) for case in finding.unknown] == [("F3", "待核：除颤仪、观察床")]


def test_what_may_be_there_gives_one_figure_a_thing():
    finding, asked = equipped(["观察床", "观察床"], AED, BED, strength="may")
    assert [(measure.name.zh, measure.value, measure.of) for measure in finding.measures] == [
        ("除颤仪", 0, 2),
        ("观察床", 2, 2),
    ]
    assert (status_of(asked, finding), finding.holds) == (Status.REPORTED, False)


def test_one_thing_is_one_figure():
    finding, _ = equipped(["AED", "无AED"], AED)
    assert len(finding.measures) == 1
    assert (finding.holds, ids(finding.failing)) == (False, ["F2"])


# People served


def served(people, facilities, townships=("甲镇",), *, limit=50_000, minutes=None, where=()):
    """Return what the rule finds where hospitals of more than 50,000 people need a CT."""
    subjects = HOSPITALS | {"where": list(where)}
    asked = clause("equipment", subjects=subjects, items=[CT], served_more_than=limit)
    villages = [{"population": number} for number in people]
    rows = [{"tier": "township_hospital", "township": "甲镇"} | row for row in facilities]
    return equipment(asked, audit_county(villages, rows, list(townships), minutes=minutes)), asked


@pytest.mark.parametrize(
    ("people", "rows", "status"),
    [
        (50_001, 16, Status.PASS),
        (50_001, 15, Status.FAIL),
        (50_001, None, Status.NOT_ASSESSED),
        (50_000, None, Status.NOT_APPLICABLE),
    ],
)
def test_more_than_fifty_thousand_is_strict_and_sixteen_rows_are_enough(people, rows, status):
    finding, asked = served([people], [{"ct_rows": rows}])
    assert status_of(asked, finding) is status


@pytest.mark.parametrize(("known", "holds"), [(50_001, False), (49_000, None)])
def test_a_village_without_a_figure_leaves_people_open_upwards(known, holds):
    finding, _ = served([known, None], [{"ct_rows": 0}])
    assert (finding.holds, finding.applicable) == (holds, True)
    assert finding.needs == (() if holds is False else ("villages.population",))


def test_the_township_s_own_figure_is_taken_where_it_has_one():
    finding, asked = served([60_000], [{"ct_rows": 0}], [{"township": "甲镇", "population": 50_000}])
    assert status_of(asked, finding) is Status.NOT_APPLICABLE


def test_several_hospitals_split_their_township_by_time_and_a_flip_is_said():
    """V1 (45,000) is nearest to F1, V2 (15,000) to F2: neither serves 50,000, though the township has 60,000."""
    minutes = {("V1", "F1"): 5, ("V1", "F2"): 9, ("V2", "F1"): 9, ("V2", "F2"): 5}
    finding, _ = served([45_000, 15_000], [{"ct_rows": 0}, {"ct_rows": 0}], minutes=minutes)
    assert not finding.applicable
    assert any("F1机构、F2机构" in remark.zh and "2所" in remark.zh for remark in finding.remarks)


def test_a_large_catchment_still_needs_its_machine():
    """V1 (51,000) belongs to F1 and V2 (9,000) to F2: F1 fails, F2 is not asked, and only F2 would stand otherwise."""
    minutes = {("V1", "F1"): 5, ("V1", "F2"): 9, ("V2", "F1"): 9, ("V2", "F2"): 5}
    finding, _ = served([51_000, 9_000], [{"ct_rows": 8}, {"ct_rows": 0}], minutes=minutes)
    assert (finding.holds, ids(finding.failing), finding.measures[0].of) == (False, ["F1"], 1)
    remark = next(remark for remark in finding.remarks if "就近" in remark.zh)
    assert "F2机构" in remark.zh
    assert "F1机构" not in remark.zh


def test_a_hospital_of_unknown_operation_may_take_people_from_its_neighbour():
    """With F2 at work F1 serves 45,000, without it 60,000: open, and F2's state is to be asked for."""
    minutes = {("V1", "F1"): 5, ("V1", "F2"): 9, ("V2", "F1"): 9, ("V2", "F2"): 5}
    rows = [{"ct_rows": 0}, {"ct_rows": 16, "operating": ""}]
    finding, _ = served([45_000, 15_000], rows, minutes=minutes)
    assert finding.holds is None
    assert ("F2", "未填：运行状态") in [(case.id, case.value.zh) for case in finding.unknown]
    assert finding.needs == ()


def test_a_hospital_outside_the_filter_still_takes_its_catchment():
    """F2 is weak and no unit of the clause, but V2 goes there all the same."""
    minutes = {("V1", "F1"): 5, ("V1", "F2"): 9, ("V2", "F1"): 9, ("V2", "F2"): 5}
    rows = [{"ct_rows": 0, "weak": False}, {"ct_rows": 0, "weak": True}]
    finding, _ = served([45_000, 15_000], rows, minutes=minutes, where=[{"column": "weak", "equals": False}])
    assert not finding.applicable


def test_a_hospital_of_no_township_serves_nobody_knows_how_many():
    asked = clause("equipment", subjects=HOSPITALS, items=[CT], served_more_than=50_000)
    county = audit_county(
        [{"population": 60_000}], [{"tier": "township_hospital", "ct_rows": 0, "name": "医院"}], ["甲镇"]
    )
    finding = equipment(asked, replace(county, settings=SETTINGS))
    assert (finding.holds, finding.applicable) == (None, True)
    assert finding.needs == ("facilities.township",)


# Properties

ROW = st.fixed_dictionaries(
    {
        "doctors": st.sampled_from([None, 0, 1]),
        "equipment": st.sampled_from(["", "AED", "观察床", "AED;观察床"]),
        "operating": st.sampled_from(["yes", "no", ""]),
    }
)
FILLS = {"doctors": [0, 1], "equipment": ["AED", "观察床", "AED;观察床"], "operating": ["yes", "no"]}
RULES = [
    (minimum, clause("minimum", subjects=CLINICS, conditions=STAFFED)),
    (equipment, clause("equipment", subjects=CLINICS, items=[AED, BED])),
]


@settings(max_examples=60, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=4), st.sampled_from(RULES), st.data())
def test_filling_an_unknown_cell_never_contradicts_a_verdict(rows, rule, data):
    test, asked = rule
    rows = [*rows, {"tier": "township_hospital"}]
    before = test(asked, audit_county([{}], rows))
    holes = [(at, name) for at, row in enumerate(rows[:-1]) for name, value in row.items() if value in ("", None)]
    if not holes:
        return
    at, name = data.draw(st.sampled_from(holes))
    filled = [dict(row) for row in rows]
    filled[at][name] = data.draw(st.sampled_from(FILLS[name]))
    after = test(asked, audit_county([{}], filled))
    if before.holds is not None:
        assert (after.holds, after.applicable) == (before.holds, True)


@settings(max_examples=30, deadline=None)
@given(st.lists(ROW, min_size=2, max_size=5), st.sampled_from(RULES), st.integers(0, 9))
def test_the_order_of_rows_changes_nothing(rows, rule, seed):
    test, asked = rule
    rows = [row | {"facility_id": f"F{number}"} for number, row in enumerate(rows)]
    shuffled = [rows[at] for at in np.random.default_rng(seed).permutation(len(rows))]
    one, other = (test(asked, audit_county([{}], each)) for each in (rows, shuffled))
    assert (one.holds, one.measures) == (other.holds, other.measures)
    assert sorted(ids(one.failing)) == sorted(ids(other.failing))
