"""Emits the deprecation headers of each response of a deprecated route."""

from framework._serve.responses.headers import add_headers
from framework._source import Source
from framework.deprecation import Deprecation

__all__ = ("emit_deprecation",)


def emit_deprecation(source: Source, deprecation: Deprecation, inner: str) -> str:
    """Emit a function around all layers, so that errors have the headers too; return its name."""
    source.use(HEADERS=deprecation.headers(), add_headers=add_headers)
    with source.block("async def deprecated(request):"):
        source.line(f"response = await {inner}(request)")
        source.line("add_headers(response, HEADERS)")
        source.line("return response")
    return "deprecated"
