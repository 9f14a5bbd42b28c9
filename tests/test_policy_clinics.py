"""One clinic in every village, or shared within the planner's thresholds, or a fixed place instead.

Villages stand one kilometre apart on a straight road eastwards, V1 first, so that only consecutive ones are adjacent;
by e-bike a kilometre takes 3 minutes.
"""

from fractions import Fraction

import numpy as np
import pytest

from audit_county import DAY, SETTINGS, audit_county, clause
from clinicplan.policy.findings import Status, status_of
from clinicplan.policy.profile import Profile
from clinicplan.policy.rules.clinics import fixed_service_point, merge, one_village_one_clinic
from clinicplan.policy.settings import AuditSettings
from clinicplan.region import MergeTable

ALL_THREE = MergeTable(max_people=500, max_minutes=10, max_km=5)


def with_thresholds(**changes):
    return AuditSettings(county="测试县", day=DAY, merge=ALL_THREE.model_copy(update=changes))


def rule_clause(**parameters):
    return clause("one_village_one_clinic", unit="village", **parameters)


def found(villages, facilities, *, settings=None, parameters=None, strength="must", **county):
    settings = with_thresholds() if settings is None else settings
    asked = rule_clause(**(parameters or {}))
    return one_village_one_clinic(
        asked.model_copy(update={"strength": strength}), audit_county(villages, facilities, settings=settings, **county)
    )


def ids(cases):
    return [case.id for case in cases]


def listed(finding, key):
    return next(item for item in finding.listings if item.key.endswith(key))


def rows_of(finding, key):
    return [row[0] for row in listed(finding, key).rows]


# --- own clinics ------------------------------------------------------------------------------------------------------


def test_a_clinic_in_every_village_meets_the_rule():
    finding = found([{"population": 900}, {"population": 900}], [{"village_id": "V1"}, {"village_id": "V2"}])
    assert finding.holds is True
    first, strict, registered = finding.measures
    assert (first.value, first.of, first.least, first.shortfall, first.low) == (2, 2, Fraction(1), 0, None)
    assert (strict.value, strict.least, registered.value) == (2, None, 2)


def test_a_large_village_without_a_clinic_fails_and_is_a_village_without_clinic():
    finding = found([{"population": 900}, {"population": 900}], [{"village_id": "V1"}])
    assert finding.holds is False
    assert ids(finding.failing) == ["V2"]
    assert "人口超过500人" in finding.failing[0].value.zh
    assert finding.measures[0].shortfall == 1
    assert rows_of(finding, "no_clinic") == ["V2"]


def test_a_clinic_out_of_operation_is_none_and_the_register_is_remarked():
    finding = found(
        [{"population": 900}, {"population": 900}], [{"village_id": "V1"}, {"village_id": "V2", "operating": "no"}]
    )
    assert finding.holds is False
    assert [measure.value for measure in finding.measures] == [1, 1, 2]
    assert rows_of(finding, "out_of_operation") == ["F2"]
    assert listed(finding, "no_clinic").rows[0][4:6] == (("是", "yes"), ("否", "no"))
    assert any("登记" in remark.zh and "达到要求" in remark.zh for remark in finding.remarks)


def test_a_clinic_of_unknown_operation_leaves_its_village_open():
    finding = found(
        [{"population": 900}, {"population": 900}], [{"village_id": "V1"}, {"village_id": "V2", "operating": ""}]
    )
    assert finding.holds is None
    assert ids(finding.unknown) == ["V2"]
    assert (finding.measures[0].low, finding.measures[0].high) == (Fraction(1, 2), Fraction(1))
    assert status_of(rule_clause(), finding) is Status.NOT_ASSESSED


def test_a_service_point_or_a_station_is_no_clinic_unless_the_document_says_so():
    villages, facilities = [{"population": 900}] * 1, [{"village_id": "V1", "tier": "community_station"}]
    assert found(villages, facilities).holds is False
    stations = Profile(id="x", title="x", title_en="x", clinic_tiers=("village_clinic", "community_station"))
    assert found(villages, facilities, profile=stations).holds is True
    assert found(villages, [{"village_id": "V1", "tier": "service_point"}]).holds is False


