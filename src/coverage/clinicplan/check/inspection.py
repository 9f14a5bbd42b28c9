"""Hold what a check found and say it: lines for the screen, a table for the workbook, figures to judge the data by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.check.access_report import access_figures
from clinicplan.check.layer_columns import flags, numbers, positions, texts
from clinicplan.errors import Fault, Language, Severity, fault_line
from clinicplan.terms import COUNTS_AS, EXEMPT_STATUSES, LAYER_NAMES
from clinicplan.words import word

if TYPE_CHECKING:
    import pandas as pd

    from clinicplan.check.layer_check import CheckedLayer
    from clinicplan.check.matching import ClinicMatches
    from clinicplan.check.road_check import RoadParts
    from clinicplan.network.snapping import AccessLegs

SEVERITIES: Final = (Severity.ERROR, Severity.PENDING, Severity.NOTE)
LAYER_ORDER: Final = ("region", *LAYER_NAMES)
MOST_LINES_OF_A_KIND: Final = 10
"""On the screen; the table has every one."""
LINE_INDENT: Final = "  "


@dataclass(frozen=True)
class Figure:
    """One figure about the data.

    Parameters
    ----------
    layer
        What it is about, such as `villages`.
    name
        Key under `figures.item` of `words/check.toml`, or `tier.NAME` for the number of facilities of a tier.
    value
        Number, or for `datum` one of wgs84, gcj02, bd09, cannot_tell.
    unit
        `count`, `people`, `m`, `km`, `pairs` or `none`.
    """

    layer: str
    name: str
    value: float | str
    unit: str = "none"

    def label(self, lang: Language) -> str:
        """Return what the figure is called."""
        if self.name.startswith("tier."):
            return word(f"general.{self.name}", lang)
        return word(f"check.figures.item.{self.name}", lang)

    def shown(self, lang: Language) -> str:
        """Return the figure as printed: whole, but for kilometres, with its unit."""
        if isinstance(self.value, str):
            return word(f"check.datum.{self.value}", lang)
        number = f"{self.value:,.1f}" if self.unit == "km" else f"{self.value:,.0f}"
        unit = word(f"check.figures.unit.{self.unit}", lang)
        return f"{number} {unit}".strip()


@dataclass(frozen=True, eq=False)
class Inspection:
    """What was found in the data of a county.

    Parameters
    ----------
    faults
        Everything found, by severity, then layer.
    figures
        Counts and distances that say how complete the data are.
    matches
        Own clinics of villages.
    """

    faults: tuple[Fault, ...]
    figures: tuple[Figure, ...]
    matches: ClinicMatches

    def __repr__(self) -> str:
        counts = ", ".join(f"{count} {severity}" for severity, count in self.counts.items())
        return f"Inspection({counts})"

    @property
    def counts(self) -> dict[str, int]:
        """Number of faults by severity."""
        return {str(kind): sum(item.severity is kind for item in self.faults) for kind in SEVERITIES}

    @property
    def statistics(self) -> dict[str, float | str]:
        """The figures by `layer.name`."""
        return {f"{figure.layer}.{figure.name}": figure.value for figure in self.figures}

    def to_frame(self, lang: Language = "zh") -> pd.DataFrame:
        """Return the faults as a table, one row a row of the file.

        Returns
        -------
        table
            `fault` (number of the fault; rows of one fault share it), `severity, code, layer, file, row` (missing
            where a fault is about no row), `id, found, allowed, remedy`.
        """
        import pandas as pd

        records = [record for number, item in enumerate(self.faults, 1) for record in _records(number, item, lang)]
        columns = ["fault", "severity", "code", "layer", "file", "row", "id", "found", "allowed", "remedy"]
        return pd.DataFrame(records, columns=columns).astype({"row": "Int64"})

    def figures_frame(self, lang: Language = "zh") -> pd.DataFrame:
        """Return the figures as a table: `layer, name, value, unit`, in words of one language."""
        import pandas as pd

        rows = [
            (
                _layer_word(figure.layer, lang),
                figure.label(lang),
                figure.shown(lang) if isinstance(figure.value, str) else figure.value,
                word(f"check.figures.unit.{figure.unit}", lang),
            )
            for figure in self.figures
        ]
        return pd.DataFrame(rows, columns=["layer", "name", "value", "unit"])

    def lines(self, lang: Language = "zh") -> list[str]:
        """Return what to print: the count of each severity, the faults under it by layer, the figures."""
        lines = [word("check.summary", lang, **self.counts)]
        for severity in SEVERITIES:
            lines += self._lines_of(severity, lang)
        return [*lines, *self._figure_lines(lang)]

    def _lines_of(self, severity: Severity, lang: Language) -> Iterator[str]:
        chosen = [item for item in self.faults if item.severity is severity]
        if chosen:
            yield word("check.severity_heading", lang, severity=word(f"general.severity.{severity}", lang))
        for layer in dict.fromkeys(item.layer for item in chosen):
            kinds: dict[str, list[Fault]] = defaultdict(list)
            for item in chosen:
                if item.layer == layer:
                    kinds[item.code].append(item)
            for items in kinds.values():
                yield from _lines_of_a_kind(items, layer, lang)

    def _figure_lines(self, lang: Language) -> Iterator[str]:
        if self.figures:
            yield word("check.severity_heading", lang, severity=word("check.figures_heading", lang))
        for layer in dict.fromkeys(figure.layer for figure in self.figures):
            parts = [
                word("check.figure", lang, name=figure.label(lang), value=figure.shown(lang))
                for figure in self.figures
                if figure.layer == layer
            ]
            text = word("check.separator", lang).join(parts)
            yield LINE_INDENT + word("check.figure_line", lang, layer=_layer_word(layer, lang), figures=text)


def layer_figures(checked: Mapping[str, CheckedLayer], matches: ClinicMatches, n_duplicates: int) -> list[Figure]:
    """Count what is in the layers and what is missing from them."""
    from clinicplan.check.layer_check import CLINIC_TIERS, villages_with_duty

    figures = [*_village_figures(checked["villages"])]
    owners = {
        village
        for village, tier in zip(matches.village_id, texts(checked["facilities"].frame, "tier"), strict=True)
        if village and tier in CLINIC_TIERS
    }
    asked = villages_with_duty(checked["villages"])
    without = sum(checked["villages"].ids[row] not in owners for row in asked)
    figures.append(Figure("villages", "without_clinic", without, "count"))
    figures += _facility_figures(checked["facilities"], matches, n_duplicates)
    for name in ("natural_villages", "candidates", "townships"):
        if name in checked:
            figures += [Figure(name, "rows", len(checked[name].frame), "count")]
    return figures


def road_figures(
    legs: AccessLegs, points: Mapping[str, NDArray[np.int64]], parts: RoadParts, n_cut_off: int
) -> list[Figure]:
    """Measure how points reach the roads, and how the roads hang together."""
    figures = []
    for name, rows in points.items():
        walks = access_figures(legs, rows)
        if walks.n_points:
            figures += [
                Figure(name, "access_median", walks.median_m, "m"),
                Figure(name, "access_p90", walks.p90_m, "m"),
                Figure(name, "access_over", walks.n_long, "count"),
            ]
        figures.append(Figure(name, "off_road", int((legs.reason[rows] == "off_road").sum()), "count"))
    whole_km = float(parts.length_m.sum()) / 1000
    return [
        *figures,
        Figure("roads", "road_length", whole_km, "km"),
        Figure("roads", "parts", parts.n_parts, "count"),
        Figure("roads", "cut_off_length", whole_km - float(parts.length_m[parts.main]) / 1000, "km"),
        Figure("roads", "cut_off_villages", n_cut_off, "count"),
    ]


def _village_figures(layer: CheckedLayer) -> list[Figure]:
    frame = layer.frame
    people, kinds = numbers(frame, "population"), texts(frame, "kind")
    counts = {
        "rows": len(frame),
        "placed": int(np.isfinite(positions(frame)[0]).sum()),
        "pending": sum(map(bool, texts(frame, "pending"))),
        "communities": sum(kind not in ("village", "") for kind in kinds),
        "exempt": sum(status in EXEMPT_STATUSES for status in texts(frame, "status")),
        "population_unknown": int(np.isnan(people).sum()),
    }
    figures = [Figure("villages", name, count, "count") for name, count in counts.items()]
    return [*figures, Figure("villages", "population", float(np.nansum(people)), "people")]


def _facility_figures(layer: CheckedLayer, matches: ClinicMatches, n_duplicates: int) -> list[Figure]:
    frame = layer.frame
    tiers, methods = texts(frame, "tier"), matches.counts()
    counts = {
        "rows": len(frame),
        "placed": int(np.isfinite(positions(frame)[0]).sum()),
        "outside_county": int(flags(frame, "outside_county").sum()),
        "closed": texts(frame, "operating").count("no"),
        "matched": sum(methods[name] for name in ("id", "name", "polygon", "nearest_road")),
        "ambiguous": methods["ambiguous"],
        "unmatched": methods["unmatched"],
        **{f"tier.{tier}": tiers.count(tier) for tier in COUNTS_AS if tier in tiers},
    }
    figures = [Figure("facilities", name, count, "count") for name, count in counts.items()]
    return [*figures, Figure("facilities", "duplicates", n_duplicates, "pairs")]


def _records(number: int, item: Fault, lang: Language) -> Iterator[tuple[Any, ...]]:
    """Return the table rows of one fault: one a row of the file or an id, else one."""
    texts_of = tuple(part.text(lang).strip() for part in (item.found, item.allowed, item.remedy))
    severity = word(f"general.severity.{item.severity}", lang)
    count = max(len(item.rows), len(item.ids), 1)
    for place in range(count):
        row = item.rows[place] if place < len(item.rows) else None
        code = item.ids[place] if place < len(item.ids) else ""
        yield number, severity, item.code, _layer_word(item.layer, lang), item.file, row, code, *texts_of


def _lines_of_a_kind(items: Sequence[Fault], layer: str, lang: Language) -> Iterator[str]:
    for item in items[:MOST_LINES_OF_A_KIND]:
        yield f"{LINE_INDENT}{_layer_word(layer, lang)} | {fault_line(item, lang)}".replace("  | ", "  ")
    if len(items) > MOST_LINES_OF_A_KIND:
        yield LINE_INDENT * 2 + word("check.more", lang, count=len(items) - MOST_LINES_OF_A_KIND)


def _layer_word(layer: str, lang: Language) -> str:
    return word(f"check.layer.{layer}", lang) if layer in (*LAYER_ORDER, "speeds") else layer
