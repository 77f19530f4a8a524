"""The workload ``ws``: small typed messages sent back on 32 web sockets, in turn by each server of each round.

``python -m tests.benchmarks.sockets`` compares the framework with hand-written aiohttp by CPU seconds of the server.
wrk speaks no WebSockets: the client is this module, on the other core.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import NamedTuple

from tests.benchmarks.load import CONNECTIONS
from tests.benchmarks.servers import BASELINE, CLIENT_CPU, CORE, RunningServer
from tests.http.frames import client_frame, handshake

__all__ = ("MESSAGE", "main")

MESSAGE = b'{"sku":"SKU-0001","quantity":3,"price":9.5}'
_WARM_UP = 2


class Sample(NamedTuple):
    """What one server did in one round."""

    per_cpu_second: float
    per_second: float


class _Client(asyncio.Protocol):
    """Sends the message, and sends it again when it is back."""

    def __init__(self) -> None:
        self.count = 0
        self.opened = asyncio.get_running_loop().create_future()
        self._frame = client_frame(MESSAGE)
        self._answer = bytes((0x81, len(MESSAGE))) + MESSAGE
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # of TCP
        transport.write(handshake("/feed/benchmark"))  # type: ignore[attr-defined]  # of TCP

    def data_received(self, data: bytes) -> None:
        data = self._buffer + data
        if not self.opened.done():
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._buffer = head
                return
            if not head.startswith(b"HTTP/1.1 101 "):
                self.opened.set_exception(ConnectionError(head.decode()))
                return
            self.opened.set_result(None)
            self._send()
        self._buffer = data
        if len(data) >= len(self._answer):
            if data != self._answer:
                raise ValueError(data)
            self._buffer = b""
            self.count += 1
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(exc or ConnectionError("closed"))

    def _send(self) -> None:
        if self._transport is not None:
            self._transport.write(self._frame)


async def _load(port: int, seconds: float) -> tuple[int, float]:
    loop = asyncio.get_running_loop()
    clients = [_Client() for _ in range(CONNECTIONS)]
    for client in clients:
        await loop.create_connection(lambda client=client: client, "127.0.0.1", port)  # type: ignore[misc]  # its type
        await client.opened
    begun = time.perf_counter()
    before = sum(client.count for client in clients)
    await asyncio.sleep(seconds)
    count = sum(client.count for client in clients) - before
    return count, time.perf_counter() - begun


def _client_main(port: int, seconds: float) -> None:
    import uvloop

    count, took = uvloop.run(_load(port, seconds))
    sys.stdout.write(json.dumps([count, took]))
    sys.stdout.flush()
    # Thousands of messages are on their way: nobody waits for them.
    os._exit(0)


def _ask(port: int, seconds: float) -> tuple[int, float]:
    command = ["taskset", "--cpu-list", str(CLIENT_CPU), sys.executable, "-m", __spec__.name, "--client", str(port)]
    done = subprocess.run(  # noqa: S603  ours
        [*command, "--seconds", str(seconds)], capture_output=True, text=True, timeout=seconds + 30, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    count, took = json.loads(done.stdout)
    return count, took


def _measure(server: RunningServer, seconds: float) -> Sample:
    before = server.cpu_seconds()
    count, took = _ask(server.port, seconds)
    return Sample(count / (server.cpu_seconds() - before), count / took)


def _rounds(rounds: int, seconds: float) -> list[dict[str, Sample]]:
    found: list[dict[str, Sample]] = []
    with ExitStack() as stack:
        # Both stay up, so that the rounds can be short, and what else the machine does weighs on both.
        running = [stack.enter_context(RunningServer(server, "base")) for server in CORE]
        for server in running:
            server.wait()
            _ask(server.port, _WARM_UP)
        for number in range(1, rounds + 1):
            order = running if number % 2 else running[::-1]
            samples = {server.server.name: _measure(server, seconds) for server in order}
            found.append(samples)
            print(f"round {number}: " + ", ".join(f"{name} {one.per_cpu_second:.0f}" for name, one in samples.items()))
    return found


def _ratio(rounds: Sequence[dict[str, Sample]]) -> list[float]:
    return [one["framework"].per_cpu_second / one[BASELINE].per_cpu_second for one in rounds]


def main() -> None:
    """Measure and print, or be the client."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20, help="how often both are measured (20)")
    parser.add_argument("--seconds", type=float, default=1.5, help="how long each measurement lasts (1.5)")
    parser.add_argument("--client", type=int, metavar="PORT", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.client:
        _client_main(options.client, options.seconds)
        return
    ratios = _ratio(_rounds(options.rounds, options.seconds))
    listed = ", ".join(f"{one:.2f}" for one in ratios)
    print(f"ws: {statistics.median(ratios):.2f} of hand-written aiohttp per CPU second ({listed})")


if __name__ == "__main__":
    main()
