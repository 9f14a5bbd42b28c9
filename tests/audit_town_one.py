"""The first town of the audit, drawn by hand so that every clause can be worked out on paper.

A county of 500,000 residents (示例县) on one straight main road, nodes each kilometre, with four branches. Coordinates
in this text are kilometres east and north of the county medical centre M1::

    y
    5.000004       V07,C4X (road on to y = 6)
    3.75            |                                                            V04 (road on to y = 6)
    0.1             |                                                            |       [S1]
    0   H2-V06------+-V08--U1------M1-B1-K1-V11-------------V03--------V02------V01------V05--+
           C3       | C5   Z1                               P1         C2       |C1
    -3.750004       |                                                           V10 (road on to y = -6)
    -5             V09 (road on to y = -6)
    x  -14.999 -14 -9      -4      0  0.5 1  2              7.5        10       12      14.9  16

Walk 4 km/h (15 min a km), e-bike 15 km/h (4 min a km), car 30 km/h (2 min a km); the e-bike is the mode of the
standard. Every point lies on the road, but S1: 100 m north of it at x = 14.9, so that M1 is 14,900 + 100 = 15,000 m off
by road and 14,900.3 m in a straight line. H2 is 14,999 m from M1; it is a central hospital and no sub-centre. V08 and
C5 stand at the crossing (-9, 0), V01 and C1 at the crossing (12, 0).

- 东岭镇 (east): V01 (central clinic C1), V02 (C2), V03 (no clinic; service point P1; 500 people, 2.5 km and 10 minutes
  from C2, next to V02), V04 (none; 3.75 km and 15 minutes from C1), V05 (none; the hospital S1 stands in it), V10
  (none; 4 mm farther from C1 than V04, which an e-bike rides in one millisecond).
- 西河镇 (west): V06 (C3; H2 stands in it), V07 (C4, which is out of operation; one millisecond farther from C5 than
  V09), V08 (C5; 5 km and 20 minutes from the station Z1), V09 (none; 5 km and 20 minutes from C5).
- 城关街道 (street, community centre K1 only): community U1 (station Z1), village V11, wholly demolished (urbanised),
  1 km and 4 minutes from K1.

People live in the village points. The ten villages V01 to V10 have 10,000 residents in all; V07, V09 and V10 together
1,000; the townships layer has larger figures, since the town shows only some of their villages.

Nearest by e-bike, minutes:

====  =======================  ==========================  =====================================
id    central clinic (body)    any clinic or P1            any clinic or station
====  =======================  ==========================  =====================================
V01   C1 0                     C1 0                        C1 0
V02   C1 8                     C2 0                        C2 0
V03   C1 18                    P1 0 (C2 10)                C2 10
V04   C1 15                    C1 15                       C1 15
V05   C1 11.6                  C1 11.6                     C1 11.6
V06   C1 104                   C3 0                        C3 0
V07   C1 104                   C5 20 and 1 ms              C5 20 and 1 ms
V08   C1 84                    C5 0                        C5 0
V09   C1 104                   C5 20                       C5 20
V10   C1 15 and 1 ms           C1 15 and 1 ms              C1 15 and 1 ms
====  =======================  ==========================  =====================================

The register is filled: every cell that a clause of the five documents asks for is known. C4 has a full row too, and one
general practitioner, the one whom the county lacks, but it counts nowhere, since it is out of operation. Columns that
make no sense for an institution (the beds of a clinic) are empty.

What each clause finds stands in `goldens/audit_town_one.csv`, each row with its sum.
"""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np

from audit_county import CRS, ORIGIN, county_layers

DAY = date(2026, 11, 21)
SPEEDS_KMH = {"e_bike": 15, "walk": 4, "car": 30}
ROADS = (
    tuple((x, 0) for x in range(-16, 17)),
    tuple((12, y) for y in range(7)),
    tuple((12, -y) for y in range(7)),
    tuple((-9, y) for y in range(7)),
    tuple((-9, -y) for y in range(7)),
)

EAST, WEST, STREET = "东岭镇", "西河镇", "城关街道"

