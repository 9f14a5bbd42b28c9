"""Set up the typed tables the rules look at: villages, facilities and townships of a county, with what is unknown."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from clinicplan.check.matching import ClinicMatches, facility_townships
from clinicplan.errors import Phrase
from clinicplan.policy.bounds import FALSE, TRUE, UNKNOWN, Flags3, all_of
from clinicplan.policy.conditions import Amounts, amounts, column_is_empty, condition_columns, meets
from clinicplan.policy.findings import NOTHING, Case
from clinicplan.policy.journeys import Journeys
from clinicplan.policy.neighbours import Neighbours, find_neighbours
from clinicplan.policy.parameters import Subjects
from clinicplan.policy.profile import Profile
from clinicplan.policy.settings import AuditSettings
from clinicplan.terms import EXEMPT_STATUSES, serving_as

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import geopandas as gpd
    import pandas as pd

    from clinicplan.layers import CountyLayers

Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]

T = TypeVar("T")

LAST: Final = "~"
"""Sorts after every code."""
ID_COLUMNS: Final = {"villages": "village_id", "facilities": "facility_id", "townships": "township"}


@dataclass(frozen=True, eq=False)
class Members:
    """The units of a clause: those that are, or may be, what it speaks of.

    Parameters
    ----------
    layer
        `facilities`, `villages` or `townships`.
    row
        Shape (units): row in that layer.
    member
        Shape (units): 1 certainly one of them, -1 perhaps.
    frame
        The rows themselves, in the same order, index 0 to n.
    """

    layer: str
    row: Int64
    member: Flags3
    frame: pd.DataFrame

    def __len__(self) -> int:
        return int(self.row.size)

    @property
    def ids(self) -> list[str]:
        """Ids of the units; a township's is its name."""
        return [str(value) for value in self.frame[ID_COLUMNS[self.layer]].to_numpy(dtype=object)]

    @property
    def names(self) -> list[str]:
        """Names of the units."""
        column = "name" if self.layer != "townships" else "township"
        return [str(value) for value in self.frame[column].to_numpy(dtype=object)]

    def cases(self, mask: Flags, value: Callable[[int], Phrase] | Phrase = NOTHING) -> tuple[Case, ...]:
        """Return the units of a mask, each with its value (a function of the unit's position, or one for all)."""
        if not mask.any():
            return ()
        ids, names = self.ids, self.names
        return tuple(
            Case(ids[place], names[place], value if isinstance(value, Phrase) else value(place))
            for place in np.flatnonzero(mask).tolist()
        )


@dataclass(frozen=True)
class People:
    """A number of people, of which the upper end is open where some village's population is unknown."""

    known: int
    complete: bool = True

    def __add__(self, other: People) -> People:
        return People(self.known + other.known, self.complete and other.complete)


