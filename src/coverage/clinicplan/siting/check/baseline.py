"""Read the earlier plan that a new one is measured against, else today."""

from __future__ import annotations

import json
from typing import Any

from clinicplan.siting.check.rows import OPENING, site_rows
from clinicplan.siting.check.world import PlanWorld


def actions_before(world: PlanWorld) -> dict[str, str]:
    """Return the action of every clinic site in the baseline; a clinic of today that it does not name is kept.

    New service points are no clinics and are left out.
    """
    today = dict.fromkeys(world.clinics, "keep")
    earlier = {site.site_id: site.action for site in site_rows(_baseline(world)) if not site.is_new_point}
    return today | earlier


def changes_from_baseline(world: PlanWorld) -> int:
    """Return how many clinic sites are open in one of the two plans and not in the other."""
    before = {name for name, action in actions_before(world).items() if action in OPENING}
    after = {site.site_id for site in world.sites if site.is_open}
    return len(before ^ after)


def _baseline(world: PlanWorld) -> dict[str, Any]:
    name = world.siting.baseline
    if not name:
        return {}
    path = world.county.region.folder / name
    file = path / "plan.json" if path.is_dir() else path
    table: dict[str, Any] = json.loads(file.read_text(encoding="utf-8-sig"))
    return table
