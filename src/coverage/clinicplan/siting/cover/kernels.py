"""What the machine-code loops of the covering models share.

A problem is held twice, as the sites of each point (`row_ptr`, `row_site`) and the points of each site (`col_ptr`,
`col_point`), both in the compressed form of a sparse table of ones. Sites have a status: open for good, closed for
good, or free. Random numbers come from a state of one word that the caller owns, so that a run can be repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

UInt64 = NDArray[np.uint64]

CLOSED: Final = -1
FREE: Final = 0
OPEN: Final = 1


def compiled(function: Callable[..., Any]) -> Any:
    """Return a function in machine code, kept on disk where a folder for it can be written."""
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:  # no folder for the cache can be written: compile anew in each process
        return njit(nogil=True)(function)


@compiled
def draw(state: UInt64, below: int) -> int:
    """Return a whole number from 0 to below - 1 (xorshift)."""
    x = state[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    state[0] = x
    return int(np.int64((x >> np.uint64(1)) % np.uint64(below)))
