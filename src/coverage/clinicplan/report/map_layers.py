"""Turn a county's results into the layers of the web map: what is drawn, how, and what the legend says of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely

from clinicplan.report import map_cards, map_geometry, style
from clinicplan.report.escaping import escape
from clinicplan.report.map_symbols import area_swatch, dash_text, line_swatch, symbol_options, symbol_swatch
from clinicplan.terms import FIXED_TIERS, SUPPLEMENT_TIERS, TIERS
from clinicplan.words import word

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from clinicplan.errors import Language
    from clinicplan.report.webmap import CountyPicture

AREA_OPACITY: Final = 0.78
VILLAGE_LABEL_ZOOM: Final = 13
HOSPITAL_LABEL_ZOOM: Final = 12
NO_LABEL_ZOOM: Final = 99
SHOWN_TIERS: Final = (*FIXED_TIERS, *SUPPLEMENT_TIERS)
"""Facilities on the map when the page opens; the others are a click away in the layer control."""

Entry = tuple[str, str]
"""Name in the legend and its picture."""


@dataclass(frozen=True)
class MapLayer:
    """One layer of the page.

    Parameters
    ----------
    key
        Stable name, such as `band-15`.
    group
        Entry of `map.group` it stands under.
    name
        What the reader sees, plain text.
    drawing
        Function of the page's scripts: `areas`, `lines`, `points` or `labels`.
    data, options
        What it draws, and how.
    entries
        Its lines in the legend.
    show
        Whether it is on when the page opens.
    number
        How many objects it holds, where that says something.
    """

    key: str
    group: str
    name: str
    drawing: str
    data: Any
    options: dict[str, Any] = field(default_factory=dict)
    entries: tuple[Entry, ...] = ()
    show: bool = True
    number: int | None = None


@dataclass(frozen=True)
class DrawnCounty:
    """All layers, from the ground upwards, and what the drawing left out.

    Parameters
    ----------
    layers
        In drawing order; symbols last.
    notes
        Sentences about the drawing for the reader.
    screen_notes
        Sentences about what the reader may do on the page; not printed.
    """

    layers: tuple[MapLayer, ...]
    notes: tuple[str, ...]
    screen_notes: tuple[str, ...]


def draw_county(picture: CountyPicture, lang: Language) -> DrawnCounty:
    """Draw every layer of a county.

    Parameters
    ----------
    picture
        The results.
    lang
        Language of names and cards.

    Returns
    -------
    drawn
        Layers in drawing order and notes.
    """
    circles, area_m = _circles(picture, lang)
    roads, notes = _roads(picture, lang)
    layers = (*_ground(picture, lang), *circles, *roads, *_borders(picture, lang), *_points(picture, lang))
    said = word(
        "map.note.drawing",
        lang,
        line_m=f"{map_geometry.TOLERANCE_M:g}",
        area_m=f"{area_m:g}",
        speck_m2=f"{map_geometry.SMALLEST_AREA_M2:g}",
    )
    return DrawnCounty(layers, (said, *notes), (*_hidden_note(layers, lang), word("map.note.links", lang)))


def _ground(picture: CountyPicture, lang: Language) -> list[MapLayer]:
    """Draw the county's ground, always on, and its water."""
    boundary = picture.boundary
    (land,) = map_geometry.draw_areas([boundary.geometry.union_all()], boundary.crs)
    ground = {"pane": "areas", "fill": style.LAND, "opacity": 1, "line": style.LAND, "width": 0, "dash": None}
    layers = [MapLayer("land", "", "", "areas", land.parts, ground)]
    if picture.water is None or picture.water.empty:
        return layers
    pieces = map_geometry.pieces(picture.water.geometry.to_numpy())
    dimensions = shapely.get_dimensions(pieces)
    name = word("map.layer.water", lang)
    (areas,) = map_geometry.draw_areas([shapely.union_all(pieces[dimensions == 2])], picture.water.crs)
    streams = map_geometry.draw_lines(pieces[dimensions == 1], picture.water.crs)
    options = {"pane": "water", "line": style.WATER, "width": 1.4, "opacity": 0.9, "dash": None}
    water = MapLayer("water", "ground", name, "waters", {"areas": areas.parts, "lines": streams.parts},
                     {**options, "fill": style.WATER}, ((name, line_swatch(style.WATER, 3)),))  # fmt: skip
    return [*layers, water]


