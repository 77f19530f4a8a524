"""Describes the stages of a request of one route, and shows the code that was emitted for it."""

from collections.abc import Iterator, Sequence

from framework._emit.route import EmittedRoute
from framework._inspect.names import type_name
from framework._plan import (
    CredentialPlan,
    Encoding,
    Frames,
    GuardPlan,
    MessagePlan,
    ObserverPlan,
    RoutePlan,
    ServicePlan,
    SocketPlan,
    StepsPlan,
    in_guard_order,
)
from framework._serve.conversion.output import Output
from framework._steps import Steps

__all__ = ("explain_route",)


def explain_route(plan: RoutePlan, emitted: EmittedRoute, observers: Sequence[ObserverPlan] = ()) -> str:
    """Return the order of the stages of a route and its emitted source."""
    lines = [f"{plan.method} {plan.path} -> {plan.label}", ""]
    stages = (*_observed(observers, "begin"), *_stages(plan), *_observed(observers[::-1], "end"))
    lines += [f"{number:>3}. {stage}" for number, stage in enumerate(stages, start=1)]
    return "\n".join([*lines, "", emitted.source])


def _observed(observers: Sequence[ObserverPlan], method: str) -> Iterator[str]:
    return (f"observer {one.name}.{method} (app)" for one in observers if method in one.methods)


def _stages(plan: RoutePlan) -> Iterator[str]:
    if plan.deprecation is not None:
        yield f"headers of a deprecated route: {', '.join(plan.deprecation.headers())}"
    yield from _middlewares(plan)
    if plan.socket is not None:
        origins = "the same origin" if plan.socket.origins is None else " or ".join(plan.socket.origins) or "no origin"
        yield f"handshake of a web socket, else 426; from {origins}, else 403; well formed, else 400"
    elif plan.limits.timeout is not None:
        yield f"timeout of {plan.limits.timeout:g} s, else 503"
    yield from _guard_stages(plan)
    yield from (_compiled(one) for one in plan.steps if one.is_inner and not one.steps.after_validation)
    yield from _inner_stages(plan)
    for level in reversed(plan.layers):
        for key, handler in level.exception_handlers.items():
            name = key if isinstance(key, int) else key.__name__
            yield f"an exception ({name}) is handled by {level.names[handler]} ({level.level})"


def _middlewares(plan: RoutePlan) -> Iterator[str]:
    """Yield the middlewares in their order; compiled ones only if they have steps for the route."""
    compiled = {(one.depth, one.index): one for one in plan.steps if not one.is_inner}
    for depth, level in enumerate(plan.layers, start=1):
        for index, name in enumerate(level.middlewares):
            if name not in level.compiled:
                yield f"middleware {level.names[name]} ({level.level})"
            elif (depth, index) in compiled:
                yield _compiled(compiled.pop((depth, index)))
    # Declared for another method of the path, and for its preflights.
    yield from map(_compiled, compiled.values())


def _compiled(plan: StepsPlan) -> str:
    steps = plan.steps
    said = [f"headers {', '.join(steps.headers)}"] if steps.headers else []
    said += [f"over HTTPS {', '.join(steps.secure_headers)}"] if steps.secure_headers else []
    said += [f"headers by {name}" for name in steps.headers_by]
    said += [f"before{_if(steps)}" for one in (steps.before,) if one is not None]
    said += ["after" for one in (steps.after,) if one is not None]
    return f"compiled middleware {plan.name} ({plan.level}): {'; '.join(said) or 'nothing'}"


def _if(steps: Steps) -> str:
    return f" if there is {' or '.join(steps.before_if)}" if steps.before_if else ""


def _guard_stages(plan: RoutePlan) -> Iterator[str]:
    """Yield guards and credentials, with the values that are read and the services that are created for them."""
    injected = {one.variable: one for one in plan.guards}
    credentials, made = list(plan.credentials), set[str]()
    for level in in_guard_order(plan.layers):
        for variable in level.guards:
            guard, name = injected.get(variable), level.names[variable]
            if guard is not None:
                needed = [one for one in credentials if one.variable in guard.credentials]
                credentials = [one for one in credentials if one not in needed]
                yield from map(_verified, needed)
                yield from _for_guard(plan, guard, name, made)
            if variable not in level.credentials:
                yield f"guard {name} ({level.level})"
    yield from map(_verified, credentials)


