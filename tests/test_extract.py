"""A region folder from an extract alone: every place a village, nobody counted twice, every guess said."""

import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from shapely import Point, box

from clinicplan.errors import LayerError
from clinicplan.extract import write_region_from_extract
from clinicplan.extract.health import make_facilities, read_tier_rules
from clinicplan.extract.osm_objects import whole_people
from clinicplan.extract.settlements import settle
from clinicplan.region import read_region

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared real data is not here")
CRS = "EPSG:32631"


def places(*rows):
    """Rows are (name, place, people or None, x); y is 0."""
    return gpd.GeoDataFrame(
        {
            "name": [row[0] for row in rows],
            "place": [row[1] for row in rows],
            "population": pd.array([row[2] for row in rows], dtype="Int64"),
        },
        geometry=[Point(row[3], 0) for row in rows],
        crs=CRS,
    )


def footprints(*rows):
    """Rows are (x, area in m2): squares centred at (x, 0)."""
    sides = [area**0.5 / 2 for _, area in rows]
    shapes = [box(x - h, -h, x + h, h) for (x, _), h in zip(rows, sides, strict=True)]
    return gpd.GeoDataFrame(geometry=shapes, crs=CRS)


def townships(*rows):
    """Rows are (name, x from, x to)."""
    shapes = [box(start, -100, end, 100) for _, start, end in rows]
    return gpd.GeoDataFrame({"township": [row[0] for row in rows]}, geometry=shapes, crs=CRS)


def table(settled):
    villages = settled.villages
    return list(zip(villages["name"], villages["population"], villages["population_source"], strict=True))


def test_tags_outside_any_other_count_are_taken_as_they_are():
    settled = settle(places(("A", "village", 100, 0), ("B", "village", 50, 900)), None, footprints(), None)
    assert table(settled) == [("A", 100, "tagged"), ("B", 50, "tagged")]


def test_places_inside_a_township_count_are_shared_not_added():
    """Eschen's 1,000 stand for the township: Nendeln keeps its 300, the hamlet a third of the rest by footprint."""
    settled = settle(
        places(("Eschen", "village", 1000, 0), ("Nendeln", "village", 300, 5000), ("Hof", "hamlet", None, 9000)),
        townships(("Eschen", -100, 10_000)),
        footprints((0, 400), (5000, 100), (9000, 200)),
        None,
    )
    assert table(settled) == [
        ("Eschen", 467, "within_count"),
        ("Nendeln", 300, "tagged"),
        ("Hof", 233, "within_count"),
    ]
    assert settled.villages["population"].sum() == 1000
    assert settled.inside_other_counts == (("Nendeln", "Eschen"), ("Hof", "Eschen"))


def test_the_rest_of_a_known_total_is_shared_by_footprint():
    settled = settle(
        places(("A", "town", 600, 0), ("B", "village", None, 5000), ("C", "village", None, 9000)),
        None,
        footprints((0, 100), (5000, 300), (9000, 100)),
        1000,
    )
    assert table(settled) == [("A", 600, "tagged"), ("B", 300, "buildings"), ("C", 100, "buildings")]
    assert settled.people_per_m2 == pytest.approx(1.0)


def test_without_a_total_the_tagged_places_calibrate_the_footprints():
    settled = settle(
        places(("A", "town", 600, 0), ("B", "village", None, 5000)), None, footprints((0, 300), (5000, 50)), None
    )
    assert table(settled) == [("A", 600, "tagged"), ("B", 100, "buildings")]


def test_a_place_without_tag_or_buildings_takes_the_stated_default():
    assert table(settle(places(("A", "hamlet", None, 0)), None, footprints(), None)) == [("A", 50, "default")]


@pytest.mark.parametrize(("text", "people"), [("24678", 24678), ("24 678", 24678), ("24,678", 24678), ("ca 5", None)])
def test_population_tags(text, people):
    assert whole_people(text) == people


def health(*rows):
    """Rows are (osm_id, name, tags, shape)."""
    return gpd.GeoDataFrame(
        {
            "osm_id": [row[0] for row in rows],
            "name": [row[1] for row in rows],
            "tags": [row[2] for row in rows],
            "is_node": [row[0].startswith("n") for row in rows],
        },
        geometry=[row[3] for row in rows],
        crs=CRS,
    )


def tiers_of(*rows):
    found = make_facilities(health(*rows), read_tier_rules())
    return found, dict(zip(found.facilities["osm_id"], found.facilities["tier"], strict=True))


