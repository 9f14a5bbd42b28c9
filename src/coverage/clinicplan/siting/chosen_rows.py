"""Tell what a choice of facilities achieves: rows of sets and of facilities, and one computed sentence a chosen one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import Phrase
from clinicplan.siting.choice import Selection
from clinicplan.siting.county_sites import CountySites, km_down, km_up
from clinicplan.siting.proposal import Objective
from clinicplan.siting.selection import NO_WAY_MS, SelectionQuestion, Sets
from clinicplan.standard import MS_PER_MIN, UNREACHED
from clinicplan.words import phrase

Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]

SUBJECT: Final = "siting_sub_centres"
STANDARD_LACKS: Final = ("standard_unknown", "standard_below")
"""What a hospital may lack and still be chosen, since it could reach it."""


@dataclass(frozen=True, eq=False)
class Choice:
    """A choice made, for whoever tells of it.

    Parameters
    ----------
    sites
        All facilities looked at.
    eligible
        Shape (sites): those among which was chosen; the question's sites, in the same order.
    lacks
        Shape (sites): codes of what each lacks.
    question
        What was asked.
    by_size
        The best sets of every size tried, ascending; the last one is the choice.
    min_mm
        Least road from the county centre, 0 for none.
    people_without_way
        People left out, since no way leads from their homes to any eligible site.
    """

    sites: CountySites
    eligible: Flags
    lacks: tuple[tuple[str, ...], ...]
    question: SelectionQuestion
    by_size: Mapping[int, Selection]
    min_mm: int
    people_without_way: int

    @property
    def selection(self) -> Selection:
        """The selection of the size that is proposed."""
        return self.by_size[max(self.by_size)]

    @property
    def best(self) -> Int64:
        """Chosen sites, in the question's rows."""
        return np.asarray(self.selection.listed.sites[0], dtype=np.int64)

    @property
    def chosen(self) -> Int64:
        """Chosen sites, in rows of `sites`."""
        return np.flatnonzero(self.eligible)[self.best]

    @property
    def people(self) -> int:
        """People counted."""
        return int(self.question.people.sum())

    def names(self, rows: Iterable[int]) -> str:
        """Return the names of some of the question's sites, joined."""
        names = self.sites.texts("name")[self.eligible]
        return "、".join(str(names[row]) for row in rows)


def objective_of(choice: Choice) -> Objective:
    """Return what was optimised, with its bound, in whole units."""
    found, goal = choice.selection, choice.question.goal
    name = "person_time" if goal == "person_minutes" else "people_within_30"
    return Objective(name, int(found.listed.values(goal)[0]), found.bound, found.proven)


# --- sets -------------------------------------------------------------------------------------------------------------


def set_rows(choice: Choice) -> list[dict[str, Any]]:
    """Return one row a set: the best of every size, and for the size that is proposed all listed ones."""
    rows = []
    for size, found in sorted(choice.by_size.items()):
        is_last = size == max(choice.by_size)
        listed = found.listed if is_last else found.listed.at(slice(0, 1))
        rows += [_set_row(choice, found, listed, at, chosen=is_last and at == 0) for at in range(len(listed))]
    return rows


def _set_row(choice: Choice, found: Selection, listed: Sets, at: int, *, chosen: bool) -> dict[str, Any]:
    value = listed.values(choice.question.goal)
    members = listed.sites[at]
    way = choice.question.cost_ms[:, members].min(axis=1)
    person, within = int(listed.person_ms[at]), int(listed.people_within[at])
    return {
        "row": "set",
        "size": int(members.size),
        "rank": at + 1,
        "sites": [str(name) for name in choice.question.site_ids[members]],
        "names": choice.names(members.tolist()),
        "chosen": chosen,
        "person_ms": person,
        "person_minutes": _person_minutes(person),
        "mean_minutes": _mean(person, choice.people),
        "people_within": within,
        "people_within_share": round(within / max(choice.people, 1), 8),
        "people_no_way": int(choice.question.people[way == NO_WAY_MS].sum()) + choice.people_without_way,
        "gap_share": round(abs(int(value[at]) - int(value[0])) / max(int(value[0]), 1), 8),
        "proven": found.proven,
    }


def _person_minutes(person_ms: int) -> float:
    return round(person_ms / MS_PER_MIN, 3)


def _mean(person_ms: int, people: int) -> float:
    return round(person_ms / MS_PER_MIN / max(people, 1), 2)


# --- facilities -------------------------------------------------------------------------------------------------------


def facility_rows(choice: Choice, kind: str) -> list[dict[str, Any]]:
    """Return one row a facility looked at, whether chosen or not, with what it lacks.

    Parameters
    ----------
    choice
        The choice.
    kind
        What the rows are called.
    """
    place = np.cumsum(choice.eligible) - 1
    served = _served(choice)
    return [
        {
            "row": kind,
            **_standing(choice, row),
            **(_loser_figures(choice, int(place[row])) if choice.eligible[row] else NO_FIGURES),
            **(served.get(int(place[row]), NOT_CHOSEN) if choice.eligible[row] else NOT_CHOSEN),
        }
        for row in range(choice.sites.rows.size)
    ]


NO_FIGURES: Final[dict[str, Any]] = {
    "best_with": [], "extra_person_minutes": None, "extra_mean_minutes": None, "extra_people": None, "conflicts": [],
}  # fmt: skip
NOT_CHOSEN: Final = {"people_served": None, "mean_minutes": None, "people_within": None}


