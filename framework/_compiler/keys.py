"""Where an application keeps what its servers are to know."""

from aiohttp import web

__all__ = ("HEAD_TIMEOUT",)

HEAD_TIMEOUT: web.AppKey[float | None] = web.AppKey("framework.head_timeout")
"""``Limits.head_timeout`` of the app."""
