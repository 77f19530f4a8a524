"""The client, pinned to a core of its own: wrk, told by a Lua script what to send and what to report.

Web sockets, which wrk does not speak, are loaded by ``messages.py``.
"""

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.messages import run_messages
from tests.benchmarks.servers import CLIENT_CPU, RunningServer
from tests.benchmarks.workloads import Request, Workload

__all__ = ("CONNECTIONS", "LoadError", "Sample", "measure", "run_wrk", "warm_up", "warm_up_seconds")

CONNECTIONS = 32
WARM_UP_SECONDS = 4
_LARGE = 100_000
_REPORT = """
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('\\nREPORT {"requests": %d, "seconds": %.6f, "p50": %.1f, "p99": %.1f, "broken": %d, ' ..
    '"status": %d}\\n', summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.timeout, e.status))
end
"""


class LoadError(Exception):
    """Requests failed while they were counted."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one server did with one workload in one round."""

    per_cpu_second: float
    per_second: float
    p50: float
    p99: float
    """Latencies in milliseconds."""


def measure(server: RunningServer, workload: Workload, seconds: int) -> Sample:
    """Load a server that is already warm, and return what it did."""
    before = server.cpu_seconds()
    report = _run(server.port, workload, seconds)
    used = server.cpu_seconds() - before
    refused = report["status"] and min(workload.statuses) < 400  # wrk counts statuses from 400 on
    if report["broken"] or refused or used <= 0:
        raise LoadError(f"{server.server.name}, {workload.name}: {dict(report)}, {used} CPU seconds")
    return Sample(
        per_cpu_second=report["requests"] / used,
        per_second=report["requests"] / report["seconds"],
        p50=report["p50"] / 1000,
        p99=report["p99"] / 1000,
    )


def _run(port: int, workload: Workload, seconds: int) -> Mapping[str, float]:
    if workload.message is None:
        return run_wrk(port, workload.requests, seconds)
    try:
        return run_messages(port, seconds, ["taskset", "--cpu-list", str(CLIENT_CPU)])
    except (ValueError, subprocess.TimeoutExpired) as error:
        raise LoadError(str(error)) from error


def warm_up(server: RunningServer, workload: Workload) -> None:
    """Send requests that do not count, some of each kind: Python specialises code after it has run a few times.

    With a thousand routes, which may be a thousand functions, ``ask_often`` would warm none of them: 2 s of
    measurement then gave the framework a ratio of 1.0 where 10 s gave 1.4.
    """
    if workload.message is not None:
        _run(server.port, workload, 1)
    elif _is_one(workload.requests):
        server.ask_often(workload, 20 if _is_large(workload) else 200)
    else:
        run_wrk(server.port, workload.requests, WARM_UP_SECONDS)


def warm_up_seconds(workload: Workload) -> float:
    """Return about how long a warm-up takes, with the client's start."""
    if workload.message is None and not _is_one(workload.requests):
        return WARM_UP_SECONDS
    return 1.5 if workload.message is not None else 0.2


def _is_large(workload: Workload) -> bool:
    """Whether each request runs the same code many times."""
    return len(workload.requests[0].body) > _LARGE


def _is_one(requests: Sequence[Request]) -> bool:
    return len(set(map(str, requests))) == 1


def run_wrk(port: int, requests: Sequence[Request], seconds: int) -> Mapping[str, float]:
    """Send requests in turn for some seconds, and return what wrk counted."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "workload.lua"
        script.write_text(_script(requests))
        options = f"-t1 -c{CONNECTIONS} -d{seconds}s --timeout 5s -s {script} http://127.0.0.1:{port}"
        command = ["taskset", "--cpu-list", str(CLIENT_CPU), "wrk", *options.split()]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 30)  # noqa: S603  ours
    line = next(line for line in done.stdout.splitlines() if line.startswith("REPORT "))
    report: Mapping[str, float] = json.loads(line.removeprefix("REPORT "))
    return report


def _script(requests: Sequence[Request]) -> str:
    """Write the Lua script: one request is formatted once by wrk itself, several are sent in turn."""
    if _is_one(requests):
        request = requests[0]
        lines = [f"wrk.method = {_quote(request.method)}", f"wrk.path = {_quote(request.path)}"]
        lines += [f"wrk.headers[{_quote(name)}] = {_quote(value)}" for name, value in request.headers.items()]
        lines += [f"wrk.body = {_quote(request.body.decode())}"] if request.body else []
        return "\n".join(lines) + _REPORT
    formats = "\n".join(f"  requests[#requests + 1] = {_format(request)}" for request in requests)
    turn = "function request() at = at % #requests + 1 return requests[at] end"
    return f"local requests, at = {{}}, 0\nfunction init(args)\n{formats}\nend\n{turn}{_REPORT}"


def _format(request: Request) -> str:
    headers = ", ".join(f"[{_quote(name)}] = {_quote(value)}" for name, value in request.headers.items())
    body = _quote(request.body.decode()) if request.body else "nil"
    table = f"{{{headers}}}" if headers else "nil"
    return f"wrk.format({_quote(request.method)}, {_quote(request.path)}, {table}, {body})"


def _quote(text: str) -> str:
    # JSON's escapes of printable ASCII are Lua's too.
    return json.dumps(text)