TOWNSHIPS = {
    EAST: {"population": 50_001, "rural_population": 40_000, "infant_care": 1, "eldercare_pilot": True},
    WEST: {"population": 50_000, "rural_population": 16_000, "infant_care": 0, "eldercare_pilot": False},
    STREET: {"population": 399_999, "rural_population": 1_000, "infant_care": 2, "eldercare_pilot": False},
}
"""Residents 500,000 in all; every township has social psychological service."""

VILLAGES = {
    "V01": (EAST, (12, 0), 2800),
    "V02": (EAST, (10, 0), 1001),
    "V03": (EAST, (7.5, 0), 500),
    "V04": (EAST, (12, 3.75), 600),
    "V05": (EAST, (14.9, 0), 1699),
    "V06": (WEST, (-14, 0), 1400),
    "V07": (WEST, (-9, 5.000004), 200),
    "V08": (WEST, (-9, 0), 1000),
    "V09": (WEST, (-9, -5), 500),
    "V10": (EAST, (12, -3.750004), 300),
    "V11": (STREET, (2, 0), 1000),
    "U1": (STREET, (-4, 0), 9000),
}
"""Township, place and residents: V01 to V10 10,000, all twelve 20,000."""

CONTRACTED = {
    "V01": 1820, "V02": 651, "V03": 325, "V04": 390, "V05": 1104, "V06": 910, "V07": 130, "V08": 650, "V09": 325,
    "V10": 195, "V11": 650, "U1": 5849,
}  # fmt: skip
"""Residents with a family-doctor contract: 6,500 + 650 + 5,849 = 12,999."""
KEY_PEOPLE = {
    "V01": (140, 126), "V02": (50, 45), "V03": (25, 22), "V04": (30, 27), "V05": (85, 77), "V06": (70, 63),
    "V07": (10, 9), "V08": (50, 45), "V09": (25, 23), "V10": (15, 13), "V11": (50, 45), "U1": (450, 405),
}  # fmt: skip
"""People of the key groups and those with a contract: 500 + 50 + 450 = 1,000 and 450 + 45 + 405 = 900."""
ELDERS = {
    "V01": (560, 420), "V02": (200, 150), "V03": (100, 75), "V04": (120, 90), "V05": (340, 255), "V06": (280, 210),
    "V07": (40, 30), "V08": (200, 150), "V09": (100, 75), "V10": (60, 45), "V11": (200, 150), "U1": (1800, 1349),
}  # fmt: skip
"""People of 65 and older and those managed: 2,000 + 200 + 1,800 = 4,000 and 1,500 + 150 + 1,349 = 2,999."""
NO_PSYCHOLOGY = ("V09", "V10", "V11")
"""Villages without social psychological service."""
NOT_CONTRACTED = ("V10",)
"""Villages that no family doctor comes to."""
REMOTE = ("V06", "V08")
TOURING_DOCTORS = {"V02": 1, "V07": 1}
CLASSES = {"V01": ("鼓励发展", True), "V02": ("鼓励发展", False), "V05": ("鼓励发展", True)}
"""Development class and whether upgraded; the others are of the class 适当发展 and not upgraded."""
SERVED_BY = {"S1": ("V01", "V02", "V03", "V04", "V05", "V10", "V11"), "H2": ("V06", "V07", "V08", "V09")}
"""Township hospital that tours each village."""

AREAS = {
    "V01": (11, -1, 13, 2),
    "V02": (9, -1, 11, 1),
    "V03": (6, -1, 9, 1),
    "V04": (11, 2, 13, 6),
    "V05": (13, -1, 16, 1),
    "V06": (-16, -1, -12.5, 1),
    "V07": (-10, 1, -8, 6),
    "V08": (-12.5, -2, -5, 1),
    "V09": (-10, -6, -8, -2),
    "V10": (11, -6, 13, -1),
    "V11": (1.5, -1, 6, 1),
    "U1": (-5, -1, 1.5, 1),
}
"""Village polygons (west, south, east, north): V03 touches V02 and V11, V04 and V10 V01, V07 and V09 V08."""
URBAN_AREA = (-3, -2, 3, 2)

