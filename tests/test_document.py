"""Promise: `report.docx` has the trade's titles in order, and every figure of its tables is a result.

The county of `county.py` is planned once a module; the document is written from its folder and read back with
python-docx, its cells compared with the files by code that shares nothing with the writer.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
import zipfile

import docx
import matplotlib.pyplot as plt
import pytest
from docx.oxml.ns import qn
from docx.table import Table

from clinicplan import cli, plan
from clinicplan.errors import OutputError
from clinicplan.report.document.writing import write_document
from county import draw_county, write_county

TITLES = (
    "表1-1 本专题主要结论一览表", "表1-2 数据来源与完整性一览表",
    "表2-1 各乡镇行政村和常住人口基本情况表", "图2-1 试验县行政村分布图", "表2-2 各乡镇医疗卫生机构现状表",
    "表2-3 村卫生室按主办单位和房屋产权分类表", "图2-2 试验县医疗卫生机构现状分布图",
    "表2-4 机构空白村和人员空白村清单", "表2-5 停诊、有室无医和挂牌未营业村卫生室清单",
    "表2-6 三年、五年内到龄退出村医清单", "表3-1 出行方式与速度参数表",
    "表3-2 各乡镇5分钟、10分钟服务圈覆盖情况表", "图3-1 试验县农村5分钟医疗卫生服务圈现状图",
    "图3-2 试验县农村10分钟医疗卫生服务圈现状图", "图3-3 各乡镇常住人口5分钟可达率柱状图",
    "表3-3 服务圈外行政村一览表", "表3-4 村卫生室服务半径、服务人口和重叠情况表", "图3-4 试验县服务圈外行政村分布图",
    "表3-5 乡镇卫生院30分钟、县级医院60分钟可达情况表", "图3-5 县乡两级医疗机构可达时间图",
    "表4-2 暂无法评价条款及所缺数据表", "表4-3 不符合对象清单", "表5-1 村卫生室设置方式判定规则表",
    "表5-2 参数取值与依据表", "表5-3 各乡镇村卫生室规划设置数量表", "表5-4 行政村医疗卫生服务安排一览表",
    "图5-1 试验县村卫生室规划布局图", "图5-2 现状与规划5分钟服务圈对比图",
    "表5-5 县域医疗卫生次中心备选方案比较表", "图5-3 县域医疗卫生次中心布局图（距县域医疗中心15公里以上）",
    "表5-6 就医时间增加村一览表（前20位）", "表5-7 规划实施前后主要指标对比表", "表6-1 布局方案比较表",
    "图6-1 投资与服务圈外人口关系图", "表7-1 近期（2026—2027年）建设项目表", "表7-2 投资估算与资金来源表",
    "表7-3 年度运行经费测算表", "附表1 行政村基本情况和规划安排总表", "附表2 村卫生室规划设置一览表",
    "附表3 建设项目库", "附表4 乡镇意见采纳情况表", "附表5 坐标来源与待核清单", "附表6 数据更正记录",
    "表A-1 模型与求解证明表", "图A-1 就医时间洛伦兹曲线",
)  # fmt: skip
"""planner.md section 5 in its order, for bands of 5 and 10 minutes; 表3-6 and 表4-1 name modes and policy."""
SCENARIO = (
    'base = "region.toml"\nname = "近期"\npolicy = "xinchang-2022"\n[siting]\npareto = 3\n'
    '[document]\ntitle = "试验县<b>布局</b>规划"\nversion = "送审稿"\nunit = "=1+1"\n'
)
ODD = "<b>石磁&村</b>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of `site` with an audit and a frontier; one village has a name that looks like markup."""
    file = write_county(draw_county(), tmp_path_factory.mktemp("county"))
    (file.parent / "near.toml").write_text(SCENARIO, encoding="utf-8")
    out = tmp_path_factory.mktemp("site") / "results"
    plan.propose(file, scenario=file.parent / "near.toml", out=out)
    villages = out / "villages.csv"
    lines = villages.read_text(encoding="utf-8-sig").splitlines()
    first, second = (line.split(",") for line in lines[1:3])
    lines[1:3] = [",".join([first[0], ODD, *first[2:]]), ",".join([second[0], "'=1+1", *second[2:]])]
    villages.write_text("\r\n".join(lines) + "\r\n", encoding="utf-8-sig")
    write_document(out, lang="zh")
    return out


