"""Time the audit of a county of a thousand villages under all five documents, today and with a plan.

The county is the sample county four times over, side by side with its roads: 1,012 villages among 1,168 rows, 48
townships, some 1,400 facilities. Every round sets the county up anew, so that nothing is remembered from the round
before; what the rules ask of the roads (`RoadJourneys`, and the circles of a plan) is timed apart. Medians, on the
clock and of the processor, which other programs disturb least.
Floor: all five documents in under 5 s beyond the travel times.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd

from clinicplan.county import County, read_county
from clinicplan.coverage import ServiceCircles, service_circles
from clinicplan.layers import CountyLayers
from clinicplan.network import RoadNetwork
from clinicplan.plan import circle_rule
from clinicplan.policy import audit as audits
from clinicplan.policy import built_in_profiles, read_profile
from clinicplan.policy.journeys import RoadJourneys
from clinicplan.policy.planned import PlanTables, plan_tables
from clinicplan.policy.settings import AuditSettings
from clinicplan.sample import write_sample

COPIES = 4
APART_M = 150_000.0
"""No way leads from one copy to another; each has roads up to 20 km beyond its line."""
FLOOR_S = 5.0
DAY = date(2026, 1, 1)
ASKED_OF_ROADS = ("nearest", "ways", "drives", "roads_between", "straight_mm")
OF_VILLAGES = frozenset({"village_clinic", "central_clinic"})


def measure(rounds: int = 5) -> dict[str, Any]:
    """Return medians of seconds: all, on the roads, beyond them; without and with a plan; beyond them by document."""
    with tempfile.TemporaryDirectory() as name:
        county = read_county(write_sample(Path(name)))
    layers, rule = repeated(county.layers), circle_rule(county)
    roads = {mode: repeated_roads(network) for mode, network in county.networks.items()}
    circles = service_circles(layers.villages, layers.facilities, roads, rule, natural_villages=layers.natural_villages)
    plan = drawn_plan(layers)
    return {
        "villages": int((layers.villages["kind"] == "village").sum()),
        "facilities": len(layers.facilities),
        "clauses": sum(len(read_profile(name).clauses) for name in built_in_profiles()),
        "today": _median_of(lambda: audited(county, layers, circles, None), rounds),
        "with_plan": _median_of(lambda: audited(county, layers, circles, plan), rounds),
        "floor_s": FLOOR_S,
    }


def now() -> np.ndarray:
    """Return seconds on the clock and of the processor."""
    return np.array([time.perf_counter(), time.process_time()])


@dataclass
class Clock:
    """Seconds spent in what is watched, calls within calls counted once."""

    seconds: np.ndarray = field(default_factory=lambda: np.zeros(2))
    depth: int = 0

    def watch(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that does the same and is timed."""

        def timed(*args: Any, **named: Any) -> Any:
            start, self.depth = now(), self.depth + 1
            try:
                return function(*args, **named)
            finally:
                self.depth -= 1
                if not self.depth:
                    self.seconds = self.seconds + (now() - start)

        return timed


@contextmanager
def roads_timed() -> Iterator[Clock]:
    """Time whatever the rules ask of the roads."""
    clock = Clock()
    with ExitStack() as stack:
        for name in ASKED_OF_ROADS:
            watched = clock.watch(getattr(RoadJourneys, name))
            stack.enter_context(mock.patch.object(RoadJourneys, name, watched))
        circles = clock.watch(audits.planned_circles)
        stack.enter_context(mock.patch.object(audits, "planned_circles", circles))
        yield clock


def audited(county: County, layers: CountyLayers, circles: ServiceCircles, plan: PlanTables | None) -> dict[str, float]:
    """Set the county up, test all documents, and return seconds."""
    settings = AuditSettings.of_region(county.region, DAY)
    profiles = [read_profile(name) for name in built_in_profiles()]
    beyond: dict[str, np.ndarray] = {}
    with roads_timed() as clock:
        start = last = now()
        ground = audits.audit_ground(layers, circles, settings=settings, plan=plan)
        for name, profile in (("setup", None), *((profile.id, profile) for profile in profiles)):
            if profile is not None:
                audits.audit_on(ground, profile)
            reached = now() - clock.seconds
            beyond[name], last = reached - last, reached
        whole = now() - start
    return {
        "whole_s": float(whole[0]),
        "roads_s": float(clock.seconds[0]),
        "beyond_roads_s": float((whole - clock.seconds)[0]),
        "beyond_roads_processor_s": float((whole - clock.seconds)[1]),
        **{f"{name}_s": float(seconds[0]) for name, seconds in beyond.items()},
    }


def _median_of(once: Callable[[], dict[str, float]], rounds: int) -> dict[str, float]:
    """Return the median of each figure, after one round to warm up."""
    found = [once() for _ in range(rounds + 1)][1:]
    return {name: statistics.median(figures[name] for figures in found) for name in found[0]}


