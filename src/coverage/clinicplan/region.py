"""Read the region file: which layers, which modes, which standard; a frozen schema that refuses unknown keys."""

from __future__ import annotations

import difflib
import re
import tomllib
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from clinicplan.errors import Fault, Language, RegionError, Severity
from clinicplan.terms import LAYER_NAMES, MODES, TIERS
from clinicplan.words import fault

Mode = Literal["walk", "bicycle", "e_bike", "tricycle", "motorcycle", "car"]
Tier = Literal[TIERS]  # type: ignore[valid-type]
Minutes = Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0, le=600)]


class _Table(BaseModel):
    """A table of the region file: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, use_attribute_docstrings=True)


class LayerSource(_Table):
    """Where one layer stands and how it is written."""

    path: str
    """File, relative to the region file."""
    datum: Literal["wgs84", "cgcs2000", "gcj02", "bd09"] = "wgs84"
    """Datum of geographic coordinates; gcj02 and bd09 are converted by the public approximation."""
    crs: str | None = None
    """Coordinate system where the file does not state one, such as EPSG:4549."""
    encoding: str | None = None
    """Text encoding where guessing fails."""
    sheet: str | None = None
    """Sheet of a workbook; default the one whose header is recognised best."""
    layer: str | None = None
    """Layer of a GeoPackage, KML or similar; default the only one, else the one named like this layer."""
    columns: dict[str, str] = Field(default_factory=dict)
    """Our column name = the header in the file, where the alias table is not enough."""
    missing_population: Literal["fault", "model"] = "fault"
    """`model` shares the township's rest among villages without a population and marks them."""


class Layers(_Table):
    """The files of the county."""

    boundary: LayerSource
    villages: LayerSource
    facilities: LayerSource
    roads: LayerSource
    townships: LayerSource | None = None
    natural_villages: LayerSource | None = None
    candidates: LayerSource | None = None
    urban_area: LayerSource | None = None
    barriers: LayerSource | None = None
    elevation: LayerSource | None = None

    def present(self) -> dict[str, LayerSource]:
        """Return the layers that are given, by name, in the order of DESIGN."""
        return {name: source for name in LAYER_NAMES if (source := getattr(self, name)) is not None}


class Travel(_Table):
    """How people travel."""

    mode: Mode = "e_bike"
    """The mode of the standard (an assumption, marked on every output)."""
    modes: tuple[Mode, ...] = ("walk", "e_bike", "car")
    """Modes computed beside each other; the mode of the standard is always among them."""
    direction: Literal["to_facility", "from_facility"] = "to_facility"
    access_kmh: Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0, le=30)] = 4.0
    """Speed between a point and its road, km/h."""
    max_access_m: Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0, le=20_000)] = 2000.0
    """Longest way between a point and its road, and longest straight walk, metres."""
    margin_km: Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=200)] = 20.0
    """Roads are cut at the boundary plus this margin, km."""
    speeds: str | None = None
    """A speeds file of the planner's own, relative to the region file."""

    @property
    def all_modes(self) -> tuple[Mode, ...]:
        """The modes to compute, the mode of the standard first."""
        return (self.mode, *(mode for mode in dict.fromkeys(self.modes) if mode != self.mode))


class Ladder(_Table):
    """Minutes by car to the upper tiers, reported beside the circle."""

    township_hospital: Minutes | None = None
    county_hospital: Minutes | None = None


class StandardTable(_Table):
    """The service circle."""

    minutes: Minutes | None = None
    distance_m: Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0, le=200_000)] | None = None
    bands: tuple[Minutes, ...] = (15.0, 20.0)
    target_share: Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=1)] | None = None
    ladder: Ladder = Ladder()
    tiers: tuple[Tier, ...] | None = None
    count_neighbours: bool = False

    @model_validator(mode="after")
    def _one_limit(self) -> StandardTable:
        if self.minutes is not None and self.distance_m is not None:
            raise ValueError("minutes_and_distance")
        return self


class MergeTable(_Table):
    """When villages may share a clinic."""

    max_people: Annotated[int, Field(strict=True, ge=0)] | None = None
    max_minutes: Minutes | None = None
    max_km: Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0)] | None = None
    same_township: bool = True
    adjacent: bool = True
    max_guests: Annotated[int, Field(strict=True, ge=0)] = 3


class BudgetTable(_Table):
    """Money that a plan may spend; 0 or absent is no limit."""

    build_cny: Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0)] = 0.0
    running_cny_per_year: Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0)] = 0.0


class CostTable(_Table):
    """What sites and doctors cost, yuan (assumptions unless the profile gives them)."""

    build: Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0)] = 60_000.0
    upgrade: Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0)] = 30_000.0
    service_point: Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0)] = 5_000.0
    run_per_year: Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0)] = 20_000.0
    doctor_per_year: Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0)] = 30_000.0
    life_years: Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0)] = 15.0


