"""Read the plan that a new one shall resemble, and hold locked townships to it, else to what stands today."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import Severity, SitingError
from clinicplan.siting.merge.ground import SitingGround
from clinicplan.words import fault

if TYPE_CHECKING:
    from clinicplan.region import Siting

Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]

PLAN_FILE: Final = "plan.json"
OPEN_ACTIONS: Final = ("keep", "build", "upgrade")
POINT: Final = "service_point"
CENTRAL: Final = "central_clinic"


@dataclass(frozen=True)
class EarlierPlan:
    """What an earlier plan decides.

    Parameters
    ----------
    named, opened, central
        Ids of the sites it lists, of those open in it, and of those that are central clinics in it.
    shares
        Pairs of a village and the site that it shares.
    """

    named: frozenset[str]
    opened: frozenset[str]
    central: frozenset[str]
    shares: frozenset[tuple[str, str]]


def earlier_plan(ground: SitingGround, settings: Siting) -> EarlierPlan | None:
    """Read `[siting] baseline`, None without one.

    Raises
    ------
    SitingError
        If it cannot be read, or is no plan.
    """
    if settings.baseline is None:
        return None
    path = ground.county.region.folder / settings.baseline
    file = path / PLAN_FILE if path.is_dir() else path
    try:
        table = json.loads(file.read_text(encoding="utf-8-sig"))
        sites: list[dict[str, Any]] = list(table["sites"])
        opened = [row for row in sites if row["action"] in OPEN_ACTIONS and row.get("tier") != POINT]
        return EarlierPlan(
            frozenset(str(row["site_id"]) for row in sites),
            frozenset(str(row["site_id"]) for row in opened),
            frozenset(str(row["site_id"]) for row in opened if row.get("tier") == CENTRAL),
            frozenset(
                (str(row["village_id"]), str(row["host_id"]))
                for row in table.get("villages") or ()
                if row.get("arrangement") == "shared"
            ),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        name, detail = str(settings.baseline), str(error)
        raise SitingError(
            fault(Severity.ERROR, "bad_baseline", subject="siting_merge", file=name, detail=detail)
        ) from error


def open_before(ground: SitingGround, earlier: EarlierPlan | None) -> Flags:
    """Tell which sites are open in the earlier plan; a clinic of today that it does not name stays. Else today's."""
    sites = ground.sites
    if earlier is None:
        return sites.stands
    flags: Flags = np.isin(sites.site_id, list(earlier.opened))
    return flags | (sites.stands & ~np.isin(sites.site_id, list(earlier.named)))


def locked_villages(ground: SitingGround, settings: Siting) -> Flags:
    """Tell which villages lie in a township that stays as it is."""
    town = ground.villages["township"].astype(str).to_numpy(dtype=object)
    return np.isin(town, settings.lock)


def unlocked_arcs(
    ground: SitingGround, settings: Siting, earlier: EarlierPlan | None, village: Int64, site: Int64
) -> Flags:
    """Tell which pairs of a village and a site may share: in locked townships those of the earlier plan alone."""
    locked = locked_villages(ground, settings)
    held = locked[village] | locked[ground.sites.village[site]]
    if earlier is None or not earlier.shares:
        return ~held
    ids = ground.villages["village_id"].astype(str).to_numpy(dtype=object)
    pairs = zip(ids[village], ground.sites.site_id[site], strict=True)
    shared: Flags = np.array([(str(name), str(place)) in earlier.shares for name, place in pairs], dtype=bool)
    return np.logical_or(~held, shared)


def host_bounds(
    ground: SitingGround, settings: Siting, earlier: EarlierPlan | None, most: Flags
) -> tuple[Flags, Flags]:
    """Return which sites must and which may take in other villages: in locked townships as in the earlier plan."""
    locked = locked_villages(ground, settings)[ground.sites.village]
    central = ground.sites.central & (open_before(ground, earlier))
    if earlier is not None:
        central |= np.isin(ground.sites.site_id, list(earlier.central))
    raised = locked & central & ~ground.sites.central
    return raised & most, most & (~locked | central)
