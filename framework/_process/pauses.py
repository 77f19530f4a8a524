"""The pauses between starts that fail."""

__all__ = ("pause_after",)

_FIRST = 0.5
"""Seconds between the first failed start and the next attempt; each pause is twice as long as the one before."""


def pause_after(failures: int, longest: float) -> float:
    """Return the seconds until the next attempt after some failed starts in a row."""
    return min(longest, _FIRST * 2.0 ** min(failures - 1, 10))
