"""The county to spoil, and the list of the operators of `table_mutations.py` and `map_mutations.py`."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import county as drawing


@dataclass
class Case:
    """One county to spoil, with a seeded source of choices."""

    seed: int
    county: drawing.County = field(default_factory=drawing.draw_county)
    patches: list = field(default_factory=list)

    def __post_init__(self):
        self.random = random.Random(self.seed)

    def sheet(self, layer):
        return getattr(self.county, layer)

    def row(self, layer, *, placed=True):
        """Choose a row of a table, one with coordinates unless told otherwise."""
        rows = self.sheet(layer).rows
        return self.random.choice([row for row in rows if not placed or row[-1] is not None])

    def patch(self, layer, change):
        """Change the bytes of a layer's file (or of `region`) once it is written."""
        self.patches.append((layer, change))

    def write(self, folder):
        """Write the spoilt county and return its region file."""
        path = drawing.write_county(self.county, folder)
        for layer, change in self.patches:
            file = path if layer == "region" else folder / self.county.files[layer]
            file.write_bytes(change(file.read_bytes()))
        return path


@dataclass(frozen=True)
class Mutation:
    """One operator on one layer."""

    name: str
    layer: str
    spoil: Callable[[Case], None]
    harmless: bool
    formats: tuple[dict[str, str], ...]

    def __str__(self):
        return f"{self.name}-{self.layer}"


MUTATIONS: list[Mutation] = []
AS_TABLES = ({}, {"villages": "villages.csv", "facilities": "facilities.xlsx"})
AS_TEXT = ({"villages": "villages.csv"},)
AS_WORKBOOKS = ({"facilities": "facilities.xlsx"},)
IN_ANY_FORMAT = (*AS_TABLES, {"villages": "villages.gpkg", "facilities": "facilities.geojson"})
AS_SHAPES = ({}, {"boundary": "boundary.gpkg", "townships": "townships.geojson"})
AS_ROADS = ({}, {"roads": "roads.osm"})
AS_XML = ({"roads": "roads.osm"},)


def mutation(*layers, harmless=False, formats=({},)):
    """Enter an operator in the list, once a layer; it takes the case and the layer."""

    def enter(spoil):
        MUTATIONS.extend(
            Mutation(spoil.__name__, layer, lambda case, layer=layer: spoil(case, layer), harmless, tuple(formats))
            for layer in layers
        )
        return spoil

    return enter
