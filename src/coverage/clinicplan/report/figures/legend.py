"""Explain every layer of a map in its lower left corner, small enough to leave the county in view."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from clinicplan.errors import Language
from clinicplan.report.figures.fonts import measured_in_peace
from clinicplan.report.figures.marks import legend_entries
from clinicplan.report.figures.sheet import LEAST_LEGEND_MM, MM_PER_INCH, SCALE_BOX_MM
from clinicplan.words import word

if TYPE_CHECKING:
    from matplotlib.legend import Legend

    from clinicplan.report.figures.sheet import Box, Sheet

FONT_SIZES: Final = (6.6, 6.2, 5.8, 5.4)
"""Tried in turn, points on A4, until the legend leaves the county in view."""
STRIP_ROWS: Final = 7
"""Lines of a legend in a strip."""


def draw_legend(sheet: Sheet, land: Any, lang: Language) -> float:
    """Draw the legend above the scale, or in the strip under the maps, and return its width.

    Parameters
    ----------
    sheet
        With its maps drawn.
    land
        What must stay in view.
    lang
        Language of its title.

    Returns
    -------
    wide
        Millimetres; a narrow legend is widened to the box of the scale.
    """
    for size in FONT_SIZES:
        legend = _legend(sheet, lang, size)
        if fits(sheet, legend, land):
            break
        if size != FONT_SIZES[-1]:
            legend.remove()
    _, _, wide, _ = legend_box(sheet, legend)
    least = LEAST_LEGEND_MM * sheet.paper.unit
    if wide < least and not sheet.strip:
        legend.remove()
        _legend(sheet, lang, size, least)
        wide = least
    return wide


def fits(sheet: Sheet, legend: Legend, land: Any) -> bool:
    """Tell whether a legend lies within the frame and leaves the county in view."""
    import shapely

    left, bottom, wide, high = legend_box(sheet, legend)
    inner_left, inner_bottom, width, height = sheet.paper.frame
    if left + wide > inner_left + width or bottom + high > inner_bottom + height:
        return False
    ax, paper = sheet.panels[0], sheet.paper
    box, per_mm = ax.get_position(), (sheet.denominator or 1) / 1000
    west, south = ax.get_xlim()[0], ax.get_ylim()[0]
    x, y = west + (left - box.x0 * paper.width_mm) * per_mm, south + (bottom - box.y0 * paper.height_mm) * per_mm
    return not shapely.intersects(shapely.box(x, y, x + wide * per_mm, y + high * per_mm), land)


def legend_box(sheet: Sheet, legend: Legend) -> Box:
    """Return left, bottom, width and height of a legend, mm on the sheet."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    with measured_in_peace():
        extent = legend.get_window_extent(FigureCanvasAgg(sheet.figure).get_renderer())  # type: ignore[no-untyped-call]
    mm = MM_PER_INCH / sheet.figure.dpi
    return float(extent.x0 * mm), float(extent.y0 * mm), float(extent.width * mm), float(extent.height * mm)


def _legend(sheet: Sheet, lang: Language, size: float, wide: float | None = None) -> Legend:
    paper, unit = sheet.paper, sheet.paper.unit
    handles, labels = legend_entries(sheet.panels, unit=unit)
    left, bottom, _, _ = paper.frame
    up = 1.5 if sheet.strip else SCALE_BOX_MM + 2.5
    x, y = (left + 1.5 * unit) / paper.width_mm, (bottom + up * unit) / paper.height_mm
    look: dict[str, Any] = {
        "title": word("figures.legend", lang), "loc": "lower left", "borderaxespad": 0, "fontsize": size * unit,
        "title_fontsize": 9 * unit, "frameon": True, "fancybox": False, "edgecolor": "black", "framealpha": 1,
        "borderpad": 0.8, "handlelength": 2.4, "labelspacing": 0.52, "handletextpad": 0.8, "columnspacing": 1.4,
        "ncols": math.ceil(len(labels) / STRIP_ROWS) if sheet.strip else 1, "bbox_to_anchor": (x, y),
    }  # fmt: skip
    if wide is not None:
        look |= {"bbox_to_anchor": (x, y, wide / paper.width_mm, 0), "mode": "expand"}
    legend = sheet.figure.legend(handles, labels, **look)
    legend.get_frame().set_linewidth(0.5)
    legend.set_zorder(50)
    return legend
