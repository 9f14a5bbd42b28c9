"""What tests of built-in profiles ask of a document, of the list of clauses and of a clause's own parameters.

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

TIER_COLUMNS = {
    "one_village_one_clinic", "merge", "exempt", "service", "service_circle", "touring", "referral_chain", "spacing",
}  # fmt: skip
"""Kinds that look at the tiers of facilities, though no condition names the column."""


def document_text(document):
    return (POLICIES / f"{document}.txt").read_text(encoding="utf-8")


def profile_text(document):
    return resources.files("clinicplan.policy").joinpath("profiles", f"{document}.toml").read_text(encoding="utf-8")


def page(document):
    return (PROJECT / "docs" / "policies" / f"{document}.md").read_text(encoding="utf-8")


def listed(document):
    """Return the rows of the list of clauses that belong to a document, by id."""
    with (POLICIES / "clauses.csv").open(encoding="utf-8", newline="") as file:
        return {row["clause"]: row for row in csv.DictReader(file) if row["document"] == document}


def articles(text):
    """Return the articles of a document in its own numbering, the lowest level only: 二(二)4, 四(一), 一."""
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
    return upper != lower and (lower.startswith(f"{upper}(") or (upper.endswith(")") and lower.startswith(upper)))


def copied_runs(ours, document, length, names=()):
    """Return the runs of so many Chinese letters that stand in a document too; names break a run."""
    mine, theirs = _letters(ours, names), _letters(document, names)
    runs = {mine[at : at + length] for at in range(len(mine) - length + 1)}
    return sorted(run for run in runs if "#" not in run and run in theirs)


def _letters(text, names):
    text = re.sub(r"[0-9A-Za-z\s.,%—\-（）()、，；：“”‘’《》〔〕|`*+]", "", text)
    for name in names:
        text = text.replace(name, "#")
    return re.sub(r"[^一-鿿]+", "#", text)


def leaves(value):
    """Yield every number of a table as it is dumped."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from leaves(item)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value


def numbers_of(clause):
    """Return every number that a clause's parameters hold."""
    return {round(float(value), 6) for value in leaves(clause.parameters.model_dump())}


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
