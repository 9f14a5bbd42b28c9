"""The second town of the policy audit: a district with a partly filled register, drawn so that every sum is on paper.

Kilometres east and north of the corner (580000, 3260000) in EPSG:4549. Roads have a node at every whole kilometre, at
every place named here, and are straight between::

    y
    2                                        +---V12---+             one-way: (12,0) -> (12,2) -> (14,2) -> (14,0)
    1                                        ^         v
    0   0--M1--V01-K1K2---V11--V02--C1-+----C2---V10---+-- ... --V03--H1--V04/C3--------V05+H2   main road, x 0 to 24
        0   3   4   5      7    8   9  10    12   13   14        19   20   21/21.4      24
                                       |
    -2                                V09+C5                  branch, x = 10, from y = 0 to y = -10.5
    -4                                V06+H3
    -5                                S1
    -6                                V07 and its natural village N1
    -10.5                             natural village N2

- K1 (5, 0) and K2 (5.001, 0) face each other across a street; H1 is at (20, 0): 15,000 m and 14,999 m.
- V04 alone lies off the road, at (21, 0.3): an access leg of 300 m, 4.5 min at 4 km/h.
- V08 and the clinic C4 have no coordinates; V09 has no population. C2 is of unknown operation.
- Walking 4 km/h, 15 min a km, both ways on the one-way street too; e-bike 15 km/h, 4 min a km; car 30 km/h, 2 min.

Minutes by e-bike, the mode of the standard, to the village-level places:

======  ==========================================================================================================
V02     C1 1 km, 4 (15 on foot, the limit itself)
V04     C3: 4.5 to the road and 0.4 km, 6.1 (straight 500 m, 7.5)
V05     C3 2.6 km, 10.4 (its own C4 has no place)
V06     S1 1 km, 4; without service points C5 2 km, 8
V07     N1, 300 people: S1 1 km, 4; without service points C5 4 km, 16. N2, 150 people: S1 5.5 km, 22; C5 34
V09     C5 in the village, 0
V10     C2 1 km, 4; if C2 is closed C1 4 km, 16
V12     C2: round by (14, 2) and (14, 0), 1 + 2 + 2 = 5 km, 20 (3 km the other way, against the one-way street; the
        straight line is 2.2 km, too far to walk); if C2 is closed C1 8 km, 32
======  ==========================================================================================================

Townships by residents: 北关街道 12,000 (V01, a community); 东岭镇 60,000 (V03, a community of 45,000, V04, V05), rural
15,000; 南坪乡 5,000 of which rural 4,800, by the townships layer (its villages sum to 1,750 and the unknown V09);
西岗镇 3,000 (V02, V10, V11, V12), no hospital. Together 80,000. By car H1 is the nearest hospital of V03 (1 km) and V04
(1 km and the leg), H2 of V05: they serve 51,000 and 9,000 of the 60,000.
"""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np

CRS = "EPSG:4549"
CORNER = (580_000.0, 3_260_000.0)
COUNTY = "青溪区"
DAY = date(2025, 12, 31)
"""The last day of most deadlines: still due."""

SPEEDS_KMH = {"walk": 4.0, "e_bike": 15.0, "car": 30.0}
MODE = "e_bike"
MAIN_ROAD = tuple((x, 0) for x in (0, 1, 2, 3, 4, 5, 5.001, *range(6, 22), 21.4, 22, 23, 24))
BRANCH = (*((10, y) for y in range(0, -11, -1)), (10, -10.5))
ONE_WAY = ((12, 0), (12, 1), (12, 2), (13, 2), (14, 2), (14, 1), (14, 0))

TOWNSHIPS = {
    "北关街道": (-1, -12, 6, 6),
    "西岗镇": (6, -1, 16, 6),
    "南坪乡": (6, -12, 16, -1),
    "东岭镇": (16, -12, 26, 6),
}
"""West, south, east and north edge, kilometres."""
TOWNSHIP_CELLS = """
                  北关街道  西岗镇  南坪乡  东岭镇
population        -         -       5000    -
rural_population  -         -       4800    -
psych_service     yes       yes     -       yes
"""

