"""Hold a county, its roads and the answer for it: what the steps read and found, for whoever writes it down."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinicplan.errors import Fault, LayerError, PlannerError, PolicyError, RegionError, Severity
from clinicplan.policy import Profile, read_profile
from clinicplan.region import Region, read_region
from clinicplan.scenario.edits import edit_county
from clinicplan.scenario.layer_edits import with_planned_population
from clinicplan.scenario.road_edits import mode_change
from clinicplan.standard import Standard
from clinicplan.terms import ALL_PRODUCTS
from clinicplan.words import fault

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy as np
    from numpy.typing import NDArray

    from clinicplan.check import Inspection
    from clinicplan.coverage import ServiceCircles
    from clinicplan.layers import CountyLayers
    from clinicplan.network import RoadNetwork
    from clinicplan.policy.audit import Audit
    from clinicplan.roads import RoadLayer
    from clinicplan.siting.proposal import Proposal
    from clinicplan.speeds import Speeds


Progress = Callable[..., None]


@dataclass
class Stopwatch:
    """Seconds spent in each named step, for the manifest and the progress lines."""

    progress: Progress | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str, **values: object) -> Iterator[None]:
        """Announce a step and time it."""
        if self.progress is not None:
            self.progress(name, **values)
        start = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - start, 3)


@dataclass(frozen=True, eq=False)
class County:
    """A county read and checked: everything that the steps after it need.

    Parameters
    ----------
    region
        The region file.
    profile
        The policy, or None.
    standard
        The circle, from the region or else the policy.
    layers, roads
        What the files hold.
    networks
        Roads by mode, the mode of the standard first.
    inspection
        What was found in the data.
    """

    region: Region
    profile: Profile | None
    standard: Standard
    layers: CountyLayers
    roads: RoadLayer
    networks: Mapping[str, RoadNetwork]
    inspection: Inspection

    def __repr__(self) -> str:
        return f"County({self.region.name}, {len(self.layers.villages)} villages, {len(self.networks)} modes)"


@dataclass(frozen=True, eq=False)
class CountyResult:
    """The answer for a county, as written to its result folder.

    Parameters
    ----------
    county
        What was read.
    circles
        The service circles.
    circle_areas
        Area within each band of any counted facility: `minutes, geometry`.
    facility_areas
        Isochrones of every counted facility, or None where not asked for.
    summary
        What stands in `summary.json`.
    audit
        How the county stands under its policy, or None without a policy or where not asked for.
    out
        The result folder, or None where nothing was written.
    products
        What was made.
    proposal
        The plan, or None where none was asked for or none can be.
    planned
        The service circles with the plan carried out, whose facilities have a column `plan_action`; None without one.
    planned_areas
        Area within each band of any counted facility with the plan carried out; None without a plan.
    """

    county: County
    circles: ServiceCircles
    circle_areas: gpd.GeoDataFrame
    facility_areas: gpd.GeoDataFrame | None
    summary: dict[str, Any]
    audit: Audit | None = None
    out: Path | None = None
    products: frozenset[str] = field(default=ALL_PRODUCTS)
    proposal: Proposal | None = None
    planned: ServiceCircles | None = None
    planned_areas: gpd.GeoDataFrame | None = None

    def __repr__(self) -> str:
        share = self.summary["people_covered_share"]
        return f"CountyResult({self.county.region.name}, people covered {share})"


def read_county(region: str | Path | Region, *, watch: Stopwatch | None = None, strict: bool = True) -> County:
    """Read and check everything a region file names.

    Parameters
    ----------
    region
        A region file, its folder, or a region already read.
    watch
        Times the steps.
    strict
        Raise when the check finds an error; otherwise leave that to the caller.

    Returns
    -------
    county
        Layers in one projected system, roads, a network a mode, and what the check found.

    Raises
    ------
    PlannerError
        With every fault.
    """
    from clinicplan.check import inspect

    watch = watch or Stopwatch()
    read = region if isinstance(region, Region) else read_region(region)
    with watch.step("layers"):
        profile, standard, layers = _question_and_layers(read)
    with watch.step("roads"):
        roads = scan_county_roads(read, layers)
        layers, roads = edit_county(read, layers, roads, classes=county_speeds(read).known_classes)
    with watch.step("networks", modes=", ".join(read.travel.all_modes)):
        networks = build_networks(read, roads, layers)
    with watch.step("check"):
        inspection = inspect(read, layers, roads, networks)
    errors = [item for item in inspection.faults if item.severity is Severity.ERROR]
    if strict and errors:
        raise LayerError(*errors)
    return County(read, profile, standard, layers, roads, networks, inspection)


def scan_county_roads(region: Region, layers: CountyLayers) -> RoadLayer:
    """Read the roads within the boundary and its margin, for every mode at once."""
    from clinicplan.roads import scan_roads

    source = region.layers.roads
    around = layers.boundary.geometry.union_all().envelope.buffer(region.travel.margin_km * 1000, join_style="mitre")
    west, south, east, north = layers.boundary.set_geometry([around]).to_crs(4326).total_bounds
    box = (west, south, east, north)
    return scan_roads(region.file("roads"), crs=layers.crs, box=box, speeds=county_speeds(region), source=source)


def build_networks(region: Region, roads: RoadLayer, layers: CountyLayers) -> dict[str, RoadNetwork]:
    """Build the network of every mode, with the planner's own barriers beside those of the roads file."""
    speeds = county_speeds(region)
    own = own_barriers(layers)
    networks: dict[str, RoadNetwork] = {}
    for mode in region.travel.all_modes:
        network = roads.network(speeds.mode(mode), **mode_change(region, mode))
        networks[mode] = network if not own.size else replace(network, barrier_lines=_joined(network, own))
    return networks


