"""Read the region file: a frozen schema that refuses unknown keys and names the nearest known one."""

from __future__ import annotations

import difflib
import re
import tomllib
import types
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Union, get_args, get_origin

from pydantic import ValidationError

from clinicplan.errors import Fault, RegionError, Severity
from clinicplan.region.region import Region
from clinicplan.region.table import _Table
from clinicplan.words import fault


def read_region(path: str | Path) -> Region:
    """Read and check a region file.

    A byte-order mark and GBK text, as Windows editors leave them, are read.

    Parameters
    ----------
    path
        The file, or a folder that holds a `region.toml`.

    Returns
    -------
    region
        The checked region; `region.path` is the file that was read.

    Raises
    ------
    RegionError
        With every fault of the file: missing, unreadable, unknown keys (with the nearest known one), values out of
        range.

    Examples
    --------
    >>> read_region("missing.toml")  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    clinicplan.errors.RegionError: missing.toml: no such file
    """
    file = Path(path)
    if file.is_dir():
        file = file / "region.toml"
    if not file.is_file():
        raise RegionError(fault(Severity.ERROR, "missing_file", layer="region", file=str(path)))
    text = decode_toml(file)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RegionError(toml_fault(file.name, error)) from error
    return region_from_table(table, file)


def region_from_table(
    table: Mapping[str, Any], path: Path, *, written: Sequence[tuple[str, Mapping[str, Any]]] = ()
) -> Region:
    """Check a region given as a table; see `read_region`.

    Parameters
    ----------
    table
        What the region file holds, with what scenarios change.
    path
        The region file.
    written
        Where several files made the table: name and own table of each, the topmost last. A fault names the file that
        wrote the key.
    """
    files = written or ((path.name, table),)
    faults = [item for name, own in files for item in _unknown_keys(own, Region, name)]
    try:
        places = _edit_places(files)
        region = Region.model_validate({**_known(table, Region), "path": path, "edit_places": places})
    except ValidationError as error:
        faults.extend(_validation_fault(item, *_place(item["loc"], files)) for item in error.errors(include_url=False))
        raise RegionError(*faults) from None
    if faults:
        raise RegionError(*faults)
    return region


def _edit_places(files: Sequence[tuple[str, Mapping[str, Any]]]) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return file and key of every entry of `[edits]`: lists are appended file by file, other keys replaced."""
    places: dict[str, tuple[tuple[str, str], ...]] = {}
    for name, table in files:
        edits = table.get("edits")
        for key, value in edits.items() if isinstance(edits, Mapping) else ():
            if isinstance(value, list):
                own = tuple((name, f"edits.{key}[{number}]") for number in range(1, len(value) + 1))
                places[key] = (*places.get(key, ()), *own)
            else:
                places[key] = ((name, f"edits.{key}"),)
    return places


def _place(loc: Sequence[Any], files: Sequence[tuple[str, Mapping[str, Any]]]) -> tuple[str, str]:
    """Name the file that wrote a key, and the key as that file has it."""
    parts = [part for part in loc if not str(part).startswith("function-") and part not in ("[key]", "int", "str")]
    if parts[:1] == ["edits"] and len(parts) > 2 and isinstance(parts[2], int):
        file, key = _edit_places(files)[parts[1]][parts[2]]
        return file, ".".join([key, *map(str, parts[3:])])
    return _writer(loc, files), ".".join(map(str, parts))


def _writer(place: Sequence[Any], files: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """Name the topmost file that wrote the most of a key's path."""
    depths = [(_depth(table, place), number) for number, (_, table) in enumerate(files)]
    return files[max(depths)[1]][0]


def _depth(table: Any, place: Sequence[Any]) -> int:
    if not place or not isinstance(table, Mapping) or place[0] not in table:
        return 0
    return 1 + _depth(table[place[0]], place[1:])


def decode_toml(path: Path) -> str:
    """Return the text of a TOML file saved as UTF-8 (with or without a byte-order mark), UTF-16 or GB18030.

    Raises
    ------
    RegionError
        If the bytes are none of these.
    """
    data = path.read_bytes()
    encodings = ["utf-16"] if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            return data.decode(encoding).replace("\r\n", "\n")
        except UnicodeDecodeError:
            continue
    raise RegionError(fault(Severity.ERROR, "unreadable_text", layer="region", file=path.name))


