"""Ratios: beds by township and hospital, posts and doctors over the county, one of one per other of another."""

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_county import audit_county, clause
from clinicplan.policy.findings import Status, status_of
from clinicplan.policy.rules.pooled import pooled_ratio
from clinicplan.policy.rules.ratio_units import RatioUnit
from clinicplan.policy.rules.ratios import ratio
from clinicplan.policy.spans import Span

BEDS = clause(
    "ratio", level="facility", subjects={"tiers": ["township_hospital"]}, column="beds", over="rural_residents",
    low=0.6, high=1.2, floor=20, cap=100, central_cap=150,
)  # fmt: skip
NORM = clause(
    "ratio", strength="report", level="facility", subjects={"tiers": ["township_hospital", "community_centre"]},
    column="beds", over="residents", low=1.2,
)  # fmt: skip
POSTS = clause(
    "ratio", level="county", subjects={"tiers": ["township_hospital"]}, column="posts", over="residents",
    low=1, high=1.5, high_fails=True, townships_with=["township_hospital"],
)  # fmt: skip
DOCTORS = clause(
    "ratio", level="county", subjects={"tiers": ["village_clinic"]}, column="doctors", over="village_residents",
    low=1, high=1.5,
)  # fmt: skip
NURSES = clause(
    "ratio", level="facility", subjects={"tiers": ["township_hospital"]}, column="nurses", over="column",
    over_column="physicians", per=1, low=1.1,
)  # fmt: skip
NURSES_POOLED = clause(
    "ratio", level="county", subjects={"tiers": ["township_hospital"]}, column="nurses", over="column",
    over_column="physicians", per=1, low=1.1,
)  # fmt: skip
GPS = clause("ratio", level="county", subjects={}, column="gps", over="residents", per=10_000, low=5)


def one_hospital(people, beds, tier="township_hospital", **more):
    hospital = {"tier": tier, "township": "甲镇", "beds": beds} | more
    return audit_county([{"population": people}], [hospital])


# ---------------------------------------- beds of a hospital: floor, range, cap


@pytest.mark.parametrize(
    ("people", "beds", "holds"),
    [
        (1_000, 19, False),
        (1_000, 20, True),
        (33_333, 20, True),
        (33_334, 20, False),
        (33_334, 21, True),
        (40_000, 23, False),
        (40_000, 24, True),
        (166_666, 99, False),
        (166_666, 100, True),
        (166_667, 99, False),
        (900_000, 99, False),
        (900_000, 100, True),
    ],
)
def test_beds_below_the_least_number_fail(people, beds, holds):
    assert ratio(BEDS, one_hospital(people, beds)).holds is holds


@pytest.mark.parametrize(("beds", "holds"), [(149, False), (150, True)])
@pytest.mark.parametrize("tier", ["central_township_hospital", "sub_centre"])
def test_central_hospitals_and_sub_centres_have_a_cap_of_their_own(tier, beds, holds):
    assert ratio(BEDS, one_hospital(250_000, beds, tier)).holds is holds
    assert ratio(BEDS, one_hospital(900_000, beds, tier)).holds is holds


@pytest.mark.parametrize(
    ("people", "beds", "above"),
    [
        (16_600, 20, False),
        (16_600, 21, True),
        (16_700, 20, False),
        (16_700, 21, True),
        (17_500, 21, False),
        (17_499, 21, True),
        (83_333, 100, True),
        (83_334, 100, False),
        (900_000, 101, True),
    ],
)
def test_beds_above_the_range_are_a_note_and_no_failure(people, beds, above):
    """At P = 16.6 the upper end is the floor of 20, not 19.92; at 16.7 it is 20.04, which 21 still exceeds."""
    finding = ratio(BEDS, one_hospital(people, beds))
    assert finding.holds is True
    assert any("高于上限" in remark.zh for remark in finding.remarks) is above


