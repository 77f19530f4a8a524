"""Emits which answer the client wants, and how a handler's value becomes a response."""

import functools
from collections.abc import Sequence
from typing import Any

from aiohttp import hdrs

from framework._compiler.source import Source
from framework._inspect.signatures import is_async
from framework._pipeline import require_response
from framework._plan import Encoding, ResponsePlan, RoutePlan
from framework._private import HEADERS
from framework._responses.completion import Completion
from framework._responses.conditional import Revalidation, require_precondition, value_of
from framework._responses.encoded import Head
from framework._responses.files import FileResponse
from framework._responses.negotiation import Choices
from framework._responses.output import Output
from framework._responses.response import convert_value
from framework._responses.value_headers import add_value_headers
from framework.caching import Preconditions

__all__ = ("emit_negotiation", "emit_result")


def emit_negotiation(source: Source, plan: RoutePlan) -> None:
    """Emit what a request must say of its answer, before anything is read or done: 406 and 428."""
    response = plan.response
    if plan.require_precondition:
        source.use(require_precondition=require_precondition)
        source.line("require_precondition(request)")
    if plan.takes_preconditions:
        source.use(Preconditions=functools.partial(Preconditions, headers=response.headers))
    if not response.media or not (response.strict or response.negotiated):
        return
    offers = [(one.media_type, _written(response, one.encode, one.media_type)) for one in response.media]
    listed = [one.media_type for one in response.media if one.listed]
    source.use(
        CHOICES=Choices(offers, listed=listed, strict=response.strict), ACCEPT=hdrs.ACCEPT, join=",".join, NONE=()
    )
    # PERF: one look-up in the headers, and where there is something one in a dictionary; join() returns a single text
    # as it is.
    source.line(f"accepts = {HEADERS}.getall(ACCEPT, NONE)")
    if response.negotiated:
        source.use(FIRST=offers[0][1])
        source.line("encode, HEAD = CHOICES[join(accepts)] if accepts else FIRST")
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
        # PERF: cheaper than a look at the class.
        checks = ["if result is not None: as_annotated(result)"]
    if checks:
        source.use(**output.names())
    encode = response.media[0].encode if response.media else None
    if not response.negotiated:
        if encode is not None:
            source.use(encode=encode)
        source.use(HEAD=_head(response.status, response.media_type, response.headers))
    made = f"EncodedResponse({'None' if encode is None else 'encode(result)'}, HEAD)"
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
    """Emit the check of the value inside of a response."""
    if checks:
        source.use(convert_value=convert_value)
        source.line("convert_value(result, as_annotated)")


_head = functools.lru_cache(maxsize=256)(Head)


def _written(response: ResponsePlan, encode: Any, media_type: str) -> tuple[Any, Head]:
    return encode, _head(response.status, media_type, response.headers)


def _emit_ready(source: Source, plan: RoutePlan) -> None:
    """Emit what completes a response that the handler made itself."""
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
    """Emit the answer of a route that sends versions, or parts of its bytes."""
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
