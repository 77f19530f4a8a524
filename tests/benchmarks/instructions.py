"""The gauge without noise: instructions per request, counted by callgrind, and their ratios to hand-written aiohttp.

``make bench-instructions`` counts, compares the ratios with those in ``instructions.json`` and fails when one has
fallen by more than 3 %; ``make bench-instructions OPTIONS=--write`` writes new ones, on another Python with
``PYTHON=python3.13 VENV=.venv-3.13`` behind it. Instructions per request = (count for 300 requests - count for 100) /
200, the median of three layouts of Python's caches; of ``stream`` and ``upload`` fewer. The ratio is hand-written /
framework: above 1 the framework needs fewer.
"""

import argparse
import json
import re
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
if not __package__:
    # Started as a script: its own folder gives way to the checkout, where `tests.benchmarks` is found.
    sys.path[0] = str(ROOT)

from tests.benchmarks.instructions_target import LAYOUTS, plan_of  # noqa: E402  needs the path above
from tests.benchmarks.report import environment  # noqa: E402  the same
from tests.benchmarks.servers import BASELINE  # noqa: E402  the same

COMMITTED = Path(__file__).with_name("instructions.json")
TOLERANCE = 0.03
APPS = {BASELINE: "tests.benchmarks.apps.handwritten", "framework": "tests.benchmarks.apps.framework_app"}
WORKLOADS = (
    "plain", "json", "item", "order", "form", "items100", "middleware5", "scoped", "routes1000", "faults", "stream",
    "upload", "ws", "production", "traced", "guarded", "observed",
)  # fmt: skip
TIMEOUT = 1200
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "PYTHONHASHSEED": "0"}

Counts = dict[str, float]
"""Instructions per request, by workload."""
Index = dict[str, list[list[int]]]
"""By workload and layout, the ids of the processes that answered 100 and 300 requests."""


class CountError(Exception):
    """What ran under callgrind failed."""


def main() -> int:
    """Count, print, then compare or write."""
    options = _parser().parse_args()
    # Whoever is told to end ends what it started, too.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        counted = count(options.apps, options.workloads, layouts=options.layouts)
    except CountError as error:
        _say(str(error))
        return 1
    ratios = _ratios(counted)
    _say(_table(counted, ratios))
    if options.write:
        _write(counted, ratios)
        return 0
    return _compare(ratios) if ratios else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--apps", nargs="+", choices=APPS, default=list(APPS))
    parser.add_argument("--workloads", nargs="+", choices=WORKLOADS, default=list(WORKLOADS), metavar="WORKLOAD")
    parser.add_argument(
        "--layouts", type=int, choices=(1, 2, 3), default=len(LAYOUTS), help="1 is quick, and up to 1 %% off (3)"
    )
    parser.add_argument("--write", action="store_true", help="write instructions.json, or these workloads in it")
    return parser


def count(
    apps: Sequence[str], workloads: Sequence[str], *, layouts: int, modules: Mapping[str, str] = APPS
) -> dict[str, Counts]:
    """Count the applications side by side, each in a process of its own."""
    targets = {app: _target(modules[app], workloads, layouts) for app in apps}
    for app, target in targets.items():
        _rehearse(app, target)
    with tempfile.TemporaryDirectory() as name:
        folders = {app: Path(name) / app for app in apps}
        started = {app: _start(targets[app], folder) for app, folder in folders.items()}
        try:
            indices = {app: _finish(app, process) for app, process in started.items()}
        finally:
            for process in started.values():
                process.kill()
        return {app: _per_request(folders[app], index) for app, index in indices.items()}


def _target(module: str, workloads: Sequence[str], layouts: int) -> list[str]:
    return [sys.executable, "-m", "tests.benchmarks.instructions_target", module, str(layouts), *workloads]


def _rehearse(app: str, command: Sequence[str]) -> None:
    """Run a target without valgrind: mistakes show quickly, and Python compiles what it would else compile counted."""
    done = subprocess.run(  # noqa: S603  the command is ours
        command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=TIMEOUT, check=False
    )
    if done.returncode:
        raise CountError(f"{app} cannot be measured:\n{done.stderr[-3000:].rstrip()}")


