"""A county along one straight road, so that every minute and kilometre can be read off a ruler.

The road runs 60 km east from kilometre 0, a node each kilometre, 60 km/h: one kilometre a minute. Everything stands on
a node. Minutes from villages to the three central hospitals, and people::

            people   H1 (15 km)   H2 (25 km)   H3 (40 km)
    V1 (10)   1000        5           15           30
    V2 (20)   2000        5            5           20
    V3 (30)   3000       15            5           10
    V4 (40)   2000       25           15            0

    person-minutes: H1 110,000   H2 70,000   H3 100,000
                    H1 H2 60,000   H1 H3 45,000   H2 H3 40,000   H1 H2 H3 30,000
    within 10 min:  H1 3000   H2 5000   H3 5000   H1 H2 6000   H1 H3 8000   H2 H3 7000   all 8000
"""

from __future__ import annotations

import numpy as np

from audit_county import CRS, ORIGIN, county_layers
from clinicplan.check.inspection import Inspection
from clinicplan.check.matching import match_own_clinics
from clinicplan.county import County
from clinicplan.coverage import CircleRule, service_circles
from clinicplan.network import RoadNetwork
from clinicplan.region import Region
from clinicplan.standard import Standard

LENGTH_KM = 60
PEOPLE = {"V1": (10, 1000), "V2": (20, 2000), "V3": (30, 3000), "V4": (40, 2000)}
"""Kilometre and residents of each village."""
HOSPITALS = {"H1": 15, "H2": 25, "H3": 40}
"""Kilometre of each central hospital."""
PERSON_MINUTES = {
    ("H1",): 110_000, ("H2",): 70_000, ("H3",): 100_000, ("H1", "H2"): 60_000, ("H1", "H3"): 45_000,
    ("H2", "H3"): 40_000, ("H1", "H2", "H3"): 30_000,
}  # fmt: skip
CENTRE = {"facility_id": "A0", "tier": "county_medical_centre", "x_m": 0, "township": "城关镇"}
TOWNSHIP = {"facility_id": "T1", "tier": "township_hospital", "x_m": 50_000, "standard": "basic", "township": "乙镇"}


def hospital(name, km, **cells):
    """Return a central hospital at a kilometre."""
    row = {"facility_id": name, "tier": "central_township_hospital", "x_m": km * 1000, "standard": "recommended"}
    return {**row, "township": f"{name}镇", **cells}


def standard_facilities(**changes):
    """Return the county's facilities; `changes` are cells by facility id, None to leave one out."""
    rows = [CENTRE, *(hospital(name, km) for name, km in HOSPITALS.items()), TOWNSHIP]
    return [
        {**row, **(changes.get(row["facility_id"]) or {})}
        for row in rows
        if changes.get(row["facility_id"], {}) is not None
    ]


def line_county(siting, *, facilities=None, people=PEOPLE, name="甲县", urban_area=(-3000, -3000, 3000, 3000), **roads):
    """Return the county and its circles.

    Parameters
    ----------
    siting
        The `[siting]` table.
    facilities
        Rows as in `audit_county`; default the standard ones.
    people
        Kilometre and residents of each village, or kilometre, residents, township.
    name, urban_area
        Of the county, and metres of its seat.
    **roads
        As in `line_network`.
    """
    villages = [
        {"village_id": key, "x_m": spot[0] * 1000, "population": spot[1], "township": (*spot, f"{key}镇")[2]}
        for key, spot in people.items()
    ]
    layers = county_layers(villages, facilities or standard_facilities(), urban_area=urban_area)
    modes = roads.pop("modes", ("car",))
    network = line_network(**roads)
    networks = dict.fromkeys(modes, network)
    circles = service_circles(
        layers.villages, layers.facilities, networks, CircleRule(Standard.from_minutes(30), modes[0])
    )
    matches = match_own_clinics(layers.villages, layers.facilities)
    inspection = Inspection((), (), matches)
    return County(region_of(siting, name), None, Standard.from_minutes(30), layers, None, networks, inspection), circles


def region_of(siting, name):
    """Return a region file with a siting table."""
    files = {layer: {"path": f"{layer}.csv"} for layer in ("boundary", "villages", "facilities", "roads")}
    return Region.model_validate({"name": name, "layers": files, "siting": siting})


def line_network(*, shorter_mm=0, cut_km=None):
    """Return the road; `shorter_mm` is taken off its first kilometre, `cut_km` leaves out the piece from there."""
    tail = np.array([at for at in range(LENGTH_KM) if at != cut_km])
    length = np.where(tail == 0, 1_000_000 - shorter_mm, 1_000_000)
    return RoadNetwork(
        n_nodes=LENGTH_KM + 1,
        tail=np.r_[tail, tail + 1].astype(np.int32),
        head=np.r_[tail + 1, tail].astype(np.int32),
        time_ms=np.full(2 * tail.size, 60_000, dtype=np.int32),
        length_mm=np.r_[length, length].astype(np.int32),
        x=ORIGIN[0] + 1000.0 * np.arange(LENGTH_KM + 1),
        y=np.full(LENGTH_KM + 1, ORIGIN[1]),
        segment=np.r_[tail, tail].astype(np.int32),
        joinable=np.ones(2 * tail.size, dtype=bool),
        through=np.ones(2 * tail.size, dtype=bool),
        barrier_lines=None,
        crs=CRS,
        mode="car",
    )
