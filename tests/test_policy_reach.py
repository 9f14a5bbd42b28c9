"""What is reported of touring, telemedicine, the chain of referral and rotation."""

import pytest

from audit_county import audit_county, clause
from clinicplan.policy.findings import Status, status_of
from clinicplan.policy.rules.reach import referral_chain, remote, rotation, touring

HOSPITAL = {"facility_id": "H1", "name": "甲镇卫生院", "tier": "township_hospital", "township": "甲镇", "x_m": 4000}


def ids(cases):
    return [case.id for case in cases]


def reported(rule, kind, villages, facilities, parameters, **county):
    asked = clause(kind, strength="report", **parameters)
    finding = rule(asked, audit_county(villages, facilities, **county))
    return finding, status_of(asked, finding)


# --- touring ----------------------------------------------------------------------------------------------------------


def toured(villages, facilities, parameters=None, **county):
    parameters = parameters or {"subjects": {"tiers": ["village_clinic"]}, "from_tiers": ["township_hospital"]}
    return reported(touring, "touring", villages, facilities, parameters, **county)


def test_clinics_are_toured_from_the_hospital_of_their_township():
    """At 40 km/h 4 km take 6 minutes, 1 km 1.5; the mean of 6 and 1.5 is 3.75 minutes."""
    villages = [{}, {"x_m": 3000}, {"township": "乙镇"}]
    clinics = [{"village_id": f"V{at}"} for at in (1, 2, 3)]
    finding, status = toured(villages, [*clinics, HOSPITAL])
    assert status is Status.REPORTED
    assert finding.holds is False
    share, mean, longest = finding.measures
    assert (share.value, share.of, mean.value, longest.value) == (2, 3, 225_000, 360_000)
    assert ids(finding.failing) == ["F3"]
    assert finding.listings[0].rows == (("乙镇", 1, 0, None, None), ("甲镇", 2, 2, 3.8, 6.0))


def test_villages_are_toured_from_the_nearest_hospital_of_the_county():
    parameters = {"subjects": {"layer": "villages"}, "from_tiers": ["county_hospital"], "within_township": False}
    hospitals = [
        {"tier": "county_hospital", "x_m": 10_000},
        {"tier": "county_hospital", "x_m": -2000, "operating": "no"},
    ]
    finding, _ = toured([{}, {"x_m": 8000}], hospitals, parameters)
    assert finding.holds is True
    assert [measure.value for measure in finding.measures] == [2, 540_000, 900_000]
    assert finding.listings[1].rows[0][3:] == ("F1机构", 15.0)


def test_a_village_without_a_way_is_not_toured_and_one_without_a_place_is_open():
    parameters = {"subjects": {"layer": "villages"}, "from_tiers": ["county_hospital"], "within_township": False}
    villages = [{"population": 5}, {"population": 5, "x_m": None}, {"population": 5}]
    finding, _ = toured(villages, [{"tier": "county_hospital"}], parameters, minutes={("V3", "F1"): None})
    assert (ids(finding.failing), ids(finding.unknown)) == (["V3"], ["V2"])
    nobody, _ = toured(villages, [], parameters)
    assert ids(nobody.failing) == ["V1", "V2", "V3"]


@pytest.mark.parametrize(("hospital", "holds"), [({"operating": ""}, None), ({"operating": "no"}, False), ({}, True)])
def test_a_hospital_of_unknown_operation_leaves_it_open(hospital, holds):
    rows = [{"village_id": "V1"}, {**HOSPITAL, **hospital}]
    assert toured([{}], rows)[0].holds is holds


def test_without_units_the_document_is_silent():
    assert toured([{}], [HOSPITAL])[1] is Status.NOT_APPLICABLE


# --- telemedicine -----------------------------------------------------------------------------------------------------

REMOTE = {
    "subjects": [{"tiers": ["township_hospital"]}, {"tiers": ["village_clinic"]}],
    "condition": {"column": "telemedicine", "equals": True},
}


def reached(facilities, parameters=REMOTE):
    return reported(remote, "remote", [{}], facilities, parameters)


def test_each_group_has_its_own_share():
    rows = [
        {"tier": "township_hospital", "telemedicine": True},
        {"telemedicine": True},
        {"telemedicine": False},
        {"telemedicine": None},
    ]
    finding, status = reached(rows)
    hospitals, clinics = finding.measures
    assert (hospitals.value, hospitals.of, hospitals.low) == (1, 1, None)
    assert (clinics.value, clinics.of, clinics.low, clinics.high) == (1, 3, pytest.approx(1 / 3), pytest.approx(2 / 3))
    assert (finding.holds, ids(finding.failing), ids(finding.unknown)) == (False, ["F3"], ["F4"])
    assert status is Status.REPORTED