def test_communities_and_exempt_villages_are_no_units():
    villages = [
        {"population": 900},
        {"population": 900, "kind": "community"},
        {"population": 900, "status": "urbanised"},
        {"population": 900, "status": "relocated"},
    ]
    finding = found(villages, [{"village_id": "V1"}])
    assert finding.holds is True
    assert finding.measures[0].of == 1
    assert found(villages, [{"village_id": "V1"}], parameters={"exempt_statuses": ["urbanised"]}).measures[0].of == 2


def test_without_an_administrative_village_the_document_is_silent():
    assert not found([{"kind": "community"}], []).applicable


def test_a_principle_is_reported_with_its_comparison():
    finding = found([{"population": 900}], [], strength="principle")
    assert finding.holds is False
    assert status_of(rule_clause().model_copy(update={"strength": "principle"}), finding) is Status.REPORTED


def test_a_clinic_that_may_be_of_two_villages_leaves_both_open_but_one_is_certainly_without():
    """F2 stands on the common line of V2 and V3: one of them has no clinic, nobody knows which."""
    villages = [{"population": 900, "x_m": 500}, {"population": 900, "x_m": 1500}, {"population": 900, "x_m": 2500}]
    areas = {f"V{at + 1}": (1000 * at, -500, 1000 * at + 1000, 500) for at in range(3)}
    finding = found(villages, [{"village_id": "V1"}, {"x_m": 2000}], village_areas=areas)
    assert ids(finding.failing) == []
    assert ids(finding.unknown) == ["V2", "V3"]
    assert finding.holds is False
    assert (finding.measures[0].low, finding.measures[0].high) == (Fraction(1, 3), Fraction(2, 3))
    assert "F2" in finding.unknown[0].value.zh


def test_a_clinic_that_fits_no_village_leaves_its_township_open():
    villages = [{"population": 900}, {"population": 900}, {"population": 900, "township": "乙镇"}]
    finding = found(villages, [{"village_id": "V1"}, {"township": "甲镇", "x_m": 50_000}])
    assert ids(finding.failing) == ["V3"]
    assert ids(finding.unknown) == ["V2"]
    assert any("未能对应" in remark.zh for remark in finding.remarks)


# --- sharing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("people", "holds"), [(500, True), (501, False), (None, None)])
def test_people_are_at_most_so_many(people, holds):
    assert found([{"population": 900}, {"population": people}], [{"village_id": "V1"}]).holds is holds


@pytest.mark.parametrize(("minutes", "holds"), [(10, True), (10 + 1 / 60_000, False), (None, False)])
def test_the_way_takes_at_most_so_long_to_the_millisecond(minutes, holds):
    pair = {("V2", "F1"): minutes}
    finding = found([{"population": 900}, {"population": 400}], [{"village_id": "V1"}], minutes=pair)
    assert finding.holds is holds


@pytest.mark.parametrize(("metres", "holds"), [(5000, True), (5000.001, False), (None, False)])
def test_the_road_is_at_most_so_long_to_the_millimetre(metres, holds):
    county = {"metres": {("V2", "F1"): metres}, "minutes": {("V2", "F1"): 9}}
    assert found([{"population": 900}, {"population": 400}], [{"village_id": "V1"}], **county).holds is holds


def test_a_limit_that_the_planner_does_not_give_is_not_asked():
    settings = with_thresholds(max_km=None)
    far = {("V2", "F1"): 90_000}
    finding = found([{"population": 900}, {"population": 400}], [{"village_id": "V1"}], settings=settings,
                    metres=far, minutes={("V2", "F1"): 9})  # fmt: skip
    assert finding.holds is True


@pytest.mark.parametrize("missing", [{"max_people": None}, {"max_minutes": None, "max_km": None}])
def test_without_people_or_without_any_way_nothing_can_be_said(missing):
    finding = found(
        [{"population": 900}, {"population": 400}], [{"village_id": "V1"}], settings=with_thresholds(**missing)
    )
    assert finding.holds is None
    assert finding.needs == ("siting.merge",)
    assert any("siting.merge" in remark.zh for remark in finding.remarks)


def test_a_village_too_large_to_share_fails_whatever_the_other_thresholds():
    settings = with_thresholds(max_minutes=None, max_km=None)
    finding = found([{"population": 900}, {"population": 501}], [{"village_id": "V1"}], settings=settings)
    assert finding.holds is False
    assert finding.needs == ()


