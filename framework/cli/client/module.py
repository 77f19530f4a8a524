"""Writes the module of a client."""

from collections.abc import Iterator

from framework.cli.client.methods import write_method
from framework.cli.client.models import Models, docstring
from framework.cli.client.naming import class_name, unique_names
from framework.cli.client.operations import Operation, read_operations
from framework.cli.client.runtime import RUNTIME
from framework.cli.diff.changes import Document

__all__ = ("python_client",)

_IMPORTS = """\
from __future__ import annotations

{standard}

import aiohttp
import msgspec
import msgspec.msgpack
import msgspec.structs
from msgspec import UNSET, UnsetType
from yarl import URL

_T = TypeVar("_T")
"""

_CLIENT = '''\
class Client:
    """Sends requests; the session is the caller's, who closes it.

    Every method raises ProblemError for an answer that is an error, and what aiohttp raises where there is none.
    Credentials in headers and cookies are the session's; ``query`` goes with every request, a key for example.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base_url: str{default},
        *,
        query: Mapping[str, str] | None = None,
    ) -> None:
        self._session = session
        self._base_url = base_url.rstrip("/")
        self._query = tuple((query or {}).items())

    async def _send(self, method: str, path: str, **words: Any) -> _Answer:
        async with self._open(method, path, **words) as response:
            return _Answer(response.status, await response.read(), response.content_type)

    async def _stream(self, read: Any, kind: Any, method: str, path: str, **words: Any) -> AsyncIterator[Any]:
        # A stream may have no end.
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=30)
        async with self._open(method, path, timeout=timeout, **words) as response:
            async for one in read(response, kind):
                yield one

    @asynccontextmanager
    async def _open(
        self,
        method: str,
        path: str,
        *,
        query: Sequence[tuple[str, Any]] = (),
        headers: Mapping[str, Any] | None = None,
        cookies: Mapping[str, Any] | None = None,
        accept: str | None = None,
        body: Any = UNSET,
        content_type: str | None = None,
        parts: Sequence[str] = (),
        timeout: aiohttp.ClientTimeout | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        sent = {name: _text(value) for name, value in (headers or {}).items() if value is not None}
        if accept is not None:
            sent["Accept"] = accept
        data: Any = None
        if content_type is not None and body is not UNSET:
            data = _encoded(body, content_type, parts)
            if not isinstance(data, aiohttp.FormData):
                sent["Content-Type"] = content_type
        pairs = _pairs([*self._query, *query])
        url = URL(f"{self._base_url}{path}" + (f"?{urlencode(pairs)}" if pairs else ""), encoded=True)
        crumbs = {name: _text(value) for name, value in (cookies or {}).items() if value is not None}
        async with self._session.request(
            method, url, headers=sent, cookies=crumbs or None, data=data, timeout=timeout or self._session.timeout
        ) as response:
            if response.status >= 400:
                answer = _Answer(response.status, await response.read(), response.content_type)
                raise ProblemError(answer.status, answer.body, _problem_in(answer))
            yield response
'''


def python_client(document: Document) -> str:
    """Return the source of a module with a typed client for a document.

    The module requires aiohttp and msgspec, and is formatted and strictly typed. The same document gives the same
    source.
    """
    schemas = document.get("components", {}).get("schemas", {})
    names = unique_names((key, class_name(key)) for key in schemas)
    models = Models(document, names)
    operations = list(read_operations(document, names, models))
    classes = [*models.classes(), *(one.model for one in operations if one.model is not None)]
    aliases = "\n".join(models.aliases())
    client = "\n".join([_CLIENT.replace("{default}", _base_url(document)), *_methods(operations)])
    body = "\n\n\n".join(one.strip("\n") for one in (*classes, aliases, RUNTIME, client) if one)
    return f"{_head(document)}\n{_imports(body)}\n\n{body}\n"


def _head(document: Document) -> str:
    info = document.get("info", {})
    text = f"A client of {info.get('title', 'an API')} {info.get('version', '')}".strip()
    note = "Written from the OpenAPI document by `framework client python`: write it anew instead of editing it."
    # Linters of the user skip the module; formatters do not change it.
    return "\n".join([*docstring(f"{text}.\n\n{note}", ""), "# ruff: noqa"]) + "\n"


def _base_url(document: Document) -> str:
    servers = document.get("servers", [])
    url = servers[0].get("url", "") if servers else ""
    return f' = "{url}"' if url.startswith("http") and "{" not in url else ""


def _imports(body: str) -> str:
    lines = ["import datetime"] if "datetime." in body else []
    lines.append("from collections.abc import AsyncIterator, Iterable, Mapping, Sequence")
    lines.append("from contextlib import asynccontextmanager")
    lines += ["from decimal import Decimal"] if "Decimal" in body else []
    typing = [
        one
        for one in ("Any", "Generic", "Literal", "NamedTuple", "TypeAlias", "TypeVar")
        if one == "TypeVar" or one in body
    ]
    lines.append(f"from typing import {', '.join(typing)}")
    lines.append("from urllib.parse import quote, urlencode")
    lines += ["from uuid import UUID"] if "UUID" in body else []
    return _IMPORTS.format(standard="\n".join(lines))


def _methods(operations: list[Operation]) -> Iterator[str]:
    for one in operations:
        yield f"{write_method(one)}\n"
