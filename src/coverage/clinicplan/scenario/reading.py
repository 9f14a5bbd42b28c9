"""Read a scenario: a small difference over a region file, or over another scenario."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from clinicplan.errors import Fault, RegionError, Severity
from clinicplan.policy import built_in_profiles
from clinicplan.region import Region, decode_toml, read_region, region_from_table, toml_fault
from clinicplan.words import fault

SCENARIO_FILE: Final = "scenario.json"
"""The scenario as it was resolved, beside the results."""
OWN_KEYS: Final = ("base", "name")
"""Keys that a scenario has and a region does not, or means otherwise."""
EITHER: Final = ("minutes", "distance_m")
"""Keys of `[standard]` of which a circle has one: a scenario that gives one drops the other."""

EDITS: Final = "edits"
"""The table whose lists are appended, not replaced."""

Table = dict[str, Any]


@dataclass(frozen=True)
class _Step:
    """One file of the chain: what it writes itself, with paths as seen from the region file."""

    file: Path
    table: Table


def read_scenario(path: str | Path) -> Region:
    """Read a scenario file and the region that it changes.

    The file names its `base` (a region file, its folder, or another scenario), has a `name`, and holds any key of a
    region file; tables are merged key by key, lists and values replaced, lists of `[edits]` appended. Paths are
    relative to the file they stand in. A file without `base` is a region file and is read as such.

    Parameters
    ----------
    path
        The scenario file, UTF-8 or GBK.

    Returns
    -------
    region
        The region as the scenario has it: `region.path` is the region file at the bottom, `region.scenario` the name
        of the topmost scenario (default its file name), `region.scenario_files` the scenarios.

    Raises
    ------
    RegionError
        With every fault: a file that is missing or no TOML, scenarios that stand on each other, unknown keys (with
        the nearest known one) and values out of range, each with the file that wrote it.

    Examples
    --------
    >>> read_scenario("missing.toml")  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    clinicplan.errors.RegionError: missing.toml: no such file
    """
    if Path(path).suffix.lower() == ".json":
        raise RegionError(_fault("resolved_alone", Path(path)))
    chain = _chain(Path(path))
    bottom, steps = chain[0], chain[1:]
    faults = [item for step in steps for item in _own_faults(step)]
    name = str(steps[-1].table.get("name", steps[-1].file.stem)).strip() if steps else ""
    table = dict(bottom.table)
    written: list[tuple[str, Table]] = [(bottom.file.name, bottom.table)]
    for step in steps:
        changes = _seen_from(bottom.file.parent, step.file.parent, _changes(step.table))
        table = merge_tables(table, changes)
        written.append((step.file.name, changes))
    try:
        region = region_from_table(table, bottom.file, written=written)
    except RegionError as error:
        raise RegionError(*faults, *error.faults) from None
    if faults:
        raise RegionError(*faults)
    files = tuple(step.file for step in steps)
    places = {key: file for file, part in written for key in _keys_of_siting(part)}
    return region.model_copy(update={"scenario": name, "scenario_files": files, "siting_places": places})


def region_under(region: str | Path | Region, scenario: str | Path | None) -> Region:
    """Read a region, under a scenario where one is given.

    A resolved scenario (`scenario.json` of a result) is replayed on the region: what it holds takes the place of
    everything in the region file but its folder.

    Raises
    ------
    RegionError
        As `read_region` and `read_scenario`, and if the scenario stands on another region.
    """
    if scenario is None:
        return region if isinstance(region, Region) else read_region(region)
    file = region.path if isinstance(region, Region) else _region_file(Path(region))
    if not file.is_file():
        raise RegionError(fault(Severity.ERROR, "missing_file", layer="region", file=str(region)))
    if Path(scenario).suffix.lower() == ".json":
        return _replayed(file, Path(scenario))
    read = read_scenario(scenario)
    if file.resolve() != read.path.resolve():
        raise RegionError(_fault("other_region", Path(scenario), base=str(read.path), region=str(file)))
    return read


def merge_tables(table: Mapping[str, Any], changes: Mapping[str, Any]) -> Table:
    """Lay changes over a table: tables key by key, anything else replaced.

    Examples
    --------
    >>> merge_tables({"a": {"x": 1, "y": 2}, "b": [1]}, {"a": {"y": 3}, "b": [2, 3]})
    {'a': {'x': 1, 'y': 3}, 'b': [2, 3]}
    """
    merged = dict(table)
    for key, value in changes.items():
        below = merged.get(key)
        if not isinstance(below, Mapping) or not isinstance(value, Mapping):
            merged[key] = _merged_edits({}, value) if key == EDITS and isinstance(value, Mapping) else value
            continue
        if key == EDITS:
            merged[key] = _merged_edits(below, value)
            continue
        given = [name for name in EITHER if name in value] if key == "standard" else []
        dropped = set(EITHER) if len(given) == 1 else set()
        merged[key] = merge_tables({name: item for name, item in below.items() if name not in dropped}, value)
    return merged


def resolved_scenario(region: Region) -> Table:
    """Return what `scenario.json` holds: name, files from the region file up, which wrote `[siting]`, the region."""
    files = [file.name for file in (region.path, *region.scenario_files)]
    return {
        "name": region.scenario,
        "base": region.path.name,
        "files": list(region.scenario_chain) or files,
        "siting_files": dict(region.siting_places),
        "region": region.model_dump(mode="json"),
    }


def _merged_edits(below: Mapping[str, Any], above: Mapping[str, Any]) -> Table:
    """Lay edits over edits: lists appended, tables key by key, other values replaced."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        if isinstance(under, list) and isinstance(value, list):
            merged[key] = [*under, *value]
        elif isinstance(under, Mapping) and isinstance(value, Mapping):
            merged[key] = merge_tables(under, value)
        else:
            merged[key] = value
    return merged


