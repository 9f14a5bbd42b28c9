"""Any table or vector file of a county is read as it stands, and nothing is left out in silence."""

import struct
import zipfile

import geopandas as gpd
import pyogrio
import pytest
import shapely
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from clinicplan.errors import LayerError, Severity, fault_line
from clinicplan.layers import cells, headers, vocabularies
from clinicplan.layers.encodings import UnknownEncodingError, decode_text, sniff_dbf
from clinicplan.layers.tables import read_table
from clinicplan.region import LayerSource
from clinicplan.terms import KINDS, OPTIONAL_COLUMNS, REQUIRED_COLUMNS, STATUSES, TIERS
from clinicplan.words import word

HEAD = ["行政区划代码", "行政村名称", "常住人口", "经度", "纬度"]
ROW = ["330624102201", "后岸村", "300", "120.9", "29.5"]


def source(path="file", **settings):
    return LayerSource(path=path, **settings)


def read(path, layer="villages", **settings):
    return read_table(source(path.name, **settings), path, layer)


def codes(table):
    return [fault.code for fault in table.faults]


def refusal(path, layer="villages", **settings):
    with pytest.raises(LayerError) as caught:
        read(path, layer, **settings)
    (fault,) = caught.value.faults
    assert fault.severity == Severity.ERROR
    assert fault_line(fault, "zh")
    assert fault_line(fault, "en")
    return fault


def workbook(path, rows, *, merges=(), hidden_rows=(), sheets=None, hidden_sheets=()):
    book = xlsxwriter.Workbook(str(path))
    for name, content in (sheets or {"表1": rows}).items():
        sheet = book.add_worksheet(name)
        for number, cells_of_row in enumerate(content):
            for position, cell in enumerate(cells_of_row):
                if cell is not None and cell != "":
                    sheet.write(number, position, cell)
        for top, left, bottom, right, text in merges:
            sheet.merge_range(top, left, bottom, right, text)
        for number in hidden_rows:
            sheet.set_row(number, None, None, {"hidden": True})
        if name in hidden_sheets:
            sheet.hide()
    book.close()
    return path


def text_file(path, rows, encoding="utf-8", delimiter=","):
    path.write_bytes("\r\n".join(delimiter.join(map(str, row)) for row in rows).encode(encoding))
    return path


def points(names, **columns):
    return gpd.GeoDataFrame(
        {"name": names, **columns}, geometry=[shapely.Point(120.9 + i / 100, 29.5) for i in range(len(names))], crs=4326
    )