@pytest.fixture(scope="module")
def document(folder):
    return docx.Document(str(folder / "report.docx"))


def captions(document):
    return [p.text.replace("\u3000", " ") for p in document.paragraphs if p.style.name == "PlanCaption"][1:]


def table_of(document, label):
    """Return the cells of the table under a caption."""
    found = False
    for element in document.element.body:
        text = "".join(node.text or "" for node in element.iter(qn("w:t")))
        if element.tag == qn("w:p") and text.startswith(f"{label}\u3000"):
            found = True
        elif found and element.tag == qn("w:tbl"):
            return [[cell.text for cell in row.cells] for row in Table(element, document).rows]
    raise AssertionError(label)


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def loaded(folder, name):
    return json.loads((folder / name).read_text(encoding="utf-8"))


def number(text):
    return float(text.replace(",", "").replace("−", "-").replace("个百分点", "").rstrip("%"))


def test_titles_are_those_of_the_trade_in_the_order_of_their_numbers(document):
    assert [line for line in captions(document) if not line.startswith(("表3-6", "表4-1"))] == list(TITLES)
    assert any(line.startswith("表4-1 《新昌县深化基层卫生健康综合改革实施方案》") for line in captions(document))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_caption_counts_on_in_its_chapter_and_shows_its_number_without_an_update(folder, tmp_path, lang):
    copy = shutil.copytree(folder, tmp_path / "copy")
    write_document(copy, lang=lang, force=True)
    counts = {}
    document = docx.Document(str(copy / "report.docx"))
    for paragraph in document.paragraphs:
        codes = [node.text.split() for node in paragraph._p.iter(qn("w:instrText")) if node.text.startswith(" SEQ")]
        for _, name, *_ in codes:
            counts[name] = counts.get(name, 0) + 1
            label = re.match(r"(?:附表|表|图|Annex table |Table |Figure )(?:\w+-)?(\d+)", paragraph.text)
            assert int(label.group(1)) == counts[name]
    assert counts["table_3"] == 6
    assert counts["figure_3"] == 5
    marks = {node.get(qn("w:name")) for node in document.element.iter(qn("w:bookmarkStart"))}
    wanted = {node.text.split()[1] for node in document.element.iter(qn("w:instrText")) if node.text.startswith(" REF")}
    assert wanted
    assert wanted <= marks


def test_circles_agree_with_townships_and_summary(folder, document):
    lines, summary = rows_of(folder / "townships.csv"), loaded(folder, "summary.json")
    cells = table_of(document, "表3-2")[2:]
    assert [row[0] for row in cells] == [line["township"] for line in lines]
    for row, line in zip(cells, lines, strict=True):
        names = ("villages", "population", "villages_upto_5_min", "people_upto_5_min", "villages_upto_10_min",
                 "people_upto_10_min", "villages_outside", "pending_rows")  # fmt: skip
        assert [number(row[at]) for at in (1, 2, 3, 4, 6, 7, 9, 10)] == [float(line[name]) for name in names]
    assert [number(row[1]) for row in cells][-1] == summary["villages"]


def test_villages_outside_are_those_of_villages_csv(folder, document):
    outside = [row for row in rows_of(folder / "villages.csv") if row["within_standard"] == "false"
               and row["group"] == "village"]  # fmt: skip
    summary = loaded(folder, "summary.json")
    assert len(outside) == summary["villages"] - summary["villages_covered"]
    cells = table_of(document, "表3-3")[1:] if outside else []
    assert [row[0] for row in cells[:-1]] == [row["name"].removeprefix("'") for row in outside]
    assert [number(row[5]) for row in cells[:-1]] == [float(row["time_min"]) for row in outside]


def test_clauses_agree_with_the_audit(folder, document):
    rows, words = loaded(folder, "audit.json"), {"pass": "符合", "fail": "不符合", "not_assessed": "暂无法评价",
                                                 "reported": "仅报告", "not_applicable": "不适用"}  # fmt: skip
    cells = table_of(document, "表4-1")[1:]
    assert [row[3] for row in cells] == [words[row["status"]] for row in rows]
    assert [number(row[6]) for row in cells] == [len(row["failing"]) for row in rows]
    assert all(row["clause"] in cell[0] for row, cell in zip(rows, cells, strict=True))
    assert [row[1] for row in cells] == [" ".join(row["required"].split()) or "—" for row in rows]


