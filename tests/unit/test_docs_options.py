"""The tables of options in the documentation list every option."""

import inspect
import re
import typing
from dataclasses import fields
from pathlib import Path

import pytest

from framework import App, Controller, Limits, OpenAPI, Router
from framework.asgi import ASGIApp, Mount
from framework.channels import ChannelSettings, Presence, Topic
from framework.health import Health
from framework.jobs import JobOptions, JobSettings
from framework.layers import Steps
from framework.middleware import (
    CORS,
    CSRF,
    Compression,
    ConcurrencyLimit,
    HTTPSRedirect,
    Idempotency,
    ProxyHeaders,
    RateLimit,
    RequestID,
    ResponseCache,
    SecurityHeaders,
    Sessions,
)
from framework.params import QueryStyle
from framework.routing import RouteOptions, SocketOptions
from framework.security import JWKS, JWT, LoginThrottle, OpenIDLogin, PasswordHasher
from framework.settings import read_settings
from framework.static import StaticFiles
from framework.stores import MemoryStore, RedisStore
from framework.telemetry import AccessLog, ErrorReports, Metrics, Tracing, configure_logging
from framework.templating import Templates
from framework.types import CustomType

_REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
_FIRST_CELLS = re.compile(r"^\|(.*?)\|", re.MULTILINE)
_PARAGRAPHS = re.compile(r"^(?!```)[^|\n#].*", re.MULTILINE)
_NAME = re.compile(r"\b(\w+)=|`(\w+)`")

OPTIONS = {
    ("settings.md", "App"): tuple(inspect.signature(App).parameters),
    ("settings.md", "Limits"): Limits.__struct_fields__,
    ("routing.md", "route decorators"): tuple(RouteOptions.__annotations__),
    ("routing.md", "Controller"): tuple(Controller.__annotations__),
    ("routing.md", "Router"): tuple(field.name for field in fields(Router)),
    ("websockets.md", "websocket"): tuple(SocketOptions.__annotations__),
    ("openapi.md", "OpenAPI"): OpenAPI.__struct_fields__,
    ("types.md", "CustomType"): tuple(field.name for field in fields(CustomType)),
    ("layers.md", "Steps"): tuple(field.name for field in fields(Steps)),
    ("middleware/https-redirect.md", "HTTPSRedirect"): tuple(field.name for field in fields(HTTPSRedirect)),
    ("middleware/proxy-headers.md", "ProxyHeaders"): tuple(field.name for field in fields(ProxyHeaders)),
    ("middleware/request-id.md", "RequestID"): tuple(field.name for field in fields(RequestID)),
    ("access-log.md", "AccessLog"): tuple(field.name for field in fields(AccessLog)),
    ("telemetry.md", "Metrics"): tuple(field.name for field in fields(Metrics)),
    ("telemetry.md", "Tracing"): tuple(field.name for field in fields(Tracing)),
    ("telemetry.md", "ErrorReports"): tuple(field.name for field in fields(ErrorReports)),
    ("telemetry.md", "configure_logging"): tuple(inspect.signature(configure_logging).parameters),
    ("middleware/compression.md", "Compression"): tuple(field.name for field in fields(Compression)),
    ("middleware/cors.md", "CORS"): tuple(field.name for field in fields(CORS)),
    ("middleware/security-headers.md", "SecurityHeaders"): tuple(field.name for field in fields(SecurityHeaders)),
    ("middleware/rate-limit.md", "RateLimit"): tuple(field.name for field in fields(RateLimit)),
    ("middleware/concurrency-limit.md", "ConcurrencyLimit"): tuple(field.name for field in fields(ConcurrencyLimit)),
    ("middleware/csrf.md", "CSRF"): tuple(field.name for field in fields(CSRF)),
    ("middleware/sessions.md", "Sessions"): tuple(field.name for field in fields(Sessions)),
    ("middleware/response-cache.md", "ResponseCache"): tuple(field.name for field in fields(ResponseCache)),
    ("middleware/idempotency.md", "Idempotency"): tuple(field.name for field in fields(Idempotency)),
    ("channels.md", "ChannelSettings"): ChannelSettings.__struct_fields__,
    ("channels.md", "Topic"): tuple(inspect.signature(Topic).parameters),
    ("channels.md", "Presence"): tuple(inspect.signature(Presence).parameters),
    ("stores.md", "MemoryStore"): tuple(inspect.signature(MemoryStore).parameters),
    ("stores.md", "RedisStore"): tuple(inspect.signature(RedisStore).parameters),
    ("security/jwt.md", "JWT"): tuple(inspect.signature(JWT).parameters),
    ("security/jwt.md", "JWKS"): tuple(inspect.signature(JWKS).parameters),
    ("security/login-throttle.md", "LoginThrottle"): tuple(inspect.signature(LoginThrottle).parameters),
    ("security/openid-login.md", "OpenIDLogin"): tuple(inspect.signature(OpenIDLogin).parameters),
    ("security/passwords.md", "PasswordHasher"): tuple(inspect.signature(PasswordHasher).parameters),
    ("templating.md", "Templates"): tuple(inspect.signature(Templates).parameters),
    ("../how-to/health.md", "Health"): tuple(inspect.signature(Health).parameters),
    ("../how-to/settings.md", "read_settings"): tuple(inspect.signature(read_settings).parameters),
    ("../how-to/asgi.md", "ASGIApp"): tuple(inspect.signature(ASGIApp.__init__).parameters)[1:],
    ("../how-to/asgi.md", "Mount"): tuple(field.name for field in fields(Mount)),
    ("jobs.md", "job"): tuple(JobOptions.__annotations__),
    ("jobs.md", "JobSettings"): JobSettings.__struct_fields__,
    ("files.md", "StaticFiles"): tuple(field.name for field in fields(StaticFiles)),
}


@pytest.mark.parametrize(("page", "of"), OPTIONS, ids=[of for _, of in OPTIONS])
def test_a_page_names_every_option(page: str, of: str) -> None:
    """Each option is in the first column of a table, or in a paragraph, as code."""
    text = (_REFERENCE / page).read_text(encoding="utf-8")
    places = (*_FIRST_CELLS.findall(text), *_PARAGRAPHS.findall(text))
    named = {name for place in places for names in _NAME.findall(place) for name in names}

    missing = [option for option in OPTIONS[page, of] if option not in named]

    assert missing == []


def test_every_style_of_the_query_is_in_its_table() -> None:
    """The first column of the page's table has each style as code."""
    cells = _FIRST_CELLS.findall((_REFERENCE / "parameters.md").read_text(encoding="utf-8"))

    assert [style for style in typing.get_args(QueryStyle) if not any(f'`"{style}"`' in one for one in cells)] == []
