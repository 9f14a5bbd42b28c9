"""Lay out a sheet: double frame, title and number above, notes and title block below, scale, north arrow, legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from clinicplan.errors import Language
from clinicplan.report import style
from clinicplan.report.figures.fonts import bold_weight
from clinicplan.report.figures.lines import text_width, wrapped
from clinicplan.words import word

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MM_PER_INCH: Final = 25.4
DPI: Final = 300
SCALES: Final = (
    5_000, 10_000, 15_000, 20_000, 25_000, 30_000, 40_000, 50_000, 60_000, 75_000, 100_000, 120_000, 150_000, 200_000,
    250_000, 300_000, 350_000, 400_000, 500_000, 600_000, 750_000, 1_000_000, 1_250_000, 1_500_000, 2_000_000,
    2_500_000, 3_000_000, 4_000_000, 5_000_000,
)  # fmt: skip
"""Denominators of map scales, round numbers only."""
BAR_STEPS_KM: Final = (0.1, 0.2, 0.25, 0.5, 1, 2, 2.5, 5, 10, 20, 25, 50)
"""Lengths of one of the four parts of a scale bar."""
LEAST_LEGEND_MM: Final = 44.0
"""Width of a narrow legend and of the scale's box under it, on A4."""
SCALE_BOX_MM: Final = 12.5
"""Height of the scale's box, on A4."""
BINDING_MM: Final = 25.0
"""Left margin, where the sheet is bound (装订边)."""
MARGIN_MM: Final = 8.0
STRIP_MM: Final = 41.0
"""Height of a strip for the legend under several maps, on A4."""
PAD_MM: Final = 1.0
"""Between the county and the inner frame."""

Box = tuple[float, float, float, float]
"""Left, bottom, width, height, mm on the sheet."""


@dataclass(frozen=True)
class Paper:
    """A size of paper, landscape.

    Parameters
    ----------
    name
        `A4` or `A3`.
    width_mm, height_mm
        Of the sheet.
    unit
        Size of text and symbols, 1 on A4.
    title_mm, foot_mm, legend_mm
        Heights of the strips above and below the frame, and width kept free for the legend.
    """

    name: str
    width_mm: float
    height_mm: float
    unit: float
    title_mm: float
    foot_mm: float
    legend_mm: float

    @property
    def frame(self) -> Box:
        """The inner frame (内图廓)."""
        left, bottom = BINDING_MM + 2, MARGIN_MM + self.foot_mm + 2
        width = self.width_mm - left - MARGIN_MM - 2
        return left, bottom, width, self.height_mm - bottom - MARGIN_MM - self.title_mm - 2


PAPERS: Final = {
    "A4": Paper("A4", 297, 210, 1.0, 11, 24, 50),
    "A3": Paper("A3", 420, 297, 1.35, 15, 31, 66),
}


@dataclass(frozen=True)
class TitleBlock:
    """What stands around a figure.

    Parameters
    ----------
    number, title
        图号 and 图名.
    project, unit, date, version
        The lines of the title block (图签); empty ones stay blank to be filled by hand.
    use
        The line on the use of the map, such as 内部用图，不得公开.
    notes
        Statements and sources under the frame.
    """

    number: str
    title: str
    project: str
    unit: str
    date: str
    version: str
    use: str
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Sheet:
    """A sheet with its frames drawn.

    Parameters
    ----------
    figure
        The page.
    paper
        Its size.
    page
        Axes over the whole page in millimetres, for what is no map.
    panels
        Axes of the maps or of the chart.
    denominator
        Scale of the maps; None for a chart.
    strip
        Whether the legend has a strip of its own under the maps.
    """

    figure: Figure
    paper: Paper
    page: Axes
    panels: tuple[Axes, ...]
    denominator: int | None = None
    strip: bool = False


def open_map_sheet(paper: Paper, bounds: Sequence[float], *, panels: int = 1) -> Sheet:
    """Open a sheet with one map, or several beside each other, at a round scale with the county in full view.

    Parameters
    ----------
    paper
        Size of the sheet.
    bounds
        West, south, east, north of what must be seen, metres.
    panels
        How many maps.

    Returns
    -------
    sheet
        Its panels have metres as units, and a width on paper that gives the scale exactly.
    """
    figure, page = _blank(paper)
    places = [_beside_legend(paper, panels)]
    if panels > 1:
        places.append(_above_legend(paper, panels))
    denominator, boxes, own = min((_scale(bounds, *place), *place) for place in places)
    west, south, east, north = bounds
    per_mm, axes = denominator / 1000, []
    for box in boxes:
        _, _, width, height = box
        ax = _axes(figure, paper, box)
        middle_x, middle_y = (west + east) / 2, (south + north) / 2
        ax.set_xlim(middle_x - (own + width) / 2 * per_mm, middle_x + (width - own) / 2 * per_mm)
        ax.set_ylim(middle_y - height / 2 * per_mm, middle_y + height / 2 * per_mm)
        axes.append(ax)
    return Sheet(figure, paper, page, tuple(axes), denominator, strip=boxes[0][1] > paper.frame[1])


