"""Emits how each answer of a deprecated route says so."""

from aiohttp import web

from framework._compiler.source import Source
from framework.deprecation import Deprecation

__all__ = ("emit_deprecation",)


def emit_deprecation(source: Source, deprecation: Deprecation, inner: str) -> str:
    """Emit a function around all layers, so that errors have the headers too; return its name."""
    source.use(HEADERS=deprecation.headers(), add_headers=_add_headers)
    with source.block("async def deprecated(request):"):
        source.line(f"response = await {inner}(request)")
        source.line("add_headers(response, HEADERS)")
        source.line("return response")
    return "deprecated"


def _add_headers(response: web.StreamResponse, headers: dict[str, str]) -> None:
    for name, value in headers.items():
        # There may be other links; of the others there is one.
        if name == "Link" or name not in response.headers:
            response.headers.add(name, value)
