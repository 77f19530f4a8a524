"""Emits how a request is read: its parameters, its body, and the errors of an invalid request."""

import copy
from collections.abc import Callable, Mapping, Sequence

from framework._dataclass_defaults import completer_of
from framework._emit.parameters import emit_extraction, is_hashable
from framework._hooks import decode_hook
from framework._inspect.types import holds_custom, kind_of
from framework._plan import BodyKind, BodyPlan, ParameterPlan, RoutePlan
from framework._serve.requests.accepting import JSON_TYPE, Reader, make_check, make_type_check, reader_for
from framework._serve.requests.arrival import arrived_body, read_body
from framework._serve.requests.failure import INVALID, ErrorExplainer
from framework._serve.requests.form_validation import part_decoders
from framework._serve.requests.forms import FormReader, close_files
from framework._serve.requests.streams import BodyStream, make_text_check, parts_opener, raw_decoder, read_text
from framework._source import Source
from framework.merge_patch import JSON_PATCH, is_patch

__all__ = ("emit_binding", "emit_early_binding")

_DECODED = frozenset({BodyKind.TYPED, BodyKind.BYTES, BodyKind.TEXT})


def emit_binding(source: Source, plan: RoutePlan) -> None:
    body = plan.body
    readers = _readers(plan, body) if body is not None and body.kind is BodyKind.TYPED else ()
    if plan.parameters or (body is not None and body.kind in _DECODED):
        source.use(INVALID=INVALID, explain=ErrorExplainer(plan.parameters, body, readers, plan.formats))
    if body is not None:
        source.use(arrived_body=arrived_body, read_body=read_body, LIMITS=plan.limits)
        _CHECKS[body.kind](source, plan, body, readers)
    if body is not None and body.has_files:
        _emit_with_files(source, plan)
        return
    before, after = emit_extraction(source, plan.parameters, plan.all_parameters)
    if body is not None:
        source.lines(_READS[body.kind])
    if not plan.parameters and (body is None or body.kind not in _DECODED):
        return
    with source.block("try:"):
        _emit_conversion(source, plan.parameters, plan, before, after)
        if body is not None and body.kind in _DECODED:
            _emit_decoding(source, body, readers)
    with source.block("except INVALID as error:"):
        raw = "raw" if plan.parameters else "{}"
        data = "data" if body is not None and body.kind in _DECODED else "None"
        other = ", other" if len(readers) > 1 else ""
        source.line(f"raise explain({raw}, {data}, error{other}) from None")


def emit_early_binding(source: Source, plan: RoutePlan, parameters: Sequence[ParameterPlan]) -> None:
    """Emit how the parameters of a guard are read into ``p``: before all others, with their own error response."""
    if not parameters:
        return
    stage = parameters[0].variable.partition("_")[0]
    struct, explain = f"Parameters_{stage}", f"explain_{stage}"
    source.use(INVALID=INVALID, **{explain: ErrorExplainer(parameters, None, (), plan.formats)})
    before, after = emit_extraction(source, parameters, plan.all_parameters, struct)
    with source.block("try:"):
        _emit_conversion(source, parameters, plan, before, after, struct)
    with source.block("except INVALID as error:"):
        source.line(f"raise {explain}(raw, None, error) from None")


def _readers(plan: RoutePlan, body: BodyPlan) -> tuple[Reader, ...]:
    formats = [one for one in plan.formats if any(one.reads(name) for name in body.media_types)]
    return tuple(reader_for(one, body.annotation) for one in formats)


def _check_typed(source: Source, plan: RoutePlan, body: BodyPlan, readers: Sequence[Reader]) -> None:
    refused = (JSON_PATCH,) if is_patch(body.annotation) and JSON_PATCH not in body.media_types else ()
    source.use(check_body=make_check(readers, body.media_types, plan.limits.body, refused=refused))
    source.line("other = check_body(request)" if len(readers) > 1 else "check_body(request)")


def _check_raw(source: Source, plan: RoutePlan, body: BodyPlan, _: Sequence[Reader]) -> None:
    source.use(check_body=make_type_check(body.media_types, plan.limits.body), BodyStream=BodyStream)
    source.line("check_body(request)")


def _check_text(source: Source, plan: RoutePlan, body: BodyPlan, _: Sequence[Reader]) -> None:
    source.use(check_body=make_text_check(body.media_types, plan.limits.body), read_text=read_text)
    source.line("check_body(request)")


def _check_parts(source: Source, plan: RoutePlan, body: BodyPlan, _: Sequence[Reader]) -> None:
    source.use(open_parts=parts_opener(plan.limits, plan.formats))
    _check_raw(source, plan, body, ())


