"""Promises of the web map: complete, one file, nothing from outside, the same bytes again, and text stays text."""

from __future__ import annotations

import base64
import dataclasses
import re
import subprocess
import sys

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from chromium import chromium
from clinicplan.errors import LayerError, OutputError
from clinicplan.report import map_cards, map_geometry
from clinicplan.report.map_layers import draw_county
from clinicplan.report.webmap import build_map, render_map, write_map
from pictures import CRS, HOSTILE, county_picture

LAYERS = [
    # key, group, drawing, on at first, number
    ("land", "", "areas", True, None),
    ("water", "ground", "waters", True, None),
    ("circle-20", "circles", "areas", True, None),
    ("circle-15", "circles", "areas", True, None),
    ("road-path", "roads", "lines", False, None),
    ("road-minor", "roads", "lines", False, None),
    ("road-tertiary", "roads", "lines", True, None),
    ("road-secondary", "roads", "lines", True, None),
    ("road-trunk", "roads", "lines", True, None),
    ("townships", "ground", "lines", True, None),
    ("township-names", "ground", "labels", True, None),
    ("boundary", "ground", "lines", True, None),
    ("facility-service_point", "facilities", "points", True, 3),
    ("facility-village_clinic", "facilities", "points", True, 36),
    ("facility-central_clinic", "facilities", "points", True, 3),
    ("facility-community_centre", "facilities", "points", True, 1),
    ("facility-township_hospital", "facilities", "points", True, 3),
    ("facility-central_township_hospital", "facilities", "points", True, 1),
    ("facility-sub_centre", "facilities", "points", True, 1),
    ("facility-county_medical_centre", "facilities", "points", True, 1),
    ("pending", "villages", "points", True, 1),
    ("exempt", "villages", "points", True, 2),
    ("communities", "villages", "points", True, 3),
    ("outside", "villages", "points", True, 16),
    ("band-20", "villages", "points", True, 4),
    ("band-15", "villages", "points", True, 32),
]


@pytest.fixture(scope="module")
def picture():
    return county_picture()


@pytest.fixture(scope="module")
def html(picture):
    return render_map(picture)


# --- what is on the page -------------------------------------------------------------------------------------------


def test_the_layers_are_those_of_the_golden_list(picture):
    drawn = draw_county(picture, "zh")
    assert [(layer.key, layer.group, layer.drawing, layer.show, layer.number) for layer in drawn.layers] == LAYERS


def test_every_village_with_a_position_is_drawn_once(picture):
    drawn = draw_county(picture, "zh")
    ids = [
        feature["properties"]["id"]
        for layer in drawn.layers
        if layer.group == "villages"
        for feature in layer.data["features"]
    ]
    assert sorted(ids) == sorted(picture.villages.loc[picture.villages.geometry.notna(), "village_id"])


def test_every_layer_on_the_page_has_a_legend_entry_but_ground_and_names(picture):
    drawn = draw_county(picture, "zh")
    assert {layer.key for layer in drawn.layers if not layer.entries} == {"land", "township-names"}


def test_the_page_carries_title_date_standard_figures_and_every_statement(picture, html):
    for text in (picture.title, picture.date, picture.standard_text, picture.mode_text, *picture.statements):
        assert text in html
    for label, value in picture.figures:
        assert f"<dt>{label}</dt><dd>{value}</dd>" in html


def test_rows_without_a_position_are_listed_with_their_reason(picture, html):
    listed = re.search(r'<details id="cp-pending">.*?</details>', html).group()
    assert listed.count("<li>") == len(picture.pending) == 3
    assert listed.count("缺坐标") == 2
    assert listed.count("缺人口数") == 1


def test_nothing_on_the_page_links_outside(html):
    assert not re.findall(r"""(?:src|href|action)\s*=\s*["']?\s*(?:https?:)?//""", html)
    assert not re.findall(r"""url\(\s*["']?(?:https?:)?//""", html)
    assert "@import" not in html
    assert "default-src 'none'" in html
    assert "connect-src" not in html


def test_the_page_is_small(html):
    assert len(html.encode()) < 600_000


def test_the_same_picture_gives_the_same_bytes(picture, html, tmp_path):
    first = write_map(picture, tmp_path / "one.html")
    assert first.read_bytes() == render_map(county_picture()).encode() == html.encode()


