"""Draw up a small county for the tests of maps and figures: 60 villages, 6 townships, from a seed."""

from __future__ import annotations

import itertools

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import cdist

from clinicplan.report.webmap import CountyPicture
from clinicplan.standard import milliseconds, printed_minutes

CRS = "EPSG:4549"
CENTRE = np.array([500_000.0 + 88_000.0, 3_265_000.0])
TOWNSHIPS = ("南明街道", "澄潭镇", "回山镇", "沙溪镇", "巧英乡", "东茗乡")
KMH = {"walk": 4.5, "e_bike": 20.0, "car": 36.0}
DETOUR = 1.4
HOSTILE = (
    "<script>alert(1)</script>",
    "${1+1}",
    "{{7*7}}",
    "`",
    "</script>",
    '"><img src=x onerror=alert(1)>',
    "a\\b'c\"d&amp;",
)
"""Names that a careless page would run, compute or break on."""


def county_picture(
    n_villages: int = 60, *, names: dict[int, str] | None = None, n_tracks: int = 60, title: str | None = None
) -> CountyPicture:
    """Return a county drawn from a seed; `names` replaces the names of villages by number."""
    random = np.random.default_rng(624)
    boundary = _boundary(random)
    places = _places(random, boundary, n_villages)
    seats = places[:6]
    townships = _townships(seats, boundary)
    nearest_seat = cdist(places, seats).argmin(axis=1)
    roads = _roads(random, places, n_tracks)
    facilities = _facilities(random, places, nearest_seat)
    villages = _villages(random, places, nearest_seat, facilities, names or {})
    circles = _circles(facilities, roads)
    outside = villages[(villages["within_standard"].eq(False)).fillna(value=False) & villages["kind"].eq("village")]
    covered = int(villages["within_standard"].fillna(value=False).sum())
    pending = villages.loc[villages["within_standard"].isna(), ["village_id", "name", "township", "reason"]]
    return CountyPicture(
        title=title or "新昌县（示例数据）农村20分钟医疗卫生服务圈现状图",
        date="2026-11-20",
        standard_text="标准：20分钟，含界（≤20分钟）",
        mode_text="出行方式：电动自行车，20 km/h（假设）",
        statements=(
            "数据截止日期：2026-11-20。",
            "统计口径：行政村，不含社区；常住人口，2020年。",
            "出行方式与速度：电动自行车，各级道路15—25 km/h（假设）。",
            "服务圈含界：≤15分钟、≤20分钟。",
            "起讫方向：由村到机构。",
            f"坐标待核村数：{len(pending)}。",
            "资料来源：示例数据；道路为合成数据。",
            "本成果为辅助决策，须经乡镇核实和集体研究确定。",
            "本图行政区域界线仅作示意，不作为行政区域划界依据。",
        ),
        figures=(
            ("服务圈内行政村", f"{covered} / {n_villages}"),
            ("服务圈内人口占比", "91.3%"),
            ("15分钟内人口占比", "78.0%"),
            ("服务圈外行政村", f"{len(outside)} 个"),
            ("服务圈外人口", f"{int(outside['population'].sum())} 人"),
        ),
        boundary=gpd.GeoDataFrame(geometry=[boundary], crs=CRS),
        townships=townships,
        roads=roads,
        water=_water(random),
        circles=circles,
        facilities=facilities,
        villages=villages,
        pending=pending,
        bands_min=(15, 20),
        limit_min=20,
        mode="e_bike",
    )


def _at(east_m: float, north_m: float) -> np.ndarray:
    return CENTRE + np.array([east_m, north_m])


def _boundary(random) -> shapely.Polygon:
    angles = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    radius = np.full(400, 19_000.0)
    for wave in range(2, 22):
        radius += random.normal(0, 3800 / wave) * np.cos(wave * angles + random.uniform(0, 6.28))
    ring = CENTRE + np.column_stack([1.15 * radius * np.cos(angles), radius * np.sin(angles)])
    return shapely.Polygon(ring)


def _places(random, boundary, n) -> np.ndarray:
    inner = boundary.buffer(-900)
    chosen: list[np.ndarray] = []
    spacing = 2_600.0
    while len(chosen) < n:
        point = CENTRE + random.uniform(-27_000, 27_000, 2)
        if inner.contains(shapely.Point(point)) and all(np.hypot(*(point - other)) > spacing for other in chosen):
            chosen.append(point)
        spacing *= 0.9995
    places = np.array(chosen)
    first = [int(np.hypot(*(places - CENTRE).T).argmin())]
    while len(first) < 6:
        distance = cdist(places, places[first]).min(axis=1)
        distance[np.hypot(*(places - CENTRE).T) > 15_000] = 0
        first.append(int(distance.argmax()))
    return np.vstack([places[first], np.delete(places, first, axis=0)])


