"""Write the figures of a result as PNG, PDF and SVG, and the atlas as one PDF with bookmarks."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clinicplan.errors import Language, OutputError, Severity
from clinicplan.report.figures.catalogue import FigureEntry, figure_entries
from clinicplan.report.figures.fonts import font_families, house_style, no_boxes
from clinicplan.report.figures.legend import fits, legend_box
from clinicplan.report.figures.notes import figure_notes, title_block
from clinicplan.report.figures.record import ResultRecord, read_record
from clinicplan.report.figures.sheet import (
    DPI,
    PAPERS,
    Paper,
    Sheet,
    TitleBlock,
    draw_frames,
    finish_map_sheet,
    open_chart_sheet,
    open_map_sheet,
)
from clinicplan.report.figures.township_sheets import township_entries
from clinicplan.results import require_free, result_folder, write_manifest
from clinicplan.words import fault, word

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS: Final = ("png", "pdf", "svg")
FOLDER: Final = "figures"
ATLAS: Final = "atlas.pdf"
ATLAS_PAPER: Final = "A3"
DEFAULT_PAPER: Final = "A4"


@dataclass(frozen=True)
class FiguresReport:
    """What was drawn.

    Parameters
    ----------
    folder
        Where the files stand.
    paper
        Size of the single figures.
    drawn, missing
        Figures drawn, and figures that could not be, each with what it lacks.
    sheets
        Number of pages of the atlas.
    changed
        Input layers that are not what they were, so that roads and townships are left out.
    """

    folder: Path
    paper: str
    drawn: tuple[FigureEntry, ...]
    missing: tuple[FigureEntry, ...]
    sheets: int
    changed: tuple[str, ...]

    def lines(self, lang: Language) -> list[str]:
        """Say in a few lines what was drawn, what was not and why."""
        said = [word("figures.say.drawn", lang, count=len(self.drawn), paper=self.paper, folder=self.folder),
                word("figures.say.atlas", lang, sheets=self.sheets, file=self.folder / ATLAS)]  # fmt: skip
        said += [
            word("figures.say.missing", lang, number=word("figures.number", lang, number=item.number), title=item.title,
                 why=item.lacks)
            for item in self.missing
        ]  # fmt: skip
        if self.changed:
            layers = ("、" if lang == "zh" else ", ").join(self.changed)
            said.append(word("figures.note.ground_missing", lang, layers=layers))
        return said

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain values; the document finds its figures by this."""
        return {
            "paper": self.paper,
            "figures": [
                {"number": item.number, "title": item.title, "key": item.key,
                 "files": [f"{item.file_stem}.{ending}" for ending in FORMATS]}
                for item in self.drawn
            ],
            "not_drawn": [{"number": item.number, "title": item.title, "why": item.lacks} for item in self.missing],
            "atlas": {"file": ATLAS, "sheets": self.sheets},
        }  # fmt: skip


def write_figures(
    result: str | Path, *, lang: Language, paper: str | None = None, townships: bool = False, force: bool = False,
    font: Path | None = None, progress: Any = None,
) -> FiguresReport:  # fmt: skip
    """Draw every figure that a result allows into its folder `figures`, and bind the atlas.

    Parameters
    ----------
    result
        A result folder of `run` or `site`.
    lang
        Language of titles, legends and notes.
    paper
        `A4` or `A3` for the single figures; default `[document] paper`, else A4. The atlas is A3.
    townships
        Whether the atlas gets a sheet for every township.
    force
        Replace earlier figures.
    font
        A font file for characters that the installed fonts lack.
    progress
        Called with the name of each step and its values.

    Returns
    -------
    report
        What was drawn and what was not.

    Raises
    ------
    OutputError
        If the folder is no result, figures stand there already, a public map has no approval number, or a character
        has no glyph.
    """
    folder = Path(result)
    out = folder / FOLDER
    record = read_record(folder)
    _require_approval(record)
    require_free(out, force=force)
    chosen = PAPERS[paper or record.region.document.paper or DEFAULT_PAPER]
    say = progress or (lambda *_, **__: None)
    font_families(font)
    with house_style(font), result_folder(out, force=force) as draft:
        entries = figure_entries(record, lang)
        drawn = tuple(entry for entry in entries if not entry.lacks)
        for entry in drawn:
            say("figure", number=entry.number, title=entry.title)
            save_figure(draw_entry(record, entry, chosen, lang).figure, draft / entry.file_stem, entry.title)
        extra = township_entries(record, lang) if townships else ()
        sheets = _write_atlas(record, (*drawn, *(e for e in extra if not e.lacks)), draft / ATLAS, lang, say)
        missing = tuple(entry for entry in (*entries, *extra) if entry.lacks)
        report = FiguresReport(out, chosen.name, drawn, missing, sheets, record.ground.changed)
        write_manifest(draft, {"program": "clinicplan", "command": "figures", "lang": lang, **report.to_json()})
    return report


