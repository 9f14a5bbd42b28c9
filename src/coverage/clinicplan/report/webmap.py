"""Draw a county's service circles as one web page that needs no network."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from clinicplan.errors import Fault, LayerError, OutputError, Severity
from clinicplan.report.escaping import escape
from clinicplan.terms import MODES
from clinicplan.words import fault, word

if TYPE_CHECKING:
    import folium
    import geopandas as gpd
    import pandas as pd

    from clinicplan.errors import Language
    from clinicplan.report.map_layers import DrawnCounty, MapLayer

Tiles = Literal["tianditu", "osm"]

REQUIRED: Final[dict[str, tuple[str, ...]]] = {
    "boundary": ("geometry",),
    "townships": ("township", "geometry"),
    "roads": ("highway", "geometry"),
    "water": ("geometry",),
    "circles": ("minutes", "geometry"),
    "facilities": ("facility_id", "name", "tier", "operating", "outside_county", "township", "geometry"),
    "villages": (
        "village_id", "name", "township", "kind", "status", "population", "band", "within_standard", "reason",
        "time_min", "facility_id", "facility_name", "route_km", "way", "access_m", "geometry",
    ),
}  # fmt: skip
"""Columns that each layer must have; more are welcome (see `CountyPicture`)."""
REQUIRED_PENDING: Final = ("village_id", "name", "township", "reason")

TIANDITU: Final = (
    "https://t{s}.tianditu.gov.cn/__LAYER___w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=__LAYER__"
    "&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk=__KEY__"
)
OPEN_STREET_MAP: Final = "https://tile.openstreetmap.org/{z}/{x}/{y}.png"
TILE_HOSTS: Final[dict[str, tuple[str, ...]]] = {
    "tianditu": ("https://*.tianditu.gov.cn",),
    "osm": ("https://tile.openstreetmap.org",),
}

GROUPS: Final = ("circles", "villages", "facilities", "roads", "ground")
"""Groups of layers in the order of reading; entries of `map.group`."""
PAGE_WORDS: Final = {
    "layers": "map.layers",
    "legend": "map.legend",
    "nothingFound": "map.nothing_found",
    "moreFound": "map.more_found",
    "wholeCounty": "map.whole_county",
    "print": "map.print",
    "north": "map.north",
    "village": "map.card.village",
    "pending": "map.card.pending",
    "inside": "map.card.inside",
    "outside": "map.card.outside",
    "minutes": "map.card.minutes",
    "facility": "map.card.facility",
    "route": "map.card.route",
    "way": "map.card.way",
    "access": "map.card.access",
    "people": "map.card.people",
    "state": "map.card.state",
    "villagesServed": "map.card.villages_served",
    "peopleServed": "map.card.people_served",
}
"""Words of the page's scripts, by their name there."""


@dataclass(frozen=True, eq=False)
class CountyPicture:
    """Everything the web map shows.

    Geometry is in metric systems and is reprojected once, here. All text is plain: it is escaped on its way to the
    page. Missing cells are empty, `None`, `NaN` or `NA`.

    Parameters
    ----------
    title
        Title of the map, such as `新昌县（示例数据）农村20分钟医疗卫生服务圈现状图`.
    date
        Date of the data, ISO text; the only date on the page.
    standard_text, mode_text
        The standard and the mode of travel with its speeds, in words.
    statements
        The lines that every map must carry: date of data, who is counted, mode and speeds, that the limit is
        inclusive, direction, rows pending, sources, what the map may be used for, the line on boundaries.
    figures
        Label and value of the figures that matter, in words.
    boundary
        The county.
    townships
        `township`; None where there are none.
    roads
        `highway`, optional `name`; None where there are none.
    water
        Areas and lines; None where there are none.
    circles
        `minutes` and the dissolved circle of all facilities within them; None where there are none.
    facilities
        `facility_id, name, tier, operating (yes, no or empty), outside_county, township`, optional `villages_served,
        people_served`.
    villages
        `village_id, name, township, kind, status, population, band (upper end in minutes, or ≤15, >20),
        within_standard (True, False, or missing for rows set aside), reason, time_min, facility_id, facility_name,
        route_km, way (road or direct), access_m`, optional `time_min_<mode>, time_min_worst, township_hospital_min,
        county_hospital_min`.
    pending
        Rows set aside, `village_id, name, township, reason`; they may have no position.
    bands_min
        Upper ends of the time bands, ascending.
    limit_min
        The standard in minutes; None where it is a distance.
    mode
        Mode of the standard, marked on the cards; empty when unknown.
    """

    title: str
    date: str
    standard_text: str
    mode_text: str
    statements: tuple[str, ...]
    figures: tuple[tuple[str, str], ...]
    boundary: gpd.GeoDataFrame
    townships: gpd.GeoDataFrame | None
    roads: gpd.GeoDataFrame | None
    water: gpd.GeoDataFrame | None
    circles: gpd.GeoDataFrame | None
    facilities: gpd.GeoDataFrame
    villages: gpd.GeoDataFrame
    pending: pd.DataFrame
    bands_min: tuple[float, ...]
    limit_min: float | None
    mode: str = ""

    def __post_init__(self) -> None:
        faults = [found for layer in REQUIRED for found in _layer_faults(layer, getattr(self, layer))]
        faults += _column_faults("pending", REQUIRED_PENDING, self.pending)
        if faults:
            raise LayerError(*faults)

    @property
    def modes(self) -> tuple[str, ...]:
        """The modes of travel whose minutes the villages carry."""
        return tuple(mode for mode in MODES if f"time_min_{mode}" in self.villages)


