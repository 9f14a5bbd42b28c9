"""Tell from tags how fast, in which direction and for whom a way is open, and which nodes stop a mode.

Rules are asked once a distinct tag value and spread over the ways as arrays. Conditional rules (`access:conditional`)
and turn restrictions are not applied.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from clinicplan.roads.ways import Flags, Float64, TagTable
from clinicplan.speeds import AccessValues, Speeds, TravelMode

Int8 = NDArray[np.int8]

WAY_TAGS = (
    "highway",
    "name",
    "route",
    "oneway",
    "junction",
    "maxspeed",
    "maxspeed:forward",
    "maxspeed:backward",
    "motorroad",
    "surface",
    "tracktype",
    "smoothness",
    "bridge",
    "tunnel",
    "ford",
    "seasonal",
    "winter_road",
    "ice_road",
    "duration",
    "cycleway",
    "cycleway:left",
    "cycleway:right",
    "cycleway:both",
)
"""Way tags that the rules read, besides the access and one-way tags of the modes."""

UNDECIDED, OPEN, PRIVATE, CLOSED = 0, 1, 2, 3
BOTH, FORWARD, BACKWARD = 0, 1, -1
UNSTATED = 9
"""One-way value that says nothing we know."""
ONE_WAY = {"yes": FORWARD, "true": FORWARD, "1": FORWARD, "-1": BACKWARD, "reverse": BACKWARD}
TWO_WAY = frozenset({"no", "false", "0", "reversible", "alternating"})
"""Reversible lanes are open one way at a time; over the day both ways, so they count as both (and are reported)."""
REVERSIBLE = frozenset({"reversible", "alternating"})
ROUNDABOUTS = frozenset({"roundabout", "circular"})
IMPLIED_ONE_WAY = frozenset({"motorway", "motorway_link"})
CYCLEWAY_KEYS = ("cycleway", "cycleway:left", "cycleway:right", "cycleway:both")
NO_TUNNEL = frozenset({"no", "building_passage", "avalanche_protector"})
KMH_PER_MPH = 1.609344
KMH_PER_KNOT = 1.852
UNLIMITED_WORDS = frozenset({"none", "no", "signals", "variable", "default", "unposted"})
"""Words of maxspeed that state no cap; understood, not counted as unreadable."""
SPEED_TEXT = re.compile(r"^(\d+(?:\.\d+)?)\s*(km/h|kmh|kph|mph|knots)?$")
CLOCK = re.compile(r"^(\d{1,3}):([0-5]?\d)(?::([0-5]?\d))?$")
ISO_DURATION = re.compile(r"^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$", re.IGNORECASE)
LONGEST_CROSSING_MIN = 24.0 * 60.0
"""A longer `duration` is taken for a slip of the pen."""


@dataclass(frozen=True, eq=False)
class WayRights:
    """What a mode may do on each way.

    Parameters
    ----------
    forward_kmh, backward_kmh
        Shape (ways): speed along and against the way's own direction, 0 where closed. On ferries 1 where open.
    through
        Shape (ways): False on private service roads and tracks.
    joinable
        Shape (ways): whether a point may enter here: not on motorways, ferries, in tunnels.
    is_ferry
        Shape (ways): time comes from `ferry_minutes`, not from a speed.
    """

    forward_kmh: Float64
    backward_kmh: Float64
    through: Flags
    joinable: Flags
    is_ferry: Flags


def tag_keys(speeds: Speeds) -> tuple[str, ...]:
    """Return every tag that the rules of some mode read."""
    return tuple(dict.fromkeys((*WAY_TAGS, *speeds.access_keys, *speeds.oneway_keys)))


def way_rights(tags: TagTable, mode: TravelMode) -> WayRights:
    """Apply the rules of one mode to the tags of all ways.

    Parameters
    ----------
    tags
        Tags of the ways.
    mode
        Speeds and rules.

    Returns
    -------
    rights
        Speeds in both directions, in the order of the ways.

    Notes
    -----
    Access: the most specific tag of the mode that says something counts (foot; bicycle; moped; motor_vehicle, vehicle,
    access). Speed: min(class speed x smallest quality factor, maxspeed for motor modes, top speed).
    """
    right, is_explicit = access_state(tags, mode)
    is_ferry = ferries(tags)
    kmh = np.where(is_ferry, 1.0, _class_speed(tags, mode, is_explicit) * quality_factor(tags, mode.quality))
    private = (right == PRIVATE) & tags.among("highway", mode.access.private_classes)
    closed = (right == CLOSED) | ((right == PRIVATE) & ~private) | (is_ferry & _carries_others_only(tags, mode, right))
    if not mode.uses_motorroads:
        closed |= tags.among("motorroad", {"yes"}) & ~is_explicit
    kmh = np.where(closed, 0.0, kmh)
    direction = directions(tags, mode)
    joinable = ~is_ferry & ~tags.among("highway", IMPLIED_ONE_WAY) & ~tunnels(tags)
    return WayRights(
        forward_kmh=np.where(direction == BACKWARD, 0.0, _capped(kmh, tags, mode, "maxspeed:forward", is_ferry)),
        backward_kmh=np.where(direction == FORWARD, 0.0, _capped(kmh, tags, mode, "maxspeed:backward", is_ferry)),
        through=~private,
        joinable=joinable,
        is_ferry=is_ferry,
    )


def ferries(tags: TagTable) -> Flags:
    """Tell which ways are ferries."""
    return tags.among("route", {"ferry"})


def _carries_others_only(tags: TagTable, mode: TravelMode, right: Int8) -> Flags:
    """Tell which ferries say that they carry walkers or bicycles and say nothing about motor vehicles."""
    if not mode.is_motor:
        return np.zeros(tags.size, dtype=np.bool_)
    named = tags.among("foot", mode.access.open) | tags.among("bicycle", mode.access.open)
    flags: Flags = named & (right == UNDECIDED)
    return flags


def tunnels(tags: TagTable) -> Flags:
    """Tell which ways run underground; arcades and avalanche galleries do not."""
    return tags.has("tunnel") & ~tags.among("tunnel", NO_TUNNEL)


def access_state(tags: TagTable, mode: TravelMode) -> tuple[Int8, Flags]:
    """Return OPEN, PRIVATE, CLOSED or UNDECIDED for each object, and whether a tag of the mode itself opened it.

    A tag of the mode itself is any but the general `access`: `foot=yes` opens a motorway to walkers, `access=yes`
    does not.
    """
    state = np.zeros(tags.size, dtype=np.int8)
    is_explicit = np.zeros(tags.size, dtype=np.bool_)
    for key in reversed(mode.access_keys):
        said = tags.translate(key, lambda value: access_meaning(value, mode.access), UNDECIDED).astype(np.int8)
        decides = said != UNDECIDED
        state[decides] = said[decides]
        is_explicit[decides] = (said[decides] == OPEN) & (key != "access")
    return state, is_explicit


def access_meaning(value: str, terms: AccessValues) -> int:
    """Return what the value of an access tag means; of a list, its first known entry counts."""
    for part in value.split(";"):
        word = part.strip().lower()
        for meaning, words in ((OPEN, terms.open), (PRIVATE, terms.private), (CLOSED, terms.closed)):
            if word in words:
                return meaning
    return UNDECIDED


def _class_speed(tags: TagTable, mode: TravelMode, is_explicit: Flags) -> Float64:
    always = tags.translate("highway", lambda value: mode.kmh.get(value, 0.0))
    if_allowed = tags.translate("highway", lambda value: mode.kmh_if_allowed.get(value, 0.0))
    return np.where(always > 0, always, np.where(is_explicit, if_allowed, 0.0))


def quality_factor(tags: TagTable, quality: Mapping[str, Mapping[str, float]]) -> Float64:
    """Return the smallest factor of surface, tracktype and smoothness; 1 where nothing known is said."""
    factor = np.ones(tags.size)
    for key, table in quality.items():
        factor = np.minimum(factor, tags.translate(key, partial(_factor_of, table), 1.0))
    return factor


def _factor_of(table: Mapping[str, float], value: str) -> float:
    return table.get(value, 1.0)


def _capped(kmh: Float64, tags: TagTable, mode: TravelMode, one_direction: str, is_ferry: Flags) -> Float64:
    """Cap the speed by the mode's own top speed and, for motor modes, by maxspeed; never raise it."""
    capped = np.minimum(kmh, mode.top_kmh)
    if mode.is_motor:
        for key in ("maxspeed", one_direction):
            limit = tags.translate(key, lambda value: maxspeed_kmh(value, mode.maxspeed_words) or np.inf, np.inf)
            capped = np.minimum(capped, limit)
    return np.where(is_ferry, kmh, capped)