@dataclass(frozen=True, eq=False)
class CountyRegister:
    """A county as the rules see it; rows of villages and facilities are those of the layers.

    Parameters
    ----------
    profile, settings
        The document, and what the county sets.
    layers
        The layers themselves, for geometry.
    facilities
        The facilities layer with `township` completed, `works` (three-valued: 1 in operation, 0 not, -1 unknown) and
        `own_village` (id of the village a clinic was matched to, empty where none) and `may_be_of` (ids of the villages
        that a clinic could belong to, where its match is ambiguous).
    journeys
        Answers about roads.
    planned
        Whether the layers are those of a plan.
    memory
        What was found out for one clause and others ask again; shared by the documents that a county is tested against.
    """

    profile: Profile
    settings: AuditSettings
    layers: CountyLayers
    facilities: gpd.GeoDataFrame
    journeys: Journeys
    planned: bool = False
    memory: dict[Any, Any] = field(default_factory=dict, repr=False)

    def recall(self, key: Any, find: Callable[[], T]) -> T:
        """Return what was found under a key before, on the same layers, roads and settings; else find it.

        The key names whatever of the document the answer rests on.
        """
        rests_on = (self.layers, self.facilities, self.journeys, self.settings)
        slot = (key, *(id(item) for item in rests_on))
        if slot not in self.memory:
            self.memory[slot] = (rests_on, find())  # what is held keeps its id
        found: T = self.memory[slot][1]
        return found

    @cached_property
    def neighbours(self) -> Neighbours:
        """Which villages are adjacent, whatever operates."""
        return self._of_layers("neighbours", lambda: find_neighbours(self.villages, self.layers.village_areas))

    def _of_layers(self, key: str, find: Callable[[], T]) -> T:
        """Return what rests on the layers alone, found once for every document and view of the register."""
        slot = (key, id(self.layers))
        if slot not in self.memory:
            self.memory[slot] = (self.layers, find())
        found: T = self.memory[slot][1]
        return found

    @property
    def registered(self) -> CountyRegister:
        """The county as its register has it: every facility in operation."""
        works = np.full(len(self.facilities), TRUE, dtype=np.int8)
        return replace(self, facilities=self.recall("registered", lambda: self.facilities.assign(works=works)))

    @property
    def villages(self) -> gpd.GeoDataFrame:
        """The villages layer."""
        return self.layers.villages

    def members(self, subjects: Subjects, *, exempt: bool = False) -> Members:
        """Return the units that a clause speaks of: in the county, of its tiers or kinds, not out of operation.

        Exempt villages are units only where `exempt` says so: where a clause counts residents.
        """
        return self.recall(("members", subjects, exempt), lambda: self._members(subjects, exempt=exempt))

    def serving(self, tiers: Iterable[str], *, exact: bool = False) -> Flags3:
        """Return which facilities of the county serve as one of the tiers: in operation, not, or unknown.

        Shape (facilities).
        """
        wanted = tuple(sorted(set(tiers) if exact else set(serving_as(tiers))))
        return self.recall(("serving", wanted), lambda: self._serving(wanted))

    @property
    def by_register(self) -> bool:
        """Whether the register says of no facility whether it is in operation."""
        return bool((self.layers.facilities["operating"] == "").all())

    @cached_property
    def townships(self) -> pd.DataFrame:
        """One row a township, in code order where known: `township` and the further columns of the layer."""
        return self._of_layers("townships", self._townships)

    def _townships(self) -> pd.DataFrame:
        import pandas as pd

        layer = self.layers.townships
        codes = _township_codes(self.villages)
        if layer is None:
            frame = pd.DataFrame({"township": list(codes)})
        else:
            frame = pd.DataFrame(layer.drop(columns=layer.geometry.name))
            missing = [name for name in codes if name not in set(frame["township"].astype(str))]
            if missing:
                frame = pd.concat([frame, pd.DataFrame({"township": missing})], ignore_index=True)
        order = np.argsort([codes.get(str(name), LAST) for name in frame["township"]], kind="stable")
        return frame.iloc[order].reset_index(drop=True)

    def residents(self, township: str, *, rural: bool = False) -> People:
        """Return the residents of a township: the layer's own figure, else the sum over its villages.

        Rural residents are those of kind `village`. A village whose population is unknown leaves the sum open upwards.
        """
        return self.recall(("residents", rural), lambda: self._residents(rural=rural)).get(township, People(0))

    def people_of(self, villages: Flags) -> People:
        """Return the people of some villages."""
        return People(int(self.population.value[villages].sum()), bool(self.population.known[villages].all()))

    def county_people(self, townships: Iterable[str] | None = None, *, rural: bool = False) -> People:
        """Return the people of the county, or of some townships."""
        names = self.townships["township"].astype(str) if townships is None else townships
        total = People(0)
        for name in names:
            total = total + self.residents(str(name), rural=rural)
        return total

    @cached_property
    def population(self) -> Amounts:
        """People of each village, and whether known."""
        return self._of_layers("population", lambda: amounts(self.villages, "population"))

    @cached_property
    def rural(self) -> Flags:
        """Shape (villages): administrative villages that are not exempt; those that rural rules speak of."""
        exempt = self.villages["status"].isin(EXEMPT_STATUSES)
        flags: Flags = ((self.villages["kind"] == "village") & ~exempt).to_numpy(dtype=bool)
        return flags

    @cached_property
    def wayless(self) -> Flags:
        """Shape (villages): those whose way to anything is not known: without a place, or off every road."""
        return self.recall("wayless", self._wayless)

    def _wayless(self) -> Flags:
        villages = self.villages
        homeless = villages.geometry.isna() | villages["pending"].isin(["no_coordinates", "outside_county"])
        # Set aside with a place and with people: off every road.
        counted = (villages["pending"] == "").to_numpy() & self.population.known
        flags: Flags = homeless.to_numpy() | (self.journeys.set_aside & counted)
        return flags

    def missing(self, subjects: Subjects, columns: Iterable[str]) -> tuple[str, ...]:
        """Return `layer.column` of the columns that hold nothing for any of the units."""
        frame = self.members(subjects).frame
        if frame.empty:
            return ()
        return tuple(f"{subjects.layer}.{column}" for column in columns if column_is_empty(frame, column))

    def _residents(self, *, rural: bool) -> dict[str, People]:
        """Return the residents of every township, all at once."""
        names = self.townships["township"].astype(str).to_list()
        figure = amounts(self.townships, "rural_population" if rural else "population")
        place = {name: at for at, name in enumerate(names)}
        of_village = np.array([place.get(str(name), -1) for name in self.villages["township"].to_numpy(dtype=object)])
        counted = of_village >= 0
        if rural:
            counted &= (self.villages["kind"] == "village").to_numpy(dtype=bool)
        rows = of_village[counted]
        summed = np.bincount(rows, weights=self.population.value[counted], minlength=len(names)).astype(np.int64)
        gaps = np.bincount(rows, weights=~self.population.known[counted], minlength=len(names))
        return {
            name: People(int(figure.value[at])) if figure.known[at] else People(int(summed[at]), not gaps[at])
            for at, name in reversed(list(enumerate(names)))
        }

    def _members(self, subjects: Subjects, *, exempt: bool) -> Members:
        frame, flags = self._candidates(subjects, exempt=exempt)
        row = np.flatnonzero(flags != FALSE)
        return Members(subjects.layer, row, flags[row], frame.iloc[row].reset_index(drop=True))

    def _serving(self, tiers: tuple[str, ...]) -> Flags3:
        of_tier = self.facilities["tier"].isin(tiers) & ~self.facilities["outside_county"].astype(bool)
        flags: Flags3 = np.where(of_tier, self.facilities["works"], FALSE).astype(np.int8)
        flags.flags.writeable = False  # kept for all who ask
        return flags

    @cached_property
    def _plain_villages(self) -> pd.DataFrame:
        return self._of_layers("plain villages", lambda: _plain(self.villages))

    @cached_property
    def _plain_facilities(self) -> pd.DataFrame:
        return self.recall("plain facilities", lambda: _plain(self.facilities))

    def _candidates(self, subjects: Subjects, *, exempt: bool) -> tuple[pd.DataFrame, Flags3]:
        if subjects.layer == "facilities":
            frame = self._plain_facilities
            tiers = subjects.tiers or tuple(self.facilities["tier"].unique())
            flags = self.serving(tiers, exact=subjects.exact or not subjects.tiers)
        elif subjects.layer == "villages":
            frame = self._plain_villages
            kept = frame["kind"].isin(subjects.kinds) & (exempt | ~frame["status"].isin(EXEMPT_STATUSES))
            flags = np.where(kept, TRUE, FALSE).astype(np.int8)
        else:
            frame = self.townships
            flags = np.full(len(frame), TRUE, dtype=np.int8)
        possible = flags != FALSE
        chosen = np.full(len(frame), FALSE, dtype=np.int8)
        columns = [name for name in condition_columns(subjects.where) if name in frame]
        chosen[possible] = all_of(flags[possible], meets(frame.loc[possible, columns], subjects.where))
        return frame, chosen