VILLAGE_SPOTS = {
    "V01": (4, 0), "V02": (8, 0), "V03": (19, 0), "V04": (21, 0.3), "V05": (24, 0), "V06": (10, -4), "V07": (10, -6),
    "V08": None, "V09": (10, -2), "V10": (13, 0), "V11": (7, 0), "V12": (13, 2),
}  # fmt: skip
VILLAGE_CELLS = """
                   V01        V02       V03        V04       V05       V06       V07       V08       V09       V10       V11        V12
name               北关社区   上河村    东关社区   东岭村    塘下村    南坪村    石桥村    深坑村    长垄村    西岗村    新城村     柳湾村
township           北关街道   西岗镇    东岭镇     东岭镇    东岭镇    南坪乡    南坪乡    南坪乡    南坪乡    西岗镇    西岗镇     西岗镇
population         12000      900       45000      6000      9000      1000      450       300       -         800       700        600
kind               community  village   community  village   village   village   village   village   village   village   village    village
status             ordinary   ordinary  ordinary   ordinary  ordinary  ordinary  ordinary  ordinary  ordinary  ordinary  urbanised  ordinary
remote             -          no        -          no        no        yes       yes       -         yes       -         no         no
development_class  -          鼓励发展  -          鼓励发展  适当发展  转型发展  转型发展  适当发展  适当发展  适当发展  -          -
upgraded           -          yes       -          -         no        no        no        no        no        yes       no         -
touring_doctors    -          0         -          0         0         1         0         0         0         0         0          1
contracted         yes        no        yes        -         yes       yes       yes       yes       yes       yes       -          yes
psych_service      yes        no        yes        no        no        no        -         -         -         -         no         -
"""  # noqa: E501
NATURAL_VILLAGES = {"N1": ("V07", (10, -6), 300), "N2": ("V07", (10, -10.5), 150)}

FACILITY_SPOTS = {
    "K1": (5, 0), "K2": (5.001, 0), "H1": (20, 0), "H2": (24, 0), "H3": (10, -4), "M1": (3, 0), "C1": (9, 0),
    "C2": (12, 0), "C3": (21.4, 0), "C4": None, "C5": (10, -2), "S1": (10, -5),
}  # fmt: skip
FACILITY_NAMES = {
    "K1": "青溪区人民医院", "K2": "青溪区第二人民医院", "H1": "东岭镇中心卫生院", "H2": "东岭镇塘下卫生院",
    "H3": "南坪乡卫生院", "M1": "北关街道社区卫生服务中心", "C1": "上河村卫生室", "C2": "西岗村卫生室",
    "C3": "东岭中心村卫生室", "C4": "塘下村卫生室", "C5": "长垄村卫生室", "S1": "石桥村卫生室服务点",
}  # fmt: skip
FACILITY_TIERS = {
    "K1": "county_hospital", "K2": "county_hospital", "H1": "sub_centre", "H2": "township_hospital",
    "H3": "township_hospital", "M1": "community_centre", "C1": "village_clinic", "C2": "village_clinic",
    "C3": "central_clinic", "C4": "village_clinic", "C5": "village_clinic", "S1": "service_point",
}  # fmt: skip
FACILITY_CELLS = """
                         K1      K2      H1           H2      H3      M1      C1          C2           C3           C4      C5      S1
village_id               V01     V01     V03          V05     V06     V01     V02         V10          V04          V05     V09     V07
township                 北关街道 北关街道 东岭镇      东岭镇  南坪乡  北关街道 西岗镇    西岗镇       东岭镇       东岭镇  南坪乡  南坪乡
operating                yes     yes     yes          yes     yes     yes     yes         -            yes          yes     yes     yes
hospital_kind            general general -            -       -       -       -           -            -            -       -       -
level_two_up             yes     yes     -            -       -       -       -           -            -            -       -       -
beds                     -       -       -            20      19      14      -           -            -            -       -       -
senior_staff             -       -       2            1       -       -       -           -            -            -       -       -
support_staff            -       -       1            0       -       -       -           -            -            -       -       -
support_months           -       -       12           -       -       -       -           -            -            -       -       -
information_system       yes     yes     yes          yes     -       yes     yes         no           yes          -       -       yes
qualifies                -       -       -            -       -       -       yes         yes          yes          no      -       -
insurance_qualified      -       -       -            -       -       -       yes         yes          yes          no      -       -
smart_qualified          -       -       -            -       -       -       yes         yes          yes          no      -       -
fever_clinic_qualified   -       -       yes          -       -       -       -           -            -            -       -       -
telemedicine             -       -       yes          no      -       yes     no          -            yes          -       -       -
doctor_ages              -       -       -            -       -       -       58;61       71           40;52;59     -       60      -
integrated               -       -       -            -       -       -       yes         yes          yes          -       no      -
doctors                  -       -       -            -       -       -       2           1            3            1       1       -
licensed_doctors         -       -       -            -       -       -       1           1            2            -       0       -
tcm_trained_doctors      -       -       -            -       -       -       2           1            2            1       1       -
standard                 -       -       recommended  basic   -       none    basic       none         recommended  basic   basic   -
visits                   10000   10000   30000        -       8000    5000    2000        500          3000         -       1000    0
ct_rows                  -       -       16           0       32      -       -           -            -            -       -       -
surgery_level            -       -       3            3       -       -       -           -            -            -       -       -
ownership                -       -       -            -       -       public  public      private      public       private private -
premises                 -       -       -            -       -       -       collective  doctor_home  public       rented  -       -
posts                    200     -       30           10      10      -       -           -            -            -       -       -
professional_posts       -       -       27           10      -       -       -           -            -            -       -       -
filled_posts             -       -       28           9       10      -       -           -            -            -       -       -
sent_down                30      -       -            -       -       -       -           -            -            -       -       -
consortium_lead          yes     no      -            -       -       -       -           -            -            -       -       -
grassroots_posts         12      -       -            -       -       -       -           -            -            -       -       -
specialty                -       -       yes          no      -       yes     -           -            -            -       -       -
famous_doctor_studio     -       -       yes          no      -       no      -           -            -            -       -       -
city_specialty           -       -       yes          no      -       no      -           -            -            -       -       -
public_health_doctors    -       -       2            1       -       0       -           -            -            -       -       -
public_health_assistants -       -       0            0       1       0       -           -            -            -       -       -
child_doctors            -       -       1            0       1       -       -           -            -            -       -       -
child_gps                -       -       1            1       1       -       -           -            -            -       -       -
child_staff              -       -       2            1       1       -       -           -            -            -       -       -
dedicated_child_doctors  -       -       2            0       -       -       -           -            -            -       -       -
gps                      20      -       1            1       1       2       0           0            0            0       0       0
degree_gps               -       -       1            1       0       -       -           -            -            -       -       -
tcm_doctors              -       -       1            -       -       -       -           -            -            -       -       -
nurses                   -       -       22           5       -       -       -           -            -            -       -       -
physicians               -       -       20           5       6       -       -           -            -            -       -       -
insured                  -       -       -            -       -       -       yes         yes          yes          no      yes     -
sentinel                 yes     -       yes          no      yes     yes     no          no           no           no      no      no
geriatric                yes     -       -            -       -       -       -           -            -            -       -       -
age_friendly             yes     yes     yes          no      no      yes     -           -            -            -       -       -
occupational             -       yes     no           no      no      no      no          no           no           no      no      no
ph_department            yes     yes     yes          yes     yes     yes     -           -            -            -       -       -
newly_built              -       -       -            -       -       yes     -           -            -            -       -       -
government_run           -       -       -            -       -       yes     -           -            -            -       -       -
tcm_hall                 -       -       yes          yes     no      yes     -           -            -            -       -       -
tcm_pharmacy             -       -       yes          yes     yes     yes     -           -            -            -       -       -
tcm_equipment            -       -       yes          yes     yes     yes     -           -            -            -       -       -
diseases                 -       -       120          74      -       75      20          19           25           -       30      -
smart                    -       -       -            -       -       -       yes         yes          no           -       -       -
weak                     -       -       no           yes     -       no      -           -            -            -       -       -
rebuilt                  -       -       no           no      -       no      -           -            -            -       -       -
chronic_centres          心脑血管疾病;癌症;高血压 - - - - - - - - - - -
departments              老年医学科;中医科 中医科 中医科 中医科 中医科 慢病管理服务部;中医科;妇幼健康服务部 - - - - - -
tcm_techniques           - - 6 8 6 7 针刺;艾灸;拔罐;推拿 - 针刺;艾灸;拔罐 - 针刺;艾灸;拔罐;推拿 -
equipment                - - 救护车;氧疗设备;发热门诊;发热诊室;负压救护车;腹泻门诊 救护车 - 发热诊室 可起背观察床;AED;医保即时结算设备 - AED - - -
"""  # noqa: E501
"""An empty cell is `-`. Columns that clauses need and that are not here are absent as a whole."""


