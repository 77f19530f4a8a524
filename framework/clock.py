"""The time that the framework's own pieces compare: limits of rates, expiry in memory, tokens, signed values.

They read it as ``clock.time()`` and ``clock.monotonic()``. Code of an application that reads it here too is moved by
the fixture ``clock`` of :mod:`framework.testing`. Time that the event loop measures (timeouts, keep-alive, periodic
tasks) is always real.
"""

import time as _time

__all__ = ("monotonic", "time")

# PERF: the functions themselves; a call through a function of this module would take twice as long.
time = _time.time
"""Return the seconds since 1970-01-01 UTC."""
monotonic = _time.monotonic
"""Return seconds that never go back, from an arbitrary beginning."""
