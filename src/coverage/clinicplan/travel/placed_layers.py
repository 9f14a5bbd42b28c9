"""Check layers of points and bring them to the plane of a road network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import Fault, LayerError, Severity
from clinicplan.network.graph import Flags, RoadNetwork
from clinicplan.words import fault

if TYPE_CHECKING:
    import geopandas as gpd

ID_COLUMNS: Final = ("natural_village_id", "candidate_id", "facility_id", "village_id", "id")
"""Columns that hold ids. A layer may have several (a clinic names its village, a village its clinic): the leftmost is
its own."""


class PlacedLayer(NamedTuple):
    """Ids and positions of a layer's rows in the network's plane, NaN without a place; `name` is the column of ids."""

    name: str
    ids: NDArray[np.object_]
    x: NDArray[np.float64]
    y: NDArray[np.float64]


def place_layers(
    network: RoadNetwork, origins: gpd.GeoDataFrame, destinations: gpd.GeoDataFrame
) -> tuple[PlacedLayer, PlacedLayer]:
    """Check two layers and bring them to the network's coordinate system.

    Areas and lines are represented by a point inside them.

    Parameters
    ----------
    network
        Gives the coordinate system; where it has none, both layers must have the same projected one.
    origins, destinations
        Layers with ids in the leftmost of `ID_COLUMNS` that they have, else the index.

    Returns
    -------
    origins, destinations
        Ids and positions.

    Raises
    ------
    LayerError
        If an id is repeated or a coordinate system is missing, for both layers at once.
    """
    layers = (("origins", origins), ("destinations", destinations))
    faults = tuple(found for name, layer in layers for found in _layer_faults(network, name, layer))
    if faults:
        raise LayerError(*faults)
    if not network.crs and origins.crs != destinations.crs:
        destinations = destinations.to_crs(origins.crs)
    return _placed(network, origins), _placed(network, destinations)


def _layer_faults(network: RoadNetwork, name: str, layer: gpd.GeoDataFrame) -> Iterator[Fault]:
    if layer.crs is None:
        yield fault(Severity.ERROR, "missing_crs", layer=name, subject="travel")
    elif not network.crs and not layer.crs.is_projected:
        yield fault(Severity.ERROR, "other_crs", layer=name, subject="travel", found=layer.crs.to_string())
    column, ids = _ids(layer)
    repeated = ids[_repeats(ids)]
    if repeated.size:
        yield fault(
            Severity.ERROR, "repeated_id", layer=name, subject="travel", column=column,
            ids=tuple(np.unique(repeated.astype(str)).tolist()), count=int(repeated.size),
        )  # fmt: skip


def _ids(layer: gpd.GeoDataFrame) -> tuple[str, NDArray[np.object_]]:
    column = next((str(name) for name in layer.columns if name in ID_COLUMNS), "")
    values = layer[column] if column else layer.index.to_series()
    return column or "index", values.astype(str).to_numpy(dtype=object)


def _repeats(ids: NDArray[np.object_]) -> Flags:
    _, place, count = np.unique(ids.astype(str), return_inverse=True, return_counts=True)
    return np.asarray(count[place] > 1)


def _placed(network: RoadNetwork, layer: gpd.GeoDataFrame) -> PlacedLayer:
    column, ids = _ids(layer)
    placed = layer.geometry.to_crs(network.crs) if network.crs else layer.geometry
    points = placed.representative_point()
    return PlacedLayer(column, ids, points.x.to_numpy(dtype=np.float64), points.y.to_numpy(dtype=np.float64))
