"""Time the p-median: seeded counties, few sites among many, OR-Library's pmed files where present and their like."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.siting_centres import INSTANCES, read_pmed
from benchmarks.synthetic import county

LIMIT_S = 120.0
FLOORS = {
    "1,000 villages, unserved at 15 min": 2.0,
    "5,000 villages, unserved at 15 min": 20.0,
    "1,000 villages, reach 30 min": 2.0,
    "1,000 villages, reach 15 min": 2.0,
    "5,000 villages, reach 30 min": 20.0,
    "5,000 villages, reach 15 min": 20.0,
    "900 points, p = 5": 10.0,
}
"""Seconds within which every problem of a group is proven. Unserved at 15 minutes: a village beyond every site counts
15 minutes, the model on which the floors were set; with a hard reach every village must be served. At 15 minutes
91 of 1,000 and 447 of 5,000 villages are the fewest sites that serve everybody, so that p = n / 10 is near the edge of
what is possible at all."""
AIMS = {"pmed style": 120.0, "pmed1-40": 120.0}
"""Seconds for all files of OR-Library together, and for 40 graphs made in their style."""
POINTS_900 = 900
EDGES = 50
"""OR-Library's pmed graphs of n points have n * n / 50 edges of length 1 to 100."""
STYLE = {
    100: (5, 10, 10, 20, 33), 200: (5, 10, 20, 40, 67), 300: (5, 10, 30, 60, 100), 400: (5, 10, 40, 80, 133),
    500: (5, 10, 50, 100, 167), 600: (5, 10, 60, 120, 200), 700: (5, 10, 70, 140), 800: (5, 10, 80), 900: (5, 10, 90),
}  # fmt: skip
"""Points of each pmed graph and the numbers of sites asked."""


def measure() -> dict[str, Any]:
    """Return one row a problem, and whether each floor and aim is held."""
    warm_up()
    rows = [_row(group, name, problem, p) for group, name, problem, p in problems()]
    groups = {group: [row for row in rows if row["group"] == group] for group in (*FLOORS, *AIMS)}
    floors = {group: _held(groups[group], most) for group, most in FLOORS.items()}
    aims = {group: _total(groups[group], most) for group, most in AIMS.items() if groups[group]}
    return {"rows": rows, "floors": floors, "aims": aims}


def print_table(figures: dict[str, Any]) -> None:
    """Print a line a problem, then whether floors and aims are held."""
    for row in figures["rows"]:
        name = f"{row['group']}: {row['name']}"
        print(
            f"  {name:50s} {row['seconds']:7.2f} s ({row['processor_s']:7.2f} s of processor)  {row['status']:8s}"
            f" {row['gap']:8.4%}  {row['objective']:.12g}  {row['engine']}"
        )
    for group, floor in figures["floors"].items():
        held = "held" if floor["held"] else "MISSED"
        print(f"  floor {group} in {FLOORS[group]:g} s: slowest {floor['slowest_s']:.2f} s, {held}")
    for group, aim in figures["aims"].items():
        held = "held" if aim["held"] else "MISSED"
        print(
            f"  aim {group} in {AIMS[group]:g} s: {aim['proven']} of {aim['problems']} proven,"
            f" {aim['seconds']:.1f} s, {held}"
        )


def warm_up() -> None:
    """Load the machine code once, so that its loading or compilation is not measured."""
    from clinicplan.siting import LocationProblem, p_median

    place = county(300)
    p_median(LocationProblem(place.minutes, place.people), 100)
    p_median(graph_problem(60, 0), 3)