def repeated(layers: CountyLayers) -> CountyLayers:
    """Return a county four times over, side by side; one county medical centre and one town stay."""
    facilities = _repeat(layers.facilities, ("facility_id", "village_id"), ("township", "managed_by", "paired_with"))
    later = (facilities.index >= len(layers.facilities)) & (facilities["tier"] == "county_medical_centre")
    facilities.loc[later, "tier"] = "county_hospital"
    natural = layers.natural_villages
    return replace(
        layers,
        boundary=_repeat(layers.boundary).dissolve().reset_index(drop=True),
        villages=_repeat(layers.villages, ("village_id",), ("township", "served_by")),
        facilities=facilities,
        townships=None if layers.townships is None else _repeat(layers.townships, (), ("township",)),
        natural_villages=None if natural is None else _repeat(natural, ("natural_village_id", "village_id")),
    )


def _repeat(layer: Any, ids: tuple[str, ...] = (), names: tuple[str, ...] = ()) -> Any:
    """Return copies of a layer side by side; ids get another digit, names another letter, empty cells stay empty."""
    copies = []
    for number in range(COPIES):
        copy = layer.assign(geometry=layer.geometry.translate(number * APART_M))
        for column in ids:
            copy[column] = [f"{number}{text[1:]}" if text else "" for text in copy[column]]
        for column in names:
            copy[column] = [f"{'甲乙丙丁'[number]}{text}" if text else "" for text in copy[column]]
        if "managed_by" in names:
            copy["name"] = [f"{'甲乙丙丁'[number]}{text}" for text in copy["name"]]
        copies.append(copy)
    return pd.concat(copies, ignore_index=True)


def repeated_roads(network: RoadNetwork) -> RoadNetwork:
    """Return a network four times over, side by side."""
    turns, nodes, edges = np.arange(COPIES), network.n_nodes, network.n_edges
    by_edge, by_node = np.repeat(turns, edges), np.repeat(turns, nodes)
    lines = network.barrier_lines
    segments = 0 if network.segment is None else int(network.segment.max()) + 1
    moved = None if lines is None else np.concatenate([_moved(lines, turn * APART_M) for turn in turns.tolist()])

    def tiled(values: Any, step: int = 0) -> Any:
        return None if values is None else (np.tile(values, COPIES) + by_edge * step).astype(values.dtype)

    return replace(
        network,
        n_nodes=nodes * COPIES,
        tail=tiled(network.tail, nodes),
        head=tiled(network.head, nodes),
        time_ms=tiled(network.time_ms),
        length_mm=tiled(network.length_mm),
        x=None if network.x is None else np.tile(network.x, COPIES) + by_node * APART_M,
        y=None if network.y is None else np.tile(network.y, COPIES),
        segment=tiled(network.segment, segments),
        joinable=None if network.joinable is None else np.tile(network.joinable, COPIES),
        through=None if network.through is None else np.tile(network.through, COPIES),
        barrier_lines=moved,
    )


def _moved(lines: Any, east_m: float) -> Any:
    import shapely

    return shapely.transform(lines, lambda points: points + np.array([east_m, 0.0]))


def drawn_plan(layers: CountyLayers) -> PlanTables:
    """Return a plan: a clinic for every third village without one; some clinics upgraded, converted or closed."""
    own = {str(code) for code in layers.facilities["village_id"]}
    villages = layers.villages[layers.villages["kind"] == "village"]
    bare = [code for code in villages["village_id"] if code not in own][::3]
    working = layers.facilities[
        layers.facilities["tier"].isin(OF_VILLAGES) & ~layers.facilities["outside_county"].astype(bool)
    ]
    sites = [{"site_id": code, "village_id": code, "facility_id": "", "action": "build", "doctors": 1} for code in bare]
    for number, (code, village) in enumerate(zip(working["facility_id"], working["village_id"], strict=True)):
        action = {3: "upgrade", 7: "convert", 11: "close"}.get(number % 20, "keep")
        sites.append({"site_id": code, "village_id": village, "facility_id": code, "action": action})
    return plan_tables({"villages": [{"village_id": code, "arrangement": "own"} for code in bare], "sites": sites})


def print_table(result: dict[str, Any]) -> None:
    """Print one line a figure."""
    print(f"  {result['villages']} villages, {result['facilities']} facilities, {result['clauses']} clauses")
    for name in ("today", "with_plan"):
        row = result[name]
        print(
            f"  {name}: {row['beyond_roads_s']:.2f} s beyond the travel times (floor {result['floor_s']:.0f} s), "
            f"{row['beyond_roads_processor_s']:.2f} s of the processor, {row['roads_s']:.2f} s on the roads, "
            f"{row['whole_s']:.2f} s in all"
        )
        print("    " + ", ".join(f"{key.removesuffix('_s')} {value:.2f}" for key, value in list(row.items())[4:]))
