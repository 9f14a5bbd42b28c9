"""Promise: the figures of a result say what its tables say, look as a planning map must, and never print a box.

The county of `county.py` is planned once a module; figures are drawn from its folder alone.
"""

from __future__ import annotations

import dataclasses
import io
import json
import re
import shutil
import sys
import warnings
import zlib
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import shapely
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from clinicplan import cli, plan
from clinicplan.errors import OutputError
from clinicplan.report import style
from clinicplan.report.figures import (
    charts,
    fonts,
    labels,
    legend,
    lines,
    maps,
    marks,
    notes,
    plan_maps,
    sheet,
    writing,
)
from clinicplan.report.figures.catalogue import figure_entries
from clinicplan.report.figures.far_roads import roads_beyond
from clinicplan.report.figures.record import read_record
from clinicplan.report.figures.township_sheets import township_entries
from county import draw_county, write_county

TITLES = {
    "2-1": "试验县行政村分布图",
    "2-2": "试验县医疗卫生机构现状分布图",
    "3-1": "试验县农村15分钟医疗卫生服务圈现状图",
    "3-2": "试验县农村20分钟医疗卫生服务圈现状图",
    "3-3": "各乡镇常住人口15分钟可达率柱状图",
    "3-4": "试验县服务圈外行政村分布图",
    "3-5": "县乡两级医疗机构可达时间图",
    "5-1": "试验县村卫生室规划布局图",
    "5-2": "现状与规划15分钟服务圈对比图",
    "5-3": "县域医疗卫生次中心布局图（距县域医疗中心15公里以上）",
    "6-1": "投资与服务圈外人口关系图",
    "A-1": "就医时间洛伦兹曲线",
}
"""The trade's titles (chapters 2 to 6 and the annex), for bands of 15 and 20 minutes."""
SCENARIO = 'base = "region.toml"\nname = "近期"\n[siting]\npareto = 3\n[document]\ntitle = "试验县布局规划"\n'


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """A folder of `site` with a frontier."""
    file = write_county(draw_county(), tmp_path_factory.mktemp("county"))
    (file.parent / "near.toml").write_text(SCENARIO, encoding="utf-8")
    out = tmp_path_factory.mktemp("site") / "results"
    plan.propose(file, scenario=file.parent / "near.toml", out=out)
    return out


@pytest.fixture(scope="module")
def record(result):
    return read_record(result)


@pytest.fixture(scope="module")
def with_centres(record):
    """The same result as if the model of sub-centres had answered."""
    ids = record.facilities["facility_id"].astype(str).tolist()
    rows = [
        {"row": "set", "sites": ids[1:2]},
        *(
            {
                "row": "hospital", "facility_id": ids[number], "name": f"卫生院{number}", "centre_id": ids[0],
                "road_km": 12.0 + 3 * number, "chosen": number == 1, "eligible": number < 3, "lacks": lacks,
            }
            for number, lacks in ((1, []), (2, []), (3, ["too_near"]), (4, ["not_central"]))
        ),
    ]  # fmt: skip
    return dataclasses.replace(record, plan={**record.plan, "sub_centres": rows})


def entries_of(record, lang="zh"):
    return {entry.key: entry for entry in figure_entries(record, lang)}


def drawn(record, key, lang="zh", paper="A4"):
    with fonts.house_style():
        return writing.draw_entry(record, entries_of(record, lang)[key], sheet.PAPERS[paper], lang)


DRAWABLE = (
    "settlements", "facilities", "circle-5", "circle-10", "reach", "outside", "ladder", "plan", "comparison",
    "frontier", "lorenz",
)  # fmt: skip
MAPS = ("settlements", "facilities", "circle-5", "circle-10", "outside", "ladder", "plan", "comparison", "sub-centres")


@pytest.fixture(scope="module")
def sheets(record, with_centres):
    """Every figure, drawn once."""
    found = {key: drawn(record, key) for key in DRAWABLE}
    return {**found, "sub-centres": drawn(with_centres, "sub-centres")}


def pixels(figure, dpi=60):
    whole = figure.dpi
    figure.set_dpi(dpi)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    picture = np.asarray(canvas.buffer_rgba())[..., :3].astype(int)
    figure.set_dpi(whole)
    return picture


