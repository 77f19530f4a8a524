"""Hints for results that do not match the annotation of their handler."""

from typing import Any

from aiohttp import web

from framework._inspect.names import callable_name, is_running, type_name
from framework._serve.responses.response import Response

__all__ = ("hint_for_result",)

_WITH_STATUS = (2, 3)
"""The lengths of ``value, status`` and ``value, status, headers``."""


def hint_for_result(value: Any, annotation: Any) -> str:
    """Return the hint, an empty string if the intention is unclear."""
    name = type_name(annotation)
    if isinstance(value, web.StreamResponse):
        own = isinstance(value, Response)
        return f"annotate it -> {f'Response[{name}]' if own else f'web.{type_name(type(value))}'}"
    if is_running(value):
        return f"await what {callable_name(value)}() returns"
    if isinstance(value, tuple) and len(value) in _WITH_STATUS and isinstance(value[1], int):
        return f"return Response(value, status={value[1]!r}), and annotate it -> Response[{name}]"
    if value is None:
        return f"annotate it -> {name} | None, or raise NotFound"
    return "" if annotation not in {None, type(None)} else "annotate it with the type of what it returns"
