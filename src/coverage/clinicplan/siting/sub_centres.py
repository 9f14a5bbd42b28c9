"""Choose which central township hospitals become county medical sub-centres, with every set nearly as good."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import Fault, InfeasibleError, SitingError
from clinicplan.siting.choice import MOST_LISTED, Selection, choose, is_possible
from clinicplan.siting.chosen_rows import Choice, disagrees, facility_rows, objective_of, set_rows, why_chosen
from clinicplan.siting.county_sites import CENTRE_TIERS, CountySites, county_sites, mm_of_km
from clinicplan.siting.proposal import Proposal, SitePlan
from clinicplan.siting.selection import SelectionQuestion
from clinicplan.siting.site_obstacles import (
    Ground,
    error,
    note,
    require_known,
    require_possible,
)
from clinicplan.standard import UNREACHED
from clinicplan.terms import serving_as

if TYPE_CHECKING:
    from clinicplan.county import County
    from clinicplan.coverage import ServiceCircles

Flags = NDArray[np.bool_]

CEILINGS: Final = ((1_000_000, 4), (500_000, 3), (200_000, 2))
"""Residents from which, inclusive, so many sub-centres may be planned (NY-3.2.1b)."""
SMALL_CEILING: Final = 2
"""Most of counties and county-level cities with fewer residents (NY-2.1.4a); districts are not addressed."""
STANDARDS_MET: Final = ("recommended", "community_hospital")
SUB_CENTRE: Final = "sub_centre"


def most_by_people(people: int) -> int | None:
    """Return how many sub-centres the residents of a county allow, None where the text is silent.

    Parameters
    ----------
    people
        Residents.

    References
    ----------
    .. [1] Nanyang 2024, rural part 2(1): 200,000 to 500,000 people 1-2, to one million 2-3, from there 3-4.

    Examples
    --------
    >>> [most_by_people(people) for people in (199_999, 200_000, 499_999, 500_000, 999_999, 1_000_000)]
    [None, 2, 2, 3, 3, 4]
    """
    return next((most for low, most in CEILINGS if people >= low), None)


def plan_sub_centres(county: County, circles: ServiceCircles) -> Proposal:
    """Plan the county medical sub-centres.

    Eligible are the central township hospitals in operation in the county, outside the urban area, at least so far by
    the shortest road from the county medical centre. Those below the recommended standard, or of unknown standard,
    could reach it: they may be chosen and are marked. As many as allowed are chosen, since more never lengthen a way.

    Parameters
    ----------
    county, circles
        The county and its circles; `[siting] sub_centres` sets numbers, distances and the objective.

    Returns
    -------
    proposal
        Chosen hospitals as sites; in `sub_centres` one row a set (`row` "set") and one a hospital ("hospital").

    Raises
    ------
    SitingError
        If ids are unknown, `most` is below `least`, or the county has no hospital to measure from.
    InfeasibleError
        If no set is lawful, with the smallest change that helps.
    """
    asked = county.region.siting.sub_centres
    sites = county_sites(county, circles, serving_as(["township_hospital"]))
    require_known(county, sites)
    require_centre(county, sites, mm_of_km(asked.min_km))
    most, number_notes = _most(county, sites)
    ground = Ground(
        sites, _lacks(sites, mm_of_km(asked.min_km)), asked.least, most, mm_of_km(asked.min_km),
        lambda rows: _question(county, sites, rows)[0],
    )  # fmt: skip
    require_possible(county, ground)
    question, wayless = _question(county, sites, ground.eligible)
    sizes = range(max(1, asked.least, int(question.must.sum())), most + 1)
    by_size = choose_sizes(question, sizes, near_share=asked.near_share, time_limit_s=county.region.siting.time_limit_s)
    if not by_size:
        return _nothing(county, ground, question, number_notes)
    choice = Choice(sites, ground.eligible, ground.lacks, question, by_size, ground.min_mm, wayless)
    return Proposal(
        model="sub_centres",
        status="optimal" if choice.selection.proven else "gap",
        objectives=(objective_of(choice),),
        engine=choice.selection.engine,
        villages=(),
        sites=tuple(_site(choice, at) for at in choice.best.tolist()),
        sub_centres=(*set_rows(choice), *facility_rows(choice, "hospital")),
        notes=(*number_notes, *choice_notes(county, choice), *_own_notes(county, choice, most)),
    )


def choose_sizes(
    question: SelectionQuestion, sizes: range, *, near_share: float, time_limit_s: float
) -> dict[int, Selection]:
    """Return the best sets of every size of which any is lawful; the largest size lists those nearly as good."""
    deadline = time.perf_counter() + time_limit_s
    found: dict[int, Selection] = {}
    for size in sizes:
        left = max((deadline - time.perf_counter()) / (sizes.stop - size), 0.05)
        answer = choose(question, size, near_share=near_share, time_limit_s=left)
        if answer is not None:
            found[size] = answer
    return found


def require_centre(county: County, sites: CountySites, min_mm: int) -> None:
    """Refuse a least distance where the county has nothing to measure it from.

    Raises
    ------
    SitingError
        If the county has neither a medical centre nor a county hospital.
    """
    if min_mm and not sites.centres.size:
        raise SitingError(error(county, "no_centre"))


def distance_lack(sites: CountySites, row: int, min_mm: int) -> list[str]:
    """Return what a facility lacks of the distance from the county centre."""
    road = int(sites.road_mm[row])
    if not min_mm or road >= min_mm:
        return []
    return ["no_road" if road == UNREACHED else "too_near"]


def place_lacks(sites: CountySites, row: int) -> list[str]:
    """Return what a facility lacks to be used at all: a place, operation."""
    lacks = [] if sites.placed[row] else ["no_place"]
    return [*lacks, "not_operating"] if sites.texts("operating")[row] == "no" else lacks


def _lacks(sites: CountySites, min_mm: int) -> tuple[tuple[str, ...], ...]:
    """Return what each hospital lacks, what keeps it out first."""
    central = np.isin(sites.texts("tier"), serving_as(["central_township_hospital"]))
    standard = sites.texts("standard")
    found = []
    for row in range(sites.rows.size):
        lacks = [] if central[row] else ["not_central"]
        lacks += place_lacks(sites, row)
        lacks += ["in_urban_area"] if sites.in_urban_area[row] else []
        in_seat = not sites.has_urban_area and min_mm > 0 and sites.townships[row] in sites.seat
        lacks += ["in_seat"] if in_seat else []
        lacks += distance_lack(sites, row, min_mm) if sites.placed[row] else []
        if standard[row] not in STANDARDS_MET:
            lacks.append("standard_below" if standard[row] else "standard_unknown")
        found.append(tuple(lacks))
    return tuple(found)


def _question(county: County, sites: CountySites, rows: Flags) -> tuple[SelectionQuestion, int]:
    siting = county.region.siting
    asked = siting.sub_centres
    return sites.question(
        rows, goal=asked.objective, minutes=asked.minutes, spacing_mm=mm_of_km(asked.spacing_km),
        required=siting.keep, forbidden=siting.forbid,
    )  # fmt: skip


def _most(county: County, sites: CountySites) -> tuple[int, list[Fault]]:
    """Return how many sub-centres there may be: the planner's number, else what the residents allow."""
    from clinicplan.policy.rules.served import village_towns

    asked = county.region.siting.sub_centres
    if asked.most is not None and asked.most < asked.least:
        raise SitingError(error(county, "most_below_least", least=asked.least, most=asked.most))
    register = sites.register
    people = register.county_people() + register.people_of(village_towns(register) == "")
    ceiling, shown = most_by_people(people.known), f"{people.known:,}"
    notes = [] if people.complete else [note(county, "people_open", people=shown)]
    if ceiling is None and register.settings.county_type in ("县", "市"):
        ceiling = SMALL_CEILING
    if asked.most is None and ceiling is None:
        most = max(1, asked.least)
        return most, [*notes, note(county, "silent", people=shown, most=most)]
    if asked.most is None and ceiling is not None and ceiling >= asked.least:
        return ceiling, [*notes, note(county, "ceiling", people=shown, most=ceiling)]
    most = asked.least if asked.most is None else asked.most
    if ceiling is not None and most > ceiling:
        notes.append(note(county, "above_ceiling", people=shown, most=most, ceiling=ceiling))
    return most, notes


