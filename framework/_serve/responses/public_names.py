"""Replaces private names of aiohttp's responses, if this aiohttp does not have them, by public names."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from framework._serve.aiohttp_names import has_name

__all__ = ("add_missing_names",)


def _clear_cookies(response: web.StreamResponse, _: object) -> None:
    response.cookies.clear()


def _keep_alive(response: web.StreamResponse, keep_alive: object) -> None:
    # aiohttp itself decides whether to keep a connection open.
    if keep_alive is False:
        response.force_close()


def _chunk(response: web.StreamResponse, chunked: object) -> None:
    if chunked and not response.chunked:
        response.enable_chunked_encoding()


_STAND_INS: Mapping[str, Any] = {
    "_body_length": 0,
    "_chunked": property(lambda response: response.chunked, _chunk),
    "_compression": property(lambda response: response.compression),
    "_cookies": property(lambda response: response.cookies, _clear_cookies),
    "_eof_sent": False,
    "_headers": property(lambda response: response.headers),
    "_keep_alive": property(lambda response: response.keep_alive, _keep_alive),
    "_payload_writer": property(lambda response: response if response.prepared else None),
    "_reason": property(lambda response: response.reason),
    "_status": property(lambda response: response.status),
}


def add_missing_names(kind: type[web.StreamResponse]) -> None:
    """Give a response class the private names that aiohttp's response does not have."""
    for name, stand_in in _STAND_INS.items():
        if not has_name(web.Response, name):
            setattr(kind, name, stand_in)
