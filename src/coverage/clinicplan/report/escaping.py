"""Make user text harmless wherever a web page may put it."""

from __future__ import annotations

from typing import Final

import pandas as pd

MEANINGFUL: Final = "&<>\"'`$\\{}"
"""Characters with a meaning in HTML, in attributes, in JavaScript strings and template literals, or in Jinja."""
_ENTITIES: Final = str.maketrans({character: f"&#{ord(character)};" for character in MEANINGFUL})
_CONTROLS: Final = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127))
_SEPARATORS: Final = {ord("\n"): " ", ord("\r"): " ", ord("\t"): " ", 0x2028: " ", 0x2029: " "}
_BIDIRECTIONAL: Final = dict.fromkeys((*range(8234, 8239), *range(8294, 8298)))
_LONE: Final = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
_TABLE: Final = {**_CONTROLS, **_SEPARATORS, **_BIDIRECTIONAL, **_LONE, **_ENTITIES}


def escape(value: object) -> str:
    r"""Write a value so that every sink of a web page shows it as plain text.

    The ten characters `& < > " ' ` $ \ { }` become numeric entities: the result has no meaning in HTML text, in a
    quoted attribute, in a JavaScript string or template literal, or in a Jinja template, and a browser shows the
    original wherever it parses HTML. Control characters, which no browser shows, and direction overrides, which can
    make a name read as another, are dropped; line breaks become blanks. A script that needs the text itself (to
    search it) decodes it with the browser.

    Parameters
    ----------
    value
        Anything a user wrote; missing values become the empty text.

    Returns
    -------
    text
        Escape once only: a second time would show the entities.

    Examples
    --------
    >>> escape("<b>石磁村</b>")
    '&#60;b&#62;石磁村&#60;/b&#62;'
    >>> escape("${1+1} `{{7*7}}`")
    '&#36;&#123;1+1&#125; &#96;&#123;&#123;7*7&#125;&#125;&#96;'
    """
    return "" if _missing(value) else str(value).translate(_TABLE)


def _missing(value: object) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)  # noqa: PLR0124 - NaN is the one value unlike itself