def _circles(picture: CountyPicture, lang: Language) -> tuple[list[MapLayer], float]:
    """Draw the part that each circle adds to the smaller one, and say how far it was simplified."""
    if picture.circles is None or picture.circles.empty:
        return [], map_geometry.TOLERANCE_M
    rings = map_geometry.disjoint_circles(picture.circles)
    shapes = map_geometry.draw_areas([shape for _, shape in rings], picture.circles.crs)
    looks = style.band_styles([minutes for minutes, _ in rings], picture.limit_min)
    layers, lower = [], ""
    for look, shape in zip(looks, shapes, strict=True):
        upper = f"{look.upto_min:g}"
        key = "map.layer.circle_next" if lower else "map.layer.circle_first"
        name = word(key, lang, lower=lower, upper=upper)
        options = {
            "pane": "areas", "fill": look.area, "opacity": AREA_OPACITY, "line": look.edge, "width": 0.9,
            "dash": dash_text(look.dash),
        }  # fmt: skip
        swatch = area_swatch(look.area, look.edge, look.dash, AREA_OPACITY)
        layers.append(MapLayer(f"circle-{upper}", "circles", name, "areas", shape.parts, options, ((name, swatch),)))
        lower = upper
    return layers[::-1], shapes[0].tolerance_m


def _roads(picture: CountyPicture, lang: Language) -> tuple[list[MapLayer], list[str]]:
    """Draw roads by class, minor ones beneath, and say which are off or left out."""
    if picture.roads is None or picture.roads.empty:
        return [], []
    drawn = map_geometry.draw_roads(picture.roads)
    looks = {look.name: look for look in style.ROADS}
    layers = []
    for name, shape in drawn.classes:
        look = looks[name]
        options = {"pane": "roads", "line": look.colour, "width": look.width_px, "opacity": 0.95, "dash": None}
        entry = (_road_name(name, lang), line_swatch(look.colour, look.width_px + 0.6))
        layers.append(MapLayer(f"road-{name}", "roads", entry[0], "lines", shape.parts, options, (entry,), look.shown))
    return layers[::-1], _dropped_note(drawn, lang)


def _hidden_note(layers: Sequence[MapLayer], lang: Language) -> list[str]:
    names = [layer.name for layer in reversed(layers) if not layer.show and layer.group == "roads"]
    return [word("map.note.hidden", lang, layers=_joined(names, lang))] if names else []


def _dropped_note(drawn: map_geometry.DrawnRoads, lang: Language) -> list[str]:
    roads = [
        word("map.note.dropped_class", lang, name=_road_name(name, lang), km=f"{km:.0f}")
        for name, km in drawn.dropped_km
    ]
    return [word("map.note.dropped", lang, roads=_joined(roads, lang))] if roads else []


def _joined(items: Sequence[str], lang: Language) -> str:
    return ("、" if lang == "zh" else ", ").join(items)


def _road_name(name: str, lang: Language) -> str:
    return word(f"map.road.{name}", lang)