def read_cells(text):
    """Return one dictionary of cells a unit, by unit, of a table drawn with blanks; empty cells are empty text."""
    head, *rows = [line.split() for line in text.strip("\n").splitlines()]
    cells = {unit: {} for unit in head}
    for name, *values in rows:
        for unit, value in zip(head, values, strict=True):
            cells[unit][name] = "" if value == "-" else value
    return cells


def place(spot):
    """Return the point of a place in the drawing, None for no place."""
    import shapely

    return None if spot is None else shapely.Point(CORNER[0] + 1000 * spot[0], CORNER[1] + 1000 * spot[1])


def network(mode):
    """Return the roads under one mode; walkers go both ways on the one-way street."""
    from clinicplan.network import RoadNetwork

    spots = list(dict.fromkeys((*MAIN_ROAD, *BRANCH, *ONE_WAY)))
    number = {spot: row for row, spot in enumerate(spots)}
    both = [*pairwise(MAIN_ROAD), *pairwise(BRANCH), *(pairwise(ONE_WAY) if mode == "walk" else ())]
    pieces = [*both, *((end, start) for start, end in both), *(pairwise(ONE_WAY) if mode != "walk" else ())]
    segment = [row % len(both) if row < 2 * len(both) else row for row in range(len(pieces))]
    length_m = np.array([round(1000 * np.hypot(end[0] - start[0], end[1] - start[1])) for start, end in pieces])
    return RoadNetwork(
        n_nodes=len(spots),
        tail=np.array([number[start] for start, _ in pieces], dtype=np.int32),
        head=np.array([number[end] for _, end in pieces], dtype=np.int32),
        time_ms=np.rint(length_m * 3600 / SPEEDS_KMH[mode]).astype(np.int32),
        length_mm=(1000 * length_m).astype(np.int32),
        x=np.array([place(spot).x for spot in spots]),
        y=np.array([place(spot).y for spot in spots]),
        segment=np.array(segment, dtype=np.int32),
        joinable=np.ones(len(pieces), dtype=bool),
        through=np.ones(len(pieces), dtype=bool),
        crs=CRS,
        mode=mode,
    )


