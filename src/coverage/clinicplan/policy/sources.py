"""Name the data that clauses look at as a register would: 机构表（服务能力标准）, not facilities.standard."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from clinicplan.errors import Language, Phrase
from clinicplan.words import phrase, word

LAYERS: Final = ("facilities", "villages", "townships")
"""Layers whose columns clauses look at."""


def column_title(layer: str, column: str) -> Phrase:
    """Return what a column is called; a planner's own column keeps its name.

    Examples
    --------
    >>> column_title("facilities", "filled_posts")
    Phrase(zh='在编人数', en='posts filled')
    >>> column_title("facilities", "our_own")
    Phrase(zh='our_own', en='our own')
    """
    try:
        return phrase(f"policy_columns.{layer}.{column}")
    except KeyError:
        from clinicplan.layers.headers import usual_header

        return Phrase(usual_header(layer, column), column.replace("_", " "))


def needs_text(needs: Iterable[str], lang: Language) -> str:
    """Name pieces of data, the columns of a layer together; settings and other layers by their own words.

    Examples
    --------
    >>> needs_text(("facilities.beds", "plan", "facilities.posts"), "zh")
    '机构表（床位数、编制数）；布局方案'
    """
    names: dict[str, list[str]] = {}
    for need in needs:
        source, _, column = need.partition(".")
        is_column = column and source in LAYERS and column != "geometry"
        group = source if is_column else need
        names.setdefault(group, []).extend([column_title(source, column).text(lang)] if is_column else [])
    return word("policy_sources.mark", lang).join(_source(group, found, lang) for group, found in names.items())


def _source(group: str, columns: list[str], lang: Language) -> str:
    if columns:
        listed = word("policy_sources.and", lang).join(dict.fromkeys(columns))
        return word("policy_sources.columns", lang, layer=word(f"policy_sources.layer.{group}", lang), columns=listed)
    try:
        return word(f"policy_sources.{'layer' if group in LAYERS else 'other'}.{group.replace('.', '_')}", lang)
    except KeyError:
        return group
