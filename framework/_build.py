"""The build of an application: check, compile, document, emit, serve."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any

from aiohttp import web
from msgspec import Struct

from framework._codecs import CustomType, declaring
from framework._compile.application import Compiler, Declarations, Plans
from framework._compile.sockets import tie_sockets
from framework._document.openapi.selection import has_channels
from framework._document.pages.controllers import Document, build_documents, documentation_controllers
from framework._emit.application import CompiledApp, compile_app
from framework._emit.injected import emit_injected
from framework._serve.aiohttp_names import SUPPORTED
from framework._serve.background import RUNNERS, finish_background
from framework._serve.connections.fast_path import install
from framework._serve.connections.keys import HEAD_TIMEOUT
from framework._serve.observing.calls import OBSERVING, note_status
from framework._serve.services.closing import close
from framework._serve.services.opening import open_services
from framework._serve.sockets.registry import SOCKETS
from framework._serve.streams.registry import OPEN_STREAMS, OpenStreams
from framework.errors import DefinitionError
from framework.openapi import OpenAPI
from framework.runtime import OPEN, RUNTIMES

__all__ = ("Planned", "plan_application", "serve_application")

# The options that refer to other operations.
_RELATING = frozenset({"links", "callbacks"})


class Planned(Struct, frozen=True):
    """The plan of an application, and its documents."""

    plans: Plans
    documents: Sequence[Document]


def plan_application(declared: Declarations, openapi: Iterable[OpenAPI], types: Sequence[CustomType]) -> Planned:
    """Check and compile the declarations, and build the documents.

    Raises an ExceptionGroup with every DefinitionError.
    """
    documents = [Document(one) for one in openapi]
    with declaring(types):
        compiler = Compiler(declared, emit_injected)
        compiler.add(declared.controllers)
        _add_documents(compiler, documents, declared.place.levels[0].where)
        _relate(compiler)
        plans = compiler.finish()
        if documents:
            build_documents(documents, plans.routes, declared.channels)
    return Planned(plans, documents)


def _add_documents(compiler: Compiler, documents: Sequence[Document], where: str) -> None:
    """Add the controllers of the documents; AsyncAPI documents only if a route has a web socket or an event stream."""
    if not documents:
        return
    own: Sequence[Any] = ()
    if has_channels(compiler.routes):
        # Imported late: few applications have web sockets or streams.
        from framework._document.pages.asyncapi import asyncapi_controllers

        try:
            own = asyncapi_controllers(documents, compiler.routes, where)
        except DefinitionError as error:
            compiler.report(error)
    compiler.add([*own, *(controller for one in documents for controller in documentation_controllers(one))])


def _relate(compiler: Compiler) -> None:
    """Plan links, callbacks and other references between operations."""
    if any(not _RELATING.isdisjoint(one.options) for one in compiler.mounted):
        # Imported late: few applications have any.
        from framework._document.links.plan import plan_links

        compiler.routes = plan_links(compiler.mounted, compiler.routes, compiler.report)


def serve_application(
    planned: Planned, application: web.Application, *, head_timeout: float | None
) -> Callable[[], str]:
    """Emit the routes, and add them and everything that serves them to an aiohttp application.

    Return a function that returns the prefix below which the application is mounted.
    """
    compiled = compile_app(planned.plans)
    resource = compiled.register(application.router)
    application.cleanup_ctx.append(_lifespan(compiled))
    application[HEAD_TIMEOUT] = head_timeout
    install(application, resource, compiled.watch, compiled.default)
    if OPEN_STREAMS not in application:
        application[OPEN_STREAMS] = streams = OpenStreams()
        application.on_shutdown.append(streams.shut_down)
    application.setdefault(OBSERVING, []).append(compiled.observing)
    if compiled.observing.plans and not SUPPORTED:
        application.on_response_prepare.append(note_status)
    if RUNTIMES not in application:
        application[RUNTIMES] = []
        application.on_shutdown.append(_begin_stopping)
    application[RUNTIMES].append(planned.plans.runtime)
    application.setdefault(RUNNERS, []).append(planned.plans.background)
    _attach_mounts(application, planned.plans)
    tie_sockets(application, planned.plans.routes)
    application[OPEN] = (application[OPEN_STREAMS], application.get(SOCKETS, ()))

    def prefix() -> str:
        return resource.prefix

    for document in planned.documents:
        document.mount = prefix
    return prefix


def _attach_mounts(application: web.Application, plans: Plans) -> None:
    mounted = [one.controller for one in plans.mounted if hasattr(one.controller, "__mounted__")]
    if mounted:
        # Imported late: few applications have one.
        from framework._serve.mounts.controller import attach_mounts

        attach_mounts(application, mounted)


async def _begin_stopping(application: web.Application) -> None:
    for runtime in application[RUNTIMES]:
        runtime.begin_stopping()


def _lifespan(compiled: CompiledApp) -> Callable[[web.Application], AsyncIterator[None]]:
    async def lifespan(_: web.Application) -> AsyncIterator[None]:
        live, opened = await open_services((*compiled.plans.singletons, *compiled.plans.lifespan))
        opened.append((finish_background, compiled.plans.background))
        compiled.start(live)
        yield
        error = await close(opened, None)
        if error is not None:
            raise error

    return lifespan
