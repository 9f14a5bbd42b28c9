"""`plan.xlsx`: the plan in the trade's words, codes as text, nothing that a spreadsheet would run."""

import re
import zipfile

import pytest
from python_calamine import CalamineWorkbook

from clinicplan import plan
from clinicplan.report.plan_book import township_rows, write_plan_book
from clinicplan.siting.proposal import OBJECTIVES, SitePlan
from clinicplan.words import word
from county import draw_county, write_county
from hand_plan import SITES, VILLAGES, hand_plan, stand_in


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    file = write_county(draw_county(), tmp_path_factory.mktemp("county"))
    with pytest.MonkeyPatch.context() as patch:
        stand_in(patch, hand_plan())
        return plan.propose(file)


@pytest.fixture(scope="module")
def book(result, tmp_path_factory):
    path = tmp_path_factory.mktemp("book") / "plan.xlsx"
    write_plan_book(result, path, lang="zh")
    return path


def sheets(path):
    book = CalamineWorkbook.from_path(str(path))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_there_is_a_sheet_for_everything_asked(book):
    assert list(sheets(book)) == [
        "方案概要", "行政村安排", "点位", "各乡镇数量", "次中心比较", "次中心比较（逐个机构）", "费用与服务圈外人口",
        "其他方案", "说明",
    ]  # fmt: skip


def test_villages_stand_in_the_words_of_the_trade(book):
    rows = {row[0]: row for row in sheets(book)["行政村安排"][1:]}
    assert len(rows) == len(VILLAGES)
    shared = rows["330624101202"]
    assert shared[:7] == ["330624101202", "东乙村", "东山镇", 377, "联合设置", "东甲村卫生室", "C01"]
    assert shared[7] == 9.1  # 540,001 ms: outside 5 minutes, rounded up
    assert round(shared[8], 2) == 0.08
    assert rows["330624101203"][4:] == ["暂未落实", "", "", "", ""]
    assert rows["330624201205"][4] == "固定服务点"


def test_sites_say_what_is_done_and_why(book):
    rows = {row[0]: row for row in sheets(book)["点位"][1:]}
    assert [rows[site.site_id][4] for site in SITES] == [
        "提升为中心村卫生室", "保留", "恢复运行", "新建", "保留", "转为服务点", "新设服务点",
    ]  # fmt: skip
    assert rows["C01"][5:] == ["中心村卫生室", 2, 30_000, "若不建，1村333人超出5分钟"]
    assert rows["330624102206"][1:4] == ["中己村", "中己村", "中溪镇"]


def test_townships_add_up(book):
    head, *rows = sheets(book)["各乡镇数量"]
    assert head == ["乡镇", "现有", "保留", "新建", "提升", "转为服务点", "撤销", "规划"]
    table = {row[0]: row[1:] for row in rows}
    assert table["东山镇"] == [2, 1, 1, 1, 0, 0, 3]
    assert table["中溪镇"] == [0, 0, 1, 0, 0, 0, 1]
    assert table["西岭乡"] == [2, 1, 0, 0, 1, 0, 1]
    assert table["合计"] == [sum(column) for column in zip(*(table[name] for name in list(table)[:-1]), strict=True)]


def test_a_closed_clinic_is_counted_once(result):
    from dataclasses import replace

    sites = (SitePlan("C02", "330624101204", "C02", "close", ""),)
    total = township_rows(replace(result, proposal=hand_plan(sites=sites)), "zh")[-1]
    assert total[1:] == [1, 0, 0, 0, 0, 1, 0]


def test_the_summary_has_objectives_money_circle_and_checks(book):
    rows = sheets(book)["方案概要"]
    cells = {row[1]: row[2:] for row in rows[1:]}
    assert cells["状态"][0] == "与最优值相差不超过0.23%"
    assert cells["服务圈外人口"] == ["2,000人", "已证明最优"]
    assert cells["年费用（含投入分摊）"][0].startswith("290,666.67元")
    assert cells["联合设置的村"][0] == 1
    assert cells["暂未落实的村"][0] == 1
    assert cells["every_village_once"] == ["相符", "逐村核对"]
    assert cells["服务圈外人口（规划）"][0] == cells["服务圈外人口（现状）"][0] - 265 + 333


def test_assumptions_are_called_so_with_their_source(book):
    rows = sheets(book)["说明"]
    costs = [row for row in rows if row[0] == "单价"]
    assert len(costs) == 6
    assert all("假设" in row[1] and row[3] == "程序默认值（假设）" for row in costs)
    assert any(row[0] == "口径与来源" for row in rows)
    assert rows[1][0] == "提示"


def test_comparisons_keep_keys_that_have_no_word(book):
    head, row = sheets(book)["其他方案"]
    assert head == ["排序", "另设的点位", "已证明", "newly"]
    assert row == [1, "C06", "是", "a：1"]
    assert sheets(book)["次中心比较（逐个机构）"][1] == ["H02", "还差2公里"]


def test_codes_are_text_and_nothing_is_run(result, tmp_path):
    path = tmp_path / "plan.xlsx"
    write_plan_book(result, path, lang="en")
    with zipfile.ZipFile(path) as parts:
        for name in parts.namelist():
            if name.startswith("xl/worksheets/sheet"):
                text = parts.read(name).decode("utf-8")
                assert "<f>" not in text
                assert "hyperlink" not in text
                assert 'state="frozen"' in text
                assert "autoFilter" in text
    rows = sheets(path)["Sites"]
    assert rows[1][-1] == "=without it, 333 people lie outside"
    assert all(isinstance(row[0], str) for row in rows)


def test_both_languages_hold_the_same_cells(result, book, tmp_path):
    path = tmp_path / "plan.xlsx"
    write_plan_book(result, path, lang="en")
    zh, en = list(sheets(book).values()), list(sheets(path).values())
    assert [(len(rows), len(rows[0])) for rows in zh] == [(len(rows), len(rows[0])) for rows in en]
    assert not re.search("[一-鿿]", "".join(str(cell) for rows in en for cell in rows[0]))


def test_every_objective_has_its_words():
    for name in OBJECTIVES:
        assert word(f"plan.objective.{name}", "zh")


def test_no_village_is_merged_away_and_no_spot_is_blind(book):
    text = "".join(str(cell) for rows in sheets(book).values() for row in rows for cell in row)
    assert "撤并" not in text
    assert "盲区" not in text


def test_without_a_plan_there_is_no_book(result, tmp_path):
    from dataclasses import replace

    with pytest.raises(ValueError, match="no plan"):
        write_plan_book(replace(result, proposal=None), tmp_path / "plan.xlsx", lang="zh")
