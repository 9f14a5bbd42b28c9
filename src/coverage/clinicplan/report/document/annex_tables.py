"""Lay out the annex: every village, every clinic, projects, forms for townships, rows set aside, proofs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from clinicplan.report.document.entries import Column, Sheet, TableEntry
from clinicplan.report.document.money_tables import projects_table
from clinicplan.report.document.numbers import DASH, as_number, decimals, plain_number, whole
from clinicplan.report.document.plan_tables import action_word, arrangement_name, lacks_layout, sites_by_township
from clinicplan.report.plan_lines import gap_text
from clinicplan.words import word

if TYPE_CHECKING:
    from clinicplan.report.document.source import DocumentSource

FORM_ROWS: Final = 6
"""Empty lines of a form that townships fill."""
UNITS: Final = {
    "people": ("people", 1), "sites": ("sites", 1), "fen": ("yuan", 100), "person_ms": ("person_minutes", 60_000),
    "ms": ("minutes", 60_000), "mm": ("km", 1_000_000),
}  # fmt: skip
"""What the whole unit of an objective is called on paper, and how many make one."""


def villages_table(source: DocumentSource) -> TableEntry:
    """附表1: every village and what the plan arranges for it."""
    sheet = Sheet(source, "附1", "all_villages")
    planned = not lacks_layout(source)
    columns = [
        sheet.column("code", 25, "left"), sheet.column("village", 19, "left"), sheet.column("township", 18, "left"),
        sheet.column("kind", 13, "center"), sheet.column("people", 14), sheet.column("nearest", 27, "left"),
        sheet.column("minutes", 11), sheet.column("in_circle", 10, "center"),
        *([sheet.column("arrangement", 18, "left"), sheet.column("minutes_planned", 11)] if planned else []),
    ]  # fmt: skip
    names = {key: row["name"] for key, row in source.facility_rows.items()}
    verdicts = {"true": word("general.yes", source.lang), "false": word("general.no", source.lang)}
    rows = []
    for row in source.in_order(source.villages):
        cells = [row["village_id"], row["name"], row["township"], word(f"general.kind.{row['kind']}", source.lang),
                 whole(row["population"]), names.get(row["facility_id"], DASH), decimals(row["time_min"]),
                 verdicts.get(row["within_standard"], word("general.severity.pending", source.lang))]  # fmt: skip
        if planned:
            arranged = row["arrangement"]
            cells += [arrangement_name(source, arranged) if arranged else DASH, decimals(row["planned_time_min"])]
        rows.append(cells)
    people = sum(int(as_number(row["population"]) or 0) for row in source.villages)
    total = [word("general.total", source.lang), source.say("count.units", count=len(rows)), "", "", whole(people)]
    rows.append([*total, *([""] * (len(columns) - len(total)))])
    return sheet.filled(columns, rows, unit=source.say("unit_line.people_minutes"), total=True)


def sites_table(source: DocumentSource) -> TableEntry:
    """附表2: every site of the plan."""
    sheet = Sheet(source, "附2", "all_sites")
    if reason := lacks_layout(source):
        return sheet.lacking(reason)
    columns = (
        sheet.column("number", 11, "center"), sheet.column("site", 44, "left"), sheet.column("village", 24, "left"),
        sheet.column("township", 22, "left"), sheet.column("action", 26, "left"), sheet.column("tier", 24, "left"),
        sheet.column("doctors", 13),
    )  # fmt: skip
    names, villages = source.site_names, source.village_rows
    sites = [(place, site) for place, here in sites_by_township(source).items() for site in here]
    rows = [
        (str(number), names.get(site["facility_id"] or site["site_id"], site["site_id"]),
         villages.get(site["village_id"], {}).get("name", DASH), place, action_word(source, site),
         word(f"general.tier.{site['tier']}", source.lang) if site["tier"] else DASH, whole(site["doctors"]))
        for number, (place, site) in enumerate(sites, 1)
    ]  # fmt: skip
    doctors = whole(sum(site["doctors"] or 0 for _, site in sites))
    count = source.say("count.sites", count=len(sites))
    rows.append((word("general.total", source.lang), count, "", "", "", "", doctors))
    return sheet.filled(columns, rows, unit=source.say("unit_line.doctors"), total=True)


def project_list(source: DocumentSource) -> TableEntry:
    """附表3: what is built, and why there."""
    return projects_table(source, "附3", "project_list")


def opinions_form(source: DocumentSource) -> TableEntry:
    """附表4: opinions of townships, for the bureau to fill."""
    sheet = Sheet(source, "附4", "opinions")
    return _form(sheet, (sheet.column("body", 32, "left"), sheet.column("opinion", 56, "left"),
                         sheet.column("adopted", 26, "center"), sheet.column("ground", 42, "left")))  # fmt: skip


def corrections_form(source: DocumentSource) -> TableEntry:
    """附表6: corrections of the data, for the bureau to fill."""
    sheet = Sheet(source, "附6", "corrections")
    keys = ("code", "field", "old", "new", "by", "date")
    return _form(sheet, tuple(sheet.column(key, 26, "left") for key in keys))


def _form(sheet: Sheet, columns: tuple[Column, ...]) -> TableEntry:
    return sheet.filled(columns, [[""] * len(columns)] * FORM_ROWS)


def pending_table(source: DocumentSource) -> TableEntry:
    """附表5: rows set aside, and why."""
    sheet = Sheet(source, "附5", "pending")
    columns = (
        sheet.column("code", 34, "left"), sheet.column("village", 30, "left"), sheet.column("township", 30, "left"),
        sheet.column("people", 22), sheet.column("pending_reason", 40, "left"),
    )  # fmt: skip
    chosen = [row for row in source.in_order(source.villages) if row["group"] == "pending"]
    rows = [
        (row["village_id"], row["name"], row["township"], whole(row["population"]), _why_pending(source, row["pending"],
                                                                                            row["reason"]))
        for row in chosen
    ]  # fmt: skip
    if rows:
        people = sum(int(as_number(row["population"]) or 0) for row in chosen)
        count = source.say("count.units", count=len(rows))
        rows.append((word("general.total", source.lang), count, "", whole(people), ""))
    return sheet.filled(columns, rows, unit=source.say("unit_line.people"), total=True)


def _why_pending(source: DocumentSource, code: str, reason: str) -> str:
    try:
        return source.say(f"pending.{code}")
    except KeyError:
        return word(f"general.reason.{reason or 'pending'}", source.lang)


def proofs_table(source: DocumentSource) -> TableEntry:
    """表A-1: objectives in order, what was reached, and the best there could be."""
    sheet = Sheet(source, "A-1", "proofs")
    if source.plan is None:
        return sheet.lacking("no_plan")
    columns = (
        sheet.column("number", 12, "center"), sheet.column("objective", 50, "left"), sheet.column("value", 26),
        sheet.column("bound", 26), sheet.column("unit", 20, "center"), sheet.column("gap", 18),
        sheet.column("proven", 16, "center"),
    )  # fmt: skip
    rows = []
    for number, item in enumerate(source.plan["objectives"], 1):
        name, size = UNITS[item["unit"]]
        proven = word("general.yes" if item["proven"] else "general.no", source.lang)
        rows.append((
            str(number), word(f"plan.objective.{item['name']}", source.lang), plain_number(item["value"] / size),
            plain_number(item["bound"] / size), source.say(f"unit.{name}"), gap_text(item["gap"]), proven,
        ))  # fmt: skip
    return sheet.filled(columns, rows, notes=[source.say("note.engine", engine=source.plan["engine"])])
