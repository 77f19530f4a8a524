"""Web sockets and event streams as AsyncAPI channels: read from a plan, with types in place of schemas."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct, inspect

from framework._document.openapi.operation_ids import METHODS, key_of, operation_ids
from framework._document.openapi.operations import parameter_texts
from framework._document.openapi.parameters import describe_parameters
from framework._document.openapi.problems import Problem, ValidationProblem
from framework._document.openapi.selection import is_channel
from framework._document.schemas.docstrings import Docstring, class_description, parse, summary_and_description
from framework._document.schemas.placeholders import describe, types_in
from framework._document.schemas.scalars import plain_copy
from framework._hooks import encode_hook
from framework._plan import Frames, MessagePlan, RoutePlan, SocketPlan
from framework._pydantic import unfolded

__all__ = ("Channel", "Message", "describe_channels")

_JSON = "application/json"
_TEXT = "text/plain; charset=utf-8"
_BYTES = "application/octet-stream"
_TEXT_FRAME, _BINARY_FRAME = (
    inspect.StrType(),
    inspect.Metadata(inspect.AnyType(), {"type": "string", "format": "binary"}),
)


class Message(Struct, frozen=True, kw_only=True):
    """One message of one direction."""

    key: str
    """Its name in the channel."""
    kind: inspect.Type
    content_type: str
    output: bool
    """Whether the application sends it."""
    summary: str | None = None
    description: str | None = None
    examples: tuple[Mapping[str, Any], ...] = ()


class Channel(Struct, frozen=True, kw_only=True):
    """One route in the AsyncAPI document."""

    identifier: str
    plan: RoutePlan
    doc: Docstring
    parameters: tuple[Mapping[str, Any], ...]
    """Described as for OpenAPI, with types under ``schema``."""
    incoming: tuple[Message, ...]
    outgoing: tuple[Message, ...]

    @property
    def read(self) -> Iterator[inspect.Type]:
        """The types of the messages of clients."""
        yield from types_in(self.parameters)
        yield from (one.kind for one in self.incoming)

    @property
    def output(self) -> Iterator[inspect.Type]:
        """The types of the messages to clients."""
        yield from (one.kind for one in self.outgoing)


def describe_channels(routes: Iterable[RoutePlan]) -> list[Channel]:
    """Return the channels of all routes in the document, sorted by path and method.

    Raises an ExceptionGroup of DefinitionErrors if two channels have the same name.
    """
    # Streams of methods that OpenAPI does not know are in neither document.
    plans = sorted((one for one in routes if is_channel(one) and one.method.lower() in METHODS), key=_place)
    ids, errors = operation_ids(plans)
    if errors:
        raise ExceptionGroup("The AsyncAPI document cannot be made", errors)
    return [_describe(plan, ids[key_of(plan)]) for plan in plans]


def _place(plan: RoutePlan) -> tuple[str, str]:
    return plan.path, plan.method


def _describe(plan: RoutePlan, identifier: str) -> Channel:
    doc = parse(plan.function.__doc__)
    socket = plan.socket
    return Channel(
        identifier=identifier,
        plan=plan,
        doc=doc,
        parameters=tuple(describe_parameters(plan.all_parameters, {}, parameter_texts(plan, doc))),
        incoming=() if socket is None else tuple(_messages("incoming", socket.incoming, socket)),
        outgoing=(_event(plan, doc),) if socket is None else tuple(_sent(socket)),
    )


def _sent(socket: SocketPlan) -> Iterator[Message]:
    if socket.outgoing is not None:
        yield from _messages("outgoing", socket.outgoing, socket)
    if socket.invalid == "report":
        yield Message(
            key="problem",
            # The problem with more members first, because its members are all present.
            kind=inspect.UnionType((describe(ValidationProblem), describe(Problem))),
            content_type=socket.format.media_type,
            output=True,
            summary="What was wrong with a message that came in.",
        )


def _messages(key: str, plan: MessagePlan, socket: SocketPlan) -> Iterator[Message]:
    output = key == "outgoing"
    if plan.frames is Frames.TYPED:
        yield Message(
            key=key,
            kind=plan.type,
            content_type=socket.format.media_type,
            output=output,
            summary=_summary(plan.type),
        )
    # A message that is text or binary is two messages, because each has its own content type.
    both = plan.frames is Frames.EITHER
    if plan.frames is Frames.TEXT or both:
        yield Message(key=f"{key}Text" if both else key, kind=_TEXT_FRAME, content_type=_TEXT, output=output)
    if plan.frames is Frames.BINARY or both:
        yield Message(key=f"{key}Bytes" if both else key, kind=_BINARY_FRAME, content_type=_BYTES, output=output)


def _summary(kind: inspect.Type) -> str | None:
    """Return the first line of a class's docstring."""
    cls = getattr(kind, "cls", None)
    return None if cls is None else summary_and_description(class_description(cls))[0]


def _event(plan: RoutePlan, doc: Docstring) -> Message:
    kind = describe(plan.response.annotation)
    return Message(
        key="event",
        kind=kind,
        content_type=_TEXT if plan.response.annotation is str else _JSON,
        output=True,
        summary="The data of a server-sent event.",
        description=doc.returns,
        examples=tuple(_examples(plan.examples)),
    )


def _examples(examples: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for name, value in examples.items():
        plain = plain_copy(msgspec.to_builtins(unfolded(value), str_keys=True, enc_hook=encode_hook))
        yield {"name": name, "payload": plain} if name else {"payload": plain}
