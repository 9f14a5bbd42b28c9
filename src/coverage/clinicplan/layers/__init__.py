"""Read villages, facilities and other layers from any table or vector file, recognise Chinese headers, join, check."""

from clinicplan.layers.columns import LayerReading
from clinicplan.layers.county import CountyLayers, read_layers
from clinicplan.layers.facilities import read_facilities
from clinicplan.layers.tables import read_table
from clinicplan.layers.villages import read_villages

__all__ = ["CountyLayers", "LayerReading", "read_facilities", "read_layers", "read_table", "read_villages"]
