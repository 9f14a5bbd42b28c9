"""Lay out chapter five: rules, parameters, clinics and arrangements by township, sub-centres, who travels longer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from clinicplan.report.document.entries import Sheet, TableEntry
from clinicplan.report.document.numbers import DASH, as_number, decimals, plain_number, share, whole
from clinicplan.report.plan_lines import CHOICES
from clinicplan.words import word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clinicplan.report.document.source import DocumentSource

ARRANGEMENTS: Final = (
    "own", "shared", "township_hospital", "community", "service_point", "stationed", "touring", "telemedicine", "none",
)  # fmt: skip
WORST_SHOWN: Final = 20
SIGNIFICANT_MIN: Final = 0.05
"""Minutes below which a longer way prints as nothing."""


def lacks_layout(source: DocumentSource) -> str:
    """Return why there is no layout of clinics; empty where there is one."""
    if source.plan is None:
        return "no_plan"
    return "no_layout" if source.plan["model"] in CHOICES else ""


def rules_table(source: DocumentSource) -> TableEntry:
    """表5-1: what decides whether villages share a clinic."""
    sheet = Sheet(source, "5-1", "rules")
    if reason := lacks_layout(source):
        return sheet.lacking(reason)
    siting = source.region["siting"]
    merge = siting["merge"]
    units = {"max_people": "people", "max_minutes": "minutes", "max_km": "km", "max_guests": "villages"}
    rows = [(source.say("rule.model"), source.say(f"model.{siting['model']}"), "")]
    if siting["model"] == "merge":
        rows += [
            (source.say(f"rule.{key}"), plain_number(merge[key]), source.say(f"unit.{unit}"))
            for key, unit in units.items()
        ]
        rows += [
            (source.say(f"rule.{key}"), word("general.yes" if merge[key] else "general.no", source.lang), "")
            for key in ("same_township", "adjacent")
        ]
        lost = plain_number(siting["max_minutes_lost"])
        rows.append((source.say("rule.max_minutes_lost"), lost, source.say("unit.minutes")))
    close = word("general.yes" if siting["allow_close"] else "general.no", source.lang)
    rows.append((source.say("rule.allow_close"), close, ""))
    columns = (sheet.column("rule", 90, "left"), sheet.column("value", 40), sheet.column("unit", 26, "center"))
    return sheet.filled(columns, rows)


def parameters_table(source: DocumentSource) -> TableEntry:
    """表5-2: parameters and what they rest on."""
    sheet = Sheet(source, "5-2", "parameters")
    columns = (
        sheet.column("parameter", 62, "left"), sheet.column("value", 26), sheet.column("unit", 24, "center"),
        sheet.column("basis", 46, "left"),
    )  # fmt: skip
    region, summary = source.region, source.summary
    assumed = word("general.assumption", source.lang)
    policy = source.manifest.get("policy") or {}
    from_policy = policy.get("circle_minutes") is not None and region["standard"]["minutes"] is None
    minutes_basis = source.say("basis.policy", article=policy.get("circle_article", "")) if from_policy else assumed
    rows = []
    if summary["minutes"] is not None:
        rows.append(_parameter(source, "standard_minutes", summary["minutes"], "minutes", minutes_basis))
    else:
        rows.append(_parameter(source, "standard_metres", summary["distance_m"], "metres", assumed))
    for key, unit in (("access_kmh", "kmh"), ("max_access_m", "metres"), ("margin_km", "km")):
        rows.append(_parameter(source, key, region["travel"][key], unit, assumed))
    if source.plan is not None:
        for key, value in region["siting"]["cost"].items():
            unit = "years" if key == "life_years" else "yuan"
            rows.append((word(f"plan.item.{key}", source.lang), plain_number(value), source.say(f"unit.{unit}"),
                         assumed))  # fmt: skip
        for key in ("build_cny", "running_cny_per_year"):
            value = region["siting"]["budget"].get(key) or 0
            shown = plain_number(value) if value else source.say("no_limit")
            rows.append(
                (source.say(f"parameter.limit_{key}"), shown, source.say("unit.yuan"), source.say("basis.given"))
            )
    return sheet.filled(columns, rows)


def _parameter(source: DocumentSource, key: str, value: Any, unit: str, basis: str) -> tuple[str, str, str, str]:
    return source.say(f"parameter.{key}"), plain_number(value), source.say(f"unit.{unit}"), basis


def sites_by_township(source: DocumentSource) -> dict[str, list[Mapping[str, Any]]]:
    """Return the sites of the plan by the township they stand in."""
    villages, facilities = source.village_rows, source.facility_rows
    places: dict[str, list[Mapping[str, Any]]] = {name: [] for name in source.township_names}
    for site in (source.plan or {}).get("sites", []):
        at = villages.get(site["village_id"]) or facilities.get(site["facility_id"]) or {"township": ""}
        places.setdefault(at["township"], []).append(site)
    return places


def counts_table(source: DocumentSource) -> TableEntry:
    """表5-3: clinics today, what is done with them, and clinics as planned, by township."""
    sheet = Sheet(source, "5-3", "counts")
    if reason := lacks_layout(source):
        return sheet.lacking(reason)
    names = ("now", "kept", "built", "rebuilt", "moved", "converted", "closed_down", "planned", "points")
    columns = [sheet.column("township", 24, "left"), *(sheet.column(name, 14) for name in names)]
    places = sites_by_township(source)
    rows = [[place or source.say("township_unknown"), *_clinic_counts(sites)] for place, sites in places.items()]
    everything = [site for sites in places.values() for site in sites]
    rows.append([word("general.total", source.lang), *_clinic_counts(everything)])
    notes = [source.say("note.counted_actions")]
    return sheet.filled(columns, rows, unit=source.say("unit_line.sites"), total=True, notes=notes)


def _clinic_counts(sites: Sequence[Mapping[str, Any]]) -> list[str]:
    """Count clinics: today's are kept, upgraded, converted or closed; new service points are no clinics."""
    points = sum(is_new_point(site) for site in sites)
    actions = [site["action"] for site in sites if not is_new_point(site)]
    keep, build, upgrade, convert, close = (
        actions.count(name) for name in ("keep", "build", "upgrade", "convert", "close")
    )
    figures = (keep + upgrade + convert + close, keep, build, upgrade, None, convert, close, keep + build + upgrade)
    return [*(whole(figure) for figure in figures), whole(points)]


