"""Checks the channels of an application: its topics, its settings, and the topics that handlers use."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec.structs import asdict

from framework._compile.declarations.collect import Mounted
from framework._compile.declarations.shapes import Shape, is_bool, is_collection, is_duration, is_whole_number
from framework._inspect.names import type_name, value_name
from framework._inspect.signatures import MISSING
from framework._inspect.types import unsupported
from framework._topics import ChannelSettings, Declared, Presence
from framework.errors import DefinitionError, InvalidTopicError

__all__ = ("check_channels",)

_Report = Callable[[DefinitionError], None]
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_MOST_HISTORY = 1_000_000
_MOST_BYTES = 1_000_000
"""The limit of NATS is 1 MiB, with the numbers in front of an event."""


def _is_name(value: Any) -> bool:
    return (
        isinstance(value, str) and _NAME.fullmatch(value) is not None and not value.endswith(".") and ".." not in value
    )


def _within(most: int) -> Callable[[Any], bool]:
    return lambda value: is_whole_number(value) and 0 < value <= most


_WORDS = "letters, digits, '.', '-' and '_', at most 100"
_SETTINGS: Mapping[str, Shape] = {
    "topics": Shape(is_collection, "a sequence of Topics", "topics=[ORDERS]"),
    "prefix": Shape(_is_name, f"a name: {_WORDS}", 'prefix="shop"'),
    "timeout": Shape(is_duration, "a positive number of seconds", "timeout=5"),
    "size_limit": Shape(_within(_MOST_BYTES), f"a number of bytes from 1 to {_MOST_BYTES}", "size_limit=65_536"),
    "max_age": Shape(is_duration, "a positive number of seconds", "max_age=3600"),
    "presence_lifetime": Shape(is_duration, "a positive number of seconds", "presence_lifetime=45"),
}
_PRESENCE: Mapping[str, Shape] = {
    "name": Shape(_is_name, f"a name: {_WORDS}", 'Presence[Viewer]("viewers")'),
    "settle": Shape(is_duration, "a positive number of seconds", "settle=1"),
}
_TOPIC: Mapping[str, Shape] = {
    "name": Shape(_is_name, f"a name: {_WORDS}", 'Topic[OrderPlaced]("orders")'),
    "history": Shape(_within(_MOST_HISTORY), f"a number from 1 to {_MOST_HISTORY}", "history=1000"),
    "in_document": Shape(is_bool, "True or False", "in_document=True"),
    "slow": Shape(lambda value: value in ("close", "drop_oldest"), '"close" or "drop_oldest"', 'slow="drop_oldest"'),
}


def check_channels(settings: ChannelSettings, where: str, mounted: Iterable[Mounted], report: _Report) -> None:
    """Report errors in the settings and the topics, and topics that handlers use and the app does not declare."""
    declared: dict[str, Declared[Any]] = {}
    _check_shapes(f"{where}, ChannelSettings", asdict(settings), _SETTINGS, report)
    given: Any = settings.topics
    for one in given if is_collection(given) else ():
        if isinstance(one, Declared):
            _check_declared(one, declared, report)
        else:
            what = f"{value_name(one)} is among the topics and is not a Topic or a Presence"
            report(InvalidTopicError(where, what, hint='write it as ORDERS = Topic[OrderPlaced]("orders")'))
    for handler in mounted:
        for topic in _topics_of(handler.function):
            if topic.name not in declared:
                what = f"it uses the {topic.kind} {topic.name!r}, which the app does not declare"
                report(InvalidTopicError(handler.where, what, hint=f"add the {topic.kind} to App(channels=[...])"))


def _check_shapes(where: str, values: Mapping[str, Any], shapes: Mapping[str, Shape], report: _Report) -> None:
    for name, shape in shapes.items():
        if not shape.fits(values[name]):
            what = f"{name}={value_name(values[name])} is not {shape.expected}"
            report(InvalidTopicError(where, what, hint=f"write it as {shape.example}"))


def _check_declared(topic: Declared[Any], declared: dict[str, Declared[Any]], report: _Report) -> None:
    shapes = _PRESENCE if isinstance(topic, Presence) else _TOPIC
    _check_shapes(topic.where, {name: getattr(topic, name) for name in shapes}, shapes, report)
    if topic.room_name:
        hint = f"declare the {topic.kind} itself; its rooms need not be declared"
        report(InvalidTopicError(topic.where, f"its room {topic.room_name!r} is declared", hint=hint))
        return
    first = declared.setdefault(str(topic.name), topic)
    if first is not topic:
        hint = f"declare each {topic.kind} once, and give each a name of its own"
        report(InvalidTopicError(topic.where, f"the app declares another {first.where}", hint=hint))
    for error in _type_errors(topic):
        report(error)


def _type_errors(topic: Declared[Any]) -> Iterator[DefinitionError]:
    content = "values" if isinstance(topic, Presence) else "events"
    if topic.type is MISSING:
        example = "Presence[Viewer]" if isinstance(topic, Presence) else "Topic[OrderPlaced]"
        hint = f"write it as {example}({topic.name!r})"
        yield InvalidTopicError(topic.where, f"it does not have the type of its {content}", hint=hint)
        return
    refused = unsupported(topic.type) or unsupported(topic.type, written=True)
    if refused is not None:
        what = f"its {content} are {type_name(topic.type)}, and {refused.reason}"
        yield InvalidTopicError(topic.where, what, hint=refused.hint or "use a Struct")


def _topics_of(function: Any) -> Iterator[Declared[Any]]:
    """Yield the topics and presences that a handler names as globals of its module."""
    code, known = getattr(function, "__code__", None), getattr(function, "__globals__", {})
    for name in getattr(code, "co_names", ()):
        found = known.get(name)
        if isinstance(found, Declared):
            yield found
