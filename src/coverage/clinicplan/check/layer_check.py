"""Find what is doubtful in the layers of a county, one function a question; each takes tables and returns faults."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.check.layer_columns import numbers, positions, texts
from clinicplan.check.place_names import township_named
from clinicplan.errors import Fault, Phrase, Severity
from clinicplan.terms import EXEMPT_STATUSES
from clinicplan.words import fault, phrase

if TYPE_CHECKING:
    import geopandas as gpd

    from clinicplan.check.datum_check import DatumGuess
    from clinicplan.check.duplicates import SuspectedDuplicate
    from clinicplan.check.matching import ClinicMatches

ID_COLUMNS: Final = {
    "villages": "village_id",
    "facilities": "facility_id",
    "natural_villages": "natural_village_id",
    "candidates": "candidate_id",
    "townships": "township",
}
LARGEST_TOWNSHIP_DIFFERENCE: Final = 0.10
COARSE_STEP_DEGREES: Final = 0.001
"""Coordinates on this grid in both directions were given to three decimals or fewer."""
COARSE_TOLERANCE_DEGREES: Final = 1e-7
"""Converting to the metric system and back moves a position by less."""
CLINIC_TIERS: Final = ("village_clinic", "central_clinic", "community_station")
"""Tiers that are a village's own clinic; a service point is not one."""


@dataclass(frozen=True, eq=False)
class CheckedLayer:
    """A layer as it is checked: its name, its file and its rows.

    Parameters
    ----------
    name
        Name of the layer, such as `villages`.
    file
        File name as messages show it.
    frame
        The rows; `source_row` gives the row in the file, where known.
    """

    name: str
    file: str
    frame: gpd.GeoDataFrame

    @cached_property
    def ids(self) -> list[str]:
        """Id of every row."""
        return texts(self.frame, ID_COLUMNS[self.name])

    @cached_property
    def file_rows(self) -> list[int]:
        """Row of every row in the file; empty where the layer does not know them."""
        return [int(row) for row in self.frame["source_row"]] if "source_row" in self.frame else []

    def fault(
        self, severity: Severity, code: str, chosen: Iterable[int], *, count: int | None = None, **values: object
    ) -> Fault:
        """Make a fault about chosen rows of this layer, from the words of the check."""
        chosen = list(chosen)
        rows = tuple(self.file_rows[row] for row in chosen) if self.file_rows else ()
        return fault(
            severity, code, subject="check", layer=self.name, file=self.file,
            rows=rows, ids=tuple(self.ids[row] for row in chosen),
            count=len(chosen) if count is None else count, **values,
        )  # fmt: skip


def faults_of_copied_coordinates(layer: CheckedLayer) -> list[Fault]:
    """List groups of rows that stand at the very same coordinates (to the millimetre), one note a group."""
    x, y = positions(layer.frame)
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    for row in np.flatnonzero(np.isfinite(x)).tolist():
        groups[round(x[row] * 1000), round(y[row] * 1000)].append(row)
    return [layer.fault(Severity.NOTE, "copied_coordinates", rows) for rows in groups.values() if len(rows) > 1]


