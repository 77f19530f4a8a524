"""What the process has imported from which others are forked: the framework, pytest, and what they import late."""

# ruff: noqa: E402
import gc as _gc

# What is imported stays, so that the collector would go through it again and again, and find nothing.
_gc.disable()

import encodings.idna as _idna  # noqa: F401
import pkgutil as _pkgutil
from importlib import import_module as _import

import aiosqlite as _aiosqlite  # noqa: F401
import anyio._backends._asyncio as _anyio  # noqa: F401
import asyncpg as _asyncpg  # type: ignore[import-untyped]  # noqa: F401
import cronsim as _cronsim  # noqa: F401
import jinja2 as _jinja2  # noqa: F401
import nats as _nats  # noqa: F401
import packaging.version as _packaging  # noqa: F401
import pytest_aiohttp.plugin as _pytest_aiohttp  # noqa: F401
import pytest_asyncio.plugin as _pytest_asyncio  # noqa: F401
import redis.asyncio as _redis  # noqa: F401
import sqlalchemy.dialects.postgresql.asyncpg as _postgresql  # noqa: F401
import sqlalchemy.dialects.sqlite.aiosqlite as _sqlite  # noqa: F401
import sqlalchemy.ext.asyncio as _sqlalchemy  # noqa: F401
import uvloop as _uvloop  # noqa: F401
import watchfiles as _watchfiles  # noqa: F401
import yaml as _yaml  # noqa: F401
from _pytest.config import get_config as _get_config
from aiohttp import test_utils as _test_utils  # noqa: F401

import framework as _framework
import tests.forked as _forked  # noqa: F401
import tests.forked_server as _forked_server  # noqa: F401
import tests.jobs.chaos_app as _chaos_app  # noqa: F401

for _module in _pkgutil.walk_packages(_framework.__path__, "framework."):
    if not _module.name.endswith("__main__"):
        _import(_module.name)
# It imports the plugins of pytest itself.
_get_config()

# The collector of a forked process would write to all pages of what is imported, which copies them.
_gc.collect()
_gc.freeze()
_gc.enable()
