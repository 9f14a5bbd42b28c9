"""Write fields with their results, so that every program shows captions and references without updating them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from clinicplan.report.document.entries import ANNEX, table_label

if TYPE_CHECKING:
    from clinicplan.report.document.source import DocumentSource


def field_xml(code: str, result: str) -> str:
    """Return the runs of a field: its code and the result that is shown until it is updated."""
    return (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
        f'<w:r><w:instrText xml:space="preserve"> {escape(code)} </w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        f'<w:r><w:t xml:space="preserve">{escape(result)}</w:t></w:r>'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def label_xml(label: str, sequence: str, bookmark: tuple[int, str]) -> str:
    """Return the runs of a caption's label: its last number counts on within the chapter, and it can be referred to.

    Parameters
    ----------
    label
        Such as 表3-2.
    sequence
        Name of the counter.
    bookmark
        Number and name.
    """
    head, number = re.fullmatch(r"(.*?)(\d+)", label, flags=re.DOTALL).groups()  # type: ignore[union-attr]
    at, name = bookmark
    return (
        f'<w:bookmarkStart w:id="{at}" w:name="{name}"/><w:r><w:t xml:space="preserve">{escape(head)}</w:t></w:r>'
        f'{field_xml(f"SEQ {sequence} {chr(92)}* ARABIC", number)}<w:bookmarkEnd w:id="{at}"/>'
    )


def reference_xml(source: DocumentSource, number: str) -> str:
    """Return a reference to a table, with its label as the result."""
    return field_xml(f"REF {bookmark_name('table', number)} \\h", table_label(source, number))


def bookmark_name(kind: str, number: str) -> str:
    """Return the name of a caption's bookmark.

    Examples
    --------
    >>> bookmark_name("table", "3-2"), bookmark_name("table", "附1")
    ('_table_3_2', '_table_annex_1')
    """
    return f"_{kind}_" + number.replace(ANNEX, "annex_").replace("-", "_")


def sequence_name(kind: str, number: str) -> str:
    """Return the name of the counter of a chapter's tables or figures.

    Examples
    --------
    >>> sequence_name("table", "3-2"), sequence_name("table", "附1")
    ('table_3', 'table_annex')
    """
    return f"{kind}_annex" if number.startswith(ANNEX) else f"{kind}_{number.partition('-')[0]}"