Place = tuple[tuple[Box, ...], float]
"""Boxes of the panels, and how much of the left of each lies under the legend, mm."""


def _beside_legend(paper: Paper, panels: int) -> Place:
    """Place panels to the right of the legend; a single map runs on beneath it."""
    left, bottom, width, height = paper.frame
    if panels == 1:
        return ((left, bottom, width, height),), paper.legend_mm
    room = (width - paper.legend_mm) / panels
    return tuple((left + paper.legend_mm + number * room, bottom, room, height) for number in range(panels)), 0.0


def _above_legend(paper: Paper, panels: int) -> Place:
    """Place panels over a strip for the legend: wide counties become larger so."""
    left, bottom, width, height = paper.frame
    strip, room = STRIP_MM * paper.unit, width / panels
    return tuple((left + number * room, bottom + strip, room, height - strip) for number in range(panels)), 0.0


def _scale(bounds: Sequence[float], boxes: Sequence[Box], own: float) -> int:
    """Return the round scale at which a county fits the panels; a panel's title takes some of its height."""
    west, south, east, north = bounds
    _, _, width, height = boxes[0]
    title = 8.0 if len(boxes) > 1 else 0.0
    wide, high = width - own - 2 * PAD_MM, height - title * 2 - 2 * PAD_MM
    need = max((east - west) / wide, (north - south) / high) * 1000
    return next((scale for scale in SCALES if scale >= need), SCALES[-1])


def open_chart_sheet(paper: Paper) -> Sheet:
    """Open a sheet with one chart, room for its labels inside the frame."""
    from matplotlib.ticker import AutoLocator

    figure, page = _blank(paper)
    left, bottom, width, height = paper.frame
    unit = paper.unit
    box = (left + 22 * unit, bottom + 22 * unit, width - 34 * unit, height - 36 * unit)
    ax = _axes(figure, paper, box)
    ax.xaxis.set_major_locator(AutoLocator())
    ax.yaxis.set_major_locator(AutoLocator())
    return Sheet(figure, paper, page, (ax,))


def _blank(paper: Paper) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    size = paper.width_mm / MM_PER_INCH, paper.height_mm / MM_PER_INCH
    figure = Figure(figsize=size, dpi=DPI, facecolor=style.PAPER)
    page = figure.add_axes((0.0, 0.0, 1.0, 1.0), zorder=-1)
    page.set_xlim(0, paper.width_mm)
    page.set_ylim(0, paper.height_mm)
    page.set_axis_off()
    return figure, page


def _axes(figure: Figure, paper: Paper, box: Box) -> Axes:
    left, bottom, width, height = box
    ax = figure.add_axes(
        (left / paper.width_mm, bottom / paper.height_mm, width / paper.width_mm, height / paper.height_mm)
    )
    ax.set_xticks([])
    ax.set_yticks([])
    for side in ax.spines.values():
        side.set_visible(False)
    ax.patch.set_alpha(0)
    return ax


def finish_map_sheet(sheet: Sheet, block: TitleBlock, land: Any, lang: Language, titles: Sequence[str] = ()) -> Sheet:
    """Draw what makes a sheet a map: frames, title, legend, scale bar, north arrow, title block, notes.

    Parameters
    ----------
    sheet
        With its maps drawn.
    block
        What stands around them.
    land
        The area that legend and arrow keep clear of.
    lang
        Language.
    titles
        One a panel where there are several.
    """
    from clinicplan.report.figures.legend import draw_legend

    draw_frames(sheet, block, lang)
    draw_scale(sheet, lang, draw_legend(sheet, land, lang))
    draw_north(sheet, land, lang)
    unit = sheet.paper.unit
    for ax, title in zip(sheet.panels, titles, strict=False):
        ax.text(
            0.5, 0.985, title, transform=ax.transAxes, ha="center", va="top", fontsize=8.5 * unit, color=style.INK,
            bbox={"facecolor": style.PAPER, "edgecolor": style.RULE, "linewidth": 0.5, "pad": 2.5 * unit}, zorder=60,
        )  # fmt: skip
    if len(sheet.panels) > 1:
        for ax in sheet.panels:
            for side in ("left", "bottom"):
                ax.spines[side].set_visible(True)
                ax.spines[side].set_linewidth(0.4)
    return sheet


