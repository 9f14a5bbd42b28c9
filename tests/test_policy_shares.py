"""Shares: of units, of posts and staff, of people; limits included, unknown cells bounded, both sides of each limit."""

from datetime import date
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_county import audit_county, clause
from clinicplan.policy.findings import Status, status_of
from clinicplan.policy.rules.shares import share

CLINICS = {"tiers": ["village_clinic"]}
HOSPITALS = {"tiers": ["township_hospital"]}
PUBLIC = [{"column": "ownership", "equals": "public"}]


def found(facilities, villages=({},), townships=None, *, strength="must", deadlines=(), parts=None, **part):
    """Return what the rule finds for one share, or several."""
    asked = clause("share", strength=strength, deadlines=deadlines, parts=parts or [part])
    return share(asked, audit_county(villages, facilities, townships)), asked


def public_clinics(n_public, n_private, n_unknown=0, **more):
    """Return clinics of public, private and unknown premises."""
    owners = ["public"] * n_public + ["private"] * n_private + [""] * n_unknown
    return [{"ownership": owner} | more for owner in owners]


def ids(cases):
    return [case.id for case in cases]


# Units counted


@pytest.mark.parametrize(
    ("n_public", "n_private", "n_unknown", "holds", "shortfall"),
    [
        (9, 1, 0, True, 0),
        (8, 1, 0, False, 1),
        (9, 0, 1, True, 0),
        (8, 1, 1, None, 1),
        (8, 2, 1, False, 2),
        (0, 0, 3, None, 3),
    ],
)
def test_nine_of_ten_clinics_are_ninety_percent(n_public, n_private, n_unknown, holds, shortfall):
    """9/10 meets 90 %, 8/9 does not; with one unknown cell 8+1 of 10 is open: 80 to 90 %."""
    finding, asked = found(
        public_clinics(n_public, n_private, n_unknown), subjects=CLINICS, conditions=PUBLIC, required=0.9
    )
    assert finding.holds is holds
    assert finding.measures[0].shortfall == shortfall
    assert len(finding.unknown) == n_unknown
    assert status_of(asked, finding) is {True: Status.PASS, False: Status.FAIL, None: Status.NOT_ASSESSED}[holds]


def test_an_open_share_gives_its_range_and_the_rows_to_ask_for():
    """5 of 7 public, 1 private, 1 unknown: 71.4 to 85.7 %."""
    finding, _ = found(public_clinics(5, 1, 1), subjects=CLINICS, conditions=PUBLIC, required=0.8)
    measure = finding.measures[0]
    assert (measure.form, measure.value, measure.of) == ("share", 5, 7)
    assert (measure.low, measure.high, measure.least) == (Fraction(5, 7), Fraction(6, 7), Fraction(4, 5))
    assert [(case.id, case.value.zh) for case in finding.unknown] == [("F7", "未填：房屋产权")]
    assert finding.needs == ()


def test_units_that_lack_it_fail_only_where_the_share_is_missed():
    """9 of 10 with 90 % asked: the tenth stands in a list; with 95 % asked it fails."""
    reached, _ = found(public_clinics(9, 1), subjects=CLINICS, conditions=PUBLIC, required=0.9)
    assert (reached.holds, reached.failing) == (True, ())
    assert reached.listings[0].rows[0][1] == "F10"
    missed, _ = found(public_clinics(9, 1), subjects=CLINICS, conditions=PUBLIC, required=0.95)
    assert (ids(missed.failing), missed.failing[0].value.zh, missed.listings) == (["F10"], "房屋产权：私有", ())


def test_a_column_that_is_not_there_is_named():
    finding, asked = found([{}, {}], subjects=CLINICS, conditions=PUBLIC, required=0.9)
    assert (finding.holds, finding.needs, finding.figure) == (None, ("facilities.ownership",), False)
    assert status_of(asked, finding) is Status.NOT_ASSESSED
    assert ids(finding.unknown) == ["F1", "F2"]


def test_without_any_such_unit_the_clause_does_not_apply():
    finding, asked = found([{"tier": "township_hospital"}], subjects=CLINICS, conditions=PUBLIC, required=0.9)
    assert status_of(asked, finding) is Status.NOT_APPLICABLE


