"""Write the panel beside the web map: title, figures, search, pending rows, statements."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from clinicplan.report import style
from clinicplan.report.escaping import escape
from clinicplan.words import word

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from clinicplan.errors import Language

_COLOURS = ("PAPER", "INK", "MUTED", "RULE", "ACCENT", "SURROUNDINGS", "OUTSIDE", "UNKNOWN", "CLINIC")


def with_style(text: str) -> str:
    """Replace the names `VAR_…` in a style sheet or script by the colours and fonts of `report.style`."""
    values = {name: getattr(style, name) for name in _COLOURS}
    values["FONTS"] = ",".join(font if font == "sans-serif" else f"'{font}'" for font in style.FONT_STACK)
    values["RINGGAP"] = f"{style.RING_GAP_PX:g}"
    return re.sub(r"VAR_([A-Z]+)", lambda match: values[match.group(1)], text)


def side_panel(
    title: str,
    subtitle: Iterable[str],
    figures: Iterable[tuple[str, str]],
    pending: Sequence[dict[str, str]],
    statements: Iterable[str],
    screen_notes: Iterable[str],
    lang: Language,
) -> str:
    """Write the panel.

    Parameters
    ----------
    title, subtitle, figures, statements, screen_notes
        Plain text; escaped here. Screen notes are not printed.
    pending
        Rows set aside, `name, id, town, reason`, already escaped: the search on the page shows them too.
    lang
        Language of the panel's own words.

    Returns
    -------
    html
        The panel and the handle that folds it.
    """
    return (
        '<aside id="cp-panel">'
        f"{_title(title, subtitle)}{_figures(figures, lang)}{_search(lang)}{_pending(pending, lang)}"
        f"{_statements(statements, screen_notes, lang)}</aside>"
        f'<button id="cp-fold" type="button" title="{escape(word("map.fold", lang))}"></button>'
    )


def _title(title: str, subtitle: Iterable[str]) -> str:
    lines = "".join(f"<p>{escape(line)}</p>" for line in subtitle if line)
    return f'<header id="cp-title"><h1>{escape(title)}</h1>{lines}</header>'


def _figures(figures: Iterable[tuple[str, str]], lang: Language) -> str:
    lines = "".join(f"<div><dt>{escape(label)}</dt><dd>{escape(value)}</dd></div>" for label, value in figures)
    return f'<dl id="cp-figures" aria-label="{escape(word("map.figures", lang))}">{lines}</dl>' if lines else ""


def _search(lang: Language) -> str:
    hint = escape(word("map.search", lang))
    return (
        f'<div id="cp-search"><input id="cp-search-field" type="search" autocomplete="off" spellcheck="false" '
        f'placeholder="{hint}" aria-label="{hint}"><ul id="cp-results" role="listbox"></ul></div>'
    )


def _pending(pending: Sequence[dict[str, str]], lang: Language) -> str:
    lines = "".join(
        f"<li>{row['name']} <small>{' · '.join(part for part in (row['town'], row['id'], row['reason']) if part)}"
        "</small></li>"
        for row in pending
    )
    hidden = "" if pending else " hidden"
    summary = escape(word("map.pending_rows", lang, count=len(pending)))
    return f'<details id="cp-pending"{hidden}><summary>{summary}</summary><ul>{lines}</ul></details>'


def _statements(statements: Iterable[str], screen_notes: Iterable[str], lang: Language) -> str:
    lines = "".join(f"<li>{escape(line)}</li>" for line in statements)
    lines += "".join(f'<li class="cp-screen">{escape(line)}</li>' for line in screen_notes)
    summary = escape(word("map.statements", lang))
    return f'<details id="cp-statements" open><summary>{summary}</summary><ul>{lines}</ul></details>'
