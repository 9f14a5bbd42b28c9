"""Edits of the county of `audit_drafts`, by what a clause asks for: each fills its columns, takes units away, or hides.

An edit is a function of a draft. Those that take `good` just meet what is asked (the number itself, the level itself),
or just miss it (one less, one level lower).
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

from audit_drafts import EAST, STREET, WEST
from clinicplan.policy.conditions import STANDARD_LEVELS

WRONG_WORDS = {
    "standard": ("none",), "ownership": ("private",), "premises": ("doctor_home",), "appraisal": ("B",),
    "hospital_kind": ("specialist", "maternal_child", "tcm"),
}  # fmt: skip
"""Words of the vocabulary, by column; the first that a clause does not ask for misses it."""
KEPT = ("tier", "township", "village_id", "population")
"""Columns of the base county, which a condition is not filled into."""


# --- cells ------------------------------------------------------------------------------------------------------------


def cell(condition, *, good):
    """Return a cell that just meets a condition, or just misses it."""
    if condition.has_any:
        return condition.has_any[0] if good else "别的"
    if condition.equals is not None:
        return _word(condition, good=good)
    if isinstance(condition.at_least, str):
        level = STANDARD_LEVELS.index(condition.at_least)
        return STANDARD_LEVELS[level if good else level - 1]
    if condition.each_less_than is not None:
        return str(int(condition.each_less_than) - (1 if good else 0))
    numbers = {
        "at_least": (condition.at_least, 0, -1), "at_most": (condition.at_most, 0, 1),
        "more_than": (condition.more_than, 1, 0), "less_than": (condition.less_than, -1, 0),
    }  # fmt: skip
    limit, inside, outside = next(given for given in numbers.values() if given[0] is not None)
    return int(limit) + (inside if good else outside)


def _word(condition, *, good):
    wanted = condition.equals
    if isinstance(wanted, bool):
        return wanted if good else not wanted
    words = (wanted,) if isinstance(wanted, str) else wanted
    return words[0] if good else next(word for word in WRONG_WORDS[condition.column] if word not in words)


def fill(rows, conditions, *, good):
    """Fill the columns of conditions in some rows; one column of several is enough, missing it takes all."""
    for row in rows:
        for condition in conditions:
            columns = (condition.column, *(condition.or_columns if not good else ()))
            row.update({name: cell(condition, good=good) for name in columns if name not in KEPT})


def chosen(draft, subjects):
    """Return the units of a clause, made to be units for certain."""
    units = draft.units(subjects)
    fill(units, subjects.where, good=True)
    return units


def take_away(draft, *groups):
    """Take away the units of a clause: by the cells that make them units, else the rows; a touring stop stays."""
    draft.add("touring_stop", "U1")
    for subjects in groups:
        if subjects.where:
            fill(draft.units(subjects), subjects.where, good=False)
        elif subjects.layer == "villages":
            for row in draft.units(subjects):
                row["kind"] = "community" if "community" not in subjects.kinds else "other"
        elif subjects.layer == "facilities":
            gone = {id(row) for row in draft.units(subjects)}
            draft.facilities[:] = [row for row in draft.facilities if id(row) not in gone]


def no_villages(draft):
    """Make every village a community, so that rural clauses have nobody to speak of."""
    for row in draft.villages:
        row["kind"] = "community"


def unknown_operation(draft, *tiers):
    """Leave open whether facilities of some tiers are in operation."""
    for row in draft.serving(*tiers):
        row["operating"] = ""


# --- what every unit has ----------------------------------------------------------------------------------------------


def conditions_of(clause):
    """Return what every unit must meet: conditions, the things of a list, the one condition of a remote clause."""
    asked = clause.parameters
    if clause.kind == "equipment":
        return tuple(item.condition for item in asked.items)
    return (asked.condition,) if clause.kind == "remote" else asked.conditions


def groups_of(clause):
    """Return the groups of units of a clause, those of every share too."""
    if clause.kind == "share":
        return tuple(part.subjects for part in clause.parameters.parts)
    subjects = clause.parameters.subjects
    return subjects if isinstance(subjects, tuple) else (subjects,)


def fill_units(*, good):
    """Return the edit that fills what every unit must meet; lists get all their words in one cell."""

    def edit(draft):
        conditions = conditions_of(draft.clause)
        for subjects in groups_of(draft.clause):
            units = chosen(draft, subjects)
            fill(units, conditions, good=good)
            _join_lists(units, conditions, good=good)

    return edit


def _join_lists(units, conditions, *, good):
    lists = {}
    for condition in conditions:
        if condition.has_any and good:
            lists.setdefault(condition.column, []).append(condition.has_any[0])
    for row in units:
        row.update({column: ";".join(words) for column, words in lists.items()})


def make_units(draft):
    """Make sure of the units and leave what they have unknown."""
    for subjects in groups_of(draft.clause):
        chosen(draft, subjects)


def no_units(draft):
    """Take away all units of a clause."""
    take_away(draft, *groups_of(draft.clause))


EVERY_UNIT = {"meet": fill_units(good=True), "miss": fill_units(good=False), "blank": make_units, "none": no_units}


# --- shares -----------------------------------------------------------------------------------------------------------


def fill_shares(*, good):
    """Return the edit that gives every share exactly what is asked for, or one less of each."""

    def edit(draft):
        for part in draft.asked.parts:
            units = chosen(draft, part.subjects)
            if part.column is None:
                fill(units, part.conditions, good=good)
            elif part.numerator_tiers:
                _fill_by_tier(draft, part, units, good=good)
            else:
                _fill_numbers(part, units, good=good)

    return edit


def _fill_numbers(part, units, *, good):
    """Give every unit a whole of 1,000 (its people where residents are asked) and the part that is just enough."""
    required = Fraction(str(part.required))
    for row in units:
        whole = row["population"] if part.over_people else 1000
        limit = floor(required * whole) if part.at_most else ceil(required * whole)
        inside = limit if good else limit + (1 if part.at_most else -1)
        row[part.column] = whole - inside if part.complement else inside
        row.update({} if part.over_people else {part.over_column: whole})


def _fill_by_tier(draft, part, units, *, good):
    """Give the tiers of the numerator exactly their share of one sum, or one less each."""
    required = Fraction(str(part.required))
    inside = [row for row in units if row in draft.serving(*part.numerator_tiers)]
    outside = [row for row in units if row not in inside]
    for row in inside:
        row[part.column] = int(required * 1000 * len(outside)) - (0 if good else 1)
    for row in outside:
        row[part.column] = int((1 - required) * 1000 * len(inside))


SHARES = {
    "meet": fill_shares(good=True), "miss": fill_shares(good=False), "blank": make_units, "none": no_units,
}  # fmt: skip


# --- quotas -----------------------------------------------------------------------------------------------------------


def wanted(part):
    """Return how many of a part are asked for; one where only a range by population is given."""
    least = part.minimum if part.minimum is not None else 1
    return least if not part.brackets else (part.brackets[0].minimum or part.brackets[0].maximum)


def give(*, good):
    """Return the edit that gives a county or every township what a quota asks for, or one less."""

    def edit(draft):
        for part in draft.asked.parts:
            if draft.asked.per == "township":
                _give_townships(draft, part, good=good)
            else:
                give_county(draft, part, wanted(part) - (0 if good else 1))

    return edit


def give_county(draft, part, count):
    units = draft.units(part.subjects)
    if part.column is not None:
        for number, row in enumerate(units):
            row[part.column] = 0 if number else count
        return
    if part.subjects.layer == "facilities":
        while len(units) < count:
            draft.add(part.subjects.tiers[0], "U1")
            units = draft.units(part.subjects)
    if part.subjects.where:
        mark(units, part.subjects.where, count)
    else:
        gone = {id(row) for row in units[count:]}
        draft.facilities[:] = [row for row in draft.facilities if id(row) not in gone]


def mark(units, conditions, count):
    """Make so many units what is counted and the others not; words of a list are added to those of other parts."""
    words = {condition.column: condition.has_any[0] for condition in conditions if condition.has_any}
    held = {id(row): {name: row.get(name) for name in words} for row in units}
    fill(units, conditions, good=False)
    fill(units[:count], conditions, good=True)
    for row in units:
        row.update({name: f"{old};{row[name]}" for name, old in held[id(row)].items() if old})


def _give_townships(draft, part, *, good):
    """Give every township what it must have, or all but one."""
    if part.column is not None:
        for row in draft.townships:
            row[part.column] = wanted(part) if good or row["township"] != EAST else wanted(part) - 1
        return
    for town, village in ((STREET, "U1"), (WEST, "V3"), (EAST, "V1")):
        here = [row for row in draft.units(part.subjects) if row["township"] == town]
        if part.subjects.where:
            fill(here, part.subjects.where, good=good or town != EAST)
        elif not here and (good or town != EAST):
            draft.add(part.subjects.tiers[0], village)
        elif here and town == EAST and not good:
            draft.facilities[:] = [row for row in draft.facilities if row not in here]


def unknown_units(draft):
    """Leave open whether the units count: blank the cells that make them units, else whether they operate."""
    for part in draft.asked.parts:
        if part.subjects.where or part.column is not None:
            continue
        if draft.asked.per == "township":
            _give_townships(draft, part, good=True)
        else:
            give_county(draft, part, wanted(part))
        unknown_operation(draft, *part.subjects.tiers)


def another_county(draft):
    """Move the county to a type that the document does not speak of."""
    types = draft.asked.county_types
    draft.settings["county"] = "示例" + next(kind for kind in ("区", "市", "县") if kind not in types)


QUOTAS = {"meet": give(good=True), "miss": give(good=False), "blank": unknown_units, "none": another_county}


# --- other kinds ------------------------------------------------------------------------------------------------------


def ages(years):
    """Return the edit that gives every clinic one doctor, so many years from the age at which doctors leave."""

    def edit(draft):
        for row in draft.units(draft.asked.subjects):
            row[draft.asked.column] = str(draft.asked.age + years)

    return edit


def without(*tiers, **village):
    """Return the edit that closes the facilities of some tiers, or those in one village only."""

    def edit(draft):
        here = village.get("village")
        gone = [row for row in draft.serving(*tiers) if here in (None, row["village_id"])]
        draft.facilities[:] = [row for row in draft.facilities if row not in gone]

    return edit


def then(*edits):
    """Return one edit after the other."""

    def edit(draft):
        for one in edits:
            one(draft)

    return edit


def set_region(**values):
    """Return the edit of what the region sets."""
    return lambda draft: draft.settings.update(values)


def set_cells(layer, name, **cells):
    """Return the edit of the cells of one village, facility or township."""
    key = {"villages": "village_id", "facilities": "facility_id", "townships": "township"}[layer]

    def edit(draft):
        next(row for row in draft.rows(layer) if row[key] == name).update(cells)

    return edit


def open_clinics(draft):
    """Leave open whether the facilities of the circle are in operation."""
    unknown_operation(draft, *draft.asked.body_tiers, *draft.asked.supplement_tiers)


def reach_everybody(draft):
    """Put a place of the body of the circle into every village."""
    for name in ("V1", "V2", "V3"):
        draft.add(draft.asked.body_tiers[0], name)


def close_the_circle(draft):
    """Close every facility of the circle."""
    draft.remove(*draft.asked.body_tiers, *draft.asked.supplement_tiers)


def add(tier, village, **cells):
    """Return the edit that adds a facility to a village."""
    return lambda draft: draft.add(tier, village, **cells)


def fill_sub_centres(draft):
    """Fill what a sub-centre must be besides far enough."""
    fill(draft.serving("sub_centre"), draft.asked.conditions, good=True)


def no_urban_area(draft):
    """Leave out the layer of the urban area."""
    draft.urban_area = None


def no_tourers(draft):
    """Close the institutions that tour."""
    draft.remove(*draft.asked.from_tiers)


def nothing(draft):
    """Leave the base county as it is."""


def people_of(draft, *towns, rural=False):
    """Return the residents of some townships, or those of kind village."""
    return sum(
        row["population"]
        for row in draft.villages
        if row["township"] in towns and (not rural or row["kind"] == "village")
    )


def ratio(*, good):
    """Return the edit that gives exactly the least ratio, rounded up to whole units, or one less."""

    def edit(draft):
        asked, units = draft.asked, chosen(draft, draft.asked.subjects)
        low, less = Fraction(str(asked.low)), 0 if good else 1
        rural = asked.over != "residents"
        if asked.over == "column":
            for row in units:
                row.update({asked.over_column: 1000, asked.column: ceil(low * 1000 / asked.per) - less})
        elif asked.level == "facility":
            for row in units:
                norm = ceil(low * people_of(draft, row["township"], rural=rural) / asked.per)
                row[asked.column] = max(norm, int(asked.floor or 0)) - less
        else:
            towns = (WEST, EAST) if asked.townships_with else (STREET, WEST, EAST)
            for row in units:
                row[asked.column] = 0
            units[0][asked.column] = ceil(low * people_of(draft, *towns, rural=rural) / asked.per) - less

    return edit


def classes(*, good):
    """Return the edit that puts every unit in the first class, at the limit of it or beyond."""

    def edit(draft):
        first = draft.asked.classes[0]
        units = draft.units(draft.asked.subjects)
        fill(units, first.any_of, good=True)
        fill(units, () if first.limit is None else (first.limit,), good=good)

    return edit


def unclassed(draft):
    """Leave the class of every hospital open: none is a sub-centre, and no standard is known."""
    for row in draft.serving("township_hospital"):
        row["tier"] = "township_hospital"


def village_class(*, good):
    """Return the edit that gives the county as many villages of the class as are asked for, all done or all but one."""

    def edit(draft):
        asked, first = draft.asked, draft.village("V1")
        villages = [first | {"village_id": f"V{number}"} for number in range(1, asked.target + 1)]
        fill(villages, (asked.done,), good=True)
        fill(villages[:1], (asked.done,), good=good)
        draft.villages[:] = [row | {asked.column: asked.class_words[0]} for row in villages]

    return edit


def pay(draft):
    """Let every unit qualify, twice where it is paid by numbers; villages too."""
    for item in draft.asked.items:
        if item.subjects is not None:
            units = chosen(draft, item.subjects)
            fill(units, item.conditions, good=True)
            for row in units if item.times else ():
                row[item.times] = 2
        fill(draft.villages, item.at_village, good=True)


def nobody_paid(draft):
    """Take away whoever is paid for."""
    take_away(draft, *(item.subjects for item in draft.asked.items if item.subjects is not None))


def assign(*, good):
    """Return the edit that names an institution for every unit, or one of another tier, and what else is asked."""

    def edit(draft):
        asked = draft.asked
        units = draft.units(asked.subjects)
        named = draft.serving(*asked.to_tiers) if good else draft.serving("central_clinic")
        for row in units:
            row[asked.column] = named[0]["facility_id"]
        fill(units, asked.conditions, good=good)
        for row in draft.serving("county_hospital") if asked.county_column else ():
            row[asked.county_column] = "示例市中心医院"

    return edit


def unassigned(draft):
    """Leave unknown who is assigned: no column, or a name of nobody where else the township's would be taken."""
    for row in draft.units(draft.asked.subjects) if draft.asked.by_township else ():
        row[draft.asked.column] = "某地卫生院"


def rotate(draft):
    """Give every clinic two doctors."""
    for row in draft.units(draft.asked.subjects):
        row[draft.asked.column] = 2


def people(name, count):
    """Return the edit of the residents of one village."""
    return set_cells("villages", name, population=count)


def sub_centres(count):
    """Return the edit that leaves so many sub-centres."""
    return lambda draft: give_county(draft, draft.asked.parts[0], count)


def streets(draft):
    """Turn every township into a street."""
    for row in (*draft.villages, *draft.facilities, *draft.townships):
        row["township"] = row["township"].replace("镇", "街道")
