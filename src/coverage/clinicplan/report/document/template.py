"""Fill a bureau's own Word file: its marks get their text, the chapter stands where it says so, or at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clinicplan.errors import OutputError, Severity
from clinicplan.report.document.grid import printable
from clinicplan.words import fault

if TYPE_CHECKING:
    from docx.document import Document

    from clinicplan.report.document.source import DocumentSource

CHAPTER_MARKS: Final = ("{{正文}}", "{{body}}")
"""A paragraph that holds one of these alone is where the chapter goes."""


def open_template(path: Path) -> Document:
    """Open a bureau's file.

    Raises
    ------
    OutputError
        If it is no Word document.
    """
    import docx
    from docx.opc.exceptions import PackageNotFoundError

    try:
        return docx.Document(str(path))
    except (PackageNotFoundError, ValueError, KeyError, OSError) as error:
        raise OutputError(
            fault(Severity.ERROR, "bad_template", subject="document", file=path.name, detail=type(error).__name__)
        ) from error


def fill_template(document: Document, source: DocumentSource, title: str, write: Callable[[], None]) -> None:
    """Fill the marks of a template and write the chapter into it.

    Parameters
    ----------
    document
        The template.
    source
        Gives title, unit, date and version.
    title
        Title of the plan.
    write
        Writes the chapter at the end of the document.
    """
    about = source.about
    values = {
        "{{标题}}": title, "{{title}}": title,
        "{{编制单位}}": about.get("unit"), "{{unit}}": about.get("unit"),
        "{{日期}}": about.get("date"), "{{date}}": about.get("date"),
        "{{版本}}": about.get("version"), "{{version}}": about.get("version"),
    }  # fmt: skip
    for paragraph in _paragraphs(document):
        _fill(paragraph, {mark: printable(text or "") for mark, text in values.items()})
    body = document.element.body
    mark = next((item._p for item in document.paragraphs if item.text.strip() in CHAPTER_MARKS), None)  # noqa: SLF001
    before = set(body)
    write()
    if mark is None:
        return
    for element in [item for item in body if item not in before]:
        mark.addprevious(element)
    body.remove(mark)


def _paragraphs(document: Document) -> Iterable[Any]:
    """Yield the paragraphs of the body, of its tables, and of headers and footers."""
    yield from document.paragraphs
    for table in document.tables:
        for cell in {id(cell._tc): cell for row in table.rows for cell in row.cells}.values():  # noqa: SLF001
            yield from cell.paragraphs
    for section in document.sections:
        for part in (section.header, section.footer, section.first_page_header, section.first_page_footer):
            if not part.is_linked_to_previous:
                yield from part.paragraphs


def _fill(paragraph: Any, values: dict[str, str]) -> None:
    """Put text in place of marks; a mark that Word has split over runs is joined in the first of them."""
    if not any(mark in paragraph.text for mark in values) or not paragraph.runs:
        return
    text = "".join(run.text for run in paragraph.runs)
    for mark, value in values.items():
        text = text.replace(mark, value)
    paragraph.runs[0].text = text
    for run in paragraph.runs[1:]:
        run.text = ""
