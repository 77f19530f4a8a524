"""Emits how a handler's value becomes a response."""

import functools

from framework._compiler.source import Source
from framework._pipeline import require_response
from framework._plan import Encoding, ResponsePlan, RoutePlan
from framework._responses.choose import ENCODERS
from framework._responses.encoded import Head
from framework._responses.headers import add_value_headers

__all__ = ("emit_result",)


def emit_result(source: Source, plan: RoutePlan, target: str) -> None:
    response = plan.response
    if response.encoding is Encoding.PASS:
        source.use(require_response=require_response)
        source.line(f"require_response(result, {plan.label!r})")
        _emit_ready(source, response)
        source.line(f"{target}result")
        return
    source.use(HEAD=_head(response.status, response.media_type))
    encode = ENCODERS.get(response.encoding)
    if encode is not None:
        source.use(encode=encode)
    made = f"EncodedResponse({'None' if encode is None else 'encode(result)'}, HEAD)"
    if response.headers:
        source.use(add_value_headers=add_value_headers)
        made = f"add_value_headers({made}, result, request)"
    if not response.may_be_response:
        source.line(f"{target}{made}")
        return
    with source.block("if isinstance(result, StreamResponse):"):
        _emit_ready(source, response)
        source.line(f"{target}result")
    with source.block("else:"):
        source.line(f"{target}{made}")


_head = functools.lru_cache(maxsize=256)(Head)


def _emit_ready(source: Source, response: ResponsePlan) -> None:
    encode = "encode" if response.encoding in ENCODERS else "None"
    with source.block("if isinstance(result, Response):"):
        source.line(f"result.encode({encode}, {response.media_type!r}, {response.status})")
        if response.headers:
            source.line("add_value_headers(result, result.value, request)")
