"""Recognise the headers of a layer's columns by the alias table of `headers.toml`."""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from clinicplan.layers.cells import clean
from clinicplan.region import nearest_word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_BRACKETED: Final = re.compile(r"[(\[{<【〔「](.*?)[)\]}>】〕」]")
_PUNCTUATION: Final = re.compile(r"[\s()\[\]{}<>【】〔〕「」*:：;；、。\"'“”]+")
_SHORTEST_INSIDE: Final = 3
"""Characters of a listed Chinese word that may be looked for inside a longer header; twice as many for ASCII words."""
_SHORTEST_CUT: Final = 8
"""Bytes from which a shapefile's field name may have been cut."""

EXACT, INSIDE, CUT = 0, 1, 2


class Match(NamedTuple):
    """What one header means; sorts best first."""

    quality: int
    """`EXACT`, `INSIDE` (the header contains a listed word) or `CUT` (a shapefile cut the header)."""
    rank: int
    """Position in the column's list, or minus the length of the word found inside."""
    column: str


@dataclass(frozen=True)
class HeaderReading:
    """The columns of a table, recognised.

    Parameters
    ----------
    columns
        Our column name of each position that is recognised and chosen.
    guesses
        Headers understood by a word inside them or by a cut name, with our column.
    unused
        Headers that mean the same as one chosen, with our column.
    unknown
        Headers that mean nothing here and are not among those that tables commonly have beside ours.
    missing_overrides
        Entries of the region's `columns` whose header the file does not have.
    """

    columns: dict[int, str]
    guesses: tuple[tuple[str, str], ...] = ()
    unused: tuple[tuple[str, str], ...] = ()
    unknown: tuple[str, ...] = ()
    missing_overrides: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class _Table:
    """The alias table, normalised."""

    layers: dict[str, dict[str, tuple[str, ...]]]
    qualifiers: tuple[str, ...]
    foreign: frozenset[str]


@functools.cache
def _raw() -> dict[str, Any]:
    return tomllib.loads(resources.files("clinicplan.layers").joinpath("headers.toml").read_text(encoding="utf-8"))


@functools.cache
def _table() -> _Table:
    raw = _raw()
    layers = {
        layer: {column: tuple(dict.fromkeys(_joined(word) for word in words)) for column, words in columns.items()}
        for layer, columns in raw.items()
        if isinstance(columns, dict)
    }
    return _Table(layers, tuple(raw["qualifiers"]), frozenset(_joined(word) for word in raw["foreign"]))


def known_columns(layer: str) -> tuple[str, ...]:
    """Return our names of the columns of a layer that the alias table knows, position columns last."""
    return (*_table().layers.get(layer, {}), *_table().layers["position"])


def usual_header(layer: str, column: str) -> str:
    """Return a Chinese header that a column is recognised by, or our own name where the table has none.

    Examples
    --------
    >>> usual_header("villages", "population"), usual_header("facilities", "licensed_doctors")
    ('常住人口', '执业(助理)医师数')
    """
    words: Sequence[str] = _raw().get(layer, {}).get(column) or _raw()["position"].get(column, (column,))
    return next((word for word in words if not word.isascii()), words[0])


def nearest_header(layer: str, column: str, headers: Sequence[str]) -> str:
    """Return the header in a file most like one a column is recognised by, or an empty text."""
    by_form = {_joined(header): header for header in headers if header.strip()}
    for word in _aliases(layer).get(column, (column,)):
        if near := nearest_word(word, list(by_form)):
            return by_form[near]
    return ""


@functools.lru_cache(maxsize=4096)
def match_header(header: str, layer: str, *, cut: bool = False) -> Match | None:
    """Tell which column of a layer a header means.

    Parameters
    ----------
    header
        As in the file.
    layer
        Name of the layer; position columns belong to every layer.
    cut
        Whether the file may have cut the header (shapefiles keep ten bytes).

    Returns
    -------
    match
        The best match, or None.

    Examples
    --------
    >>> match_header("常住人口（人）", "villages")
    Match(quality=0, rank=1, column='population')
    >>> match_header("2023年末常住人口数", "villages").quality == INSIDE
    True
    >>> match_header("流动人口数", "villages") is None
    True
    """
    joined = _joined(header)
    if _is_foreign(header):
        return None
    return _exact(header, layer) or _inside(joined, layer) or (_cut(header, layer) if cut else None)


def _is_foreign(header: str) -> bool:
    """Tell whether a header is empty or one that is never ours."""
    joined = _joined(header)
    return not joined or joined in _table().foreign


def is_known_header(cell: str) -> bool:
    """Tell whether a cell is, word for word, a header of any layer."""
    return _joined(cell) in _every_word()


@functools.cache
def _every_word() -> frozenset[str]:
    return frozenset(word for columns in _table().layers.values() for words in columns.values() for word in words)


def count_hits(cells: Sequence[str], layer: str, overrides: Mapping[str, str]) -> int:
    """Count the different columns of a layer that the cells of a row name exactly."""
    named = {_joined(header) for header in overrides.values()}
    columns: set[str] = set()
    for cell in cells:
        if not cell or len(cell) > 60:
            continue
        match = _exact(cell, layer) if _joined(cell) not in _table().foreign else None
        if match:
            columns.add(match.column)
        elif _joined(cell) in named:
            columns.add(cell)
    return len(columns)