def _for_guard(plan: RoutePlan, guard: GuardPlan, name: str, made: set[str]) -> Iterator[str]:
    if guard.parameters:
        read = ", ".join(f"{one.source} {each.name}" for one in guard.parameters for each in one.fields)
        yield f"validation of what guard {name} reads ({read}), else 422"
    for service in plan.services:
        if service.variable in guard.services and service.variable not in made:
            made.add(service.variable)
            yield _made(service)


def _verified(credential: CredentialPlan) -> str:
    names = " or ".join(each.scheme.requirement().scheme for each in credential.verifications)
    return f"credentials ({names}{', optional' if credential.optional else ''}), else 401"


def _made(service: ServicePlan) -> str:
    return f"{service.lifetime} service {service.label}"


def _handler_services(plan: RoutePlan) -> list[str]:
    early = {name for one in plan.guards for name in one.services}
    return [_made(one) for one in plan.services if one.variable not in early]


def _media_types(plan: RoutePlan) -> Iterator[str]:
    return (one.media_type for one in plan.response.media if one.listed)


def _inner_stages(plan: RoutePlan) -> Iterator[str]:
    response = plan.response
    if plan.require_precondition:
        yield "a precondition, else 428"
    if response.media and response.strict:
        yield f"a media type that the client accepts, else 406: {' or '.join(_media_types(plan))}"
    if plan.body is not None:
        types = plan.body.media_types
        read = "" if "*/*" in types else f"; {' or '.join(types)}, else 415"
        yield f"body of at most {plan.limits.body} bytes, else 413{read}"
        yield "parsing, else 400"
    if plan.body is not None or plan.parameters:
        yield "validation of all sources together, else 422"
    yield from (_compiled(one) for one in plan.steps if one.steps.after_validation)
    if plan.socket is not None:
        yield from _socket_stages(plan, plan.socket)
        return
    yield from _handler_services(plan)
    yield f"handler {plan.label}" + (" in a worker thread" if plan.synchronous else "")
    conversion = Output(response.annotation, plan.label, checks_all=plan.check_responses).describe()
    if conversion and response.encoding not in {Encoding.NONE, Encoding.PASS}:
        yield conversion
    stream = response.stream
    as_stream = "" if stream is None else f"stream of {stream.kind.value}, "
    yield f"{as_stream}encoding: {response.encoding.value}, {response.status}"
    if response.conditional or response.ranges:
        yield "comparing versions: 304 for what the client has, 412 for a precondition that does not hold"
    closing = [one.label for one in reversed(plan.services) if one.kind.cleans_up]
    if closing:
        yield f"cleanup{'' if stream is None else ' when the stream ends'}: {', '.join(closing)}"


def _socket_stages(plan: RoutePlan, socket: SocketPlan) -> Iterator[str]:
    services = _handler_services(plan)
    closing = [one.label for one in reversed(plan.services) if one.kind.cleans_up]
    cleanup = [f"cleanup: {', '.join(closing)}"] if closing else []
    fault = "1007, 1008 or 1003" if socket.invalid == "close" else "a problem as a message"
    reading = f"{_messages(socket.incoming, socket)} of at most {plan.limits.message} bytes, else 1009"
    if not socket.listener:
        yield from services
        yield f"handler {plan.label}, which reads {reading}; valid, else {fault}"
        yield from cleanup
        yield "close with 1000"
        return
    yield f"the socket is accepted; it reads {reading}"
    for stage in (f"decoding, else {fault}", *services, f"handler {plan.label}", *cleanup):
        yield f"for each message: {stage}"
    if socket.outgoing is not None:
        yield f"for each message: what is returned is sent as {_messages(socket.outgoing, socket)}"


def _messages(plan: MessagePlan, socket: SocketPlan) -> str:
    name = type_name(plan.annotation)
    return f"{name} ({socket.format.media_type if plan.frames is Frames.TYPED else plan.frames})"
