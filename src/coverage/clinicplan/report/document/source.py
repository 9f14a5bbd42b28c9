"""Read a result folder back as the rows and figures of the planning document."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from clinicplan.errors import Language, OutputError, Severity
from clinicplan.results import MANIFEST
from clinicplan.words import fault, word

Row = dict[str, str]
"""A line of a table: text by column, empty where nothing is known."""
NEEDED: Final = ("summary.json", "villages.csv", "facilities.csv", "townships.csv")
FORMULA_SIGNS: Final = ("'=", "'+", "'-", "'@")
"""How `results.defuse` marks text that a spreadsheet would run."""


@dataclass(frozen=True, eq=False)
class DocumentSource:
    """What the document says is taken from here, and from nowhere else.

    Parameters
    ----------
    folder
        The result folder.
    lang
        Language of the document.
    manifest, summary
        The two files.
    villages, facilities, townships
        Rows of the tables; the last township row is the county.
    plan
        `plan.json`; None without one.
    audit
        `audit.json`; empty without one.
    pareto
        `pareto.csv`; empty without one.
    figures
        `figures/manifest.json`; empty where no figure was drawn.
    """

    folder: Path
    lang: Language
    manifest: Mapping[str, Any]
    summary: Mapping[str, Any]
    villages: tuple[Row, ...]
    facilities: tuple[Row, ...]
    townships: tuple[Row, ...]
    plan: Mapping[str, Any] | None
    audit: tuple[Mapping[str, Any], ...]
    pareto: tuple[Row, ...]
    figures: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"DocumentSource({self.folder.name}, {len(self.villages)} villages, plan: {self.plan is not None})"

    def say(self, key: str, /, **values: object) -> str:
        """Return an entry of the document's vocabulary."""
        return word(f"document.{key}", self.lang, **values)

    def joined(self, parts: Any) -> str:
        """Join names as the language does."""
        return ("、" if self.lang == "zh" else ", ").join(str(part) for part in parts)

    @property
    def region(self) -> Mapping[str, Any]:
        """The resolved region file."""
        table: Mapping[str, Any] = self.manifest["region"]
        return table

    @property
    def about(self) -> Mapping[str, Any]:
        """The table `[document]` of the region file."""
        table: Mapping[str, Any] = self.region.get("document") or {}
        return table

    @property
    def name(self) -> str:
        """Name of the county."""
        return str(self.region["name"])

    @property
    def people(self) -> str:
        """What the population is called: resident or registered."""
        return self.say(f"people.{self.region.get('population_basis', 'resident')}")

    @property
    def bands(self) -> tuple[float, ...]:
        """Upper ends of the time bands, minutes."""
        return tuple(float(band["upto_min"]) for band in self.summary["bands"] if band["upto_min"] is not None)

    @property
    def assessed(self) -> tuple[Row, ...]:
        """Ordinary villages that could be assessed, by township in code order."""
        return tuple(row for row in self.in_order(self.villages) if row["group"] == "village")

    @property
    def township_names(self) -> tuple[str, ...]:
        """Townships in code order."""
        return tuple(row["township"] for row in self.townships[:-1])

    def in_order(self, rows: Any) -> tuple[Row, ...]:
        """Return rows by township in code order, within it by the code of the village."""
        place = {name: number for number, name in enumerate(self.township_names)}
        return tuple(sorted(rows, key=lambda row: (place.get(row["township"], len(place)), row["village_id"])))

    @property
    def village_rows(self) -> dict[str, Row]:
        """Rows of villages by id."""
        return {row["village_id"]: row for row in self.villages}

    @property
    def facility_rows(self) -> dict[str, Row]:
        """Rows of facilities by id."""
        return {row["facility_id"]: row for row in self.facilities}

    @property
    def site_names(self) -> dict[str, str]:
        """Names of facilities and of new sites, these called by their village."""
        villages = self.village_rows
        new = {
            str(site["site_id"]): self.say("new_site", village=villages[site["village_id"]]["name"])
            for site in (self.plan or {}).get("sites", [])
            if site["village_id"] in villages
        }
        return new | {name: row["name"] for name, row in self.facility_rows.items()}


def read_source(folder: str | Path, lang: Language) -> DocumentSource:
    """Read what the document needs.

    Parameters
    ----------
    folder
        A result folder of `run` or `site`.
    lang
        Language of the document.

    Returns
    -------
    source
        Everything as text and plain values.

    Raises
    ------
    OutputError
        If the folder is no complete result.
    """
    path = Path(folder)
    manifest = _json(path / MANIFEST, {})
    if "region" not in manifest:
        raise OutputError(fault(Severity.ERROR, "not_a_result", folder=str(path)))
    absent = [name for name in NEEDED if not (path / name).is_file()]
    if absent:
        files = ", ".join(absent)
        raise OutputError(fault(Severity.ERROR, "incomplete_result", subject="document", folder=str(path), files=files))
    return DocumentSource(
        folder=path,
        lang=lang,
        manifest=manifest,
        summary=_json(path / "summary.json", {}),
        villages=_rows(path / "villages.csv"),
        facilities=_rows(path / "facilities.csv"),
        townships=_rows(path / "townships.csv"),
        plan=_json(path / "plan.json", None),
        audit=tuple(_json(path / "audit.json", [])),
        pareto=_rows(path / "pareto.csv"),
        figures=_json(path / "figures" / MANIFEST, {}),
    )


def _json(path: Path, otherwise: Any) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else otherwise


def _rows(path: Path) -> tuple[Row, ...]:
    if not path.is_file():
        return ()
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return tuple({name: _as_written(text) for name, text in row.items()} for row in csv.DictReader(stream))


def _as_written(text: str | None) -> str:
    """Take back the apostrophe that kept a spreadsheet from running a text."""
    return (text or "")[1:] if (text or "").startswith(FORMULA_SIGNS) else text or ""
