"""Gather what the web map shows from a county's answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from clinicplan.errors import Language
from clinicplan.report.headline import map_figures
from clinicplan.report.statements import mandatory_statements, map_title, standard_statement
from clinicplan.report.tables import facility_table, village_table
from clinicplan.report.webmap import CountyPicture
from clinicplan.standard import MS_PER_MIN
from clinicplan.words import word

if TYPE_CHECKING:
    from clinicplan.county import CountyResult


def county_picture(result: CountyResult, lang: Language) -> CountyPicture:
    """Return the map's content for a county.

    Parameters
    ----------
    result
        The answer.
    lang
        Language of titles and statements.

    Returns
    -------
    picture
        Frames in the region's projected system.
    """
    circles, layers, summary = result.circles, result.county.layers, result.summary
    villages = _villages(result)
    aside = circles.group == "pending"
    return CountyPicture(
        title=map_title(summary, lang),
        date=summary["date"],
        standard_text=standard_statement(summary, lang),
        mode_text=word("statements.mode", lang, mode=word(f"general.mode.{summary['mode']}", lang)),
        statements=tuple(mandatory_statements(result, lang)),
        figures=tuple(map_figures(result, lang)),
        boundary=layers.boundary[["geometry"]],
        townships=None if layers.townships is None else layers.townships[["township", "geometry"]],
        roads=roads_to_draw(result),
        water=water_to_draw(result),
        circles=result.circle_areas.clip(layers.boundary.geometry.union_all()),
        facilities=_facilities(result),
        villages=villages[~villages.geometry.isna()].reset_index(drop=True),
        pending=_pending(villages[aside]),
        bands_min=tuple(band / MS_PER_MIN for band in circles.rule.standard.bands_ms),
        limit_min=summary["minutes"],
        mode=summary["mode"],
    )


def roads_to_draw(result: CountyResult) -> gpd.GeoDataFrame | None:
    """Return the roads within the county and a little beyond, by class."""
    lines = result.county.roads.lines()
    if lines.empty:
        return None
    around = result.county.layers.boundary.geometry.union_all().buffer(1000.0)
    near = lines[lines.intersects(around)]
    return near[["highway", "name", "geometry"]].clip(around).reset_index(drop=True)


def water_to_draw(result: CountyResult) -> gpd.GeoDataFrame | None:
    """Return rivers, canals and lakes within the county as lines."""
    roads = result.county.roads
    wet = np.isin(roads.barrier_kind, ["river", "canal", "water"])
    if not wet.any():
        return None
    water = gpd.GeoDataFrame(geometry=list(roads.barrier_lines[wet]), crs=roads.crs)
    around = result.county.layers.boundary.geometry.union_all().buffer(1000.0)
    return water[water.intersects(around)].clip(around).reset_index(drop=True)


def _villages(result: CountyResult) -> gpd.GeoDataFrame:
    """Return the village table with names of facilities and points."""
    circles = result.circles
    table = village_table(circles)
    names = circles.facilities.set_index("facility_id")["name"]
    table["facility_name"] = table["facility_id"].map(names).fillna("")
    table["reason"] = np.where(circles.group == "pending", _pending_reason(table), table["reason"])
    geometry = circles.villages.geometry.representative_point()
    return gpd.GeoDataFrame(table, geometry=geometry.to_numpy(), crs=circles.villages.crs)


def _pending_reason(table: pd.DataFrame) -> pd.Series[str]:
    """Return why a row is set aside, as finely as it is known."""
    return table["pending"].where(table["pending"] != "", table["reason"])


def _facilities(result: CountyResult) -> gpd.GeoDataFrame:
    circles = result.circles
    table = facility_table(circles)
    geometry = circles.facilities.geometry.representative_point()
    frame = gpd.GeoDataFrame(table, geometry=geometry.to_numpy(), crs=circles.facilities.crs)
    return frame[~frame.geometry.isna()].reset_index(drop=True)


def _pending(rows: gpd.GeoDataFrame) -> pd.DataFrame:
    return pd.DataFrame(rows[["village_id", "name", "township", "reason"]]).reset_index(drop=True)
