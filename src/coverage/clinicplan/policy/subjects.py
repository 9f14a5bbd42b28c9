"""Say which units a clause is about and what must stand in their cells: the common words of all its tables."""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from clinicplan.terms import LAYER_NAMES

Tier = Literal[
    "county_medical_centre", "county_hospital", "sub_centre", "central_township_hospital", "township_hospital",
    "community_centre", "community_station", "central_clinic", "village_clinic", "service_point", "touring_stop",
    "private_clinic", "blood_point", "blood_vehicle_stop", "blood_store", "geriatric_hospital", "hospice", "other",
]  # fmt: skip
"""Every tier of `terms.TIERS`, written out so that types can be checked (a test holds that they agree)."""

Layer = Literal["facilities", "villages", "townships"]
Level = Literal["none", "basic", "recommended", "community_hospital"]
"""Levels of the service standard, lowest first."""
VillageKind = Literal["village", "community", "other"]
SOURCES: Final = (*LAYER_NAMES, "siting", "standard", "travel_times", "plan")
"""What a clause may be tested with: layers, tables of the region file, travel times, a plan."""

Flag = Annotated[bool, Field(strict=True)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Positive = Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0)]
Share = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=1)]
Amount = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0)]
Count = Annotated[int, Field(strict=True, ge=0)]
PositiveCount = Annotated[int, Field(strict=True, gt=0)]

T = TypeVar("T")


def _not_empty(items: tuple[T, ...]) -> tuple[T, ...]:
    if not items:
        raise PydanticCustomError("empty_list", "the list is empty")
    return items


OneOrMore = Annotated[tuple[T, ...], AfterValidator(_not_empty)]
"""A list that may not be empty."""


class Table(BaseModel):
    """A table of a profile: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, use_attribute_docstrings=True)


class Condition(Table):
    """One test of one cell; an empty cell is unknown. Exactly one comparison, or several that must all hold."""

    column: str
    """Column of the layer; numbers, yes/no, words and lists are read as the comparison needs."""
    or_columns: tuple[str, ...] = ()
    """Other columns of the layer; it is enough that one of them all stands the comparison (own or posted staff)."""
    equals: Flag | str | tuple[str, ...] | None = None
    """The cell is this, or one of these."""
    has_any: tuple[str, ...] = ()
    """The list in the cell holds at least one of these words (synonyms of one thing)."""
    at_least: Number | Level | None = None
    """The number, the length of the list, or the level of the standard is at least this (inclusive)."""
    at_most: Number | None = None
    """The number or the length of the list is at most this (inclusive)."""
    more_than: Number | None = None
    """Strictly more."""
    less_than: Number | None = None
    """Strictly less."""
    each_less_than: Number | None = None
    """Every number of the list is strictly less."""

    @model_validator(mode="after")
    def _compares(self) -> Condition:
        given = (self.equals, self.at_least, self.at_most, self.more_than, self.less_than, self.each_less_than)
        if not self.has_any and all(item is None for item in given):
            raise PydanticCustomError("no_comparison", "a condition needs a comparison")
        return self


class Subjects(Table):
    """The units a clause is about."""

    layer: Layer = "facilities"
    """Layer of the units."""
    tiers: tuple[Tier, ...] = ()
    """Facilities that serve as one of these tiers (a sub-centre serves as a township hospital); empty: every tier."""
    exact: bool = False
    """Only facilities whose tier is one of `tiers` itself."""
    kinds: tuple[VillageKind, ...] = ("village",)
    """Kinds of the villages layer."""
    where: tuple[Condition, ...] = ()
    """All must hold for a unit to be one of them; an unknown cell leaves that open."""
