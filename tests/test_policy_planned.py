"""A plan carried out on a county: what stands afterwards, where, and what is known of it."""

import json

import numpy as np
import pandas as pd
import pytest

from audit_county import audit_county, county_layers
from clinicplan.check.matching import match_own_clinics
from clinicplan.errors import PolicyError
from clinicplan.policy.planned import carry_out, plan_tables, read_plan

VILLAGES = [{"village_id": f"V{number}", "population": 300 * number} for number in range(1, 7)]
FACILITIES = [
    {"facility_id": "C1", "village_id": "V1", "tier": "village_clinic", "doctors": 1},
    {"facility_id": "C2", "village_id": "V2", "tier": "village_clinic", "doctors": 2, "operating": "no"},
    {"facility_id": "C3", "village_id": "V3", "tier": "village_clinic"},
    {"facility_id": "H1", "village_id": "V4", "tier": "central_township_hospital"},
]


def plan(sites=(), villages=()):
    return plan_tables({"sites": list(sites), "villages": list(villages)})


def carried(tables):
    layers = county_layers(VILLAGES, FACILITIES)
    matches = match_own_clinics(layers.villages, layers.facilities)
    return layers, carry_out(tables, layers, matches)


def site(site_id, action, village="", facility="", **more):
    return {"site_id": site_id, "village_id": village, "facility_id": facility, "action": action, **more}


def facility(county, name):
    frame = county.layers.facilities
    return frame[frame["facility_id"] == name].iloc[0]


def test_an_empty_plan_changes_nothing():
    layers, county = carried(plan())
    assert county.layers.facilities["facility_id"].tolist() == layers.facilities["facility_id"].tolist()
    assert (county.layers.facilities["plan_action"] == "").all()


def test_each_action_does_what_it_says():
    _, county = carried(
        plan(
            [
                site("C1", "upgrade", "V1", "C1", doctors=3),
                site("C2", "keep", "V2", "C2"),
                site("C3", "convert", "V3", "C3"),
                site("H1", "upgrade", "V4", "H1"),
                site("V5", "build", "V5", doctors=1),
            ]
        )
    )
    assert facility(county, "C1")["tier"] == "central_clinic"
    assert facility(county, "C1")["doctors"] == 3
    assert facility(county, "C2")["operating"] == "yes"
    assert facility(county, "C3")["tier"] == "service_point"
    assert facility(county, "H1")["tier"] == "sub_centre"
    built = facility(county, "V5")
    assert (built["tier"], built["operating"], built["doctors"], built["plan_action"]) == (
        "village_clinic",
        "yes",
        1,
        "build",
    )
    assert county.matches.clinics_of["V5"] == ("V5",)


def test_a_new_clinic_stands_at_its_village_and_nothing_else_is_known_of_it():
    layers, county = carried(plan([site("N1", "build", "V5", doctors=2)]))
    built = facility(county, "N1")
    village = layers.villages.set_index("village_id").geometry["V5"]
    assert built.geometry.equals(village)
    unknown = set(built.index) - {
        "facility_id", "name", "tier", "township", "village_id", "operating", "outside_county", "pending", "doctors",
        "plan_action", "geometry",
    }  # fmt: skip
    assert all(pd.isna(built[column]) for column in unknown - {"source_row"})


def test_a_closed_clinic_is_gone_and_the_matches_of_the_others_stay():
    layers, county = carried(plan([site("C1", "close", "V1", "C1")]))
    assert "C1" not in set(county.layers.facilities["facility_id"])
    assert county.matches.facility_id.tolist() == ["C2", "C3", "H1"]
    assert "V1" not in county.matches.clinics_of
    assert len(layers.facilities) == 4  # the county itself is left as it was


def test_a_new_clinic_that_villages_share_is_central():
    _, county = carried(
        plan(
            [site("N1", "build", "V5", "N1")],
            [{"village_id": "V6", "arrangement": "shared", "host_id": "N1"}],
        )
    )
    assert facility(county, "N1")["tier"] == "central_clinic"


