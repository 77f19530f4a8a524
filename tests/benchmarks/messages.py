"""The client of web sockets, which wrk does not speak: it sends a message, and sends it again when it is back.

``python -m tests.benchmarks.messages PORT SECONDS`` loads a server in the way of the workload ``ws`` and prints one
line of JSON with what wrk's report holds. The other functions ask a server once, to see whether its answer is right.
"""

import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

from tests.benchmarks.workloads import WORKLOADS, Request

__all__ = ("ask_once", "frame", "payload_of", "run_messages", "wire")

_MASK = bytes((17, 34, 51, 68))
"""Always the same, so that two runs send the same bytes."""
_TEXT = 0x81
_PATIENCE = 10.0
_LONG = 126
"""From so many bytes on a payload's length stands in more than one byte (RFC 6455, section 5.2)."""


def wire(request: Request) -> bytes:
    """Write a request as wrk sends it."""
    headers = {"Host": "127.0.0.1:8000", **request.headers}
    lines = [f"{request.method} {request.path} HTTP/1.1", *map(": ".join, headers.items())]
    lines += [f"Content-Length: {len(request.body)}"] if request.body else []
    return "\r\n".join([*lines, "", ""]).encode() + request.body


def frame(payload: bytes) -> bytes:
    """Write a short text as the frame of a client, which is masked."""
    if len(payload) >= _LONG:
        raise ValueError(len(payload))
    masked = bytes(byte ^ _MASK[index % 4] for index, byte in enumerate(payload))
    return bytes((_TEXT, 0x80 | len(payload))) + _MASK + masked


def payload_of(data: bytes) -> bytes | None:
    """Read a server's frame of a short text; ``None`` if it is not complete, ValueError if it is something else."""
    if data and data[0] != _TEXT:
        raise ValueError(data)
    if len(data) < 2:
        return None
    if data[1] >= _LONG or len(data) > 2 + data[1]:
        raise ValueError(data)
    return data[2:] if len(data) == 2 + data[1] else None


def ask_once(port: int, request: Request, payload: bytes) -> bytes | None:
    """Open a web socket and send one text; return what comes back, ``None`` where the server closes instead."""
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE) as connection:
        connection.sendall(wire(request))
        head, _, data = _receive(connection, b"").partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101 "):
            raise ValueError(head)
        connection.sendall(frame(payload))
        while not data or (data[0] == _TEXT and payload_of(data) is None):
            more = connection.recv(65_536)
            if not more:
                return None
            data += more
    return payload_of(data) if data[0] == _TEXT else None


def _receive(connection: socket.socket, data: bytes) -> bytes:
    """Receive to the end of a head, or of the connection."""
    while b"\r\n\r\n" not in data and (more := connection.recv(65_536)):
        data += more
    return data


def run_messages(port: int, seconds: float, command: Sequence[str] = ()) -> Mapping[str, float]:
    """Run this client in a process of its own, behind ``command`` (such as taskset), and return what it counted."""
    arguments = [*command, sys.executable, "-m", "tests.benchmarks.messages", str(port), str(seconds)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=seconds + 30, check=False)  # noqa: S603  ours
    if done.returncode:
        raise ValueError(done.stderr)
    report: Mapping[str, float] = json.loads(done.stdout)
    return report


class _Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, request: Request, payload: bytes, taken: list[float]) -> None:
        self.opened = asyncio.get_running_loop().create_future()
        self.broken: str | None = None
        self._request = wire(request)
        self._meaning = json.loads(payload)
        self._frame = frame(payload)
        self._taken = taken
        self._answer = b""
        self._buffer = b""
        self._sent = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # of TCP; uvloop's is not a subclass
        transport.write(self._request)  # type: ignore[attr-defined]  # the same

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self.opened.done():
            self._open()
        elif self._buffer == self._answer or (len(self._buffer) >= len(self._answer) and self._is_answer()):
            self._taken.append(time.perf_counter() - self._sent)
            self._buffer = b""
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(repr(exc or "closed"))

    def _open(self) -> None:
        head, end, self._buffer = self._buffer.partition(b"\r\n\r\n")
        if not end:
            self._buffer = head
        elif head.startswith(b"HTTP/1.1 101 "):
            self.opened.set_result(None)
            self._send()
        else:
            self._fail(head.decode())

    def _is_answer(self) -> bool:
        """Look at the first answer; the later ones have the same bytes."""
        try:
            payload = payload_of(self._buffer)
        except ValueError as error:
            self._fail(repr(error))
            return False
        if payload is None:
            return False
        if self._answer or json.loads(payload) != self._meaning:
            self._fail(f"wrong answer {payload!r}")
            return False
        self._answer = self._buffer
        return True

    def _fail(self, reason: str) -> None:
        self.broken = self.broken or reason
        if not self.opened.done():
            self.opened.set_exception(ConnectionError(reason))
        if self._transport is not None:
            self._transport.close()

    def _send(self) -> None:
        if self._transport is not None:
            self._sent = time.perf_counter()
            self._transport.write(self._frame)


async def _load(port: int, seconds: float, connections: int) -> Mapping[str, float]:
    """Return what wrk would report: how many, in which time, and latencies in microseconds."""
    loop = asyncio.get_running_loop()
    workload = WORKLOADS["ws"]
    taken: list[float] = []
    clients = [_Client(workload.requests[0], workload.message or b"", taken) for _ in range(connections)]
    for client in clients:
        await loop.create_connection(lambda client=client: client, "127.0.0.1", port)  # type: ignore[misc]  # its type
        await asyncio.wait_for(client.opened, _PATIENCE)
    begun = time.perf_counter()
    taken.clear()
    await asyncio.sleep(seconds)
    spent, counted = time.perf_counter() - begun, sorted(taken)
    hundredths = statistics.quantiles(counted, n=100) if len(counted) > 1 else [0.0] * 99
    broken = sum(client.broken is not None for client in clients)
    figures = {"requests": len(counted), "seconds": spent, "p50": hundredths[49] * 1e6, "p99": hundredths[98] * 1e6}
    return figures | {"broken": broken, "status": 0}


def main(port: int, seconds: float, connections: int = 32) -> None:
    """Load a server and print what was counted."""
    import uvloop

    sys.stdout.write(json.dumps(uvloop.run(_load(port, seconds, connections))))
    sys.stdout.flush()
    # Thousands of messages are on their way: nobody waits for them.
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
