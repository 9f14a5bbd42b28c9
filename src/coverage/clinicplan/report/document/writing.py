"""Write `report.docx` beside the results, and a copy named by its version to send round."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clinicplan.errors import Language, OutputError, Severity
from clinicplan.report.document.chapters import chapters
from clinicplan.report.document.grid import printable
from clinicplan.report.document.manuscript import Manuscript, text_xml
from clinicplan.report.document.pages import add_footer, set_up
from clinicplan.report.document.source import read_source
from clinicplan.report.document.template import fill_template, open_template
from clinicplan.report.workbook import MADE
from clinicplan.words import fault, word

if TYPE_CHECKING:
    from docx.document import Document

    from clinicplan.report.document.source import DocumentSource

FILE: Final = "report.docx"
ZIP_TIME: Final = (2020, 11, 1, 0, 0, 0)
"""Stands in the package, so that the same results give the same bytes."""


@dataclass(frozen=True)
class DocumentReport:
    """What was written.

    Parameters
    ----------
    files
        The document, and its copy named by the version where there is one.
    tables, empty, figures, drawn
        Tables, those of them without data, figures, those of them inserted.
    """

    files: tuple[Path, ...]
    tables: int
    empty: int
    figures: int
    drawn: int

    def lines(self, lang: Language) -> list[str]:
        """Say what was written and what is left to fill."""
        counts = {"tables": self.tables, "empty": self.empty, "figures": self.figures, "drawn": self.drawn}
        return [
            *(word("document.done", lang, file=file) for file in self.files),
            word("document.counts_done", lang, **counts),
        ]

    def to_json(self) -> dict[str, Any]:
        """Return the same as plain values."""
        counts = {"tables": self.tables, "empty": self.empty, "figures": self.figures, "drawn": self.drawn}
        return {"files": [file.name for file in self.files], **counts}


def write_document(
    result: str | Path, *, lang: Language, template: Path | None = None, force: bool = False
) -> DocumentReport:
    """Write the 说明书 chapter of a result.

    Parameters
    ----------
    result
        A result folder; nothing else is read, but for the template.
    lang
        Language of headings, tables and sentences.
    template
        A bureau's `.docx`: its paper, styles, headers and footers are kept, its marks filled.
    force
        Replace an earlier document.

    Returns
    -------
    report
        Files and counts.

    Raises
    ------
    OutputError
        If the folder is no result, a document stands there already, or the template cannot be opened.
    """
    source = read_source(result, lang)
    files = _files(source)
    standing = [file.name for file in files if file.exists()]
    if standing and not force:
        raise OutputError(fault(Severity.ERROR, "document_exists", subject="document", file=", ".join(standing)))
    document, counts = build_document(source, template)
    for file in files:
        _save(document, file)
    names = ("tables", "empty", "figures", "drawn")
    return DocumentReport(files, *(counts[name] for name in names))


def build_document(source: DocumentSource, template: Path | None = None) -> tuple[Document, Any]:
    """Return the document and the counts of what it holds.

    Parameters
    ----------
    source
        A result read back.
    template
        As in `write_document`.
    """
    import docx

    document = docx.Document() if template is None else open_template(template)
    set_up(document, own_pages=template is None)
    blocks = chapters(source)
    manuscript = Manuscript(document, source)
    title = document_title(source)
    if template is None:
        _cover(manuscript, title)
        manuscript.contents(blocks)
        manuscript.write(blocks)
        add_footer(document, source, title)
    else:
        fill_template(document, source, title, lambda: manuscript.write(blocks))
    _describe(document, title)
    return document, manuscript.counts


def document_title(source: DocumentSource) -> str:
    """Return the title of the plan, from `[document]` or the county's name."""
    return printable(source.about.get("title") or source.say("cover.plan", name=source.name))


def _cover(manuscript: Manuscript, title: str) -> None:
    """Write title, version, who made it and when; what the region does not give is left for the hand."""
    about, say = manuscript.source.about, manuscript.source.say
    for _ in range(5):
        manuscript.paragraph("PlanTitle")
    shown = f"《{title}》" if manuscript.source.lang == "zh" else title
    lines = [("PlanTitle", shown), ("PlanTitle", say("cover.subtitle"))]
    if about.get("version"):
        lines.append(("PlanSubtitle", say("cover.version", version=about["version"])))
    lines += [("PlanSubtitle", "")] * 8
    lines.append(("PlanSubtitle", say("cover.unit", unit=about.get("unit") or "")))
    lines.append(("PlanSubtitle", say("cover.date", date=about.get("date") or "")))
    if about.get("map_use", "internal") == "internal":
        lines.append(("PlanSubtitle", say("cover.internal")))
    for style, text in lines:
        manuscript.paragraph(style, text_xml(text) if text else "")


def _describe(document: Document, title: str) -> None:
    about = document.core_properties
    about.title, about.author, about.last_modified_by, about.comments = title, "", "", ""
    about.created = about.modified = MADE.replace(tzinfo=None)
    about.revision = 1


def _files(source: DocumentSource) -> tuple[Path, ...]:
    version = re.sub(r'[\\/:*?"<>|\s.]+', "-", printable(source.about.get("version") or "")).strip("-")
    copies = [source.folder / f"report_{version}.docx"] if version else []
    return (source.folder / FILE, *copies)


def _save(document: Document, path: Path) -> None:
    """Save beside the old file and replace it, with fixed times in the package."""
    draft = path.with_name(f".{path.name}")
    document.save(str(draft))
    with zipfile.ZipFile(draft) as package:
        parts = [(name, package.read(name)) for name in package.namelist()]
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as package:
        for name, blob in parts:
            entry = zipfile.ZipInfo(name, ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(entry, blob)
    draft.replace(path)
