"""State what every output must say: who is counted, how people travel, what is set aside, where the data come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from clinicplan.errors import Language
from clinicplan.report.headline import limit_text, percent
from clinicplan.words import word

if TYPE_CHECKING:
    from clinicplan.county import County, CountyResult

SAMPLE_MARK = "示例数据"
"""A region whose name holds these words is synthetic and says so on every output."""


def mandatory_statements(result: CountyResult, lang: Language) -> list[str]:
    """Return the lines that maps, tables and documents carry, in the order of the trade.

    Parameters
    ----------
    result
        The answer.
    lang
        Language.

    Returns
    -------
    lines
        Plain text.
    """
    summary = result.summary
    parts = [
        *_origin(result, lang),
        _who(result.county, lang),
        _speeds(result.county, lang),
        word("statements.inclusive", lang, limit=limit_text(summary, lang)),
        word(f"statements.{summary['direction']}", lang),
        _village_points(result, lang),
        _counted(result, lang),
        _pending(summary, lang),
        *_imputed(result.county, lang),
        _sources(result.county, lang),
        *_policy(result, lang),
        word("statements.advice", lang),
        word("statements.boundary", lang),
        _map_use(result, lang),
    ]
    return [part for part in parts if part]


def audit_statements(county: County, lang: Language) -> list[str]:
    """Return the lines that an audit carries: who is counted, how people travel, where the data come from."""
    parts = [
        *([word("statements.synthetic", lang)] if SAMPLE_MARK in county.region.name else []),
        _who(county, lang),
        _speeds(county, lang),
        word(f"statements.{county.region.travel.direction}", lang),
        *_imputed(county, lang),
        _sources(county, lang),
    ]
    return [part for part in parts if part]


def standard_statement(summary: dict[str, Any], lang: Language) -> str:
    """Say which circle is tested."""
    if summary["minutes"] is not None:
        return word("statements.standard_time", lang, minutes=limit_text(summary, lang))
    return word("statements.standard_distance", lang, metres=f"{summary['distance_m']:g}")


def map_title(summary: dict[str, Any], lang: Language) -> str:
    """Return the title of the map of today's circles."""
    return word("statements.title.map", lang, name=summary["region"], minutes=limit_text(summary, lang))


def _origin(result: CountyResult, lang: Language) -> list[str]:
    lines = []
    if SAMPLE_MARK in result.county.region.name:
        lines.append(word("statements.synthetic", lang))
    date = result.summary["date"]
    key = "data_date" if date else "data_date_unknown"
    return [*lines, word(f"statements.{key}", lang, date=date) if date else word(f"statements.{key}", lang)]


def population_years(county: County) -> list[int]:
    """Return the years of the population figures, ascending; empty where the files do not say."""
    villages = county.layers.villages
    if "population_year" not in villages:
        return []
    years = pd.to_numeric(villages["population_year"], errors="coerce").dropna()
    return sorted({int(year) for year in years})


def _who(county: County, lang: Language) -> str:
    known = population_years(county)
    year = word("statements.year", lang, year="、".join(map(str, known))) if known else ""
    return word(f"statements.who_{county.region.population_basis}", lang, year=year)


def _speeds(county: County, lang: Language) -> str:
    """Name the speeds of the mode on three classes of road."""
    from clinicplan.speeds import read_speeds

    region = county.region
    mode = read_speeds(region.folder / region.travel.speeds if region.travel.speeds else None).mode(region.travel.mode)
    shown = []
    for road in ("primary", "tertiary", "unclassified"):
        kmh = mode.kmh.get(road)
        if kmh is not None:
            shown.append(
                word("statements.class_speed", lang, road=word(f"statements.road.{road}", lang), kmh=f"{kmh:g}")
            )
    return word(
        "statements.speeds", lang, mode=word(f"general.mode.{region.travel.mode}", lang),
        speeds=("、" if lang == "zh" else ", ").join(shown), access=f"{region.travel.access_kmh:g}",
    )  # fmt: skip


def _village_points(result: CountyResult, lang: Language) -> str:
    split = int(result.circles.homes.by_natural_village.sum())
    return word("statements.natural_villages", lang, count=split) if split else word("statements.village_point", lang)


def _counted(result: CountyResult, lang: Language) -> str:
    rule = result.circles.rule
    joint = "、" if lang == "zh" else ", "
    tiers = joint.join(word(f"general.tier.{tier}", lang) for tier in rule.tiers)
    neighbours = word("statements.neighbours_yes" if rule.count_neighbours else "statements.neighbours_no", lang)
    return word("statements.counted", lang, tiers=tiers) + ("" if lang == "zh" else " ") + neighbours


def _pending(summary: dict[str, Any], lang: Language) -> str:
    low, high = summary["share_range"]
    return word(
        "statements.pending", lang, villages=summary["pending"]["villages"],
        facilities=summary["pending"]["facilities"], low=percent(low), high=percent(high),
    )  # fmt: skip


def _imputed(county: County, lang: Language) -> list[str]:
    villages = county.layers.villages
    lines = []
    imputed = int(np.count_nonzero(villages["population_imputed"]))
    if imputed:
        lines.append(word("statements.imputed", lang, count=imputed))
    if "population_source" in villages:
        modelled = int(villages["population_source"].isin(["within_count", "buildings", "default"]).sum())
        if modelled:
            lines.append(word("statements.modelled", lang, count=modelled))
    return lines


def _sources(county: County, lang: Language) -> str:
    region = county.region
    files = [source.path.rsplit("/", 1)[-1] for source in region.layers.present().values()]
    line = word("statements.sources", lang, files=("、" if lang == "zh" else ", ").join(dict.fromkeys(files)))
    if ".osm" in region.layers.roads.path and SAMPLE_MARK not in region.name:
        line += ("" if lang == "zh" else " ") + word("statements.osm", lang)
    return line


def _policy(result: CountyResult, lang: Language) -> list[str]:
    profile = result.county.profile
    if profile is None:
        return [word("statements.no_policy", lang)]
    if not profile.draft:
        return []
    return [word("statements.draft_policy", lang, title=profile.title if lang == "zh" else profile.title_en)]


def _map_use(result: CountyResult, lang: Language) -> str:
    document = result.county.region.document
    if document.map_use == "public":
        return word("statements.approval", lang, number=document.approval_number or "")
    return word("statements.internal", lang)