def _borders(picture: CountyPicture, lang: Language) -> list[MapLayer]:
    """Draw the boundary, township lines and township names."""
    layers = []
    if picture.townships is not None and not picture.townships.empty:
        areas = picture.townships
        name, dash = word("map.layer.townships", lang), (6, 3, 1, 3)
        lines = map_geometry.draw_borders(areas.geometry.to_numpy(), areas.crs)
        options = {
            "pane": "borders",
            "line": style.TOWNSHIP_LINE,
            "width": 1.1,
            "opacity": 0.9,
            "dash": dash_text(dash),
        }
        entry = (name, line_swatch(style.TOWNSHIP_LINE, 1.3, dash))
        layers.append(MapLayer("townships", "ground", name, "lines", lines.parts, options, (entry,)))
        layers.append(
            MapLayer(
                "township-names", "ground", word("map.layer.township_names", lang), "labels", _names(picture, areas)
            )
        )
    name, dash = word("map.layer.boundary", lang), (10, 3, 2, 3)
    outline = map_geometry.draw_borders(picture.boundary.geometry.to_numpy(), picture.boundary.crs)
    options = {"pane": "borders", "line": style.BOUNDARY, "width": 2.0, "opacity": 1, "dash": dash_text(dash)}
    entry = (name, line_swatch(style.BOUNDARY, 2, dash))
    return [*layers, MapLayer("boundary", "ground", name, "lines", outline.parts, options, (entry,))]


def _names(picture: CountyPicture, areas: gpd.GeoDataFrame) -> list[list[Any]]:
    """Place every township's name inside it, clear of the symbols."""
    symbols = np.vstack([_spots(layer, areas.crs) for layer in (picture.villages, picture.facilities)])
    labels = map_geometry.place_labels(areas.geometry, symbols)
    places = map_geometry.geographic(areas.set_geometry(labels, crs=areas.crs))
    return [
        [*map_cards.position(point), escape(name)]
        for name, point in zip(places["township"], places.geometry, strict=True)
    ]


def _spots(layer: gpd.GeoDataFrame, crs: object) -> NDArray[np.float64]:
    return shapely.get_coordinates(layer.geometry[map_cards.has_place(layer)].to_crs(crs).to_numpy())


def _points(picture: CountyPicture, lang: Language) -> list[MapLayer]:
    """Draw facilities by tier, lower tiers beneath, then villages."""
    return [*_facilities(picture, lang), *_villages(picture, lang)]


def _facilities(picture: CountyPicture, lang: Language) -> list[MapLayer]:
    places = map_geometry.geographic(picture.facilities)
    places = places[map_cards.has_place(places)]
    tiers = places["tier"].where(places["tier"].isin(TIERS), "other")
    places = places.assign(tier=tiers)
    layers = []
    for tier in reversed(TIERS):
        rows = places[tiers == tier]
        if rows.empty:
            continue
        states = [map_cards.facility_state(row) for row in rows.itertuples()]
        symbols = [style.facility_symbol(tier, operating=yes_no, outside_county=over) for yes_no, over in states]
        cards = [map_cards.facility_card(row, lang) for row in rows.itertuples()]
        name = word(f"general.tier.{tier}", lang)
        zoom = HOSPITAL_LABEL_ZOOM if tier in TIERS[: TIERS.index("community_centre")] else NO_LABEL_ZOOM
        entries = [(name, symbol_swatch(style.FACILITY_SYMBOLS[tier])), *_state_entries(states, lang)]
        layer = _point_layer(f"facility-{tier}", "facilities", name, rows, cards, symbols, entries, zoom)
        layers.append(replace(layer, show=tier in SHOWN_TIERS))
    return layers


def _state_entries(states: Sequence[tuple[str, bool]], lang: Language) -> list[Entry]:
    """Explain hollow symbols, where there are any, by the commonest of them: the clinic."""
    entries = []
    if any(over and operating != "no" for operating, over in states):
        symbol = style.facility_symbol("village_clinic", outside_county=True)
        entries.append((word("map.symbol.over_border", lang), symbol_swatch(symbol)))
    if any(operating == "no" for operating, _ in states):
        symbol = style.facility_symbol("village_clinic", operating="no")
        entries.append((word("map.symbol.not_operating", lang), symbol_swatch(symbol)))
    return entries