class TestCells:
    @pytest.mark.parametrize(
        ("cell", "code", "lost"),
        [
            ("330624102201", "330624102201", False),
            ("330624102201.0", "330624102201", False),
            (" 330624102201 ", "330624102201", False),
            ("330624 102 201", "330624102201", False),
            ("３３０６２４１０２２０１", "330624102201", False),
            ("'330624102201", "330624102201", False),
            ("3.30624102201E+11", "330624102201", False),
            ("3.30624E+11", "330624000000", True),
            ("PDY00123-4", "PDY00123-4", False),
            ("1E5", "1E5", False),
            ("无", "", False),
            ("", "", False),
        ],
    )
    def test_a_code_is_text_whatever_a_spreadsheet_made_of_it(self, cell, code, lost):
        assert cells.read_code(cell) == (code, lost)

    @given(st.integers(10**11, 10**12 - 1))
    @settings(max_examples=50)
    def test_every_form_of_a_twelve_digit_code_is_the_same_code(self, number):
        forms = [
            str(number),
            f"{number}.0",
            f" {number}",
            str(number).translate(str.maketrans("0123456789", "０１２３４５６７８９")),
        ]
        assert {cells.read_code(form).text for form in forms} == {str(number)}
        assert cells.read_code(cells.cell_text(float(number))).text == str(number)

    @pytest.mark.parametrize(
        ("cell", "value", "guessed"),
        [
            ("300", 300, False), ("１２３", 123, False), ("300.0", 300, False), ("-5", -5, False),
            ("1,234", 1234, True), ("1,234,567", 1234567, True), ("1 234", 1234, True), ("1.2万", 12000, True),
            ("约300", 300, True), ("300人", 300, True), ("约300余人", 300, True), ("1.5千", 1500, True),
            ("1e3", 1000, True),
        ],
    )  # fmt: skip
    def test_numbers_as_people_write_them(self, cell, value, guessed):
        assert cells.read_number(cell) == (value, guessed, True)

    @pytest.mark.parametrize("cell", ["abc", "300-400", "1,23,4", "三百", "12/3", "inf", "9" * 40, "1e99", "300人400"])
    def test_words_and_ranges_are_no_numbers(self, cell):
        assert cells.read_number(cell) == (None, False, False)

    @pytest.mark.parametrize("cell", ["", " ", "—", "/", "无", "不详", "N/A", "#N/A", "待核"])
    def test_words_for_empty_are_empty(self, cell):
        assert cells.read_number(cell) == (None, False, True)
        assert cells.is_empty(cell)

    @pytest.mark.parametrize(
        "cell",
        ["120°54′12″", "120°54'12\"", "120度54分12秒", "120.54.12", "120 54 12", "E120°54′12″", "东经120°54′12″",
         "120°54.2′", "120：54：12", "120º54´12″", "１２０°５４′１２″"],
    )  # fmt: skip
    def test_degrees_minutes_seconds(self, cell):
        assert cells.read_angle(cell).degrees == pytest.approx(120.903333, abs=1e-6)
        assert cells.read_angle(cell).guessed

    def test_plain_degrees_are_no_guess(self):
        assert cells.read_angle("120.9033") == (120.9033, False, True)
        assert cells.read_angle("W58°24′").degrees == pytest.approx(-58.4)
        assert not cells.read_angle("120°61′").readable
        assert not cells.read_angle("某处").readable

    @given(st.floats(73, 136))
    @settings(max_examples=50)
    def test_degrees_written_in_parts_come_back(self, lon):
        degrees, rest = divmod(lon * 3600, 3600)
        minutes, seconds = divmod(rest, 60)
        text = f"{degrees:.0f}°{minutes:.0f}′{seconds:.4f}″"
        if "60.0000" not in text:
            assert cells.read_angle(text).degrees == pytest.approx(lon, abs=1e-7)

    def test_yes_no_and_lists(self):
        assert [cells.read_yes_no(text) for text in ("是", "否", "有", "无", "1", "0", "√", "", "也许")] == [
            True, False, True, False, True, False, True, None, None,
        ]  # fmt: skip
        assert cells.read_list("58；63") == ("58", "63")
        assert cells.read_list("针刺、艾灸,拔罐") == ("针刺", "艾灸", "拔罐")
        assert cells.read_list("无") == ()


class TestHeaders:
    def test_every_alias_means_one_column(self):
        for layer in (*REQUIRED_COLUMNS, "boundary", "urban_area", "barriers"):
            for column in headers.known_columns(layer):
                for alias in headers._aliases(layer).get(column, ()):
                    match = headers.match_header(alias, layer)
                    assert match, (layer, alias)
                    assert match.column == column, (layer, alias)

    @pytest.mark.parametrize("layer", list(REQUIRED_COLUMNS))
    def test_every_column_of_the_design_is_known_by_its_own_name_and_a_chinese_one(self, layer):
        for column in (*REQUIRED_COLUMNS[layer], *OPTIONAL_COLUMNS[layer]):
            if column not in ("geometry", "outside_county"):
                assert headers.match_header(column, layer).column == column
                assert not headers.usual_header(layer, column).isascii()

    @pytest.mark.parametrize(
        ("header", "column"),
        [
            ("常住人口（人）", "population"), ("２０２０年常住人口数", "population"),
            ("人口(户籍)", "population_hukou"),
            ("户籍总人口数", "population_hukou"), ("村(居)委会", "name"), ("乡镇（街道）", "township"),
            ("经　度（°）", "lon"), ("经度(度)", "lon_degrees"), ("65岁及以上", "population_65"),
            ("＊行政村名称", "name"),
        ],
    )  # fmt: skip
    def test_headers_as_registers_write_them(self, header, column):
        assert headers.match_header(header, "villages").column == column

    @pytest.mark.parametrize(
        "header", ["流动人口数", "60岁以上人口数", "人口密度", "户籍人口性别比率", "备注", "联系电话", "村卫生室数", ""]
    )
    def test_headers_that_only_look_alike_are_left(self, header):
        match = headers.match_header(header, "villages")
        assert match is None or match.column != "population"

    def test_of_two_headers_for_one_column_the_better_is_used(self):
        reading = headers.read_headers(["总人口", "常住人口", "村名"], "villages", {})
        assert reading.columns == {1: "population", 2: "name"}
        assert reading.unused == (("总人口", "population"),)

    def test_what_the_region_states_comes_first(self):
        reading = headers.read_headers(["常住人口", "实有数", "村名"], "villages", {"population": "实有数"})
        assert reading.columns == {1: "population", 2: "name"}


