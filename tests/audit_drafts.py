"""A small county of plain rows in which every clause of the five documents can be turned this way and that.

Metres east of the corner of `audit_county`, all on one straight road with a node at every kilometre, -1 to 20 km::

    0        500    1000   2000            8000           16000          18000
    U1 M1    K1     Z1     X1              V3 H1 C3       V1 S1 C1       V2 C2

- 城关街道 (street): community U1, 3,000 people; county medical centre M1, community centre K1, station Z1. Village X1,
  400 people, is wholly demolished (urbanised).
- 西河镇: village V3, 1,500 people; township hospital H1, clinic C3.
- 东岭镇: villages V1, 2,000 people, and V2, 1,000; sub-centre S1, 16,000 m from M1, central clinic C1, clinic C2.

No facility has any cell but its place and that it is in operation: a case fills the columns that its clause asks for,
so that nothing is met by accident and what is not filled is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np

from audit_county import CRS, ORIGIN, county_layers
from clinicplan.coverage import CircleRule, service_circles
from clinicplan.network import RoadNetwork
from clinicplan.policy.audit import audit
from clinicplan.policy.settings import AuditSettings
from clinicplan.region import MergeTable
from clinicplan.standard import Standard
from clinicplan.terms import serving_as

STREET, WEST, EAST = "城关街道", "西河镇", "东岭镇"
PLACES = {"U1": (STREET, 0), "X1": (STREET, 2000), "V3": (WEST, 8000), "V1": (EAST, 16000), "V2": (EAST, 18000)}
PEOPLE = {"U1": 3000, "X1": 400, "V3": 1500, "V1": 2000, "V2": 1000}
FACILITIES = {
    "M1": ("county_medical_centre", "U1", 0),
    "K1": ("community_centre", "U1", 500),
    "Z1": ("community_station", "U1", 1000),
    "H1": ("township_hospital", "V3", 8000),
    "C3": ("village_clinic", "V3", 8000),
    "S1": ("sub_centre", "V1", 16000),
    "C1": ("central_clinic", "V1", 16000),
    "C2": ("village_clinic", "V2", 18000),
}
URBAN_AREA = (-1000, -1000, 3000, 1000)
ROAD_KM = tuple(range(-1, 21))
SPEEDS_KMH = {"e_bike": 15, "walk": 4, "car": 30}
MERGE = MergeTable(max_people=500, max_minutes=10)


def base_villages():
    """Return the rows of the villages layer."""
    rows = [
        {"village_id": name, "township": town, "population": PEOPLE[name], "x_m": float(x_m), "kind": "village"}
        for name, (town, x_m) in PLACES.items()
    ]
    rows[0]["kind"] = "community"
    return [row | {"status": "urbanised" if row["village_id"] == "X1" else "ordinary"} for row in rows]


def base_facilities():
    """Return the rows of the facilities layer."""
    return [_facility(name, *place) for name, place in FACILITIES.items()]


def _facility(name, tier, village, x_m):
    return {
        "facility_id": name, "tier": tier, "village_id": village, "township": PLACES[village][0], "x_m": float(x_m),
        "y_m": 0.0,
    }  # fmt: skip


@dataclass
class Draft:
    """The county of one case, to be edited: rows of the layers, what the region sets, and the clause it is about."""

    profile: object
    clause: object
    villages: list = field(default_factory=base_villages)
    facilities: list = field(default_factory=base_facilities)
    townships: list = field(default_factory=lambda: [{"township": name} for name in (STREET, WEST, EAST)])
    urban_area: tuple | None = URBAN_AREA
    plan: object = None
    settings: dict = field(
        default_factory=lambda: {"county": "示例县", "day": date(2025, 12, 31), "minutes": 15.0, "merge": MERGE}
    )

    @property
    def asked(self):
        """The parameters of the clause."""
        return self.clause.parameters

    @staticmethod
    def no_thresholds():
        """Return the thresholds of a region that sets none."""
        return MergeTable()

    def rows(self, layer):
        """Return the rows of a layer."""
        return {"villages": self.villages, "facilities": self.facilities, "townships": self.townships}[layer]

    def units(self, subjects):
        """Return the rows that a clause may speak of, whatever its `where` columns hold.

        Shares of all residents count those of exempt villages too.
        """
        if subjects.layer == "villages":
            everybody = len(subjects.kinds) == 3
            kept = [row for row in self.villages if row["kind"] in subjects.kinds]
            return [row for row in kept if everybody or row["status"] == "ordinary"]
        if subjects.layer == "townships":
            return self.townships
        tiers = set(subjects.tiers) if subjects.exact else set(serving_as(subjects.tiers))
        return [row for row in self.facilities if not subjects.tiers or row["tier"] in tiers]

    def serving(self, *tiers):
        """Return the facilities that serve as one of the tiers."""
        return [row for row in self.facilities if row["tier"] in serving_as(tiers)]

    def facility(self, name):
        """Return one facility."""
        return next(row for row in self.facilities if row["facility_id"] == name)

    def village(self, name):
        """Return one village."""
        return next(row for row in self.villages if row["village_id"] == name)

    def add(self, tier, village, **cells):
        """Add a facility at a village's point."""
        name = f"N{len(self.facilities)}"
        row = _facility(name, tier, village, PLACES[village][1]) | cells
        self.facilities.append(row)
        return row

    def remove(self, *tiers):
        """Remove the facilities that serve as one of the tiers."""
        self.facilities[:] = [row for row in self.facilities if row["tier"] not in serving_as(tiers)]

    def result(self):
        """Audit the county under the clause."""
        layers = county_layers(self.villages, self.facilities, self.townships, urban_area=self.urban_area)
        settings = AuditSettings(**self.settings)
        others = {getattr(self.asked, "excluded_by", None), self.clause.id}
        clauses = tuple(item for item in self.profile.clauses if item.id in others)
        document = self.profile.model_copy(update={"clauses": clauses})
        return audit(layers, _circles(layers), policy=document, settings=settings, plan=self.plan)[self.clause.id]


