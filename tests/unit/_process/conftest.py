"""Tests that are marked ``both_loops`` run with asyncio's event loop and with uvloop's."""

from tests.http.conftest import pytest_asyncio_loop_factories

__all__ = ("pytest_asyncio_loop_factories",)
