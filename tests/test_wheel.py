"""What is installed is what is tested: a wheel, in a new environment outside the checkout, runs the demo.

The new environment sees the libraries of the running one, so that nothing is downloaded, but not the checkout, which
is reached only through a .pth file that this one does not process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

import clinicplan
import county as drawing

PROJECT = Path(__file__).resolve().parents[1]
PACKAGE = Path(clinicplan.__file__).parent

pytest.importorskip("hatchling", reason="hatchling builds the wheel and is not installed")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from the checkout without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    call(sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", folder, PROJECT)
    (path,) = folder.glob("clinicplan-*.whl")
    return path


def call(*command, cwd=None):
    """Run a program away from the checkout; return its standard output."""
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**clean, "PYTHONUTF8": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def names_in(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if not name.endswith("/")}


def test_the_wheel_holds_every_module_and_all_data_of_the_package(wheel):
    here = {
        f"clinicplan/{path.relative_to(PACKAGE).as_posix()}"
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    there = {name for name in names_in(wheel) if name.startswith("clinicplan/")}
    assert there == here
    kinds = {Path(name).suffix for name in there}
    assert {".toml", ".js", ".css", ".geojson", ".typed"} <= kinds


def test_the_wheel_holds_nothing_else(wheel):
    tops = {name.split("/")[0] for name in names_in(wheel)}
    assert {top.split("-")[0] for top in tops} == {"clinicplan"}
    assert not [name for name in names_in(wheel) if "test" in name.lower() or name.endswith((".pyc", ".nbc", ".nbi"))]
    assert any(name.endswith("licenses/LICENSE") for name in names_in(wheel))


def test_the_wheel_says_what_it_needs_and_how_it_is_called(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        text = archive.read(metadata).decode("utf-8")
        entry = archive.read(metadata.replace("METADATA", "entry_points.txt")).decode("utf-8")
    assert f"Version: {clinicplan.__version__}" in text
    assert "Requires-Python: >=3.11" in text
    assert "clinicplan = clinicplan.cli:main" in entry


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Folder of the programs of a new environment with the wheel in it."""
    home = tmp_path_factory.mktemp("elsewhere") / "env"
    venv.create(home, with_pip=False, symlinks=os.name != "nt")
    own = {"base": str(home), "platbase": str(home)}
    site, programs = (Path(sysconfig.get_path(name, vars=own, scheme="venv")) for name in ("purelib", "scripts"))
    libraries = [sysconfig.get_path(name) for name in ("purelib", "platlib")]
    (site / "libraries.pth").write_text("\n".join(dict.fromkeys(libraries)) + "\n", encoding="utf-8")
    call(
        sys.executable, "-m", "pip", "--python", programs / "python", "install", "--no-deps", "--no-index",
        "--ignore-installed", wheel,
    )  # fmt: skip
    return programs


def test_what_is_imported_is_what_was_installed(installed, tmp_path):
    where = call(installed / "python", "-c", "import clinicplan; print(clinicplan.__file__)", cwd=tmp_path).strip()
    assert Path(where).is_relative_to(installed.parent)
    assert not Path(where).is_relative_to(PROJECT)


def test_the_wheel_runs_a_county_outside_the_checkout(installed, tmp_path):
    drawing.write_county(drawing.draw_county(), tmp_path / "region")
    said = call(installed / "clinicplan", "run", "region", "--out", "results", cwd=tmp_path)
    assert "map.html" in said
    hold_results(tmp_path / "results", people=sum(drawing.PEOPLE))
    assert {path.name for path in tmp_path.iterdir()} == {"region", "results"}


@pytest.mark.slow
def test_the_wheel_runs_the_demo_outside_the_checkout(installed, tmp_path):
    said = call(installed / "clinicplan", "demo", "--out", "demo", cwd=tmp_path)
    assert "map.html" in said
    hold_results(tmp_path / "demo" / "results", people=419_036)
    assert list(tmp_path.iterdir()) == [tmp_path / "demo"]


def hold_results(folder, people):
    """Check that a result is complete and counts everybody."""
    assert (folder / "map.html").stat().st_size > 100_000
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    groups = sum(summary[group]["people"] for group in ("communities", "exempt", "pending"))
    assert summary["population"] + groups == people
    assert json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["versions"]["clinicplan"]
