"""Travel times, exact in whole milliseconds: bounded many-to-many and unbounded nearest searches."""

from clinicplan.travel.times import (
    SearchGraph,
    TravelTimes,
    nearest_trips,
    node_times,
    prepare_search,
    travel_times,
    trips_within,
)

__all__ = [
    "SearchGraph",
    "TravelTimes",
    "nearest_trips",
    "node_times",
    "prepare_search",
    "travel_times",
    "trips_within",
]
