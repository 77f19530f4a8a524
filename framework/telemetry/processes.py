"""The numbers of several processes, which each process writes into a folder, and the process that is asked adds up.

The folder is that of the Prometheus client, PROMETHEUS_MULTIPROC_DIR. The numbers of processes that have ended are kept
in one file, because counters must not fall.
"""

import atexit
import contextlib
import os
import re
import secrets
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Protocol
from weakref import WeakSet

import msgspec

from framework.telemetry.totals import Snapshot, add_up

__all__ = (
    "FOLDER",
    "Processes",
    "folder",
    "join_metrics_folder",
    "leave_metrics_folder",
    "mark_worker_dead",
    "prepare_metrics_folder",
)

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_INTERVAL = 1.0
"""Seconds between two writes."""
_NAME = re.compile(r"framework-(?P<prefix>\w+)-(?P<pid>\d+)-\w+\.metrics")
_ENDED = 0
"""Stands for the process id in the name of the file of processes that have ended."""
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Snapshot)


def folder() -> Path | None:
    """Return the folder that several processes share, ``None`` if there is one process."""
    named = os.environ.get(FOLDER)
    return Path(named) if named else None


def prepare_metrics_folder() -> None:
    """Create the folder of PROMETHEUS_MULTIPROC_DIR, and remove what an earlier run of the server has left in it.

    A server calls it before it starts its first process. It does nothing without PROMETHEUS_MULTIPROC_DIR. Raises
    OSError if the folder cannot be created.
    """
    place = folder()
    if place is None:
        return
    place.mkdir(parents=True, exist_ok=True)
    for file in (*place.glob("framework-*.metrics"), *place.glob("*.db")):
        file.unlink(missing_ok=True)


def join_metrics_folder() -> None:
    """Create the folder of PROMETHEUS_MULTIPROC_DIR unless a server has, and leave what is in it."""
    place = folder()
    if place is not None:
        place.mkdir(parents=True, exist_ok=True)


def leave_metrics_folder() -> None:
    """Keep the numbers of this process, which ends, with those of processes that have ended."""
    for one in list(_WRITING):
        one.end()
    mark_worker_dead(os.getpid())


def mark_worker_dead(pid: int) -> None:
    """Take the gauges of a process that has ended out of the metrics, and keep its counters.

    A server calls it in the process that started the other one. It does nothing without PROMETHEUS_MULTIPROC_DIR.
    """
    place = folder()
    if place is None or not place.is_dir():
        return
    with _locked(place):
        for file, prefix in _files(place, pid):
            ended = place / f"framework-{prefix}-{_ENDED}-ended.metrics"
            known = [one for one in (_read(file), _read(ended)) if one is not None]
            if known:
                _write(ended, add_up(known, known[0].buckets).without_gauges())
            file.unlink(missing_ok=True)
    if "prometheus_client" in sys.modules or list(place.glob(f"gauge_live*_{pid}.db")):
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(pid, str(place))  # type: ignore[no-untyped-call]  # the client has no types here


_WRITING: "WeakSet[Processes]" = WeakSet()


class Counting(Protocol):
    """What is counted in one process."""

    changed: Callable[[], None] | None

    def snapshot(self) -> Snapshot: ...

    def clear(self) -> None: ...


class Processes:
    """Writes the numbers of this process, and reads those of the others."""

    def __init__(self, place: Path, prefix: str, totals: Counting) -> None:
        self._place = place
        self._prefix = prefix
        self.totals = totals
        self._file: Path | None = None
        self._thread: threading.Thread | None = None
        self._written = b""
        self._lock = threading.Lock()
        totals.changed = self.begin

    def begin(self) -> None:
        """Begin to write from time to time, the first time in a process."""
        if self._thread is not None:
            return
        self._file = self._place / f"framework-{self._prefix}-{os.getpid()}-{secrets.token_hex(4)}.metrics"
        # A thread: it writes also while the event loop is blocked.
        self._thread = threading.Thread(target=self._write_on, args=(self._file,), name="metrics", daemon=True)
        self._thread.start()
        _WRITING.add(self)
        atexit.register(self.write)

    def end(self) -> None:
        """Write the numbers for the last time."""
        self.write()
        self._file = None

    def forget(self) -> None:
        """Begin anew in a child process, which has no threads."""
        self._thread = self._file = None
        self._written = b""
        # The thread of the parent may hold the other one.
        self._lock = threading.Lock()
        self.totals.clear()

    def _write_on(self, file: Path) -> None:
        pause = threading.Event()
        while self._file is file:
            pause.wait(_INTERVAL)
            self.write()

    def write(self) -> None:
        """Write the numbers of this process, if they have changed."""
        file = self._file
        if file is None:
            return
        # The folder may be removed before the processes end.
        with self._lock, contextlib.suppress(OSError):
            content = _ENCODER.encode(self.totals.snapshot())
            if content != self._written:
                _replace(file, content)
                self._written = content

    def sum(self) -> Snapshot:
        """Return the numbers of all processes: of this one as they are, of the others as they were last written."""
        with _locked(self._place):
            others = [
                _read(file) for file, prefix in _files(self._place) if file != self._file and prefix == self._prefix
            ]
        own = self.totals.snapshot()
        return add_up([own, *(one for one in others if one is not None)], own.buckets)


def _files(place: Path, pid: int | None = None) -> Iterator[tuple[Path, str]]:
    """Find the files of all processes, or of one, each with its prefix."""
    for file in sorted(place.glob("framework-*.metrics")):
        found = _NAME.fullmatch(file.name)
        if found is not None and (pid is None or int(found["pid"]) == pid):
            yield file, found["prefix"]


def _read(file: Path) -> Snapshot | None:
    """Read a file; ``None`` if it is gone, or of another version of the framework."""
    try:
        return _DECODER.decode(file.read_bytes())
    except (OSError, msgspec.DecodeError):
        return None


def _write(file: Path, snapshot: Snapshot) -> None:
    _replace(file, _ENCODER.encode(snapshot))


def _replace(file: Path, content: bytes) -> None:
    """Write a file so that no reader sees a part of it."""
    new = file.with_suffix(f".{os.getpid()}")
    new.write_bytes(content)
    new.replace(file)


@contextlib.contextmanager
def _locked(place: Path) -> Iterator[None]:
    """Keep the file of ended processes from changing while it is read."""
    with (place / "framework.lock").open("ab") as file:
        _lock(file)
        yield


def _lock(file: IO[bytes]) -> None:
    """Lock a file until it is closed; systems without ``fcntl`` have no server with several processes."""
    with contextlib.suppress(ModuleNotFoundError):
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX)
