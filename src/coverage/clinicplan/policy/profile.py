"""Read one policy profile: a document's head, its clauses, and what it takes over from another profile."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
    SerializeAsAny,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from clinicplan.errors import Fault, Phrase, PlannerError, PolicyError, Severity
from clinicplan.policy.faults import duplicate_faults, profile_faults, unknown_name
from clinicplan.policy.parameters import PARAMETERS
from clinicplan.policy.subjects import SOURCES, Positive, Table, Tier
from clinicplan.region import decode_toml, toml_fault
from clinicplan.words import fault

Strength = Literal["must", "principle", "may", "report", "information"]
Unit = Literal[
    "city", "county", "township", "village", "facility", "township_hospital", "central_township_hospital",
    "sub-centre", "community_centre", "village_clinic",
]  # fmt: skip
Kind = Literal[
    "service_circle", "service", "one_village_one_clinic", "merge", "exempt", "fixed_service_point", "touring",
    "remote", "spacing", "quota", "ratio", "minimum", "share", "equipment", "premises", "staff_age", "referral_chain",
    "classification", "village_class", "assignment", "rotation", "cost",
]  # fmt: skip
"""Every kind of `PARAMETERS`, written out so that types can be checked (a test holds that they agree)."""

Text = Annotated[str, Field(min_length=1)]


def _known_source(need: str) -> str:
    """Refuse a need that starts with nothing we know."""
    source, dot, column = need.partition(".")
    if source not in SOURCES or (dot and not column):
        raise PydanticCustomError("unknown_source", "unknown source")
    return need


class Agency(Table):
    """Who answers for the document in this county, in the words its outputs use."""

    name: Text = "县卫生健康局"
    """Health authority, as the county calls it."""
    name_en: Text = "the county health bureau"
    """The same in English."""
    whole: Text = "全县"
    """What the whole county is called: 全县, 全市 or 全区."""


class Clause(Table):
    """One clause that a county's layers or registers can check."""

    id: Text
    """Short name, such as `LY-05b`."""
    article: Text
    """Where it stands in the document, such as 三(五)."""
    unit: Unit
    """What is counted."""
    kind: Kind
    """Which rule tests it."""
    strength: Strength
    """must binds; principle and may never fail; report and information are figures only."""
    deadlines: tuple[date, ...] = ()
    """Last days by which it is to be met, ascending."""
    text: Text
    """What it asks for, one sentence in our own words, Chinese."""
    text_en: Text
    """The same in English."""
    reading: str = ""
    """How a doubtful word is read, Chinese; empty where nothing is in doubt."""
    reading_en: str = ""
    """The same in English."""
    needs: tuple[Annotated[str, AfterValidator(_known_source)], ...] = ()
    """What it is tested with: `layer.column`, a layer, `roads`, `travel_times`, `plan`, or a table of the region file
    (`siting`, `standard`)."""
    needs_plan: bool = False
    """Whether it can only be assessed for a plan."""
    parameters: SerializeAsAny[Table]
    """Numbers and words of the clause; which ones is fixed by its kind."""

    @field_validator("deadlines")
    @classmethod
    def _ascend(cls, days: tuple[date, ...]) -> tuple[date, ...]:
        if list(days) != sorted(set(days)):
            raise PydanticCustomError("not_ascending", "days must ascend")
        return days

    @field_validator("parameters", mode="before")
    @classmethod
    def _parameters_of_kind(cls, table: Any, info: ValidationInfo) -> Any:
        """Read the parameters as those of the kind; where the kind is unknown nothing can be said of them."""
        if isinstance(table, Table):
            return table
        model = PARAMETERS.get(str(info.data.get("kind")))
        return Table() if model is None else model.model_validate(table)

    @property
    def statement(self) -> Phrase:
        """What the clause asks for, in both languages."""
        return Phrase(self.text, self.text_en)


class Profile(Table):
    """A policy document as data."""

    id: Text
    """Short name, such as `xinchang-2022`; never taken over from another profile."""
    extends: str = ""
    """Another profile, built in or a file: its clauses are taken over in their order, and head keys not given here. A
    clause of the same id replaces one whole; new ones follow."""
    drop: tuple[str, ...] = ()
    """Ids of clauses that are not taken over."""
    title: Text
    """Title as the document has it."""
    title_en: Text
    """Title in English, our rendering."""
    number: str = ""
    """Document number, such as 莱政办字〔2024〕28号; empty where the text shows none."""
    date: str = ""
    """Date of issue, ISO; empty where the text shows none."""
    draft: bool = False
    """Whether the text is a draft for comment (征求意见稿): every output says 仅供参考."""
    circle_minutes: Positive | None = None
    """Minutes of the rural service circle, where the document states one."""
    circle_article: str = ""
    """Where the document states it."""
    agency: Agency = Agency()
    """Who answers for it."""
    clinic_tiers: tuple[Tier, ...] = ("village_clinic",)
    """What the document calls a village clinic; Xinchang names stations with it."""
    township_tiers: tuple[Tier, ...] = ("township_hospital",)
    """What it calls the institution of a township; Mentougou has community centres only."""
    clauses: tuple[Clause, ...] = ()
    """What can be checked."""

    @field_validator("date", mode="before")
    @classmethod
    def _day_as_text(cls, day: Any) -> Any:
        return day.isoformat() if isinstance(day, date) else day

    @model_validator(mode="after")
    def _ids_differ(self) -> Profile:
        ids = [clause.id for clause in self.clauses]
        if len(ids) != len(set(ids)):
            raise PydanticCustomError("duplicate_clause", "clause ids repeat")
        return self

    def clause(self, name: str) -> Clause:
        """Return one clause by id; KeyError where there is none."""
        found = next((clause for clause in self.clauses if clause.id == name), None)
        if found is None:
            raise KeyError(name)
        return found