def test_the_shortfall_is_the_least_number_rounded_up_less_the_beds():
    finding = ratio(BEDS, one_hospital(40_001, 20))
    assert finding.measures[0].shortfall == 5
    assert finding.failing[0].value.zh == "现有20张床位，应有25—48张床位"


def test_at_the_floor_the_range_is_one_number():
    assert ratio(BEDS, one_hospital(1_000, 0)).failing[0].value.zh == "现有0张床位，应有20张床位"


def test_the_figure_is_the_ratio_of_the_sums_and_how_many_keep_to_it_stands_beside():
    villages = [{"township": "甲镇", "population": 40_000}, {"township": "乙镇", "population": 16_000}]
    hospitals = [
        {"tier": "township_hospital", "township": "甲镇", "beds": 23},
        {"tier": "township_hospital", "township": "乙镇", "beds": 20},
    ]
    summed, keeping = ratio(BEDS, audit_county(villages, hospitals)).measures
    assert (summed.value, summed.of, summed.shortfall) == (43, 56_000, 1)
    assert (keeping.value, keeping.of, keeping.shortfall) == (1, 2, 1)


def test_only_rural_residents_count_and_the_layers_own_figure_beats_the_villages():
    villages = [{"population": 10_000}, {"population": 90_000, "kind": "community"}]
    hospital = [{"tier": "township_hospital", "township": "甲镇", "beds": 20}]
    assert ratio(BEDS, audit_county(villages, hospital)).holds is True
    layer = [{"township": "甲镇", "rural_population": 40_000}]
    assert ratio(BEDS, audit_county(villages, hospital, townships=layer)).measures[0].of == 40_000


def test_unknown_beds_decide_only_where_another_hospital_does_not():
    known = {"tier": "township_hospital", "township": "甲镇", "beds": 19}
    unknown = {"facility_id": "H", "tier": "township_hospital", "township": "乙镇"}
    villages = [{"township": "甲镇", "population": 10}, {"township": "乙镇", "population": 10}]
    assert ratio(BEDS, audit_county(villages, [known, unknown])).holds is False
    finding = ratio(BEDS, audit_county(villages, [known | {"beds": 20}, unknown]))
    assert (finding.holds, [case.id for case in finding.unknown]) == (None, ["H"])
    assert finding.measures[0].high is None


@pytest.mark.parametrize(("beds", "holds"), [(19, False), (24, None), (100, True)])
def test_an_unknown_population_decides_only_between_floor_and_cap(beds, holds):
    villages = [{"population": 20_000}, {"village_id": "V2"}]
    hospital = [{"tier": "township_hospital", "township": "甲镇", "beds": beds}]
    assert ratio(BEDS, audit_county(villages, hospital)).holds is holds


def test_without_any_population_the_column_is_asked_for_but_the_floor_still_fails():
    hospital = [{"tier": "township_hospital", "township": "甲镇", "beds": 5}]
    finding = ratio(BEDS, audit_county([{}], hospital))
    assert (finding.holds, finding.needs) == (False, ("villages.population",))


def test_a_hospital_that_may_be_closed_fails_nothing():
    other = {"tier": "village_clinic"}
    county = audit_county(
        [{"population": 10}], [{"tier": "township_hospital", "township": "甲镇", "beds": 0, "operating": ""}, other]
    )
    assert ratio(BEDS, county).holds is None


def test_without_a_hospital_the_clause_does_not_apply():
    assert ratio(BEDS, audit_county([{}], [])).applicable is False


# ---------------------------------------- several hospitals in one township


def two_hospitals(beds, minutes=None, **more):
    """Return 50,000 people in V1 and 10,000 in V2, a hospital in each."""
    villages = [{"population": 50_000}, {"population": 10_000}]
    hospitals = [
        {"facility_id": f"H{number}", "tier": "township_hospital", "village_id": f"V{number}", "beds": count}
        for number, count in enumerate(beds, start=1)
    ]
    return audit_county(villages, hospitals, minutes=minutes, **more)


