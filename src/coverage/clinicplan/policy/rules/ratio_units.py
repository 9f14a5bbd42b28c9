"""Set up what a ratio divides: numbers and residents of every township, or of every facility, with what is unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from clinicplan.policy.bounds import FALSE, TRUE, UNKNOWN, Flags3
from clinicplan.policy.conditions import Amounts, amounts
from clinicplan.policy.evidence import asked_cells, asked_columns
from clinicplan.policy.findings import Case
from clinicplan.policy.parameters import Ratio
from clinicplan.policy.register import CountyRegister, Members
from clinicplan.policy.rules.served import (
    Residents,
    Towns,
    of_kind_village,
    served_people,
    towns_of,
    township_people,
    townships_of,
    village_towns,
)
from clinicplan.policy.spans import Span, counted_span, spans_of
from clinicplan.terms import serving_as

Flags = NDArray[np.bool_]

CENTRAL_TIERS: Final = frozenset(serving_as(["central_township_hospital"]))
"""Sub-centres count as central hospitals."""
NOWHERE: Final = ""
"""Township of units and villages that name none."""


@dataclass(frozen=True)
class RatioUnit:
    """One township or facility of a ratio.

    Parameters
    ----------
    id, name, township
        Of the unit; a township's are all its name.
    is_sure
        Whether it is certainly one that counts.
    amount
        Numerator, where it counts.
    base
        Denominator: residents, or another number.
    whole
        Residents of the whole township, where `base` is a part of them.
    is_central
        Whether it is a central hospital, or a township that has one.
    """

    id: str
    name: str
    township: str
    is_sure: bool
    amount: Span
    base: Span
    whole: Span
    is_central: bool = False


def facility_units(county: CountyRegister, parameters: Ratio, members: Members) -> list[RatioUnit]:
    """Return one unit a facility, over the people it serves or over another of its numbers."""
    amount = spans_of(amounts(members.frame, parameters.column))
    if parameters.over == "column":
        base = whole = tuple(spans_of(amounts(members.frame, parameters.over_column or "")))
    else:
        people = served_people(county, members, parameters.over)
        base, whole = people.split, people.whole
    towns, sure = towns_of(members.frame).tolist(), (members.member == TRUE).tolist()
    central = members.frame["tier"].isin(CENTRAL_TIERS).tolist()
    columns = zip(members.ids, members.names, towns, sure, amount, base, whole, central, strict=True)
    return [RatioUnit(*cells) for cells in columns]


def township_units(county: CountyRegister, parameters: Ratio, members: Members) -> list[RatioUnit]:
    """Return one unit a township, and a last one for what names no township, if anything does.

    Where only townships with certain facilities count, a township whose facilities may be out of operation may not be
    one: its numbers and its people come in or stay out together.
    """
    over = cast("Residents", parameters.over)
    cells = amounts(members.frame, parameters.column)
    of_unit = towns_of(members.frame)
    central = members.frame["tier"].isin(CENTRAL_TIERS).to_numpy(dtype=bool)
    bringing = _Bringing.prepare(county, parameters)
    units = []
    for town in townships_of(county, members):
        included = bringing.includes(town)
        if included == FALSE:
            continue
        here = of_unit == town
        number = _sum(members, cells, here)
        if included == UNKNOWN:
            number = Span(number.low + bringing.least(town, members, cells), number.high)
        people = Span.of_people(township_people(county, town, over))
        units.append(RatioUnit(town, town, town, included == TRUE, number, people, people, bool(central[here].any())))
    return [*units, *_nowhere(county, parameters, members, cells)]


@dataclass(frozen=True, eq=False)
class _Bringing:
    """The facilities that make a township count.

    Parameters
    ----------
    serving
        Shape (facilities): 1 in operation, 0 none of them or not, -1 perhaps.
    towns
        Shape (facilities): their townships.
    is_asked
        Whether any facility is asked for; otherwise every township counts.
    """

    serving: Flags3
    towns: Towns
    is_asked: bool

    @classmethod
    def prepare(cls, county: CountyRegister, parameters: Ratio) -> _Bringing:
        serving = county.serving(parameters.townships_with)
        return cls(serving, towns_of(county.facilities), bool(parameters.townships_with))

    def includes(self, town: str) -> int:
        """Tell whether a township counts; a facility without a township may stand in any."""
        if not self.is_asked or (self.serving[self.towns == town] == TRUE).any():
            return TRUE
        return UNKNOWN if self._possible(town).any() else FALSE

    def least(self, town: str, members: Members, cells: Amounts) -> int:
        """Return the least number that a facility adds which makes a township count: one of them is there."""
        added = dict(zip(members.row.tolist(), np.where(cells.known, cells.value, 0).tolist(), strict=True))
        return min((added.get(row, 0) for row in np.flatnonzero(self._possible(town)).tolist()), default=0)

    def _possible(self, town: str) -> Flags:
        own = (self.towns == town) & (self.serving == UNKNOWN)
        possible: Flags = own | ((self.towns == NOWHERE) & (self.serving != FALSE))
        return possible


def asked_rows(
    county: CountyRegister, parameters: Ratio, members: Members, units: Sequence[RatioUnit]
) -> tuple[Case, ...]:
    """Return the facilities and villages whose unknown cells move the ratio, each with what to ask for."""
    cells = amounts(members.frame, parameters.column)
    doubtful = ~cells.known | ((members.member == UNKNOWN) & (cells.value > 0))
    columns = [parameters.column]
    if parameters.over == "column" and parameters.over_column is not None:
        columns.append(parameters.over_column)
        doubtful |= ~amounts(members.frame, parameters.over_column).known
    counted = {unit.township for unit in units}
    doubtful &= np.isin(towns_of(members.frame), list(counted))
    told = asked_cells(members, asked_columns(parameters.subjects, columns))
    return (*members.cases(doubtful, told), *_villages_asked(county, parameters, units))


def _villages_asked(county: CountyRegister, parameters: Ratio, units: Sequence[RatioUnit]) -> tuple[Case, ...]:
    """Return the villages of unknown population in the townships whose people are not fully known."""
    open_towns = {unit.township for unit in units if parameters.over != "column" and not unit.whole.is_known}
    here = np.isin(village_towns(county), list(open_towns))
    if parameters.over != "residents":
        here = here & of_kind_village(county)
    row = np.flatnonzero(here & ~county.population.known)
    frame = county.villages.iloc[row].reset_index(drop=True)
    villages = Members("villages", row, np.full(row.size, TRUE, dtype=np.int8), frame)
    return villages.cases(np.full(row.size, fill_value=True), asked_cells(villages, ["population"]))


def _sum(members: Members, cells: Amounts, here: Flags) -> Span:
    sure = members.member[here] == TRUE
    return counted_span(Amounts(cells.value[here], cells.known[here]), sure)


def _nowhere(county: CountyRegister, parameters: Ratio, members: Members, cells: Amounts) -> list[RatioUnit]:
    """Return what names no township; where townships are chosen, it may belong to one or to none."""
    number = _sum(members, cells, towns_of(members.frame) == NOWHERE)
    rows = village_towns(county) == NOWHERE
    if parameters.over != "residents":
        rows = rows & of_kind_village(county)
    people = Span.of_people(county.people_of(rows))
    if parameters.townships_with:
        number, people = Span(Fraction(0), number.high), Span(Fraction(0), people.high)
    if number.high == 0 and people.high == 0:
        return []
    return [RatioUnit(NOWHERE, NOWHERE, NOWHERE, is_sure=True, amount=number, base=people, whole=people)]