class TestVocabularies:
    def test_every_tier_is_known_by_its_id_and_by_the_words_of_the_interface(self):
        for tier in TIERS:
            assert vocabularies.read_tier(tier) == (tier, False, True)
            assert vocabularies.read_tier(word(f"general.tier.{tier}", "zh")).id == tier

    @pytest.mark.parametrize(("column", "ids"), [("kind", KINDS), ("status", STATUSES)])
    def test_words_of_the_interface_are_understood(self, column, ids):
        for item in ids:
            assert vocabularies.read_word(column, item).id == item
            assert vocabularies.read_word(column, word(f"general.{column}.{item}", "zh")).id == item

    @pytest.mark.parametrize(
        ("cell", "tier"),
        [
            ("中心卫生院", "central_township_hospital"), ("乡镇卫生院", "township_hospital"),
            ("街道卫生院", "township_hospital"), ("卫生室（站）", "village_clinic"),
            ("社区卫生服务站", "community_station"),
            ("村卫生站", "village_clinic"), ("中心村卫生室", "central_clinic"), ("一般村卫生室", "village_clinic"),
            ("村卫生室服务点", "service_point"), ("沟域片区服务站", "community_station"), ("门诊部", "private_clinic"),
            ("乡镇卫生院分院", "township_hospital"), ("县人民医院儒岙分院", "township_hospital"),
            ("中心卫生院回山分院", "township_hospital"), ("人民医院", "county_hospital"),
            ("巡回医疗点", "touring_stop"),
            ("药店", "other"), ("宠物诊所", "other"),
        ],
    )  # fmt: skip
    def test_types_of_registers(self, cell, tier):
        assert vocabularies.read_tier(cell).id == tier

    def test_a_general_type_asks_the_name(self):
        assert vocabularies.read_tier("综合医院", "某县人民医院") == ("county_hospital", True, True)
        assert vocabularies.read_tier("药房", "后岸村卫生室") == ("other", False, False)

    def test_operating_words(self):
        for text, answer in {
            "正常运行": "yes",
            "停诊": "no",
            "有室无医": "no",
            "挂牌未营业": "no",
            "注销": "no",
            "": "",
            "无": "",
        }.items():
            assert vocabularies.read_word("operating", text).id == answer
        assert not vocabularies.read_word("operating", "半开").known


