"""Three-valued flags, shares of units and shares of sums: the worst and the best that unknown cells could hold.

Every bound is compared with what trying all values gives: `BIG` stands for a number without an upper end.
"""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinicplan.policy.bounds import (
    ShareBounds,
    all_of,
    any_of,
    compared,
    exact,
    flags3,
    negated,
    share_bounds,
    shortfall,
)
from clinicplan.policy.sums import Cell, SumShare, part_cell, whole_cell

FLAG = st.sampled_from([1, 0, -1])
BIG = 1000
SHARES = st.sampled_from([Fraction(0), Fraction(1, 4), Fraction(1, 2), Fraction(9, 10), Fraction(1)])


def flags(*values):
    return np.array(values, dtype=np.int8)


def ways(value):
    """Return what a flag could be."""
    return (0, 1) if value == -1 else (value,)


def verdict(answers):
    """Return what every possible county agrees on; None stands for one with nothing to count."""
    found = set(answers)
    if None in found or len(found) > 1:
        return None
    return found.pop()


# Flags


@pytest.mark.parametrize("one", [1, 0, -1])
@pytest.mark.parametrize("other", [1, 0, -1])
def test_flags_join_as_if_every_value_were_tried(one, other):
    def tried(join):
        found = {join(a, b) for a, b in product(ways(one), ways(other))}
        return found.pop() if len(found) == 1 else -1

    assert all_of(flags(one), flags(other)).tolist() == [tried(min)]
    assert any_of(flags(one), flags(other)).tolist() == [tried(max)]
    assert negated(flags(one)).tolist() == [-1 if one == -1 else 1 - one]


def test_flags_are_unknown_where_said():
    assert flags3([True, False, True], [False, False, True]).tolist() == [1, 0, -1]
    assert flags3([True, False]).tolist() == [1, 0]


def test_numbers_of_a_profile_are_their_decimal_digits():
    assert exact(0.65) == Fraction(13, 20)
    assert exact(0.1) * 3 == exact(0.3)
    assert exact(1) == 1


# Shares of units


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(FLAG, FLAG, st.integers(0, 3)), max_size=4), SHARES, st.booleans())
def test_a_share_of_units_is_bounded_by_what_trying_all_values_gives(units, required, at_most):
    """Two flags and a weight a unit; nothing certain means that there may be nothing to count."""
    member, good, weight = (list(column) for column in zip(*units, strict=True)) if units else ([], [], [])
    bounds = share_bounds(flags(*member), flags(*good), np.array(weight, dtype=np.int64))
    shares = []
    for members, goods in product(product(*map(ways, member)), product(*map(ways, good))):
        whole = sum(w for m, w in zip(members, weight, strict=True) if m)
        part = sum(w for m, g, w in zip(members, goods, weight, strict=True) if m and g)
        shares.append(Fraction(part, whole) if whole else None)
    counted = [value for value in shares if value is not None]
    if counted and bounds.certain:
        assert (bounds.low, bounds.high) == (min(counted), max(counted))
    answers = [None if value is None else (value <= required if at_most else value >= required) for value in shares]
    assert bounds.holds(required, at_most=at_most) == verdict(answers)


def test_the_limit_itself_is_enough():
    """9 of 10 are 90 %; 8 of 9 are 88.9 %, and one more of 9 is needed."""
    nine_of_ten = ShareBounds(9, 10, 10, (9, 10), (9, 10))
    assert nine_of_ten.holds(exact(0.9)) is True
    assert nine_of_ten.holds(exact(0.9), at_most=True) is True
    eight_of_nine = ShareBounds(8, 9, 9, (8, 9), (8, 9))
    assert eight_of_nine.holds(exact(0.9)) is False
    assert shortfall(8, 9, exact(0.9)) == 1


def test_shares_are_compared_in_whole_numbers():
    """650,000,000 of 1,000,000,000 are 65 %; one fewer is not, though a decimal number would not tell."""
    required = exact(0.65)
    assert ShareBounds(650_000_000, 10**9, 10**9, (650_000_000, 10**9), (650_000_000, 10**9)).holds(required)
    short = (649_999_999, 10**9)
    assert ShareBounds(short[0], 10**9, 10**9, short, short).holds(required) is False
    assert shortfall(649_999_999, 10**9, required) == 1


@pytest.mark.parametrize(
    ("value", "of", "required", "at_most", "expected"),
    [(0, 0, 0.5, False, 0), (45, 100, 0.45, False, 0), (44, 100, 0.45, False, 1), (5, 100, 0.05, True, 0),
     (6, 100, 0.05, True, 1), (1, 19, 0.05, True, 1), (1, 20, 0.05, True, 0)],
)  # fmt: skip
def test_the_shortfall_is_whole_units(value, of, required, at_most, expected):
    """5 % of 19 posts are 0.95: one vacant post is one too many."""
    assert shortfall(value, of, exact(required), at_most=at_most) == expected


