"""Write an empty region folder to be filled in: a commented region file and workbooks with drop-downs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clinicplan.errors import Language
from clinicplan.layers.vocabularies import first_words
from clinicplan.terms import BOOLEAN_COLUMNS, FIXED_TIERS, OPTIONAL_COLUMNS, STATUSES, SUPPLEMENT_TIERS
from clinicplan.words import word

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

LAST_ROW: Final = 5000
"""Drop-downs reach down to this row."""
PLAIN_COLUMNS: Final = {
    "villages": ("village_id", "township", "name", "population", "population_hukou", "population_65", "lon", "lat",
                 "kind", "status"),
    "facilities": ("facility_id", "name", "tier", "township", "village_id", "lon", "lat", "operating"),
}  # fmt: skip
"""What circles are computed from; every further column serves the audit of policy clauses."""
NOT_OFFERED: Final = ("outside_county", "population_year", "population_source", "coord_source")


def _offered(layer: str) -> tuple[str, ...]:
    plain = PLAIN_COLUMNS[layer]
    return (*plain, *(name for name in OPTIONAL_COLUMNS[layer] if name not in (*plain, *NOT_OFFERED)))


VILLAGE_COLUMNS: Final = _offered("villages")
FACILITY_COLUMNS: Final = _offered("facilities")


def write_region_template(folder: str | Path, *, lang: Language = "zh", force: bool = False) -> Path:
    """Write a region folder that a planner fills in.

    Parameters
    ----------
    folder
        Folder to make.
    lang
        Language of the instructions; the headers are Chinese, as registers have them.
    force
        Replace an earlier folder that this program wrote.

    Returns
    -------
    folder
        The folder, with `region.toml`, `villages.xlsx` and `facilities.xlsx`; boundary and roads are to be added.

    Raises
    ------
    OutputError
        If the folder is in the way.
    """
    from clinicplan.results import result_folder, write_manifest

    target = Path(folder)
    with result_folder(target, force=force) as draft:
        (draft / "region.toml").write_text(word("extract.template.region", "zh"), encoding="utf-8")
        _write_workbook(draft / "villages.xlsx", "villages", VILLAGE_COLUMNS, lang)
        _write_workbook(draft / "facilities.xlsx", "facilities", FACILITY_COLUMNS, lang)
        write_manifest(draft, {"template": "villages.xlsx, facilities.xlsx"})
    return target


def _write_workbook(path: Path, layer: str, columns: tuple[str, ...], lang: Language) -> None:
    """Write one sheet to fill in and one that says how."""
    import xlsxwriter

    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet(word(f"extract.template.{layer}", "zh"))
        plain = book.add_format({"bold": True, "bg_color": "#DCE6F1", "border": 1, "text_wrap": True})
        audited = book.add_format({"bold": True, "bg_color": "#FFF2CC", "border": 1, "text_wrap": True})
        clauses = clauses_by_column(layer)
        text = book.add_format({"num_format": "@"})
        for number, column in enumerate(columns):
            code = column.endswith("_id")
            sheet.set_column(number, number, 20 if code or column == "name" else 12, text if code else None)
            known = column in PLAIN_COLUMNS[layer]
            sheet.write_string(0, number, _header(layer, column), plain if known else audited)
            if column in clauses and not known:
                sheet.write_comment(0, number, word("extract.template.used_by", lang, clauses=clauses[column]))
            _offer_choices(sheet, number, column)
        sheet.freeze_panes(1, 0)
        about = book.add_worksheet(word("extract.template.about", "zh"))
        about.set_column(0, 0, 100)
        for row, line in enumerate(word(f"extract.template.{layer}_help", lang).splitlines()):
            about.write_string(row, 0, line)


def clauses_by_column(layer: str) -> dict[str, str]:
    """Return, for each column of a layer that clauses of the built-in documents need, their ids in one line."""
    from clinicplan.policy import built_in_profiles, read_profile

    needed: dict[str, list[str]] = {}
    for clause in (clause for name in built_in_profiles() for clause in read_profile(name).clauses):
        for need in clause.needs:
            of_layer, _, column = need.partition(".")
            if of_layer == layer and column:
                needed.setdefault(column, []).append(clause.id)
    return {column: ", ".join(ids) for column, ids in needed.items()}


def _header(layer: str, column: str) -> str:
    from clinicplan.layers.headers import usual_header

    return usual_header("position" if column in {"lon", "lat"} else layer, column)


def _offer_choices(sheet: Worksheet, number: int, column: str) -> None:
    choices = _choices(column)
    if choices:
        options: dict[str, Any] = {"validate": "list", "source": choices, "ignore_blank": True, "error_type": "warning"}
        sheet.data_validation(1, number, LAST_ROW, number, options)


def _choices(column: str) -> list[str]:
    """Return the words of a column with a fixed vocabulary, as the trade writes them."""
    if column == "tier":
        return [word(f"general.tier.{tier}", "zh") for tier in (*FIXED_TIERS, *SUPPLEMENT_TIERS, "private_clinic")]
    if column == "status":
        return [word(f"general.status.{status}", "zh") for status in STATUSES]
    if column == "kind":
        return [word(f"general.kind.{kind}", "zh") for kind in ("village", "community", "other")]
    if column == "operating":
        return ["正常运行", "停诊", "有室无医", "挂牌未营业", "注销"]
    return ["是", "否"] if column in BOOLEAN_COLUMNS else first_words(column)
