"""What ``framework dev`` adds to an application: pages that reload, and a page for each unhandled exception.

It is a middleware of aiohttp around everything else. Nothing imports it but the child processes of ``framework dev``:
an app that another server serves does not have it, whatever a client sends.
"""

import asyncio
import ipaddress
import json
import logging
import secrets
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import hdrs, web
from multidict import CIMultiDict, CIMultiDictProxy

from framework._serve.aiohttp_names import replace_headers
from framework._serve.errors import report_rest
from framework._serve.native_errors import is_of_controller
from framework.app import App
from framework.cli.dev.exceptions import describe_exception, hidden_texts
from framework.cli.dev.messages import Failure
from framework.cli.dev.pages import exception_page, failure_page
from framework.cli.dev.policies import allow_script
from framework.cli.dev.script import inserted, is_document, new_nonce, script_of
from framework.cli.dev.statements import Recorded, recording
from framework.responses import FileResponse, Response

__all__ = ("OWN", "Development", "failure_application", "page_response")

OWN = "/__framework__/"
"""The reserved path."""
_LOGGER = logging.getLogger("framework")
_PULSE = 15.0
"""Seconds between comments in a stream, so that connections that are gone are noticed."""
_ASKS_AGAIN = ("Accept-Encoding", "If-None-Match", "If-Modified-Since", "Range", "If-Range")
_VALIDATORS = (hdrs.ETAG, hdrs.LAST_MODIFIED, hdrs.CONTENT_LENGTH, hdrs.ACCEPT_RANGES)
_POLICIES = ("Content-Security-Policy", "Content-Security-Policy-Report-Only")
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Development:
    """Adds the script to pages, serves its event stream, and shows unhandled exceptions."""

    def __init__(self, host: str, app: App | None = None, failure: Failure | None = None) -> None:
        self._version = secrets.token_hex(8)
        """What a page compares to see whether the app has changed; it differs after a restart, too."""
        self._hosts = {host.lower(), "localhost", socket.gethostname().lower(), f"{socket.gethostname().lower()}.local"}
        self._app = app
        self._failure = failure
        """Why newer code cannot be served."""
        self._streams: set[asyncio.Queue[tuple[str, Any] | None]] = set()

    def install(self, application: web.Application) -> None:
        """Add it to an application that is not served yet."""
        application.middlewares.insert(0, self._middleware())
        application.on_shutdown.append(self._end_streams)

    def report(self, failure: Failure) -> None:
        """Show in all pages that are open why newer code cannot be served."""
        self._failure = failure
        for stream in self._streams:
            stream.put_nowait(("broken", _shown(failure)))

    def script(self, nonce: str) -> str:
        """Return the script element of a page."""
        return script_of(self._version, nonce)

    def _middleware(self) -> Any:
        @web.middleware
        async def develop(request: web.Request, handler: _Handler) -> web.StreamResponse:
            if request.path.startswith(OWN):
                return await self._respond(request)
            if not self.shows_pages(request):
                return await handler(request)
            _ask_plainly(request)
            with recording(hidden_texts(request)) as recorded:
                try:
                    response = await handler(request)
                except web.HTTPException:
                    raise
                except Exception as error:
                    if request.writer.output_size:
                        # A page would be written into the middle of the response that has begun.
                        raise
                    return self._exception_page(request, error, recorded)
            return await self._with_script(request, response)

        return develop

    def shows_pages(self, request: web.Request) -> bool:
        """Return whether the client of a request is a browser that may see the pages of development."""
        return "text/html" in request.headers.get(hdrs.ACCEPT, "") and self.trusts(request)

    def trusts(self, request: web.Request) -> bool:
        """Return whether the host of a request is this machine.

        A page of another site can send requests here under its own name (DNS rebinding).
        """
        name = request.host.rpartition(":")[0] if request.host[-1:] != "]" else request.host
        name = (name or request.host).strip("[]").lower()
        if name in self._hosts or name.endswith(".localhost"):
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        if not self.trusts(request):
            return Response("Not found", status=404)
        if request.path == f"{OWN}events":
            return await self._stream(request)
        if request.path == f"{OWN}error" and self._failure is not None:
            nonce = new_nonce()
            return page_response(failure_page(self._failure, nonce, self.script(nonce)), 200, nonce)
        return Response("Not found", status=404)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        headers = {hdrs.CONTENT_TYPE: "text/event-stream", hdrs.CACHE_CONTROL: "no-store"}
        stream = web.StreamResponse(headers=headers)
        await stream.prepare(request)
        queue: asyncio.Queue[tuple[str, Any] | None] = asyncio.Queue()
        self._streams.add(queue)
        try:
            await stream.write(_event("hello", self._version, retry=True))
            if self._failure is not None:
                await stream.write(_event("broken", _shown(self._failure)))
            await _send_events(stream, queue)
        except ConnectionError:
            # The page is closed.
            pass
        finally:
            self._streams.discard(queue)
        return stream

    async def _end_streams(self, _: web.Application) -> None:
        for stream in self._streams:
            stream.put_nowait(None)

    def _exception_page(self, request: web.Request, error: Exception, recorded: Recorded) -> web.StreamResponse:
        """Log an exception, and return its page."""
        if is_of_controller(request):
            report_rest(request)
        else:
            _LOGGER.error("%s %s failed", request.method, request.rel_url.raw_path, exc_info=error)
        nonce = new_nonce()
        described = describe_exception(request, error, self._app, recorded)
        page = exception_page(described, nonce, self.script(nonce))
        response = page_response(page, 500, nonce)
        # Observers see the exception.
        vars(response)["_ended_by"] = error
        return response

    async def _with_script(self, request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
        """Return a page with the script; other responses unchanged."""
        if response.content_type != "text/html" or response.prepared or hdrs.CONTENT_DISPOSITION in response.headers:
            return response
        if isinstance(response, FileResponse | web.FileResponse):
            response = await _read(response)
        body = getattr(response, "body", None)
        if not isinstance(response, web.Response) or not isinstance(body, bytes) or not is_document(request, body):
            return response
        if hdrs.CONTENT_ENCODING in response.headers or (response.charset or "utf-8").startswith("utf-16"):
            return response
        nonce = new_nonce()
        for name in _POLICIES:
            policies = response.headers.popall(name, [])
            for policy in policies:
                allowed, nonce = allow_script(policy, nonce)
                response.headers.add(name, allowed)
        response.body = inserted(body, self.script(nonce))
        for name in _VALIDATORS:
            response.headers.popall(name, None)
        response.headers[hdrs.CACHE_CONTROL] = "no-store"
        return response


def failure_application(failure: Failure, development: Development) -> web.Application:
    """Return an application that responds to every request with the page of an error."""

    async def show(request: web.Request) -> web.StreamResponse:
        if not development.shows_pages(request):
            return _problem(request, failure if development.trusts(request) else None)
        nonce = new_nonce()
        return page_response(failure_page(failure, nonce, development.script(nonce)), 500, nonce)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", show)
    development.install(application)
    return application


def page_response(page: str, status: int, nonce: str) -> web.Response:
    """Return a page of development, which may load nothing but its own style and script."""
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    headers = {
        hdrs.CACHE_CONTROL: "no-store",
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
    return web.Response(text=page, status=status, content_type="text/html", charset="utf-8", headers=headers)


def _problem(request: web.Request, failure: Failure | None) -> web.Response:
    problem: dict[str, Any] = {"type": "about:blank", "title": "Internal Server Error", "status": 500}
    if failure is not None:
        problem["detail"] = failure.title
        problem["errors"] = [{"detail": one.message, "hint": one.hint} for one in failure.entries]
    problem["instance"] = request.rel_url.raw_path
    text = json.dumps(problem)
    headers = {hdrs.CACHE_CONTROL: "no-store"}
    return web.Response(text=text, status=500, content_type="application/problem+json", headers=headers)


def _ask_plainly(request: web.Request) -> None:
    """Let the app see a request for the whole page, uncompressed: the script changes it."""
    headers = CIMultiDict(request.headers)
    for name in _ASKS_AGAIN:
        headers.popall(name, None)
    replace_headers(request, CIMultiDictProxy(headers))


async def _read(response: Any) -> web.StreamResponse:
    """Return the response of a file with its content, so that the script can be added."""
    path = Path(response._path)  # noqa: SLF001  both classes have it, and no public name for it
    try:
        data = await asyncio.to_thread(path.read_bytes)
    except OSError:
        # The response of the file reports it.
        return response  # type: ignore[no-any-return]  # as it was given
    made = Response(data, status=response.status)
    made.headers.clear()
    made.headers.extend((name, value) for name, value in response.headers.items() if name not in _VALIDATORS)
    for name, cookie in response.cookies.items():
        made.cookies[name] = cookie
    return made


async def _send_events(stream: web.StreamResponse, queue: "asyncio.Queue[tuple[str, Any] | None]") -> None:
    while True:
        try:
            event = await asyncio.wait_for(queue.get(), _PULSE)
        except TimeoutError:
            await stream.write(b": still here\n\n")
            continue
        if event is None:
            return
        await stream.write(_event(*event))


def _event(kind: str, data: Any, *, retry: bool = False) -> bytes:
    begin = "retry: 100\n" if retry else ""
    return f"{begin}event: {kind}\ndata: {json.dumps(data)}\n\n".encode()


def _shown(failure: Failure) -> dict[str, Any]:
    """Return what the banner of a page shows."""
    return {
        "title": failure.title,
        "errors": [one.message + (f"\n  Hint: {one.hint}." if one.hint else "") for one in failure.entries],
        "page": f"{OWN}error",
    }