PLACES = {
    "M1": ("county_medical_centre", STREET, "U1", (0, 0)),
    "S1": ("sub_centre", EAST, "V05", (14.9, 0.1)),
    "H2": ("central_township_hospital", WEST, "V06", (-14.999, 0)),
    "K1": ("community_centre", STREET, "U1", (1, 0)),
    "Z1": ("community_station", STREET, "U1", (-4, 0)),
    "C1": ("central_clinic", EAST, "V01", (12, 0)),
    "C2": ("village_clinic", EAST, "V02", (10, 0)),
    "C3": ("village_clinic", WEST, "V06", (-14, 0)),
    "C4": ("village_clinic", WEST, "V07", (-9, 5.000004)),
    "C5": ("village_clinic", WEST, "V08", (-9, 0)),
    "P1": ("service_point", EAST, "V03", (7.5, 0)),
    "B1": ("blood_point", STREET, "U1", (0.5, 0)),
}
"""Tier, township, village and place."""

COUNTY_HOSPITAL = {
    "M1": {
        "hospital_kind": "general", "hospital_level": 2, "level_two_up": True, "consortium_lead": True,
        "city_partner": "示例市中心医院",
        "emergency_team": True, "infectious_wing": False, "critical_maternal_centre": True,
        "critical_newborn_centre": False, "chronic_centres": "心脑血管疾病;癌症;高血压;糖尿病", "geriatric": True,
        "departments": "中医科;安宁疗护科", "equipment": "发热门诊;负压救护车", "occupational": True,
        "ph_department": True, "psych_outpatient": True, "sent_down": 49, "posts": 500, "grassroots_posts": 25,
        "operations_l1": 10, "chronic_visits": 350,
    },
}  # fmt: skip
TOWNSHIP_LEVEL = {
    "S1": {
        "standard": "community_hospital", "beds": 23, "physicians": 20, "nurses": 22, "degree_gps": 1,
        "tcm_doctors": 1, "public_health_doctors": 1, "public_health_assistants": 0, "child_gps": 1,
        "child_doctors": 1, "child_staff": 2, "dedicated_child_doctors": 2, "senior_staff": 3, "bachelor_staff": 5,
        "posts": 60, "professional_posts": 55, "filled_posts": 57, "paired_with": "M1", "sit_in_days": 1,
        "support_staff": 1, "support_months": 12, "ct_rows": 15, "surgery_level": 4, "specialty": True,
        "famous_doctor_studio": True, "city_specialty": True, "appraisal": "A", "diseases": 100, "tcm_techniques": 6,
        "tcm_hall": True, "departments": "中医科", "equipment": "救护车;负压救护车;氧疗设备;发热门诊;腹泻门诊",
        "fever_clinic_qualified": True, "sentinel": True, "telemedicine": True, "weak": False, "rebuilt": False,
        "operations_l1": 60, "patients": 400, "managed_patients": 280, "chronic_visits": 200,
        "model_child_centre": False, "newly_built": False,
    },
    "H2": {
        "standard": "basic", "beds": 20, "physicians": 10, "nurses": 10, "degree_gps": 1, "tcm_doctors": 1,
        "public_health_doctors": 0, "public_health_assistants": 1, "child_gps": 1, "child_doctors": 0,
        "child_staff": 1, "dedicated_child_doctors": 1, "senior_staff": 1, "bachelor_staff": 2, "posts": 40,
        "professional_posts": 35, "filled_posts": 38, "paired_with": "M1", "sit_in_days": 0, "support_staff": 0,
        "support_months": 11, "ct_rows": 0, "surgery_level": 2, "specialty": False, "famous_doctor_studio": False,
        "city_specialty": False, "appraisal": "B", "diseases": 75, "tcm_techniques": 5, "tcm_hall": False,
        "departments": "中医科", "equipment": "救护车;氧疗设备;发热诊室", "fever_clinic_qualified": False,
        "sentinel": False, "telemedicine": False, "weak": True, "rebuilt": True, "operations_l1": 30, "patients": 300,
        "managed_patients": 200, "chronic_visits": 150, "model_child_centre": False, "newly_built": False,
    },
    "K1": {
        "standard": "recommended", "beds": 480, "public_health_doctors": 2, "public_health_assistants": 0,
        "paired_with": "M1", "specialty": False, "famous_doctor_studio": True, "city_specialty": False,
        "appraisal": "A+", "diseases": 74, "tcm_techniques": 7, "tcm_hall": True,
        "departments": "慢病管理服务部;中医科;妇幼健康服务部", "equipment": "发热诊室", "fever_clinic_qualified": True,
        "sentinel": True, "telemedicine": True, "weak": False, "rebuilt": True, "newly_built": True,
        "ownership": "public", "government_run": False, "operations_l1": 0, "patients": 300, "managed_patients": 219,
        "chronic_visits": 120, "model_child_centre": True,
    },
}  # fmt: skip
TOWNSHIP_LEVEL_ALIKE = {
    "ph_department": True, "tcm_pharmacy": True, "tcm_equipment": True, "occupational": False, "eldercare_model": False,
}  # fmt: skip
VILLAGE_LEVEL = {
    "Z1": {
        "doctors": 2, "premises": "public", "tcm_techniques": 4, "telemedicine": True, "smart_qualified": True,
        "smart": True, "chronic_visits": 50,
    },
    "C1": {
        "doctors": 4, "doctor_ages": "69;68;67;66", "licensed_doctors": 2, "tcm_trained_doctors": 4,
        "below_diploma_doctors": 0, "new_doctors": 0, "standard": "recommended", "ownership": "public",
        "premises": "collective", "integrated": True, "managed_by": "S1", "qualifies": True,
        "insurance_qualified": True, "insured": True, "telemedicine": True,
        "equipment": "可起背观察床;AED;医保结算终端", "diseases": 20, "tcm_techniques": 4, "smart_qualified": True,
        "smart": True, "chronic_visits": 50,
    },
    "C2": {
        "doctors": 3, "doctor_ages": "69;68;65", "licensed_doctors": 2, "tcm_trained_doctors": 3,
        "below_diploma_doctors": 1, "new_doctors": 1, "new_doctor_ages": "65", "new_doctors_diploma": True,
        "new_doctors_licensed": True, "standard": "basic", "ownership": "public", "premises": "collective",
        "integrated": True, "managed_by": "S1", "qualifies": True, "insurance_qualified": True, "insured": True,
        "telemedicine": True, "equipment": "可起背观察床;AED", "diseases": 19, "tcm_techniques": 5,
        "smart_qualified": True, "smart": False, "chronic_visits": 40,
    },
    "C3": {
        "doctors": 2, "doctor_ages": "70;64", "licensed_doctors": 1, "tcm_trained_doctors": 2,
        "below_diploma_doctors": 1, "new_doctors": 1, "new_doctor_ages": "64", "new_doctors_diploma": True,
        "new_doctors_licensed": True, "standard": "basic", "ownership": "public", "premises": "public",
        "integrated": True, "managed_by": "H2", "qualifies": True, "insurance_qualified": True, "insured": False,
        "telemedicine": False, "equipment": "可起背观察床", "diseases": 25, "tcm_techniques": 4,
        "smart_qualified": False, "smart": False, "chronic_visits": 30,
    },
    "C4": {
        "doctors": 1, "doctor_ages": "72", "licensed_doctors": 1, "tcm_trained_doctors": 1,
        "below_diploma_doctors": 1, "new_doctors": 0, "standard": "basic", "ownership": "public",
        "premises": "doctor_home", "integrated": True, "managed_by": "H2", "qualifies": True,
        "insurance_qualified": True, "insured": True, "telemedicine": True, "equipment": "血压计", "diseases": 20,
        "tcm_techniques": 4, "smart_qualified": True, "smart": True, "chronic_visits": 1000,
    },
    "C5": {
        "doctors": 1, "doctor_ages": "67", "licensed_doctors": 0, "tcm_trained_doctors": 0,
        "below_diploma_doctors": 1, "new_doctors": 0, "standard": "none", "ownership": "private",
        "premises": "doctor_home", "integrated": False, "managed_by": "H2", "qualifies": False,
        "insurance_qualified": False, "insured": False, "telemedicine": False, "equipment": "血压计", "diseases": 20,
        "tcm_techniques": 3, "smart_qualified": False, "smart": False, "chronic_visits": 10,
    },
}  # fmt: skip
"""Operating clinics C1, C2, C3 and C5 have 4 + 3 + 2 + 1 = 10 doctors, 2 + 2 + 1 + 0 = 5 of them licensed."""
VILLAGE_LEVEL_ALIKE = {"support_staff": 0}