def own_barriers(layers: CountyLayers) -> NDArray[np.object_]:
    """Return the planner's barriers as lines; areas count by their outline."""
    import numpy as np
    import shapely

    if layers.barriers is None:
        return np.zeros(0, dtype=object)
    parts = shapely.get_parts(layers.barriers.geometry.to_numpy())
    areas = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    parts[areas] = shapely.boundary(parts[areas])
    return np.asarray(shapely.get_parts(parts), dtype=object)


def county_speeds(region: Region) -> Speeds:
    """Read the speeds that a region uses: its own file, else the package's."""
    from clinicplan.speeds import read_speeds

    return read_speeds(region.folder / region.travel.speeds if region.travel.speeds else None)


def _joined(network: RoadNetwork, own: NDArray[np.object_]) -> NDArray[np.object_]:
    import numpy as np

    return own if network.barrier_lines is None else np.r_[network.barrier_lines, own]


def _require_files(region: Region) -> None:
    """Name every layer file that is missing, before anything is read."""
    missing = [
        fault(Severity.ERROR, "missing_file" if not path.exists() else "folder_not_file", layer=name, file=str(path))
        for name in region.layers.present()
        if not (path := region.file(name)).is_file() and not path.name.endswith(".gdb")
    ]
    if region.travel.speeds and not (region.folder / region.travel.speeds).is_file():
        missing.append(fault(Severity.ERROR, "missing_file", layer="speeds", file=region.travel.speeds))
    if missing:
        raise LayerError(*missing)


def region_policy(region: Region) -> Profile | None:
    """Read the policy; where there is none of that name, the region file is to blame."""
    if not region.policy:
        return None
    try:
        return read_profile(region.policy, region.folder)
    except PolicyError as error:
        raise PolicyError(*(replace(item, file=item.file or region.path.name) for item in error.faults)) from error


def profiles_to_audit(region: Region, policies: Sequence[str]) -> tuple[Profile, ...]:
    """Read the documents asked for, all faults at once; the region's own where none is named."""
    names = list(policies) or ([region.policy] if region.policy else [])
    if not names:
        raise RegionError(fault(Severity.ERROR, "no_policy", layer="region", file=region.path.name))
    profiles: list[Profile] = []
    faults: list[Fault] = []
    for name in dict.fromkeys(names):
        try:
            profiles.append(read_profile(name, region.folder))
        except PlannerError as error:
            faults.extend(error.faults)
    if faults:
        raise PolicyError(*faults)
    return tuple(profiles)


def region_with_car(region: Region, profiles: Sequence[Profile]) -> Region:
    """Add what an audit needs beside the region's own: roads for cars, and a circle where the region gives none.

    A clause tests its own document's circle; the region's is only what its searches are set up with.
    """
    standard = region.standard
    if standard.minutes is None and standard.distance_m is None and not _policy_minutes(region):
        stated = [profile.circle_minutes for profile in profiles if profile.circle_minutes]
        standard = standard.model_copy(update={"minutes": max(stated, default=max(standard.bands, default=15.0))})
    modes = tuple(dict.fromkeys((*region.travel.all_modes, "car")))
    travel = region.travel.model_copy(update={"modes": modes})
    return region.model_copy(update={"travel": travel, "standard": standard})


def _policy_minutes(region: Region) -> float | None:
    profile = region_policy(region)
    return None if profile is None else profile.circle_minutes


def _question_and_layers(region: Region) -> tuple[Profile | None, Standard, CountyLayers]:
    """Read the policy, the standard and the layers; where any is faulty, name the faults of all, roads included."""
    from clinicplan.layers import read_layers

    errors: list[PlannerError] = []
    try:
        profile, standard = _policy_and_standard(region)
    except PlannerError as error:
        errors.append(error)
    try:
        _require_files(region)
    except PlannerError as error:
        errors.append(error)
    missing = {item.layer for error in errors for item in error.faults}
    try:
        layers = read_layers(with_planned_population(region))
    except PlannerError as error:
        errors.append(LayerError(*(item for item in error.faults if item.layer not in missing)))
    if not errors:
        return profile, standard, layers
    faults = [item for error in errors for item in error.faults]
    raise type(errors[0])(*faults, *_faults_of_roads(region, faults))


def _faults_of_roads(region: Region, known: Iterable[Fault]) -> tuple[Fault, ...]:
    """Return what is wrong with the roads file, unless it is among the known faults already."""
    from clinicplan.roads import scan_roads

    if any(item.layer == "roads" for item in known) or not region.file("roads").is_file():
        return ()
    try:
        scan_roads(region.file("roads"), speeds=county_speeds(region), source=region.layers.roads)
    except PlannerError as error:
        return error.faults
    return ()


def _policy_and_standard(region: Region) -> tuple[Profile | None, Standard]:
    """Take the circle from the region file, else from the policy, else refuse."""
    profile = region_policy(region)
    table = region.standard
    if table.distance_m is not None:
        return profile, Standard.from_distance(table.distance_m, table.bands)
    minutes = table.minutes if table.minutes is not None else profile.circle_minutes if profile else None
    if minutes is None:
        raise RegionError(fault(Severity.ERROR, "no_standard", layer="region", file=region.path.name))
    return profile, Standard.from_minutes(minutes, table.bands)
