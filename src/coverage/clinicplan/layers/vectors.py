"""Read the features of vector files through GDAL, with the encodings that Chinese files really have."""

from __future__ import annotations

import html
import re
import warnings
import zipfile
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import pandas as pd

from clinicplan.layers.cells import clean
from clinicplan.layers.encodings import UnknownEncodingError, decode_text, sniff_dbf

if TYPE_CHECKING:
    from pathlib import Path

    from clinicplan.errors import Fault
    from clinicplan.layers.origin import Origin
    from clinicplan.region import LayerSource

_TEXT_FORMATS: Final = frozenset({".geojson", ".json", ".geojsonl", ".kml", ".gml", ".gpx"})
_MARKUP_FORMATS: Final = frozenset({".kml", ".gml", ".gpx"})
_FOLDER_FORMATS: Final = frozenset({".kml", ".kmz"})
"""Formats whose layers are folders that someone sorted points into."""
_KML_FIELDS: Final = (
    "tessellate",
    "extrude",
    "visibility",
    "drawOrder",
    "icon",
    "begin",
    "end",
    "timestamp",
    "altitudeMode",
)
_DATA_NAME: Final = re.compile(r"""(<Data\s+name=["'])([^"']*[^\x00-\x7f"'][^"']*)(["'])""")
"""Names of untyped KML data: GDAL writes each byte beyond ASCII as `_`, and columns of equal length become one."""
_PLAIN_NAME: Final = re.compile(r"u_((?:[0-9a-f]+_)+)")
_LATIN1: Final = "ISO-8859-1"
_LAYER_WORDS: Final = {
    "boundary": ("县界", "边界", "行政区划", "县域"),
    "townships": ("乡镇", "乡镇界", "乡镇边界"),
    "villages": ("村", "行政村", "村庄", "村点"),
    "facilities": ("机构", "医疗机构", "卫生室", "医疗卫生机构"),
    "natural_villages": ("自然村", "居民点"),
    "candidates": ("候选点", "备选点"),
    "urban_area": ("城区", "建成区"),
    "barriers": ("阻隔", "障碍"),
    "roads": ("道路", "路网", "农村公路", "公路"),
}


def read_features(source: LayerSource, path: Path, origin: Origin) -> tuple[pd.DataFrame, list[Fault]]:
    """Read the features of a vector file.

    Parameters
    ----------
    source
        Encoding and layer as the region states them.
    path
        An existing file, or the folder of a file geodatabase.
    origin
        Layer and file, for the faults.

    Returns
    -------
    features, faults
        A GeoDataFrame, or a plain table where the file has no shapes; plain range index. Notes on encoding, layers
        and what the reader remarked.

    Raises
    ------
    LayerError
        Unreadable file, unknown encoding, unknown or undecidable layer, document type declarations in KML.
    """
    suffix = path.suffix.lower()
    target: Path | bytes = path
    encoding, recode = None, None
    if suffix in _TEXT_FORMATS:
        target, faults = _as_utf8(path, source, origin)
    else:
        encoding, recode, faults = _table_encoding(path, source, origin)
    names, layer_faults = _choose_layers(target, source, origin, joins=suffix in _FOLDER_FORMATS)
    frames, remarks = _read_layers(target, names, encoding, origin)
    if recode:
        frames = [_recoded(frame, recode) for frame in frames]
    features = frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
    features = features.rename(columns=_given_name) if suffix == ".kml" else features
    return _without_reader_fields(features), [*faults, *layer_faults, *remarks]


def _as_utf8(path: Path, source: LayerSource, origin: Origin) -> tuple[bytes, list[Fault]]:
    """Return a text format's bytes as UTF-8, whatever it was saved in."""
    try:
        text, encoding = decode_text(path.read_bytes(), source.encoding)
    except UnknownEncodingError as error:
        raise origin.stop("unreadable_text", tried=str(error)) from None
    if "\0" in text:
        # GDAL stops at a zero byte and would return the features before it as if they were all.
        raise origin.stop("unreadable_text", tried=encoding)
    if path.suffix.lower() in _MARKUP_FORMATS:
        if re.search(r"<!DOCTYPE|<!ENTITY", text[:100_000], re.IGNORECASE):
            raise origin.stop("document_type")
        text = re.sub(r"^\s*<\?xml[^>]*\?>", '<?xml version="1.0" encoding="UTF-8"?>', text, count=1)
        text = _DATA_NAME.sub(lambda match: match[1] + _plain_name(match[2]) + match[3], text)
    faults = [] if encoding == "utf-8-sig" else [origin.note("encoding_guessed", encoding=encoding)]
    return text.encode("utf-8"), faults


def _plain_name(name: str) -> str:
    """Write a name as the numbers of its characters, which survive the reader.

    Examples
    --------
    >>> _plain_name("村名"), _given_name(_plain_name("村名")), _given_name("u_turns")
    ('u_6751_540d_', '村名', 'u_turns')
    """
    return "u_" + "".join(f"{ord(character):x}_" for character in html.unescape(name))


def _given_name(name: str) -> str:
    match = _PLAIN_NAME.fullmatch(str(name))
    return "".join(chr(int(number, 16)) for number in match[1].split("_")[:-1]) if match else name


