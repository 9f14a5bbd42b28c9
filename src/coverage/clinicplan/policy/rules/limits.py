"""Say what number a quota asks for, as far as the population is known, and whether a count keeps to it."""

from __future__ import annotations

from fractions import Fraction
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clinicplan.policy.bounds import UNKNOWN, compared
from clinicplan.policy.conditions import Amounts, amounts, subject_columns
from clinicplan.policy.evidence import Told, asked_cells, asked_columns
from clinicplan.policy.parameters import Bracket, QuotaPart
from clinicplan.policy.register import CountyRegister, Members, People
from clinicplan.policy.spans import Span

COLUMN_UNITS: Final = {
    "beds": "beds", "posts": "posts", "doctors": "doctors", "nurses": "nurses", "gps": "doctors",
    "physicians": "doctors", "sent_down": "people", "visits": "visits", "diseases": "diseases",
    "infant_care": "facilities",
}  # fmt: skip
"""What a summed column counts, as a key under `unit` of `words/policy.toml`; anything else is items."""


class Limits(NamedTuple):
    """A number asked for; both ends inclusive, None where the document sets none."""

    least: int | None
    most: int | None


NO_LIMITS = Limits(None, None)


class Asked(NamedTuple):
    """What may be asked for.

    Parameters
    ----------
    options
        Every possible answer; None in the place of one: the document is silent there.
    grows
        Whether more may be asked for than the one option says, since the population is open upwards.
    """

    options: tuple[Limits | None, ...]
    grows: bool = False

    @property
    def is_silent(self) -> bool:
        """Whether the document certainly sets no number for so many people."""
        return self.options == (None,)

    @property
    def is_open(self) -> bool:
        """Whether the population leaves open what is asked for."""
        return len(self.options) > 1 or self.grows

    @property
    def sole(self) -> Limits:
        """The one answer, or no limits where several are possible."""
        return NO_LIMITS if self.is_open else self.options[0] or NO_LIMITS

    def holds(self, number: Span) -> bool | None:
        """Tell whether a number is right whatever may be asked for, wrong whatever may be, or open."""
        verdicts = {None if limits is None else _compared(number, limits) for limits in self.options}
        verdict = verdicts.pop() if len(verdicts) == 1 else None
        if not self.grows:
            return verdict
        # Limits only grow: what lies below the smallest is wrong; whatever lies above it may be right or not.
        least = self.options[0].least if self.options[0] else None
        return False if least is not None and number.high is not None and number.high < least else None


def follows_people(part: QuotaPart) -> bool:
    """Tell whether the number asked for depends on the population."""
    return bool(part.brackets) or part.per_people is not None


def asked_of(part: QuotaPart, people: People) -> Asked:
    """Return what a part asks for of so many residents; brackets include their lower end and not their upper.

    Examples
    --------
    >>> from clinicplan.policy.subjects import Subjects
    >>> part = QuotaPart(subjects=Subjects(), per_people=1_000_000, per_people_at_most=500_000)
    >>> asked_of(part, People(1_200_000)).sole
    Limits(least=2, most=3)
    """
    if part.brackets:
        return Asked(_possible_limits(part.brackets, people))
    if part.per_people is not None:
        most = None if part.per_people_at_most is None else _rounded_up(people.known, part.per_people_at_most)
        return Asked((Limits(_rounded_up(people.known, part.per_people), most),), grows=not people.complete)
    return Asked((Limits(part.minimum, part.maximum),))


def unit_of(part: QuotaPart) -> str:
    """Return what a part counts, as a key under `unit` of `words/policy.toml`."""
    return part.subjects.layer if part.column is None else unit_of_column(part.column)


def unit_of_column(column: str) -> str:
    """Return what the numbers of a column are, as a key under `unit` of `words/policy.toml`."""
    return COLUMN_UNITS.get(column, "items")


def cells_of(units: Members, part: QuotaPart) -> Amounts:
    """Return what each unit adds: its number in the column, or one."""
    if part.column is not None:
        return amounts(units.frame, part.column)
    return Amounts(np.ones(len(units), dtype=np.int64), np.ones(len(units), dtype=bool))


def asked_units(units: Members, part: QuotaPart, cells: Amounts) -> tuple[NDArray[np.bool_], Told]:
    """Return the units whose unknown cells move the count, and what tells of each which cells those are."""
    doubtful = ~cells.known | ((units.member == UNKNOWN) & (cells.value > 0))
    columns = asked_columns(part.subjects, () if part.column is None else (part.column,))
    return doubtful, asked_cells(units, columns)


def missing_of(county: CountyRegister, part: QuotaPart) -> tuple[str, ...]:
    """Return `layer.column` of what the part needs and no unit of its tiers or kinds has."""
    columns = (*subject_columns(part.subjects), *(() if part.column is None else (part.column,)))
    return county.missing(part.subjects.model_copy(update={"where": ()}), dict.fromkeys(columns))


def _rounded_up(people: int, per: int) -> int:
    return -(-people // per)


def _possible_limits(brackets: tuple[Bracket, ...], people: People) -> tuple[Limits | None, ...]:
    """Return what each bracket asks that the population may still fall into; None where it may fall outside all."""
    possible = [bracket for bracket in brackets if _may_hold(bracket, people)]
    limits = {Limits(bracket.minimum, bracket.maximum): None for bracket in possible}
    return (*limits, *((None,) if _may_fall_outside(brackets, people) else ()))


def _may_hold(bracket: Bracket, people: People) -> bool:
    reached = bracket.from_people <= people.known or not people.complete
    return reached and (bracket.below_people is None or people.known < bracket.below_people)


def _may_fall_outside(brackets: tuple[Bracket, ...], people: People) -> bool:
    """Tell whether some possible population lies in no bracket; a gap begins where a bracket ends, or at once."""
    ends = [bracket.below_people for bracket in brackets if bracket.below_people is not None]
    tried = [people.known, *(end for end in ends if end > people.known and not people.complete)]
    return not all(any(_may_hold(bracket, People(number)) for bracket in brackets) for number in tried)


def _compared(number: Span, limits: Limits) -> bool | None:
    least, most = (None if limit is None else Fraction(limit) for limit in limits)
    return compared(number.low, number.high, least, most)
