"""Run a county from its region file to its result folder; the table of contents of the program."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from clinicplan.county import County, CountyResult
from clinicplan.errors import Fault, Language, LayerError, PlannerError, PolicyError, RegionError, Severity
from clinicplan.policy import Profile, read_profile
from clinicplan.region import Region, read_region
from clinicplan.standard import Standard
from clinicplan.terms import ALL_PRODUCTS, COVERAGE_PRODUCTS, FIXED_TIERS, ISOCHRONE_PRODUCTS
from clinicplan.words import fault

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from clinicplan.check import Inspection
    from clinicplan.coverage import CircleRule, ServiceCircles
    from clinicplan.layers import CountyLayers
    from clinicplan.network import RoadNetwork
    from clinicplan.roads import RoadLayer
    from clinicplan.speeds import Speeds

Progress = Callable[..., None]

COMMANDS: Final = {COVERAGE_PRODUCTS: "coverage", ISOCHRONE_PRODUCTS: "isochrones"}
"""Which command makes which products; `run` makes all."""


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


def run(
    region: str | Path | Region,
    *,
    out: str | Path | None = None,
    lang: Language | None = None,
    force: bool = False,
    progress: Progress | None = None,
    products: frozenset[str] = ALL_PRODUCTS,
) -> CountyResult:
    """Read a county, test its circles and write its results.

    Parameters
    ----------
    region
        A region file, its folder, or a region already read.
    out
        Result folder; None computes without writing.
    lang
        Language of what is written; default by the region's code.
    force
        Replace an earlier result.
    progress
        Called with the name of each step and its values.
    products
        What to make: tables, isochrones of each facility, map.

    Returns
    -------
    result
        The answer, and where it stands.

    Raises
    ------
    PlannerError
        With every fault of the input, before anything is written.
    """
    from clinicplan.results import require_free, result_folder

    if out is not None:
        require_free(Path(out), force=force)
    watch = Stopwatch(progress)
    read = region if isinstance(region, Region) else read_region(region)
    _require_apart(read, out)
    county = read_county(read, watch=watch)
    language = lang or read.lang
    result = compute(county, lang=language, watch=watch, products=products, out=None if out is None else Path(out))
    if out is not None:
        from clinicplan.report.folder import write_results

        with result_folder(Path(out), force=force) as folder:
            command = COMMANDS.get(products, "run")
            write_results(result, folder, lang=language, watch=watch, command=command)
    return result


def demo(
    folder: str | Path, *, lang: Language = "zh", force: bool = False, progress: Progress | None = None
) -> CountyResult:
    """Write the sample county into `folder/region` and its results into `folder/results`."""
    from clinicplan.results import require_free, result_folder, write_manifest
    from clinicplan.sample import write_sample

    target, out = Path(folder) / "region", Path(folder) / "results"
    require_free(target, force=force)
    require_free(out, force=force)
    if progress is not None:
        progress("sample")
    with result_folder(target, force=force) as draft:
        write_sample(draft)
        write_manifest(draft, {"sample": "示例数据 / synthetic data"})
    return run(target / "region.toml", out=out, lang=lang, force=force, progress=progress)


def check(
    region: str | Path,
    *,
    out: str | Path | None = None,
    lang: Language | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> Inspection:
    """Inspect the data of a county in the three severities; write the table where `out` is given."""
    from clinicplan.results import require_free, result_folder, write_csv, write_manifest

    if out is not None:
        require_free(Path(out), force=force)
    read = read_region(region)
    _require_apart(read, out)
    county = read_county(read, watch=Stopwatch(progress), strict=False)
    inspection = county.inspection
    if out is not None:
        with result_folder(Path(out), force=force) as folder:
            write_csv(inspection.to_frame(lang or county.region.lang), folder / "check.csv")
            write_manifest(folder, {"region": county.region.name})
    return inspection


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
    with watch.step("networks", modes=", ".join(read.travel.all_modes)):
        networks = build_networks(read, roads, layers)
    with watch.step("check"):
        inspection = inspect(read, layers, roads, networks)
    errors = [item for item in inspection.faults if item.severity is Severity.ERROR]
    if strict and errors:
        raise LayerError(*errors)
    return County(read, profile, standard, layers, roads, networks, inspection)


def compute(
    county: County,
    *,
    lang: Language,
    watch: Stopwatch | None = None,
    products: frozenset[str] = ALL_PRODUCTS,
    out: Path | None = None,
) -> CountyResult:
    """Compute the circles of a county and the areas they cover."""
    from clinicplan.coverage import service_circles
    from clinicplan.coverage.areas import circle_areas
    from clinicplan.report.headline import full_summary

    watch = watch or Stopwatch()
    rule = circle_rule(county)
    with watch.step("circles"):
        circles = service_circles(
            county.layers.villages,
            county.layers.facilities,
            county.networks,
            rule,
            natural_villages=county.layers.natural_villages,
        )
    _require_villages(circles, county.region.layers.villages.path)
    with watch.step("isochrones"):
        areas, facility_areas = circle_areas(circles, each="isochrones" in products)
    summary = full_summary(county, circles, areas, lang)
    return CountyResult(county, circles, areas, facility_areas, summary, out, products)


def circle_rule(county: County) -> CircleRule:
    """Return what counts, and how people travel, as the region file has it."""
    from clinicplan.coverage import CircleRule

    travel, standard = county.region.travel, county.region.standard
    return CircleRule(
        standard=county.standard,
        mode=travel.mode,
        tiers=tuple(standard.tiers or FIXED_TIERS),
        count_neighbours=standard.count_neighbours,
        direction=travel.direction,
        access_kmh=travel.access_kmh,
        max_access_m=travel.max_access_m,
    )


def scan_county_roads(region: Region, layers: CountyLayers) -> RoadLayer:
    """Read the roads within the boundary and its margin, for every mode at once."""
    from clinicplan.roads import scan_roads

    source = region.layers.roads
    around = layers.boundary.geometry.union_all().envelope.buffer(region.travel.margin_km * 1000, join_style="mitre")
    west, south, east, north = layers.boundary.set_geometry([around]).to_crs(4326).total_bounds
    box = (west, south, east, north)
    return scan_roads(region.file("roads"), crs=layers.crs, box=box, speeds=_speeds(region), source=source)


def build_networks(region: Region, roads: RoadLayer, layers: CountyLayers) -> dict[str, RoadNetwork]:
    """Build the network of every mode, with the planner's own barriers beside those of the roads file."""
    speeds = _speeds(region)
    own = own_barriers(layers)
    networks: dict[str, RoadNetwork] = {}
    for mode in region.travel.all_modes:
        network = roads.network(speeds.mode(mode))
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