def county_register(
    profile: Profile,
    settings: AuditSettings,
    layers: CountyLayers,
    journeys: Journeys,
    matches: ClinicMatches,
    *,
    planned: bool = False,
) -> CountyRegister:
    """Set up the tables of a county.

    Parameters
    ----------
    profile, settings
        The document, and what the county sets.
    layers
        As `read_layers` returns them.
    journeys
        Answers about the roads of the same layers.
    matches
        Own clinics of villages, row by row of the facilities layer.
    planned
        Whether the layers are those of a plan.

    Returns
    -------
    register
        What the rules look at.
    """
    facilities = layers.facilities.copy()
    facilities["own_village"] = matches.village_id
    facilities["may_be_of"] = _column(matches.candidates)
    facilities["township"] = _townships_of(layers, facilities)
    facilities["works"] = _works(facilities["operating"].to_numpy(dtype=object))
    return CountyRegister(profile, settings, layers, facilities, journeys, planned)


def _townships_of(layers: CountyLayers, facilities: gpd.GeoDataFrame) -> list[str]:
    """Return each facility's township: by its cell, name or place, else its village's, else as its cell has it."""
    of_village = dict(zip(layers.villages["village_id"], layers.villages["township"], strict=True))
    found = facility_townships(layers.villages, facilities, layers.townships)
    written = facilities["village_id"] if "village_id" in facilities else facilities["own_village"]
    return [
        town or of_village.get(own) or of_village.get(named) or str(cell)
        for town, own, named, cell in zip(
            found, facilities["own_village"], written, facilities["township"], strict=True
        )
    ]


def _works(operating: NDArray[np.object_]) -> Flags3:
    """Return which facilities are in operation; where the register says it of none, all are taken to be."""
    unknown = TRUE if (operating == "").all() else UNKNOWN
    return np.where(operating == "no", FALSE, np.where(operating == "yes", TRUE, unknown)).astype(np.int8)


def _plain(layer: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return a layer without its places, every cell a plain value and missing ones empty: quick to take rows from."""
    import pandas as pd

    names = [name for name in layer.columns if name != layer.geometry.name]
    return pd.DataFrame({name: layer[name].to_numpy(dtype=object, na_value="") for name in names}, dtype=object)


def _township_codes(villages: gpd.GeoDataFrame) -> dict[str, str]:
    """Return the townships that villages name, each with what it sorts by.

    That is the least code of its villages where all are of one length (statistical codes); else every township has the
    same, so that the order of the rows stands.
    """
    least: dict[str, str] = {}
    for name, code in zip(villages["township"].astype(str), villages["village_id"].astype(str), strict=True):
        if name:
            least[name] = min(least.get(name, code), code)
    same_length = len({len(str(code)) for code in villages["village_id"]}) == 1
    return least if same_length else dict.fromkeys(least, "")


def _column(values: tuple[tuple[str, ...], ...]) -> NDArray[np.object_]:
    """Return tuples as a column; numpy would take tuples of one length for a table."""
    column = np.empty(len(values), dtype=object)
    for row, value in enumerate(values):
        column[row] = value
    return column
