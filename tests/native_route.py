"""A plugin for pytest that adds a route of aiohttp's own to all apps, so that aiohttp's router finds their handlers.

``python -m pytest -p tests.native_route tests/http/test_protocol_bodies.py``.
"""

from functools import wraps

from aiohttp import web

from framework import App

__all__ = ()

_build = App.build


async def _handle(_: web.Request) -> web.Response:
    return web.Response()


@wraps(_build)
def _build_beside(app: App) -> web.Application:
    application = _build(app)
    application.router.add_get("/a-route-of-aiohttp", _handle)
    return application


App.build = _build_beside  # type: ignore[method-assign, assignment]
