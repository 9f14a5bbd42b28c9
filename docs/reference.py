# ruff: noqa: INP001 - mkdocs loads this file by its path
"""Fill reference pages from the code itself when the guide is built, so that they cannot drift apart."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any, Literal, get_args, get_origin


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace the marks in a page by the tables they stand for."""
    for mark, table in (("<!-- region -->", _region), ("<!-- speeds -->", _speeds)):
        if mark in markdown:
            markdown = markdown.replace(mark, table())
    return markdown


def _region() -> str:
    from clinicplan import region

    tables = [
        ("（顶层）", region.Region), ("[layers]", region.Layers), ("[layers.*]", region.LayerSource),
        ("[travel]", region.Travel), ("[standard]", region.StandardTable), ("[standard.ladder]", region.Ladder),
        ("[siting]", region.Siting), ("[siting.merge]", region.MergeTable), ("[siting.budget]", region.BudgetTable),
        ("[siting.cost]", region.CostTable), ("[document]", region.Document),
    ]  # fmt: skip
    meanings = tomllib.loads(Path(__file__).with_name("region_keys.toml").read_text(encoding="utf-8"))
    lines = []
    for title, model in tables:
        lines += [f"### {title}", "", "| 键 | 默认 | 可填 | 说明 |", "|---|---|---|---|"]
        for name, field in model.model_fields.items():
            if name != "path" or model is not region.Region:
                meaning = meanings[model.__name__][name]
                lines.append(f"| `{name}` | {_default(field)} | {_choices(field.annotation)} | {meaning} |")
        lines.append("")
    return "\n".join(lines)


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