def _read_form(source: Source, plan: RoutePlan, body: BodyPlan, _: Sequence[Reader]) -> None:
    source.use(read_form=FormReader.make(plan.parameters, body.media_types, plan.limits).read)
    source.line("form = await read_form(request)")


_CHECKS: Mapping[BodyKind, Callable[[Source, RoutePlan, BodyPlan, Sequence[Reader]], None]] = {
    BodyKind.TYPED: _check_typed,
    BodyKind.BYTES: _check_raw,
    BodyKind.TEXT: _check_text,
    BodyKind.STREAM: _check_raw,
    BodyKind.PARTS: _check_parts,
    BodyKind.FORM: _read_form,
}
# PERF: a body that has arrived with its head, like most, is read without a coroutine and a timeout.
_READ = ("data = arrived_body(request, LIMITS)", "if data is None:", "    data = await read_body(request, LIMITS)")
_READS: Mapping[BodyKind, Sequence[str]] = {
    BodyKind.TYPED: _READ,
    BodyKind.BYTES: _READ,
    BodyKind.TEXT: (*_READ, "data = read_text(request, data)"),
    BodyKind.STREAM: ("body = BodyStream(request, LIMITS)",),
    BodyKind.PARTS: ("body = open_parts(request)",),
    BodyKind.FORM: (),
}


def _emit_with_files(source: Source, plan: RoutePlan) -> None:
    """Close the files of the form, also if the request is invalid."""
    source.use(close_files=close_files)
    with source.block("try:"):
        lines = emit_extraction(source, plan.parameters, plan.all_parameters)
        _emit_conversion(source, plan.parameters, plan, *lines)
    with source.block("except BaseException as error:"):
        source.line("close_files(form)")
        with source.block("if isinstance(error, INVALID):"):
            source.line("raise explain(raw, None, error) from None")
        source.line("raise")


def _emit_conversion(
    source: Source,
    parameters: Sequence[ParameterPlan],
    plan: RoutePlan,
    before: Sequence[str],
    after: Sequence[str],
    struct: str = "Parameters",
) -> None:
    if not parameters:
        return
    decoders = part_decoders(parameters, plan.formats)
    for number, decoder in enumerate(decoders):
        source.use(**{f"decode_part_{number}": decoder.decode})
        source.line(f"decode_part_{number}(raw)")
    source.lines(before)
    # Only an object in the query can be a mapping, whose keys are strings.
    keys = ", str_keys=True" if any(one.style == "deepObject" for one in parameters) else ""
    # PERF: an unnecessary keyword costs a request as much as a look-up.
    hook = ", dec_hook=decode_hook" if any(holds_custom(kind_of(one.annotation)) for one in parameters) else ""
    source.use(**({"decode_hook": decode_hook} if hook else {}))
    source.line(f"p = convert(raw, {struct}, strict=False{keys}{hook})")
    for one in parameters:
        complete = completer_of(kind_of(one.annotation))
        if complete is not None:
            source.use(**{f"complete_{one.variable}": complete})
            source.line(f"complete_{one.variable}(p.{one.variable})")
    source.lines(after)


def _emit_decoding(source: Source, body: BodyPlan, readers: Sequence[Reader]) -> None:
    target = "whole" if body.members else "body"
    if body.kind is not BodyKind.TYPED:
        source.use(decode=raw_decoder(body))
        source.line("body = decode(data)")
        return
    source.use(decode=readers[0].unchecked)
    if len(readers) > 1:
        with source.block("if other is None:"):
            _emit_first(source, body, readers[0], target)
        with source.block("else:"):
            other = "" if body.required else f" if data else {_default(source, body)}"
            source.line(f"{target} = other.decode(data){other}")
    else:
        _emit_first(source, body, readers[0], target)
    for one in body.members:
        source.line(f"{one.variable} = {target}.{one.name}")


def _emit_first(source: Source, body: BodyPlan, first: Reader, target: str) -> None:
    """Emit the decoding by the default format, for requests without Content-Type and for an empty body."""
    if first.format.media_type == JSON_TYPE:
        # msgspec skips bytes that are not UTF-8 in fields that it ignores; decode() raises for them.
        source.line("data.isascii() or data.decode()")
    source.line(
        f"{target} = decode(data)"
        if body.required
        else f"{target} = decode(data) if data else {_default(source, body)}"
    )


def _default(source: Source, body: BodyPlan) -> str:
    source.use(BODY_DEFAULT=body.default)
    if is_hashable(body.default):
        return "BODY_DEFAULT"
    # Mutable defaults are not shared by requests.
    source.use(deepcopy=copy.deepcopy)
    return "deepcopy(BODY_DEFAULT)"
