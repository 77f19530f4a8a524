# The public names as type checkers read them; __init__.py imports them late.

from aiohttp.web import Request

from framework._version import __version__
from framework.app import App
from framework.background import BackgroundTasks, Periodic
from framework.container import Container, Lifetime
from framework.controller import Controller, Router
from framework.deprecation import Deprecation
from framework.errors import DefinitionError
from framework.http_errors import HTTPError
from framework.limits import Limits
from framework.merge_patch import Patch
from framework.observers import Observation, Observer
from framework.openapi import OpenAPI
from framework.params import Body, Cookie, File, Form, Header, Inject, Path, Query
from framework.requests import BodyStream, MultipartStream, UploadFile
from framework.responses import Event, EventStream, Response
from framework.routing import delete, get, head, options, patch, post, put, route, websocket
from framework.typedefs import Guard, Middleware
from framework.websockets import WebSocket

__all__ = (
    "App",
    "BackgroundTasks",
    "Body",
    "BodyStream",
    "Container",
    "Controller",
    "Cookie",
    "DefinitionError",
    "Deprecation",
    "Event",
    "EventStream",
    "File",
    "Form",
    "Guard",
    "HTTPError",
    "Header",
    "Inject",
    "Lifetime",
    "Limits",
    "Middleware",
    "MultipartStream",
    "Observation",
    "Observer",
    "OpenAPI",
    "Patch",
    "Path",
    "Periodic",
    "Query",
    "Request",
    "Response",
    "Router",
    "UploadFile",
    "WebSocket",
    "__version__",
    "delete",
    "get",
    "head",
    "options",
    "patch",
    "post",
    "put",
    "route",
    "websocket",
)