def _site(choice: Choice, at: int) -> SitePlan:
    row = int(np.flatnonzero(choice.eligible)[at])
    texts: Mapping[str, str] = {
        name: str(choice.sites.texts(name)[row]) for name in ("facility_id", "village_id", "tier")
    }
    return SitePlan(
        site_id=texts["facility_id"],
        village_id=texts["village_id"],
        facility_id=texts["facility_id"],
        action="keep" if texts["tier"] == SUB_CENTRE else "upgrade",
        tier=SUB_CENTRE,
        why=why_chosen(choice, at),
    )


def _nothing(county: County, ground: Ground, question: SelectionQuestion, notes: list[Fault]) -> Proposal:
    """Return a plan without any sub-centre, where none is asked for and none is lawful."""
    size = max(1, ground.least)
    if ground.least > 0:
        if is_possible(question, size):
            raise SitingError(error(county, "no_time", seconds=county.region.siting.time_limit_s))
        raise InfeasibleError(error(county, "no_choice", least=size))
    return Proposal(
        model="sub_centres", status="optimal", objectives=(), engine="", villages=(), sites=(),
        notes=(*notes, note(county, "none_eligible")),
    )  # fmt: skip


# --- notes ------------------------------------------------------------------------------------------------------------


def choice_notes(county: County, choice: Choice) -> list[Fault]:
    """Say by which mode and from where was measured, who is left out, and what is not proven."""
    sites, found = choice.sites, choice.selection
    notes = [] if sites.mode == "car" else [note(county, "by_mode", mode=sites.mode)]
    tiers = set(sites.all_texts("tier")[sites.centres])
    ids = tuple(str(name) for name in sites.all_texts("facility_id")[sites.centres])
    if choice.min_mm and CENTRE_TIERS[0] not in tiers:
        notes.append(note(county, "by_hospital", ids=ids))
    elif choice.min_mm and len(ids) > 1:
        notes.append(note(county, "several_centres", ids=ids))
    different = [row for row in range(sites.rows.size) if choice.min_mm and disagrees(choice, row)]
    if different:
        notes.append(note(county, "disagree", ids=tuple(str(name) for name in sites.ids[different])))
    unknown = choice.eligible & (sites.texts("operating") == "")
    if unknown.any():
        notes.append(note(county, "operation_unknown", ids=tuple(str(name) for name in sites.ids[unknown])))
    if choice.people_without_way:
        notes.append(note(county, "without_way", people=f"{choice.people_without_way:,}"))
    if not found.proven:
        objective = objective_of(choice)
        notes.append(note(county, "not_proven", seconds=county.region.siting.time_limit_s, gap=f"{objective.gap:.4%}"))
    return notes


def _own_notes(county: County, choice: Choice, most: int) -> list[Fault]:
    sites, asked, notes = choice.sites, county.region.siting.sub_centres, []
    if not sites.has_urban_area:
        notes.append(note(county, "no_urban_area"))
    reach = [row for row, lacks in enumerate(choice.lacks) if choice.eligible[row] and lacks]
    if reach:
        notes.append(note(county, "could_reach", ids=tuple(str(name) for name in sites.ids[reach])))
    size, found = int(choice.best.size), choice.selection
    if size < most:
        notes.append(note(county, "fewer_than_most", size=size, most=most))
    left = (sites.texts("tier") == SUB_CENTRE) & ~np.isin(np.arange(sites.rows.size), choice.chosen)
    if left.any():
        notes.append(note(county, "existing_left", ids=tuple(str(name) for name in sites.ids[left])))
    share = f"{asked.near_share:.1%}"
    word = "near_sets" if found.complete else "near_sets_more"
    others, listed = found.n_near - 1, min(found.n_near, MOST_LISTED) - 1
    if others or not found.complete:
        notes.append(note(county, word, number=others, share=share, listed=listed))
    if asked.objective == "people_within":
        notes.append(note(county, "circle", minutes=f"{asked.minutes:g}"))
    return notes
