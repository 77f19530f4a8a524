"""Emits calls of functions outside of requests, with services as the arguments that are not given."""

from collections.abc import Sequence

from framework._emit.call import argument_list, emit_close, emit_guarded, emit_services
from framework._plan import ArgumentPlan, ServicePlan
from framework._source import Source

__all__ = ("emit_injected",)


def emit_injected(
    services: Sequence[ServicePlan],
    arguments: Sequence[ArgumentPlan],
    *,
    synchronous: bool,
    request: int | None = None,
) -> Source:
    """Return the source of ``call(function, args, keywords)``: it opens services, calls the function and closes them.

    All other arguments are services; a plain function is run by ``in_thread``. Services that read the request get that
    at ``args[request]``, if it is given.
    """
    source = Source()
    if request is None:
        source.use(request=None)
    by_position = argument_list([one for one in arguments if one.positional])
    by_name = argument_list([one for one in arguments if not one.positional])
    given = ", ".join(filter(None, ("*args", by_position, "**keywords", by_name)))
    with source.block("async def call(function, args, keywords):"):
        source.line("opened = []")
        if request is not None:
            source.line(f"request = args[{request}]")
        with emit_guarded(source):
            emit_services(source, services)
            if synchronous:
                source.line(f"result = await in_thread(opened, function, {given})")
            else:
                source.line(f"result = await function({given})")
        emit_close(source)
        source.line("return result")
    return source