def test_the_plan_agrees_with_plan_json(folder, document):
    answer, summary = loaded(folder, "plan.json"), loaded(folder, "summary.json")
    actions = [
        site["action"] for site in answer["sites"] if (site["action"], site["tier"]) != ("build", "service_point")
    ]
    total = table_of(document, "表5-3")[-1]
    assert [number(total[at]) for at in (2, 3, 4, 6, 7)] == [
        actions.count(name) for name in ("keep", "build", "upgrade", "convert", "close")
    ]
    kinds = [item["arrangement"] for item in answer["villages"]]
    arranged = table_of(document, "表5-4")[-1]
    assert [number(arranged[at]) for at in (1, 2, 3, 10)] == [
        len(kinds), *(kinds.count(name) for name in ("own", "shared", "none"))
    ]  # fmt: skip
    assert number(table_of(document, "表7-2")[-1][2]) * 10_000 == answer["costs"]["build_cny"]
    assert number(table_of(document, "表7-3")[2][1]) * 10_000 == answer["costs"]["running_cny_per_year"]
    effects = {row[0]: row for row in table_of(document, "表5-7")[1:]}
    assert number(effects["服务圈内人口"][2]) == summary["people_covered"]
    assert number(effects["服务圈内人口"][3]) == summary["planned"]["people_covered"]
    proofs = table_of(document, "表A-1")[1:]
    assert len(proofs) == len(answer["objectives"])
    assert [row[0] for row in table_of(document, "附表1")[1:-1]] == [
        row["village_id"] for row in sorted(rows_of(folder / "villages.csv"), key=lambda row: row["village_id"])
    ]


@pytest.mark.parametrize("label", ["表2-1", "表2-2", "表3-2", "表3-5", "表3-6", "表5-3", "表5-4"])
def test_totals_are_the_sums_of_their_columns(document, label):
    shares = re.compile(r"占比|%")
    cells = table_of(document, label)
    heads = cells[1] if cells[0][0] == cells[1][0] else cells[0]
    body = [row for row in cells if re.fullmatch(r"[\d,]+|—", row[1])]
    for at in range(1, len(heads)):
        column = [row[at] for row in body]
        if not shares.search(heads[at]) and "—" not in column:
            assert sum(map(number, column[:-1])) == number(column[-1])


def test_sentences_agree_with_the_summary(folder, document):
    summary = loaded(folder, "summary.json")
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert f"行政村{summary['villages_covered']}个，占{summary['villages']}个的" in text
    assert f"圈外人口{summary['population'] - summary['people_covered']:,}人" in text


def test_every_table_says_what_it_must(document):
    notes = [p.text for p in document.paragraphs if p.text.startswith("注：")]
    assert len(notes) == len([line for line in captions(document) if not line.startswith("图")])
    for words in ("数据截止日期", "统计口径", "出行方式与速度", "服务圈含界", "起讫方向", "待核", "辅助决策"):
        assert all(words in note for note in notes)
    assert sum(p.text.startswith("资料来源：") for p in document.paragraphs) >= len(notes)


def test_markup_and_formulas_stay_text(document):
    rows = table_of(document, "附表1")
    assert ODD in {row[1] for row in rows}
    assert "=1+1" in {row[1] for row in rows}
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert "编制单位：=1+1" in text
    assert "《试验县<b>布局</b>规划》" in text


def test_tables_have_a_full_grid_and_repeat_their_heads(document):
    for table in document.tables:
        edges = table._tbl.tblPr.find(qn("w:tblBorders"))
        assert {edge.tag for edge in edges} == {qn(f"w:{n}") for n in ("top", "left", "bottom", "right", "insideH",
                                                                       "insideV")}  # fmt: skip
        assert table._tbl.tr_lst[0].trPr.find(qn("w:tblHeader")) is not None