def _townships(seats, boundary) -> gpd.GeoDataFrame:
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(seats), extend_to=boundary.buffer(5000)))
    order = [next(i for i, cell in enumerate(cells) if cell.contains(shapely.Point(seat))) for seat in seats]
    shapes = [shapely.intersection(cells[index], boundary) for index in order]
    return gpd.GeoDataFrame({"township": list(TOWNSHIPS)}, geometry=shapes, crs=CRS)


def _winding(random, start, end, roughness=0.16) -> shapely.LineString:
    """Return a line that wanders as a valley road does: midpoints moved sideways, again and again."""
    points = [np.asarray(start), np.asarray(end)]
    while np.hypot(*(points[1] - points[0])) > 250:
        finer = [points[0]]
        for one, other in itertools.pairwise(points):
            step = other - one
            middle = (one + other) / 2 + np.array([-step[1], step[0]]) * random.normal(0, roughness)
            finer += [middle, other]
        points = finer
    return shapely.LineString(points)


def _roads(random, places, n_tracks) -> gpd.GeoDataFrame:
    distance = cdist(places, places)
    tree = minimum_spanning_tree(distance).tocoo()
    pairs = {(min(i, j), max(i, j)) for i, j in zip(tree.row.tolist(), tree.col.tolist(), strict=True)}
    close = np.argsort(distance, axis=1)[:, 1:3]
    pairs |= {(min(i, int(j)), max(i, int(j))) for i, near in enumerate(close) for j in near}
    rows = [("unclassified" if random.random() < 0.4 else "tertiary", places[i], places[j]) for i, j in sorted(pairs)]
    rows += [("primary" if index < 3 else "secondary", places[0], places[index]) for index in range(1, 6)]
    rows += [("primary", places[0], _at(34_000, 9_000)), ("primary", places[0], _at(-36_000, 4_000))]
    for _ in range(n_tracks):
        start = places[random.integers(len(places))] + random.normal(0, 700, 2)
        rows.append(("track" if random.random() < 0.5 else "residential", start, start + random.normal(0, 900, 2)))
    lines = [_winding(random, start, end) for _, start, end in rows]
    return gpd.GeoDataFrame({"highway": [row[0] for row in rows], "name": ""}, geometry=lines, crs=CRS)


def _facilities(random, places, nearest_seat) -> gpd.GeoDataFrame:
    rows = [("H0", "新昌县人民医院", "county_medical_centre", places[0] + 350, 0, "yes", False)]
    tiers = ("community_centre", "sub_centre", "central_township_hospital", "township_hospital", "township_hospital",
             "township_hospital")  # fmt: skip
    for index, tier in enumerate(tiers):
        rows.append(
            (f"H{index + 1}", f"{TOWNSHIPS[index]}卫生院", tier, places[index] + [250, -200], index, "yes", False)
        )
    for village in range(6, len(places)):
        draw = random.random()
        if draw > 0.72:
            continue
        tier = "central_clinic" if draw < 0.08 else "service_point" if draw > 0.66 else "village_clinic"
        operating = "no" if 0.30 < draw < 0.35 else "yes"
        spot = places[village] + random.normal(0, 90, 2)
        rows.append(
            (f"C{village:03d}", f"{village_name(village)}卫生室", tier, spot, nearest_seat[village], operating, False)
        )
    rows.append(("N1", "邻县双林村卫生室", "village_clinic", _at(25_500, 6_000), 0, "yes", True))
    served = random.integers(1, 6, len(rows))
    return gpd.GeoDataFrame(
        {
            "facility_id": [row[0] for row in rows],
            "name": [row[1] for row in rows],
            "tier": [row[2] for row in rows],
            "township": [TOWNSHIPS[row[4]] for row in rows],
            "operating": [row[5] for row in rows],
            "outside_county": [row[6] for row in rows],
            "villages_served": served,
            "people_served": served * 870,
        },
        geometry=shapely.points(np.array([row[3] for row in rows])),
        crs=CRS,
    )


def village_name(number: int) -> str:
    """Return a made-up name."""
    first, second = "梅竹石云岭溪松枫桃杏茶兰", "坑坞塘岙湾头岗坪墩"
    return f"{first[number % 12]}{second[(number // 12 + number) % 9]}村"


