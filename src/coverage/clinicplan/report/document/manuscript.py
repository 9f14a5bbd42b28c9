"""Write the blocks of the document one after the other at the end of a Word file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from clinicplan.report.document.entries import Blank, Block, FigurePlace, Heading, Sentence, TableEntry, table_label
from clinicplan.report.document.fields import bookmark_name, field_xml, label_xml, reference_xml, sequence_name
from clinicplan.report.document.grid import NAMESPACE, printable, table_xml
from clinicplan.report.document.statements import sources_line, table_statements

if TYPE_CHECKING:
    from pathlib import Path

    from docx.document import Document

    from clinicplan.report.document.source import DocumentSource


@dataclass(eq=False)
class Manuscript:
    """A document being written.

    Parameters
    ----------
    document
        Where to.
    source
        What from.
    """

    document: Document
    source: DocumentSource
    counts: Counter[str] = field(default_factory=Counter)

    def write(self, blocks: list[Block]) -> None:
        """Write every block."""
        for block in blocks:
            if isinstance(block, Heading):
                self._heading(block)
            elif isinstance(block, Sentence):
                self._sentence(block)
            elif isinstance(block, Blank):
                self.paragraph("PlanText")
            elif isinstance(block, TableEntry):
                self._table(block)
            else:
                self._figure(block)

    def paragraph(self, style: str, runs: str = "", *, page_break: bool = False) -> Any:
        """Add a paragraph of runs at the end."""
        before = "<w:pageBreakBefore/>" if page_break else ""
        return self._append(
            f'<w:p xmlns:w="{NAMESPACE}"><w:pPr><w:pStyle w:val="{style}"/>{before}</w:pPr>{runs}</w:p>'
        )

    def contents(self, blocks: list[Block]) -> None:
        """Write the table of contents with the headings as its result; page numbers come when it is updated."""
        self.paragraph("PlanCaption", text_xml(self.source.say("contents")), page_break=True)
        heads = [block for block in blocks if isinstance(block, Heading)]
        start, _, end = field_xml('TOC \\o "1-2" \\h \\z \\u', "\0").partition(
            '<w:r><w:t xml:space="preserve">\0</w:t></w:r>'
        )
        for number, head in enumerate(heads):
            runs = text_xml("　" * (head.level - 1) + head.text)
            last = number == len(heads) - 1
            self.paragraph("PlanText", (start if number == 0 else "") + runs + (end if last else ""))

    def _append(self, xml: str) -> Any:
        from docx.oxml import parse_xml

        element = parse_xml(xml)
        body = self.document.element.body
        body.insert(len(body) - (1 if body.sectPr is not None else 0), element)
        return element

    def _heading(self, block: Heading) -> None:
        style = self.document.styles[f"Heading {block.level}"].style_id
        self.paragraph(style, text_xml(block.text), page_break=block.level == 1)

    def _sentence(self, block: Sentence) -> None:
        if not block.table:
            self.paragraph("PlanText", text_xml(block.text))
            return
        before = self.source.say("see", text=block.text)
        after = text_xml(self.source.say("see_end"))
        self.paragraph("PlanText", text_xml(before) + reference_xml(self.source, block.table) + after)

    def _table(self, table: TableEntry) -> None:
        self._caption("table", table_label(self.source, table.number), table.number, table.title)
        self.counts["tables"] += 1
        if table.unit:
            self.paragraph("PlanUnit", text_xml(self.source.say("unit_prefix", units=table.unit)))
        if table.lacks:
            self.counts["empty"] += 1
            self.paragraph("PlanNote", text_xml(table.lacks))
        else:
            section = self.document.sections[-1]
            room = (section.page_width or 0) - (section.left_margin or 0) - (section.right_margin or 0)
            self._append(table_xml(table, room / 36000))
        joint = "" if self.source.lang == "zh" else " "
        lines = joint.join((*table.notes, *table_statements(self.source)))
        self.paragraph("PlanNote", text_xml(self.source.say("note.own", text=lines)))
        self.paragraph("PlanNote", text_xml(sources_line(self.source)))

    def _caption(self, kind: str, label: str, number: str, title: str) -> None:
        self.counts["captions"] += 1
        mark = (self.counts["captions"], bookmark_name(kind, number))
        runs = label_xml(label, sequence_name(kind, number), mark) + text_xml(f"　{title}")
        self.paragraph("PlanCaption", runs)

    def _figure(self, place: FigurePlace) -> None:
        self.counts["figures"] += 1
        file, why = self._drawing(place)
        if file is None:
            say = self.source.say
            self.paragraph("PlanFigure", text_xml(say("lack.figure_because", why=why) if why else say("lack.figure")))
        else:
            self.counts["drawn"] += 1
            self._picture(file, place.title)
        self._caption("figure", self.source.say("label.figure", number=place.number), place.number, place.title)

    def _drawing(self, place: FigurePlace) -> tuple[Path | None, str]:
        """Return the file of a figure, or why it was not drawn."""
        folder = self.source.folder / "figures"
        for item in self.source.figures.get("figures", ()):
            names = [name for name in item["files"] if name.endswith(".png")]
            if item["key"] == place.key and names and (folder / names[0]).is_file():
                return folder / names[0], ""
        missing = self.source.figures.get("not_drawn", ())
        return None, next((str(item["why"]) for item in missing if item["number"] == place.number), "")

    def _picture(self, file: Path, title: str) -> None:
        """Insert a picture as wide as the text, with its title for those who cannot see it."""
        section = self.document.sections[-1]
        room = (section.page_width or 0) - (section.left_margin or 0) - (section.right_margin or 0)
        paragraph = self.document.add_paragraph(style=self.document.styles["PlanFigure"])
        picture = paragraph.add_run().add_picture(str(file), width=room)
        picture._inline.docPr.set("descr", printable(title))  # noqa: SLF001 - the library has no other door


def text_xml(text: str) -> str:
    """Return a run of plain text."""
    leading = "　" * (len(text) - len(text.lstrip("　")))
    return f'<w:r><w:t xml:space="preserve">{escape(leading + _kept(text))}</w:t></w:r>'


def _kept(text: str) -> str:
    """Clean a text but keep a blank at its end, after which a reference follows."""
    return printable(text) + (" " if text.endswith(" ") else "")
