"""Fill reference pages from the code itself when the guide is built, so that they cannot drift apart."""

from __future__ import annotations

from typing import Any, get_args, get_origin


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace the marks in a page by the tables they stand for."""
    for mark, table in (("<!-- region -->", _region), ("<!-- speeds -->", _speeds)):
        if mark in markdown:
            markdown = markdown.replace(mark, table())
    return markdown


def _region() -> str:
    from clinicplan import region

    tables = [
        ("（顶层）", region.Region), ("[layers.*]", region.LayerSource), ("[travel]", region.Travel),
        ("[standard]", region.StandardTable), ("[document]", region.Document),
    ]  # fmt: skip
    lines = []
    for title, model in tables:
        lines += [f"### {title}", "", "| 键 | 默认 | 说明 |", "|---|---|---|"]
        for name, field in model.model_fields.items():
            if name != "path" or model is not region.Region:
                default = "必填" if field.is_required() else f"`{_default(field)}`"
                lines.append(f"| `{name}` | {default} | {_about(field)} |")
        lines.append("")
    return "\n".join(lines)


def _default(field: Any) -> str:
    value = field.get_default(call_default_factory=True)
    if hasattr(value, "model_fields"):
        return "见下"
    return repr(list(value) if isinstance(value, tuple) else value)


def _about(field: Any) -> str:
    text = (field.description or "").replace("\n", " ").replace("|", "/")
    choices = [str(item) for item in get_args(field.annotation)] if get_origin(field.annotation) is not None else []
    names = [item for item in choices if item.isidentifier() and item != "None"]
    return f"{text} ({', '.join(names)})" if names and not text else text


def _speeds() -> str:
    from clinicplan.speeds import read_speeds

    table = read_speeds().table()
    lines = ["| " + " | ".join(table.columns) + " |", "|" + "---|" * len(table.columns)]
    lines += ["| " + " | ".join(str(cell).replace("|", "/") for cell in row) + " |" for row in table.to_numpy()]
    return "\n".join(lines)
