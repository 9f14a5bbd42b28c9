"""Time the program as a planner meets it: whole processes, cold, from the shell.

Aims: `clinicplan coverage` of the sample county in under 5 s, `clinicplan --help` at most twice a bare typer program.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

BARE = """
import typer
app = typer.Typer()
@app.command()
def one(): pass
@app.command()
def two(): pass
app()
"""


def measure(runs: int = 5) -> dict[str, Any]:
    """Return medians of seconds on the clock, and of the processor, of whole processes."""
    from clinicplan.sample import write_sample

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_sample(folder / "region")
        (folder / "bare.py").write_text(BARE)
        program = [sys.executable, "-m", "clinicplan.cli"]
        coverage = [*program, "coverage", str(folder / "region"), "--force", "--quiet", "--out", str(folder / "out")]
        whole = [*program, "run", str(folder / "region"), "--force", "--quiet", "--out", str(folder / "run")]
        bare = [sys.executable, str(folder / "bare.py"), "--help"]
        result = {
            "coverage_s": _paired([coverage], runs)[0],
            "run_s": _paired([whole], max(1, runs // 2))[0],
        }
        helped, plain = _paired([[*program, "--help"], bare], runs)
        return {**result, "help_s": helped, "bare_typer_help_s": plain, "help_ratio": helped / plain}


def _paired(commands: list[list[str]], runs: int) -> list[float]:
    """Run commands in turn and return each one's median seconds, after one warm-up for the file cache."""
    seconds: list[list[float]] = [[] for _ in commands]
    for run in range(runs + 1):
        for number, command in enumerate(commands):
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            if run:
                seconds[number].append(time.perf_counter() - start)
    return [statistics.median(values) for values in seconds]


def print_table(result: dict[str, Any]) -> None:
    """Print one line a figure."""
    for name, value in result.items():
        print(f"  {name}: {value:.2f}")
