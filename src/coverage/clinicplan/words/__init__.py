"""Hold every word a user sees, in Chinese and English.

The words stand in the `.toml` files beside this module, one file a subject, each entry `key = { zh = "…", en = "…" }`.
Placeholders are `{name}`; both languages of an entry use the same ones (a test holds that).
"""

from __future__ import annotations

import functools
import tomllib
from importlib import resources

from clinicplan.errors import Fault, Language, Phrase, Severity


@functools.cache
def _subject(name: str) -> dict[str, dict[str, str]]:
    """Read one subject's entries, nested tables flattened to dotted keys."""
    text = resources.files(__name__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
    entries: dict[str, dict[str, str]] = {}

    def flatten(table: dict[str, object], prefix: str) -> None:
        for key, value in table.items():
            if not isinstance(value, dict):
                raise KeyError(f"{name}.toml: {prefix}{key} is neither a table nor a zh/en pair")
            if set(value) == {"zh", "en"}:
                entries[prefix + key] = value
            else:
                flatten(value, f"{prefix}{key}.")

    flatten(tomllib.loads(text), "")
    return entries


def subjects() -> tuple[str, ...]:
    """Return the names of all subjects, sorted."""
    files = resources.files(__name__).iterdir()
    return tuple(sorted(item.name.removesuffix(".toml") for item in files if item.name.endswith(".toml")))


def phrase(key: str, /, **values: object) -> Phrase:
    """Return one entry in both languages.

    Parameters
    ----------
    key
        `subject.entry`, such as `map.legend_title`.
    **values
        What the placeholders stand for. A `Phrase` enters each language in its own words.

    Returns
    -------
    phrase
        The entry with the placeholders filled.

    Raises
    ------
    KeyError
        If there is no such entry: a bug, since users choose no keys.

    Examples
    --------
    >>> phrase("general.minutes", minutes=15).en
    '15 min'
    """
    subject, _, entry = key.partition(".")
    pair = _subject(subject)[entry]
    return Phrase(pair["zh"].format(**_in("zh", values)), pair["en"].format(**_in("en", values)))


def word(key: str, lang: Language, /, **values: object) -> str:
    """Return one entry in one language; see `phrase`."""
    return phrase(key, **values).text(lang)


def fault(
    severity: Severity,
    code: str,
    *,
    layer: str = "",
    file: str = "",
    rows: tuple[int, ...] = (),
    ids: tuple[str, ...] = (),
    count: int | None = None,
    subject: str = "faults",
    **values: object,
) -> Fault:
    """Make a fault from the entries `CODE.found`, `CODE.allowed` and `CODE.remedy` of a subject.

    Parameters
    ----------
    severity, code, layer, file, rows, ids
        As in `clinicplan.errors.Fault`.
    count
        How many rows or objects; default the longer of `rows` and `ids`, at least one.
    subject
        The vocabulary file that holds the entries.
    **values
        What the placeholders stand for; `count` is always known.

    Returns
    -------
    fault
        The fault in both languages.
    """
    number = count if count is not None else max(len(rows), len(ids), 1)
    values = {**values, "count": number}
    found, allowed, remedy = (phrase(f"{subject}.{code}.{part}", **values) for part in ("found", "allowed", "remedy"))
    return Fault(severity, code, found, allowed, remedy, layer, file, rows, ids, number)


def _in(lang: Language, values: dict[str, object]) -> dict[str, object]:
    return {name: value.text(lang) if isinstance(value, Phrase) else value for name, value in values.items()}