def _standing(choice: Choice, row: int) -> dict[str, Any]:
    sites, lacks = choice.sites, choice.lacks[row]
    road, straight = int(sites.road_mm[row]), int(sites.straight_mm[row])
    return {
        **site_cells(sites, row),
        "chosen": bool(row in choice.chosen),
        "eligible": bool(choice.eligible[row]),
        "could_reach": bool(choice.eligible[row] and set(lacks) & set(STANDARD_LACKS)),
        "road_km": km_down(road),
        "straight_km": km_down(straight),
        "road_far_enough": None if road == UNREACHED else road >= choice.min_mm,
        "straight_far_enough": None if straight == UNREACHED else straight >= choice.min_mm,
        "disagree": disagrees(choice, row),
        "km_short": km_up(choice.min_mm - road) if road != UNREACHED and road < choice.min_mm else 0.0,
        "lacks": list(lacks),
        "lacks_text": lacks_text(sites, row, lacks, choice.min_mm)._asdict(),
    }


def site_cells(sites: CountySites, row: int) -> dict[str, Any]:
    """Return what the register says of a facility."""
    columns = {"facility_id": "facility_id", "name": "name", "tier": "tier", "standard": "standard"}
    cells = {key: str(sites.texts(column)[row]) for key, column in columns.items()}
    centre = int(sites.centre[row])
    name = "" if centre < 0 else str(sites.all_texts("facility_id")[centre])
    return {**cells, "township": str(sites.townships[row]), "centre_id": name}


def disagrees(choice: Choice, row: int) -> bool:
    """Tell whether one of road and straight line is far enough and the other is not."""
    road, straight = int(choice.sites.road_mm[row]), int(choice.sites.straight_mm[row])
    known = UNREACHED not in (road, straight)
    return known and (road >= choice.min_mm) != (straight >= choice.min_mm)


def lacks_text(sites: CountySites, row: int, lacks: Iterable[str], min_mm: int) -> Phrase:
    """Say what a facility lacks."""
    road = int(sites.road_mm[row])
    short = km_up(max(0, min_mm - road))
    parts = [phrase(f"{SUBJECT}.lack.{code}", km=km_down(road), short=short) for code in lacks]
    return Phrase("；".join(part.zh for part in parts), "; ".join(part.en for part in parts))


def _loser_figures(choice: Choice, site: int) -> dict[str, Any]:
    """Return how much worse the best set with a site is, and which chosen ones stand too near."""
    best, other = choice.selection.listed.at(slice(0, 1)), choice.selection.with_site[site]
    conflicts = [
        {"facility_id": str(choice.question.site_ids[at]), "km": km_down(int(choice.question.apart[site, at]))}
        for at in choice.best.tolist()
        if choice.question.near[site, at]
    ]
    if other is None:
        return {**NO_FIGURES, "conflicts": conflicts}
    more = int(other.person_ms[0]) - int(best.person_ms[0])
    return {
        "best_with": [str(name) for name in choice.question.site_ids[other.sites[0]]],
        "extra_person_minutes": _person_minutes(more),
        "extra_mean_minutes": _mean(more, choice.people),
        "extra_people": int(best.people_within[0]) - int(other.people_within[0]),
        "conflicts": conflicts,
    }


def _served(choice: Choice) -> dict[int, dict[str, Any]]:
    """Return for each chosen site the people to whom it is the nearest (ties: the smaller id)."""
    question = choice.question
    way = question.cost_ms[:, choice.best]
    nearest, least = way.argmin(axis=1), way.min(axis=1)
    figures = {}
    for at, site in enumerate(choice.best.tolist()):
        own = (nearest == at) & (least < NO_WAY_MS)
        people = int(question.people[own].sum())
        person = int(question.people[own] @ least[own])
        inside = int(question.people[own & (least <= question.circle_ms)].sum())
        figures[site] = {"people_served": people, "mean_minutes": _mean(person, people), "people_within": inside}
    return figures


# --- sentences --------------------------------------------------------------------------------------------------------


def why_chosen(choice: Choice, site: int) -> Phrase:
    """Say what a chosen site does, and what the best set without it would cost.

    Parameters
    ----------
    choice
        The choice.
    site
        A chosen site, in the question's rows.
    """
    own = _served(choice)[site]
    served = phrase(
        f"{SUBJECT}.why.serves", people=f"{own['people_served']:,}", minutes=f"{own['mean_minutes']:.1f}",
        within=f"{own['people_within']:,}", circle=f"{choice.question.limit_ms / MS_PER_MIN:g}",
    )  # fmt: skip
    if choice.question.must[site]:
        return phrase(f"{SUBJECT}.why.required", served=served)
    other = choice.selection.without_site[site]
    if other is None:
        return phrase(f"{SUBJECT}.why.alone", served=served)
    instead = choice.names(row for row in other.sites[0].tolist() if row not in choice.best)
    best = choice.selection.listed.at(slice(0, 1))
    more = int(other.person_ms[0]) - int(best.person_ms[0])
    fewer = int(best.people_within[0]) - int(other.people_within[0])
    by_people = choice.question.goal == "people_within"
    if (fewer if by_people else more) == 0:
        return phrase(f"{SUBJECT}.why.tie", served=served, other=instead)
    return phrase(
        f"{SUBJECT}.why.{'people' if by_people else 'minutes'}", served=served, other=instead,
        more=f"{more / MS_PER_MIN:,.0f}", mean=f"{_mean(more, choice.people):.2f}", fewer=f"{fewer:,}",
        circle=f"{choice.question.limit_ms / MS_PER_MIN:g}",
    )  # fmt: skip
