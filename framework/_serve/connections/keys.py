"""The keys of an application under which its server finds its settings."""

from aiohttp import web

__all__ = ("HEAD_TIMEOUT",)

HEAD_TIMEOUT: web.AppKey[float | None] = web.AppKey("framework.head_timeout")
"""``Limits.head_timeout`` of the app."""
