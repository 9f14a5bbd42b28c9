"""Lay out chapters six and seven: plans compared, building projects, investment, running costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clinicplan.report.document.entries import Sheet, TableEntry
from clinicplan.report.document.numbers import DASH, money, share_of, whole
from clinicplan.report.document.plan_tables import action_word, is_new_point, sites_by_township
from clinicplan.words import word

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from clinicplan.report.document.source import DocumentSource


def plans_table(source: DocumentSource) -> TableEntry:
    """表6-1: what more money buys, plan by plan of the frontier."""
    sheet = Sheet(source, "6-1", "plans")
    if not source.pareto:
        return sheet.lacking("no_frontier")
    columns = (
        sheet.column("number", 12, "center"), sheet.column("investment", 24), sheet.column("yearly", 28),
        sheet.column("people_outside", 24), sheet.column("people_open", 28), sheet.column("built", 16),
        sheet.column("rebuilt", 16), sheet.column("proven", 16, "center"),
    )  # fmt: skip
    rows = [
        (str(number), money(row["build_cny"]), money(row["yearly_cny"]), whole(row["people_outside"]),
         whole(row["people_without_arrangement"]), whole(row["built"]), whole(row["upgraded"]),
         word("general.yes" if row["exact"] == "true" else "general.no", source.lang))
        for number, row in enumerate(source.pareto, 1)
    ]  # fmt: skip
    return sheet.filled(columns, rows, unit=source.say("unit_line.money_people_sites"),
                        notes=[source.say("note.frontier")])  # fmt: skip


def projects(source: DocumentSource) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the sites where something is done, with their township, in code order."""
    return [
        (place, site)
        for place, sites in sites_by_township(source).items()
        for site in sites
        if site["action"] != "keep"
    ]


def projects_table(source: DocumentSource, number: str = "7-1", key: str = "projects") -> TableEntry:
    """表7-1: what is built; with reasons as the project list of the annex."""
    sheet = Sheet(source, number, key)
    if source.plan is None:
        return sheet.lacking("no_plan")
    with_reasons = key != "projects"
    columns = [
        sheet.column("number", 9, "center"), sheet.column("project", 34, "left"), sheet.column("township", 20, "left"),
        sheet.column("action", 22, "left"), sheet.column("tier", 22, "left"), sheet.column("doctors", 13),
        sheet.column("investment", 16), *([sheet.column("why", 60, "left")] if with_reasons else []),
    ]  # fmt: skip
    names = source.site_names
    chosen = projects(source)
    rows = [
        [str(count), names.get(site["facility_id"] or site["site_id"], site["site_id"]), place,
         action_word(source, site), word(f"general.tier.{site['tier']}", source.lang) if site["tier"] else DASH,
         whole(site["doctors"]), money(site["cost"]), *([site["why"] or DASH] if with_reasons else [])]
        for count, (place, site) in enumerate(chosen, 1)
    ]  # fmt: skip
    if rows:
        count = source.say("count.sites", count=len(chosen))
        doctors = whole(sum(site["doctors"] or 0 for _, site in chosen))
        total = money(sum(site["cost"] for _, site in chosen))
        rows.append([word("general.total", source.lang), count, "", "", "", doctors, total, *([""] * with_reasons)])
    return sheet.filled(columns, rows, unit=source.say("unit_line.money_doctors"), total=True)


def investment_table(source: DocumentSource) -> TableEntry:
    """表7-2: one-off money by action; where it comes from is for the bureau to say."""
    sheet = Sheet(source, "7-2", "investment")
    costs = (source.plan or {}).get("costs") or {}
    if not costs:
        return sheet.lacking("no_costs")
    columns = (
        sheet.column("action", 50, "left"), sheet.column("sites", 22), sheet.column("investment", 26),
        sheet.column("share_percent", 22), sheet.column("funds", 36, "left"),
    )  # fmt: skip
    sites = (source.plan or {})["sites"]
    counts = {"service_point": sum(is_new_point(site) for site in sites)}
    rows = []
    for action, yuan in costs["by_action"].items():
        count = counts.get(action, sum(site["action"] == action and not is_new_point(site) for site in sites))
        name = word("plan.action.point" if action == "service_point" else f"plan.action.{action}", source.lang)
        if yuan or action != "keep":
            rows.append([name, whole(count), money(yuan), share_of(yuan, costs["build_cny"]), ""])
    done = sum(site["action"] != "keep" for site in sites)
    total = costs["build_cny"]
    rows.append([word("general.total", source.lang), whole(done), money(total), share_of(total, total), ""])
    return sheet.filled(columns, rows, unit=source.say("unit_line.money_sites_percent"), total=True,
                        notes=[source.say("note.unit_costs"), source.say("note.funds")])  # fmt: skip


def running_table(source: DocumentSource) -> TableEntry:
    """表7-3: what running the clinics costs a year, today and as planned, with the same unit costs."""
    sheet = Sheet(source, "7-3", "running")
    costs = (source.plan or {}).get("costs") or {}
    if not costs:
        return sheet.lacking("no_costs")
    today, planned, yearly = (
        costs[key] for key in ("today_running_cny_per_year", "running_cny_per_year", "yearly_cny")
    )
    columns = (sheet.column("item", 100, "left"), sheet.column("money_per_year", 56))
    figures = (("running_today", today), ("running_planned", planned), ("running_more", planned - today),
               ("spread", yearly - planned), ("yearly", yearly))  # fmt: skip
    rows = [(source.say(f"item.{key}"), money(value)) for key, value in figures]
    return sheet.filled(columns, rows, unit=source.say("unit_line.money_per_year"),
                        notes=[source.say("note.unit_costs")])  # fmt: skip
