"""Emits the function that serves the web sockets of a route."""

from collections.abc import Callable
from typing import Any, TypeAlias

from aiohttp import WSMsgType

from framework._emit.call import emit_early, emit_run, keeps_early
from framework._plan import Frames, RoutePlan, SocketPlan
from framework._serve.conversion.output import Output
from framework._serve.problems import problem_of
from framework._serve.requests.decoding import parser_for
from framework._serve.requests.failure import INVALID
from framework._serve.sockets.connection import Connection
from framework._serve.sockets.handshake import check_handshake
from framework._serve.sockets.messages import MessageExplainer, decoder_of, encoder_of
from framework._serve.sockets.terms import SocketTerms
from framework._serve.sockets.websocket import WebSocket
from framework._source import Source
from framework.formats import JSON, Format
from framework.http_errors import HTTPError

__all__ = ("emit_socket",)

Encode: TypeAlias = Callable[[Any], bytes]


def emit_socket(source: Source, plan: RoutePlan, socket: SocketPlan, before: Callable[[], None]) -> None:
    """Emit the handshake and the life of a connection; ``before`` emits the checks that may still refuse it."""
    encode = _encoder(source, plan, socket)
    # Requests that are not a handshake of this route are refused before the guards.
    source.use(check_handshake=check_handshake, TERMS=_terms(plan, socket, encode), Connection=Connection)
    source.line("check_handshake(request, TERMS)")
    with emit_early(source, plan) as answer:
        before()
        expiry = ", expiry" if plan.ends_with_credentials else ""
        source.line(f"connection = Connection(request, TERMS{expiry})")
        with source.block("try:"):
            _emit_messages(source, plan, socket, encode)
        with source.block("except BaseException as error:"):
            source.line(f"{answer}await connection.fail(error, failed.report)")
        with source.block("else:"):
            source.line(f"{answer}await connection.finish()")


def _encoder(source: Source, plan: RoutePlan, socket: SocketPlan) -> Encode:
    """Return the encoder of the messages that are sent, by their annotation."""
    encode = encoder_of(socket.outgoing, socket.format)
    if socket.outgoing is None:
        return encode
    output = Output(socket.outgoing.annotation, plan.label, checks_all=plan.check_responses)
    source.outputs.append(output)
    return output.encoder(encode)


def _emit_messages(source: Source, plan: RoutePlan, socket: SocketPlan, encode: Encode) -> None:
    if socket.listener:
        source.line("await connection.accept()")
        with source.block("async for body in connection:"):
            _emit_message(source, plan, socket, encode)
        return
    source.use(WebSocket=WebSocket)
    source.line("socket = WebSocket(connection)")
    emit_run(source, plan, ended="connection.leave()", around="early" if keeps_early(plan) else "")


def _emit_message(source: Source, plan: RoutePlan, socket: SocketPlan, encode: Encode) -> None:
    # Encoding errors occur before the cleanup, so that services roll back.
    source.use(encode=encode)
    reply = "" if socket.outgoing is None else "reply = None if result is None else encode(result)"
    if socket.invalid == "close":
        emit_run(source, plan, reply=reply)
    else:
        source.use(HTTPError=HTTPError)
        with source.block("try:"):
            emit_run(source, plan, reply=reply)
        with source.block("except HTTPError as error:"):
            source.line("await connection.report(error)")
            source.line("continue")
    if socket.outgoing is not None:
        with source.block("if reply is not None:"):
            source.line("await connection.write(reply, result)")


def _terms(plan: RoutePlan, socket: SocketPlan, encode: Encode) -> SocketTerms:
    incoming, fmt = socket.incoming, socket.format
    opcode = _opcode(fmt)
    typed = decoder_of(incoming, fmt) if incoming.frames is Frames.TYPED else None
    text = bytes.decode if incoming.frames in {Frames.TEXT, Frames.EITHER} else None
    binary = bytes if incoming.frames in {Frames.BINARY, Frames.EITHER} else None
    sent = Frames.TYPED if socket.outgoing is None else socket.outgoing.frames
    return SocketTerms(
        text=typed if opcode is WSMsgType.TEXT and typed is not None else text,
        binary=typed if opcode is WSMsgType.BINARY and typed is not None else binary,
        encode=encode,
        opcode={
            Frames.TYPED: opcode,
            Frames.TEXT: WSMsgType.TEXT,
            Frames.BINARY: WSMsgType.BINARY,
            Frames.EITHER: None,
        }[sent],
        encode_problem=_problem_encoder(fmt),
        problem_opcode=opcode,
        explain=MessageExplainer(incoming.type, parser_for(fmt)),
        failures=INVALID,
        invalid=socket.invalid,
        origins=socket.origins,
        subprotocols=socket.subprotocols,
        heartbeat=socket.heartbeat,
        compress=socket.compress,
        limit=plan.limits.message,
        write_timeout=plan.limits.write_timeout,
        lingers=not socket.listener,
    )


def _problem_encoder(fmt: Format) -> Callable[[HTTPError, str], bytes]:
    encode = fmt.encoder(dict[str, object])
    return lambda problem, path: encode(problem_of(problem, path))


def _opcode(fmt: Format) -> WSMsgType:
    return WSMsgType.TEXT if fmt.media_type == JSON.media_type or fmt.suffix == JSON.suffix else WSMsgType.BINARY