def test_a_figure_without_an_upper_end_is_never_certainly_small_enough():
    assert compared(Fraction(2), None, Fraction(2), None) is True
    assert compared(Fraction(2), None, None, Fraction(4)) is None
    assert compared(Fraction(5), None, None, Fraction(4)) is False
    assert compared(Fraction(4), Fraction(4), Fraction(4), Fraction(4)) is True


# Shares of sums


def tried_cells(part, whole, counts, member, same):
    """Yield every pair that a unit could add, part never above its whole; `BIG` for no upper end."""
    wholes = {0, 1, part or 0, BIG} if whole is None else {whole}
    for amount, counted, inside in product(wholes, ways(counts), ways(member)):
        if same:
            parts = (amount,)
        elif part is None or (whole is not None and part > whole):
            parts = range(amount + 1) if amount < 10 else (0, 1, amount)
        else:
            parts = (part,) if part <= amount else ()
        for value in parts:
            yield (value * counted, amount) if inside else (0, 0)


CELLS = st.tuples(
    st.one_of(st.none(), st.integers(0, 4)), st.one_of(st.none(), st.integers(0, 4)), FLAG, FLAG, st.booleans()
)


def cell_of(part, whole, counts, member, same):
    cell = whole_cell(whole, counts) if same else part_cell(part, whole, counts)
    return cell.perhaps() if member == -1 else cell


@settings(max_examples=200, deadline=None)
@given(st.lists(CELLS.filter(lambda cell: cell[3] != 0), max_size=3), SHARES, st.booleans(), st.booleans())
def test_a_share_of_sums_is_bounded_by_what_trying_all_values_gives(units, required, at_most, rest):
    """Unknown numbers, unknown members, the part or the rest of the whole, at least or at most."""
    cells = [cell_of(*unit) for unit in units]
    total = SumShare(tuple(cell.rest if rest else cell for cell in cells))
    answers, shares = [], []
    for pairs in product(*(sorted(set(tried_cells(*unit))) for unit in units)):
        part, whole = sum(a for a, _ in pairs), sum(b for _, b in pairs)
        part = whole - part if rest else part
        if whole:
            shares.append(Fraction(part, whole))
            answers.append(shares[-1] <= required if at_most else shares[-1] >= required)
        else:
            answers.append(None)
    assert total.holds(required, at_most=at_most) == verdict(answers)
    if shares and total.certain:
        assert total.low <= min(shares)
        assert max(shares) <= total.high
        near = Fraction(20, BIG)  # the other units have at most 8
        assert min(shares) - total.low <= near
        assert total.high - max(shares) <= near


def test_a_part_is_never_more_than_its_whole():
    """Two hospitals with 10 posts each, one with 9 professional posts and one that gives none: 45 to 95 % of 20."""
    total = SumShare((part_cell(9, 10), part_cell(None, 10)))
    assert (total.value, total.of, total.low, total.high) == (9, 20, Fraction(9, 20), Fraction(19, 20))
    assert total.holds(exact(0.45)) is True
    assert total.holds(exact(0.96)) is False
    assert total.holds(exact(0.9)) is None


def test_an_unknown_whole_is_at_least_its_part():
    """Six licensed doctors of an unknown number, and 1 of 10: at most 7 of 16, so 45 % is missed whatever it is."""
    total = SumShare((part_cell(6, None), part_cell(1, 10)))
    assert total.high == Fraction(7, 16)
    assert total.low == 0
    assert total.holds(exact(0.45)) is False
    assert total.holds(exact(0.4)) is None


def test_all_is_missed_by_one_unit_whatever_grows_elsewhere():
    """One of two trained here, nothing known there: the share comes close to 1 and never reaches it."""
    total = SumShare((part_cell(1, 2), part_cell(None, None)))
    assert total.high == 1
    assert total.holds(Fraction(1)) is False
    assert total.holds(Fraction(3, 4)) is None


def test_a_part_written_larger_than_its_whole_is_not_believed():
    assert part_cell(12, 10) == part_cell(None, 10)
    assert part_cell(10, 10).closed


def test_the_rest_of_a_whole_is_what_is_not_its_part():
    """19 of 20 posts filled: 1 vacant, which is 5 %."""
    vacant = SumShare((part_cell(19, 20).rest,))
    assert (vacant.value, vacant.of) == (1, 20)
    assert vacant.holds(exact(0.05), at_most=True) is True
    assert SumShare((part_cell(18, 19).rest,)).holds(exact(0.05), at_most=True) is False


def test_nothing_to_count_gives_no_verdict():
    assert SumShare(()).holds(Fraction(1, 2)) is None
    assert SumShare((whole_cell(0, 1),)).empty
    assert not SumShare((whole_cell(None, 1),)).empty
    assert SumShare((whole_cell(None, 1),)).holds(Fraction(1)) is None
    assert Cell(((0, 0),)).closed