def test_no_random_id_is_left(html):
    assert not re.findall(r"_[0-9a-f]{32}\b", html)


def test_a_map_that_was_rendered_once_renders_the_same_again(picture):
    from clinicplan.report.offline_page import render_page

    web_map = build_map(picture)
    assert render_page(web_map) == render_page(web_map)


@pytest.mark.parametrize("missing", ["townships", "roads", "water", "circles"])
def test_a_county_without_an_optional_layer_has_a_map(picture, missing):
    assert missing not in render_map(dataclasses.replace(picture, **{missing: None}))[:10]
    empty = getattr(picture, missing).iloc[:0]
    assert render_map(dataclasses.replace(picture, **{missing: empty}))


def test_a_county_without_villages_or_facilities_has_a_map(picture):
    bare = dataclasses.replace(picture, villages=picture.villages.iloc[:0], facilities=picture.facilities.iloc[:0])
    assert "points" not in {layer.drawing for layer in draw_county(bare, "zh").layers}
    assert render_map(bare)


def test_english_speaks_english(picture):
    drawn = draw_county(picture, "en")
    names = [name for layer in drawn.layers for name in (layer.name, *(entry for entry, _ in layer.entries))]
    assert all(name.isascii() or "–" in name for name in names)
    assert 'lang="en"' in render_map(picture, lang="en")


# --- numbers -------------------------------------------------------------------------------------------------------


def test_a_printed_minute_never_crosses_the_standard(picture):
    """20 minutes to the millisecond is inside; one millisecond more is printed 20.1."""
    assert map_cards.printed(20.0, picture) == "20.0"
    assert map_cards.printed(20.0 + 1 / 60_000, picture) == "20.1"
    assert map_cards.printed(15.00002, picture) == "15.1"
    assert map_cards.printed(19.99999, picture) == "19.9"
    assert map_cards.printed(float("nan"), picture) == ""
    assert map_cards.printed(pd.NA, picture) == ""


def test_bands_are_read_from_labels_and_numbers():
    frame = pd.DataFrame({"band": ["≤15", "≤20", ">20", "", None, 15, 20.0, np.nan]})
    assert map_cards.band_numbers(frame, (15, 20)).tolist() == [0, 1, 2, 2, 2, 0, 1, 2]


def test_groups_of_villages():
    frame = pd.DataFrame(
        {
            "kind": ["village", "village", "community", "community", "village", "village", "other"],
            "status": ["ordinary", "ordinary", "ordinary", "ordinary", "urbanised", "planned_relocation", "ordinary"],
            "within_standard": pd.array([True, False, True, False, False, None, None], dtype="boolean"),
        }
    )
    assert map_cards.village_groups(frame).tolist() == [
        "inside", "outside", "community", "community_outside", "exempt", "pending", "pending",
    ]  # fmt: skip


def test_a_standard_by_distance_has_a_layer_beyond_the_last_band(picture):
    villages = picture.villages.assign(within_standard=pd.array([True] * len(picture.villages), dtype="boolean"))
    drawn = draw_county(dataclasses.replace(picture, villages=villages, limit_min=None), "zh")
    assert "band-beyond" in {layer.key for layer in drawn.layers}
    assert "outside" not in {layer.key for layer in drawn.layers}


# --- geometry ------------------------------------------------------------------------------------------------------


def _unpacked(part):
    return np.cumsum(np.array(part).reshape(-1, 2), axis=0)[:, ::-1] / map_geometry.UNITS_PER_DEGREE


def test_packed_lines_are_true_to_a_metre_and_a_half_over_the_tolerance(picture):
    line = picture.roads.geometry.iloc[0]
    drawn = map_geometry.draw_lines([line], CRS)
    back = gpd.GeoSeries([shapely.LineString(_unpacked(drawn.parts[0]))], crs=map_geometry.WEB_CRS).to_crs(CRS).iloc[0]
    assert back.hausdorff_distance(line) < map_geometry.TOLERANCE_M + 1.5
    assert drawn.vertices == len(back.coords) < len(line.coords)


