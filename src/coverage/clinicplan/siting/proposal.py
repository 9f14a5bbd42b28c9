"""Hold a plan for a county: what becomes of every village and site, what it costs, how good it is, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from clinicplan.errors import Fault, Language, Phrase, fault_line
from clinicplan.siting.problem import Status

if TYPE_CHECKING:
    import pandas as pd

Arrangement = Literal[
    "own", "shared", "township_hospital", "community", "service_point", "touring", "stationed", "telemedicine", "none"
]
Action = Literal["keep", "build", "upgrade", "convert", "close"]

OBJECTIVES: Final = {
    "people_without_arrangement": "people",
    "people_outside": "people",
    "changes_from_baseline": "sites",
    "yearly_cost": "fen",
    "person_time": "person_ms",
    "changes": "sites",
    "demand_covered": "people",
    "people_covered_twice": "people",
    "people_within_30": "people",
    "sites": "sites",
    "largest_time": "ms",
    "least_distance": "mm",
}
"""Every objective a plan may have, with its whole unit."""
NOTHING: Final = Phrase("", "")


@dataclass(frozen=True)
class Objective:
    """One objective of a plan, in the order they were optimised.

    Parameters
    ----------
    name
        A key of `OBJECTIVES`.
    value, bound
        Of the plan, and the best there can be once the earlier objectives are kept; whole units.
    proven
        Whether the bound proves the value.
    """

    name: str
    value: int
    bound: float
    proven: bool

    @property
    def gap(self) -> float:
        """Distance of the bound as a share of the value; 0 where proven."""
        return 0.0 if self.proven else abs(self.value - self.bound) / max(abs(self.value), 1)


@dataclass(frozen=True)
class VillagePlan:
    """What becomes of one village.

    Parameters
    ----------
    village_id
        The village.
    arrangement
        How it is provided for.
    host_id
        The site or facility that serves it, empty where none does.
    time_ms
        Mean over its people from home to `host_id` by the mode of the standard, -1 without a host or a way.
    lost_ms
        How much longer than today's way to the nearest service, 0 where it is no longer; -1 where either is unknown.
    """

    village_id: str
    arrangement: Arrangement
    host_id: str = ""
    time_ms: int = -1
    lost_ms: int = -1


@dataclass(frozen=True)
class SitePlan:
    """What becomes of one site.

    Parameters
    ----------
    site_id
        Facility id of what stands today, candidate id, or village id of a new site at the village's point.
    village_id, facility_id
        The village it belongs to; the facility that stands there today, empty where none does.
    action
        What is done.
    tier
        What it is afterwards: village_clinic, central_clinic, service_point, sub_centre; empty where closed.
    doctors
        How many it has afterwards; None where not planned.
    cost_fen
        One-off money of the action.
    why
        One computed sentence.
    """

    site_id: str
    village_id: str
    facility_id: str
    action: Action
    tier: str
    doctors: int | None = None
    cost_fen: int = 0
    why: Phrase = NOTHING


@dataclass(frozen=True)
class Check:
    """One claim of a plan derived anew from the region and the plan alone."""

    rule: str
    holds: bool
    detail: Phrase = NOTHING


@dataclass(frozen=True, eq=False)
class Proposal:
    """A plan for a county.

    Parameters
    ----------
    model
        What proposed it: `merge`, `sub_centres`, or a location model.
    status
        `optimal` where every objective is proven, `gap` otherwise.
    objectives
        In the order they were optimised.
    engine
        What solved and proved it.
    villages, sites
        What becomes of each.
    costs
        Money: `build_cny` (one-off), `running_cny_per_year`, `yearly_cny` (with the one-off money spread over its
        years), `today_running_cny_per_year`, and `by_action` (one-off by action).
    sub_centres
        Sets compared and what each loser lacks; empty for other models.
    quotas
        Sites chosen for a service with a quota; empty for other models.
    pareto
        Points of cost against people outside; empty where not asked.
    alternatives
        Other plans nearly as good; empty where not asked.
    checks
        Claims derived anew.
    notes
        What the planner must know: assumptions, limits not set, villages without arrangement.
    """

    model: str
    status: Status
    objectives: tuple[Objective, ...]
    engine: str
    villages: tuple[VillagePlan, ...]
    sites: tuple[SitePlan, ...]
    costs: dict[str, Any] = field(default_factory=dict)
    sub_centres: tuple[dict[str, Any], ...] = ()
    quotas: tuple[dict[str, Any], ...] = ()
    pareto: tuple[dict[str, Any], ...] = ()
    alternatives: tuple[dict[str, Any], ...] = ()
    checks: tuple[Check, ...] = ()
    notes: tuple[Fault, ...] = ()

    def __repr__(self) -> str:
        counts = {action: self.count(action) for action in ("keep", "build", "upgrade", "convert", "close")}
        text = ", ".join(f"{count} {action}" for action, count in counts.items() if count)
        return f"Proposal({self.model}: {text or 'no change'}, {self.status})"

    def count(self, action: str) -> int:
        """Return how many clinics an action concerns; new service points are no clinics."""
        return sum(site.action == action and (action != "build" or site.tier != "service_point") for site in self.sites)

    @property
    def gap(self) -> float:
        """Largest gap of any objective, 0 where all are proven."""
        return max((objective.gap for objective in self.objectives), default=0.0)

    @property
    def bound(self) -> float:
        """Bound of the first objective that is not proven, else of the last."""
        open_ones = [objective for objective in self.objectives if not objective.proven]
        chosen = open_ones[0] if open_ones else (self.objectives[-1] if self.objectives else None)
        return float("nan") if chosen is None else chosen.bound

    def to_json(self, lang: Language) -> dict[str, Any]:
        """Return what stands in `plan.json` (DESIGN section 5); minutes and yuan beside whole units."""
        return {
            "model": self.model,
            "status": self.status,
            "objectives": [
                {
                    "name": item.name, "unit": OBJECTIVES[item.name], "value": item.value,
                    "bound": _number(item.bound), "gap": round(item.gap, 8), "proven": item.proven,
                }
                for item in self.objectives
            ],
            "bound": _number(self.bound),
            "gap": round(self.gap, 8),
            "engine": self.engine,
            "villages": [
                {
                    "village_id": item.village_id, "arrangement": item.arrangement, "host_id": item.host_id,
                    "time_min": _minutes(item.time_ms), "minutes_lost": _minutes(item.lost_ms),
                    "time_ms": item.time_ms, "lost_ms": item.lost_ms,
                }
                for item in self.villages
            ],
            "sites": [
                {
                    "site_id": item.site_id, "village_id": item.village_id, "facility_id": item.facility_id,
                    "action": item.action, "doctors": item.doctors, "cost": item.cost_fen / 100,
                    "why": item.why.text(lang), "tier": item.tier,
                }
                for item in self.sites
            ],
            "sub_centres": list(self.sub_centres),
            "quotas": list(self.quotas),
            "costs": self.costs,
            "alternatives": list(self.alternatives),
            "checks": [
                {"rule": item.rule, "holds": item.holds, "detail": item.detail.text(lang)} for item in self.checks
            ],
            "notes": [fault_line(item, lang) for item in self.notes],
        }  # fmt: skip

    def to_frame(self) -> pd.DataFrame:
        """Return one row a village: `village_id, arrangement, host_id, time_ms, lost_ms`."""
        import pandas as pd

        return pd.DataFrame([vars(item) for item in self.villages])


def _number(value: float) -> float | int | None:
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - NaN differs from itself
        return None
    return int(value) if float(value).is_integer() else round(float(value), 6)


def _minutes(time_ms: int) -> float | None:
    return None if time_ms < 0 else round(time_ms / 60_000, 4)
