"""Check a plan: the table of contents of what is derived anew for each model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from clinicplan.siting.check import (
    arrangement_rules,
    ids,
    location_rules,
    money,
    objectives,
    quota_rules,
    site_rules,
    times,
)
from clinicplan.siting.check.roads import PlannedRoads
from clinicplan.siting.check.world import PlanWorld
from clinicplan.siting.proposal import Check

if TYPE_CHECKING:
    from clinicplan.county import County
    from clinicplan.coverage import ServiceCircles


def check_plan(county: County, circles: ServiceCircles, plan: Mapping[str, Any]) -> tuple[Check, ...]:
    """Derive every claim of a plan from the county and the plan alone.

    Roads are searched again with the plan's sites on them; money, people and times are added up again in whole fen,
    people and milliseconds. Nothing of the models is used, so that an error there cannot hide here.

    Parameters
    ----------
    county
        The county as read: region, layers, roads, own clinics.
    circles
        Its service circles of today.
    plan
        The plan as it stands in `plan.json`.

    Returns
    -------
    checks
        One a rule, in a fixed order. A rule that the region does not set holds.

    Raises
    ------
    OSError
        If the region names a baseline that cannot be read.

    Examples
    --------
    >>> checks = check_plan(county, circles, proposal.to_json("en"))  # doctest: +SKIP
    >>> [check.rule for check in checks if not check.holds]  # doctest: +SKIP
    []
    """
    world = PlanWorld(county, circles, plan)
    model = str(plan.get("model"))
    if model == "merge":
        return tuple(_merge_checks(world))
    if model in quota_rules.MODELS:
        return tuple(quota_rules.check_chosen(world))
    return tuple(location_rules.check_location(world))


def _merge_checks(world: PlanWorld) -> Iterator[Check]:
    roads = PlannedRoads(world, world.circles.rule.mode)
    trips = times.host_trips(world, roads)
    means = times.host_minutes(world, roads, trips)
    yield from ids.check_ids(world)
    yield from ids.check_villages_listed(world)
    yield from ids.check_sites_listed(world)
    yield from arrangement_rules.check_own(world)
    yield from arrangement_rules.check_shared(world, roads)
    yield from arrangement_rules.check_township_hospitals(world)
    yield from arrangement_rules.check_outreach(world)
    yield from arrangement_rules.check_none(world)
    yield from arrangement_rules.check_service_points(world)
    yield from arrangement_rules.check_exempt(world, roads)
    yield from site_rules.check_kept_and_forbidden(world)
    yield from site_rules.check_locked(world)
    yield from site_rules.check_together(world)
    yield from site_rules.check_counts(world)
    yield from times.check_minutes(world, means)
    yield from times.check_minutes_lost(world, roads, means)
    yield from money.check_doctors(world)
    yield from money.check_site_costs(world)
    yield from money.check_budgets(world)
    yield from money.check_totals(world)
    yield from objectives.merge_objectives(world, roads, trips)
    yield from objectives.check_proof(world)
