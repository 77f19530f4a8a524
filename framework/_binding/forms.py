"""Forms: urlencoded and multipart bodies as names with texts, files and parts, for what the route declares."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from aiohttp import hdrs, web
from msgspec import Struct

from framework._binding.accepting import Check, make_type_check
from framework._binding.arrival import Arrival, arrived_body, read_body
from framework._binding.form_errors import EncodedPart, broken_form, too_large_part, too_many_parts
from framework._binding.multipart import MULTIPART, Part, Parts
from framework._binding.reading import parse_query
from framework._binding.uploads import Spool, UploadFile
from framework._plan import Carrier, ParameterPlan, Source
from framework.limits import Limits

__all__ = ("URLENCODED", "FormData", "FormReader", "close_files", "finish_files", "finish_files_later")

URLENCODED = "application/x-www-form-urlencoded"


FormData: TypeAlias = dict[str, Any]
"""By name: a text, an UploadFile or an EncodedPart, or a list of them where the name came more than once."""


class FormReader(Struct, frozen=True, kw_only=True):
    """Reads the forms of one route: ``await reader.read(request)``."""

    check: Check
    limits: Limits
    carriers: Mapping[str, Carrier]
    """By name; what is not declared is dropped, unless a model refuses it."""
    keeps_unknown: bool

    @classmethod
    def make(cls, parameters: Sequence[ParameterPlan], media_types: Sequence[str], limits: Limits) -> "FormReader":
        """Make the reader for the parameters of a route."""
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
        """Read a part into what its field is declared to be; ``None`` for what is not wanted."""
        carrier = self.carriers.get(part.name)
        if carrier is Carrier.PART:
            return EncodedPart(await part.read(), part.given_type)
        if part.filename is None:
            return None if carrier is None and not self.keeps_unknown else await part.text()
        if carrier is not Carrier.FILE:
            # The fault that it is says what was sent; its content is of no interest.
            return None if carrier is None and not self.keeps_unknown else UploadFile(part.filename, part.headers)
        file = UploadFile(part.filename, part.headers, spool)
        opened.append(file)
        async for chunk in part:
            await file.write(chunk)
        if part.is_empty_file and not file.size:
            return None
        await file.finish()
        return file


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
    """Close the files of a form as services are closed."""
    close_files(form)


async def finish_files_later(form: FormData, error: BaseException | None) -> None:
    """Close the files of a form when the task of its request has ended: the response may read them while it is sent."""
    task = asyncio.current_task()
    if error is not None or task is None:
        close_files(form)
    else:
        task.add_done_callback(lambda _: close_files(form))


def parse_urlencoded(data: bytes, limits: Limits) -> FormData:
    """Part an urlencoded body (WHATWG URL, section 5.1) into names and texts; raises ContentTooLarge, BadRequest."""
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
