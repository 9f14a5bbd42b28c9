"""Lay out chapters one and two: conclusions, data, people, facilities, villages without a clinic, closed clinics."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from clinicplan.report.document.entries import Sheet, TableEntry, table_label
from clinicplan.report.document.numbers import decimals, money, share, whole
from clinicplan.terms import EXEMPT_STATUSES
from clinicplan.words import word

if TYPE_CHECKING:
    from clinicplan.report.document.source import DocumentSource, Row

TIER_GROUPS: Final = {
    "county_hospital": ("county_medical_centre", "county_hospital"),
    "township_hospital": ("sub_centre", "central_township_hospital", "township_hospital"),
    "community_centre": ("community_centre",),
    "community_station": ("community_station",),
    "village_clinic": ("central_clinic", "village_clinic"),
    "service_point": ("service_point",),
    "touring_stop": ("touring_stop",),
    "private_clinic": ("private_clinic",),
}
"""Columns of the table of facilities; what is in none of them is counted under other."""
CHECKSUM_SHOWN: Final = 12


def conclusions_table(source: DocumentSource) -> TableEntry:
    """表1-1: the main figures, each with the table it stands in."""
    sheet = Sheet(source, "1-1", "conclusions")
    columns = (
        sheet.column("item", 70, "left"), sheet.column("value", 30), sheet.column("unit", 22, "center"),
        sheet.column("see", 22, "center"),
    )  # fmt: skip
    rows = [
        (source.say(f"item.{name}"), text, source.say(f"unit.{unit}"), table_label(source, number))
        for name, text, unit, number in (*_present_figures(source), *_planned_figures(source))
    ]
    return sheet.filled(columns, rows)


def _present_figures(source: DocumentSource) -> Iterable[tuple[str, str, str, str]]:
    summary = source.summary
    yield "villages", whole(summary["villages"]), "villages", "3-2"
    yield "population", whole(summary["population"]), "people", "3-2"
    yield "villages_covered", whole(summary["villages_covered"]), "villages", "3-2"
    yield "villages_covered_share", share(summary["villages_covered_share"]), "percent", "3-2"
    yield "people_covered", whole(summary["people_covered"]), "people", "3-2"
    yield "people_covered_share", share(summary["people_covered_share"]), "percent", "3-2"
    yield "villages_outside", whole(summary["villages"] - summary["villages_covered"]), "villages", "3-3"
    yield "people_outside", whole(summary["population"] - summary["people_covered"]), "people", "3-3"
    yield "without_clinic", whole(len(villages_without_clinic(source))), "villages", "2-4"
    yield "pending", whole(summary["pending"]["villages"]), "villages", "3-2"
    if source.audit:
        for status in ("pass", "fail", "not_assessed"):
            yield f"clauses_{status}", whole(sum(row["status"] == status for row in source.audit)), "clauses", "4-1"


def _planned_figures(source: DocumentSource) -> Iterable[tuple[str, str, str, str]]:
    planned = source.summary.get("planned")
    if planned is None:
        return
    yield "planned_covered_share", share(planned["people_covered_share"]), "percent", "5-7"
    yield "planned_outside", whole(planned["population"] - planned["people_covered"]), "people", "5-7"
    costs = (source.plan or {}).get("costs") or {}
    if costs:
        yield "build_cny", money(costs.get("build_cny")), "money", "7-2"
        yield "running_planned", money(costs.get("running_cny_per_year")), "money", "7-3"


def data_table(source: DocumentSource) -> TableEntry:
    """表1-2: the files, their rows, what is set aside, and the beginning of their checksums."""
    sheet = Sheet(source, "1-2", "data")
    columns = (
        sheet.column("layer", 30, "left"), sheet.column("file", 44, "left"), sheet.column("rows", 18),
        sheet.column("pending_rows", 18), sheet.column("checksum", 34, "left"),
    )  # fmt: skip
    pending = source.summary["pending"]
    counts: dict[str, tuple[Any, Any]] = {
        "villages": (len(source.villages), pending["villages"]),
        "facilities": (len(source.facilities), pending["facilities"]),
    }
    rows = [
        (_layer_name(source, layer), entry["file"], *(whole(number) for number in counts.get(layer, (None, None))),
         entry["sha256"][:CHECKSUM_SHOWN])
        for layer, entry in source.manifest["inputs"].items()
    ]  # fmt: skip
    return sheet.filled(columns, rows, notes=[source.say("note.checksum")])


def _layer_name(source: DocumentSource, layer: str) -> str:
    try:
        return source.say(f"layer.{layer}")
    except KeyError:
        return source.say("layer.other", name=layer)


def people_table(source: DocumentSource) -> TableEntry:
    """表2-1: villages and people by township; the four groups add up to the layer."""
    sheet = Sheet(source, "2-1", "people", {"people": source.people})
    groups = (("assessed", "villages", "population"), ("communities", "community_rows", "community_people"),
              ("exempt", "exempt_rows", "exempt_people"), ("pending", "pending_rows", "pending_people"))  # fmt: skip
    columns = [sheet.column("township", 26, "left")]
    for name, *_ in groups:
        group = source.say(f"column.group_{name}")
        columns += [sheet.column("count", 14, group=group), sheet.column("people", 19, group=group)]
    rows = [
        [row["township"], *(whole(row[field]) for _, *fields in groups for field in fields)] for row in source.townships
    ]
    return sheet.filled(columns, rows, unit=source.say("unit_line.villages_people"), total=True)


def facilities_table(source: DocumentSource) -> TableEntry:
    """表2-2: facilities within the county by township and kind."""
    sheet = Sheet(source, "2-2", "facilities")
    names = (*TIER_GROUPS, "other")
    columns = [
        sheet.column("township", 22, "left"), *(sheet.column(f"tier_{name}", 12) for name in names),
        sheet.column("all", 11), sheet.column("closed", 11),
    ]  # fmt: skip
    inside = [row for row in source.facilities if row["outside_county"] != "true"]
    known = set(source.township_names)
    places = [*source.township_names, *([""] if any(row["township"] not in known for row in inside) else [])]
    rows = []
    for place in places:
        here = [row for row in inside if (row["township"] if row["township"] in known else "") == place]
        rows.append([place or source.say("township_unknown"), *_tier_counts(here, names)])
    rows.append([word("general.total", source.lang), *_tier_counts(inside, names)])
    outside = len(source.facilities) - len(inside)
    notes = [source.say("note.outside_county", count=outside)] if outside else []
    return sheet.filled(columns, rows, unit=source.say("unit_line.facilities"), total=True, notes=notes)


def _tier_counts(rows: list[Row], names: tuple[str, ...]) -> list[str]:
    group = {tier: name for name, tiers in TIER_GROUPS.items() for tier in tiers}
    kinds = [group.get(row["tier"], "other") for row in rows]
    closed = sum(row["operating"] == "no" for row in rows)
    return [*(whole(kinds.count(name)) for name in names), whole(len(rows)), whole(closed)]


def owners_table(source: DocumentSource) -> TableEntry:
    """表2-3: sponsor and premises, which no result holds."""
    return Sheet(source, "2-3", "owners").lacking("columns", columns=source.say("lack.owners"))


def villages_without_clinic(source: DocumentSource) -> list[Row]:
    """Return villages, exempt ones apart, in which no facility stands that counts.

    A facility whose row names no village belongs to the one of its township that its own name begins with.
    """
    counted = [row for row in source.facilities if row["counted"] == "true"]
    served = {row["village_id"] for row in counted}
    unplaced = [(row["township"], row["name"]) for row in counted if not row["village_id"]]
    return [
        row
        for row in source.in_order(source.villages)
        if row["kind"] == "village"
        and row["status"] not in EXEMPT_STATUSES
        and row["village_id"] not in served
        and not any(place == row["township"] and name.startswith(row["name"]) for place, name in unplaced)
    ]


def empty_villages_table(source: DocumentSource) -> TableEntry:
    """表2-4: villages without a facility of their own; who staffs the others is in no result."""
    sheet = Sheet(source, "2-4", "empty_villages")
    columns = (
        sheet.column("number", 10, "center"), sheet.column("village", 30, "left"), sheet.column("township", 26, "left"),
        sheet.column("people", 18), sheet.column("nearest", 40, "left"), sheet.column("minutes", 18),
    )  # fmt: skip
    names = {key: row["name"] for key, row in source.facility_rows.items()}
    chosen = villages_without_clinic(source)
    rows = [
        (str(number), row["name"], row["township"], whole(row["population"]), names.get(row["facility_id"], "—"),
         decimals(row["time_min"]))
        for number, row in enumerate(chosen, 1)
    ]  # fmt: skip
    if rows:
        people = whole(sum(int(float(row["population"] or 0)) for row in chosen))
        rows.append((word("general.total", source.lang), source.say("count.villages", count=len(chosen)), "", people,
                     "", ""))  # fmt: skip
    notes = [source.say("note.empty_villages"), source.say("note.staff_unknown")]
    return sheet.filled(columns, rows, unit=source.say("unit_line.people_minutes"), total=True, notes=notes)


def closed_table(source: DocumentSource) -> TableEntry:
    """表2-5: facilities out of operation."""
    sheet = Sheet(source, "2-5", "closed")
    columns = (
        sheet.column("number", 10, "center"), sheet.column("facility", 50, "left"), sheet.column("tier", 32, "left"),
        sheet.column("township", 28, "left"), sheet.column("village", 30, "left"),
    )  # fmt: skip
    villages = source.village_rows
    closed = [row for row in source.facilities if row["operating"] == "no" and row["outside_county"] != "true"]
    rows = [
        (str(number), row["name"], word(f"general.tier.{row['tier']}", source.lang), row["township"],
         villages.get(row["village_id"], {}).get("name", "—"))
        for number, row in enumerate(source.in_order(closed), 1)
    ]  # fmt: skip
    if rows:
        rows.append((word("general.total", source.lang), source.say("count.facilities", count=len(closed)), "", "", ""))
    return sheet.filled(columns, rows, total=True, notes=[source.say("note.closed_state")])


def ages_table(source: DocumentSource) -> TableEntry:
    """表2-6: doctors about to retire, of whom no result holds the age."""
    return Sheet(source, "2-6", "ages").lacking("columns", columns=source.say("lack.ages"))
