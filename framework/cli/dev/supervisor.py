"""The supervisor of ``framework dev``: it holds the sockets, watches files, starts children and prints.

A child that is ready replaces the one before: that one stops accepting connections, then the new one begins, and the
old one finishes its requests. Connections in between wait in the sockets, which stay open.
"""

import asyncio
import contextlib
import importlib.util
import signal
import time
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from framework.cli.dev.failures import ended_failure, shown_path
from framework.cli.dev.messages import (
    Broken,
    Ended,
    Failed,
    Failure,
    Loaded,
    Ready,
    Serve,
    Spec,
    Start,
    Stop,
    Stopped,
    Warmed,
)
from framework.cli.dev.processes import Child, Warm
from framework.cli.dev.watching import changed_files
from framework.cli.errors import ToolError

__all__ = ("GRACE", "Supervisor")

GRACE = 15.0
"""Seconds that a child has to finish its requests and close its services."""
_SWITCH = 1.0
"""Seconds in which a child stops accepting connections, unless its event loop is blocked."""
_LAST = 5.0
_SHOWN = 3


class Supervisor:
    """Keeps the last version of the app that works."""

    def __init__(self, spec: Spec, url: str, folders: Sequence[str], *, preload: bool) -> None:
        self._spec = spec
        self._url = url
        self._folders = folders
        self._preload = preload
        self._children: dict[int, Child] = {}
        self._number = 0
        self._serving: Child | None = None
        self._starting: Child | None = None
        self._warm: Warm
        self._warming: Warm | None = None
        """A warm process that has not imported its modules yet."""
        self._stopping = asyncio.Event()
        self._empty = asyncio.Event()
        """Set when the last child has ended, which is of interest when the supervisor stops."""
        self._error: ToolError | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Serve until a signal. Raises ToolError if there is no such app, or files cannot be watched."""
        loop = asyncio.get_running_loop()
        for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(one, self._on_signal)
        self._warm = self._warm_up(self._spec)
        self._keep(self._watch())
        self._start([])
        await self._stopping.wait()
        await self._end()
        if self._error is not None:
            raise self._error

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _on_signal(self) -> None:
        if self._stopping.is_set():
            for child in self._children.values():
                child.warm.kill(child.number)
        self._stopping.set()

    async def _watch(self) -> None:
        try:
            async for changes in changed_files(self._folders, self._stopping):
                self._reload(changes)
        except OSError as error:
            hint = "raise fs.inotify.max_user_watches, or set WATCHFILES_FORCE_POLLING=1"
            self._error = ToolError(f"files cannot be watched: {error}", hint=hint)
            self._stopping.set()

    # Starting children

    def _reload(self, changes: list[str]) -> None:
        for one in changes:
            if one.endswith(".py"):
                # A second change in one second, with the same size, would be taken for the first.
                Path(importlib.util.cache_from_source(one)).unlink(missing_ok=True)
        known = self._warm.files if self._warm.is_warm else frozenset()
        if not known.isdisjoint(changes):
            if self._warming is not None:
                self._warming.retire()
                self._warming = None
            self._replace_warm(self._warm_up(self._warm.spec))
        self._abandon()
        self._start(changes)

    def _start(self, changes: list[str], failure: Failure | None = None) -> None:
        self._number += 1
        alone = self._serving is None or self._serving.failure is not None
        child = Child(self._number, self._warm, changes, alone=alone)
        child.failure = failure
        self._children[self._number] = self._starting = child
        self._empty.clear()
        channel = self._warm.start(Start(self._number, failure, alone))
        self._keep(child.follow(channel, self._hear_child))

    def _abandon(self) -> None:
        """End the child that is starting: there is a newer version."""
        child, self._starting = self._starting, None
        if child is not None:
            self._stop(child)

    def _stop(self, child: Child) -> None:
        """Let a child end; kill it if it takes too long, or has not opened any services."""
        if child.loaded or child.failure is not None:
            child.send(Stop())
            asyncio.get_running_loop().call_later(GRACE, child.warm.kill, child.number)
        else:
            child.warm.kill(child.number)

    # What children report

    def _hear_child(self, child: Child, message: Any) -> None:
        if isinstance(message, Stopped):
            child.silent.set()
        elif isinstance(message, Loaded):
            child.loaded, child.docs = True, message.docs
        elif child is not self._starting or self._stopping.is_set():
            return
        elif isinstance(message, Failed):
            self._learn(message.modules)
            self._on_failure(child, message)
        elif isinstance(message, Ready):
            self._learn(message.modules)
            self._keep(self._switch_to(child))

    def _on_failure(self, child: Child, message: Failed) -> None:
        if message.missing is not None and child.number == 1:
            what, hint = message.missing
            self._error = ToolError(what, hint=hint)
            self._stopping.set()
            return
        self._print_failure(message.failure)
        if child.alone:
            child.failure = message.failure
        else:
            self._starting = None
            self._keep_last(message.failure)

    def _keep_last(self, failure: Failure) -> None:
        if self._serving is not None:
            self._serving.send(Broken(failure))
            click.echo("The last version that works goes on serving.", err=True)

    async def _switch_to(self, child: Child) -> None:
        before, self._serving, self._starting = self._serving, child, None
        if before is not None:
            self._stop(before)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(before.silent.wait(), _SWITCH)
        child.send(Serve())
        self._announce(child, first=before is None)

    def _announce(self, child: Child, *, first: bool) -> None:
        if child.failure is not None:
            click.echo(f"{self._url} shows the error until a file is changed.", err=True)
        elif first or not child.changes:
            docs = f", its documentation at {self._url}{child.docs}" if child.docs else ""
            click.echo(f"{self._spec.reference} is served at {self._url}{docs}. Press Ctrl+C to stop.")
        else:
            names = ", ".join(shown_path(one) for one in child.changes[:_SHOWN])
            more = f" and {len(child.changes) - _SHOWN} more" if len(child.changes) > _SHOWN else ""
            click.echo(f"Reloaded in {_age(child) * 1000:.0f} ms: {names}{more}")

    def _print_failure(self, failure: Failure) -> None:
        click.echo(f"\n{failure.text}", err=True)

    # The warm process

    def _warm_up(self, spec: Spec) -> Warm:
        warm = Warm(spec)
        self._keep(self._follow_warm(warm))
        return warm

    async def _follow_warm(self, warm: Warm) -> None:
        await warm.follow(self._hear_warm)
        if not self._stopping.is_set():
            self._do_without(warm)
        # Its children have ended with it.
        for child in [one for one in self._children.values() if one.warm is warm]:
            self._on_end(child, -signal.SIGKILL)
        await warm.end()

    def _do_without(self, warm: Warm) -> None:
        """Replace a warm process that has ended and was not retired."""
        if warm is self._warming:
            # A package that ends the process that imports it is left to the app.
            self._warming, self._preload = None, False
        elif warm is self._warm and warm.is_warm:
            self._warm = self._warm_up(self._spec)
        elif warm is self._warm:
            self._error = ToolError("the process that imports the app has ended", hint="see the lines above")
            self._stopping.set()

    def _hear_warm(self, warm: Warm, message: Any) -> None:
        if isinstance(message, Ended):
            child = self._children.get(message.number)
            if child is not None:
                self._on_end(child, message.code)
        elif isinstance(message, Warmed) and warm is self._warming:
            self._warming = None
            if message.threads > 1:
                # A process with threads must not be forked.
                self._preload = False
                warm.retire()
            else:
                self._replace_warm(warm)

    def _replace_warm(self, warm: Warm) -> None:
        self._warm.retire()
        self._warm = warm

    def _learn(self, modules: tuple[str, ...]) -> None:
        """Let another warm process import the installed modules that the app imports."""
        known = self._warm.spec.modules
        if self._preload and self._warming is None and not set(modules) <= set(known):
            union = tuple(dict.fromkeys((*known, *modules)))
            self._warming = self._warm_up(msgspec.structs.replace(self._spec, modules=union))

    # Ends

    def _on_end(self, child: Child, code: int) -> None:
        self._children.pop(child.number, None)
        child.silent.set()
        if not self._children:
            self._empty.set()
        if self._stopping.is_set() or child not in {self._starting, self._serving}:
            return
        failure = ended_failure(code)
        self._print_failure(failure)
        if child is self._starting:
            self._starting = None
            if not child.alone:
                self._keep_last(failure)
                return
        else:
            self._serving = None
        if self._starting is None and child.failure is None:
            self._start([], failure)

    async def _end(self) -> None:
        """Stop all children, and wait until every process has ended."""
        for child in list(self._children.values()):
            self._stop(child)
        if self._children:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), GRACE)
        for child in list(self._children.values()):
            child.warm.kill(child.number)
        for warm in (self._warm, self._warming):
            if warm is not None:
                warm.retire()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_LAST)


def _age(child: Child) -> float:
    """Return the seconds since the last of its files was written, or since it was started."""
    written = [file.stat().st_mtime for one in child.changes if (file := Path(one)).exists()]
    since = time.time() - max(written, default=0.0)
    started = time.monotonic() - child.began
    return since if started <= since < started + 1 else started