def test_only_villages_of_one_township_share_where_the_planner_says_so():
    villages = [{"population": 900}, {"population": 400, "township": "乙镇"}]
    finding = found(villages, [{"village_id": "V1"}])
    assert ids(finding.failing) == ["V2"]
    assert "不在同一乡镇" in finding.failing[0].value.zh
    assert found(villages, [{"village_id": "V1"}], settings=with_thresholds(same_township=False)).holds is True


def test_only_adjacent_villages_share_where_planner_or_document_says_so():
    """V3 lies behind V2, which is too large to share."""
    villages, clinics = [{"population": 900}, {"population": 900}, {"population": 400}], [{"village_id": "V1"}]
    wide = with_thresholds(adjacent=False)
    assert ids(found(villages, clinics).failing) == ["V2", "V3"]
    assert ids(found(villages, clinics, settings=wide).failing) == ["V2"]
    assert ids(found(villages, clinics, settings=wide, parameters={"adjacent": True}).failing) == ["V2", "V3"]
    assert not any("相邻" in remark.zh for remark in found(villages, clinics, settings=wide).remarks)


def test_a_clinic_shared_by_others_cannot_itself_be_a_shared_one():
    """V2 may share V1's clinic; V3 may not share through V2."""
    villages = [{"population": 900}, {"population": 400}, {"population": 400}]
    assert ids(found(villages, [{"village_id": "V1"}]).failing) == ["V3"]


def test_where_the_document_does_not_let_villages_share_they_do_not():
    finding = found([{"population": 900}, {"population": 400}], [{"village_id": "V1"}], parameters={"shared": False})
    assert finding.holds is False
    assert not any("siting.merge" in remark.zh for remark in finding.remarks)


def test_a_host_of_unknown_operation_leaves_the_sharing_village_open():
    villages = [{"population": 900}, {"population": 400}, {"population": 900}, {"population": 900}]
    clinics = [{"village_id": "V1", "operating": ""}, {"village_id": "V3", "operating": "no"}, {"village_id": "V4"}]
    finding = found(villages, clinics)
    assert ids(finding.unknown) == ["V1", "V2"]
    assert "村卫生室运行状态" in finding.unknown[1].value.zh


def test_a_village_without_coordinates_may_share_with_any():
    villages = [{"population": 900}, {"population": 400, "x_m": None}, {"population": 600, "x_m": None}]
    finding = found(villages, [{"village_id": "V1"}])
    assert ids(finding.unknown) == ["V2"]
    assert ids(finding.failing) == ["V3"]


def test_a_community_hosts_nobody():
    villages = [{"population": 900, "kind": "community"}, {"population": 400}]
    assert found(villages, [{"village_id": "V1"}]).holds is False


def test_a_village_that_shares_keeps_a_fixed_place_where_the_document_asks_so():
    villages, clinic = [{"population": 900}, {"population": 400}], {"village_id": "V1"}
    asked = {"parameters": {"fixed_place": True}}
    without = found(villages, [clinic], **asked)
    assert without.holds is False
    assert "固定服务场所" in without.failing[0].value.zh
    point = {"village_id": "V2", "tier": "service_point"}
    assert found(villages, [clinic, point], **asked).holds is True
    assert found(villages, [clinic, {**point, "operating": ""}], **asked).holds is None
    assert found(villages, [clinic, {**point, "tier": "touring_stop"}], **asked).holds is False


def test_what_could_be_shared_is_listed_with_its_way_and_what_it_misses():
    villages = [{"population": 900}, {"population": 400}, {"population": 700}]
    rows = listed(found(villages, [{"village_id": "V1"}]), "list.sharing").rows
    assert rows[0] == ("V2", "V2村", "甲镇", 400, "V1村", "F1机构", "F1", 3.0, 1.0, ("是", "yes"), ("", ""))
    assert rows[1][4:9] == ("V1村", "F1机构", "F1", 6.0, 2.0)
    assert rows[1][10].zh == "人口超过500人、不相邻"


def test_the_thresholds_are_printed():
    texts = [remark.zh for remark in found([{"population": 900}], [{"village_id": "V1"}]).remarks]
    assert any(
        "不超过500人、到村卫生室不超过10分钟（电动自行车）、路程不超过5公里、同一乡镇、相邻" in text for text in texts
    )


