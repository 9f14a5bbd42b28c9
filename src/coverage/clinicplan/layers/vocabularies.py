"""Recognise the words of columns with a fixed vocabulary, tiers above all, by `vocabularies.toml`."""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Final, NamedTuple

from clinicplan.layers.cells import clean, is_empty
from clinicplan.region import nearest_word
from clinicplan.terms import TIERS

_BLANKS: Final = re.compile(r"[\s*]+")
_REGISTER_CODE: Final = re.compile(r"[a-z]\d{1,3}")
"""The national register's codes of institutions, such as D600: the name is asked."""
_BRANCH: Final = re.compile(r"卫生院|医院")


class Word(NamedTuple):
    """A cell read as a word of a vocabulary."""

    id: str
    """Our word; empty where the cell is empty or unknown."""
    guessed: bool = False
    """Whether a known word was only part of the cell, or the name was asked."""
    known: bool = True
    """False where the cell holds a word that is not in the vocabulary."""


@dataclass(frozen=True)
class _Vocabulary:
    """Every listed word of one column, in the compared form."""

    ids: dict[str, str]
    """Word -> our id."""
    inside: tuple[tuple[str, str], ...]
    """Words that may be part of a longer one, longest first, with our id."""


@functools.cache
def _raw() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(resources.files("clinicplan.layers").joinpath("vocabularies.toml").read_text(encoding="utf-8"))


@functools.cache
def _vocabulary(column: str) -> _Vocabulary:
    ids: dict[str, str] = {}
    for word_id, words in _raw()[column].items():
        for word in (word_id, *words):
            ids.setdefault(_compared(word), word_id)
    longest_first = sorted(ids.items(), key=lambda item: (-len(item[0]), item[0]))
    return _Vocabulary(ids, tuple((word, word_id) for word, word_id in longest_first if not word.isascii()))


@functools.cache
def _listed(table: str) -> frozenset[str]:
    return frozenset(_compared(word) for word in _raw()[table]["words"])


def vocabulary_columns() -> tuple[str, ...]:
    """Return the columns that have a fixed vocabulary, tiers excepted."""
    return tuple(name for name in _raw() if not name.startswith("tier"))


def first_words(column: str) -> list[str]:
    """Return one word a meaning of a column with a fixed vocabulary, as registers write them; none without one.

    Examples
    --------
    >>> first_words("premises"), first_words("beds")
    (['村集体', '公有', '租用', '村医家中'], [])
    """
    vocabulary = _raw().get(column, {}) if column in vocabulary_columns() else {}
    return [word_id if words[0].startswith(word_id) else words[0] for word_id, words in vocabulary.items()]


@functools.lru_cache(maxsize=16384)
def read_word(column: str, text: str) -> Word:
    """Read a cell of a column with a fixed vocabulary (not tiers: see `read_tier`).

    Only whole words count. A cell whose word is unknown is unknown, never the nearest one.

    Examples
    --------
    >>> read_word("operating", "挂牌未营业").id, read_word("sponsor", " 村办 ").id, read_word("kind", "huh").known
    ('no', 'village', False)
    """
    found = _vocabulary(column).ids.get(_compared(text))
    if found is not None:
        return Word(found)
    return Word("") if is_empty(text) else Word("", known=False)


@functools.lru_cache(maxsize=16384)
def read_tier(text: str, name: str = "") -> Word:
    """Read the tier of a facility from its type, or from its name where the type says nothing.

    The whole word first, then the longest listed word inside it (a guess). A branch of a hospital (分院) is taken for
    a township hospital, since that is what the branches of county hospitals and merged township hospitals are.

    Parameters
    ----------
    text
        The type as in the file; may be empty or a register's code.
    name
        The facility's name, asked only where the type is empty, a code, or as general as 医院.

    Returns
    -------
    tier
        One of `terms.TIERS`; `other` and not `known` where no listed word is found.

    Examples
    --------
    >>> read_tier("中心村卫生室")
    Word(id='central_clinic', guessed=False, known=True)
    >>> read_tier("儒岙镇中心卫生院分院")
    Word(id='township_hospital', guessed=True, known=True)
    >>> read_tier("", "后岸村卫生室")
    Word(id='village_clinic', guessed=True, known=True)
    """
    compared = _compared(text)
    if is_empty(text) or compared in _listed("tier_unspecific") or _REGISTER_CODE.fullmatch(compared):
        return _tier_inside(_compared(name)) if name else Word("other", known=False)
    whole = _vocabulary("tier").ids.get(compared)
    return Word(whole) if whole else _tier_inside(compared)


def nearest_tier_word(text: str) -> str:
    """Return the listed tier word most like a text, or an empty text."""
    return nearest_word(_compared(text), [word for word in _vocabulary("tier").ids if word not in TIERS])


def nearest_known_word(column: str, text: str) -> str:
    """Return the listed word of a column most like a text, or an empty text."""
    return nearest_word(_compared(text), list(_vocabulary(column).ids))


def _tier_inside(compared: str) -> Word:
    if any(word in compared for word in _listed("tier_foreign")):
        return Word("other", known=False)
    if "分院" in compared and _BRANCH.search(compared):
        return Word("township_hospital", guessed=True)
    for word, tier in _vocabulary("tier").inside:
        if word in compared:
            return Word(tier, guessed=True)
    return Word("other", known=False)


@functools.lru_cache(maxsize=16384)
def _compared(text: str) -> str:
    return _BLANKS.sub("", clean(text).lower())