class TestTextTables:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
    @pytest.mark.parametrize("delimiter", [",", "\t", ";", "，"])
    def test_encodings_and_delimiters(self, tmp_path, encoding, delimiter):
        table = read(text_file(tmp_path / "v.csv", [HEAD, ROW], encoding, delimiter))
        assert table.cells("name") == ["后岸村"]
        assert table.cells("village_id") == ["330624102201"]
        assert table.rows.tolist() == [2]
        assert not table.faults

    def test_rare_characters_of_gb18030(self, tmp_path):
        table = read(text_file(tmp_path / "v.csv", [HEAD, ["1", "㙟𬒗村", "1", "120", "29"]], "gb18030"))
        assert table.cells("name") == ["㙟𬒗村"]

    def test_an_encoding_that_is_none_is_named(self, tmp_path):
        path = tmp_path / "v.csv"
        path.write_bytes(b"\xff\xff\x81\x20,\x80\x80")
        assert refusal(path).code == "unreadable_text"
        good = text_file(tmp_path / "w.csv", [HEAD, ROW], "gbk")
        assert refusal(good, encoding="utf-8").code == "unreadable_text"
        assert refusal(good, encoding="no-such").code == "unreadable_text"

    def test_a_damaged_utf8_file_is_not_read_as_garbage(self, tmp_path):
        data = ("id,name,population,lon,lat\n" + "1,后岸村委会前岸村委会上村村委会,5,120.9,29.5\n" * 3).encode()
        place = data.index("岸".encode())
        for damaged in (data[:place] + b"\xff" + data[place + 1 :], data[: data.rindex("上".encode()) + 1]):
            path = tmp_path / "v.csv"
            path.write_bytes(damaged)
            assert refusal(path).code == "unreadable_text"

    def test_a_byte_order_mark_is_not_garbled_by_trying_gb18030_first(self):
        assert decode_text("村".encode("utf-8-sig")) == ("村", "utf-8-sig")
        with pytest.raises(UnknownEncodingError):
            decode_text(b"\xff\xff\xff")

    def test_title_rows_empty_rows_totals_and_notes(self, tmp_path):
        rows = [["某县行政村一览表", "", "", "", ""], ["填报单位：某局", "", "", "", ""], HEAD, ROW, [""] * 5,
                ["330624102202", "前岸村", "10", "120.9", "29.5"], ["合计", "", "310", "", ""],
                ["注：常住人口为2020年", "", "", "", ""], ["另见附表", "", "", "", ""]]  # fmt: skip
        table = read(text_file(tmp_path / "v.csv", rows))
        assert table.cells("name") == ["后岸村", "前岸村"]
        assert table.rows.tolist() == [4, 6]
        assert {fault.code: fault.rows for fault in table.faults} == {"total_rows": (7,), "remark_rows": (8, 9)}

    def test_a_total_above_and_township_subtotals_are_left_out(self, tmp_path):
        head = ["乡镇", *HEAD]
        rows = [head, ["全县合计", "", "", "600", "", ""], ["甲镇", "", "小计", "300", "", ""], ["甲镇", *ROW]]
        table = read(text_file(tmp_path / "v.csv", rows))
        assert table.cells("name") == ["后岸村"]
        assert codes(table) == ["total_rows"]

    def test_rows_of_townships_are_left_out(self, tmp_path):
        rows = [HEAD, ["330624102000", "甲镇", "900", "", ""], ROW, ["330624103", "乙乡", "900", "", ""]]
        table = read(text_file(tmp_path / "v.csv", rows))
        assert table.cells("name") == ["后岸村"]
        assert {fault.code: fault.rows for fault in table.faults} == {"parent_rows": (2, 4)}

    def test_a_repeated_header_is_skipped_and_a_second_table_is_said(self, tmp_path):
        other = ["机构名称", "床位", "乡镇", "村名", "常住人口"]
        rows = [
            HEAD,
            ROW,
            HEAD,
            ["330624102202", "前岸村", "10", "120.9", "29.5"],
            [""] * 5,
            other,
            ["甲", "1", "2", "丙", "4"],
        ]
        table = read(text_file(tmp_path / "v.csv", rows))
        assert table.cells("name") == ["后岸村", "前岸村"]
        assert {fault.code: fault.rows for fault in table.faults} == {"repeated_header": (3,), "second_table": (6, 7)}

    def test_a_table_printed_side_by_side_is_one_table(self, tmp_path):
        rows = [["村名", "人口", "", "村名", "人口"], ["甲村", "1", "", "乙村", "2"], ["丙村", "3", "", "", ""]]
        table = read(text_file(tmp_path / "v.csv", rows))
        assert sorted(zip(table.cells("name"), table.cells("population"), table.rows.tolist(), strict=True)) == [
            ("丙村", "3", 3), ("乙村", "2", 2), ("甲村", "1", 2),
        ]  # fmt: skip
        assert "side_by_side" in codes(table)

    def test_rows_above_the_header_are_said(self, tmp_path):
        table = read(text_file(tmp_path / "v.csv", [["某县", "2024"], ["2", "乙村", "10", "120.9", "29"], HEAD, ROW]))
        assert [(fault.code, fault.rows) for fault in table.faults] == [("rows_above_header", (2,))]

    def test_a_number_with_an_unquoted_comma_stops_the_table(self, tmp_path):
        path = text_file(tmp_path / "v.csv", [HEAD, ROW, ["330624102202", "前岸村", "1,234", "120.9", "29.5"]])
        fault = refusal(path)
        assert (fault.code, fault.rows) == ("shifted_rows", (3,))

    def test_quotes_that_swallow_rows_stop_the_table(self, tmp_path):
        path = text_file(tmp_path / "v.csv", [HEAD, ['"330624102201', *ROW[1:]], ROW, ROW])
        assert refusal(path).code == "stray_quote"
        path = text_file(tmp_path / "w.csv", [HEAD, ['"330624102201', *ROW[1:]], [*ROW[:4], '29.5"'], ROW])
        assert refusal(path).code == "stray_quote"

    def test_quoted_values_may_hold_delimiters_and_line_ends(self, tmp_path):
        path = text_file(tmp_path / "v.csv", [HEAD, ["330624102201", '"后岸\n村"', '"1,234"', "120.9", "29.5"]])
        table = read(path)
        assert table.cells("population") == ["1,234"]
        assert cells.clean(table.cells("name")[0]) == "后岸 村"

    def test_short_rows_are_said(self, tmp_path):
        table = read(text_file(tmp_path / "v.csv", [HEAD, ROW[:3]]))
        assert table.cells("lat") == [""]
        assert codes(table) == ["short_rows"]

    def test_no_header_names_what_is_there_and_what_would_do(self, tmp_path):
        fault = refusal(text_file(tmp_path / "v.csv", [["a1", "b2"], ["1", "2"]]))
        assert fault.code == "no_header"
        assert "a1, b2" in fault.found.zh
        assert "行政区划代码" in fault.allowed.zh

    def test_the_region_names_headers(self, tmp_path):
        path = text_file(tmp_path / "v.csv", [["k1", "k2", "k3"], ["7", "甲村", "5"]])
        table = read(path, columns={"village_id": "K1", "name": "k2", "population": "k3"})
        assert table.cells("name") == ["甲村"]
        assert table.headers["population"] == "k3"

    def test_a_header_the_file_does_not_have_is_refused_with_the_nearest(self, tmp_path):
        path = text_file(tmp_path / "v.csv", [[*HEAD, "实有人口数量"], [*ROW, "1"]])
        fault = refusal(path, columns={"population": "实有人口数"})
        assert fault.code.startswith("unknown_header")
        assert "实有人口数" in fault.found.zh
        assert "实有人口数量" in fault.allowed.zh

    def test_empty_files_and_tables_without_rows(self, tmp_path):
        empty = tmp_path / "v.csv"
        empty.write_bytes(b"")
        assert refusal(empty).code == "empty_layer"
        assert refusal(text_file(tmp_path / "w.csv", [HEAD])).code == "empty_layer"
        assert refusal(text_file(tmp_path / "x.csv", [HEAD, ["合计", "", "0", "", ""]])).code == "empty_layer"
        assert refusal(text_file(tmp_path / "y.csv", [[""], [""]])).code == "empty_layer"

    def test_missing_files_folders_and_web_pages(self, tmp_path):
        assert refusal(tmp_path / "none.csv").code == "missing_file"
        (tmp_path / "folder").mkdir()
        assert refusal(tmp_path / "folder").code == "folder_in_place"
        page = tmp_path / "v.xls"
        page.write_text("<html><table><tr><td>村名</td></tr></table></html>", encoding="utf-8")
        assert refusal(page).code == "web_page"

    def test_columns_that_nobody_knows_are_kept_under_their_header(self, tmp_path):
        table = read(text_file(tmp_path / "v.csv", [[*HEAD, "邮编", "邮编"], [*ROW, "312500", "x"]]))
        assert table.cells("邮编") == ["312500"]
        assert table.cells("邮编_2") == ["x"]