# --- the seat ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("x_m", "holds"), [(500, True), (500.001, False)])
def test_the_seat_is_served_by_its_township_hospital(x_m, holds):
    finding = found([{"population": 900}], [{"tier": "township_hospital", "x_m": x_m}])
    assert finding.holds is holds
    assert found([{"population": 900}], [{"tier": "township_hospital"}], parameters={"seat": False}).holds is False


def test_a_hospital_out_of_operation_serves_no_seat_and_one_of_unknown_state_leaves_it_open():
    assert found([{"population": 900}], [{"tier": "township_hospital", "operating": "no"}]).holds is False
    rows = [{"tier": "township_hospital", "operating": ""}, {"village_id": "V2"}]
    finding = found([{"population": 900}, {"population": 900}], rows)
    assert finding.holds is None
    assert ids(finding.unknown) == ["V1"]


def test_what_a_township_has_is_what_the_document_says():
    centres = Profile(id="x", title="x", title_en="x", township_tiers=("community_centre",))
    assert found([{"population": 900}], [{"tier": "community_centre"}]).holds is False
    assert found([{"population": 900}], [{"tier": "community_centre"}], profile=centres).holds is True


# --- staff ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("staff", "listed_ids", "open_villages"),
    [
        ({"doctors": 0, "licensed_doctors": 0}, ["V1"], 0),
        ({"doctors": 0}, ["V1"], 0),
        ({"doctors": 0, "licensed_doctors": 1}, [], 0),
        ({"doctors": 1}, [], 0),
        ({"doctors": None}, [], 1),
        ({"doctors": None, "licensed_doctors": 0}, [], 1),
    ],
)
def test_a_village_whose_clinic_has_no_doctor_is_listed(staff, listed_ids, open_villages):
    finding = found([{"population": 900}], [{"village_id": "V1", **staff}])
    assert rows_of(finding, "no_doctor") == listed_ids
    assert sum("未填医生数" in remark.zh for remark in finding.remarks) == open_villages


def test_one_clinic_with_a_doctor_is_enough_for_a_village_of_two():
    finding = found([{"population": 900}], [{"village_id": "V1", "doctors": 0}, {"village_id": "V1", "doctors": 1}])
    assert rows_of(finding, "no_doctor") == []


# --- merge ------------------------------------------------------------------------------------------------------------


def shared(villages, facilities, *, settings=None, **county):
    settings = with_thresholds() if settings is None else settings
    return merge(
        clause("merge", strength="may", unit="village"), audit_county(villages, facilities, settings=settings, **county)
    )


def test_merge_reports_who_could_share():
    finding = shared([{"population": 900}, {"population": 400}, {"population": 700}], [{"village_id": "V1"}])
    villages, people = finding.measures
    assert (villages.value, villages.of, people.value, people.of) == (1, 2, 400, 1100)
    assert finding.holds is None
    assert status_of(clause("merge", strength="may"), finding) is Status.REPORTED


def test_merge_needs_thresholds_and_a_village_without_clinic():
    no_thresholds = shared([{"population": 900}], [], settings=SETTINGS)
    assert no_thresholds.needs == ("siting.merge",)
    assert status_of(clause("merge", strength="may"), no_thresholds) is Status.NOT_ASSESSED
    assert not shared([{"population": 900}], [{"village_id": "V1"}]).applicable


def test_more_guests_than_the_planner_allows_are_said():
    """Four villages around V1, each its neighbour."""
    around = [{"population": 400, "x_m": x, "y_m": y} for x, y in ((1000, 0), (-1000, 0), (0, 1000), (0, -1000))]
    finding = shared([{"population": 900}, *around], [{"village_id": "V1"}])
    assert finding.measures[0].value == 4
    assert any("每室3个" in remark.zh for remark in finding.remarks)
    calm = shared([{"population": 900}, *around], [{"village_id": "V1"}], settings=with_thresholds(max_guests=4))
    assert not any("每室" in remark.zh for remark in calm.remarks)


# --- fixed places -----------------------------------------------------------------------------------------------------


def fixed(villages, facilities, **county):
    return fixed_service_point(
        clause("fixed_service_point", unit="village"), audit_county(villages, facilities, **county)
    )


