"""Find the institution that every unit is assigned to: named by the register, else the one of its township."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.check.place_names import plain_text
from clinicplan.errors import Phrase
from clinicplan.layers.cells import read_list, read_yes_no
from clinicplan.policy.bounds import FALSE, TRUE, UNKNOWN, Flags3
from clinicplan.policy.conditions import cell_is_empty, cell_texts
from clinicplan.policy.evidence import joined
from clinicplan.standard import UNREACHED
from clinicplan.terms import serving_as
from clinicplan.words import phrase

if TYPE_CHECKING:
    from clinicplan.policy.parameters import Assignment
    from clinicplan.policy.register import CountyRegister, Members
    from clinicplan.policy.subjects import Subjects

Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]

NOBODY: Final = -1
CAR: Final = "car"


@dataclass(frozen=True, eq=False)
class Assigned:
    """The institution of each unit, and how it was found; rows are units.

    Parameters
    ----------
    facility
        Row of the institution, -1 where none is known.
    how
        `named, told` (the cell says that there is one, none that we know)`, township, nearest` (of several in the
        township)`, other_tier, closed, denied, none, open`.
    flags
        Whether the unit certainly has one, certainly has none, or it is open.
    written
        The cell.
    several
        Whether the cell names more than one.
    """

    facility: Int64
    how: tuple[str, ...]
    flags: Flags3
    written: tuple[str, ...]
    several: Flags


@dataclass(frozen=True)
class _One:
    """What is found for one unit."""

    facility: int
    how: str
    flag: int


def assign(county: CountyRegister, units: Members, asked: Assignment) -> Assigned:
    """Find the institution of each unit.

    The cell names it by id or name, a name also in part where only one institution fits. An unknown name is open where
    institutions of the county are meant, and is taken at its word elsewhere (a city hospital is in no layer of the
    county). Without a cell the institution of the unit's township is taken, of several the nearest by car; a township
    without any leaves the unit without one, unless the column is in use and only this cell is empty.

    Parameters
    ----------
    county
        The county.
    units
        The units.
    asked
        What the clause says.
    """
    cells = cell_texts(units.frame, asked.column)
    register = _Register.of(county, asked.to_tiers)
    used = not all(cell_is_empty(text) for text in cells)
    towns = unit_townships(units)
    found = [
        register.by_cell(text, town, by_township=asked.by_township)
        if not cell_is_empty(text)
        else register.by_township(town, used=used)
        if asked.by_township
        else _One(NOBODY, "open", UNKNOWN)
        for text, town in zip(cells, towns, strict=True)
    ]
    facility = np.array([one.facility for one in found], dtype=np.int64)
    chosen = np.array([one.how == "nearest" for one in found], dtype=bool)
    facility[chosen] = _nearest_in_township(county, units, chosen, register)
    return Assigned(
        facility,
        tuple(one.how for one in found),
        np.array([one.flag for one in found], dtype=np.int8),
        tuple(cells),
        np.array([len(set(read_list(text))) > 1 for text in cells], dtype=bool),
    )


def township_institutions(county: CountyRegister, units: Members, tiers: Iterable[str]) -> tuple[Int64, Flags3]:
    """Return the institution of each unit's township, of several the nearest by car, and whether it has one.

    Parameters
    ----------
    county, units
        The county and the units.
    tiers
        What serves as the institution.
    """
    register = _Register.of(county, tiers)
    found = [register.by_township(town, used=False) for town in unit_townships(units)]
    facility = np.array([one.facility for one in found], dtype=np.int64)
    chosen = np.array([one.how == "nearest" for one in found], dtype=bool)
    facility[chosen] = _nearest_in_township(county, units, chosen, register)
    return facility, np.array([one.flag for one in found], dtype=np.int8)


def unit_townships(units: Members) -> list[str]:
    """Return the township of each unit."""
    names: list[str] = units.frame["township"].astype(str).tolist()
    return names


def units_phrase(subjects: Subjects) -> Phrase:
    """Return what the units of a clause are called: their tiers, else their layer."""
    tiers = [phrase(f"general.tier.{tier}") for tier in subjects.tiers]
    return joined(tiers, "and") if tiers else phrase(f"policy_assignments.units.{subjects.layer}")


def drive_mode(county: CountyRegister) -> str:
    """Return the mode that staff drive by: the car where there are roads for it, else the mode of the standard."""
    return CAR if CAR in county.journeys.modes else county.journeys.mode


def tour_ms(county: CountyRegister, units: Members, place: Int64, facility: Int64) -> Int64:
    """Return the time between units and institutions, pair by pair, milliseconds; -1 where there is none.

    To a village it is the way of its people, who live in its natural villages, the farthest counting; to a facility it
    is the drive from the institution.

    Parameters
    ----------
    county, units
        The county and the units.
    place, facility
        Shape (pairs): place of the unit, row of the institution (-1: none).
    """
    time = np.full(place.size, UNREACHED, dtype=np.int64)
    known = np.flatnonzero(facility != NOBODY)
    rows, institutions, mode = units.row[place[known]], facility[known], drive_mode(county)
    if units.layer == "villages":
        time[known] = county.journeys.ways(rows, institutions, mode).time_ms
    elif units.layer == "facilities":
        time[known] = county.journeys.drives(institutions, rows, mode)
    return time


def nearest_institutions(county: CountyRegister, units: Members, works: Flags3) -> tuple[Int64, Int64]:
    """Return the nearest institution of each unit by time and that time, ties to the smaller id; -1 where none.

    Parameters
    ----------
    county, units
        The county and the units.
    works
        Shape (facilities): institutions; those certainly in operation count.
    """
    key = ("nearest institutions", units.layer, units.row.tobytes(), works.tobytes())
    return county.recall(key, lambda: _find_nearest(county, units, works))


def _find_nearest(county: CountyRegister, units: Members, works: Flags3) -> tuple[Int64, Int64]:
    counted = works == TRUE
    if units.layer == "villages":
        trips = county.journeys.nearest(counted, drive_mode(county))
        return trips.facility[units.row].astype(np.int64), trips.worst_ms[units.row]
    rows = _by_id(county, np.flatnonzero(counted))
    if units.layer != "facilities" or not rows.size or not len(units):
        nobody = np.full(len(units), NOBODY, dtype=np.int64)
        return nobody, nobody.copy()
    place, facility = np.repeat(np.arange(len(units)), rows.size), np.tile(rows, len(units))
    time = tour_ms(county, units, place, facility).reshape(len(units), rows.size)
    best = np.where(time == UNREACHED, np.iinfo(np.int64).max, time).argmin(axis=1)
    least = time[np.arange(len(units)), best]
    return np.where(least == UNREACHED, NOBODY, rows[best]), least


def _nearest_in_township(county: CountyRegister, units: Members, chosen: Flags, register: _Register) -> Int64:
    """Return for the chosen units the nearest of their township's institutions, the first where none has a way."""
    towns, places = unit_townships(units), np.flatnonzero(chosen)
    pairs = [(at, row) for at in places.tolist() for row in register.sure[towns[at]]]
    place, facility = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    time = tour_ms(county, units, place, facility)
    time = np.where(time == UNREACHED, np.iinfo(np.int64).max, time)
    order = np.lexsort((np.arange(place.size), time, place))
    first = order[np.unique(place[order], return_index=True)[1]]
    return facility[first]


