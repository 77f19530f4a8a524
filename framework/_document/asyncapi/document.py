"""The AsyncAPI 3.0 document of an application: its web sockets and its streams of server-sent events."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from msgspec import inspect

from framework._document.asyncapi.draft_07 import as_draft_07
from framework._document.asyncapi.head import describe_info, describe_servers, security_scheme, servers_for
from framework._document.asyncapi.requests import channel_parameters, headers_schema, query_schema
from framework._document.asyncapi.topics import describe_topics, documented_topics, topic_servers
from framework._document.openapi.channels import Channel, Message
from framework._document.openapi.document import Described
from framework._document.openapi.naming import named_types
from framework._document.openapi.operations import document_path, merged
from framework._document.openapi.security import describe_security, security_schemes
from framework._document.schemas.models import with_models
from framework._document.schemas.scalars import Schema, compact, plain_copy
from framework._document.schemas.schemas import Names, component_schema, schema_of
from framework._http.pointers import escape
from framework._inspect.types import kind_of, without_metadata
from framework._topics import ChannelSettings
from framework.openapi import OpenAPI

__all__ = ("build_asyncapi",)

_VERSION = "3.0.0"
_WS_BINDING = "0.1.0"
_HTTP_BINDING = "0.3.0"
# RFC 6901, section 6: a JSON pointer in a URI fragment.
_SAFE_IN_POINTERS = "~!$&'()*+,;=:@"


def build_asyncapi(settings: OpenAPI, described: Described, topics: ChannelSettings | None = None) -> dict[str, Any]:
    """Return the AsyncAPI document of the channels; the order in which routes were registered does not matter.

    Raises an ExceptionGroup if two security schemes have the same name.
    """
    return with_models(_Writer(settings, described, topics).document(), as_draft_07)


class _Writer:
    def __init__(self, settings: OpenAPI, described: Described, topics: ChannelSettings | None) -> None:
        self._settings = settings
        self._channels: Sequence[Channel] = described.channels
        self._names = described.names
        self._output_names = described.output_names
        sockets = {one.plan.socket is not None for one in self._channels}
        self._servers = describe_servers(settings.servers, sockets=True in sockets, streams=False in sockets)
        self._topics = documented_topics(topics)
        self._all_servers = {**self._servers, **topic_servers(topics, self._servers)}
        schemes = security_schemes(one.plan for one in self._channels)
        self._schemes = {name: security_scheme(one) for name, one in schemes.items()}

    def document(self) -> dict[str, Any]:
        """Return the complete document."""
        channels: dict[str, Any] = {}
        operations: dict[str, Any] = {}
        for one in self._channels:
            messages = self._messages(one)
            keys = _shared_keys(one, messages)
            channels[one.identifier] = self._channel(one, {keys[key]: value for key, value in messages.items()})
            operations.update(self._operations(one, keys))
        for name, channel, own in describe_topics(self._topics, self._output_names, self._all_servers):
            channels[name] = channel
            operations.update(own)
        components = compact(schemas=self._schemas() or None, securitySchemes=self._schemes or None)
        return compact(
            asyncapi=_VERSION,
            info=describe_info(self._settings),
            servers=self._all_servers or None,
            channels=channels,
            operations=operations,
            components=components or None,
        )

    def _schemas(self) -> dict[str, Schema]:
        sides: list[tuple[Names, Iterable[inspect.Type]]] = [
            (self._names, (kind for one in self._channels for kind in one.read)),
            (self._output_names, (kind for one in self._channels for kind in one.output)),
            (self._output_names, (kind_of(one.type) for one in self._topics)),
        ]
        found = {
            names[cls]: as_draft_07(component_schema(kind, names))
            for names, kinds in sides
            for cls, kind in named_types(kinds).items()
        }
        return {name: found[name] for name in sorted(found)}

    def _schema(self, kind: inspect.Type) -> Schema:
        written: Schema = as_draft_07(schema_of(kind, self._names))
        return written

    def _channel(self, channel: Channel, messages: Mapping[str, Any]) -> dict[str, Any]:
        plan, socket = channel.plan, channel.plan.socket
        servers = servers_for(self._servers, is_socket=socket is not None)
        found = compact(
            address=document_path(plan.path),
            **_words(channel),
            servers=[{"$ref": f"#/servers/{name}"} for name in servers] or None,
            parameters=channel_parameters(channel.parameters) or None,
            messages=messages,
            tags=_tags(channel),
        )
        if socket is None:
            return found
        binding = compact(
            method="GET",
            query=query_schema(channel.parameters, self._schema),
            headers=headers_schema(channel.parameters, self._schema, socket),
            bindingVersion=_WS_BINDING,
        )
        return merged({**found, "bindings": {"ws": binding}}, plain_copy(plan.extra or {}))

    # Messages

    def _messages(self, channel: Channel) -> dict[str, dict[str, Any]]:
        return {one.key: self._message(channel, one) for one in (*channel.incoming, *channel.outgoing)}

    def _message(self, channel: Channel, message: Message) -> dict[str, Any]:
        names = self._output_names if message.output else self._names
        return compact(
            name=names.get(getattr(without_metadata(message.kind), "cls", None)),
            summary=message.summary,
            description=message.description,
            contentType=message.content_type,
            payload=as_draft_07(schema_of(message.kind, names)),
            deprecated=channel.plan.deprecated or None,
            examples=list(message.examples) or None,
            bindings=_event_binding(channel) if channel.plan.socket is None else None,
        )

    # Operations, from the application's side

    def _operations(self, channel: Channel, keys: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
        plan = channel.plan
        incoming, outgoing = ([_pointer(channel, keys[one.key]) for one in side] for side in _sides(channel))
        place = {"$ref": _pointer(channel)["$ref"]}
        shared = compact(**self._security(channel), tags=_tags(channel))
        if plan.socket is not None:
            # The result of a listener is the reply to the message that it was called for; it is never sent by itself.
            is_reply = plan.socket.listener and outgoing
            reply = {"channel": place, "messages": outgoing} if is_reply else None
            words = _words(channel)
            received = compact(action="receive", channel=place, **words, messages=incoming, **shared, reply=reply)
            yield f"{channel.identifier}.receive", received
            if plan.socket.listener:
                return
        if outgoing:
            binding = self._request_binding(channel) if plan.socket is None else None
            sent = compact(
                action="send", channel=place, **_words(channel), messages=outgoing, **shared, bindings=binding
            )
            yield f"{channel.identifier}.send", sent

    def _request_binding(self, channel: Channel) -> dict[str, Any]:
        """Return the query and body parameters of the request; AsyncAPI has no place for its headers here."""
        return {
            "http": {
                "method": channel.plan.method,
                **compact(
                    query=query_schema(channel.parameters, self._schema),
                    **{"x-headers": headers_schema(channel.parameters, self._schema, None)},
                ),
                "bindingVersion": _HTTP_BINDING,
            }
        }

    def _security(self, channel: Channel) -> dict[str, Any]:
        """Return the schemes, one of which suffices; AsyncAPI cannot express that several are required together."""
        requirements = describe_security(channel.plan)
        if not all(requirements):
            return {}
        named = {name: scopes for one in requirements for name, scopes in one.items()}
        return {"security": [self._scheme(name, scopes) for name, scopes in named.items()]} if named else {}

    def _scheme(self, name: str, scopes: Sequence[str]) -> dict[str, Any]:
        scheme = self._schemes[name]
        if scopes and scheme["type"] in {"oauth2", "openIdConnect"}:
            # The required scopes are part of the scheme itself.
            return {**scheme, "scopes": list(scopes)}
        return {"$ref": f"#/components/securitySchemes/{name}"}


def _words(channel: Channel) -> dict[str, Any]:
    plan, doc = channel.plan, channel.doc
    together = [one for one in describe_security(plan) if len(one) > 1]
    description = doc.description if plan.description is None else plan.description
    for one in together:
        said = f"Credentials that are needed together: {', '.join(one)}."
        description = f"{description}\n\n{said}" if description else said
    return compact(summary=doc.summary if plan.summary is None else plan.summary, description=description)


def _tags(channel: Channel) -> list[dict[str, str]] | None:
    return [{"name": one} for one in channel.plan.tags] or None


def _sides(channel: Channel) -> tuple[Sequence[Message], Sequence[Message]]:
    return channel.incoming, channel.outgoing


def _shared_keys(channel: Channel, messages: Mapping[str, Any]) -> dict[str, str]:
    """Name each message in its channel: equal messages of both directions are one message, as AsyncAPI requires."""
    keys = {key: key for key in messages}
    for one in channel.incoming:
        for other in channel.outgoing:
            if messages[one.key] == messages[other.key]:
                keys[one.key] = keys[other.key] = one.key.replace("incoming", "message")
    return keys


def _pointer(channel: Channel, message: str | None = None) -> dict[str, str]:
    identifier = quote(escape(channel.identifier), safe=_SAFE_IN_POINTERS)
    return {"$ref": f"#/channels/{identifier}" + ("" if message is None else f"/messages/{message}")}


def _event_binding(channel: Channel) -> dict[str, Any]:
    content_type = {"type": "string", "const": channel.plan.response.media_type}
    headers = {"type": "object", "properties": {"Content-Type": content_type}}
    return {"http": {"headers": headers, "bindingVersion": _HTTP_BINDING}}
