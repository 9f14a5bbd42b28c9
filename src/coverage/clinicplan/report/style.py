"""Give map, figures and document one look: colours, symbols, line widths, fonts.

Every idea has one colour and one shape. Colours stay apart for colour-blind readers and in grey print, where shape,
outline and dash pattern repeat what colour says. There is no red cross: in China that emblem is protected by law.
A circle is a village clinic, a square a township hospital, a star a county hospital; a ring marks central facilities
and sub-centres; hollow means over the county line or out of operation, and the latter is grey.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from clinicplan.terms import TIERS

if TYPE_CHECKING:
    from collections.abc import Sequence

FONT_STACK: Final = (
    "Microsoft YaHei",
    "PingFang SC",
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
    "SimHei",
    "sans-serif",
)
"""Fonts in order of preference, for screens; all but the last have Chinese glyphs."""

INK: Final = "#1f2a37"
MUTED: Final = "#5b6673"
PAPER: Final = "#ffffff"
LAND: Final = "#f5f4ef"
"""Ground of the county, where no circle reaches."""
SURROUNDINGS: Final = "#e6eaee"
RULE: Final = "#d9dee4"
RULE_DARK: Final = "#a9aeb6"
"""Hatching of land that no circle reaches: seen in grey print, under everything else."""
ACCENT: Final = "#1f4e79"
WATER: Final = "#9fc4dd"
BOUNDARY: Final = "#4a4f57"
TOWNSHIP_LINE: Final = "#8a8f98"
OUTSIDE: Final = "#7b1e4b"
"""Villages outside the circle: the darkest hue on the map, and the only triangle."""
UNKNOWN: Final = "#7d8590"
CLINIC: Final = "#2166ac"
HOSPITAL: Final = "#174a7c"
COUNTY_HOSPITAL: Final = "#0b2a52"
SUPPLEMENT: Final = "#6fa3d0"
PRIVATE: Final = "#7a6aa8"
BLOOD: Final = "#8a5a2b"
CARE: Final = "#4f7a7a"

Shape = Literal["circle", "square", "star", "diamond", "triangle", "house", "hexagon", "drop", "bar"]
Point = tuple[float, float]


@dataclass(frozen=True)
class Symbol:
    """How one kind of point is drawn.

    Parameters
    ----------
    shape
        Outline; see `outline`.
    radius_px
        Half the height, pixels on screen and points on paper.
    fill, line
        Colours inside and of the edge.
    line_px
        Width of the edge.
    rings
        Circles around the symbol: one for central facilities, two for a sub-centre or county centre.
    """

    shape: Shape
    radius_px: float
    fill: str
    line: str = PAPER
    line_px: float = 1.2
    rings: int = 0


@dataclass(frozen=True)
class BandStyle:
    """How one time band is drawn.

    Parameters
    ----------
    upto_min
        Upper end of the band, minutes, inclusive.
    area
        Fill of its part of the circle; each band is lighter than the one before, also in grey.
    edge
        Line around it.
    dash
        Lengths of dash and gap in pixels; empty for a solid line.
    dot
        Villages in the band.
    """

    upto_min: float
    area: str
    edge: str
    dash: tuple[int, ...]
    dot: str


@dataclass(frozen=True)
class RoadStyle:
    """How one class of roads is drawn.

    Parameters
    ----------
    name
        Class: `trunk`, `secondary`, `tertiary`, `minor` or `path`.
    highways
        Values of the OSM key `highway` in the class.
    colour, width_px
        Line on screen.
    shown
        Whether a map shows the class before anybody asks.
    """

    name: str
    highways: tuple[str, ...]
    colour: str
    width_px: float
    shown: bool


ROADS: Final = (
    RoadStyle(
        "trunk",
        ("motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link"),
        "#8b6f4e",
        2.6,
        True,
    ),
    RoadStyle("secondary", ("secondary", "secondary_link"), "#a08a6c", 1.9, True),
    RoadStyle("tertiary", ("tertiary", "tertiary_link"), "#a69a88", 1.3, True),
    RoadStyle("minor", ("unclassified", "residential", "living_street", "road"), "#b4aea4", 0.9, False),
    RoadStyle("path", (), "#bdb9b2", 0.7, False),
)
"""Road classes from major to minor; `path` takes every value that no other class names."""

_BASE_SYMBOLS: Final[dict[str, Symbol]] = {
    "county_medical_centre": Symbol("star", 10.0, COUNTY_HOSPITAL, rings=2),
    "county_hospital": Symbol("star", 10.0, COUNTY_HOSPITAL),
    "sub_centre": Symbol("square", 6.5, HOSPITAL, rings=2),
    "central_township_hospital": Symbol("square", 6.5, HOSPITAL, rings=1),
    "township_hospital": Symbol("square", 6.0, HOSPITAL),
    "community_centre": Symbol("house", 7.5, HOSPITAL),
    "community_station": Symbol("house", 6.0, CLINIC),
    "central_clinic": Symbol("circle", 5.0, CLINIC, rings=1),
    "village_clinic": Symbol("circle", 5.0, CLINIC),
    "service_point": Symbol("diamond", 5.5, SUPPLEMENT),
    "touring_stop": Symbol("diamond", 4.0, SUPPLEMENT, line=HOSPITAL),
    "private_clinic": Symbol("hexagon", 4.5, PRIVATE),
    "blood_point": Symbol("drop", 6.5, BLOOD),
    "blood_vehicle_stop": Symbol("drop", 5.0, BLOOD),
    "blood_store": Symbol("drop", 6.5, BLOOD, rings=1),
    "geriatric_hospital": Symbol("bar", 6.5, CARE),
    "hospice": Symbol("bar", 5.0, CARE),
    "other": Symbol("hexagon", 4.0, UNKNOWN),
}
FACILITY_SYMBOLS: Final = {tier: _BASE_SYMBOLS[tier] for tier in TIERS}
"""Symbol of an operating facility within the county, by tier."""

RING_GAP_PX: Final = 2.6
"""Between a symbol and its ring, and between rings."""
VILLAGE_RADIUS_PX: Final = 3.4
OUTSIDE_VILLAGE: Final = Symbol("triangle", 8.0, OUTSIDE, line_px=1.4)
OUTSIDE_SYMBOLS: Final = (
    OUTSIDE_VILLAGE,
    Symbol("triangle", 8.0, PAPER, line=OUTSIDE, line_px=2.4),
    Symbol("triangle", 8.0, UNKNOWN, line=OUTSIDE, line_px=2.4),
)
"""Villages outside by reason, the commonest first."""
PENDING_VILLAGE: Final = Symbol("circle", 4.2, PAPER, line=UNKNOWN, line_px=1.6)
EXEMPT_VILLAGE: Final = Symbol("diamond", 4.2, PAPER, line=UNKNOWN, line_px=1.6)

BUILD: Final = "#d9731a"
UPGRADE: Final = "#1b5e20"
ACTION_SYMBOLS: Final = {
    "keep": Symbol("circle", 4.6, CLINIC, line_px=1.0),
    "upgrade": Symbol("circle", 5.4, UPGRADE, line=INK, line_px=1.0, rings=1),
    "upgrade_hospital": Symbol("square", 7.5, UPGRADE, line=INK, line_px=1.0, rings=2),
    "build": Symbol("circle", 7.2, BUILD, line=INK, line_px=1.6),
    "reopen": Symbol("circle", 7.2, PAPER, line=BUILD, line_px=3.0),
    "point": Symbol("diamond", 7.2, BUILD, line=INK, line_px=1.2),
    "convert": Symbol("diamond", 6.6, SUPPLEMENT, line=INK, line_px=1.2),
    "close": Symbol("circle", 5.0, PAPER, line=UNKNOWN, line_px=1.8),
}
"""What a plan does at a site: orange is new, green improved, blue stays; size and outline repeat it in grey print."""
ARRANGEMENT_SYMBOLS: Final = {
    "shared": Symbol("circle", 3.0, INK, line_px=0.8),
    "township_hospital": Symbol("square", 2.6, INK, line_px=0.8),
    "community": Symbol("house", 3.4, INK, line_px=0.8),
    "service_point": Symbol("diamond", 3.2, INK, line_px=0.8),
    "touring": Symbol("diamond", 3.6, PAPER, line=INK, line_px=1.4),
    "stationed": Symbol("hexagon", 3.6, PAPER, line=INK, line_px=1.4),
    "telemedicine": Symbol("hexagon", 3.2, INK, line_px=0.8),
    "none": Symbol("triangle", 5.0, PAPER, line=OUTSIDE, line_px=1.6),
}
"""How a plan serves a village that has no clinic of its own."""
SUB_CENTRE_SYMBOLS: Final = {
    "chosen": Symbol("square", 8.0, BUILD, rings=2),
    "eligible": Symbol("square", 7.0, HOSPITAL, rings=1),
    "too_near": Symbol("square", 6.0, PAPER, line=UNKNOWN, line_px=1.8),
    "other": Symbol("square", 6.0, PAPER, line=HOSPITAL, line_px=1.8),
}
"""Hospitals as sub-centres: chosen, possible, too near the county medical centre, lacking something else."""
ADDED_AREA: Final = "#cfe3f1"
"""What a plan adds to a circle."""
LADDER_SYMBOLS: Final = (
    Symbol("circle", 3.4, "#14693f", line_px=0.8),
    Symbol("circle", 3.6, "#c9a227", line=INK, line_px=0.7),
    Symbol("circle", 3.8, PAPER, line=CLINIC, line_px=2.0),
    Symbol("triangle", 7.0, OUTSIDE, line_px=1.2),
)
"""Villages by minutes to an upper tier, nearest first; the last is beyond its limit, as outside the circle is."""

_WITHIN: Final = (
    ("#7fc39a", "#1b7f4f", "#14693f"),
    ("#f7e3a1", "#b58a1b", "#a87400"),
)
_WITHIN_MIDDLE: Final = ("#bcd79b", "#6f8f2a", "#5c7a1c")
_BEYOND: Final = (("#e3d3c4", "#a5714a", "#8a5a35"), ("#ddd6dc", "#8a7a88", "#6d5e6b"))
_DASHES: Final = ((), (6, 4), (2, 4), (8, 3, 2, 3))


def facility_symbol(tier: str, *, operating: str = "", outside_county: bool = False) -> Symbol:
    """Return the symbol of a facility as it stands.

    Parameters
    ----------
    tier
        One of `clinicplan.terms.TIERS`.
    operating
        `yes`, `no`, or empty when unknown (drawn as operating).
    outside_county
        Whether it lies over the county line.

    Returns
    -------
    symbol
        Hollow over the line; hollow and grey when out of operation.

    Examples
    --------
    >>> facility_symbol("village_clinic").shape, facility_symbol("village_clinic", operating="no").line
    ('circle', '#7d8590')
    """
    symbol = FACILITY_SYMBOLS[tier]
    if operating == "no":
        return replace(symbol, fill=PAPER, line=UNKNOWN, line_px=1.6)
    if outside_county:
        return replace(symbol, fill=PAPER, line=symbol.fill, line_px=1.8)
    return symbol


def village_symbol(band: BandStyle) -> Symbol:
    """Return the symbol of a village within the standard, in the colour of its time band."""
    return Symbol("circle", VILLAGE_RADIUS_PX, band.dot, line_px=1.1)


def community_symbol(band: BandStyle | None) -> Symbol:
    """Return the symbol of a community or other unit: a thick open dot in the colour of its band, or of outside."""
    return Symbol("circle", 3.6, PAPER, line=OUTSIDE if band is None else band.dot, line_px=2.2)


def band_styles(bands_min: Sequence[float], limit_min: float | None) -> tuple[BandStyle, ...]:
    """Give every time band its colours.

    Bands within the standard run from green to yellow; bands beyond it are pale brown and mauve.

    Parameters
    ----------
    bands_min
        Upper ends in minutes, ascending.
    limit_min
        The standard; None (a circle by distance) colours all bands as within.

    Returns
    -------
    styles
        One a band, in the same order.

    Examples
    --------
    >>> [style.area for style in band_styles((15, 20), 20)]
    ['#7fc39a', '#f7e3a1']
    """
    within = [minute for minute in bands_min if limit_min is None or minute <= limit_min]
    colours = [_within_colours(index, len(within)) for index in range(len(within))]
    beyond = len(bands_min) - len(within)
    colours += [_BEYOND[min(index, len(_BEYOND) - 1)] for index in range(beyond)]
    return tuple(
        BandStyle(float(minute), area, edge, _DASHES[index % len(_DASHES)], dot)
        for index, (minute, (area, edge, dot)) in enumerate(zip(bands_min, colours, strict=True))
    )


def _within_colours(index: int, number: int) -> tuple[str, str, str]:
    """Return the colours of a band within the standard: green first, yellow last."""
    if index == 0:
        return _WITHIN[0]
    return _WITHIN[1] if index == number - 1 else _WITHIN_MIDDLE


def beyond_style() -> BandStyle:
    """Return the style of places within the standard (by distance) that lie beyond the last time band."""
    area, edge, dot = _BEYOND[0]
    return BandStyle(math.inf, area, edge, (), dot)


def road_class(highway: str) -> RoadStyle:
    """Return the class a highway value is drawn in.

    Examples
    --------
    >>> road_class("primary_link").name, road_class("track").name
    ('trunk', 'path')
    """
    return next((style for style in ROADS if highway in style.highways), ROADS[-1])


def outline(shape: Shape) -> tuple[Point, ...]:
    """Return a shape's corners in a circle of radius 1, y upwards; empty for a circle, which has none.

    Parameters
    ----------
    shape
        Name of the shape.

    Returns
    -------
    corners
        Not closed. The same corners draw the symbol on the web map and in figures.

    Examples
    --------
    >>> outline("square")
    ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9))
    """
    return _OUTLINES[shape]


def grey_level(colour: str) -> float:
    """Return how light a colour prints in grey, 0 (black) to 1 (white).

    References
    ----------
    Relative luminance and its lightness: CIE 1976 L*, from the sRGB transfer function of IEC 61966-2-1.

    Examples
    --------
    >>> grey_level("#ffffff"), grey_level("#000000")
    (1.0, 0.0)
    """
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    lightness = 116 * luminance ** (1 / 3) - 16 if luminance > 0.008856 else 903.3 * luminance
    return round(lightness / 100, 4)


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)


def _polygon(corners: int, start_degrees: float, inner: float = 1.0) -> tuple[Point, ...]:
    """Return a regular polygon, or a star when the inner radius is below 1, first corner at an angle from east."""
    points = []
    steps = corners if inner == 1.0 else 2 * corners
    for step in range(steps):
        angle = math.radians(start_degrees + 360 * step / steps)
        radius = 1.0 if step % 2 == 0 else inner
        points.append((round(radius * math.cos(angle), 4), round(radius * math.sin(angle), 4)))
    return tuple(points)


def _drop() -> tuple[Point, ...]:
    """Return a drop: a point above, an arc of radius 0.62 below."""
    arc = [math.radians(degrees) for degrees in range(150, 391, 30)]
    points = [(round(0.62 * math.cos(angle), 4), round(0.62 * math.sin(angle) - 0.36, 4)) for angle in arc]
    return ((0.0, 1.0), *points)


_OUTLINES: Final[dict[str, tuple[Point, ...]]] = {
    "circle": (),
    "square": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    "star": _polygon(5, 90, 0.45),
    "diamond": ((0.0, -1.0), (0.85, 0.0), (0.0, 1.0), (-0.85, 0.0)),
    "triangle": ((-0.95, -0.75), (0.95, -0.75), (0.0, 1.0)),
    "house": ((-0.8, -0.9), (0.8, -0.9), (0.8, 0.1), (0.0, 1.0), (-0.8, 0.1)),
    "hexagon": _polygon(6, 0),
    "drop": _drop(),
    "bar": ((-1.0, -0.45), (1.0, -0.45), (1.0, 0.45), (-1.0, 0.45)),
}