def _table_encoding(path: Path, source: LayerSource, origin: Origin) -> tuple[str | None, str | None, list[Fault]]:
    """Return the encoding to read a shapefile's table with, the one to decode it with afterwards, and notes."""
    data, declared = _dbf_parts(path)
    if data is None:
        return source.encoding, None, []
    if source.encoding:
        return source.encoding, None, []
    found = sniff_dbf(data)
    if found.name == "ascii":
        return None, None, []
    if found.name == "unknown":
        if not declared:
            raise origin.stop("unreadable_text", tried="UTF-8, GB18030")
        return None, None, [origin.note("encoding_declared", encoding=declared)]
    if found.names_cut:
        # GDAL refuses names cut inside a character; read byte by byte and decode here.
        return _LATIN1, found.name, [origin.note("names_cut", encoding=found.name)]
    agrees = _same_encoding(declared, found.name)
    faults = [] if agrees else [origin.note("encoding_guessed", encoding=found.name)]
    return found.name.upper(), None, faults


def _dbf_parts(path: Path) -> tuple[bytes | None, str]:
    """Return the bytes of a shapefile's table, None if it has none, and the encoding its .cpg declares."""
    suffix = path.suffix.lower()
    if suffix == ".zip":
        return _zipped_dbf(path)
    if suffix not in (".shp", ".dbf", ".shx"):
        return None, ""
    beside = {item.suffix.lower(): item for item in path.parent.glob(f"{_escaped(path.stem)}.*")}
    table, declaration = beside.get(".dbf"), beside.get(".cpg")
    declared = declaration.read_text(encoding="ascii", errors="replace").strip() if declaration else ""
    return (table.read_bytes() if table else None), declared


def _escaped(stem: str) -> str:
    return re.sub(r"([\[\]*?])", r"[\1]", stem)


def _zipped_dbf(path: Path) -> tuple[bytes | None, str]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.rsplit(".", 1)[-1].lower(): name for name in archive.namelist()}
            declared = archive.read(names["cpg"]).decode("ascii", "replace").strip() if "cpg" in names else ""
            return (archive.read(names["dbf"]) if "dbf" in names else None), declared
    except (zipfile.BadZipFile, OSError):
        return None, ""


def _same_encoding(declared: str, found: str) -> bool:
    word = declared.upper().replace("-", "").replace("_", "")
    chinese = word in ("GBK", "GB18030", "GB2312", "936", "CP936", "ANSI936", "54936")
    return chinese if found == "gb18030" else word in ("UTF8", "65001")


def _choose_layers(
    target: Path | bytes, source: LayerSource, origin: Origin, *, joins: bool
) -> tuple[list[str | None], list[Fault]]:
    """Return the layers to read: the one named, the only one, the one named like ours, or all folders of a KML."""
    import pyogrio

    try:
        names = [str(name) for name in pyogrio.list_layers(target)[:, 0]]
    except Exception as error:  # noqa: BLE001  # GDAL's errors come in several kinds
        raise origin.stop("unreadable_file", detail=clean(str(error))[:200]) from None
    if source.layer is not None:
        if source.layer not in names:
            raise origin.stop("unknown_layer", wanted=source.layer, layers=", ".join(names))
        return [source.layer], []
    if len(names) <= 1:
        return [None], []
    likely = [name for name in names if name.lower() == origin.layer or name in _LAYER_WORDS.get(origin.layer, ())]
    if likely:
        return [likely[0]], [origin.note("layer_chosen", used=likely[0], layers=", ".join(names))]
    if joins:
        return list(names), [origin.note("layers_joined", layers=", ".join(names), count=len(names))]
    raise origin.stop("several_layers", layers=", ".join(names))


def _read_layers(
    target: Path | bytes, names: list[str | None], encoding: str | None, origin: Origin
) -> tuple[list[pd.DataFrame], list[Fault]]:
    """Read layers one by one; what the reader remarks becomes a note."""
    import pyogrio

    frames: list[pd.DataFrame] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for name in names:
            try:
                frames.append(pyogrio.read_dataframe(target, layer=name, encoding=encoding))
            except Exception as error:  # noqa: BLE001  # GDAL's errors come in several kinds
                if isinstance(error, UnicodeDecodeError | LookupError):
                    raise origin.stop("unreadable_text", tried=encoding or "UTF-8") from None
                raise origin.stop("unreadable_file", detail=clean(str(error))[:200]) from None
    repeated = sorted({str(name) for frame in frames for name in frame.columns[frame.columns.duplicated()]})
    if repeated:
        # GDAL finds fields by name: both would hold the values of one.
        raise origin.stop("repeated_field", fields=", ".join(repeated))
    remarks = sorted({clean(str(item.message)) for item in caught if issubclass(item.category, RuntimeWarning)})
    return frames, [origin.note("reader_remark", remark=remark[:200]) for remark in remarks]


def _recoded(frame: pd.DataFrame, encoding: str) -> pd.DataFrame:
    """Decode names and values that were read byte by byte, dropping characters cut at the field width."""

    def decode(text: Any) -> Any:
        return text.encode(_LATIN1).decode(encoding, errors="ignore") if isinstance(text, str) else text

    shapes = frame.geometry.name if isinstance(frame, gpd.GeoDataFrame) else None
    kept = [position for position, name in enumerate(frame.columns) if name != shapes]
    columns = [[decode(value) for value in frame.iloc[:, position]] for position in kept]
    renamed = pd.DataFrame(dict(enumerate(columns)), index=frame.index, dtype=object)
    # Names may have become equal by the cut: they are set by position.
    renamed.columns = pd.Index([decode(frame.columns[position]) for position in kept])
    return renamed if shapes is None else gpd.GeoDataFrame(renamed, geometry=frame.geometry, crs=frame.crs)


def _without_reader_fields(features: pd.DataFrame) -> pd.DataFrame:
    """Drop the empty display fields that the KML reader adds."""
    if "tessellate" not in features.columns:
        return features
    return features.loc[:, [name not in _KML_FIELDS for name in features.columns]]
