"""The measurement: every server in turn for each workload of each round, ratios taken inside the round."""

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from tests.benchmarks.load import Sample, measure, warm_up, warm_up_seconds
from tests.benchmarks.servers import BASELINE, RunningServer, Server
from tests.benchmarks.workloads import Variant, Workload

__all__ = ("Figures", "Results", "WrongAnswerError", "estimate", "run_rounds", "summarise")

Say = Callable[[str], None]
Round = dict[tuple[str, str], Sample]
"""What was measured in one round, by workload and server."""


_START_SECONDS = 1.2
"""What it takes to start one server of many, on one core."""


class WrongAnswerError(Exception):
    """Servers do not answer what they should: they are not measured."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One server on one workload: medians over the rounds; the ratios are to hand-written aiohttp."""

    per_cpu_second: float
    per_second: float
    p50: float
    p99: float
    cpu_ratio: float
    wall_ratio: float
    cpu_ratios: tuple[float, ...]
    """The ratio of each round, which shows how noisy the machine was."""


@dataclass(slots=True)
class Results:
    """All figures, by workload and server, and how many of the twenty faults each server reports."""

    figures: dict[str, dict[str, Figures]] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)


def estimate(servers: Sequence[Server], workloads: Sequence[Workload], *, rounds: int, seconds: int) -> float:
    """Return about how many seconds everything takes on a machine that does nothing else."""
    total = 0.0
    for server in servers:
        served = [workload for workload in workloads if workload.name not in server.lacks]
        total += len(_by_variant(served)) * _START_SECONDS
        total += sum(seconds + warm_up_seconds(workload) for workload in served)
    return rounds * total


def run_rounds(
    servers: Sequence[Server], workloads: Sequence[Workload], *, rounds: int, seconds: int, say: Say
) -> tuple[list[Round], dict[str, int]]:
    """Measure; the servers are started anew for each round, and in the first their answers are checked before.

    Return the rounds, and how many faults each server reports.
    """
    found: list[Round] = []
    faults: dict[str, int] = {}
    for number in range(1, rounds + 1):
        samples: Round = {}
        for variant, group in _by_variant(workloads).items():
            able = [one for one in servers if any(workload.name not in one.lacks for workload in group)]
            with ExitStack() as stack:
                running = _start(able, variant, stack)
                if number == 1:
                    faults |= _check(running, group)
                    say(f"{variant}: the answers of {len(able)} servers to {len(group)} workloads are checked")
                for workload in group:
                    samples |= _measure(running, workload, seconds)
                    say(f"round {number}, {workload.name}: {_line(samples, workload, servers)}")
        found.append(samples)
    return found, faults


def _check(servers: Sequence[RunningServer], workloads: Sequence[Workload]) -> dict[str, int]:
    """Check every answer; return how many faults each server reports."""
    pairs = [(server, one) for server in servers for one in workloads if one.name not in server.server.lacks]
    wrong = [fault for server, workload in pairs for fault in server.check(workload)]
    if wrong:
        raise WrongAnswerError("\n".join(wrong))
    faulty = [workload for workload in workloads if workload.name == "faults"]
    return {server.server.name: server.reported_faults(workload) for workload in faulty for server in servers}


def _measure(servers: Sequence[RunningServer], workload: Workload, seconds: int) -> Round:
    samples: Round = {}
    for server in servers:
        if workload.name in server.server.lacks:
            continue
        warm_up(server, workload)
        samples[workload.name, server.server.name] = measure(server, workload, seconds)
    return samples


def _start(servers: Iterable[Server], variant: Variant, stack: ExitStack) -> list[RunningServer]:
    """Start servers side by side and wait for all."""
    running = [stack.enter_context(RunningServer(server, variant)) for server in servers]
    for server in running:
        server.wait()
    return running


def _by_variant(workloads: Iterable[Workload]) -> dict[Variant, list[Workload]]:
    groups: dict[Variant, list[Workload]] = {}
    for workload in workloads:
        groups.setdefault(workload.variant, []).append(workload)
    return groups


def _line(samples: Round, workload: Workload, servers: Iterable[Server]) -> str:
    return ", ".join(
        f"{server.name} {_ratio(samples, workload.name, server.name):.2f}"
        for server in servers
        if server.name != BASELINE and workload.name not in server.lacks
    )


def _ratio(samples: Round, workload: str, server: str) -> float:
    return samples[workload, server].per_cpu_second / samples[workload, BASELINE].per_cpu_second


def summarise(
    rounds: Sequence[Round], servers: Iterable[Server], workloads: Iterable[Workload]
) -> dict[str, dict[str, Figures]]:
    """Take the medians over the rounds; a server that lacks a workload has no figures for it."""
    servers = list(servers)
    return {
        workload.name: {
            one.name: _figures(rounds, workload.name, one.name) for one in servers if workload.name not in one.lacks
        }
        for workload in workloads
    }


def _figures(rounds: Sequence[Mapping[tuple[str, str], Sample]], workload: str, server: str) -> Figures:
    pairs = [(one[workload, server], one[workload, BASELINE]) for one in rounds]
    samples = [sample for sample, _ in pairs]
    cpu_ratios = tuple(sample.per_cpu_second / base.per_cpu_second for sample, base in pairs)
    return Figures(
        per_cpu_second=statistics.median(sample.per_cpu_second for sample in samples),
        per_second=statistics.median(sample.per_second for sample in samples),
        p50=statistics.median(sample.p50 for sample in samples),
        p99=statistics.median(sample.p99 for sample in samples),
        cpu_ratio=statistics.median(cpu_ratios),
        wall_ratio=statistics.median(sample.per_second / base.per_second for sample, base in pairs),
        cpu_ratios=cpu_ratios,
    )
