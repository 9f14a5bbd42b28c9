"""Importing stays light: heavy libraries load on first use."""

import subprocess
import sys

import pytest

import clinicplan

HEAVY = (
    "geopandas",
    "pandas",
    "scipy",
    "numba",
    "osmium",
    "osmnx",
    "folium",
    "matplotlib",
    "networkx",
    "pyogrio",
    "shapely",
)


def loaded_after(statement):
    code = f"import sys\n{statement}\nprint(*(m for m in {HEAVY!r} if m in sys.modules))"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.parametrize("statement", ["import clinicplan", "import clinicplan.cli"])
def test_importing_loads_nothing_heavy(statement):
    assert loaded_after(statement) == []


def test_the_routing_core_needs_no_numba_plotting_or_downloads():
    loaded = loaded_after("from clinicplan import travel_times, isochrones, service_circles, read_layers, read_roads")
    assert set(loaded) <= {"geopandas", "pandas", "scipy", "pyogrio", "shapely"}


def test_every_public_name_is_there():
    for name in clinicplan.__all__:
        assert getattr(clinicplan, name) is not None
    assert 10 <= len(clinicplan.__all__) <= 15
    assert set(clinicplan.__all__) <= set(dir(clinicplan))


def test_names_that_are_modules_too_can_be_called():
    import clinicplan.isochrones

    assert callable(clinicplan.isochrones)


def test_steps_can_be_reached_from_the_root():
    code = "import clinicplan; clinicplan.travel.node_times; clinicplan.datum.wgs84_to_gcj02"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_unknown_name_is_said():
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = clinicplan.no_such_name