GPS = {"M1": 200, "S1": 20, "H2": 10, "K1": 15, "Z1": 2, "C1": 1, "C2": 1, "C3": 0, "C4": 1, "C5": 0, "P1": 0, "B1": 0}
"""General practitioners: 249 without C4."""
VISITS = {
    "M1": (3501, 300), "S1": (2000, 700), "H2": (1500, 500), "K1": (1200, 400), "Z1": (300, 100), "C1": (500, 100),
    "C2": (400, 80), "C3": (300, 40), "C4": (1000, 1000), "C5": (299, 29), "P1": (0, 0), "B1": (0, 0),
}  # fmt: skip
"""Visits in all and those of Chinese medicine: 6,499 and 1,949 without M1 and C4, 10,000 visits with M1."""
ON_PLATFORM = ("M1", "S1", "H2", "K1", "Z1", "C1", "C2", "C3", "C4")
AGE_FRIENDLY = ("M1", "S1", "H2", "K1", "Z1", "C1", "C2", "C4")
WASTE_INFORMATION = ("M1", "S1", "H2", "K1", "Z1", "C1", "C2", "C3", "C4")

RESIDENTS = (199_999, 200_000, 499_999, 500_001, 999_999, 1_000_000, 1_000_001)
"""Residents of the whole county on both sides of each limit, where the street has more or fewer people than drawn."""
CHANGES = {
    **{f"{people} residents": {STREET: {"population": people - 100_001}} for people in RESIDENTS},
    "many rural residents": {
        EAST: {"rural_population": 260_000},
        WEST: {"rural_population": 170_000},
        "H2": {"tier": "township_hospital"},
    },
    "staff": {
        "S1": {"child_gps": 0, "public_health_doctors": 3, "tcm_doctors": 0, "diseases": 99},
        "H2": {"public_health_assistants": 0},
        "C3": {"doctor_ages": "70;69"},
        "C5": {"doctors": 0, "doctor_ages": ""},
    },
    "hospital of Chinese medicine": {
        "M1": {"hospital_kind": "tcm", "departments": "感染性疾病科", "infection_tcm_doctors": 1},
    },
    "hospital of Chinese medicine without a doctor": {
        "M1": {"hospital_kind": "tcm", "departments": "感染性疾病科", "infection_tcm_doctors": 0},
    },
    "psychiatric hospital": {"M1": {"hospital_kind": "psychiatric", "psych_outpatient": False}},
}
"""Changed cells by township or facility; what clauses then find is in `goldens/audit_town_one_changes.csv`."""


