"""Lay out chapter three: speeds, circles by township, villages outside, clinics, upper tiers, modes."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from clinicplan.report.document.entries import Column, Sheet, TableEntry
from clinicplan.report.document.numbers import as_number, decimals, plain_number, share, share_of, whole
from clinicplan.words import word

if TYPE_CHECKING:
    from clinicplan.report.document.source import DocumentSource, Row

ROAD_ITEMS: Final = ("kmh.", "kmh_if_allowed.", "top_kmh")
CLINIC_TIERS: Final = ("central_clinic", "village_clinic", "community_station")
STEPS: Final = ("township_hospital", "county_hospital")


def speeds_table(source: DocumentSource) -> TableEntry:
    """表3-1: speeds by mode and class of road, classes with the same speed and source together."""
    sheet = Sheet(source, "3-1", "speeds")
    columns = (
        sheet.column("mode", 22, "left"), sheet.column("road_class", 66, "left"), sheet.column("kmh", 20),
        sheet.column("origin", 54, "left"),
    )  # fmt: skip
    known = [row for row in source.manifest["parameters"] if row["mode"] and row["item"].startswith(ROAD_ITEMS)]
    rows = []
    for (mode, value, origin), members in groupby(known, lambda row: (row["mode"], row["value"], row["source"])):
        roads = source.joined(_road(source, row["item"]) for row in members)
        rows.append((word(f"general.mode.{mode}", source.lang), roads, plain_number(value), origin))
    access = plain_number(source.region["travel"]["access_kmh"])
    rows.append((source.say("off_road"), source.say("off_road_legs"), access, word("general.assumption", source.lang)))
    return sheet.filled(columns, rows, unit=source.say("unit_line.kmh"), notes=[source.say("note.factors")])


def _road(source: DocumentSource, item: str) -> str:
    """Name a class of road; classes of the planner's own table keep their name."""
    part, _, key = item.rpartition(".")
    try:
        name = source.say(f"road.{key.removesuffix('_link')}")
    except KeyError:
        name = key
    if key.endswith("_link"):
        name = source.say("road.ramp", road=name)
    return source.say("road.where_allowed", road=name) if part == "kmh_if_allowed" else name


def circles_table(source: DocumentSource) -> TableEntry:
    """表3-2: villages and people within each band, by township."""
    sheet = Sheet(source, "3-2", "circles", {"minutes": _band_names(source)})
    groups = [(source.say("column.within", minutes=f"{upper:g}"), f"_upto_{upper:g}_min") for upper in source.bands]
    limit = source.summary["minutes"]
    if limit is None or float(limit) not in source.bands:
        groups.append((source.say("column.within_standard"), "_covered"))
    columns = [sheet.column("township", 22, "left"), sheet.column("villages", 13),
               Column(source.people, 17)]  # fmt: skip
    for group, _ in groups:
        columns += [
            sheet.column("count", 12, group=group),
            sheet.column("people", 17, group=group),
            sheet.column("share", 13, group=group),
        ]
    columns += [sheet.column("outside", 13), sheet.column("pending_villages", 13)]
    rows = []
    for row in source.townships:
        cells = [row["township"], whole(row["villages"]), whole(row["population"])]
        for _, suffix in groups:
            people = row[f"people{suffix}"]
            cells += [whole(row[f"villages{suffix}"]), whole(people), share_of(people, row["population"])]
        rows.append([*cells, whole(row["villages_outside"]), whole(row["pending_rows"])])
    unit = source.say("unit_line.villages_people_percent")
    return sheet.filled(columns, rows, unit=unit, total=True, notes=[source.say("note.pending_column")])


def _band_names(source: DocumentSource) -> str:
    limits = source.bands or ((float(source.summary["minutes"]),) if source.summary["minutes"] else ())
    return source.joined(source.say("minutes", minutes=f"{upper:g}") for upper in limits)


def outside_villages(source: DocumentSource) -> list[Row]:
    """Return assessed villages outside the circle, by township."""
    return [row for row in source.assessed if row["within_standard"] == "false"]


def people_outside(row: Row) -> int:
    """Return how many people of a village live outside the circle, by natural village where it has them."""
    people, covered = as_number(row["population"]) or 0, as_number(row.get("people_covered"))
    return int(people - (covered or 0))


def outside_table(source: DocumentSource) -> TableEntry:
    """表3-3: villages outside the circle, nearest facility, minutes, kilometres, reason."""
    sheet = Sheet(source, "3-3", "outside")
    columns = (
        sheet.column("village", 24, "left"), sheet.column("township", 22, "left"), sheet.column("people", 15),
        sheet.column("people_outside", 17), sheet.column("nearest", 36, "left"), sheet.column("minutes", 13),
        sheet.column("km", 13), sheet.column("reason", 24, "left"),
    )  # fmt: skip
    names = {key: row["name"] for key, row in source.facility_rows.items()}
    chosen = outside_villages(source)
    rows = [
        (row["name"], row["township"], whole(row["population"]), whole(people_outside(row)),
         names.get(row["facility_id"], "—"), decimals(row["time_min"]), decimals(row["route_km"]),
         word(f"general.reason.{row['reason'] or 'covered'}", source.lang))
        for row in chosen
    ]  # fmt: skip
    total = sum(people_outside(row) for row in chosen)
    if rows:
        everyone = sum(int(as_number(row["population"]) or 0) for row in chosen)
        count = source.say("count.villages", count=len(chosen))
        rows.append((word("general.total", source.lang), count, whole(everyone), whole(total), "", "", "", ""))
    rest = source.summary["population"] - source.summary["people_covered"] - total
    notes = [source.say("note.people_elsewhere", people=whole(rest))] if rest else []
    return sheet.filled(columns, rows, unit=source.say("unit_line.outside"), total=True, notes=notes)


