"""Reckon what one amount of money comes to: who is paid it, how many times, and between which ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import Phrase
from clinicplan.policy.bounds import FALSE, TRUE, UNKNOWN, Flags3, all_of, any_of, exact, negated
from clinicplan.policy.conditions import Amounts, amounts, column_is_empty, condition_columns, meets, missing_columns
from clinicplan.policy.evidence import Told, asked_cells, asked_columns
from clinicplan.policy.findings import Case
from clinicplan.policy.parameters import Cost, CostItem
from clinicplan.policy.profile import Clause
from clinicplan.policy.register import CountyRegister, Members
from clinicplan.policy.spans import Span
from clinicplan.policy.subjects import Condition
from clinicplan.terms import serving_as
from clinicplan.words import phrase

MONTHS_PER_YEAR: Final = 12
PLAN: Final = "plan"
NO_ACTION: Final = "-"
"""What no site does: an amount that names neither units nor an action is paid for nothing."""


@dataclass(frozen=True, eq=False)
class Bill:
    """One amount of money and those it is paid for.

    Parameters
    ----------
    item
        The amount.
    units
        Those that may be paid for.
    paid
        Shape (units): 1 certainly, 0 not, -1 perhaps.
    times
        Shape (units): how often the amount is paid for each.
    excluded
        Shape (units): whether another clause's payment rules this one out.
    villages
        Shape (units): the village that each serves, where it matters.
    missing
        What nothing is known of.
    """

    item: CostItem
    units: Members
    paid: Flags3
    times: Amounts
    excluded: NDArray[np.bool_]
    villages: Members | None
    missing: tuple[str, ...]

    @property
    def is_yearly(self) -> bool:
        """Whether it is paid year by year; a month counts twelve times."""
        return self.item.period != "once"

    def least(self) -> Fraction:
        """Return the lower end, a year or once: certain units at the lower amount."""
        sure = (self.paid == TRUE) & self.times.known
        return int(self.times.value[sure].sum()) * self.amounts()[0]

    def most_of_each(self) -> dict[int, Fraction | None]:
        """Return the upper end for each row that may be paid, None where its number is unknown."""
        amount = self.amounts()[1]
        places = np.flatnonzero(self.paid != FALSE).tolist() if amount else []
        return {
            int(self.units.row[place]): int(self.times.value[place]) * amount if self.times.known[place] else None
            for place in places
        }

    def amounts(self) -> tuple[Fraction, Fraction]:
        """Return the lower and the upper amount for one unit, a year or once."""
        scale = MONTHS_PER_YEAR if self.item.period == "month" else 1
        low = exact(self.item.low_cny) * scale
        return low, low if self.item.high_cny is None else exact(self.item.high_cny) * scale

    def asked(self) -> tuple[Case, ...]:
        """Return the units whose unknown cells move the sum, each with what to ask for."""
        owed = ~self.times.known | (self.times.value > 0)
        doubtful = ((self.paid == UNKNOWN) & owed) | ((self.paid == TRUE) & ~self.times.known)
        return self.units.cases(doubtful, _told(self))


def yuan_of(bills: Sequence[Bill]) -> Span:
    """Return what bills come to together, a year or once.

    Where an unknown cell could earn a unit one of several amounts (a standard of this level or of that), it earns at
    most the largest of them.
    """
    ends = [_most(group) for group in _alternatives(bills)]
    known = [end for end in ends if end is not None]
    low = sum((bill.least() for bill in bills), Fraction(0))
    return Span(low, sum(known, Fraction(0)) if len(known) == len(ends) else None)


def _most(bills: Sequence[Bill]) -> Fraction | None:
    """Return the upper end of amounts of which a unit gets one at most."""
    largest: dict[int, Fraction] = {}
    for bill in bills:
        for row, end in bill.most_of_each().items():
            if end is None:
                return None
            largest[row] = max(largest.get(row, Fraction(0)), end)
    return sum(largest.values(), Fraction(0))


def _alternatives(bills: Sequence[Bill]) -> list[list[Bill]]:
    """Group bills whose conditions ask different words of one cell, so that no unit meets two."""
    groups: list[list[Bill]] = []
    for bill in bills:
        group = next((found for found in groups if all(_exclude(bill, other) for other in found)), None)
        if group is None:
            groups.append([bill])
        else:
            group.append(bill)
    return groups


def _exclude(one: Bill, other: Bill) -> bool:
    if one.units.layer != other.units.layer:
        return False
    words, others = _words(one.item), _words(other.item)
    return any(words[column].isdisjoint(others[column]) for column in words.keys() & others.keys())


def _words(item: CostItem) -> dict[str, set[str]]:
    """Return the words that an amount asks of each cell, of which one cell holds one."""
    asked = ((test, test.equals) for test in item.conditions if not test.or_columns)
    return {
        test.column: {wanted} if isinstance(wanted, str) else set(wanted)
        for test, wanted in asked
        if wanted is not None and not isinstance(wanted, bool)
    }


def bills_of(clause: Clause, county: CountyRegister) -> list[Bill]:
    """Return the bills of a clause; those that a plan brings only where the county is a planned one."""
    parameters = cast("Cost", clause.parameters)
    return [
        _bill(item, county, _rivals(clause, county))
        for item in parameters.items
        if item.action is None or county.planned
    ]


def _bill(item: CostItem, county: CountyRegister, rivals: Sequence[CostItem]) -> Bill:
    units = _units(item, county)
    qualifies = _qualifies(item, county, units)
    ruled_out = _ruled_out(rivals, county, units)
    paid = all_of(units.member, qualifies, negated(ruled_out))
    excluded = (units.member != FALSE) & (qualifies != FALSE) & (ruled_out == TRUE)
    villages = villages_served(county, units) if item.at_village and len(units) else None
    return Bill(item, units, paid, _times(item, units), excluded, villages, _missing(item, county, units))


def _told(bill: Bill) -> Told:
    """Return what tells of a unit which of its cells, or of its village's, are to be filled."""
    columns = [*condition_columns(bill.item.conditions), *([bill.item.times] if bill.item.times else [])]
    subjects = bill.item.subjects
    own = asked_cells(bill.units, asked_columns(subjects, columns) if subjects is not None else columns)
    villages = bill.villages
    if villages is None:
        return own
    asked, flags = asked_cells(villages, condition_columns(bill.item.at_village)), _at_village(bill)
    names = villages.names

    def tell(place: int) -> Phrase:
        if flags[place] != UNKNOWN:
            return own(place)
        if villages.row[place] < 0:
            return phrase("policy_costs.no_village")
        return phrase("policy_costs.of_village", village=names[place], cells=asked(place))

    return tell


