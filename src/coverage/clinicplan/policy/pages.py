"""Show policy profiles on the screen: the list of documents, and one document clause by clause."""

from __future__ import annotations

from typing import Any

from clinicplan.errors import Language
from clinicplan.policy.profile import Clause, Profile
from clinicplan.policy.sources import needs_text
from clinicplan.words import word


def profile_head(profile: Profile) -> dict[str, Any]:
    """Return the head of a document as plain values."""
    head = profile.model_dump(mode="json", exclude={"clauses"})
    return {**head, "clauses": len(profile.clauses)}


def profile_line(profile: Profile, lang: Language) -> str:
    """Return one line: id, title, number, date, draft or issued, number of clauses."""
    title = profile.title if lang == "zh" else profile.title_en
    state = draft_text(profile, lang) if profile.draft else word("policy_pages.issued", lang)
    parts = [profile.number, profile.date, state]
    return word(
        "policy_pages.line", lang, id=profile.id, title=title, count=len(profile.clauses),
        state=("，" if lang == "zh" else ", ").join(part for part in parts if part),
    )  # fmt: skip


def draft_text(profile: Profile, lang: Language) -> str:
    """Return that a document is a draft, without repeating what its English title says."""
    said = lang == "en" and "draft" in profile.title_en.casefold()
    return word(f"policy_pages.{'draft_said' if said else 'draft'}", lang)


def profile_lines(profile: Profile, lang: Language) -> list[str]:
    """Return the head of a document, and of every clause what it asks for, its kind, reading, data and parameters."""
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
    ]
    reading = clause.reading if lang == "zh" else clause.reading_en
    if reading:
        lines.append(word("policy_pages.reading", lang, reading=reading))
    if clause.needs:
        lines.append(word("policy_pages.needs", lang, needs=needs_text(clause.needs, lang)))
    return [*lines, *_parameter_lines(clause, lang)]


def _parameter_lines(clause: Clause, lang: Language) -> list[str]:
    """Write the parameters of a clause as a profile does, without what is left at its default; one line a part."""
    table = clause.parameters.model_dump(mode="json", exclude_defaults=True)
    lines = [] if table else [word("policy_pages.no_parameters", lang)]
    for key, value in table.items():
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            lines += [word("policy_pages.part", lang, key=key, value=_toml(item)) for item in value]
        else:
            lines.append(word("policy_pages.parameter", lang, key=key, value=_toml(value)))
    return lines


def _toml(value: Any) -> str:
    """Write a value as TOML does on one line.

    Examples
    --------
    >>> _toml({"tiers": ["village_clinic"], "per": 1000, "low": 1.0, "equals": True})
    '{ tiers = ["village_clinic"], per = 1000, low = 1, equals = true }'
    """
    import json

    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_toml(item)}' for key, item in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, float):
        return f"{value:.12g}"
    return json.dumps(value, ensure_ascii=False)