def maxspeed_kmh(text: str, words: Mapping[str, float]) -> float | None:
    """Read a speed limit.

    Parameters
    ----------
    text
        Value of `maxspeed`: a number with or without unit, a word, or several joined by `;` (the lowest counts).
    words
        Speeds of words such as `walk`, `CN:urban`, or of the part after the country's colon.

    Returns
    -------
    limit
        km/h; `inf` where there is no limit; None where the text cannot be read (or is not above 0).

    Examples
    --------
    >>> maxspeed_kmh("40 mph", {})
    64.37376
    >>> maxspeed_kmh("fast", {}) is None
    True
    """
    limits = [_one_limit(part.strip(), words) for part in text.split(";") if part.strip()]
    known = [limit for limit in limits if limit is not None]
    return min(known) if known else None


def _one_limit(text: str, words: Mapping[str, float]) -> float | None:
    if match := SPEED_TEXT.match(text.lower()):
        factor = {"mph": KMH_PER_MPH, "knots": KMH_PER_KNOT}.get(match[2] or "", 1.0)
        return float(match[1]) * factor or None
    if text.lower() in UNLIMITED_WORDS:
        return float("inf")
    zone = text.rpartition(":")[2].lower()
    if zone.startswith("zone") and zone[4:].isdigit():
        return float(zone[4:]) or None
    if ":" in text and zone.isdigit():
        return float(zone) or None
    return words.get(text, words.get(zone))


