"""Makes the page of all options, for tools/build_docs.py, of the tables of options that the pages in docs/ have."""

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, is_typeddict

from msgspec import Struct

PAGE = "reference/options.md"
_HEAD = """# All options

After this page you can look up every option of the decorators and classes that you declare an application with: its
default and its meaning. The page is made of tables of the pages that are linked below each heading."""
_HEADER = "| option | default | meaning |\n|---|---|---|"
_COLUMNS = 3
_CELLS = re.compile(r"(?<!\\)\|")
_NAME = re.compile(r"\b(\w+)=|`(\w+)`")
_LINK = re.compile(r"\]\((?!https?:)([^)]+)\)")

# What has options, in the order of the page: its heading, the object, and the pages of docs/reference/ with its tables.
PLACES: Mapping[str, Sequence[tuple[str, str, str]]] = {
    "Application": [
        ("App", "framework.App", "settings.md"),
        ("Limits", "framework.Limits", "settings.md"),
        ("OpenAPI", "framework.OpenAPI", "openapi.md"),
        ("Router", "framework.Router", "routing.md"),
        ("Controller", "framework.Controller", "routing.md"),
        ("StaticFiles", "framework.static.StaticFiles", "files.md"),
        ("Health", "framework.health.Health", "../how-to/health.md"),
        ("Templates", "framework.templating.Templates", "templating.md"),
        ("ASGIApp", "framework.asgi.ASGIApp", "../how-to/asgi.md"),
        ("Mount", "framework.asgi.Mount", "../how-to/asgi.md"),
        ("Periodic", "framework.Periodic", "background.md"),
        ("CustomType", "framework.types.CustomType", "types.md"),
        ("read_settings", "framework.settings.read_settings", "../how-to/settings.md"),
    ],
    "Routes": [
        ("route decorators", "framework.routing.RouteOptions", "routing.md"),
        ("websocket", "framework.routing.SocketOptions", "websockets.md"),
        ("CacheControl", "framework.caching.CacheControl", "caching.md"),
        ("Deprecation", "framework.Deprecation", "../how-to/version-an-api.md"),
        ("Callback", "framework.openapi.Callback", "openapi.md"),
        ("Webhook", "framework.openapi.Webhook", "openapi.md"),
        ("handles", "framework.openapi.handles", "layers.md"),
    ],
    "Parameters": [
        *((name, f"framework.{name}", "parameters.md") for name in ("Path", "Query", "Header", "Cookie", "File")),
        ("Body", "framework.Body", "bodies.md"),
        ("Form", "framework.Form", "bodies.md"),
        ("Paging", "framework.pagination.Paging", "pagination.md"),
        ("CursorPaging", "framework.pagination.CursorPaging", "pagination.md"),
    ],
    "Responses": [
        ("Response", "framework.Response", "responses.md"),
        ("FileResponse", "framework.responses.FileResponse", "files.md"),
        ("Event", "framework.Event", "streams.md"),
    ],
    "Middlewares": [
        ("ProxyHeaders", "framework.middleware.ProxyHeaders", "middleware/proxy-headers.md"),
        ("RequestID", "framework.middleware.RequestID", "middleware/request-id.md"),
        ("TrustedHosts", "framework.middleware.TrustedHosts", "middleware/trusted-hosts.md"),
        ("HTTPSRedirect", "framework.middleware.HTTPSRedirect", "middleware/https-redirect.md"),
        ("SecurityHeaders", "framework.middleware.SecurityHeaders", "middleware/security-headers.md"),
        ("CORS", "framework.middleware.CORS", "middleware/cors.md"),
        ("Compression", "framework.middleware.Compression", "middleware/compression.md"),
        ("ConcurrencyLimit", "framework.middleware.ConcurrencyLimit", "middleware/concurrency-limit.md"),
        ("RateLimit", "framework.middleware.RateLimit", "middleware/rate-limit.md"),
        ("Sessions", "framework.middleware.Sessions", "middleware/sessions.md"),
        ("CSRF", "framework.middleware.CSRF", "middleware/csrf.md"),
        ("ResponseCache", "framework.middleware.ResponseCache", "middleware/response-cache.md"),
        ("Idempotency", "framework.middleware.Idempotency", "middleware/idempotency.md"),
        ("Steps", "framework.layers.Steps", "layers.md"),
    ],
    "Security": [
        *(
            (name, f"framework.security.{name}", "security.md")
            for name in ("Bearer", "Basic", "APIKey", "OAuth2", "OpenIdConnect")
        ),
        ("JWT", "framework.security.JWT", "security/jwt.md"),
        ("JWKS", "framework.security.JWKS", "security/jwt.md"),
        ("LoginThrottle", "framework.security.LoginThrottle", "security/login-throttle.md"),
        ("OpenIDLogin", "framework.security.OpenIDLogin", "security/openid-login.md"),
        ("PasswordHasher", "framework.security.PasswordHasher", "security/passwords.md"),
    ],
    "Events, jobs and stores": [
        ("Topic", "framework.channels.Topic", "channels.md"),
        ("Presence", "framework.channels.Presence", "channels.md"),
        ("ChannelSettings", "framework.channels.ChannelSettings", "channels.md"),
        ("job", "framework.jobs.JobOptions", "jobs.md"),
        ("JobSettings", "framework.jobs.JobSettings", "jobs.md"),
        ("MemoryStore", "framework.stores.MemoryStore", "stores.md"),
        ("RedisStore", "framework.stores.RedisStore", "stores.md"),
    ],
    "Telemetry": [
        ("AccessLog", "framework.telemetry.AccessLog", "access-log.md"),
        ("Metrics", "framework.telemetry.Metrics", "telemetry.md"),
        ("Tracing", "framework.telemetry.Tracing", "telemetry.md"),
        ("ErrorReports", "framework.telemetry.ErrorReports", "telemetry.md"),
        ("configure_logging", "framework.telemetry.configure_logging", "telemetry.md"),
    ],
}


