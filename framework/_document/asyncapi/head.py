"""What OpenAPI and AsyncAPI write differently of an application: its head, its servers, its security schemes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from framework._document.schemas.scalars import Schema, compact, plain_copy
from framework.openapi import OpenAPI

__all__ = ("describe_info", "describe_servers", "security_scheme", "servers_for")

_SOCKETS = {"https": "wss", "http": "ws"}
_LICENSE = ("name", "url")


def describe_info(settings: OpenAPI) -> dict[str, Any]:
    """Return the Info Object, which has tags and a link in AsyncAPI, but no summary."""
    license_ = plain_copy(settings.license or {})
    # OpenAPI also has the SPDX identifier of a licence.
    kept = {name: one for name, one in license_.items() if name in _LICENSE or name.startswith("x-")}
    texts = [one for one in (settings.summary, settings.description) if one]
    return compact(
        title=settings.title,
        version=settings.version,
        description="\n\n".join(texts) or None,
        termsOfService=settings.terms_of_service,
        contact=None if settings.contact is None else plain_copy(settings.contact),
        license=kept or None,
        tags=[{"name": name, "description": text} for name, text in settings.tags.items()] or None,
        externalDocs=None if settings.external_docs is None else plain_copy(settings.external_docs),
    )


def describe_servers(
    servers: Sequence[Mapping[str, Any] | str], *, sockets: bool, streams: bool
) -> dict[str, dict[str, Any]]:
    """Return the servers by name, one for each protocol of the application.

    A server without a host is left out, because AsyncAPI requires one.
    """
    found: dict[str, dict[str, Any]] = {}
    for one in servers:
        written: Mapping[str, Any] = {"url": one} if isinstance(one, str) else one
        parts = urlsplit(str(written.get("url", "")))
        if parts.scheme not in _SOCKETS or not parts.netloc:
            continue
        spoken = [*([_SOCKETS[parts.scheme]] if sockets else []), *([parts.scheme] if streams else [])]
        for protocol in spoken:
            server = compact(
                host=parts.netloc,
                pathname=parts.path if parts.path.strip("/") else None,
                protocol=protocol,
                description=written.get("description"),
                variables=plain_copy(written.get("variables")) or None,
            )
            found[_free(protocol, found)] = server
    return found


def _free(protocol: str, taken: Mapping[str, Any]) -> str:
    count = sum(one["protocol"] == protocol for one in taken.values())
    return f"{protocol}{count + 1}" if count else protocol


def servers_for(servers: Mapping[str, Mapping[str, Any]], *, is_socket: bool) -> Iterable[str]:
    """Return the names of the servers that use a channel's protocol."""
    return [name for name, one in servers.items() if (one["protocol"] in _SOCKETS.values()) is is_socket]


def security_scheme(scheme: Schema) -> Schema:
    """Return a security scheme of OpenAPI in AsyncAPI's form."""
    kind = scheme.get("type")
    if kind == "apiKey":
        return {**scheme, "type": "httpApiKey"}
    if kind == "mutualTLS":
        return {**scheme, "type": "X509"}
    if kind == "oauth2":
        flows = {name: _flow(one) for name, one in scheme.get("flows", {}).items()}
        return {**scheme, "flows": flows}
    return dict(scheme)


def _flow(flow: Mapping[str, Any]) -> dict[str, Any]:
    return {("availableScopes" if name == "scopes" else name): one for name, one in flow.items()}