class DoctorsTable(_Table):
    """Doctors of the village clinics; absent keys set no rule."""

    available: Annotated[int, Field(strict=True, ge=0)] | None = None
    """How many the county has; a plan never needs more."""
    least_per_1000: Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0)] | None = None
    """Doctors per 1,000 residents of the county's villages, hard."""
    most_per_1000: Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0)] | None = None
    """The upper end, reported only."""


class SubCentresTable(_Table):
    """Where county medical sub-centres (县域医疗卫生次中心) may stand, and how many."""

    least: Annotated[int, Field(strict=True, ge=0)] = 1
    most: Annotated[int, Field(strict=True, ge=1)] | None = None
    """Default: the ceiling by population (200,000: 2, 500,000: 3, 1,000,000: 4)."""
    min_km: Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0)] = 15.0
    """Shortest road from the county medical centre, inclusive."""
    spacing_km: Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0)] = 0.0
    """Shortest road between two of them, inclusive; 0 asks for none."""
    objective: Literal["person_minutes", "people_within"] = "person_minutes"
    minutes: Minutes = 30.0
    """Circle of `people_within`."""
    near_share: Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=1)] = 0.02
    """Sets up to this much worse than the best are listed."""


class QuotaTable(_Table):
    """A service with a quota, such as blood points: how many, among which facilities, how far apart."""

    name: str = ""
    tiers: tuple[Tier, ...] = ()
    """Facilities that may be chosen."""
    count: Annotated[int, Field(strict=True, ge=0)] | None = None
    """How many in the county; without it one a township."""
    per_township: Annotated[int, Field(strict=True, ge=0)] = 0
    spacing_km: Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0)] = 0.0
    min_km: Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0)] = 0.0
    """Shortest road from the county medical centre, inclusive."""
    objective: Literal["person_minutes", "people_within"] = "person_minutes"
    minutes: Minutes = 30.0


class Siting(_Table):
    """What the solver may do."""

    model: Literal[
        "merge", "set_cover", "multi_cover", "backup_cover", "max_cover", "partial_cover", "p_median", "p_center",
        "p_dispersion", "capacitated_cover", "capacitated_p_median", "capacitated_facility_location", "sub_centres",
        "quota",
    ] = "merge"  # fmt: skip
    merge: MergeTable = MergeTable()
    max_minutes_lost: Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0)] | None = None
    budget: BudgetTable = BudgetTable()
    cost: CostTable = CostTable()
    keep: tuple[str, ...] = ()
    forbid: tuple[str, ...] = ()
    max_changes: Annotated[int, Field(strict=True, ge=0)] = 0
    allow_close: bool = False
    time_limit_s: Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0)] = 120.0
    complete: bool = False
    """Every village must have a lawful arrangement: without one there is no plan (exit 3)."""
    outreach: tuple[Literal["service_point", "touring", "stationed", "telemedicine"], ...] = ()
    """Arrangements that may stand for a clinic in villages of at most `outreach_max_people`."""
    outreach_max_people: Annotated[int, Field(strict=True, ge=0)] = 0
    doctors: DoctorsTable = DoctorsTable()
    township_minimum: dict[str, Annotated[int, Field(strict=True, ge=0)]] = Field(default_factory=dict)
    """Least number of clinics by township."""
    lock: tuple[str, ...] = ()
    """Townships whose clinics stay as they are (in the baseline, else today)."""
    baseline: str | None = None
    """An earlier plan (`plan.json` or its folder): the new one differs from it in as few sites as can be."""
    pareto: Annotated[int, Field(strict=True, ge=0)] = 0
    """Points of cost against people outside; 0 for none."""
    alternatives: Annotated[int, Field(strict=True, ge=0)] = 0
    """How many further plans to list."""
    alternatives_share: Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=1)] = 0.02
    """Yearly cost up to which they may lie above the plan, as a share."""
    p: Annotated[int, Field(strict=True, ge=0)] | None = None
    """Number of sites of a location model."""
    target_share: Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=1)] | None = None
    """Share of people of `partial_cover`; default the standard's."""
    times: Annotated[int, Field(strict=True, ge=1)] = 2
    """How many sites must cover a village in `multi_cover`."""
    capacity_people: Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0)] | None = None
    """People that a site may serve in capacitated models."""
    split: bool = False
    """Whether a village may be served by several sites in capacitated models."""
    person_minute_cny: Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0)] = 1.0
    """What a minute of one person's way weighs in `capacitated_facility_location`, yuan a year (an assumption)."""
    sub_centres: SubCentresTable = SubCentresTable()
    quota: QuotaTable = QuotaTable()


class Document(_Table):
    """What stands on the cover of a document."""

    title: str | None = None
    unit: str | None = None
    date: str | None = None
    version: str | None = None
    paper: Literal["A3", "A4"] | None = None
    map_use: Literal["internal", "public"] = "internal"
    approval_number: str | None = None