def faults_of_coarse_coordinates(
    layer: CheckedLayer, lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> list[Fault]:
    """List rows whose degrees, as the file has them, end at the third decimal or before.

    A row of finer coordinates lands on that grid by chance once in a million.
    """
    coarse = _on_grid(lon) & _on_grid(lat)
    rows = np.flatnonzero(coarse).tolist()
    return [layer.fault(Severity.NOTE, "coarse_coordinates", rows)] if rows else []


def faults_of_township_sums(villages: CheckedLayer, townships: CheckedLayer) -> list[Fault]:
    """List townships whose villages add up to more than 10 % more or less than the township's own total.

    All units count against `population`; where a township gives only `rural_population`, units of kind `village` do.
    Townships without a total are passed over.
    """
    names = texts(townships.frame, "township")
    home = _home_townships(villages, names)
    people = numbers(villages.frame, "population")
    kind = np.array(texts(villages.frame, "kind"), dtype=object)
    found = []
    for row, basis, total in _township_totals(townships):
        counted = np.array([place == names[row] for place in home], dtype=np.bool_)
        if basis == "rural_population":
            counted &= kind == "village"
        difference = float(np.nansum(people[counted])) - total
        # Compared in whole people: 10 % of the total, inclusive.
        if counted.any() and abs(difference) * 10 > total:
            found.append(_sum_fault(townships, row, basis, people[counted], total))
    return found


def faults_of_empty_townships(villages: CheckedLayer, townships: CheckedLayer) -> list[Fault]:
    """List townships that no village names; the other way round is found when the layers are read."""
    names = texts(townships.frame, "township")
    home = set(_home_townships(villages, names))
    empty = [row for row, name in enumerate(names) if name and name not in home]
    return [townships.fault(Severity.NOTE, "township_without_villages", [row], township=names[row]) for row in empty]


def faults_of_unknown_villages(layer: CheckedLayer, village_ids: Sequence[str]) -> list[Fault]:
    """List rows whose `village_id` is no village's.

    A natural village of an unknown village is set aside, for its people count nowhere; other layers get a note.
    """
    known = set(village_ids)
    named = texts(layer.frame, "village_id")
    rows = [row for row, village in enumerate(named) if village and village not in known]
    if not rows:
        return []
    severity = Severity.PENDING if layer.name == "natural_villages" else Severity.NOTE
    villages = phrase_list(list(dict.fromkeys(named[row] for row in rows)))
    return [layer.fault(severity, f"{layer.name}_unknown_village", rows, villages=villages)]


def faults_of_matches(facilities: CheckedLayer, matches: ClinicMatches) -> list[Fault]:
    """List clinics whose village is unclear, unknown, or rests on nearness or on a name of another kind of unit."""
    names = texts(facilities.frame, "name")
    rows_of = {method: np.flatnonzero(matches.method == method).tolist() for method in ("ambiguous", "nearest_road")}
    found = [
        facilities.fault(Severity.NOTE, "clinic_ambiguous", [row], name=names[row], detail=_sentence(matches, row))
        for row in rows_of["ambiguous"]
    ]
    unmatched: dict[str, list[int]] = defaultdict(list)
    for row in np.flatnonzero(matches.method == "unmatched").tolist():
        unmatched[matches.detail[row]].append(row)
    found += [
        facilities.fault(Severity.NOTE, "clinic_unmatched", rows, detail=_sentence(matches, rows[0]))
        for rows in unmatched.values()
    ]
    if rows_of["nearest_road"]:
        found.append(facilities.fault(Severity.NOTE, "clinic_by_nearness", rows_of["nearest_road"]))
    other = np.flatnonzero((matches.method == "name") & (matches.detail == "other_unit")).tolist()
    return [*found, *([facilities.fault(Severity.NOTE, "clinic_other_unit", other)] if other else [])]


def faults_of_villages_without_clinic(
    villages: CheckedLayer, facilities: CheckedLayer, matches: ClinicMatches
) -> list[Fault]:
    """Count villages without an own clinic, and villages whose own clinics are all out of operation.

    Rows of kind `village` count, relocated and urbanised ones left out. For information: neither is a fault of the
    data.
    """
    asked = villages_with_duty(villages)
    tier, operating = texts(facilities.frame, "tier"), texts(facilities.frame, "operating")
    state: dict[str, set[str]] = defaultdict(set)
    for row, village in enumerate(matches.village_id):
        if village:
            state[village].add(
                ("closed" if operating[row] == "no" else "open") if tier[row] in CLINIC_TIERS else "point"
            )
    ids = villages.ids
    without = [row for row in asked if not state[ids[row]] & {"open", "closed"}]
    closed = [row for row in asked if "closed" in state[ids[row]] and "open" not in state[ids[row]]]
    points_only = sum("point" in state[ids[row]] for row in without)
    found = []
    if without:
        values = {"villages": len(asked), "points_only": points_only}
        found.append(villages.fault(Severity.NOTE, "village_without_clinic", without, **values))
    if closed:
        found.append(villages.fault(Severity.NOTE, "village_clinic_closed", closed))
    return found


def faults_of_duplicates(facilities: CheckedLayer, pairs: Iterable[SuspectedDuplicate]) -> list[Fault]:
    """List suspected duplicates, one note for facilities that hang together by pairs.

    Pairs at the very same coordinates and of other names are left to `faults_of_copied_coordinates`.
    """
    suspected = [pair for pair in pairs if pair.reason != "same_place"]
    clusters = _clusters([(pair.first_row, pair.second_row) for pair in suspected])
    within = {row: number for number, rows in enumerate(clusters) for row in rows}
    pairs_of: dict[int, list[SuspectedDuplicate]] = defaultdict(list)
    for pair in suspected:
        pairs_of[within[pair.first_row]].append(pair)
    return [_duplicate_fault(facilities, rows, pairs_of[number]) for number, rows in enumerate(clusters)]


def faults_of_datum(layer: CheckedLayer, guess: DatumGuess, source: str = "") -> list[Fault]:
    """Say where the points of a layer, or of one source within it, look to be in another datum or in two."""
    points = phrase("check.datum.of_source", source=source) if source else phrase("check.datum.whole_layer")
    best = phrase(f"check.datum.{guess.best}")
    found = []
    if guess.contradicts_declared:
        declared = "wgs84" if guess.declared == "cgcs2000" else guess.declared
        found.append(
            layer.fault(
                Severity.NOTE, "datum_differs", (), count=guess.n_places, points=points, best=best, datum=guess.best,
                declared=phrase(f"check.datum.{guess.declared}"), table=layer.name, n=guess.n_places,
                best_m=f"{guess.median_distance_m[guess.best]:.0f}",
                declared_m=f"{guess.median_distance_m[declared]:.0f}", confidence=f"{guess.confidence * 100:.0f}",
            )
        )  # fmt: skip
    if guess.looks_mixed:
        stray, share = phrase(f"check.datum.{guess.stray}"), f"{guess.stray_share * 100:.0f}"
        values = {"points": points, "best": best, "stray": stray, "share": share}
        found.append(layer.fault(Severity.NOTE, "datum_mixed", (), count=guess.n_places, **values))
    return found


def phrase_list(items: Sequence[str], most: int = 8) -> Phrase:
    """Return the first few of a list of names in both languages.

    Examples
    --------
    >>> phrase_list(["A", "B"]).zh
    'A、B'
    """
    shown = [*items[:most], *(["…"] if len(items) > most else [])]
    return Phrase("、".join(shown), ", ".join(shown))


def _clusters(pairs: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Return groups of rows that hang together by pairs, each in ascending order, the group of the first row first."""
    group: dict[int, set[int]] = {}
    for first, second in pairs:
        joined = group.get(first, {first}) | group.get(second, {second})
        group |= dict.fromkeys(joined, joined)
    return [sorted(rows) for row, rows in sorted(group.items()) if row == min(rows)]


def _duplicate_fault(facilities: CheckedLayer, rows: Sequence[int], pairs: Sequence[SuspectedDuplicate]) -> Fault:
    names = texts(facilities.frame, "name")
    if len(rows) > 2:
        listed = phrase_list([names[row] for row in rows])
        return facilities.fault(Severity.NOTE, "suspected_duplicates", rows, names=listed)
    reason = Phrase(pairs[0].sentence("zh"), pairs[0].sentence("en"))
    first, second = (names[row] for row in rows)
    return facilities.fault(Severity.NOTE, "suspected_duplicate", rows, first=first, second=second, reason=reason)


def _sentence(matches: ClinicMatches, row: int) -> Phrase:
    return Phrase(matches.sentence(row, "zh"), matches.sentence(row, "en"))


def _on_grid(degrees: NDArray[np.float64]) -> NDArray[np.bool_]:
    steps = degrees / COARSE_STEP_DEGREES
    near = np.abs(steps - np.rint(steps)) * COARSE_STEP_DEGREES <= COARSE_TOLERANCE_DEGREES
    return np.isfinite(degrees) & near


def _home_townships(villages: CheckedLayer, names: Sequence[str]) -> list[str]:
    """Return the township of each village as the townships layer writes it, empty where it has none such."""
    written = texts(villages.frame, "township")
    known = {cell: township_named(cell, names) for cell in dict.fromkeys(written)}
    return [known[cell] for cell in written]


def _township_totals(townships: CheckedLayer) -> Iterable[tuple[int, str, int]]:
    """Yield row, basis and total of each township that gives one."""
    columns = {basis: numbers(townships.frame, basis) for basis in ("population", "rural_population")}
    for row in range(len(townships.frame)):
        for basis, totals in columns.items():
            if np.isfinite(totals[row]) and totals[row] > 0:
                yield row, basis, round(float(totals[row]))
                break


def _sum_fault(townships: CheckedLayer, row: int, basis: str, people: NDArray[np.float64], total: int) -> Fault:
    added = int(np.nansum(people))
    unknown = int(np.isnan(people).sum())
    code = "township_sum_incomplete" if unknown else "township_sum"
    return townships.fault(
        Severity.NOTE, code, [row], township=texts(townships.frame, "township")[row], unknown=unknown,
        basis=phrase(f"check.basis.{basis}"), villages_sum=f"{added:,}", total=f"{total:,}",
        difference_percent=f"{abs(added - total) / total * 100:.1f}",
    )  # fmt: skip


def villages_with_duty(villages: CheckedLayer) -> list[int]:
    """Return rows of kind village that are to have a clinic: all but relocated and urbanised ones."""
    kinds, statuses = texts(villages.frame, "kind"), texts(villages.frame, "status")
    return [
        row
        for row, (kind, status) in enumerate(zip(kinds, statuses, strict=True))
        if kind in ("village", "") and status not in EXEMPT_STATUSES
    ]
