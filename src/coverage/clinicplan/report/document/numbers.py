"""Write numbers as official documents do: thousands apart, a fixed number of decimals, a dash where there is none."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from clinicplan.report.headline import percent

DASH: Final = "—"
YUAN_PER_UNIT: Final = 10_000
"""Money stands in ten thousand yuan."""


def whole(value: Any) -> str:
    """Write a count.

    Examples
    --------
    >>> whole("141186"), whole(None)
    ('141,186', '—')
    """
    number = as_number(value)
    return DASH if number is None else f"{round(number):,}"


def decimals(value: Any, places: int = 1) -> str:
    """Write a measure with a fixed number of decimals, rounded half up.

    Examples
    --------
    >>> decimals("2.25"), decimals(0.4, 2), decimals("")
    ('2.3', '0.40', '—')
    """
    number = as_number(value)
    if number is None:
        return DASH
    return f"{Decimal(str(number)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):,}"


def share(value: Any) -> str:
    """Write a share as percent without the sign, which stands in the unit of the table.

    Examples
    --------
    >>> share(0.910319), share("0.99999")
    ('91.0', '99.9')
    """
    return percent(as_number(value)).removesuffix("%")


def share_of(part: Any, everyone: Any) -> str:
    """Write what part of all a count is, as percent without the sign."""
    some, many = as_number(part), as_number(everyone)
    return share(some / many) if some is not None and many else DASH


def money(yuan: Any) -> str:
    """Write money in ten thousand yuan, with decimals only where there are any.

    Examples
    --------
    >>> money(800000), money(11753333.32)
    ('80', '1,175.33')
    """
    number = as_number(yuan)
    if number is None:
        return DASH
    text = f"{number / YUAN_PER_UNIT:,.2f}"
    return text.rstrip("0").rstrip(".")


def plain_number(value: Any) -> str:
    """Write a parameter as it was given.

    Examples
    --------
    >>> plain_number(60000.0), plain_number(4.5)
    ('60,000', '4.5')
    """
    number = as_number(value)
    return DASH if number is None else f"{number:,.4f}".rstrip("0").rstrip(".")


def as_number(value: Any) -> float | None:
    """Return a cell as a number; None where it holds none."""
    if value is None or value == "":
        return None
    number = float(value)
    return None if math.isnan(number) else number
