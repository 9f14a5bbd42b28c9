"""Write result folders complete or not at all, and say in a manifest what went into them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clinicplan.errors import OutputError, Severity
from clinicplan.words import fault

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

MANIFEST: Final = "manifest.json"
"""Written last: a folder without it is not a result."""


@contextlib.contextmanager
def result_folder(out: Path, *, force: bool) -> Iterator[Path]:
    """Give a folder to write into that becomes `out` when all went well and vanishes otherwise.

    Parameters
    ----------
    out
        Where the results shall stand. It must not exist, or be empty, unless `force`.
    force
        Replace an earlier result (a folder with a manifest; never any other folder).

    Yields
    ------
    folder
        A new folder beside `out`.

    Raises
    ------
    OutputError
        If `out` is in the way or cannot be written (full disk, no permission, a file open elsewhere).
    """
    require_free(out, force=force)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    except OSError as error:
        raise OutputError(_cannot_write(out, error)) from error
    try:
        yield draft
        _swap(draft, out)
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise OutputError(_cannot_write(out, error)) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def write_json(table: Mapping[str, Any] | Sequence[Any], path: Path) -> None:
    """Write JSON that people can read: UTF-8, indented, the order kept, NaN refused."""
    path.write_text(json.dumps(table, ensure_ascii=False, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table that Excel opens as text: UTF-8 with a byte-order mark, cells that look like formulas defused."""
    safe = table.copy()
    for name in safe.columns:
        if safe[name].dtype == object or str(safe[name].dtype) in {"str", "string"}:
            safe[name] = safe[name].map(defuse)
        elif str(safe[name].dtype) in {"bool", "boolean"}:
            safe[name] = safe[name].map({True: "true", False: "false"}).astype(object)
    safe.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n")


def defuse(value: object) -> object:
    """Prefix a text that a spreadsheet would run as a formula with an apostrophe; numbers stay as they are.

    Examples
    --------
    >>> defuse("=1+1"), defuse("-3.5"), defuse("村")
    ("'=1+1", '-3.5', '村')
    """
    if not isinstance(value, str) or not value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return value
    try:
        float(value)
    except ValueError:
        return "'" + value
    return value


def write_layers(layers: Mapping[str, gpd.GeoDataFrame], path: Path, styles: Mapping[str, str]) -> None:
    """Write a GeoPackage with one table a layer and the QGIS styles of those that have one.

    Parameters
    ----------
    layers
        Frames by layer name, in the order they are written; empty ones are written too.
    path
        The `.gpkg` to make.
    styles
        QML text by layer name.
    """
    with _disk_errors():
        for name, frame in layers.items():
            frame.to_file(path, layer=name, driver="GPKG", engine="pyogrio")
        _write_styles(layers, path, styles)


def _write_styles(layers: Mapping[str, gpd.GeoDataFrame], path: Path, styles: Mapping[str, str]) -> None:
    import geopandas as gpd
    import pandas as pd

    rows = [
        {"f_table_catalog": "", "f_table_schema": "", "f_table_name": name, "f_geometry_column": "geom",
         "styleName": name, "styleQML": qml, "styleSLD": "", "useAsDefault": True, "description": "", "owner": "",
         "ui": ""}
        for name, qml in styles.items()
        if name in layers
    ]  # fmt: skip
    if rows:
        table = gpd.GeoDataFrame(pd.DataFrame(rows), geometry=gpd.GeoSeries([None] * len(rows)))
        table.drop(columns="geometry").pipe(_write_plain_table, path, "layer_styles")


def _write_plain_table(table: pd.DataFrame, path: Path, name: str) -> None:
    import pyogrio

    pyogrio.write_dataframe(table, path, layer=name, driver="GPKG")


@contextlib.contextmanager
def _disk_errors() -> Iterator[None]:
    """Raise as OSError what GDAL reports in its own kinds: the layers are sound, so the disk is not."""
    from pyogrio.errors import DataLayerError, DataSourceError

    try:
        yield
    except (DataLayerError, DataSourceError) as error:
        raise OSError(str(error).strip() or "GDAL") from error


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal text."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def describe_inputs(files: Mapping[str, Path]) -> dict[str, dict[str, Any]]:
    """Return name, size and checksum of the input files, by layer."""
    return {
        layer: {"file": path.name, "bytes": path.stat().st_size, "sha256": checksum(path)}
        for layer, path in files.items()
        if path.is_file()
    }


def package_versions() -> dict[str, str]:
    """Return the versions of the program and of the libraries its numbers rest on."""
    import platform
    from importlib.metadata import version

    names = ("clinicplan", "geopandas", "shapely", "pyproj", "osmium", "numpy", "scipy", "pandas", "folium")
    return {"python": platform.python_version(), **{name: version(name) for name in names}}


def write_manifest(folder: Path, entries: Mapping[str, Any]) -> None:
    """Write the manifest, last, with the list of the other files and their sizes."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    listed = {path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size} for path in files}
    write_json({**entries, "files": listed}, folder / MANIFEST)


def require_free(out: Path, *, force: bool) -> None:
    """Raise OutputError where a result may not be written to `out`."""
    if out.is_file():
        raise OutputError(fault(Severity.ERROR, "output_is_file", folder=str(out)))
    if not out.is_dir() or not any(out.iterdir()):
        return
    if not force:
        raise OutputError(fault(Severity.ERROR, "output_exists", folder=str(out)))
    if not (out / MANIFEST).is_file():
        raise OutputError(fault(Severity.ERROR, "output_not_ours", folder=str(out)))


def _swap(draft: Path, out: Path) -> None:
    """Put the finished folder in the place of an earlier one, which goes only once the new one stands."""
    draft.chmod(0o755)
    if not out.exists():
        draft.replace(out)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{out.name}-old-", dir=out.parent))
    out.replace(aside / out.name)
    try:
        draft.replace(out)
    except OSError:
        (aside / out.name).replace(out)
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _cannot_write(out: Path, error: OSError) -> Any:
    detail = error.strerror or str(error)
    return fault(Severity.ERROR, "cannot_write", folder=str(out), detail=detail)
