"""Write what a result folder holds: summary, tables, layers, map, manifest (DESIGN section 5)."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import geopandas as gpd
import pandas as pd

from clinicplan.errors import Language
from clinicplan.report.audit_book import write_audit
from clinicplan.report.plan_folder import plan_entries, proposal_layer, write_plan_files
from clinicplan.report.statements import audit_statements, population_years
from clinicplan.report.tables import (
    facility_table,
    planned_columns,
    township_table,
    travel_time_table,
    village_table,
)
from clinicplan.results import describe_inputs, package_versions, write_csv, write_json, write_layers, write_manifest
from clinicplan.scenario import SCENARIO_FILE, resolved_scenario
from clinicplan.scenario.road_edits import season_of
from clinicplan.words import word

if TYPE_CHECKING:
    from clinicplan.county import CountyResult


class Timer(Protocol):
    """Times named steps."""

    seconds: dict[str, float]

    def step(self, name: str, **values: object) -> AbstractContextManager[None]:
        """Announce and time a step."""
        ...


def write_results(result: CountyResult, folder: Path, *, lang: Language, watch: Timer, command: str) -> None:
    """Write every file of a result into a folder, the manifest last.

    Parameters
    ----------
    result
        The answer.
    folder
        An empty folder.
    lang
        Language of titles and of the total row; ids and column names are the same in both.
    watch
        Times the steps.
    command
        What made the result, for the manifest.
    """
    with watch.step("tables"):
        write_json(result.summary, folder / "summary.json")
        if "tables" in result.products:
            write_csv(planned_village_table(result), folder / "villages.csv")
            write_csv(facility_table(result.circles), folder / "facilities.csv")
            write_csv(township_table(result.circles, word("general.total", lang)), folder / "townships.csv")
            travel_time_table(result.circles).to_parquet(folder / "travel_times.parquet", index=False)
        write_layers(result_layers(result, lang), folder / "coverage.gpkg", _styles())
        if result.audit is not None:
            write_audit([result.audit], folder, lang=lang, statements=audit_statements(result.county, lang))
        write_plan_files(result, folder, lang=lang)
        if result.county.region.scenario_files:
            write_json(resolved_scenario(result.county.region), folder / SCENARIO_FILE)
    if "map" in result.products:
        from clinicplan.report.picture import county_picture
        from clinicplan.report.webmap import write_map

        with watch.step("map"):
            write_map(county_picture(result, lang), folder / "map.html", lang=lang)
    write_manifest(folder, manifest(result, lang=lang, seconds=watch.seconds, command=command))


def planned_village_table(result: CountyResult) -> pd.DataFrame:
    """Return the villages as they are, and what a plan changes for them where there is one."""
    table = village_table(result.circles)
    if result.proposal is None or result.planned is None:
        return table
    return pd.concat([table, planned_columns(result.circles, result.planned, result.proposal)], axis=1)


def result_layers(result: CountyResult, lang: Language = "zh") -> dict[str, gpd.GeoDataFrame]:
    """Return the layers of `coverage.gpkg` in the region's projected system.

    `isochrones` holds the circle of all counted facilities (`facility_id` empty) and, where they were asked for, of
    each facility; `gaps` the villages outside the circle (服务圈外行政村); `proposals` the sites of a plan, where there
    is one, with their reasons in one language; `planned_isochrones` the circle of all facilities once it is carried
    out.
    """
    circles = result.circles
    villages = _with_points(planned_village_table(result), circles.villages)
    everyone = result.circle_areas.assign(facility_id="")[["facility_id", "minutes", "geometry"]]
    areas = [everyone] if result.facility_areas is None else [everyone, result.facility_areas]
    outside = (circles.group == "village") & ~circles.village_trips.within
    return {
        "boundary": result.county.layers.boundary[["geometry"]].assign(name=result.county.region.name),
        "isochrones": gpd.GeoDataFrame(pd.concat(areas, ignore_index=True), crs=circles.villages.crs),
        "villages": villages,
        "gaps": villages[outside].reset_index(drop=True),
        "facilities": _with_points(facility_table(circles), circles.facilities),
        **({} if result.proposal is None else {"proposals": proposal_layer(result, lang)}),
        **({} if result.planned_areas is None else {"planned_isochrones": result.planned_areas}),
    }


def manifest(result: CountyResult, *, lang: Language, seconds: dict[str, float], command: str) -> dict[str, Any]:
    """Return what went into a result: versions, inputs, the resolved region, parameters with sources, times."""
    from clinicplan.speeds import read_speeds

    region = result.county.region
    speeds_file = region.folder / region.travel.speeds if region.travel.speeds else None
    table = read_speeds(speeds_file).table()
    used = table[table["mode"].isin(["", *region.travel.all_modes])]
    return {
        "program": "clinicplan",
        "command": command,
        "versions": package_versions(),
        "run_date": datetime.now(UTC).isoformat(timespec="seconds"),
        "lang": lang,
        "code": region.code,
        "region_file": str(region.path.resolve()),
        "scenario": region.scenario or None,
        "scenario_file": str(region.scenario_files[-1].resolve()) if region.scenario_files else None,
        "inputs": describe_inputs(region.input_files()),
        "region": region.model_dump(mode="json", exclude={"path"}),
        "audit_day": None if result.audit is None else result.audit.settings.day.isoformat(),
        "policy": None if result.county.profile is None else result.county.profile.model_dump(mode="json"),
        "parameters": used.to_dict(orient="records"),
        "population_years": population_years(result.county),
        **({"season": list(season_of(region).sources)} if season_of(region).sources else {}),
        **plan_entries(result.proposal),
        "seconds": seconds,
        "faults": [item["text"] for item in result.summary["warnings"]],
    }


def _with_points(table: pd.DataFrame, layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    points = layer.geometry.representative_point().to_numpy()
    return gpd.GeoDataFrame(table.reset_index(drop=True), geometry=points, crs=layer.crs)


def _styles() -> dict[str, str]:
    from clinicplan.report.qgis import layer_styles

    return layer_styles()
