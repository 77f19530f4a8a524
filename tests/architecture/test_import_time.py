"""How long importing the framework takes, beside aiohttp in the same interpreter."""

import os
import subprocess
import sys
from pathlib import Path

import framework

MOST = 0.6
"""The most that the framework's own modules may take, aiohttp's being 1; it is 0.42 to 0.5 if nothing else runs."""
MOST_RUNS = 12
PROGRAM = "from framework import App, Controller, Response, get"


def ratio(cache: Path) -> float:
    """Import the framework in a fresh interpreter; return the time of its own modules, with aiohttp's as 1.

    Both are measured in one process, so how fast the machine is and what it does besides counts for both.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    run = subprocess.run(  # noqa: S603  the interpreter that runs the tests
        [sys.executable, "-X", "importtime", "-c", PROGRAM],
        capture_output=True,
        check=True,
        cwd=Path(framework.__file__).parents[1],
        env={**environment, "PYTHONPYCACHEPREFIX": str(cache)},
        text=True,
    )
    # import time:  self [us] | cumulative | imported package
    rows = [line.removeprefix("import time:").split("|") for line in run.stderr.splitlines()]
    times = [(int(row[0]), row[2].strip().partition(".")[0]) for row in rows if row[0].strip().isdigit()]
    own = [time for time, package in times if package == "framework"]
    assert len(own) > 30
    return sum(own) / sum(time for time, package in times if package == "aiohttp")


def test_the_framework_s_own_modules_import_quickly(tmp_path: Path) -> None:
    """The first run compiles; one of the others must be quick."""
    ratio(tmp_path)
    assert any(ratio(tmp_path) < MOST for _ in range(MOST_RUNS))
