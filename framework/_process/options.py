"""What the processes of ``framework run`` have in common."""

from msgspec import Struct

from framework._process.settings import WorkerSettings

__all__ = ("RunOptions", "WorkerSpec")


class RunOptions(Struct, frozen=True, kw_only=True):
    """How an application is served; times are in seconds."""

    graceful: float = 30.0
    """In which a process stops."""
    timeout: float = 30.0
    """After which a process whose event loop is blocked ends; 0 for never."""
    keepalive: float = 75.0
    """A connection is kept without a request."""
    max_requests: int = 0
    """After which a worker is replaced; 0 for never."""
    certificate: str | None = None
    """The file of the TLS certificate and its chain."""
    key: str | None = None
    """The file of its key, if that is another one."""
    settings: WorkerSettings = WorkerSettings()


class WorkerSpec(Struct, frozen=True, kw_only=True):
    """The argument of a worker process, from its supervisor."""

    reference: str | None
    """``module:attribute``; by default that of ``pyproject.toml``."""
    sockets: tuple[int, ...]
    """The file descriptors that listen."""
    channel: int
    """The file descriptor of the connection to the supervisor."""
    first: bool
    """Whether errors are printed in full: nothing has been served yet."""
    warns: bool = False
    """Whether it is the one of several workers that warns of what they do not share."""
    options: RunOptions