def test_facilities_out_of_operation_or_beyond_the_county_are_not_counted_and_the_register_is_remarked():
    """Two public, one private that is closed, one private beyond the line: 2/2; by the register 2/3."""
    rows = [*public_clinics(2, 0), *public_clinics(0, 1, operating="no"), *public_clinics(0, 1, outside_county=True)]
    finding, _ = found(rows, subjects=CLINICS, conditions=PUBLIC, required=1)
    assert (finding.holds, finding.measures[0].of) == (True, 2)
    assert any("登记" in remark.zh for remark in finding.remarks)


def test_a_facility_of_unknown_operation_may_or_may_not_be_counted():
    """Nine public and one private of unknown operation: 9/9 or 9/10."""
    rows = [*public_clinics(9, 0), *public_clinics(0, 1, operating="")]
    open_share, _ = found(rows, subjects=CLINICS, conditions=PUBLIC, required=0.95)
    assert (open_share.holds, open_share.measures[0].low, open_share.measures[0].high) == (None, Fraction(9, 10), 1)
    assert open_share.unknown[0].value.zh == "未填：运行状态"
    assert found(rows, subjects=CLINICS, conditions=PUBLIC, required=0.9)[0].holds is True


def test_where_the_register_says_of_none_all_count_and_that_is_said():
    rows = public_clinics(9, 1, operating="")
    finding, _ = found(rows, subjects=CLINICS, conditions=PUBLIC, required=0.9)
    assert (finding.holds, finding.measures[0].of) == (True, 10)
    assert any("运行状态" in remark.zh for remark in finding.remarks)


def test_an_unknown_filter_leaves_membership_open():
    """Integrated clinics must be public: F2 is private, and nobody knows whether it is integrated."""
    subjects = {"tiers": ["village_clinic"], "where": [{"column": "integrated", "equals": True}]}
    rows = [
        {"integrated": True, "ownership": "public"},
        {"integrated": None, "ownership": "private"},
        {"integrated": None, "ownership": "public"},
        {"integrated": False, "ownership": "private"},
    ]
    finding, _ = found(rows, subjects=subjects, conditions=PUBLIC, required=1)
    assert (finding.holds, finding.measures[0].value, finding.measures[0].of) == (None, 1, 3)
    assert [(case.id, case.value.zh) for case in finding.unknown] == [("F2", "未填：一体化管理")]
    rows[1]["ownership"] = "public"
    assert found(rows, subjects=subjects, conditions=PUBLIC, required=1)[0].holds is True


def test_an_absent_filter_column_is_needed():
    subjects = {"tiers": ["village_clinic"], "where": [{"column": "qualifies", "equals": True}]}
    finding, _ = found(public_clinics(2, 1), subjects=subjects, conditions=PUBLIC, required=1)
    assert (finding.holds, finding.needs, finding.figure) == (None, ("facilities.qualifies",), False)


def test_levels_are_cumulative_and_the_first_share_missed_is_named():
    """Two hospitals and a centre: all basic, 2 of 3 recommended, none of community-hospital level, which decides."""
    rows = [
        {"tier": "sub_centre", "standard": "recommended"},
        {"tier": "township_hospital", "standard": "basic"},
        {"tier": "community_centre", "standard": "recommended"},
    ]
    subjects = {"tiers": ["township_hospital", "community_centre"]}
    parts = [
        {"subjects": subjects, "conditions": [{"column": "standard", "at_least": level}], "required": required}
        for level, required in (("basic", 1), ("recommended", 0.4), ("community_hospital", 0.2))
    ]
    finding, _ = found(rows, parts=parts, deadlines=[date(2025, 12, 31)])
    assert finding.holds is False
    assert [(measure.value, measure.shortfall) for measure in finding.measures] == [(0, 1), (3, 0), (2, 0)]
    assert finding.unmet_part == 2
    assert ids(finding.failing) == ["F1", "F2", "F3"]


@pytest.mark.parametrize(
    ("integrated", "holds", "unmet"), [(8, False, 0), (9, False, 1), (20, True, None)], ids=["40%", "45%", "100%"]
)
def test_each_share_has_its_own_deadline(integrated, holds, unmet):
    """Of 20 clinics: 45 % (9) by the end of 2024, all by the end of 2025."""
    days = [date(2024, 12, 31), date(2025, 12, 31)]
    parts = [
        {
            "subjects": CLINICS,
            "conditions": [{"column": "integrated", "equals": True}],
            "required": required,
            "deadline": day,
        }
        for required, day in zip((0.45, 1), days, strict=True)
    ]
    rows = [{"integrated": number < integrated} for number in range(20)]
    finding, _ = found(rows, parts=parts, deadlines=days)
    assert (finding.holds, finding.unmet_part) == (holds, unmet)


