"""Style the layers of a result for QGIS with the colours of the map."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

from clinicplan.report.style import (
    ACCENT,
    BLOOD,
    BOUNDARY,
    CLINIC,
    HOSPITAL,
    OUTSIDE,
    PAPER,
    SUPPLEMENT,
    UNKNOWN,
    band_styles,
)

_ACTIONS = {
    "build": ("diamond", BLOOD, 4.4), "upgrade": ("hexagon", ACCENT, 4.0), "convert": ("pentagon", SUPPLEMENT, 3.2),
    "close": ("square", UNKNOWN, 2.8), "keep": ("circle", CLINIC, 2.2),
}  # fmt: skip
"""Shape, colour and size, mm, of each action of a plan: told apart by shape in grey print."""

_PAGE = '<!DOCTYPE qgis PUBLIC "http://mrcc.com/qgis.dtd" "SYSTEM">\n<qgis version="3.34">{renderer}</qgis>'


def layer_styles() -> dict[str, str]:
    """Return QML text by layer name: bands green to amber, villages outside dark triangles, facilities blue."""
    first, second = band_styles((15.0, 20.0), 20.0)
    circles = {'"minutes" <= 15': _fill(first.area, first.edge, 0.2), "ELSE": _fill(second.area, second.edge, 0.2)}
    return {
        "boundary": _PAGE.format(renderer=_single("fill", _fill("#00000000", BOUNDARY, 0.6))),
        "isochrones": _PAGE.format(renderer=_ruled("fill", circles)),
        "planned_isochrones": _PAGE.format(renderer=_ruled("fill", circles)),
        "villages": _PAGE.format(renderer=_single("marker", _marker("circle", first.dot, 2.0))),
        "gaps": _PAGE.format(renderer=_single("marker", _marker("triangle", OUTSIDE, 3.2))),
        "facilities": _PAGE.format(renderer=_single("marker", _marker("square", HOSPITAL, 2.4))),
        "proposals": _PAGE.format(
            renderer=_ruled("marker", {f"\"action\" = '{name}'": _marker(*look) for name, look in _ACTIONS.items()})
        ),
    }  # fmt: skip


def _fill(fill: str, line: str, width_mm: float) -> str:
    layer = _options({"color": _rgba(fill), "outline_color": _rgba(line), "outline_width": f"{width_mm:g}"})
    return f'<layer class="SimpleFill" enabled="1">{layer}</layer>'


def _marker(shape: str, colour: str, size_mm: float) -> str:
    layer = _options({"name": shape, "color": _rgba(colour), "outline_color": _rgba(PAPER), "size": f"{size_mm:g}"})
    return f'<layer class="SimpleMarker" enabled="1">{layer}</layer>'


def _single(kind: str, layer: str) -> str:
    return (
        f'<renderer-v2 type="singleSymbol"><symbols><symbol name="0" type="{kind}" alpha="0.8">{layer}</symbol>'
        "</symbols></renderer-v2>"
    )


def _ruled(kind: str, layers: dict[str, str]) -> str:
    rules = "".join(f'<rule key="r{i}" symbol="{i}" filter={quoteattr(test)}/>' for i, test in enumerate(layers))
    symbols = "".join(
        f'<symbol name="{i}" type="{kind}" alpha="0.5">{layer}</symbol>' for i, layer in enumerate(layers.values())
    )
    return (
        f'<renderer-v2 type="RuleRenderer"><rules key="root">{rules}</rules><symbols>{symbols}</symbols></renderer-v2>'
    )


def _options(values: dict[str, str]) -> str:
    inside = "".join(f'<Option name="{name}" type="QString" value={quoteattr(text)}/>' for name, text in values.items())
    return f'<Option type="Map">{inside}</Option>'


def _rgba(colour: str) -> str:
    """Return `r,g,b,a` of `#rrggbb` or `#rrggbbaa`.

    Examples
    --------
    >>> _rgba("#ff8000")
    '255,128,0,255'
    """
    digits = colour.lstrip("#")
    channels = [int(digits[i : i + 2], 16) for i in range(0, len(digits), 2)]
    return ",".join(map(str, [*channels, 255][:4]))