def test_rounding_errors_do_not_add_up():
    """A thousand steps of 0.4 units each: every point is within half a unit of the true one."""
    steps = np.column_stack([np.arange(1000) * 0.4e-5 + 120, np.zeros(1000) + 29])
    back = _unpacked(map_geometry._pack(steps))
    assert abs(back[-1, 0] - steps[-1, 0]) <= 0.51e-5


def test_circles_are_cut_into_disjoint_rings_of_the_same_area(picture):
    rings = map_geometry.disjoint_circles(picture.circles)
    inner, outer = (shape for _, shape in rings)
    assert [minutes for minutes, _ in rings] == [15.0, 20.0]
    assert inner.intersection(outer).area < 1
    largest = picture.circles.geometry[picture.circles["minutes"] == 20].union_all()
    assert inner.area + outer.area == pytest.approx(largest.area, rel=1e-9)


def test_areas_are_simplified_further_when_they_are_many():
    circle = shapely.Point(0, 0).buffer(20_000, quad_segs=2000)
    base = gpd.GeoSeries([circle], crs=CRS).translate(500_000, 3_200_000).iloc[0]
    (fine,) = map_geometry.draw_areas([base], CRS)
    (coarse,) = map_geometry.draw_areas([base], CRS, most_vertices=fine.vertices - 10)
    assert coarse.vertices < fine.vertices
    assert coarse.tolerance_m == 2 * fine.tolerance_m == 30


def test_holes_are_kept_and_specks_are_not():
    hole, speck = shapely.box(2000, 2000, 3000, 3000), shapely.box(5000, 5000, 5040, 5040)
    shape = shapely.box(0, 0, 10_000, 10_000).difference(hole).difference(speck)
    (drawn,) = map_geometry.draw_areas([gpd.GeoSeries([shape]).translate(500_000, 3_200_000).iloc[0]], CRS)
    assert [len(polygon) for polygon in drawn.parts] == [2]


def test_roads_beyond_the_budget_are_left_out_from_the_minor_ones_up_and_the_page_says_so(picture, monkeypatch):
    whole = map_geometry.draw_roads(picture.roads)
    budget = sum(shape.vertices for name, shape in whole.classes if name in ("trunk", "secondary"))
    cut = map_geometry.draw_roads(picture.roads, most_vertices=budget)
    assert [name for name, _ in cut.classes] == ["trunk", "secondary"]
    assert [name for name, _ in cut.dropped_km] == ["tertiary", "minor", "path"]
    monkeypatch.setattr(map_geometry.draw_roads, "__kwdefaults__", {"most_vertices": budget})
    assert "未绘支线道路" in "".join(draw_county(picture, "zh").notes)


def test_a_border_between_two_townships_is_drawn_once():
    left, right = shapely.box(0, 0, 5_000, 5_000), shapely.box(5_000, 0, 10_000, 5_000)
    areas = gpd.GeoSeries([left, right]).translate(500_000, 3_200_000).to_numpy()
    drawn = map_geometry.draw_borders(areas, CRS)
    assert len(drawn.parts) == 3


def test_collections_of_collections_are_drawn_whole():
    line = shapely.LineString([(500_000, 3_200_000), (501_000, 3_200_000)])
    away = shapely.LineString([(510_000, 3_200_000), (511_000, 3_200_000)])
    nested = shapely.GeometryCollection([shapely.MultiLineString([line, away]), shapely.Point(0, 0)])
    assert len(map_geometry.draw_lines([nested, None, shapely.LineString()], CRS).parts) == 2


def test_a_label_stands_inside_its_area_and_clear_of_symbols():
    area = shapely.box(0, 0, 10_000, 10_000)
    symbols = np.array([[2_000.0, 5_000.0], [3_000.0, 8_000.0]])
    (place,) = map_geometry.place_labels(gpd.GeoSeries([area]), symbols)
    assert area.contains(place)
    assert np.hypot(*(symbols - [place.x, place.y]).T).min() > 3_000
    (alone,) = map_geometry.place_labels(gpd.GeoSeries([area]), np.empty((0, 2)))
    assert alone.distance(shapely.Point(5_000, 5_000)) < 500


# --- what is refused -----------------------------------------------------------------------------------------------