def test_a_missed_share_is_named_before_an_open_one():
    parts = [
        {"subjects": CLINICS, "conditions": [{"column": "insured", "equals": True}], "required": 1},
        {"subjects": CLINICS, "conditions": PUBLIC, "required": 1},
    ]
    finding, _ = found([{"ownership": "private"}], parts=parts)
    assert (finding.holds, finding.unmet_part) == (False, 1)


def test_townships_and_villages_are_units_too():
    """Nine tenths of the townships: 1 of 2; exempt villages and communities are no units of a village share."""
    townships = [{"township": "甲镇", "psych_service": True}, {"township": "乙镇", "psych_service": False}]
    villages = [{"psych_service": True}, {"kind": "community"}, {"status": "urbanised"}]
    served = [{"column": "psych_service", "equals": True}]
    of_towns, _ = found([], villages, townships, subjects={"layer": "townships"}, conditions=served, required=0.9)
    assert (of_towns.holds, ids(of_towns.failing), of_towns.measures[0].unit) == (False, ["乙镇"], "townships")
    of_villages, _ = found([], villages, townships, subjects={"layer": "villages"}, conditions=served, required=1)
    assert (of_villages.holds, of_villages.measures[0].of) == (True, 1)


@pytest.mark.parametrize("strength", ["may", "principle", "report"])
def test_what_does_not_bind_is_reported_with_its_comparison(strength):
    finding, asked = found(public_clinics(1, 1), subjects=CLINICS, conditions=PUBLIC, required=0.9, strength=strength)
    assert (status_of(asked, finding), finding.holds) == (Status.REPORTED, False)


def test_a_figure_of_the_whole_city_is_not_compared():
    finding, asked = found(
        public_clinics(1, 1), subjects=CLINICS, conditions=PUBLIC, required=0.9, strength="information"
    )
    assert (status_of(asked, finding), finding.holds, finding.failing) == (Status.REPORTED, None, ())
    assert (finding.measures[0].value, finding.measures[0].shortfall) == (1, None)


# Numbers summed


def posts(*pairs):
    """Return township hospitals with professional posts and posts."""
    return [{"tier": "township_hospital", "professional_posts": part, "posts": whole} for part, whole in pairs]


OF_POSTS = {"subjects": HOSPITALS, "column": "professional_posts", "over_column": "posts", "required": 0.9}


@pytest.mark.parametrize(
    ("pairs", "holds", "shortfall"),
    [
        ([(18, 20), (36, 40)], True, 0),
        ([(18, 20), (35, 40)], False, 1),
        ([(20, 20), (34, 40)], True, 0),
        ([(20, 20), (None, 40)], None, 34),
        ([(13, 20), (None, 40)], False, 41),
        ([(20, 20), (36, None)], None, 0),
        ([(0, 20), (36, None)], False, 0),
    ],
    ids=["at 90 %", "one short", "pooled", "33-100 %", "at most 53/60", "posts unknown", "at most 36/56"],
)
def test_posts_are_pooled_over_the_county(pairs, holds, shortfall):
    """54 of 60 posts are 90 %; unknown professional posts lie between 0 and the hospital's posts."""
    finding, _ = found(posts(*pairs), **OF_POSTS)
    assert finding.holds is holds
    if shortfall and holds is not None:
        assert finding.measures[0].shortfall == shortfall
    assert finding.measures[0].unit == "posts"


def test_hospitals_below_the_share_fail_with_their_own_numbers():
    finding, _ = found(posts((20, 20), (30, 40)), **OF_POSTS)
    assert [(case.id, case.value.zh) for case in finding.failing] == [("F2", "30/40（75.0%）")]


def test_a_part_larger_than_its_whole_is_asked_for_and_not_believed():
    """12 of 10 posts: taken for 0 to 10 of 10, so 28 to 38 of 40 with 90 % = 36 asked."""
    finding, _ = found(posts((12, 10), (28, 30)), **OF_POSTS)
    measure = finding.measures[0]
    assert (finding.holds, measure.low, measure.high) == (None, Fraction(28, 40), Fraction(38, 40))
    assert [(case.id, case.value.en) for case in finding.unknown] == [("F1", "professional posts: 12; posts: 10")]
    assert any("分项数大于总数" in remark.zh for remark in finding.remarks)