class TestWorkbooks:
    def test_codes_numbers_and_merged_townships(self, tmp_path):
        rows = [["某县行政村基本情况表"], ["填报单位：某局", "", "", "", "", "填报日期：2024年"],
                ["序号", "乡镇(街道)", *HEAD], [1, "", 330624102201, "后岸村", 300, 120.9, 29.5],
                [2, "", "330624102202", "前岸村", 301.0, 120.91, 29.5],
                [3, "乙乡", 330624103201.0, "上村", 5, 120.92, 29.5],
                ["合计", "", "", "", 606]]  # fmt: skip
        table = read(
            workbook(tmp_path / "v.xlsx", rows, merges=[(0, 0, 0, 6, "某县行政村基本情况表"), (3, 1, 4, 1, "甲镇")])
        )
        assert table.cells("village_id") == ["330624102201", "330624102202", "330624103201"]
        assert table.cells("township") == ["甲镇", "甲镇", "乙乡"]
        assert table.cells("population") == ["300", "301", "5"]
        assert table.rows.tolist() == [4, 5, 6]
        assert codes(table) == ["total_rows"]

    def test_merged_populations_are_not_doubled(self, tmp_path):
        rows = [HEAD, ["1", "甲村", "", 120.9, 29.5], ["2", "乙村", "", 120.9, 29.5]]
        table = read(workbook(tmp_path / "v.xlsx", rows, merges=[(1, 2, 2, 2, 500)]))
        assert table.cells("population") == ["500", ""]

    def test_headers_over_two_rows(self, tmp_path):
        rows = [
            ["代码", "行政村名称", "人口", "", "坐标", ""],
            ["", "", "常住", "户籍", "经度", "纬度"],
            ["7", "甲村", 5, 6, 120.9, 29.5],
        ]
        table = read(workbook(tmp_path / "v.xlsx", rows, merges=[(0, 2, 0, 3, "人口"), (0, 4, 0, 5, "坐标")]))
        assert (table.cells("population"), table.cells("population_hukou")) == (["5"], ["6"])
        assert (table.cells("lon"), table.cells("lat")) == (["120.9"], ["29.5"])

    def test_degrees_minutes_seconds_in_columns_of_two_header_rows(self, tmp_path):
        rows = [["代码", "村名", "经度", "", "", "纬度", "", ""], ["", "", "度", "分", "秒", "度", "分", "秒"],
                ["7", "甲村", 120, 54, 12, 29, 30, 0]]  # fmt: skip
        table = read(workbook(tmp_path / "v.xlsx", rows))
        assert {"lon_degrees", "lon_minutes", "lon_seconds", "lat_degrees", "lat_seconds"} <= set(table.frame.columns)

    def test_the_best_sheet_is_read_and_the_others_are_named(self, tmp_path):
        path = workbook(
            tmp_path / "v.xlsx",
            None,
            sheets={
                "说明": [["填表说明"]],
                "乙乡": [HEAD[:3], ["1", "乙村", 1]],
                "甲镇": [HEAD, ROW],
                "旧": [HEAD, ROW],
            },
            hidden_sheets=("旧",),
        )
        table = read(path)
        assert table.cells("name") == ["后岸村"]
        notes = {fault.code: fault.found.zh for fault in table.faults}
        assert "乙乡" in notes["other_sheets"]
        assert "旧" in notes["hidden_sheets"]
        assert read(path, sheet="乙乡").cells("name") == ["乙村"]
        assert refusal(path, sheet="丙").code == "unknown_sheet"

    def test_hidden_rows_are_read_and_said(self, tmp_path):
        table = read(workbook(tmp_path / "v.xlsx", [HEAD, ROW, ["330624102202", *ROW[1:]]], hidden_rows=(2,)))
        assert len(table.frame) == 2
        assert [(fault.code, fault.rows) for fault in table.faults] == [("hidden_rows", (3,))]

    def test_merged_headings_inside_the_table_are_left_out(self, tmp_path):
        rows = [HEAD, [""], ROW]
        table = read(workbook(tmp_path / "v.xlsx", rows, merges=[(1, 0, 1, 4, "一、甲镇（1个村）")]))
        assert table.cells("name") == ["后岸村"]
        assert codes(table) == ["heading_rows"]

    def test_numbered_empty_rows_and_values_without_header_are_said(self, tmp_path):
        rows = [["序号", *HEAD], [1, *ROW, "旁注"], [2], [3]]
        table = read(workbook(tmp_path / "v.xlsx", rows))
        assert len(table.frame) == 1
        assert {fault.code for fault in table.faults} == {"numbered_rows", "columns_without_header"}

    def test_damaged_and_misnamed_workbooks(self, tmp_path):
        path = workbook(tmp_path / "v.xlsx", [HEAD, ROW])
        cut = tmp_path / "cut.xlsx"
        cut.write_bytes(path.read_bytes()[:700])
        assert refusal(cut).code == "unreadable_file"
        renamed = tmp_path / "v.csv"
        renamed.write_bytes(path.read_bytes())
        assert read(renamed).cells("name") == ["后岸村"]
        assert codes(read(text_file(tmp_path / "w.xls", [HEAD, ROW], "gbk", "\t"))) == ["not_a_workbook"]

    def test_ods(self, tmp_path):
        table = read(write_ods(tmp_path / "v.ods", [HEAD, ROW]))
        assert table.cells("name") == ["后岸村"]


