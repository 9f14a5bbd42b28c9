"""Lay an audit out as rows: one a clause, for `audit.json`, the workbook, the map and the report."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from clinicplan.errors import Language, Phrase
from clinicplan.policy.audit import Audit, ClauseResult
from clinicplan.policy.findings import Case, Finding, Measure, Status
from clinicplan.policy.profile import Profile
from clinicplan.policy.wording import actual_text, part_lines, required_text, shortfall_text
from clinicplan.words import word

if TYPE_CHECKING:
    import pandas as pd

ROW_KEYS: Final = (
    "clause", "document", "article", "unit", "kind", "strength", "deadline", "status", "met", "overdue", "required",
    "actual", "shortfall", "failing", "unknown", "needs", "text", "reading", "remarks", "measures", "draft", "notice",
)  # fmt: skip
"""Keys of every row; with a plan `planned_status` and `planned_actual` follow, and the planned measures and units."""
UNITS_SHOWN: Final = 3
"""Failing units that the screen names."""


def audit_rows(audit: Audit, lang: Language) -> list[dict[str, Any]]:
    """Return one row a clause, in the order of the document.

    Parameters
    ----------
    audit
        How a county stands under a document.
    lang
        Language of statements, figures in words, remarks and the values of failing units; ids are the same in both.

    Returns
    -------
    rows
        The keys of `ROW_KEYS`. `met` says whether the comparison holds, also where it is only reported (None: open);
        `overdue` is None without a deadline; `measures` gives the figures as numbers.
    """
    return [_row(result, audit.profile, lang) for result in audit.results]


def audit_frame(audit: Audit, lang: Language) -> pd.DataFrame:
    """Return the rows as a table, with numbers of failing and unknown units in the place of the lists."""
    import pandas as pd

    rows = audit_rows(audit, lang)
    frame = pd.DataFrame([{**row, "failing": len(row["failing"]), "unknown": len(row["unknown"])} for row in rows])
    return frame.drop(columns=["measures"], errors="ignore")


def count_line(audit: Audit, lang: Language) -> str:
    """Return how many clauses of a document have each verdict, as one line."""
    title = audit.profile.title if lang == "zh" else audit.profile.title_en
    return word("policy.say.counts", lang, document=title, count=len(audit.results), **audit.counts)


def audit_lines(audit: Audit, lang: Language) -> list[str]:
    """Return what the screen shows of an audit: counts, that it is a draft, and every clause that fails, by whom."""
    lines = [count_line(audit, lang)]
    if audit.profile.draft:
        lines.append(word("policy.draft", lang))
    failed = [result for result in audit if result.status is Status.FAIL]
    return [*lines, *(line for result in failed for line in _failed_lines(result, lang))]


def _failed_lines(result: ClauseResult, lang: Language) -> list[str]:
    clause, finding = result.clause, result.finding
    text = clause.statement.text(lang)
    head = word("policy.say.failed", lang, clause=clause.id, article=clause.article, text=text)
    return [head, *part_lines(finding, lang), *_reason_lines(finding, lang)]


def _reason_lines(finding: Finding, lang: Language) -> list[str]:
    """Name who fails; where nobody does and nothing is missing, as above a range, the remarks tell why."""
    if finding.failing:
        return [_units_line(finding.failing, lang)]
    if any(measure.shortfall for measure in finding.measures):
        return []
    return [word("policy.say.remark", lang, remark=remark.text(lang)) for remark in finding.remarks]


def _units_line(cases: tuple[Case, ...], lang: Language) -> str:
    """Name the first units that fail; where they are few, with what they have."""
    few = len(cases) <= UNITS_SHOWN
    between = word(f"policy.say.{'also' if few else 'and'}", lang)
    names = between.join(_named(case, lang, in_full=few) for case in cases[:UNITS_SHOWN])
    more = "" if few else word("policy.say.more", lang)
    return word("policy.say.units", lang, count=f"{len(cases):,}", names=names + more)


def _named(case: Case, lang: Language, *, in_full: bool) -> str:
    value = case.value.text(lang)
    name = case.name or case.id
    return word("policy.say.unit_value", lang, name=name, value=value) if in_full and value else name


def _row(result: ClauseResult, profile: Profile, lang: Language) -> dict[str, Any]:
    clause, finding = result.clause, result.finding
    row = {
        "clause": clause.id,
        "document": profile.id,
        "article": clause.article,
        "unit": clause.unit,
        "kind": clause.kind,
        "strength": clause.strength,
        "deadline": None if result.deadline is None else result.deadline.isoformat(),
        "status": str(result.status),
        "met": result.met,
        "overdue": result.overdue,
        "required": required_text(finding, lang),
        "actual": actual_text(finding, lang),
        "shortfall": shortfall_text(finding, lang),
        "failing": [_case(case, lang) for case in finding.failing],
        "unknown": [_case(case, lang) for case in finding.unknown],
        "needs": list(finding.needs),
        "text": clause.statement.text(lang),
        "reading": Phrase(clause.reading, clause.reading_en).text(lang),
        "remarks": [remark.text(lang) for remark in finding.remarks],
        "measures": [_measure(measure, lang) for measure in finding.measures],
        "draft": profile.draft,
        "notice": word("policy.draft", lang) if profile.draft else "",
    }
    return row if result.planned_finding is None else row | _planned(result, result.planned_finding, lang)


def _planned(result: ClauseResult, finding: Finding, lang: Language) -> dict[str, Any]:
    return {
        "planned_status": None if result.planned_status is None else str(result.planned_status),
        "planned_actual": actual_text(finding, lang),
        "planned_shortfall": shortfall_text(finding, lang),
        "planned_failing": [_case(case, lang) for case in finding.failing],
        "planned_measures": [_measure(measure, lang) for measure in finding.measures],
    }


def _case(case: Case, lang: Language) -> dict[str, str]:
    return {"id": case.id, "name": case.name, "value": case.value.text(lang)}


def _measure(measure: Measure, lang: Language) -> dict[str, Any]:
    return {
        "name": measure.name.text(lang),
        "form": measure.form,
        "unit": measure.unit,
        "value": measure.value,
        "of": measure.of,
        "per": measure.per,
        "low": _number(measure.low),
        "high": _number(measure.high),
        "least": _number(measure.least),
        "most": _number(measure.most),
        "strict": measure.strict,
        "shortfall": measure.shortfall,
    }


def _number(value: Fraction | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value.denominator == 1 else float(value)
