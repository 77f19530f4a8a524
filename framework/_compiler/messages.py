"""What the messages of a web socket are decoded, encoded and explained with."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct, inspect

from framework._binding.decoding import decoder_for
from framework._binding.faults import find_faults, single_fault
from framework._hooks import raise_broken
from framework._plan import Frames, MessagePlan
from framework.formats import JSON, Format
from framework.http_errors import BadRequest, FieldError, HTTPError, UnprocessableContent

__all__ = ("MessageExplainer", "decoder_of", "encoder_of")

_MAXIMUM = 100
"""The most faults that a problem lists."""


def decoder_of(plan: MessagePlan, fmt: Format) -> Callable[[bytes], Any]:
    """Return what decodes typed messages."""
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
    """Return what encodes the messages that are sent."""
    return _ENCODERS[Frames.EITHER] if plan is None else _ENCODERS.get(plan.frames) or fmt.encoder(plan.annotation)


def _either(message: str | bytes) -> bytes:
    return message.encode() if isinstance(message, str) else bytes(memoryview(message))


_ENCODERS: dict[Frames, Callable[[Any], bytes]] = {
    Frames.TEXT: str.encode,
    # Not bytes(): of a number it makes so many NULs.
    Frames.BINARY: lambda message: bytes(memoryview(message)),
    Frames.EITHER: _either,
}


class MessageExplainer(Struct, frozen=True):
    """Gives the problem of a message that could not be decoded, with every fault."""

    kind: inspect.Type
    parse: Callable[[bytes], Any]

    def __call__(self, data: bytes, error: Exception) -> HTTPError:
        """Return a 400 for what cannot be parsed, a 422 for what is invalid."""
        if isinstance(error, UnicodeDecodeError):
            return _unparsed(f"Not valid UTF-8 (byte {error.start})")
        try:
            tree = self.parse(data)
        except msgspec.ValidationError as beyond:
            # It parses; a number in it is beyond what Python's numbers hold.
            return _invalid([single_fault(beyond, "body")], more=False)
        except msgspec.DecodeError as broken:
            return _unparsed(str(broken))
        except RecursionError:
            return _unparsed("Nested too deeply")
        raise_broken(error)
        faults, more = find_faults(self.kind, tree, location="body", limit=_MAXIMUM)
        known = error if isinstance(error, msgspec.ValidationError) else msgspec.ValidationError(str(error))
        return _invalid(faults or [single_fault(known, "body")], more=more)


def _unparsed(detail: str) -> BadRequest:
    return BadRequest("The message cannot be parsed", errors=(FieldError("body", "", "syntax", detail),))


def _invalid(faults: Sequence[FieldError], *, more: bool) -> UnprocessableContent:
    count = f"More than {_MAXIMUM}" if more else str(len(faults))
    return UnprocessableContent(f"{count} error{'' if count == '1' else 's'} in the message", errors=tuple(faults))
