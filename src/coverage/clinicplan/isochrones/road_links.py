"""Pair the two directions of roads, and tell the time at any place along them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clinicplan.errors import NetworkError
from clinicplan.network.choice import tiny_parts
from clinicplan.network.graph import RoadNetwork
from clinicplan.network.joining import NO_SEGMENT
from clinicplan.network.snapping import TINY_SHARE

Int32 = NDArray[np.int32]
Float64 = NDArray[np.float64]
Flags = NDArray[np.bool_]
Direction = Literal["to_facility", "from_facility"]

NEVER_MS: Final = 1e15
"""Stands for "no way" in times; finite, so that zero times it is zero."""
SHORTEST_MS: Final = 1e-9
"""Keeps the inverse of a time finite."""


@dataclass(frozen=True, eq=False)
class Links:
    """Pieces of road with both directions together, straight between their ends.

    Parameters
    ----------
    start, end
        Shape (links): nodes, start below end.
    forward_ms, backward_ms
        Time from start to end and back, milliseconds; `NEVER_MS` where that direction is closed.
    joinable
        Whether a point may enter the road along the link.
    connected
        Whether both ends lie on a part of the network that is not tiny (`clinicplan.network.snapping`).
    """

    start: Int32
    end: Int32
    forward_ms: Float64
    backward_ms: Float64
    joinable: Flags
    connected: Flags

    @classmethod
    def from_network(cls, network: RoadNetwork) -> Links:
        """Pair the directed edges of a network; of parallel edges the quickest counts.

        Loops are left out, and so are the ways in and out that stand for private roads on a joined network: no road
        runs where they are drawn.
        """
        drawn = network.tail != network.head
        if network.segment is not None:
            drawn &= network.segment != NO_SEGMENT
        used = np.flatnonzero(drawn)
        tail, head = network.tail[used].astype(np.int64), network.head[used].astype(np.int64)
        pair, link = np.unique(np.minimum(tail, head) * network.n_nodes + np.maximum(tail, head), return_inverse=True)
        time, onward = network.time_ms[used].astype(np.float64), tail < head
        forward, backward = np.full(pair.size, NEVER_MS), np.full(pair.size, NEVER_MS)
        np.minimum.at(forward, link[onward], time[onward])
        np.minimum.at(backward, link[~onward], time[~onward])
        joinable = np.zeros(pair.size, dtype=np.bool_)
        joinable[link if network.joinable is None else link[network.joinable[used]]] = True
        parts = network.open_part
        connected = ~tiny_parts(network, parts, TINY_SHARE)[parts]
        start, end = (part.astype(np.int32) for part in np.divmod(pair, max(network.n_nodes, 1)))
        return cls(start, end, forward, backward, joinable, connected[start] & connected[end])

    def to_ends(self, link: Int32, direction: Direction) -> tuple[Float64, Float64]:
        """Return the time between the whole link and its start, and its end: the parts count in proportion."""
        if direction == "to_facility":
            return self.backward_ms[link], self.forward_ms[link]
        return self.forward_ms[link], self.backward_ms[link]

    def time_at(self, node_ms: Float64, link: Int32, fraction: ArrayLike, direction: Direction) -> Float64:
        """Return the time at a fraction of each link by the better of its two ends, milliseconds."""
        by_start, by_end = self.to_ends(link, direction)
        along = np.asarray(fraction, dtype=np.float64)
        from_start = node_ms[self.start[link]] + along * by_start
        time: Float64 = np.minimum(from_start, node_ms[self.end[link]] + (1.0 - along) * by_end)
        return time

    def reached_parts(self, node_ms: Float64, limit_ms: float, direction: Direction) -> tuple[Int32, Float64, Float64]:
        """Return the reached parts of links: link, and the fractions where the part begins and ends."""
        near = np.flatnonzero(np.minimum(node_ms[self.start], node_ms[self.end]) <= limit_ms).astype(np.int32)
        by_start, by_end = (np.maximum(time, SHORTEST_MS) for time in self.to_ends(near, direction))
        upto = np.clip((limit_ms - node_ms[self.start[near]]) / by_start, 0.0, 1.0)
        onward = 1.0 - np.clip((limit_ms - node_ms[self.end[near]]) / by_end, 0.0, 1.0)
        whole = upto >= onward
        first, last = np.flatnonzero((upto > 0) & ~whole), np.flatnonzero((onward < 1) & ~whole)
        link = np.concatenate([near[whole], near[first], near[last]])
        begins = np.concatenate([np.zeros(int(whole.sum()) + first.size), onward[last]])
        ends = np.concatenate([np.ones(int(whole.sum())), upto[first], np.ones(last.size)])
        return link, begins, ends


def require_direction(direction: str) -> None:
    """Refuse a direction that is neither of the two."""
    if direction not in get_args(Direction):
        raise NetworkError(f"direction must be one of {', '.join(get_args(Direction))}, got {direction!r}")
