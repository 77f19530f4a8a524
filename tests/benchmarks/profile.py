"""Where the instructions of a request go, by parts of the house and by Python functions.

``make bench-profile PYTHON=python3.13 VENV=.venv-3.13 OPTIONS="order --functions 20"`` prints it. Callgrind sees
functions of C only, but from Python 3.12 on ``-X perf`` gives each Python function some bytes of machine code of its
own, through which it is called. Callgrind, told to take the functions of Python itself for part of their callers,
counts these as functions; a map that Python writes names them. As in ``instructions.py`` a run of few requests is taken
from a run of many. So each instruction stands with the Python function, or with the extension module, that spends it.
The price: calls between Python functions cost more than without; the table's last row is the gauge's count, without.

``--clock`` prints the CPU time of the same requests without callgrind, which no two machines have in common.
"""

import argparse
import importlib
import itertools
import json
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import uvloop

from tests.benchmarks.callgrind import Function, own_costs, read
from tests.benchmarks.instructions import (
    APPS,
    ENVIRONMENT,
    ROOT,
    WORKLOADS,
    CountError,
    callgrind,
    committed_counts,
)
from tests.benchmarks.instructions_target import drive, plan_of
from tests.benchmarks.instructions_target import main as measure_target
from tests.benchmarks.profile_parts import by_part, table
from tests.benchmarks.workloads import COUNTED as ALL

__all__ = ("main",)

_TIMEOUT = 3600
_ROUNDS = 10
_PACKAGES = ("aiohttp", "frozenlist", "msgspec", "multidict", "orjson", "propcache", "uvloop", "yarl")
"""What a request runs through that is not written in Python alone."""
_LOADER = ("__", "_dl", "_init", "_fini", "_start", "dl_main", "main")
"""How functions begin that run before any that callgrind could count them with."""

Costs = Counter[Function]
"""Instructions per request, by function."""


def main(arguments: Sequence[str]) -> int:
    """Count and print."""
    options = options_of(arguments)
    if options.target:
        measure_target([APPS[options.app], "1", *options.workloads])
        return 0
    if options.clock:
        for name in options.workloads:
            print(f"{name}: {clock(options.app, name):.0f} microseconds of CPU time for each request")
        return 0
    if not hasattr(sys, "activate_stack_trampoline"):
        print("only from Python 3.12 on functions can be told apart: PYTHON=python3.13 VENV=.venv-3.13")
        return 1
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        profiles = profile(options.app, options.workloads)
    except CountError as error:
        print(error)
        return 1
    counted = committed_counts().get(options.app, {})
    print(table({name: by_part(costs) for name, costs in profiles.items()}, counted))
    for name, costs in profiles.items() if options.functions else ():
        print(f"\n{name}")
        print("\n".join(f"{cost:9.0f}  {function}" for function, cost in costs.most_common(options.functions)))
    return 0


def options_of(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line; without workloads it asks for all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    # A default is compared with the choices as a whole, in Python up to 3.13.
    parser.add_argument("workloads", nargs="*", choices=(*WORKLOADS, []), default=[], metavar="WORKLOAD")
    parser.add_argument("--app", choices=APPS, default="framework")
    parser.add_argument("--functions", type=int, default=0, metavar="N", help="print the dearest functions, too")
    parser.add_argument("--clock", action="store_true", help="print CPU times instead")
    parser.add_argument("--target", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    options.workloads = options.workloads or list(WORKLOADS)
    return options


def clock(app: str, name: str) -> float:
    """Return the least CPU time of a request, in microseconds, of some rounds through the same transport."""
    workload, plan = ALL[name], plan_of(name)
    build = importlib.import_module(APPS[app]).build
    loop = uvloop.new_event_loop()
    clocks = loop.run_until_complete(drive(build(workload.variant), workload, [plan.warm_up, *[plan.many] * _ROUNDS]))
    loop.close()
    return min(end - start for start, end in itertools.pairwise(clocks[1:])) / plan.many * 1e6


def profile(app: str, workloads: Sequence[str]) -> dict[str, Costs]:
    """Run an application under callgrind; return what each function costs, by workload."""
    target = [sys.executable, "-m", "tests.benchmarks.profile", *workloads, "--app", app, "--target"]
    _run(target)  # Python compiles what it would else compile counted
    target.insert(1, "-Xperf")
    with tempfile.TemporaryDirectory() as folder:
        said = _run([*callgrind(Path(folder)), *_skipped(), *target])
        index: dict[str, list[list[int]]] = json.loads(said)
        try:
            return {name: _difference(Path(folder), name, *pairs[0]) for name, pairs in index.items()}
        finally:
            for file in Path(folder).iterdir():
                _map(int(file.name)).unlink(missing_ok=True)


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(  # noqa: S603  ours
        command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=_TIMEOUT, check=False
    )
    if done.returncode:
        raise CountError(done.stderr[-3000:].rstrip())
    return done.stdout


def _skipped() -> list[str]:
    """Tell callgrind that what functions of Python itself spend is spent by whoever called them."""
    library = Path(sysconfig.get_config_var("LIBDIR"), sysconfig.get_config_var("LDLIBRARY"))
    shared = sysconfig.get_config_var("Py_ENABLE_SHARED")
    own = _symbols([library if shared else Path(sys.executable).resolve()])
    packages = [Path(sysconfig.get_path("platlib"), name) for name in _PACKAGES]
    modules = [*packages, Path(sysconfig.get_config_var("DESTSHARED"))]
    others = _symbols(file for folder in modules for file in folder.rglob("*.so"))
    return [f"--fn-skip={pattern}" for pattern in distinct_patterns(own, others | set(_LOADER))]


def _symbols(files: Iterable[Path]) -> set[str]:
    """Return the names of functions in files of machine code, as far as these tell them."""
    listed = _run(["nm", "--defined-only", "--quiet", *map(str, files)])
    symbols = (line.split() for line in listed.splitlines())
    return {symbol[2] for symbol in symbols if len(symbol) == 3 and symbol[1] in "tTwWi"}


def distinct_patterns(names: Iterable[str], others: Collection[str]) -> list[str]:
    """Return few patterns that fit all names and no others: ``{"PyA", "PyB", "dict"}``, ``{"dl"}`` gives P*, di*.

    A name that cannot be told apart by its beginning is a pattern by itself.
    """
    taken = {other[:length] for other in others for length in range(1, len(other) + 1)}
    return sorted({_pattern(name, taken) for name in names if name not in _LOADER})


def _pattern(name: str, taken: Collection[str]) -> str:
    free = (name[:length] for length in range(1, len(name) + 1) if name[:length] not in taken)
    return next((f"{beginning}*" for beginning in free), name)


def _map(pid: int) -> Path:
    return Path(f"/tmp/perf-{pid}.map")  # noqa: S108  where Python writes it


def _costs(folder: Path, pid: int) -> Costs:
    """Read what a process spent; a fork writes a map of its own, of all functions that it calls."""
    lines = [line.split(" ", 2) for line in _map(pid).read_text().splitlines()]
    names = {int(start, 16): name for start, _, name in lines}
    with (folder / str(pid)).open() as file:
        return own_costs(*read(file), names)


def _difference(folder: Path, workload: str, few: int, many: int) -> Costs:
    plan = plan_of(workload)
    counted = [_costs(folder, pid) for pid in (few, many)]
    costs = Counter({name: (cost - counted[0][name]) / (plan.many - plan.few) for name, cost in counted[1].items()})
    return Counter({name: cost for name, cost in costs.items() if abs(cost) >= 1})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
