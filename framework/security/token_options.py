"""The checks of the options of a JWT: each error with its hint."""

from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Any, NamedTuple

import msgspec

from framework.security.token_keys import ALGORITHMS, fits, has_joserfc, weakness

__all__ = ("KEYS_HINT", "JWTOptions", "key_mistakes", "option_mistakes", "published_mistakes")

KEYS_HINT = 'give a PEM text, a JWK, a secret of bytes, several in a tuple, or JWKS("https://…")'
_LONGEST_LEEWAY = 300
_OBJECTS = (msgspec.inspect.DataclassType, msgspec.inspect.DictType, msgspec.inspect.TypedDictType)
_Found = Iterator[tuple[str, str]]


class JWTOptions(NamedTuple):
    """The options of a JWT except its keys."""

    claims: Any
    algorithms: Any
    issuer: Any
    audience: Any
    leeway: Any
    types: Any
    revoked: Any
    remember: Any


def option_mistakes(options: JWTOptions) -> _Found:
    """Yield the errors in the options, except those in the keys."""
    if not has_joserfc():
        yield ("JWT() uses the package joserfc, which is not installed", "install framework-aiohttp[jwt]")
    yield from _algorithm_mistakes(options.algorithms)
    yield from _claims_mistakes(options.claims)
    issuer, audience, leeway, types = options.issuer, options.audience, options.leeway, options.types
    if issuer is not None and not _is_text(issuer):
        yield (f"JWT(issuer={issuer!r}) is not an issuer", 'write it as issuer="https://id.example.org"')
    if audience is not None and not _is_text(audience) and not _are_texts(audience):
        yield (f"JWT(audience={audience!r}) is not an audience", 'write it as audience="orders", or several in a tuple')
    if not _is_number(leeway) or not 0 <= leeway <= _LONGEST_LEEWAY:
        yield (f"JWT(leeway={leeway!r}) is not a number of seconds up to {_LONGEST_LEEWAY}", "write it as leeway=30")
    if not _are_texts(types):
        yield (f"JWT(types={types!r}) does not name types of tokens", 'write it as types=("JWT", "at+jwt")')
    if options.revoked is not None and not callable(options.revoked):
        yield ("JWT(revoked=...) cannot be called", "write it as async def revoked(user: User) -> bool")
    if not isinstance(options.remember, int) or isinstance(options.remember, bool) or options.remember < 0:
        yield (f"JWT(remember={options.remember!r}) is not a number of tokens", "write it as remember=1000, 0 for none")


def _algorithm_mistakes(algorithms: Any) -> _Found:
    hint = 'name what the issuer signs with, for example algorithms=("ES256",)'
    if not _are_texts(algorithms):
        yield (f"JWT(algorithms={algorithms!r}) accepts no algorithm", hint)
        return
    unknown = next((one for one in algorithms if one not in ALGORITHMS), None)
    if unknown is not None:
        known = ", ".join(ALGORITHMS)
        yield (f"JWT(algorithms=...) has {unknown!r}, which is not a safe algorithm of tokens", f"use some of {known}")
        return
    if len({ALGORITHMS[one] == "oct" for one in algorithms}) > 1:
        # A public key could then be used as the secret of an HMAC (RFC 8725, section 2.1).
        what = f"JWT(algorithms={tuple(algorithms)!r}) mixes secrets with public keys"
        yield (what, "make a JWT() for each, and give Bearer() a function that asks both")


def _claims_mistakes(claims: Any) -> _Found:
    written = "give a Struct, a dataclass or a TypedDict whose fields are the claims that you read"
    try:
        msgspec.json.schema_components([claims])
        info = msgspec.inspect.type_info(claims)
    except (TypeError, KeyError) as error:
        yield (f"JWT() is given {_name(claims)}, which cannot be read from claims ({error})", written)
        return
    if isinstance(info, msgspec.inspect.StructType) and not info.array_like:
        if info.forbid_unknown_fields:
            what = f"{claims.__name__} forbids unknown fields, and tokens have claims that it does not have"
            yield (what, "take forbid_unknown_fields out: claims that are not understood are ignored")
    elif not isinstance(info, _OBJECTS):
        yield (f"JWT() is given {_name(claims)}, which cannot be read from claims", written)


def published_mistakes(algorithms: Sequence[str]) -> _Found:
    """Yield the errors in algorithms whose keys another server publishes."""
    secret = next((one for one in algorithms if ALGORITHMS[one] == "oct"), None)
    if secret is not None:
        yield (f"{secret} verifies by a secret, and a JWKS publishes public keys", 'use algorithms=("ES256",)')


def key_mistakes(keys: Sequence[Any], algorithms: Sequence[str]) -> _Found:
    """Yield the errors in the keys for some algorithms."""
    if not keys:
        yield ("JWT() has no keys", KEYS_HINT)
    named = ", ".join(algorithms)
    for one in keys:
        weak = weakness(one, algorithms)
        if weak is not None:
            yield (
                f"JWT(keys=...) cannot be used: {weak}",
                "make another one, for a secret by secrets.token_urlsafe(64)",
            )
        if not any(fits(one, algorithm) for algorithm in algorithms):
            kind = one.key_type
            yield (
                f"JWT() has a key of the type {kind}, which fits none of {named}",
                "take it out, or name its algorithm",
            )


def _name(claims: Any) -> str:
    return claims.__name__ if isinstance(claims, type) else repr(claims)


def _is_text(given: Any) -> bool:
    return isinstance(given, str) and bool(given)


def _are_texts(given: Any) -> bool:
    return isinstance(given, tuple | list) and bool(given) and all(map(_is_text, given))


def _is_number(given: Any) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool) and isfinite(given)
