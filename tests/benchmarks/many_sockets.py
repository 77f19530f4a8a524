"""A thousand web sockets in one process, a message to each every second, and a stop at the end.

``python -m tests.benchmarks.many_sockets`` holds them for a minute and says how many messages were lost, how late they
were, when the last socket got its 1001 after the stop began, and whether all scopes were closed.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import uvloop
from aiohttp import ClientSession, TCPConnector, WSMsgType, web
from msgspec import Struct, json

from framework import App, Container, Controller, WebSocket, websocket

__all__ = ("Report", "hold")


class Tick(Struct):
    """What each socket gets every second."""

    number: int
    sent: float


class Session:
    """A scoped service."""


@dataclass
class Report:
    """What was seen from both sides."""

    opened: int = 0
    closed: int = 0
    sent: int = 0
    late: list[float] = field(default_factory=list)
    """Seconds between sending and receiving, of each message."""
    ends: list[float] = field(default_factory=list)
    """Seconds between the stop and each 1001."""
    stopped: float = 0.0
    codes: set[int] = field(default_factory=set)


def build(report: Report) -> web.Application:
    """Return the application."""

    async def open_session() -> AsyncIterator[Session]:
        report.opened += 1
        try:
            yield Session()
        finally:
            report.closed += 1

    class Ticks(Controller):
        @websocket("/ticks")
        async def ticks(self, socket: WebSocket[str, Tick], session: Session) -> None:
            del session
            number = 0
            while True:
                await socket.send(Tick(number, time.monotonic()))
                report.sent += 1
                number += 1
                await asyncio.sleep(1)

    container = Container()
    container.add_scoped(Session, open_session)
    return App([Ticks], container=container, openapi=None).build()


async def _visit(session: ClientSession, port: int, report: Report) -> None:
    decode = json.Decoder(Tick).decode
    async with session.ws_connect(f"http://127.0.0.1:{port}/ticks") as socket:
        expected = 0
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            tick = decode(message.data)
            if tick.number != expected:
                raise ValueError(f"{tick.number} instead of {expected}")
            expected += 1
            report.late.append(time.monotonic() - tick.sent)
        report.ends.append(time.monotonic() - report.stopped)
        report.codes.add(socket.close_code or 0)


async def hold(count: int, seconds: float) -> Report:
    """Hold sockets, stop the server, and return what was seen."""
    report = Report()
    runner = web.AppRunner(build(report), access_log=None, shutdown_timeout=10)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    port = runner.addresses[0][1]
    async with ClientSession(connector=TCPConnector(limit=0)) as session, asyncio.TaskGroup() as clients:
        for number in range(count):
            clients.create_task(_visit(session, port, report))
            if number % 50 == 0:
                await asyncio.sleep(0.05)
        await asyncio.sleep(seconds)
        report.stopped = time.monotonic()
        await runner.cleanup()
    return report


def main() -> int:
    """Hold the sockets and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sockets", type=int, default=1000, help="how many (1000)")
    parser.add_argument("--seconds", type=float, default=60, help="for how long (60)")
    options = parser.parse_args()
    used = time.process_time()
    report = uvloop.run(hold(options.sockets, options.seconds))
    used = time.process_time() - used
    lost = report.sent - len(report.late)
    late = sorted(report.late)
    print(f"{options.sockets} sockets for {options.seconds:g} s: {report.sent} messages sent, {lost} lost")
    print(f"late by {late[len(late) // 2] * 1000:.1f} ms (median), {late[-1] * 1000:.1f} ms (most)")
    print(f"closed with {sorted(report.codes)} within {max(report.ends):.2f} s of the stop")
    print(f"scopes: {report.opened} opened, {report.closed} closed; {used:.1f} CPU seconds, the clients' included")
    good = not lost and report.codes == {1001} and max(report.ends) < 1.5 and report.opened == report.closed
    return 0 if good and report.opened == options.sockets else 1


if __name__ == "__main__":
    sys.exit(main())