def test_a_service_point_arranged_without_a_site_is_added_once():
    rows = [{"village_id": "V6", "arrangement": "service_point"}, {"village_id": "V3", "arrangement": "service_point"}]
    _, county = carried(plan([site("C3", "convert", "V3", "C3")], rows))
    points = county.layers.facilities[county.layers.facilities["tier"] == "service_point"]
    assert sorted(points["facility_id"]) == ["C3", "V6-point"]


def test_numbers_missing_in_a_plan_leave_the_register_as_it_is():
    _, county = carried(plan([site("C1", "keep", "V1", "C1", doctors=np.nan)]))
    assert facility(county, "C1")["doctors"] == 1


def test_no_plan_takes_a_doctor_away_from_a_clinic_that_stays():
    _, county = carried(plan([site("C1", "keep", "V1", "C1", doctors=0)]))
    assert facility(county, "C1")["doctors"] == 1


def test_all_faults_of_a_plan_are_named_at_once():
    with pytest.raises(PolicyError) as caught:
        plan([site("C1", "demolish"), site("C2", "kep")], [{"village_id": "V1", "arrangement": "nowhere"}])
    assert [fault.code for fault in caught.value.faults] == ["word", "word"]
    with pytest.raises(PolicyError) as caught:
        carried(plan([site("C9", "keep", "V1", "C9")], [{"village_id": "V99", "arrangement": "own"}]))
    assert [fault.ids for fault in caught.value.faults] == [("V99",), ("C9",)]


def test_a_plan_is_read_from_a_folder_or_a_file(tmp_path):
    table = {"sites": [site("C1", "keep", "V1", "C1")], "villages": [], "status": "optimal"}
    (tmp_path / "plan.json").write_text(json.dumps(table), encoding="utf-8")
    assert len(read_plan(tmp_path).sites) == len(read_plan(tmp_path / "plan.json").sites) == 1


@pytest.mark.parametrize("text", ["", "{", "[]", '{"sites": [{"site_id": "C1"}]}'])
def test_a_broken_plan_is_a_fault_not_a_traceback(tmp_path, text):
    (tmp_path / "plan.json").write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError):
        read_plan(tmp_path)


def test_no_plan_is_a_fault(tmp_path):
    with pytest.raises(PolicyError):
        read_plan(tmp_path)


def test_the_rules_see_the_plan():
    register = audit_county(VILLAGES, FACILITIES, planned=True)
    assert register.planned


def test_a_clinic_out_of_operation_that_is_built_opens_again_where_it_stands():
    layers, county = carried(plan([site("C2", "build", "V2", "C2", doctors=1, tier="central_clinic")]))
    opened = facility(county, "C2")
    assert (opened["operating"], opened["tier"], opened["doctors"]) == ("yes", "central_clinic", 1)
    assert len(county.layers.facilities) == len(layers.facilities)
    assert county.matches.clinics_of["V2"] == ("C2",)


def test_the_tier_of_a_built_site_is_what_the_plan_says():
    rows = [
        site("V6-point", "build", "V6", tier="service_point"),
        site("N1", "build", "V5", tier="central_clinic"),
        site("N2", "build", "V4", tier="village_clinic"),
    ]
    shared = [{"village_id": "V6", "arrangement": "shared", "host_id": "N2"}]
    layers, county = carried(plan(rows, shared))
    tiers = {name: facility(county, name)["tier"] for name in ("V6-point", "N1", "N2")}
    assert tiers == {"V6-point": "service_point", "N1": "central_clinic", "N2": "village_clinic"}
    place = layers.villages.set_index("village_id").geometry["V6"]
    assert facility(county, "V6-point").geometry.equals(place)
    assert facility(county, "V6-point")["plan_action"] == "service_point"


def test_an_unknown_tier_is_refused():
    with pytest.raises(PolicyError) as caught:
        plan([site("N1", "build", "V5", tier="palace")])
    assert [fault.code for fault in caught.value.faults] == ["word"]
