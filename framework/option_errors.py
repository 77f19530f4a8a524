"""Errors with a hint for wrong options, for packages with declarations of their own."""

from framework._inspect.calls import ExplainedMeta, explained_class

__all__ = ("ExplainedMeta", "explained_class")
