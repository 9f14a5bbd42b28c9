"""Show policy profiles on the screen: the list of documents, and one document clause by clause."""

from __future__ import annotations

from typing import Any

from clinicplan.errors import Language
from clinicplan.policy.profile import Clause, Profile
from clinicplan.words import word


def profile_head(profile: Profile) -> dict[str, Any]:
    """Return the head of a document as plain values."""
    head = profile.model_dump(mode="json", exclude={"clauses"})
    return {**head, "clauses": len(profile.clauses)}


def profile_line(profile: Profile, lang: Language) -> str:
    """Return one line: id, title, number, date, draft or issued, number of clauses."""
    title = profile.title if lang == "zh" else profile.title_en
    state = word(f"policy_pages.{'draft' if profile.draft else 'issued'}", lang)
    parts = [profile.number, profile.date, state]
    return word(
        "policy_pages.line", lang, id=profile.id, title=title, count=len(profile.clauses),
        state=("，" if lang == "zh" else ", ").join(part for part in parts if part),
    )  # fmt: skip


def profile_lines(profile: Profile, lang: Language) -> list[str]:
    """Return the head of a document and three lines a clause: what it asks for, of what kind, with which data."""
    lines = [profile_line(profile, lang)]
    if profile.circle_minutes is not None:
        lines.append(
            word("policy_pages.circle", lang, minutes=f"{profile.circle_minutes:g}", article=profile.circle_article)
        )
    agency = profile.agency.name if lang == "zh" else profile.agency.name_en
    lines.append(word("policy_pages.agency", lang, agency=agency))
    return [*lines, *(line for clause in profile.clauses for line in _clause_lines(clause, lang))]


def _clause_lines(clause: Clause, lang: Language) -> list[str]:
    words = {name: word(f"policy.{name}.{getattr(clause, name)}", lang) for name in ("kind", "strength")}
    unit = word(f"policy.subject.{clause.unit}", lang)
    deadline = "；".join(day.isoformat() for day in clause.deadlines)
    lines = [
        "",
        word("policy_pages.clause", lang, id=clause.id, article=clause.article, text=clause.statement.text(lang)),
        word("policy_pages.nature", lang, unit=unit, deadline=deadline or "—", **words),
        word("policy_pages.parameters", lang, parameters=_parameters(clause)),
    ]
    if clause.needs:
        lines.append(word("policy_pages.needs", lang, needs=", ".join(clause.needs)))
    reading = clause.reading if lang == "zh" else clause.reading_en
    return [*lines, word("policy_pages.reading", lang, reading=reading)] if reading else lines


def _parameters(clause: Clause) -> str:
    """Write the parameters of a clause as TOML would, on one line, without what is left at its default."""
    import json

    table = clause.parameters.model_dump(mode="json", exclude_defaults=True)
    return ", ".join(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in table.items())
