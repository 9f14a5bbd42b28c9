"""Time set cover and maximal cover on drawn counties, and one set cover against another package.

Each village is demand point and site; the limit is 15 minutes. Floors at 1,000 villages: set cover proven in 0.5 s,
maximal cover (sites for 3 and 6 in 100 villages) in 2 s; against spopt with PuLP's HiGHS 200 times faster to build and
50 times from costs to plan. Aims: at 5,000 set cover within 0.5 % in 60 s, maximal cover within 0.3 % in 30 s; at
20,000 and 80,000 maximal cover within 1 % in 300 s under 1 GB. Every county of more than 1,000 villages, and the other
package, runs in a process of its own: memory is that of one problem, and no two solvers meet. OR-Library's scp files
(set covers whose sites have costs) are solved where the folder of instances holds them.
"""

from __future__ import annotations

import importlib.util
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.siting_centres import INSTANCES
from benchmarks.synthetic import county

LIMIT_MIN = 15.0
SEEDS = (0, 1, 2, 3, 4)
SMALL = 1000
SET_FLOOR_S, MOST_FLOOR_S = 0.5, 2.0
BUILD_TIMES, TOTAL_TIMES = 200.0, 50.0
SHARES = (0.03, 0.06)
"""Sites that open, as a share of all villages."""
AIMS = (
    ("set", 5000, 0.0, 60.0, 0.005),
    ("most", 5000, 0.03, 30.0, 0.003),
    ("most", 5000, 0.06, 30.0, 0.003),
    ("most", 20_000, 0.06, 300.0, 0.01),
    ("most", 80_000, 0.06, 300.0, 0.01),
)
"""Model, villages, share of sites, seconds, gap to reach."""
MEMORY_MB = 1000.0
SETTLING_S = 2.0
"""What reading the result may take beyond the time limit."""
SCP_LIMIT = 1.0
FAR_MIN = 1e4
"""What a pair out of reach costs in a full matrix."""
PATIENCE_S = 900.0


def measure() -> dict[str, Any]:
    """Return one row a problem, floors, aims and the pairing."""
    rows = []
    solve_one("set", 60, 0, 0.0, 10.0)  # compiles the loops
    solve_one("most", 60, 0, 0.1, 10.0)
    for seed in SEEDS:
        rows.append(solve_one("set", SMALL, seed, 0.0, 60.0))
        rows += [solve_one("most", SMALL, seed, share, 60.0) for share in SHARES]
    floors = {
        model: _floor([row for row in rows if row["model"] == model], floor_s)
        for model, floor_s in (("set", SET_FLOOR_S), ("most", MOST_FLOOR_S))
    }
    aims = [_aim(*aim) for aim in AIMS]
    folder = os.environ.get(INSTANCES)
    rows += [] if folder is None else library(Path(folder))
    return {"rows": rows, "floors": floors, "aims": aims, "pairing": pairing()}


def solve_one(model: str, n: int, seed: int, share: float, time_limit_s: float) -> dict[str, Any]:
    """Return what one problem took from costs to plan."""
    from clinicplan.siting import LocationProblem, max_cover, set_cover

    place = county(n, seed, LIMIT_MIN)
    begin = time.perf_counter()
    problem = LocationProblem(place.minutes, place.people)
    if model == "set":
        result = set_cover(problem, LIMIT_MIN, time_limit_s=time_limit_s)
    else:
        result = max_cover(problem, LIMIT_MIN, int(share * n), time_limit_s=time_limit_s)
    return {
        "model": model, "villages": n, "seed": seed, "share": share, "seconds": time.perf_counter() - begin,
        "status": result.status, "gap": result.gap, "objective": result.objective, "bound": result.bound,
        "sites": len(result.open), "engine": result.engine,
        "memory_mb": _memory_mb(),
    }  # fmt: skip


def library(folder: Path) -> list[dict[str, Any]]:
    """Return one row a file scp41.txt ... of OR-Library."""
    from clinicplan.siting import set_cover

    rows = []
    for path in sorted(folder.rglob("scp*.txt")):
        begin = time.perf_counter()
        result = set_cover(read_scp(path), SCP_LIMIT, time_limit_s=60.0)
        rows.append({
            "model": path.stem, "villages": 0, "seed": 0, "share": 0.0, "seconds": time.perf_counter() - begin,
            "status": result.status, "gap": result.gap, "objective": result.objective, "bound": result.bound,
            "sites": len(result.open), "engine": result.engine, "memory_mb": _memory_mb(),
        })  # fmt: skip
    return rows


def read_scp(path: Path) -> Any:
    """Return a problem of an scp file: rows and columns, the cost of each column, per row how many and which cover it.

    Every row is a point, every column a site at distance `SCP_LIMIT` of the rows it covers.
    """
    from scipy.sparse import csr_matrix

    from clinicplan.siting import LocationProblem

    numbers = [int(word) for word in path.read_text().split()]
    rows, columns = numbers[:2]
    cost, rest = numbers[2 : 2 + columns], iter(numbers[2 + columns :])
    covers = [(row, next(rest) - 1) for row in range(rows) for _ in range(next(rest))]
    row, column = np.array(covers, dtype=np.int64).T
    reach = csr_matrix((np.full(row.size, SCP_LIMIT), (row, column)), shape=(rows, columns))
    return LocationProblem(reach, np.ones(rows), site_cost=np.array(cost, dtype=float))


def _floor(rows: list[dict[str, Any]], floor_s: float) -> dict[str, Any]:
    seconds = [row["seconds"] for row in rows]
    proven = all(row["status"] == "optimal" for row in rows)
    return {
        "floor_s": floor_s, "median_s": float(np.median(seconds)), "slowest_s": max(seconds), "proven": proven,
        "held": proven and max(seconds) <= floor_s,
    }  # fmt: skip


