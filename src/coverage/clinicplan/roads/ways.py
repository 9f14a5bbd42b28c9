"""Hold ways as they were read, from any source, before any rule about travel: vertices, nodes and tags."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class TagTable:
    """Text tags of many objects, stored once a distinct value.

    Parameters
    ----------
    size
        Number of objects.
    codes
        By key, shape (size): number of the value, 0 where the object has no such tag.
    values
        By key: the distinct values; number 0 is the empty text.
    """

    size: int
    codes: Mapping[str, Int32]
    values: Mapping[str, tuple[str, ...]]

    def __repr__(self) -> str:
        return f"TagTable({self.size:,} objects, {len(self.codes)} keys)"

    def column(self, key: str) -> NDArray[np.object_]:
        """Return the values of one key, empty text where absent."""
        if key not in self.codes:
            return np.full(self.size, "", dtype=object)
        return np.array(self.values[key], dtype=object)[self.codes[key]]

    def has(self, key: str) -> Flags:
        """Tell which objects carry a key."""
        return self.codes[key] > 0 if key in self.codes else np.zeros(self.size, dtype=np.bool_)

    def among(self, key: str, wanted: Iterable[str]) -> Flags:
        """Tell which objects carry one of the wanted values."""
        chosen = frozenset(wanted)
        return self.translate(key, lambda value: value in chosen).astype(np.bool_)

    def translate(self, key: str, meaning: Callable[[str], Any], absent: float = 0.0) -> Float64:
        """Return a number for every object; the meaning is asked once a distinct value.

        Parameters
        ----------
        key
            Tag key.
        meaning
            From a value to a number; never asked for absent tags.
        absent
            Number of objects without the tag.
        """
        if key not in self.codes:
            return np.full(self.size, absent)
        table = np.array([absent, *(meaning(value) for value in self.values[key][1:])], dtype=np.float64)
        return table[self.codes[key]]

    def counts(self, key: str, rows: Flags | None = None) -> dict[str, int]:
        """Return how often each value occurs, most frequent first, among all or the flagged objects."""
        if key not in self.codes:
            return {}
        codes = self.codes[key] if rows is None else self.codes[key][rows]
        number = np.bincount(codes, minlength=len(self.values[key]))
        found = [(self.values[key][i], int(number[i])) for i in np.flatnonzero(number) if i]
        return dict(sorted(found, key=lambda pair: (-pair[1], pair[0])))

    def take(self, rows: NDArray[Any]) -> TagTable:
        """Return the tags of some objects, by row numbers or flags."""
        codes = {key: column[rows] for key, column in self.codes.items()}
        size = int(np.count_nonzero(rows)) if rows.dtype == np.bool_ else int(rows.size)
        return TagTable(size, codes, self.values)

    def frame(self) -> pd.DataFrame:
        """Return the tags as categorical text columns, empty text where absent."""
        import pandas as pd

        columns = {key: pd.Categorical.from_codes(self.codes[key], pd.Index(self.values[key])) for key in self.codes}
        return pd.DataFrame(columns, index=pd.RangeIndex(self.size))


class TagCollector:
    """Gather tags object by object; `table` then gives them as columns.

    Parameters
    ----------
    keys
        Keys that are kept.
    decode
        Applied once to every distinct value.
    """

    def __init__(self, keys: Iterable[str], decode: Callable[[str], str] = str) -> None:
        self.columns: dict[str, tuple[list[int], list[str]]] = {key: ([], []) for key in keys}
        self.decode = decode

    def add(self, row: int, tags: Mapping[str, str]) -> None:
        """Keep the tags of one object."""
        for key, value in tags.items():
            if key in self.columns and value:
                rows, texts = self.columns[key]
                rows.append(row)
                texts.append(value)

    def add_texts(self, first_row: int, texts: Sequence[str]) -> None:
        """Keep the tags of many consecutive objects at once, each written `key=value,key=value`.

        Most pairs occur again and again: each distinct one is taken apart once.
        """
        import pandas as pd

        if not texts:
            return
        row = np.repeat(np.arange(len(texts)), [text.count(",") + 1 for text in texts]) + first_row
        code, distinct = pd.factorize(np.array(",".join(texts).split(","), dtype=object))
        pairs = [pair.partition("=") for pair in distinct]
        wanted = {key: number for number, key in enumerate(self.columns)}
        column = np.array([wanted.get(key, -1) if value else -1 for key, _, value in pairs])[code]
        values = np.array([value for _, _, value in pairs], dtype=object)
        for key, number in wanted.items():
            here = np.flatnonzero(column == number)
            if here.size:
                self.columns[key][0].extend(row[here].tolist())
                self.columns[key][1].extend(values[code[here]].tolist())

    def table(self, size: int) -> TagTable:
        """Return the tags of all objects."""
        codes: dict[str, Int32] = {}
        values: dict[str, tuple[str, ...]] = {}
        for key, (rows, texts) in self.columns.items():
            if rows:
                codes[key], found = _encoded(size, rows, texts)
                values[key] = tuple(map(self.decode, found))
        return TagTable(size, codes, values)


def _encoded(size: int, rows: list[int], texts: list[str]) -> tuple[Int32, tuple[str, ...]]:
    number = {text: i + 1 for i, text in enumerate(dict.fromkeys(texts))}
    codes = np.zeros(size, dtype=np.int32)
    codes[rows] = [number[text] for text in texts]
    return codes, ("", *number)


@dataclass(frozen=True, eq=False)
class Ways:
    """Ways as read: each a row of vertices, each vertex a node.

    Parameters
    ----------
    way_id
        Shape (ways): id in the source.
    start
        Shape (ways + 1): vertices of way w are `node[start[w]:start[w + 1]]`.
    node
        Shape (vertices): number of the node, -1 where the file lacks its position.
    lon, lat
        Shape (nodes): position in degrees, WGS84.
    tags
        Tags of the ways.
    tagged_node
        Shape (tagged nodes): numbers of nodes with a tag that matters (barriers, fords).
    node_tags
        Tags of those nodes.
    """

    way_id: Int64
    start: Int64
    node: Int32
    lon: Float64
    lat: Float64
    tags: TagTable
    tagged_node: Int32
    node_tags: TagTable

    def __repr__(self) -> str:
        return f"Ways({self.size:,} ways, {self.lon.size:,} nodes)"

    @property
    def size(self) -> int:
        """Number of ways."""
        return int(self.way_id.size)

    @property
    def way_of_vertex(self) -> Int32:
        """Shape (vertices): row of the way of each vertex."""
        return np.repeat(np.arange(self.size, dtype=np.int32), np.diff(self.start))

    def segments(self) -> tuple[Int32, Int32, Int32]:
        """Return tail, head and way of every piece between two consecutive, different, placed nodes."""
        way = self.way_of_vertex
        tail, head = self.node[:-1], self.node[1:]
        kept = (way[:-1] == way[1:]) & (tail >= 0) & (head >= 0) & (tail != head)
        return tail[kept], head[kept], way[:-1][kept]


@dataclass(frozen=True, eq=False)
class Outlines:
    """Lines that are no roads but may stop a person on foot: rivers, water edges, railways.

    Parameters
    ----------
    lon, lat
        Shape (vertices): degrees, WGS84; NaN where the file lacks the position.
    start
        Shape (lines + 1): vertices of line i are start[i] ... start[i + 1] - 1.
    kind
        Shape (lines): river, canal, water, motorway or railway.
    """

    lon: Float64
    lat: Float64
    start: Int64
    kind: NDArray[np.object_]


NO_OUTLINES = Outlines(np.zeros(0), np.zeros(0), np.zeros(1, dtype=np.int64), np.zeros(0, dtype=object))
