"""Whatever turns out to stand in the unknown cells of the second town, no verdict given before is contradicted.

Every empty cell of the register is answered at random, the absent columns, the operation of C2, the population of V09
and the places of V08 and C4 too. Verdicts, comparisons and silence must stay as they were, and each figure that is then
fully known must lie in the range it had; times are of those that have one, and have no range.

Two columns are left empty: who manages a clinic and who serves a village. Without them the institution of the township
is taken, which is an assumption of the reading and not a bound.
"""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

import audit_town_two as town
from clinicplan.policy.audit import audit
from clinicplan.policy.profile import built_in_profiles
from clinicplan.terms import BOOLEAN_COLUMNS, INTEGER_COLUMNS, LIST_COLUMNS, OPTIONAL_COLUMNS

SEEDS = range(6)
ASSUMED = ("managed_by", "served_by")
AS_THEY_ARE = (
    "village_id", "township", "kind", "status", "outside_county", "open_days", "sponsor", "floor_area_m2",
    "population_hukou", "population_year", "population_source", "coord_source", "must_keep_clinic", *ASSUMED,
)  # fmt: skip
WORDS = {
    "operating": ("yes", "no"),
    "ownership": ("public", "private"),
    "premises": ("collective", "public", "rented", "doctor_home"),
    "standard": ("none", "basic", "recommended", "community_hospital"),
    "hospital_kind": ("general", "tcm", "maternal_child", "psychiatric", "specialist"),
    "development_class": ("鼓励发展", "适当发展", "转型发展"),
    "appraisal": ("A", "A+", "B"),
    "paired_with": ("K1", "K2", "否"),
    "city_partner": ("市中心医院", "否"),
}
LISTS = ("AED", "救护车", "中医科", "糖尿病", "60;71", "45", "5", "25", "100")
"""Cells for lists: words, ages and numbers of kinds."""
PART_OF = {
    "licensed_doctors": "doctors", "tcm_trained_doctors": "doctors", "professional_posts": "posts",
    "filled_posts": "posts", "grassroots_posts": "posts", "managed_patients": "patients", "tcm_visits": "visits",
    "chronic_visits": "visits", "contracted_people": "population", "key_people": "population",
    "contracted_key_people": "key_people", "population_65": "population", "managed_elders": "population_65",
}  # fmt: skip
"""A part is never more than its whole."""
NUMBERS = (0, 1, 2, 4, 6, 20, 100, 5000)


def answered(layers, seed):
    """Return the layers with every unknown answered at random."""
    random = np.random.default_rng(seed)
    villages, facilities, townships = (
        _answer(frame, layer, random)
        for frame, layer in (
            (layers.villages, "villages"),
            (layers.facilities, "facilities"),
            (layers.townships, "townships"),
        )
    )
    villages["pending"], facilities["pending"] = "", ""
    for frame in (villages, facilities):
        somewhere = [_place_in(name, random) for name in frame["township"]]
        frame.geometry = frame.geometry.where(~frame.geometry.isna(), pd.Series(somewhere, index=frame.index))
    return replace(layers, villages=villages, facilities=facilities, townships=townships)


def _place_in(township, random):
    """Return a place somewhere in a township; a facility is at best expected to cover its own."""
    west, south, east, north = town.TOWNSHIPS[township]
    return town.place((random.uniform(west, min(east, 24)), random.uniform(max(south, -9), min(north, 1))))


def _answer(frame, layer, random):
    """Fill every column that the layer may have; wholes before their parts."""
    frame = frame.copy()
    columns = [*frame.columns, *OPTIONAL_COLUMNS[layer], "population"]
    wanted = [name for name in dict.fromkeys(columns) if name not in AS_THEY_ARE and _answers(name, random, 1)]
    if layer == "townships":
        wanted = [name for name in wanted if not name.endswith("population")]
    for name in sorted(wanted, key=_depth):
        cells = _answers(name, random, len(frame))
        if name in PART_OF:
            whole = [0 if pd.isna(cell) else int(cell) for cell in frame[PART_OF[name]]]
            cells = [min(cell, most) for cell, most in zip(cells, whole, strict=True)]
        frame[name] = _filled(frame.get(name), name, cells)
    return frame


def _depth(name):
    return 0 if name not in PART_OF else 1 + _depth(PART_OF[name])


def _filled(column, name, cells):
    given = [None] * len(cells) if column is None else list(column)
    kept = [new if old is None or old is pd.NA or old == "" else old for old, new in zip(given, cells, strict=True)]
    kind = "Int64" if name in INTEGER_COLUMNS else "boolean" if name in BOOLEAN_COLUMNS else object
    return pd.array(kept, dtype=kind)


def _answers(name, random, count):
    """Return random cells for a column, none for one that is not a question of the register."""
    if name in WORDS:
        return [str(cell) for cell in random.choice(WORDS[name], count)]
    if name in INTEGER_COLUMNS:
        return [int(cell) for cell in random.choice(NUMBERS, count)]
    if name in BOOLEAN_COLUMNS:
        return [bool(cell) for cell in random.integers(0, 2, count)]
    return [str(cell) for cell in random.choice(LISTS, count)] if name in LIST_COLUMNS else []


def audits(layers):
    """Return every clause's result under every document."""
    times = town.circles(layers)
    return {
        result.clause.id: result
        for name in built_in_profiles()
        for result in audit(layers, times, policy=name, settings=town.settings())
    }


@pytest.fixture(scope="module")
def before():
    return audits(town.layers())


@pytest.fixture(scope="module", params=SEEDS)
def after(request):
    return audits(answered(town.layers(), request.param))


def test_no_answer_contradicts_a_verdict(before, after):
    for clause, result in before.items():
        if result.status in ("pass", "fail", "not_applicable"):
            assert after[clause].status == result.status, clause
        if result.met is not None:
            assert after[clause].met is result.met, clause


def test_every_known_figure_lies_in_the_range_it_had(before, after):
    for clause, result in before.items():
        known = {named(item): item for item in after[clause].finding.measures if item.low is None}
        for measure in result.finding.measures:
            if measure.form != "minutes" and named(measure) in known:
                assert within(known[named(measure)], measure), (clause, measure.name.en)


def named(measure):
    """Return what tells one figure of a clause from the others."""
    return measure.form, measure.name, measure.unit


def within(known, measure):
    """Tell whether a figure that is known lies in the range of the one before, or is the same; nothing is any share."""
    if measure.form == "share" and not measure.of:
        return True
    low, high = (measure.low, measure.high) if measure.low is not None else (figure(measure),) * 2
    return low <= figure(known) and (high is None or figure(known) <= high)


def figure(measure):
    """Return a measure's figure as its range is given."""
    if measure.form in ("share", "ratio") and measure.of:
        return Fraction(measure.per * measure.value, measure.of)
    return Fraction(measure.value)