def draw_frames(sheet: Sheet, block: TitleBlock, lang: Language) -> None:
    """Draw the inner and outer frame, title and number above, notes and title block below."""
    from matplotlib.patches import Rectangle

    paper, page, unit = sheet.paper, sheet.page, sheet.paper.unit
    left, bottom, width, height = paper.frame
    for gap, line in ((0.0, 0.5), (2.0, 1.6)):
        page.add_patch(
            Rectangle((left - gap, bottom - gap), width + 2 * gap, height + 2 * gap, fill=False, ec="black", lw=line)
        )
    middle, above = left + width / 2, bottom + height + 2 + paper.title_mm / 2 + 0.3
    page.text(middle, above, block.title, ha="center", va="center", fontsize=_title_size(block, paper),
              weight=bold_weight(), color="black", gid="title")  # fmt: skip
    page.text(left - 2, above - 1.2 * unit, block.number, ha="left", va="center", fontsize=9 * unit, gid="number")
    page.text(left + width + 2, above - 1.2 * unit, block.use, ha="right", va="center", fontsize=8 * unit,
              weight=bold_weight(), gid="map-use")  # fmt: skip
    _title_block(sheet, block, lang)
    _notes(sheet, block, lang)


def _title_size(block: TitleBlock, paper: Paper) -> float:
    """Shrink a long title until it leaves room for the number and the line on use at its sides."""
    unit = paper.unit
    aside_pt = max(text_width(block.number, 9 * unit), text_width(block.use, 8 * unit, bold=True))
    room_pt = paper.frame[2] / MM_PER_INCH * 72 - 2 * (aside_pt + 12 * unit)
    size = 17.0 * unit
    return min(size, size * room_pt / max(text_width(block.title, size, bold=True), 1.0))


def _title_block(sheet: Sheet, block: TitleBlock, lang: Language) -> None:
    """Draw the title block (图签) in the lower right corner, under the frame."""
    paper, page, unit = sheet.paper, sheet.page, sheet.paper.unit
    right, top = paper.frame[0] + paper.frame[2] + 2, paper.frame[1] - 2 - 1.8 * unit
    row, width = (paper.foot_mm - 2.6 * unit) / 3, 104 * unit
    left = right - width
    thirds = [left, left + 42 * unit, left + 74 * unit]
    cells = [
        (left, 0, width, "project", block.project), (left, 1, width, "unit", block.unit),
        (thirds[0], 2, thirds[1] - thirds[0], "date", block.date),
        (thirds[1], 2, thirds[2] - thirds[1], "version", block.version),
        (thirds[2], 2, right - thirds[2], "number", block.number),
    ]  # fmt: skip
    from matplotlib.patches import Rectangle

    for x, number, wide, key, value in cells:
        y = top - (number + 1) * row
        page.add_patch(Rectangle((x, y), wide, row, fill=False, ec="black", lw=0.5))
        head = word(f"figures.block.{key}", lang)
        page.text(x + 1.4 * unit, y + row / 2, head, va="center", fontsize=5.6 * unit, color=style.MUTED)
        room = wide - 18 * unit if number < 2 else wide - 13 * unit
        size = 7 * unit if number < 2 else 6.4 * unit
        start = x + (16.5 if number < 2 else 11.5) * unit
        page.text(start, y + row / 2, value, va="center", fontsize=_fitting(value, size, room), gid=f"block-{key}")


def _fitting(text: str, size: float, room_mm: float) -> float:
    width = text_width(text, size) / 72 * MM_PER_INCH
    return size if width <= room_mm else max(size * room_mm / width, 3.5)


