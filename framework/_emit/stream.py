"""Emits how a streaming handler is called; its services stay open until its last item is sent."""

from collections.abc import Callable
from typing import Any

from framework._plan import RoutePlan, StreamKind
from framework._serve.conversion.output import Output
from framework._serve.services.closing import close
from framework._serve.streams.events import event_encoder
from framework._serve.streams.response import StreamSettings, open_stream, settle
from framework._source import Source

__all__ = ("emit_opening", "emit_settling", "stream_settings")

_HEADERS: dict[StreamKind, tuple[tuple[str, str], ...]] = {
    # Proxies must neither cache nor buffer events.
    StreamKind.EVENTS: (("Cache-Control", "no-store"), ("X-Accel-Buffering", "no")),
}
_WITHOUT_ENDS = bytes.maketrans(b"\n", b" ")


def emit_opening(source: Source, plan: RoutePlan, target: str = "return ") -> None:
    """Emit how the iterator in ``result`` becomes a response that holds the ``opened`` services."""
    source.use(open_stream=open_stream, STREAM=stream_settings(plan, source))
    expiry = ", expiry" if plan.ends_with_credentials else ""
    source.line(f"{target}await open_stream(request, result, opened, STREAM{expiry})")


def emit_settling(source: Source, inner: str) -> str:
    """Emit a function that closes a stream whose response a middleware has replaced; return its name."""
    source.use(settle=settle)
    with source.block("async def settled(request):"):
        with source.block("try:"):
            source.line(f"response = await {inner}(request)")
        with source.block("except BaseException as error:"):
            source.line("await settle(request, None, error)")
            source.line("raise")
        source.line("await settle(request, response, None)")
        source.line("return response")
    return "settled"


def stream_settings(plan: RoutePlan, source: Source) -> StreamSettings:
    """Return the settings of a route's stream."""
    response, stream = plan.response, plan.response.stream
    if stream is None:
        raise TypeError(f"{plan.label} is not a stream")
    output = Output(response.annotation, plan.label, checks_all=plan.check_responses)
    source.outputs.append(output)
    given = {name for name, _ in response.headers}
    fixed = (one for one in _HEADERS.get(stream.kind, ()) if one[0] not in given)
    return StreamSettings(
        status=response.status,
        headers=(("Content-Type", str(response.media_type)), *response.headers, *fixed),
        encode=_item_encoder(output.encoder(response.media[0].encode), stream.kind),
        close=close,
        is_events=stream.kind is StreamKind.EVENTS,
        keep_alive=stream.keep_alive,
        write_timeout=plan.limits.write_timeout,
    )


def _item_encoder(encode: Callable[[Any], bytes], kind: StreamKind) -> Callable[[Any], bytes]:
    if kind is StreamKind.EVENTS:
        return event_encoder(encode)
    return _line_encoder(encode) if kind is StreamKind.LINES else encode


def _line_encoder(encode: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    def encode_line(item: Any) -> bytes:
        data = encode(item)
        # Only a msgspec.Raw has line ends, between its tokens.
        return (data.translate(_WITHOUT_ENDS) if b"\n" in data else data) + b"\n"

    return encode_line
