"""Say why no lawful choice among a county's facilities exists, and the smallest change that would make one lawful."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import Fault, InfeasibleError, Severity, SitingError
from clinicplan.siting.choice import is_possible, largest_spacing
from clinicplan.siting.chosen_rows import STANDARD_LACKS, SUBJECT, lacks_text
from clinicplan.siting.county_sites import CountySites, km_down, km_up
from clinicplan.siting.selection import NEVER, SelectionQuestion
from clinicplan.standard import UNREACHED
from clinicplan.words import fault

if TYPE_CHECKING:
    from clinicplan.county import County

Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]
Asker = Callable[[Flags], SelectionQuestion]
"""Makes the question about some of the sites."""


@dataclass(frozen=True, eq=False)
class Ground:
    """What may be chosen, before anything is solved.

    Parameters
    ----------
    sites
        All facilities looked at.
    lacks
        Shape (sites): codes of what each lacks.
    least, most
        How many are to be chosen.
    min_mm
        Least road from the county centre.
    ask
        Makes the question about some of the sites.
    """

    sites: CountySites
    lacks: tuple[tuple[str, ...], ...]
    least: int
    most: int
    min_mm: int
    ask: Asker

    @property
    def eligible(self) -> Flags:
        """Shape (sites): those that lack nothing, or only what they could reach."""
        return np.array([not blocking(lacks) for lacks in self.lacks], dtype=bool)


def blocking(lacks: tuple[str, ...]) -> tuple[str, ...]:
    """Return what keeps a facility from being chosen.

    Examples
    --------
    >>> blocking(("too_near", "standard_unknown"))
    ('too_near',)
    """
    return tuple(code for code in lacks if code not in STANDARD_LACKS)


def note(county: County, code: str, *, ids: tuple[str, ...] = (), **values: object) -> Fault:
    """Make a note on a plan."""
    return _fault(county, code, Severity.NOTE, ids, values)


def error(county: County, code: str, *, ids: tuple[str, ...] = (), **values: object) -> Fault:
    """Make an error that ends the planning."""
    return _fault(county, code, Severity.ERROR, ids, values)


def _fault(county: County, code: str, severity: Severity, ids: tuple[str, ...], values: dict[str, Any]) -> Fault:
    file = county.region.siting_file(str(values.get("where", "")))
    return fault(severity, code, subject=SUBJECT, layer="siting", file=file, ids=ids, **values)


def require_known(county: County, sites: CountySites) -> None:
    """Refuse ids in keep and forbid that no facility has.

    Raises
    ------
    SitingError
        With the ids of both lists.
    """
    siting = county.region.siting
    known = set(sites.all_texts("facility_id"))
    faults = [
        error(county, "unknown_id", ids=tuple(name for name in ids if name not in known), where=where)
        for where, ids in (("keep", siting.keep), ("forbid", siting.forbid))
        if set(ids) - known
    ]
    if faults:
        raise SitingError(*faults)


def require_possible(county: County, ground: Ground) -> None:
    """Refuse what cannot be done, with every reason found and the smallest change that helps.

    Raises
    ------
    InfeasibleError
        If ids are kept and forbidden, a kept one may not be chosen or too many are kept; if too few may be chosen; or
        if so many cannot stand so far apart.
    """
    faults = [*_faults_of_keep(county, ground)]
    if not faults and ground.least > 0:
        faults = [*_faults_of_number(county, ground)] or [*_faults_of_spacing(county, ground)]
    if faults:
        raise InfeasibleError(*faults)


def _faults_of_keep(county: County, ground: Ground) -> list[Fault]:
    siting, faults = county.region.siting, []
    both = tuple(name for name in siting.keep if name in siting.forbid)
    if both:
        faults.append(error(county, "keep_and_forbid", ids=both))
    place = {name: row for row, name in enumerate(ground.sites.ids)}
    for name in dict.fromkeys(siting.keep):
        if name not in place:
            faults.append(error(county, "kept_other_tier", ids=(name,)))
        elif lacks := blocking(ground.lacks[place[name]]):
            text = lacks_text(ground.sites, place[name], lacks, ground.min_mm)
            title = str(ground.sites.texts("name")[place[name]])
            faults.append(error(county, "kept_not_eligible", ids=(name,), name=title, lacks=text))
    kept = tuple(dict.fromkeys(siting.keep))
    if len(kept) > ground.most:
        faults.append(error(county, "kept_too_many", ids=kept, kept=len(kept), most=ground.most))
    return faults


def _faults_of_number(county: County, ground: Ground) -> list[Fault]:
    """Say that too few may be chosen: the nearest misses, and the largest distance that would do."""
    forbidden = np.isin(ground.sites.ids, list(county.region.siting.forbid))
    eligible = ground.eligible
    number, without = int(eligible.sum()), int((eligible & ~forbidden).sum())
    if without >= ground.least:
        return []
    if number >= ground.least:
        ids = tuple(str(name) for name in ground.sites.ids[eligible & forbidden])
        return [error(county, "forbidden_too_many", ids=ids, left=without, least=ground.least)]
    near = np.array([blocking(lacks) == ("too_near",) for lacks in ground.lacks], dtype=bool)
    misses = _nearest_misses(ground, near)
    values = {"found": without, "least": ground.least, "misses": misses or "—", "min_km": km_down(ground.min_mm)}
    ids = tuple(str(name) for name in ground.sites.ids[near])
    relaxed = largest_min_mm(ground, near & ~forbidden)
    if relaxed is None:
        return [error(county, "too_few", ids=ids, **values)]
    return [error(county, "too_few_near", ids=ids, relaxed=km_down(relaxed), **values)]


def _nearest_misses(ground: Ground, near: Flags) -> str:
    rows = np.flatnonzero(near)
    rows = rows[np.argsort(-ground.sites.road_mm[rows], kind="stable")]
    names, road = ground.sites.texts("name"), ground.sites.road_mm
    return "、".join(
        f"{names[row]} {km_down(int(road[row]))} km (-{km_up(ground.min_mm - int(road[row]))})" for row in rows
    )


def largest_min_mm(ground: Ground, near: Flags) -> int | None:
    """Return the largest least distance from the centre, millimetres, under which a lawful choice exists.

    Parameters
    ----------
    ground
        What may be chosen.
    near
        Shape (sites): those that stand too near and lack nothing else.

    Returns
    -------
    distance
        None where no distance helps.
    """
    steps = np.unique(ground.sites.road_mm[near & (ground.sites.road_mm != UNREACHED)])[::-1].tolist()
    for step in steps:
        more = near & (ground.sites.road_mm >= step)
        if is_possible(ground.ask(ground.eligible | more), ground.least):
            return int(step)
    return None


def _faults_of_spacing(county: County, ground: Ground) -> list[Fault]:
    """Say which pairs stand too near, and the largest spacing that would do."""
    question = ground.ask(ground.eligible)
    size = max(ground.least, int(question.must.sum()))
    if is_possible(question, size):
        return []
    best = largest_spacing(question, size)
    if best is None:
        return [error(county, "no_choice", least=size)]
    spacing, members = best
    ids = tuple(str(name) for name in question.site_ids[members])
    relaxed = "—" if spacing == NEVER else km_down(spacing)
    values = {"least": size, "spacing": km_down(question.spacing_mm), "relaxed": relaxed}
    return [error(county, "too_close", ids=ids, pairs=_pairs(ground, question), **values)]


def _pairs(ground: Ground, question: SelectionQuestion) -> str:
    names = ground.sites.texts("name")[ground.eligible]
    one, other = np.nonzero(np.triu(question.near))
    order = np.argsort(question.apart[one, other], kind="stable")
    told = [
        f"{names[one[at]]}–{names[other[at]]} {km_down(int(question.apart[one[at], other[at]]))} km" for at in order
    ]
    return "、".join(told)
