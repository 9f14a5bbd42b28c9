"""Test how large a part of the units, of their posts, staff, visits or people meets a clause, over the whole county."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import Phrase
from clinicplan.policy.bounds import (
    FALSE,
    TRUE,
    UNKNOWN,
    Flags3,
    ShareBounds,
    all_of,
    exact,
    flags3,
    negated,
    share_bounds,
    shortfall,
)
from clinicplan.policy.conditions import amounts, condition_columns, meets
from clinicplan.policy.evidence import (
    Told,
    asked_cells,
    asked_columns,
    empty_columns,
    failing_cells,
    joined,
    shown_cells,
)
from clinicplan.policy.findings import Case, Finding, Listing, Measure, joined_holds
from clinicplan.policy.parameters import ShareOf, SharePart
from clinicplan.policy.profile import Clause
from clinicplan.policy.register import CountyRegister, Members
from clinicplan.policy.rules.minimums import every, kept_units, lacking, operation_remarks, undecided, unit_measure
from clinicplan.policy.rules.registered import remarking_the_register
from clinicplan.policy.sums import Cell, SumShare, part_cell, whole_cell
from clinicplan.policy.wording import percent_text
from clinicplan.terms import serving_as
from clinicplan.words import phrase

Flags = NDArray[np.bool_]

PEOPLE: Final = "population"
SUM_UNITS: Final = {
    "posts": "posts", "professional_posts": "posts", "filled_posts": "posts", "grassroots_posts": "posts",
    "doctors": "doctors", "licensed_doctors": "doctors", "tcm_trained_doctors": "doctors", "physicians": "doctors",
    "gps": "doctors", "nurses": "nurses", "beds": "beds", "visits": "visits", "tcm_visits": "visits",
    "chronic_visits": "visits", "patients": "people", "managed_patients": "people", "key_people": "people",
    "contracted_key_people": "people",
}  # fmt: skip
"""What a summed column counts, as outputs name it; people where residents are the denominator, else items."""
LISTED: Final = ("policy_shares.column.measured", "id", "name", "township", "value")


@dataclass(frozen=True)
class _Part:
    """What one share gives; `lacking` are the units that lack it, each with its township."""

    number: int
    name: Phrase
    holds: bool | None
    measures: tuple[Measure, ...]
    lacking: tuple[tuple[Case, str], ...]
    unknown: tuple[Case, ...]
    needs: tuple[str, ...]
    figure: bool
    remarks: tuple[Phrase, ...] = ()


@remarking_the_register
def share(clause: Clause, county: CountyRegister) -> Finding:
    """Test one or several shares; all must hold.

    Shares pool the county, in whole numbers, the limit included. Without `column` units are counted; with it its
    numbers are summed, over those of `over_column`, over residents, or over the same column of all units. A part is
    never more than its whole: unknown professional posts lie between 0 and the posts of their hospital, unknown posts
    have no upper end. Shares of residents count those of exempt villages too, shares of villages do not. With
    `each_unit` every unit must reach the share by itself. A figure of the whole city is shown and not compared.

    Parameters
    ----------
    clause
        A clause of kind `share`.
    county
        The county.

    Returns
    -------
    finding
        One measure a share, for `each_unit` two: units that reach it, and the pooled share. The share that decides
        stands first: the first that is missed, else the first that is open; `unmet_part` names it. Units that lack a
        share fail only where it is missed; else they stand in a list.
    """
    asked = cast("ShareOf", clause.parameters).parts
    parts = [found for number, part in enumerate(asked) if (found := _part(number, part, county)) is not None]
    if not parts:
        return Finding.silent()
    finding = Finding(
        joined_holds(*(part.holds for part in parts)),
        tuple(measure for part in _deciding_first(parts) for measure in part.measures),
        failing=_once(case for part in parts if part.holds is False for case, _ in part.lacking),
        unknown=_once(case for part in parts for case in part.unknown),
        needs=tuple(dict.fromkeys(need for part in parts for need in part.needs)),
        figure=any(part.figure for part in parts),
        remarks=tuple(dict.fromkeys(remark for part in parts for remark in part.remarks)),
        listings=_listings(parts),
        unmet_part=_unmet(asked, parts, clause.deadlines),
    )
    return _shown_only(finding) if clause.strength == "information" else finding


def _shown_only(finding: Finding) -> Finding:
    """Return a figure of the whole city: the county's own, without a comparison."""
    measures = tuple(replace(measure, shortfall=None) for measure in finding.measures)
    remarks = (*finding.remarks, phrase("policy_shares.city_figure"))
    return replace(finding, holds=None, measures=measures, failing=(), listings=(), unmet_part=None, remarks=remarks)


def _once(cases: Iterable[Case]) -> tuple[Case, ...]:
    """Return every unit once, with all that is said of it."""
    said: dict[str, Case] = {}
    for case in cases:
        known = said.get(case.id)
        if known is None:
            said[case.id] = case
        elif case.value.zh not in known.value.zh:
            said[case.id] = replace(known, value=joined([known.value, case.value]))
    return tuple(said.values())


