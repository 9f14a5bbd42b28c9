"""The sample county, a drawn county and two real ones from their files to their results, as a planner gets them.

What `run` writes is read back and held against DESIGN section 5, against what the issue says the sample contains, and
against a second computation with other code: scipy on the roads before contraction, straight walks by brute force.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from hashlib import sha256
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

import county as drawing
from clinicplan import cli, plan, run, terms
from clinicplan.coverage import service_circles
from clinicplan.report.headline import headline_lines
from clinicplan.report.tables import village_table
from clinicplan.speeds import read_speeds
from clinicplan.terms import FIXED_TIERS, REASONS

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
GOLDENS = Path(__file__).parent / "goldens"
pytestmark = pytest.mark.xdist_group("sample")

RUN_FILES = {
    "summary.json", "villages.csv", "facilities.csv", "townships.csv", "travel_times.parquet", "coverage.gpkg",
    "map.html", "manifest.json",
}  # fmt: skip
"""What `run` owns in DESIGN section 5 before there are plans and documents, for a region without a policy."""
AUDITED_FILES = RUN_FILES | {"audit.json", "audit.xlsx"}
"""With a policy its audit is there too."""
VILLAGE_COLUMNS = [
    "village_id", "name", "township", "kind", "status", "population", "facility_id", "facility_tier", "time_s",
    "time_min", "band", "within_standard", "reason", "route_km", "way", "access_m", "facility_access_m", "supplement",
    "nearest_outside_id", "nearest_outside_min", "township_hospital_min", "county_hospital_min",
]  # fmt: skip
SUMMARY_KEYS = [
    "region", "policy", "mode", "minutes", "direction", "date", "villages", "population", "villages_covered",
    "people_covered", "villages_covered_share", "people_covered_share", "area_covered_share", "share_range", "bands",
    "unreached", "communities", "exempt", "pending", "with_supplement", "warnings",
]  # fmt: skip
PEOPLE, ROWS = 419_036, 292
"""The published totals of the sample county."""
MS_PER_MIN = 60_000


def read_table(folder, name):
    """Read a written table: ids as text, texts empty where the cell is."""
    texts = ("village_id", "facility_id", "nearest_outside_id", "reason", "pending", "operating")
    table = pd.read_csv(folder / name, encoding="utf-8-sig", dtype=dict.fromkeys(texts, object))
    present = [column for column in texts if column in table]
    return table.assign(**{column: table[column].fillna("") for column in present})


def hold_golden(name, text):
    """Compare a text with its golden; CLINICPLAN_WRITE_GOLDENS=1 writes it instead, for a reader to judge the diff."""
    path = GOLDENS / name
    if os.environ.get("CLINICPLAN_WRITE_GOLDENS"):
        path.write_text(text, encoding="utf-8", newline="\n")
    assert text == path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def results(sample_result):
    return sample_result.out


@pytest.fixture(scope="module")
def summary(results):
    return json.loads((results / "summary.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def villages(results):
    return read_table(results, "villages.csv")


@pytest.fixture(scope="module")
def facilities(results):
    return read_table(results, "facilities.csv")


@pytest.fixture(scope="module")
def manifest(results):
    return json.loads((results / "manifest.json").read_text(encoding="utf-8"))


# ---------------------------------------- every file is there and agrees with the others


def test_the_folder_is_complete_and_nothing_is_left_beside_it(results):
    assert {path.name for path in results.iterdir()} == AUDITED_FILES
    assert [path.name for path in results.parent.iterdir()] == ["results"]


def test_the_summary_has_the_keys_of_the_design(summary):
    assert set(SUMMARY_KEYS) <= set(summary)
    assert summary["region"] == "新昌县（示例数据）"
    assert (summary["policy"], summary["mode"], summary["minutes"]) == ("xinchang-2022", "e_bike", 20)
    assert all({"code", "severity", "layer", "count", "text"} <= set(item) for item in summary["warnings"])


def test_the_four_groups_add_up_to_the_layer(summary, villages):
    groups = [summary[name] for name in ("communities", "exempt", "pending")]
    assert summary["population"] + sum(group["people"] for group in groups) == PEOPLE
    rows = [summary["communities"]["n"], summary["exempt"]["n"], summary["pending"]["villages"]]
    assert summary["villages"] + sum(rows) == len(villages) == ROWS
    assert villages["population"].sum() == PEOPLE
    assert villages["group"].value_counts().to_dict() == {
        "village": summary["villages"], "community": rows[0], "exempt": rows[1], "pending": rows[2],
    }  # fmt: skip


def test_bands_and_unreached_add_up(summary):
    assert [band["upto_min"] for band in summary["bands"]] == [15, 20, None]
    assert sum(band["villages"] for band in summary["bands"]) + len(summary["unreached"]) == summary["villages"]
    assert sum(band["people"] for band in summary["bands"]) + summary["unreached_people"] == summary["population"]
    inside = [band for band in summary["bands"] if band["upto_min"]]
    assert sum(band["people"] for band in inside) == summary["people_covered"]
    assert sum(band["villages"] for band in inside) == summary["villages_covered"]


def test_the_share_lies_in_its_range(summary):
    low, high = summary["share_range"]
    aside = summary["pending"]["people"]
    assert low == round(summary["people_covered"] / (summary["population"] + aside), 6)
    assert high == round((summary["people_covered"] + aside) / (summary["population"] + aside), 6)
    assert low < summary["people_covered_share"] < high


def test_village_columns_are_those_of_the_design_in_its_order(results):
    data = (results / "villages.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbfvillage_id,")
    header = data.decode("utf-8-sig").splitlines()[0].split(",")
    assert header == [
        *VILLAGE_COLUMNS, "time_min_e_bike", "time_min_walk", "time_min_car", "time_min_worst", "people_covered",
        "pending", "population_imputed", "group",
    ]  # fmt: skip


def test_every_village_outside_has_a_reason_and_no_other(villages):
    assert set(villages["reason"]) <= set(REASONS)
    within = villages["within_standard"].map({True: True, "true": True}).fillna(value=False)
    assert ((villages["reason"] == "") == within)[villages["group"] != "pending"].all()
    aside = villages[villages["group"] == "pending"]
    assert aside["within_standard"].isna().all()
    assert set(aside["reason"]) == {"pending", "off_road"}


def test_a_printed_minute_never_crosses_a_limit(sample_result, villages):
    circles = sample_result.circles
    printed = {
        "time_min": circles.village_trips.time_ms,
        "time_min_worst": circles.village_trips.worst_ms,
        **{f"time_min_{mode}": trips.time_ms for mode, trips in circles.by_mode.items()},
        "nearest_outside_min": circles.nearest_outside.time_ms,
        "county_hospital_min": circles.ladder["county_hospital"].time_ms,
    }
    for column, exact_ms in printed.items():
        minutes = villages[column].to_numpy()
        assert (np.isnan(minutes) == (exact_ms == -1)).all(), column
        for limit in (15, 20):
            assert ((minutes <= limit) == ((exact_ms != -1) & (exact_ms <= limit * MS_PER_MIN))).all(), column
        assert (np.abs(minutes - exact_ms / MS_PER_MIN)[exact_ms != -1] < 0.1 + 1e-9).all(), column


def test_bands_and_verdicts_follow_from_the_worst_time(villages):
    worst = villages["time_min_worst"]
    labels = np.select([worst <= 15, worst <= 20, worst > 20], ["≤15", "≤20", ">20"], "")
    assert (villages["band"].fillna("") == labels).all()
    assessed = villages["group"] != "pending"
    assert ((worst <= 20) == (villages["reason"] == ""))[assessed].all()


def test_townships_add_up_to_the_summary(results, summary):
    table = read_table(results, "townships.csv")
    parts, total = table.iloc[:-1], table.iloc[-1]
    assert total["township"] == "合计"
    assert len(parts) == 12
    for column in table.columns.drop(["township", "villages_covered_share", "people_covered_share"]):
        assert parts[column].sum() == total[column], column
    for column in ("villages", "population", "villages_covered", "people_covered", "people_covered_share"):
        assert total[column] == summary[column]
    assert total["people_upto_15_min"] == summary["bands"][0]["people"]
    assert total["villages_outside"] == summary["villages"] - summary["villages_covered"]


def test_facilities_serve_everybody_who_reaches_one(sample_result, facilities, villages):
    circles = sample_result.circles
    reached = circles.home_trips.facility >= 0
    assert facilities["people_served"].sum() == circles.homes.people[reached].sum()
    assert (facilities["people_within"] == facilities["people_solely_served"] + facilities["people_overlapping"]).all()
    solely = facilities["people_solely_served"].sum()
    assert 0 < solely < villages["population"].sum()
    idle = facilities[~facilities["counted"]]
    assert idle[["villages_served", "people_served", "people_within"]].to_numpy().sum() == 0
    assert (facilities.loc[facilities["operating"] == "no", "counted"] == False).all()  # noqa: E712 - a column
    assert not facilities.loc[facilities["outside_county"], "counted"].any()
    assert not facilities.loc[~facilities["tier"].isin(FIXED_TIERS), "counted"].any()


def test_travel_times_are_the_pairs_within_the_largest_band(results, villages, facilities):
    times = pd.read_parquet(results / "travel_times.parquet")
    assert list(times.columns) == ["village_id", "facility_id", "mode", "time_s", "length_m"]
    assert set(times["mode"]) == {"walk", "e_bike", "car"}
    assert times["time_s"].between(0, 20 * 60).all()
    assert (times["length_m"] >= 0).all()
    assert not times.duplicated(["village_id", "facility_id", "mode"]).any()
    counted = facilities.loc[facilities["counted"], "facility_id"]
    main = times[(times["mode"] == "e_bike") & times["facility_id"].isin(counted)]
    nearest = main.groupby("village_id")["time_s"].min()
    known = villages[(villages["time_min_worst"] == villages["time_min"]) & (villages["time_min"] <= 20)]
    assert len(known) > 200
    assert (known.set_index("village_id")["time_s"] == nearest[known["village_id"]]).all()
    assert set(times["facility_id"]) <= set(facilities["facility_id"])


def test_layers_open_in_their_system_with_styles(results, sample_result, villages, facilities):
    path = results / "coverage.gpkg"
    names = {name for name, _ in pyogrio.list_layers(path)}
    assert names == {"boundary", "isochrones", "villages", "gaps", "facilities", "layer_styles"}
    layers = {name: gpd.read_file(path, layer=name) for name in names - {"layer_styles"}}
    for frame in layers.values():
        assert frame.crs == sample_result.county.layers.crs == "EPSG:4549"
    assert (len(layers["villages"]), len(layers["facilities"])) == (len(villages), len(facilities))
    assert layers["villages"].geometry.isna().sum() == 3
    outside = villages[(villages["group"] == "village") & (villages["reason"] != "")]
    assert list(layers["gaps"]["village_id"]) == list(outside["village_id"])
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as book:
        styles = dict(book.execute("select f_table_name, styleQML from layer_styles where useAsDefault"))
    book.close()
    assert {"villages", "facilities", "isochrones"} <= set(styles)
    assert all(text.lstrip().startswith(("<!DOCTYPE qgis", "<?xml", "<qgis")) for text in styles.values())


def test_circles_of_the_layers_nest_and_are_of_counted_facilities(results, facilities):
    areas = gpd.read_file(results / "coverage.gpkg", layer="isochrones").fillna({"facility_id": ""})
    assert areas.geometry.is_valid.all()
    by_limit = {limit: part.set_index("facility_id").geometry for limit, part in areas.groupby("minutes")}
    assert set(by_limit) == {15, 20}
    assert set(by_limit[20].index) == {"", *facilities.loc[facilities["counted"], "facility_id"]}
    inner = by_limit[15]
    assert inner.difference(by_limit[20][inner.index]).area.max() < 1.0
    together = by_limit[20][""]
    assert by_limit[20].drop("").union_all().symmetric_difference(together).area < 0.03 * together.area


def test_the_manifest_tells_what_went_in(manifest, sample_folder, sample_result):
    assert {"program", "command", "versions", "run_date", "region", "inputs", "parameters", "seconds", "files"} <= set(
        manifest
    )
    assert manifest["command"] == "run"
    assert manifest["versions"]["clinicplan"]
    layers = {"region", *sample_result.county.region.layers.present()}
    assert set(manifest["inputs"]) == layers
    for entry in manifest["inputs"].values():
        assert entry["sha256"] == sha256((sample_folder / entry["file"]).read_bytes()).hexdigest()
    assert manifest["region"]["travel"]["access_kmh"] == 4.0
    assert manifest["region"]["layers"]["villages"]["datum"] == "gcj02"
    assert set(manifest["files"]) == AUDITED_FILES - {"manifest.json"}
    assert all((sample_result.out / name).stat().st_size == entry["bytes"] for name, entry in manifest["files"].items())


def test_every_parameter_has_a_source_or_is_called_an_assumption(manifest):
    parameters = pd.DataFrame(manifest["parameters"])
    assert {"mode", "item", "value", "unit", "source"} <= set(parameters.columns)
    assert {"walk", "e_bike", "car"} <= set(parameters["mode"])
    assert parameters["source"].str.strip().str.len().min() > 0


def test_the_map_is_one_light_file_that_says_it_is_a_sample(results):
    page = (results / "map.html").read_text(encoding="utf-8")
    assert len(page.encode()) < 5_000_000
    assert "示例数据" in page
    assert "服务圈" in page
    assert not re.findall(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=[\"']?(?:https?:)?//", page)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_five_figures_read_as_agreed(sample_result, lang):
    lines = headline_lines(replace(sample_result, out=None), lang)
    assert len(lines) == 7
    hold_golden(f"headline_sample.{lang}.txt", "\n".join(lines[:6]) + "\n")


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_plan_of_the_sample_is_the_one_the_guide_shows(sample_folder, lang):
    """Status, counts, money and people outside of the plan for 800,000 yuan; the last line names a folder."""
    from clinicplan import plan
    from clinicplan.report.plan_lines import plan_lines

    result = plan.propose(sample_folder, lang=lang)
    hold_golden(f"plan_sample.{lang}.txt", "\n".join(plan_lines(result, lang)[:4]) + "\n")


# ---------------------------------------- what the sample contains is seen in the result


def test_the_circle_is_that_of_the_policy(sample_result, summary, manifest):
    assert sample_result.county.region.standard.minutes is None
    assert summary["minutes"] == manifest["policy"]["circle_minutes"] == 20
    assert sample_result.county.standard.limit_ms == 20 * MS_PER_MIN


def test_villages_beyond_off_the_road_and_cut_off_are_told_apart(villages, summary):
    reasons = villages[villages["kind"] == "village"]["reason"].value_counts()
    assert reasons["too_far"] >= 10
    assert reasons["off_road"] == 1
    assert reasons["separate_component"] == 1
    cut_off = villages[villages["reason"] == "separate_component"]
    assert summary["unreached"] == list(cut_off["village_id"])
    assert cut_off[["time_s", "time_min", "route_km"]].isna().all(axis=None)


def test_villages_without_a_place_are_set_aside_and_named(villages, summary):
    lost = villages[villages["pending"] == "no_coordinates"]
    assert len(lost) == 3
    (told,) = [item for item in summary["warnings"] if item["code"] == "no_coordinates"]
    assert (told["severity"], told["count"]) == ("pending", 3)
    assert all(village in told["text"] for village in lost["village_id"])
    assert summary["pending"]["people"] == villages.loc[villages["group"] == "pending", "population"].sum()


def test_moved_and_urbanised_villages_stand_in_their_own_line(villages, summary):
    exempt = villages[villages["group"] == "exempt"]
    assert sorted(exempt["status"]) == ["relocated", "urbanised"]
    assert summary["exempt"]["n"] == 2
    assert summary["exempt"]["people"] == exempt["population"].sum()
    assert set(villages.loc[villages["status"] == "planned_relocation", "group"]) <= {"village", "pending"}


def test_a_nearer_clinic_over_the_border_is_shown_and_not_counted(villages, facilities, summary):
    nearer = villages[(villages["nearest_outside_min"] < villages["time_min"]) & (villages["group"] == "village")]
    assert (nearer["reason"] == "too_far").any()
    beyond = set(facilities.loc[facilities["outside_county"], "facility_id"])
    assert set(villages["nearest_outside_id"]) - {""} <= beyond
    assert not set(villages["facility_id"]) & beyond


def test_a_village_of_hamlets_is_within_when_all_are(sample_result, villages):
    split = sample_result.circles.homes.by_natural_village
    hamlets, others = villages[split], villages[~split]
    assert len(hamlets) >= 3
    assert (hamlets["time_min_worst"] > hamlets["time_min"]).any()
    assert (hamlets["people_covered"] <= hamlets["population"]).all()
    assert (others["time_min_worst"].fillna(-1) == others["time_min"].fillna(-1)).all()
    everybody = others["population"].where(others["reason"] == "", 0)
    assert (others["people_covered"] == everybody).all()


def test_supplement_is_apart_from_the_main_share(summary, villages):
    assert summary["with_supplement"]["villages_covered"] > summary["villages_covered"]
    helped = villages[(villages["supplement"].astype(str).str.lower() == "true") & (villages["reason"] == "too_far")]
    assert len(helped) >= summary["with_supplement"]["villages_covered"] - summary["villages_covered"]


# ---------------------------------------- another tool finds the same


def nearest_by_road_ms(search, counted):
    """Time from every node to the nearest counted facility, its access leg included: scipy on the roads as they are."""
    network, legs = search.joined.network, search.joined.legs
    goal = search.n_homes + np.flatnonzero(counted)
    goal = goal[search.joined.arrival[goal] >= 0]
    start = network.n_nodes
    tail = np.r_[network.head, np.full(goal.size, start)]
    head = np.r_[network.tail, search.joined.arrival[goal]]
    time_ms = np.r_[network.time_ms, legs.access_ms[goal]].astype(float)
    order = np.lexsort((time_ms, head, tail))
    first = np.r_[True, (np.diff(tail[order]) != 0) | (np.diff(head[order]) != 0)]
    chosen = order[first]
    graph = csr_array((time_ms[chosen], (tail[chosen], head[chosen])), shape=(start + 1, start + 1))
    return dijkstra(graph, indices=start)[:-1]


def nearest_on_foot_ms(x, y, search, counted, rule, barriers):
    """Time of the shortest straight walk to a counted facility that meets no barrier, by trying all."""
    legs = search.joined.legs
    best = np.inf
    for goal in search.n_homes + np.flatnonzero(counted):
        length_mm = round(float(np.hypot(legs.x[goal] - x, legs.y[goal] - y)) * 1000)
        if length_mm > rule.max_access_m * 1000:
            continue
        walk = shapely.LineString([(x, y), (legs.x[goal], legs.y[goal])])
        inner = shapely.ops.substring(walk, 0.001, walk.length - 0.001) if walk.length > 0.002 else walk
        if walk.length > 0.002 and barriers.query(inner, predicate="intersects").size:
            continue
        best = min(best, round(Fraction(length_mm) * Fraction(36, 10) / Fraction(rule.access_kmh)))
    return best


@pytest.mark.parametrize("mode", ["e_bike", "walk", "car"])
def test_scipy_on_the_roads_as_they_are_finds_the_same_times(sample_result, mode):
    """Thirty seeded homes, to the millisecond: contraction, kernels and nearest search change nothing."""
    circles = sample_result.circles
    search, homes, rule = circles.searches[mode], circles.homes, circles.rule
    by_road = nearest_by_road_ms(search, circles.counted)
    barriers = shapely.STRtree(search.network.barrier_lines)
    trips = circles.by_mode[mode]
    single = np.flatnonzero(~homes.by_natural_village[homes.village])
    for home in np.sort(np.random.default_rng(20).choice(single, 30, replace=False)):
        node, leg_ms = search.joined.departure[home], search.joined.legs.access_ms[home]
        road = np.inf if node < 0 else by_road[node] + leg_ms
        walk = nearest_on_foot_ms(homes.x[home], homes.y[home], search, circles.counted, rule, barriers)
        expected = -1 if np.isinf(min(road, walk)) else int(min(road, walk))
        village = homes.village[home]
        assert trips.time_ms[village] == expected, circles.villages["village_id"].iloc[village]
        if expected >= 0 and road != walk:
            assert trips.direct[village] == (walk < road)


def test_villages_of_hamlets_are_the_mean_over_their_people(sample_result):
    """Mean time, rounded half up, from the times of the homes; the worst of them decides."""
    circles = sample_result.circles
    homes, trips = circles.homes, circles.home_trips
    for village in np.flatnonzero(homes.by_natural_village):
        own = np.flatnonzero(homes.village == village)
        people, time_ms = homes.people[own], trips.time_ms[own]
        if (time_ms < 0).any():
            continue
        mean = Fraction(int((people * time_ms).sum()), int(people.sum()))
        assert circles.village_trips.time_ms[village] == int(mean + Fraction(1, 2))
        assert circles.village_trips.worst_ms[village] == time_ms.max()
        assert circles.village_trips.people_within[village] == people[time_ms <= 20 * MS_PER_MIN].sum()


# ---------------------------------------- properties that no county breaks


def again(result, *, facilities=None, network=None):
    """Test the circle under the mode of the standard alone, one thing changed."""
    layers, mode = result.county.layers, result.circles.rule.mode
    return service_circles(
        layers.villages,
        layers.facilities if facilities is None else facilities,
        {mode: result.county.networks[mode] if network is None else network},
        result.circles.rule,
        natural_villages=layers.natural_villages,
    )


def people_within(circles):
    return int(circles.village_trips.people_within[circles.group == "village"].sum())


def as_far(trips):
    """Times with no route as farthest."""
    return np.where(trips.time_ms < 0, np.iinfo(np.int64).max, trips.time_ms)


@pytest.mark.parametrize(("factor", "sign"), [(1.2, -1), (0.8, 1)])
def test_faster_roads_never_cover_less_and_slower_never_more(sample_result, factor, sign):
    mode = sample_result.circles.rule.mode
    network = sample_result.county.roads.network(read_speeds().mode(mode), speed_factor=factor)
    other, usual = again(sample_result, network=network), sample_result.circles
    assert (sign * as_far(other.home_trips) >= sign * as_far(usual.home_trips)).all()
    assert sign * people_within(other) < sign * people_within(usual)


def test_a_further_clinic_never_covers_less_and_one_fewer_never_more(sample_result):
    usual, facilities = sample_result.circles, sample_result.county.layers.facilities
    outside = np.flatnonzero((usual.group == "village") & (usual.reason == "too_far"))
    clinic = facilities[(facilities["tier"] == "village_clinic") & usual.counted].iloc[[0]].copy()
    clinic["facility_id"] = "NEW"
    clinic["geometry"] = [usual.villages.geometry.iloc[outside[0]]]
    more = again(sample_result, facilities=pd.concat([facilities, clinic], ignore_index=True))
    assert (as_far(more.home_trips) <= as_far(usual.home_trips)).all()
    assert people_within(more) > people_within(usual)
    served = np.flatnonzero(usual.facility_figures["people_solely_served"].to_numpy() > 0)[0]
    fewer = again(sample_result, facilities=facilities.drop(index=served).reset_index(drop=True))
    assert (as_far(fewer.home_trips) >= as_far(usual.home_trips)).all()
    assert people_within(fewer) < people_within(usual)


def test_the_order_of_rows_changes_no_answer(sample_result):
    """Facilities and villages shuffled: every village keeps its time, its facility and its reason."""
    county, circles = sample_result.county, sample_result.circles
    random = np.random.default_rng(3)
    mixed_villages = county.layers.villages.sample(frac=1, random_state=random).reset_index(drop=True)
    mixed_facilities = county.layers.facilities.sample(frac=1, random_state=random).reset_index(drop=True)
    other = service_circles(
        mixed_villages,
        mixed_facilities,
        {circles.rule.mode: county.networks[circles.rule.mode]},
        circles.rule,
        natural_villages=county.layers.natural_villages,
    )
    columns = ["facility_id", "time_s", "route_km", "way", "reason", "nearest_outside_id", "people_covered", "group"]
    usual, shuffled = (village_table(each).set_index("village_id")[columns].sort_index() for each in (circles, other))
    pd.testing.assert_frame_equal(usual, shuffled)


# ---------------------------------------- the same inputs give the same bytes


TWICE = """
import sys
from clinicplan import plan
plan.run(sys.argv[1], out=sys.argv[2], products=frozenset({"tables", "map"}))
"""


def test_another_process_writes_the_same_bytes(sample_folder, results, tmp_path):
    """Other hash seed, one thread, no isochrones of single facilities: every json, csv and html is the same.

    So `coverage` and `run` agree, too.
    """
    subprocess.run(
        [sys.executable, "-c", TWICE, str(sample_folder), str(tmp_path / "again")],
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "7", "NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )
    for name in ("summary.json", "villages.csv", "facilities.csv", "townships.csv", "map.html"):
        assert (tmp_path / "again" / name).read_bytes() == (results / name).read_bytes(), name
    tables = [pd.read_parquet(folder / "travel_times.parquet") for folder in (results, tmp_path / "again")]
    pd.testing.assert_frame_equal(*tables)


@pytest.mark.slow
def test_the_whole_run_twice_gives_the_same_layers(sample_folder, results, tmp_path):
    run(sample_folder, out=tmp_path / "again")
    for name in ("boundary", "isochrones", "villages", "gaps", "facilities"):
        usual, other = (gpd.read_file(folder / "coverage.gpkg", layer=name) for folder in (results, tmp_path / "again"))
        assert usual.geometry.to_wkb().equals(other.geometry.to_wkb())
        pd.testing.assert_frame_equal(usual.drop(columns="geometry"), other.drop(columns="geometry"))


# ---------------------------------------- real regions from an extract alone


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real data of ../shared are not here")
@pytest.mark.parametrize(("name", "people"), [("andorra", 83_888), ("liechtenstein", 37_269)])
def test_a_country_from_its_extract_to_its_results(program, tmp_path, name, people):
    (extract,) = (SHARED / name).glob("*.osm.pbf")
    code, out, _ = program(
        "init", tmp_path / "region", "--from-osm", extract, "--boundary", SHARED / name / "admin_osm.geojson"
    )
    assert code == 0
    assert f"{people:,}" in out
    code, out, err = program("run", tmp_path / "region", "--out", tmp_path / "results", "--json")
    assert code == 0, err
    summary = json.loads(out)
    assert {path.name for path in (tmp_path / "results").iterdir()} == RUN_FILES
    groups = sum(summary[group]["people"] for group in ("communities", "exempt", "pending"))
    assert summary["population"] + groups == people
    assert (summary["minutes"], summary["policy"]) == (15, None)
    assert sum(band["villages"] for band in summary["bands"]) + len(summary["unreached"]) == summary["villages"]
    assert json.loads((tmp_path / "results" / "manifest.json").read_text(encoding="utf-8"))["lang"] == "en"
    assert 0 < summary["people_covered_share"] < 1
    assert "Reading the roads" in err
    villages = read_table(tmp_path / "results", "villages.csv")
    assert list(villages.columns[: len(VILLAGE_COLUMNS)]) == VILLAGE_COLUMNS
    assert villages["population"].sum() == people


# ---------------------------------------- the command line


@pytest.fixture
def program(monkeypatch, capfd):
    """The command line as a shell calls it: exit code, standard output, standard error."""

    def call(*arguments):
        capfd.readouterr()
        monkeypatch.setattr(sys, "argv", ["clinicplan", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        out, err = capfd.readouterr()
        return stopped.value.code, out, err

    return call


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """The drawn county of `county.py`, as files."""
    return drawing.write_county(drawing.draw_county(), tmp_path_factory.mktemp("drawn") / "region").parent


@pytest.fixture(scope="module")
def drawn_results(drawn, tmp_path_factory):
    return run(drawn, out=tmp_path_factory.mktemp("drawn-results") / "results").out


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_run_says_the_five_figures_and_where_the_files_are(program, drawn, tmp_path, lang):
    out = tmp_path / "results"
    code, said, progress = program("run", drawn, "--out", out, "--lang", lang)
    assert code == 0
    assert {path.name for path in out.iterdir()} == RUN_FILES
    hold_golden(f"run.{lang}.txt", said.replace(str(tmp_path), "FOLDER").replace("\\", "/"))
    hold_golden(f"run_progress.{lang}.txt", progress)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_check_says_what_it_found(program, drawn, tmp_path, lang):
    code, said, _ = program("check", drawn, "--out", tmp_path / "checked", "--lang", lang)
    assert code == 0
    assert {path.name for path in (tmp_path / "checked").iterdir()} == {"check.csv", "manifest.json"}
    hold_golden(f"check.{lang}.txt", said)
    assert (tmp_path / "checked" / "check.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    table = pd.read_csv(tmp_path / "checked" / "check.csv", encoding="utf-8-sig")
    assert len(table) >= 1
    code, said, _ = program("check", drawn, "--json", "--lang", lang)
    assert code == 0
    assert {"severity", "code", "layer", "file", "found", "allowed", "remedy"} <= set(json.loads(said)[0])


def test_tables_of_the_drawn_county_are_as_agreed(drawn_results):
    for name in ("villages.csv", "facilities.csv", "townships.csv"):
        hold_golden(f"drawn_{name}", (drawn_results / name).read_text(encoding="utf-8-sig"))


@pytest.mark.parametrize("command", ["run", "coverage", "isochrones"])
def test_json_alone_stands_on_stdout(program, drawn, tmp_path, command):
    code, out, err = program(command, drawn, "--out", tmp_path / "results", "--json")
    assert code == 0
    assert json.loads(out) == json.loads((tmp_path / "results" / "summary.json").read_text(encoding="utf-8"))
    assert err
    assert json.loads((tmp_path / "results" / "manifest.json").read_text(encoding="utf-8"))["command"] == command


@pytest.mark.parametrize("command", ["run", "coverage", "isochrones", "check"])
def test_quiet_says_nothing(program, drawn, tmp_path, command):
    assert program(command, drawn, "--out", tmp_path / "results", "--quiet") == (0, "", "")


def test_coverage_and_isochrones_write_what_they_own(program, drawn, tmp_path, drawn_results):
    assert program("coverage", drawn, "--out", tmp_path / "coverage", "--quiet")[0] == 0
    assert {path.name for path in (tmp_path / "coverage").iterdir()} == RUN_FILES - {"map.html"}
    assert program("isochrones", drawn, "--out", tmp_path / "isochrones", "--quiet")[0] == 0
    assert {path.name for path in (tmp_path / "isochrones").iterdir()} == {
        "summary.json", "coverage.gpkg", "manifest.json",
    }  # fmt: skip
    usual = (drawn_results / "summary.json").read_bytes()
    assert all((tmp_path / name / "summary.json").read_bytes() == usual for name in ("coverage", "isochrones"))
    whole, single = (
        gpd.read_file(tmp_path / name / "coverage.gpkg", layer="isochrones").fillna({"facility_id": ""})
        for name in ("coverage", "isochrones")
    )
    counted = read_table(drawn_results, "facilities.csv").query("counted")["facility_id"]
    assert set(whole["facility_id"]) == {""}
    assert set(single["facility_id"]) == {"", *counted}
    assert set(single["minutes"]) == {5, 10}


def test_a_result_is_replaced_only_by_force(program, drawn, tmp_path):
    out = tmp_path / "results"
    assert program("coverage", drawn, "--out", out, "--quiet")[0] == 0
    (out / "summary.json").write_text("mine", encoding="utf-8")
    code, said, err = program("coverage", drawn, "--out", out)
    assert (code, said) == (2, "")
    assert "--force" in err
    assert (out / "summary.json").read_text(encoding="utf-8") == "mine"
    assert program("coverage", drawn, "--out", out, "--quiet", "--force")[0] == 0
    assert json.loads((out / "summary.json").read_text(encoding="utf-8"))["region"] == "试验县"


def test_inputs_are_never_replaced_even_by_force(program, drawn, tmp_path):
    """A region folder made by `demo` or `init` has a manifest, yet results go elsewhere."""
    region = shutil.copytree(drawn, tmp_path / "region")
    (region / "manifest.json").write_text("{}", encoding="utf-8")
    before = contents(region)
    for command in ("run", "check"):
        code, _, err = program(command, region, "--out", region, "--force")
        assert code == 2
        assert "输入" in err
    assert program("coverage", region, "--out", tmp_path, "--force", "--lang", "en")[0] == 2
    assert contents(region) == before


def test_demo_does_not_touch_an_earlier_one_without_force(program, drawn, tmp_path):
    """Neither the region nor the results; a half that is in the way stops it before anything is written."""
    for name in ("region", "results"):
        shutil.copytree(drawn, tmp_path / name / name)
        before = contents(tmp_path / name)
        code, out, err = program("demo", "--out", tmp_path / name)
        assert (code, out) == (2, "")
        assert "--force" in err
        assert contents(tmp_path / name) == before


def test_a_map_is_drawn_again_to_the_byte(program, drawn, drawn_results, tmp_path):
    result = shutil.copytree(drawn_results, tmp_path / "results")
    page = (result / "map.html").read_bytes()
    (result / "map.html").unlink()
    code, out, _ = program("map", result)
    assert (code, out.strip()) == (0, str(result / "map.html"))
    assert (result / "map.html").read_bytes() == page
    assert program("map", result, "--lang", "en")[0] == 0
    assert "服务圈" not in (result / "map.html").read_text(encoding="utf-8")
    assert {path.name for path in result.iterdir()} == RUN_FILES


def test_a_map_is_not_drawn_from_other_inputs_than_the_tables(program, drawn, tmp_path):
    region = shutil.copytree(drawn, tmp_path / "region")
    assert program("run", region, "--out", tmp_path / "results", "--quiet")[0] == 0
    page = (tmp_path / "results" / "map.html").read_bytes()
    text = (region / "facilities.csv").read_bytes()
    (region / "facilities.csv").write_bytes(text.replace("正常运行".encode("gb18030"), "停诊".encode("gb18030"), 1))
    code, _, err = program("map", tmp_path / "results", "--lang", "en")
    assert code == 2
    assert "facilities" in err
    assert (tmp_path / "results" / "map.html").read_bytes() == page


@pytest.mark.parametrize("command", [("map",), ("map", "--tiles", "osm")])
def test_only_a_result_has_a_map(program, drawn, tmp_path, command):
    region = shutil.copytree(drawn, tmp_path / "region")
    assert program(*command, region)[0] == 2
    (region / "manifest.json").write_text("{}", encoding="utf-8")
    assert program(*command, region)[0] == 2
    assert not (region / "map.html").exists()


def test_roads_are_summed_up_by_class(program, drawn):
    code, out, _ = program("roads", drawn, "--json")
    assert code == 0
    table = {row["highway"]: row["km"] for row in json.loads(out)}
    assert {"unclassified", "secondary", "tertiary", "track", "residential"} <= set(table)
    assert 100 < sum(table.values()) < 200
    assert program("roads")[0] == 2


def test_a_circle_by_distance_runs_from_end_to_end(program, tmp_path):
    county = drawing.draw_county()
    county.region["standard"] = {"distance_m": 1500, "bands": [5, 10]}
    drawing.write_county(county, tmp_path / "region")
    code, out, err = program("run", tmp_path / "region", "--out", tmp_path / "results", "--json")
    assert code == 0, err
    summary = json.loads(out)
    assert (summary["minutes"], summary["distance_m"], summary["area_covered_share"]) == (None, 1500, None)
    villages = read_table(tmp_path / "results", "villages.csv")
    assessed = villages[villages["group"] == "village"]
    assert ((assessed["route_km"] <= 1.5) == (assessed["reason"] == "")).all()
    assert 0 < summary["villages_covered"] < summary["villages"]


def test_the_way_back_may_differ(program, tmp_path):
    """Facilities that go to the villages ride the one-way roads the other way."""
    times = {}
    for direction in ("to_facility", "from_facility"):
        county = drawing.draw_county()
        county.region["travel"]["direction"] = direction
        drawing.write_county(county, tmp_path / direction)
        times[direction] = plan.run(tmp_path / direction, products=terms.COVERAGE_PRODUCTS).circles.home_trips.time_ms
    assert (times["to_facility"] != times["from_facility"]).any()
