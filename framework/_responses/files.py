"""Files as answers: whole or in part, unless the client has them already."""

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.web_request import BaseRequest
from msgspec import Struct

from framework._responses.cookies import SetCookie
from framework._responses.disk import FileState, OpenedFile, open_part, state_of
from framework._responses.names import content_disposition, media_type_of
from framework._responses.ranges import UNSATISFIABLE, content_range, requested_range
from framework._responses.response import Response
from framework._responses.sending import send_file
from framework._responses.wire import header_lines
from framework.caching import CacheControl, evaluate, http_date
from framework.http_errors import HTTPError, PreconditionFailed, RangeNotSatisfiable, reason_phrase

__all__ = ("FileResponse",)


class FileResponse(Response[None]):
    """Send a file, by the kernel alone where there is no TLS, in parts for whoever asks (RFC 9110, section 14).

    The media type is guessed from the name unless given. With ``filename`` browsers save it under that name;
    ``inline=True`` lets them show it. A missing file is a 404. Whoever has this version gets 304, an ``If-Match`` that
    does not hold 412, a range behind the end 416; several ranges at once are answered with the whole file.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        media_type: str | None = None,
        filename: str | None = None,
        inline: bool = False,
        status: int | None = None,
        headers: Mapping[str, str] | Struct | None = None,
        cookies: Mapping[str, str] | Iterable[SetCookie] | None = None,
        cache_control: CacheControl | None = None,
    ) -> None:
        super().__init__(status=status, headers=headers, cookies=cookies, cache_control=cache_control)
        self._path = os.fspath(path)
        self.known: FileState | None = None
        """The state of the file, where somebody has just looked."""
        self._state_of_file: FileState | None = None
        self._part = range(0)
        if media_type is not None or hdrs.CONTENT_TYPE not in self.headers:
            self.headers[hdrs.CONTENT_TYPE] = media_type or media_type_of(filename or self._path)
        if filename is not None:
            self.headers[hdrs.CONTENT_DISPOSITION] = content_disposition(filename, inline=inline)

    def for_request(self, encode: Callable[[Any], bytes] | None, media_type: str | None, status: int) -> Self:  # noqa: ARG002  the body is the file's
        """Return itself, or a copy from the second time on, with the status of the route."""
        made = super().for_request(None, None, status)
        made._state_of_file = None  # noqa: SLF001  of the same class
        return made

    async def looked_at(self, request: BaseRequest, status: int) -> Self:
        """Return what a handler returned, with all that its head will say.

        Raises NotFound, PreconditionFailed and RangeNotSatisfiable.
        """
        made = self.for_request(None, None, status)
        await made.look(request, self.known)
        return made

    async def look(self, request: BaseRequest, state: FileState | None = None) -> None:
        """Decide what of the file is sent; raises HTTPErrors. ``state`` is that of the file, where it is known."""
        if state is None:
            state = await asyncio.to_thread(state_of, self._path)
        self._state_of_file = state
        headers = self.headers
        headers[hdrs.ETAG] = str(state.etag)
        headers[hdrs.LAST_MODIFIED] = http_date(state.moment)
        headers[hdrs.ACCEPT_RANGES] = "bytes"
        headers.popall(hdrs.CONTENT_RANGE, None)
        self._part = range(state.size)
        if self.status == 200:  # noqa: PLR2004
            self._decide(request, state)
        headers[hdrs.CONTENT_LENGTH] = str(len(self._part))

    def _decide(self, request: BaseRequest, state: FileState) -> None:
        status = evaluate(request.method, request.headers, state.etag, state.moment)
        if status == 412:  # noqa: PLR2004
            raise PreconditionFailed("The file is not in the state that the request names")
        if status == 304:  # noqa: PLR2004
            self._part = range(0)
            self.set_status(304, reason_phrase(304))
            for name in (hdrs.CONTENT_TYPE, hdrs.CONTENT_ENCODING, hdrs.CONTENT_DISPOSITION, hdrs.ACCEPT_RANGES):
                self.headers.popall(name, None)
            return
        part = requested_range(request, state.size, state.etag, state.moment)
        if part is UNSATISFIABLE:
            raise RangeNotSatisfiable(headers={hdrs.CONTENT_RANGE: f"bytes */{state.size}"})
        if part is not None:
            self._part = part
            self.set_status(206, reason_phrase(206))
            self.headers[hdrs.CONTENT_RANGE] = content_range(part, state.size)

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter | None:
        """Write the head, and the part of the file that was asked for."""
        if self._eof_sent or self._payload_writer is not None:
            return await super().prepare(request)
        try:
            if self._state_of_file is None:
                # No handler returned it, but a middleware or an exception handler.
                await self.look(request)
            if not self._part or request.method == hdrs.METH_HEAD:
                return await super().prepare(request)
            opened = await open_part(self._path, self._part)
            while opened.state != self._state_of_file:
                # It was replaced between the look and the opening: what the head promises would be another's.
                opened.close()
                self.set_status(200 if self.status == 206 else self.status)  # noqa: PLR2004
                await self.look(request, opened.state)
                opened = await open_part(self._path, self._part)
        except HTTPError as error:
            self._refuse_with(request, error)
            return await super().prepare(request)
        if opened.data is not None:
            self.body = opened.data
            return await super().prepare(request)
        return await self._send(request, opened)

    async def _send(self, request: BaseRequest, opened: OpenedFile) -> AbstractStreamWriter | None:
        try:
            self._answered = getattr(request, "_message", request)
            self._settle(request)
            if header_lines(self.headers, self._cookies) is None:
                self.refuse(request)
                return await super().prepare(request)
            writer = await web.StreamResponse.prepare(self, request)
            request.writer.send_headers()
            await send_file(request, opened.take(), self._part)
        finally:
            opened.close()
        await web.StreamResponse.write_eof(self)
        return writer

    def _refuse_with(self, request: BaseRequest, error: HTTPError) -> None:
        self._part = range(0)
        self.fail(request, error.status, error.detail)
        self.headers.extend(error.headers or {})