def _aim(model: str, n: int, share: float, time_limit_s: float, gap: float) -> dict[str, Any]:
    row = _child("ours", model, n, share, time_limit_s)
    held = row["gap"] <= gap and row["seconds"] <= time_limit_s + SETTLING_S and row["memory_mb"] <= MEMORY_MB
    return {**row, "aim_gap": gap, "aim_s": time_limit_s, "held": held}


def _child(*words: Any) -> dict[str, Any]:
    """Run this module in another process and return what it prints."""
    command = [sys.executable, "-m", "benchmarks.siting_covering", *(str(word) for word in words)]
    root = Path(__file__).parents[1]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root, timeout=PATIENCE_S)
    row: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return row


def pairing() -> dict[str, Any]:
    """Compare building and solving one set cover of 1,000 villages with spopt, which wants every pair of a matrix."""
    lacking = [name for name in ("spopt", "pulp") if importlib.util.find_spec(name) is None]
    if lacking:
        return {"skipped": f"not installed: {', '.join(lacking)} (extra `bench`)"}
    from clinicplan.siting import LocationProblem
    from clinicplan.siting.models.covering import cover_program

    place = county(SMALL, 0, LIMIT_MIN)
    builds = []
    for _ in range(5):
        begin = time.perf_counter()
        cover_program(LocationProblem(place.minutes, place.people), LIMIT_MIN)
        builds.append(time.perf_counter() - begin)
    totals = [solve_one("set", SMALL, 0, 0.0, 60.0) for _ in range(5)]
    try:
        other = _child("spopt", SMALL)
    except subprocess.TimeoutExpired:
        return {"skipped": f"spopt took more than {PATIENCE_S:g} s"}
    except subprocess.CalledProcessError as error:
        return {"skipped": f"spopt failed: {error.stderr.strip().splitlines()[-1]}"}
    build_s, total_s = float(np.median(builds)), float(np.median([row["seconds"] for row in totals]))
    times = {"build": other["build_s"] / build_s, "total": (other["build_s"] + other["solve_s"]) / total_s}
    return {
        "ours_build_s": build_s, "ours_total_s": total_s, "spopt": other, "times": times,
        "same_objective": other["objective"] == totals[0]["objective"],
        "held": times["build"] >= BUILD_TIMES and times["total"] >= TOTAL_TIMES,
    }  # fmt: skip


def spopt_cover(n: int) -> dict[str, Any]:
    """Return what spopt takes for a set cover: a full matrix, its own builder, PuLP's HiGHS."""
    import pulp
    from spopt.locate import LSCP

    place = county(n, 0, LIMIT_MIN)
    full = np.full((n, n), FAR_MIN)
    table = place.minutes.tocoo()
    full[table.row, table.col] = table.data
    begin = time.perf_counter()
    model = LSCP.from_cost_matrix(full, LIMIT_MIN)
    built = time.perf_counter()
    model.solve(pulp.HiGHS(msg=False, threads=1))
    return {
        "build_s": built - begin, "solve_s": time.perf_counter() - built,
        "objective": float(pulp.value(model.problem.objective)), "status": pulp.LpStatus[model.problem.status],
        "memory_mb": _memory_mb(),
    }  # fmt: skip


def _memory_mb() -> float:
    """Return the most memory that this process held; counters of resources would count the parent's too."""
    status = Path("/proc/self/status")
    if status.exists():
        kilobytes = [line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        return int(kilobytes[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def print_table(figures: dict[str, Any]) -> None:
    """Print a line a problem, then floors, aims and the pairing."""
    for row in figures["rows"]:
        print(f"  {_name(row):44s} {row['seconds']:7.2f} s  {row['status']:8s} {row['gap']:8.3%}  {row['engine']}")
    for model, floor in figures["floors"].items():
        spread = f"median {floor['median_s']:.2f} s, slowest {floor['slowest_s']:.2f} s"
        print(f"  floor {model} in {floor['floor_s']:g} s: {spread}, {_held(floor)}")
    for row in figures["aims"]:
        wanted = f"aim {row['aim_gap']:.1%} in {row['aim_s']:g} s, {_held(row)}"
        print(f"  {_name(row):44s} {row['seconds']:7.2f} s  {row['gap']:8.3%} {row['memory_mb']:6.0f} MB  {wanted}")
    pair = figures["pairing"]
    if "skipped" in pair:
        print(f"  pairing skipped: {pair['skipped']}")
        return
    print(f"  spopt: build {pair['spopt']['build_s']:.1f} s, solve {pair['spopt']['solve_s']:.1f} s")
    print(f"  ours: build {pair['ours_build_s']:.4f} s, total {pair['ours_total_s']:.3f} s")
    times = pair["times"]
    print(f"  times faster: build {times['build']:.0f}, total {times['total']:.0f}, {_held(pair)}")


def _name(row: dict[str, Any]) -> str:
    if not row["villages"]:
        return f"{row['model']}: {row['objective']:g}"
    share = f", {row['share']:.0%} open" if row["share"] else ""
    return f"{row['model']} cover, {row['villages']:,} villages{share}, seed {row['seed']}"


def _held(row: dict[str, Any]) -> str:
    return "held" if row["held"] else "MISSED"


if __name__ == "__main__":
    if sys.argv[1] == "spopt":
        print(json.dumps(spopt_cover(int(sys.argv[2]))))
    else:
        kind, villages, opened, limit = sys.argv[2:]
        solve_one(kind, 60, 0, 0.1, 10.0)  # compiles the loops
        print(json.dumps(solve_one(kind, int(villages), 0, float(opened), float(limit))))
