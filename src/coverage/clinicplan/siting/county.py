"""Plan a county by the model its region file names: clinics with sharing, a location model, sub-centres, a quota."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from clinicplan.errors import Fault, InfeasibleError, Severity, SitingError
from clinicplan.siting.proposal import Proposal
from clinicplan.words import fault

if TYPE_CHECKING:
    from clinicplan.county import County
    from clinicplan.coverage import ServiceCircles

MOST_MINUTES: Final = 120.0
"""Limits beyond two hours are doubted: they look like seconds."""


def plan_county(county: County, circles: ServiceCircles) -> Proposal:
    """Propose a plan for a county.

    Parameters
    ----------
    county, circles
        The county and its service circles today; `[siting] model` of its region file says what is asked.

    Returns
    -------
    proposal
        The plan, its proof, its reasons and its notes; not yet checked.

    Raises
    ------
    SitingError
        If the question is not well posed: unknown ids, a number of sites out of range.
    InfeasibleError
        If no plan can satisfy the rules.
    """
    _require_sound(county)
    try:
        proposal = _plan(county, circles)
    except InfeasibleError as error:
        raise InfeasibleError(*error.faults, *_behind(county, circles, error)) from error
    return replace(proposal, notes=(*proposal.notes, *_doubts(county)))


def _plan(county: County, circles: ServiceCircles) -> Proposal:
    model = county.region.siting.model
    if model == "merge":
        from clinicplan.siting.merge.proposing import plan_merge

        return plan_merge(county, circles)
    if model == "sub_centres":
        from clinicplan.siting.sub_centres import plan_sub_centres

        return plan_sub_centres(county, circles)
    if model == "quota":
        from clinicplan.siting.quotas import plan_quota

        return plan_quota(county, circles)
    from clinicplan.siting.county_models import plan_location

    return plan_location(county, circles)


def _require_sound(county: County) -> None:
    """Refuse limits that contradict each other."""
    doctors = county.region.siting.doctors
    least, most = doctors.least_per_1000, doctors.most_per_1000
    if least is not None and most is not None and least > most:
        raise SitingError(_fault(county, "ratio_range", Severity.ERROR, least=f"{least:g}", most=f"{most:g}"))


def _behind(county: County, circles: ServiceCircles, error: InfeasibleError) -> list[Fault]:
    """Name the villages that no site can reach, where a share of people within the circle cannot be had."""
    if not any(item.code.startswith("limit.outside_limit") for item in error.faults):
        return []
    from clinicplan.siting.county_obstacles import unreached_homes
    from clinicplan.siting.merge.asking import site_bounds
    from clinicplan.siting.merge.ground import covered_by_fixed, siting_ground

    ground = siting_ground(county, circles)
    within, _ = covered_by_fixed(ground)
    _, most = site_bounds(ground, county.region.siting)
    return unreached_homes(ground, np.logical_not(within), most)


def _doubts(county: County) -> tuple[Fault, ...]:
    """Doubt minutes that look like seconds."""
    region = county.region
    siting, limit = region.siting, county.standard.limit_ms
    given = {
        "standard.minutes": None if limit is None else limit / 60_000,
        "siting.max_minutes_lost": siting.max_minutes_lost,
        "siting.merge.max_minutes": siting.merge.max_minutes,
        "siting.sub_centres.minutes": siting.sub_centres.minutes,
        "siting.quota.minutes": siting.quota.minutes,
    }
    odd = [f"{key} = {value:g}" for key, value in given.items() if value is not None and value > MOST_MINUTES]
    if not odd:
        return ()
    return (_fault(county, "like_seconds", Severity.NOTE, keys=", ".join(odd), most=f"{MOST_MINUTES:g}"),)


def _fault(county: County, code: str, severity: Severity, **values: str) -> Fault:
    file = county.region.siting_file()
    return fault(severity, code, subject="siting_county", layer="siting", file=file, **values)  # type: ignore[arg-type]
