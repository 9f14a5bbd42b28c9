# ruff: noqa: INP001 - mkdocs loads this file by its path
"""Fill reference pages from the code itself when the guide is built, so that they cannot drift apart."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any, Literal, get_args, get_origin


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace the marks in a page by the tables they stand for."""
    tables = {"region": _region, "speeds": _speeds, "profiles": _profiles, "columns": _columns}
    for name, table in tables.items():
        mark = f"<!-- {name} -->"
        if mark in markdown:
            markdown = markdown.replace(mark, table())
    return markdown


def _region() -> str:
    from clinicplan import region

    tables = [
        ("（顶层）", region.Region), ("[layers]", region.Layers), ("[layers.*]", region.LayerSource),
        ("[travel]", region.Travel), ("[standard]", region.StandardTable), ("[standard.ladder]", region.Ladder),
        ("[siting]", region.Siting), ("[siting.merge]", region.MergeTable), ("[siting.budget]", region.BudgetTable),
        ("[siting.cost]", region.CostTable), ("[siting.doctors]", region.DoctorsTable),
        ("[siting.sub_centres]", region.SubCentresTable), ("[siting.quota]", region.QuotaTable),
        ("[document]", region.Document), ("[edits]（只写在情景中）", region.Edits),
        ("[[edits.roads]]", region.RoadEdit), ("[[edits.facilities]]", region.FacilityEdit),
        ("[[edits.villages]]", region.VillageEdit), ("[edits.population]", region.PopulationEdit),
    ]  # fmt: skip
    meanings = tomllib.loads(Path(__file__).with_name("region_keys.toml").read_text(encoding="utf-8"))
    lines = []
    for title, model in tables:
        lines += [f"### {title}", "", "| 键 | 默认 | 可填 | 说明 |", "|---|---|---|---|"]
        for name, field in model.model_fields.items():
            if model is not region.Region or not field.exclude:
                meaning = meanings[model.__name__][name]
                lines.append(f"| `{name}` | {_default(field)} | {_choices(field.annotation)} | {meaning} |")
        lines.append("")
    return "\n".join(lines)


def _columns() -> str:
    """Write every column that a layer may have: its header, our name, what stands in it, the clauses that need it."""
    from clinicplan.extract.templates import clauses_by_column
    from clinicplan.layers.headers import usual_header
    from clinicplan.terms import OPTIONAL_COLUMNS

    lines = []
    for layer, title in (("villages", "行政村"), ("townships", "乡镇"), ("facilities", "机构")):
        clauses = clauses_by_column(layer)
        lines += [f"### {title} {layer}", "", "| 表头 | 列名 | 填什么 | 用到的条款 |", "|---|---|---|---|"]
        for name in OPTIONAL_COLUMNS[layer]:
            if name != "outside_county":
                row = (usual_header(layer, name), f"`{name}`", _cell_words(name), clauses.get(name, ""))
                lines.append(f"| {' | '.join(row)} |")
        lines.append("")
    return "\n".join(lines)


def _cell_words(column: str) -> str:
    from clinicplan import terms
    from clinicplan.layers.vocabularies import first_words

    kinds = {
        "级别，如 一级、二级及以下": terms.LEVEL_COLUMNS, "整数": terms.INTEGER_COLUMNS, "数": terms.NUMBER_COLUMNS,
        "是、否，或名称（视为是）": terms.NAMED_COLUMNS, "是、否": terms.BOOLEAN_COLUMNS,
        "列表，或个数": ("tcm_techniques", "diseases"), "列表": terms.LIST_COLUMNS,
    }  # fmt: skip
    found = next((words for words, columns in kinds.items() if column in columns), "")
    return found or "、".join(first_words(column)) or "文字"


def _profiles() -> str:
    """Write every table of a policy profile, those of the kinds in their order, then the tiers."""
    from clinicplan.policy.profile import Agency, Clause, Profile
    from clinicplan.policy.subjects import Condition, Subjects
    from clinicplan.terms import TIERS
    from clinicplan.words import word

    meanings = tomllib.loads(Path(__file__).with_name("profile_keys.toml").read_text(encoding="utf-8"))
    lines = []
    for model in [Profile, Agency, Clause, Subjects, Condition, *_kinds()]:
        lines += _profile_table(model, meanings)
    lines += ["### 机构类别", "", "| 写法 | 名称 |", "|---|---|"]
    return "\n".join([*lines, *(f"| `{tier}` | {word(f'general.tier.{tier}', 'zh')} |" for tier in TIERS)])


def _kinds() -> list[Any]:
    """Return the tables of each kind of clause, each followed by the tables inside it that no other has."""
    from clinicplan.policy.parameters import PARAMETERS
    from clinicplan.policy.subjects import Condition, Subjects

    found: list[Any] = []

    def add(model: Any) -> None:
        if model not in (*found, Condition, Subjects):
            found.append(model)
            for field in model.model_fields.values():
                for inner in _tables_in(field.annotation):
                    add(inner)

    for model in PARAMETERS.values():
        add(model)
    return found


def _tables_in(annotation: Any) -> list[Any]:
    if hasattr(annotation, "model_fields"):
        return [annotation]
    return [found for part in get_args(annotation) for found in _tables_in(part)]


def _profile_table(model: Any, meanings: dict[str, dict[str, str]]) -> list[str]:
    lines = [f"### {meanings['headings'][model.__name__]}", "", f"*{model.__doc__.splitlines()[0]}*", ""]
    lines += ["| 键 | 默认 | 可填 | 说明 | In English |", "|---|---|---|---|---|"]
    for name, field in model.model_fields.items():
        choices = "见文末机构类别" if "`hospice`" in (found := _choices(field.annotation)) else found
        cells = (f"`{name}`", _default(field), choices, meanings[model.__name__][name], _one_line(field.description))
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _default(field: Any) -> str:
    """Write a default as it would stand in the file."""
    if field.is_required():
        return "必填"
    value = field.get_default(call_default_factory=True)
    if hasattr(type(value), "model_fields"):
        return "见下"
    return "" if value in (None, "") else f"`{json.dumps(value, ensure_ascii=False)}`"


def _choices(annotation: Any) -> str:
    """List the words that may stand for a value, where only some may."""
    if get_origin(annotation) is Literal:
        return " · ".join(f"`{item}`" for item in get_args(annotation))
    return next((found for part in get_args(annotation) if (found := _choices(part))), "")


def _speeds() -> str:
    from clinicplan.speeds import read_speeds

    table = read_speeds().table()
    lines = ["| " + " | ".join(table.columns) + " |", "|" + "---|" * len(table.columns)]
    lines += ["| " + " | ".join(str(cell).replace("|", "/") for cell in row) + " |" for row in table.to_numpy()]
    return "\n".join(lines)