def road_summary(region: str | Path) -> pd.DataFrame:
    """Return kilometres of road by class in a county and its margin: `highway, km`."""
    from clinicplan.layers import read_layers

    read = read_region(region)
    roads = scan_county_roads(read, read_layers(read))
    return roads.class_km()


def download_place(place: str, path: str | Path, *, force: bool = False) -> Path:
    """Download the roads of a named place through OSMnx and write them as GraphML."""
    from clinicplan.errors import OutputError
    from clinicplan.roads import download_roads

    target = Path(path)
    if target.exists() and not force:
        raise OutputError(fault(Severity.ERROR, "output_exists", folder=str(target)))
    return download_roads(target, place=place)


def redraw_map(
    result: str | Path, *, lang: Language, tiles: Literal["tianditu", "osm"] | None, tianditu_key: str | None
) -> Path:
    """Draw the map of a result folder again, from the region that its manifest names.

    Raises
    ------
    OutputError
        If the folder is no result, or its inputs are not what they were: the map would not match the tables.
    """
    from clinicplan.report.picture import county_picture
    from clinicplan.report.webmap import render_map

    folder = Path(result)
    region = _region_of_result(folder)
    found = run(region, lang=lang, products=COVERAGE_PRODUCTS)
    page = render_map(county_picture(found, lang), lang=lang, tiles=tiles, tianditu_key=tianditu_key)
    path = folder / "map.html"
    draft = folder / ".map.html"
    draft.write_bytes(page.encode("utf-8"))
    draft.replace(path)
    return path


def _region_of_result(folder: Path) -> Region:
    """Read the region that a result was computed from, as long as all its files are what they were."""
    import json

    from clinicplan.errors import OutputError
    from clinicplan.results import MANIFEST, describe_inputs

    manifest = folder / MANIFEST
    entries = json.loads(manifest.read_text(encoding="utf-8")) if manifest.is_file() else {}
    if "region_file" not in entries:
        raise OutputError(fault(Severity.ERROR, "not_a_result", folder=str(folder)))
    region = read_region(entries["region_file"])
    now = describe_inputs(region.input_files())
    changed = sorted(layer for layer in {*now, *entries["inputs"]} if now.get(layer) != entries["inputs"].get(layer))
    if changed:
        raise OutputError(fault(Severity.ERROR, "inputs_changed", folder=str(folder), layers=", ".join(changed)))
    return region


def _speeds(region: Region) -> Speeds:
    from clinicplan.speeds import read_speeds

    return read_speeds(region.folder / region.travel.speeds if region.travel.speeds else None)


def _joined(network: RoadNetwork, own: NDArray[np.object_]) -> NDArray[np.object_]:
    import numpy as np

    return own if network.barrier_lines is None else np.r_[network.barrier_lines, own]


def _require_apart(region: Region, out: str | Path | None) -> None:
    """Refuse to write where the inputs stand: replacing the folder would take them away."""
    from clinicplan.errors import OutputError

    if out is None:
        return
    folder = Path(out).resolve()
    if any(path.resolve().is_relative_to(folder) for path in region.input_files().values()):
        raise OutputError(fault(Severity.ERROR, "output_holds_inputs", folder=str(out)))


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


def _require_villages(circles: ServiceCircles, file: str) -> None:
    """Refuse a county of which nothing can be said."""
    if not (circles.group != "pending").any():
        reasons = ", ".join(sorted(set(circles.reason)))
        raise LayerError(fault(Severity.ERROR, "nothing_to_assess", layer="villages", file=file, detail=reasons))


def _policy(region: Region) -> Profile | None:
    """Read the policy; where there is none of that name, the region file is to blame."""
    if not region.policy:
        return None
    try:
        return read_profile(region.policy, region.folder)
    except PolicyError as error:
        raise PolicyError(*(replace(item, file=item.file or region.path.name) for item in error.faults)) from error


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
        layers = read_layers(region)
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
        scan_roads(region.file("roads"), speeds=_speeds(region), source=region.layers.roads)
    except PlannerError as error:
        return error.faults
    return ()


def _policy_and_standard(region: Region) -> tuple[Profile | None, Standard]:
    """Take the circle from the region file, else from the policy, else refuse."""
    profile = _policy(region)
    table = region.standard
    if table.distance_m is not None:
        return profile, Standard.from_distance(table.distance_m, table.bands)
    minutes = table.minutes if table.minutes is not None else profile.circle_minutes if profile else None
    if minutes is None:
        raise RegionError(fault(Severity.ERROR, "no_standard", layer="region", file=region.path.name))
    return profile, Standard.from_minutes(minutes, table.bands)
