"""Keeps what the SDK of Sentry would send, for tests of error reports."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sentry_sdk
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

__all__ = ("Kept", "kept_reports")


class Kept(Transport):
    """Keeps events instead of sending them."""

    def __init__(self, options: Any = None) -> None:
        super().__init__(options)
        self.events: list[dict[str, Any]] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        """Keep the events of an envelope."""
        event = envelope.get_event()
        if event is not None:
            self.events.append(dict(event))


@contextmanager
def kept_reports() -> Iterator[Kept]:
    """Yield a transport for the SDK, and end the SDK after the block."""
    yield Kept()
    sentry_sdk.get_client().close()
    sentry_sdk.get_global_scope().set_client(None)
