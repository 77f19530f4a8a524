"""Work of which only one process of the test run may do at a time."""

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def exclusive(name: str) -> Iterator[None]:
    """Wait until no other process is inside a block of this name."""
    with (Path(tempfile.gettempdir()) / f"framework-tests-{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