@pytest.mark.parametrize(("filled", "holds", "shortfall"), [(95, True, 0), (94, False, 1), (100, True, 0)])
def test_vacant_posts_are_at_most_five_percent(filled, holds, shortfall):
    """5 of 100 vacant is the limit itself."""
    rows = [{"tier": "township_hospital", "posts": 100, "filled_posts": filled}]
    vacant = {"subjects": HOSPITALS, "column": "filled_posts", "over_column": "posts", "complement": True}
    finding, _ = found(rows, **vacant, required=0.05, at_most=True)
    measure = finding.measures[0]
    assert (finding.holds, measure.value, measure.of) == (holds, 100 - filled, 100)
    assert (measure.most, measure.least, measure.shortfall) == (Fraction(1, 20), None, shortfall)
    assert len(finding.failing) == (0 if holds else 1)


def test_every_hospital_by_itself_where_the_clause_says_so():
    """90 % in each: F1 has 18/20, F2 35/40; F3 has no post at all, so there is nothing to compare; pooled 53/60."""
    finding, _ = found(posts((18, 20), (35, 40), (0, 0)), **OF_POSTS, each_unit=True)
    units, pooled = finding.measures
    assert (finding.holds, ids(finding.failing)) == (False, ["F2"])
    assert (units.form, units.value, units.of, units.shortfall) == ("count", 1, 2, 1)
    assert (pooled.form, pooled.value, pooled.of, pooled.shortfall) == ("share", 53, 60, None)
    assert found(posts((18, 20), (36, 40)), **OF_POSTS, each_unit=True)[0].holds is True
    assert found(posts((18, 20), (None, 40)), **OF_POSTS, each_unit=True)[0].holds is None
    asked = found(posts((0, 0)), **OF_POSTS, each_unit=True)
    assert not asked[0].applicable


VISITS = {
    "subjects": {"tiers": ["county_hospital", "township_hospital", "village_clinic"]},
    "column": "visits",
    "numerator_tiers": ["township_hospital", "village_clinic"],
    "required": 0.65,
}


@pytest.mark.parametrize(
    ("clinic", "holds", "low", "high"),
    [(150, True, None, None), (149, False, None, None), (None, None, Fraction(50, 85), Fraction(1))],
)
def test_visits_of_primary_tiers_over_all_visits(clinic, holds, low, high):
    """35,000 at the county hospital, 50,000 at the township hospital, 15,000 at the clinic: 65 of 100."""
    rows = [
        {"tier": "county_hospital", "visits": 350},
        {"tier": "sub_centre", "visits": 500},
        {"tier": "village_clinic", "visits": clinic},
        {"tier": "private_clinic", "visits": 9999},
    ]
    finding, _ = found(rows, **VISITS)
    measure = finding.measures[0]
    assert (finding.holds, measure.low, measure.high, measure.unit) == (holds, low, high, "visits")
    assert finding.failing == ()


@pytest.mark.parametrize(
    ("contracted", "population", "holds"),
    [(500, 800, True), (499, 800, False), (150, None, None), (None, 800, None), (None, 100, False)],
)
def test_contracted_people_over_residents(contracted, population, holds):
    """One village with 150 of 200, one as given; 65 % of 1,000 residents are 650 (150 + 500)."""
    villages = [
        {"population": 200, "contracted_people": 150},
        {"population": population, "contracted_people": contracted},
    ]
    if (contracted, population) == (None, 100):
        villages[0]["contracted_people"] = 60
    finding, _ = found(
        [], villages, subjects={"layer": "villages"}, column="contracted_people", over_people=True, required=0.65
    )
    assert finding.holds is holds
    assert finding.measures[0].unit == "people"


def test_people_of_villages_that_meet_a_condition():
    """900 of 1,500 residents live in a village with a family doctor: 60 %."""
    villages = [{"population": 900, "contracted": True}, {"population": 600, "contracted": False}]
    reached = [{"column": "contracted", "equals": True}]
    asked = {"subjects": {"layer": "villages"}, "conditions": reached, "over_people": True}
    assert found([], villages, **asked, required=0.6)[0].holds is True
    missed, _ = found([], villages, **asked, required=0.61)
    assert (missed.holds, missed.measures[0].shortfall, ids(missed.failing)) == (False, 15, ["V2"])


def test_residents_of_exempt_villages_are_residents():
    """600 of 1,000 in an ordinary village and 100 of 100 in a demolished one: 700 of 1,100."""
    villages = [
        {"population": 1000, "contracted_people": 600},
        {"population": 100, "contracted_people": 100, "status": "urbanised"},
    ]
    finding, _ = found(
        [], villages, subjects={"layer": "villages"}, column="contracted_people", over_people=True, required=0.6
    )
    assert (finding.measures[0].value, finding.measures[0].of) == (700, 1100)