def _at_village(bill: Bill) -> Flags3:
    if bill.villages is None:
        return np.ones(len(bill.units), dtype=np.int8)
    return meets(bill.villages.frame, bill.item.at_village)


def _units(item: CostItem, county: CountyRegister) -> Members:
    if item.action is None and item.subjects is not None:
        return county.members(item.subjects)
    frame = county.facilities
    acted = frame["plan_action"] if "plan_action" in frame else np.full(len(frame), "")
    chosen = np.asarray(acted == (item.action or NO_ACTION)) & ~frame["outside_county"].to_numpy(dtype=bool)
    if item.action_tiers:
        chosen &= frame["tier"].isin(serving_as(item.action_tiers)).to_numpy(dtype=bool)
    row = np.flatnonzero(chosen & (frame["works"].to_numpy() != FALSE))
    member = frame["works"].to_numpy(dtype=np.int8)[row]
    return Members("facilities", row, member, frame.iloc[row].reset_index(drop=True))


def _qualifies(item: CostItem, county: CountyRegister, units: Members) -> Flags3:
    """Return which units meet the conditions of an amount, their own and those on the village they serve."""
    if not len(units):
        return np.ones(0, dtype=np.int8)
    own = meets(units.frame, item.conditions)
    return all_of(own, meets(villages_served(county, units).frame, item.at_village)) if item.at_village else own