def is_new_point(site: Mapping[str, Any]) -> bool:
    """Tell whether a site is a new service point."""
    return bool(site["action"] == "build" and site["tier"] == "service_point")


def action_word(source: DocumentSource, site: Mapping[str, Any]) -> str:
    """Say in the trade's words what is done at a site."""
    name = str(site["action"])
    if is_new_point(site):
        name = "point"
    elif name == "build" and site["facility_id"] in source.facility_rows:
        name = "reopen"
    elif name == "upgrade" and site["tier"] == "sub_centre":
        name = "upgrade_hospital"
    return word(f"plan.action.{name}", source.lang)


def arrangement_name(source: DocumentSource, arrangement: str) -> str:
    """Return the trade's word for an arrangement; a location model knows no sharing, only who goes where."""
    served = arrangement == "shared" and (source.plan or {}).get("model") != "merge"
    return word("plan.arrangement.served" if served else f"plan.arrangement.{arrangement}", source.lang)


def arrangements_table(source: DocumentSource) -> TableEntry:
    """表5-4: how villages are served, by township."""
    sheet = Sheet(source, "5-4", "arrangements")
    if reason := lacks_layout(source):
        return sheet.lacking(reason)
    assert source.plan is not None
    villages = source.village_rows
    columns = [
        sheet.column("township", 22, "left"), sheet.column("villages", 13),
        *(type(sheet.column("villages", 13))(arrangement_name(source, name), 13) for name in ARRANGEMENTS),
    ]  # fmt: skip
    places: dict[str, list[str]] = {name: [] for name in source.township_names}
    for item in source.plan["villages"]:
        places.setdefault(villages[item["village_id"]]["township"], []).append(item["arrangement"])
    places[word("general.total", source.lang)] = [name for names in places.values() for name in names]
    rows = [
        [place, whole(len(kinds)), *(whole(kinds.count(name)) for name in ARRANGEMENTS)]
        for place, kinds in places.items()
    ]
    return sheet.filled(columns, rows, unit=source.say("unit_line.villages"), total=True)


def sub_centres_table(source: DocumentSource) -> TableEntry:
    """表5-5: hospitals compared as sub-centres."""
    sheet = Sheet(source, "5-5", "sub_centres")
    hospitals = [row for row in (source.plan or {}).get("sub_centres", []) if row["row"] == "hospital"]
    if not hospitals:
        return sheet.lacking("no_sub_centres")
    columns = (
        sheet.column("facility", 44, "left"), sheet.column("road_km", 18), sheet.column("eligible", 14, "center"),
        sheet.column("chosen", 14, "center"), sheet.column("lacks", 66, "left"),
    )  # fmt: skip
    rows = [
        (str(row["name"]), decimals(row.get("road_km")), _yes(source, row.get("eligible")),
         _yes(source, row.get("chosen")), (row.get("lacks_text") or {}).get(source.lang) or DASH)
        for row in hospitals
    ]  # fmt: skip
    return sheet.filled(columns, rows)


def _yes(source: DocumentSource, value: object) -> str:
    return word("general.yes" if value else "general.no", source.lang)


