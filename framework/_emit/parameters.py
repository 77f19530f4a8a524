"""Emits the lines that read the raw strings of parameters, each from its source, into one dictionary."""

import copy
import functools
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import NODEFAULT, UNSET, inspect

from framework._inspect.types import fields_of, is_collection, kind_of, without_metadata, without_none
from framework._plan import SEPARATORS, Carrier, FieldPlan, ParameterPlan
from framework._plan import Source as From
from framework._pydantic_dataclasses import hiding
from framework._serve.aiohttp_names import MATCH, QUERY
from framework._serve.requests.head import (
    deep_object,
    parse_query,
    read_cookies,
    read_header,
    read_header_list,
    split_texts,
)
from framework._serve.validation.walker import lax_check
from framework._source import Source

__all__ = ("emit_extraction", "is_hashable", "parameters_struct")

_OPENING: dict[From, tuple[str, dict[str, Any]]] = {
    From.PATH: (f"match = {MATCH}", {}),
    From.QUERY: (f"query = parse_query({QUERY})", {"parse_query": parse_query}),
    From.HEADER: ("headers = request.headers", {"read_header": read_header, "read_header_list": read_header_list}),
    From.COOKIE: ("cookies = read_cookies(request)", {"read_cookies": read_cookies}),
}


def emit_extraction(
    source: Source, parameters: Sequence[ParameterPlan], every: Sequence[ParameterPlan], struct: str = "Parameters"
) -> tuple[list[str], list[str]]:
    """Emit the reading of some parameters into ``raw``; ``every`` has the parameters of all stages of the route.

    Return the lines that check, before and after the conversion into ``struct``, values that msgspec would accept.
    """
    if not parameters:
        return [], []
    source.use(convert=msgspec.convert, **{struct: parameters_struct(parameters)})
    for origin in From:
        if origin in _OPENING and any(one.source is origin for one in parameters):
            line, names = _OPENING[origin]
            source.use(**names)
            source.once(line)
    in_path = [one for one in parameters if one.source is From.PATH]
    texts = ", ".join(f"{one.variable!r}: match[{one.field.name!r}]" for one in in_path)
    source.line(f"raw = {{{texts}}}")
    for one in parameters:
        if one.source is not From.PATH:
            _emit_parameter(source, one, every)
    only_null = [one for one in parameters if _only_null_is_refused(one)]
    before = [_check(source, one) for one in parameters if one not in only_null]
    return [line for line in before if line], [_null_check(source, one) for one in only_null]


def parameters_struct(parameters: Sequence[ParameterPlan]) -> type[msgspec.Struct]:
    """Create the Struct into which all parameters of a route are converted at once."""
    fields: list[Any] = []
    for one in parameters:
        default = _default(one)
        # A separate part was decoded before.
        annotation = Any if _is_part(one) else one.annotation
        fields.append((one.variable, annotation) if default is NODEFAULT else (one.variable, annotation, default))
    made = msgspec.defstruct("Parameters", fields, kw_only=True)
    with hiding():
        # msgspec inspects it now, and not at the first request.
        msgspec.json.Decoder(made)
    return made


def _is_part(plan: ParameterPlan) -> bool:
    return not plan.model and plan.field.carrier is Carrier.PART


def is_hashable(value: Any) -> bool:
    """Return whether requests can share a default: mutable objects are not hashable."""
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _default(plan: ParameterPlan) -> Any:
    if not is_hashable(plan.default):
        return msgspec.field(default_factory=functools.partial(copy.deepcopy, plan.default))
    if plan.default is UNSET:
        return msgspec.field(default=UNSET)
    return plan.default


def _emit_parameter(source: Source, plan: ParameterPlan, parameters: Sequence[ParameterPlan]) -> None:
    if plan.style == "deepObject":
        _emit_deep_object(source, plan)
    elif plan.model:
        _emit_model(source, plan, parameters)
    else:
        _emit_field(source, plan, plan.field, f"raw[{plan.variable!r}]")


_READS: dict[From, Callable[[FieldPlan], str]] = {
    From.QUERY: lambda field: f"query.get({field.name!r})",
    From.HEADER: lambda field: f"{'read_header_list' if field.repeated else 'read_header'}(headers, {field.name!r})",
    From.COOKIE: lambda field: f"cookies.get({field.name!r})",
    From.FORM: lambda field: f"form.get({field.name!r})",
}


