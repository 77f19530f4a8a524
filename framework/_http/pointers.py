"""JSON pointers (RFC 6901)."""

__all__ = ("escape", "step", "unescape")

_LENGTH = 100


def escape(key: str) -> str:
    """Return a key escaped for a pointer: ``a/b`` -> ``a~1b``."""
    return key.replace("~", "~0").replace("/", "~1")


def unescape(part: str) -> str:
    """Return the key of one segment of a pointer: ``a~1b`` -> ``a/b``."""
    return part.replace("~1", "/").replace("~0", "~")


def step(key: str) -> str:
    """Return a client's key as the next segment of a pointer, cut at 100 characters: ``a/b`` -> ``/a~1b``."""
    return "/" + escape(key[:_LENGTH])
