"""Read a scenario, a small difference over a region; apply its edits; compare results."""

from clinicplan.scenario.reading import (
    SCENARIO_FILE,
    merge_tables,
    read_scenario,
    region_under,
    resolved_scenario,
)

__all__ = ["SCENARIO_FILE", "merge_tables", "read_scenario", "region_under", "resolved_scenario"]
