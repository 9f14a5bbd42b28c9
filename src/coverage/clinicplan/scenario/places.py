"""Say where an edit stands, and turn its degrees into a point of the county's system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clinicplan.datum import Datum, converter, to_wgs84
from clinicplan.errors import Fault, Severity
from clinicplan.region import Region
from clinicplan.words import fault

if TYPE_CHECKING:
    import shapely


def edit_fault(region: Region, code: str, key: str, number: int = 0, *, field: str = "", **values: Any) -> Fault:
    """Return a fault of an entry of `[edits]`, with its file and key."""
    file, place = region.edit_place(key, number)
    shown = f"{place}.{field}" if field else place
    return fault(Severity.ERROR, code, subject="scenario", layer="scenario", file=file, key=shown, **values)


def place_point(lon: float, lat: float, datum: Datum, crs: str) -> shapely.Point:
    """Return the point of a position in degrees, in a projected system."""
    import shapely

    east, north = to_wgs84([lon], [lat], datum)
    x, y = converter("EPSG:4326", crs).transform(east, north)
    return shapely.Point(float(x[0]), float(y[0]))
