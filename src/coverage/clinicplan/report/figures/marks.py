"""Put symbols, areas and lines of the house style on an axes, each with a name for the legend."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from clinicplan.report import style
from clinicplan.terms import TIERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.path import Path

POINT_PER_PX: Final = 0.5
"""Symbols of the screen are drawn half as large on A4, in points."""
LINE_PER_PX: Final = 0.38
RING_PX: Final = 1.3
"""Width of a ring, as it is seen between its edges."""
MOST_LEGEND_PT: Final = 10.0
"""Diameter of a symbol in the legend, on A4; larger ones would meet the next line."""
LEGEND_ORDER: Final = (
    "site", "arrangement", "link", "village", "natural", "community", "exempt", "pending", "facility", "centre",
    "circle", "beyond", "ring", "road", "water", "boundary", "township",
)  # fmt: skip
"""Layers in the legend, by the first word of their key."""

ZORDER: Final = {
    "land": 1, "circle": 3, "beyond": 4, "water": 5, "road": 6, "township": 8, "boundary": 9, "veil": 10, "ring": 10,
    "link": 11, "natural": 12, "village": 14, "arrangement": 15, "community": 13, "exempt": 13, "pending": 13,
    "facility": 16, "site": 18, "centre": 19,
}  # fmt: skip


def layer_kind(key: str) -> str:
    """Return the first word of a layer's key, such as `facility` of `facility-village_clinic`."""
    return key.split("-", 1)[0]


def add_points(
    ax: Axes, points: Any, symbol: style.Symbol, *, key: str, label: str, unit: float, size: float = 1.0, above: int = 0
) -> None:
    """Draw points with one symbol.

    Parameters
    ----------
    ax
        Where.
    points
        Shape (points, 2), metres.
    symbol
        From `report.style`.
    key
        Names the layer.
    label
        Its words in the legend; empty for none.
    unit
        Size of everything, 1 on A4.
    size
        Of this symbol.
    above
        Raises the layer over others of its kind.
    """
    places = np.asarray(points, dtype=float).reshape(-1, 2)
    if not len(places):
        return
    path = symbol_path(symbol)
    half = float(np.abs(path.vertices).max())
    radius = symbol.radius_px * POINT_PER_PX * unit * size
    ax.plot(
        places[:, 0], places[:, 1], linestyle="", marker=path, markersize=2 * radius * half,
        markerfacecolor=symbol.fill, markeredgecolor=symbol.line,
        markeredgewidth=symbol.line_px * LINE_PER_PX * unit * min(size, 1.0), label=_shown(label), gid=key,
        zorder=ZORDER[layer_kind(key)] + above, clip_on=True,
    )  # fmt: skip


def _shown(label: str) -> str:
    """Return a label as the legend shows it, its first letter large; the mark of no label where it is empty."""
    return label[:1].upper() + label[1:] or "_"


@functools.cache
def symbol_path(symbol: style.Symbol) -> Path:
    """Return a symbol's outline in a circle of radius 1, with its rings around it."""
    from matplotlib.path import Path

    parts = [_disc(1.0) if symbol.shape == "circle" else _closed(style.outline(symbol.shape))]
    edge_px = symbol.line_px * LINE_PER_PX / POINT_PER_PX
    for ring in range(symbol.rings):
        outer_px = symbol.radius_px + (style.RING_GAP_PX + RING_PX + edge_px) * (ring + 1)
        outer = outer_px / symbol.radius_px
        hole = _disc((outer_px - RING_PX - edge_px) / symbol.radius_px)
        parts += [_disc(outer), Path(np.asarray(hole.vertices)[::-1], hole.codes)]
    return Path.make_compound_path(*parts)


def reach_pt(symbol: style.Symbol, size: float = 1.0) -> float:
    """Return how far a symbol and its rings reach from their middle, points on A4."""
    half = float(np.abs(symbol_path(symbol).vertices).max())
    return symbol.radius_px * POINT_PER_PX * size * half


def _closed(corners: Sequence[style.Point]) -> Path:
    from matplotlib.path import Path

    return Path([*corners, corners[0]], [Path.MOVETO, *[Path.LINETO] * (len(corners) - 1), Path.CLOSEPOLY])


def _disc(radius: float, corners: int = 48) -> Path:
    from matplotlib.path import Path

    angle = np.linspace(0, 2 * np.pi, corners + 1)
    ring = radius * np.column_stack([np.cos(angle), np.sin(angle)])
    return Path(ring, [Path.MOVETO, *[Path.LINETO] * (corners - 1), Path.CLOSEPOLY])


