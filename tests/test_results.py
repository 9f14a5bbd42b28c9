"""Results are written complete or not at all; nothing is replaced unasked; cells never run as formulas."""

import errno
import json

import pandas as pd
import pytest

from clinicplan.errors import OutputError
from clinicplan.results import defuse, result_folder, write_csv, write_json, write_manifest


def write_one(out, text="1", *, force=False):
    with result_folder(out, force=force) as folder:
        (folder / "a.txt").write_text(text)
        write_manifest(folder, {"version": "1"})


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_finished_folder_stands_alone(tmp_path):
    write_one(tmp_path / "results")
    assert names(tmp_path) == ["results"]
    assert names(tmp_path / "results") == ["a.txt", "manifest.json"]
    assert "a.txt" in json.loads((tmp_path / "results" / "manifest.json").read_text())["files"]


def test_an_earlier_result_stays_unless_forced(tmp_path):
    out = tmp_path / "results"
    write_one(out)
    with pytest.raises(OutputError) as caught:
        write_one(out, "2")
    assert caught.value.faults[0].code == "output_exists"
    write_one(out, "3", force=True)
    assert (out / "a.txt").read_text() == "3"
    assert names(tmp_path) == ["results"]


def test_force_never_replaces_a_folder_that_is_no_result(tmp_path):
    out = tmp_path / "home"
    out.mkdir()
    (out / "precious.txt").write_text("x")
    with pytest.raises(OutputError) as caught:
        write_one(out, force=True)
    assert caught.value.faults[0].code == "output_not_ours"
    assert names(out) == ["precious.txt"]


def test_an_empty_folder_is_free(tmp_path):
    out = tmp_path / "results"
    out.mkdir()
    write_one(out)
    assert (out / "a.txt").exists()


def test_a_file_in_the_way_is_said(tmp_path):
    out = tmp_path / "results"
    out.write_text("x")
    with pytest.raises(OutputError) as caught:
        write_one(out, force=True)
    assert caught.value.faults[0].code == "output_is_file"


def test_a_full_disk_leaves_the_earlier_result_and_nothing_half_written(tmp_path):
    out = tmp_path / "results"
    write_one(out)
    with pytest.raises(OutputError) as caught, result_folder(out, force=True) as folder:
        (folder / "half.txt").write_text("x")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert caught.value.faults[0].code == "cannot_write"
    assert names(tmp_path) == ["results"]
    assert names(out) == ["a.txt", "manifest.json"]


def test_any_other_error_leaves_nothing_either(tmp_path):
    with pytest.raises(RuntimeError), result_folder(tmp_path / "results", force=False) as folder:
        (folder / "half.txt").write_text("x")
        raise RuntimeError
    assert names(tmp_path) == []


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-cmd", "@SUM(A1)", "\t=1", "\r=1"])
def test_formulas_are_defused(text):
    assert defuse(text) == "'" + text


@pytest.mark.parametrize("value", ["-3.5", "+8", "村", "", 5, None])
def test_numbers_and_names_stay(value):
    assert defuse(value) == value


def test_csv_opens_in_excel(tmp_path):
    table = pd.DataFrame({"name": ["后岸村", "=HYPERLINK(1)"], "inside": pd.array([True, None], dtype="boolean")})
    write_csv(table, tmp_path / "t.csv")
    data = (tmp_path / "t.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.decode("utf-8-sig").split("\r\n") == ["name,inside", "后岸村,true", "'=HYPERLINK(1),", ""]


def test_json_refuses_what_json_cannot_hold(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_json({"a": float("nan")}, tmp_path / "a.json")
