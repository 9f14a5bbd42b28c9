"""Read the region file: which layers, which modes, which standard; a frozen schema that refuses unknown keys."""

from clinicplan.region.edits import Edits, FacilityEdit, PopulationEdit, RoadEdit, VillageEdit
from clinicplan.region.reading import decode_toml, nearest_word, read_region, region_from_table, toml_fault
from clinicplan.region.region import Region, language_of_code, language_of_file
from clinicplan.region.table import Datum, Minutes, Mode, Tier, _Table
from clinicplan.region.tables import (
    BudgetTable,
    CostTable,
    DoctorsTable,
    Document,
    Ladder,
    Layers,
    LayerSource,
    MergeTable,
    QuotaTable,
    Siting,
    StandardTable,
    SubCentresTable,
    Travel,
)
from clinicplan.terms import MODES

__all__ = [
    "MODES",
    "BudgetTable",
    "CostTable",
    "Datum",
    "DoctorsTable",
    "Document",
    "Edits",
    "FacilityEdit",
    "Ladder",
    "LayerSource",
    "Layers",
    "MergeTable",
    "Minutes",
    "Mode",
    "PopulationEdit",
    "QuotaTable",
    "Region",
    "RoadEdit",
    "Siting",
    "StandardTable",
    "SubCentresTable",
    "Tier",
    "Travel",
    "VillageEdit",
    "_Table",
    "decode_toml",
    "language_of_code",
    "language_of_file",
    "nearest_word",
    "read_region",
    "region_from_table",
    "toml_fault",
]