def _listings(parts: list[_Part]) -> tuple[Listing, ...]:
    """List the units that lack a share which is reached all the same, or open."""
    rows = tuple(
        (part.name, case.id, case.name, town, case.value)
        for part in parts
        if part.holds is not False
        for case, town in part.lacking
    )
    return (Listing("policy_shares.list.lacking", LISTED, rows),) if rows else ()


def _deciding(parts: list[_Part]) -> _Part | None:
    """Return the first share that is missed, else the first that is open; None where all are reached."""
    return next((part for answer in (False, None) for part in parts if part.holds is answer), None)


def _deciding_first(parts: list[_Part]) -> list[_Part]:
    deciding = _deciding(parts)
    return parts if deciding is None else [deciding, *(part for part in parts if part is not deciding)]


def _unmet(asked: tuple[SharePart, ...], parts: list[_Part], deadlines: tuple[date, ...]) -> int | None:
    """Return the place, among the deadlines, of the share that decides."""
    deciding = _deciding(parts)
    if deciding is None:
        return None
    due = asked[deciding.number].deadline
    return deadlines.index(due) if due in deadlines else deciding.number


@dataclass(frozen=True, eq=False)
class _Judged:
    """One share as found; `lacks` and `unknown` are flags of the units, and `tell` says what a unit has."""

    units: Members
    columns: tuple[str, ...]
    holds: bool | None
    measures: tuple[Measure, ...]
    lacks: Flags
    unknown: Flags
    tell: Told
    figure: bool
    remarks: tuple[Phrase, ...] = ()


def _part(number: int, part: SharePart, county: CountyRegister) -> _Part | None:
    """Measure one share; None where there is certainly nothing to count."""
    judged = _judge(part, county.members(part.subjects, exempt=_counts_people(part)))
    if judged is None:
        return None
    units, columns = judged.units, asked_columns(part.subjects, judged.columns)
    towns = units.frame["township"].astype(str).to_numpy()[judged.lacks].tolist()
    return _Part(
        number,
        _name(part),
        judged.holds,
        judged.measures,
        lacking=tuple(zip(units.cases(judged.lacks, judged.tell), towns, strict=True)),
        unknown=units.cases(judged.unknown, asked_cells(units, columns)),
        needs=empty_columns(units, columns) if judged.unknown.any() else (),
        figure=judged.figure,
        remarks=(*operation_remarks(county, part.subjects), *judged.remarks),
    )


def _counts_people(part: SharePart) -> bool:
    """Tell whether a share of villages is one of residents: those of exempt villages are residents too."""
    return part.subjects.layer == "villages" and (part.over_people or part.column is not None)


def _judge(part: SharePart, units: Members) -> _Judged | None:
    if not len(units):
        return None
    counts = meets(units.frame, part.conditions)
    if part.numerator_tiers:
        counts = all_of(counts, flags3(units.frame["tier"].isin(serving_as(part.numerator_tiers))))
    if part.column is None and not part.over_people:
        return _counted(part, units, negated(counts) if part.complement else counts)
    sums = _Sums.of(part, units, counts)
    if sums.total.empty:
        return None
    return _each(part, sums) if part.each_unit else _pooled(part, sums)


def _name(part: SharePart) -> Phrase:
    return Phrase(part.name, part.name_en)


# Units counted


def _counted(part: SharePart, units: Members, counts: Flags3) -> _Judged:
    columns = condition_columns(part.conditions)
    bounds = share_bounds(units.member, counts)
    doubtful = (units.member == UNKNOWN) | (counts == UNKNOWN)
    plain = not (part.at_most or part.complement)
    return _Judged(
        units,
        columns,
        holds=bounds.holds(exact(part.required), at_most=part.at_most),
        measures=(_measure(part, bounds, _name(part), units.layer, known=not doubtful.any()),),
        lacks=(units.member == TRUE) & (counts == (TRUE if part.at_most else FALSE)),
        # Of all units asked for, one that meets the clause need not be asked whether it is one of them.
        unknown=undecided(units.member, counts) if part.required == 1 and not part.at_most else doubtful,
        tell=failing_cells(units, part.conditions) if plain else shown_cells(units, columns),
        figure=bool(((units.member == TRUE) & (counts != UNKNOWN)).any()),
    )


def _measure(part: SharePart, share_of: ShareBounds | SumShare, name: Phrase, unit: str, *, known: bool) -> Measure:
    required = exact(part.required)
    reached = share_of.holds(required, at_most=part.at_most)
    return Measure(
        "share",
        share_of.value,
        share_of.of,
        unit=unit,
        name=name,
        low=None if known else share_of.low,
        high=None if known else share_of.high,
        least=None if part.at_most else required,
        most=required if part.at_most else None,
        shortfall=0 if reached else shortfall(share_of.value, share_of.of, required, at_most=part.at_most),
    )


# Numbers summed