def _require_approval(record: ResultRecord) -> None:
    """Refuse a public map without an approval number (审图号)."""
    document = record.region.document
    if document.map_use == "public" and not (document.approval_number or "").strip():
        raise OutputError(
            fault(Severity.ERROR, "no_approval_number", subject="figures", layer="region", file=record.region.path.name)
        )


def draw_entry(record: ResultRecord, entry: FigureEntry, paper: Paper, lang: Language) -> Sheet:
    """Draw one figure on a sheet of its own, with everything that stands around it.

    Parameters
    ----------
    record
        The result.
    entry
        One that lacks nothing.
    paper
        Size of the sheet.
    lang
        Language.

    Returns
    -------
    sheet
        Ready to be saved.
    """
    notes = figure_notes(record, lang, is_map=entry.is_map, minutes=entry.minutes, further=entry.further)
    block = title_block(record, entry.number, entry.title, notes, lang)
    if not entry.is_map:
        sheet = open_chart_sheet(paper)
        entry.draw(record, sheet.panels, lang, paper.unit)
        draw_frames(sheet, block, lang)
        return sheet
    sheet = _map_sheet(record, entry, paper, block, lang)
    legend, land = sheet.figure.legends[0], _land_shown(record, entry)
    if fits(sheet, legend, land):
        return sheet
    _, _, wide, _ = legend_box(sheet, legend)
    wider = replace(paper, legend_mm=max(wide + 3 * paper.unit, paper.legend_mm))
    return _map_sheet(record, entry, wider, block, lang)


def _map_sheet(record: ResultRecord, entry: FigureEntry, paper: Paper, block: TitleBlock, lang: Language) -> Sheet:
    bounds = entry.bounds or tuple(record.boundary.total_bounds)
    sheet = open_map_sheet(paper, bounds, panels=max(len(entry.panel_titles), 1))
    entry.draw(record, sheet.panels, lang, paper.unit)
    return finish_map_sheet(sheet, block, _land_shown(record, entry), lang, entry.panel_titles)


def _land_shown(record: ResultRecord, entry: FigureEntry) -> Any:
    """Return the part of the county that a map is about."""
    import shapely

    if not entry.bounds:
        return record.land
    west, south, east, north = entry.bounds
    return shapely.intersection(record.land, shapely.box(west, south, east, north))


def save_figure(figure: Figure, stem: Path, title: str) -> None:
    """Save a figure as PNG (300 dpi), PDF and SVG with fixed metadata: the same figure gives the same bytes.

    Raises
    ------
    OutputError
        If a character has no glyph.
    """
    metadata = {
        "png": {"Software": "clinicplan", "Title": None},
        "pdf": {"Title": title, "Creator": "clinicplan", "Producer": "matplotlib", "CreationDate": None},
        "svg": {"Title": title, "Creator": "clinicplan", "Date": None},
    }
    with no_boxes(figure):
        for ending in FORMATS:
            figure.savefig(stem.with_name(f"{stem.name}.{ending}"), format=ending, dpi=DPI, metadata=metadata[ending])


def _write_atlas(record: ResultRecord, entries: tuple[FigureEntry, ...], path: Path, lang: Language, say: Any) -> int:
    """Bind the figures on A3 into one PDF, a bookmark a sheet."""
    from matplotlib.backends.backend_pdf import PdfPages

    name = word("figures.atlas", lang, name=record.region.document.title or record.region.name)
    say("atlas", sheets=len(entries))
    pages = io.BytesIO()
    about = {"Title": name, "Creator": "clinicplan", "Producer": "matplotlib", "CreationDate": None}
    with PdfPages(pages, metadata=about) as book:
        for entry in entries:
            figure = draw_entry(record, entry, PAPERS[ATLAS_PAPER], lang).figure
            with no_boxes(figure):
                book.savefig(figure, dpi=DPI)
    with _bookmarked(pages) as book_with_marks:
        for number, entry in enumerate(entries):
            mark = f"{word('figures.number', lang, number=entry.number)} {entry.title}"
            book_with_marks.add_outline_item(title=mark, page_number=number)
        book_with_marks.page_mode = "/UseOutlines"
        book_with_marks.write(path)
    return len(entries)


@contextmanager
def _bookmarked(pages: io.BytesIO) -> Iterator[Any]:
    from pypdf import PdfWriter

    writer = PdfWriter(clone_from=pages)
    try:
        yield writer
    finally:
        writer.close()