def _replayed(file: Path, scenario: Path) -> Region:
    """Read a resolved scenario over a region file."""
    if not scenario.is_file():
        raise RegionError(fault(Severity.ERROR, "missing_file", layer="scenario", file=str(scenario)))
    try:
        written = json.loads(scenario.read_text(encoding="utf-8"))
        name, base, table = str(written["name"]), str(written["base"]), dict(written["region"])
        chain = tuple(str(item) for item in written["files"])
        places = {str(key): str(item) for key, item in dict(written.get("siting_files", {})).items()}
    except (ValueError, KeyError, TypeError) as error:
        raise RegionError(_fault("not_resolved", scenario, detail=type(error).__name__)) from error
    if base != file.name:
        raise RegionError(_fault("other_region", scenario, base=base, region=str(file)))
    table = _without_nothing(table)
    region = region_from_table(table, file, written=[(scenario.name, table)])
    kept = {"scenario": name, "scenario_files": (scenario,), "scenario_chain": chain, "siting_places": places}
    return region.model_copy(update=kept)


def _without_nothing(value: Any) -> Any:
    """Leave out keys that hold nothing, as TOML cannot write them."""
    if isinstance(value, Mapping):
        return {key: _without_nothing(item) for key, item in value.items() if item is not None}
    return [_without_nothing(item) for item in value] if isinstance(value, list) else value


def _chain(path: Path) -> list[_Step]:
    """Read the files from the region file up."""
    steps: list[_Step] = []
    seen: set[Path] = set()
    file, asked = _region_file(path), path
    while True:
        if file.resolve() in seen:
            names = " → ".join([*(step.file.name for step in steps), file.name])
            raise RegionError(_fault("cycle", steps[-1].file, names=names))
        seen.add(file.resolve())
        table = _read_table(file, asked)
        steps.append(_Step(file, table))
        if "base" not in table and (len(steps) > 1 or "layers" in table):
            return steps[::-1]
        base = table.get("base")
        if not isinstance(base, str) or not base.strip():
            raise RegionError(_fault("no_base", file))
        asked = file.parent / base.strip()
        file = _region_file(asked)


def _region_file(path: Path) -> Path:
    return path / "region.toml" if path.is_dir() else path


def _read_table(file: Path, asked: Path) -> Table:
    if not file.is_file():
        raise RegionError(fault(Severity.ERROR, "missing_file", layer="scenario", file=str(asked)))
    try:
        return tomllib.loads(decode_toml(file))
    except tomllib.TOMLDecodeError as error:
        raise RegionError(toml_fault(file.name, error, layer="scenario")) from error


def _own_faults(step: _Step) -> list[Fault]:
    """Check the keys that only a scenario has."""
    faults = []
    name = step.table.get("name", "-")
    if not isinstance(name, str) or not name.strip():
        faults.append(_fault("bad_name", step.file))
    return faults


def _changes(table: Table) -> Table:
    return {key: value for key, value in table.items() if key not in OWN_KEYS}


def _seen_from(base: Path, folder: Path, table: Table) -> Table:
    """Rewrite the paths of a table written in one folder so that they hold from another."""
    if base.resolve() == folder.resolve():
        return table

    def moved(path: Any) -> Any:
        if not isinstance(path, str) or not path.strip():
            return path
        target = (folder / path.strip()).resolve()
        try:
            return Path(os.path.relpath(target, base.resolve())).as_posix()
        except ValueError:  # another drive
            return target.as_posix()

    found = dict(table)
    if "policy" in found and found["policy"] not in built_in_profiles():
        found["policy"] = moved(found["policy"])
    for name, key in (("travel", "speeds"), ("siting", "baseline")):
        if isinstance(found.get(name), Mapping) and key in found[name]:
            found[name] = {**found[name], key: moved(found[name][key])}
    if isinstance(found.get("layers"), Mapping):
        found["layers"] = {
            name: {**source, "path": moved(source["path"])} if isinstance(source, Mapping) and "path" in source
            else source
            for name, source in found["layers"].items()
        }  # fmt: skip
    if isinstance(found.get(EDITS), Mapping) and isinstance(found[EDITS].get("roads"), list):
        roads = [
            {**edit, "area": moved(edit["area"])} if isinstance(edit, Mapping) and "area" in edit else edit
            for edit in found[EDITS]["roads"]
        ]
        found[EDITS] = {**found[EDITS], "roads": roads}
    return found


def _keys_of_siting(table: Table) -> tuple[str, ...]:
    siting = table.get("siting")
    return tuple(siting) if isinstance(siting, Mapping) else ()


def _fault(code: str, file: Path, **values: str) -> Fault:
    return fault(Severity.ERROR, code, subject="scenario", layer="scenario", file=file.name, **values)  # type: ignore[arg-type]
