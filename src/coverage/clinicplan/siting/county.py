"""Plan a county by the model its region file names: clinics with sharing, a location model, sub-centres, a quota."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clinicplan.siting.proposal import Proposal

if TYPE_CHECKING:
    from clinicplan.county import County
    from clinicplan.coverage import ServiceCircles


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