def read_headers(
    headers: Sequence[str], layer: str, overrides: Mapping[str, str], *, cut: bool = False
) -> HeaderReading:
    """Recognise a row of headers.

    What the region states comes first; of several headers that mean the same, the best match is chosen and the others
    are returned as unused.

    Parameters
    ----------
    headers
        As in the file, by position; empty where a column has none.
    layer
        Name of the layer.
    overrides
        Our column name = the header in the file (`columns` of the region).
    cut
        Whether the file may have cut its headers.

    Returns
    -------
    reading
        The chosen columns, and everything that was guessed or left.
    """
    columns, missing = _stated(headers, overrides)
    matches = sorted(
        (*match, position)
        for position, header in enumerate(headers)
        if position not in columns and (match := match_header(header, layer, cut=cut))
    )
    guesses: list[tuple[str, str]] = []
    unused: list[tuple[str, str]] = []
    for quality, _, column, position in matches:
        if column in columns.values():
            if quality == EXACT:
                unused.append((headers[position], column))
            continue
        columns[position] = column
        if quality != EXACT:
            guesses.append((headers[position], column))
    unknown = tuple(
        header
        for position, header in enumerate(headers)
        if position not in columns and not match_header(header, layer, cut=cut) and not _is_foreign(header)
    )
    return HeaderReading(columns, tuple(guesses), tuple(unused), unknown, missing)


def name_columns(texts: Sequence[str], reading: HeaderReading) -> dict[int, str]:
    """Name every column by position: ours where recognised, else its own header, made unique; none without a header."""
    names: dict[int, str] = dict(reading.columns)
    taken = set(names.values())
    for position, text in enumerate(texts):
        if position in names or not text:
            continue
        name, copy = text, 2
        while name in taken:
            name, copy = f"{text}_{copy}", copy + 1
        names[position] = name
        taken.add(name)
    return dict(sorted(names.items()))


def _stated(headers: Sequence[str], overrides: Mapping[str, str]) -> tuple[dict[int, str], tuple[tuple[str, str], ...]]:
    """Find the headers that the region names."""
    by_form: dict[str, int] = {}
    for position, header in enumerate(headers):
        by_form.setdefault(_joined(header), position)
    found: dict[int, str] = {}
    missing: list[tuple[str, str]] = []
    for column, header in overrides.items():
        position = by_form.get(_joined(header), -1)
        if position < 0 or position in found:
            missing.append((column, header))
        else:
            found[position] = column
    return found, tuple(missing)


@functools.cache
def _aliases(layer: str) -> dict[str, tuple[str, ...]]:
    """Return the aliases of a layer's columns, position columns included."""
    return {**_table().layers["position"], **_table().layers.get(layer, {})}


@functools.cache
def _exact_words(layer: str) -> dict[str, tuple[int, str]]:
    words: dict[str, tuple[int, str]] = {}
    for column, aliases in _aliases(layer).items():
        for rank, word in enumerate(aliases):
            words.setdefault(word, (rank, column))
    return words


@functools.lru_cache(maxsize=16384)
def _exact(header: str, layer: str) -> Match | None:
    """Match the whole header, else the header without its brackets where these hold no more than a unit."""
    words = _exact_words(layer)
    whole = words.get(_joined(header))
    if whole is None:
        folded = clean(header)
        remarks = "".join(_BRACKETED.findall(folded))
        if any(word in remarks.lower() for word in _table().qualifiers):
            return None
        whole = words.get(_joined(_BRACKETED.sub("", folded)))
    return Match(EXACT, *whole) if whole else None


def _inside(joined: str, layer: str) -> Match | None:
    """Match the longest listed word inside the header, unless the rest changes its meaning."""
    best: Match | None = None
    for column, aliases in _aliases(layer).items():
        for word in aliases:
            shortest = 2 * _SHORTEST_INSIDE if word.isascii() else _SHORTEST_INSIDE
            if len(word) < shortest or word not in joined or (best and -best.rank >= len(word)):
                continue
            rest = joined.replace(word, "", 1)
            if not any(qualifier in rest for qualifier in _table().qualifiers):
                best = Match(INSIDE, -len(word), column)
    return best


def _cut(header: str, layer: str) -> Match | None:
    """Match a header that is the beginning of words of one column only."""
    joined = _joined(header)
    if len(header.encode("utf-8")) < _SHORTEST_CUT:
        return None
    found = {
        column: rank
        for column, aliases in _aliases(layer).items()
        for rank, word in reversed(list(enumerate(aliases)))
        if word.startswith(joined)
    }
    return Match(CUT, next(iter(found.values())), next(iter(found))) if len(found) == 1 else None


@functools.lru_cache(maxsize=16384)
def _joined(text: str) -> str:
    """Return a header in the form that is compared: plain forms, lower case, no blanks, brackets or marks."""
    return _PUNCTUATION.sub("", clean(text).lower())