def layers(*, backwards=False):
    """Return the district as `read_layers` would give it: no urban area; rows in order or turned round."""
    import geopandas as gpd
    import shapely

    from clinicplan.layers import CountyLayers

    edges = np.array(list(TOWNSHIPS.values())) * 1000.0 + np.array([*CORNER, *CORNER])
    townships = _frame("township", TOWNSHIP_CELLS, [shapely.box(*edge) for edge in edges])
    boundary = gpd.GeoDataFrame({"name": [COUNTY]}, geometry=[townships.union_all()], crs=CRS)
    frames = [villages(), facilities(), townships, natural_villages()]
    if backwards:
        frames = [frame[::-1].reset_index(drop=True) for frame in frames]
    people, places, townships, parts = frames
    return CountyLayers(CRS, boundary, people, places, townships=townships, natural_villages=parts)


def villages():
    """Return the villages: V08 without a place, V09 without a population."""
    frame = _frame("village_id", VILLAGE_CELLS, [place(spot) for spot in VILLAGE_SPOTS.values()])
    frame["population_imputed"] = False
    no_place = frame.geometry.isna()
    frame["pending"] = np.select([no_place, frame["population"].isna()], ["no_coordinates", "no_population"], "")
    frame["source_row"] = range(2, len(frame) + 2)
    return frame


def facilities():
    """Return the register of facilities."""
    frame = _frame("facility_id", FACILITY_CELLS, [place(spot) for spot in FACILITY_SPOTS.values()])
    frame["name"] = list(FACILITY_NAMES.values())
    frame["tier"] = list(FACILITY_TIERS.values())
    frame["outside_county"] = False
    frame["pending"] = np.where(frame.geometry.isna(), "no_coordinates", "")
    frame["source_row"] = range(2, len(frame) + 2)
    return frame


def natural_villages():
    """Return the two natural villages that V07 consists of."""
    import geopandas as gpd
    import pandas as pd

    rows = list(NATURAL_VILLAGES.values())
    return gpd.GeoDataFrame(
        {
            "natural_village_id": list(NATURAL_VILLAGES),
            "village_id": [village for village, _, _ in rows],
            "name": list(NATURAL_VILLAGES),
            "pending": "",
            "population": pd.array([people for _, _, people in rows], dtype="Int64"),
        },
        geometry=[place(spot) for _, spot, _ in rows],
        crs=CRS,
    )


def circles(county):
    """Return the service circles of the district, 15 minutes by e-bike, whose roads answer what clauses ask."""
    from clinicplan.coverage import CircleRule, service_circles
    from clinicplan.standard import Standard

    return service_circles(
        county.villages,
        county.facilities,
        {mode: network(mode) for mode in SPEEDS_KMH},
        CircleRule(Standard.from_minutes(15, [15, 20]), MODE),
        natural_villages=county.natural_villages,
    )


def settings():
    """Return what the district sets: neither a target share, nor minutes, nor thresholds for sharing."""
    from clinicplan.policy.settings import AuditSettings

    return AuditSettings(county=COUNTY, day=DAY)


def _frame(key, text, geometry):
    """Return a layer from a drawn table, its columns typed as `read_layers` types them."""
    import geopandas as gpd

    cells = read_cells(text)
    columns = {name: [row[name] for row in cells.values()] for name in next(iter(cells.values()))}
    typed = {name: _typed(name, values) for name, values in columns.items()}
    return gpd.GeoDataFrame({key: list(cells), **typed}, geometry=geometry, crs=CRS)


def _typed(name, values):
    import pandas as pd

    from clinicplan.terms import BOOLEAN_COLUMNS, INTEGER_COLUMNS

    if name in INTEGER_COLUMNS:
        return pd.array([int(value) if value else pd.NA for value in values], dtype="Int64")
    if name in BOOLEAN_COLUMNS:
        return pd.array([value == "yes" if value else pd.NA for value in values], dtype="boolean")
    return values