def test_missing_columns_are_named_all_at_once(picture):
    with pytest.raises(LayerError) as caught:
        dataclasses.replace(
            picture,
            villages=picture.villages.drop(columns=["band", "reason"]),
            pending=picture.pending.drop(columns=["reason"]),
        )
    assert len(caught.value.faults) == 2
    assert "band, reason" in str(caught.value)


def test_degrees_are_refused(picture):
    with pytest.raises(LayerError, match="metric"):
        dataclasses.replace(picture, boundary=picture.boundary.to_crs("EPSG:4326"))


def test_a_plugin_that_would_load_from_outside_is_refused(picture):
    from folium.plugins import Fullscreen

    from clinicplan.report.offline_page import render_page

    web_map = build_map(picture)
    Fullscreen().add_to(web_map)
    with pytest.raises(OutputError, match="fullscreen"):
        render_page(web_map)


def test_marker_clusters_are_carried_inside(picture):
    import folium
    from folium.plugins import MarkerCluster

    from clinicplan.report.offline_page import render_page

    web_map = build_map(picture)
    cluster = MarkerCluster().add_to(web_map)
    folium.CircleMarker((29.5, 120.9)).add_to(cluster)
    page = render_page(web_map)
    assert "MarkerClusterGroup" in page
    assert not re.findall(r"""(?:src|href)\s*=\s*["']?https?://""", page)


def test_tiles_come_only_when_asked_for_and_only_from_their_host(picture, html):
    assert "tianditu" not in html
    assert "tile.openstreetmap.org" not in html
    page = render_map(picture, tiles="osm")
    assert "img-src data: blob: https://tile.openstreetmap.org;" in page
    assert "需联网" in page
    page = render_map(picture, tiles="tianditu", tianditu_key="abc123")
    assert "LAYER=vec" in page
    assert "LAYER=cva" in page
    assert "img-src data: blob: https://*.tianditu.gov.cn;" in page


@pytest.mark.parametrize("key", [None, "", "a b", "x</script>", "k&tk=2"])
def test_tianditu_without_a_usable_key_is_refused(picture, key):
    with pytest.raises(OutputError, match="key"):
        build_map(picture, tiles="tianditu", tianditu_key=key)


def test_importing_the_module_does_not_load_folium():
    code = "import sys, clinicplan.report.webmap; sys.exit(bool({'folium', 'branca', 'matplotlib'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- in a browser --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture(scope="module")
def file(html, tmp_path_factory):
    path = tmp_path_factory.mktemp("map") / "map.html"
    path.write_bytes(html.encode())
    return path


@pytest.fixture
def page(browser, file):
    browser.resize(1440, 900)
    browser.open(file)
    assert browser.wait_until("return Boolean(window.clinicplan && clinicplan.map)")
    yield browser
    assert browser.console() == []
    assert {address.partition(":")[0] for address in browser.requests()} <= {"file", "data"}


def _marker(key, number=0):
    return f"clinicplan.items.filter(i => i.about.key === '{key}')[0].layer.markers[{number}]"


def _click(page, x, y):
    for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
        page.driver.execute_cdp_cmd(
            "Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1}
        )


def test_the_page_draws_and_asks_for_nothing(page):
    painted = page.run(
        "return Array.from(document.querySelectorAll('.leaflet-pane canvas')).map(canvas => {"
        " var data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data, n = 0;"
        " for (var i = 3; i < data.length; i += 4) { n += data[i] > 0; } return n; })"
    )
    # Four canvases below (areas, water, roads, borders), one for lines of open cards, one for symbols.
    assert sorted(count > 300 for count in painted)[-5:] == [True] * 5
    assert page.run("return document.querySelectorAll('.cp-place').length") == 6


def test_asking_the_network_is_refused_by_the_page_itself(browser, file):
    browser.open(file)
    refused = browser.run(
        "return new Promise(done => { document.addEventListener('securitypolicyviolation', () => done(true));"
        " new Image().src = 'http://127.0.0.1:9/x.png'; setTimeout(() => done(false), 3000); })"
    )
    browser.console()
    browser.requests()
    assert refused is True