def nearest_word(word: str, known: list[str]) -> str:
    """Return the known word most like the given one, or an empty text where none is."""
    matches = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return matches[0] if matches else ""


def toml_fault(file: str, error: tomllib.TOMLDecodeError, *, layer: str = "region") -> Fault:
    """Say which line of a file is not TOML."""
    line = re.search(r"line (\d+)", str(error))
    rows = (int(line.group(1)),) if line else ()
    return fault(Severity.ERROR, "toml_syntax", layer=layer, file=file, rows=rows, detail=str(error))


def _submodel(annotation: Any) -> type[_Table] | None:
    """Return the table class inside an annotation such as `LayerSource | None` or `tuple[RoadEdit, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, _Table):
        return annotation
    if get_origin(annotation) in (Union, types.UnionType, tuple):
        return next((found for part in get_args(annotation) if (found := _submodel(part))), None)
    return None


def _fields(model: type[_Table]) -> dict[str, Any]:
    return {
        name: field.annotation for name, field in model.model_fields.items() if model is not Region or not field.exclude
    }


def _unknown_keys(table: Mapping[str, Any], model: type[_Table], file: str, prefix: str = "") -> list[Fault]:
    """List keys the schema does not have, each with the nearest key it has."""
    fields = _fields(model)
    faults: list[Fault] = []
    for key, value in table.items():
        if key not in fields:
            near = nearest_word(key, list(fields))
            code = "unknown_key_near" if near else "unknown_key"
            faults.append(
                fault(
                    Severity.ERROR, code, layer="region", file=file,
                    key=prefix + key, near=prefix + near, known=", ".join(fields),
                )
            )  # fmt: skip
        elif sub := _submodel(fields[key]):
            for place, part in _tables_in(value):
                faults.extend(_unknown_keys(part, sub, file, f"{prefix}{key}{place}."))
    return faults


def _tables_in(value: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield a table, or each table of a list with its number from 1."""
    if isinstance(value, Mapping):
        yield "", value
    elif isinstance(value, list):
        yield from ((f"[{number}]", part) for number, part in enumerate(value, 1) if isinstance(part, Mapping))


def _known(table: Mapping[str, Any], model: type[_Table]) -> dict[str, Any]:
    """Return the table without unknown keys, so that their faults do not hide others."""
    fields = _fields(model)
    kept: dict[str, Any] = {}
    for key, value in table.items():
        if key in fields:
            sub = _submodel(fields[key])
            kept[key] = _known_value(value, sub) if sub else value
    return kept


def _known_value(value: Any, model: type[_Table]) -> Any:
    if isinstance(value, Mapping):
        return _known(value, model)
    return [_known_value(part, model) for part in value] if isinstance(value, list) else value


def _validation_fault(item: Any, file: str, key: str) -> Fault:
    kind, context = item["type"], item.get("ctx", {})
    value = item.get("input")
    if kind == "missing":
        return fault(Severity.ERROR, "missing_key", layer="region", file=file, key=key)
    if kind == "literal_error":
        expected = str(context.get("expected", "")).replace("'", "")
        near = nearest_word(str(value), re.split(r", | or ", expected))
        code = "not_a_choice_near" if near else "not_a_choice"
        return fault(Severity.ERROR, code, layer="region", file=file, key=key, value=value, allowed=expected, near=near)
    if "minutes_and_distance" in item["msg"]:
        return fault(Severity.ERROR, "minutes_and_distance", layer="region", file=file)
    if own := re.search(r"\bedit_\w+", item["msg"]):
        return fault(Severity.ERROR, own.group(), subject="scenario", layer="scenario", file=file, key=key)
    allowed = "; ".join(
        f"{_COMPARISONS.get(name, name)} {bound}" for name, bound in context.items() if name in _COMPARISONS
    )
    shown = value if isinstance(value, str | int | float | bool) else type(value).__name__
    return fault(
        Severity.ERROR, "bad_value", layer="region", file=file,
        key=key, value=shown, allowed=allowed or item["msg"].removeprefix("Input should be "),
    )  # fmt: skip


_COMPARISONS = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤", "min_length": "≥ characters"}
