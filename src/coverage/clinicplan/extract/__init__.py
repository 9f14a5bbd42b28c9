"""Build a region folder from an OpenStreetMap extract alone: places as villages, health objects as facilities."""

from clinicplan.extract.folder import ExtractReport, write_region_from_extract

__all__ = ["ExtractReport", "write_region_from_extract"]
