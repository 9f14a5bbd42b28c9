"""Say how many people an institution serves: the residents of its township, split only where there are several.

Hospitals serve a jurisdiction. Where a township has several, its residents are shared out by catchment: each village
goes to the one that is nearest by time, by car where there are roads for cars.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from numpy.typing import NDArray

from clinicplan.policy.bounds import TRUE
from clinicplan.policy.register import CountyRegister, Members, People
from clinicplan.policy.spans import Span

if TYPE_CHECKING:
    import pandas as pd

Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]
Towns = NDArray[np.object_]
Places = NDArray[np.intp]
NOBODY: Final = -1
"""In the place of a facility's row: no facility has a way to the village."""
Residents = Literal["residents", "rural_residents", "village_residents"]
"""Residents of a township; its rural residents; residents of its administrative villages by the villages layer."""


@dataclass(frozen=True)
class ServedPeople:
    """People that units serve.

    Parameters
    ----------
    split
        Shape (units): people, shared out where a township has several units.
    whole
        Shape (units): residents of the unit's whole township.
    """

    split: tuple[Span, ...]
    whole: tuple[Span, ...]


def served_people(county: CountyRegister, units: Members, over: Residents = "residents") -> ServedPeople:
    """Return the people that each unit serves.

    Units whose operation is unknown take people from the others or not: both ends are given. A unit without a township
    may serve any number of people.

    Parameters
    ----------
    county
        The county.
    units
        Facilities that share a township between them.
    over
        Which residents count.

    Returns
    -------
    people
        Of each unit, split and of the whole township.
    """
    of_unit = towns_of(units.frame)
    towns = of_unit.tolist()
    people = {town: township_people(county, town, over) for town in dict.fromkeys(towns)}
    whole = [Span.of_people(people[town]) for town in towns]
    split = list(whole)
    for town, residents in people.items():
        places = np.flatnonzero(of_unit == town)
        if town and places.size > 1:
            for place, span in zip(places, _shared_out(county, units, places, residents, over), strict=True):
                split[place] = span
    return ServedPeople(tuple(split), tuple(whole))


def township_people(county: CountyRegister, township: str, over: Residents) -> People:
    """Return the residents of a township; open where neither its own figure nor any village of it is there."""
    return county.recall(("township people", township, over), lambda: _people_of(county, township, over))


def _people_of(county: CountyRegister, township: str, over: Residents) -> People:
    if not township:
        return People(0, complete=False)
    if over == "village_residents":
        return county.people_of(_village_rows(county, township, over))
    people = county.residents(township, rural=over == "rural_residents")
    if people == People(0) and not (village_towns(county) == township).any():
        return People(0, complete=_has_figure(county, township, over))
    return people


def townships_of(county: CountyRegister, units: Members) -> list[str]:
    """Return every township of the county, and further ones that units name; an empty name is left out."""
    named = {name for name in towns_of(units.frame).tolist() if name}
    return list(dict.fromkeys([*towns_of(county.townships).tolist(), *sorted(named)]))


def towns_of(frame: pd.DataFrame) -> Towns:
    """Return the township of each row as text. Shape (rows)."""
    return np.array([str(name) for name in frame["township"].to_numpy(dtype=object)], dtype=object)


def village_towns(county: CountyRegister) -> Towns:
    """Return the township of each village. Shape (villages)."""
    return county.recall("village townships", lambda: towns_of(county.villages))


def of_kind_village(county: CountyRegister) -> Flags:
    """Return which units of the villages layer are administrative villages, exempt or not. Shape (villages)."""
    return county.recall("of kind village", lambda: (county.villages["kind"] == "village").to_numpy(dtype=bool))


def catchment_mode(county: CountyRegister) -> str:
    """Return the mode that catchments are taken by: the car where there are roads for it, else the standard's."""
    return "car" if "car" in county.journeys.modes else county.journeys.mode


def _has_figure(county: CountyRegister, township: str, over: Residents) -> bool:
    column = "rural_population" if over == "rural_residents" else "population"
    own = county.townships[county.townships["township"].astype(str) == township]
    return column in own and bool(own[column].notna().any())


def _village_rows(county: CountyRegister, township: str, over: Residents) -> Flags:
    rows = village_towns(county) == township
    flags: Flags = rows if over == "residents" else rows & of_kind_village(county)
    return flags


def _shared_out(county: CountyRegister, units: Members, places: Places, people: People, over: Residents) -> list[Span]:
    """Share a township's people among its units by catchment."""
    facilities, certain = units.row[places], units.member[places] == TRUE
    if _is_anywhere(county, facilities):
        return [Span.between(0, people.known if people.complete else None)] * places.size
    rows = _village_rows(county, str(units.frame["township"].iloc[places[0]]), over)
    together = _nearest(county, facilities)
    spans = []
    for facility in facilities:
        alone = together if certain.all() else _nearest(county, np.append(facilities[certain], facility))
        most = rows & ((alone == facility) | (alone == NOBODY))
        spans.append(_share_of(county, people, rows, rows & (together == facility), most))
    return spans


def _is_anywhere(county: CountyRegister, facilities: Rows) -> bool:
    """Tell whether one of the facilities has no position, so that nobody knows its catchment."""
    points = county.facilities.geometry
    placeless = county.recall("placeless facilities", lambda: (points.isna() | points.is_empty).to_numpy(dtype=bool))
    return bool(placeless[facilities].any())


def _nearest(county: CountyRegister, present: Rows) -> NDArray[np.int32]:
    """Return the row of the facility that each village is nearest to, `NOBODY` where there is no way."""
    flags = np.zeros(len(county.facilities), dtype=bool)
    flags[present] = True
    return county.journeys.nearest(flags, catchment_mode(county)).facility


def _share_of(county: CountyRegister, people: People, rows: Flags, least: Flags, most: Flags) -> Span:
    """Return the people of one unit between its smallest and its largest catchment."""
    everybody, low, high = county.people_of(rows), county.people_of(least), county.people_of(most)
    if people.complete and (not everybody.complete or not everybody.known):
        return Span.between(0, people.known)
    if not people.complete:
        return Span.between(low.known, high.known if high.complete else None)
    scale = Fraction(people.known, everybody.known)
    return Span(low.known * scale, high.known * scale)
