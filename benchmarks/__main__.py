"""Measure speed: `make bench` runs everything, `python -m benchmarks NAME ...` some of it; writes JSON beside."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
from pathlib import Path

NAMES = (
    "roads_reading",
    "travel_search",
    "isochrone_polygons",
    "county_run",
    "county_audit",
    "siting_medians",
    "siting_covering",
)
RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Run the benchmarks asked for, print their tables, write their figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=", ".join(NAMES))
    asked = parser.parse_args().names or NAMES
    RESULTS.mkdir(exist_ok=True)
    machine = {"processors": os.cpu_count(), "python": platform.python_version(), "load": os.getloadavg()}
    for name in asked:
        module = importlib.import_module(f"benchmarks.{name}")
        print(name)
        figures = module.measure()
        module.print_table(figures)
        (RESULTS / f"{name}.json").write_text(
            json.dumps({"machine": machine, **figures}, indent=2, default=float) + "\n"
        )


if __name__ == "__main__":
    main()