def test_a_townships_people_are_split_by_catchment_where_it_has_several_hospitals():
    finding = ratio(BEDS, two_hospitals((30, 20)))
    assert finding.holds is True
    assert [row[4] for row in finding.listings[0].rows] == [50_000, 10_000]


def test_units_whose_answer_the_split_changes_are_named():
    finding = ratio(BEDS, two_hospitals((36, 20)))
    flags = [remark.zh for remark in finding.remarks if "划分" in remark.zh]
    assert len(flags) == 1
    assert "H2机构" in flags[0]
    assert "H1" not in flags[0]


def test_catchments_are_taken_by_car_where_there_are_roads_for_it():
    minutes = {("V1", "H1"): {"car": 9, "e_bike": 1}, ("V1", "H2"): {"car": 1, "e_bike": 9}}
    by_car = ratio(BEDS, two_hospitals((20, 36), minutes))
    by_bike = ratio(BEDS, two_hospitals((20, 36), minutes, modes=("e_bike",)))
    assert (by_car.holds, by_bike.holds) == (True, False)


def test_the_townships_own_figure_is_shared_out_in_proportion():
    county = two_hospitals((30, 20), townships=[{"township": "甲镇", "rural_population": 120_000}])
    assert [row[4] for row in ratio(BEDS, county).listings[0].rows] == [100_000, 20_000]


def test_a_village_without_a_way_may_belong_to_any_of_them():
    minutes = {("V2", "H1"): None, ("V2", "H2"): None}
    finding = ratio(BEDS, two_hospitals((30, 20), minutes))
    assert finding.holds is None
    assert ratio(BEDS, two_hospitals((36, 20), minutes)).holds is True


def test_a_hospital_that_may_be_closed_leaves_the_catchment_of_the_other_open():
    villages = [{"population": 50_000}, {"population": 10_000}]
    hospitals = [
        {"facility_id": "H1", "tier": "township_hospital", "village_id": "V1", "beds": 30},
        {"facility_id": "H2", "tier": "township_hospital", "village_id": "V2", "beds": 20, "operating": ""},
    ]
    assert ratio(BEDS, audit_county(villages, hospitals)).holds is None
    hospitals[0]["beds"] = 36
    assert ratio(BEDS, audit_county(villages, hospitals)).holds is True


def test_a_hospital_without_a_place_leaves_every_catchment_open():
    villages = [{"population": 50_000}, {"population": 10_000}]
    hospitals = [
        {"facility_id": "H1", "tier": "township_hospital", "village_id": "V1", "beds": 36},
        {"facility_id": "H2", "tier": "township_hospital", "township": "甲镇", "x_m": None, "beds": 20},
    ]
    finding = ratio(BEDS, audit_county(villages, hospitals))
    assert (finding.holds, [case.id for case in finding.unknown]) == (None, ["H2"])


# ---------------------------------------- a norm without a verdict


def test_a_norm_is_reported_with_actual_and_gap_for_every_hospital():
    villages = [{"population": 10_000}, {"population": 51_000, "township": "乙镇", "kind": "community"}]
    hospitals = [
        {"facility_id": "H", "tier": "township_hospital", "township": "甲镇", "beds": 12},
        {"facility_id": "K", "tier": "community_centre", "township": "乙镇", "beds": 61},
    ]
    finding = ratio(NORM, audit_county(villages, hospitals))
    assert status_of(NORM, finding) is Status.REPORTED
    assert finding.holds is False
    columns = finding.listings[0].columns
    rows = [dict(zip(columns, row, strict=True)) for row in finding.listings[0].rows]
    assert [(row["facility_id"], row["count"], row["low"], row["shortfall"]) for row in rows] == [
        ("H", 12, 12, 0),
        ("K", 61, 62, 1),
    ]
    assert rows[1]["ratio"] == 1.19


