"""Ways in which a county's files go wrong between one office and the next: what `test_fuzz.py` does to them.

An operator spoils a `Case`: the drawing of `county.py` before it is written, or the bytes afterwards. Each belongs to a
layer and is one of two kinds: `harmless` ones must be accepted and change no figure; the others must be refused, or
change no figure, or be told of by a warning about that layer.

What is not here, because no program could know it from the files alone: a plausible figure put in another's place (120
for 121, a byte flipped in a digit), a row taken out of the facilities (a village's row shows in its township's total),
a road taken out or closed or turned into a one-way street, a place moved by some hundred metres, a state or status cell
emptied, a header exchanged for that of another common column, another standard, mode or speed in the region file.
Operators keep to what can be told.
"""

from __future__ import annotations

import map_mutations
import table_mutations
from spoiling import MUTATIONS, Case

__all__ = ["MUTATIONS", "make_case", "map_mutations", "table_mutations"]


def make_case(number):
    """Return operator, spoilt case and the formats it is written in, for one of the numbered cases."""
    chosen = MUTATIONS[number % len(MUTATIONS)]
    case = Case(number)
    formats = case.random.choice(chosen.formats)
    for layer, name in formats.items():
        case.county.rename(layer, name)
    chosen.spoil(case)
    return chosen, case, formats
