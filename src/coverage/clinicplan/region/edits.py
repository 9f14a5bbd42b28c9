"""Hold `[edits]`: what a scenario changes in the world, without a copy of any layer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from clinicplan.region.table import Datum, Mode, Tier, _Table
from clinicplan.terms import KINDS, STATUSES

Kind = Literal[KINDS]  # type: ignore[valid-type]
Status = Literal[STATUSES]  # type: ignore[valid-type]
Factor = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=10)]
SpeedFactor = Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0, le=10)]
People = Annotated[int, Field(strict=True, ge=0, le=100_000_000)]
Longitude = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-180, le=180)]
Latitude = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-90, le=90)]
Id = Annotated[str, Field(min_length=1)]


class RoadEdit(_Table):
    """Roads closed, slowed or made faster; where several selectors are given, a road meets them all."""

    ways: tuple[int | str, ...] = ()
    """Ids of ways: of the OSM file, or of the road layer's id column."""
    area: str | None = None
    """A file with polygons, relative to the file that names it; a road is meant where it meets one."""
    polygon: tuple[tuple[Longitude, Latitude], ...] = ()
    """Corners of a polygon in degrees, WGS-84."""
    classes: tuple[Id, ...] = ()
    """Highway classes."""
    factor: Factor = 0.0
    """Multiplies the speed of every mode; 0 closes."""

    @model_validator(mode="after")
    def _names_roads(self) -> RoadEdit:
        if not (self.ways or self.area or self.polygon or self.classes):
            raise ValueError("edit_names_no_road")
        if self.polygon and len(self.polygon) < 3:
            raise ValueError("edit_short_polygon")
        return self


class FacilityEdit(_Table):
    """A facility added, closed, moved or given another tier."""

    action: Literal["add", "close", "move", "retier"]
    facility_id: Id
    name: str | None = None
    tier: Tier | None = None
    lon: Longitude | None = None
    lat: Latitude | None = None
    datum: Datum = "wgs84"
    village_id: Id | None = None
    township: Id | None = None
    doctors: Annotated[int, Field(strict=True, ge=0)] | None = None

    @model_validator(mode="after")
    def _says_what_it_needs(self) -> FacilityEdit:
        placed = self.lon is not None and self.lat is not None
        if self.action in ("add", "move") and not placed:
            raise ValueError("edit_no_position")
        if self.action in ("add", "retier") and self.tier is None:
            raise ValueError("edit_no_tier")
        return self


class VillageEdit(_Table):
    """A village whose status, kind, people or place change."""

    village_id: Id
    status: Status | None = None
    kind: Kind | None = None
    population: People | None = None
    lon: Longitude | None = None
    lat: Latitude | None = None
    datum: Datum = "wgs84"

    @model_validator(mode="after")
    def _changes_something(self) -> VillageEdit:
        if (self.lon is None) != (self.lat is None):
            raise ValueError("edit_no_position")
        if self.lon is None and self.status is None and self.kind is None and self.population is None:
            raise ValueError("edit_changes_nothing")
        return self


class PopulationEdit(_Table):
    """People of another year."""

    column: Id | None = None
    """Header of the villages file with the planned year's population."""
    factor: Factor = 1.0
    """Multiplies the people of every village; results are rounded to whole people."""
    townships: dict[str, Factor] = Field(default_factory=dict)
    """Factor by township, in place of `factor`."""


class Edits(_Table):
    """Changes to the world; lists of scenarios that stand on each other are appended, other keys replaced."""

    roads: tuple[RoadEdit, ...] = ()
    facilities: tuple[FacilityEdit, ...] = ()
    villages: tuple[VillageEdit, ...] = ()
    population: PopulationEdit = PopulationEdit()
    speeds: dict[Mode, SpeedFactor] = Field(default_factory=dict)
    """Factor on the road speeds of a mode."""
    season: Id | None = None
    """A season known by name, such as 冰雪 or 汛期."""
    season_factors: dict[str, Factor] = Field(default_factory=dict)
    """Own factors by highway class, in place of the season's."""

    @property
    def are_none(self) -> bool:
        """Whether nothing is changed."""
        return self == Edits()
