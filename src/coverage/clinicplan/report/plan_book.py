"""Write a plan as `plan.xlsx`: summary, villages, sites, townships, what was compared, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clinicplan.errors import Language, Phrase, fault_line
from clinicplan.report.plan_lines import arrangement_word, gap_text, outside_figures, status_text
from clinicplan.report.statements import audit_statements
from clinicplan.report.tables import site_table
from clinicplan.report.workbook import DASH, NARROWEST, WIDEST, Book, new_workbook, text_width
from clinicplan.siting.proposal import OBJECTIVES
from clinicplan.standard import MM_PER_M, MS_PER_MIN, printed_minutes
from clinicplan.words import phrase, word

if TYPE_CHECKING:
    import pandas as pd

    from clinicplan.county import CountyResult
    from clinicplan.siting.proposal import Objective, Proposal, SitePlan

SUMMARY_COLUMNS: Final = (("part", 18), ("item", 34), ("value", 30), ("detail", 70))
VILLAGE_COLUMNS: Final = (
    ("village_id", 16), ("village", 20), ("township", 14), ("population", 10), ("arrangement", 20), ("host", 28),
    ("host_id", 18), ("minutes", 12), ("minutes_lost", 12),
)  # fmt: skip
SITE_COLUMNS: Final = (
    ("site_id", 20), ("site", 28), ("village", 20), ("township", 14), ("action", 20), ("tier", 18), ("doctors", 10),
    ("cost_yuan", 14), ("why", 70),
)  # fmt: skip
TOWNSHIP_COLUMNS: Final = (
    ("township", 16), ("now", 10), ("kept", 10), ("built", 10), ("upgraded", 10), ("converted", 14), ("closed", 10),
    ("planned", 10),
)  # fmt: skip
MONEY: Final = ("build_cny", "today_running_cny_per_year", "running_cny_per_year", "yearly_cny")
_UNITS: Final = {
    "people": ("people", 1), "sites": ("sites", 1), "fen": ("yuan", 100), "person_ms": ("person_minutes", MS_PER_MIN),
    "ms": ("minutes", MS_PER_MIN), "mm": ("km", MM_PER_M * 1000),
}  # fmt: skip
"""What a whole unit is called on paper, and how many make one."""

Cells = list[Any]


def write_plan_book(result: CountyResult, path: Path, *, lang: Language) -> None:
    """Write the workbook of a plan.

    Parameters
    ----------
    result
        The answer with `proposal` and `planned`.
    path
        The `.xlsx` to make.
    lang
        Language of titles and words; ids stay as they are.
    """
    proposal = result.proposal
    if proposal is None:
        raise ValueError("the result has no plan")
    with new_workbook(path) as file:
        book = Book(file, lang)
        _add(book, "summary", SUMMARY_COLUMNS, summary_rows(result, lang))
        _add(book, "villages", VILLAGE_COLUMNS, village_rows(result, lang))
        _add(book, "sites", SITE_COLUMNS, site_rows(result, lang))
        _add(book, "townships", TOWNSHIP_COLUMNS, township_rows(result, lang))
        for name in ("sub_centres", "quotas", "pareto", "alternatives"):
            add_comparison(book, name, getattr(proposal, name))
        _add(book, "notes", SUMMARY_COLUMNS, note_rows(result, lang))


def _add(book: Book, name: str, columns: Sequence[tuple[str, float]], rows: Iterable[Cells]) -> None:
    headed = [(f"plan.column.{column}", width) for column, width in columns]
    book.add_table(word(f"plan.sheet.{name}", book.lang), headed, rows)


def summary_rows(result: CountyResult, lang: Language) -> list[Cells]:
    """Return status, objectives, counts, money, circle and checks, one a row."""
    proposal = _plan_of(result)
    head: list[tuple[str, Any]] = [("status", status_text(proposal, lang)), ("engine", proposal.engine)]
    if result.county.region.scenario:
        head.insert(0, ("scenario", result.county.region.scenario))
    rows = [_row("plan", word(f"plan.item.{name}", lang), value, "", lang) for name, value in head]
    rows += [_objective_row(item, lang) for item in proposal.objectives]
    for action in ("keep", "build", "upgrade", "convert", "close"):
        rows.append(_row("counts", word(f"plan.action.{action}", lang), proposal.count(action), "", lang))
    for name, count in _other_counts(proposal).items():
        rows.append(_row("counts", word(f"plan.item.{name}", lang), count, "", lang))
    for name in MONEY:
        if name in proposal.costs:
            amount = word("plan.yuan", lang, value=_grouped(proposal.costs[name]))
            rows.append(_row("costs", word(f"plan.item.{name}", lang), amount, "", lang))
    for name, count in outside_figures(result).items():
        rows.append(_row("circle", word(f"plan.item.{name}", lang), count, "", lang))
    for check in proposal.checks:
        verdict = word("plan.item.holds", lang) if check.holds else DASH
        rows.append(_row("check", check.rule, verdict, check.detail.text(lang), lang))
    return rows


def _objective_row(item: Objective, lang: Language) -> Cells:
    name, unit = _UNITS[OBJECTIVES[item.name]]
    value = word(f"plan.{name}", lang, value=_grouped(item.value / unit))
    proof = word("plan.proven", lang) if item.proven else word("plan.within", lang, gap=gap_text(item.gap))
    return _row("objective", word(f"plan.objective.{item.name}", lang), value, proof, lang)


def _other_counts(proposal: Proposal) -> dict[str, int]:
    points = sum(site.action == "build" and site.tier == "service_point" for site in proposal.sites)
    shared = "shared" if proposal.model == "merge" else "served"
    return {shared: _arranged(proposal, "shared"), "none": _arranged(proposal, "none"), "points": points}


def _arranged(proposal: Proposal, arrangement: str) -> int:
    return sum(item.arrangement == arrangement for item in proposal.villages)


def village_rows(result: CountyResult, lang: Language) -> list[Cells]:
    """Return one row a village of the plan, in its order."""
    proposal, villages = _plan_of(result), _by_id(result.circles.villages)
    standard = result.circles.rule.standard
    names = _names(result)
    rows = []
    for item in proposal.villages:
        village = villages.loc[item.village_id]
        minutes = printed_minutes([item.time_ms], standard.limit_ms, standard.bands_ms)[0]
        people: Any = village["population"]
        rows.append(
            [
                item.village_id, village["name"], village["township"], int(people) if people == people else None,  # noqa: PLR0124 - NaN differs from itself
                arrangement_word(proposal, item.arrangement, lang), names.get(item.host_id, item.host_id), item.host_id,
                None if item.time_ms < 0 else float(minutes),
                None if item.lost_ms < 0 else round(item.lost_ms / MS_PER_MIN, 4),
            ]
        )  # fmt: skip
    return rows


def site_rows(result: CountyResult, lang: Language) -> list[Cells]:
    """Return one row a site of the plan, in its order."""
    proposal, villages = _plan_of(result), _by_id(result.circles.villages)
    table = _sites_of(result)
    standing = set(result.circles.facilities["facility_id"].astype(str))
    rows = []
    for item, name, township in zip(proposal.sites, table["name"], table["township"], strict=True):
        village = villages["name"].get(item.village_id, "")
        tier = word(f"general.tier.{item.tier}", lang) if item.tier else ""
        rows.append(
            [item.site_id, name, village, township, action_text(item, standing, lang), tier, item.doctors,
             item.cost_fen / 100, item.why.text(lang)]
        )  # fmt: skip
    return rows


def action_text(site: SitePlan, standing: set[str], lang: Language) -> str:
    """Say in the trade's words what is done at a site."""
    name: str = site.action
    if name == "build" and site.tier == "service_point":
        name = "point"
    elif name == "build" and site.facility_id in standing:
        name = "reopen"
    elif name == "upgrade" and site.tier == "sub_centre":
        name = "upgrade_hospital"
    return word(f"plan.action.{name}", lang)


