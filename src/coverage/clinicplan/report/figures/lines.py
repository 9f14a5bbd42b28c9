"""Measure text and break it into lines that fit a width."""

from __future__ import annotations

import functools
import re
from typing import Final

from clinicplan.report.figures.fonts import bold_weight, measured_in_peace

CHINESE: Final = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
STRAIGHT: Final = str.maketrans("\u2018\u2019\u201c\u201d", "''\"\"")
NO_START: Final = "，。、；：？！）》】”’,.;:?!)%]"
"""Signs that never begin a line."""


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of a text in points, in the fonts that are set."""
    import matplotlib as mpl

    return _width(text, size, bold_weight() if bold else "normal", tuple(mpl.rcParams["font.family"]))


@functools.cache
def _width(text: str, size: float, weight: str, families: tuple[str, ...]) -> float:
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family=list(families), size=size, weight=weight)
    with measured_in_peace():
        width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(width)


def wrapped(text: str, size: float, room: float) -> list[str]:
    """Break a text into lines of at most `room` points: between Chinese characters, between other words.

    Parameters
    ----------
    text
        Plain text.
    size
        Font size, points.
    room
        Width, points.

    Returns
    -------
    lines
        Without blanks at their ends; no line begins with a closing sign.
    """
    lines = [""]
    for piece in re.findall(r"[ -~À-ʯ–—≤©]+?(?:\s+|(?=[^ -~À-ʯ–—≤©])|$)|.", text):
        fits = text_width((lines[-1] + piece).rstrip(), size) <= room
        if fits or not lines[-1] or piece[0] in NO_START:
            lines[-1] += piece
        else:
            lines.append(piece)
    return [line.strip() for line in lines if line.strip()]


def plain(text: object) -> str:
    """Return a name as one line of text, control characters left out.

    Chinese fonts draw curly quotation marks as wide as a character: where nothing is Chinese they become straight.

    Examples
    --------
    >>> plain("Mas d" + chr(0x2019) + "Alins"), plain(" 东岭" + chr(10) + "村 ")
    ("Mas d'Alins", '东岭 村')
    """
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in str(text)).split())
    return line if CHINESE.search(line) else line.translate(STRAIGHT)
