"""The servers: how each is started, checked, warmed up and stopped, and how much CPU time it has used."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import IO, Self

from tests.benchmarks.messages import ask_once
from tests.benchmarks.workloads import WORKLOADS, Answer, Request, Variant, Workload, check_answer, count_faults

__all__ = ("BASELINE", "CORE", "SERVERS", "RunningServer", "Server", "StartError", "cpu_seconds_of", "free_port")

ROOT = Path(__file__).parents[2]
SERVER_CPU = 0
CLIENT_CPU = 1
START_TIMEOUT = 40.0
BASELINE = "handwritten"
# The peers that are written for this workload.
_WITH_PRODUCTION = frozenset({"fastapi", "litestar", "blacksheep"})


class StartError(Exception):
    """A server ended, or did not listen in time."""

    def __init__(self, server: str, variant: Variant, said: str) -> None:
        super().__init__(f"{server} ({variant}) cannot be started:\n{said.rstrip() or 'it said nothing'}")


@dataclass(frozen=True, slots=True)
class Server:
    """A framework on a server; ``{port}`` in the command is filled in."""

    name: str
    framework: str
    command: tuple[str, ...]
    lacks: frozenset[str] = frozenset()
    """The workloads that it cannot serve."""


def _aiohttp(name: str, module: str) -> Server:
    lacks = frozenset({"production"}) if module.startswith("peers.") else frozenset()
    return Server(name, name, ("-m", f"tests.benchmarks.{module}", "{port}"), lacks)


def _lacking(framework: str) -> frozenset[str]:
    if framework == "framework":
        # Under an ASGI server it is compared with the others there, by one workload.
        return frozenset(WORKLOADS) - {"json"}
    return frozenset() if framework in _WITH_PRODUCTION else frozenset({"production"})


def _target(framework: str) -> str:
    return f"tests.benchmarks.{'apps.framework_asgi' if framework == 'framework' else f'peers.{framework}_app'}:app"


def _uvicorn(framework: str) -> Server:
    target = _target(framework)
    options = "--host 127.0.0.1 --port {port} --loop uvloop --http httptools --no-access-log --log-level warning"
    command = ("-m", "uvicorn", target, *options.split())
    return Server(f"{framework}-uvicorn", framework, command, _lacking(framework))


def _granian(framework: str) -> Server:
    target = _target(framework)
    options = "--host 127.0.0.1 --port {port} --interface asgi --http 1 --loop uvloop --workers 1 --log-level warning"
    command = ("-m", "granian", target, *options.split())
    return Server(f"{framework}-granian", framework, command, _lacking(framework))


CORE = (_aiohttp("framework", "apps.framework_app"), _aiohttp(BASELINE, "apps.handwritten"))
_ASGI = ("fastapi", "litestar", "blacksheep", "starlette", "falcon")
_ALL = (
    *CORE,
    *(make(name) for name in ("framework", *_ASGI) for make in (_uvicorn, _granian)),
    _aiohttp("rapidy", "peers.rapidy_app"),
    Server(
        "django-bolt",
        "django-bolt",
        ("-m", "tests.benchmarks.peers.django_bolt_server", "{port}"),
        lacks=frozenset({"upload", "production"}),
    ),
)
SERVERS: dict[str, Server] = {server.name: server for server in _ALL}


class RunningServer:
    """One server process, pinned to its core; a context manager that ends it."""

    def __init__(self, server: Server, variant: Variant) -> None:
        self.server = server
        self.variant = variant
        self.port = free_port()
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  stop() closes it
        command = [part.format(port=self.port) for part in server.command]
        self._process = subprocess.Popen(  # noqa: S603  the command is ours
            ["taskset", "--cpu-list", str(SERVER_CPU), sys.executable, *command],  # noqa: S607  taskset of the system
            cwd=ROOT,
            env=os.environ | {"BENCH_VARIANT": variant, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=self._said,
            stderr=self._said,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def wait(self) -> None:
        """Wait until it listens."""
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise StartError(self.server.name, self.variant, self._output())
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise StartError(self.server.name, self.variant, f"not listening after {START_TIMEOUT:.0f} s. {self._output()}")

    def stop(self) -> None:
        """End it, with its children, by their process ids."""
        family = _family(self._process.pid)
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            for pid in family:
                _kill(pid)
            self._process.wait(5)
        self._said.close()

    def cpu_seconds(self) -> float:
        """Return the CPU time, user and system, of the process and all its children until now."""
        return cpu_seconds_of(self._process.pid)

    @property
    def pid(self) -> int:
        """Its process id: taskset becomes the server."""
        return self._process.pid

    def check(self, workload: Workload) -> list[str]:
        """Return what is wrong with its answers; nothing if all mean what they should."""
        workload = workload.of(self.server.name)
        if workload.message is not None:
            return self._check_socket(workload, workload.message)
        client = HTTPConnection("127.0.0.1", self.port, timeout=10)
        wrong = []
        for request, expected in zip(workload.requests, workload.expected, strict=True):
            fault = check_answer(workload, _ask(client, request), expected)
            if fault:
                wrong.append(f"{self.server.name}, {workload.name}: {request.method} {request.path}: {fault}")
        for request in workload.refused:
            status = _ask(client, request).status
            if not 400 <= status < 500:
                wrong.append(f"{self.server.name}, {workload.name}: {request.path} {request.body!r} gets {status}")
        client.close()
        return wrong

    def _check_socket(self, workload: Workload, message: bytes) -> list[str]:
        request, where = workload.requests[0], f"{self.server.name}, {workload.name}"
        answer = ask_once(self.port, request, message)
        if answer is None or json.loads(answer) != workload.expected[0]:
            return [f"{where}: {message!r} gets {answer!r}"]
        refused = ask_once(self.port, request, workload.refused_message)
        return [] if refused is None else [f"{where}: {workload.refused_message!r} gets {refused!r}"]

    def reported_faults(self, workload: Workload) -> int:
        """Count the faults in its answer to the first request."""
        client = HTTPConnection("127.0.0.1", self.port, timeout=10)
        answer = _ask(client, workload.requests[0])
        client.close()
        return count_faults(answer.body)

    def ask_often(self, workload: Workload, count: int = 200) -> None:
        """Send requests one after the other and drop the answers."""
        client = HTTPConnection("127.0.0.1", self.port, timeout=10)
        for number in range(count):
            _ask(client, workload.requests[number % len(workload.requests)])
        client.close()

    def _output(self) -> str:
        self._said.seek(0)
        return self._said.read().decode(errors="replace")[-3000:]


def _ask(client: HTTPConnection, request: Request) -> Answer:
    client.request(request.method, request.path, body=request.body or None, headers=dict(request.headers))
    response = client.getresponse()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, response.read())


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _family(pid: int) -> list[int]:
    """Return a process and all its descendants."""
    try:
        tasks = Path(f"/proc/{pid}/task").iterdir()
        children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return [pid]
    return [pid, *_flatten(map(_family, children))]


def _flatten(lists: Iterable[list[int]]) -> list[int]:
    return [one for some in lists for one in some]


def _cpu_ticks(pid: int) -> int:
    """Read utime, stime, cutime and cstime (proc(5), fields 14 to 17 of stat)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(map(int, fields[11:15]))


def cpu_seconds_of(pid: int) -> float:
    """Return the CPU time, user and system, of a process and all its children until now."""
    return sum(map(_cpu_ticks, _family(pid))) / os.sysconf("SC_CLK_TCK")


def _kill(pid: int) -> None:
    try:
        os.kill(pid, 9)
    except ProcessLookupError:
        return
