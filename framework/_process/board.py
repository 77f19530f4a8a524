"""What the worker processes of one master know of each other, in memory that they share."""

import mmap
import os
import struct
from collections.abc import Iterator
from enum import IntEnum

from msgspec import Struct

__all__ = ("Board", "Entry", "State")

_HEADER = struct.Struct("<II")
_ENTRY = struct.Struct("<QIB")
_ENTRIES = 1024
"""The number of the last processes that are known."""


class State(IntEnum):
    """What a worker does."""

    STARTING = 1
    READY = 2
    FAILED = 3
    """It could not start, and waits before it ends."""
    STOPPING = 4


class Entry(Struct, frozen=True):
    """One worker; a ``process`` of 0 is not running yet."""

    age: int
    process: int
    state: State

    @property
    def is_alive(self) -> bool:
        """Whether its master has not yet taken notice of its end."""
        if not self.process:
            return True
        try:
            os.kill(self.process, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True


class Board:
    """The states of workers; made by the master, before it forks them.

    Each worker writes its own entry only. The two counters of the header are written by all; a lost update of them
    only makes a pause shorter.
    """

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _HEADER.size + _ENTRIES * _ENTRY.size)

    def add(self, age: int) -> None:
        """Add a worker before its process is forked; ``age`` counts the workers of a master."""
        self._write(Entry(age, 0, State.STARTING))

    def set(self, age: int, state: State) -> None:
        """Set the state of the worker that is the calling process."""
        self._write(Entry(age, os.getpid(), state))
        if state is State.READY:
            self._write_header(was_ready=1, failures=0)

    @property
    def was_ready(self) -> bool:
        """Whether any worker of this master has ever served."""
        return bool(_HEADER.unpack_from(self._memory)[0])

    def fail(self, age: int) -> int:
        """Record that the calling process cannot start; return the number of failures since a worker could."""
        self.set(age, State.FAILED)
        was_ready, failures = _HEADER.unpack_from(self._memory)
        self._write_header(was_ready=was_ready, failures=failures + 1)
        count: int = failures + 1
        return count

    def entries(self) -> Iterator[Entry]:
        """Yield the known workers."""
        for index in range(_ENTRIES):
            age, process, state = _ENTRY.unpack_from(self._memory, _HEADER.size + index * _ENTRY.size)
            if age:
                yield Entry(age, process, State(state))

    def entry(self, age: int) -> Entry | None:
        """Return a worker; ``None`` if it is not known any more."""
        return next((one for one in self.entries() if one.age == age), None)

    def _write(self, entry: Entry) -> None:
        at = _HEADER.size + entry.age % _ENTRIES * _ENTRY.size
        _ENTRY.pack_into(self._memory, at, entry.age, entry.process, entry.state)

    def _write_header(self, *, was_ready: int, failures: int) -> None:
        _HEADER.pack_into(self._memory, 0, was_ready, failures)
