"""State a county's answer in a summary for programs and in five figures for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from clinicplan.coverage.summary import people_figures, summarise
from clinicplan.errors import Fault, Language, Severity, fault_line
from clinicplan.standard import MS_PER_MIN, UNREACHED, milliseconds
from clinicplan.words import word

if TYPE_CHECKING:
    import geopandas as gpd

    from clinicplan.county import County, CountyResult
    from clinicplan.coverage.circles import ServiceCircles, VillageTrips

COUNTY_LADDER_MIN = 60
"""Minutes to a county hospital that plans ask for (assumption where the region gives none)."""


def full_summary(
    county: County, circles: ServiceCircles, areas: gpd.GeoDataFrame, lang: Language, notes: Sequence[Fault] = ()
) -> dict[str, Any]:
    """Return `summary.json`: what was asked, the figures, and what to know about them.

    Warnings are every pending row and note of the check, and the further `notes`, in one language.
    """
    region, standard = county.region, circles.rule.standard
    return {
        "region": region.name,
        "policy": region.policy,
        "mode": circles.rule.mode,
        "minutes": _plain(standard.limit_ms / MS_PER_MIN) if standard.limit_ms is not None else None,
        "distance_m": standard.limit_mm / 1000 if standard.limit_mm is not None else None,
        "direction": circles.rule.direction,
        "date": region.document.date or "",
        **({"scenario": region.scenario} if region.scenario else {}),
        **circle_figures(county, circles, areas),
        "warnings": [
            {"code": item.code, "severity": item.severity.value, "layer": item.layer, "count": item.count,
             "text": fault_line(item, lang)}
            for item in (*county.inspection.faults, *notes)
            if item.severity is not Severity.ERROR
        ],
    }  # fmt: skip


def circle_figures(county: County, circles: ServiceCircles, areas: gpd.GeoDataFrame) -> dict[str, Any]:
    """Return the figures of a county's circles, as it is or as planned."""
    return {
        **summarise(circles),
        "target_share": county.region.standard.target_share,
        "area_covered_share": area_share(areas, county.layers.boundary, circles),
        "ladder": ladder_figures(county, circles),
        "mean_minutes": mean_minutes(circles),
    }


def area_share(areas: gpd.GeoDataFrame, boundary: gpd.GeoDataFrame, circles: ServiceCircles) -> float | None:
    """Return the share of the county's area within the circle; None for a circle by distance."""
    limit_ms = circles.rule.standard.limit_ms
    if limit_ms is None:
        return None
    rows = areas[np.isclose(areas["minutes"], limit_ms / MS_PER_MIN)]
    county_area = boundary.geometry.union_all()
    if rows.empty or not county_area.area:
        return None
    return round(float(rows.geometry.union_all().intersection(county_area).area / county_area.area), 6)


def ladder_figures(county: County, circles: ServiceCircles) -> dict[str, Any]:
    """Count people within the region's minutes (default 30 and 60, assumptions) of the upper tiers."""
    given = county.region.standard.ladder
    limits = {
        "township_hospital": given.township_hospital or 30,
        "county_hospital": given.county_hospital or COUNTY_LADDER_MIN,
    }
    return {
        step: {
            "minutes": _plain(minutes),
            "assumed": getattr(given, step) is None,
            **_within(circles, circles.ladder[step], minutes),
        }
        for step, minutes in limits.items()
    }


def mean_minutes(circles: ServiceCircles) -> float | None:
    """Return the mean minutes of residents of assessed villages that reach a facility; None where none does."""
    homes, trips = circles.homes, circles.home_trips
    chosen = (circles.group == "village")[homes.village] & (trips.time_ms != UNREACHED)
    people = int(homes.people[chosen].sum())
    if not people:
        return None
    return round(float((homes.people[chosen] * trips.time_ms[chosen]).sum() / people / MS_PER_MIN), 2)


