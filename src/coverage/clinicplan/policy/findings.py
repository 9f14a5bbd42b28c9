"""Hold what a rule finds: figures beside what is asked, who fails, who is unknown, and the status that follows."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Final, Literal

from clinicplan.errors import Phrase
from clinicplan.policy.profile import Clause

NOTHING: Final = Phrase("", "")

REPORTED_KINDS: Final = frozenset(
    {"cost", "classification", "village_class", "rotation", "remote", "touring", "referral_chain"}
)
"""Kinds that give a figure and no verdict."""
REPORTED_STRENGTHS: Final = frozenset({"report", "information", "principle", "may"})
"""Strengths that never fail: the comparison is reported."""

Form = Literal["share", "count", "ratio", "metres", "minutes", "yuan"]


class Status(StrEnum):
    """Verdict on a clause."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    NOT_ASSESSED = "not_assessed"
    NOT_APPLICABLE = "not_applicable"
    REPORTED = "reported"


@dataclass(frozen=True)
class Measure:
    """One figure of a clause beside what is asked.

    Parameters
    ----------
    form
        How it is printed: a share `value / of`, a count, a ratio `per * value / of`, metres, minutes (value in
        milliseconds) or yuan.
    value
        What certainly counts; whole units (people, facilities, metres, milliseconds, yuan).
    of
        Denominator; None for a plain number.
    unit
        What `value` counts: a key under `unit` of `words/policy.toml`, such as `facilities, villages, people, posts,
        doctors, beds, visits, townships, metres, yuan`.
    name
        What is measured, where a clause has several figures.
    per
        Denominator unit of a ratio (1000).
    low, high
        The figure if every unknown were bad, or good; as printed (a share is 0-1). `low` None: nothing is unknown;
        `high` None beside a `low`: no upper end.
    least, most
        What is asked for, in the unit of `low`; inclusive unless `strict`.
    strict
        Whether `least` must be exceeded, or `most` not reached.
    shortfall
        Whole units missing; 0 where nothing is, None where the clause gives no number.
    """

    form: Form
    value: int
    of: int | None = None
    unit: str = "facilities"
    name: Phrase = NOTHING
    per: int = 1
    low: Fraction | None = None
    high: Fraction | None = None
    least: Fraction | None = None
    most: Fraction | None = None
    strict: bool = False
    shortfall: int | None = None


@dataclass(frozen=True)
class Case:
    """One unit named in a finding: who fails, or whose cell is unknown."""

    id: str
    name: str
    value: Phrase = NOTHING


@dataclass(frozen=True)
class Listing:
    """A list that comes with a finding, one sheet of the workbook.

    Parameters
    ----------
    key
        Words that title it, such as `policy_clinics.list.without_clinic`; the last part is short enough for a sheet.
    columns
        Words that head the columns: `policy.column.NAME`, written `NAME`, or a full key of another subject.
    rows
        Cells: text, whole numbers, None where unknown, or a phrase.
    """

    key: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | int | float | Phrase | None, ...], ...]


@dataclass(frozen=True)
class Finding:
    """What a rule says about one clause.

    Parameters
    ----------
    holds
        Whether the clause is met whatever the unknown cells hold (True), missed whatever they hold (False), or open
        (None).
    measures
        Figures, the one that decides first.
    failing
        Units that certainly fail.
    unknown
        Units to ask for.
    needs
        Columns, layers or settings that are missing.
    applicable
        False where the document is silent for this county, or there is no unit it speaks of.
    figure
        False where nothing at all could be counted, so that there is nothing even to report.
    remarks
        What the reader must know: assumptions, readings, flags.
    listings
        Lists for the workbook.
    unmet_part
        Number of the first part (with a deadline of its own) that is not met; None where all are.
    """

    holds: bool | None
    measures: tuple[Measure, ...] = ()
    failing: tuple[Case, ...] = ()
    unknown: tuple[Case, ...] = ()
    needs: tuple[str, ...] = ()
    applicable: bool = True
    figure: bool = True
    remarks: tuple[Phrase, ...] = ()
    listings: tuple[Listing, ...] = field(default=(), repr=False)
    unmet_part: int | None = None

    @classmethod
    def silent(cls, *remarks: Phrase) -> Finding:
        """Return the finding where the document does not speak of this county."""
        return cls(None, applicable=False, remarks=remarks)

    @classmethod
    def lacking(cls, *needs: str, unknown: tuple[Case, ...] = (), remarks: tuple[Phrase, ...] = ()) -> Finding:
        """Return the finding where nothing can be said for want of data."""
        return cls(None, needs=needs, unknown=unknown, figure=False, remarks=remarks)


def status_of(clause: Clause, finding: Finding) -> Status:
    """Return the status that a finding gives a clause.

    Principles and possibilities never fail, and figures have no verdict: they are reported wherever there is a figure.
    A circle without a target share is reported too, whatever its strength.
    """
    if not finding.applicable:
        return Status.NOT_APPLICABLE
    if not finding.figure:
        return Status.NOT_ASSESSED
    if clause.kind in REPORTED_KINDS or clause.strength in REPORTED_STRENGTHS:
        return Status.REPORTED
    if finding.holds is None:
        return Status.REPORTED if _has_no_target(clause, finding) else Status.NOT_ASSESSED
    return Status.PASS if finding.holds else Status.FAIL


def _has_no_target(clause: Clause, finding: Finding) -> bool:
    return clause.kind == "service_circle" and all(measure.least is None for measure in finding.measures)


def joined_holds(*parts: bool | None) -> bool | None:
    """Join what parts of a clause say: missed when any is, met when all are, else open."""
    if False in parts:
        return False
    return None if None in parts else True
