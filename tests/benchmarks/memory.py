"""How much memory a server needs for large bodies: ``python -m tests.benchmarks.memory --mebibytes 1024``.

A server process is sent bodies over loopback, made on the way, and its peak of resident memory (``VmHWM`` in
``/proc/PID/status``) is compared with what it held before, after a warm-up.
"""

import argparse
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
if not __package__:
    # Started as a script: its own folder gives way to the checkout, where `tests.benchmarks` is found.
    sys.path[0] = str(ROOT)

__all__ = ("TARGETS", "Measured", "measure", "running")

_MEBIBYTE = 1_048_576
_CHUNK = b"x" * 65_536
_BOUNDARY = b"XboundaryX"
_HEAD = b'--%s\r\nContent-Disposition: form-data; name="file"; filename="large.bin"\r\n\r\n' % _BOUNDARY
_TAIL = b"\r\n--%s--\r\n" % _BOUNDARY
_MULTIPART = "multipart/form-data; boundary=XboundaryX"
_START_TIMEOUT = 30.0

TARGETS = {
    "/parts": (_MULTIPART, 200),
    "/stream": ("application/octet-stream", 200),
    "/file": (_MULTIPART, 200),
    "/refused": ("application/json", 413),
}
"""What is posted to, the Content-Type, and the status that must be the answer."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one body cost."""

    growth: int
    """Bytes by which the peak of resident memory rose above what was held before."""
    seconds: float


@contextmanager
def running() -> Iterator[tuple[int, int]]:
    """Run the server; gives its process id and its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [sys.executable, "-m", "tests.benchmarks.apps.memory_app", str(port)]
    with subprocess.Popen(command, cwd=ROOT) as process:  # noqa: S603  the command is ours
        try:
            _wait(port)
            yield process.pid, port
        finally:
            process.terminate()


def _wait(port: int) -> None:
    deadline = time.monotonic() + _START_TIMEOUT
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def measure(pid: int, port: int, target: str, mebibytes: int) -> Measured:
    """Send one body of a size after some small ones; raises RuntimeError where the answer is not as it should be."""
    for _ in range(3):
        _send(port, target, 2)
    # proc(5): the peak begins anew.
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    before = _status(pid, "VmRSS")
    begun = time.monotonic()
    _send(port, target, mebibytes)
    return Measured(growth=_status(pid, "VmHWM") - before, seconds=time.monotonic() - begun)


def _send(port: int, target: str, mebibytes: int) -> None:
    content_type, status = TARGETS[target]
    framed = content_type == _MULTIPART
    length = mebibytes * _MEBIBYTE + (len(_HEAD) + len(_TAIL) if framed else 0)
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(
            f"POST {target} HTTP/1.1\r\nHost: a\r\nContent-Type: {content_type}\r\n"
            f"Content-Length: {length}\r\nConnection: close\r\n\r\n".encode()
        )
        if framed:
            connection.sendall(_HEAD)
        for _ in range(mebibytes * _MEBIBYTE // len(_CHUNK)):
            connection.sendall(_CHUNK)
        if framed:
            connection.sendall(_TAIL)
        answer = b""
        while received := connection.recv(65_536):
            answer += received
    if not answer.startswith(b"HTTP/1.1 %d " % status):
        raise RuntimeError(f"{target} answered {answer[:200]!r}")


def _status(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


def main() -> None:
    """Measure all targets and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mebibytes", type=int, default=1024, help="the size of the body (1024)")
    parser.add_argument("--targets", nargs="+", choices=TARGETS, default=list(TARGETS))
    options = parser.parse_args()
    with running() as (pid, port):
        for target in options.targets:
            found = measure(pid, port, target, options.mebibytes)
            rate = options.mebibytes / found.seconds
            print(f"{target:10} {options.mebibytes} MiB: +{found.growth / _MEBIBYTE:.2f} MiB, {rate:.0f} MiB/s")


if __name__ == "__main__":
    main()
