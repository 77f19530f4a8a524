"""Describes, from the plan of a route, how a client calls its handler."""

from collections.abc import Sequence
from typing import Any

from framework._plan import (
    ArgumentPlan,
    BodyKind,
    BodyPlan,
    Carrier,
    Encoding,
    MessagePlan,
    ParameterPlan,
    Provision,
    RoutePlan,
)
from framework.formats import Format
from framework.operations import BodySummary, MessageSummary, Operation, ParameterSummary

__all__ = ("operation_of",)

_SENT = frozenset({Provision.PARAMETER, Provision.BODY})


def operation_of(plan: RoutePlan) -> Operation:
    """Return how a client calls the handler of a route."""
    arguments = plan.handler.arguments
    response, socket = plan.response, plan.socket
    incoming = None if socket is None else socket.incoming
    outgoing = None if socket is None else socket.outgoing
    read = {one.variable: one for one in plan.parameters}
    return Operation(
        method=plan.method,
        path=plan.path,
        name=plan.name,
        function=plan.function,
        parameters=tuple(
            _parameter(read[one.variables[0]], one.name)
            for one in arguments
            if one.provision is Provision.PARAMETER and one.variables[0] in read
        ),
        body=None if plan.body is None or socket is not None else _body(plan.body, arguments, plan.formats),
        provided=frozenset(one.name for one in arguments if one.provision not in _SENT),
        credentials=tuple(one.credentials for one in plan.credentials),
        result=response.annotation,
        has_result=response.stream is not None or response.encoding is not Encoding.PASS,
        stream=None if response.stream is None else response.stream.kind.value,
        incoming=None if incoming is None or socket is None else _message(incoming, socket.format),
        outgoing=None if outgoing is None or socket is None else _message(outgoing, socket.format),
    )


def _parameter(plan: ParameterPlan, argument: str) -> ParameterSummary:
    return ParameterSummary(
        argument=argument,
        source=plan.source.value,
        names={one.attribute: one.name for one in plan.fields},
        model=plan.model,
        style=plan.style,
        parts=frozenset(one.name for one in plan.fields if one.carrier is Carrier.PART),
    )


def _body(plan: BodyPlan, arguments: Sequence[ArgumentPlan], formats: Sequence[Format]) -> BodySummary:
    keys: dict[str, Any] = {one.variable: one.name for one in plan.members}
    names = {
        one.name: keys.get(one.variables[0])
        for one in arguments
        if one.provision is Provision.BODY or (one.provision is Provision.PARAMETER and one.variables[0] in keys)
    }
    kind = plan.kind
    chosen = next((one for media_type in plan.media_types for one in formats if one.reads(media_type)), None)
    return BodySummary(
        kind=kind.value,
        arguments=names,
        media_type="application/octet-stream" if plan.media_types[0] == "*/*" else plan.media_types[0],
        annotation=plan.annotation,
        format=chosen if kind is BodyKind.TYPED else None,
    )


def _message(plan: MessagePlan, used: Format) -> MessageSummary:
    return MessageSummary(annotation=plan.annotation, frames=plan.frames.value, format=used)
