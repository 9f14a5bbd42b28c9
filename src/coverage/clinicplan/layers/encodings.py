"""Recognise the text encoding of Chinese county files from their bytes; a wrong guess is an error, never garbage."""

from __future__ import annotations

import codecs
import struct
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_UTF16_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DBF_ROWS_READ: Final = 5_000
_LONGEST_CUT: Final = 3
"""Bytes of a character that a value cut at its field width may have lost."""
_DAMAGED_SHARE: Final = 0.1
_UTF8_SHARE: Final = 0.98
_GB18030_SHARE: Final = 0.95


class UnknownEncodingError(ValueError):
    """The bytes are text in none of the encodings that can be read."""


class DbfEncoding(NamedTuple):
    """How the text of a shapefile's table is encoded."""

    name: str
    """`ascii`, `utf-8`, `gb18030` or `unknown`."""
    names_cut: bool
    """Whether a field name ends inside a character, which the usual readers refuse."""


def decode_text(data: bytes, encoding: str | None = None) -> tuple[str, str]:
    """Decode a text file: the encoding asked for, else a UTF-16 mark, else UTF-8, else GB18030, each strictly.

    GB18030 comes last since it takes most UTF-8 files without complaint and returns garbage.

    Parameters
    ----------
    data
        The whole file.
    encoding
        An encoding that the planner states; None to recognise it.

    Returns
    -------
    text, encoding
        The text without a byte-order mark, and the encoding used.

    Raises
    ------
    UnknownEncodingError
        If none fits, the one stated is unknown or wrong, or a few damaged characters keep the text from being UTF-8.

    Examples
    --------
    >>> decode_text("后岸村".encode("gbk"))
    ('后岸村', 'gb18030')
    >>> decode_text("后岸村".encode("utf-8-sig"))
    ('后岸村', 'utf-8-sig')
    """
    if encoding:
        tried = [encoding]
    elif data[:2] in _UTF16_MARKS:
        tried = ["utf-16"]
    else:
        tried = ["utf-8-sig", "gb18030"]
    if tried[-1] == "gb18030" and _is_damaged_utf8(data):
        raise UnknownEncodingError("UTF-8")
    for name in tried:
        try:
            return data.decode(name).removeprefix("\ufeff"), name
        except (UnicodeDecodeError, LookupError):
            continue
    raise UnknownEncodingError(", ".join(tried))


def _is_damaged_utf8(data: bytes) -> bool:
    """Tell whether only a few characters keep a text from being UTF-8: GB18030 would read all of it as garbage."""
    text = data.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    return 0 < broken < _DAMAGED_SHARE * sum(not character.isascii() for character in text)


def sniff_dbf(data: bytes) -> DbfEncoding:
    """Recognise the encoding of a shapefile's table from the bytes of its names and values.

    The declared encoding (.cpg file, language byte) is often missing or wrong in Chinese shapefiles and is not asked.
    Values and names cut inside a character at the field width are allowed for.

    Parameters
    ----------
    data
        The whole .dbf file.

    Returns
    -------
    encoding
        `unknown` where neither UTF-8 nor GB18030 fits, or the bytes are no .dbf.
    """
    try:
        names, values = _dbf_texts(data)
    except (struct.error, IndexError):
        return DbfEncoding("unknown", names_cut=False)
    texts = [text for text in (*names, *values) if not text.isascii()]
    if not texts:
        return DbfEncoding("ascii", names_cut=False)
    if _share(texts, "utf-8") > _UTF8_SHARE:
        return DbfEncoding("utf-8", names_cut=not all(_decodes(name, "utf-8") for name in names))
    if _share(texts, "gb18030") > _GB18030_SHARE:
        return DbfEncoding("gb18030", names_cut=not all(_decodes(name, "gb18030") for name in names))
    return DbfEncoding("unknown", names_cut=False)


def _dbf_texts(data: bytes) -> tuple[list[bytes], list[bytes]]:
    """Return field names and the text values of the first rows."""
    n_rows, header_size, row_size = struct.unpack("<IHH", data[4:12])
    fields: list[tuple[bytes, str, int]] = []
    offset = 32
    while data[offset] != 0x0D:
        fields.append((data[offset : offset + 11].split(b"\0")[0], chr(data[offset + 11]), data[offset + 16]))
        offset += 32
    values = [
        value
        for row in range(min(n_rows, _DBF_ROWS_READ))
        for value in _row_texts(data[header_size + row * row_size : header_size + (row + 1) * row_size], fields)
    ]
    return [name for name, _, _ in fields], values


def _row_texts(row: bytes, fields: list[tuple[bytes, str, int]]) -> Iterator[bytes]:
    position = 1
    for _, kind, width in fields:
        if kind == "C":
            yield row[position : position + width].rstrip(b" \0")
        position += width


def _share(texts: list[bytes], encoding: str) -> float:
    return sum(_decodes(text, encoding) or _decodes_cut(text, encoding) for text in texts) / len(texts)


def _decodes(text: bytes, encoding: str) -> bool:
    try:
        text.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _decodes_cut(text: bytes, encoding: str) -> bool:
    """Tell whether the text decodes once the start of a cut character at its end is dropped."""
    return any(_decodes(text[:-lost], encoding) for lost in range(1, min(_LONGEST_CUT, len(text) - 1) + 1))