def test_without_the_column_there_is_no_figure():
    finding, status = reached([{}, {"tier": "township_hospital"}])
    assert (status, finding.needs) == (Status.NOT_ASSESSED, ("facilities.telemedicine",))


def test_a_group_without_units_is_left_out_and_none_at_all_is_silence():
    assert len(reached([{"telemedicine": True}])[0].measures) == 1
    assert reached([{"tier": "hospice"}])[1] is Status.NOT_APPLICABLE


# --- the chain --------------------------------------------------------------------------------------------------------


def chained(villages, facilities, steps, **county):
    return reported(referral_chain, "referral_chain", villages, facilities, {"steps": steps}, **county)


STEPS = [["village_clinic"], ["community_centre"], ["county_hospital"]]
CHAIN = [{"village_id": "V1"}, {"tier": "community_centre", "x_m": 4000}, {"tier": "county_hospital", "x_m": 10_000}]


def test_each_step_has_its_minutes_from_the_village():
    """By e-bike to the clinic (2 km 6 minutes), by car to the others (40 km/h)."""
    finding, status = chained([{}, {"x_m": 2000}], CHAIN, STEPS)
    assert status is Status.REPORTED
    assert finding.holds is True
    assert [measure.value for measure in finding.measures] == [
        2,
        180_000,
        360_000,
        2,
        270_000,
        360_000,
        2,
        810_000,
        900_000,
    ]
    assert finding.listings[0].rows[1][4:] == ("F1机构", 6.0, "F2机构", 3.0, "F3机构", 12.0)


def test_a_step_that_the_county_lacks_is_said_once():
    finding, _ = chained([{}, {}], [CHAIN[0], CHAIN[2]], STEPS)
    assert finding.holds is False
    assert finding.failing == ()
    assert any("没有社区卫生服务中心" in remark.zh for remark in finding.remarks)


def test_a_village_without_a_way_to_a_step_is_named():
    finding, _ = chained([{}, {}], CHAIN, STEPS, minutes={("V2", "F3"): None})
    assert ids(finding.failing) == ["V2"]
    assert finding.failing[0].value.zh == "县级医院"


# --- rotation ---------------------------------------------------------------------------------------------------------

TRAINING = {
    "subjects": {"tiers": ["village_clinic"]},
    "times_per_year": 2,
    "days_per_year": 14,
    "months_away": 1,
    "every_years_low": 3,
    "every_years_high": 5,
}


def rotated(facilities, parameters=TRAINING, villages=({}, {"township": "乙镇"})):
    return reported(rotation, "rotation", villages, facilities, parameters)


def test_person_days_follow_from_people_days_and_the_longer_absence():
    """Three doctors: 14 + 30/5 = 20 to 14 + 30/3 = 24 days each: 60 to 72; twice a year each: 6."""
    finding, status = rotated([{"village_id": "V1", "doctors": 2}, {"village_id": "V2", "doctors": 1}])
    assert status is Status.REPORTED
    assert [measure.value for measure in finding.measures] == [3, 6, 60, 72]
    assert finding.listings[0].rows == (("乙镇", 1, 1, 20, 24), ("甲镇", 1, 2, 40, 48))


def test_part_days_are_rounded_up_and_one_number_of_years_gives_one_figure():
    parameters = {
        "subjects": {"tiers": ["village_clinic"]},
        "months_away": 1,
        "every_years_low": 7,
        "every_years_high": 7,
    }
    finding, _ = rotated([{"village_id": "V1", "doctors": 1}], parameters)
    assert [measure.value for measure in finding.measures] == [1, 5]


def test_a_range_of_months_widens_the_range_of_days():
    parameters = {
        "subjects": {"tiers": ["village_clinic"]}, "months_away": 3, "most_months_away": 6, "every_years_low": 3,
        "every_years_high": 5,
    }  # fmt: skip
    finding, _ = rotated([{"village_id": "V1", "doctors": 1}], parameters)
    assert [measure.value for measure in finding.measures] == [1, 18, 60]


def test_an_unknown_number_of_people_opens_the_figure_upwards():
    finding, _ = rotated([{"village_id": "V1", "doctors": 2}, {"village_id": "V2", "doctors": None}])
    people, _, least, _ = finding.measures
    assert (people.low, people.high, least.low, least.high) == (2, None, 40, None)
    assert ids(finding.unknown) == ["F2"]


def test_without_the_column_there_is_no_figure_of_rotation():
    finding, status = rotated([{"village_id": "V1"}])
    assert (status, finding.needs) == (Status.NOT_ASSESSED, ("facilities.doctors",))
    assert rotated([HOSPITAL])[1] is Status.NOT_APPLICABLE