def test_layers_switch_on_and_off_and_the_legend_follows(page):
    """Each layer is clicked twice; minor roads are off at first and absent from the legend."""
    page.run("document.querySelector('.cp-layers details').open = true")
    for key in ("circle-15", "outside", "facility-village_clinic", "township-names", "road-path"):
        state = (
            f"var item = clinicplan.items.filter(i => i.about.key === '{key}')[0], entry = item.about.entries[0];"
            "var legend = document.querySelector('.cp-legend').innerHTML;"
            "return [clinicplan.map.hasLayer(item.layer), entry ? legend.includes('>' + entry.name + '<') : null]"
        )
        on, named = page.run(state)
        assert named in (on, None)
        page.run(f"document.querySelector('[data-key=\"{key}\"]').click()")
        assert page.run(state) == [not on, None if named is None else not on]
        page.run(f"document.querySelector('[data-key=\"{key}\"]').click()")
        assert page.run(state) == [on, named]


def test_a_click_on_a_village_opens_its_card_and_shows_its_facility(page, picture):
    """The village outside with number 5 is clicked where it is drawn; the card repeats the row of the table."""
    village_id = page.run(f"return {_marker('outside', 5)}.about.id")
    row = picture.villages.set_index("village_id").loc[village_id]
    page.run(f"clinicplan.map.setView({_marker('outside', 5)}.getLatLng(), 13, {{animate: false}})")
    x, y = page.run(
        f"var p = clinicplan.map.latLngToContainerPoint({_marker('outside', 5)}.getLatLng());"
        "var box = clinicplan.map.getContainer().getBoundingClientRect(); return [p.x + box.left, p.y + box.top]"
    )
    _click(page, x, y)
    assert page.wait_until("return Boolean(document.querySelector('.cp-card'))")
    card = page.run("return document.querySelector('.cp-card').innerText")
    for part in ("name", "township", "facility_name"):
        assert row[part] in card
    assert "20分钟服务圈外 · 路程过远" in card
    assert f"{row['route_km']:.2f} km" in card
    assert f"{row['population']}人" in card
    assert f"{row['time_min']:.1f}" in card
    assert f"{row['time_min_walk']:.1f}" in card
    assert page.run("return document.querySelector('.cp-modes .cp-now').innerText").startswith("电动自行车")


def test_the_card_of_a_facility_says_what_it_serves(page, picture):
    page.run(f"{_marker('facility-village_clinic', 3)}.openPopup()")
    facility_id = page.run(f"return {_marker('facility-village_clinic', 3)}.about.id")
    row = picture.facilities.set_index("facility_id").loc[facility_id]
    card = page.run("return document.querySelector('.cp-card').innerText")
    for part in (row["name"], "村卫生室", f"{row['villages_served']}", f"{row['people_served']}人"):
        assert part in card


def _search(page, text, key=None):
    page.run(
        "var f = document.getElementById('cp-search-field'); f.value = arguments[0];"
        "f.dispatchEvent(new Event('input'));"
        "if (arguments[1]) { f.dispatchEvent(new KeyboardEvent('keydown', {key: arguments[1], bubbles: true})); }",
        text,
        key,
    )
    return page.run("return Array.from(document.querySelectorAll('#cp-results li')).map(line => line.innerText)")


def test_search_finds_by_name_and_by_code_and_jumps(page, picture):
    row = picture.villages.iloc[20]
    assert _search(page, row["name"])[0].startswith(row["name"])
    assert len(_search(page, row["village_id"])) == 1
    page.run("document.querySelector('[data-key=\"band-15\"]').click()")
    _search(page, row["village_id"], "Enter")
    assert row["name"] in page.run("return document.querySelector('.cp-card').innerText")
    assert page.run("return clinicplan.map.getZoom()") >= 13
    assert page.run("return document.querySelector('[data-key=\"band-15\"]').checked") is True
    assert page.run("return document.querySelectorAll('#cp-results li').length") == 0


def test_search_finds_full_width_codes_and_says_when_there_is_nothing(page, picture):
    code = picture.villages["village_id"].iloc[20]
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code)
    assert len(_search(page, wide)) == 1
    assert _search(page, "没有这个村") == ["没有找到"]
    assert _search(page, "") == []


def test_search_shows_pending_rows_in_their_list(page, picture):
    row = picture.pending.iloc[0]
    assert "待核" in _search(page, row["village_id"])[0]
    _search(page, row["village_id"], "Enter")
    assert page.run("return document.getElementById('cp-pending').open") is True