def problems() -> Iterator[tuple[str, str, Any, int]]:
    """Return group, name, problem and p of every problem."""
    from clinicplan.siting import LocationProblem

    for n in (1000, 5000):
        for p in (n // 10, 3 * n // 10):
            yield f"{n:,} villages, unserved at 15 min", f"p = {p}", unserved_problem(n, 15.0), p + 1
        for limit in (30.0, 15.0):
            place = county(n, limit_min=limit)
            problem = LocationProblem(place.minutes, place.people)
            for p in (n // 10, 3 * n // 10):
                yield f"{n:,} villages, reach {limit:g} min", f"p = {p}", problem, p
    for seed in range(3):
        yield "900 points, p = 5", f"road graph {seed}", graph_problem(POINTS_900, seed), 5
        yield "900 points, p = 5", f"plane {seed}", plane_problem(POINTS_900, seed), 5
    for number, (n, p) in enumerate((n, p) for n, several in STYLE.items() for p in several):
        yield "pmed style", f"{n} points, p = {p}", graph_problem(n, number + 1), p
    yield from library_problems()


def unserved_problem(n: int, limit_min: float) -> Any:
    """Return a county with one more site, always open, that stands for no service and costs everybody the limit."""
    from scipy.sparse import csr_matrix, hstack

    from clinicplan.siting import LocationProblem

    place = county(n, limit_min=limit_min)
    nowhere = csr_matrix(np.full((n, 1), limit_min))
    return LocationProblem(hstack([place.minutes, nowhere]).tocsr(), place.people, required=(n,))


def graph_problem(n: int, seed: int) -> Any:
    """Return points of a random graph in the style of OR-Library's pmed files: a ring and random edges, all pairs."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import shortest_path

    from clinicplan.siting import LocationProblem

    random = np.random.default_rng(seed)
    ring, more = np.arange(n), n * n // EDGES - n
    tail = np.concatenate([ring, random.integers(0, n, more)])
    head = np.concatenate([(ring + 1) % n, random.integers(0, n, more)])
    pairs, first = np.unique(np.minimum(tail, head) * n + np.maximum(tail, head), return_index=True)
    length = random.integers(1, 101, tail.size)[first].astype(float)
    graph = csr_matrix((length, (pairs // n, pairs % n)), shape=(n, n))
    return LocationProblem(shortest_path(graph, method="D", directed=False), np.ones(n))


def plane_problem(n: int, seed: int) -> Any:
    """Return villages of a county with all straight distances between them, in hundredths of km."""
    from clinicplan.siting import LocationProblem

    place = county(n, seed)
    return LocationProblem(np.round(np.linalg.norm(place.xy[:, None] - place.xy, axis=2), 2), place.people)


def library_problems() -> Iterator[tuple[str, str, Any, int]]:
    """Return the pmed files in the folder of instances, none without it."""
    from clinicplan.siting import LocationProblem

    folder = os.environ.get(INSTANCES)
    if not folder:
        return
    for path in sorted(Path(folder).rglob("pmed[0-9]*.txt"), key=lambda item: int(item.stem.removeprefix("pmed"))):
        table, p = read_pmed(path)
        yield "pmed1-40", path.stem, LocationProblem(table, np.ones(len(table))), p


def _row(group: str, name: str, problem: Any, p: int) -> dict[str, Any]:
    from clinicplan.siting import p_median

    result, seconds, processor = _timed(lambda: p_median(problem, p, time_limit_s=LIMIT_S))
    return {
        "group": group, "name": name, "p": p, "seconds": seconds, "processor_s": processor, "status": result.status,
        "gap": result.gap, "objective": result.objective, "bound": result.bound, "engine": result.engine,
    }  # fmt: skip


def _timed(run: Callable[[], Any]) -> tuple[Any, float, float]:
    begin, used = time.perf_counter(), time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        result = run()
    return result, time.perf_counter() - begin, time.process_time() - used


def _held(rows: list[dict[str, Any]], most: float) -> dict[str, Any]:
    slowest = max(row["seconds"] for row in rows)
    return {"slowest_s": slowest, "held": slowest <= most and all(row["status"] == "optimal" for row in rows)}


def _total(rows: list[dict[str, Any]], most: float) -> dict[str, Any]:
    seconds, proven = sum(row["seconds"] for row in rows), sum(row["status"] == "optimal" for row in rows)
    held = proven == len(rows) and seconds <= most
    return {"seconds": seconds, "proven": proven, "problems": len(rows), "held": held}
