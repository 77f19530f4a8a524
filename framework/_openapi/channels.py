"""Web sockets and event streams as AsyncAPI sees them: what is read from a plan, with types in the place of schemas."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct, inspect

from framework._hooks import encode_hook
from framework._openapi.docstrings import Docstring, class_description, parse, summary_and_description
from framework._openapi.operation_ids import METHODS, key_of, operation_ids
from framework._openapi.operations import parameter_texts
from framework._openapi.parameters import describe_parameters
from framework._openapi.placeholders import describe, types_in
from framework._openapi.problems import Problem, ValidationProblem
from framework._openapi.scalars import plain_copy
from framework._openapi.selection import is_channel
from framework._plan import Frames, MessagePlan, RoutePlan, SocketPlan

__all__ = ("Channel", "Message", "describe_channels")

_JSON = "application/json"
_TEXT = "text/plain; charset=utf-8"
_BYTES = "application/octet-stream"
_TEXT_FRAME, _BINARY_FRAME = (
    inspect.StrType(),
    inspect.Metadata(inspect.AnyType(), {"type": "string", "format": "binary"}),
)


class Message(Struct, frozen=True, kw_only=True):
    """What is sent in one direction."""

    key: str
    """Its name in the channel."""
    kind: inspect.Type
    content_type: str
    answered: bool
    """Whether the application sends it."""
    summary: str | None = None
    description: str | None = None
    examples: tuple[Mapping[str, Any], ...] = ()


class Channel(Struct, frozen=True, kw_only=True):
    """One route in the document."""

    identifier: str
    plan: RoutePlan
    doc: Docstring
    parameters: tuple[Mapping[str, Any], ...]
    """As OpenAPI describes them, with types under ``schema``."""
    incoming: tuple[Message, ...]
    outgoing: tuple[Message, ...]

    @property
    def read(self) -> Iterator[inspect.Type]:
        """The types of what clients send."""
        yield from types_in(self.parameters)
        yield from (one.kind for one in self.incoming)

    @property
    def answered(self) -> Iterator[inspect.Type]:
        """The types of what is sent to clients."""
        yield from (one.kind for one in self.outgoing)


def describe_channels(routes: Iterable[RoutePlan]) -> list[Channel]:
    """Return the channels of all routes that are shown, sorted by path and method.

    Raises an ExceptionGroup of DefinitionErrors where two have one name.
    """
    # Streams of methods that OpenAPI does not know stand in neither document.
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
            # The one with more members first, as all of them are there.
            kind=inspect.UnionType((describe(ValidationProblem), describe(Problem))),
            content_type=socket.format.media_type,
            answered=True,
            summary="What was wrong with a message that came in.",
        )


def _messages(key: str, plan: MessagePlan, socket: SocketPlan) -> Iterator[Message]:
    answered = key == "outgoing"
    if plan.frames is Frames.TYPED:
        yield Message(
            key=key,
            kind=plan.type,
            content_type=socket.format.media_type,
            answered=answered,
            summary=_summary(plan.type),
        )
    # What comes as text or binary is two messages, since each has a content type of its own.
    both = plan.frames is Frames.EITHER
    if plan.frames is Frames.TEXT or both:
        yield Message(key=f"{key}Text" if both else key, kind=_TEXT_FRAME, content_type=_TEXT, answered=answered)
    if plan.frames is Frames.BINARY or both:
        yield Message(key=f"{key}Bytes" if both else key, kind=_BINARY_FRAME, content_type=_BYTES, answered=answered)


def _summary(kind: inspect.Type) -> str | None:
    """Return the first line of what a class says of itself."""
    cls = getattr(kind, "cls", None)
    return None if cls is None else summary_and_description(class_description(cls))[0]


def _event(plan: RoutePlan, doc: Docstring) -> Message:
    kind = describe(plan.response.annotation)
    return Message(
        key="event",
        kind=kind,
        content_type=_TEXT if plan.response.annotation is str else _JSON,
        answered=True,
        summary="The data of a server-sent event.",
        description=doc.returns,
        examples=tuple(_examples(plan.examples)),
    )


def _examples(examples: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for name, value in examples.items():
        plain = plain_copy(msgspec.to_builtins(value, str_keys=True, enc_hook=encode_hook))
        yield {"name": name, "payload": plain} if name else {"payload": plain}
