"""Check that a plan names only what the county has, and every village and site exactly as often as it must."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from clinicplan.siting.check.claims import Offence, claim
from clinicplan.siting.check.rows import CENTRAL, POINT, SiteRow
from clinicplan.siting.check.world import PlanWorld
from clinicplan.siting.proposal import Check

ACTIONS: Final = ("keep", "build", "upgrade", "convert", "close")
NEW_CLINICS: Final = ("village_clinic", CENTRAL)


def check_ids(world: PlanWorld) -> Iterator[Check]:
    """Check that every id of villages, hosts, sites and facilities is one that the county or the plan has."""
    sites, facilities, villages = world.site_of, world.facility_row, world.village_row
    unknown = [row.village_id for row in world.villages if row.village_id not in villages]
    unknown += [row.host_id for row in world.villages if row.host_id and row.host_id not in {*sites, *facilities}]
    unknown += [site.village_id for site in world.sites if site.village_id and site.village_id not in villages]
    unknown += [site.facility_id for site in world.sites if site.facility_id and site.facility_id not in facilities]
    yield claim("ids_known", (Offence(name) for name in dict.fromkeys(unknown)))
    twice = [name for name, count in Counter(site.site_id for site in world.sites).items() if count > 1]
    yield claim("sites_once", (Offence(name) for name in twice))


def check_villages_listed(world: PlanWorld) -> Iterator[Check]:
    """Check that the plan lists every village and every exempt village once, and nobody else."""
    count = Counter(row.village_id for row in world.villages)
    wanted = world.members | world.exempt
    named = [name for name in world.village_ids if name in wanted or count[name]]
    odd = [Offence(name, count[name], int(name in wanted)) for name in named if count[name] != (name in wanted)]
    yield claim("villages_once", odd)


def check_sites_listed(world: PlanWorld) -> Iterator[Check]:
    """Check that every clinic of today is listed and every row is of a clinic, a candidate or a service point."""
    listed = {site.site_id for site in world.sites}
    yield claim("clinics_listed", (Offence(name) for name in world.clinics if name not in listed))
    yield claim(
        "site_rows", (Offence(site.site_id, site.action) for site in world.sites if not _is_lawful(world, site))
    )
    tiers = [(site, _tiers_after(world, site)) for site in world.sites]
    odd = [Offence(site.site_id, site.tier, " / ".join(right)) for site, right in tiers if site.tier not in right]
    yield claim("site_tiers", odd)


def _is_lawful(world: PlanWorld, site: SiteRow) -> bool:
    """Tell whether a row is of something that can be kept, changed or built there."""
    today = world.clinics.get(site.site_id)
    if today is not None:
        return site.facility_id == site.site_id and site.village_id == today.village_id and site.action in _OF_TODAY
    if site.action != "build":
        return False
    if site.is_new_point:
        return site.site_id == f"{site.village_id}-point" and site.village_id in world.members and not site.facility_id
    place = world.dormant.get(site.site_id)
    if place is not None:
        return site.facility_id == site.site_id and site.village_id == place.village_id
    candidate = world.candidates.get(site.site_id)
    return candidate is not None and not site.facility_id and site.village_id == candidate.village_id


def _tiers_after(world: PlanWorld, site: SiteRow) -> tuple[str, ...]:
    """Return what a site may be after its action."""
    today = world.clinics.get(site.site_id)
    tier = "" if today is None else today.tier
    return {
        "keep": (tier,),
        "upgrade": () if tier == CENTRAL else (CENTRAL,),
        "convert": (POINT,),
        "close": ("",),
        "build": (*NEW_CLINICS, POINT),
    }.get(site.action, ())


_OF_TODAY: Final = ("keep", "upgrade", "convert", "close")
