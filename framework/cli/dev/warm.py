"""The warm process of ``framework dev``: it has imported the installed packages, and is forked for each reload.

Run as ``python -m framework.cli.dev.warm FD``. It is a single thread without an event loop, so that a fork is safe
and quick. It ends with the supervisor, and its children end with it.
"""

import contextlib
import ctypes
import gc
import importlib
import os
import select
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

import msgspec

# What every child imports.
import framework.cli.dev.child
import framework.cli.dev.development
from framework.app import App
from framework.cli.dev.messages import IGNORED, Ended, Kill, Retire, Spec, Start, ToWarm, Warmed, send

__all__ = ("GRACE", "main")

GRACE = 20.0
"""Seconds after which a child that was stopped is killed: the time for requests, background tasks and services."""
_PR_SET_PDEATHSIG = 1
# What is imported when serving begins. Other versions of aiohttp may not have the names that these modules import.
_SERVING = ("framework._serve.connections.codings", "framework._serve.connections.server")


class _Warm:
    """Forks children and reports their ends."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._spec: Spec
        self._children: dict[int, int] = {}
        """The number of each child by its process id."""
        self._descriptors: list[int] = []
        self._received = b""
        self._retired = False

    def run(self) -> None:
        """Follow the supervisor until it ends, or until the last child has ended after ``Retire``."""
        woken, waking = socket.socketpair()
        waking.settimeout(0)
        woken.settimeout(0)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(waking.fileno(), warn_on_full_buffer=False)
        while not (self._retired and not self._children):
            ready, _, _ = select.select([self._control, woken], [], [])
            if woken in ready:
                with contextlib.suppress(BlockingIOError):
                    woken.recv(4096)
                self._reap()
            if self._control in ready and not self._follow():
                self._end_all()
                return

    def _follow(self) -> bool:
        """Do what the supervisor sends; return whether it is still there."""
        try:
            data, descriptors, _, _ = socket.recv_fds(self._control, 1 << 16, 16)
        except ConnectionError:
            return False
        self._descriptors += descriptors
        *lines, self._received = (self._received + data).split(b"\n")
        for line in lines:
            self._do(msgspec.json.decode(line, type=ToWarm))
        return bool(data)

    def _do(self, message: ToWarm) -> None:
        if isinstance(message, Spec):
            self._spec = message
            for one in message.sockets:
                os.set_inheritable(one, False)  # noqa: FBT003  of os
            send(self._control, _warm_up(message))
        elif isinstance(message, Start):
            self._fork(message, self._descriptors.pop(0))
        elif isinstance(message, Kill):
            self._signal(signal.SIGKILL, message.number)
        elif isinstance(message, Retire):
            self._retired = True

    def _fork(self, message: Start, descriptor: int) -> None:
        parent = os.getpid()
        child = os.fork()
        if child == 0:
            self._become_child(message, descriptor, parent)
        os.close(descriptor)
        self._children[child] = message.number

    def _become_child(self, message: Start, descriptor: int, parent: int) -> NoReturn:
        _die_with_parent(parent)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._control.close()
        for one in self._descriptors:
            os.close(one)
        code = 1
        try:
            framework.cli.dev.child.run_child(self._spec, message, socket.socket(fileno=descriptor))
            code = 0
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            # Not sys.exit(): the stack of the warm process is below.
            os._exit(code)

    def _reap(self) -> None:
        while self._children:
            child, status = os.waitpid(-1, os.WNOHANG)
            if child == 0:
                return
            number = self._children.pop(child, None)
            if number is not None:
                send(self._control, Ended(number, os.waitstatus_to_exitcode(status)))

    def _signal(self, kind: signal.Signals, number: int | None = None) -> None:
        for child, known in self._children.items():
            if number in {None, known}:
                # Not reaped yet, so that the id is that of the child.
                os.kill(child, kind)

    def _end_all(self) -> None:
        """End all children: those that serve have seen the end of the supervisor, and close their services."""
        end = time.monotonic() + GRACE
        while self._children and time.monotonic() < end:
            time.sleep(0.02)
            self._reap()
        self._signal(signal.SIGKILL)


def _die_with_parent(parent: int) -> None:
    """Let the kernel kill this process when its parent ends, where it can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _warm_up(spec: Spec) -> Warmed:
    # An app without controllers: what is imported late, when an app is built, is imported now.
    # What fails here fails in the children, which report it.
    with contextlib.suppress(Exception):
        App().build()
    for name in (*_SERVING, *spec.modules):
        with contextlib.suppress(Exception, SystemExit):
            importlib.import_module(name)
    # PERF: the collector of a child would otherwise write to all pages of the imported packages, which copies them.
    gc.collect()
    gc.freeze()
    files = [getattr(one, "__file__", None) for one in list(sys.modules.values())]
    return Warmed(tuple(sorted({os.path.realpath(one) for one in files if isinstance(one, str)})), _threads())


def _threads() -> int:
    try:
        return len(list(Path("/proc/self/task").iterdir()))
    except OSError:
        threading: Any = sys.modules.get("threading")
        return threading.active_count() if threading is not None else 1


def main(arguments: list[str]) -> None:
    """Follow the supervisor, whose first message is the ``Spec``."""
    # The supervisor gets the signals of the terminal as well, and decides what they mean. Handlers that do nothing, and
    # not SIG_IGN, which programs that the app starts would inherit.
    for one in IGNORED:
        signal.signal(one, lambda *_: None)
    # The supervisor has blocked them during the imports.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, IGNORED)
    control = socket.socket(fileno=int(arguments[0]))
    os.set_inheritable(control.fileno(), False)  # noqa: FBT003  of os
    sys.argv = ["framework"]
    _Warm(control).run()


if __name__ == "__main__":
    main(sys.argv[1:])