def longer_ways(source: DocumentSource) -> list[Mapping[str, Any]]:
    """Return villages of the plan whose way grows longer, the longest growth first."""
    longer = [item for item in (source.plan or {}).get("villages", []) if (item["minutes_lost"] or 0) > SIGNIFICANT_MIN]
    return sorted(longer, key=lambda item: (-item["minutes_lost"], item["village_id"]))


def longer_table(source: DocumentSource) -> TableEntry:
    """表5-6: the twenty villages whose way grows most."""
    from clinicplan.standard import milliseconds, printed_minutes

    sheet = Sheet(source, "5-6", "longer")
    if reason := lacks_layout(source):
        return sheet.lacking(reason)
    columns = (
        sheet.column("number", 10, "center"), sheet.column("village", 24, "left"), sheet.column("township", 22, "left"),
        sheet.column("people", 16), sheet.column("arrangement", 24, "left"), sheet.column("host", 32, "left"),
        sheet.column("minutes_planned", 16), sheet.column("minutes_lost", 16),
    )  # fmt: skip
    names, villages, limit = source.site_names, source.village_rows, source.summary["minutes"]
    limit_ms = None if limit is None else milliseconds(limit)
    bands = [milliseconds(upper) for upper in source.bands]
    longer = longer_ways(source)
    rows = [
        (str(number), villages[item["village_id"]]["name"], villages[item["village_id"]]["township"],
         whole(villages[item["village_id"]]["population"]), arrangement_name(source, item["arrangement"]),
         names.get(item["host_id"], DASH), decimals(printed_minutes([item["time_ms"]], limit_ms, bands)[0]),
         decimals(item["minutes_lost"]))
        for number, item in enumerate(longer[:WORST_SHOWN], 1)
    ]  # fmt: skip
    notes = [source.say("note.longer", count=len(longer))]
    return sheet.filled(columns, rows, unit=source.say("unit_line.people_minutes"), notes=notes)


def effects_table(source: DocumentSource) -> TableEntry:
    """表5-7: main figures before and after."""
    sheet = Sheet(source, "5-7", "effects")
    planned = source.summary.get("planned")
    if planned is None:
        return sheet.lacking("no_plan")
    columns = (
        sheet.column("item", 66, "left"), sheet.column("unit", 22, "center"), sheet.column("today", 22),
        sheet.column("as_planned", 22), sheet.column("change", 24),
    )  # fmt: skip
    figures: list[tuple[str, str, Any, Any]] = [
        (source.say(f"item.{key}"), unit, source.summary[key], planned[key])
        for key, unit in (("villages_covered", "villages"), ("villages_covered_share", "percent"),
                          ("people_covered", "people"), ("people_covered_share", "percent"))
    ]  # fmt: skip
    outside = [(now["villages"] - now["villages_covered"], now["population"] - now["people_covered"])
               for now in (source.summary, planned)]  # fmt: skip
    figures += [
        (source.say("item.villages_outside"), "villages", outside[0][0], outside[1][0]),
        (source.say("item.people_outside"), "people", outside[0][1], outside[1][1]),
    ]
    below = [0, 0, 0, 0]
    for now, then in zip(source.summary["bands"], planned["bands"], strict=True):
        if now["upto_min"] is None:
            continue
        below = [old + new for old, new in zip(below, (now["villages"], then["villages"], now["people"],
                                                       then["people"]), strict=True)]  # fmt: skip
        upper = f"{now['upto_min']:g}"
        figures.append((source.say("item.band_villages", minutes=upper), "villages", below[0], below[1]))
        figures.append((source.say("item.band_people", minutes=upper), "people", below[2], below[3]))
    for key, unit in (("mean_minutes", "minutes"), ("area_covered_share", "percent")):
        figures.append((source.say(f"item.{key}"), unit, source.summary.get(key), planned.get(key)))
    return sheet.filled(columns, [_effect(source, *figure) for figure in figures])


def _effect(source: DocumentSource, name: str, unit: str, now: Any, then: Any) -> tuple[str, ...]:
    """Write a figure before and after; shares change by percentage points, of the printed figures."""
    write = {"percent": share, "minutes": decimals}.get(unit, whole)
    texts = [write(now), write(then)]
    old, new = (as_number(text.replace(",", "")) if text != DASH else None for text in texts)
    change = DASH if old is None or new is None else _signed(new - old, whole_number=write is whole)
    if unit == "percent":
        change = source.say("points", value=change)
    return name, source.say(f"unit.{unit}"), *texts, change


def _signed(value: float, *, whole_number: bool) -> str:
    text = f"{value:+,.0f}" if whole_number else f"{value:+,.1f}"
    return "0" if not any(sign in "123456789" for sign in text) else text.replace("-", "−")
