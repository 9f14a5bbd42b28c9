"""A plan written by hand for the drawn county (`county.py`), and stand-ins for solver and check.

What it does, village by village: 东甲 raised to a central clinic that 东乙 shares (with a new service point there);
东丁 and 西乙 kept; 东己, out of operation today, opened again; 西戊 turned into a service point; one built in 中己; the
exempt 西丙 looks to H02; the others are left without arrangement. It is no good plan and claims not to be.
"""

from __future__ import annotations

import sys
import types

from clinicplan.errors import Phrase, Severity
from clinicplan.siting.proposal import Check, Objective, Proposal, SitePlan, VillagePlan
from clinicplan.words import fault

WHY = Phrase("若不建，1村333人超出5分钟", "=without it, 333 people lie outside")
VILLAGES = (
    VillagePlan("330624101201", "own", "C01", 32_471, 0),
    VillagePlan("330624101202", "shared", "C01", 540_001, 5_016),
    VillagePlan("330624101203", "none"),
    VillagePlan("330624101204", "own", "C02", 32_466, 0),
    VillagePlan("330624101206", "own", "C03", 30_000, 0),
    VillagePlan("330624102206", "own", "330624102206", 0, 0),
    VillagePlan("330624201202", "own", "C05", 32_455, 0),
    VillagePlan("330624201203", "community", "H02", 406_828, 0),
    VillagePlan("330624201205", "service_point", "", -1, -1),
)
SITES = (
    SitePlan("C01", "330624101201", "C01", "upgrade", "central_clinic", 2, 3_000_000, WHY),
    SitePlan("C02", "330624101204", "C02", "keep", "village_clinic", 1),
    SitePlan("C03", "330624101206", "C03", "build", "village_clinic", 1, 6_000_000, WHY),
    SitePlan("330624102206", "330624102206", "", "build", "village_clinic", 1, 6_000_000, WHY),
    SitePlan("C05", "330624201202", "C05", "keep", "village_clinic", 1),
    SitePlan("C06", "330624201205", "C06", "convert", "service_point", None, 500_000),
    SitePlan("330624101202-point", "330624101202", "", "build", "service_point", None, 500_000),
)
COSTS = {
    "build_cny": 160_000.0, "running_cny_per_year": 280_000.0, "yearly_cny": 290_666.67,
    "today_running_cny_per_year": 250_000.0, "by_action": {"build": 120_000.0},
}  # fmt: skip


def hand_plan(**changes):
    """Return the plan, with fields of `Proposal` changed."""
    values = {
        "model": "merge",
        "status": "gap",
        "objectives": (
            Objective("people_outside", 2_000, 2_000.0, proven=True),
            Objective("yearly_cost", 29_066_667, 29_000_000.0, proven=False),
        ),
        "engine": "HiGHS 1",
        "villages": VILLAGES,
        "sites": SITES,
        "costs": COSTS,
        "pareto": (
            {"build_cny": 0.0, "people_outside": 3_000, "exact": True, "gap": 0.0},
            {"build_cny": 160_000.0, "people_outside": 2_000, "exact": False, "gap": 0.01},
        ),
        "alternatives": ({"rank": 1, "opened": ["C06"], "left_out": [], "proven": True, "newly": {"a": 1}},),
        "sub_centres": (
            {"row": "set", "rank": 1, "sites": ["H02"], "person_minutes": 12.5},
            {"row": "facility", "facility_id": "H02", "lacks_text": {"zh": "还差2公里", "en": "2 km short"}},
        ),
        "notes": (fault(Severity.NOTE, "audit_skipped", layer="region"),),
    }
    return Proposal(**{**values, **changes})


def stand_in(monkeypatch, answer, *, holds=True):
    """Let the solver answer with a plan, or raise an error, and the check find that all is or is not so."""

    def plan_county(county, circles, *, watch=None):
        if isinstance(answer, Exception):
            raise answer
        return answer

    def check_plan(county, circles, plan):
        assert plan["villages"]
        return (Check("every_village_once", holds, Phrase("逐村核对", "village by village")),)

    for name, call in (("county", plan_county), ("check", check_plan)):
        module = types.ModuleType(f"clinicplan.siting.{name}")
        setattr(module, call.__name__, call)
        monkeypatch.setitem(sys.modules, module.__name__, module)
