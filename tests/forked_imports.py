"""What the process has imported from which others are forked, a build of an application included."""

import aiosqlite as _aiosqlite  # noqa: F401
import asyncpg as _asyncpg  # type: ignore[import-untyped]  # noqa: F401
import jinja2 as _jinja2  # noqa: F401
import pytest_aiohttp.plugin as _pytest_aiohttp  # noqa: F401
import pytest_asyncio.plugin as _pytest_asyncio  # noqa: F401
import redis.asyncio as _redis  # noqa: F401
import sqlalchemy.ext.asyncio as _sqlalchemy  # noqa: F401
import yaml as _yaml  # noqa: F401
from _pytest.config import get_config as _get_config
from aiohttp import test_utils as _test_utils  # noqa: F401

import framework._serve.connections.server as _server  # noqa: F401
import framework.middleware as _middleware  # noqa: F401
import framework.pytest_plugin as _plugin  # noqa: F401
import framework.security as _security  # noqa: F401
import framework.stores as _stores  # noqa: F401
import framework.telemetry as _telemetry  # noqa: F401
import tests.jobs.chaos_app as _chaos_app  # noqa: F401
from framework import App as _App
from framework import Controller as _Controller
from framework import get as _get


class _Greetings(_Controller):
    @_get("/greetings/{name}")
    async def greet(self, name: str) -> str:
        return f"Hello, {name}!"


_App(controllers=[_Greetings]).build()
# It imports the plugins of pytest itself.
_get_config()
