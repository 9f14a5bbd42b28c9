"""Write the symbols of `report.style` for the page: as options of its scripts, and as small pictures of the legend."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from clinicplan.report.style import PAPER, RING_GAP_PX, Symbol, outline

if TYPE_CHECKING:
    from collections.abc import Sequence

SWATCH_WIDTH: Final = 30
SWATCH_HEIGHT: Final = 20


def symbol_options(symbol: Symbol) -> dict[str, Any]:
    """Say how the page's scripts draw a symbol.

    Examples
    --------
    >>> symbol_options(Symbol("circle", 5.0, "#2166ac"))["ink"]
    '#2166ac'
    """
    return {
        "corners": [list(corner) for corner in outline(symbol.shape)],
        "radius": symbol.radius_px,
        "reach": round(symbol.radius_px * _reach(symbol), 2),
        "fill": symbol.fill,
        "line": symbol.line,
        "width": symbol.line_px,
        "rings": symbol.rings,
        "ink": _ink(symbol),
    }


def symbol_swatch(symbol: Symbol) -> str:
    """Draw a symbol as it stands on the map."""
    x, y, radius = SWATCH_WIDTH / 2, SWATCH_HEIGHT / 2, symbol.radius_px
    edge = f'fill="{symbol.fill}" stroke="{symbol.line}" stroke-width="{symbol.line_px:g}"'
    corners = outline(symbol.shape)
    if corners:
        points = " ".join(f"{x + east * radius:.1f},{y - north * radius:.1f}" for east, north in corners)
        shape = f'<polygon points="{points}" {edge}/>'
    else:
        shape = f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" {edge}/>'
    reach = radius * _reach(symbol)
    rings = "".join(
        f'<circle cx="{x:g}" cy="{y:g}" r="{reach + RING_GAP_PX * ring:.1f}" fill="none" stroke="{_ink(symbol)}" '
        'stroke-width="1.3"/>'
        for ring in range(1, symbol.rings + 1)
    )
    return _picture(rings + shape, reach + RING_GAP_PX * symbol.rings + 1)


def area_swatch(fill: str, edge: str, dash: Sequence[int], opacity: float) -> str:
    """Draw a patch of an area with its edge."""
    return _picture(
        f'<rect x="3" y="3.5" width="24" height="13" rx="2" fill="{fill}" fill-opacity="{opacity:g}" '
        f'stroke="{edge}" stroke-width="1.2"{_dash(dash)}/>'
    )


def line_swatch(colour: str, width_px: float, dash: Sequence[int] = ()) -> str:
    """Draw a piece of a line."""
    return _picture(
        f'<line x1="2" y1="10" x2="28" y2="10" stroke="{colour}" stroke-width="{width_px:g}"{_dash(dash)}/>'
    )


def dash_text(dash: Sequence[int]) -> str | None:
    """Write a dash pattern as the page wants it; None for a solid line."""
    return " ".join(str(length) for length in dash) or None


def _picture(content: str, reach_px: float = 0.0) -> str:
    """Draw in a field of fixed size; what reaches farther than half its height is drawn smaller."""
    scale = max(1.0, reach_px / (SWATCH_HEIGHT / 2))
    width, height = SWATCH_WIDTH * scale, SWATCH_HEIGHT * scale
    left, top = (SWATCH_WIDTH - width) / 2, (SWATCH_HEIGHT - height) / 2
    return f'<svg viewBox="{left:.1f} {top:.1f} {width:.1f} {height:.1f}">{content}</svg>'


def _dash(dash: Sequence[int]) -> str:
    text = dash_text(dash)
    return f' stroke-dasharray="{text}"' if text else ""


def _reach(symbol: Symbol) -> float:
    """Return how far the farthest corner lies from the centre, in radii."""
    return max((math.hypot(*corner) for corner in outline(symbol.shape)), default=1.0)


def _ink(symbol: Symbol) -> str:
    """Return the colour that stands for the symbol: its edge where it is hollow."""
    return symbol.line if symbol.fill == PAPER else symbol.fill
