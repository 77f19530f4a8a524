"""Content codings of response bodies."""

from typing import Protocol

__all__ = ("Coder",)


class Coder(Protocol):
    """Writes the body of a response in a content coding (RFC 9110, section 8.4), part by part."""

    def code(self, data: bytes) -> bytes:
        """Return the bytes of a part, flushed so that a client can decode all of it."""
        ...

    def finish(self) -> bytes:
        """Return the last bytes of the body."""
        ...


# Set here, because in the class body it would be a member of the protocol.
Coder.__module__ = "framework.responses"
