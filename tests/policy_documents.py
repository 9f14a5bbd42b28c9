"""What tests of built-in profiles ask of a document, of the list of clauses, of a page and of a clause's parameters.

The documents and the list are not part of the package; a test that needs them is skipped where they are absent.
"""

import csv
import re
from importlib import resources
from pathlib import Path

import pytest
from pydantic import BaseModel

from clinicplan.policy.parameters import Condition, Subjects

PROJECT = Path(__file__).resolve().parents[1]
POLICIES = PROJECT.parent / "shared" / "policies"
needs_documents = pytest.mark.skipif(not POLICIES.is_dir(), reason="the policy documents of ../shared are not here")

IDS = ("ganzhou-2019", "laiyang-2024", "nanyang-2024", "mentougou-2024", "xinchang-2022")

TIER_COLUMNS = {
    "one_village_one_clinic", "merge", "exempt", "service", "service_circle", "touring", "referral_chain", "spacing",
}  # fmt: skip
"""Kinds that look at the tiers of facilities, though no condition names the column."""

NANYANG = {"公共卫生": "公共卫生体系建设行动计划", "医疗服务": "医疗服务体系建设行动计划", "乡村": "攻坚行动实施方案"}
"""The three documents that Nanyang issued as one, and the line each begins with."""

ANNEXES = {"xinchang-2022": ("附件1", "附件2")}


# ---------------------------------------- files


def document_text(document):
    return (POLICIES / f"{document}.txt").read_text(encoding="utf-8")


def profile_text(document):
    return resources.files("clinicplan.policy").joinpath("profiles", f"{document}.toml").read_text(encoding="utf-8")


def page(document):
    """Return the part of the guide that accounts for a document article by article."""
    text = (PROJECT / "docs" / "policies.md").read_text(encoding="utf-8")
    part = re.search(rf"^## [^\n]*{{#{document}}}\n(.*?)(?=^## |\Z)", text, flags=re.MULTILINE | re.DOTALL)
    return part[1]


def listed(document):
    """Return the rows of the list of clauses that belong to a document, by id."""
    with (POLICIES / "clauses.csv").open(encoding="utf-8", newline="") as file:
        return {row["clause"]: row for row in csv.DictReader(file) if row["document"] == document}


def rows_of_page(document):
    """Return the row of every article on a page; an article has one."""
    first = rf"(?:(?:{'|'.join(NANYANG)}) )?(?:[一二三四五六七八九](?=[( ])|附件)"
    rows = [row for row in page(document).splitlines() if re.match(rf"\| {first}", row)]
    named = {cells(row)[0]: row for row in rows}
    assert len(named) == len(rows)
    return named


def cells(row):
    return [cell.strip() for cell in row.split("|")[1:-1]]


def marked_clauses(document):
    """Return the clauses with a note `csv:` in their table or right above it."""
    text = profile_text(document)
    begins = [match.start() for match in re.finditer(r"^(?:#.*\n)*\[\[clauses\]\]", text, re.MULTILINE)]
    blocks = [text[begin:end] for begin, end in zip(begins, [*begins[1:], len(text)], strict=True)]
    return {re.search(r'^id = "(.*)"$', block, re.MULTILINE)[1] for block in blocks if "# csv: " in block}


def names_of(document):
    """Return every name of a part or an item as the profile writes it."""
    return re.findall(r'\bname = "(.*?)"', profile_text(document))


# ---------------------------------------- articles


def articles(document):
    """Return the articles in the document's own numbering, the lowest level only: 二(二)4, 四(一), 一."""
    text = document_text(document)
    if document == "nanyang-2024":
        return [f"{name} {item}" for name, part in _parts_of_nanyang(text) for item in _articles_of(part)]
    annexes = ANNEXES.get(document, ())
    body = text.split("附件：")[0] if annexes else text
    assert all(re.search(rf"^\s*{annex}$", text, re.MULTILINE) for annex in annexes)
    return [*_articles_of(body), *annexes]


def _parts_of_nanyang(text):
    begins = [text.rindex(f"\n{'南阳市' if name != '乡村' else ''}{line}\n") for name, line in NANYANG.items()]
    ends = [*begins[1:], len(text)]
    return [(name, text[begin:end]) for name, begin, end in zip(NANYANG, begins, ends, strict=True)]


