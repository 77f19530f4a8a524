"""Ends a process that does not end by itself."""

import logging
import os
import sys
import threading

from framework._process.stalls import stack_line

__all__ = ("end_after",)

_LOGGER = logging.getLogger("framework")


def end_after(seconds: float) -> None:
    """End the process with status 1 after some time, if it is still there; log what its threads do.

    A thread that hangs, or a blocked loop, would keep it until it is killed.
    """
    timer = threading.Timer(seconds, _end, (seconds,))
    timer.name, timer.daemon = "framework-end", True
    timer.start()


def _end(seconds: float) -> None:
    own = threading.get_ident()
    names = {thread.ident: thread.name for thread in threading.enumerate() if not thread.daemon}
    stacks = [
        f"{names[number]}: {stack_line(frame)}"
        for number, frame in sys._current_frames().items()  # noqa: SLF001  its documented name
        if number in names and number != own
    ]
    _LOGGER.error("The process did not end within %.1f s: %s", seconds, "; ".join(stacks))
    os._exit(1)
