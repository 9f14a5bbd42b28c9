"""Say in words what stands in the cells of a unit that fails, and which of its cells are to be asked for."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final

from clinicplan.errors import Phrase
from clinicplan.policy.bounds import FALSE, UNKNOWN, Flags3
from clinicplan.policy.conditions import (
    cell_is_empty,
    cell_texts,
    column_is_empty,
    condition_columns,
    meets,
    subject_columns,
)
from clinicplan.policy.findings import NOTHING
from clinicplan.policy.sources import column_title
from clinicplan.words import phrase

if TYPE_CHECKING:
    from clinicplan.policy.register import Members
    from clinicplan.policy.subjects import Condition, Subjects

LONGEST_CELL: Final = 60
"""Signs of a cell that are shown."""
_WORDS: Final = {
    "True": "yes", "False": "no", "public": "public", "private": "private", "collective": "collective",
    "rented": "rented", "doctor_home": "doctor_home", "none": "none", "basic": "basic", "recommended": "recommended",
    "community_hospital": "community_hospital",
}  # fmt: skip
"""Our ids in cells, and their entries under `policy_evidence.cell`."""

Told = Callable[[int], Phrase]


def cell_phrase(text: str) -> Phrase:
    """Return a cell as a reader would write it: our ids in words, lists with their number, long ones cut.

    Examples
    --------
    >>> cell_phrase("针刺;艾灸;拔罐")
    Phrase(zh='针刺、艾灸、拔罐（3项）', en='针刺, 艾灸, 拔罐 (3)')
    """
    if text in _WORDS:
        return phrase(f"policy_evidence.cell.{_WORDS[text]}")
    items = [item.strip() for item in text.split(";") if item.strip()]
    if len(items) > 1:
        listed = joined((Phrase(item, item) for item in items), "and")
        number = len({item.casefold() for item in items})
        return phrase("policy_evidence.cell_list", items=Phrase(_cut(listed.zh), _cut(listed.en)), count=number)
    return Phrase(_cut(text), _cut(text))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}…"


def joined(phrases: Iterable[Phrase], mark: str = "also") -> Phrase:
    """Join statements; `mark` names the separator, an entry under `policy_evidence.mark`."""
    parts = list(phrases)
    if len(parts) <= 1:
        return parts[0] if parts else NOTHING
    between = phrase(f"policy_evidence.mark.{mark}")
    return Phrase(between.zh.join(part.zh for part in parts), between.en.join(part.en for part in parts))


def failing_cells(units: Members, conditions: Sequence[Condition]) -> Told:
    """Return what tells of a unit, by its position, the cells of the conditions that it certainly does not meet."""

    @functools.cache
    def looked_at() -> tuple[list[Flags3], dict[str, list[str]]]:
        texts = {name: cell_texts(units.frame, name) for name in condition_columns(conditions)}
        return [meets(units.frame, (condition,)) for condition in conditions], texts

    def tell(place: int) -> Phrase:
        flags, texts = looked_at()
        missed = [item for item, flag in zip(conditions, flags, strict=True) if flag[place] == FALSE]
        return joined(_cell(units.layer, name, texts[name][place]) for name in condition_columns(missed))

    return tell


def shown_cells(units: Members, columns: Iterable[str]) -> Told:
    """Return what tells of a unit, by its position, the cells of some columns."""
    texts = _lazy_texts(units, columns)
    return lambda place: joined(_cell(units.layer, name, held[place]) for name, held in texts().items())


def asked_cells(units: Members, columns: Iterable[str]) -> Told:
    """Return what tells of a unit, by its position, which of its cells are empty, or cannot be read."""
    names = list(dict.fromkeys(columns))
    if units.layer == "facilities":
        names.append("operating")
    texts = _lazy_texts(units, names)

    def tell(place: int) -> Phrase:
        cells = {name: held[place] for name, held in texts().items()}
        empty = [name for name, text in cells.items() if _is_asked(name, text, int(units.member[place]))]
        if empty:
            return _lacks(units.layer, tuple(empty))
        filled = [name for name, text in cells.items() if name != "operating" and text]
        return joined(_cell(units.layer, name, cells[name]) for name in filled)

    return tell


def asked_columns(subjects: Subjects, columns: Iterable[str]) -> tuple[str, ...]:
    """Return the columns that a clause looks at: those that say who its units are, and its own."""
    return tuple(dict.fromkeys((*subject_columns(subjects), *columns)))


def _lazy_texts(units: Members, columns: Iterable[str]) -> Callable[[], dict[str, list[str]]]:
    """Return what reads the cells of some columns once, at the first unit that is told of."""
    return functools.cache(lambda: {name: cell_texts(units.frame, name) for name in columns})


@functools.lru_cache(maxsize=1024)
def _lacks(layer: str, columns: tuple[str, ...]) -> Phrase:
    return phrase("policy_evidence.lacks", columns=joined((column_title(layer, name) for name in columns), "and"))


def empty_columns(units: Members, columns: Iterable[str]) -> tuple[str, ...]:
    """Return `layer.column` of the columns that hold nothing for any of the units."""
    if not len(units):
        return ()
    return tuple(f"{units.layer}.{name}" for name in columns if column_is_empty(units.frame, name))


def _is_asked(column: str, text: str, member: int) -> bool:
    return cell_is_empty(text) and (column != "operating" or member == UNKNOWN)


@functools.lru_cache(maxsize=4096)
def _cell(layer: str, column: str, text: str) -> Phrase:
    value = cell_phrase(text) if text else phrase("policy.unknown")
    return phrase("policy_evidence.cell_of", column=column_title(layer, column), value=value)
