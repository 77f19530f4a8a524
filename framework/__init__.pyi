# The public names as type checkers read them; __init__.py imports them late.

from aiohttp.web import Request

from framework._openapi.settings import OpenAPI
from framework._responses.response import Response
from framework._version import __version__
from framework.app import App
from framework.container import Container, Lifetime
from framework.controller import Controller, Router
from framework.errors import DefinitionError
from framework.http_errors import HTTPError
from framework.limits import Limits
from framework.params import Body, Cookie, Header, Inject, Path, Query
from framework.routing import delete, get, head, options, patch, post, put, route
from framework.typedefs import Guard, Middleware

__all__ = (
    "App",
    "Body",
    "Container",
    "Controller",
    "Cookie",
    "DefinitionError",
    "Guard",
    "HTTPError",
    "Header",
    "Inject",
    "Lifetime",
    "Limits",
    "Middleware",
    "OpenAPI",
    "Path",
    "Query",
    "Request",
    "Response",
    "Router",
    "__version__",
    "delete",
    "get",
    "head",
    "options",
    "patch",
    "post",
    "put",
    "route",
)