VILLAGE_KEYS = ["village_id", "kind", "status", "population", "pending"]
FACILITY_KEYS = ["facility_id", "tier", "operating", "outside_county", "pending"]
_CIRCLES = {}
"""Service circles by what they depend on, since most cases only change cells that no road looks at."""


def _circles(layers):
    key = str([layers.villages[VILLAGE_KEYS].to_dict("list"), layers.facilities[FACILITY_KEYS].to_dict("list")])
    key += str([*layers.villages.geometry.to_wkt(), *layers.facilities.geometry.to_wkt()])
    if key not in _CIRCLES:
        networks = {mode: _network(mode) for mode in SPEEDS_KMH}
        rule = CircleRule(Standard.from_minutes(15, [15, 20]), "e_bike")
        _CIRCLES[key] = service_circles(layers.villages, layers.facilities, networks, rule)
    return _CIRCLES[key]


def _network(mode):
    """Return the road, both ways, under one mode."""
    n = len(ROAD_KM)
    tail, head = np.r_[np.arange(n - 1), np.arange(1, n)], np.r_[np.arange(1, n), np.arange(n - 1)]
    pieces = n - 1
    return RoadNetwork(
        n_nodes=n,
        tail=tail.astype(np.int32),
        head=head.astype(np.int32),
        time_ms=np.full(2 * pieces, 3_600_000 // SPEEDS_KMH[mode], dtype=np.int32),
        length_mm=np.full(2 * pieces, 1_000_000, dtype=np.int32),
        x=ORIGIN[0] + 1000.0 * np.array(ROAD_KM),
        y=np.full(n, ORIGIN[1]),
        segment=np.r_[np.arange(pieces), np.arange(pieces)].astype(np.int32),
        joinable=np.ones(2 * pieces, dtype=bool),
        through=np.ones(2 * pieces, dtype=bool),
        crs=CRS,
        mode=mode,
    )
