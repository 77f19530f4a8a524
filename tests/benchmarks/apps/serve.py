"""How every aiohttp application is served: ``web.run_app`` on uvloop, without access log."""

import os
import sys

import uvloop
from aiohttp import web

__all__ = ("serve", "variant")


def variant() -> str:
    """Return which application the measurement asks for: ``base``, ``middleware5`` or ``routes1000``."""
    return os.environ.get("BENCH_VARIANT", "base")


def serve(app: web.Application) -> None:
    """Serve on the port that is the first argument of the command line."""
    port = int(sys.argv[1])
    web.run_app(app, host="127.0.0.1", port=port, loop=uvloop.new_event_loop(), access_log=None, print=None)
