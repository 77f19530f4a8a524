"""Whether this process is one of several workers of a server."""

import sys
from typing import Any

__all__ = ("has_siblings", "mark_siblings")

_MARKED: list[bool] = []


def mark_siblings() -> None:
    """Let this worker of ``framework run`` warn for all: there are several."""
    _MARKED.append(True)


def has_siblings() -> bool:
    """Return whether this is the worker that warns for all: the second of gunicorn's, or a marked one."""
    if _MARKED:
        return True
    arbiter: Any = getattr(sys.modules.get("gunicorn.arbiter"), "Arbiter", None)
    # The workers that were started before this one, as it inherits them.
    earlier = [*getattr(arbiter, "WORKERS", {}).values()]
    return len(earlier) == 1 and earlier[0].cfg.workers > 1