def test_a_village_without_its_own_clinic_keeps_a_fixed_place():
    villages = [{}, {}, {}]
    rows = [{"village_id": "V1"}, {"village_id": "V2", "tier": "service_point"}]
    finding = fixed(villages, rows)
    assert finding.holds is False
    assert ids(finding.failing) == ["V3"]
    assert (finding.measures[0].value, finding.measures[0].of, finding.measures[0].shortfall) == (1, 2, 1)
    assert fixed(villages, [*rows, {"village_id": "V3", "tier": "community_station"}]).holds is True
    assert fixed(villages, [*rows, {"village_id": "V3", "tier": "touring_stop"}]).holds is False
    assert fixed(villages, [*rows, {"x_m": 2000, "tier": "township_hospital"}]).holds is True


def test_where_every_village_has_a_clinic_nothing_is_asked():
    assert not fixed([{}], [{"village_id": "V1"}]).applicable


def test_a_village_that_may_have_a_clinic_is_open_only_without_a_fixed_place():
    rows = [{"village_id": "V1", "operating": ""}, {"village_id": "V2", "tier": "service_point"}]
    finding = fixed([{}, {}], rows)
    assert finding.holds is None
    assert ids(finding.unknown) == ["V1"]
    assert fixed([{}, {}], [*rows, {"village_id": "V1", "tier": "service_point"}]).holds is True


# --- promises ---------------------------------------------------------------------------------------------------------


def random_county(random, n=9):
    villages = [
        {
            "village_id": f"V{at}",
            "population": int(random.choice([300, 500, 501, 900])),
            "township": str(random.choice(["甲镇", "乙镇"])),
            "x_m": float(random.integers(0, 8)) * 700,
            "y_m": float(random.integers(0, 3)) * 700,
        }
        for at in range(n)
    ]
    facilities = [
        {
            "facility_id": f"F{at}",
            "village_id": f"V{random.integers(0, n)}",
            "tier": str(random.choice(["village_clinic", "village_clinic", "service_point", "township_hospital"])),
            "operating": str(random.choice(["yes", "yes", "no"])),
        }
        for at in range(n)
    ]
    return villages, facilities


ASKED = {"adjacent": True, "fixed_place": True}


def answer(finding):
    return (
        finding.holds,
        [(m.value, m.of, m.low, m.high, m.shortfall) for m in finding.measures],
        set(ids(finding.failing)),
        set(ids(finding.unknown)),
        {listing.key: set(listing.rows) for listing in finding.listings if "list.sharing" not in listing.key},
    )


@pytest.mark.parametrize("seed", range(6))
def test_the_order_of_rows_changes_nothing(seed):
    random = np.random.default_rng(seed)
    villages, facilities = random_county(random)
    mixed = [[rows[at] for at in random.permutation(len(rows))] for rows in (villages, facilities)]
    assert answer(found(villages, facilities, parameters=ASKED)) == answer(found(*mixed, parameters=ASKED))


@pytest.mark.parametrize("seed", range(8))
def test_an_unknown_turned_into_any_known_value_contradicts_nothing(seed):
    random = np.random.default_rng(100 + seed)
    villages, facilities = random_county(random)
    for row in random.choice(len(villages), 2, replace=False):
        villages[row]["population"] = None
    for row in random.choice(len(facilities), 3, replace=False):
        facilities[row]["operating"] = ""
    facilities[0] |= {"village_id": "", "tier": "village_clinic", "x_m": 90_000.0}
    before = found(villages, facilities, parameters=ASKED)
    low, high = before.measures[0].low, before.measures[0].high
    for _ in range(6):
        known = [{**row, "population": row["population"] or int(random.choice([0, 500, 501]))} for row in villages]
        works = [{**row, "operating": row["operating"] or str(random.choice(["yes", "no"]))} for row in facilities]
        works[0] = {**works[0], "village_id": f"V{random.integers(0, len(villages))}"}
        after = found(known, works, parameters=ASKED)
        assert before.holds in (None, after.holds)
        share = Fraction(after.measures[0].value, after.measures[0].of)
        assert low is None or low <= share <= high


@pytest.mark.parametrize("seed", range(4))
def test_another_clinic_never_lowers_the_villages_provided_for(seed):
    random = np.random.default_rng(200 + seed)
    villages, facilities = random_county(random)
    before = found(villages, facilities).measures[0].value
    for village in range(len(villages)):
        more = [*facilities, {"facility_id": "F99", "village_id": f"V{village}"}]
        assert found(villages, more).measures[0].value >= before