# ---------------------------------------- over the county


def posts_county(east, west, people=(50_001, 50_000)):
    villages = [
        {"township": "东岭镇", "population": people[0]},
        {"township": "西河镇", "population": people[1]},
        {"township": "城关街道", "population": 900_000, "kind": "community"},
    ]
    facilities = [
        {"tier": "sub_centre", "township": "东岭镇", "posts": east},
        {"tier": "township_hospital", "township": "西河镇", "posts": west},
        {"tier": "community_centre", "township": "城关街道", "posts": 1},
    ]
    return audit_county(villages, facilities)


@pytest.mark.parametrize(
    ("east", "holds", "shortfall"), [(60, False, 1), (61, True, 0), (110, True, 0), (111, False, 0)]
)
def test_posts_are_judged_on_the_countys_total_within_both_ends(east, holds, shortfall):
    """100,001 residents of townships with a hospital: at least 100.001 and at most 150.0015 posts."""
    finding = ratio(POSTS, posts_county(east, 40))
    assert (finding.holds, finding.measures[0].of, finding.measures[0].shortfall) == (holds, 100_001, shortfall)
    assert finding.failing == ()


def test_exactly_one_and_exactly_one_and_a_half_in_a_thousand_are_within():
    verdicts = [ratio(POSTS, posts_county(n, 0, people=(2_000, 0))).holds for n in (1, 2, 3, 4)]
    assert verdicts == [False, True, True, False]


def test_townships_are_listed_beside_with_their_range():
    listing = ratio(POSTS, posts_county(61, 40)).listings[0]
    assert listing.rows == (("东岭镇", 61, 50_001, 1.21, 51, 75, 0), ("西河镇", 40, 50_000, 0.8, 50, 75, 10))


def test_above_the_range_is_a_note_where_the_clause_says_so():
    county = audit_county([{"population": 2_000}], [{"village_id": "V1", "doctors": 4}])
    finding = ratio(DOCTORS, county)
    assert finding.holds is True
    assert "超出1" in finding.remarks[0].zh


def test_village_doctors_are_divided_by_residents_of_villages_alone():
    villages = [{"population": 2_000}, {"population": 90_000, "kind": "community"}, {"population": 0}]
    layer = [{"township": "甲镇", "population": 500_000, "rural_population": 400_000}]
    finding = ratio(DOCTORS, audit_county(villages, [{"village_id": "V1", "doctors": 2}], townships=layer))
    assert (finding.holds, finding.measures[0].of) == (True, 2_000)


def test_no_clinic_at_all_is_no_doctor_at_all():
    finding = ratio(DOCTORS, audit_county([{"population": 2_000}], []))
    assert (finding.holds, finding.measures[0].shortfall) == (False, 2)


def test_where_nobody_lives_the_clause_does_not_apply():
    assert ratio(DOCTORS, audit_county([{"population": 0}], [])).applicable is False


def test_unknown_numbers_bound_the_ratio_and_are_asked_for():
    villages = [{"population": 19_750}, {"village_id": "V9"}]
    clinics = [
        {"facility_id": "C1", "village_id": "V1", "doctors": 7},
        {"facility_id": "C2", "village_id": "V1", "doctors": 1, "operating": ""},
    ]
    finding = ratio(DOCTORS, audit_county(villages, clinics))
    measure = finding.measures[0]
    assert (finding.holds, measure.low, measure.high, measure.shortfall) == (False, 0, Fraction(32, 79), 13)
    assert [case.id for case in finding.unknown] == ["C2", "V9"]


def test_an_unknown_column_gives_no_figure():
    finding = ratio(POSTS, audit_county([{"population": 9}], [{"tier": "township_hospital", "township": "甲镇"}]))
    assert (finding.figure, finding.needs) == (False, ("facilities.posts",))


