"""Test every clause of a policy document against a county: one result a clause."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Final

from clinicplan.check.matching import match_own_clinics
from clinicplan.policy.findings import Finding, Status, status_of
from clinicplan.policy.journeys import RoadJourneys
from clinicplan.policy.planned import PlannedCounty, PlanTables, carry_out, planned_circles
from clinicplan.policy.profile import Clause, Profile, read_profile
from clinicplan.policy.register import CountyRegister, county_register
from clinicplan.policy.rules import RULES
from clinicplan.policy.settings import AuditSettings

if TYPE_CHECKING:
    from clinicplan.check.matching import ClinicMatches
    from clinicplan.coverage import ServiceCircles
    from clinicplan.layers import CountyLayers

_NO_DOCUMENT: Final = Profile(id="none", title="—", title_en="—")
"""Stands in a county's tables until a document is taken up."""


@dataclass(frozen=True)
class ClauseResult:
    """How a county stands under one clause.

    Parameters
    ----------
    clause
        The clause.
    status
        The verdict, or why there is none.
    finding
        Figures, who fails, who is unknown.
    deadline
        The deadline that counts: the earliest whose part is not met, else the last; None where there is none.
    overdue
        Whether the deadline lies before the day of the audit; None without a deadline. Not a verdict.
    planned_status, planned_finding
        The same with the plan carried out; None without a plan.
    """

    clause: Clause
    status: Status
    finding: Finding
    deadline: date | None = None
    overdue: bool | None = None
    planned_status: Status | None = None
    planned_finding: Finding | None = None

    @property
    def met(self) -> bool | None:
        """Whether the comparison holds, also where it is only reported; None where open."""
        return self.finding.holds if self.finding.applicable else None


@dataclass(frozen=True, eq=False)
class Audit:
    """How a county stands under one document.

    Parameters
    ----------
    profile
        The document.
    settings
        What the county sets.
    results
        One a clause, in the order of the document.
    """

    profile: Profile
    settings: AuditSettings
    results: tuple[ClauseResult, ...]

    def __repr__(self) -> str:
        counts = ", ".join(f"{count} {status}" for status, count in self.counts.items() if count)
        return f"Audit({self.profile.id}: {counts})"

    def __iter__(self) -> Iterator[ClauseResult]:
        return iter(self.results)

    def __getitem__(self, clause: str) -> ClauseResult:
        return next(result for result in self.results if result.clause.id == clause)

    @property
    def counts(self) -> dict[str, int]:
        """Number of clauses by status."""
        return {str(status): sum(result.status is status for result in self.results) for status in Status}


def audit(
    layers: CountyLayers,
    times: ServiceCircles,
    *,
    policy: str | Profile,
    settings: AuditSettings,
    matches: ClinicMatches | None = None,
    plan: PlanTables | None = None,
) -> Audit:
    """Test every clause of a document.

    Parameters
    ----------
    layers
        The county, as `read_layers` returns it.
    times
        Its service circles, whose roads answer what clauses ask of travel; a clause of road distance needs `car`
        among the modes.
    policy
        Id of a built-in profile, path of a profile file, or a profile.
    settings
        Name, day, target share, own standard and thresholds of the county.
    matches
        Own clinics of villages; default matched here.
    plan
        A plan as plain tables; adds the planned status of each clause.

    Returns
    -------
    audit
        One result a clause.

    Raises
    ------
    PolicyError
        If the policy is neither built in nor a profile file.
    """
    ground = audit_ground(layers, times, settings=settings, matches=matches, plan=plan)
    return audit_on(ground, policy if isinstance(policy, Profile) else read_profile(policy))


@dataclass(frozen=True, eq=False)
class AuditGround:
    """A county set up once for any number of documents.

    Parameters
    ----------
    today
        The county as it is.
    planned
        The county with a plan carried out, or None.
    """

    today: CountyRegister
    planned: CountyRegister | None = None


def audit_ground(
    layers: CountyLayers,
    times: ServiceCircles,
    *,
    settings: AuditSettings,
    matches: ClinicMatches | None = None,
    plan: PlanTables | None = None,
) -> AuditGround:
    """Set up a county for its audit; see `audit` for the parameters."""
    own = matches or _own_clinics(layers)
    today = county_register(_NO_DOCUMENT, settings, layers, RoadJourneys(times), own)
    if plan is None:
        return AuditGround(today)
    county = carry_out(plan, layers, own)
    return planned_ground(AuditGround(today), county, planned_circles(county, times))


def planned_ground(ground: AuditGround, county: PlannedCounty, times: ServiceCircles) -> AuditGround:
    """Add the county with a plan carried out, and its service circles, to the ground of an audit."""
    settings, journeys = ground.today.settings, RoadJourneys(times)
    register = county_register(_NO_DOCUMENT, settings, county.layers, journeys, county.matches, planned=True)
    return replace(ground, planned=register)


def audit_on(ground: AuditGround, profile: Profile) -> Audit:
    """Test every clause of a document on a county set up before."""
    today = replace(ground.today, profile=profile)
    planned = None if ground.planned is None else replace(ground.planned, profile=profile)
    results = tuple(_result(clause, today, planned) for clause in profile.clauses)
    return Audit(profile, today.settings, results)


def _own_clinics(layers: CountyLayers) -> ClinicMatches:
    return match_own_clinics(
        layers.villages, layers.facilities, townships=layers.townships, polygons=layers.village_areas
    )


def _result(clause: Clause, today: CountyRegister, planned: CountyRegister | None) -> ClauseResult:
    finding = _finding(clause, today)
    deadline = _deadline(clause, finding)
    result = ClauseResult(
        clause,
        status_of(clause, finding),
        finding,
        deadline,
        None if deadline is None else deadline < today.settings.day,
    )
    if planned is None:
        return result
    later = _finding(clause, planned)
    return replace(result, planned_status=status_of(clause, later), planned_finding=later)


def _finding(clause: Clause, county: CountyRegister) -> Finding:
    if clause.needs_plan and not county.planned:
        return Finding.lacking("plan")
    return RULES[clause.kind](clause, county)


def _deadline(clause: Clause, finding: Finding) -> date | None:
    if not clause.deadlines:
        return None
    if finding.unmet_part is not None and finding.unmet_part < len(clause.deadlines):
        return clause.deadlines[finding.unmet_part]
    return clause.deadlines[-1]
