"""Every unit has one institution in charge: the one that the register names, else that of its township."""

from fractions import Fraction

import pytest

from audit_county import audit_county, clause
from clinicplan.policy.findings import Status, status_of
from clinicplan.policy.rules.assignments import assignment

CLINICS = {"subjects": {"tiers": ["village_clinic"]}, "to_tiers": ["township_hospital"], "column": "managed_by"}
VILLAGES = {"subjects": {"layer": "villages"}, "to_tiers": ["township_hospital"], "column": "served_by"}
PAIRED = {
    "subjects": {"tiers": ["township_hospital"]},
    "to_tiers": ["county_hospital"],
    "column": "paired_with",
    "by_township": False,
}
HOSPITAL = {"facility_id": "H1", "name": "甲镇卫生院", "tier": "township_hospital", "township": "甲镇", "x_m": 3000}


def found(facilities, *, villages=None, parameters=CLINICS, **county):
    asked = clause("assignment", **parameters)
    finding = assignment(asked, audit_county([{}] if villages is None else villages, facilities, **county))
    return finding, status_of(asked, finding)


def clinic(**cells):
    return {"facility_id": "F1", "village_id": "V1", **cells}


def ids(cases):
    return [case.id for case in cases]


def row_of(finding, unit):
    """Return institution, how in English, minutes, nearest, its township, minutes to it, whether elsewhere."""
    row = next(row for row in finding.listings[0].rows if row[0] == unit)
    return (row[3], row[4].en, *row[5:9], row[9].en)


# --- by township ------------------------------------------------------------------------------------------------------


def test_without_an_entry_the_institution_of_the_township_is_in_charge():
    """3 km by car at 40 km/h: 4.5 minutes."""
    finding, status = found([clinic(), HOSPITAL])
    assert status is Status.PASS
    measure = finding.measures[0]
    assert (measure.value, measure.of, measure.least, measure.shortfall) == (1, 1, Fraction(1), 0)
    assert row_of(finding, "F1") == ("甲镇卫生院", "by township", 4.5, "甲镇卫生院", "甲镇", 4.5, "no")


def test_a_township_without_one_fails():
    finding, status = found([clinic(), {**HOSPITAL, "township": "乙镇"}])
    assert status is Status.FAIL
    assert ids(finding.failing) == ["F1"]
    assert "甲镇" in finding.failing[0].value.zh
    assert row_of(finding, "F1")[-1] == "yes"


def test_of_several_in_the_township_the_nearest_by_time_is_taken_and_said():
    near = {**HOSPITAL, "facility_id": "H2", "name": "甲镇二院", "x_m": 1000}
    finding, _ = found([clinic(), HOSPITAL, near])
    assert row_of(finding, "F1")[:2] == ("甲镇二院", "several in the township: the nearest")
    assert any("取用时最短的1个" in remark.zh for remark in finding.remarks)
    slow, _ = found([clinic(), HOSPITAL, near], minutes={("H2", "F1"): 30})
    assert row_of(slow, "F1")[0] == "甲镇卫生院"


def test_the_nearest_of_another_township_is_flagged_and_decides_nothing():
    other = {**HOSPITAL, "facility_id": "H2", "name": "乙镇卫生院", "township": "乙镇", "x_m": 1000}
    finding, status = found([clinic(), HOSPITAL, other])
    assert status is Status.PASS
    assert row_of(finding, "F1") == ("甲镇卫生院", "by township", 4.5, "乙镇卫生院", "乙镇", 1.5, "yes")
    assert any("其他乡镇" in remark.zh for remark in finding.remarks)


@pytest.mark.parametrize(
    ("hospital", "holds"),
    [({"operating": "no"}, False), ({"operating": ""}, None), ({"township": "", "name": "某院", "x_m": 9000}, None)],
)
def test_an_institution_of_unknown_operation_or_township_leaves_it_open(hospital, holds):
    finding, _ = found([clinic(), {**HOSPITAL, **hospital}])
    assert finding.holds is holds


def test_a_unit_of_unknown_township_is_open():
    finding, _ = found([HOSPITAL], villages=[{"township": ""}], parameters=VILLAGES)
    assert (finding.holds, ids(finding.unknown)) == (None, ["V1"])


def test_in_a_column_that_is_used_an_empty_cell_is_unknown_where_the_township_has_none():
    rows = [clinic(managed_by="H1"), {"facility_id": "F2", "village_id": "V2"}, HOSPITAL]
    finding, _ = found(rows, villages=[{}, {"township": "乙镇"}])
    assert (finding.holds, ids(finding.unknown)) == (None, ["F2"])


# --- by register ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "holds", "how"),
    [
        ("H1", True, "by register"),
        ("甲镇卫生院", True, "by register"),
        ("测试县甲镇卫生院", True, "by register"),
        ("甲镇", True, "by register"),
        ("不存在卫生院", None, "open"),
        ("K1", False, "named, but of another kind"),
        ("H2", False, "named, but out of operation"),
        ("H3", None, "open"),
        ("无", False, "said to have none"),
        ("是", True, "by township"),
        ("K1、H1", True, "by register"),
    ],
)
def test_the_cell_names_the_institution_by_id_or_name(cell, holds, how):
    rows = [
        clinic(managed_by=cell),
        HOSPITAL,
        {"facility_id": "H2", "name": "停诊院", "tier": "township_hospital", "operating": "no", "township": "乙镇"},
        {"facility_id": "H3", "name": "不明院", "tier": "township_hospital", "operating": "", "township": "乙镇"},
        {"facility_id": "K1", "name": "县医院", "tier": "county_hospital"},
    ]
    finding, _ = found(rows)
    assert finding.holds is holds
    assert row_of(finding, "F1")[1] == how


