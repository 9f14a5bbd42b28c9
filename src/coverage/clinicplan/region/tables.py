"""Hold the tables of the region file: layers, travel, standard, siting, document."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from clinicplan.region.table import Datum, Minutes, Mode, Tier, _Table
from clinicplan.terms import LAYER_NAMES


class LayerSource(_Table):
    """Where one layer stands and how it is written."""

    path: str
    """File, relative to the region file."""
    datum: Datum = "wgs84"
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