def write_ods(path, rows):
    """A hand-made OpenDocument sheet of text cells."""
    body = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in row
        )
        + "</table:table-row>"
        for row in rows
    )
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces}><office:body><office:spreadsheet>'
        f'<table:table table:name="表1">{body}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>'
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", kind)
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", manifest)
    return path


def shapefile(folder, encoding, *, cpg=None, language=0, names=("行政村", "人口数")):
    """Two points with a hand-made table: names and values in any encoding, cut at the field width like real ones."""
    folder.mkdir(parents=True)
    path = folder / "v.shp"
    pyogrio.write_dataframe(points(["a", "b"]), path, driver="ESRI Shapefile")
    widths, rows = (20, 10), (("后岸村", "300"), ("前岸村", "500"))
    fields = b"".join(
        name.encode(encoding)[:10].ljust(11, b"\0") + b"C" + bytes(4) + bytes([width, 0]) + bytes(14)
        for name, width in zip(names, widths, strict=True)
    )
    header = bytes([3, 124, 1, 1]) + struct.pack("<IHH", 2, 32 + len(fields) + 1, 1 + sum(widths))
    header += bytes(17) + bytes([language]) + bytes(2)
    body = b"".join(
        b" " + b"".join(cell.encode(encoding)[:width].ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    path.with_suffix(".dbf").write_bytes(header + fields + b"\r" + body + b"\x1a")
    path.with_suffix(".cpg").unlink(missing_ok=True)
    if cpg:
        path.with_suffix(".cpg").write_text(cpg, encoding="ascii")
    return path


class TestShapefiles:
    @pytest.mark.parametrize(
        ("encoding", "cpg", "language", "note"),
        [
            ("gbk", "GBK", 0, False),
            ("gb18030", "GB18030", 0, False),
            ("utf-8", "UTF-8", 0, False),
            ("gbk", None, 0x4D, True),
            ("gbk", None, 0, True),
            ("gbk", None, 0x57, True),
            ("utf-8", None, 0, True),
            ("gbk", "UTF-8", 0, True),
            ("utf-8", "GBK", 0, True),
            ("gbk", "ISO-8859-1", 0, True),
        ],
    )
    def test_whatever_the_file_declares(self, tmp_path, encoding, cpg, language, note):
        table = read(shapefile(tmp_path / "f", encoding, cpg=cpg, language=language))
        assert table.cells("name") == ["后岸村", "前岸村"]
        assert table.cells("population") == ["300", "500"]
        assert table.geometry is not None
        assert ("encoding_guessed" in codes(table)) == note

    @pytest.mark.parametrize("cpg", ["UTF-8", None])
    def test_names_cut_inside_a_character(self, tmp_path, cpg):
        path = shapefile(tmp_path / "f", "utf-8", cpg=cpg, names=("行政村名称", "常住人口数"))
        table = read(path)
        assert table.cells("name") == ["后岸村", "前岸村"]
        assert table.cells("population") == ["300", "500"]
        assert {"names_cut", "header_guessed"} <= set(codes(table))

    def test_two_fields_of_one_name(self, tmp_path):
        path = shapefile(tmp_path / "f", "gbk", cpg="GBK", names=("行政村", "行政村"))
        assert refusal(path).code == "repeated_field"

    def test_a_zipped_shapefile(self, tmp_path):
        path = shapefile(tmp_path / "f", "gbk")
        archive = tmp_path / "v.zip"
        with zipfile.ZipFile(archive, "w") as file:
            for part in path.parent.iterdir():
                file.write(part, part.name)
        table = read(archive)
        assert table.cells("name") == ["后岸村", "前岸村"]
        assert "encoding_guessed" in codes(table)

    def test_an_encoding_the_region_states_is_used(self, tmp_path):
        assert read(shapefile(tmp_path / "f", "big5", names=("name", "pop")), encoding="big5").cells("name") == [
            "后岸村",
            "前岸村",
        ]

    def test_sniffing_refuses_what_is_no_table(self):
        assert sniff_dbf(b"").name == "unknown"
        assert sniff_dbf(b"not a table at all").name == "unknown"

    def test_a_damaged_shapefile(self, tmp_path):
        path = shapefile(tmp_path / "f", "gbk")
        path.write_bytes(b"garbage")
        assert refusal(path).code == "unreadable_file"


class TestVectorFiles:
    @pytest.mark.parametrize(
        ("suffix", "driver"),
        [(".gpkg", "GPKG"), (".geojson", "GeoJSON"), (".fgb", "FlatGeobuf"), (".kml", "LIBKML"), (".kmz", "LIBKML"),
         (".tab", "MapInfo File"), (".gml", "GML")],
    )  # fmt: skip
    def test_formats(self, tmp_path, suffix, driver):
        path = tmp_path / f"v{suffix}"
        options = {"ENCODING": "UTF-8"} if suffix == ".tab" else {}
        pyogrio.write_dataframe(points(["后岸村", "前岸村"]), path, driver=driver, layer_options=options)
        table = read(path)
        # FlatGeobuf keeps its features in the order of its index.
        found = sorted(zip(table.cells("name"), [round(point.x, 6) for point in table.geometry], strict=True))
        assert found == [("前岸村", 120.91), ("后岸村", 120.9)]

    def test_a_geojson_saved_as_gbk(self, tmp_path):
        path = tmp_path / "v.geojson"
        pyogrio.write_dataframe(points(["后岸村"]), path, driver="GeoJSON")
        path.write_bytes(path.read_text(encoding="utf-8").encode("gbk"))
        table = read(path)
        assert table.cells("name") == ["后岸村"]
        assert codes(table) == ["encoding_guessed"]

    def test_a_kml_with_folders_and_one_saved_as_gbk(self, tmp_path):
        marks = "".join(
            f"<Folder><name>{folder}</name><Placemark><name>{name}</name><Point><coordinates>120.9,29.5,0</coordinates>"
            "</Point></Placemark></Folder>"
            for folder, name in (("甲镇", "后岸村"), ("乙乡", "上村"))
        )
        text = f'<?xml version="1.0" encoding="GBK"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>{marks}</Document></kml>'
        path = tmp_path / "v.kml"
        path.write_bytes(text.encode("gbk"))
        table = read(path)
        assert sorted(table.cells("name")) == ["上村", "后岸村"]
        assert {"encoding_guessed", "layers_joined"} <= set(codes(table))
        assert read(path, layer="villages").rows.tolist() == [1, 2]

    def test_a_kml_with_entities_is_refused(self, tmp_path):
        path = tmp_path / "v.kml"
        path.write_text('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><kml>&b;</kml>', encoding="utf-8")
        assert refusal(path).code == "document_type"

    def test_layers_of_a_geopackage(self, tmp_path):
        path = tmp_path / "v.gpkg"
        for layer in ("roads", "villages"):
            pyogrio.write_dataframe(points([layer]), path, layer=layer, append=path.exists())
        table = read(path)
        assert (table.cells("name"), codes(table)) == (["villages"], ["layer_chosen"])
        assert read_table(source(path.name, layer="roads"), path, "villages").cells("name") == ["roads"]
        with pytest.raises(LayerError, match="no layer rivers"):
            read_table(source(path.name, layer="rivers"), path, "villages")
        assert refusal(path, layer="townships").code == "several_layers"

    @pytest.mark.parametrize("content", [b"garbage", b'{"type": "FeatureCollection", "features": [', b"{}"])
    def test_damaged_files(self, tmp_path, content):
        for name in ("v.geojson", "v.gpkg"):
            path = tmp_path / name
            path.write_bytes(content)
            assert refusal(path).code in ("unreadable_file", "empty_layer")

    def test_a_file_without_features(self, tmp_path):
        path = tmp_path / "v.geojson"
        path.write_text('{"type": "FeatureCollection", "features": []}', encoding="utf-8")
        assert refusal(path).code == "empty_layer"

    def test_numbers_with_gaps_stay_whole(self, tmp_path):
        path = tmp_path / "v.gpkg"
        pyogrio.write_dataframe(points(["a", "b"], population=[300, None], code=[330624102201, 330624102202]), path)
        table = read(path)
        assert table.cells("population") == ["300", ""]
        assert table.cells("village_id") == ["330624102201", "330624102202"]

    def test_a_column_the_region_replaces_keeps_its_own_name(self, tmp_path):
        path = tmp_path / "v.gpkg"
        pyogrio.write_dataframe(points(["a"], population=[1], real=[300]), path)
        table = read(path, columns={"population": "real"})
        assert table.cells("population") == ["300"]
        assert table.cells("population_2") == ["1"]
        fault = refusal(path, columns={"population": "reel"})
        assert (fault.code, "real" in fault.remedy.en) == ("unknown_header_near", True)
