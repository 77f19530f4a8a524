"""The topics of channels in the AsyncAPI document."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from framework._document.asyncapi.draft_07 import as_draft_07
from framework._document.schemas.docstrings import class_description, summary_and_description
from framework._document.schemas.scalars import compact
from framework._document.schemas.schemas import Names, schema_of
from framework._http.pointers import escape
from framework._inspect.types import kind_of, without_metadata
from framework._topics import ChannelSettings, Topic, topics_of, url_of_channels

__all__ = ("describe_topics", "documented_topics", "topic_servers")

_SERVER = "channels"


def documented_topics(settings: ChannelSettings | None) -> Sequence[Topic[Any]]:
    """Return the topics with ``in_document=True``, sorted by name."""
    given = () if settings is None else topics_of(settings)
    return sorted((one for one in given if one.in_document), key=lambda one: one.name)


def topic_servers(settings: ChannelSettings | None, servers: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the server of the topics; without other servers there is none, because it would be that of all routes."""
    if settings is None or not servers or not documented_topics(settings):
        return {}
    scheme = url_of_channels(settings).partition("://")[0]
    text = "The engine that carries events between the processes of the application."
    return {_SERVER: {"host": "internal", "protocol": scheme.partition("+")[0], "description": text}}


def describe_topics(
    topics: Sequence[Topic[Any]], names: Names, servers: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yield, for each topic, the name of its channel, the channel, and its two operations."""
    for topic in topics:
        identifier = f"topic.{topic.name}"
        pointer = f"#/channels/{quote(escape(identifier))}"
        kind = kind_of(topic.type)
        cls = getattr(without_metadata(kind), "cls", None)
        message = compact(
            name=names.get(cls),
            summary=None if cls is None else summary_and_description(class_description(cls))[0],
            contentType="application/json",
            payload=as_draft_07(schema_of(kind, names)),
        )
        channel = compact(
            address=topic.name,
            servers=[{"$ref": f"#/servers/{_SERVER}"}] if _SERVER in servers else None,
            messages={"event": message},
        )
        place = {"channel": {"$ref": pointer}, "messages": [{"$ref": f"{pointer}/messages/event"}]}
        yield (
            identifier,
            channel,
            {f"{identifier}.{action}": {"action": action, **place} for action in ("send", "receive")},
        )
