"""List the figures of a result with number and title, and say of those that cannot be drawn what they lack."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from clinicplan.errors import Language
from clinicplan.report.figures import charts, maps, plan_maps
from clinicplan.report.plan_lines import CHOICES, gap_text
from clinicplan.words import word

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from clinicplan.report.figures.record import ResultRecord

Drawing = Callable[["ResultRecord", Sequence["Axes"], Language, float], Any]
"""Draws on the panels of a sheet, in a language, at a size."""


@dataclass(frozen=True)
class FigureEntry:
    """One figure of the document.

    Parameters
    ----------
    key
        Stable name, such as `circle-15`; with the number it names the files.
    number
        图号 without 图, such as `3-1`.
    title
        图名.
    draw
        Draws it on the panels of a sheet.
    is_map
        Whether it is a map; else a chart.
    panel_titles
        One a panel where there are several.
    lacks
        Why it cannot be drawn, in the reader's language; empty when it can.
    further
        What its notes say first.
    bounds
        West, south, east, north of what a map must show, metres; empty for the whole county.
    minutes
        Circle that it shows, where that is not the standard.
    """

    key: str
    number: str
    title: str
    draw: Drawing
    is_map: bool = True
    panel_titles: tuple[str, ...] = ()
    lacks: str = ""
    further: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()
    minutes: float | None = None

    @property
    def file_stem(self) -> str:
        """Name of its files without their ending."""
        return f"{self.number}_{self.key}"


ANNEX: Final = "A-1"
"""Number of the Lorenz curve, which stands in the technical annex."""


def figure_entries(record: ResultRecord, lang: Language) -> tuple[FigureEntry, ...]:
    """List every figure of the document in the order of its numbers, drawable or not.

    Parameters
    ----------
    record
        The result.
    lang
        Language of titles and reasons.

    Returns
    -------
    entries
        With the titles of the trade; the numbers are those of the chapter where the bands are 15 and 20 minutes.
    """
    return (*_present(record, lang), *_service(record, lang), *_planned(record, lang), *_scenarios(record, lang),
            _annex(record, lang))  # fmt: skip


def _title(key: str, record: ResultRecord, lang: Language, **values: object) -> str:
    return word(f"figures.title.{key}", lang, **{"name": record.region.name, **values})


def _lack(reason: str, lang: Language) -> str:
    return word(f"figures.lack.{reason}", lang)


def _present(record: ResultRecord, lang: Language) -> list[FigureEntry]:
    natural = record.ground.natural_villages is not None
    further = () if natural or record.ground.changed else (word("figures.note.natural_missing", lang),)
    return [
        FigureEntry(
            "settlements", "2-1", _title("settlements" if natural else "settlements_plain", record, lang),
            lambda own, panels, lang, unit: maps.draw_settlements(own, ax=panels[0], lang=lang, unit=unit),
            further=further,
        ),
        FigureEntry(
            "facilities", "2-2", _title("facilities", record, lang),
            lambda own, panels, lang, unit: maps.draw_facilities(own, ax=panels[0], lang=lang, unit=unit),
        ),
    ]  # fmt: skip


def _service(record: ResultRecord, lang: Language) -> list[FigureEntry]:
    """List the figures of chapter 3; the circles of all bands come first."""
    entries: list[FigureEntry] = []

    def add(key: str, title: str, draw: Drawing, **options: Any) -> None:
        entries.append(FigureEntry(key, f"3-{len(entries) + 1}", title, draw, **options))

    for minutes in record.bands_min:
        add(
            f"circle-{minutes:g}",
            _title("circle", record, lang, minutes=f"{minutes:g}"),
            _circle_drawing(minutes),
            minutes=minutes,
        )
    first = f"{_first_band(record):g}"
    key = "bars" if record.region.population_basis == "resident" else "bars_hukou"
    add(
        "reach", _title(key, record, lang, minutes=first),
        lambda own, panels, lang, unit: charts.draw_reach_by_township(own, ax=panels[0], lang=lang, unit=unit),
        is_map=False, lacks="" if record.bands_min else _lack("no_bands", lang), minutes=_first_band(record),
    )  # fmt: skip
    add(
        "outside", _title("outside", record, lang),
        lambda own, panels, lang, unit: maps.draw_outside(own, ax=panels[0], lang=lang, unit=unit),
    )  # fmt: skip
    ladder = record.summary["ladder"]
    steps = ("township_hospital", "county_hospital")
    add(
        "ladder", _title("ladder", record, lang), _ladder_drawing(steps),
        panel_titles=tuple(
            word(f"figures.ladder.title_{step}", lang, minutes=f"{ladder[step]['minutes']:g}",
                 share=f"{100 * (ladder[step]['people_share'] or 0):.1f}")
            for step in steps
        ),
    )  # fmt: skip
    return entries


def _first_band(record: ResultRecord) -> float:
    """Return the first band; without bands what a title says of a figure that cannot be drawn."""
    return record.bands_min[0] if record.bands_min else record.limit_min or 15.0


def _circle_drawing(minutes: float) -> Drawing:
    return lambda own, panels, lang, unit: maps.draw_circles(own, minutes, ax=panels[0], lang=lang, unit=unit)


def _ladder_drawing(steps: Sequence[str]) -> Drawing:
    def draw(own: ResultRecord, panels: Sequence[Axes], lang: Language, unit: float) -> None:
        for step, ax in zip(steps, panels, strict=True):
            maps.draw_upper_tier(own, step, ax=ax, lang=lang, unit=unit)

    return draw


def lacks_plan(record: ResultRecord) -> str:
    """Return why there is no layout of clinics to draw; empty where there is one."""
    if record.plan is None or record.proposals is None:
        return "no_plan"
    return "no_layout" if record.plan["model"] in CHOICES else ""


def _planned(record: ResultRecord, lang: Language) -> list[FigureEntry]:
    lacks = lacks_plan(record)
    first = _first_band(record)
    no_circle = lacks or ("no_bands" if not record.bands_min else "" if record.planned_circles is not None
                          else "no_planned_circle")  # fmt: skip
    sub_centres = [row for row in (record.plan or {}).get("sub_centres", []) if row["row"] == "hospital"]
    no_centres = "" if sub_centres else "no_sub_centres"
    km = f"{record.region.siting.sub_centres.min_km:g}"

    def compare(own: ResultRecord, panels: Sequence[Axes], lang: Language, unit: float) -> None:
        for ax, planned in zip(panels, (False, True), strict=True):
            plan_maps.draw_state(own, first, planned=planned, ax=ax, lang=lang, unit=unit)

    return [
        FigureEntry(
            "plan", "5-1", _title("plan", record, lang),
            lambda own, panels, lang, unit: plan_maps.draw_plan(own, ax=panels[0], lang=lang, unit=unit),
            lacks=_lack(lacks, lang) if lacks else "", further=proof_note(record, lang),
        ),
        FigureEntry(
            "comparison", "5-2", _title("comparison", record, lang, minutes=f"{first:g}"), compare,
            panel_titles=_comparison_titles(record, lang), lacks=_lack(no_circle, lang) if no_circle else "",
            further=proof_note(record, lang), minutes=first,
        ),
        FigureEntry(
            "sub-centres", "5-3", _title("sub_centres", record, lang, km=km),
            lambda own, panels, lang, unit: plan_maps.draw_sub_centres(own, ax=panels[0], lang=lang, unit=unit),
            lacks=_lack(no_centres, lang) if no_centres else "",
            further=(word("figures.note.road_km", lang), *proof_note(record, lang)),
        ),
    ]  # fmt: skip


def _comparison_titles(record: ResultRecord, lang: Language) -> tuple[str, ...]:
    """State the figures of the first band under each map."""
    titles = []
    for name, summary in (("today", record.summary), ("planned", record.summary.get("planned"))):
        band = (summary or {}).get("bands", [{}])[0]
        values = {"villages": f"{band.get('villages', 0):,}", "people": f"{band.get('people', 0):,}"}
        upper = f"{band.get('upto_min') or 0:g}"
        titles.append(
            word("figures.comparison", lang, state=word(f"figures.state.{name}", lang), upper=upper, **values)
        )
    return tuple(titles)


def proof_note(record: ResultRecord, lang: Language) -> tuple[str, ...]:
    """Say whether the plan is proven, and if not, how far from the best it may be; nothing without a plan."""
    if record.plan is None:
        return ()
    gap = gap_text(float(record.plan.get("gap") or 0.0))
    key = "plan.proven" if record.plan["status"] == "optimal" else "plan.within"
    return (word("figures.note.proven", lang, proof=word(key, lang, gap=gap)),)


def _scenarios(record: ResultRecord, lang: Language) -> list[FigureEntry]:
    """List the frontier, and the circle under a scenario where the result is one without a plan."""
    scenario = record.manifest.get("scenario")
    entries = [
        FigureEntry(
            "scenario", "6-2", _title("scenario", record, lang, scenario=scenario),
            _circle_drawing(record.bands_min[-1]), minutes=record.bands_min[-1],
        )
    ] if scenario and record.plan is None and record.bands_min else []  # fmt: skip
    return [
        FigureEntry(
            "frontier", "6-1", _title("frontier", record, lang),
            lambda own, panels, lang, unit: charts.draw_frontier(own, ax=panels[0], lang=lang, unit=unit),
            is_map=False, lacks="" if record.pareto is not None else _lack("no_frontier", lang),
        ),
        *entries,
    ]  # fmt: skip


def _annex(record: ResultRecord, lang: Language) -> FigureEntry:
    known = record.villages[record.villages["group"] == "village"]["time_min"].notna().any()
    return FigureEntry(
        "lorenz", ANNEX, _title("lorenz", record, lang),
        lambda own, panels, lang, unit: charts.draw_lorenz(own, ax=panels[0], lang=lang, unit=unit),
        is_map=False, lacks="" if known else _lack("no_times", lang),
    )  # fmt: skip
