"""Time p-center, p-dispersion and capacitated models: seeded counties, OR-Library style and its files where present."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.synthetic import county

INSTANCES = "CLINICPLAN_INSTANCES"
"""Environment variable: folder with OR-Library files pmed1.txt, scp41.txt, cap41.txt ... (capopt.txt: optima)."""
LIMIT_S = 60.0
FLOOR_GROUP = "capacitated 50 x 50"
FLOOR_50_S = 1.0
"""A capacitated problem of 50 points and 50 sites is proven in this time; OR-Library's own are split."""
LIBRARY_FIXED = (7500.0, 12500.0, 17500.0, 25000.0)
LIBRARY_DEMAND = 58268
LIBRARY_ROOM = 15000.0
TIGHT_ROOM = 5000.0


def measure() -> dict[str, Any]:
    """Return one row a problem."""
    rows = [*_centres(), *_spreads(), *_capacitated()]
    folder = os.environ.get(INSTANCES)
    if folder:
        rows += _library(Path(folder))
    floors = {}
    for mode in ("split", "whole"):
        part = [row for row in rows if row["group"] == FLOOR_GROUP and row["name"].startswith(mode)]
        slowest = max(row["seconds"] for row in part)
        proven = all(row["status"] == "optimal" for row in part)
        floors[mode] = {"slowest_s": slowest, "held": proven and slowest <= FLOOR_50_S}
    return {"rows": rows, "floor_50_s": FLOOR_50_S, "floors": floors}


def print_table(figures: dict[str, Any]) -> None:
    """Print a line a problem, then whether the floor is held."""
    for row in figures["rows"]:
        name = f"{row['group']}: {row['name']}"
        print(f"  {name:58s} {row['seconds']:8.2f} s  {row['status']:8s} {row['gap']:8.3%}  {row['objective']:g}")
    for mode, floor in figures["floors"].items():
        held = "held" if floor["held"] else "MISSED"
        print(f"  {FLOOR_GROUP} in {FLOOR_50_S:g} s, {mode}: slowest {floor['slowest_s']:.2f} s, {held}")


def _row(group: str, name: str, run: Any) -> dict[str, Any]:
    begin = time.perf_counter()
    result = run()
    spent = time.perf_counter() - begin
    return {
        "group": group, "name": name, "seconds": spent, "status": result.status, "gap": result.gap,
        "objective": result.objective, "bound": result.bound, "sites": len(result.open),
    }  # fmt: skip


def _centres() -> list[dict[str, Any]]:
    from clinicplan.siting import LocationProblem, p_center

    rows = []
    place = county(1000, limit_min=40.0)
    problem = LocationProblem(place.minutes, place.people)
    for p in (60, 120, 300):
        name = f"1,000 villages within 40 min, p = {p}"
        rows.append(_row("p-center", name, lambda p=p: p_center(problem, p, time_limit_s=LIMIT_S)))
    full = LocationProblem(_distances(place.xy), place.people)
    for p in (20, 100):
        name = f"1,000 villages, all pairs, p = {p}"
        rows.append(_row("p-center", name, lambda p=p: p_center(full, p, time_limit_s=LIMIT_S)))
    return rows


def _spreads() -> list[dict[str, Any]]:
    from clinicplan.siting import p_dispersion

    rows = []
    for n, p in ((50, 8), (200, 12), (200, 40)):
        table = _distances(county(n, seed=1).xy)
        name = f"{n} sites, p = {p}"
        rows.append(_row("p-dispersion", name, lambda table=table, p=p: p_dispersion(table, p, time_limit_s=LIMIT_S)))
    return rows


