"""Write names beside points so that none covers a symbol, another name or the edge of the map."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from clinicplan.report import style
from clinicplan.report.figures.fonts import bold_weight
from clinicplan.report.figures.lines import plain, text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

SIDES: Final = (0, 180, 90, 270, 45, 135, 315, 225)
"""Directions in which a name is tried first, degrees from east; right of the symbol reads best."""
FAR_SIDES: Final = tuple(range(0, 360, 15))
FAR_STEPS: Final = (3.0, 6.0, 10.0, 15.0, 21.0, 28.0, 36.0)
"""Further distances, points on A4, at which a name that must be shown is tried, with a line to its point."""
HALO_PT: Final = 1.6


@dataclass(frozen=True)
class Label:
    """A name to write beside a point.

    Parameters
    ----------
    x, y
        The point, metres.
    text
        The name.
    size
        Font size, points on A4.
    must
        Whether it is written further away, with a line to its point, where there is no room beside it.
    colour, bold
        How it is written.
    clear
        Radius of the point's symbol, points on A4.
    centred
        Whether it is written on the point itself, as the name of an area is.
    """

    x: float
    y: float
    text: str
    size: float = 6.0
    must: bool = False
    colour: str = style.INK
    bold: bool = False
    clear: float = 2.5
    centred: bool = False


def place_names(ax: Axes, labels: Sequence[Label], *, unit: float, within: Sequence[float]) -> list[Label]:
    """Write names, the first ones first, where there is room.

    Parameters
    ----------
    ax
        A map with its symbols drawn and its limits set.
    labels
        In order of importance.
    unit
        Size of everything, 1 on A4.
    within
        West, south, east, north: no name reaches over it, metres.

    Returns
    -------
    left_out
        Names for which there was no room.
    """
    per_pt = points_per_metre(ax)
    taken = _Taken(_symbols(ax, per_pt), np.asarray(within, dtype=float) * per_pt)
    left_out = []
    for label in labels:
        spot = _spot(label, per_pt, unit, taken)
        if spot is None:
            left_out.append(label)
        else:
            _write(ax, label, spot, per_pt, unit)
    return left_out


def points_per_metre(ax: Axes) -> float:
    """Return how many points on paper a metre of the map has."""
    inches = ax.get_position().width * ax.figure.get_figwidth()  # type: ignore[union-attr]
    west, east = ax.get_xlim()
    return float(inches * 72 / (east - west))


class _Taken:
    """Rectangles that are in use, in points: left, bottom, right, top."""

    def __init__(self, boxes: NDArray[np.float64], within: NDArray[np.float64]) -> None:
        self.boxes = boxes
        self.within = within

    def is_free(self, box: Sequence[float]) -> bool:
        left, bottom, right, top = box
        west, south, east, north = self.within
        if left < west or bottom < south or right > east or top > north:
            return False
        other = self.boxes
        hit = (other[:, 0] < right) & (other[:, 2] > left) & (other[:, 1] < top) & (other[:, 3] > bottom)
        return not bool(hit.any())

    def take(self, box: Sequence[float]) -> None:
        self.boxes = np.vstack([self.boxes, np.asarray(box, dtype=float)])


def _symbols(ax: Axes, per_pt: float) -> NDArray[np.float64]:
    """Return the rectangles of the symbols on a map and of the names already written."""
    boxes = [np.zeros((0, 4))]
    for line in ax.lines:
        if line.get_linestyle() in ("None", "", " "):
            radius = line.get_markersize() / 2 * 0.9
            places = np.column_stack([line.get_xdata(), line.get_ydata()]).astype(float) * per_pt
            boxes.append(np.hstack([places - radius, places + radius]))
    boxes += [np.asarray([text.label_box]) for text in ax.texts if hasattr(text, "label_box")]
    return np.vstack(boxes)


Spot = tuple[float, float, bool]
"""Middle of a name in points, and whether a line leads to its point."""


def _spot(label: Label, per_pt: float, unit: float, taken: _Taken) -> Spot | None:
    size = label.size * unit
    wide, high = text_width(plain(label.text), size, bold=label.bold) + 0.8, size * 1.12
    x, y = label.x * per_pt, label.y * per_pt
    if label.centred:
        tries = [(x + dx * size, y + dy * size, False) for dx, dy in _around()]
    else:
        tries = _beside(x, y, wide, high, label, unit)
    for middle_x, middle_y, far in tries:
        box = (middle_x - wide / 2, middle_y - high / 2, middle_x + wide / 2, middle_y + high / 2)
        if taken.is_free(box):
            taken.take(box)
            return middle_x, middle_y, far
    return None


def _around() -> list[tuple[float, float]]:
    """Return shifts around a place, nearest first, in font sizes."""
    steps = [(dx * 0.75, dy * 0.75) for dx in range(-6, 7) for dy in range(-6, 7)]
    return sorted(steps, key=lambda step: (math.hypot(*step), step))


def _beside(x: float, y: float, wide: float, high: float, label: Label, unit: float) -> list[Spot]:
    near = label.clear * unit + 0.7
    tries = [(*_offset(x, y, wide, high, degrees, near), False) for degrees in SIDES]
    if label.must:
        tries += [
            (*_offset(x, y, wide, high, degrees, near + step * unit), True)
            for step in FAR_STEPS
            for degrees in FAR_SIDES
        ]
    return tries


def _offset(x: float, y: float, wide: float, high: float, degrees: float, gap: float) -> tuple[float, float]:
    """Return the middle of a name whose nearest edge lies a gap from the point, in a direction."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    side = (cos > 0.1) - (cos < -0.1)
    up = (sin > 0.1) - (sin < -0.1)
    return x + cos * gap + side * wide / 2, y + sin * gap + up * high / 2


def _write(ax: Axes, label: Label, spot: Spot, per_pt: float, unit: float) -> None:
    """Write a name on a white edge; the edge is a text of its own, so that a PDF keeps the name as text."""
    import matplotlib.patheffects as effects

    middle_x, middle_y, far = spot
    size, text = label.size * unit, plain(label.text)
    x, y = middle_x / per_pt, middle_y / per_pt
    look: dict[str, Any] = {
        "fontsize": size, "ha": "center", "va": "center", "weight": bold_weight() if label.bold else "normal",
        "clip_on": True,
    }  # fmt: skip
    if far:
        wide, high = text_width(text, size, bold=label.bold), size
        end = _edge(label.x * per_pt, label.y * per_pt, middle_x, middle_y, wide, high)
        ax.plot([label.x, end[0] / per_pt], [label.y, end[1] / per_pt], color=label.colour, lw=0.35 * unit, zorder=29,
                gid="leader", label="_")  # fmt: skip
    halo = ax.text(x, y, text, color=style.PAPER, zorder=30, gid="halo", **look)
    halo.set_path_effects([effects.Stroke(linewidth=HALO_PT * unit, foreground=style.PAPER)])
    name = ax.text(x, y, text, color=label.colour, zorder=31, gid="name", **look)
    wide, high = text_width(text, size, bold=label.bold) + 0.8, size * 1.12
    box = (middle_x - wide / 2, middle_y - high / 2, middle_x + wide / 2, middle_y + high / 2)
    name.label_box = box  # type: ignore[attr-defined]


def _edge(x: float, y: float, middle_x: float, middle_y: float, wide: float, high: float) -> tuple[float, float]:
    """Return where the line from a point to a name meets the name's rectangle."""
    return (
        min(max(x, middle_x - wide / 2), middle_x + wide / 2),
        min(max(y, middle_y - high / 2), middle_y + high / 2),
    )