def add_area(
    ax: Axes, shape: Any, *, key: str, label: str, fill: str = "none", line: str = "none", width: float = 0.0,
    dash: Sequence[float] = (), hatch: str = "", hatch_colour: str = style.MUTED, unit: float = 1.0,
) -> None:  # fmt: skip
    """Draw an area, holes kept; a hatch makes it readable in grey print."""
    from matplotlib.patches import PathPatch

    path = area_path(shape)
    if path is None:
        return
    # As artists, not as patches: the limits of the map are set, and finding an area's own takes seconds.
    area = ax.add_artist(
        PathPatch(
            path, facecolor=fill, edgecolor=line if width else "none", linewidth=width * unit,
            linestyle=(0, tuple(dash)) if dash else "-", label=_shown(label), gid=key,
            zorder=ZORDER[layer_kind(key)],
        )
    )  # fmt: skip
    if hatch:
        ax.add_artist(
            PathPatch(path, facecolor="none", edgecolor=hatch_colour, linewidth=0, hatch=hatch, gid=key, label="_",
                      zorder=ZORDER[layer_kind(key)])
        )  # fmt: skip
        area.legend_hatch = (hatch, hatch_colour)  # type: ignore[attr-defined]


def area_path(shape: Any) -> Path | None:
    """Return polygons as one path, None where there is nothing to fill."""
    import shapely
    from matplotlib.path import Path

    paths = []
    for part in shapely.get_parts(shape):
        if part.geom_type != "Polygon" or part.is_empty:
            continue
        for ring in (part.exterior, *part.interiors):
            points = shapely.get_coordinates(ring)
            paths.append(Path(points, [Path.MOVETO, *[Path.LINETO] * (len(points) - 2), Path.CLOSEPOLY]))
    return Path.make_compound_path(*paths) if paths else None


def add_lines(
    ax: Axes, lines: Iterable[Any], *, key: str, label: str, colour: str, width: float, unit: float,
    dash: Sequence[float] = (), alpha: float = 1.0,
) -> None:  # fmt: skip
    """Draw lines of one look; areas by their outline."""
    from matplotlib.collections import LineCollection

    paths = line_points(lines)
    if not paths:
        return
    ax.add_collection(
        LineCollection(
            paths, colors=colour, linewidths=width * unit, linestyles=[(0, tuple(dash))] if dash else "solid",
            label=_shown(label), gid=key, alpha=alpha, zorder=ZORDER[layer_kind(key)],
            capstyle="butt" if dash else "round",
        ),
        autolim=False,
    )  # fmt: skip


def line_points(lines: Iterable[Any]) -> list[Any]:
    """Return the coordinates of the single lines of any geometry, areas by their outline."""
    import shapely

    shapes = shapely.get_parts(np.asarray(list(lines), dtype=object))
    areas = shapely.get_dimensions(shapes) == 2
    shapes[areas] = shapely.boundary(shapes[areas])
    return [shapely.get_coordinates(line) for line in shapely.get_parts(shapes) if not line.is_empty]


def labelled_layers(panels: Sequence[Axes]) -> dict[str, Any]:
    """Return every layer that the legend must explain: its artist by its label, in the order of the legend."""
    found: dict[str, Any] = {}
    for ax in panels:
        for artist in (*ax.lines, *ax.patches, *ax.collections):
            label = str(artist.get_label())
            if label and not label.startswith("_"):
                found.setdefault(label, artist)
    return dict(sorted(found.items(), key=lambda item: _rank(item[1].get_gid())))


def _rank(key: str) -> tuple[int, int]:
    """Return the place of a layer in the legend: high tiers and major roads first, states of symbols last."""
    kind, _, name = key.partition("-")
    tier = TIERS.index(name) if name in TIERS else len(TIERS)
    roads = [look.name for look in style.ROADS]
    inner = {"facility": tier, "road": roads.index(name) if name in roads else -1}
    return LEGEND_ORDER.index(kind), inner.get(kind, 0)


def legend_entries(panels: Sequence[Axes], *, unit: float = 1.0) -> tuple[list[Any], list[str]]:
    """Return handles and labels of a legend for every labelled layer."""
    layers = labelled_layers(panels)
    return [_handle(artist, unit) for artist in layers.values()], list(layers)


def _handle(artist: Any, unit: float) -> Any:
    """Return what the legend shows of a layer: the same symbol, line or area."""
    from matplotlib.collections import LineCollection
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    is_lines, is_area = isinstance(artist, LineCollection), isinstance(artist, Patch)  # kept apart: mypy would narrow
    if is_lines:
        width, (offset, dashes) = artist.get_linewidth()[0], artist.get_linestyle()[0]
        handle = Line2D([], [], color=tuple(artist.get_edgecolor()[0]), linewidth=width)
        if dashes is not None:
            handle.set_linestyle((offset, tuple(length / width for length in dashes)))
        return handle
    if is_area:
        hatch, colour = getattr(artist, "legend_hatch", ("", ""))
        edge = colour if hatch else artist.get_edgecolor()
        return Patch(
            facecolor=artist.get_facecolor(), edgecolor=edge, hatch=hatch * 2 or None,
            linewidth=max(artist.get_linewidth(), 0.4), linestyle=artist.get_linestyle(),
        )  # fmt: skip
    handle = Line2D([], [])
    handle.update_from(artist)
    share = min(1.0, MOST_LEGEND_PT * unit / max(artist.get_markersize(), 1.0))
    handle.set_markersize(artist.get_markersize() * share)
    handle.set_markeredgewidth(artist.get_markeredgewidth() * share)
    return handle