def test_a_node_in_the_building_of_the_same_hospital_is_one_facility():
    found, tiers = tiers_of(
        ("n1", "", {"amenity": "hospital"}, Point(5, 5)),
        ("w2", "Hospital", {"amenity": "hospital"}, box(0, 0, 10, 10)),
        ("n3", "Pharmacy", {"amenity": "pharmacy"}, Point(5, 5)),
    )
    assert tiers == {"w2": "county_hospital", "n3": "other"}
    assert found.merged == (("w2", "n1", "inside"),)


def test_equal_names_merge_within_a_kilometre_only():
    clinic = {"amenity": "clinic"}
    found, tiers = tiers_of(
        ("n1", "Centre", clinic, Point(0, 0)),
        ("n2", "Centre", clinic, Point(1000, 0)),
        ("n3", "Centre", clinic, Point(5000, 0)),
    )
    assert sorted(tiers) == ["n1", "n3"]
    assert found.merged == (("n1", "n2", "same_name"),)


def test_an_unnamed_hospital_node_becomes_other_and_is_listed():
    found, tiers = tiers_of(("n1", "", {"amenity": "hospital"}, Point(0, 0)))
    assert tiers == {"n1": "other"}
    assert found.unnamed_hospitals == ("n1",)


@pytest.mark.parametrize(
    ("name", "tier"),
    [
        ("后岸村卫生室", "village_clinic"),
        ("澄潭中心卫生院", "central_township_hospital"),
        ("儒岙镇卫生院", "township_hospital"),
    ],
)
def test_chinese_names_decide_before_tags(name, tier):
    _, tiers = tiers_of(("n1", name, {"amenity": "clinic"}, Point(0, 0)))
    assert tiers == {"n1": tier}


def test_a_tier_table_of_the_planner_is_checked(tmp_path):
    file = tmp_path / "tiers.toml"
    file.write_text('[[rule]]\ntier = "village_clinc"\namenity = ["clinic"]\n')
    with pytest.raises(LayerError, match="village_clinc"):
        read_tier_rules(file)


def test_a_missing_extract_is_said(tmp_path):
    boundary = tmp_path / "b.geojson"
    gpd.GeoDataFrame({"name": ["X"]}, geometry=[box(0, 0, 1, 1)], crs=4326).to_file(boundary)
    with pytest.raises(LayerError, match="no such file"):
        write_region_from_extract(tmp_path / "region", tmp_path / "none.osm.pbf", boundary)
    assert not (tmp_path / "region").exists()


@needs_shared
def test_liechtenstein_counts_nobody_twice(tmp_path):
    """Eleven municipal tags add up to 37,269; Nendeln and Mäls lie inside Eschen's and Balzers' counts."""
    folder = SHARED / "liechtenstein"
    report = write_region_from_extract(
        tmp_path / "li", folder / "liechtenstein-2024-03-04.osm.pbf", folder / "admin_osm.geojson"
    )
    villages = pd.read_csv(tmp_path / "li" / "villages.csv")
    assert villages["population"].sum() == 37_269
    assert {("Nendeln", "Eschen"), ("Mäls", "Balzers")} <= set(report.settlements.inside_other_counts)
    region = read_region(tmp_path / "li")
    assert (region.standard.minutes, region.policy, region.name) == (15, None, "Liechtenstein")
    assert json.loads((tmp_path / "li" / "manifest.json").read_text(encoding="utf-8"))["files"]


@needs_shared
def test_andorra_fills_up_to_the_national_total(tmp_path):
    folder = SHARED / "andorra"
    report = write_region_from_extract(
        tmp_path / "ad", folder / "andorra-2025-01-19.osm.pbf", folder / "admin_osm.geojson"
    )
    villages = pd.read_csv(tmp_path / "ad" / "villages.csv")
    assert len(villages) == 68
    assert villages["population"].sum() == 83_888
    assert set(villages["population_source"]) == {"tagged", "within_count", "buildings"}
    assert len(report.facilities.unnamed_hospitals) == 7
    assert "unnamed_hospital" in {item.code for item in report.faults}


def test_a_blank_region_folder_can_be_filled_in_and_read_back(tmp_path):
    """Every header of the workbooks is recognised; filled in with one village and clinic, the files read."""
    import python_calamine

    from clinicplan.extract.templates import FACILITY_COLUMNS, VILLAGE_COLUMNS, write_region_template
    from clinicplan.layers.headers import read_headers

    folder = write_region_template(tmp_path / "county")
    region = read_region(folder)
    assert region.standard.minutes == 15
    for layer, columns in (("villages", VILLAGE_COLUMNS), ("facilities", FACILITY_COLUMNS)):
        book = python_calamine.CalamineWorkbook.from_path(region.file(layer))
        header = [str(cell) for cell in book.get_sheet_by_index(0).to_python()[0]]
        assert len(header) == len(columns)
        assert set(read_headers(header, layer, {}).columns.values()) == set(columns)
        assert book.sheet_names[1] == "填表说明"