def villages_served(county: CountyRegister, units: Members) -> Members:
    """Return the village of each unit, row by row: its own, or itself; empty cells and row -1 where there is none."""
    if units.layer == "villages":
        return units
    frame = county.villages.drop(columns=county.villages.geometry.name)
    row_of = {str(name): row for row, name in enumerate(frame["village_id"])}
    row = np.array([row_of.get(str(name), -1) for name in units.frame["own_village"]], dtype=np.int64)
    served = frame.reset_index(drop=True).reindex(row).reset_index(drop=True)
    return Members("villages", row, np.where(row >= 0, TRUE, UNKNOWN).astype(np.int8), served)


def _rivals(clause: Clause, county: CountyRegister) -> list[CostItem]:
    """Return the amounts whose payment rules this clause's out; two clauses that name each other pay the larger."""
    name = cast("Cost", clause.parameters).excluded_by
    other = next((item for item in county.profile.clauses if item.id == name and item.kind == "cost"), None)
    if other is None:
        return []
    theirs = cast("Cost", other.parameters)
    mutual = theirs.excluded_by == clause.id
    return [] if mutual and _largest(cast("Cost", clause.parameters)) > _largest(theirs) else list(theirs.items)


def _largest(parameters: Cost) -> Fraction:
    scale = {"month": MONTHS_PER_YEAR, "year": 1, "once": 1}
    return max((exact(item.low_cny) * scale[item.period] for item in parameters.items), default=Fraction(0))


def _ruled_out(rivals: Sequence[CostItem], county: CountyRegister, units: Members) -> Flags3:
    """Return which units another clause pays for if they are in operation: then both would pay the same people."""
    rows = [_rival_flags(item, county, units) for item in rivals if _same_layer(item, units)]
    if not rows or not len(units):
        return np.zeros(len(units), dtype=np.int8)
    first, *others = rows
    return any_of(first, *others) if others else first


def _same_layer(item: CostItem, units: Members) -> bool:
    return item.subjects is not None and item.subjects.layer == units.layer and item.action is None


def _rival_flags(item: CostItem, county: CountyRegister, units: Members) -> Flags3:
    spoken = np.ones(len(units), dtype=bool)
    where: tuple[Condition, ...] = ()
    if item.subjects is not None:
        where = item.subjects.where
        if units.layer == "facilities" and item.subjects.tiers:
            tiers = item.subjects.tiers if item.subjects.exact else serving_as(item.subjects.tiers)
            spoken = units.frame["tier"].isin(tiers).to_numpy(dtype=bool)
    flags = all_of(_qualifies(item, county, units), meets(units.frame, where))
    return np.where(spoken, flags, FALSE).astype(np.int8)


def _times(item: CostItem, units: Members) -> Amounts:
    if item.times is not None:
        return amounts(units.frame, item.times)
    return Amounts(np.ones(len(units), dtype=np.int64), np.ones(len(units), dtype=bool))


def _missing(item: CostItem, county: CountyRegister, units: Members) -> tuple[str, ...]:
    """Return `layer.column` of what is needed and not known of any unit."""
    if not len(units):
        return ()
    where = item.subjects.where if item.subjects is not None else ()
    everybody = _regardless(item, county, units)
    lacking = missing_columns(everybody.frame, (*where, *item.conditions), units.layer)
    if item.times is not None and column_is_empty(everybody.frame, item.times):
        lacking = (*lacking, f"{units.layer}.{item.times}")
    return (*lacking, *missing_columns(county.villages, item.at_village, "villages"))


def _regardless(item: CostItem, county: CountyRegister, units: Members) -> Members:
    """Return the units of the tiers or kinds of an amount, whatever stands in their cells."""
    if item.action is not None or item.subjects is None:
        return units
    return county.members(item.subjects.model_copy(update={"where": ()}))