def test_a_hospital_that_may_be_closed_brings_its_posts_and_its_people_together():
    """10 posts for 10,000 residents in each: with or without the second township it is 1 per 1,000."""
    villages = [{"township": town, "population": 10_000} for town in ("甲镇", "乙镇")]
    hospitals = [
        {"tier": "township_hospital", "township": "甲镇", "posts": 10},
        {"tier": "township_hospital", "township": "乙镇", "posts": 10, "operating": ""},
    ]
    finding = ratio(POSTS, audit_county(villages, hospitals))
    assert (finding.holds, finding.measures[0].low) == (True, None)


def test_general_practitioners_per_ten_thousand_at_the_limit():
    villages = [{"population": 500_000}]
    for gps, holds in ((249, False), (250, True)):
        county = audit_county(villages, [{"tier": "county_hospital", "township": "甲镇", "gps": gps}])
        assert ratio(GPS, county).holds is holds


def test_what_names_no_township_counts_in_the_total():
    county = audit_county([{"population": 10_000}], [{"tier": "county_hospital", "gps": 5}])
    assert ratio(GPS, county).measures[0].value == 5


# ---------------------------------------- one of one per other


@pytest.mark.parametrize(("nurses", "holds", "short"), [(10, False, 1), (11, True, 0)])
def test_nurses_per_physician_at_the_limit(nurses, holds, short):
    hospital = [{"tier": "township_hospital", "township": "甲镇", "nurses": nurses, "physicians": 10}]
    for rule in (NURSES, NURSES_POOLED):
        finding = ratio(rule, audit_county([{}], hospital))
        assert (finding.holds, finding.measures[0].shortfall) == (holds, short)


def test_the_pool_may_hold_where_one_hospital_does_not():
    hospitals = [
        {"facility_id": "H1", "tier": "township_hospital", "nurses": 30, "physicians": 20},
        {"facility_id": "H2", "tier": "township_hospital", "nurses": 5, "physicians": 5},
    ]
    county = audit_county([{}], hospitals)
    assert ratio(NURSES_POOLED, county).holds is True
    assert [case.id for case in ratio(NURSES, county).failing] == ["H2"]


def test_a_hospital_without_physicians_is_left_out_of_the_single_hospitals():
    hospitals = [
        {"tier": "township_hospital", "nurses": 0, "physicians": 0},
        {"tier": "township_hospital", "nurses": 11, "physicians": 10},
    ]
    finding = ratio(NURSES, audit_county([{}], hospitals))
    assert (finding.holds, finding.measures[1].of) == (True, 1)
    assert any("不计" in remark.zh for remark in finding.remarks)
    assert ratio(NURSES, audit_county([{}], hospitals[:1])).applicable is False
    assert ratio(NURSES_POOLED, audit_county([{}], hospitals[:1])).applicable is False


def test_unknown_physicians_may_be_any_number():
    hospitals = [{"facility_id": "H", "tier": "township_hospital", "nurses": 9, "physicians": None}]
    for rule in (NURSES, NURSES_POOLED):
        finding = ratio(rule, audit_county([{}], hospitals))
        assert finding.holds is None
        assert finding.needs == ("facilities.physicians",)


# ---------------------------------------- properties

SPANS = st.tuples(st.integers(0, 4), st.integers(0, 2)).map(lambda pair: Span.between(pair[0], pair[0] + pair[1]))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.tuples(SPANS, SPANS, st.booleans()), min_size=1, max_size=4))
def test_the_ends_of_a_pooled_ratio_are_those_of_trying_everything(drawn):
    units = [RatioUnit("", "", "", sure, amount, base, base) for amount, base, sure in drawn]
    found = pooled_ratio(units)
    choices = [
        [unit for unit, taken in zip(units, choice, strict=True) if taken]
        for choice in product(*((True,) if unit.is_sure else (True, False) for unit in units))
    ]
    worst = [(sum(unit.amount.low for unit in few), sum(unit.base.high for unit in few)) for few in choices]
    best = [(sum(unit.amount.high for unit in few), sum(unit.base.low for unit in few)) for few in choices]
    lows, highs = ([Fraction(amount) / base for amount, base in ends if base] for ends in (worst, best))
    endless = any(amount and not base for amount, base in best)
    assert found.high == (None if endless else max(highs, default=None))
    assert found.low == min(lows, default=0)