def test_scale_is_metric_and_the_attribution_carries_no_flag(page):
    assert re.fullmatch(r"\d+ k?m", page.run("return document.querySelector('.leaflet-control-scale').innerText"))
    assert page.run("return document.querySelector('.leaflet-control-attribution').innerHTML") == "Leaflet"


def test_nothing_is_cut_off_or_covers_another_box(page):
    for width, height in ((1440, 900), (1024, 768), (1920, 1080), (1280, 720)):
        page.resize(width, height)
        page.run("clinicplan.home()")
        boxes = page.run(
            "return ['#cp-title h1', '#cp-figures', '.cp-legend', '.leaflet-control-zoom', '.cp-buttons', '.cp-layers',"
            " '.leaflet-control-scale'].map(name => { var b = document.querySelector(name).getBoundingClientRect();"
            " return [b.left, b.top, b.right, b.bottom]; })"
        )
        for number, (left, top, right, bottom) in enumerate(boxes):
            assert 0 <= left < right <= width
            assert 0 <= top < bottom <= height
            inner = shapely.box(left + 1, top + 1, right - 1, bottom - 1)
            assert not shapely.intersects(inner, [shapely.box(*other) for other in boxes[:number]]).any()


def test_the_whole_county_stands_beside_the_legend(page):
    legend, south_west = page.run(
        "return [document.querySelector('.cp-legend').getBoundingClientRect().right -"
        " clinicplan.map.getContainer().getBoundingClientRect().left,"
        " clinicplan.map.latLngToContainerPoint(clinicplan.bounds[0]).x]"
    )
    assert south_west > legend


def test_packed_geometry_is_unpacked_where_it_belongs(page):
    """The boundary as the page draws it spans the corners that Python computed, to the tolerance of 15 m."""
    drawn = page.run(
        "var b = clinicplan.items.filter(i => i.about.key === 'boundary')[0].layer.getBounds();"
        "return [[b.getSouth(), b.getWest()], [b.getNorth(), b.getEast()]]"
    )
    assert np.abs(np.array(drawn) - page.run("return clinicplan.bounds")).max() < 0.0003


def test_folding_the_panel_gives_the_map_its_room(page):
    before = page.run("return clinicplan.map.getSize().x")
    page.run("document.getElementById('cp-fold').click()")
    assert page.run("return clinicplan.map.getSize().x") == before + 320


def test_the_page_prints_on_one_sheet_and_comes_back(page):
    before = page.run("return [clinicplan.map.getSize().x, clinicplan.map.getZoom()]")
    answer = page.driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True})
    sheet = base64.b64decode(answer["data"])
    assert re.findall(rb"/Count (\d+)", sheet) == [b"1"]
    assert page.wait_until("return !document.body.classList.contains('cp-print')")
    assert page.run("return [clinicplan.map.getSize().x, clinicplan.map.getZoom()]") == before


def test_the_print_view_carries_title_legend_statements_and_no_buttons(page):
    page.run("clinicplan.printView(clinicplan.map, true)")
    shown = page.run(
        "return ['#cp-title', '#cp-figures', '.cp-legend', '#cp-statements ul', '.leaflet-control-scale', '.cp-north',"
        " '#cp-search', '.cp-layers', '.cp-buttons', '#cp-fold', '.cp-screen'].map(name =>"
        " document.querySelector(name).getClientRects().length > 0)"
    )
    page.run("clinicplan.printView(clinicplan.map, false)")
    assert shown == [True] * 6 + [False] * 5


def test_symbols_keep_their_order_after_switching(page):
    """Clinics go off and on again: villages must still be drawn above them."""
    page.run(
        "for (var i = 0; i < 2; i += 1) { document.querySelector('[data-key=\"facility-village_clinic\"]').click(); }"
    )
    order = page.run(
        "var order = [], at = clinicplan.map._renderer._drawFirst;"
        "while (at) { order.push(at.layer.about ? at.layer.about.type : ''); at = at.next; } return order"
    )
    assert order == sorted(order)  # "facility" before "village"