def _villages(picture: CountyPicture, lang: Language) -> list[MapLayer]:
    places = map_geometry.geographic(picture.villages)
    places = places[map_cards.has_place(places)].reset_index(drop=True)
    groups = map_cards.village_groups(places)
    bands = map_cards.band_numbers(places, picture.bands_min)
    looks = (*style.band_styles(picture.bands_min, picture.limit_min), style.beyond_style())
    cards = [map_cards.village_card(row, picture, lang) for row in places.itertuples()]
    layers = []

    def add(key: str, name: str, chosen: Any, symbols: Sequence[style.Symbol], entries: Sequence[Entry]) -> None:
        rows = places[chosen]
        if not rows.empty:
            own = [cards[index] for index in rows.index]
            layers.append(_point_layer(key, "villages", name, rows, own, symbols, entries, VILLAGE_LABEL_ZOOM))

    def plain(key: str, name: str, chosen: Any, symbol: style.Symbol) -> None:
        add(key, name, chosen, [symbol] * int(chosen.sum()), [(name, symbol_swatch(symbol))])

    plain("pending", word("map.layer.pending", lang), groups == "pending", style.PENDING_VILLAGE)
    plain("exempt", word("map.layer.exempt", lang), groups == "exempt", style.EXEMPT_VILLAGE)
    communities = groups.isin(["community", "community_outside"])
    looks_of = [
        style.community_symbol(None if group == "community_outside" else looks[band])
        for group, band in zip(groups[communities], bands[communities], strict=True)
    ]
    add(
        "communities",
        word("map.layer.communities", lang),
        communities,
        looks_of,
        _community_entries(groups, looks[0], lang),
    )
    plain("outside", word("map.layer.outside", lang), groups == "outside", style.OUTSIDE_VILLAGE)
    for index in reversed(range(len(looks))):
        key, name = _band_name(picture.bands_min, index, lang)
        plain(key, name, (groups == "inside") & (bands == index), style.village_symbol(looks[index]))
    return layers


def _community_entries(groups: Any, look: style.BandStyle, lang: Language) -> list[Entry]:
    entries = []
    if (groups == "community").any():
        entries.append((word("map.symbol.community_inside", lang), symbol_swatch(style.community_symbol(look))))
    if (groups == "community_outside").any():
        entries.append((word("map.symbol.community_outside", lang), symbol_swatch(style.community_symbol(None))))
    return entries


def _band_name(bands_min: Sequence[float], index: int, lang: Language) -> tuple[str, str]:
    """Name the layer of a band; the last index is what lies beyond all bands."""
    lower = f"{bands_min[index - 1]:g}" if index else ""
    if index == len(bands_min):
        name = word("map.layer.band_last", lang, lower=lower) if lower else word("map.card.inside", lang)
        return "band-beyond", name
    upper = f"{bands_min[index]:g}"
    key = "map.layer.band_next" if lower else "map.layer.band_first"
    return f"band-{upper}", word(key, lang, lower=lower, upper=upper)


def _point_layer(
    key: str,
    group: str,
    name: str,
    rows: gpd.GeoDataFrame,
    cards: Sequence[dict[str, Any]],
    symbols: Sequence[style.Symbol],
    entries: Sequence[Entry],
    label_zoom: int,
) -> MapLayer:
    """Make one layer of points; each refers to its symbol by number."""
    kinds = list(dict.fromkeys(symbols))
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": map_cards.position(point)[::-1]},
            "properties": {**card, "symbol": kinds.index(symbol)},
        }
        for point, card, symbol in zip(rows.geometry, cards, symbols, strict=True)
    ]
    options = {"symbols": [symbol_options(kind) for kind in kinds], "labelZoom": label_zoom}
    data = {"type": "FeatureCollection", "features": features}
    return MapLayer(key, group, name, "points", data, options, tuple(entries), number=len(features))