def _by_id(county: CountyRegister, rows: Int64) -> Int64:
    names = county.facilities["facility_id"].astype(str).to_numpy(dtype=object)[rows]
    return rows[np.argsort(names, kind="stable")].astype(np.int64)


@dataclass(frozen=True, eq=False)
class _Register:
    """The institutions of the county by id, name and township.

    Parameters
    ----------
    works
        Shape (facilities): three-valued.
    fits
        Shape (facilities): whether it is of the right tier.
    township, names
        Of each facility; names reduced.
    sure, possible
        Institutions of each township that certainly operate, and that may; by id.
    rows_of
        Facilities by id and by reduced name.
    """

    works: Flags3
    fits: Flags
    township: list[str]
    names: list[str]
    sure: dict[str, list[int]]
    possible: dict[str, list[int]]
    rows_of: dict[str, list[int]]

    @classmethod
    def of(cls, county: CountyRegister, tiers: Iterable[str]) -> _Register:
        """Look the institutions up."""
        frame, serving = county.facilities, county.serving(tiers)
        township, names = (
            frame["township"].astype(str).tolist(),
            [plain_text(name) for name in frame["name"].astype(str).tolist()],
        )
        sure: dict[str, list[int]] = defaultdict(list)
        possible: dict[str, list[int]] = defaultdict(list)
        for row in _by_id(county, np.flatnonzero(serving != FALSE)).tolist():
            (sure if serving[row] == TRUE else possible)[township[row]].append(row)
        rows_of: dict[str, list[int]] = defaultdict(list)
        for row, (code, name) in enumerate(zip(frame["facility_id"].astype(str).tolist(), names, strict=True)):
            for key in dict.fromkeys((code.casefold(), name)):
                rows_of[key].append(row)
        fits = frame["tier"].isin(serving_as(tiers)).to_numpy(dtype=bool)
        return cls(frame["works"].to_numpy(), fits, township, names, sure, possible, rows_of)

    def by_township(self, town: str, *, used: bool) -> _One:
        """Return the institution of a township."""
        sure = self.sure.get(town, []) if town else []
        if sure:
            return _One(sure[0], "township" if len(sure) == 1 else "nearest", TRUE)
        doubtful = not town or town in self.possible or "" in self.sure or "" in self.possible or used
        return _One(NOBODY, "open" if doubtful else "none", UNKNOWN if doubtful else FALSE)

    def by_cell(self, text: str, town: str, *, by_township: bool) -> _One:
        """Return the institution that a cell names, the first that fits of several."""
        if read_yes_no(text) is not None:
            return self._by_answer(town, told=bool(read_yes_no(text)), by_township=by_township)
        found = [self._by_name(name, town, by_township=by_township) for name in read_list(text)]
        return max(found, key=lambda one: {TRUE: 2, UNKNOWN: 1, FALSE: 0}[one.flag])

    def _by_answer(self, town: str, *, told: bool, by_township: bool) -> _One:
        """Read a cell that says yes or no instead of a name."""
        if not told:
            return _One(NOBODY, "denied", FALSE)
        here = self.by_township(town, used=True) if by_township else _One(NOBODY, "told", TRUE)
        return here if here.flag == TRUE else _One(NOBODY, "told", TRUE)

    def _by_name(self, name: str, town: str, *, by_township: bool) -> _One:
        rows = self._rows(name, town)
        if not rows:
            return _One(NOBODY, "open", UNKNOWN) if by_township else _One(NOBODY, "told", TRUE)
        fitting = [row for row in rows if self.fits[row]]
        if not fitting:
            return _One(rows[0], "other_tier", FALSE)
        if len(fitting) > 1:
            return _One(NOBODY, "open", UNKNOWN)
        row = fitting[0]
        works = int(self.works[row])
        return _One(row, {TRUE: "named", FALSE: "closed", UNKNOWN: "open"}[works], works)

    def _rows(self, name: str, town: str) -> list[int]:
        """Return the facilities that a name may mean: of that id or name, else those of which it is a part."""
        plain = plain_text(name)
        rows = self.rows_of.get(name.casefold(), []) or self.rows_of.get(plain, [])
        if not rows and len(plain) > 1:
            fitting = np.flatnonzero(self.fits).tolist()
            rows = [row for row in fitting if plain in self.names[row] or self.names[row] in plain]
        near = [row for row in rows if self.township[row] == town]
        return near if len(rows) > 1 and near else rows
