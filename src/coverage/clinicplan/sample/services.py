"""Place the health facilities of all tiers, so that a county has what planners meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely

from clinicplan.sample.journeys import RoadGraph, car_metres, e_bike_minutes
from clinicplan.sample.landscape import Landscape
from clinicplan.sample.lattice import BoolArray, FloatArray, IntArray
from clinicplan.sample.names import TOWNSHIPS, former_village_names
from clinicplan.sample.sketch import Drawing
from clinicplan.sample.units import Units

HOSPITAL_METRES: Final = (14_600.0, 15_300.0)
"""Road metres, door to door, from the county medical centre to two township hospitals."""
SHARE_WITHIN: Final = 0.895
"""Share of villagers within 20 minutes by e-bike of a working clinic or hospital that the clinics are placed for."""
CIRCLE_MIN: Final = 20.0
N_ZONES: Final = 4
N_CLINICS: Final = 236
YARD_M: Final = 14.0


@dataclass(frozen=True)
class Site:
    """A facility: its tier, its name, where it stands and, where it belongs to one, its unit.

    Parameters
    ----------
    unit
        Row of the unit it stands in, -1 beyond the county line.
    township
        Number of the township, -1 beyond the county line.
    operating
        Whether it works.
    case
        What makes it special, empty for most.
    """

    tier: str
    name: str
    x: float
    y: float
    unit: int
    township: int
    operating: bool = True
    case: str = ""


@dataclass(frozen=True, eq=False)
class Roadside:
    """Road points near units, and the graphs to measure ways by."""

    drawing: Drawing
    car: RoadGraph
    e_bike: RoadGraph
    door: IntArray
    """Shape (units): the road point nearest each unit, -1 where it is none of the main network."""
    open_points: IntArray
    """Points that both cars and e-bikes reach, motorways apart."""
    inside: IntArray
    """Open points within the county, every third."""


def survey_roadside(land: Landscape, drawing: Drawing, units: Units) -> Roadside:
    """Find the road point nearest each unit."""
    from scipy.spatial import cKDTree

    car, e_bike = car_metres(drawing), e_bike_minutes(drawing)
    usable = np.flatnonzero(car.usable & e_bike.usable)
    place = np.column_stack([drawing.x[usable], drawing.y[usable]])
    distance, nearest = cKDTree(place).query(np.column_stack([units.x, units.y]))
    door = np.where(distance < 700.0, usable[nearest], -1)
    door[units.cut_off] = door[units.off_road] = -1
    inside = car.usable & e_bike.usable & shapely.contains_xy(land.boundary.buffer(-120.0), drawing.x, drawing.y)
    return Roadside(drawing, car, e_bike, door, usable, np.flatnonzero(inside)[::3])


def place_services(land: Landscape, drawing: Drawing, units: Units, seed: int) -> list[Site]:
    """Return all facilities, upper tiers first, those beyond the county line last."""
    random = np.random.default_rng([seed, 11])
    roadside = survey_roadside(land, drawing, units)
    upper = _place_upper(roadside, units, random)
    beyond = _place_beyond(land, roadside, random)
    clinics = _place_clinics(land, roadside, units, upper, beyond, random)
    stations = _place_stations(roadside, units, random)
    supplement = _place_supplement(roadside, units, clinics, random)
    return [*upper, *stations, *clinics, *supplement, *beyond]


def _spot(drawing: Drawing, point: int, random: np.random.Generator, yard_m: float = YARD_M) -> tuple[float, float]:
    angle = random.uniform(0, 2 * np.pi)
    return float(drawing.x[point] + yard_m * np.cos(angle)), float(drawing.y[point] + yard_m * np.sin(angle))


def _place_upper(roadside: Roadside, units: Units, random: np.random.Generator) -> list[Site]:
    """Place county hospitals in the town, a hospital or centre in each seat, and the special houses."""
    town = int(units.seats[0])
    centre_point = int(roadside.door[town])
    x, y = _spot(roadside.drawing, centre_point, random)
    sites = [Site("county_medical_centre", "示例县人民医院", x, y, town, 0)]
    streets = np.flatnonzero((units.kind == "community") & (units.township < 3) & (roadside.door >= 0))
    special = _SPECIAL_HOUSES
    for (tier, name), unit in zip(special, random.permutation(streets)[: len(special)].tolist(), strict=True):
        x, y = _spot(roadside.drawing, int(roadside.door[unit]), random)
        sites.append(Site(tier, name, x, y, unit, int(units.township[unit])))
    from_centre = roadside.car.from_point(centre_point)
    for township, unit in enumerate(units.seats.tolist()):
        sites.append(_seat_site(roadside, units, township, unit, from_centre, random))
    return sites


_SPECIAL_HOUSES: Final = (
    ("county_hospital", "示例县中医院"),
    ("county_hospital", "示例县妇幼保健院"),
    ("geriatric_hospital", "示例县老年医院"),
    ("hospice", "示例县安宁疗护中心"),
    ("blood_point", "示例县献血屋"),
    ("blood_vehicle_stop", "示例县城中广场采血车停靠点"),
    ("blood_vehicle_stop", "示例县客运站采血车停靠点"),
    ("blood_store", "示例县储血点"),
    ("other", "示例县温泉疗养院"),
)


def _seat_site(
    roadside: Roadside, units: Units, township: int, unit: int, from_centre: FloatArray, random: np.random.Generator
) -> Site:
    """Place the hospital or community centre of a township; two stand at fixed road distances from the centre."""
    name = TOWNSHIPS[township]
    if township < 4:
        x, y = _spot(roadside.drawing, int(roadside.door[unit]), random)
        return Site("community_centre", f"{name}社区卫生服务中心", x, y, unit, township)
    case = ""
    if township in (4, 5):
        goal = HOSPITAL_METRES[township - 4] - 2 * YARD_M
        x, y = _point_at(roadside, from_centre, goal, (units.x[unit], units.y[unit]))
        case = f"{HOSPITAL_METRES[township - 4] / 1_000.0:.1f} km"
    else:
        x, y = _spot(roadside.drawing, int(roadside.door[unit]), random)
    tier = {6: "sub_centre", 7: "central_township_hospital", 8: "central_township_hospital"}.get(
        township, "township_hospital"
    )
    kind = "中心卫生院" if tier != "township_hospital" else "卫生院"
    return Site(tier, f"{name}{kind}", x, y, unit, township, True, case)


def _point_at(
    roadside: Roadside, from_centre: FloatArray, goal_m: float, near: tuple[float, float]
) -> tuple[float, float]:
    """Return the spot nearest a place, beside a road but no motorway, just the goal by road from the centre."""
    drawing = roadside.drawing
    graph = roadside.car.graph.tocoo()
    tail, head = graph.row, graph.col
    plain = np.zeros(len(drawing.x), dtype=bool)
    plain[roadside.open_points] = True
    before = from_centre[tail] + graph.data <= from_centre[head] + 0.5
    crosses = plain[tail] & plain[head] & before & (from_centre[tail] <= goal_m) & (from_centre[head] > goal_m)
    tail, head, length = tail[crosses], head[crosses], graph.data[crosses]
    share = (goal_m - from_centre[tail]) / length
    x = drawing.x[tail] + share * (drawing.x[head] - drawing.x[tail])
    y = drawing.y[tail] + share * (drawing.y[head] - drawing.y[tail])
    best = int(np.argmin(np.hypot(x - near[0], y - near[1])))
    along = np.array([drawing.x[head[best]] - drawing.x[tail[best]], drawing.y[head[best]] - drawing.y[tail[best]]])
    along /= np.hypot(*along)
    return float(x[best] - YARD_M * along[1]), float(y[best] + YARD_M * along[0])


def _place_beyond(land: Landscape, roadside: Roadside, random: np.random.Generator) -> list[Site]:
    """Place clinics and hospitals of the neighbour county in the villages and towns just over the line."""
    lattice, settlements = land.lattice, land.settlements
    usable = roadside.open_points
    from scipy.spatial import cKDTree

    tree = cKDTree(np.column_stack([roadside.drawing.x[usable], roadside.drawing.y[usable]]))
    sites = []
    for tier, nodes, label in (
        ("village_clinic", settlements.neighbour_villages, "村卫生室"),
        ("township_hospital", settlements.neighbour_towns, "镇卫生院"),
    ):
        close = nodes[np.argsort(-land.ground.inside_m[nodes], kind="stable")][: 14 if tier == "village_clinic" else 3]
        for number, node in enumerate(close.tolist()):
            point = int(usable[tree.query((lattice.x[node], lattice.y[node]))[1]])
            x, y = _spot(roadside.drawing, point, random)
            sites.append(Site(tier, f"邻县示例{number + 1}{label}", x, y, -1, -1))
    return sites


def _place_clinics(
    land: Landscape, roadside: Roadside, units: Units, upper: list[Site], beyond: list[Site],
    random: np.random.Generator,
) -> list[Site]:  # fmt: skip
    """Give most villages a clinic; leave remote zones without, until the circle holds the wanted share of people."""
    villages = np.flatnonzero(units.kind == "village")
    able = villages[roadside.door[villages] >= 0]
    bare_seats = units.seats[[5, 8, 10]]
    forced = _forced_without(land, roadside, units, able, beyond)
    order = _remote_first(roadside, units, able)
    idle = _idle_clinics(units, order, random)
    without = _without(roadside, units, upper, order, np.concatenate([bare_seats, forced, idle]))
    has = np.setdiff1d(able, np.concatenate([without, bare_seats, forced]))
    sites = [
        _clinic(roadside, units, unit, "", random, operating=unit not in set(idle.tolist())) for unit in has.tolist()
    ]
    sites += [_clinic(roadside, units, unit, "", random, operating=False) for unit in np.setdiff1d(idle, has).tolist()]
    large = has[np.argsort(-units.people[has], kind="stable")]
    large = large[~np.isin(large, idle)]
    more = [unit for unit in large.tolist() if unit not in set(units.seats[:4].tolist())][
        : max(N_CLINICS - len(sites), 0)
    ]
    former = former_village_names(len(more), set(units.name.tolist()))
    return sites + [
        _clinic(roadside, units, unit, name, random, operating=True) for unit, name in zip(more, former, strict=True)
    ]


def _forced_without(land: Landscape, roadside: Roadside, units: Units, able: IntArray, beyond: list[Site]) -> IntArray:
    """Choose villages without a clinic whatever else: one nearer to a clinic over the line, and the exempt ones."""
    outside = _site_points(roadside, beyond)
    minutes = roadside.e_bike.nearest(outside)
    border = able[(np.abs(land.ground.inside_m[units.node[able]]) < 2_600.0) & ~np.isin(able, units.seats)]
    over_line = border[int(np.argmin(minutes[roadside.door[border]]))]
    return np.unique(np.concatenate([[over_line], exempt_units(land, units)]))


def exempt_units(land: Landscape, units: Units) -> IntArray:
    """Return the relocated village and the urbanised one, in this order."""
    villages = np.setdiff1d(
        np.flatnonzero(units.kind == "village"), [*units.seats.tolist(), units.off_road, units.cut_off]
    )
    villages = np.setdiff1d(villages, units.twins)
    height, reach = land.terrain.height_m[units.node[villages]], land.town_reach[units.node[villages]]
    return np.asarray([villages[int(np.argmax(height))], villages[int(np.argmin(reach))]])


def _site_points(roadside: Roadside, sites: list[Site]) -> IntArray:
    from scipy.spatial import cKDTree

    usable = roadside.open_points
    tree = cKDTree(np.column_stack([roadside.drawing.x[usable], roadside.drawing.y[usable]]))
    return np.asarray(usable[tree.query(np.asarray([(site.x, site.y) for site in sites]))[1]])


def _remote_first(roadside: Roadside, units: Units, able: IntArray) -> IntArray:
    """Order villages by closeness to the middle of a few remote zones: these lose their clinics first."""
    seats = roadside.door[units.seats]
    to_seat = roadside.e_bike.nearest(seats)[roadside.door[able]]
    zones: list[int] = []
    for row in np.argsort(-to_seat, kind="stable").tolist():
        apart = [
            np.hypot(units.x[able[row]] - units.x[able[other]], units.y[able[row]] - units.y[able[other]])
            for other in zones
        ]
        if all(gap > 11_000.0 for gap in apart):
            zones.append(row)
        if len(zones) == N_ZONES:
            break
    to_zone = roadside.e_bike.nearest(roadside.door[able[zones]])[roadside.door[able]]
    return able[np.argsort(to_zone, kind="stable")]


def _idle_clinics(units: Units, order: IntArray, random: np.random.Generator) -> IntArray:
    """Choose the villages whose clinic stands but does not work."""
    seats = set(units.seats.tolist())
    near = [unit for unit in order[30:].tolist() if unit not in seats and unit not in units.twins]
    return np.sort(random.choice(near, 7, replace=False))


def _without(roadside: Roadside, units: Units, upper: list[Site], order: IntArray, anyway: IntArray) -> IntArray:
    """Return the villages that go without a clinic: so many from the front of the order that the share is met."""
    hospitals = _site_points(roadside, [site for site in upper if site.township >= 0 and _is_fixed(site.tier)])
    people = units.people[order].astype(float)

    def share(count: int) -> float:
        serving = np.setdiff1d(order[count:], anyway)
        minutes = roadside.e_bike.nearest(np.concatenate([hospitals, roadside.door[serving]]), limit=CIRCLE_MIN + 1.0)
        return float(people[minutes[roadside.door[order]] <= CIRCLE_MIN - 0.3].sum() / people.sum())

    low, high = 0, len(order) * 2 // 3
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if share(middle) >= SHARE_WITHIN else (low, middle)
    return order[:low]


def _is_fixed(tier: str) -> bool:
    from clinicplan.terms import FIXED_TIERS

    return tier in FIXED_TIERS


def _clinic(
    roadside: Roadside, units: Units, unit: int, mark: str, random: np.random.Generator, *, operating: bool
) -> Site:
    """Place a clinic of a village at its door, some houses on or, marked by its name, in a village since merged."""
    drawing, door = roadside.drawing, int(roadside.door[unit])
    if mark or random.random() < 0.5:
        place = np.column_stack([drawing.x, drawing.y])
        gap = np.hypot(*(place[roadside.inside] - place[door]).T)
        away = roadside.inside[(gap > (450.0 if mark else 60.0)) & (gap < (1_300.0 if mark else 260.0))]
        door = int(random.choice(away)) if len(away) else door
    x, y = _spot(drawing, door, random)
    central = not mark and operating and random.random() < 0.16
    label = "中心村卫生室" if central else f"{mark}卫生室"
    name = f"{units.name[unit]}{label}"
    return Site(
        "central_clinic" if central else "village_clinic", name, x, y, unit, int(units.township[unit]), operating
    )


def _place_stations(roadside: Roadside, units: Units, random: np.random.Generator) -> list[Site]:
    """Give two communities in three a station, and the town some private clinics."""
    communities = np.flatnonzero((units.kind == "community") & (roadside.door >= 0))
    chosen = np.sort(random.permutation(communities)[: len(communities) * 2 // 3])
    sites = [_at_unit(roadside, units, unit, "community_station", "卫生服务站", random) for unit in chosen.tolist()]
    private = random.permutation(communities)[:22]
    ending = ("口腔诊所", "中医诊所", "内科诊所", "综合门诊部")
    return sites + [
        _at_unit(roadside, units, unit, "private_clinic", ending[number % 4], random)
        for number, unit in enumerate(private.tolist())
    ]


def _at_unit(roadside: Roadside, units: Units, unit: int, tier: str, ending: str, random: np.random.Generator) -> Site:
    x, y = _spot(roadside.drawing, int(roadside.door[unit]), random, random.uniform(8.0, 28.0))
    return Site(tier, f"{units.name[unit]}{ending}", x, y, unit, int(units.township[unit]))


def _place_supplement(roadside: Roadside, units: Units, clinics: list[Site], random: np.random.Generator) -> list[Site]:
    """Serve some villages without a clinic by service points or touring stops."""
    served = {site.unit for site in clinics}
    bare = [
        unit
        for unit in np.flatnonzero((units.kind == "village") & (roadside.door >= 0)).tolist()
        if unit not in served and unit not in set(units.seats.tolist())
    ]
    chosen = random.permutation(bare).tolist()
    sites = [_at_unit(roadside, units, unit, "service_point", "卫生室服务点", random) for unit in chosen[:14]]
    return sites + [_at_unit(roadside, units, unit, "touring_stop", "巡诊点", random) for unit in chosen[14:26]]


__all__ = ["BoolArray", "Site", "exempt_units", "place_services", "survey_roadside"]