@dataclass(frozen=True, eq=False)
class _Sums:
    """What every unit adds to numerator and denominator.

    Parameters
    ----------
    units
        The units.
    own
        One cell a unit, for the unit by itself.
    total
        The same pooled: a unit that may not be one adds nothing or its cell.
    contradictory
        Shape (units): the part is written larger than its whole.
    columns
        Columns looked at.
    required
        Share that is asked for: no printed share crosses it.
    """

    units: Members
    own: tuple[Cell, ...]
    total: SumShare
    contradictory: Flags
    columns: tuple[str, ...]
    required: Fraction

    @classmethod
    def of(cls, part: SharePart, units: Members, counts: Flags3) -> _Sums:
        """Read the numbers of a share."""
        over = PEOPLE if part.over_people else (part.over_column or part.column or PEOPLE)
        whole = amounts(units.frame, over)
        wholes = _optional(whole.value, whole.known)
        contradictory = np.zeros(len(units), dtype=bool)
        if part.column is None or part.column == over:
            cells = [whole_cell(amount, int(flag)) for amount, flag in zip(wholes, counts, strict=True)]
        else:
            inside = amounts(units.frame, part.column)
            parts = _optional(inside.value, inside.known)
            cells = [part_cell(some, all_, int(flag)) for some, all_, flag in zip(parts, wholes, counts, strict=True)]
            contradictory = inside.known & whole.known & (inside.value > whole.value)
        own = tuple(cell.rest for cell in cells) if part.complement else tuple(cells)
        pooled = (cell.perhaps() if flag == UNKNOWN else cell for cell, flag in zip(own, units.member, strict=True))
        columns = dict.fromkeys((*condition_columns(part.conditions), *([part.column] if part.column else []), over))
        total = SumShare.of_cells(pooled)
        return cls(units, own, total, contradictory, tuple(columns), exact(part.required))

    def of_each(self, part: SharePart) -> Flags3:
        """Tell which units reach the share by themselves."""
        required = exact(part.required)
        answers = [cell.holds(required, at_most=part.at_most) for cell in self.own]
        return np.array([UNKNOWN if answer is None else int(answer) for answer in answers], dtype=np.int8)

    def tell(self, place: int) -> Phrase:
        """Return a unit's own share, where it is known, else its cells."""
        cell = self.own[place]
        (inside, whole), *_ = cell.corners
        if not cell.closed or not whole:
            return shown_cells(self.units, self.columns)(place)
        percent = percent_text(Fraction(inside, whole), [self.required])
        return phrase("policy_shares.own", part=f"{inside:,}", whole=f"{whole:,}", percent=percent)


def _optional(values: NDArray[np.int64], known: Flags) -> list[int | None]:
    return [int(value) if is_known else None for value, is_known in zip(values, known, strict=True)]


def _pooled(part: SharePart, sums: _Sums) -> _Judged:
    """Compare the pooled share; units below it by themselves are those that lack it, where they have both numbers."""
    own = lacking(sums.units.member, sums.of_each(part))
    return _summed(
        sums,
        holds=sums.total.holds(exact(part.required), at_most=part.at_most),
        measures=(_sum_measure(part, sums, _name(part)),),
        lacks=np.zeros(len(sums.units), dtype=bool) if part.numerator_tiers else own,
    )


def _each(part: SharePart, sums: _Sums) -> _Judged:
    """Compare every unit's own share; the pooled one stands beside. A unit whose whole is 0 has no share."""
    filled = np.array([any(whole for _, whole in (*cell.corners, *cell.directions)) for cell in sums.own], dtype=bool)
    units = kept_units(sums.units, filled)
    own = tuple(cell for cell, keep in zip(sums.own, filled, strict=True) if keep)
    kept = replace(sums, units=units, own=own, contradictory=sums.contradictory[filled])
    met = kept.of_each(part)
    beside = replace(_sum_measure(part, sums, phrase("policy_shares.pooled", name=_name(part))), shortfall=None)
    return _summed(
        kept,
        holds=every(units.member, met),
        measures=(unit_measure(units, met, _name(part)), beside),
        lacks=lacking(units.member, met),
    )


def _sum_measure(part: SharePart, sums: _Sums, name: Phrase) -> Measure:
    unit = "people" if part.over_people else SUM_UNITS.get(part.over_column or part.column or "", "items")
    return _measure(part, sums.total, name, unit, known=sums.total.known)


def _summed(sums: _Sums, *, holds: bool | None, measures: tuple[Measure, ...], lacks: Flags) -> _Judged:
    closed = np.array([cell.closed for cell in sums.own], dtype=bool)
    count = int(sums.contradictory.sum())
    return _Judged(
        sums.units,
        sums.columns,
        holds,
        measures,
        lacks,
        unknown=~closed | (sums.units.member == UNKNOWN),
        tell=sums.tell,
        figure=bool((closed & (sums.units.member == TRUE)).any()),
        remarks=(phrase("policy_shares.part_exceeds", count=count),) if count else (),
    )