COUNT = st.one_of(st.none(), st.integers(0, 60))
PEOPLE = st.one_of(st.none(), st.integers(0, 60_000))
TOWNS = ("甲镇", "乙镇")


@st.composite
def registers(draw):
    """Return villages and facilities with holes, and the same with every hole filled."""
    villages = [
        {"township": draw(st.sampled_from(TOWNS)), "population": draw(PEOPLE),
         "kind": draw(st.sampled_from(["village", "community"]))}
        for _ in range(draw(st.integers(1, 4)))
    ]  # fmt: skip
    facilities = [{"facility_id": "X", "tier": "other", "township": TOWNS[0]}] + [
        {"facility_id": f"H{number}", "tier": draw(st.sampled_from(["township_hospital", "sub_centre"])),
         "township": draw(st.sampled_from(TOWNS)), "x_m": 1100.0 * number + 37,
         "operating": draw(st.sampled_from(["yes", "yes", "no", ""])),
         **{name: draw(COUNT) for name in ("beds", "posts", "nurses", "physicians", "gps")}}
        for number in range(draw(st.integers(0, 3)))
    ]  # fmt: skip

    def filled(row):
        whole = {
            name: draw(st.integers(0, 80)) for name, value in row.items() if value is None and name != "population"
        }
        state = {"operating": draw(st.sampled_from(["yes", "no"]))} if row.get("operating") == "" else {}
        people = {"population": draw(st.integers(0, 90_000))} if row.get("population", 0) is None else {}
        return row | whole | state | people

    return (villages, facilities), ([filled(row) for row in villages], [filled(row) for row in facilities])


RULES = (BEDS, NORM, POSTS, NURSES, NURSES_POOLED, GPS)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(registers())
def test_filling_an_unknown_cell_never_contradicts_a_verdict(pair):
    holes, filled = (audit_county(*rows) for rows in pair)
    for rule in RULES:
        before, after = ratio(rule, holes), ratio(rule, filled)
        if before.applicable and before.holds is not None and after.applicable:
            assert after.holds is before.holds
        if not before.applicable:
            assert not after.applicable
        assert {case.id for case in before.failing} <= {case.id for case in after.failing}
        _lies_within(before, after)


def _lies_within(before, after):
    """The range that was printed holds the figure that is found."""
    if not (before.applicable and after.applicable):
        return
    one, other = before.measures[0], after.measures[0]
    if one.low is None or not other.of:
        return
    found = Fraction(other.value * other.per, other.of) if other.low is None else other.low
    # A base shared out between hospitals is printed in whole people.
    slack = Fraction(other.per, other.of) * found
    assert one.low <= found + slack
    assert one.high is None or found - slack <= one.high


@settings(max_examples=10, deadline=None, derandomize=True)
@given(registers(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(pair, random):
    villages, facilities = ([row | {"x_m": row.get("x_m", 1000.0 * at), f"{name}_id": f"{name}{at}"}
                             for at, row in enumerate(rows)] for name, rows in zip(("village", "facility"), pair[0], strict=True))  # fmt: skip # noqa: E501
    plain = audit_county(villages, facilities)
    mixed = audit_county(random.sample(villages, len(villages)), random.sample(facilities, len(facilities)))
    for rule in RULES:
        one, other = ratio(rule, plain), ratio(rule, mixed)
        assert (one.holds, one.applicable) == (other.holds, other.applicable)
        assert {case.id for case in one.failing} == {case.id for case in other.failing}
        if one.applicable:
            assert one.measures[0].value == other.measures[0].value