# Plain dictionaries of the raw values.
_TEXTS = {From.QUERY: "query", From.FORM: "form"}


def _emit_field(source: Source, plan: ParameterPlan, field: FieldPlan, target: str) -> None:
    held = _TEXTS.get(plan.source)
    if held is not None and not field.repeated:
        # PERF: two look-ups without a call cost less than one call of get().
        with source.block(f"if {field.name!r} in {held}:"):
            source.line(f"{target} = {held}[{field.name!r}]")
        return
    with source.block(f"if (value := {_READS[plan.source](field)}) is not None:"):
        source.line(f"{target} = {_shaped(source, plan, field)}")


def _shaped(source: Source, plan: ParameterPlan, field: FieldPlan) -> str:
    if not field.repeated or plan.source is From.HEADER:
        return "value"
    separator = SEPARATORS.get(plan.style)
    if separator is not None:
        source.use(split_texts=split_texts)
        return f"split_texts(value, {separator!r})"
    return "value if value.__class__ is list else [value]"


def _emit_model(source: Source, plan: ParameterPlan, parameters: Sequence[ParameterPlan]) -> None:
    source.line("model = {}")
    for field in plan.fields:
        _emit_field(source, plan, field, f"model[{field.attribute!r}]")
    if plan.forbid_unknown:
        # Names that no other parameter of the route declares are passed to the model, which then rejects them.
        declared = {one.name for other in parameters if other.source is plan.source for one in other.fields}
        names = f"declared_{plan.variable}"
        source.use(**{names: frozenset(declared)})
        held = "cookies" if plan.source is From.COOKIE else _TEXTS[plan.source]
        objects = tuple(f"{one.field.name}[" for one in parameters if one.style == "deepObject")
        rest = f" if not name.startswith({objects!r})" if objects else ""
        source.line(f"model.update((name, {held}[name]) for name in {held}.keys() - {names}{rest})")
    if plan.default is NODEFAULT:
        source.line(f"raw[{plan.variable!r}] = model")
    else:
        with source.block("if model:"):
            source.line(f"raw[{plan.variable!r}] = model")


def _emit_deep_object(source: Source, plan: ParameterPlan) -> None:
    source.use(deep_object=deep_object)
    with source.block(f"if (value := deep_object(query, {plan.field.name!r})) is not None:"):
        if _holds_collections(plan.field.type):
            source.line("value = {key: [one] if isinstance(one, str) else one for key, one in value.items()}")
        for name in _repeated_names(plan.field.type):
            with source.block(f"if isinstance(value.get({name!r}), str):"):
                source.line(f"value[{name!r}] = [value[{name!r}]]")
        source.line(f"raw[{plan.variable!r}] = value")


def _repeated_names(kind: inspect.Type) -> list[str]:
    fields = (one for member in _members(kind) for one in fields_of(member) or ())
    return [one.encode_name for one in fields if is_collection(one.type)]


def _holds_collections(kind: inspect.Type) -> bool:
    return any(isinstance(one, inspect.DictType) and is_collection(one.value_type) for one in _members(kind))


def _members(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    kind = without_metadata(kind)
    return tuple(map(without_metadata, kind.types)) if isinstance(kind, inspect.UnionType) else (kind,)


def _check(source: Source, plan: ParameterPlan) -> str:
    refused = None if _is_part(plan) else lax_check(kind_of(plan.annotation))
    if refused is None:
        return ""
    name = f"refused_{plan.variable}"
    source.use(**{name: refused, "ValidationError": msgspec.ValidationError})
    always = plan.source is From.PATH or (plan.model and plan.default is NODEFAULT)
    present = "" if always else f"{plan.variable!r} in raw and "
    return f"if {present}{name}(raw[{plan.variable!r}]): raise ValidationError"


def _only_null_is_refused(plan: ParameterPlan) -> bool:
    plain = without_none(plan.annotation)
    if plan.model or _is_part(plan) or plain is plan.annotation or lax_check(kind_of(plan.annotation)) is None:
        return False
    return lax_check(kind_of(plain)) is None


def _null_check(source: Source, plan: ParameterPlan) -> str:
    # PERF: only the string "null" converts to None, so it is enough to check the result.
    source.use(ValidationError=msgspec.ValidationError)
    return f"if p.{plan.variable} is None and {plan.variable!r} in raw: raise ValidationError"
