"""Time isochrone polygons and their shares of junctions on the sample county and Andorra.

Floors: 99.5 % of reached junctions inside, falsely inside at most 1 % of the number reached, 30 ms a facility.
"""

from __future__ import annotations

import dataclasses
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import circle_shares
from clinicplan.sample import write_sample


def measure(facilities: int = 40) -> dict[str, Any]:
    """Return shares and warm milliseconds a facility, by network, mode and drawing."""
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        write_sample(Path(folder))
        for mode in ("walk", "car"):
            networks = {"sample": circle_shares.sample(mode, Path(folder))}
            if circle_shares.ANDORRA.exists():
                networks["andorra"] = circle_shares.andorra(mode)
            for name, network in networks.items():
                for exact in (False, True):
                    shares = circle_shares.measure(network, facilities=facilities, exact=exact)
                    result[f"{name}, {mode}{', exact' if exact else ''}"] = dataclasses.asdict(shares)
    return result


def print_table(result: dict[str, Any]) -> None:
    """Print one line a case."""
    for name, row in result.items():
        print(
            f"  {name}: {row['ms_a_facility']:.1f} ms a facility, inside {row['inside']:.4f}, "
            f"falsely inside {row['falsely_inside']:.4f}, {row['circles']} circles"
        )
