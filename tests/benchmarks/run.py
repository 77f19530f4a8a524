"""Measure the framework, hand-written aiohttp and the peers in one run.

``make bench`` runs it in an environment of its own, with the peers installed; ``run.py --no-peers`` compares the
framework with hand-written aiohttp in the environment at hand. A run of everything writes ``docs/benchmarks/``; a
partial one only prints, unless ``--output`` names a folder.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
if not __package__:
    # Started as a script: its own folder gives way to the checkout, where `tests.benchmarks` is found.
    sys.path[0] = str(ROOT)

from tests.benchmarks.load import CONNECTIONS, LoadError  # noqa: E402  needs the path above
from tests.benchmarks.measure import WrongAnswerError, estimate, run_rounds, summarise  # noqa: E402  the same
from tests.benchmarks.report import tables, write  # noqa: E402  the same
from tests.benchmarks.servers import BASELINE, CORE, SERVERS, Server, StartError  # noqa: E402  the same
from tests.benchmarks.workloads import WORKLOADS, Workload  # noqa: E402  the same


def main() -> int:
    """Run, print the tables, write the files."""
    options = _parser().parse_args()
    # Whoever is told to end ends what it started, too.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    servers = _servers(options)
    workloads = [WORKLOADS[name] for name in options.workloads]
    minutes = estimate(servers, workloads, rounds=options.rounds, seconds=options.seconds) / 60
    _say(f"{len(servers)} servers, {len(workloads)} workloads, {options.rounds} rounds: about {minutes:.0f} minutes")
    try:
        rounds, faults = run_rounds(servers, workloads, rounds=options.rounds, seconds=options.seconds, say=_say)
    except (StartError, WrongAnswerError, LoadError) as error:
        _say(f"{type(error).__name__}: {error}")
        return 1
    summary = summarise(rounds, servers, workloads)
    _say("\n" + tables(summary, faults))
    output = options.output or _default_output(servers, workloads)
    if output:
        settings = {"rounds": options.rounds, "seconds": options.seconds, "connections": CONNECTIONS}
        write(output, summary=summary, faults=faults, settings=settings)
        _say(f"\nwritten: {output}/results.json, {output}/results.svg")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is measured (3)")
    parser.add_argument("--seconds", type=int, default=2, help="how long each measurement lasts (2)")
    parser.add_argument("--servers", nargs="+", choices=SERVERS, help="beside hand-written aiohttp; all unless given")
    parser.add_argument("--workloads", nargs="+", choices=WORKLOADS, default=list(WORKLOADS), metavar="WORKLOAD")
    parser.add_argument("--no-peers", action="store_true", help="only the framework and hand-written aiohttp")
    parser.add_argument("--output", type=Path, help="the folder for results.json and results.svg")
    return parser


def _servers(options: argparse.Namespace) -> list[Server]:
    if options.servers:
        names = [BASELINE, *options.servers]
        return [server for server in SERVERS.values() if server.name in names]
    return list(CORE) if options.no_peers else list(SERVERS.values())


def _default_output(servers: Sequence[Server], workloads: Sequence[Workload]) -> Path | None:
    everything = len(servers) == len(SERVERS) and len(workloads) == len(WORKLOADS)
    return ROOT / "docs" / "benchmarks" if everything else None


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