def test_of_two_of_one_name_that_of_the_own_township_is_meant():
    rows = [
        clinic(managed_by="中心卫生院"),
        {**HOSPITAL, "name": "中心卫生院"},
        {**HOSPITAL, "facility_id": "H2", "name": "中心卫生院", "township": "乙镇"},
    ]
    assert found(rows)[0].holds is True
    foreign = [{**rows[0], "township": "丙镇"}, *rows[1:]]
    assert found(foreign, villages=[{"township": "丙镇"}])[0].holds is None


def test_names_that_are_not_found_are_listed():
    finding, _ = found([clinic(managed_by="不存在卫生院"), HOSPITAL])
    assert any("不存在卫生院" in remark.zh for remark in finding.remarks)
    assert "不存在卫生院" in finding.unknown[0].value.zh


# --- conditions, and what needs an entry ------------------------------------------------------------------------------


@pytest.mark.parametrize(("cell", "holds"), [(True, True), (False, False), (None, None)])
def test_what_else_a_unit_must_be_is_bounded(cell, holds):
    parameters = {**CLINICS, "conditions": [{"column": "integrated", "equals": True}]}
    finding, _ = found([clinic(integrated=cell), HOSPITAL], parameters=parameters)
    assert finding.holds is holds
    assert finding.needs == (("facilities.integrated",) if holds is None else ())


def test_a_clinic_without_its_conditions_fails_even_where_its_institution_is_unknown():
    parameters = {**CLINICS, "conditions": [{"column": "integrated", "equals": True}]}
    finding, _ = found([clinic(integrated=False, managed_by="不存在"), HOSPITAL], parameters=parameters)
    assert finding.holds is False


def test_a_paired_hospital_is_never_taken_by_township():
    rows = [HOSPITAL, {"facility_id": "K1", "tier": "county_hospital", "township": "甲镇"}]
    finding, status = found(rows, parameters=PAIRED)
    assert status is Status.NOT_ASSESSED
    assert finding.needs == ("facilities.paired_with",)
    assert not finding.figure


@pytest.mark.parametrize(
    ("cell", "holds"), [("K1", True), ("市第一人民医院", True), ("否", False), ("F9", True), ("甲镇卫生院", False)]
)
def test_a_paired_hospital_may_be_of_the_city_and_is_taken_at_its_word(cell, holds):
    rows = [{**HOSPITAL, "paired_with": cell}, {"facility_id": "K1", "tier": "county_hospital"}]
    finding, _ = found(rows, parameters=PAIRED)
    assert finding.holds is holds


@pytest.mark.parametrize(("days", "holds"), [(1, True), (0, False), (None, None)])
def test_days_a_week_are_compared(days, holds):
    parameters = {**PAIRED, "conditions": [{"column": "sit_in_days", "at_least": 1}]}
    rows = [{**HOSPITAL, "paired_with": "K1", "sit_in_days": days}, {"facility_id": "K1", "tier": "county_hospital"}]
    assert found(rows, parameters=parameters)[0].holds is holds


@pytest.mark.parametrize(
    ("cells", "holds", "value"),
    [(["市医院", None], True, 1), (["否", "否"], False, 0), (["否", None], None, 0), ([None, None], None, 0)],
)
def test_one_county_hospital_with_a_city_hospital_is_enough(cells, holds, value):
    hospitals = [{"tier": "county_hospital", "city_partner": cell} for cell in cells]
    parameters = {**PAIRED, "county_column": "city_partner"}
    finding, _ = found([{**HOSPITAL, "paired_with": "市医院"}, *hospitals], parameters=parameters)
    assert finding.holds is holds
    assert finding.measures[1].value == value
    assert finding.needs == (("facilities.city_partner",) if holds is None else ())


# --- villages ---------------------------------------------------------------------------------------------------------


def test_villages_are_toured_from_their_township_hospital():
    finding, status = found([HOSPITAL], villages=[{}, {"x_m": 9000}], parameters=VILLAGES)
    assert status is Status.PASS
    assert row_of(finding, "V2") == ("甲镇卫生院", "by township", 9.0, "甲镇卫生院", "甲镇", 9.0, "no")


def test_exempt_villages_and_communities_are_no_units():
    villages = [{}, {"status": "relocated"}, {"kind": "community"}]
    assert found([HOSPITAL], villages=villages, parameters=VILLAGES)[0].measures[0].of == 1


def test_without_a_unit_the_document_is_silent():
    assert found([HOSPITAL])[1] is Status.NOT_APPLICABLE


def test_without_roads_for_cars_the_mode_of_the_standard_is_taken():
    finding, _ = found([clinic(), HOSPITAL], modes=("e_bike",))
    assert row_of(finding, "F1")[2] == 9.0
    assert any("电动自行车" in remark.zh for remark in finding.remarks)


def test_the_order_of_rows_changes_nothing():
    rows = [
        clinic(),
        {"facility_id": "F2", "village_id": "V2"},
        HOSPITAL,
        {**HOSPITAL, "facility_id": "H2", "name": "二院"},
    ]
    one, _ = found(rows, villages=[{}, {}])
    other, _ = found(rows[::-1], villages=[{"village_id": "V2", "x_m": 1000}, {"village_id": "V1", "x_m": 0}])
    assert one.holds is other.holds
    assert one.measures == other.measures
    assert set(one.listings[0].rows) == set(other.listings[0].rows)
