"""The description of a route for its layers: what they must know of it to decide at start-up."""

from collections.abc import Iterable, Iterator, Sequence

from framework._compile.covering import applying
from framework._inspect.own import is_own
from framework._matched import RouteInfo
from framework._plan import ArgumentPlan, BodyKind, LayerPlan, Provision, RoutePlan, ServicePlan, Source, in_guard_order
from framework.credentials import Credentials, SecurityRequirement, stated_security

__all__ = ("handler_services", "route_info")

_READ_ONCE = frozenset({BodyKind.STREAM, BodyKind.PARTS})
_MULTIPART = "multipart/form-data"
_BY_TYPE = {"http": "authorization", "oauth2": "authorization", "openIdConnect": "authorization"}


def route_info(plan: RoutePlan) -> RouteInfo:
    """Return the description of a route for its layers."""
    return plan.info or RouteInfo(
        method=plan.method,
        template=plan.path,
        name=plan.name,
        handler=plan.label.partition(" ")[0],
        tags=plan.tags,
        metadata=plan.metadata,
        is_built_in=is_own(plan.function),
        streams=plan.response.stream is not None or plan.response.names_file,
        is_websocket=plan.socket is not None,
        limits=plan.limits,
        keeps_body=_keeps_body(plan),
        request_headers=tuple(dict.fromkeys(_request_headers(plan))),
        credential_headers=tuple(dict.fromkeys(_credential_headers(plan))),
        credential_query=tuple(dict.fromkeys(_credential_query(plan))),
        takes_request=tuple(dict.fromkeys(_takers(plan))),
        services=frozenset(one.key for one in _services(plan) if one.key is not None),
        middlewares=tuple({id(one.layer): one.layer for one in applying(plan.layers)}.values()),
        guards=tuple(one for level in in_guard_order(plan.layers) for one in level.guarding.values()),
    )


def handler_services(plan: RoutePlan) -> Iterator[tuple[LayerPlan, ServicePlan]]:
    """Yield the services of the exception handlers around a route, each with the level of its handler.

    Not for web sockets, whose responses set no cookies, and not for documents and static files, which all users share.
    """
    if plan.socket is None and not is_own(plan.function):
        yield from ((level, one) for level in plan.layers for one in level.handler_services)


def _services(plan: RoutePlan) -> Iterator[ServicePlan]:
    yield from plan.services
    yield from (one for _, one in handler_services(plan))


def _keeps_body(plan: RoutePlan) -> bool:
    body = plan.body
    if body is None:
        return True
    return body.kind not in _READ_ONCE and not (body.kind is BodyKind.FORM and _MULTIPART in body.media_types)


def _request_headers(plan: RoutePlan) -> Iterator[str]:
    for one in plan.all_parameters:
        if one.source is Source.HEADER:
            yield from (each.name.lower() for each in one.fields)
        elif one.source is Source.COOKIE:
            yield "cookie"
    for requirement in _all_requirements(plan):
        yield from _header_of(requirement)


def _credential_headers(plan: RoutePlan) -> Iterator[str]:
    for one in plan.credentials:
        found = [_header_of(each) for each in _requirements(one.credentials)]
        # With an alternative that is read elsewhere, the headers do not identify every client.
        if not one.optional and all(found):
            yield from (name for names in found for name in names or ())


def _credential_query(plan: RoutePlan) -> Iterator[str]:
    documents = (one.document for one in _all_requirements(plan))
    return (str(one.get("name")) for one in documents if one.get("type") == "apiKey" and one.get("in") == "query")


def _all_requirements(plan: RoutePlan) -> Iterator[SecurityRequirement]:
    for one in plan.credentials:
        yield from _requirements(one.credentials)
    yield from plan.security


def _requirements(credentials: Credentials) -> Iterator[SecurityRequirement]:
    return (one.requirement() for one in credentials.alternatives)


def _header_of(requirement: SecurityRequirement) -> Sequence[str]:
    """Return the header with the credentials of a Security Scheme Object; empty if they are in no header."""
    document = requirement.document
    if document.get("type") != "apiKey":
        known = _BY_TYPE.get(str(document.get("type")))
        return () if known is None else (known,)
    place = document.get("in")
    return (str(document.get("name")).lower(),) if place == "header" else ("cookie",) if place == "cookie" else ()


def _takers(plan: RoutePlan) -> Iterator[str]:
    injected = {one.variable: one for one in plan.guards}
    for level in plan.layers:
        for name in level.guards:
            if name in level.credentials or name in level.guarding or name in level.stated:
                continue
            if name not in injected or _takes_request(injected[name].arguments):
                yield level.names[name]
    for service in plan.services:
        if _takes_request(service.call.arguments) and not stated_security(service.call.target):
            yield service.label
    # Credentials that are in no header, cookie or query, such as those of the connection.
    yield from (one.scheme for one in _all_requirements(plan) if one.document.get("type") not in (*_BY_TYPE, "apiKey"))
    if _takes_request(plan.handler.arguments):
        yield plan.label.partition(" ")[0]


def _takes_request(arguments: Iterable[ArgumentPlan]) -> bool:
    return any(one.provision is Provision.REQUEST for one in arguments)
