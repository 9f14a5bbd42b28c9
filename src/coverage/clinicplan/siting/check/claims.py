"""Say whether a claim holds, and name the first few that break it with their numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from clinicplan.errors import Phrase
from clinicplan.siting.proposal import Check
from clinicplan.words import phrase

SHOWN: Final = 3
"""Offenders named in a sentence; the rest are counted."""
MS_PER_MIN: Final = 60_000
MM_PER_KM: Final = 1_000_000
FEN: Final = 100


class Offence(NamedTuple):
    """One thing that breaks a rule: its id, what the plan has, what would be right; empty where that says nothing."""

    name: str
    found: Phrase | str | int | None = ""
    right: Phrase | str | int | None = ""


def claim(rule: str, offences: Iterable[Offence]) -> Check:
    """Return the check of a rule: it holds where nothing breaks it."""
    broken = list(offences)
    rule_words = phrase(f"siting_check.rule.{rule}")
    if not broken:
        return Check(rule, holds=True, detail=phrase("siting_check.holds", rule=rule_words))
    shown = [_sentence(item) for item in broken[:SHOWN]]
    named = Phrase("；".join(item.zh for item in shown), "; ".join(item.en for item in shown))
    key = "siting_check.broken" if len(broken) <= SHOWN else "siting_check.broken_more"
    return Check(rule, holds=False, detail=phrase(key, rule=rule_words, count=len(broken), named=named))


def compared(rule: str, name: str, said: object, found: object, *, unit: str = "count") -> Check:
    """Return the check of one number: what the plan says against what was computed."""
    if said == found:
        return claim(rule, ())
    return claim(rule, [Offence(name, _measured(said, unit), _measured(found, unit))])


def minutes(time_ms: int | None) -> Phrase:
    """Return a time with its unit, to the millisecond."""
    return _measured(time_ms, "ms")


def kilometres(length_mm: int) -> Phrase:
    """Return a length with its unit, to the millimetre."""
    return _measured(length_mm, "mm")


def yuan(fen: int | None) -> Phrase:
    """Return money with its unit, to the fen."""
    return _measured(fen, "fen")


def people(count: int | None) -> Phrase:
    """Return a number of people."""
    return _measured(count, "people")


def at_most(value: Phrase | int) -> Phrase:
    """Return an upper limit in words."""
    return phrase("siting_check.at_most", value=value)


def at_least(value: Phrase | int) -> Phrase:
    """Return a lower limit in words."""
    return phrase("siting_check.at_least", value=value)


def _measured(value: object, unit: str) -> Phrase:
    if value is None or not isinstance(value, int):
        return phrase("siting_check.unit.nothing") if value is None else Phrase(str(value), str(value))
    shown = {
        "ms": lambda: f"{value / MS_PER_MIN:,.5f}",
        "mm": lambda: f"{value / MM_PER_KM:,.6f}",
        "fen": lambda: f"{value / FEN:,.2f}",
    }.get(unit, lambda: f"{value:,}")()
    if unit in {"ms", "mm"} and value < 0:
        return phrase("siting_check.unit.no_way")
    return phrase(f"siting_check.unit.{unit}", value=shown)


def _sentence(item: Offence) -> Phrase:
    says, should = (part is not None and part != "" for part in (item.found, item.right))
    key = "both" if says and should else "said" if says else "right" if should else "named"
    return phrase(f"siting_check.offence.{key}", name=item.name, found=item.found, right=item.right)
