"""State under every table what the trade demands: date, people, speeds, limit, direction, rows set aside, sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clinicplan.report.headline import limit_text, percent
from clinicplan.report.statements import SAMPLE_MARK
from clinicplan.words import word

if TYPE_CHECKING:
    from clinicplan.report.document.source import DocumentSource

SPEED_ROADS = ("primary", "tertiary", "unclassified")


def table_statements(source: DocumentSource) -> tuple[str, ...]:
    """Return what every table says after its own notes, from the result folder alone."""
    summary, region, lang = source.summary, source.region, source.lang
    low, high = summary["share_range"]
    date = summary["date"]
    pending, scenario = summary["pending"], source.manifest.get("scenario")
    return (
        *([word("statements.synthetic", lang)] if SAMPLE_MARK in source.name else []),
        *([word("figures.note.scenario", lang, name=scenario)] if scenario else []),
        word("statements.data_date", lang, date=date) if date else word("statements.data_date_unknown", lang),
        word(f"statements.who_{region['population_basis']}", lang, year=_years(source)),
        _speeds(source),
        word("statements.inclusive", lang, limit=limit_text(dict(summary), lang)),
        word(f"statements.{summary['direction']}", lang),
        word("statements.pending", lang, villages=pending["villages"], facilities=pending["facilities"],
             low=percent(low), high=percent(high)),
        word("statements.advice", lang),
    )  # fmt: skip


def sources_line(source: DocumentSource) -> str:
    """Return 资料来源: the files that went in."""
    layers = {name: layer for name, layer in source.region["layers"].items() if layer}
    files = [str(layer["path"]).rsplit("/", 1)[-1] for layer in layers.values()]
    line = word("statements.sources", source.lang, files=source.joined(dict.fromkeys(files)))
    if ".osm" in layers["roads"]["path"] and SAMPLE_MARK not in source.name:
        line += ("" if source.lang == "zh" else " ") + word("statements.osm", source.lang)
    return line


def _years(source: DocumentSource) -> str:
    """Name the years of the population figures; say so where the files do not; nothing for a result of old."""
    known = source.manifest.get("population_years")
    if known is None:
        return ""
    if known:
        return word("statements.year", source.lang, year="、".join(map(str, known)))
    return source.say("year_unknown")


def _speeds(source: DocumentSource) -> str:
    travel, lang = source.region["travel"], source.lang
    values = {row["item"]: row["value"] for row in source.manifest["parameters"] if row["mode"] == travel["mode"]}
    shown = [
        word("statements.class_speed", lang, road=word(f"statements.road.{road}", lang), kmh=f"{values[item]:g}")
        for road in SPEED_ROADS
        if (item := f"kmh.{road}") in values
    ]
    return word(
        "statements.speeds", lang, mode=word(f"general.mode.{travel['mode']}", lang), speeds=source.joined(shown),
        access=f"{travel['access_kmh']:g}",
    )  # fmt: skip
