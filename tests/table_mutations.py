"""What goes wrong with the tables of villages and facilities; see `mutations.py`."""

from __future__ import annotations

from spoiling import AS_TABLES, AS_TEXT, AS_WORKBOOKS, IN_ANY_FORMAT, mutation

PLACED_COLUMNS = ("经度", "纬度")
NEEDED_COLUMNS = {
    "villages": ("行政区划代码", "行政村名称", "乡镇", "常住人口", *PLACED_COLUMNS),
    "facilities": ("机构代码", "机构名称", "机构类型", *PLACED_COLUMNS),
}
CODES = {"villages": "行政区划代码", "facilities": "机构代码"}
NAMES = {"villages": "行政村名称", "facilities": "机构名称"}
STATES = {"villages": "村庄状态", "facilities": "运行状态"}
TABLES = ("villages", "facilities")
FULL_WIDTH = str.maketrans("0123456789.", "０１２３４５６７８９．")


# Tables: columns


@mutation(*TABLES, formats=AS_TABLES)
def drop_needed_column(case, layer):
    sheet = case.sheet(layer)
    position = sheet.column(case.random.choice(NEEDED_COLUMNS[layer]))
    for row in (sheet.header, *sheet.rows, *([sheet.total] if sheet.total else [])):
        del row[position]


@mutation(*TABLES, formats=IN_ANY_FORMAT)
def blank_needed_column(case, layer):
    sheet = case.sheet(layer)
    position = sheet.column(case.random.choice(NEEDED_COLUMNS[layer]))
    for row in sheet.rows:
        row[position] = None


@mutation(*TABLES, formats=AS_TABLES)
def repeat_column_with_other_values(case, layer):
    sheet = case.sheet(layer)
    name = case.random.choice(sheet.header[1:])
    at = case.random.choice((0, len(sheet.header)))
    values = [row[sheet.column(name)] for row in sheet.rows]
    case.random.shuffle(values)
    sheet.header.insert(at, name)
    for row, value in zip(sheet.rows, values, strict=True):
        row.insert(at, value)
    sheet.total = None


@mutation(*TABLES, harmless=True, formats=IN_ANY_FORMAT)
def shuffle_columns(case, layer):
    sheet = case.sheet(layer)
    order = list(range(len(sheet.header)))
    case.random.shuffle(order)
    sheet.header[:] = [sheet.header[position] for position in order]
    sheet.rows[:] = [[row[position] for position in order] for row in sheet.rows]
    sheet.total = None


@mutation(*TABLES, formats=IN_ANY_FORMAT)
def rename_header(case, layer):
    sheet = case.sheet(layer)
    named = [name for name in sheet.header if name not in PLACED_COLUMNS and name != "序号"]
    sheet.header[sheet.column(case.random.choice(named))] = case.random.choice(
        ("字段7", "column", "？？", "备用", "户籍人口", "电话")
    )


@mutation(*TABLES, harmless=True, formats=AS_TABLES)
def dress_headers(case, layer):
    sheet = case.sheet(layer)
    dress = case.random.choice((" {} ", "{}*", "{}\n", "　{}", "【{}】", "{}：", "\u200b{}"))
    sheet.header[:] = [dress.format(name) for name in sheet.header]


@mutation("villages", formats=AS_TABLES)
def count_people_in_other_units(case, layer):
    sheet = case.sheet(layer)
    unit, factor = case.random.choice((("万人", 10_000), ("百人", 100)))
    position = sheet.column("常住人口")
    sheet.header[position] = f"常住人口（{unit}）"
    for row in sheet.rows:
        row[position] = row[position] / factor
    sheet.total = None


# Tables: rows


@mutation("villages", formats=IN_ANY_FORMAT)
def drop_row(case, layer):
    sheet = case.sheet(layer)
    del sheet.rows[case.random.randrange(len(sheet.rows))]


@mutation(*TABLES, formats=IN_ANY_FORMAT)
def repeat_row(case, layer):
    rows = case.sheet(layer).rows
    rows.insert(case.random.randrange(len(rows)), list(case.random.choice(rows)))


@mutation(*TABLES, harmless=True, formats=IN_ANY_FORMAT)
def shuffle_rows(case, layer):
    case.random.shuffle(case.sheet(layer).rows)


@mutation(*TABLES, harmless=True, formats=AS_TABLES)
def insert_blank_rows(case, layer):
    sheet = case.sheet(layer)
    for _ in range(3):
        sheet.rows.insert(case.random.randrange(len(sheet.rows) + 1), [None] * len(sheet.header))


@mutation("villages", harmless=True, formats=AS_TABLES)
def insert_total_row(case, layer):
    sheet = case.sheet(layer)
    row = [None] * len(sheet.header)
    row[case.random.choice((0, 2))] = case.random.choice(("合计", "小计", "总计", "全县合计", "合 计", "Total"))
    row[sheet.column("常住人口")] = 12345
    sheet.rows.insert(case.random.randrange(len(sheet.rows)), row)


