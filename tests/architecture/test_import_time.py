"""How long importing the framework takes, without what it imports of others."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import framework

MOST_SECONDS = 0.060
MOST_RUNS = 12
LOOP_SECONDS = 0.035
"""What the loop below takes on the machine that the limit is meant for."""
PROGRAM = """
import time
from framework import App, Controller, Response, get

def loop():
    total = 0
    for number in range(1_000_000):
        total += number

start = time.process_time()
loop()
print(time.process_time() - start)
"""


def own_seconds(cache: Path) -> float:
    """Import the framework in a fresh interpreter; return the processor time that its own modules took.

    ``-X importtime`` measures by the wall, which a busy machine stretches; the share of the whole stays what it is. A
    slower machine is told by the loop.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.run(  # noqa: S603  the interpreter that runs the tests
        [sys.executable, "-X", "importtime", "-c", PROGRAM],
        capture_output=True,
        check=True,
        cwd=Path(framework.__file__).parents[1],
        env={**environment, "PYTHONPYCACHEPREFIX": str(cache)},
        text=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # import time:  self [us] | cumulative | imported package
    rows = [line.removeprefix("import time:").split("|") for line in run.stderr.splitlines()]
    times = [(int(row[0]), row[2].strip().partition(".")[0]) for row in rows if row[0].strip().isdigit()]
    own = [time for time, package in times if package == "framework"]
    assert len(own) > 30
    loop = float(run.stdout)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime - loop
    return used * sum(own) / sum(time for time, _ in times) / max(1.0, loop / LOOP_SECONDS)


def test_the_framework_s_own_modules_import_quickly(tmp_path: Path) -> None:
    """The first run compiles; one of the others must be quick: what the machine does besides is not our time."""
    own_seconds(tmp_path)
    runs = (own_seconds(tmp_path) for _ in range(MOST_RUNS))
    assert any(seconds < MOST_SECONDS for seconds in runs)
