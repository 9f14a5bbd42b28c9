"""Choose where a service with a quota stands: so many facilities of some tiers, in the county or in every township."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clinicplan.check.layer_columns import texts
from clinicplan.errors import Fault, InfeasibleError, SitingError
from clinicplan.siting.choice import MOST_LISTED, is_possible
from clinicplan.siting.chosen_rows import Choice, facility_rows, objective_of, set_rows, why_chosen
from clinicplan.siting.county_sites import CountySites, county_sites, mm_of_km
from clinicplan.siting.proposal import Proposal, SitePlan
from clinicplan.siting.selection import SelectionQuestion
from clinicplan.siting.site_obstacles import Ground, error, note, require_known, require_possible
from clinicplan.siting.sub_centres import choice_notes, choose_sizes, distance_lack, place_lacks, require_centre
from clinicplan.terms import serving_as

if TYPE_CHECKING:
    from clinicplan.county import County
    from clinicplan.coverage import ServiceCircles
    from clinicplan.region import QuotaTable

Flags = NDArray[np.bool_]


def plan_quota(county: County, circles: ServiceCircles) -> Proposal:
    """Plan a service with a quota, such as blood points.

    A higher fixed tier counts as a lower one. Without a number for the county every township has one. Where both
    numbers are given, each township has its own and the county the larger of its number and their sum.

    Parameters
    ----------
    county, circles
        The county and its circles; `[siting] quota` sets tiers, numbers, distances and the objective.

    Returns
    -------
    proposal
        Chosen facilities as sites; in `quotas` one row a set (`row` "set") and one a facility ("facility"). Of equal
        sets the one better in the other figure, then that with the smaller ids is taken.

    Raises
    ------
    SitingError
        If no tiers are given, ids are unknown, or there is no hospital to measure from.
    InfeasibleError
        If a township has too few, too few may be chosen, or so many cannot stand so far apart.
    """
    asked = county.region.siting.quota
    if not asked.tiers:
        raise SitingError(error(county, "no_tiers"))
    sites = county_sites(county, circles, serving_as(asked.tiers))
    min_mm = mm_of_km(asked.min_km)
    require_known(county, sites)
    require_centre(county, sites, min_mm)
    groups = tuple(sorted({name for name in texts(county.layers.villages, "township") if name}))
    each = each_township(asked)
    size = max(asked.count or 0, each * len(groups))
    lacks = tuple(
        (*place_lacks(sites, row), *(distance_lack(sites, row, min_mm) if sites.placed[row] else ()))
        for row in range(sites.rows.size)
    )
    ground = Ground(sites, lacks, size, size, min_mm, lambda rows: _question(county, sites, rows, groups)[0])
    _require_townships(county, ground, groups, each)
    require_possible(county, ground)
    if not size:
        return Proposal("quota", "optimal", (), "", (), (), notes=(note(county, "none_asked"),))
    return _proposal(county, ground, groups, size)


def each_township(asked: QuotaTable) -> int:
    """Return how many every township must have at least.

    Parameters
    ----------
    asked
        What the region file sets.

    Examples
    --------
    >>> from clinicplan.region import QuotaTable
    >>> each_township(QuotaTable()), each_township(QuotaTable(count=3)), each_township(QuotaTable(per_township=2))
    (1, 0, 2)
    """
    return asked.per_township or (1 if asked.count is None else 0)


def _question(
    county: County, sites: CountySites, rows: Flags, groups: tuple[str, ...]
) -> tuple[SelectionQuestion, int]:
    siting = county.region.siting
    asked = siting.quota
    each = each_township(asked)
    return sites.question(
        rows, goal=asked.objective, minutes=asked.minutes, spacing_mm=mm_of_km(asked.spacing_km),
        required=siting.keep, forbidden=siting.forbid, groups=groups if each else (), group_least=each,
    )  # fmt: skip


def _require_townships(county: County, ground: Ground, groups: tuple[str, ...], each: int) -> None:
    """Refuse a number that some townships cannot have, and name them.

    Raises
    ------
    InfeasibleError
        With the townships and how many facilities each has.
    """
    usable = ground.eligible & ~np.isin(ground.sites.ids, list(county.region.siting.forbid))
    number = {name: int((usable & (ground.sites.townships == name)).sum()) for name in groups}
    short = {name: found for name, found in number.items() if found < each}
    if short:
        listed = "、".join(f"{name} {found}/{each}" for name, found in short.items())
        raise InfeasibleError(error(county, "townships_short", ids=tuple(short), townships=listed, each=each))


def _proposal(county: County, ground: Ground, groups: tuple[str, ...], size: int) -> Proposal:
    sites, limit = ground.sites, county.region.siting.time_limit_s
    question, wayless = _question(county, sites, ground.eligible, groups)
    by_size = choose_sizes(question, range(size, size + 1), near_share=0.0, time_limit_s=limit)
    if not by_size:
        if is_possible(question, size):
            raise SitingError(error(county, "no_time", seconds=limit))
        raise InfeasibleError(error(county, "no_choice", least=size))
    choice = Choice(sites, ground.eligible, ground.lacks, question, by_size, ground.min_mm, wayless)
    return Proposal(
        model="quota",
        status="optimal" if choice.selection.proven else "gap",
        objectives=(objective_of(choice),),
        engine=choice.selection.engine,
        villages=(),
        sites=tuple(_site(choice, at) for at in choice.best.tolist()),
        quotas=(*set_rows(choice), *facility_rows(choice, "facility")),
        notes=(*choice_notes(county, choice), *_own_notes(county, choice, size)),
    )


def _site(choice: Choice, at: int) -> SitePlan:
    row = int(np.flatnonzero(choice.eligible)[at])
    name, village, tier = (str(choice.sites.texts(column)[row]) for column in ("facility_id", "village_id", "tier"))
    return SitePlan(name, village, name, "keep", tier, why=why_chosen(choice, at))


def _own_notes(county: County, choice: Choice, size: int) -> list[Fault]:
    asked, found, notes = county.region.siting.quota, choice.selection, []
    if asked.count is not None and asked.count < size:
        notes.append(note(county, "count_raised", asked=asked.count, size=size))
    if found.n_near > 1:
        listed = min(found.n_near, MOST_LISTED) - 1
        notes.append(note(county, "equal_sets", number=found.n_near - 1, listed=listed))
    if not found.complete:
        notes.append(note(county, "ties_open"))
    if asked.objective == "people_within":
        notes.append(note(county, "circle", minutes=f"{asked.minutes:g}"))
    return notes
