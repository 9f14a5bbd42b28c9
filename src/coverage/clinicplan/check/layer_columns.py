"""Take columns of a layer as plain lists and arrays, whatever is missing from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

Float64 = NDArray[np.float64]


def texts(layer: pd.DataFrame, column: str) -> list[str]:
    """Return a column as stripped text, one item a row; empty where the column or the value is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> texts(pd.DataFrame({"name": [" 后岸村", None]}), "name"), texts(pd.DataFrame({"name": ["a"]}), "township")
    (['后岸村', ''], [''])
    """
    if column not in layer:
        return [""] * len(layer)
    values = layer[column]
    return ["" if missing else str(value).strip() for value, missing in zip(values, values.isna(), strict=True)]


def flags(layer: pd.DataFrame, column: str) -> NDArray[np.bool_]:
    """Return a yes/no column, shape (rows); False where the column or the value is missing."""
    if column not in layer:
        return np.zeros(len(layer), dtype=np.bool_)
    values: Any = layer[column]
    return np.array([bool(v) and not m for v, m in zip(values, values.isna(), strict=True)], dtype=np.bool_)


def numbers(layer: pd.DataFrame, column: str) -> Float64:
    """Return a column of numbers, shape (rows); NaN where the column or the value is missing."""
    if column not in layer:
        return np.full(len(layer), np.nan)
    return np.asarray(layer[column].astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)


def positions(layer: gpd.GeoDataFrame) -> tuple[Float64, Float64]:
    """Return the places of a layer, shape (rows) each, in its own units.

    A missing place is NaN; a line or polygon stands at a point on it.
    """
    import shapely

    geometry = np.asarray(layer.geometry.to_numpy(), dtype=object)
    points = np.where(shapely.get_type_id(geometry) == 0, geometry, shapely.point_on_surface(geometry))
    return shapely.get_x(points), shapely.get_y(points)
