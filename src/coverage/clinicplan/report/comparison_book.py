"""Write a comparison of results: `compare.json`, `compare.csv`, `compare_villages.csv`, `compare.xlsx`, manifest."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clinicplan.errors import Language, OutputError, Phrase, Severity
from clinicplan.report.workbook import Book, new_workbook
from clinicplan.results import (
    defuse,
    package_versions,
    require_free,
    result_folder,
    write_csv,
    write_json,
    write_manifest,
)
from clinicplan.scenario.comparison import FIGURES, Comparison
from clinicplan.words import fault, phrase, word

if TYPE_CHECKING:
    import pandas as pd

COMPARE_FILE: Final = "compare.json"
UNITS: Final = {
    "villages": "village", "villages_covered": "village", "population": "person", "people_covered": "person",
    "people_without_way": "person", "people_covered_share": "share", "mean_minutes": "minute",
    "worst_decile_minutes": "minute", "person_minutes": "person_minute", "build_cny": "yuan",
    "running_cny_per_year": "yuan", "yearly_cny": "yuan",
}  # fmt: skip
"""Units of the figures; numbers of sites have their own, the Gini coefficient none."""
VILLAGE_HEADS: Final = ("scenario_column", "village_id", "name", "township", "people", "before", "after", "lost")
CLAUSE_HEADS: Final = (
    "scenario_column", "document", "clause", "status_before", "status_after", "actual_before", "actual_after",
)  # fmt: skip


def write_comparison(comparison: Comparison, out: Path, *, lang: Language, force: bool = False) -> Path:
    """Write a comparison into a result folder of its own.

    Parameters
    ----------
    comparison
        What `compare_results` found.
    out
        The folder.
    lang
        Language of headers and words; keys of `compare.json` are the same in both.
    force
        Replace an earlier result.

    Returns
    -------
    folder
        Where it stands.

    Raises
    ------
    OutputError
        If the folder is taken, or holds a result that is compared.
    """
    require_free(out, force=force)
    if any(item.folder.resolve().is_relative_to(out.resolve()) for item in comparison.outcomes):
        raise OutputError(fault(Severity.ERROR, "output_holds_inputs", folder=str(out)))
    with result_folder(out, force=force) as folder:
        write_json(comparison.to_json(), folder / COMPARE_FILE)
        write_csv(figure_table(comparison, lang), folder / "compare.csv")
        write_csv(_safe_heads(comparison.village_minutes()), folder / "compare_villages.csv")
        _write_book(comparison, folder / "compare.xlsx", lang)
        write_manifest(folder, _manifest(comparison, lang))
    return out


def figure_table(comparison: Comparison, lang: Language) -> pd.DataFrame:
    """Lay out one row a figure, a column a result, then what the others have more than the first."""
    import pandas as pd

    heads = [word("compare.figure_column", lang), word("compare.unit_column", lang), *comparison.labels]
    heads += [
        word("compare.change_column", lang, label=label, first=comparison.labels[0]) for label in comparison.labels[1:]
    ]
    blank = [""] * len(comparison.changes)
    states = [word(f"compare.state.{item.state}", lang) for item in comparison.outcomes]
    rows: list[list[Any]] = [[word("compare.figure.state", lang), word("compare.unit.none", lang), *states, *blank]]
    for name in FIGURES:
        unit = UNITS.get(name, "site" if name.startswith("sites_") else "none")
        own = [figures[name] for figures in comparison.figures]
        changes = [item["figures"][name] for item in comparison.changes]
        rows.append([word(f"compare.figure.{name}", lang), word(f"compare.unit.{unit}", lang), *own, *changes])
    return _safe_heads(pd.DataFrame(rows, columns=heads, dtype=object))


def comparison_lines(comparison: Comparison, lang: Language) -> list[str]:
    """Say in one sentence a result what differs from the first."""
    return [
        word(
            "compare.done", lang, label=item["label"], first=comparison.labels[0],
            people=item["figures"]["people_covered"], villages=item["figures"]["villages_covered"],
            losing=item["losing"]["villages"], losing_people=item["losing"]["people"],
            gaining=item["gaining"]["villages"], gaining_people=item["gaining"]["people"],
            clauses=len(item["clauses"]),
        )
        for item in comparison.changes
    ]  # fmt: skip


def _safe_heads(table: pd.DataFrame) -> pd.DataFrame:
    return table.set_axis([str(defuse(name)) for name in table.columns], axis=1)


def _write_book(comparison: Comparison, path: Path, lang: Language) -> None:
    file = new_workbook(path)
    book = Book(file, lang, word("compare.notice", lang))
    _add_frame(book, word("compare.sheet_figures", lang), figure_table(comparison, lang))
    for title, side, names in (("sheet_losing", "losing", "worst_off"), ("sheet_gaining", "gaining", "best_off")):
        rows = [
            (item["label"], *(_shown(value, lang) for value in village.values()))
            for item in comparison.changes
            for village in item[side][names]
        ]
        _add_rows(book, word(f"compare.{title}", lang), VILLAGE_HEADS, rows)
    clauses = [
        (item["label"], clause["document"], clause["clause"],
         *(word(f"policy.status.{clause[when]}", lang) for when in ("before", "after")),
         clause["actual_before"], clause["actual_after"])
        for item in comparison.changes
        for clause in item["clauses"]
    ]  # fmt: skip
    _add_rows(book, word("compare.sheet_clauses", lang), CLAUSE_HEADS, clauses)
    villages = comparison.village_minutes().rename(
        columns={name: word(f"compare.{name}", lang) for name in ("village_id", "name", "township", "group")}
    )
    _add_frame(book, word("compare.sheet_villages", lang), villages)
    file.close()


def _shown(value: Any, lang: Language) -> Any:
    return word("compare.no_way", lang) if value is None else value


def _add_rows(book: Book, title: str, heads: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    book.add_table(title, [(phrase(f"compare.{name}"), 14.0) for name in heads], rows)


def _add_frame(book: Book, title: str, table: pd.DataFrame) -> None:
    rows = table.astype(object).where(table.notna(), None).to_numpy().tolist()
    book.add_table(title, [(Phrase(name, name), 20.0) for name in table.columns], rows)


def _manifest(comparison: Comparison, lang: Language) -> dict[str, Any]:
    return {
        "program": "clinicplan",
        "command": "compare",
        "versions": package_versions(),
        "run_date": datetime.now(UTC).isoformat(timespec="seconds"),
        "lang": lang,
        "code": comparison.outcomes[0].code,
        "results": [
            {"label": label, "folder": str(item.folder.resolve()), "inputs": item.checksums}
            for label, item in zip(comparison.labels, comparison.outcomes, strict=True)
        ],
    }
