"""Emits the choice of the media type, and how a handler's value becomes a response."""

import functools
from collections.abc import Sequence
from typing import Any

from aiohttp import hdrs
from multidict import istr

from framework._emit.layers import constant_of, varied_of
from framework._inspect.signatures import is_async
from framework._plan import Encoding, RoutePlan
from framework._serve.aiohttp_names import HEADERS
from framework._serve.conversion.output import Output
from framework._serve.errors import require_response
from framework._serve.files.response import FileResponse
from framework._serve.responses.completion import Completion
from framework._serve.responses.conditional import Revalidation, require_precondition, value_of
from framework._serve.responses.head import Head
from framework._serve.responses.header_lines import HeadsBy
from framework._serve.responses.negotiation import Choices
from framework._serve.responses.response import convert_value
from framework._serve.responses.value_headers import add_value_headers
from framework._source import Source
from framework.caching import Preconditions

__all__ = ("emit_negotiation", "emit_result")


def emit_negotiation(source: Source, plan: RoutePlan) -> None:
    """Emit the checks of Accept (406) and preconditions (428), before the request is read."""
    response = plan.response
    if plan.require_precondition:
        source.use(require_precondition=require_precondition)
        source.line("require_precondition(request)")
    if plan.takes_preconditions:
        source.use(Preconditions=functools.partial(Preconditions, headers=response.headers))
    if not response.media or not (response.strict or response.negotiated):
        return
    offers = [(one.media_type, _written(plan, one.encode, one.media_type)) for one in response.media]
    listed = [one.media_type for one in response.media if one.listed]
    source.use(
        CHOICES=Choices(offers, listed=listed, strict=response.strict), ACCEPT=hdrs.ACCEPT, join=",".join, NONE=()
    )
    # PERF: one look-up in the headers, and if there is a value, one in a dictionary; join() returns a single string
    # unchanged.
    source.line(f"accepts = {HEADERS}.getall(ACCEPT, NONE)")
    if response.negotiated:
        by = _request_headers(source, plan)
        source.use(FIRST=offers[0][1])
        source.line(f"encode, {'HEADS' if by else 'HEAD'} = CHOICES[join(accepts)] if accepts else FIRST")
        if by:
            source.line(f"HEAD = HEADS[{by}]")
    else:
        source.line("if accepts: CHOICES[join(accepts)]")


def emit_result(source: Source, plan: RoutePlan, target: str) -> None:
    response = plan.response
    if response.encoding is Encoding.PASS:
        source.use(require_response=require_response)
        source.line(f"require_response(result, {plan.label!r})")
        _emit_ready(source, plan)
        source.line(f"{target}result")
        return
    output = Output(response.annotation, plan.label, checks_all=plan.check_responses)
    source.outputs.append(output)
    checks = list(output.lines("result"))
    if response.encoding is Encoding.NONE:
        # PERF: cheaper than a check of the class.
        checks = ["if result is not None: as_annotated(result)"]
    if checks:
        source.use(**output.names())
    encode, head = response.media[0].encode if response.media else None, "HEAD"
    if not response.negotiated:
        if encode is not None:
            source.use(encode=encode)
        by = _request_headers(source, plan)
        heads = _heads(plan, response.media_type)
        source.use(HEADS=heads, HEAD=heads.plain if isinstance(heads, HeadsBy) else heads)
        head = f"HEADS[{by}]" if by else head
    made = f"EncodedResponse({'None' if encode is None else 'encode(result)'}, {head})"
    if response.value_headers:
        source.use(add_value_headers=add_value_headers)
        made = f"add_value_headers({made}, result, request)"
    if response.conditional or response.ranges:
        _emit_revalidated(source, plan, target, made, checks)
        return
    if not response.may_be_response:
        source.lines(checks)
        source.line(f"{target}{made}")
        return
    with source.block("if isinstance(result, StreamResponse):"):
        _emit_value_check(source, checks)
        _emit_ready(source, plan)
        source.line(f"{target}result")
    with source.block("else:"):
        source.lines(checks)
        source.line(f"{target}{made}")


def _emit_value_check(source: Source, checks: Sequence[str]) -> None:
    """Emit the check of the value in a response."""
    if checks:
        source.use(convert_value=convert_value)
        source.line("convert_value(result, as_annotated)")


_head = functools.lru_cache(maxsize=256)(Head)


def _heads(plan: RoutePlan, media_type: str | None) -> Head | HeadsBy:
    """Return the head of a route's responses, or a head for each value of the request headers that it depends on."""
    known = (plan.response.status, media_type, plan.response.headers, constant_of(plan.steps))
    varied = varied_of(plan.steps)
    if varied is None:
        return _head(*known)
    # A separate head, because others do not vary.
    return HeadsBy(Head(*known), [choose for one in plan.steps for choose in one.steps.headers_by.values()], varied)


def _request_headers(source: Source, plan: RoutePlan) -> str:
    """Return the expression by which a head is chosen: the value of a request header, or a tuple of several."""
    names = [name for one in plan.steps for name in one.steps.headers_by]
    source.use(join_lines="\n".join, NONE=(), **{f"BY_{at}": istr(name) for at, name in enumerate(names)})
    # PERF: join() returns a single string unchanged.
    values = [f"join_lines({HEADERS}.getall(BY_{at}, NONE))" for at in range(len(names))]
    return values[0] if len(values) == 1 else f"({', '.join(values)})" if values else ""


def _written(plan: RoutePlan, encode: Any, media_type: str) -> tuple[Any, Head | HeadsBy]:
    return encode, _heads(plan, media_type)


def _emit_ready(source: Source, plan: RoutePlan) -> None:
    """Emit the lines that complete a response of the handler itself."""
    response = plan.response
    encode = "encode" if response.media else "None"
    fixed = response.negotiated or response.headers
    if response.may_be_file:
        source.use(FileResponse=FileResponse)
        with source.block("if isinstance(result, FileResponse):"):
            source.line(f"result = await result.looked_at(request, {response.status})")
    if fixed:
        source.use(complete=Completion(response))
        head = "HEAD" if response.media else "None"
        source.line(f"result = complete(result, {encode}, {head})")
    else:
        with source.block(f"{'el' if response.may_be_file else ''}if isinstance(result, Response):"):
            source.line(f"result = result.for_request({encode}, {response.media_type!r}, {response.status})")
    if response.value_headers:
        source.use(add_value_headers=add_value_headers)
        source.line("add_value_headers(result, getattr(result, 'value', None), request)")


def _emit_revalidated(source: Source, plan: RoutePlan, target: str, made: str, checks: Sequence[str]) -> None:
    """Emit the response of a route with conditional or range requests."""
    response = plan.response
    if checks and response.may_be_response:
        with source.block("if isinstance(result, StreamResponse):"):
            _emit_value_check(source, checks)
        with source.block("else:"):
            source.lines(checks)
    else:
        source.lines(checks)
    source.use(revalidate=Revalidation(response))
    source.line("value = result")
    if response.may_be_response:
        source.use(value_of=value_of)
        source.line("value = value_of(result)")
    for name, function in (("etag", response.etag), ("modified", response.last_modified)):
        if not callable(function):
            source.line(f"{name} = None")
            continue
        source.use(**{f"{name}_of": function})
        source.line(f"{name} = {'await ' if is_async(function) else ''}{name}_of(value)")
    if response.may_be_response:
        with source.block("if isinstance(result, StreamResponse):"):
            _emit_ready(source, plan)
        with source.block("else:"):
            source.line(f"result = {made}")
    else:
        source.line(f"result = {made}")
    source.line(f"{target}revalidate(request, result, etag, modified)")