def build_map(
    picture: CountyPicture, *, lang: Language = "zh", tiles: Tiles | None = None, tianditu_key: str | None = None
) -> folium.Map:
    """Draw a county as a Folium map.

    The map takes further Folium layers. Folium's own `save` links to foreign hosts: write the page with `write_map`,
    or with `clinicplan.report.offline_page.render_page`.

    Parameters
    ----------
    picture
        What to show.
    lang
        Language of everything but the planner's own names.
    tiles
        Background: none (the default, nothing is requested), Tianditu, or OpenStreetMap.
    tianditu_key
        Key of the Tianditu service; it stands readable in the page.

    Returns
    -------
    web_map
        The map with all layers and controls.

    Raises
    ------
    OutputError
        If Tianditu is asked for without a usable key.
    """
    import folium

    from clinicplan.report.map_elements import DrawnLayer, MapFinish, MapStart, Raw
    from clinicplan.report.map_layers import draw_county
    from clinicplan.report.offline_page import trim_links

    drawn = draw_county(picture, lang)
    web_map = folium.Map(
        tiles=None,
        prefer_canvas=True,
        zoom_control="topleft",
        control_scale=False,
        max_zoom=18,
        min_zoom=6,
        zoom_snap=1 if tiles else 0.25,
        zoom_delta=1 if tiles else 0.5,
        location=_centre(picture),
    )
    trim_links(web_map)
    web_map.add_child(MapStart(_own_header()))
    for tile_layer in _tile_layers(tiles, tianditu_key, lang):
        web_map.add_child(tile_layer)
    listed = []
    for layer in drawn.layers:
        element = DrawnLayer(layer.key, escape(layer.name), layer.drawing, layer.data, layer.options, show=layer.show)
        web_map.add_child(element)
        if layer.group:
            listed.append((element, _about(layer, lang)))
    web_map.add_child(MapFinish(_in_reading_order(listed, lang), _settings(picture, lang)))
    root: Any = web_map.get_root()
    root.html.add_child(Raw(_panel(picture, drawn, tiles, lang)))
    return web_map


def render_map(
    picture: CountyPicture, *, lang: Language = "zh", tiles: Tiles | None = None, tianditu_key: str | None = None
) -> str:
    """Write a county's map as the text of one page; see `build_map`.

    Returns
    -------
    html
        The whole page; the same picture gives the same text.
    """
    from clinicplan.report.offline_page import render_page

    web_map = build_map(picture, lang=lang, tiles=tiles, tianditu_key=tianditu_key)
    hosts = TILE_HOSTS[tiles] if tiles else ()
    return render_page(web_map, title=escape(picture.title), lang=lang, image_hosts=hosts)


def write_map(
    picture: CountyPicture,
    path: Path | str,
    *,
    lang: Language = "zh",
    tiles: Tiles | None = None,
    tianditu_key: str | None = None,
) -> Path:
    """Write a county's map as one page; see `build_map`.

    Parameters
    ----------
    picture, lang, tiles, tianditu_key
        As in `build_map`.
    path
        File to write; an existing one is replaced.

    Returns
    -------
    path
        The file written.
    """
    target = Path(path)
    text = render_map(picture, lang=lang, tiles=tiles, tianditu_key=tianditu_key)
    target.write_bytes(text.encode("utf-8"))
    return target


def _own_header() -> dict[str, str]:
    """Write the page's own styles and scripts as elements of the header."""
    from clinicplan.report.map_panels import with_style
    from clinicplan.report.offline_page import OWN_SCRIPTS, OWN_STYLES, own_text, script_element, style_element

    styles = {name: style_element(with_style(own_text(name))) for name in OWN_STYLES}
    return styles | {name: script_element(with_style(own_text(name))) for name in OWN_SCRIPTS}


