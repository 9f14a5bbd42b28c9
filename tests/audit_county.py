"""Set up a county of a few villages and facilities in memory, so that a rule of the audit can be tested by itself.

Rows are plain dicts; what is not given is unknown (an empty cell), and a column that no row gives is not there at all,
as in a layer that was read from a file. Roads are straight lines unless pairs are given::

    county = audit_county(
        villages=[{"village_id": "V1", "population": 900, "x_m": 0}, {"village_id": "V2", "x_m": 4000}],
        facilities=[{"facility_id": "F1", "tier": "village_clinic", "village_id": "V1", "doctors": 2}],
        minutes={("V2", "F1"): 15.5},
    )
    finding = minimum(clause("minimum", subjects={...}, conditions=[...]), county)

Defaults. A village: ids V1, V2, ..., named after its id, township 甲镇, kind village, status ordinary, one kilometre
east of the one before. A facility: ids F1, F2, ..., named after its id, tier village_clinic, no township, in the
county, `operating` yes (give `""` for unknown), at the point of its `village_id`, else at its `x_m, y_m`, else at 0, 0.
Positions are metres of EPSG:4549 about (500000, 3270000); `x_m=None` means that there is no position.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import Point, Polygon, box

from clinicplan.check.matching import match_own_clinics
from clinicplan.coverage.circles import VillageTrips
from clinicplan.layers import CountyLayers
from clinicplan.policy.journeys import EVER, Ways
from clinicplan.policy.profile import Clause, Profile
from clinicplan.policy.register import county_register
from clinicplan.policy.settings import AuditSettings
from clinicplan.standard import UNREACHED
from clinicplan.terms import BOOLEAN_COLUMNS, INTEGER_COLUMNS, NUMBER_COLUMNS

CRS = "EPSG:4549"
ORIGIN = (500_000.0, 3_270_000.0)
DAY = date(2026, 6, 30)
SPEEDS_KMH = {"walk": 5, "e_bike": 20, "car": 40}
SPACING_M = 1000.0

PROFILE = Profile(id="test", title="测试文件", title_en="A test document")
SETTINGS = AuditSettings(county="测试县", day=DAY)


def clause(kind, *, strength="must", unit="county", clause_id="T-1", deadlines=(), needs_plan=False, **parameters):
    """Return a clause of a kind with the parameters given as plain values."""
    return Clause.model_validate(
        {
            "id": clause_id,
            "article": "一",
            "unit": unit,
            "kind": kind,
            "strength": strength,
            "deadlines": deadlines,
            "text": "条款",
            "text_en": "A clause",
            "needs_plan": needs_plan,
            "parameters": parameters,
        }
    )


def audit_county(
    villages=(),
    facilities=(),
    townships=None,
    *,
    profile=PROFILE,
    settings=SETTINGS,
    minutes=None,
    metres=None,
    mode="e_bike",
    modes=("e_bike", "walk", "car"),
    village_areas=None,
    urban_area=None,
    planned=False,
):
    """Return the register of a county given by plain rows.

    Parameters
    ----------
    villages, facilities, townships
        Rows as dicts; `townships` None for no such layer, else names or dicts (`geometry` may be left out).
    profile, settings
        What the document and the county set.
    minutes, metres
        Pairs whose way is not the straight line: `(village_id, facility_id)` or `(facility_id, facility_id)` to
        minutes (in every mode; a dict gives them by mode) or metres by road; None for no way.
    mode, modes
        Mode of the standard, and every mode that has roads.
    village_areas
        `{village_id: polygon}`, or `{village_id: (left, bottom, right, top)}` in metres from the origin.
    urban_area
        Polygon or four metres, as above.
    planned
        Whether the layers are those of a plan.
    """
    layers = county_layers(villages, facilities, townships, village_areas=village_areas, urban_area=urban_area)
    journeys = PlainJourneys(layers, mode, tuple(modes), minutes or {}, metres or {})
    matches = match_own_clinics(
        layers.villages, layers.facilities, townships=layers.townships, polygons=layers.village_areas
    )
    return county_register(profile, settings, layers, journeys, matches, planned=planned)


def county_layers(villages=(), facilities=(), townships=None, *, village_areas=None, urban_area=None):
    """Return the layers of a county given by plain rows; columns are typed as `read_layers` types them."""
    homes = _village_layer(villages)
    return CountyLayers(
        crs=CRS,
        boundary=gpd.GeoDataFrame(
            {"code": ["330000"]}, geometry=[_area((-100_000, -100_000, 100_000, 100_000))], crs=CRS
        ),
        villages=homes,
        facilities=_facility_layer(facilities, homes),
        townships=None if townships is None else _township_layer(townships),
        urban_area=None if urban_area is None else gpd.GeoDataFrame(geometry=[_area(urban_area)], crs=CRS),
        village_areas=None if village_areas is None else _area_layer(village_areas),
    )


def _village_layer(rows):
    full = [
        {
            "village_id": f"V{number}", "township": "甲镇", "kind": "village", "status": "ordinary", "population": None,
            "population_imputed": False, "pending": "", "source_row": number + 1, "x_m": (number - 1) * SPACING_M,
            "y_m": 0.0,
        }
        | row
        for number, row in enumerate(rows, start=1)
    ]  # fmt: skip
    for row in full:
        row.setdefault("name", f"{row['village_id']}村")
    points = [_point(row["x_m"], row["y_m"]) for row in full]
    columns = ["village_id", "name", "township", "kind", "status", "population"]
    return _layer(full, points, columns)


def _facility_layer(rows, homes):
    at_village = dict(zip(homes["village_id"], homes.geometry, strict=True))
    full = [
        {
            "facility_id": f"F{number}", "tier": "village_clinic", "township": "", "village_id": "", "operating": "yes",
            "outside_county": False, "pending": "", "source_row": number + 1,
        }
        | row
        for number, row in enumerate(rows, start=1)
    ]  # fmt: skip
    for row in full:
        row.setdefault("name", f"{row['facility_id']}机构")
    points = [_place(row, at_village) for row in full]
    return _layer(
        full, points, ["facility_id", "name", "tier", "township", "village_id", "operating", "outside_county"]
    )


def _township_layer(rows):
    full = [{"township": row} if isinstance(row, str) else dict(row) for row in rows]
    far = [_area((200_000 + 10 * at, 0, 200_001 + 10 * at, 1)) for at in range(len(full))]
    areas = [_area(row.pop("geometry")) if "geometry" in row else away for row, away in zip(full, far, strict=True)]
    return _layer(full, areas, ["township"])


def _area_layer(areas):
    return gpd.GeoDataFrame({"village_id": list(areas)}, geometry=[_area(area) for area in areas.values()], crs=CRS)


def _layer(rows, geometry, first):
    names = list(dict.fromkeys([*first, *(name for row in rows for name in row if name not in ("x_m", "y_m"))]))
    columns = {name: _typed(name, [row.get(name) for row in rows]) for name in names}
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(geometry, crs=CRS), crs=CRS)


def _typed(name, values):
    if name in INTEGER_COLUMNS or name == "source_row":
        return pd.array([pd.NA if value in (None, "") else int(value) for value in values], dtype="Int64")
    if name in ("outside_county", "population_imputed"):
        return np.array([bool(value) for value in values], dtype=bool)
    if name in BOOLEAN_COLUMNS:
        return pd.array([pd.NA if value in (None, "") else bool(value) for value in values], dtype="boolean")
    if name in NUMBER_COLUMNS:
        return np.array([np.nan if value in (None, "") else float(value) for value in values])
    return pd.array(["" if value is None else str(value) for value in values], dtype=object)


def _place(row, at_village):
    if "x_m" in row or "y_m" in row:
        return _point(row.get("x_m", 0.0), row.get("y_m", 0.0))
    return at_village.get(row["village_id"]) or _point(0.0, 0.0)


def _point(x_m, y_m):
    return None if x_m is None or y_m is None else Point(ORIGIN[0] + x_m, ORIGIN[1] + y_m)


def _area(area):
    if isinstance(area, Polygon):
        return area
    left, bottom, right, top = area
    return box(ORIGIN[0] + left, ORIGIN[1] + bottom, ORIGIN[0] + right, ORIGIN[1] + top)


@dataclass(frozen=True, eq=False)
class PlainJourneys:
    """Journeys along straight lines, but for the pairs that are given; `asked` records the calls."""

    layers: CountyLayers
    mode: str
    modes: tuple[str, ...]
    minutes: dict
    metres: dict
    asked: list = field(default_factory=list)
    tables: dict = field(default_factory=dict, repr=False)

    def nearest(self, facilities, mode, standard=EVER):
        """Return each village's trip to the nearest of some facilities; ties go to the earlier facility."""
        self.asked.append(("nearest", mode, int(np.asarray(facilities).sum())))
        chosen = np.flatnonzero(facilities)
        time, length = self._table(mode)
        measure = (time if standard.limit_ms is not None else length)[:, chosen]
        return self._trips(
            chosen, np.where(measure == UNREACHED, np.iinfo(np.int64).max, measure), time, length, standard
        )

    def _trips(self, chosen, measure, time, length, standard):
        n = len(self.layers.villages)
        rows, best = np.arange(n), np.full(n, -1)
        if chosen.size:
            least = measure.argmin(axis=1)
            best = np.where(measure[rows, least] < np.iinfo(np.int64).max, chosen[least], -1)
        time_ms = np.where(best >= 0, time[rows, best] if time.shape[1] else UNREACHED, UNREACHED)
        length_mm = np.where(best >= 0, length[rows, best] if time.shape[1] else UNREACHED, UNREACHED)
        within = standard.holds(time_ms, length_mm)
        people = self.layers.villages["population"].fillna(0).to_numpy(dtype=np.int64)
        return VillageTrips(
            facility=best.astype(np.int32), time_ms=time_ms, worst_ms=time_ms, length_mm=length_mm,
            direct=np.zeros(n, dtype=bool), within=within, people_within=np.where(within, people, 0),
            main_home=rows.astype(np.int32),
        )  # fmt: skip

    @property
    def set_aside(self):
        """Villages without place or people, as `read_layers` would mark them."""
        villages = self.layers.villages
        return ((villages["pending"] != "") | villages.geometry.isna() | villages["population"].isna()).to_numpy()

    def ways(self, villages, facilities, mode, *, shortest=False):
        """Return the way from villages to facilities, pair by pair."""
        self.asked.append(("ways", mode, len(villages), shortest))
        time, length = self._table(mode)
        return Ways(time[villages, facilities], length[villages, facilities])

    def roads_between(self, facilities, others, mode):
        """Return the road between facilities, millimetres, pair by pair."""
        self.asked.append(("roads_between", mode, len(facilities)))
        ids = self.layers.facilities["facility_id"].to_list()
        straight = self.straight_mm(facilities, others)
        pairs = [(ids[one], ids[other]) for one, other in zip(facilities, others, strict=True)]
        return np.array([self._length(pair, line) for pair, line in zip(pairs, straight, strict=True)], dtype=np.int64)

    def drives(self, facilities, others, mode):
        """Return the time between facilities, milliseconds, pair by pair."""
        self.asked.append(("drives", mode, len(facilities)))
        length = self.roads_between(facilities, others, mode)
        time = np.where(length == UNREACHED, UNREACHED, length * 3600 // (SPEEDS_KMH.get(mode, 20) * 1000))
        ids = self.layers.facilities["facility_id"].to_list()
        for row, (one, other) in enumerate(zip(facilities, others, strict=True)):
            given = self.minutes.get((ids[one], ids[other]), "")
            given = given.get(mode, "") if isinstance(given, dict) else given
            if given != "":
                time[row] = UNREACHED if given is None else round(given * 60_000)
        return time

    def straight_mm(self, facilities, others):
        """Return the straight line between facilities, millimetres, pair by pair; -1 without a position."""
        x, y = _positions(self.layers.facilities)
        return _millimetres(np.hypot(x[facilities] - x[others], y[facilities] - y[others]))

    def _length(self, pair, straight_mm):
        for key in (pair, pair[::-1]):
            if key in self.metres:
                return UNREACHED if self.metres[key] is None else round(self.metres[key] * 1000)
        return int(straight_mm)

    def _table(self, mode):
        """Return times and lengths of every village to every facility, shape (villages, facilities)."""
        if mode not in self.tables:
            self.tables[mode] = self._measured(mode)
        return self.tables[mode]

    def _measured(self, mode):
        x, y = _positions(self.layers.villages)
        u, v = _positions(self.layers.facilities)
        length = _millimetres(np.hypot(x[:, None] - u[None, :], y[:, None] - v[None, :]))
        for (village, facility), metres in self.metres.items():
            self._set(length, village, facility, UNREACHED if metres is None else round(metres * 1000))
        time = np.where(length == UNREACHED, UNREACHED, length * 3600 // (SPEEDS_KMH.get(mode, 20) * 1000))
        for (village, facility), given in self.minutes.items():
            value = given.get(mode, "") if isinstance(given, dict) else given
            if value != "":
                self._set(time, village, facility, UNREACHED if value is None else round(value * 60_000))
        return time, length

    def _set(self, table, village, facility, value):
        row = np.flatnonzero((self.layers.villages["village_id"] == village).to_numpy())
        column = np.flatnonzero((self.layers.facilities["facility_id"] == facility).to_numpy())
        table[np.ix_(row, column)] = value


def _positions(layer):
    empty = layer.geometry.is_empty | layer.geometry.isna()
    x = np.array([np.nan if gone else point.x for gone, point in zip(empty, layer.geometry, strict=True)])
    y = np.array([np.nan if gone else point.y for gone, point in zip(empty, layer.geometry, strict=True)])
    return x.reshape(-1), y.reshape(-1)


def _millimetres(metres):
    return np.where(np.isfinite(metres), np.round(np.nan_to_num(metres) * 1000), UNREACHED).astype(np.int64)