def texts(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def by_gid(figure, gid):
    return [artist for artist in figure.findobj() if artist.get_gid() == gid]


def test_titles_and_numbers_are_those_of_the_trade(record):
    """With bands of 15 and 20 minutes; every word of every title counts."""
    bands = [{"upto_min": minutes, "villages": 0, "people": 0} for minutes in (15, 20, None)]
    usual = dataclasses.replace(record, summary={**record.summary, "bands": bands, "minutes": 20})
    assert {entry.number: entry.title for entry in figure_entries(usual, "zh")} == TITLES


def test_natural_villages_are_in_the_title_only_where_there_are_any(record):
    ground = dataclasses.replace(record.ground, natural_villages=record.villages[["name", "village_id", "geometry"]])
    entries = entries_of(dataclasses.replace(record, ground=ground))
    assert entries["settlements"].title == "试验县行政村与自然村分布图"
    assert "未提供自然村资料。" in entries_of(record)["settlements"].further


@pytest.mark.parametrize("key", [*DRAWABLE, "sub-centres"])
def test_no_figure_is_blank(sheets, key):
    """At least a fiftieth of the frame is inked, in more than a few colours."""
    picture = pixels(sheets[key].figure)
    inked = (picture < 250).any(axis=2)
    assert inked.mean() > 0.02
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 40


@pytest.mark.parametrize("key", MAPS)
def test_the_legend_explains_exactly_the_layers_drawn(sheets, key):
    (box,) = sheets[key].figure.legends
    shown = [text.get_text() for text in box.get_texts()]
    assert shown == list(marks.labelled_layers(sheets[key].panels))
    assert len(set(shown)) == len(shown)
    assert box.get_title().get_text() == "图  例"


@pytest.mark.parametrize("key", MAPS)
def test_every_layer_in_the_legend_is_seen_on_the_map(sheets, key):
    """A labelled layer of points has a point within the map's limits."""
    for ax in sheets[key].panels:
        (west, east), (south, north) = ax.get_xlim(), ax.get_ylim()
        for line in ax.lines:
            if line.get_label().startswith("_"):
                continue
            x, y = (np.asarray(values, dtype=float) for values in line.get_data())
            assert ((x >= west) & (x <= east) & (y >= south) & (y <= north)).any()


IN_ENGLISH = ("outside", "ladder", "plan", "sub-centres", "frontier")
"""Figures whose English words are much longer than the Chinese ones."""


@pytest.mark.parametrize(
    ("key", "lang"), [*((key, "zh") for key in (*DRAWABLE, "sub-centres")), *((key, "en") for key in IN_ENGLISH)]
)
def test_nothing_is_drawn_outside_its_frame(sheets, record, with_centres, key, lang):
    """Legend, scale and names lie within the inner frame; notes and title block within the page, apart."""
    own = with_centres if key == "sub-centres" else record
    page = sheets[key] if lang == "zh" else drawn(own, key, lang)
    renderer = FigureCanvasAgg(page.figure).get_renderer()
    mm = 25.4 / page.figure.dpi
    left, bottom, width, height = page.paper.frame
    inner = [page.figure.legends[0]] if page.figure.legends else []
    inner += [text for ax in page.panels for text in ax.texts if text.get_gid() == "name"]
    inner += [item for gid in ("scale", "scale-box", "scale-bar", "north") for item in by_gid(page.figure, gid)]
    inner += [page.panels[0].get_legend()] if page.panels[0].get_legend() else []
    west, east = page.panels[0].get_xlim()
    inner += [text for text in page.panels[0].get_xticklabels() if west <= text.get_position()[0] <= east]
    for artist in inner:
        box = artist.get_window_extent(renderer)
        assert box.x0 * mm >= left - 0.1
        assert box.x1 * mm <= left + width + 0.1
        assert box.y0 * mm >= bottom - 0.1
        assert box.y1 * mm <= bottom + height + 0.1
    ends = [text.get_window_extent(renderer).x1 * mm for text in by_gid(page.figure, "note")]
    block = min(text.get_window_extent(renderer).x0 * mm for text in by_gid(page.figure, "block-number"))
    assert max(ends) < block
    for text in page.page.texts:
        box = text.get_window_extent(renderer)
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 * mm <= page.paper.width_mm
        assert box.y1 * mm <= page.paper.height_mm


@pytest.mark.parametrize("key", MAPS)
def test_names_cover_neither_each_other_nor_symbols(sheets, key):
    page = sheets[key]
    renderer = FigureCanvasAgg(page.figure).get_renderer()
    for ax in page.panels:
        names = [text.get_window_extent(renderer) for text in ax.texts if text.get_gid() == "name"]
        for number, one in enumerate(names):
            assert not any(one.overlaps(other) for other in names[number + 1 :])


@pytest.mark.parametrize("key", MAPS)
def test_a_map_has_what_makes_it_a_map(sheets, key):
    page = sheets[key]
    said = texts(page.figure)
    for words in ("北", "项目名称", "编制单位", "编制日期", "版本", "内部用图，不得公开", "试验县布局规划"):
        assert words in said
    joined = "".join(text.get_text() for text in by_gid(page.figure, "note"))
    for words in (
        "2000国家大地坐标系，高斯-克吕格投影，3度带，中央经线120°E", "数据截止日期", "统计口径", "出行方式与速度",
        "服务圈含界", "起讫方向", "待核", "资料来源", "本图行政区域界线仅作示意，不作为行政区域划界依据",
        "本成果为辅助决策",
    ):  # fmt: skip
        assert words in joined
    assert len(by_gid(page.figure, "scale-bar")) == 4
    assert len(by_gid(page.figure, "north")) == 2


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("stretch", [(1.0, 1.0), (1.75, 1.0), (0.4, 1.0)])
def test_the_legend_leaves_the_county_in_view(record, lang, stretch):
    """Square, wide and tall counties; English words need more room than Chinese ones."""
    boundary = record.boundary.set_geometry(record.boundary.scale(*stretch, origin=(record.land.centroid.x, 3_265_000)))
    shaped = dataclasses.replace(record, boundary=boundary)
    for key in ("plan", "comparison"):
        page = drawn(shaped, key, lang)
        assert legend.fits(page, page.figure.legends[0], shaped.land)
        west, south, east, north = shaped.land.bounds
        for ax in page.panels:
            assert ax.get_xlim()[0] < west < east < ax.get_xlim()[1]
            assert ax.get_ylim()[0] < south < north < ax.get_ylim()[1]


@pytest.mark.parametrize("paper", ["A4", "A3"])
@pytest.mark.parametrize("panels", [1, 2])
@pytest.mark.parametrize("size_m", [(6_200, 6_200), (51_100, 37_100), (20_000, 90_000)])
def test_the_scale_is_round_and_true_on_paper(paper, panels, size_m):
    """A county drawn at 1:n is its size divided by n, in millimetres on the paper, and fits its frame."""
    page = sheet.open_map_sheet(sheet.PAPERS[paper], (0, 0, *size_m), panels=panels)
    assert page.denominator in sheet.SCALES
    for ax in page.panels:
        (west, east), (south, north) = ax.get_xlim(), ax.get_ylim()
        box = ax.get_position()
        width_mm, height_mm = box.width * page.paper.width_mm, box.height * page.paper.height_mm
        assert (east - west) / width_mm * 1000 == pytest.approx(page.denominator)
        assert (north - south) / height_mm * 1000 == pytest.approx(page.denominator)
        assert west < 0 < size_m[0] < east
        assert south < 0 < size_m[1] < north


def test_the_scale_bar_is_as_long_as_it_says(sheets):
    page = sheets["plan"]
    bars = by_gid(page.figure, "scale-bar")
    km = float(next(text for text in texts(page.figure) if text.endswith(" 公里")).split()[0])
    assert sum(bar.get_width() for bar in bars) == pytest.approx(km * 1_000_000 / page.denominator)


def test_the_columns_of_the_chart_are_the_shares_of_the_table(record):
    ax = charts.draw_reach_by_township(record)
    rows = record.townships.iloc[:-1]
    tall = {}
    for patch in ax.patches:
        place = round(patch.get_x() + patch.get_width() / 2)
        tall[place] = max(tall.get(place, 0.0), patch.get_y() + patch.get_height())
    shares = 100 * rows["people_upto_10_min"] / rows["population"]
    assert [tall.get(place, 0.0) for place in range(len(rows))] == pytest.approx(shares.tolist())
    assert [label.get_text() for label in ax.get_xticklabels()] == rows["township"].tolist()


def test_the_frontier_shows_every_point_of_the_table(record):
    ax = charts.draw_frontier(record)
    points = [
        xy for line in ax.lines if line.get_gid() in ("exact", "open") for xy in zip(*line.get_data(), strict=True)
    ]
    rows = zip(record.pareto["build_cny"] / 10_000, record.pareto["people_outside"], strict=True)
    assert np.array(sorted(points)) == pytest.approx(np.array(sorted(rows)))


def test_the_maps_count_what_the_summary_counts(record, sheets):
    """Villages by band, villages outside and sites by action stand in the legend with the numbers of the tables."""
    bands = record.summary["bands"]
    said = " ".join(texts(sheets["circle-10"].figure))
    assert f"5分钟内行政村（{bands[0]['villages']}个）" in said
    assert f"5—10分钟行政村（{bands[1]['villages']}个）" in said
    outside = record.summary["villages"] - record.summary["villages_covered"]
    people = record.summary["population"] - record.summary["people_covered"]
    found = re.findall(r"圈外：.*?（(\d+)个村，([\d,]+)人）", " ".join(texts(sheets["outside"].figure)))
    assert sum(int(count) for count, _ in found) == outside
    assert sum(int(number.replace(",", "")) for _, number in found) == people
    actions = record.summary["plan"]["actions"]
    said = " ".join(texts(sheets["plan"].figure))
    assert f"新建（{actions['build']}处）" in said
    assert f"保留（{actions['keep']}处）" in said


def test_every_village_outside_is_named(record, sheets):
    villages = record.villages[record.villages["group"] == "village"]
    outside = villages[~villages["within_standard"].astype(bool)]["name"]
    assert len(outside)
    assert set(outside) <= set(texts(sheets["outside"].figure))


def test_before_and_after_count_what_the_summary_counts(record):
    for planned, summary in ((False, record.summary), (True, record.summary["planned"])):
        within = plan_maps.within_minutes(record, 5.0, planned=planned)
        village = (record.villages["group"] == "village").to_numpy()
        assert int((within & village).sum()) == summary["bands"][0]["villages"]


def test_areas_before_and_after_cover_the_county_once(record):
    """Circle, what the plan adds, what it takes, and what lies beyond: together the county, without overlap."""
    parts = plan_maps._state_areas(record, 5.0, planned=True)
    assert sum(part.area for part in parts.values()) == pytest.approx(record.land.area, rel=0.01)


def test_a_plan_that_changes_no_circle_neither_adds_nor_takes(record):
    """Outlines simplified apart would differ by slivers; what is lost is found before."""
    same = dataclasses.replace(record, planned_circles=record.circles)
    parts = plan_maps._state_areas(same, 5.0, planned=True)
    assert parts["lost"].is_empty
    assert parts["added"].is_empty


def test_drawing_functions_give_back_the_axes_they_get(record, with_centres):
    from matplotlib.figure import Figure

    drawings = (maps.draw_settlements, maps.draw_facilities, maps.draw_outside, plan_maps.draw_plan)
    for draw in (*drawings, charts.draw_lorenz, charts.draw_frontier, charts.draw_reach_by_township):
        ax = Figure().add_subplot()
        ax.set_xlim(*record.boundary.total_bounds[[0, 2]])
        ax.set_ylim(*record.boundary.total_bounds[[1, 3]])
        assert draw(record, ax=ax) is ax
    assert plan_maps.draw_sub_centres(with_centres).figure is not None


@pytest.mark.parametrize(
    ("shares", "gini"), [(([1.0, 1.0], [50.0, 50.0]), 0.0), (([0.0, 10.0], [50.0, 50.0]), 0.5), (([0.0], [9.0]), 0.0)]
)
def test_lorenz_by_hand(shares, gini):
    """Equal times: 0. All minutes on one half of the people: 1 - 1/2. No minutes at all: 0."""
    minutes, people = (np.array(values) for values in shares)
    assert charts.lorenz_curve(minutes, people)[2] == pytest.approx(gini)


def test_a_township_has_a_sheet_of_its_own(record):
    entries = township_entries(record, "zh")
    assert [entry.title for entry in entries] == [
        f"{name}村卫生室规划布局图" for name in ("东山镇", "中溪镇", "西岭乡")
    ]
    with fonts.house_style():
        page = writing.draw_entry(record, entries[0], sheet.PAPERS["A3"], "zh")
    named = {text.get_text() for text in page.panels[0].texts if text.get_gid() == "name"}
    own = set(record.villages.loc[record.villages["township"] == "东山镇", "name"])
    assert named & own
    assert not named & (set(record.villages["name"]) - own)


def test_without_a_plan_the_figures_of_a_plan_say_what_they_lack(record):
    bare = dataclasses.replace(record, plan=None, proposals=None, planned_circles=None, pareto=None)
    lacking = {entry.number: entry.lacks for entry in figure_entries(bare, "zh") if entry.lacks}
    assert set(lacking) == {"5-1", "5-2", "5-3", "6-1"}
    assert "clinicplan site" in lacking["5-1"]
    assert "pareto" in lacking["6-1"]
    assert township_entries(bare, "en")[0].lacks


def test_a_choice_of_sub_centres_is_no_layout_of_clinics(with_centres):
    chosen = dataclasses.replace(with_centres, plan={**with_centres.plan, "model": "sub_centres"})
    lacking = {entry.number for entry in figure_entries(chosen, "zh") if entry.lacks}
    assert {"5-1", "5-2"} <= lacking
    assert "5-3" not in lacking


def spoiled(record, **document):
    region = record.region.model_copy(update={"document": record.region.document.model_copy(update=document)})
    return dataclasses.replace(record, region=region)


def test_a_public_map_needs_its_approval_number(record):
    with pytest.raises(OutputError) as raised:
        writing._require_approval(spoiled(record, map_use="public"))
    assert raised.value.faults[0].code == "no_approval_number"
    approved = spoiled(record, map_use="public", approval_number="浙S(2026)12号")
    writing._require_approval(approved)
    assert notes.use_line(approved, "zh") == "审图号：浙S(2026)12号"


def program(*arguments, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["clinicplan", *map(str, arguments)])
    return cli._guarded(lambda: cli.app(list(map(str, arguments)), standalone_mode=False))


def test_the_command_stops_a_public_map_without_a_number(result, tmp_path, monkeypatch, capsys):
    copy = tmp_path / "public"
    shutil.copytree(result, copy)
    manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    manifest["region"]["document"]["map_use"] = "public"
    (copy / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    assert program("figures", copy, monkeypatch=monkeypatch) == 2
    assert "approval_number" in capsys.readouterr().err
    assert not (copy / "figures").exists()


def test_a_folder_that_is_no_result_is_refused(tmp_path, monkeypatch, capsys):
    assert program("figures", tmp_path, monkeypatch=monkeypatch) == 2
    assert str(tmp_path) in capsys.readouterr().err


@pytest.fixture(scope="module")
def written(result, tmp_path_factory):
    """Three figures and the atlas, written twice; single pictures small."""
    folders = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing, "DPI", 40)
        whole = writing.figure_entries
        patch.setattr(
            writing, "figure_entries",
            lambda record, lang: tuple(e for e in whole(record, lang) if e.key in ("outside", "reach", "sub-centres")),
        )  # fmt: skip
        for number in range(2):
            folder = tmp_path_factory.mktemp("copy") / "results"
            shutil.copytree(result, folder)
            report = writing.write_figures(folder, lang="zh", townships=number == 0)
            folders.append((folder / "figures", report))
    return folders


def test_every_figure_is_written_in_three_formats_and_listed(written):
    folder, report = written[0]
    listed = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    files = [name for figure in listed["figures"] for name in figure["files"]]
    assert sorted(files) == sorted(["3-4_outside.pdf", "3-4_outside.png", "3-4_outside.svg", "3-3_reach.pdf",
                                    "3-3_reach.png", "3-3_reach.svg"])  # fmt: skip
    assert {path.name for path in folder.iterdir()} == {*files, "atlas.pdf", "manifest.json"}
    assert [item["number"] for item in listed["not_drawn"]] == ["5-3"]
    said = "\n".join(report.lines("zh"))
    assert "未绘 图5-3 县域医疗卫生次中心布局图" in said
    assert all((folder / name).stat().st_size > 5000 for name in files)


def test_the_same_result_gives_the_same_bytes(written):
    (one, _), (other, _) = written
    for name in ("3-4_outside.svg", "3-3_reach.svg"):
        assert (one / name).read_bytes() == (other / name).read_bytes()
    for name in ("3-4_outside.png", "3-3_reach.pdf"):
        assert (one / name).read_bytes() == (other / name).read_bytes()


def test_no_svg_or_pdf_carries_a_date(written):
    folder, _ = written[0]
    assert "<dc:date>" not in (folder / "3-4_outside.svg").read_text(encoding="utf-8")
    assert b"CreationDate" not in (folder / "3-4_outside.pdf").read_bytes()


def test_the_atlas_is_a3_with_bookmarks_and_embedded_fonts(written):
    from pypdf import PdfReader

    folder, report = written[0]
    book = PdfReader(folder / "atlas.pdf")
    assert len(book.pages) == report.sheets == 5
    marks_of = [mark.title for mark in book.outline]
    assert marks_of[:2] == ["图3-3 各乡镇常住人口5分钟可达率柱状图", "图3-4 试验县服务圈外行政村分布图"]
    assert marks_of[2:] == [
        f"图5-1-{n} {name}村卫生室规划布局图" for n, name in enumerate(("东山镇", "中溪镇", "西岭乡"), 1)
    ]
    assert [book.get_destination_page_number(mark) for mark in book.outline] == list(range(5))
    for page in book.pages:
        assert float(page.mediabox.width) / 72 * 25.4 == pytest.approx(420, abs=0.2)
        assert float(page.mediabox.height) / 72 * 25.4 == pytest.approx(297, abs=0.2)
        assert "/XObject" not in page["/Resources"] or not [
            item for item in page["/Resources"]["/XObject"].values() if item.get_object().get("/Subtype") == "/Image"
        ]
        for font in page["/Resources"]["/Font"].values():
            assert is_embedded(font.get_object())
    assert "服务圈外行政村分布图" in book.pages[1].extract_text()


def is_embedded(font):
    """Tell whether a PDF font brings its glyphs along."""
    inner = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
    if inner["/Subtype"] == "/Type3":
        return "/CharProcs" in inner
    descriptor = inner["/FontDescriptor"].get_object()
    return any(f"/FontFile{kind}" in descriptor for kind in ("", "2", "3"))


def test_figures_that_stand_are_not_replaced_unasked(written):
    folder, _ = written[1]
    with pytest.raises(OutputError) as raised:
        writing.write_figures(folder.parent, lang="zh")
    assert raised.value.faults[0].code == "output_exists"


def test_inputs_that_changed_take_the_ground_away_and_nothing_else(result, tmp_path):
    """Figures come from the result; roads and townships only from files that are what they were."""
    copy = tmp_path / "moved"
    shutil.copytree(result, copy)
    manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    manifest["inputs"]["roads"]["sha256"] = "0" * 64
    (copy / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    bare = read_record(copy)
    assert bare.ground.changed == ("roads",)
    page = drawn(bare, "circle-10")
    assert "底图资料（roads）已变动或缺失" in "".join(text.get_text() for text in by_gid(page.figure, "note"))
    assert "5分钟服务圈" in texts(page.figure)
    assert "乡镇界线" not in texts(page.figure)


@pytest.mark.parametrize("key", [*DRAWABLE, "sub-centres"])
def test_every_character_has_a_glyph(sheets, key):
    assert fonts.missing_glyphs(sheets[key].figure) == {}


def test_a_rare_character_is_named_with_the_remedy(record):
    """U+10FFFE is no character, so no font can have it; the fault names it and says what to install."""
    villages = record.villages.copy()
    villages.loc[0, "name"] = "外\U0001f7f0婆村"
    odd = dataclasses.replace(record, villages=villages)
    with fonts.house_style():
        page = writing.draw_entry(odd, entries_of(odd)["settlements"], sheet.PAPERS["A4"], "zh")
    with pytest.raises(OutputError) as raised, fonts.no_boxes(page.figure):
        page.figure.savefig(io.BytesIO(), format="png", dpi=30)
    (fault,) = raised.value.faults
    assert fault.code == "missing_glyph"
    assert "U+1F7F0" in fault.found.zh
    assert "--font" in fault.remedy.zh


def test_matplotlibs_own_warning_stops_the_saving_too():
    """A text that hides from the check, as one in an offset box may, still cannot print a box."""
    from matplotlib.figure import Figure

    with pytest.raises(OutputError), fonts.no_boxes(Figure()):
        warnings.warn("Glyph 22825 (\\N{CJK UNIFIED IDEOGRAPH-5929}) missing from font(s) DejaVu Sans.", UserWarning,
                      stacklevel=1)  # fmt: skip


def test_without_a_system_font_the_bundled_one_draws_chinese(monkeypatch):
    own = [entry for entry in font_manager.fontManager.ttflist if entry.name not in style.FONT_STACK]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", own)
    fonts.font_families.cache_clear()
    try:
        assert fonts.font_families() == (fonts.BUNDLED_FAMILY, fonts.LATIN_FAMILY)
        added = [entry for entry in font_manager.fontManager.ttflist if entry.name == fonts.BUNDLED_FAMILY]
        assert added
        assert all("noto_cjk_sans_otc" in str(entry.fname) for entry in added)
    finally:
        fonts.font_families.cache_clear()


def test_without_any_font_the_remedy_is_said(monkeypatch):
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [])
    monkeypatch.setattr(fonts, "_add_bundled", lambda: False)
    fonts.font_families.cache_clear()
    try:
        with pytest.raises(OutputError) as raised:
            fonts.font_families()
        assert raised.value.faults[0].code == "no_font"
    finally:
        fonts.font_families.cache_clear()


def test_a_file_that_is_no_font_is_refused(tmp_path):
    wrong = tmp_path / "font.ttf"
    wrong.write_bytes(b"no font")
    with pytest.raises(OutputError) as raised:
        fonts.font_families(wrong)
    assert raised.value.faults[0].code == "bad_font"


HOSTILE = ("$x^2$村", "<b>村</b>", "村\n换行", "{0}村", "${1+1}", "a\\b村", "--村--", "&amp;村", "%s村", "_村")


def test_hostile_names_are_written_as_they_are(record):
    """No name is read as a formula, as markup or as a pattern; a line break becomes a blank."""
    villages = record.villages.copy()
    outside = (villages["group"] == "village") & villages["within_standard"].eq(0)
    rows = villages.index[outside][: len(HOSTILE)]
    villages.loc[rows, "name"] = HOSTILE[: len(rows)]
    page = drawn(dataclasses.replace(record, villages=villages), "outside")
    assert {lines.plain(name) for name in HOSTILE[: len(rows)]} <= set(texts(page.figure))
    assert len(rows) >= 8
    out = io.BytesIO()
    with fonts.house_style(), fonts.no_boxes(page.figure):
        page.figure.savefig(out, format="svg")
    assert ET.fromstring(out.getvalue().decode("utf-8")).tag.endswith("svg")


def test_no_figure_uses_red(sheets):
    """The red cross is protected; no symbol here is red at all."""
    for page in sheets.values():
        for ax in page.panels:
            for line in ax.lines:
                fill = line.get_markerfacecolor()
                if isinstance(fill, str) and fill.startswith("#"):
                    red, green, blue = (int(fill[at : at + 2], 16) for at in (1, 3, 5))
                    assert not (red > 180 and green < 80 and blue < 80)


@pytest.mark.parametrize("group", ["ACTION_SYMBOLS", "ARRANGEMENT_SYMBOLS", "SUB_CENTRE_SYMBOLS"])
def test_grey_print_tells_the_symbols_of_a_plan_apart(group):
    looks = [
        (s.shape, s.rings, s.radius_px, round(style.grey_level(s.fill), 1), round(style.grey_level(s.line), 1))
        for s in getattr(style, group).values()
    ]
    assert len(set(looks)) == len(looks)


def test_areas_differ_in_hatch_where_grey_print_needs_it(sheets):
    hatches = {patch.get_hatch() for ax in sheets["comparison"].panels for patch in ax.patches if patch.get_hatch()}
    assert {"////", "...."} <= hatches


def test_english_figures_speak_english(record):
    entries = entries_of(record, "en")
    assert entries["circle-5"].title == "试验县: rural 5-minute health service circle, present state"
    page = drawn(record, "circle-5", "en")
    own = set("".join(record.villages["name"]) + "".join(record.facilities["name"]) + "试验县布局规划近期")
    own |= set("".join(record.townships["township"]))
    foreign = {sign for text in texts(page.figure) for sign in text if "一" <= sign <= "鿿"} - own
    assert foreign == set()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (4549, "3度带，中央经线120°E"), (4528, "3度带，中央经线120°E"), (4547, "3度带，中央经线114°E"),
        (4499, "6度带，中央经线123°E"), (4510, "6度带，中央经线123°E"), (32631, "UTM投影，31N带"),
    ],
)  # fmt: skip
def test_reference_systems_are_named_in_the_trades_words(code, words):
    """Against the central meridian that PROJ gives for the same code."""
    from pyproj import CRS

    crs = CRS(code)
    assert words in notes.reference_system(crs, "zh")
    meridian = next(p.value for p in crs.coordinate_operation.params if "longitude" in p.name.lower())
    if "经线" in words:
        assert f"{meridian:g}°E" in words


