"""The parts of a signed token (RFC 7515, section 3.1; RFC 7519), read strictly and checked."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Collection
from typing import TypeVar

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

__all__ = (
    "Claims",
    "Header",
    "Refused",
    "Token",
    "check_parties",
    "check_times",
    "decode",
    "from_base64",
    "read_token",
    "to_base64",
)

_T = TypeVar("_T")

_LONGEST_TOKEN = 16_384
_LONGEST_HEADER = 4_096
_PARTS = 3


class Refused(Exception):
    """A token that is not valid; the message is for the log and contains nothing of the token."""


class Header(Struct, frozen=True):
    """The members of a header that are read (RFC 7515, section 4.1); all others are ignored."""

    alg: str
    kid: str | UnsetType = UNSET
    typ: str | UnsetType = UNSET
    crit: Raw | UnsetType = UNSET


class Token(Struct, frozen=True, kw_only=True):
    """A token whose signature has not been verified yet."""

    header: Header
    signed: bytes
    """The signed part."""
    payload: str
    """In base64."""
    signature: bytes


_HEADER = msgspec.json.Decoder(Header)


class Claims(Struct, frozen=True):
    """The claims that are checked in every token (RFC 7519, section 4.1)."""

    exp: int | float
    nbf: int | float | UnsetType = UNSET
    iat: int | float | UnsetType = UNSET
    iss: str | UnsetType = UNSET
    sub: str | UnsetType = UNSET
    aud: str | list[str] | UnsetType = UNSET
    jti: str | UnsetType = UNSET


def read_token(text: str) -> Token:
    """Return the parts of a token in the compact form; raises Refused."""
    if len(text) > _LONGEST_TOKEN:
        raise Refused("it is too long")
    if not text.isascii():
        raise Refused("it is not base64url")
    parts = text.split(".")
    if len(parts) != _PARTS:
        raise Refused("it does not have three parts")
    header, payload, signature = parts
    if len(header) > _LONGEST_HEADER:
        raise Refused("its header is too long")
    return Token(
        header=decode(from_base64(header), _HEADER),
        signed=f"{header}.{payload}".encode(),
        payload=payload,
        signature=from_base64(signature),
    )


def from_base64(text: str) -> bytes:
    """Return the bytes of base64url without padding (RFC 7515, section 2); raises Refused for any other spelling."""
    try:
        data = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (Base64Error, UnicodeEncodeError):
        raise Refused("it is not base64url") from None
    # The decoder skips invalid characters and ignores the last bits: both would give one token several spellings.
    if to_base64(data) != text:
        raise Refused("it is not base64url")
    return data


def to_base64(data: bytes) -> str:
    """Return bytes as base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(data: bytes, decoder: "msgspec.json.Decoder[_T]") -> _T:
    """Return JSON as a type; raises Refused. Of two members with the same name, the last one is used."""
    try:
        return decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Refused("its header or its claims do not have the required form") from None


def check_times(claims: Claims, *, now: float, leeway: float) -> None:
    """Compare the times of a token with the clock; raises Refused (RFC 7519, sections 4.1.4 to 4.1.6)."""
    # Compare without adding: an integer of JSON may be too large for a float.
    if claims.exp <= now - leeway:
        raise Refused("it has expired")
    if claims.nbf is not UNSET and claims.nbf > now + leeway:
        raise Refused("it is not valid yet")
    if claims.iat is not UNSET and claims.iat > now + leeway:
        raise Refused("it was issued in the future")


def check_parties(claims: Claims, *, issuer: str | None, audience: Collection[str]) -> None:
    """Compare issuer and audience of a token with the expected ones; raises Refused (RFC 7519, section 4.1)."""
    if issuer is not None and claims.iss != issuer:
        raise Refused("its issuer is another one")
    _check_audience(claims.aud, audience)


def _check_audience(found: str | list[str] | UnsetType, wanted: Collection[str]) -> None:
    if found is UNSET:
        if wanted:
            raise Refused("it has no audience")
        return
    named = [found] if isinstance(found, str) else found
    # A token with an audience must be for this application, also if no audience is configured.
    if not any(one in wanted for one in named):
        raise Refused("it is meant for another audience")
