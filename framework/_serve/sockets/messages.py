"""The decoders, encoders and error messages of a web socket."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct, inspect

from framework._hooks import raise_broken
from framework._plan import Frames, MessagePlan
from framework._serve.requests.decoding import decoder_for
from framework._serve.validation.walker import find_errors, single_error
from framework.formats import JSON, Format
from framework.http_errors import BadRequest, FieldError, HTTPError, UnprocessableContent

__all__ = ("MessageExplainer", "decoder_of", "encoder_of")

_MAXIMUM = 100
"""The most errors that a problem lists."""


def decoder_of(plan: MessagePlan, fmt: Format) -> Callable[[bytes], Any]:
    """Return the decoder of typed messages."""
    decode = decoder_for(fmt, plan.annotation)
    if fmt is not JSON:
        return decode

    def decode_text(data: bytes) -> Any:
        # msgspec skips bytes that are not UTF-8 in fields that it ignores; decode() raises for them.
        if not data.isascii():
            data.decode()
        return decode(data)

    return decode_text


def encoder_of(plan: MessagePlan | None, fmt: Format) -> Callable[[Any], bytes]:
    """Return the encoder of sent messages."""
    return _ENCODERS[Frames.EITHER] if plan is None else _ENCODERS.get(plan.frames) or fmt.encoder(plan.annotation)


def _either(message: str | bytes) -> bytes:
    return message.encode() if isinstance(message, str) else bytes(memoryview(message))


_ENCODERS: dict[Frames, Callable[[Any], bytes]] = {
    Frames.TEXT: str.encode,
    # Not bytes(), which turns a number into that many NULs.
    Frames.BINARY: lambda message: bytes(memoryview(message)),
    Frames.EITHER: _either,
}


class MessageExplainer(Struct, frozen=True):
    """Returns the problem of a message that could not be decoded, with every validation error."""

    kind: inspect.Type
    parse: Callable[[bytes], Any]

    def __call__(self, data: bytes, error: Exception) -> HTTPError:
        """Return a 400 for a message that cannot be parsed, a 422 for an invalid message."""
        if isinstance(error, UnicodeDecodeError):
            return _unparsed(f"Not valid UTF-8 (byte {error.start})")
        try:
            tree = self.parse(data)
        except msgspec.ValidationError as beyond:
            # It can be parsed; a number in it is beyond the range of Python's numbers.
            return _invalid([single_error(beyond, "body")], more=False)
        except msgspec.DecodeError as broken:
            return _unparsed(str(broken))
        except RecursionError:
            return _unparsed("Nested too deeply")
        raise_broken(error)
        errors, more = find_errors(self.kind, tree, location="body", limit=_MAXIMUM)
        known = error if isinstance(error, msgspec.ValidationError) else msgspec.ValidationError(str(error))
        return _invalid(errors or [single_error(known, "body")], more=more)


def _unparsed(detail: str) -> BadRequest:
    return BadRequest("The message cannot be parsed", errors=(FieldError("body", "", "syntax", detail),))


def _invalid(errors: Sequence[FieldError], *, more: bool) -> UnprocessableContent:
    count = f"More than {_MAXIMUM}" if more else str(len(errors))
    return UnprocessableContent(f"{count} error{'' if count == '1' else 's'} in the message", errors=tuple(errors))