def test_a_result_under_a_scenario_says_so_and_has_its_own_circle(record):
    bare = dataclasses.replace(record, plan=None, proposals=None, planned_circles=None)
    entry = entries_of(bare)["scenario"]
    assert (entry.number, entry.title) == ("6-2", "近期情景服务圈图")
    page = drawn(bare, "scenario")
    assert "情景：近期。" in "".join(text.get_text() for text in by_gid(page.figure, "note"))
    plain = dataclasses.replace(bare, manifest={**bare.manifest, "scenario": None})
    assert "scenario" not in entries_of(plain)


def test_roads_beyond_a_distance_by_road(record):
    """On a grid of roads a way is as long as east plus north: the cut lies where that says.

    The corner's node is at the crossing of the outermost roads, (-3.75, -3.75) km; of the two drawn roads, both 0.75 km
    this side of the middle, one runs north from (-0.75, -3.75), one east from (-3.75, -0.75): both 3 km away by road.
    What is beyond 5 km of either is less by 2 km, as far as that lies within the county (its edge is at -3.1 km).
    """
    place = shapely.Point(record.boundary.total_bounds[:2])
    whole = roads_beyond(record, [place], 3.0)
    far = roads_beyond(record, [place], 5.0)
    assert roads_beyond(record, [place], 100.0) is None
    assert roads_beyond(record, [], 3.0) is None
    assert whole.length == pytest.approx(2 * 6_200, rel=0.005)
    assert whole.length - far.length == pytest.approx(2 * (2_000 - 650), rel=0.03)


