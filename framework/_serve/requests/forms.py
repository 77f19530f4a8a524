"""Forms: urlencoded and multipart bodies as names with strings, files and parts, for the declared parameters."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from aiohttp import hdrs, web
from msgspec import Struct

from framework._plan import Carrier, ParameterPlan, Source
from framework._serve.requests.accepting import Check, make_type_check
from framework._serve.requests.arrival import Arrival, arrived_body, read_body
from framework._serve.requests.form_errors import EncodedPart, broken_form, too_large_part, too_many_parts
from framework._serve.requests.head import parse_query
from framework._serve.requests.multipart import MULTIPART, Part, Parts
from framework._serve.requests.uploads import Spool, UploadFile
from framework.limits import DEFAULT_LIMITS, Limits

__all__ = ("URLENCODED", "FormData", "FormReader", "close_files", "finish_files", "finish_files_later", "read_field")

URLENCODED = "application/x-www-form-urlencoded"


FormData: TypeAlias = dict[str, Any]
"""By name: a string, an UploadFile or an EncodedPart, or a list of them for a repeated name."""


class FormReader(Struct, frozen=True, kw_only=True):
    """Reads the forms of one route: ``await reader.read(request)``."""

    check: Check
    limits: Limits
    carriers: Mapping[str, Carrier]
    """By name; undeclared names are dropped, unless a model rejects them."""
    keeps_unknown: bool

    @classmethod
    def make(cls, parameters: Sequence[ParameterPlan], media_types: Sequence[str], limits: Limits) -> "FormReader":
        """Return the reader for the parameters of a route."""
        fields = [one for plan in parameters if plan.source is Source.FORM for one in plan.fields]
        return cls(
            check=make_type_check(media_types, limits.body, as_utf8=(URLENCODED,)),
            limits=limits,
            carriers={one.name: one.carrier for one in fields},
            keeps_unknown=any(one.forbid_unknown for one in parameters if one.source is Source.FORM),
        )

    async def read(self, request: web.Request) -> FormData:
        """Return the form; an empty body is an empty form.

        Raises UnsupportedMediaType, ContentTooLarge, RequestTimeout and BadRequest.
        """
        if self.check(request) == MULTIPART:
            return await self._read_parts(request)
        data = arrived_body(request, self.limits)
        if data is None:
            data = await read_body(request, self.limits)
        return parse_urlencoded(data, self.limits) if data else {}

    async def _read_parts(self, request: web.Request) -> FormData:
        parts = Parts(Arrival(request, self.limits), request.headers[hdrs.CONTENT_TYPE], self.limits)
        form: FormData = {}
        spool = Spool()
        opened: list[UploadFile] = []
        try:
            while (part := await parts.next()) is not None:
                value = await self._value(part, spool, opened)
                if value is not None:
                    _add(form, part.name, value)
        except BaseException:
            for file in opened:
                file.discard()
            raise
        return form

    async def _value(self, part: Part, spool: Spool, opened: list[UploadFile]) -> Any:
        """Read a part into the type of its field; ``None`` for a part that is dropped."""
        carrier = self.carriers.get(part.name)
        if carrier is Carrier.PART:
            return EncodedPart(await part.read(), part.given_type)
        if part.filename is None:
            return None if carrier is None and not self.keeps_unknown else await part.text()
        if carrier is not Carrier.FILE:
            # The error reports what was sent; the content is not used.
            return None if carrier is None and not self.keeps_unknown else UploadFile(part.filename, part.headers)
        file = UploadFile(part.filename, part.headers, spool)
        opened.append(file)
        async for chunk in part:
            await file.write(chunk)
        if part.is_empty_file and not file.size:
            return None
        await file.finish()
        return file


async def read_field(request: web.Request, name: str, *, limit: int = 1_048_576) -> str | None:
    """Return a field of a form before the handler reads it, ``None`` if there is none, or several.

    The whole body is read and kept for the handler, up to ``limit`` bytes; a body that is not a form is not read.
    Raises ContentTooLarge, RequestTimeout, and BadRequest for a broken form.
    """
    limits = Limits(body=limit).within(DEFAULT_LIMITS)
    if request.content_type not in {URLENCODED, MULTIPART}:
        return None
    check = make_type_check((URLENCODED, MULTIPART), limit, as_utf8=(URLENCODED,))
    check(request)
    await read_body(request, limits)
    reader = FormReader(check=check, limits=limits, carriers={name: Carrier.TEXT}, keeps_unknown=False)
    found = (await reader.read(request)).get(name)
    return found if isinstance(found, str) else None


def _add(form: FormData, name: str, value: Any) -> None:
    known = form.get(name)
    if known is None:
        form[name] = value
    elif isinstance(known, list):
        known.append(value)
    else:
        form[name] = [known, value]


def close_files(form: FormData) -> None:
    """Close and delete all files of a form."""
    for value in form.values():
        for one in value if isinstance(value, list) else (value,):
            if isinstance(one, UploadFile):
                one.discard()


async def finish_files(form: FormData, _: BaseException | None) -> None:
    """Close the files of a form as a cleanup of the request."""
    close_files(form)


async def finish_files_later(form: FormData, error: BaseException | None) -> None:
    """Close the files of a form after the task of its request: the response may read them while it is sent."""
    task = asyncio.current_task()
    if error is not None or task is None:
        close_files(form)
    else:
        task.add_done_callback(lambda _: close_files(form))


def parse_urlencoded(data: bytes, limits: Limits) -> FormData:
    """Split an urlencoded body (WHATWG URL, section 5.1) into names and strings; raises ContentTooLarge, BadRequest."""
    if data.count(b"&") >= limits.parts:
        raise too_many_parts(limits.parts)
    try:
        form: FormData = parse_query(data.decode())
    except UnicodeDecodeError:
        raise broken_form("Not valid UTF-8") from None
    if len(data) > limits.field:
        _check_sizes(form, limits.field)
    return form


def _check_sizes(form: FormData, limit: int) -> None:
    for name, value in form.items():
        for one in value if isinstance(value, list) else (value,):
            if len(one) > limit or len(one.encode()) > limit:
                raise too_large_part(name, limit, is_file=False)