def test_the_version_stands_on_cover_footer_and_file_name(folder, document):
    assert "（送审稿）" in [paragraph.text for paragraph in document.paragraphs]
    footer = document.sections[0].footer.paragraphs[0]
    assert "（送审稿）" in footer.text
    assert " PAGE " in [node.text for node in footer._p.iter(qn("w:instrText"))]
    assert (folder / "report_送审稿.docx").is_file()


def test_chinese_fonts_are_named_for_chinese(folder, document):
    fonts = document.styles["PlanText"].element.rPr.rFonts
    assert fonts.get(qn("w:eastAsia")) == "仿宋"
    with zipfile.ZipFile(folder / "report.docx") as package:
        assert "小标宋" in package.read("word/fontTable.xml").decode("utf-8")


def test_the_same_result_gives_the_same_bytes(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    write_document(copy, lang="zh", force=True)
    assert (copy / "report.docx").read_bytes() == (folder / "report.docx").read_bytes()


def test_figures_stand_where_they_were_drawn_and_their_place_says_so_otherwise(folder, document, tmp_path):
    assert sum("clinicplan figures" in p.text for p in document.paragraphs) == 12
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / "figures").mkdir()
    figure = plt.figure(figsize=(1, 1))
    figure.savefig(copy / "figures" / "3-1_circle-5.png")
    plt.close(figure)
    entries = {
        "figures": [{"number": "3-1", "key": "circle-5", "title": "", "files": ["3-1_circle-5.png"]}],
        "not_drawn": [{"number": "5-3", "title": "", "why": "没有次中心方案。"}],
    }
    (copy / "figures" / "manifest.json").write_text(json.dumps(entries), encoding="utf-8")
    report = write_document(copy, lang="zh", force=True)
    again = docx.Document(str(copy / "report.docx"))
    assert (report.drawn, len(again.inline_shapes)) == (1, 1)
    assert again.inline_shapes[0].width == again.sections[0].page_width - again.sections[0].left_margin - (
        again.sections[0].right_margin
    )
    assert "本图未绘：没有次中心方案。" in [p.text for p in again.paragraphs]


def test_a_bureaus_template_keeps_its_pages_and_gets_its_marks_filled(folder, tmp_path):
    own = docx.Document()
    own.sections[0].header.paragraphs[0].text = "某县卫生健康局 {{版本}}"
    own.add_paragraph("{{标题}}")
    own.add_paragraph("{{正文}}")
    own.add_paragraph("落款")
    own.save(str(tmp_path / "own.docx"))
    copy = shutil.copytree(folder, tmp_path / "copy")
    write_document(copy, lang="zh", template=tmp_path / "own.docx", force=True)
    made = docx.Document(str(copy / "report.docx"))
    assert made.sections[0].header.paragraphs[0].text == "某县卫生健康局 送审稿"
    assert made.paragraphs[0].text == "试验县<b>布局</b>规划"
    assert made.paragraphs[1].text == "一、概述"
    assert made.paragraphs[-1].text == "落款"


def test_nothing_is_replaced_unasked_and_faults_say_what_to_do(folder, tmp_path, monkeypatch, capsys):
    with pytest.raises(OutputError, match="exists"):
        write_document(folder, lang="en")
    (tmp_path / "bad.docx").write_text("no", encoding="utf-8")
    with pytest.raises(OutputError, match=r"bad\.docx"):
        write_document(folder, lang="en", template=tmp_path / "bad.docx", force=True)
    with pytest.raises(OutputError):
        write_document(tmp_path, lang="en")
    copy = shutil.copytree(folder, tmp_path / "copy")
    monkeypatch.setattr("sys.argv", ["clinicplan", "report", str(copy), "--force", "--lang", "en", "--json"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 0
    assert json.loads(capsys.readouterr().out)["files"] == ["report.docx", "report_送审稿.docx"]


def test_a_result_without_plan_and_policy_has_the_same_chapters(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    for name in ("plan.json", "audit.json", "pareto.csv"):
        (copy / name).unlink()
    summary = {key: value for key, value in loaded(copy, "summary.json").items() if key not in ("planned", "plan")}
    (copy / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    for lang in ("zh", "en"):
        report = write_document(copy, lang=lang, force=True)
        assert report.tables == 35
        assert report.empty > 10
