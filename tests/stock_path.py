"""A plugin for pytest that takes a name from aiohttp, so that all apps are served by aiohttp's own path.

``python -m pytest -p tests.stock_path tests/http/test_forms.py``.
"""

import warnings
from importlib import import_module

from aiohttp import helpers

__all__ = ()

# aiohttp's own modules import it before.
for name in ("aiohttp.test_utils", "aiohttp.web"):
    import_module(name)
del helpers.ceil_timeout
with warnings.catch_warnings():
    warnings.simplefilter("ignore", RuntimeWarning)
    from framework._serve import aiohttp_names

if aiohttp_names.SUPPORTED:
    raise RuntimeError("The fast path is still taken")
