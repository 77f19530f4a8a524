"""Whether this process is one of several workers of a server."""

import sys
from typing import Any

__all__ = ("has_siblings",)


def has_siblings() -> bool:
    """Return whether this is the second of gunicorn's workers: one of them warns for all."""
    arbiter: Any = getattr(sys.modules.get("gunicorn.arbiter"), "Arbiter", None)
    # The workers that were started before this one, as it inherits them.
    earlier = [*getattr(arbiter, "WORKERS", {}).values()]
    return len(earlier) == 1 and earlier[0].cfg.workers > 1
