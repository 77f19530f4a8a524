"""Files as responses: whole or in part, or 304 if the client has the current version."""

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self, Unpack

from aiohttp import HttpVersion11, hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.web_request import BaseRequest
from msgspec import Struct

from framework._inspect.calls import NoOptions, refuse_options
from framework._serve.files.disk import FileState, OpenedFile, open_part, state_of
from framework._serve.files.names import content_disposition, media_type_of
from framework._serve.files.sending import send_coded_file, send_file
from framework._serve.responses.coder import Coder
from framework._serve.responses.cookies import SetCookie
from framework._serve.responses.ranges import UNSATISFIABLE, content_range, requested_range
from framework._serve.responses.response import Response
from framework._serve.responses.wire import header_lines
from framework.caching import CacheControl, evaluate, http_date
from framework.http_errors import HTTPError, PreconditionFailed, RangeNotSatisfiable, reason_phrase

__all__ = ("FileResponse",)


class FileResponse(Response[None]):
    """Send a file, with sendfile() if there is no TLS, also in parts (RFC 9110, section 14).

    The media type is guessed from the name unless given. With ``filename`` browsers save it under that name;
    ``inline=True`` lets them show it. A missing file is a 404. A client that has this version gets 304, a failed
    ``If-Match`` is a 412, a range behind the end 416; for several ranges, the whole file is sent.
    """

    __module__ = "framework.responses"

    ready = True

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
        **unknown: Unpack[NoOptions],
    ) -> None:
        if unknown:
            refuse_options(unknown, "FileResponse", FileResponse.__init__)
        super().__init__(status=status, headers=headers, cookies=cookies, cache_control=cache_control)
        self._path = os.fspath(path)
        self.known: FileState | None = None
        """The state of the file, if it was just read."""
        self._state_of_file: FileState | None = None
        self._part = range(0)
        self._make_coder: Callable[[], Coder] | None = None
        if media_type is not None or hdrs.CONTENT_TYPE not in self.headers:
            self.headers[hdrs.CONTENT_TYPE] = media_type or media_type_of(filename or self._path)
        if filename is not None:
            self.headers[hdrs.CONTENT_DISPOSITION] = content_disposition(filename, inline=inline)

    def for_request(self, encode: Callable[[Any], bytes] | None, media_type: str | None, status: int) -> Self:  # noqa: ARG002  the body is the file's
        """Return itself, or a copy from the second request on, with the status of the route."""
        made = super().for_request(None, None, status)
        made._state_of_file = made._make_coder = None  # noqa: SLF001  of the same class
        return made

    async def looked_at(self, request: BaseRequest, status: int) -> Self:
        """Return a handler's response with its complete head.

        Raises NotFound, PreconditionFailed and RangeNotSatisfiable.
        """
        made = self.for_request(None, None, status)
        await made.look(request, self.known)
        return made

    async def look(self, request: BaseRequest, state: FileState | None = None) -> None:
        """Decide which part of the file is sent; raises HTTPErrors. ``state`` is that of the file, if it is known."""
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

    def code_with(self, make: Callable[[], Coder], minimum_size: int) -> bool:
        """Encode the file in a coding if all of it is sent and it is large enough; return whether that is so."""
        is_whole = self._state_of_file is not None and hdrs.CONTENT_RANGE not in self.headers
        if is_whole and len(self._part) >= max(minimum_size, 1):
            self._make_coder = make
        return self._make_coder is not None

    def _uncode(self, state: FileState) -> None:
        self._make_coder = None
        self.headers.popall(hdrs.CONTENT_ENCODING, None)
        self.headers[hdrs.ETAG] = str(state.etag)

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter | None:
        """Write the head, and the requested part of the file."""
        if self._eof_sent or self._payload_writer is not None:
            return await super().prepare(request)
        try:
            if self._state_of_file is None:
                # The response comes from a middleware or an exception handler, not from a handler.
                await self.look(request)
            if not self._part or request.method == hdrs.METH_HEAD:
                return await super().prepare(request)
            opened = await open_part(self._path, self._part)
            while opened.state != self._state_of_file:
                # The file was replaced after it was checked: the head would not match it.
                opened.close()
                if self._make_coder is not None:
                    self._uncode(opened.state)
                self.set_status(200 if self.status == 206 else self.status)  # noqa: PLR2004
                await self.look(request, opened.state)
                opened = await open_part(self._path, self._part)
        except HTTPError as error:
            self._refuse_with(request, error)
            return await super().prepare(request)
        if self._make_coder is not None and request.version < HttpVersion11 and opened.data is None:
            # The end of a coded body is only known with chunks, which HTTP/1.0 does not have.
            self._uncode(opened.state)
            self.headers[hdrs.CONTENT_LENGTH] = str(len(self._part))
        if opened.data is not None:
            self.body = opened.data if self._make_coder is None else _coded(opened.data, self._make_coder())
            return await super().prepare(request)
        return await self._send(request, opened)

    async def _send(self, request: BaseRequest, opened: OpenedFile) -> AbstractStreamWriter | None:
        try:
            self._answered = getattr(request, "_message", request)
            self._settle(request)
            if header_lines(self.headers, self._cookies) is None:
                self.refuse(request)
                return await super().prepare(request)
            make_coder = self._make_coder
            if make_coder is not None:
                self.enable_chunked_encoding()
            writer = await web.StreamResponse.prepare(self, request)
            request.writer.send_headers()
            if make_coder is None:
                await send_file(request, opened.take(), self._part)
            else:
                await send_coded_file(request, opened.take(), self._part, make_coder())
        finally:
            opened.close()
        await web.StreamResponse.write_eof(self)
        return writer

    def _refuse_with(self, request: BaseRequest, error: HTTPError) -> None:
        self._part = range(0)
        self.fail(request, error.status, error.detail)
        self.headers.extend(error.headers or {})


def _coded(data: bytes, coder: Coder) -> bytes:
    return coder.code(data) + coder.finish()
