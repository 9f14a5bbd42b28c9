"""Time isochrone polygons and their shares of junctions on Andorra: `python benchmarks/isochrone_polygons.py`.

Floors (issue 2): 99.5 % of reached junctions inside, falsely inside at most 1 % of that number, 30 ms a facility.
Network and shares are those of `tests/test_isochrones.py`; searches are outside the clock; every time is warm unless it
says cold. Medians with smallest and largest.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import test_isochrones as evidence
from clinicplan.isochrones import nearest_circle
from clinicplan.road_surface import prepare_surface

CASES = (("15 min", [15], False), ("15 and 20 min", [15, 20], False), ("15 min, exact", [15], True))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--facilities", type=int, default=40)
    arguments.add_argument("--cells", type=float, nargs="+", default=[25.0])
    options = arguments.parse_args()
    if not evidence.ANDORRA.exists():
        sys.exit("../shared/data/andorra is not there: nothing to measure")
    for mode, speeds in (("car", evidence.CAR), ("walk", evidence.WALK)):
        network = evidence.andorra(speeds)
        for cell_m in options.cells:
            measure(mode, network, cell_m, options.facilities)


def measure(mode, network, cell_m, n_facilities):
    sources = np.random.default_rng(5).choice(network.n_nodes, n_facilities, replace=False)
    table = evidence.node_times(network, sources, evidence.LIMITS[-1])
    surface, seconds = clocked(lambda: prepare_surface(network, cell_m=cell_m))
    _, cold = clocked(lambda: [surface.polygon(times, evidence.LIMITS[-1]) for times in table])
    print(f"{mode}, {network!r}, cell {cell_m:g} m: prepare {seconds:.2f} s, first {n_facilities} circles {cold:.2f} s")
    for name, minutes, exact in CASES:
        report(name, surface, network, table, [m * evidence.MINUTE for m in minutes], exact=exact)
    nearest = np.where((table >= 0).any(axis=0), np.where(table < 0, np.iinfo(np.int64).max, table).min(axis=0), -1)
    walls = [clocked(lambda: nearest_circle(surface, nearest, [15, 20]))[1] for _ in range(5)]
    print(f"  circle of all, 15 and 20 min: {np.median(walls):.2f} s [{min(walls):.2f}, {max(walls):.2f}]")


def report(name, surface, network, table, limits, *, exact):
    walls, rows = [], []
    for times in table:
        areas, seconds = clocked(lambda times=times: surface.polygons(times, limits, exact=exact))
        walls.append(seconds * 1000)
        for area, limit in zip(areas, limits, strict=True):
            inside, false, reached = evidence.shares(network, area, times, limit)
            rows += [(inside, false)] if reached >= 20 else []
    inside, false = np.array(rows).T
    print(
        f"  {name}: {np.median(walls):.1f} ms a facility [{min(walls):.1f}, {max(walls):.1f}]; "
        f"inside {inside.mean():.4f} (least {inside.min():.3f}), "
        f"falsely inside {false.mean():.4f} (most {false.max():.3f}), {len(rows)} circles"
    )


def clocked(work):
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


if __name__ == "__main__":
    main()
