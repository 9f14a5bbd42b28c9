"""Say what is wrong with a profile file: where, what was found, what is allowed, and the nearest known word."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, get_args

from clinicplan.errors import Fault, Phrase, Severity
from clinicplan.policy.parameters import PARAMETERS
from clinicplan.policy.subjects import SOURCES, Condition, Table
from clinicplan.region import nearest_word
from clinicplan.words import fault, phrase

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

Path = tuple[str | int, ...]
"""Keys and places in lists, from the top of the file."""

_COMPARISONS: Final = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}
_EXPECTED: Final = (
    (r"float|finite_number", "number"),
    (r"int_", "whole_number"),
    (r"bool", "flag"),
    (r"date", "day"),
    (r"tuple", "list"),
    (r"empty_list", "not_empty_list"),
    (r"string", "text"),
    (r"model|dict", "table"),
    (r"not_ascending", "ascending"),
)
"""What pydantic calls a fault, and our word for what should stand there."""


def profile_faults(
    error: ValidationError, table: Mapping[str, Any], file: str, root: type[Table], *, headless: bool = False
) -> list[Fault]:
    """Return every fault of a profile file, one a key.

    Parameters
    ----------
    error
        What the schema says.
    table
        The file as it stands.
    file
        Its name.
    root
        Schema of the whole file.
    headless
        Whether the profile it extends could not be read, so that nothing can be said of missing keys of the head.

    Returns
    -------
    faults
        In the order of the schema; each names the clause and the key, such as `LY-05b.parameters.minutes`.
    """
    found: dict[Path, list[ErrorDetails]] = {}
    for item in error.errors(include_url=False):
        found.setdefault(_path(item, table), []).append(item)
    return [
        _fault(path, items, table, file, root)
        for path, items in found.items()
        if path and not (headless and len(path) == 1 and items[0]["type"] == "missing")
    ]


def duplicate_faults(table: Mapping[str, Any], file: str) -> list[Fault]:
    """Name the clause ids that are there twice."""
    counts = Counter(name for clause in _clauses(table) if isinstance(name := clause.get("id"), str))
    twice = [name for name, times in counts.items() if times > 1]
    return [fault(Severity.ERROR, "duplicate_clause", file=file, subject="policy_profile", id=name) for name in twice]


def unknown_name(
    code: str,
    name: str,
    known: Iterable[str],
    *,
    file: str = "",
    layer: str = "policy",
    subject: str = "policy_profile",
) -> Fault:
    """Say that a name is not known, with the nearest that is; entries are `unknown_CODE` and `unknown_CODE_near`."""
    names = list(known)
    near = nearest_word(name, names)
    entry = f"unknown_{code}_near" if near else f"unknown_{code}"
    values: dict[str, Any] = {code: name, "known": ", ".join(names) or "—", "near": near}
    return fault(Severity.ERROR, entry, layer=layer, file=file, subject=subject, **values)


def _clauses(table: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    clauses = table.get("clauses")
    return [item for item in clauses if isinstance(item, Mapping)] if isinstance(clauses, list) else []


def _path(item: ErrorDetails, table: Mapping[str, Any]) -> Path:
    """Return where a fault stands in the file: its place in the schema without the names of alternatives."""
    path: list[str | int] = []
    node: Any = table
    for place, part in enumerate(item["loc"]):
        inside = isinstance(node, Mapping) and part in node
        inside = inside or (isinstance(node, list) and isinstance(part, int) and part < len(node))
        if inside:
            node = node[part]
        if inside or (item["type"] == "missing" and place == len(item["loc"]) - 1):
            path.append(part)
    return tuple(path)


def _key(path: Path, table: Mapping[str, Any]) -> str:
    """Write a place for people: the clause by its id, places in lists counted from one."""
    words: list[str] = []
    rest = path
    if len(path) > 1 and path[0] == "clauses" and isinstance(path[1], int):
        name = _at(path[:2], table)
        own = name.get("id") if isinstance(name, Mapping) else None
        words.append(own if isinstance(own, str) and own else f"clauses[{path[1] + 1}]")
        rest = path[2:]
    for part in rest:
        if isinstance(part, int) and words:
            words[-1] += f"[{part + 1}]"
        else:
            words.append(str(part))
    return ".".join(words)


def _at(path: Path, table: Mapping[str, Any]) -> Any:
    node: Any = table
    for part in path:
        if isinstance(node, list) and isinstance(part, int):
            node = node[part]
        else:
            node = node.get(part) if isinstance(node, Mapping) else None
    return node


def _fault(path: Path, items: list[ErrorDetails], table: Mapping[str, Any], file: str, root: type[Table]) -> Fault:
    """Turn what the schema says of one key into a fault; where it tries alternatives it says several things."""
    kinds = {item["type"]: item for item in items}
    place: dict[str, Any] = {"layer": "policy", "file": file}
    key = _key(path, table)
    if "extra_forbidden" in kinds:
        return _unknown_key(path, table, root, place)
    if "missing" in kinds:
        return fault(Severity.ERROR, "missing_key", key=key, **place)
    if "no_comparison" in kinds:
        known = ", ".join(name for name in Condition.model_fields if name not in ("column", "or_columns"))
        return fault(Severity.ERROR, "no_comparison", key=key, known=known, subject="policy_profile", **place)
    value = _shown(_at(path, table))
    if isinstance(_at(path, table), str) and (choices := _choices(items)):
        near = nearest_word(value, choices)
        code = "not_a_choice_near" if near else "not_a_choice"
        return fault(Severity.ERROR, code, key=key, value=value, allowed=", ".join(choices), near=near, **place)
    if "unknown_source" in kinds:
        return _unknown_source(key, value, place)
    return fault(Severity.ERROR, "bad_value", key=key, value=value, allowed=_allowed(items), **place)


def _unknown_key(path: Path, table: Mapping[str, Any], root: type[Table], place: dict[str, Any]) -> Fault:
    known = list(_schema_at(path[:-1], table, root).model_fields)
    near = nearest_word(str(path[-1]), known)
    code = "unknown_key_near" if near else "unknown_key"
    near_key = _key((*path[:-1], near), table)
    return fault(Severity.ERROR, code, key=_key(path, table), near=near_key, known=", ".join(known), **place)


def _unknown_source(key: str, value: str, place: dict[str, Any]) -> Fault:
    source, dot, column = value.partition(".")
    near = nearest_word(source, list(SOURCES))
    code = "not_a_choice_near" if near and source not in SOURCES else "not_a_choice"
    allowed = ", ".join(SOURCES)
    return fault(Severity.ERROR, code, key=key, value=value, allowed=allowed, near=f"{near}{dot}{column}", **place)


def _schema_at(path: Path, table: Mapping[str, Any], root: type[Table]) -> type[Table]:
    """Return the schema of the table that stands at a place; of a clause's parameters it is that of its kind."""
    model = root
    for place, part in enumerate(path):
        if isinstance(part, str):
            kind = _at((*path[:place], "kind"), table) if part == "parameters" else None
            model = PARAMETERS.get(str(kind)) or _table_in(model.model_fields[part].annotation) or model
    return model


