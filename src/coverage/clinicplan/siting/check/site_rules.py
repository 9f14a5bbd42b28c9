"""Check which clinics may stay, close or be built, and how many: keep, forbid, lock, closing, townships, changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from clinicplan.siting.check.baseline import actions_before
from clinicplan.siting.check.claims import Offence, at_least, at_most, claim
from clinicplan.siting.check.rows import SiteRow
from clinicplan.siting.check.world import PlanWorld
from clinicplan.siting.proposal import Check


def check_kept_and_forbidden(world: PlanWorld) -> Iterator[Check]:
    """Check the ids that must and must not be open, and villages where nothing may be built."""
    opened = {name for site in world.open_sites for name in (site.site_id, site.facility_id, site.village_id)}
    yield claim("keep", (Offence(name) for name in world.siting.keep if name not in opened))
    forbidden = set(world.siting.forbid)
    yield claim("forbid", (Offence(site.site_id, site.action) for site in world.sites if _is_barred(site, forbidden)))
    leaving = [
        site
        for site in world.sites
        if site.is_open and site.action == "build" and world.status.get(site.village_id) == "planned_relocation"
    ]
    yield claim("planned_relocation", (Offence(site.site_id, site.village_id) for site in leaving))


def _is_barred(site: SiteRow, forbidden: set[str]) -> bool:
    if not site.is_open:
        return False
    named = bool({site.site_id, site.facility_id} & forbidden)
    return named or (site.action == "build" and site.village_id in forbidden)


def check_locked(world: PlanWorld) -> Iterator[Check]:
    """Check that the clinics of locked townships stay as the baseline has them, else as they are."""
    locked, before = set(world.siting.lock), actions_before(world)
    odd = [
        Offence(site.site_id, site.action, before.get(site.site_id, ""))
        for site in world.sites
        if world.township.get(site.village_id) in locked
        and not site.is_new_point
        and site.action != before.get(site.site_id, "")
    ]
    listed = {site.site_id for site in world.sites}
    lost = [
        Offence(name, "", action)
        for name, action in before.items()
        if action == "build" and name not in listed and world.township.get(_village_of(world, name)) in locked
    ]
    yield claim("lock", [*odd, *lost])


def _village_of(world: PlanWorld, site: str) -> str:
    """Return the village of a candidate place or a clinic out of operation."""
    place = world.candidates.get(site) or world.dormant.get(site)
    return place.village_id if place is not None else ""


def check_together(world: PlanWorld) -> Iterator[Check]:
    """Check that today's clinics of a village stay all or none, and that none closes where that is not allowed."""
    forbidden = set(world.siting.forbid)
    opened = {site.site_id for site in world.open_sites}
    split = [
        Offence(village)
        for village, names in world.clinics_of.items()
        if village in world.open_in and any(name not in opened and name not in forbidden for name in names)
    ]
    yield claim("stay_together", split)
    closed = [site for site in world.sites if site.action == "close" and not world.siting.allow_close]
    yield claim("closing_allowed", (Offence(site.site_id, site.village_id) for site in closed))


def check_counts(world: PlanWorld) -> Iterator[Check]:
    """Check the least number of clinics of each township, and the most changes."""
    count = Counter(world.township[site.village_id] for site in world.open_sites)
    few = [
        Offence(name, count[name], at_least(least))
        for name, least in world.siting.township_minimum.items()
        if count[name] < least
    ]
    yield claim("township_minimum", few)
    changes, most = number_of_changes(world), world.siting.max_changes
    many = [Offence("changes", changes, at_most(most))] if 0 < most < changes else []
    yield claim("max_changes", many)


def number_of_changes(world: PlanWorld) -> int:
    """Return how many clinics are built, raised, turned into service points or closed."""
    return sum(site.is_change for site in world.sites)
