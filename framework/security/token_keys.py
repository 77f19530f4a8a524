"""The keys of tokens: parsed, matched with algorithms, and checked (RFC 7517, RFC 7518)."""

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any

from framework.types import SecretStr

__all__ = (
    "ALGORITHMS",
    "KeyRing",
    "UnusableKeyError",
    "fits",
    "fitting",
    "has_joserfc",
    "import_keys",
    "import_set",
    "is_set",
    "model_of",
    "weakness",
)

ALGORITHMS: Mapping[str, str] = {
    "HS256": "oct", "HS384": "oct", "HS512": "oct",
    "RS256": "RSA", "RS384": "RSA", "RS512": "RSA",
    "PS256": "RSA", "PS384": "RSA", "PS512": "RSA",
    "ES256": "EC", "ES384": "EC", "ES512": "EC",
    "EdDSA": "OKP", "Ed25519": "OKP", "Ed448": "OKP",
}  # fmt: skip
"""The algorithms (RFC 7518, section 3.1; RFC 8037; RFC 9864) with the type of their keys."""

_MOST_TRIED = 8
"""The largest number of keys that are tried for a token that does not name its key."""
_SMALLEST_RSA = 2048
_ASYMMETRIC = "an asymmetric key is given as the secret of an HMAC"
_WRITTEN = (b"-----BEGIN ", b"---- BEGIN ", b"ssh-", b"ecdsa-sha2-")
"""The prefixes of asymmetric keys in text form."""


class UnusableKeyError(Exception):
    """A value that is not a usable key; the message describes it without any part of the key itself."""


class KeyRing:
    """A collection of keys, also by their names."""

    def __init__(self, keys: Iterable[Any]) -> None:
        self.keys = tuple(keys)
        self._named: dict[str, list[Any]] = {}
        for one in self.keys:
            one.ensure_kid()
            self._named.setdefault(one.kid, []).append(one)

    def __contains__(self, kid: str) -> bool:
        return kid in self._named

    def candidates(self, kid: str | None, algorithm: str) -> list[Any]:
        """Return the keys that may have signed a token: those of its ``kid``, or all matching keys if it has none."""
        named = self.keys if kid is None else self._named.get(kid, ())
        return [one for one in named if fits(one, algorithm)][:_MOST_TRIED]

    def signer(self, algorithm: str) -> Any:
        """Return the first key that signs with an algorithm, ``None`` if there is none."""
        return next((one for one in self.keys if one.is_private and fits(one, algorithm, "sign")), None)


def has_joserfc() -> bool:
    """Return whether the package of the extra ``jwt`` is installed."""
    return find_spec("joserfc") is not None


@cache
def model_of(algorithm: str) -> Any:
    """Return the object that signs and verifies with an algorithm."""
    from joserfc.jwa import JWS_ALGORITHMS

    return next(one for one in JWS_ALGORITHMS if one.name == algorithm)


def fits(key: Any, algorithm: str, operation: str = "verify") -> bool:
    """Return whether a key matches an algorithm, by its type, curve, ``use``, ``alg`` and ``key_ops``."""
    from joserfc.errors import JoseError

    try:
        model_of(algorithm).check_key(key)
        key.check_key_op(operation)
    except JoseError:
        return False
    # A key of the curve X25519 has the same type, but cannot sign.
    return algorithm != "EdDSA" or key.curve_name in {"Ed25519", "Ed448"}


def fitting(keys: Iterable[Any], algorithms: Sequence[str]) -> list[Any]:
    """Return the keys that match one of some algorithms."""
    return [key for key in keys if any(fits(key, one) for one in algorithms)]


def is_set(given: Any) -> bool:
    """Return whether an object is a JWK Set (RFC 7517, section 5), as a mapping or as joserfc's class."""
    from joserfc.jwk import KeySet

    is_written = isinstance(given, Mapping) and isinstance(given.get("keys"), list) and "kty" not in given
    return is_written or isinstance(given, KeySet)


