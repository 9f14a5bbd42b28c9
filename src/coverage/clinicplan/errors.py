"""Say what went wrong in a way a planner can act on.

The tree of errors; each is also a builtin kind, so that code that knows nothing of clinicplan can still catch it::

    PlannerError (Exception)
    ├── RegionError      (ValueError)    the region or scenario file
    ├── LayerError       (ValueError)    villages, facilities and other layers
    ├── NetworkError     (ValueError)    roads
    ├── PolicyError      (ValueError)    policy profiles
    ├── SitingError      (ValueError)    location models
    │   └── InfeasibleError              no plan can satisfy the rules
    └── OutputError      (OSError)       the result folder, disk, memory

An error carries `Fault` records: every fault found, not only the first, each in Chinese and English.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, NamedTuple

Language = Literal["zh", "en"]


class Phrase(NamedTuple):
    """One statement in both languages of the program."""

    zh: str
    en: str

    def text(self, lang: Language) -> str:
        """Return the statement in one language."""
        return self.zh if lang == "zh" else self.en


class Severity(StrEnum):
    """How much a fault matters (DESIGN section 4)."""

    ERROR = "error"
    """The run cannot be right: exit 2."""
    PENDING = "pending"
    """The row is set aside and counted in every output; the run goes on."""
    NOTE = "note"
    """Worth a look; nothing is set aside."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with the input, and what to do about it.

    Parameters
    ----------
    severity
        What the fault does to the run.
    code
        Stable name of the kind of fault, such as `duplicate_id`.
    found, allowed, remedy
        What was met, what would have been right, what to do.
    layer
        Layer or table concerned (`villages`, `region`), or empty.
    file
        File name as the planner gave it, or empty.
    rows
        Row numbers as the file shows them (the first line or sheet row is 1); empty when not tied to rows.
    ids
        Ids of the objects concerned; empty when not tied to any.
    count
        How many rows or objects are concerned; at least the number of rows listed.
    """

    severity: Severity
    code: str
    found: Phrase
    allowed: Phrase
    remedy: Phrase
    layer: str = ""
    file: str = ""
    rows: tuple[int, ...] = ()
    ids: tuple[str, ...] = ()
    count: int = 1


class PlannerError(Exception):
    """Base of every error that clinicplan raises on purpose.

    Parameters
    ----------
    *problems
        Faults, or plain English sentences from code that has no file or row to name.
    """

    exit_code = 2

    def __init__(self, *problems: Fault | str) -> None:
        self.faults: tuple[Fault, ...] = tuple(
            problem if isinstance(problem, Fault) else _plain_fault(problem) for problem in problems
        )
        super().__init__("\n".join(fault_line(fault, "en") for fault in self.faults))


class RegionError(PlannerError, ValueError):
    """The region or scenario file cannot be used."""


class LayerError(PlannerError, ValueError):
    """A layer cannot be used."""


class NetworkError(PlannerError, ValueError):
    """Roads cannot be read or searched."""


class PolicyError(PlannerError, ValueError):
    """A policy profile cannot be used."""


class SitingError(PlannerError, ValueError):
    """A location problem is not well posed."""


class InfeasibleError(SitingError):
    """No plan can satisfy the rules."""

    exit_code = 3


class OutputError(PlannerError, OSError):
    """Results cannot be written."""


MOST_IDS_SHOWN = 5


def fault_line(fault: Fault, lang: Language) -> str:
    """Write a fault as one line: where, found, allowed, remedy.

    Parameters
    ----------
    fault
        What was found.
    lang
        Language of the line.

    Returns
    -------
    line
        For example `villages.xlsx, row 7 (330624102201): ... Expected ... Fix ...`.
    """
    where = _place(fault, lang)
    sentences = [part.text(lang).strip() for part in (fault.found, fault.allowed, fault.remedy)]
    body = ("" if lang == "zh" else " ").join(sentence for sentence in sentences if sentence)
    if not where:
        return body
    return f"{where}：{body}" if lang == "zh" else f"{where}: {body}"


def fault_table(fault: Fault, lang: Language) -> dict[str, Any]:
    """Return a fault as plain values for programs, its sentences in one language."""
    return {
        "severity": fault.severity.value,
        "code": fault.code,
        "layer": fault.layer,
        "file": fault.file,
        "rows": list(fault.rows),
        "ids": list(fault.ids),
        "count": fault.count,
        "found": fault.found.text(lang),
        "allowed": fault.allowed.text(lang),
        "remedy": fault.remedy.text(lang),
    }


def _place(fault: Fault, lang: Language) -> str:
    """Name file, rows and ids, the first few of each."""
    parts = [fault.file or fault.layer]
    if fault.rows:
        rows = _shortened([str(row) for row in fault.rows])
        parts.append(f"第{rows}行" if lang == "zh" else f"row {rows}")
    place = (" " if lang == "zh" else ", ").join(part for part in parts if part)
    if fault.ids:
        ids = _shortened(list(fault.ids))
        place += f"（{ids}）" if lang == "zh" else f" ({ids})"
    return place.strip()


def _shortened(items: list[str]) -> str:
    shown = ", ".join(items[:MOST_IDS_SHOWN])
    return f"{shown}, …" if len(items) > MOST_IDS_SHOWN else shown


def _plain_fault(message: str) -> Fault:
    nothing = Phrase("", "")
    return Fault(Severity.ERROR, "plain", Phrase(message, message), nothing, nothing)
