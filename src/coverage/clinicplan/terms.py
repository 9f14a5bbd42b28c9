"""Fix the words with one meaning: tiers, kinds, statuses, reasons and the columns of each layer (DESIGN section 2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

COUNTS_AS: Final[dict[str, tuple[str, ...]]] = {
    "county_medical_centre": ("county_medical_centre", "county_hospital"),
    "county_hospital": ("county_hospital",),
    "sub_centre": ("sub_centre", "central_township_hospital", "township_hospital"),
    "central_township_hospital": ("central_township_hospital", "township_hospital"),
    "township_hospital": ("township_hospital",),
    "community_centre": ("community_centre",),
    "community_station": ("community_station",),
    "central_clinic": ("central_clinic", "village_clinic"),
    "village_clinic": ("village_clinic",),
    "service_point": ("service_point",),
    "touring_stop": ("touring_stop",),
    "private_clinic": ("private_clinic",),
    "blood_point": ("blood_point",),
    "blood_vehicle_stop": ("blood_vehicle_stop",),
    "blood_store": ("blood_store",),
    "geriatric_hospital": ("geriatric_hospital",),
    "hospice": ("hospice",),
    "other": ("other",),
}
"""Every tier and the tiers it serves as, itself first."""

TIERS: Final = tuple(COUNTS_AS)
FIXED_TIERS: Final = TIERS[: TIERS.index("village_clinic") + 1]
"""Fixed facilities from the village clinic up: the service of the circle unless the region names others."""
SUPPLEMENT_TIERS: Final = ("service_point", "touring_stop")
"""Never in the main share; counted beside it."""

KINDS: Final = ("village", "community", "other")
STATUSES: Final = ("ordinary", "relocated", "urbanised", "planned_relocation")
EXEMPT_STATUSES: Final = ("relocated", "urbanised")
REASONS: Final = ("", "too_far", "off_road", "separate_component", "barrier", "no_facility", "pending")
MODES: Final = ("walk", "bicycle", "e_bike", "tricycle", "motorcycle", "car")
MOTOR_MODES: Final = ("tricycle", "motorcycle", "car")
OPERATING: Final = ("yes", "no", "")
"""An empty cell is unknown, never zero or no."""

COVERAGE_PRODUCTS: Final = frozenset({"tables"})
ISOCHRONE_PRODUCTS: Final = frozenset({"isochrones"})
AUDIT_PRODUCTS: Final = frozenset({"audit"})
ALL_PRODUCTS: Final = COVERAGE_PRODUCTS | ISOCHRONE_PRODUCTS | AUDIT_PRODUCTS | {"map"}
"""What a run makes: tables, the areas of each facility, the audit of the region's policy, the map."""

LAYER_NAMES: Final = (
    "boundary",
    "townships",
    "villages",
    "facilities",
    "roads",
    "natural_villages",
    "candidates",
    "urban_area",
    "barriers",
    "elevation",
)