def township_rows(result: CountyResult, lang: Language) -> list[Cells]:
    """Count the clinics of the plan by township in code order, and of the county; new service points are no clinics."""
    proposal, villages = _plan_of(result), result.circles.villages
    order = villages.groupby("township")["village_id"].min().sort_values(kind="stable").index
    home = list(_sites_of(result)["township"])
    rows = [
        [str(name), *_clinic_counts([site for site, town in zip(proposal.sites, home, strict=True) if town == name])]
        for name in order
    ]
    return [*rows, [word("general.total", lang), *_clinic_counts(proposal.sites)]]


def _clinic_counts(sites: Sequence[SitePlan]) -> list[int]:
    clinics = [site.action for site in sites if site.action != "build" or site.tier != "service_point"]
    keep, build, upgrade, convert, close = (
        clinics.count(action) for action in ("keep", "build", "upgrade", "convert", "close")
    )
    return [keep + upgrade + convert + close, keep, build, upgrade, convert, close, keep + upgrade + build]


def add_comparison(book: Book, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write what was compared, if anything: sets and single facilities on sheets of their own."""
    kinds = dict.fromkeys(str(row.get("row", "")) for row in rows)
    for number, kind in enumerate(kinds):
        chosen = [row for row in rows if str(row.get("row", "")) == kind]
        keys = [key for key in dict.fromkeys(key for row in chosen for key in row) if key != "row"]
        cells = [[_plain(row.get(key), book.lang) for key in keys] for row in chosen]
        kept = [place for place in range(len(keys)) if any(line[place] not in (None, "") for line in cells)]
        columns = [(_column(keys[place]), _width(keys[place], [line[place] for line in cells])) for place in kept]
        title = word(f"plan.sheet.{name}", book.lang) + (word("plan.sheet.candidates", book.lang) if number else "")
        book.add_table(title, columns, [[line[place] for place in kept] for line in cells])


def _column(key: str) -> Phrase:
    try:
        return phrase(f"plan.column.{key}")
    except KeyError:
        return Phrase(key, key)


def _width(key: str, cells: Sequence[Any]) -> int:
    texts = ["" if cell is None else str(cell) for cell in cells]
    return min(WIDEST, max(NARROWEST, 3 + max(text_width(text) for text in (*_column(key), *texts))))


def _plain(value: Any, lang: Language) -> Any:
    """Return a value that fits a cell: words, numbers, and lists as text."""
    if isinstance(value, Mapping):
        if set(value) == {"zh", "en"}:
            return str(value[lang])
        parts = [word("plan.in_pair", lang, left=key, right=_plain(item, lang)) for key, item in value.items()]
        return word("plan.in_list", lang).join(parts)
    if isinstance(value, list | tuple):
        return word("plan.in_list", lang).join(str(_plain(item, lang)) for item in value)
    if isinstance(value, bool):
        return word("general.yes" if value else "general.no", lang)
    return value


def note_rows(result: CountyResult, lang: Language) -> list[Cells]:
    """Return what the planner must know: notes, unit costs with their source, basis of the figures."""
    proposal, region = _plan_of(result), result.county.region
    rows = [_row("note", item.code, "", fault_line(item, lang), lang) for item in proposal.notes]
    costs = region.siting.cost
    for name in type(costs).model_fields:
        amount = getattr(costs, name)
        unit = "plan.item.years" if name == "life_years" else "plan.yuan"
        source = word("plan.given" if name in costs.model_fields_set else "plan.default_value", lang)
        label = f"{word(f'plan.item.{name}', lang)}（{word('plan.assumed', lang)}）"
        rows.append(_row("unit_cost", label, word(unit, lang, value=_grouped(amount)), source, lang))
    lines = audit_statements(result.county, lang)
    return [*rows, *(_row("statement", "", "", line, lang) for line in lines)]


def _row(part: str, item: str, value: Any, detail: str, lang: Language) -> Cells:
    return [word(f"plan.part.{part}", lang), item, value, detail]


def _grouped(value: float) -> str:
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def _by_id(villages: pd.DataFrame) -> pd.DataFrame:
    return villages.set_index(villages["village_id"].astype(str))


def _names(result: CountyResult) -> dict[str, str]:
    """Return the name of every facility, today's and new ones, and of every site of the plan."""
    names: dict[str, str] = {}
    for circles in (result.planned or result.circles, result.circles):
        ids = circles.facilities["facility_id"].astype(str)
        names |= dict(zip(ids, circles.facilities["name"].astype(str), strict=True))
    table = _sites_of(result)
    return names | dict(zip(table["site_id"], table["name"], strict=True))


def _sites_of(result: CountyResult) -> pd.DataFrame:
    return site_table(result.circles, result.planned or result.circles, _plan_of(result))


def _plan_of(result: CountyResult) -> Proposal:
    assert result.proposal is not None
    return result.proposal
