"""Collect points and ways as OpenStreetMap has them: numbered points, ways as runs of points, tags on both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from clinicplan.sample.lattice import FloatArray, IntArray

Tags = Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Way:
    """A run of points with tags."""

    points: tuple[int, ...]
    tags: Tags


@dataclass(frozen=True, eq=False)
class Drawing:
    """A map: points in metres, ways over them, tags of single points.

    Parameters
    ----------
    x, y
        Shape (points): position, metres.
    ways
        All ways; a way whose first and last point are one is a ring.
    point_tags
        Tags of points that have any.
    """

    x: FloatArray
    y: FloatArray
    ways: tuple[Way, ...]
    point_tags: Mapping[int, Tags]

    def coordinates(self, way: Way) -> FloatArray:
        """Return the line of a way, shape (points, 2)."""
        chosen = np.asarray(way.points)
        return np.column_stack([self.x[chosen], self.y[chosen]])


def runs_of(ways: Sequence[Way]) -> tuple[IntArray, IntArray]:
    """Return the points of all ways one after the other, and the number of the way each belongs to."""
    count = [len(way.points) for way in ways]
    points = np.fromiter((point for way in ways for point in way.points), dtype=np.int64, count=sum(count))
    return points, np.repeat(np.arange(len(ways)), count)


class Sketch:
    """A drawing in the making."""

    def __init__(self) -> None:
        self._x: list[float] = []
        self._y: list[float] = []
        self._ways: list[Way] = []
        self._point_tags: dict[int, Tags] = {}

    def add_point(self, x: float, y: float, **tags: str) -> int:
        """Add one point and return its number."""
        self._x.append(float(x))
        self._y.append(float(y))
        number = len(self._x) - 1
        if tags:
            self._point_tags[number] = tags
        return number

    def add_points(self, coordinates: FloatArray) -> IntArray:
        """Add points, shape (points, 2), and return their numbers."""
        first = len(self._x)
        self._x.extend(coordinates[:, 0].tolist())
        self._y.extend(coordinates[:, 1].tolist())
        return np.arange(first, first + len(coordinates))

    def tag_point(self, number: int, **tags: str) -> None:
        """Give a point tags."""
        self._point_tags[number] = tags

    def add_way(self, points: Iterable[int], tags: Tags) -> int:
        """Add a way over points that stand already and return its number; repeated neighbours are dropped."""
        run: list[int] = []
        for point in points:
            if not run or run[-1] != point:
                run.append(int(point))
        if len(run) > 1:
            self._ways.append(Way(tuple(run), dict(tags)))
        return len(self._ways) - 1

    def drop_collisions(self, first: int) -> None:
        """Drop ways from a number on that meet another way where they share no point."""
        lines = self.lines()
        one, two = shapely.STRtree(lines).query(lines[first:], predicate="intersects")
        points = [set(way.points) for way in self._ways]
        bad = {
            first + row
            for row, other in zip(one.tolist(), two.tolist(), strict=True)
            if not points[first + row] & points[other]
        }
        self._ways = [way for number, way in enumerate(self._ways) if number not in bad]

    def position(self, number: int) -> tuple[float, float]:
        """Return where a point stands, metres."""
        return self._x[number], self._y[number]

    @property
    def ways(self) -> tuple[Way, ...]:
        """The ways so far."""
        return tuple(self._ways)

    def lines(self) -> NDArray[np.object_]:
        """Return the lines of all ways so far."""
        points, way = runs_of(self._ways)
        place = np.column_stack([np.asarray(self._x)[points], np.asarray(self._y)[points]])
        return np.asarray(shapely.linestrings(place, indices=way))

    def finish(self, ways: Iterable[Way] | None = None) -> Drawing:
        """Return the drawing, with other ways than those collected where given."""
        kept = self._ways if ways is None else ways
        return Drawing(np.asarray(self._x), np.asarray(self._y), tuple(kept), dict(self._point_tags))