def _start(target: Sequence[str], folder: Path) -> subprocess.Popen[str]:
    """Start a target. Its arguments and environment are always the same, since strings decide about collisions."""
    folder.mkdir()
    return subprocess.Popen(  # noqa: S603  the command is ours
        [*callgrind(folder), *target],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def callgrind(folder: Path) -> list[str]:
    """Start callgrind; it does not count until it is told to, because that takes ten times as long."""
    valgrind = ["valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no"]
    return [*_fixed_addresses(), *valgrind, f"--callgrind-out-file={folder}/%p"]


def _fixed_addresses() -> list[str]:
    """Switch off the randomness of addresses, worth up to 0.8 %, where the system lets us."""
    command = ["setarch", "--addr-no-randomize"]
    allowed = subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0  # noqa: S603  ours
    return command if allowed else []


def _finish(app: str, process: subprocess.Popen[str]) -> Index:
    """Wait for a target and return which processes it forked."""
    try:
        said, errors = process.communicate(timeout=TIMEOUT)
    except subprocess.TimeoutExpired as error:
        raise CountError(f"{app}: not done after {TIMEOUT} s") from error
    if process.returncode:
        raise CountError(f"{app} cannot be measured:\n{errors[-3000:].rstrip()}")
    index: Index = json.loads(said)
    return index


def _per_request(folder: Path, index: Index) -> Counts:
    return {name: statistics.median(_difference(folder, name, pair) for pair in pairs) for name, pairs in index.items()}


def _difference(folder: Path, workload: str, pair: Sequence[int]) -> float:
    few, many = (total(folder / str(pid)) for pid in pair)
    plan = plan_of(workload)
    return (many - few) / (plan.many - plan.few)


def total(file: Path) -> int:
    """Read the sum from one of callgrind's files."""
    found = re.search(r"^summary: (\d+)", file.read_text(), re.MULTILINE)
    if found is None:
        raise CountError(f"{file} has no summary")
    return int(found[1])


def _ratios(counted: Mapping[str, Counts]) -> dict[str, float]:
    if set(counted) != set(APPS):
        return {}
    return {name: round(counted[BASELINE][name] / own, 3) for name, own in counted["framework"].items()}


def _table(counted: Mapping[str, Counts], ratios: Mapping[str, float]) -> str:
    names = list(next(iter(counted.values())))
    head = "".join(f"{name:>13}" for name in names)
    lines = [f"{'instructions':14}{head}"]
    lines += [f"{app:14}" + "".join(f"{row[name]:13.0f}" for name in names) for app, row in counted.items()]
    lines += [f"{'ratio':14}" + "".join(f"{ratios[name]:13.3f}" for name in names)] if ratios else []
    return "\n".join(lines)


def _committed() -> dict[str, dict[str, Any]]:
    """Read what is committed, by version of Python (3.11)."""
    if not COMMITTED.exists():
        return {}
    record: dict[str, dict[str, Any]] = json.loads(COMMITTED.read_text())
    return record


def committed_counts() -> dict[str, Counts]:
    """Read the instructions per request that are committed for this Python, by application."""
    counts: dict[str, Counts] = _committed().get(_python(), {}).get("instructions", {})
    return counts


def _python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _write(counted: Mapping[str, Counts], ratios: Mapping[str, float]) -> None:
    entry = {"environment": environment(), **updated(_committed().get(_python(), {}), counted, ratios)}
    record = dict(sorted((_committed() | {_python(): entry}).items()))
    COMMITTED.write_text(json.dumps(record, indent=1) + "\n")
    _say(f"written: {COMMITTED.name}, Python {_python()}")


def updated(
    entry: Mapping[str, Any], counted: Mapping[str, Counts], ratios: Mapping[str, float]
) -> dict[str, dict[str, Any]]:
    """Return what is written: the new figures, and the old ones of workloads that were not counted."""
    rounded = {app: {name: round(value) for name, value in row.items()} for app, row in counted.items()}
    before = entry.get("instructions", {})
    instructions = {app: _in_order(before.get(app, {}) | row) for app, row in rounded.items()}
    return {"ratios": _in_order(entry.get("ratios", {}) | ratios), "instructions": instructions}


def _in_order(figures: Mapping[str, Any]) -> dict[str, Any]:
    return {name: figures[name] for name in WORKLOADS if name in figures}


def _compare(ratios: Mapping[str, float]) -> int:
    """Return 1 if a ratio has fallen by more than is tolerated."""
    entry = _committed().get(_python())
    if entry is None:
        _say(f"nothing is compared: instructions.json has no ratios for Python {_python()}; --write adds them")
        return 0
    committed = entry["ratios"]
    fallen = [name for name, ratio in ratios.items() if ratio < committed.get(name, 0) * (1 - TOLERANCE)]
    for name in fallen:
        _say(f"{name}: the ratio fell from {committed[name]} to {ratios[name]}, more than {TOLERANCE:.0%}")
    if not fallen:
        _say(f"no ratio has fallen by more than {TOLERANCE:.0%}")
    return 1 if fallen else 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
