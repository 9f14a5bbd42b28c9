"""Costs: a year and once, by payer, between their ends; allowances that rule each other out; what a plan brings."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_county import PROFILE, SETTINGS, audit_county, clause
from clinicplan.policy.findings import Status, status_of
from clinicplan.policy.rules.costs import cost


def amount(yuan, period="year", **more):
    return {
        "name": "补助", "name_en": "subsidy", "low_cny": yuan, "period": period,
        "subjects": {"tiers": ["village_clinic"]},
    } | more  # fmt: skip


def bill(*items, **more):
    return clause("cost", strength="report", items=list(items), **more)


HOSPITAL = {"tiers": ["township_hospital"]}
REMOTE = bill(
    amount(300, "month", times="doctors", at_village=[{"column": "remote", "equals": True}]),
    clause_id="A", excluded_by="B",
)  # fmt: skip
SMALL = bill(
    amount(1000, "month", times="doctors", at_village=[{"column": "population", "at_most": 1000}]), clause_id="B"
)
ALLOWANCES = PROFILE.model_copy(update={"clauses": (REMOTE, SMALL)})


def allowances(villages, clinics):
    """Return what the remote-area and the small-village allowance come to."""
    county = audit_county(villages, clinics, profile=ALLOWANCES)
    return cost(REMOTE, county), cost(SMALL, county)


def yuan(finding):
    return [measure.value for measure in finding.measures]


def ends(finding):
    return [(measure.low, measure.high) for measure in finding.measures]


# ---------------------------------------- periods, payers, ends


def test_a_range_gives_the_lower_end_and_both_ends_beside():
    rule = bill(amount(100_000, high_cny=300_000, subjects=HOSPITAL))
    finding = cost(rule, audit_county([{}], [{"tier": "township_hospital"}, {"tier": "sub_centre"}]))
    assert (yuan(finding), ends(finding)) == ([200_000], [(200_000, 600_000)])
    assert status_of(rule, finding) is Status.REPORTED
    assert finding.holds is None


def test_a_month_counts_twelve_times_a_year_and_once_stands_apart():
    rule = bill(amount(100, "month"), amount(7, "year"), amount(5, "once"))
    finding = cost(rule, audit_county([{}], [{}, {}]))
    assert yuan(finding) == [2 * 1207, 2 * 5]
    assert ["每年" in finding.measures[0].name.zh, "一次性" in finding.measures[1].name.zh] == [True, True]
    assert ends(finding) == [(None, None), (None, None)]


def test_several_payers_give_their_total_first_and_then_each():
    rule = bill(amount(10_000, payer="city"), amount(10_000, payer="county"))
    county = audit_county([{}], [{}, {}, {}], settings=replace(SETTINGS, county="莱阳市"))
    finding = cost(rule, county)
    assert yuan(finding) == [60_000, 30_000, 30_000]
    assert finding.measures[2].name.zh == "每年（莱阳市级财政）"


def test_times_are_the_numbers_of_a_column():
    rule = bill(amount(2000, "once", times="doctors"))
    finding = cost(rule, audit_county([{}], [{"doctors": 2}, {"doctors": 0}, {"doctors": 3, "operating": "no"}]))
    assert yuan(finding) == [4000]
    assert [row[5] for row in finding.listings[0].rows] == [2, 0]


def test_only_units_that_qualify_are_paid_for():
    rule = bill(amount(10_000, conditions=[{"column": "integrated", "equals": True}]))
    finding = cost(rule, audit_county([{}], [{"integrated": True}, {"integrated": False}]))
    assert (yuan(finding), ends(finding)) == ([10_000], [(None, None)])


def test_the_list_shows_who_is_paid_what():
    rule = bill(amount(10_000, payer="city"), amount(500, "month", high_cny=600))
    listing = cost(rule, audit_county([{"name": "甲村"}], [{"facility_id": "C1", "village_id": "V1"}])).listings[0]
    assert [(row[0], row[2], row[3].zh, row[5:]) for row in listing.rows] == [
        ("C1", "甲镇", "补助", (1, 10_000, 10_000)),
        ("C1", "甲镇", "补助", (1, 6_000, 7_200)),
    ]


def test_a_refund_is_named_and_never_summed():
    rule = bill(amount(2000, "once"), amount(0, "once", refund_share=0.8))
    finding = cost(rule, audit_county([{}], [{}]))
    assert yuan(finding) == [2000]
    assert "80%" in finding.remarks[0].zh


# ---------------------------------------- unknown cells


def test_an_unknown_condition_stands_in_the_upper_end():
    rule = bill(amount(10_000, conditions=[{"column": "integrated", "equals": True}]))
    clinics = [{"integrated": True}, {"facility_id": "C4"}, {"integrated": True, "operating": ""}]
    finding = cost(rule, audit_county([{}], clinics))
    assert (yuan(finding), ends(finding)) == ([10_000], [(10_000, 30_000)])
    assert [case.id for case in finding.unknown] == ["C4", "F3"]


def test_an_unknown_number_has_no_upper_end():
    rule = bill(amount(1000, "month", times="senior_staff", subjects=HOSPITAL))
    hospitals = [{"tier": "township_hospital", "senior_staff": 3}, {"tier": "township_hospital"}]
    finding = cost(rule, audit_county([{}], hospitals))
    assert (yuan(finding), ends(finding)) == ([36_000], [(36_000, None)])


def test_a_column_that_is_not_there_gives_no_figure_unless_another_amount_has_one():
    senior = amount(1000, "month", times="senior_staff", subjects=HOSPITAL)
    bachelor = amount(500, "month", times="bachelor_staff", subjects=HOSPITAL)
    county = audit_county([{}], [{"tier": "township_hospital", "senior_staff": 3}])
    alone, both = cost(bill(bachelor), county), cost(bill(senior, bachelor), county)
    assert (alone.figure, alone.needs) == (False, ("facilities.bachelor_staff",))
    assert status_of(bill(bachelor), alone) is Status.NOT_ASSESSED
    assert (both.figure, yuan(both), both.needs) == (True, [36_000], ("facilities.bachelor_staff",))


def test_an_unknown_cell_earns_one_of_several_levels_and_not_all_of_them():
    rule = bill(
        amount(300_000, "once", subjects=HOSPITAL, conditions=[{"column": "standard", "equals": "community_hospital"}]),
        amount(150_000, "once", subjects=HOSPITAL, conditions=[{"column": "standard", "equals": "recommended"}]),
        amount(150_000, "once", subjects=HOSPITAL, conditions=[{"column": "appraisal", "equals": ["A", "A+"]}]),
    )
    hospitals = [
        {"tier": "township_hospital", "standard": "recommended", "appraisal": "B"},
        {"tier": "township_hospital", "appraisal": "A+"},
    ]
    finding = cost(rule, audit_county([{}], hospitals))
    assert ends(finding) == [(300_000, 600_000)]


def test_without_any_unit_the_clause_does_not_apply():
    assert cost(bill(amount(1, subjects=HOSPITAL)), audit_county([{}], [{}])).applicable is False


# ---------------------------------------- the village that a clinic serves


@pytest.mark.parametrize(("people", "paid"), [(1_000, 12_000), (1_001, 0)])
def test_the_small_village_allowance_ends_at_a_thousand_residents(people, paid):
    assert yuan(allowances([{"population": people}], [{"village_id": "V1", "doctors": 1}])[1]) == [paid]


@pytest.mark.parametrize(
    ("people", "remote", "paid"),
    [(1_000, True, (0, 24_000)), (1_001, True, (7_200, 0)), (1_001, False, (0, 0)), (900, False, (0, 24_000))],
)
def test_the_two_allowances_rule_each_other_out(people, remote, paid):
    found = allowances([{"population": people, "remote": remote}], [{"village_id": "V1", "doctors": 2}])
    assert (yuan(found[0])[0], yuan(found[1])[0]) == paid


def test_clinics_paid_under_the_other_clause_are_said():
    remote, _ = allowances([{"population": 1_000, "remote": True}], [{"village_id": "V1", "doctors": 2}])
    assert "1家机构已按B计发" in remote.remarks[0].zh


def test_a_clinic_that_may_be_closed_is_ruled_out_all_the_same():
    """If it operates the other allowance is paid, so that this one never is."""
    clinics = [{"village_id": "V1", "doctors": 2, "operating": ""}, {"village_id": "V2", "doctors": 1}]
    villages = [{"population": 800, "remote": True}, {"population": 5_000, "remote": False}]
    remote, small = allowances(villages, clinics)
    assert (ends(remote), ends(small)) == ([(None, None)], [(0, 24_000)])


def test_a_village_of_unknown_population_earns_one_of_the_two():
    remote, small = allowances([{"remote": True}], [{"facility_id": "C5", "village_id": "V1", "doctors": 1}])
    assert (ends(remote), ends(small)) == ([(0, 3_600)], [(0, 12_000)])
    assert [case.id for case in small.unknown] == ["C5"]
    assert "V1村" in small.unknown[0].value.zh


def test_a_clinic_without_a_village_may_be_anywhere():
    remote, small = allowances([{"population": 1}], [{"doctors": 1, "x_m": 50_000}])
    assert ends(small) == [(0, 12_000)]
    assert small.unknown[0].value.zh == "所在村未对应"
    assert remote.needs == ("villages.remote",)


def test_clauses_that_name_each_other_pay_the_larger_amount_alone():
    small = bill(*(item.model_dump() for item in SMALL.parameters.items), clause_id="B", excluded_by="A")
    profile = PROFILE.model_copy(update={"clauses": (REMOTE, small)})
    county = audit_county([{"population": 9, "remote": True}], [{"village_id": "V1", "doctors": 1}], profile=profile)
    assert (yuan(cost(REMOTE, county)), yuan(cost(small, county))) == ([0], [12_000])


def test_doctors_who_tour_are_counted_at_the_village():
    rule = bill(
        amount(
            1000, "month", subjects={"layer": "villages"}, times="touring_doctors",
            conditions=[{"column": "population", "at_most": 1000}],
        )
    )  # fmt: skip
    villages = [{"population": 800, "touring_doctors": 1}, {"population": 1001, "touring_doctors": 1}]
    finding = cost(rule, audit_county(villages, []))
    assert (yuan(finding), finding.listings[0].rows[0][0]) == ([12_000], "V1")


# ---------------------------------------- plans


BUILD = amount(20_000, "once", action="build", action_tiers=["village_clinic"])
AWARD = amount(5_000_000, "once", action="upgrade", action_tiers=["sub_centre"], payer="province")


def without_subjects(item):
    return {name: value for name, value in item.items() if name != "subjects"}


def planned(*facilities, **more):
    return audit_county([{}], list(facilities), planned=True, **more)


def test_without_a_plan_what_a_plan_brings_is_not_assessed():
    finding = cost(bill(without_subjects(BUILD)), audit_county([{}], [{}]))
    assert (finding.figure, finding.needs) == (False, ("plan",))


def test_a_plan_pays_for_the_sites_of_its_action_and_tier():
    sites = (
        {"tier": "village_clinic", "plan_action": "build"},
        {"tier": "central_clinic", "plan_action": "build"},
        {"tier": "central_clinic", "plan_action": "upgrade"},
        {"tier": "sub_centre", "plan_action": "upgrade"},
        {"tier": "village_clinic", "plan_action": ""},
    )
    found = [cost(bill(without_subjects(item)), planned(*sites)) for item in (BUILD, AWARD)]
    assert [yuan(finding) for finding in found] == [[40_000], [5_000_000]]


def test_a_plan_without_such_a_site_costs_nothing():
    finding = cost(bill(without_subjects(BUILD)), planned({"plan_action": "keep"}))
    assert (finding.applicable, yuan(finding)) == (True, [0])


def test_todays_amounts_are_reckoned_anew_for_a_plan():
    rule = bill(amount(10_000, conditions=[{"column": "integrated", "equals": True}]))
    finding = cost(rule, planned({"integrated": True}, {"plan_action": "build"}))
    assert ends(finding) == [(10_000, 20_000)]


# ---------------------------------------- no amount in the text


def test_without_an_amount_the_villages_concerned_are_counted():
    villages = [{}, {}, {"kind": "community"}, {"status": "urbanised"}, {}]
    clinics = [{"village_id": "V1"}, {"village_id": "V2", "operating": "no"}, {"village_id": "V5", "operating": ""}]
    finding = cost(bill(), audit_county(villages, clinics))
    measure = finding.measures[0]
    assert (measure.value, measure.of, measure.low, measure.high, measure.unit) == (1, 3, 1, 2, "villages")
    assert [row[0] for row in finding.listings[0].rows] == ["V2", "V5"]
    assert [case.id for case in finding.unknown] == ["V5"]
    assert all(measure.form != "yuan" for measure in finding.measures)


# ---------------------------------------- properties

RULES = (
    REMOTE,
    SMALL,
    bill(
        amount(10, high_cny=20, conditions=[{"column": "standard", "equals": "basic"}]),
        amount(30, payer="city", conditions=[{"column": "standard", "equals": "recommended"}]),
        amount(1, "once", times="doctors"),
    ),
    bill(),
)


@st.composite
def registers(draw):
    """Return villages and clinics with holes, and the same with every hole filled."""
    cells = {
        "doctors": st.integers(0, 3), "standard": st.sampled_from(["basic", "recommended"]),
        "population": st.integers(0, 2000), "remote": st.booleans(), "operating": st.sampled_from(["yes", "no"]),
    }  # fmt: skip

    def drawn(names):
        return {name: draw(st.one_of(st.just(""), cells[name])) for name in names}

    def filled(row):
        return {name: draw(cells[name]) if value == "" else value for name, value in row.items()}

    villages = [drawn(["population", "remote"]) for _ in range(draw(st.integers(1, 3)))]
    clinics = [
        {"village_id": f"V{draw(st.integers(1, len(villages)))}"} | drawn(["doctors", "standard", "operating"])
        for _ in range(draw(st.integers(0, 3)))
    ]
    witness = {"facility_id": "X", "tier": "other"}
    return (villages, [witness, *clinics]), ([filled(row) for row in villages], [witness, *map(filled, clinics)])


@settings(max_examples=25, deadline=None, derandomize=True)
@given(registers())
def test_filling_an_unknown_cell_keeps_the_sum_between_its_ends(pair):
    holes, filled = (audit_county(*rows, profile=ALLOWANCES) for rows in pair)
    for rule in RULES:
        before, after = cost(rule, holes), cost(rule, filled)
        if not (before.applicable and after.applicable):
            continue
        for one, other in zip(before.measures, after.measures, strict=True):
            low, high = (one.value, one.value) if one.low is None else (one.low, one.high)
            assert low <= other.value
            most = other.value if other.high is None else other.high
            assert high is None or most <= high


@settings(max_examples=15, deadline=None, derandomize=True)
@given(registers(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(pair, random):
    villages = [row | {"village_id": f"V{at}"} for at, row in enumerate(pair[0][0], start=1)]
    clinics = [row | {"facility_id": f"F{at}"} for at, row in enumerate(pair[0][1])]
    plain = audit_county(villages, clinics, profile=ALLOWANCES)
    mixed = audit_county(
        random.sample(villages, len(villages)), random.sample(clinics, len(clinics)), profile=ALLOWANCES
    )
    for rule in RULES:
        assert cost(rule, plain).measures == cost(rule, mixed).measures