REQUIRED_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "villages": ("village_id", "name", "township", "population", "geometry"),
    "natural_villages": ("natural_village_id", "village_id", "name", "geometry"),
    "candidates": ("candidate_id", "name", "village_id", "geometry"),
    "townships": ("township", "geometry"),
    "facilities": ("facility_id", "name", "tier", "geometry"),
}
OPTIONAL_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "villages": (
        "kind", "status", "population_hukou", "population_65", "population_year", "population_source",
        "development_class", "must_keep_clinic", "remote", "upgraded", "contracted", "coord_source",
        "contracted_people", "key_people", "contracted_key_people", "managed_elders", "touring_doctors", "served_by",
        "psych_service",
    ),
    "natural_villages": ("population",),
    "candidates": ("build_cost",),
    "townships": ("population", "rural_population", "infant_care", "psych_service", "eldercare_pilot"),
    "facilities": (
        "village_id", "township", "operating", "open_days", "sponsor", "doctors", "doctor_ages", "licensed_doctors",
        "gps", "degree_gps", "nurses", "physicians", "beds", "posts", "professional_posts", "filled_posts",
        "public_health_doctors", "child_doctors", "dedicated_child_doctors", "tcm_doctors", "support_staff",
        "ownership", "premises", "floor_area_m2", "standard", "integrated", "insured", "telemedicine",
        "information_system", "ct_rows", "equipment", "tcm_techniques", "diseases", "visits", "outside_county",
        "managed_by", "paired_with", "city_partner", "sit_in_days", "support_months", "sent_down", "consortium_lead",
        "grassroots_posts", "hospital_kind", "level_two_up", "government_run", "newly_built", "weak", "rebuilt",
        "departments", "ph_department", "geriatric", "psych_outpatient", "infectious_wing", "fever_clinic_qualified",
        "infection_tcm_doctors", "sentinel", "emergency_team", "critical_maternal_centre", "critical_newborn_centre",
        "chronic_centres", "occupational", "waste_information", "age_friendly", "eldercare_model",
        "model_child_centre", "surgery_level", "operations_l1", "senior_staff", "bachelor_staff", "child_gps",
        "child_staff", "public_health_assistants", "new_doctors", "new_doctor_ages", "new_doctors_diploma",
        "new_doctors_licensed", "below_diploma_doctors", "tcm_trained_doctors", "tcm_visits", "tcm_hall",
        "tcm_pharmacy", "tcm_equipment", "specialty", "famous_doctor_studio", "city_specialty", "appraisal",
        "patients", "managed_patients", "chronic_visits", "insurance_qualified", "qualifies", "smart",
        "smart_qualified",
    ),
}  # fmt: skip
LEVEL_COLUMNS: Final = ("surgery_level",)
"""Whole numbers that registers write as grades: 二级, 三级及以下."""
INTEGER_COLUMNS: Final = (
    "population", "population_hukou", "population_65", "population_year", "rural_population", "open_days", "doctors",
    "licensed_doctors", "gps", "degree_gps", "nurses", "physicians", "beds", "posts", "professional_posts",
    "filled_posts", "public_health_doctors", "child_doctors", "dedicated_child_doctors", "tcm_doctors",
    "support_staff", "ct_rows", "visits",
    "contracted_people", "key_people", "contracted_key_people", "managed_elders", "touring_doctors", "infant_care",
    "sit_in_days", "support_months", "sent_down", "grassroots_posts", "infection_tcm_doctors", "operations_l1",
    "senior_staff", "bachelor_staff", "child_gps", "child_staff", "public_health_assistants", "new_doctors",
    "below_diploma_doctors", "tcm_trained_doctors", "tcm_visits", "patients", "managed_patients", "chronic_visits",
    *LEVEL_COLUMNS,
)  # fmt: skip
NUMBER_COLUMNS: Final = ("floor_area_m2", "build_cost")
NAMED_COLUMNS: Final = (
    "specialty", "famous_doctor_studio", "city_specialty", "tcm_hall", "model_child_centre", "emergency_team",
    "infectious_wing", "critical_maternal_centre", "critical_newborn_centre", "tcm_equipment",
)  # fmt: skip
"""Yes/no columns in which registers also write the name of the thing: a name means yes."""
BOOLEAN_COLUMNS: Final = (
    "must_keep_clinic", "remote", "upgraded", "contracted", "integrated", "insured", "telemedicine",
    "information_system", "outside_county",
    "psych_service", "eldercare_pilot", "consortium_lead", "level_two_up", "government_run", "newly_built", "weak",
    "rebuilt", "ph_department", "geriatric", "psych_outpatient", "fever_clinic_qualified", "sentinel", "occupational",
    "waste_information", "age_friendly", "eldercare_model", "new_doctors_diploma", "new_doctors_licensed",
    "tcm_pharmacy", "insurance_qualified", "qualifies", "smart", "smart_qualified",
    *NAMED_COLUMNS,
)  # fmt: skip
LIST_COLUMNS: Final = (
    "doctor_ages", "new_doctor_ages", "equipment", "departments", "tcm_techniques", "diseases", "chronic_centres",
)  # fmt: skip


def serving_as(tiers: Iterable[str]) -> tuple[str, ...]:
    """Return every tier that serves as one of the tiers asked for.

    Examples
    --------
    >>> serving_as(["township_hospital"])
    ('sub_centre', 'central_township_hospital', 'township_hospital')
    """
    asked = set(tiers)
    return tuple(tier for tier, served in COUNTS_AS.items() if asked & set(served))


def kind_of_code(code: str) -> str:
    """Return the kind of unit a 12-digit statistical code stands for, `village` without such a code.

    The tenth digit says it: 2 or 3 a village, 0 or 1 a community, anything else another unit.

    Examples
    --------
    >>> kind_of_code("330624102201"), kind_of_code("330624001003"), kind_of_code("V7")
    ('village', 'community', 'village')
    """
    if len(code) != 12 or not code.isdigit():
        return "village"
    return {"2": "village", "3": "village", "0": "community", "1": "community"}.get(code[9], "other")