def headline_lines(result: CountyResult, lang: Language) -> list[str]:
    """Return a title, the five figures that matter, and where the files are."""
    lines = [headline_title(result, lang)]
    figures = headline_figures(result, lang)
    lines += [f"  {label}{'：' if lang == 'zh' else ': '}{value}" for label, value in figures]
    if result.out is not None:
        if "map" in result.products:
            lines.append(word("cli.headline.map", lang, path=result.out / "map.html"))
        lines.append(word("cli.headline.tables", lang, path=result.out))
    warnings = result.summary["warnings"]
    if warnings:
        lines.append(word("cli.headline.warnings", lang, count=len(warnings)))
    return lines


def headline_title(result: CountyResult, lang: Language) -> str:
    """Name county, circle and mode in one line."""
    summary = result.summary
    circle = limit_text(summary, lang)
    return word(
        "cli.headline.title", lang,
        name=summary["region"], minutes=circle, mode=word(f"general.mode.{summary['mode']}", lang),
    )  # fmt: skip


def limit_text(summary: dict[str, Any], lang: Language) -> str:
    """Write the limit of the circle: minutes or metres."""
    if summary["minutes"] is not None:
        return word("general.minutes", lang, minutes=f"{summary['minutes']:g}")
    return word("cli.headline.metres", lang, metres=f"{summary['distance_m']:g}")


def headline_figures(result: CountyResult, lang: Language) -> list[tuple[str, str]]:
    """Return label and value of the five figures: people, villages, outside, set aside, mean minutes."""
    summary = result.summary
    low, high = summary["share_range"]
    values = {
        "people": {
            "covered": f"{summary['people_covered']:,}", "all": f"{summary['population']:,}",
            "share": percent(summary["people_covered_share"]),
            "range": "" if low == high else word("cli.headline.range", lang, low=percent(low), high=percent(high)),
        },
        "villages": {
            "covered": summary["villages_covered"], "all": summary["villages"],
            "share": percent(summary["villages_covered_share"]),
        },
        "outside": _outside(summary),
        "pending": summary["pending"],
        "mean": {"minutes": _mean(summary)},
    }  # fmt: skip
    return [
        (word(f"cli.headline.{name}", lang), word(f"cli.headline.{name}_value", lang, **fields))
        for name, fields in values.items()
    ]


def map_figures(result: CountyResult, lang: Language) -> list[tuple[str, str]]:
    """Return label and value of the five figures, short enough for the panel of the map."""
    summary = result.summary
    outside = _outside(summary)
    return [
        (word("cli.headline.people_share", lang), percent(summary["people_covered_share"])),
        (word("cli.headline.villages", lang), f"{summary['villages_covered']} / {summary['villages']}"),
        (word("cli.headline.outside", lang), f"{outside['count']}"),
        (word("cli.headline.people_outside", lang), outside["people"]),
        (word("cli.headline.mean", lang), word("cli.headline.mean_value", lang, minutes=_mean(summary))),
    ]


def _outside(summary: dict[str, Any]) -> dict[str, Any]:
    return {
        "count": summary["villages"] - summary["villages_covered"],
        "people": f"{summary['population'] - summary['people_covered']:,}",
    }


def _mean(summary: dict[str, Any]) -> str:
    return "—" if summary["mean_minutes"] is None else f"{summary['mean_minutes']:.1f}"


def percent(share: float | None) -> str:
    """Write a share as percent with one decimal, rounded half up; a dash where there is none.

    A share below 1 never prints as 100.0 %.
    """
    if share is None:
        return "—"
    tenths = int(share * 1000 + 0.5)
    if share < 1:
        tenths = min(tenths, 999)
    return f"{tenths / 10:.1f}%"


def _within(circles: ServiceCircles, trips: VillageTrips, minutes: float) -> dict[str, Any]:
    from clinicplan.coverage.summary import share_of

    chosen = circles.group == "village"
    near = chosen & (trips.worst_ms != UNREACHED) & (trips.worst_ms <= milliseconds(minutes))
    people = people_figures(circles)
    covered, everyone = int(people[near].sum()), int(people[chosen].sum())
    return {"villages": int(near.sum()), "people": covered, "people_share": share_of(covered, everyone)}


def _plain(value: float) -> float | int:
    return int(value) if float(value).is_integer() else value