def import_keys(given: Any, kid: str | None = None) -> Iterator[Any]:
    """Yield the keys that an application gives: one key, several, or a mapping of names to keys.

    A key is a PEM string, a JWK or a key of joserfc; any other string or bytes are the secret of an HMAC. Raises
    UnusableKeyError.
    """
    from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey

    if isinstance(given, OctKey | RSAKey | ECKey | OKPKey):
        yield given if kid is None else import_jwk({**given.as_dict(private=given.is_private), "kid": kid})
    elif isinstance(given, KeySet):
        yield from given
    elif isinstance(given, str | bytes | SecretStr):
        yield _import_text(given, {} if kid is None else {"kid": kid})
    elif isinstance(given, Mapping):
        yield from _import_mapping(given, kid)
    elif isinstance(given, Sequence) and kid is None:
        for one in given:
            yield from import_keys(one)
    else:
        raise UnusableKeyError(f"{type(given).__name__} is not a key")


def _import_mapping(given: Mapping[Any, Any], kid: str | None) -> Iterator[Any]:
    if "kty" in given:
        yield import_jwk(given if kid is None else {**given, "kid": kid})
    elif isinstance(given.get("keys"), list):
        yield from import_keys(given["keys"])
    else:
        for name, one in given.items():
            yield from import_keys(one, name)


def _import_text(given: str | bytes | SecretStr, parameters: Any) -> Any:
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

    plain = given.reveal() if isinstance(given, SecretStr) else given
    data = plain.encode() if isinstance(plain, str) else plain
    if not data.lstrip().startswith(_WRITTEN):
        try:
            return _quietly(OctKey, data, parameters)
        except (JoseError, ValueError):
            raise UnusableKeyError(_ASYMMETRIC) from None
    for kind in (RSAKey, ECKey, OKPKey):
        try:
            return _quietly(kind, data.strip() + b"\n", parameters)
        except JoseError:
            continue  # It is a key of another type.
        except (ValueError, TypeError):
            break  # It is not a key, or it is protected by a password.
    raise UnusableKeyError("a text that begins as a PEM does is not a key that can be read")


def _quietly(kind: Any, data: Any, parameters: Any) -> Any:
    # joserfc warns about weak keys; here they are errors, or skipped.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return kind.import_key(data, parameters)


def import_jwk(data: Mapping[str, Any]) -> Any:
    """Return the key of a JWK; raises UnusableKeyError."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from joserfc.errors import JoseError
    from joserfc.jwk import JWKRegistry

    try:
        return _quietly(JWKRegistry, dict(data), None)
    except (JoseError, UnsupportedAlgorithm, ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        raise UnusableKeyError("a JWK is not a key that can be read") from None


def import_set(listed: Iterable[Any]) -> Iterator[Any]:
    """Yield the public keys of a JWK Set that can be used; all others are skipped (RFC 7517, section 5)."""
    for one in listed:
        try:
            key = import_jwk(one)
        except UnusableKeyError:
            continue
        if key.key_type != "oct" and not key.is_private and weakness(key, ()) is None:
            yield key


def weakness(key: Any, algorithms: Sequence[str]) -> str | None:
    """Return why a key is too weak, ``None`` if it is not (RFC 7518, sections 3.2 and 3.3)."""
    if key.key_type == "RSA" and key.raw_value.key_size < _SMALLEST_RSA:
        return f"an RSA key of {key.raw_value.key_size} bits is too short, {_SMALLEST_RSA} are the least"
    if key.key_type != "oct":
        return None
    secret: bytes = key.raw_value
    if secret.lstrip().startswith(_WRITTEN):
        return _ASYMMETRIC
    if secret.endswith(b"\0"):
        # RFC 2104, section 2: shorter keys are padded with zeros.
        return "the secret of an HMAC ends with a zero byte, and signs as the shorter secret without it does"
    needed = max((int(one[2:]) // 8 for one in algorithms if fits(key, one)), default=0)
    if len(secret) < needed:
        return f"the secret of an HMAC has {len(secret)} bytes, and {needed} are the least"
    return None