def _layer_faults(layer: str, frame: gpd.GeoDataFrame | None) -> list[Fault]:
    """Find missing columns and reference systems that are not metric."""
    if frame is None:
        return []
    faults = _column_faults(layer, REQUIRED[layer], frame)
    if not faults and (frame.crs is None or not frame.crs.is_projected):
        faults.append(fault(Severity.ERROR, "picture_crs", layer=layer, subject="map"))
    return faults


def _column_faults(layer: str, required: tuple[str, ...], frame: pd.DataFrame) -> list[Fault]:
    missing = [column for column in required if column not in frame.columns]
    if not missing:
        return []
    return [fault(Severity.ERROR, "picture_columns", layer=layer, subject="map", columns=", ".join(missing))]


def _centre(picture: CountyPicture) -> list[float]:
    (south, west), (north, east) = _bounds(picture)
    return [round((south + north) / 2, 5), round((west + east) / 2, 5)]


def _bounds(picture: CountyPicture) -> list[list[float]]:
    """Return the county's south-west and north-east corners in degrees."""
    from clinicplan.report.map_geometry import geographic

    west, south, east, north = (round(float(value), 5) for value in geographic(picture.boundary).total_bounds)
    return [[south, west], [north, east]]


def _about(layer: MapLayer, lang: Language) -> dict[str, Any]:
    """Say what the controls need to know of a layer."""
    about: dict[str, Any] = {
        "key": layer.key,
        "group": escape(word(f"map.group.{layer.group}", lang)),
        "name": escape(layer.name),
        "entries": [{"name": escape(name), "swatch": swatch} for name, swatch in layer.entries],
    }
    return about if layer.number is None else {**about, "number": layer.number}


def _in_reading_order(listed: list[tuple[Any, dict[str, Any]]], lang: Language) -> list[tuple[Any, dict[str, Any]]]:
    """Order layers for the reader: by group, and within a group what is drawn uppermost or first comes first."""
    groups = [escape(word(f"map.group.{name}", lang)) for name in GROUPS]
    return [item for group in groups for item in listed[::-1] if item[1]["group"] == group]


def _settings(picture: CountyPicture, lang: Language) -> dict[str, Any]:
    from clinicplan.report.map_cards import pending_rows

    return {
        "bounds": _bounds(picture),
        "pending": [{"type": "village", **row} for row in pending_rows(picture.pending, lang)],
        "words": _page_words(picture, lang),
    }


def _page_words(picture: CountyPicture, lang: Language) -> dict[str, Any]:
    """Collect the words of the page's scripts."""
    words = {name: escape(word(key, lang)) for name, key in PAGE_WORDS.items()}
    if picture.limit_min is not None:
        limit = f"{picture.limit_min:g}"
        words["inside"] = escape(word("map.card.inside_minutes", lang, limit=limit))
        words["outside"] = escape(word("map.card.outside_minutes", lang, limit=limit))
    modes = list(picture.modes)
    return {
        **words,
        "modes": [escape(word(f"general.mode.{mode}", lang)) for mode in modes],
        "mode": modes.index(picture.mode) if picture.mode in modes else -1,
    }


def _panel(picture: CountyPicture, drawn: DrawnCounty, tiles: Tiles | None, lang: Language) -> str:
    from clinicplan.report.map_cards import pending_rows
    from clinicplan.report.map_panels import side_panel

    statements = [*picture.statements, *drawn.notes]
    if tiles:
        statements.append(word("map.note.tiles", lang, source=word(f"map.tiles.{tiles}", lang)))
    dated = (word("map.date", lang, date=picture.date),) if picture.date else ()
    subtitle = (picture.standard_text, picture.mode_text, *dated)
    pending = pending_rows(picture.pending, lang)
    return side_panel(picture.title, subtitle, picture.figures, pending, statements, drawn.screen_notes, lang)


def _tile_layers(tiles: Tiles | None, key: str | None, lang: Language) -> list[folium.TileLayer]:
    """Make the background that was asked for."""
    import folium

    if tiles is None:
        return []
    credit = escape(word(f"map.tiles.{tiles}", lang))
    if tiles == "osm":
        return [folium.TileLayer(OPEN_STREET_MAP, attr=f"&copy; {credit}", name="background", max_zoom=19)]
    if not key or not re.fullmatch(r"[0-9A-Za-z]+", key):
        raise OutputError(fault(Severity.ERROR, "no_tianditu_key", subject="map"))
    return [
        folium.TileLayer(
            TIANDITU.replace("__LAYER__", layer).replace("__KEY__", key),
            attr=credit,
            name=f"background-{layer}",
            subdomains="01234567",
            max_zoom=18,
        )
        for layer in ("vec", "cva")
    ]
