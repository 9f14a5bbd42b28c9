"""Lay out chapter four: verdicts clause by clause, what could not be assessed, and who fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clinicplan.policy.sources import needs_text
from clinicplan.report.document.entries import Sheet, TableEntry
from clinicplan.report.document.numbers import DASH, whole
from clinicplan.words import word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clinicplan.report.document.source import DocumentSource

STATUSES = ("pass", "fail", "not_assessed", "not_applicable", "reported")


def policy_title(source: DocumentSource) -> str:
    """Return the title of the document compared with; empty without one."""
    policy = source.manifest.get("policy") or {}
    return str(policy.get("title" if source.lang == "zh" else "title_en") or policy.get("title") or "")


def clauses_table(source: DocumentSource) -> TableEntry:
    """表4-1: one row a clause."""
    sheet = Sheet(source, "4-1", "clauses", {"title": policy_title(source)})
    if not source.audit:
        return sheet.lacking("no_audit")
    planned = any("planned_status" in row for row in source.audit)
    columns = [
        sheet.column("clause", 38, "left"), sheet.column("required", 24, "left"), sheet.column("actual", 52, "left"),
        sheet.column("verdict", 13, "center"), *([sheet.column("planned_verdict", 13, "center")] if planned else []),
        sheet.column("shortfall", 21, "left"), sheet.column("failing", 11), sheet.column("deadline", 15, "center"),
    ]  # fmt: skip
    rows = [_clause_cells(source, row, planned=planned) for row in source.audit]
    notes = [source.say("note.counts", counts=source.joined(_counts(source)))]
    if any(row.get("draft") for row in source.audit):
        notes.append(word("policy.draft", source.lang))
    if source.manifest.get("lang", source.lang) != source.lang:
        notes.append(source.say("note.language"))
    return sheet.filled(columns, rows, notes=notes)


def _clause_cells(source: DocumentSource, row: Mapping[str, Any], *, planned: bool) -> list[str]:
    lang = source.lang
    later = [word(f"policy.status.{row['planned_status']}", lang) if row.get("planned_status") else DASH]
    deadline = row["deadline"] or DASH
    if row["overdue"]:
        deadline += word("policy.in_brackets", lang, text=word("policy.term.overdue", lang))
    return [
        source.say("clause", article=row["article"], text=row["text"], clause=row["clause"]),
        row["required"] or DASH, row["actual"] or DASH, word(f"policy.status.{row['status']}", lang),
        *(later if planned else []), row["shortfall"] or DASH, whole(len(row["failing"])), deadline,
    ]  # fmt: skip


def _counts(source: DocumentSource) -> list[str]:
    return [
        source.say("count.clauses", status=word(f"policy.status.{status}", source.lang), count=count)
        for status in STATUSES
        if (count := sum(row["status"] == status for row in source.audit))
    ]


def open_clauses_table(source: DocumentSource) -> TableEntry:
    """表4-2: clauses that could not be assessed, and the data they lack."""
    sheet = Sheet(source, "4-2", "open_clauses")
    if not source.audit:
        return sheet.lacking("no_audit")
    columns = (
        sheet.column("clause", 54, "left"), sheet.column("actual", 40, "left"), sheet.column("needs", 46, "left"),
        sheet.column("unknown", 18),
    )  # fmt: skip
    rows = [
        (source.say("clause", article=row["article"], text=row["text"], clause=row["clause"]), row["actual"] or DASH,
         needs_text(row["needs"], source.lang) or DASH, whole(len(row["unknown"])))
        for row in source.audit
        if row["status"] == "not_assessed"
    ]  # fmt: skip
    return sheet.filled(columns, rows)


def failing_table(source: DocumentSource) -> TableEntry:
    """表4-3: every unit that fails a clause which is not met."""
    sheet = Sheet(source, "4-3", "failing")
    if not source.audit:
        return sheet.lacking("no_audit")
    columns = (
        sheet.column("clause_id", 20, "left"), sheet.column("article", 22, "left"), sheet.column("id", 28, "left"),
        sheet.column("name", 38, "left"), sheet.column("actual", 50, "left"),
    )  # fmt: skip
    rows = [
        [row["clause"], row["article"], str(case["id"]), str(case["name"]), str(case["value"] or DASH)]
        for row in source.audit
        if row["status"] == "fail"
        for case in row["failing"]
    ]
    if rows:
        count = source.say("count.units", count=len(rows))
        rows.append([word("general.total", source.lang), "", count, "", ""])
    return sheet.filled(columns, rows, total=True)
