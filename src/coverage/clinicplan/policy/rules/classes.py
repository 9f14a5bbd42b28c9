"""Put units, or villages, in the classes of a document and count them; reported."""

from __future__ import annotations

from fractions import Fraction
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import Phrase
from clinicplan.policy.bounds import FALSE, TRUE, UNKNOWN, Flags3, all_of, any_of, compared, flags3
from clinicplan.policy.conditions import cell_is_empty, cell_texts, condition_columns, meets
from clinicplan.policy.evidence import Told, asked_cells, asked_columns, failing_cells, joined, shown_cells
from clinicplan.policy.findings import Finding, Listing, Measure
from clinicplan.policy.inventories import named_in
from clinicplan.policy.parameters import Classification, ClassRule, Subjects, VillageClass
from clinicplan.policy.profile import Clause
from clinicplan.policy.register import CountyRegister, Members
from clinicplan.policy.rules.minimums import operation_remarks
from clinicplan.policy.rules.registered import remarking_the_register
from clinicplan.words import phrase

Flags = NDArray[np.bool_]
Table3 = NDArray[np.int8]

LISTED: Final = ("id", "name", "township", "class", "value")
VILLAGES: Final = Subjects(layer="villages")


@remarking_the_register
def classification(clause: Clause, county: CountyRegister) -> Finding:
    """Count the units of each class and compare what they do with what their class may do.

    Classes are tried in their order; a unit is of the first whose tier or condition it meets, of the last where it
    meets none. An unknown cell leaves open every class that it could still give.

    Parameters
    ----------
    clause
        A clause of kind `classification`.
    county
        The county.

    Returns
    -------
    finding
        One measure a class. `holds` says whether all units keep to the limit of their class; open without limits.
    """
    parameters = cast("Classification", clause.parameters)
    units = county.members(parameters.subjects)
    if not len(units):
        return Finding.silent()
    rules = parameters.classes
    possible = _possible(units, rules)
    known = (possible == TRUE).any(axis=0)
    kept, limited = _kept(units, rules, possible), any(rule.limit is not None for rule in rules)
    over = (units.member == TRUE) & (kept == FALSE)
    unknown = ~known | (units.member == UNKNOWN) | (kept == UNKNOWN)
    columns = asked_columns(parameters.subjects, _columns(rules))
    return Finding(
        _holds(units.member, kept) if limited else None,
        tuple(_class_measure(units, flags, rule) for flags, rule in zip(possible, rules, strict=True)),
        failing=units.cases(over, _over(units, rules, possible)),
        unknown=units.cases(unknown, asked_cells(units, columns)),
        needs=county.missing(parameters.subjects, columns) if unknown.any() else (),
        figure=bool(known.any()),
        remarks=operation_remarks(county, parameters.subjects),
        listings=(_class_list(units, rules, possible, columns),),
    )


def _columns(rules: tuple[ClassRule, ...]) -> tuple[str, ...]:
    limits = [rule.limit for rule in rules if rule.limit is not None]
    return condition_columns([*(condition for rule in rules for condition in rule.any_of), *limits])


def _possible(units: Members, rules: tuple[ClassRule, ...]) -> Table3:
    """Return which classes a unit is of, shape (classes, units): 1 certainly, 0 not, -1 perhaps."""
    left = np.full(len(units), TRUE, dtype=np.int8)
    table = []
    for rule in rules[:-1]:
        fits = _fits(units, rule)
        table.append(all_of(left, fits))
        left = all_of(left, np.where(fits == UNKNOWN, UNKNOWN, 1 - fits).astype(np.int8))
    return np.stack([*table, left])


def _fits(units: Members, rule: ClassRule) -> Flags3:
    of_tier = flags3(units.frame["tier"].isin(rule.tiers) if "tier" in units.frame else np.zeros(len(units), bool))
    return any_of(of_tier, *(meets(units.frame, (condition,)) for condition in rule.any_of))


def _kept(units: Members, rules: tuple[ClassRule, ...], possible: Table3) -> Flags3:
    """Tell whether each unit keeps to the limit of its class, whichever of the possible ones it is."""
    none = np.ones(len(units), dtype=np.int8)
    kept = np.stack([none if rule.limit is None else meets(units.frame, (rule.limit,)) for rule in rules])
    may = possible != FALSE
    always, never = (~may | (kept == TRUE)).all(axis=0), (~may | (kept == FALSE)).all(axis=0)
    return np.where(always, TRUE, np.where(never, FALSE, UNKNOWN)).astype(np.int8)


def _holds(member: Flags3, kept: Flags3) -> bool | None:
    if ((member == TRUE) & (kept == FALSE)).any():
        return False
    return True if (kept == TRUE).all() and (member == TRUE).any() else None


def _class_measure(units: Members, flags: Flags3, rule: ClassRule) -> Measure:
    return _count(units, flags, _class_name(rule))


def _count(units: Members, flags: Flags3, name: Phrase) -> Measure:
    found = all_of(units.member, flags)
    sure, possible = int((found == TRUE).sum()), int((found != FALSE).sum())
    open_ends = sure != possible
    return Measure(
        "count",
        sure,
        unit=units.layer,
        name=name,
        low=Fraction(sure) if open_ends else None,
        high=Fraction(possible) if open_ends else None,
    )