def _table_in(annotation: Any) -> type[Table] | None:
    """Return the table class inside an annotation such as `tuple[Condition, ...] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, Table):
        return annotation
    return next((found for part in get_args(annotation) if (found := _table_in(part))), None)


def _choices(items: list[ErrorDetails]) -> list[str]:
    """Return the words that may stand at a key, where only some may."""
    return [
        word
        for item in items
        if item["type"] == "literal_error"
        for word in re.findall(r"'([^']*)'", str(item.get("ctx", {}).get("expected", "")))
    ]


def _allowed(items: list[ErrorDetails]) -> Phrase:
    """Say what may stand at a key; alternatives are joined by `or`."""
    parts = list(dict.fromkeys(_allowed_once(item) for item in items))
    return Phrase(" 或 ".join(part.zh for part in parts), " or ".join(part.en for part in parts))


def _allowed_once(item: ErrorDetails) -> Phrase:
    bounds = "; ".join(
        f"{_COMPARISONS[name]} {bound:g}" for name, bound in item.get("ctx", {}).items() if name in _COMPARISONS
    )
    if bounds:
        return Phrase(bounds, bounds)
    if item["type"] == "string_too_short":
        return phrase("policy_profile.expected.not_empty")
    if item["type"] == "literal_error":
        words = ", ".join(_choices([item]))
        return Phrase(words, words)
    word = next((word for pattern, word in _EXPECTED if re.match(pattern, item["type"])), None)
    return phrase(f"policy_profile.expected.{word}") if word else Phrase(item["msg"], item["msg"])


def _shown(value: object) -> str:
    """Write a value as it stands in the file, shortened."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "{…}"
    if isinstance(value, list):
        return "[" + ", ".join(_shown(item) for item in value)[:60] + "]"
    return str(value) or '""'
