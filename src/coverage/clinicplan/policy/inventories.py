"""Recognise things in the lists of a register: 自动体外除颤仪(AED) 1台 is an AED, 无AED and ECT are none."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import Final

from clinicplan.layers.cells import clean, read_list

_COMPOUNDS_OF_WU: Final = "创菌影线痛障针油烟袖热绳毒氟级源极水"
"""无创呼吸机, 无菌柜, 无影灯, 无线…: the first sign belongs to the name of the thing."""
_DENIED_AT_START: Final = re.compile(
    rf"(?:暂|尚|均|皆|并)?(?:无(?![{_COMPOUNDS_OF_WU}])|没有|没[配设购装]|未[配设购开建有装安具到]|缺(?!氧)|不[具含设配提]"
    r"|[拟待](?:购|配|设|建|采购|安装)|计划(?:购|配|设|建|采购|安装|于|\d)|no\b|without\b|lacks?\b)"
)
_COUNTERS: Final = "台个套辆件张间人名项"
_DENIED_AT_END: Final = re.compile(
    r"(?:[:：=\-—(\[\s]*(?:无|没有|未配备?|未购置?|未设置?|未开展|缺|否|待购|报废|停用|损坏|故障)|[:：=\-—(\[\s]+(?:×|✗|x|no)"
    rf"|[:：=(\[×x*\s]\s*0[{_COUNTERS}]?|(?<![\d.])0\s*[{_COUNTERS}])[)\]。.]*$"
)
_EXCLUDED: Final = re.compile(r"非|不|未|无|否")
_LATIN: Final = "a-z"


def has_item(cell: str, words: Iterable[str]) -> bool:
    """Tell whether a list names a thing that is there, by any of its names.

    A name may stand inside an item (除颤仪 in 自动体外除颤仪1台); a Latin one only as a word of its own, so that
    CT is found in 16排CT and not in ECT. An item that denies itself (无AED, AED：无, 救护车0辆, DR（报废）) is not
    there. Width, case and blanks do not matter.

    Parameters
    ----------
    cell
        The list as `layers` reads it; separated by ; 、 , or line ends.
    words
        Names of the thing; an item holds it when it holds any.

    Returns
    -------
    has
        False where no item holds it.

    Examples
    --------
    >>> has_item("观察床;自动体外除颤仪（ＡＥＤ）1台", ["AED"]), has_item("ECT;无AED;无创呼吸机", ["CT", "AED"])
    (True, False)
    """
    names = tuple(dict.fromkeys(name for name in map(_plain, words) if name))
    items = map(_plain, read_list(cell))
    return any(_names_it(item, names) for item in items if not _is_denied(item))


def named_in(cell: str, words: Iterable[str]) -> bool:
    """Tell whether a cell that is one term, not a list, names one of the words.

    Examples
    --------
    >>> named_in("鼓励发展村", ["鼓励发展"]), named_in("非鼓励发展村", ["鼓励发展"])
    (True, False)
    """
    term = _plain(cell)
    return _EXCLUDED.match(term) is None and _names_it(term, tuple(map(_plain, words)))


def _names_it(term: str, names: tuple[str, ...]) -> bool:
    return any(name == term or _pattern(name).search(term) is not None for name in names)


@functools.lru_cache(maxsize=4096)
def _is_denied(item: str) -> bool:
    return _DENIED_AT_START.match(item) is not None or _DENIED_AT_END.search(item) is not None


@functools.lru_cache(maxsize=1024)
def _pattern(name: str) -> re.Pattern[str]:
    before = rf"(?<![{_LATIN}])" if re.match(rf"[{_LATIN}]", name) else ""
    after = rf"(?![{_LATIN}])" if re.search(rf"[{_LATIN}]$", name) else ""
    return re.compile(before + re.escape(name) + after)


def _plain(text: str) -> str:
    """Return text without blanks beside Chinese signs, in one width and case."""
    return re.sub(r"(?<![a-z]) | (?![a-z])", "", clean(text).casefold())