def village_rows():
    """Return the villages as rows."""
    toured = {village: hospital for hospital, names in SERVED_BY.items() for village in names}
    return [
        {
            "village_id": village,
            "name": f"{village}社区" if village == "U1" else f"{village}村",
            "township": township,
            "kind": "community" if village == "U1" else "village",
            "status": "urbanised" if village == "V11" else "ordinary",
            "population": people,
            "contracted": village not in NOT_CONTRACTED,
            "contracted_people": CONTRACTED[village],
            "key_people": KEY_PEOPLE[village][0],
            "contracted_key_people": KEY_PEOPLE[village][1],
            "population_65": ELDERS[village][0],
            "managed_elders": ELDERS[village][1],
            "psych_service": _word(village not in NO_PSYCHOLOGY),
            "remote": village in REMOTE,
            "touring_doctors": TOURING_DOCTORS.get(village, 0),
            "development_class": CLASSES.get(village, ("适当发展", False))[0],
            "upgraded": CLASSES.get(village, ("适当发展", False))[1],
            "served_by": toured.get(village, ""),
            **_metres(spot),
        }
        for village, (township, spot, people) in VILLAGES.items()
    ]


def facility_rows():
    """Return the facilities as rows."""
    registers = [COUNTY_HOSPITAL, TOWNSHIP_LEVEL, VILLAGE_LEVEL]
    rows = []
    for facility, (tier, township, village, spot) in PLACES.items():
        own = {name: value for register in registers for name, value in register.get(facility, {}).items()}
        alike = TOWNSHIP_LEVEL_ALIKE if facility in TOWNSHIP_LEVEL else {}
        alike = VILLAGE_LEVEL_ALIKE if facility in VILLAGE_LEVEL else alike
        known = {
            "gps": GPS[facility],
            "visits": VISITS[facility][0],
            "tcm_visits": VISITS[facility][1],
            "information_system": facility in ON_PLATFORM,
            "age_friendly": facility in AGE_FRIENDLY,
            "waste_information": facility in WASTE_INFORMATION,
            "sentinel": False,
        }
        rows.append(
            {
                "facility_id": facility,
                "name": f"示例{facility}",
                "tier": tier,
                "township": township,
                "village_id": village,
                "operating": "no" if facility == "C4" else "yes",
                **_metres(spot),
                **{name: _cell(name, value) for name, value in (known | alike | own).items()},
            }
        )
    return rows