def test_a_share_that_is_reached_lacks_nothing_even_where_members_are_unknown():
    """F2 may be closed and is public: 1/1 or 2/2."""
    finding, _ = found(
        [{"ownership": "public"}, {"ownership": "public", "operating": ""}],
        subjects=CLINICS,
        conditions=PUBLIC,
        required=1,
    )
    assert (finding.holds, finding.measures[0].value, finding.measures[0].shortfall) == (True, 1, 0)


def test_half_of_the_village_doctors_are_licensed():
    """3 of 6 over two clinics, though one clinic has none; a clinic without doctors changes nothing."""
    rows = [
        {"doctors": 4, "licensed_doctors": 3},
        {"doctors": 2, "licensed_doctors": 0},
        {"doctors": 0, "licensed_doctors": 0},
    ]
    asked = {"subjects": CLINICS, "column": "licensed_doctors", "over_column": "doctors"}
    assert found(rows, **asked, required=0.5)[0].holds is True
    assert found(rows, **asked, required=0.51)[0].holds is False
    rows[1]["licensed_doctors"] = None
    assert found(rows, **asked, required=0.5)[0].holds is True
    rows[0]["licensed_doctors"] = 2
    assert found(rows, **asked, required=0.5)[0].holds is None


# Properties

ROW = st.fixed_dictionaries(
    {
        "ownership": st.sampled_from(["public", "private", ""]),
        "integrated": st.sampled_from([True, False, None]),
        "operating": st.sampled_from(["yes", "no", ""]),
        "doctors": st.sampled_from([None, 0, 1, 3]),
        "licensed_doctors": st.sampled_from([None, 0, 1]),
    }
)
KNOWN = {"ownership": "public", "integrated": True, "operating": "yes"}
FILLS = {
    "ownership": ["public", "private"], "integrated": [True, False], "operating": ["yes", "no"], "doctors": [0, 1, 5],
    "licensed_doctors": [0, 1, 2],
}  # fmt: skip
ASKED = [
    {"conditions": PUBLIC, "required": 0.5},
    {"conditions": PUBLIC, "required": 1},
    {"conditions": PUBLIC, "required": 0.4, "at_most": True},
    {"column": "licensed_doctors", "over_column": "doctors", "required": 0.5},
    {"column": "licensed_doctors", "over_column": "doctors", "required": 1},
    {"column": "licensed_doctors", "over_column": "doctors", "required": 0.3, "at_most": True, "complement": True},
    {"column": "licensed_doctors", "over_column": "doctors", "required": 0.5, "each_unit": True},
]
FILTERED = {"tiers": ["village_clinic"], "where": [{"column": "integrated", "equals": True}]}


@settings(max_examples=40, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=4), st.sampled_from(ASKED), st.data())
def test_filling_an_unknown_cell_never_contradicts_a_verdict(rows, part, data):
    """Row by row, cell by cell; one clinic is known to operate, so that the column is never wholly empty."""
    rows = [*rows, {"tier": "township_hospital"}]
    before, _ = found(rows, subjects=FILTERED, **part)
    holes = [(at, name) for at, row in enumerate(rows[:-1]) for name, value in row.items() if value in ("", None)]
    if not holes:
        return
    at, name = data.draw(st.sampled_from(holes))
    filled = [dict(row) for row in rows]
    filled[at][name] = data.draw(st.sampled_from(FILLS[name]))
    after, _ = found(filled, subjects=FILTERED, **part)
    if before.holds is not None:
        assert (after.holds, after.applicable) == (before.holds, True)
    if not before.applicable:
        assert not after.applicable


@settings(max_examples=30, deadline=None)
@given(st.lists(ROW, min_size=2, max_size=5), st.sampled_from(ASKED), st.integers(0, 9))
def test_the_order_of_rows_changes_nothing(rows, part, seed):
    rows = [row | {"facility_id": f"F{number}"} for number, row in enumerate(rows)]
    shuffled = [rows[at] for at in np.random.default_rng(seed).permutation(len(rows))]
    one, _ = found(rows, subjects=FILTERED, **part)
    other, _ = found(shuffled, subjects=FILTERED, **part)
    assert (one.holds, one.measures, one.needs) == (other.holds, other.measures, other.needs)
    assert (sorted(ids(one.failing)), sorted(ids(one.unknown))) == (
        sorted(ids(other.failing)),
        sorted(ids(other.unknown)),
    )