def _villages(random, places, nearest_seat, facilities, names) -> gpd.GeoDataFrame:
    n = len(places)
    counted = facilities[
        facilities["operating"].eq("yes") & ~facilities["outside_county"] & facilities["tier"].ne("service_point")
    ]
    spots = np.column_stack([counted.geometry.x, counted.geometry.y])
    distance = cdist(places, spots) * DETOUR
    # Three corners of the county are set farther away than the roads say, so that there is something to show.
    best = distance.argmin(axis=1)
    metres = distance[np.arange(n), best] * np.where(np.hypot(*(places - CENTRE).T) > 17_500, 3.0, 1.6)
    time_ms = {mode: [milliseconds(value / 1000 / speed * 60) for value in metres] for mode, speed in KMH.items()}
    main = np.array(time_ms["e_bike"])
    frame = gpd.GeoDataFrame(
        {
            "village_id": [f"330624{101 + seat:03d}{200 + number}" for number, seat in enumerate(nearest_seat)],
            "name": [names.get(number, village_name(number)) for number in range(n)],
            "township": [TOWNSHIPS[seat] for seat in nearest_seat],
            "kind": ["community" if number < 3 else "village" for number in range(n)],
            "status": [
                "relocated" if number == 9 else "urbanised" if number == 10 else "ordinary" for number in range(n)
            ],
            "population": pd.array(random.integers(180, 2400, n), dtype="Int64"),
            "band": np.where(main <= 900_000, "≤15", np.where(main <= 1_200_000, "≤20", ">20")),
            "within_standard": pd.array(main <= 1_200_000, dtype="boolean"),
            "reason": np.where(main <= 1_200_000, "", "too_far").astype(object),
            "time_min": printed_minutes(main, 1_200_000, (900_000,)),
            "facility_id": counted["facility_id"].to_numpy()[best],
            "facility_name": counted["name"].to_numpy()[best],
            "route_km": np.round(metres / 1000, 3),
            "way": np.where(metres < 600, "direct", "road"),
            "access_m": np.round(random.gamma(2, 40, n), 1),
            "township_hospital_min": np.round(random.uniform(3, 40, n), 1),
            "county_hospital_min": np.round(random.uniform(10, 70, n), 1),
        },
        geometry=shapely.points(places),
        crs=CRS,
    )
    for mode, values in time_ms.items():
        frame[f"time_min_{mode}"] = printed_minutes(values, 1_200_000, (900_000,))
    return _with_pending_rows(frame)


def _with_pending_rows(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Set three rows aside: two without a position, one that has one but no population."""
    rows = [len(frame) - 3, len(frame) - 2, len(frame) - 1]
    frame.loc[rows, ["time_min", "route_km", "access_m", *(f"time_min_{mode}" for mode in KMH)]] = np.nan
    frame.loc[rows, ["band", "facility_id", "facility_name", "way"]] = ""
    frame.loc[rows, "within_standard"] = pd.NA
    frame.loc[rows, "reason"] = ["no_coordinates", "no_coordinates", "no_population"]
    frame.loc[rows[2], "population"] = pd.NA
    geometry = frame.geometry.to_numpy().copy()
    geometry[rows[:2]] = None
    return frame.set_geometry(gpd.GeoSeries(geometry, crs=CRS))


def _circles(facilities, roads) -> gpd.GeoDataFrame:
    """Return strips along the roads near the clinics: what a circle of minutes looks like."""
    counted = facilities[
        facilities["operating"].eq("yes") & ~facilities["outside_county"] & facilities["tier"].ne("service_point")
    ]
    strips = shapely.union_all(shapely.buffer(roads.geometry.to_numpy(), 420, quad_segs=3))
    shapes = []
    for minutes in (15, 20):
        reach_m = minutes / 60 * KMH["e_bike"] * 1000 / DETOUR / 1.6
        discs = shapely.union_all(shapely.buffer(counted.geometry.to_numpy(), reach_m))
        shapes.append(shapely.intersection(discs, strips))
    return gpd.GeoDataFrame({"minutes": [15, 20]}, geometry=shapes, crs=CRS)


def _water(random) -> gpd.GeoDataFrame:
    river = _winding(random, _at(-24_000, -9_000), _at(21_000, 12_000), 0.2)
    lake = shapely.buffer(_winding(random, _at(4_000, 5_000), _at(7_500, 7_000), 0.3), 420)
    return gpd.GeoDataFrame(geometry=[river, lake], crs=CRS)