def clinics_table(source: DocumentSource) -> TableEntry:
    """表3-4: what each clinic in operation serves."""
    sheet = Sheet(source, "3-4", "clinics")
    columns = (
        sheet.column("clinic", 36, "left"), sheet.column("township", 20, "left"),
        sheet.column("villages_served", 13), sheet.column("people_served", 16), sheet.column("mean_km", 13),
        sheet.column("largest_km", 13), sheet.column("next_km", 17), sheet.column("solely", 16),
        sheet.column("overlapping", 17),
    )  # fmt: skip
    chosen = [
        row
        for row in source.in_order(source.facilities)
        if row["counted"] == "true" and row["tier"] in CLINIC_TIERS and row["outside_county"] != "true"
    ]
    rows = [
        (row["name"], row["township"], whole(row["villages_served"]), whole(row["people_served"]),
         decimals(row["mean_road_km"], 2), decimals(row["largest_road_km"], 2), decimals(row["next_clinic_km"], 2),
         whole(row["people_solely_served"]), whole(row["people_overlapping"]))
        for row in chosen
    ]  # fmt: skip
    if rows:
        served = [whole(sum(int(as_number(row[name]) or 0) for row in chosen))
                  for name in ("villages_served", "people_served", "people_solely_served")]  # fmt: skip
        count = source.say("count.facilities", count=len(chosen))
        total = word("general.total", source.lang)
        rows.append((total, count, served[0], served[1], "", "", "", served[2], "—"))
    return sheet.filled(columns, rows, unit=source.say("unit_line.clinics"), total=True,
                        notes=[source.say("note.clinics")])  # fmt: skip


def ladder_table(source: DocumentSource) -> TableEntry:
    """表3-5: villages and people within the minutes of the upper tiers, by township where the table can tell."""
    ladder = source.summary["ladder"]
    minutes = {step: f"{ladder[step]['minutes']:g}" for step in STEPS}
    sheet = Sheet(source, "3-5", "ladder", {"near": minutes["township_hospital"], "far": minutes["county_hospital"]})
    columns = [sheet.column("township", 24, "left"), sheet.column("villages", 14), Column(source.people, 18)]
    for step in STEPS:
        group = source.say(f"column.{step}_within", minutes=minutes[step])
        columns += [
            sheet.column("count", 14, group=group),
            sheet.column("people", 18, group=group),
            sheet.column("share", 14, group=group),
        ]
    rows = _ladder_rows(source)
    notes = [source.say("note.by_car")]
    if not rows:
        notes.append(source.say("note.ladder_county"))
    total = [word("general.total", source.lang), whole(source.summary["villages"]), whole(source.summary["population"])]
    for step in STEPS:
        found = ladder[step]
        total += [whole(found["villages"]), whole(found["people"]), share(found["people_share"])]
    unit = source.say("unit_line.villages_people_percent")
    return sheet.filled(columns, [*rows, total], unit=unit, total=True, notes=notes)


def _ladder_rows(source: DocumentSource) -> list[list[str]]:
    """Count by township from printed minutes; nothing where these do not add up to the county's exact figures."""
    ladder, assessed = source.summary["ladder"], source.assessed
    sums = {step: [0, 0] for step in STEPS}
    rows = []
    for place, line in zip(source.township_names, source.townships, strict=False):
        cells = [place, whole(line["villages"]), whole(line["population"])]
        for step in STEPS:
            near = [row for row in assessed if row["township"] == place and _near(row, step, ladder[step]["minutes"])]
            people = sum(int(as_number(row["population"]) or 0) for row in near)
            sums[step] = [sums[step][0] + len(near), sums[step][1] + people]
            cells += [whole(len(near)), whole(people), share_of(people, line["population"])]
        rows.append(cells)
    agree = all(sums[step] == [ladder[step]["villages"], ladder[step]["people"]] for step in STEPS)
    return rows if agree else []


def _near(row: Row, step: str, minutes: Any) -> bool:
    time = as_number(row[f"{step}_min"])
    return time is not None and time <= float(minutes)


def modes_table(source: DocumentSource) -> TableEntry:
    """表3-6: the same standard under every mode, by township."""
    modes = list(source.summary["modes"])
    names = {mode: word(f"general.mode.{mode}", source.lang) for mode in modes}
    order = sorted(modes, key=lambda mode: list(_MODE_ORDER).index(mode) if mode in _MODE_ORDER else len(_MODE_ORDER))
    sheet = Sheet(source, "3-6", "modes", {"modes": source.joined(names[mode] for mode in order)})
    columns = [sheet.column("township", 22, "left"), sheet.column("villages", 13), Column(source.people, 17)]
    for mode in order:
        columns += [
            sheet.column("count", 12, group=names[mode]),
            sheet.column("people", 17, group=names[mode]),
            sheet.column("share", 13, group=names[mode]),
        ]
    rows = []
    for row in source.townships:
        cells = [row["township"], whole(row["villages"]), whole(row["population"])]
        for mode in order:
            people = row[f"people_covered_{mode}"]
            cells += [whole(row[f"villages_covered_{mode}"]), whole(people), share_of(people, row["population"])]
        rows.append(cells)
    return sheet.filled(columns, rows, unit=source.say("unit_line.villages_people_percent"), total=True)


_MODE_ORDER: Final = ("walk", "e_bike", "car")
"""As the trade names them."""
