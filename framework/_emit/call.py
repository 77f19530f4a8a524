"""Emits how services are opened, the handler is called and services are closed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext

from msgspec.structs import replace

from framework._emit.result import emit_result
from framework._emit.stream import emit_opening
from framework._inspect.signatures import positional_names
from framework._plan import ArgumentPlan, Call, Encoding, FactoryKind, Provision, RoutePlan, ServicePlan
from framework._serve.conversion.unencodable import UNENCODABLE, note_place
from framework._serve.requests.forms import finish_files, finish_files_later
from framework._serve.services.closing import close
from framework._serve.services.opening import FINISHERS
from framework._serve.streams.response import StreamedResponse
from framework._source import Source

__all__ = (
    "argument_list",
    "emit_call",
    "emit_close",
    "emit_early",
    "emit_guarded",
    "emit_run",
    "emit_service",
    "emit_services",
    "keeps_early",
    "made_by_request",
)

_EXPRESSIONS: dict[Provision, Callable[[Sequence[str]], str]] = {
    Provision.PARAMETER: lambda names: f"p.{names[0]}",
    Provision.BODY: lambda names: names[0],
    Provision.REQUEST: lambda names: names[0],
    Provision.PRECONDITIONS: lambda names: f"Preconditions({names[0]})",
    Provision.SERVICE: lambda names: names[0],
    Provision.CREDENTIAL: lambda names: names[0],
    Provision.SERVICES: lambda names: f"[{', '.join(names)}]",
    Provision.SOCKET: lambda names: names[0],
}


def argument_list(arguments: Sequence[ArgumentPlan]) -> str:
    """Return the arguments of a call as source."""
    parts = []
    for one in arguments:
        expression = _EXPRESSIONS[one.provision](one.variables)
        parts.append(expression if one.positional else f"{one.name}={expression}")
    return ", ".join(parts)


def emit_call(source: Source, plan: RoutePlan, before: Callable[[], None], target: str = "return ") -> None:
    """Emit everything from the guards on; ``before`` emits the part before the services of handler and controller.

    ``target`` is the beginning of a line that responds: ``return`` or an assignment to ``response``. Blocks that
    ``before`` opens in the source surround everything that follows inside the scope of the guards' services.
    """
    has_files = plan.body is not None and plan.body.has_files
    services = _late_services(plan)
    closes = has_files or plan.response.stream is not None or any(one.kind.cleans_up for one in plan.services)
    with source.restoring():
        if not keeps_early(plan):
            before()
        if closes:
            _emit_closing(source, plan, before, services, target)
        else:
            emit_services(source, services)
            _emit_handler(source, plan, opened="[]")
            _emit_encoding(source, plan, target)


def _emit_closing(
    source: Source, plan: RoutePlan, before: Callable[[], None], services: Sequence[ServicePlan], target: str
) -> None:
    """Emit how services are created, the handler is called and everything open is closed."""
    kept_early = keeps_early(plan)
    stream = plan.response.stream
    source.line("opened = []")
    with emit_guarded(source), source.restoring():
        if kept_early:
            before()
        if plan.body is not None and plan.body.has_files:
            # The files of a form are opened before all services of the handler, and closed after them.
            ready = plan.response.encoding is Encoding.PASS or plan.response.may_be_response
            source.use(finish_files=finish_files_later if ready else finish_files)
            source.line("opened.insert(0, (finish_files, form))")
        emit_services(source, services, around="opened" if kept_early else "")
        _emit_handler(source, plan)
        if stream is None:
            _emit_encoding(source, plan, "response = ")
        else:
            emit_opening(source, plan, target)
    if stream is not None and target == "return ":
        return
    if stream is not None:
        # A stream keeps the services open; another response does not.
        source.use(StreamedResponse=StreamedResponse)
    with source.block("if response.__class__ is not StreamedResponse:") if stream is not None else nullcontext():
        emit_close(source)
    if target == "return ":
        source.line("return response")


def _emit_encoding(source: Source, plan: RoutePlan, target: str) -> None:
    """Emit how the result becomes a response; if it cannot be encoded, the exception names the place."""
    if not plan.response.media:
        emit_result(source, plan, target)
        return
    source.use(UNENCODABLE=UNENCODABLE, note_place=note_place)
    # PERF: since Python 3.11, a try block without an exception costs nothing.
    with source.block("try:"):
        emit_result(source, plan, target)
    with source.block("except UNENCODABLE as error:"):
        source.line("note_place(error, result, encode)")
        source.line("raise")


_MAKING: dict[FactoryKind, str] = {
    FactoryKind.CALL: "{x} = {call}",
    FactoryKind.ASYNC_CALL: "{x} = await {call}",
    FactoryKind.GENERATOR: "{x} = next(made := {call})",
    FactoryKind.ASYNC_GENERATOR: "{x} = await anext(made := {call})",
    FactoryKind.CONTEXT: "{x} = (made := {call}).__enter__()",
    FactoryKind.ASYNC_CONTEXT: "{x} = await (made := {call}).__aenter__()",
}


def emit_services(source: Source, services: Iterable[ServicePlan], around: str = "") -> None:
    """Emit the creation of services, one after the other; ``around`` holds those that are open already."""
    for service in services:
        emit_service(source, service, around)


def emit_service(source: Source, service: ServicePlan, around: str = "") -> None:
    """Emit how a service is created, and recorded for closing."""
    make = f"make_{service.variable}"
    source.use(**{make: service.call.target})
    call = f"{make}({argument_list(service.call.arguments)})"
    source.line(_MAKING[service.kind].format(x=service.variable, call=call))
    if service.kind.cleans_up:
        finish = FINISHERS[service.kind]
        source.use(**{finish.__name__: finish})
        kept = f"({finish.__name__}, made)"
        source.line(f"{around}.insert(0, {kept})" if around and service.outermost else f"opened.append({kept})")


def _emit_handler(source: Source, plan: RoutePlan, opened: str = "opened") -> None:
    """Emit the call of the handler; ``opened`` must stay open while it runs in a thread."""
    source.use(handle=plan.handler.target)
    controller = plan.controller if made_by_request(plan) else "controller"
    arguments = ", ".join(filter(None, (controller, argument_list(_in_order(plan.handler)))))
    stream = plan.response.stream
    if stream is not None and not stream.awaited:
        source.line(f"result = handle({arguments})")
    elif plan.synchronous:
        source.line(f"result = await in_thread({opened}, handle, {arguments})")
    else:
        source.line(f"result = await handle({arguments})")


def _in_order(call: Call) -> Sequence[ArgumentPlan]:
    """Pass arguments by position if they are in the order of the parameters of a plain or a decorated function."""
    # PERF: each keyword costs as much as a look-up.
    names = positional_names(call.target)[1:]
    given = tuple(one.name for one in call.arguments)
    reachable = min(len(names), len(given))
    if given[:reachable] != names[:reachable]:
        return call.arguments
    return [replace(one, positional=True) for one in call.arguments[:reachable]] + list(call.arguments[reachable:])


def made_by_request(plan: RoutePlan) -> bool:
    """Return whether each request creates its own controller."""
    return any(one.variable == plan.controller for one in plan.services)


def _late_services(plan: RoutePlan) -> list[ServicePlan]:
    """Return the services that neither guards nor verifiers need."""
    return [one for one in plan.services if one.variable not in plan.early_services]


def keeps_early(plan: RoutePlan) -> bool:
    """Return whether a service of guards or credentials must be closed."""
    return any(one.kind.cleans_up and one.variable in plan.early_services for one in plan.services)


@contextmanager
def emit_guarded(source: Source, opened: str = "opened", *, ended: str = "") -> Iterator[None]:
    """Emit what closes services if the lines that are emitted inside raise; ``ended`` is a line before it."""
    source.use(close=close)
    with source.block("try:"):
        yield
    with source.block("except BaseException as error:"):
        source.lines(filter(None, (ended,)))
        source.line(f"raise await close({opened}, error)")


def emit_close(source: Source, opened: str = "opened") -> None:
    """Emit what closes services after success, and raises what a cleanup raises."""
    source.line(f"failure = await close({opened}, None)")
    with source.block("if failure is not None:"):
        source.line("raise failure")


@contextmanager
def emit_early(source: Source, plan: RoutePlan) -> Iterator[str]:
    """Emit the closing of the services of guards and credentials, around the lines that are emitted inside.

    Yields the beginning of a line that responds: ``return`` or an assignment.
    """
    if not keeps_early(plan):
        yield "return "
        return
    # Services that are opened later have their own list.
    source.line("opened = early = []")
    with emit_guarded(source, "early"):
        yield "response = "
    emit_close(source, "early")
    source.line("return response")


def emit_run(source: Source, plan: RoutePlan, *, reply: str = "", ended: str = "", around: str = "") -> None:
    """Emit the same for a web socket, which has no response.

    ``reply`` and ``ended`` are lines before the cleanup, ``reply`` only if the handler has returned; ``around`` holds
    the services that are closed when the connection ends.
    """
    services = _late_services(plan)
    cleans_up = any(one.kind.cleans_up for one in services)
    if cleans_up:
        source.line("opened = []")
    with emit_guarded(source, ended=ended) if cleans_up else nullcontext():
        emit_services(source, services, around)
        _emit_handler(source, plan)
        source.lines(filter(None, (reply, ended)))
    if cleans_up:
        emit_close(source)
