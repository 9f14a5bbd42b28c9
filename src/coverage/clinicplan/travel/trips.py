"""Hold trips between two lists of points as arrays, and choose the best of each pair or origin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clinicplan.network.graph import Flags, Int32
from clinicplan.standard import MM_PER_M, MS_PER_S

if TYPE_CHECKING:
    import pandas as pd

Int64 = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TravelTimes:
    """Trips from origins to destinations in long form, one row a pair; pairs without a trip are absent.

    Parameters
    ----------
    origin_ids, destination_ids
        Ids of all points asked, with or without a trip.
    origin, destination
        Shape (trips): rows into the ids; trips ascend by origin, then destination.
    time_ms, length_mm
        Shape (trips): whole milliseconds and millimetres, walks at both ends included.
    direct
        Shape (trips): the trip is a straight walk off the road.
    origin_name, destination_name
        Column names of the ids in `to_frame`.
    """

    origin_ids: NDArray[np.object_]
    destination_ids: NDArray[np.object_]
    origin: Int32
    destination: Int32
    time_ms: Int64
    length_mm: Int64
    direct: Flags
    origin_name: str = "origin_id"
    destination_name: str = "destination_id"

    def __repr__(self) -> str:
        return (
            f"TravelTimes({self.origin.size:,} trips, {self.origin_ids.size:,} x {self.destination_ids.size:,} points)"
        )

    def __len__(self) -> int:
        return int(self.origin.size)

    def to_frame(self) -> pd.DataFrame:
        """Return the trips as a table: ids, `time_s`, `length_m` and `way` (road or direct)."""
        import pandas as pd

        return pd.DataFrame(
            {
                self.origin_name: self.origin_ids[self.origin],
                self.destination_name: self.destination_ids[self.destination],
                "time_s": self.time_ms / MS_PER_S,
                "length_m": self.length_mm / MM_PER_M,
                "way": np.where(self.direct, "direct", "road").astype(object),
            }
        )


class Pairs(NamedTuple):
    """Candidate trips between rows of two lists of points.

    Parameters
    ----------
    origin, destination
        Shape (trips): rows of the two lists.
    first, second
        Shape (trips): the weight that is minimised and the one that settles ties, ms and mm or the reverse.
    direct
        Shape (trips): the trip is a straight walk.
    """

    origin: Int64
    destination: Int64
    first: Int64
    second: Int64
    direct: Flags

    def only(self, rows: NDArray[Any]) -> Pairs:
        """Return some of the trips."""
        return Pairs(*(values[rows] for values in self))

    @classmethod
    def none(cls) -> Pairs:
        """Return no trips."""
        nothing = np.zeros(0, dtype=np.int64)
        return cls(nothing, nothing, nothing, nothing, nothing.astype(bool))

    @classmethod
    def joined(cls, *parts: Pairs) -> Pairs:
        """Return all trips of several sets."""
        return cls(*(np.concatenate(values) for values in zip(*parts, strict=True)))

    def best_of_pair(self) -> Pairs:
        """Keep one trip a pair: least first weight, then least second, then the road; by origin, then destination."""
        ordered = self.only(np.lexsort((self.direct, self.second, self.first, self.destination, self.origin)))
        return ordered.only(_changes(ordered.origin) | _changes(ordered.destination))

    def best_of_origin(self) -> Pairs:
        """Keep one trip an origin: least first weight, then least second, then the destination listed first."""
        ordered = self.only(np.lexsort((self.direct, self.destination, self.second, self.first, self.origin)))
        return ordered.only(_changes(ordered.origin))


class Groups(NamedTuple):
    """Rows grouped by a key: those of `key[i]` are `row[indptr[i]:indptr[i + 1]]`."""

    key: Int32
    indptr: Int64
    row: Int64

    @classmethod
    def of(cls, keys: NDArray[Any]) -> Groups:
        """Group rows by their key; rows with a negative key belong nowhere."""
        rows = np.flatnonzero(keys >= 0)
        rows = rows[np.argsort(keys[rows], kind="stable")]
        key, start = np.unique(keys[rows], return_index=True)
        return cls(key.astype(np.int32), np.append(start, rows.size).astype(np.int64), rows)


def row_pairs(one: Groups, other: Groups, left: NDArray[Any], right: NDArray[Any]) -> tuple[Int64, Int64, Int64]:
    """Turn pairs of groups into pairs of rows.

    Parameters
    ----------
    one, other
        The rows of both sides, grouped.
    left, right
        Shape (pairs of groups): place of each group in `one.key` and `other.key`.

    Returns
    -------
    row, other_row, pair
        Every row of the left group with every row of the right one, and the pair of groups they come from.
    """
    many = np.diff(other.indptr)[right]
    count = np.diff(one.indptr)[left] * many
    pair = np.repeat(np.arange(left.size), count)
    step = np.arange(pair.size) - np.repeat(np.cumsum(count) - count, count)
    row = one.row[one.indptr[left[pair]] + step // many[pair]]
    other_row = other.row[other.indptr[right[pair]] + step % many[pair]]
    return row, other_row, pair


def _changes(values: Int64) -> Flags:
    """Flag where a sorted column begins a new value."""
    new = np.ones(values.size, dtype=bool)
    new[1:] = values[1:] != values[:-1]
    return new
