"""Time the merge-and-add model on drawn counties: strict order of objectives, every stage proven.

A county of n villages falls into townships of some twenty-five; 85 of 100 villages have a clinic, one in twelve of
these a central one; every township has a hospital in one village. Thresholds as the region file's defaults: sharing up
to 500 people, 10 minutes, 5 km, same township, neighbours only, three guests; the circle is 15 minutes to any clinic.
Floors: 1,000 villages proven in 20 s; 5,000 villages planned county by county within 0.05 % in 90 s. Aim: 5,000 as one
problem within 1 % in 90 s.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.synthetic import county
from clinicplan.siting.merge.formulation import merge_model
from clinicplan.siting.merge.question import FEN, Limits, MergeQuestion, Money
from clinicplan.siting.merge.stages import Ordered, solve_in_order

MONEY = Money(30_000 * FEN, 5_000 * FEN, 20_000 * FEN, 30_000 * FEN, 15.0)
VILLAGES_IN_A_TOWNSHIP = 25
CIRCLE_MIN, SHARE_MIN, SHARE_PEOPLE = 15.0, 10.0, 500
MS = 60_000


def drawn_question(
    n: int,
    seed: int = 0,
    *,
    limits: Limits | None = None,
    share_people: int = SHARE_PEOPLE,
    with_central: bool = False,
    same_township: bool = True,
) -> MergeQuestion:
    """Draw a county and ask the merge-and-add question of it.

    `with_central` lets only central clinics cover; `same_township` lets only villages of one township share.
    """
    from scipy.cluster.vq import kmeans2
    from scipy.spatial import Delaunay

    drawn = county(n, seed, CIRCLE_MIN)
    rng = np.random.default_rng(seed + 1)
    _, town = kmeans2(drawn.xy, max(2, n // VILLAGES_IN_A_TOWNSHIP), seed=seed, minit="++")
    minutes = drawn.minutes.tocoo()
    origin, site = minutes.row.astype(np.int64), minutes.col.astype(np.int64)
    ms = np.round(minutes.data * MS).astype(np.int64)
    triangles = Delaunay(drawn.xy).simplices
    edges = {(int(a), int(b)) for t in triangles for a in t for b in t if a != b}
    people = np.round(drawn.people).astype(np.int64)
    adjacent = np.array([pair in edges for pair in zip(origin.tolist(), site.tolist(), strict=True)])
    lawful = (origin != site) & adjacent & (ms <= SHARE_MIN * MS) & (people[origin] <= share_people)
    if same_township:
        lawful &= town[origin] == town[site]
    stands = np.asarray(drawn.exists, dtype=bool)
    central = stands & (rng.random(n) < 1 / 12)
    seat = np.zeros(n, dtype=bool)
    seat[[int(np.flatnonzero(town == name)[0]) for name in np.unique(town)]] = True
    own_ms = np.full(n, 2 * MS)
    nothing = np.zeros(0, dtype=np.int64)
    return MergeQuestion(
        village_ids=np.array([f"V{row:05d}" for row in range(n)], dtype=object),
        people=people,
        township=np.array([f"T{name:03d}" for name in town], dtype=object),
        has_clinic=stands,
        outreach=np.zeros(n, dtype=bool),
        seat_id=np.where(seat, "H", "").astype(object),
        seat_person_ms=people * 3 * MS,
        site_ids=np.array([f"S{row:05d}" for row in range(n)], dtype=object),
        site_village=np.arange(n),
        facility_id=np.where(stands, "F", "").astype(object),
        stands=stands,
        central=central,
        open_least=np.zeros(n, dtype=bool),
        open_most=np.ones(n, dtype=bool),
        host_least=np.zeros(n, dtype=bool),
        host_most=np.ones(n, dtype=bool),
        build_fen=np.where(stands, 0, 60_000 * FEN),
        own_person_ms=people * own_ms,
        arc_village=origin[lawful],
        arc_site=site[lawful],
        arc_person_ms=people[origin[lawful]] * ms[lawful],
        home_village=np.arange(n),
        home_people=people,
        cover_home=origin,
        cover_site=site,
        covers_open=np.full(n, not with_central),
        uncoverable_people=0,
        near_village=nothing,
        near_site=nothing,
        near_needed=np.zeros(n, dtype=bool),
        money=MONEY,
        limits=limits or Limits(),
    )


def solved(question: MergeQuestion, time_limit_s: float) -> tuple[Ordered, float]:
    """Return the plan of a question and the seconds from arrays to plan."""
    begin = time.perf_counter()
    model = merge_model(question)
    found = solve_in_order(model.program, model.goals, time_limit_s=time_limit_s)
    return found, time.perf_counter() - begin


def measure(rounds: int = 3) -> dict[str, Any]:
    """Return seconds and gaps of every case."""
    budget = Limits(build_fen=3_000_000 * FEN)
    cases = {
        "1,000, default": (drawn_question(1000), 60.0),
        "1,000, 3 million yuan": (drawn_question(1000, limits=budget), 60.0),
        "1,000, sharing up to 900 people over township lines": (
            drawn_question(1000, share_people=900, same_township=False),
            60.0,
        ),
        "1,000, central clinics only cover": (drawn_question(1000, with_central=True), 60.0),
        "5,000 as one": (drawn_question(5000), 90.0),
    }
    figures = {}
    for name, (question, limit) in cases.items():
        runs = [solved(question, limit) for _ in range(rounds)]
        figures[name] = _figures([run[0] for run in runs], [run[1] for run in runs])
    counties = [drawn_question(833, seed) for seed in range(6)]
    begin = time.perf_counter()
    found = [solved(replace(question), 35.0)[0] for question in counties]
    figures["5,000 as six counties"] = _figures(found, [time.perf_counter() - begin])
    return {"cases": figures}


def _figures(found: list[Ordered], seconds: list[float]) -> dict[str, Any]:
    gaps = [
        0.0 if stage.proven else abs(stage.value - stage.bound) / max(abs(stage.value), 1)
        for one in found
        for stage in one.stages
    ]
    return {
        "seconds": float(np.median(seconds)),
        "proven": all(stage.proven for one in found for stage in one.stages),
        "largest_gap": max(gaps, default=float("inf")),
        "parts": found[0].parts,
        "stages": [vars(stage) for stage in found[0].stages],
    }


def print_table(figures: dict[str, Any]) -> None:
    """Print one line a case."""
    for name, row in figures["cases"].items():
        proof = "proven" if row["proven"] else f"largest gap {row['largest_gap']:.4%}"
        print(f"  {name:<55} {row['seconds']:8.2f} s  {proof}  ({row['parts']} parts)")
