"""Reckon what a clause costs a year and once, by payer, between its lower and its upper end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import Phrase
from clinicplan.policy.bounds import FALSE, TRUE, UNKNOWN
from clinicplan.policy.findings import Case, Finding, Listing, Measure
from clinicplan.policy.parameters import Cost
from clinicplan.policy.profile import Clause
from clinicplan.policy.register import CountyRegister, Members
from clinicplan.policy.rules.bills import PLAN, Bill, bills_of, yuan_of
from clinicplan.policy.rules.minimums import operation_remarks
from clinicplan.policy.rules.served import towns_of
from clinicplan.policy.sharing import own_clinics
from clinicplan.policy.spans import Span
from clinicplan.words import phrase

YEARLY: Final = "yearly"
ONCE: Final = "once"


def cost(clause: Clause, county: CountyRegister) -> Finding:
    """Reckon the amounts of a clause over those that are paid for; reported, never judged.

    A month counts twelve times a year. Certain units at the lower amount make the lower end, all possible units at the
    upper amount the upper end; where a number is unknown there is no upper end. What another clause pays to the same
    people instead is left out. Amounts that a plan brings need the planned county.

    Parameters
    ----------
    clause
        A clause of kind `cost`.
    county
        The county, today's or a planned one.

    Returns
    -------
    finding
        Yuan a year, then once: all payers together, then each apart. Who is paid is listed. Where the text gives no
        amount: the number of villages without a clinic of their own.
    """
    parameters = cast("Cost", clause.parameters)
    if not parameters.items:
        return _without_amount(county)
    bills = bills_of(clause, county)
    waiting = () if len(bills) == len(parameters.items) else (PLAN,)
    if not bills:
        return Finding.lacking(*waiting)
    if not any(len(bill.units) for bill in bills) and not waiting and not county.planned:
        return Finding.silent()
    asked = {case.id: case for bill in bills for case in bill.asked()}
    missing = tuple(dict.fromkeys(need for bill in bills for need in bill.missing))
    return Finding(
        None,
        _measures(bills, county),
        unknown=tuple(asked.values()),
        needs=(*missing, *waiting),
        figure=any(not bill.missing for bill in bills),
        remarks=_remarks(clause, bills, county),
        listings=_listings(bills, county),
    )


# Figures


def _measures(bills: Sequence[Bill], county: CountyRegister) -> tuple[Measure, ...]:
    """Return yuan a year, then once: the total first where several pay, then each payer."""
    measures = []
    for period in (YEARLY, ONCE):
        due = [bill for bill in bills if bill.is_yearly == (period == YEARLY)]
        payers = list(dict.fromkeys(bill.item.payer for bill in due))
        if len(payers) > 1:
            measures.append(_measure(phrase(f"policy_costs.{period}"), due))
        for payer in payers:
            name = phrase(f"policy_costs.{period}_of", payer=_payer(payer, county))
            measures.append(_measure(name, [bill for bill in due if bill.item.payer == payer]))
    return tuple(measures)


def _measure(name: Phrase, bills: Sequence[Bill]) -> Measure:
    span = _whole_yuan(yuan_of(bills))
    low, high = (None, None) if span.is_known else (span.low, span.high)
    return Measure("yuan", int(span.low), unit="yuan", name=name, low=low, high=high)


def _whole_yuan(span: Span) -> Span:
    return Span.between(math.floor(span.low), None if span.high is None else math.ceil(span.high))


def _payer(payer: str, county: CountyRegister) -> Phrase:
    """Return who pays; the county by its name where that tells its type."""
    if payer == "county" and county.settings.county_type:
        return phrase("policy_costs.payer.own", county=county.settings.plain_county)
    return phrase(f"policy_costs.payer.{payer}")


# What the reader must know


def _remarks(clause: Clause, bills: Sequence[Bill], county: CountyRegister) -> tuple[Phrase, ...]:
    said = [
        phrase("policy_costs.refund", name=_name(bill), percent=f"{100 * bill.item.refund_share:g}")
        for bill in bills
        if bill.item.refund_share is not None
    ]
    excluded = sum(int(bill.excluded.sum()) for bill in bills)
    if excluded:
        other = cast("Cost", clause.parameters).excluded_by
        said.append(phrase("policy_costs.excluded", count=excluded, clause=other))
    if any(bill.item.at_village and bill.units.layer == "facilities" for bill in bills):
        said.append(phrase("policy_costs.own_village"))
    if county.planned and any(bill.item.action is not None for bill in bills):
        said.append(phrase("policy_costs.planned"))
    subjects = [bill.item.subjects for bill in bills if bill.item.subjects is not None]
    return (*said, *operation_remarks(county, *subjects))


def _name(bill: Bill) -> Phrase:
    return Phrase(bill.item.name, bill.item.name_en)


# Who is paid


def _listings(bills: Sequence[Bill], county: CountyRegister) -> tuple[Listing, ...]:
    """List those who are or may be paid, one row a unit and amount; facilities and villages apart."""
    listings = []
    for layer, listed in groupby(sorted(bills, key=lambda bill: bill.units.layer), key=lambda bill: bill.units.layer):
        rows = tuple(row for bill in listed for row in _rows(bill, county))
        listings.append(Listing(f"policy_costs.list.{layer}", (*_COLUMNS[layer], *_PAID_COLUMNS), rows))
    return tuple(listings)


_COLUMNS: Final = {
    "facilities": ("facility_id", "facility", "township"),
    "villages": ("village_id", "village", "township"),
    "townships": ("township",),
}
_PAID_COLUMNS: Final = ("policy_costs.item", "payer", "policy_costs.times", "policy_costs.low", "policy_costs.high")


def _rows(bill: Bill, county: CountyRegister) -> list[tuple[str | int | Phrase | None, ...]]:
    """Return the rows of one amount: name, payer, how often, and the lower and upper end in yuan."""
    ids, names = bill.units.ids, bill.units.names
    towns = towns_of(bill.units.frame)
    low_cny, high_cny = bill.amounts()
    rows: list[tuple[str | int | Phrase | None, ...]] = []
    for place in np.flatnonzero(bill.paid != FALSE).tolist():
        times = int(bill.times.value[place]) if bill.times.known[place] else None
        first = (towns[place],) if bill.units.layer == "townships" else (ids[place], names[place], towns[place])
        low = math.floor(low_cny * (times or 0)) if bill.paid[place] == TRUE else 0
        high = None if times is None else math.ceil(high_cny * times)
        rows.append((*first, _name(bill), _payer(bill.item.payer, county), times, low, high))
    return rows


# No amount in the text


def _without_amount(county: CountyRegister) -> Finding:
    """Report how many villages have no clinic of their own, since the text names no amount for serving them."""
    has = own_clinics(county)
    lacking, doubtful = county.rural & (has == FALSE), county.rural & (has == UNKNOWN)
    low, open_ = int(lacking.sum()), int(doubtful.sum())
    name = phrase("policy_costs.without_clinic")
    measure = Measure(
        "count", low, int(county.rural.sum()), "villages", name,
        low=Fraction(low) if open_ else None, high=Fraction(low + open_) if open_ else None,
    )  # fmt: skip
    if not county.rural.any():
        return Finding.silent()
    return Finding(
        None,
        (measure,),
        unknown=_villages(county, doubtful),
        remarks=(phrase("policy_costs.no_amount"),),
        listings=(_villages_listing(county, lacking | doubtful),),
    )


def _villages(county: CountyRegister, mask: NDArray[np.bool_]) -> tuple[Case, ...]:
    row = np.flatnonzero(mask)
    frame = county.villages.iloc[row].reset_index(drop=True)
    members = Members("villages", row, np.full(row.size, TRUE, dtype=np.int8), frame)
    return members.cases(np.full(row.size, fill_value=True))


def _villages_listing(county: CountyRegister, mask: NDArray[np.bool_]) -> Listing:
    people = county.population
    rows = tuple(
        (
            str(county.villages["village_id"].iloc[row]),
            str(county.villages["name"].iloc[row]),
            str(county.villages["township"].iloc[row]),
            int(people.value[row]) if people.known[row] else None,
        )
        for row in np.flatnonzero(mask).tolist()
    )
    return Listing("policy_costs.list.without_clinic", ("village_id", "village", "township", "population"), rows)
