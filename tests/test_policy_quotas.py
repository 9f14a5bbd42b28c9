"""Quotas: counts over the county and its townships, brackets by people, and what unknown cells leave open."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_county import PROFILE, SETTINGS, audit_county, clause
from clinicplan.policy.findings import Status, status_of
from clinicplan.policy.rules.quotas import quota

CEILINGS = [
    {"from_people": 200_000, "below_people": 500_000, "maximum": 2},
    {"from_people": 500_000, "below_people": 1_000_000, "maximum": 3},
    {"from_people": 1_000_000, "maximum": 4},
]
SUB_CENTRES = {"name": "次中心", "name_en": "sub-centres", "subjects": {"tiers": ["sub_centre"]}}
HOSPITALS = {"name": "卫生院", "name_en": "hospitals", "subjects": {"tiers": ["township_hospital"]}, "minimum": 1}


def ceiling(**more):
    return clause("quota", strength="may", parts=[SUB_CENTRES | {"brackets": CEILINGS}], **more)


def floor(**more):
    brackets = [
        {"from_people": 0, "below_people": 200_000, "minimum": 1, "maximum": 2},
        {"from_people": 200_000, "minimum": 1},
    ]
    return clause(
        "quota", clause_id="T-0", county_types=["县", "市"], parts=[SUB_CENTRES | {"brackets": brackets}], **more
    )


def counted(part, **more):
    return clause("quota", parts=[part], **more)


def county_of(people, sub_centres, name="测试县"):
    centres = [{"facility_id": f"S{number}", "tier": "sub_centre"} for number in range(sub_centres)]
    return audit_county([{"population": people}], centres, settings=replace(SETTINGS, county=name), profile=PROFILE)


def towns(*townships, **more):
    """Return a county with one village and so many township hospitals in each of the townships given."""
    villages = [{"township": name} for name, _ in townships]
    hospitals = [{"tier": "township_hospital", "township": name} for name, count in townships for _ in range(count)]
    return audit_county(villages, hospitals, **more)


def per_township(part=HOSPITALS, **more):
    return clause("quota", unit="township", per="township", parts=[part], **more)


# ---------------------------------------- counts over the county


def test_a_count_at_the_minimum_is_enough_and_one_less_is_not():
    point = {"subjects": {"tiers": ["blood_point"]}, "minimum": 2, "maximum": 3}
    verdicts = [
        quota(counted(point), audit_county([{}], [{"tier": "blood_point"}] * count)).holds for count in range(1, 5)
    ]
    assert verdicts == [False, True, True, False]


def test_the_shortfall_is_what_is_missing_and_what_is_above_is_said():
    point = {"subjects": {"tiers": ["blood_point"]}, "minimum": 2, "maximum": 3}
    below = quota(counted(point), audit_county([{}], [{"tier": "blood_point"}]))
    above = quota(counted(point), audit_county([{}], [{"tier": "blood_point"}] * 5))
    assert (below.measures[0].value, below.measures[0].shortfall) == (1, 1)
    assert above.measures[0].shortfall == 0
    assert "超出上限2" in above.remarks[0].zh


def test_facilities_out_of_operation_and_beyond_the_county_do_not_count():
    facilities = [
        {"tier": "blood_store", "operating": "no"},
        {"tier": "blood_store", "outside_county": True},
    ]
    finding = quota(counted({"subjects": {"tiers": ["blood_store"]}, "minimum": 1}), audit_county([{}], facilities))
    assert finding.holds is False
    assert any("达到要求" in remark.zh for remark in finding.remarks)


def test_a_sub_centre_is_a_township_hospital_unless_tiers_are_exact():
    part = {"subjects": {"tiers": ["township_hospital"]}, "minimum": 1}
    exact = {"subjects": {"tiers": ["township_hospital"], "exact": True}, "minimum": 1}
    county = audit_county([{}], [{"tier": "sub_centre"}])
    assert (quota(counted(part), county).holds, quota(counted(exact), county).holds) == (True, False)


def test_a_column_is_summed_and_fifty_is_enough():
    part = {"subjects": {"tiers": ["county_hospital"]}, "column": "sent_down", "minimum": 50}
    found = [
        quota(
            counted(part),
            audit_county([{}], [{"tier": "county_hospital", "sent_down": n} for n in (30, last)]),
        )
        for last in (19, 20)
    ]
    assert [(item.holds, item.measures[0].value, item.measures[0].shortfall) for item in found] == [
        (False, 49, 1),
        (True, 50, 0),
    ]
    assert found[0].measures[0].unit == "people"


def test_an_unknown_number_has_no_upper_end():
    part = {"subjects": {"tiers": ["county_hospital"]}, "column": "sent_down", "minimum": 50}
    hospitals = [{"tier": "county_hospital", "sent_down": 30}, {"facility_id": "K2", "tier": "county_hospital"}]
    finding = quota(counted(part), audit_county([{}], hospitals))
    measure = finding.measures[0]
    assert (finding.holds, measure.value, measure.low, measure.high) == (None, 30, Fraction(30), None)
    assert [case.id for case in finding.unknown] == ["K2"]


def test_unknown_cells_that_do_not_decide_leave_the_verdict_alone():
    part = {
        "subjects": {"tiers": ["county_hospital"], "where": [{"column": "occupational", "equals": True}]},
        "minimum": 1,
    }
    hospitals = [{"tier": "county_hospital", "occupational": True}, {"tier": "county_hospital"}]
    decided = quota(counted(part), audit_county([{}], hospitals))
    open_ = quota(counted(part), audit_county([{}], [{"tier": "county_hospital", "occupational": False}, hospitals[1]]))
    assert (decided.holds, decided.measures[0].low, decided.measures[0].high) == (True, 1, 2)
    assert (open_.holds, open_.measures[0].low, open_.measures[0].high) == (None, 0, 1)


def test_a_column_that_is_not_there_is_named_and_gives_no_figure():
    part = {
        "subjects": {"tiers": ["county_hospital"], "where": [{"column": "emergency_team", "equals": True}]},
        "minimum": 1,
    }
    finding = quota(counted(part), audit_county([{}], [{"tier": "county_hospital"}]))
    assert (finding.needs, finding.figure) == (("facilities.emergency_team",), False)
    assert status_of(counted(part), finding) is Status.NOT_ASSESSED


def test_without_any_such_facility_the_count_is_none_and_no_column_is_asked_for():
    part = {
        "subjects": {"tiers": ["county_hospital"], "where": [{"column": "emergency_team", "equals": True}]},
        "minimum": 1,
    }
    finding = quota(counted(part), audit_county([{}], []))
    assert (finding.holds, finding.needs, finding.measures[0].value) == (False, (), 0)


def test_one_part_of_an_or_is_enough_and_stands_first():
    by_county = {"name": "按县", "name_en": "county", "subjects": {"tiers": ["blood_point"]}, "minimum": 2}
    by_people = {
        "name": "按人口", "name_en": "people", "subjects": {"tiers": ["blood_point"]},
        "per_people": 1_000_000, "per_people_at_most": 500_000,
    }  # fmt: skip
    rule = clause("quota", parts=[by_county, by_people], any_part=True)
    county = audit_county([{"population": 500_000}], [{"tier": "blood_point"}])
    finding = quota(rule, county)
    assert (finding.holds, finding.measures[0].name.zh, finding.measures[0].shortfall) == (True, "按人口", 0)
    assert quota(rule, audit_county([{"population": 500_000}], [])).measures[0].name.zh == "按县"


@pytest.mark.parametrize(
    ("people", "asked"),
    [(500_000, (1, 1)), (500_001, (1, 2)), (1_000_000, (1, 2)), (1_000_001, (2, 3))],
)
def test_so_many_a_person_are_rounded_up_at_both_ends(people, asked):
    part = {
        "subjects": {"tiers": ["blood_point"]}, "per_people": 1_000_000, "per_people_at_most": 500_000,
    }  # fmt: skip
    measure = quota(counted(part), audit_county([{"population": people}], [])).measures[0]
    assert (measure.least, measure.most) == asked


def test_with_an_open_population_too_few_fails_and_enough_is_open():
    part = {"subjects": {"tiers": ["blood_point"]}, "per_people": 1_000_000}
    villages = [{"population": 1_500_000}, {}]
    points = [{"tier": "blood_point"}]
    assert quota(counted(part), audit_county(villages, points)).holds is False
    finding = quota(counted(part), audit_county(villages, points * 2))
    assert (finding.holds, finding.needs) == (None, ("villages.population",))


def test_the_part_that_is_missed_decides_and_stands_first():
    parts = [
        {"name": name, "name_en": name, "subjects": {"tiers": [tier]}, "minimum": 1}
        for name, tier in (("甲", "hospice"), ("乙", "geriatric_hospital"))
    ]
    finding = quota(clause("quota", parts=parts), audit_county([{}], [{"tier": "hospice"}]))
    assert (finding.holds, [measure.name.zh for measure in finding.measures]) == (False, ["乙", "甲"])


def test_a_register_without_operation_counts_as_registered_and_says_so():
    part = {"subjects": {"tiers": ["blood_store"]}, "minimum": 1}
    finding = quota(counted(part), audit_county([{}], [{"tier": "blood_store", "operating": ""}]))
    assert finding.holds is True
    assert any("登记" in remark.zh for remark in finding.remarks)


def test_an_unknown_state_in_a_filled_column_leaves_the_count_open():
    part = {"subjects": {"tiers": ["blood_store"]}, "minimum": 1}
    facilities = [{"tier": "blood_store", "operating": ""}, {"tier": "village_clinic"}]
    finding = quota(counted(part), audit_county([{}], facilities))
    assert (finding.holds, [case.id for case in finding.unknown]) == (None, ["F1"])
    assert any("如按登记" in remark.zh for remark in finding.remarks)


# ---------------------------------------- brackets


@pytest.mark.parametrize(
    ("people", "most"),
    [(200_000, 2), (499_999, 2), (500_000, 3), (999_999, 3), (1_000_000, 4), (5_000_000, 4)],
)
def test_brackets_include_their_lower_end_and_not_their_upper(people, most):
    measure = quota(ceiling(), county_of(people, 0)).measures[0]
    assert (measure.most, measure.least) == (most, None)


def test_fewer_than_the_ceiling_is_met_and_more_is_said_but_never_fails():
    met, above = quota(ceiling(), county_of(1_000_000, 0)), quota(ceiling(), county_of(499_999, 3))
    assert (met.holds, above.holds) == (True, False)
    assert any("超出上限1" in remark.zh for remark in above.remarks)
    assert {status_of(ceiling(), finding) for finding in (met, above)} == {Status.REPORTED}


def test_below_every_bracket_the_document_is_silent_and_the_clause_that_stands_is_named():
    profile = PROFILE.model_copy(update={"clauses": (floor(), ceiling())})
    silent = quota(ceiling(), replace(county_of(199_999, 1), profile=profile))
    assert silent.applicable is False
    assert any("T-0" in remark.zh for remark in silent.remarks)
    assert quota(ceiling(), replace(county_of(200_000, 1), profile=profile)).applicable


def test_a_district_has_no_other_clause_to_stand_on():
    profile = PROFILE.model_copy(update={"clauses": (floor(), ceiling())})
    silent = quota(ceiling(), replace(county_of(199_999, 1, name="测试区"), profile=profile))
    assert not any("T-0" in remark.zh for remark in silent.remarks)


@pytest.mark.parametrize(("people", "count", "holds"), [(199_999, 3, False), (200_000, 3, True), (200_000, 0, False)])
def test_the_floor_of_one_stands_for_every_county(people, count, holds):
    assert quota(floor(), county_of(people, count)).holds is holds


@pytest.mark.parametrize(
    ("known", "count", "holds"),
    [(600_000, 3, True), (600_000, 4, None), (600_000, 5, False), (1_000_000, 4, True), (150_000, 0, None)],
)
def test_with_an_open_population_every_bracket_still_possible_must_agree(known, count, holds):
    centres = [{"tier": "sub_centre"}] * count
    finding = quota(ceiling(), audit_county([{"population": known}, {}], centres))
    assert finding.holds is holds
    assert finding.applicable


def test_an_open_population_that_cannot_change_the_bracket_still_shows_its_number():
    measure = quota(ceiling(), audit_county([{"population": 1_000_000}, {}], [])).measures[0]
    assert measure.most == 4
    assert quota(ceiling(), audit_county([{"population": 600_000}, {}], [])).measures[0].most is None


def test_the_townships_own_figures_beat_the_sum_over_villages():
    county = audit_county([{"population": 1}], [], townships=[{"township": "甲镇", "population": 500_000}])
    assert quota(ceiling(), county).measures[0].most == 3


# ---------------------------------------- whom the document addresses


def test_a_district_is_not_addressed_where_the_document_speaks_of_counties():
    assert quota(floor(), county_of(500_000, 0, name="测试区")).applicable is False
    assert quota(floor(), county_of(500_000, 0, name="测试市")).holds is False


def test_a_name_that_tells_no_type_is_taken_as_addressed():
    finding = quota(floor(), county_of(500_000, 1, name="安道尔"))
    assert finding.holds is True
    assert any("看不出本县类型" in remark.zh for remark in finding.remarks)


def test_a_city_total_is_shown_beside_the_countys_own_count_and_not_compared():
    rule = clause(
        "quota", strength="information", per="city",
        parts=[{"name": "中心", "name_en": "centres", "subjects": {"tiers": ["county_medical_centre"]}, "minimum": 11}],
        shown=[{"name": "示范县", "name_en": "model counties", "number": 2}],
    )  # fmt: skip
    finding = quota(rule, audit_county([{}], [{"tier": "county_medical_centre"}]))
    measure = finding.measures[0]
    assert (finding.holds, measure.value, measure.least, measure.shortfall) == (None, 1, None, None)
    assert ["11" in finding.remarks[0].zh, "2" in finding.remarks[1].zh] == [True, True]
    assert status_of(rule, finding) is Status.REPORTED


# ---------------------------------------- every township


def test_townships_without_one_fail_and_are_listed():
    finding = quota(per_township(), towns(("甲镇", 1), ("乙乡", 0), ("丙镇", 2)))
    measure = finding.measures[0]
    assert (finding.holds, measure.value, measure.of, measure.shortfall) == (False, 2, 3, 1)
    assert [case.id for case in finding.failing] == ["乙乡"]
    assert "0" in finding.failing[0].value.zh


def test_every_township_with_one_holds():
    assert quota(per_township(), towns(("甲镇", 1), ("乙乡", 1))).holds is True


def test_townships_of_the_layer_without_a_village_are_asked_too():
    county = towns(("甲镇", 1), townships=["甲镇", "乙镇"])
    assert [case.id for case in quota(per_township(), county).failing] == ["乙镇"]


def test_streets_are_left_out_where_the_document_speaks_of_townships():
    county = towns(("甲镇", 1), ("城关街道", 0))
    finding = quota(per_township(township_types=["乡", "镇"]), county)
    assert (finding.holds, finding.measures[0].of) == (True, 1)
    assert any("其余1个" in remark.zh for remark in finding.remarks)
    assert quota(per_township(), county).holds is False


def test_a_township_whose_name_tells_no_type_is_open_not_failing():
    finding = quota(per_township(township_types=["乡", "镇"]), towns(("甲镇", 1), ("开发区", 0)))
    assert (finding.holds, [case.id for case in finding.unknown]) == (None, ["开发区"])
    assert quota(per_township(township_types=["乡", "镇"]), towns(("甲镇", 1), ("开发区", 1))).holds is True


def test_a_share_of_townships_can_be_enough():
    part = HOSPITALS | {"share_of_townships": 0.75}
    four = [("甲镇", 1), ("乙镇", 1), ("丙镇", 1), ("丁镇", 0)]
    met, missed = quota(per_township(part), towns(*four)), quota(per_township(part), towns(*four, ("戊镇", 0)))
    assert (met.holds, met.measures[0].form, met.measures[0].shortfall) == (True, "share", 0)
    assert (missed.holds, missed.measures[0].shortfall) == (False, 1)


def test_a_stray_hospital_may_fill_one_township_but_not_two():
    stray = {"facility_id": "H", "name": "中心医院", "tier": "township_hospital", "township": ""}
    one = audit_county([{"township": "甲镇"}, {"township": "乙镇"}], [stray | {"x_m": 9e4}, _hospital("甲镇")])
    two = audit_county([{"township": name} for name in ("甲镇", "乙镇", "丙镇")], [stray, _hospital("甲镇")])
    assert (quota(per_township(), one).holds, quota(per_township(), two).holds) == (None, False)
    assert quota(per_township(), two).failing == ()


def _hospital(town, **more):
    return {"tier": "township_hospital", "township": town} | more


def test_a_hospital_of_unknown_state_leaves_only_its_own_township_open():
    facilities = [_hospital("甲镇", facility_id="H1", operating=""), _hospital("乙镇"), _hospital("乙镇", operating="")]
    finding = quota(per_township(), audit_county([{"township": "甲镇"}, {"township": "乙镇"}], facilities))
    assert finding.holds is None
    assert [case.id for case in finding.unknown] == ["甲镇", "H1"]
    assert (finding.measures[0].low, finding.measures[0].high) == (1, 2)


def test_townships_that_only_facilities_name_are_counted_and_said():
    finding = quota(per_township(), audit_county([{"township": "甲镇"}], [_hospital("甲镇"), _hospital("远山镇")]))
    assert (finding.holds, finding.measures[0].of) == (True, 2)
    assert any("远山镇" in remark.zh for remark in finding.remarks)


def test_a_column_of_the_townships_is_counted_township_by_township():
    part = {"subjects": {"layer": "townships"}, "column": "infant_care", "minimum": 1, "share_of_townships": 1.0}
    rows = [{"township": "甲镇", "infant_care": "2"}, {"township": "乙镇", "infant_care": "0"}]
    finding = quota(per_township(part), audit_county([{}], [], townships=rows))
    assert (finding.measures[0].value, finding.measures[0].of) == (1, 2)
    assert [case.id for case in finding.failing] == ["乙镇"]
    unknown = quota(per_township(part), audit_county([{}], [], townships=["甲镇", "乙镇"]))
    assert (unknown.figure, unknown.needs) == (False, ("townships.infant_care",))


# ---------------------------------------- properties

PEOPLE = st.one_of(st.none(), st.integers(0, 600_000))
STATE = st.sampled_from(["yes", "no", ""])
TOWNS = ("甲镇", "乙镇", "丙镇")


@st.composite
def registers(draw):
    """Return villages and facilities with holes, and the same with every hole filled."""
    villages = [{"township": town, "population": draw(PEOPLE)} for town in TOWNS]
    facilities = [{"facility_id": "X", "tier": "other"}] + [
        {"facility_id": f"S{number}", "tier": "sub_centre", "township": draw(st.sampled_from(TOWNS)),
         "operating": draw(STATE), "sent_down": draw(st.one_of(st.none(), st.integers(0, 3)))}
        for number in range(draw(st.integers(0, 5)))
    ]  # fmt: skip
    filled_villages = [
        row | {"population": draw(st.integers(0, 900_000)) if row["population"] is None else row["population"]}
        for row in villages
    ]
    filled = [
        row
        | {
            "operating": draw(st.sampled_from(["yes", "no"]))
            if row.get("operating") == ""
            else row.get("operating", "yes")
        }
        | {"sent_down": draw(st.integers(0, 3)) if row.get("sent_down") is None else row["sent_down"]}
        for row in facilities
    ]
    return (villages, facilities), (filled_villages, filled)


RULES = (
    ceiling(),
    floor(),
    per_township(HOSPITALS),
    per_township(HOSPITALS | {"share_of_townships": 0.5}),
    counted({"subjects": {"tiers": ["sub_centre"]}, "column": "sent_down", "minimum": 3, "maximum": 6}),
    counted({"subjects": {"tiers": ["sub_centre"]}, "per_people": 300_000, "per_people_at_most": 100_000}),
)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(registers())
def test_filling_an_unknown_cell_never_contradicts_a_verdict(pair):
    holes, filled = (audit_county(*rows) for rows in pair)
    for rule in RULES:
        before, after = quota(rule, holes), quota(rule, filled)
        if before.applicable and before.holds is not None:
            assert after.holds is before.holds
        if not before.applicable:
            assert not after.applicable
        assert {case.id for case in before.failing} <= {case.id for case in after.failing} or after.holds


@settings(max_examples=20, deadline=None, derandomize=True)
@given(registers(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(pair, random):
    villages, facilities = pair[0]
    plain = audit_county(villages, facilities)
    mixed = audit_county(random.sample(villages, len(villages)), random.sample(facilities, len(facilities)))
    for rule in RULES:
        one, other = quota(rule, plain), quota(rule, mixed)
        assert (one.holds, one.measures, one.applicable) == (other.holds, other.measures, other.applicable)
        assert {case.id for case in one.failing} == {case.id for case in other.failing}


def test_a_deadline_is_left_to_the_audit():
    rule = counted({"subjects": {"tiers": ["hospice"]}, "minimum": 1}, deadlines=[date(2025, 12, 31)])
    assert quota(rule, audit_county([{}], [])).unmet_part is None