@mutation(*TABLES, harmless=True, formats=AS_TABLES)
def repeat_header_row(case, layer):
    sheet = case.sheet(layer)
    sheet.rows.insert(case.random.randrange(1, len(sheet.rows)), list(sheet.header))


@mutation(*TABLES, harmless=True, formats=AS_TABLES)
def append_remarks(case, layer):
    sheet = case.sheet(layer)
    for text in ("注：数据截至2023年底", "填表人：张三"):
        sheet.rows.append([text, *[None] * (len(sheet.header) - 1)])
    sheet.total = None


# Tables: cells


@mutation(*TABLES, formats=IN_ANY_FORMAT)
def empty_cell(case, layer):
    sheet = case.sheet(layer)
    case.row(layer)[sheet.column(case.random.choice(NEEDED_COLUMNS[layer]))] = None


@mutation(*TABLES, formats=AS_TABLES)
def write_words_for_numbers(case, layer):
    sheet = case.sheet(layer)
    names = ["常住人口", *PLACED_COLUMNS] if layer == "villages" else PLACED_COLUMNS
    word = case.random.choice(
        ("很多", "约三百", "300-400", "#REF!", "NaN", "inf", "-inf", "1e999", "待核", "未知", "9" * 30)
    )
    case.row(layer)[sheet.column(case.random.choice(names))] = word


@mutation("villages", formats=AS_TABLES)
def write_people_loosely(case, layer):
    sheet = case.sheet(layer)
    row = case.row(layer)
    position = sheet.column("常住人口")
    form = case.random.choice(("{}人", "约{}", "{}多", "0{}", "+{}", "{}.0", "{},000", "{}万", "{} ", "'{}"))
    row[position] = form.format(row[position])


@mutation("villages", formats=IN_ANY_FORMAT)
def spoil_people(case, layer):
    sheet = case.sheet(layer)
    row = case.row(layer)
    position = sheet.column("常住人口")
    value = row[position]
    row[position] = case.random.choice((-value, 0, value * 1000, 1e15, value + 0.5, value / 1000, 330624101201))


@mutation(*TABLES, harmless=True, formats=AS_TABLES)
def write_full_width(case, layer):
    sheet = case.sheet(layer)
    for row in sheet.rows:
        for position, cell in enumerate(row):
            if cell is not None and case.random.random() < 0.5:
                row[position] = str(cell).translate(FULL_WIDTH)


@mutation(*TABLES, harmless=True, formats=AS_TABLES)
def pad_cells(case, layer):
    sheet = case.sheet(layer)
    for row in sheet.rows:
        for position, cell in enumerate(row):
            if cell is not None and case.random.random() < 0.3:
                row[position] = case.random.choice((" {}", "{} ", "　{}", "{}\u200b", "\t{}")).format(cell)


@mutation(*TABLES, formats=AS_TABLES)
def write_codes_as_a_spreadsheet_does(case, layer):
    sheet = case.sheet(layer)
    position = sheet.column("行政区划代码" if layer == "villages" else "所在村代码")
    form = case.random.choice(("{:.5E}", "{:.11E}", "{}.0", "{}.000", "'{}", "{:,}"))
    for row in sheet.rows:
        if row[position]:
            row[position] = form.format(int(row[position]))


@mutation("villages", formats=AS_WORKBOOKS)
def write_codes_as_numbers(case, layer):
    sheet = case.sheet(layer)
    for row in sheet.rows:
        row[1] = float(row[1])


@mutation(*TABLES, formats=IN_ANY_FORMAT)
def repeat_id(case, layer):
    sheet = case.sheet(layer)
    position = sheet.column(CODES[layer])
    first, second = case.random.sample(sheet.rows, 2)
    second[position] = first[position]


@mutation(*TABLES, formats=IN_ANY_FORMAT)
def write_unknown_word(case, layer):
    sheet = case.sheet(layer)
    names = (STATES[layer], "机构类型") if layer == "facilities" else (STATES[layer], "乡镇")
    word = case.random.choice(("什么", "???", "药店", "x", "正常？不详", "Village"))
    case.row(layer)[sheet.column(case.random.choice(names))] = word


@mutation(*TABLES, formats=IN_ANY_FORMAT)
def swap_coordinates(case, layer):
    sheet = case.sheet(layer)
    rows = sheet.rows if case.random.random() < 0.3 else [case.row(layer)]
    lon, lat = map(sheet.column, PLACED_COLUMNS)
    for row in rows:
        row[lon], row[lat] = row[lat], row[lon]