def built_in_profiles() -> tuple[str, ...]:
    """Return the ids of the profiles that come with the package, sorted."""
    files = resources.files("clinicplan.policy").joinpath("profiles").iterdir()
    return tuple(sorted(item.name.removesuffix(".toml") for item in files if item.name.endswith(".toml")))


def read_profile(name: str, folder: Path = Path()) -> Profile:
    """Read a built-in profile by id, or a profile file.

    Parameters
    ----------
    name
        Id of a built-in profile, or the path of a `.toml` file (UTF-8 or GBK).
    folder
        Folder that a relative path starts from.

    Returns
    -------
    profile
        The document as data, with the clauses it takes over.

    Raises
    ------
    PolicyError
        If there is neither such a profile nor such a file; else with every fault of the file and of those it extends:
        unknown keys, kinds and words with the nearest known one, values out of range, clauses that are there twice.

    Examples
    --------
    >>> read_profile("xinchang-2022").circle_minutes
    20.0
    """
    if name in built_in_profiles():
        return _built_in(name)
    file = folder / name
    if not file.is_file():
        raise PolicyError(unknown_name("policy", name, built_in_profiles(), layer="region", subject="faults"))
    return _read(_Source(file.name, file), ())


@dataclass(frozen=True)
class _Source:
    """Where a profile stands."""

    name: str
    """File name, for the faults."""
    file: Path | None = None
    """The file; None for one that comes with the package."""

    def table(self) -> Mapping[str, Any]:
        """Return what the file holds; PolicyError where it is no text or no TOML."""
        try:
            return tomllib.loads(self._text())
        except tomllib.TOMLDecodeError as error:
            raise PolicyError(toml_fault(self.name, error, layer="policy")) from error

    def _text(self) -> str:
        if self.file is None:
            return resources.files("clinicplan.policy").joinpath("profiles", self.name).read_text(encoding="utf-8")
        try:
            return decode_toml(self.file)
        except PlannerError as error:
            raise PolicyError(*(replace(item, layer="policy") for item in error.faults)) from error


@functools.cache
def _built_in(name: str) -> Profile:
    return _read(_Source(f"{name}.toml"), ())


def _read(source: _Source, chain: tuple[_Source, ...]) -> Profile:
    """Read one profile; `chain` holds those that extend it."""
    table = source.table()
    faults: list[Fault] = []
    base: Profile | None = None
    try:
        base = _base(table, source, (*chain, source))
    except PolicyError as error:
        faults += error.faults
    faults += duplicate_faults(table, source.name)
    if not faults:
        faults += _drop_faults(table, source.name, base)
    head = {} if base is None else {key: getattr(base, key) for key in Profile.model_fields if key not in _OWN}
    try:
        own = Profile.model_validate({**head, **table})
    except ValidationError as error:
        found = profile_faults(error, table, source.name, Profile, headless=bool(faults) and "extends" in table)
        raise PolicyError(*faults, *found) from None
    if faults:
        raise PolicyError(*faults)
    return own if base is None else own.model_copy(update={"clauses": _joined(base, own)})


_OWN = frozenset({"id", "extends", "drop", "clauses"})
"""Keys of the head that are never taken over."""


def _base(table: Mapping[str, Any], source: _Source, chain: tuple[_Source, ...]) -> Profile | None:
    """Read the profile that this one extends."""
    name = table.get("extends", "")
    if not isinstance(name, str) or not name.strip():
        return None
    name = name.strip()
    if name in built_in_profiles():
        return _built_in(name)
    file = source.file.parent / name if source.file else None
    if file is None or not file.is_file():
        raise PolicyError(unknown_name("base", name, built_in_profiles(), file=source.name))
    known = [item.file.resolve() for item in chain if item.file]
    if file.resolve() in known:
        ring = " → ".join([*(item.name for item in chain), file.name])
        raise PolicyError(fault(Severity.ERROR, "extends_ring", file=source.name, subject="policy_profile", ring=ring))
    return _read(_Source(file.name, file), chain)


def _drop_faults(table: Mapping[str, Any], file: str, base: Profile | None) -> list[Fault]:
    """Name what is dropped and was never there."""
    known = [clause.id for clause in base.clauses] if base else []
    dropped = table.get("drop", ())
    names = [item for item in dropped if isinstance(item, str)] if isinstance(dropped, list) else []
    return [unknown_name("drop", name, known, file=file) for name in names if name not in known]


def _joined(base: Profile, own: Profile) -> tuple[Clause, ...]:
    """Return the clauses of the base in order, each replaced by ours of the same id, then those that are new."""
    ours = {clause.id: clause for clause in own.clauses}
    kept = [ours.get(clause.id, clause) for clause in base.clauses if clause.id not in own.drop]
    taken = {clause.id for clause in kept}
    return (*kept, *(clause for clause in own.clauses if clause.id not in taken))