def directions(tags: TagTable, mode: TravelMode) -> Int8:
    """Return BOTH, FORWARD or BACKWARD for each way.

    `oneway` (yes, 1, true; -1, reverse), else roundabouts and motorways imply it; a tag of the mode itself
    (`oneway:bicycle=no`) overrides both. Walkers heed only `oneway:foot`.
    """
    if mode.ignores_oneway:
        direction = np.zeros(tags.size, dtype=np.int8)
    else:
        stated = _stated_direction(tags, "oneway")
        implied = tags.among("junction", ROUNDABOUTS) | tags.among("highway", IMPLIED_ONE_WAY)
        direction = np.where(stated != UNSTATED, stated, np.where(implied, FORWARD, BOTH)).astype(np.int8)
    if mode.contraflow_cycleways:
        for key in CYCLEWAY_KEYS:
            direction[tags.translate(key, lambda value: value.startswith("opposite")) > 0] = BOTH
    for key in reversed(mode.oneway_keys):
        own = _stated_direction(tags, key)
        direction = np.where(own != UNSTATED, own, direction)
    return direction


def _stated_direction(tags: TagTable, key: str) -> Int8:
    def meaning(value: str) -> int:
        return BOTH if value in TWO_WAY else ONE_WAY.get(value, UNSTATED)

    return tags.translate(key, meaning, UNSTATED).astype(np.int8)


def ferry_minutes(tags: TagTable, length_km: Float64, mode: TravelMode) -> tuple[Float64, Flags]:
    """Return how long each ferry way takes, in minutes, and which of them state no readable `duration`.

    Parameters
    ----------
    tags
        Tags of the ways.
    length_km
        Shape (ways): length.
    mode
        Mode whose ferry rule fills in.

    Returns
    -------
    minutes, is_assumed
        Values on other ways mean nothing.
    """
    stated = tags.translate("duration", lambda value: duration_minutes(value) or np.nan, np.nan)
    assumed = length_km / mode.ferry.kmh * 60.0 + mode.ferry.wait_min
    return np.where(np.isfinite(stated), stated, assumed), ~np.isfinite(stated) & ferries(tags)


def duration_minutes(text: str) -> float | None:
    """Read a `duration`: `hh:mm`, `hh:mm:ss`, minutes, or ISO 8601 (`PT1H30M`).

    Returns
    -------
    minutes
        None where it cannot be read, is 0, or is longer than a day.

    Examples
    --------
    >>> duration_minutes("01:30"), duration_minutes("45"), duration_minutes("PT20M")
    (90.0, 45.0, 20.0)
    """
    plain = text.strip()
    minutes = 0.0
    if match := CLOCK.match(plain):
        minutes = int(match[1]) * 60.0 + int(match[2]) + int(match[3] or 0) / 60.0
    elif re.fullmatch(r"\d+(\.\d+)?", plain):
        minutes = float(plain)
    elif match := ISO_DURATION.match(plain):
        days, hours, whole, seconds = (int(part or 0) for part in match.groups())
        minutes = days * 1440.0 + hours * 60.0 + whole + seconds / 60.0
    return minutes if 0 < minutes <= LONGEST_CROSSING_MIN else None


def stopping_nodes(tags: TagTable, mode: TravelMode) -> Flags:
    """Tell which tagged nodes stop a mode.

    An access tag of the mode on the node decides; then `locked=yes` and the kind of barrier (a general `access=yes`
    makes a bollard no wider). Kinds that the table does not name are passed (and reported).
    """
    state, is_explicit = access_state(tags, mode)
    stops = tags.translate("barrier", lambda value: float(_stops(value, mode))) > 0
    stops |= tags.among("locked", {"yes"})
    refused = (state == PRIVATE) | (state == CLOSED)
    flags: Flags = tags.has("barrier") & (refused | (stops & ~is_explicit))
    return flags


def _stops(kind: str, mode: TravelMode) -> bool:
    return kind in mode.known_barriers and kind not in mode.passes