def _articles_of(text):
    part = section = ""
    found = []
    for line in map(str.strip, text.splitlines()):
        if match := re.match(r"([一二三四五六七八九])、", line):
            part, section = match[1], match[1]
            found.append(part)
        elif match := re.match(r"[（(]([一二三四五六七八九十]+)[）)]", line):
            section = f"{part}({match[1]})"
            found.append(section)
        elif match := re.match(r"(\d+)[.．]", line):
            found.append(f"{section}{match[1]}")
    return [item for item in found if not any(_is_above(item, other) for other in found)]


def _is_above(upper, lower):
    """Tell whether one article is a heading over another."""
    return upper != lower and (lower.startswith(f"{upper}(") or (upper.endswith(")") and lower.startswith(upper)))


# ---------------------------------------- words


def copied_runs(ours, theirs, length, names=()):
    """Return the runs of so many Chinese letters that stand in a document too.

    Only a name breaks a run: signs, figures and cells of a table are passed over.
    """
    mine, source = _letters(ours, names), _letters(theirs, names)
    runs = {mine[at : at + length] for at in range(len(mine) - length + 1)}
    return sorted(run for run in runs if "#" not in run and run in source)


def _letters(text, names):
    text = re.sub(r"[^一-鿿]+", "", text)
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "#")
    return text


# ---------------------------------------- numbers


def numbers_of(clause):
    """Return every number that a clause's parameters hold."""
    return {round(float(value), 6) for value in leaves(clause.parameters.model_dump())}


def leaves(value):
    """Yield every number of a table as it is dumped."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from leaves(item)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value


def numbers_in_list(words):
    """Return the numbers of a cell of the list: percent as a share, weeks as days, km as metres, millions as people."""
    words = re.sub(r"end 20\d\d|ct_rows", "", words)
    words = re.sub(r"(\d+) weeks", lambda match: f"{int(match[1]) * 7} days", words)
    words = re.sub(r"([\d.]+) km", lambda match: str(int(match[1]) * 1000), words)
    words = re.sub(r"([\d.]+)-([\d.]+) million", lambda match: f"{_millions(match[1])};{_millions(match[2])}", words)
    words = re.sub(r"\b1 per (?=\d)", "", words)  # one for so many residents: the residents are the parameter
    return _numbers(re.findall(r"(\d+(?:\.\d+)?)( %)?", words))


def numbers_in_statement(text, days):
    """Return the numbers of a sentence, ten thousands and shares read as such; days of its own are deadlines."""
    for day in days:
        text = re.sub(rf"{day.year}年({day.month}月)?", "", text)
    text = text.replace("八成", "80%").replace("七成", "70%").replace("三成", "30%").replace("一半", "50%")
    text = re.sub(r"(\d+)万", lambda match: str(int(match[1]) * 10_000), text)
    text = re.sub(r"(\d+)公里", lambda match: str(int(match[1]) * 1000), text)
    text = text.replace("每千", "每1000").replace("1比1.1", "1.1")
    return _numbers(re.findall(r"(\d+(?:\.\d+)?)(%|—\d+%)?", text))


def _numbers(found):
    return {round(float(number) / (100 if percent else 1), 6) for number, percent in found}


def _millions(number):
    return round(float(number) * 1_000_000)


# ---------------------------------------- columns


def columns_of(table, layer="facilities"):
    """Yield `layer.column` of everything a table of parameters names."""
    layer = _own_layer(table, layer)
    if isinstance(table, Condition):
        yield from (f"{layer}.{column}" for column in (table.column, *table.or_columns))
        return
    for name in type(table).model_fields:
        value = getattr(table, name)
        if name in ("column", "over_column", "times", "county_column") and value:
            yield f"{layer}.{value}"
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, BaseModel):
                yield from columns_of(item, "villages" if name == "at_village" else layer)


def _own_layer(table, layer):
    if isinstance(table, Subjects):
        return table.layer
    subjects = getattr(table, "subjects", None)
    if isinstance(subjects, Subjects):
        return subjects.layer
    return "villages" if type(table).__name__ == "VillageClass" else layer
