"""Draw what lies under every map: land, water, roads, borders, and the names of townships."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from clinicplan.errors import Language
from clinicplan.report import style
from clinicplan.report.figures.labels import Label, place_names, points_per_metre
from clinicplan.report.figures.marks import LINE_PER_PX, add_area, add_lines
from clinicplan.words import word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from clinicplan.report.figures.record import ResultRecord

BOUNDARY_DASH: Final = (9, 2.5, 1.2, 2.5)
TOWNSHIP_DASH: Final = (5, 2, 1, 2)
FINEST_PT: Final = 0.12
"""Lines are simplified by less than this on paper: a twenty-fifth of a millimetre."""
CLASSES_A4: Final = ("trunk", "secondary", "tertiary")
CLASSES_DETAIL: Final = (*CLASSES_A4, "minor")
ROAD_COLOURS_OUTSIDE: Final = "#d8d3cb"


def map_axes(record: ResultRecord, ax: Axes | None) -> Axes:
    """Return the axes asked for, or new ones that show the whole county."""
    if ax is not None:
        return ax
    from matplotlib.figure import Figure

    new = Figure(figsize=(9, 7)).add_axes((0.02, 0.02, 0.96, 0.96))
    west, south, east, north = record.boundary.total_bounds
    size = 1.06 * max((east - west) / 9, (north - south) / 7)
    new.set_xlim((west + east - 9 * size) / 2, (west + east + 9 * size) / 2)
    new.set_ylim((south + north - 7 * size) / 2, (south + north + 7 * size) / 2)
    new.set_axis_off()
    return new


def draw_ground(ax: Axes, record: ResultRecord, lang: Language, *, unit: float, detail: bool = False) -> None:
    """Draw land, water, roads and borders.

    Parameters
    ----------
    ax
        A map whose limits are set.
    record
        The result.
    lang
        Language of the legend.
    unit
        Size of everything, 1 on A4.
    detail
        Whether village roads are drawn too.
    """
    land = record.land
    add_area(ax, simpler(ax, land), key="land", label="", fill=style.LAND)
    _water(ax, record, lang, unit)
    _roads(ax, record, lang, unit=unit, classes=CLASSES_DETAIL if detail else CLASSES_A4)
    townships = record.ground.townships
    if townships is not None:
        add_lines(
            ax, [_between(simpler(ax, townships.geometry.to_numpy()))], key="township",
            label=word("map.layer.townships", lang), colour=style.TOWNSHIP_LINE, width=0.55, unit=unit,
            dash=TOWNSHIP_DASH,
        )  # fmt: skip
    add_lines(
        ax, [simpler(ax, land)], key="boundary", label=word("map.layer.boundary", lang), colour=style.BOUNDARY,
        width=1.3, unit=unit, dash=BOUNDARY_DASH,
    )  # fmt: skip


def draw_township_names(ax: Axes, record: ResultRecord, *, unit: float) -> list[Label]:
    """Write the name of each township inside it, clear of the symbols; return those without room."""
    from clinicplan.report.map_geometry import place_labels

    townships = record.ground.townships
    if townships is None:
        return []
    symbols = [np.column_stack([line.get_xdata(), line.get_ydata()]) for line in ax.lines]
    spots = place_labels(townships.geometry, np.vstack([np.zeros((0, 2)), *symbols]).astype(float))
    labels = [
        Label(spot.x, spot.y, str(name), size=7.4, colour=style.BOUNDARY, bold=True, centred=True)
        for name, spot in zip(townships["township"], spots, strict=True)
    ]
    return place_names(ax, labels, unit=unit, within=window(ax, record))


def window(ax: Axes, record: ResultRecord) -> Sequence[float]:
    """Return the part of a map that names may use: the county and a little around it, inside the frame, metres."""
    west, south, east, north = record.boundary.total_bounds
    pad = 4 / points_per_metre(ax)
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    return max(west - 3 * pad, left + pad), max(south - pad, bottom + pad), min(east + pad, right - pad), min(
        north + pad, top - pad)  # fmt: skip


def simpler(ax: Axes, shape: Any) -> Any:
    """Return geometry without points that nobody can see at the map's scale."""
    import shapely

    return shapely.simplify(shape, FINEST_PT / points_per_metre(ax))


def _between(areas: Any) -> Any:
    """Return the lines between areas, each once although two areas share it."""
    import shapely

    return shapely.line_merge(shapely.union_all(shapely.boundary(areas)))


def _water(ax: Axes, record: ResultRecord, lang: Language, unit: float) -> None:
    ground, name = record.ground, word("map.layer.water", lang)
    if ground.water_areas is not None:
        add_area(ax, ground.water_areas, key="water-areas", label="", fill=style.WATER)
    lines = [shape for shape in (ground.water_lines, ground.water_areas) if shape is not None]
    add_lines(ax, lines, key="water", label=name, colour=style.WATER, width=0.6, unit=unit)


def _has_roads_all_over(ax: Axes, record: ResultRecord) -> bool:
    """Tell whether roads were read for all of a map; where not, they would end in mid-air."""
    west, south, east, north = record.boundary.total_bounds
    margin = record.region.travel.margin_km * 1000
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    return bool(left >= west - margin and right <= east + margin and bottom >= south - margin and top <= north + margin)


def _roads(ax: Axes, record: ResultRecord, lang: Language, *, unit: float, classes: Sequence[str]) -> None:
    """Draw roads by class, pale beyond the county."""
    import shapely

    (west, east), (south, north) = ax.get_xlim(), ax.get_ylim()
    for look in reversed(style.ROADS):
        if look.name not in classes or look.name not in record.ground.roads:
            continue
        within, beyond = record.ground.roads[look.name]
        width = look.width_px * LINE_PER_PX
        if beyond is not None and _has_roads_all_over(ax, record):
            add_lines(ax, [shapely.clip_by_rect(beyond, west, south, east, north)], key="road-outside", label="",
                      colour=ROAD_COLOURS_OUTSIDE, width=width * 0.8, unit=unit)  # fmt: skip
        add_lines(ax, [within], key=f"road-{look.name}", label=word(f"map.road.{look.name}", lang),
                  colour=look.colour, width=width, unit=unit)  # fmt: skip
