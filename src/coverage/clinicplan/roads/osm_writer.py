"""Write OSM objects through pyosmium, whose writer ends the whole process when the disk is full, without that end."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

DISK_TROUBLE: Final = ("Write failed", "Can not write to writer")
"""How libosmium begins what it says about a disk that takes no more, at once and afterwards."""


@contextmanager
def open_osm_writer(target: Path, options: str = "", **settings: Any) -> Iterator[Any]:
    """Give a writer of OSM objects; an earlier file is replaced.

    Parameters
    ----------
    target
        File; its name says the format, unless the options do.
    options
        What libosmium calls format options, such as `opl,add_metadata=false`.
    **settings
        Further arguments of `osmium.SimpleWriter`.

    Yields
    ------
    writer
        An `osmium.SimpleWriter`.

    Raises
    ------
    OSError
        If the disk refuses.
    """
    import osmium

    file = osmium.io.File(str(target), options) if options else str(target)
    writer = osmium.SimpleWriter(file, overwrite=True, **settings)
    try:
        yield writer
        writer.close()
    except BaseException as error:
        # A writer that failed ends the whole process when it is destroyed, so this one never is.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(writer))
        if str(error).startswith(DISK_TROUBLE):
            raise OSError(None, str(error), str(target)) from error
        raise
