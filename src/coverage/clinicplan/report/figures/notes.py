"""Say under each figure who is counted, how people travel, what is set aside, where the data come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from clinicplan.errors import Language
from clinicplan.report.figures.lines import plain
from clinicplan.report.figures.sheet import TitleBlock
from clinicplan.report.headline import limit_text, percent
from clinicplan.report.statements import SAMPLE_MARK
from clinicplan.words import word

if TYPE_CHECKING:
    from clinicplan.report.figures.record import ResultRecord

THREE_DEGREE_PLAIN: Final = range(4534, 4555)
"""EPSG codes of CGCS2000 3-degree zones by central meridian, 75°E to 135°E."""
THREE_DEGREE_ZONED: Final = range(4513, 4534)
SIX_DEGREE_PLAIN: Final = range(4502, 4513)
SIX_DEGREE_ZONED: Final = range(4491, 4502)
FIRST_MERIDIAN: Final = 75


def title_block(record: ResultRecord, number: str, title: str, notes: tuple[str, ...], lang: Language) -> TitleBlock:
    """Return what stands around a figure, from `[document]` of the region.

    Parameters
    ----------
    record
        The result.
    number
        Such as `3-1`.
    title
        图名.
    notes
        From `figure_notes`.
    lang
        Language.

    Returns
    -------
    block
        Fields that the region does not give are empty: a line to be filled by hand.
    """
    document = record.region.document
    return TitleBlock(
        number=word("figures.number", lang, number=number),
        title=plain(title),
        project=plain(document.title or ""),
        unit=plain(document.unit or ""),
        date=plain(document.date or ""),
        version=plain(document.version or ""),
        use=use_line(record, lang),
        notes=tuple(plain(note) for note in notes),
    )


def use_line(record: ResultRecord, lang: Language) -> str:
    """Return the line on the use of a figure: internal, or the approval number of a public map."""
    document = record.region.document
    if document.map_use == "public":
        return plain(word("figures.approval", lang, number=document.approval_number or ""))
    return word("figures.internal", lang)


def figure_notes(
    record: ResultRecord, lang: Language, *, is_map: bool, minutes: float | None = None, further: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Return the statements that a figure carries, in the order of the trade.

    Parameters
    ----------
    record
        The result.
    lang
        Language.
    is_map
        Whether it shows places: adds the reference system and the line on boundaries.
    minutes
        Circle that the figure shows, where that is not the standard.
    further
        What only this figure has to say; stands first.

    Returns
    -------
    notes
        Sentences.
    """
    summary, region = record.summary, record.region
    date = summary["date"]
    limit = limit_text(summary, lang) if minutes is None else word("general.minutes", lang, minutes=f"{minutes:g}")
    low, high = summary["share_range"]
    pending, scenario = summary["pending"], record.manifest.get("scenario")
    parts = [
        *([word("statements.synthetic", lang)] if SAMPLE_MARK in region.name else []),
        *([word("figures.note.scenario", lang, name=scenario)] if scenario else []),
        *further,
        word("statements.data_date", lang, date=date) if date else word("statements.data_date_unknown", lang),
        _who(record, lang),
        _speeds(record, lang),
        word("statements.inclusive", lang, limit=limit),
        word(f"statements.{summary['direction']}", lang),
        word("statements.pending", lang, villages=pending["villages"], facilities=pending["facilities"],
             low=percent(low), high=percent(high)),
        *([reference_system(record.boundary.crs, lang)] if is_map else []),
        _sources(record, lang),
        *([word("statements.boundary", lang)] if is_map else []),
        word("statements.advice", lang),
    ]  # fmt: skip
    if is_map and record.ground.changed:
        layers = ("、" if lang == "zh" else ", ").join(record.ground.changed)
        parts.append(word("figures.note.ground_missing", lang, layers=layers))
    return tuple(parts)


def reference_system(crs: Any, lang: Language) -> str:
    """Name a reference system in the trade's words.

    Examples
    --------
    >>> from pyproj import CRS
    >>> reference_system(CRS(4549), "zh")
    '2000国家大地坐标系，高斯-克吕格投影，3度带，中央经线120°E。'
    """
    code = crs.to_epsg() if crs is not None else None
    for codes, degrees in (
        (THREE_DEGREE_PLAIN, 3), (THREE_DEGREE_ZONED, 3), (SIX_DEGREE_PLAIN, 6), (SIX_DEGREE_ZONED, 6),
    ):  # fmt: skip
        if code is not None and code in codes:
            meridian = FIRST_MERIDIAN + degrees * (code - codes.start)
            return word("figures.crs.gauss", lang, degrees=degrees, meridian=meridian)
    if crs is not None and crs.utm_zone:
        return word("figures.crs.utm", lang, zone=crs.utm_zone)
    return word("figures.crs.other", lang, name="" if crs is None else crs.name)


def _who(record: ResultRecord, lang: Language) -> str:
    years = record.ground.population_years
    year = word("statements.year", lang, year="、".join(map(str, years))) if years else ""
    return word(f"statements.who_{record.region.population_basis}", lang, year=year)


def _speeds(record: ResultRecord, lang: Language) -> str:
    """Name the speeds of the mode on three classes of road, from the parameters in the manifest."""
    travel = record.region.travel
    table = pd.DataFrame(record.manifest["parameters"])
    own = table[table["mode"] == travel.mode].set_index("item")["value"]
    shown = [
        word("statements.class_speed", lang, road=word(f"statements.road.{road}", lang), kmh=f"{own[item]:g}")
        for road in ("primary", "tertiary", "unclassified")
        if (item := f"kmh.{road}") in own
    ]
    return word(
        "statements.speeds", lang, mode=word(f"general.mode.{travel.mode}", lang),
        speeds=("、" if lang == "zh" else ", ").join(shown), access=f"{travel.access_kmh:g}",
    )  # fmt: skip


def _sources(record: ResultRecord, lang: Language) -> str:
    region = record.region
    files = [source.path.rsplit("/", 1)[-1] for source in region.layers.present().values()]
    line = word("statements.sources", lang, files=("、" if lang == "zh" else ", ").join(dict.fromkeys(files)))
    if ".osm" in region.layers.roads.path and SAMPLE_MARK not in region.name:
        line += ("" if lang == "zh" else " ") + word("statements.osm", lang)
    return line
