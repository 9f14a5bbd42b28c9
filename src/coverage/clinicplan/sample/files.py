"""Write the sample county as a planner's files are: a workbook with a title, a GB18030 table, map layers."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from clinicplan.sample.attributes import HEADERS, Row
from clinicplan.sample.goals import GOAL_HEADERS, TownshipGoals, VillageGoals
from clinicplan.sample.lattice import FloatArray
from clinicplan.sample.names import TOWNSHIPS
from clinicplan.sample.units import COUNTY, TOWNSHIP_CODES, Units
from clinicplan.words import word

VILLAGE_HEADERS: Final = (
    "序号", "行政区划代码", "乡镇(街道)", "行政村名称", "类型", "村庄状态", "常住人口(人)", "户籍人口", "65岁及以上",
    "人口年份", "人口来源", "发展类型", "必须保留卫生室",
    "边远村", "医疗服务已升级", "家庭医生签约", "经度", "纬度", "坐标来源",
    "签约人数", "重点人群人数", "重点人群签约人数", "老年人健康管理人数", "巡诊医生数", "心理服务", "包村卫生院",
)  # fmt: skip
FACILITY_HEADERS: Final = (*HEADERS, *GOAL_HEADERS)
KINDS: Final = {"village": "行政村", "community": "社区", "other": "其他"}
MADE: Final = dt.datetime(2020, 11, 1, tzinfo=dt.UTC)
"""The day that stands in files that want one: census day, so that files do not differ from run to run."""


@dataclass(frozen=True, eq=False)
class VillageFacts:
    """What the village table says beside names, places and people, one row a unit.

    Parameters
    ----------
    status, development_class, coord_source
        Chinese words.
    hukou, old
        Registered people; people of 65 and more.
    must_keep, remote, upgraded, contracted
        Whether.
    """

    status: NDArray[np.object_]
    development_class: NDArray[np.object_]
    coord_source: NDArray[np.object_]
    hukou: NDArray[np.int64]
    old: NDArray[np.int64]
    must_keep: NDArray[np.bool_]
    remote: NDArray[np.bool_]
    upgraded: NDArray[np.bool_]
    contracted: NDArray[np.bool_]


def write_region(folder: Path) -> Path:
    """Write the region file and the note that says what is real and what is made up."""
    text = resources.files("clinicplan.sample").joinpath("data/region.toml").read_text(encoding="utf-8")
    path = folder / "region.toml"
    path.write_text(text, encoding="utf-8", newline="\n")
    note = word("sample.readme", "zh") + "\n" + word("sample.readme", "en")
    (folder / "示例数据说明.txt").write_text(note, encoding="utf-8-sig", newline="\n")
    return path


def write_boundary(folder: Path, boundary: BaseGeometry) -> None:
    """Write the county as GeoJSON, degrees."""
    feature = {
        "type": "Feature",
        "properties": {"名称": "新昌县（示例数据）", "代码": COUNTY},
        "geometry": mapping(boundary),
    }
    text = json.dumps({"type": "FeatureCollection", "features": [feature]}, ensure_ascii=False)
    (folder / "boundary.geojson").write_text(text, encoding="utf-8", newline="\n")


def write_urban_area(folder: Path, area: BaseGeometry) -> None:
    """Write the built-up area of the county seat as GeoJSON, degrees."""
    feature = {"type": "Feature", "properties": {"名称": "城区（示例数据）"}, "geometry": mapping(area)}
    text = json.dumps({"type": "FeatureCollection", "features": [feature]}, ensure_ascii=False)
    (folder / "urban_area.geojson").write_text(text, encoding="utf-8", newline="\n")


def write_townships(folder: Path, areas: list[BaseGeometry], units: Units, goals: TownshipGoals, crs: str) -> None:
    """Write the townships as a GeoPackage with their people and what policies ask of them, in CGCS2000 degrees."""
    import geopandas as gpd
    import pyogrio

    village = units.kind == "village"
    count = np.bincount(units.township, weights=units.people, minlength=len(areas)).astype(np.int64)
    rural = np.bincount(units.township[village], weights=units.people[village], minlength=len(areas)).astype(np.int64)
    frame = gpd.GeoDataFrame(
        {
            "乡镇": list(TOWNSHIPS),
            "乡镇代码": [f"{COUNTY}{code}" for code in TOWNSHIP_CODES],
            "常住人口": count,
            "农村人口": rural,
            "托育机构数": goals.infant_care,
            "心理服务": goals.psych_service,
            "医养结合试点": goals.eldercare_pilot,
        },
        geometry=areas,
        crs=crs,
    ).to_crs("EPSG:4490")
    path = folder / "townships.gpkg"
    path.unlink(missing_ok=True)
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": MADE.strftime("%Y-%m-%dT%H:%M:%SZ")})
    try:
        frame.to_file(
            path,
            layer="townships",
            driver="GPKG",
            engine="pyogrio",
            geometry_type="MultiPolygon",
            promote_to_multi=True,
        )
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})


def write_villages(
    folder: Path, units: Units, facts: VillageFacts, goals: VillageGoals, lon: FloatArray, lat: FloatArray
) -> None:
    """Write the village table as townships send it: title, sender, header, merged townships, total, remark.

    Parameters
    ----------
    lon, lat
        GCJ-02 degrees; NaN where the coordinates are missing.
    """
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    with xlsxwriter.Workbook(str(folder / "villages.xlsx"), options) as book:
        book.set_properties({"title": word("sample.title", "zh"), "created": MADE.replace(tzinfo=None)})
        sheet = book.add_worksheet("行政村")
        bold = book.add_format({"bold": True, "align": "center", "valign": "vcenter", "font_size": 14})
        centred = book.add_format({"align": "center", "valign": "vcenter"})
        last = len(VILLAGE_HEADERS) - 1
        sheet.merge_range(0, 0, 0, last, word("sample.title", "zh"), bold)
        sheet.merge_range(1, 0, 1, last, word("sample.filled_in_by", "zh"))
        sheet.write_row(2, 0, VILLAGE_HEADERS, centred)
        order = np.argsort(units.code.astype(str), kind="stable")
        for position, row in enumerate(order.tolist()):
            cells = _village_cells(position, row, units, facts, lon, lat) + _goal_cells(row, goals)
            for column, value in enumerate(cells):
                if value is not None and value != "":
                    sheet.write(3 + position, column, value)
        _merge_townships(sheet, units.township[order], centred)
        end = 3 + len(units)
        sheet.write(end, 0, word("general.total", "zh"))
        for column, values in ((6, units.people), (7, facts.hukou), (8, facts.old)):
            sheet.write_number(end, column, int(values.sum()))
        sheet.merge_range(end + 1, 0, end + 1, last, word("sample.remark", "zh"))
        sheet.set_column(1, 3, 15)


def _village_cells(
    position: int, row: int, units: Units, facts: VillageFacts, lon: FloatArray, lat: FloatArray
) -> list[object]:
    code = str(units.code[row])
    answers = (facts.must_keep, facts.remote, facts.upgraded, facts.contracted)
    return [
        position + 1, int(code) if position % 9 == 4 else code, None, units.name[row], KINDS[str(units.kind[row])],
        facts.status[row], int(units.people[row]), int(facts.hukou[row]), int(facts.old[row]), 2020, "示例",
        facts.development_class[row], *("是" if flags[row] else "否" for flags in answers),
        *((None, None) if np.isnan(lon[row]) else (round(float(lon[row]), 6), round(float(lat[row]), 6))),
        facts.coord_source[row],
    ]  # fmt: skip


def _goal_cells(row: int, goals: VillageGoals) -> list[object]:
    numbers = (goals.contracted, goals.key, goals.key_contracted, goals.managed_elders, goals.touring)
    return [
        *(None if values[row] < 0 else int(values[row]) for values in numbers),
        goals.psych_service[row], goals.served_by[row],
    ]  # fmt: skip


def _merge_townships(sheet: Any, township: NDArray[np.int64], style: Any) -> None:
    starts = np.flatnonzero(np.concatenate([[True], township[1:] != township[:-1], [True]]))
    for start, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        name = TOWNSHIPS[int(township[start])]
        if end - start > 1:
            sheet.merge_range(3 + start, 2, 2 + end, 2, name, style)
        else:
            sheet.write(3 + start, 2, name, style)


def write_facilities(folder: Path, rows: Sequence[Row], lon: FloatArray, lat: FloatArray) -> None:
    """Write the register of facilities as Excel in China saves a CSV: GB18030; WGS84 degrees."""
    with (folder / "facilities.csv").open("w", encoding="gb18030", newline="") as file:
        writer = csv.DictWriter(file, FACILITY_HEADERS, lineterminator="\r\n")
        writer.writeheader()
        for row, x, y in zip(rows, lon.tolist(), lat.tolist(), strict=True):
            writer.writerow({**row, "经度": f"{x:.6f}", "纬度": f"{y:.6f}"})


def write_natural_villages(folder: Path, rows: Sequence[tuple[str, str, str, int, float, float]]) -> None:
    """Write the natural villages of a few villages: id, village, name, people, GCJ-02 degrees."""
    with (folder / "natural_villages.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(("自然村代码", "行政村代码", "自然村名称", "常住人口", "经度", "纬度"))
        writer.writerows((*row[:4], f"{row[4]:.6f}", f"{row[5]:.6f}") for row in rows)
