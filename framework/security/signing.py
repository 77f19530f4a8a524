"""Tokens that clients return unchanged: signed, or encrypted so that clients cannot read them."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import timedelta
from importlib.util import find_spec
from typing import Any, TypeVar

import msgspec

from framework import clock
from framework.errors import InvalidOptionError
from framework.option_errors import explained_class
from framework.security.token_format import Refused, from_base64, to_base64
from framework.types import SecretStr

__all__ = ("Sealer", "Secrets", "Signer")

_T = TypeVar("_T")
Secret = str | bytes | SecretStr
Secrets = Secret | Sequence[Secret]
"""One secret, or several: the first one makes new tokens, and all read them."""

_SHORTEST = 32
_LONGEST_TEXT = 65_536
_TIME = 8
_MAC = 32
_SALT = 16
_NONCE = 12
_NEVER = 2**64 - 1


class _Keys:
    """Keys that are derived from secrets for one purpose, so that a token of another purpose is not valid."""

    def __init__(self, label: str, given: Any, purpose: Any) -> None:
        if not isinstance(purpose, str) or not purpose:
            what = f"purpose={purpose!r} does not say what it is for"
            raise InvalidOptionError(label, what, hint='write it as purpose="confirm-email"')
        listed = [given] if isinstance(given, str | bytes | SecretStr) else given
        if not isinstance(listed, list | tuple) or not listed:
            raise InvalidOptionError(label, "it is given no secret", hint="give a str or bytes, or several in a tuple")
        label_and_purpose = f"framework.security.{label}\0{purpose}".encode()
        self.keys = tuple(hmac.digest(_secret(label, one), label_and_purpose, "sha256") for one in listed)


def _secret(label: str, given: Any) -> bytes:
    plain = given.reveal() if isinstance(given, SecretStr) else given
    data = plain.encode() if isinstance(plain, str) else plain
    if not isinstance(data, bytes) or len(data) < _SHORTEST:
        hint = f"give {_SHORTEST} bytes or more, for example of secrets.token_urlsafe(32)"
        raise InvalidOptionError(label, "it is given a secret that is too short", hint=hint)
    return data


@explained_class("Signer", 'Signer(secret, purpose="confirm-email")')
class Signer:
    """Signs values that clients may read but not change: ``Signer(secret, purpose="confirm-email")``.

    A token is valid for one purpose only. Give several secrets to rotate them: the first one signs, all verify.
    """

    def __init__(self, secret: Secrets, *, purpose: str) -> None:
        self._keys = _Keys("Signer", secret, purpose).keys

    def sign(self, value: Any, *, expires: timedelta | float | None = None) -> str:
        """Return a value as a URL-safe token, valid for a time (seconds if it is a number), or forever."""
        data = _packed(value, expires)
        return to_base64(_mac(self._keys[0], data) + data)

    def read(self, text: str, kind: type[_T]) -> _T | None:
        """Return a token's value, ``None`` if it is not signed for this purpose, has expired or is another type."""
        data = _bytes(text)
        mac, signed = data[:_MAC], data[_MAC:]
        if not any(hmac.compare_digest(mac, _mac(key, signed)) for key in self._keys):
            return None
        return _unpacked(signed, kind)


@explained_class("Sealer", 'Sealer(secret, purpose="cart")')
class Sealer:
    """Encrypts values that clients must not read or change: ``Sealer(secret, purpose="cart")`` (AES-256-GCM).

    A token is valid for one purpose only. Give several secrets to rotate them: the first one encrypts, all decrypt.
    """

    def __init__(self, secret: Secrets, *, purpose: str) -> None:
        self._keys = _Keys("Sealer", secret, purpose).keys
        if find_spec("cryptography") is None:
            what = "it uses the package cryptography, which is not installed"
            raise InvalidOptionError("Sealer", what, hint="install framework-aiohttp[jwt]")

    def seal(self, value: Any, *, expires: timedelta | float | None = None) -> str:
        """Return a value as a URL-safe token, valid for a time (seconds if it is a number), or forever."""
        salt, nonce = secrets.token_bytes(_SALT), secrets.token_bytes(_NONCE)
        # A key for each token: a shared key would limit random nonces to 2**32 tokens (NIST SP 800-38D, 8.3).
        sealed = _cipher(self._keys[0], salt).encrypt(nonce, _packed(value, expires), None)
        return to_base64(salt + nonce + sealed)

    def open(self, text: str, kind: type[_T]) -> _T | None:
        """Return a token's value, ``None`` if it is not sealed for this purpose, has expired or is another type."""
        from cryptography.exceptions import InvalidTag

        data = _bytes(text)
        salt, nonce, sealed = data[:_SALT], data[_SALT : _SALT + _NONCE], data[_SALT + _NONCE :]
        if len(nonce) < _NONCE:
            return None
        for key in self._keys:
            try:
                return _unpacked(_cipher(key, salt).decrypt(nonce, sealed, None), kind)
            except InvalidTag:
                continue
        return None


def _cipher(key: bytes, salt: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(hmac.digest(key, salt, "sha256"))


def _mac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, hashlib.sha256)


def _bytes(text: str) -> bytes:
    try:
        return from_base64(text) if len(text) <= _LONGEST_TEXT else b""
    except Refused:
        return b""


def _packed(value: Any, expires: timedelta | float | None) -> bytes:
    """Return the second at which a value expires, followed by the value as JSON."""
    seconds = expires.total_seconds() if isinstance(expires, timedelta) else expires
    if seconds is not None and not seconds > 0:
        raise ValueError(f"expires={expires!r} is not a time to come")
    until = _NEVER if seconds is None else int(clock.time() + seconds)
    return until.to_bytes(_TIME, "big") + msgspec.json.encode(value)


def _unpacked(data: bytes, kind: type[_T]) -> _T | None:
    if int.from_bytes(data[:_TIME], "big") <= clock.time():
        return None
    try:
        return msgspec.json.decode(data[_TIME:], type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
