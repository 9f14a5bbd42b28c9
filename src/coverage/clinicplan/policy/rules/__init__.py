"""Test clauses: one function a kind, listed here; each takes a clause and a county's tables and returns a finding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from clinicplan.policy.findings import Finding
from clinicplan.policy.profile import Clause
from clinicplan.policy.register import CountyRegister
from clinicplan.policy.rules.ages import staff_age
from clinicplan.policy.rules.assignments import assignment
from clinicplan.policy.rules.circles import exempt, service, service_circle
from clinicplan.policy.rules.classes import classification, village_class
from clinicplan.policy.rules.clinics import fixed_service_point, merge, one_village_one_clinic
from clinicplan.policy.rules.costs import cost
from clinicplan.policy.rules.minimums import equipment, minimum, premises
from clinicplan.policy.rules.quotas import quota
from clinicplan.policy.rules.ratios import ratio
from clinicplan.policy.rules.reach import referral_chain, remote, rotation, touring
from clinicplan.policy.rules.shares import share
from clinicplan.policy.rules.spacings import spacing

Rule = Callable[[Clause, CountyRegister], Finding]

RULES: Final[dict[str, Rule]] = {
    "service_circle": service_circle,
    "service": service,
    "one_village_one_clinic": one_village_one_clinic,
    "merge": merge,
    "exempt": exempt,
    "fixed_service_point": fixed_service_point,
    "touring": touring,
    "remote": remote,
    "spacing": spacing,
    "quota": quota,
    "ratio": ratio,
    "minimum": minimum,
    "share": share,
    "equipment": equipment,
    "premises": premises,
    "staff_age": staff_age,
    "referral_chain": referral_chain,
    "classification": classification,
    "village_class": village_class,
    "assignment": assignment,
    "rotation": rotation,
    "cost": cost,
}
"""Every kind of clause and the rule that tests it."""

__all__ = ["RULES", "Rule"]
