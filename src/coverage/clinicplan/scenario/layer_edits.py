"""Change villages, facilities and people as a scenario asks; the files stay as they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from clinicplan.errors import Fault
from clinicplan.region import FacilityEdit, Region, VillageEdit, nearest_word
from clinicplan.scenario.places import edit_fault, place_point

if TYPE_CHECKING:
    import geopandas as gpd
    import shapely

    from clinicplan.layers import CountyLayers

PEOPLE: Final = ("population", "population_hukou", "population_65")
"""Columns that a factor on people multiplies."""
PLACELESS: Final = ("no_coordinates", "outside_county")
"""Why a row was set aside until an edit gives it a place."""


def with_planned_population(region: Region) -> Region:
    """Return the region whose people come from the column that `[edits.population]` names."""
    column = region.edits.population.column
    if column is None:
        return region
    villages = region.layers.villages
    columns = {**villages.columns, "population": column}
    layers = region.layers.model_copy(update={"villages": villages.model_copy(update={"columns": columns})})
    return region.model_copy(update={"layers": layers})


def edit_layers(region: Region, layers: CountyLayers) -> tuple[CountyLayers, tuple[Fault, ...]]:
    """Change villages and facilities as `[edits]` says.

    Parameters
    ----------
    region
        With `[edits]`.
    layers
        As the files have them; not changed.

    Returns
    -------
    layers, faults
        People first times their factor, then the villages one by one, then the facilities in the order written. A
        closed facility stays in the layer with `operating` no: it is drawn and never counts as service.
    """
    faults: list[Fault] = []
    villages = layers.villages.copy()
    faults += _scale_people(region, villages)
    moved: list[str] = []
    for number, village in enumerate(region.edits.villages):
        faults += _change_village(region, number, village, villages, layers)
        moved += [village.village_id] if village.lon is not None else []
    changed = replace(layers, villages=villages)
    if moved and layers.village_areas is not None:
        kept = ~layers.village_areas["village_id"].isin(moved)
        changed = replace(changed, village_areas=layers.village_areas[kept].reset_index(drop=True))
    facilities = layers.facilities.copy()
    for number, facility in enumerate(region.edits.facilities):
        facilities, found = _change_facility(region, number, facility, facilities, changed)
        faults += found
    return replace(changed, facilities=facilities), tuple(faults)


def _scale_people(region: Region, villages: gpd.GeoDataFrame) -> list[Fault]:
    """Multiply the people of every village, in place; whole people."""
    population = region.edits.population
    towns = sorted(set(villages["township"].astype(str)) - {""})
    strange = [name for name in population.townships if name not in towns]
    if strange:
        return [
            edit_fault(region, "unknown_township", "population", field=f"townships.{name}", name=name,
                       near=nearest_word(name, towns) or towns[0])
            for name in strange
        ]  # fmt: skip
    factor = villages["township"].astype(str).map(lambda town: population.townships.get(town, population.factor))
    if (factor != 1.0).any():
        for name in PEOPLE:
            if name in villages:
                villages[name] = (villages[name].astype("Float64") * factor).round().astype("Int64")
    return []


def _change_village(
    region: Region, number: int, edit: VillageEdit, villages: gpd.GeoDataFrame, layers: CountyLayers
) -> list[Fault]:
    """Change one village in place."""
    ids = villages["village_id"].astype(str)
    rows = villages.index[ids == edit.village_id]
    if rows.empty:
        return [_unknown(region, "unknown_village", "villages", number, "village_id", edit.village_id, ids)]
    row = rows[0]
    if edit.lon is not None:
        assert edit.lat is not None
        homes = layers.natural_villages
        if homes is not None and (homes["village_id"].astype(str) == edit.village_id).any():
            return [edit_fault(region, "village_of_parts", "villages", number, field="lon", id=edit.village_id)]
        point = place_point(edit.lon, edit.lat, edit.datum, layers.crs)
        if not _within(point, layers):
            position = f"{edit.lon:g}, {edit.lat:g}"
            return [edit_fault(region, "village_outside", "villages", number, field="lon", position=position)]
        _set_point(villages, row, point)
        if villages.loc[row, "pending"] in PLACELESS:
            villages.loc[row, "pending"] = ""
    for column in ("status", "kind"):
        if (value := getattr(edit, column)) is not None:
            villages.loc[row, column] = value
    if edit.population is not None:
        _set_people(villages, row, edit.population)
    return []


def _set_people(villages: gpd.GeoDataFrame, row: Any, people: int) -> None:
    """Give a village its people; those of 65 and over keep their share."""
    import pandas as pd

    before = villages.loc[row, "population"]
    if "population_65" in villages and not pd.isna(before) and before > 0 and not pd.isna(villages.loc[row, PEOPLE[2]]):
        villages.loc[row, PEOPLE[2]] = round(int(villages.loc[row, PEOPLE[2]]) * people / int(before))
    villages.loc[row, "population"] = people
    villages.loc[row, "population_imputed"] = False
    if villages.loc[row, "pending"] == "no_population":
        villages.loc[row, "pending"] = ""


def _change_facility(
    region: Region, number: int, edit: FacilityEdit, facilities: gpd.GeoDataFrame, layers: CountyLayers
) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """Return the facilities with one added or changed."""
    ids = facilities["facility_id"].astype(str)
    rows = facilities.index[ids == edit.facility_id]
    faults = _reference_faults(region, number, edit, layers)
    if edit.action == "add":
        if not rows.empty:
            taken = edit_fault(region, "facility_taken", "facilities", number, field="facility_id", id=edit.facility_id)
            return facilities, [*faults, taken]
        return (facilities, faults) if faults else (_with_facility(edit, facilities, layers), [])
    if rows.empty:
        strange = _unknown(region, "unknown_facility", "facilities", number, "facility_id", edit.facility_id, ids)
        return facilities, [*faults, strange]
    if not faults:
        _change_row(edit, facilities, rows[0], layers)
    return facilities, faults


def _reference_faults(region: Region, number: int, edit: FacilityEdit, layers: CountyLayers) -> list[Fault]:
    """Name a village or township that is not in the layers."""
    faults = []
    villages = layers.villages["village_id"].astype(str)
    if edit.village_id is not None and not (villages == edit.village_id).any():
        faults.append(
            _unknown(region, "unknown_village", "facilities", number, "village_id", edit.village_id, villages)
        )
    towns = sorted(set(layers.villages["township"].astype(str)) - {""})
    if edit.township is not None and edit.township not in towns:
        near = nearest_word(edit.township, towns) or towns[0]
        name = edit.township
        faults.append(
            edit_fault(region, "unknown_township", "facilities", number, field="township", name=name, near=near)
        )
    return faults


def _change_row(edit: FacilityEdit, facilities: gpd.GeoDataFrame, row: Any, layers: CountyLayers) -> None:
    """Close, move or retier a facility in place, and set what else the edit states."""
    if edit.action == "close":
        facilities.loc[row, "operating"] = "no"
    if edit.lon is not None and edit.lat is not None:
        point = place_point(edit.lon, edit.lat, edit.datum, layers.crs)
        _set_point(facilities, row, point)
        facilities.loc[row, "outside_county"] = not _within(point, layers)
        facilities.loc[row, "pending"] = ""
    for column in ("name", "tier", "village_id", "township", "doctors"):
        if (value := getattr(edit, column)) is not None:
            if column not in facilities:
                facilities[column] = _nothing(facilities, column)
            facilities.loc[row, column] = value


def _with_facility(edit: FacilityEdit, facilities: gpd.GeoDataFrame, layers: CountyLayers) -> gpd.GeoDataFrame:
    """Append a facility; what the edit does not state is unknown."""
    import geopandas as gpd
    import pandas as pd

    assert edit.lon is not None
    assert edit.lat is not None
    point = place_point(edit.lon, edit.lat, edit.datum, layers.crs)
    values: dict[str, Any] = {
        "facility_id": edit.facility_id,
        "name": edit.name or edit.facility_id,
        "tier": edit.tier,
        "township": edit.township or _township_of(edit, point, layers),
        "village_id": edit.village_id or "",
        "operating": "yes",
        "outside_county": not _within(point, layers),
        "pending": "",
        "source_row": 0,
    }
    if edit.doctors is not None:
        values["doctors"] = edit.doctors
        if "doctors" not in facilities:
            facilities["doctors"] = _nothing(facilities, "doctors")
    row = {
        name: pd.Series([values.get(name, _empty(dtype))], dtype=dtype)
        for name, dtype in facilities.dtypes.items()
        if name != "geometry"
    }
    added = gpd.GeoDataFrame(row, geometry=[point], crs=facilities.crs)[list(facilities.columns)]
    return gpd.GeoDataFrame(pd.concat([facilities, added], ignore_index=True), crs=facilities.crs)


def _empty(dtype: Any) -> Any:
    """Return what stands in a cell of a type where nothing is known."""
    import pandas as pd

    if pd.api.types.is_string_dtype(dtype) or str(dtype) == "object":
        return ""
    if str(dtype) == "bool":
        return False
    return 0 if str(dtype).startswith("int") else pd.NA if str(dtype)[0].isupper() or dtype == "boolean" else None


def _nothing(frame: gpd.GeoDataFrame, column: str) -> Any:
    """Return a column in which nothing is known."""
    import pandas as pd

    whole = column == "doctors"
    return pd.Series(pd.NA if whole else "", index=frame.index, dtype="Int64" if whole else "str")


def _township_of(edit: FacilityEdit, point: shapely.Point, layers: CountyLayers) -> str:
    """Return the township of the village named, else the one that the point lies in, else an empty text."""
    villages = layers.villages
    named = villages["township"][villages["village_id"].astype(str) == edit.village_id]
    if not named.empty:
        return str(named.iloc[0])
    if layers.townships is None:
        return ""
    around = layers.townships["township"][layers.townships.geometry.contains(point)]
    return "" if around.empty else str(around.iloc[0])


def _within(point: shapely.Point, layers: CountyLayers) -> bool:
    return bool(layers.boundary.geometry.iloc[0].covers(point))


def _set_point(frame: gpd.GeoDataFrame, row: Any, point: shapely.Point) -> None:
    frame.loc[[row], "geometry"] = point


def _unknown(region: Region, code: str, key: str, number: int, field: str, wanted: str, ids: Iterable[str]) -> Fault:
    """Name an id that is not in its layer, and the id most like it."""
    near = nearest_word(wanted, list(ids)) or "—"
    return edit_fault(region, code, key, number, field=field, id=wanted, near=near)
