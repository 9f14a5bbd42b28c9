"""The region file: a frozen schema, every fault at once, whatever editor saved it."""

import pytest

from clinicplan.errors import RegionError
from clinicplan.region import language_of_code, read_region

MINIMAL = """
name = "新昌县"
code = "330624"
[layers.boundary]
path = "boundary.geojson"
[layers.villages]
path = "villages.xlsx"
[layers.facilities]
path = "facilities.csv"
[layers.roads]
path = "roads.osm.pbf"
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_file_saved_by_any_editor_is_read(tmp_path, encoding):
    file = tmp_path / "region.toml"
    file.write_bytes(MINIMAL.replace("\n", "\r\n").encode(encoding))
    region = read_region(file)
    assert region.name == "新昌县"
    assert region.lang == "zh"
    assert region.file("villages") == tmp_path / "villages.xlsx"


def test_a_folder_stands_for_its_region_file(tmp_path):
    (tmp_path / "region.toml").write_text(MINIMAL, encoding="utf-8")
    assert read_region(tmp_path).travel.mode == "e_bike"


def test_defaults_are_those_of_the_design(tmp_path):
    (tmp_path / "region.toml").write_text(MINIMAL, encoding="utf-8")
    region = read_region(tmp_path)
    assert region.travel.all_modes == ("e_bike", "walk", "car")
    assert (region.travel.access_kmh, region.travel.max_access_m, region.travel.margin_km) == (4.0, 2000.0, 20.0)
    assert region.standard.bands == (15.0, 20.0)
    assert region.standard.minutes is None
    assert not region.siting.allow_close


def codes_of(text, tmp_path):
    file = tmp_path / "region.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(RegionError) as caught:
        read_region(file)
    return [fault.code for fault in caught.value.faults], str(caught.value)


def test_all_faults_come_at_once_and_unknown_keys_name_the_nearest(tmp_path):
    text = MINIMAL + '\nfoo = 1\n[travel]\nmode = "ebike"\naccess_kmh = -1\n[standard]\nminute = 20\n'
    codes, message = codes_of(text, tmp_path)
    assert sorted(codes) == ["bad_value", "not_a_choice_near", "unknown_key", "unknown_key_near"]
    assert "standard.minutes" in message
    assert "e_bike" in message


@pytest.mark.parametrize("minutes", ["-5", "0", '"soon"', "true", "nan"])
def test_minutes_that_are_no_minutes_are_refused(tmp_path, minutes):
    codes, _ = codes_of(MINIMAL + f"\n[standard]\nminutes = {minutes}\n", tmp_path)
    assert codes == ["bad_value"]


def test_minutes_and_metres_together_are_refused(tmp_path):
    codes, _ = codes_of(MINIMAL + "\n[standard]\nminutes = 15\ndistance_m = 3000\n", tmp_path)
    assert codes == ["minutes_and_distance"]


def test_a_missing_layer_is_named(tmp_path):
    codes, message = codes_of(MINIMAL.replace("[layers.roads]\npath", "[layers.townships]\npath"), tmp_path)
    assert codes == ["missing_key"]
    assert "layers.roads" in message


def test_broken_toml_names_the_line(tmp_path):
    file = tmp_path / "region.toml"
    file.write_text('name = "x"\ncode = \n', encoding="utf-8")
    with pytest.raises(RegionError) as caught:
        read_region(file)
    assert caught.value.faults[0].rows == (2,)


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(RegionError, match="no such file"):
        read_region(tmp_path / "nothing.toml")


def test_path_is_no_key_of_the_file(tmp_path):
    codes, _ = codes_of('path = "x"\n' + MINIMAL, tmp_path)
    assert codes == ["unknown_key"]


@pytest.mark.parametrize(
    ("code", "lang"), [("330624", "zh"), ("330624102201", "zh"), ("", "en"), ("AD", "en"), ("990000", "en")]
)
def test_the_language_follows_the_code(code, lang):
    assert language_of_code(code) == lang