def _capacitated() -> list[dict[str, Any]]:
    """Return problems in the style of OR-Library's cap131-134, then with the room of its tightest set."""
    from clinicplan.siting import capacitated_cover, capacitated_facility_location, capacitated_p_median

    rows = []
    for split in (True, False):
        mode = "split" if split else "whole"
        for number, fixed in enumerate(LIBRARY_FIXED):
            problem = library_style(number, fixed, LIBRARY_ROOM, split=split)
            run = lambda problem=problem: capacitated_facility_location(problem, time_limit_s=LIMIT_S)  # noqa: E731
            rows.append(_row(FLOOR_GROUP, f"{mode}, site cost {fixed:g}", run))
        problem = library_style(0, LIBRARY_FIXED[0], TIGHT_ROOM, split=split)
        runs = {
            "facility location": lambda problem=problem: capacitated_facility_location(problem, time_limit_s=LIMIT_S),
            "p-median, p = 15": lambda problem=problem: capacitated_p_median(problem, 15, time_limit_s=LIMIT_S),
            "cover": lambda problem=problem: capacitated_cover(problem, 3.0, time_limit_s=LIMIT_S),
        }
        rows += [_row("tight room 50 x 50", f"{mode}, {name}", run) for name, run in runs.items()]
    return rows


def library_style(seed: int, fixed: float, room: float, *, split: bool) -> Any:
    """Return 50 points and 50 sites in a square of 100 km, demand in all as in OR-Library's cap files."""
    from clinicplan.siting import LocationProblem

    random = np.random.default_rng(seed)
    points, sites = random.random((50, 2)) * 100, random.random((50, 2)) * 100
    weight = random.lognormal(0.0, 0.9, 50)
    demand = np.clip(np.round(weight / weight.sum() * LIBRARY_DEMAND), 1, 0.9 * TIGHT_ROOM)
    cost = np.round(np.linalg.norm(points[:, None] - sites, axis=2) * 0.1, 3)
    return LocationProblem(cost, demand, site_cost=np.full(50, fixed), capacity=np.full(50, room), split=split)


def _distances(xy: Any) -> Any:
    return np.round(np.linalg.norm(xy[:, None] - xy, axis=2), 2)


def _library(folder: Path) -> list[dict[str, Any]]:
    from clinicplan.siting import LocationProblem, capacitated_facility_location, p_center

    rows = []
    known = read_optima(folder / "capopt.txt")
    for path in sorted(folder.rglob("pmed[0-9]*.txt"), key=lambda item: int(item.stem.removeprefix("pmed"))):
        table, p = read_pmed(path)
        problem = LocationProblem(table, np.ones(len(table)))
        rows.append(_row("pmed p-center", path.stem, lambda problem=problem, p=p: p_center(problem, p)))
    for path in sorted(folder.rglob("cap[0-9]*.txt")):
        problem = read_cap(path)
        row = _row("cap", path.stem, lambda problem=problem: capacitated_facility_location(problem))
        if path.stem in known:
            row["off_published"] = row["objective"] - known[path.stem]
        rows.append(row)
    return rows


def read_pmed(path: Path) -> tuple[Any, int]:
    """Return all shortest distances and p; of edges given twice the last one counts."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import shortest_path

    numbers = [int(word) for word in path.read_text().split()]
    n, _, p = numbers[:3]
    edges = np.array(numbers[3:]).reshape(-1, 3)
    length = {tuple(sorted((one - 1, other - 1))): cost for one, other, cost in edges.tolist()}
    ends = np.array(list(length))
    graph = csr_matrix((np.array(list(length.values()), dtype=float), (ends[:, 0], ends[:, 1])), shape=(n, n))
    return shortest_path(graph, method="D", directed=False), p


def read_cap(path: Path) -> Any:
    """Return a problem of a cap file: per site capacity and cost, then per point its demand and cost at every site."""
    from clinicplan.siting import LocationProblem

    words = path.read_text().split()
    m, n = int(words[0]), int(words[1])
    sites = np.array([float(word) for word in words[2 : 2 + 2 * m]]).reshape(m, 2)
    points = np.array([float(word) for word in words[2 + 2 * m : 2 + 2 * m + n * (m + 1)]]).reshape(n, m + 1)
    demand = points[:, 0]
    cost = points[:, 1:] / np.where(demand > 0, demand, 1.0)[:, None]
    return LocationProblem(cost, demand, site_cost=sites[:, 1], capacity=sites[:, 0], split=True)


def read_optima(path: Path) -> dict[str, float]:
    """Return the published optimum of each cap file, empty without the list."""
    if not path.exists():
        return {}
    words = [line.split() for line in path.read_text().splitlines()]
    pairs = [line for line in words if len(line) == 2 and line[0].startswith("cap")]
    return {name: float(value) for name, value in pairs if value.replace(".", "", 1).isdigit()}