def _class_name(rule: ClassRule) -> Phrase:
    return Phrase(rule.name, rule.name_en)


def _over(units: Members, rules: tuple[ClassRule, ...], possible: Table3) -> Told:
    """Return what tells of a unit the cell that its class does not allow."""
    tells = [None if rule.limit is None else failing_cells(units, (rule.limit,)) for rule in rules]

    def tell(place: int) -> Phrase:
        at = int(np.flatnonzero(possible[:, place] != FALSE)[0])
        told = tells[at]
        cells = Phrase("", "") if told is None else told(place)
        return phrase("policy_classes.of_class", name=_class_name(rules[at]), cells=cells)

    return tell


def _class_list(units: Members, rules: tuple[ClassRule, ...], possible: Table3, columns: tuple[str, ...]) -> Listing:
    towns = units.frame["township"].astype(str).to_list()
    show = shown_cells(units, columns)
    rows = tuple(
        (unit, name, town, _class_of(rules, possible[:, place]), show(place))
        for place, (unit, name, town) in enumerate(zip(units.ids, units.names, towns, strict=True))
    )
    return Listing("policy_classes.list.classes", LISTED, rows)


def _class_of(rules: tuple[ClassRule, ...], possible: Flags3) -> Phrase:
    names = [_class_name(rule) for rule, flag in zip(rules, possible, strict=True) if flag != FALSE]
    return names[0] if len(names) == 1 else phrase("policy_classes.undecided", names=joined(names, "and"))


# Villages by development class


def village_class(clause: Clause, county: CountyRegister) -> Finding:
    """Count the villages of a development class for which something was done; communities and exempt villages are out.

    A village is of the class when its cell names one of the words, alone or with more (鼓励发展 in 鼓励发展村).

    Parameters
    ----------
    clause
        A clause of kind `village_class`.
    county
        The county.

    Returns
    -------
    finding
        How many were done beside the number asked for; then the number of villages of every class in the layer. The
        failing units are villages of the class for which it was not done, while the number is not reached.
    """
    parameters = cast("VillageClass", clause.parameters)
    units = county.members(VILLAGES)
    if not len(units):
        return Finding.silent()
    words = cell_texts(units.frame, parameters.column)
    of_class = np.array([_is_of(word, parameters.class_words) for word in words], dtype=np.int8)
    done = meets(units.frame, (parameters.done,))
    found = all_of(of_class, done)
    measure = _done_measure(units, found, parameters.target)
    holds = compared(measure.low or Fraction(measure.value), _most(measure), Fraction(parameters.target), None)
    open_rows = found == UNKNOWN
    columns = (parameters.column, *condition_columns((parameters.done,)))
    lacks = (of_class == TRUE) & (done == FALSE) & (holds is False)
    return Finding(
        holds,
        (measure, *_class_counts(units, words)),
        failing=units.cases(lacks, failing_cells(units, (parameters.done,))),
        unknown=units.cases(open_rows, asked_cells(units, columns)),
        needs=county.missing(VILLAGES, columns) if open_rows.any() else (),
        figure=bool((of_class != UNKNOWN).any() and (found != UNKNOWN).any()),
        listings=_village_list(units, of_class, words, columns),
    )


def _is_of(word: str, words: tuple[str, ...]) -> int:
    return UNKNOWN if cell_is_empty(word) else int(named_in(word, words))


def _done_measure(units: Members, found: Flags3, target: int) -> Measure:
    sure, possible = int((found == TRUE).sum()), int((found != FALSE).sum())
    open_ends = sure != possible
    return Measure(
        "count",
        sure,
        unit=units.layer,
        name=phrase("policy_classes.done"),
        low=Fraction(sure) if open_ends else None,
        high=Fraction(possible) if open_ends else None,
        least=Fraction(target),
        shortfall=max(0, target - sure),
    )


def _most(measure: Measure) -> Fraction:
    return Fraction(measure.value) if measure.high is None else measure.high


def _class_counts(units: Members, words: list[str]) -> tuple[Measure, ...]:
    """Count the villages of every class word in the layer, in the order of their first village.

    A village whose class is unknown could be of any of them.
    """
    classes = dict.fromkeys(word for word in words if not cell_is_empty(word))
    unknown = sum(cell_is_empty(word) for word in words)
    return tuple(_class_count(units, word, words.count(word), unknown) for word in classes)


def _class_count(units: Members, word: str, known: int, unknown: int) -> Measure:
    return Measure(
        "count",
        known,
        unit=units.layer,
        name=Phrase(word, word),
        low=Fraction(known) if unknown else None,
        high=Fraction(known + unknown) if unknown else None,
    )


def _village_list(units: Members, of_class: Flags3, words: list[str], columns: tuple[str, ...]) -> tuple[Listing, ...]:
    """List the villages that are, or may be, of the class."""
    show = shown_cells(units, columns[1:])
    towns, ids, names = units.frame["township"].astype(str).to_list(), units.ids, units.names
    rows = tuple(
        (ids[place], names[place], towns[place], words[place] or phrase("policy.unknown"), show(place))
        for place in np.flatnonzero(of_class != FALSE).tolist()
    )
    return (Listing("policy_classes.list.villages", LISTED, rows),) if (of_class == TRUE).any() else ()