class Region(_Table):
    """A county and what is asked of it."""

    name: Annotated[str, Field(min_length=1)]
    code: str = ""
    policy: str | None = None
    crs: str | None = None
    population_basis: Literal["resident", "hukou"] = "resident"
    layers: Layers
    travel: Travel = Travel()
    standard: StandardTable = StandardTable()
    siting: Siting = Siting()
    document: Document = Document()

    path: Path = Field(default=Path("region.toml"), exclude=True)
    """The region file itself; set by `read_region`, never a key of the file."""
    scenario: str = Field(default="", exclude=True)
    """Name of the scenario that the region was read under, empty without one; never a key of the file."""
    scenario_files: tuple[Path, ...] = Field(default=(), exclude=True)
    """Scenario files over the region file, the first one read first; never a key of the file."""

    @property
    def folder(self) -> Path:
        """The folder that relative paths start from."""
        return self.path.parent

    @property
    def lang(self) -> Language:
        """Chinese for a code in China, else English."""
        return language_of_code(self.code)

    def file(self, layer: str) -> Path:
        """Return the path of a layer's file."""
        source: LayerSource = getattr(self.layers, layer)
        return self.folder / source.path

    def input_files(self) -> dict[str, Path]:
        """Return every file that results rest on, by layer: region file, layers, speeds, earlier plan, scenarios."""
        files = {"region": self.path, **{name: self.file(name) for name in self.layers.present()}}
        if self.travel.speeds:
            files["speeds"] = self.folder / self.travel.speeds
        if self.siting.baseline:
            plan = self.folder / self.siting.baseline
            files["baseline"] = plan if plan.suffix == ".json" else plan / "plan.json"
        for number, file in enumerate(self.scenario_files, 1):
            files["scenario" if number == 1 else f"scenario_{number}"] = file
        return files


def language_of_code(code: str) -> Language:
    """Return `zh` for an administrative code of China (six digits, first two 11-82), else `en`."""
    return "zh" if re.fullmatch(r"[1-8]\d{5}(\d{3}|\d{6})?", code) and 11 <= int(code[:2]) <= 82 else "en"


def language_of_file(path: Path) -> Language:
    """Guess the language from the code in a region file, or a manifest, that may be faulty otherwise."""
    file = path / "region.toml" if path.is_dir() else path
    if not file.is_file():
        return "en"
    text = file.read_bytes()[:200_000].decode("utf-8", errors="ignore")
    code = re.search(r'"?code"?\s*[=:]\s*"([1-8]\d{5})', text)
    return language_of_code(code.group(1)) if code else "en"


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
        region = Region.model_validate({**_known(table, Region), "path": path})
    except ValidationError as error:
        faults.extend(_validation_fault(item, _writer(item["loc"], files)) for item in error.errors(include_url=False))
        raise RegionError(*faults) from None
    if faults:
        raise RegionError(*faults)
    return region


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
    """Return the table class inside an annotation such as `LayerSource | None`."""
    if isinstance(annotation, type) and issubclass(annotation, _Table):
        return annotation
    if get_origin(annotation) in (Union, types.UnionType):
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
        elif isinstance(value, Mapping) and (sub := _submodel(fields[key])):
            faults.extend(_unknown_keys(value, sub, file, f"{prefix}{key}."))
    return faults


def _known(table: Mapping[str, Any], model: type[_Table]) -> dict[str, Any]:
    """Return the table without unknown keys, so that their faults do not hide others."""
    fields = _fields(model)
    kept: dict[str, Any] = {}
    for key, value in table.items():
        if key in fields:
            sub = _submodel(fields[key]) if isinstance(value, Mapping) else None
            kept[key] = _known(value, sub) if sub else value
    return kept


def _validation_fault(item: Any, file: str) -> Fault:
    key = ".".join(str(part) for part in item["loc"] if not str(part).startswith("function-"))
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
    allowed = "; ".join(
        f"{_COMPARISONS.get(name, name)} {bound}" for name, bound in context.items() if name in _COMPARISONS
    )
    shown = value if isinstance(value, str | int | float | bool) else type(value).__name__
    return fault(
        Severity.ERROR, "bad_value", layer="region", file=file,
        key=key, value=shown, allowed=allowed or item["msg"].removeprefix("Input should be "),
    )  # fmt: skip


_COMPARISONS = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤", "min_length": "≥ characters"}
__all__ = [
    "MODES", "Document", "Ladder", "LayerSource", "Layers", "Mode", "Region", "Siting", "StandardTable", "Travel",
    "decode_toml", "language_of_code", "nearest_word", "read_region", "region_from_table", "toml_fault",
]  # fmt: skip