class Option(NamedTuple):
    """A row of the page; empty if no table has it."""

    name: str
    default: str
    meaning: str


def page_of_options(docs: Path) -> str:
    """Return the page, in Markdown; ``docs`` is the folder of the other pages."""
    parts = [_HEAD]
    for group, places in PLACES.items():
        parts.append(f"## {group}")
        for title, path, page in places:
            rows = "\n".join(f"| `{one.name}` | {one.default} | {one.meaning} |" for one in rows_of(path, page, docs))
            parts.append(
                f"### {title}\n\nSee [{title}]({page}).\n\n| option | default | meaning |\n|---|---|---|\n{rows}"
            )
    return "\n\n".join(parts) + "\n"


def rows_of(path: str, page: str, docs: Path) -> list[Option]:
    """Return a row for each option of an object, as the tables of a page of the reference have it."""
    text = (docs / "reference" / page).read_text(encoding="utf-8")
    tables = sorted(_tables(text), key=lambda table: -len(table.keys() & set(options_of(path))))
    return [_row(name, tables, page) for name in options_of(path)]


def _row(name: str, tables: Sequence[Mapping[str, list[str]]], page: str) -> Option:
    _, default, meaning = next((table[name] for table in tables if name in table), ("", "", ""))
    return Option(name, _with_links(default, page) or "required", _with_links(meaning, page))


def _with_links(text: str, page: str) -> str:
    """Return a cell whose links lead from the page of options to where they lead from its own page."""
    folder = page.rpartition("/")[0]

    def moved(match: re.Match[str]) -> str:
        target = match[1]
        return f"]({page}{target})" if target.startswith("#") else f"]({folder}{'/' if folder else ''}{target})"

    return _LINK.sub(moved, text)


def _tables(text: str) -> Iterator[dict[str, list[str]]]:
    """Yield the cells of each table of options by the names in the first column."""
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        header, _, *rows = ([one.strip() for one in _CELLS.split(row.strip()[1:-1])] for row in table.splitlines())
        if len(header) == _COLUMNS and header[1].startswith("default"):
            yield {name: cells for cells in rows for pair in _NAME.findall(cells[0]) for name in pair if name}


def options_of(path: str) -> tuple[str, ...]:
    """Return the names of the options of a class, a function or a TypedDict."""
    module, _, name = path.rpartition(".")
    value: Any = getattr(import_module(module), name)
    if is_typeddict(value) or name == "Controller":
        return tuple(value.__annotations__)
    if isinstance(value, type) and issubclass(value, Struct):
        return value.__struct_fields__
    kept = inspect.signature(value.__init__ if isinstance(value, type) else value).parameters.values()
    return tuple(one.name for one in kept if one.name != "self" and one.kind is not one.VAR_KEYWORD)
