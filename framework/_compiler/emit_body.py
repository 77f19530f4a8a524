"""Emits how a request is read: its parameters, its body, and what explains one that is not valid."""

import copy

import msgspec

from framework._binding.failure import INVALID, FaultExplainer
from framework._binding.reading import check_body, read_body
from framework._compiler.extract import emit_extraction, is_hashable
from framework._compiler.source import Source
from framework._inspect.hooks import decode_hook, holds_secrets
from framework._inspect.types import kind_of
from framework._plan import ParameterPlan, RoutePlan

__all__ = ("emit_binding",)


def emit_binding(source: Source, plan: RoutePlan) -> None:
    if not plan.parameters and plan.body is None:
        return
    source.use(INVALID=INVALID, explain=FaultExplainer(plan.parameters, plan.body))
    if plan.body is not None:
        source.use(check_body=check_body, read_body=read_body, BODY_LIMIT=plan.limits.body)
        source.line("check_body(request, BODY_LIMIT)")
    before, after = emit_extraction(source, plan.parameters)
    if plan.body is not None:
        source.line("data = await read_body(request, BODY_LIMIT)")
    with source.block("try:"):
        source.lines(before)
        if plan.parameters:
            # Only an object in the query can be a mapping, whose keys are texts.
            keys = ", str_keys=True" if any(one.style == "deepObject" for one in plan.parameters) else ""
            # PERF: a keyword that is not needed costs a request as much as a look-up.
            hook = ", dec_hook=decode_hook" if any(map(_holds_secrets, plan.parameters)) else ""
            source.use(**({"decode_hook": decode_hook} if hook else {}))
            source.line(f"p = convert(raw, Parameters, strict=False{keys}{hook})")
        source.lines(after)
        if plan.body is not None:
            _emit_decoding(source, plan)
    with source.block("except INVALID as error:"):
        raw = "raw" if plan.parameters else "{}"
        source.line(f"raise explain({raw}, {'data' if plan.body is not None else 'None'}, error) from None")


def _holds_secrets(plan: ParameterPlan) -> bool:
    return holds_secrets(kind_of(plan.annotation))


def _emit_decoding(source: Source, plan: RoutePlan) -> None:
    body = plan.body
    if body is None:
        return
    source.use(decode=msgspec.json.Decoder(body.annotation, dec_hook=decode_hook).decode)
    # msgspec skips bytes that are not UTF-8 in fields that it ignores; decode() raises for them.
    if body.required:
        source.line("data.isascii() or data.decode()")
        source.line("body = decode(data)")
        return
    default = "BODY_DEFAULT"
    if not is_hashable(body.default):
        # What can be changed is not shared by requests.
        source.use(deepcopy=copy.deepcopy)
        default = "deepcopy(BODY_DEFAULT)"
    source.use(BODY_DEFAULT=body.default)
    source.line("data.isascii() or data.decode()")
    source.line(f"body = decode(data) if data else {default}")
