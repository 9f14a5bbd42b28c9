"""Read every layer of a county and report all that is wrong with them at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from clinicplan.errors import Fault, LayerError, Severity
from clinicplan.layers.columns import LayerReading
from clinicplan.layers.facilities import read_candidates, read_facilities
from clinicplan.layers.origin import Origin
from clinicplan.layers.projections import Ground, check_metric_crs
from clinicplan.layers.shapes import read_barriers, read_boundary, read_townships, read_urban_area
from clinicplan.layers.tables import check_file
from clinicplan.layers.villages import read_natural_villages, read_villages

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from clinicplan.region import Region

_READ_ELSEWHERE: Final = ("roads", "elevation")
_ORDER: Final = {Severity.ERROR: 0, Severity.PENDING: 1, Severity.NOTE: 2}


@dataclass(frozen=True, eq=False)
class CountyLayers:
    """The layers of a county, in one metric system.

    Parameters
    ----------
    crs
        The metric system of every layer.
    boundary
        One row: the county, dissolved and valid.
    villages
        See `villages.read_villages`.
    facilities
        See `facilities.read_facilities`.
    townships, natural_villages, candidates, urban_area, barriers
        None where the region has no such layer.
    village_areas
        `village_id, geometry`: the polygons of villages that are given by polygons; None where all are points.
    faults
        Rows set aside and notes; the rows set aside come first.
    """

    crs: str
    boundary: gpd.GeoDataFrame
    villages: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame
    townships: gpd.GeoDataFrame | None = None
    natural_villages: gpd.GeoDataFrame | None = None
    candidates: gpd.GeoDataFrame | None = None
    urban_area: gpd.GeoDataFrame | None = None
    barriers: gpd.GeoDataFrame | None = None
    village_areas: gpd.GeoDataFrame | None = None
    faults: tuple[Fault, ...] = ()

    def __repr__(self) -> str:
        pending = int((self.villages["pending"] != "").sum())
        villages = f"{len(self.villages)} villages ({pending} pending)"
        return f"CountyLayers({villages}, {len(self.facilities)} facilities, {self.crs})"

    def to_frames(self) -> dict[str, gpd.GeoDataFrame]:
        """Return the layers that are there, by name."""
        names = (
            "boundary", "townships", "villages", "facilities", "natural_villages", "candidates", "urban_area",
            "barriers",
        )  # fmt: skip
        return {name: frame for name in names if (frame := getattr(self, name)) is not None}


def read_layers(region: Region) -> CountyLayers:
    """Read every layer of a region but roads and elevation, whose files need only be there.

    Parameters
    ----------
    region
        The checked region file.

    Returns
    -------
    layers
        All in the metric system of the region, or the one its boundary's centre calls for.

    Raises
    ------
    LayerError
        With the faults of all layers at once, errors first, if any layer has an error.

    Examples
    --------
    >>> from clinicplan.region import read_region
    >>> layers = read_layers(read_region("county/region.toml"))  # doctest: +SKIP
    >>> layers.villages["population"].sum()  # doctest: +SKIP
    419036
    """
    readings = _read_all(region)
    faults = sorted(
        (*_file_faults(region), *(fault for reading in readings.values() for fault in reading.faults)),
        key=lambda fault: _ORDER[fault.severity],
    )
    if any(fault.severity == Severity.ERROR for fault in faults):
        raise LayerError(*faults)
    frames = {name: reading.checked() for name, reading in readings.items() if name != "region"}
    areas = readings["villages"].areas
    return CountyLayers(crs=str(frames["boundary"].crs), village_areas=areas, faults=tuple(faults), **frames)


def _read_all(region: Region) -> dict[str, LayerReading]:
    """Read the layers in the order in which one needs the other; a layer that fails does not stop the next."""
    present = region.layers.present()
    crs, crs_faults = _stated_crs(region)
    boundary = read_boundary(region.layers.boundary, region.file("boundary"), code=region.code, crs=crs)
    ground = Ground.from_boundary(boundary.frame) if boundary.frame is not None else None
    readings: dict[str, LayerReading] = {"region": crs_faults, "boundary": boundary}
    if townships := present.get("townships"):
        readings["townships"] = read_townships(townships, region.file("townships"), ground)
    known = readings["townships"].frame if townships else None
    readings["villages"] = read_villages(
        region.layers.villages, region.file("villages"), ground, townships=known, basis=region.population_basis
    )
    readings["facilities"] = read_facilities(
        region.layers.facilities, region.file("facilities"), ground, townships=known
    )
    return readings | _read_others(region, ground, readings)


def _read_others(
    region: Region, ground: Ground | None, readings: Mapping[str, LayerReading]
) -> dict[str, LayerReading]:
    """Read the layers that few counties have."""
    present = region.layers.present()
    villages = readings["villages"].frame
    others: dict[str, LayerReading] = {}
    if source := present.get("natural_villages"):
        path = region.file("natural_villages")
        others["natural_villages"] = read_natural_villages(source, path, ground, villages=villages)
    if source := present.get("candidates"):
        others["candidates"] = read_candidates(source, region.file("candidates"), ground, villages=villages)
    if source := present.get("urban_area"):
        others["urban_area"] = read_urban_area(source, region.file("urban_area"), ground)
    if source := present.get("barriers"):
        others["barriers"] = read_barriers(source, region.file("barriers"), ground)
    return others


def _stated_crs(region: Region) -> tuple[str | None, LayerReading]:
    """Check the metric system the region states."""
    if region.crs is None:
        return None, LayerReading(None)
    try:
        return check_metric_crs(region.crs, Origin("region", region.path.name)), LayerReading(None)
    except LayerError as error:
        return None, LayerReading(None, error.faults)


def _file_faults(region: Region) -> list[Fault]:
    """Report files that other modules read and that are not there."""
    faults: list[Fault] = []
    for name, source in region.layers.present().items():
        if name in _READ_ELSEWHERE:
            try:
                check_file(region.file(name), Origin(name, source.path))
            except LayerError as error:
                faults.extend(error.faults)
    return faults