def test_lines_break_within_their_width_and_never_before_a_closing_sign():
    with fonts.house_style():
        text = (
            "出行方式与速度：电动自行车，国省道21公里/小时、县乡道21公里/小时（假设）。" * 6
            + "villages.xlsx facilities.csv" * 3
        )
        broken = lines.wrapped(text, 6.0, 200.0)
        assert "".join(broken).replace(" ", "") == text.replace(" ", "")
        assert all(lines.text_width(line, 6.0) <= 200.0 + 6.5 for line in broken)
        assert not any(line[0] in lines.NO_START for line in broken)


def test_a_name_without_room_is_left_out_or_led_to(record):
    """Forty names at one point: the optional ones are dropped, those that must be shown get a line to the point."""
    ax = maps.map_axes(record, None)
    x, y = record.land.centroid.x, record.land.centroid.y
    many = [labels.Label(x, y, f"很长的村名{number}", must=number < 12) for number in range(40)]
    with fonts.house_style():
        left_out = labels.place_names(ax, many, unit=1.0, within=record.boundary.total_bounds)
    assert not [label for label in left_out if label.must]
    assert len(left_out) >= 20
    assert [line for line in ax.lines if line.get_gid() == "leader"]


@pytest.mark.slow
def test_the_sample_county_draws_every_figure_in_both_languages(sample_result, tmp_path):
    """End to end on the sample: all files, no box, no page of the atlas without text."""
    from pypdf import PdfReader

    for lang in ("zh", "en"):
        copy = tmp_path / lang
        shutil.copytree(sample_result.out, copy)
        report = writing.write_figures(copy, lang=lang)
        assert [item.number for item in report.missing] == ["5-1", "5-2", "5-3", "6-1"]
        book = PdfReader(copy / "figures" / "atlas.pdf")
        assert len(book.outline) == len(book.pages) == 8
        assert all(len(page.extract_text()) > 100 for page in book.pages)


def test_a_picture_holds_the_dots_of_300_to_the_inch(record, tmp_path):
    """A4 landscape at 300 dpi is 3508 x 2480 dots, and the file says so."""
    with fonts.house_style():
        page = writing.draw_entry(record, entries_of(record)["reach"], sheet.PAPERS["A4"], "zh")
        page.figure.savefig(tmp_path / "a4.png", dpi=writing.DPI)
    head = (tmp_path / "a4.png").read_bytes()
    assert (int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")) == (3507, 2480)
    assert zlib.crc32(head[12:29]) == int.from_bytes(head[29:33], "big")
