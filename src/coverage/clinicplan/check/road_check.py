"""Find what is doubtful in the roads of a county: where they lie, where they end, which parts are cut off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import Fault, Phrase, Severity
from clinicplan.standard import MM_PER_M
from clinicplan.words import fault, phrase

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from clinicplan.network.graph import RoadNetwork

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]

LARGEST_MARGIN_GAP: Final = 0.15
"""An extract may fall short of the margin by this share of it: no road need run along its edge."""
FARTHEST_NODES: Final = 10
"""The reach of an extract is that of its tenth farthest node, so that one way that runs on does not hide the end."""
SIDES: Final = ("west", "south", "east", "north")


@dataclass(frozen=True, eq=False)
class PointsOnRoads:
    """Points of a layer and the roads they are joined to, for counting by part of the network.

    Parameters
    ----------
    ids
        Shape (points).
    edge
        Shape (points): directed edge of the network that each is joined to, -1 where none.
    """

    ids: NDArray[np.object_]
    edge: Int32


@dataclass(frozen=True, eq=False)
class RoadParts:
    """The parts of a network that hang together, directions ignored.

    Parameters
    ----------
    of_node
        Shape (nodes): number of the part.
    length_m
        Shape (parts): metres of road, both directions of one road counted once.
    main
        The part that most villages are on, else the one with most nodes.
    """

    of_node: Int32
    length_m: Float64
    main: int

    @property
    def n_parts(self) -> int:
        """Number of parts."""
        return int(self.length_m.size)

    def of_points(self, network: RoadNetwork, points: PointsOnRoads) -> Int64:
        """Return the part of each point, -1 where it reaches no road."""
        joined = points.edge >= 0
        part = np.full(points.edge.size, -1, dtype=np.int64)
        part[joined] = self.of_node[network.tail[points.edge[joined]]]
        return part


def faults_of_extent(x: Float64, y: Float64, county: BaseGeometry, margin_km: float, file: str) -> list[Fault]:
    """Say where the roads do not cover the county and its margin.

    No road node within the margin (then the boundary is elsewhere), or none inside the county, is an error; sides on
    which the roads end before 85 % of the margin are a note.

    Parameters
    ----------
    x, y
        Shape (nodes): ends and bends of roads, metres.
    county
        The boundary in the same system.
    margin_km
        How far the roads should reach beyond it.
    file
        Roads file, for the message.
    """
    import shapely

    def error(code: str, **values: Any) -> list[Fault]:
        values |= {"margin_km": _plain(margin_km)}
        return [fault(Severity.ERROR, code, subject="check", layer="roads", file=file, **values)]

    finite = np.isfinite(x) & np.isfinite(y)
    x, y = x[finite], y[finite]
    west, south, east, north = county.bounds
    margin_m = margin_km * 1000
    near = (x >= west - margin_m) & (x <= east + margin_m) & (y >= south - margin_m) & (y <= north + margin_m)
    if not x.size:
        return error("no_roads")
    if not near.any():
        away_km = np.hypot(x.mean() - (west + east) / 2, y.mean() - (south + north) / 2) / 1000
        return error("roads_elsewhere", distance_km=f"{away_km:,.0f}")
    shapely.prepare(county)
    box = near & (x >= west) & (x <= east) & (y >= south) & (y <= north)
    if not shapely.contains_xy(county, x[box], y[box]).any():
        return error("no_roads_in_county")
    return _end_faults(x, y, county.bounds, margin_km, file)


def road_parts(network: RoadNetwork, villages: PointsOnRoads) -> RoadParts:
    """Divide a network into its parts and name the main one."""
    part = network.component
    once = _one_direction(network)
    length_m = np.zeros(int(part.max(initial=-1)) + 1)
    np.add.at(length_m, part[network.tail[once]], network.length_mm[once] / MM_PER_M)
    joined = villages.edge[villages.edge >= 0]
    main = int(np.bincount(part[network.tail[joined]]).argmax()) if joined.size else 0
    return RoadParts(part, length_m, main)


def faults_of_cut_off_parts(
    network: RoadNetwork, parts: RoadParts, villages: PointsOnRoads, facilities: PointsOnRoads, *, mode: str, file: str
) -> list[Fault]:
    """List the parts of the network that carry villages or facilities and do not hang together with the main one.

    One note a part, the part with most villages first.
    """
    on_village, on_facility = parts.of_points(network, villages), parts.of_points(network, facilities)
    found = [
        (villages.ids[on_village == part], facilities.ids[on_facility == part], int(part))
        for part in np.union1d(on_village, on_facility)
        if part not in (-1, parts.main)
    ]
    found.sort(key=lambda item: (-item[0].size, -item[1].size, item[2]))
    return [_part_fault(homes, places, float(parts.length_m[part]), mode, file) for homes, places, part in found]


def faults_of_villages_off_roads(reasons: Sequence[str], *, mode: str, limit_m: float, file: str) -> list[Fault]:
    """Say, as an error, when not one village that has a place reaches a road.

    Parameters
    ----------
    reasons
        Why each village with coordinates reaches no road; empty for one that does.
    mode, limit_m
        Of the standard, for the message.
    file
        Villages file.
    """
    if not reasons or not all(reason in ("off_road", "barrier") for reason in reasons):
        return []
    return [
        fault(
            Severity.ERROR, "all_off_road", subject="check", layer="villages", file=file, count=len(reasons),
            mode=phrase(f"general.mode.{mode}"), limit_m=_plain(limit_m),
        )
    ]  # fmt: skip


def _end_faults(
    x: Float64, y: Float64, bounds: tuple[float, float, float, float], margin_km: float, file: str
) -> list[Fault]:
    """Say on which sides the roads end inside the margin."""
    west, south, east, north = bounds
    reach_km = {
        "west": (west - _farthest(x, -1)) / 1000,
        "south": (south - _farthest(y, -1)) / 1000,
        "east": (_farthest(x, 1) - east) / 1000,
        "north": (_farthest(y, 1) - north) / 1000,
    }
    least_km = margin_km * (1 - LARGEST_MARGIN_GAP)
    ending = [_side(side, reach_km[side]) for side in SIDES if margin_km > 0 and reach_km[side] < least_km]
    if not ending:
        return []
    sides = Phrase("，".join(side.zh for side in ending), ", ".join(side.en for side in ending))
    return [
        fault(
            Severity.NOTE, "extract_ends", subject="check", layer="roads", file=file, count=len(ending), sides=sides,
            margin_km=_plain(margin_km),
        )
    ]  # fmt: skip


def _farthest(values: Float64, sign: int) -> float:
    """Return the tenth farthest value in a direction, or the least far of fewer."""
    rank = values.size - min(FARTHEST_NODES, values.size)
    return float(sign * np.partition(sign * values, rank)[rank])


def _side(side: str, reach_km: float) -> Phrase:
    code = "check.side.reach" if reach_km >= 0 else "check.side.short"
    return phrase(code, side=phrase(f"check.side.{side}"), reach_km=f"{abs(reach_km):.1f}")


def _part_fault(
    homes: NDArray[np.object_], places: NDArray[np.object_], length_m: float, mode: str, file: str
) -> Fault:
    return fault(
        Severity.NOTE, "cut_off_part", subject="check", layer="roads", file=file,
        ids=tuple(str(item) for item in (*homes, *places)),
        villages=homes.size, facilities=places.size, km=f"{length_m / 1000:,.1f}",
        mode=phrase(f"general.mode.{mode}"),
    )  # fmt: skip


def _one_direction(network: RoadNetwork) -> Int64:
    """Return one directed edge of each piece of road."""
    if network.segment is not None:
        return np.unique(network.segment, return_index=True)[1]
    low = np.minimum(network.tail, network.head).astype(np.int64)
    pair = low * network.n_nodes + np.maximum(network.tail, network.head)
    return np.unique(pair, return_index=True)[1]


def _plain(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,g}"