def township_rows():
    """Return the townships as rows."""
    return [
        {"township": name, "psych_service": _word(True), **{key: _cell(key, value) for key, value in row.items()}}
        for name, row in TOWNSHIPS.items()
    ]


def changed_layers(change):
    """Return the town's layers after one of `CHANGES`."""
    cells = CHANGES[change]
    townships, facilities = township_rows(), facility_rows()
    for row in (*townships, *facilities):
        row.update(cells.get(row.get("facility_id", row["township"]), {}))
    return layers(facilities=facilities, townships=townships)


def layers(*, villages=None, facilities=None, townships=None):
    """Return the town's layers, with other rows where given."""
    return county_layers(
        village_rows() if villages is None else villages,
        facility_rows() if facilities is None else facilities,
        township_rows() if townships is None else townships,
        village_areas={name: tuple(1000 * side for side in box) for name, box in AREAS.items()},
        urban_area=tuple(1000 * side for side in URBAN_AREA),
    )


def settings():
    """Return what the county sets: a target of 90 % of the people, 20 minutes of its own, thresholds for sharing."""
    from clinicplan.policy.settings import AuditSettings
    from clinicplan.region import MergeTable

    merge = MergeTable(max_people=500, max_minutes=10, max_km=5, same_township=True, adjacent=True)
    return AuditSettings(county="示例县", day=DAY, target_share=0.9, minutes=20, merge=merge)


def network(mode):
    """Return the roads of one mode."""
    from clinicplan.network import RoadNetwork

    numbers: dict[tuple[float, float], int] = {}
    for spots in ROADS:
        for spot in spots:
            numbers.setdefault(spot, len(numbers))
    pieces = [(numbers[start], numbers[end]) for spots in ROADS for start, end in pairwise(spots)]
    both = np.array([*pieces, *((end, start) for start, end in pieces)], dtype=np.int32)
    n = len(both)
    segment = np.tile(np.arange(len(pieces), dtype=np.int32), 2)
    x, y = (1000.0 * np.array(list(numbers)).T) + np.array(ORIGIN)[:, None]
    return RoadNetwork(
        n_nodes=len(numbers),
        tail=both[:, 0],
        head=both[:, 1],
        time_ms=np.full(n, 3_600_000 // SPEEDS_KMH[mode], dtype=np.int32),
        length_mm=np.full(n, 1_000_000, dtype=np.int32),
        x=x,
        y=y,
        segment=segment,
        joinable=np.ones(n, dtype=bool),
        through=np.ones(n, dtype=bool),
        crs=CRS,
        mode=mode,
    )


def circles(county=None):
    """Return the service circles of the town: 20 minutes by e-bike, with walking and cars beside."""
    from clinicplan.coverage import CircleRule, service_circles
    from clinicplan.standard import Standard

    county = county or layers()
    roads = {mode: network(mode) for mode in SPEEDS_KMH}
    rule = CircleRule(Standard.from_minutes(20, [15, 20]), "e_bike")
    return service_circles(county.villages, county.facilities, roads, rule)


def _metres(spot):
    return {"x_m": 1000.0 * spot[0], "y_m": 1000.0 * spot[1]}


def _cell(name, value):
    """Return a yes or no as the layer has it: typed where the column is one of ours, else a word."""
    from clinicplan.terms import BOOLEAN_COLUMNS

    return _word(value) if isinstance(value, bool) and name not in BOOLEAN_COLUMNS else value


def _word(flag):
    return "是" if flag else "否"