@mutation(*TABLES, formats=IN_ANY_FORMAT)
def shift_by_a_degree(case, layer):
    sheet = case.sheet(layer)
    rows = sheet.rows if case.random.random() < 0.3 else [case.row(layer)]
    position = sheet.column(case.random.choice(PLACED_COLUMNS))
    step = case.random.choice((-1, 1, 10, -60))
    for row in rows:
        row[position] = None if row[position] is None else row[position] + step


@mutation(*TABLES, formats=IN_ANY_FORMAT)
def write_no_place(case, layer):
    sheet = case.sheet(layer)
    row = case.row(layer)
    lon, lat = map(sheet.column, PLACED_COLUMNS)
    row[lon], row[lat] = case.random.choice(((0.0, 0.0), (999.0, 999.0), (-row[lon], row[lat]), (row[lon], -row[lat])))


@mutation(*TABLES, formats=AS_TABLES)
def write_degrees_and_minutes(case, layer):
    sheet = case.sheet(layer)
    for name in PLACED_COLUMNS:
        position = sheet.column(name)
        for row in sheet.rows:
            if row[position] is not None:
                row[position] = _sexagesimal(row[position])


def _sexagesimal(degrees):
    minutes, whole = (degrees - int(degrees)) * 60, int(degrees)
    return f"{whole}°{int(minutes)}′{(minutes - int(minutes)) * 60:.5f}″"


@mutation("villages")
def write_formulas(case, layer):
    sheet = case.sheet(layer)
    name = case.random.choice(("常住人口", *PLACED_COLUMNS))
    row = case.row(layer)
    position = sheet.column(name)
    row[position] = ("=1+1", case.random.choice((row[position], 0, "", "#REF!", "#N/A")))


# Tables: bytes


@mutation("facilities", "villages", harmless=True, formats=AS_TEXT)
def save_in_another_encoding(case, layer):
    encoding = case.random.choice(("utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"))
    case.patch(layer, lambda data: _text(data).encode(encoding))


@mutation("facilities", "villages", formats=AS_TEXT)
def save_in_an_odd_encoding(case, layer):
    encoding = case.random.choice(("utf-16-le", "utf-16-be", "big5", "ascii", "latin-1", "utf-32", "utf-7"))
    case.patch(layer, lambda data: _text(data).encode(encoding, errors="replace"))


@mutation("facilities", "villages", harmless=True, formats=AS_TEXT)
def save_with_other_marks(case, layer):
    delimiter = case.random.choice(("\t", ";", ","))
    end = case.random.choice(("\n", "\r\n", "\n\n"))
    case.patch(layer, lambda data: _text(data).replace(",", delimiter).replace("\r\n", end).encode("utf-8-sig"))


@mutation("facilities", "villages", formats=AS_TEXT)
def insert_stray_text(case, layer):
    stray = case.random.choice(('"', ",", "\0", "\ufeff", "\r", '",', '"\n', ",,,", "\x1a", "1,234,"))

    def insert(data):
        text = _text(data)
        at = case.random.randrange(text.index("\r\n") + 2, len(text))
        return (text[:at] + stray + text[at:]).encode("utf-8-sig")

    case.patch(layer, insert)


@mutation("facilities", "villages", formats=AS_TEXT)
def cut_table_inside_a_row(case, layer):
    def cut(data):
        lines = _text(data).splitlines()
        last = case.random.randrange(len(lines) // 2, len(lines))
        parts = lines[last].split(",")
        kept = ",".join(parts[: case.random.randrange(1, len(parts) - 1)])
        return "\r\n".join([*lines[:last], kept]).encode("utf-8-sig")

    case.patch(layer, cut)


def _text(data):
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise AssertionError


@mutation(*TABLES, "townships", "boundary", "roads")
def cut_short(case, layer):
    """Cut a file whose format says where it should end."""
    if case.county.files[layer].endswith(".csv"):
        case.county.rename(layer, "table.xlsx")
    share = case.random.random()
    case.patch(layer, lambda data: data[: int(share * len(data))])


@mutation("villages", "roads")
def flip_packed_bytes(case, layer):
    """Flip bytes of a file that carries check sums."""

    def flip(data):
        changed = bytearray(data)
        for _ in range(case.random.choice((1, 3, 20))):
            changed[case.random.randrange(len(changed))] ^= case.random.randrange(1, 256)
        return bytes(changed)

    case.patch(layer, flip)


@mutation("villages", "facilities", "townships", "boundary", "roads")
def replace_by_another_file(case, layer):
    other = case.random.choice([name for name in case.county.files if name != layer])
    case.county.region["layers"][layer]["path"] = case.county.files[other]


@mutation("facilities", "boundary", formats=({}, {"facilities": "facilities.geojson"}))
def insert_bad_bytes(case, layer):
    def insert(data):
        at = case.random.randrange(len(data))
        return data[:at] + case.random.choice((b"\xff\xff\xff", b"\x80\xff", b"\0\0\0")) + data[at:]

    case.patch(layer, insert)