# --- hostile text --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hostile():
    picture = county_picture(names=dict(enumerate(HOSTILE, start=20)))
    n = len(HOSTILE)
    facilities = picture.facilities.copy()
    facilities.loc[10 : 9 + n, "name"] = list(HOSTILE)
    facilities["township"] = [HOSTILE[index % n] for index in range(len(facilities))]
    townships = picture.townships.assign(township=[HOSTILE[index % n] for index in range(len(picture.townships))])
    villages = picture.villages.copy()
    villages["reason"] = villages["reason"].where(villages["reason"] == "", HOSTILE[0])
    villages["township"] = [HOSTILE[index % n] for index in range(len(villages))]
    villages["village_id"] = [f"{HOSTILE[index % n]}{index}" for index in range(len(villages))]
    villages["facility_name"] = [HOSTILE[index % n] for index in range(len(villages))]
    pending = picture.pending.assign(name=list(HOSTILE[:3]), reason=list(HOSTILE[3:6]), township=list(HOSTILE[1:4]))
    everything = " ".join(HOSTILE)
    return dataclasses.replace(
        picture, title=everything, date=HOSTILE[0], standard_text=HOSTILE[1], mode_text=HOSTILE[2],
        statements=(*HOSTILE, everything), figures=tuple((name, name) for name in HOSTILE), facilities=facilities,
        townships=townships, villages=villages, pending=pending,
    )  # fmt: skip


@pytest.fixture(scope="module")
def hostile_file(hostile, tmp_path_factory):
    return write_map(hostile, tmp_path_factory.mktemp("hostile") / "map.html")


@pytest.fixture
def hostile_page(browser, hostile_file):
    browser.resize(1440, 900)
    browser.open(hostile_file)
    assert browser.wait_until("return Boolean(window.clinicplan && clinicplan.map)")
    yield browser
    assert browser.console() == []
    assert {address.partition(":")[0] for address in browser.requests()} <= {"file", "data"}
    inside = "document.body.querySelectorAll('aside script, aside img, .folium-map script, .folium-map img').length"
    assert browser.run(f"return {inside}") == 0


def test_hostile_text_is_nowhere_raw_in_the_file(hostile_file):
    page = hostile_file.read_text(encoding="utf-8")
    for name in HOSTILE:
        if len(name) > 1 and name != "</script>":
            assert name not in page


def test_hostile_text_shows_as_text_in_title_panel_and_labels(hostile_page, hostile):
    text = hostile_page.run(
        "var all = name => Array.from(document.querySelectorAll(name)).map(element => element.textContent);"
        "return {title: document.title, heading: all('h1'), figures: all('#cp-figures dt'),"
        " statements: all('#cp-statements li'), labels: all('.cp-place span'), pending: all('#cp-pending li')}"
    )
    assert text["title"] == hostile.title
    assert text["heading"] == [hostile.title]
    assert text["figures"] == list(HOSTILE)
    assert text["statements"][: len(HOSTILE)] == list(HOSTILE)
    assert text["labels"] == list(hostile.townships["township"])
    for line, (_, row) in zip(text["pending"], hostile.pending.iterrows(), strict=True):
        assert row["name"] in line
        assert row["reason"] in line


def test_hostile_names_show_as_text_in_card_tooltip_and_search(hostile_page, hostile):
    find = (
        "clinicplan.items.reduce((all, i) => all.concat(i.layer.markers || []), [])"
        ".filter(m => m.about.type === 'village' && clinicplan.plain(m.about.id) === arguments[0])[0]"
    )
    read = (
        "return ['.cp-card-head b', '.cp-card-head small', '.cp-tip', '.cp-card table']"
        ".map(name => document.querySelector(name).textContent)"
    )
    for number, name in enumerate(HOSTILE, start=20):
        row = hostile.villages.iloc[number]
        assert row["name"] == name
        assert any(line.split("\n")[0] == name for line in _search(hostile_page, name))
        hostile_page.run(f"var m = {find}; m.openPopup(); m.openTooltip()", row["village_id"])
        head, second, tip, table = hostile_page.run(read)
        assert head == tip == name
        assert second == f"{row['township']} · {row['village_id']}"
        assert row["facility_name"] in table
        hostile_page.run(f"var m = {find}; m.closePopup(); m.closeTooltip(); ", row["village_id"])
        hostile_page.run("document.querySelectorAll('.leaflet-popup, .leaflet-tooltip').forEach(box => box.remove())")
