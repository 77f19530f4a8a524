"""How long importing the framework takes, beside aiohttp under the same interpreter."""

import os
import subprocess
import sys
from pathlib import Path

import framework

MOST = 0.7
"""The most that the framework's own modules may take, aiohttp and what it imports being 1; it is 0.35 to 0.5."""
MOST_ROUNDS = 15
_SLOWER = ("COVERAGE", "PYTHONDONTWRITEBYTECODE")
"""The variables that make imports slower."""
PROGRAMS = ("pass", "import aiohttp.web, msgspec, orjson", "from framework import App, Controller, Response, get")


def cpu_seconds(program: str, cache: Path) -> float:
    """Return the time on a CPU that a fresh interpreter takes for the program, its start and end included."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_SLOWER)}
    child = subprocess.Popen(  # noqa: S603  the interpreter that runs the tests
        [sys.executable, "-c", program],
        cwd=Path(framework.__file__).parents[1],
        env={**environment, "PYTHONPYCACHEPREFIX": str(cache)},
    )
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0
    return usage.ru_utime + usage.ru_stime


def test_the_framework_s_own_modules_import_quickly(tmp_path: Path) -> None:
    """The first round compiles; of the others each program's least time counts: a busy machine only ever adds."""
    for program in PROGRAMS:
        cpu_seconds(program, tmp_path)
    least = [float("inf")] * len(PROGRAMS)
    for _ in range(MOST_ROUNDS):
        times = [cpu_seconds(program, tmp_path) for program in PROGRAMS]
        least = [min(pair) for pair in zip(least, times, strict=True)]
        start, aiohttp, own = least
        if own - aiohttp < MOST * (aiohttp - start):
            return
    raise AssertionError(f"CPU seconds of an empty program, aiohttp and the framework: {least}")