def _notes(sheet: Sheet, block: TitleBlock, lang: Language) -> None:
    """Write statements and sources under the frame, left of the title block."""
    paper, unit = sheet.paper, sheet.paper.unit
    left, top = paper.frame[0] - 2, paper.frame[1] - 2 - 1.6 * unit
    room_mm = paper.frame[2] + 4 - 104 * unit - 5 * unit
    text = ("" if lang == "zh" else " ").join(block.notes)
    size = 5.6 * unit
    lines = wrapped(text, size, room_mm / MM_PER_INCH * 72)
    pitch = size * 1.42 / 72 * MM_PER_INCH
    most = int((paper.foot_mm - 1.6 * unit) / pitch)
    while len(lines) > most and size > 3.6 * unit:
        size -= 0.2 * unit
        pitch = size * 1.42 / 72 * MM_PER_INCH
        most = int((paper.foot_mm - 1.6 * unit) / pitch)
        lines = wrapped(text, size, room_mm / MM_PER_INCH * 72)
    for number, line in enumerate(lines):
        sheet.page.text(left, top - number * pitch, line, va="top", fontsize=size, color=style.INK, gid="note")


def draw_scale(sheet: Sheet, lang: Language, wide: float) -> None:
    """Draw a bar of four parts, each a round number of kilometres, and the scale as a number for this paper."""
    from matplotlib.patches import Rectangle

    if sheet.denominator is None:
        return
    paper, unit = sheet.paper, sheet.paper.unit
    left, bottom, high = paper.frame[0] + 1.5 * unit, paper.frame[1] + 1.5 * unit, SCALE_BOX_MM * unit
    if sheet.strip:
        wide = LEAST_LEGEND_MM * unit
        left = paper.frame[0] + paper.frame[2] - wide - 1.5 * unit
    top = sheet.figure.add_axes((0, 0, 1, 1), zorder=20)
    top.set_xlim(0, paper.width_mm)
    top.set_ylim(0, paper.height_mm)
    top.set_axis_off()
    top.add_patch(Rectangle((left, bottom), wide, high, fc=style.PAPER, ec="black", lw=0.5, gid="scale-box"))
    mm_per_km = 1_000_000 / sheet.denominator
    step = max((s for s in BAR_STEPS_KM if 4 * s * mm_per_km <= wide - 11 * unit), default=BAR_STEPS_KM[0])
    start, base = left + 4 * unit, bottom + 5.4 * unit
    for part in range(4):
        fill = "black" if part % 2 == 0 else "white"
        top.add_patch(
            Rectangle((start + part * step * mm_per_km, base), step * mm_per_km, 1.1 * unit, fc=fill, ec="black",
                      lw=0.5, gid="scale-bar")
        )  # fmt: skip
    for part in (0, 1, 2, 4):
        label = f"{part * step:g}" + (f" {word('figures.km', lang)}" if part == 4 else "")
        top.text(start + part * step * mm_per_km, base + 1.6 * unit, label, fontsize=5.8 * unit,
                 ha="left" if part == 0 else "center", va="bottom")  # fmt: skip
    scale = f"1:{sheet.denominator:,}".replace(",", " ")
    top.text(left + wide / 2, bottom + 1.2 * unit, word("figures.scale", lang, scale=scale, paper=paper.name),
             fontsize=6.6 * unit, ha="center", va="bottom", gid="scale")  # fmt: skip


def draw_north(sheet: Sheet, land: Any, lang: Language) -> None:
    """Draw a two-tone arrow with 北, upper right, or upper left where the county reaches into that corner."""
    import shapely
    from matplotlib.patches import Polygon

    paper, unit, ax = sheet.paper, sheet.paper.unit, sheet.panels[-1]
    wide, high = 11 * unit, 17 * unit
    per_mm = (sheet.denominator or 1) / 1000
    east, north = ax.get_xlim()[1], ax.get_ylim()[1]
    corner = shapely.box(east - (wide + 3) * per_mm, north - (high + 3) * per_mm, east, north)
    left, bottom, width, height = paper.frame
    at_left = shapely.intersects(corner, land)
    x = left + wide / 2 + 2 if at_left else left + width - wide / 2 - 2
    top = bottom + height - 3.5 * unit
    page = sheet.figure.add_axes((0, 0, 1, 1), zorder=21)
    page.set_xlim(0, paper.width_mm)
    page.set_ylim(0, paper.height_mm)
    page.set_axis_off()
    tip, foot, half = top - 2.2 * unit, top - 14 * unit, 3 * unit
    for side, fill in ((-1, "white"), (1, "black")):
        corners = [(x, tip), (x + side * half, foot), (x, foot + 2.6 * unit)]
        page.add_patch(Polygon(corners, closed=True, fc=fill, ec="black", lw=0.6, gid="north"))
    page.text(x, top, word("figures.north", lang), ha="center", va="center", fontsize=9 * unit)
