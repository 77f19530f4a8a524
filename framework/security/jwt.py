"""JSON Web Tokens (RFC 7519, with the practices of RFC 8725): verified for ``Bearer``, and issued."""

import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, ClassVar, Generic, TypeVar

import msgspec
from msgspec import UNSET

from framework import clock
from framework.errors import InvalidSecurityError
from framework.expiry import EXPIRY
from framework.http_errors import ServiceUnavailable
from framework.option_errors import explained_class
from framework.security.base import Verifier
from framework.security.jwks import JWKS
from framework.security.token_format import (
    Claims,
    Refused,
    Token,
    check_parties,
    check_times,
    decode,
    from_base64,
    read_token,
    to_base64,
)
from framework.security.token_keys import KeyRing, UnusableKeyError, fitting, import_keys, is_set, model_of
from framework.security.token_options import (
    KEYS_HINT,
    JWTOptions,
    key_mistakes,
    option_mistakes,
    published_mistakes,
)
from framework.security.verified_tokens import VerifiedTokens, verified_token

__all__ = ("JWT",)

_T = TypeVar("_T")
_LOG = logging.getLogger("framework.security")
_CLAIMS = msgspec.json.Decoder(Claims)
_EXPIRES = timedelta(minutes=15)
_LONGEST_MEMORY = 3600.0
"""Seconds after which a signature is verified again."""


@explained_class("JWT", 'JWT(User, keys=secret, algorithms=("HS256",))')
class JWT(Verifier, Generic[_T]):
    """Verifies and issues signed tokens whose claims are your own type: ``Bearer(JWT(User, keys=..., ...))``.

    ``keys`` are those of the issuer: a :class:`JWKS`, or a key as PEM, JWK or secret of an HMAC, or a sequence of keys
    (the first one signs), or a mapping of names to keys. Only ``algorithms`` are accepted, whatever a token names.
    ``issuer`` (by default that of ``JWKS.discover``) and ``audience`` are compared with ``iss`` and ``aud``;
    ``exp`` is required; clocks may differ by ``leeway`` seconds. ``types`` are the accepted values of the header
    ``typ``. ``revoked`` is called for each request, and returns whether a token is no longer valid. ``remember`` is
    the number of verified signatures that are kept; claims are checked on each request. A stream or a web socket ends
    when the token of its request has expired.
    """

    bearer_format: ClassVar[str | None] = "JWT"
    is_strict: ClassVar[bool] = True

    def __init__(
        self,
        claims: type[_T],
        *,
        keys: Any,
        algorithms: Sequence[str],
        issuer: str | None = None,
        audience: str | Sequence[str] | None = None,
        leeway: float = 10.0,
        types: Sequence[str] = ("JWT", "at+jwt"),
        revoked: Callable[[_T], Awaitable[bool] | bool] | None = None,
        remember: int = 0,
    ) -> None:
        self._claims: Any = claims
        self._algorithms = algorithms
        self._issuer = keys.issuer if issuer is None and isinstance(keys, JWKS) else issuer
        self._audience = audience
        self._leeway = leeway
        self._types = types
        self._revoked = revoked
        self._remember = remember
        self._keys: KeyRing | JWKS = keys if isinstance(keys, JWKS) else KeyRing(())
        options = JWTOptions(claims, algorithms, self._issuer, audience, leeway, types, revoked, remember)
        self._mistake = next(option_mistakes(options), None) or self._import(keys)
        if self._mistake is None:
            self._prepare()

    def _import(self, keys: Any) -> tuple[str, str] | None:
        if isinstance(keys, JWKS):
            return keys.mistake() or next(published_mistakes(self._algorithms), None)
        try:
            found = list(import_keys(keys))
            # A set may have keys for other purposes, as published sets do.
            self._keys = KeyRing(found if not is_set(keys) else fitting(found, self._algorithms))
        except UnusableKeyError as error:
            return (f"JWT(keys=...) cannot be used: {error}", KEYS_HINT)
        return next(key_mistakes(self._keys.keys, self._algorithms), None)

    def _prepare(self) -> None:
        audience = self._audience
        self._algorithms, self._types = tuple(self._algorithms), tuple(self._types)
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(self._claims)
        self._audiences = frozenset(() if audience is None else [audience] if isinstance(audience, str) else audience)
        # RFC 7515, section 4.1.9: types are media types, compared without case, with or without "application/".
        self._typ = frozenset(form for one in self._types for form in (one.lower(), f"application/{one.lower()}"))
        self._verified = VerifiedTokens(self._remember)
        self._verified_by: KeyRing | None = None
        self._published = self._keys if isinstance(self._keys, JWKS) else None
        # Read by the framework as the signature of any other verifier.
        self.__annotations__ = {"token": str, "return": self._claims | None}

    def mistake(self) -> tuple[str, str] | None:
        """Return the error in the options, and a hint; ``None`` if they are valid."""
        return self._mistake

    @property
    def openid_url(self) -> str | None:
        """The URL of the configuration of the OpenID provider whose keys were discovered."""
        return self._keys.openid_url if isinstance(self._keys, JWKS) else None

    @property
    def raises(self) -> tuple[type[Exception], ...]:
        """The errors that it may raise, for the document: without keys, tokens cannot be verified."""
        return (ServiceUnavailable,) if isinstance(self._keys, JWKS) else ()

    async def __call__(self, token: str) -> _T | None:
        """Return the claims of a token, ``None`` if it is not valid.

        Raises ServiceUnavailable if its keys could never be fetched, and whatever ``revoked`` raises.
        """
        if self._mistake is not None:
            self._check()
        try:
            known = self._verified.find(token)
            if known is None:
                return await self._verify(token)
            kid, payload, begins, ends, until = known
            if not (begins <= clock.time() < ends and clock.monotonic() < until) or (
                self._published is not None and await self._published.ring(kid) is not self._verified_by
            ):
                return await self._verify(token)
            # A new object each time: the handler of one request may change it.
            owner: _T = decode(payload, self._decoder)
            # PERF: not through a function, because nearly all responses are short.
            if (expiry := EXPIRY.get()) is not None:
                expiry.until(ends)
            return owner if self._revoked is None else await self._unless_revoked(owner)
        except Refused as refused:
            _LOG.debug("A token was refused: %s", refused)
            return None

    async def _verify(self, text: str) -> _T:
        token = read_token(text)
        if token.header.crit is not UNSET:
            raise Refused("it has critical extensions")
        if token.header.alg not in self._algorithms:
            raise Refused("its algorithm is not accepted")
        if token.header.typ is not UNSET and token.header.typ.lower() not in self._typ:
            raise Refused("it is of another type")
        kid = None if token.header.kid is UNSET else token.header.kid
        keys = self._keys if isinstance(self._keys, KeyRing) else await self._keys.ring(kid)
        return await self._read(text, token, keys, kid)

    async def _read(self, text: str, token: Token, keys: KeyRing, kid: str | None) -> _T:
        if not _is_signed(token, keys.candidates(kid, token.header.alg)):
            raise Refused("no key of ours has signed it")
        payload = from_base64(token.payload)
        claims = decode(payload, _CLAIMS)
        now = clock.time()
        check_times(claims, now=now, leeway=self._leeway)
        check_parties(claims, issuer=self._issuer, audience=self._audiences)
        owner: _T = decode(payload, self._decoder)
        if keys is not self._verified_by:
            # Tokens that were verified by a withdrawn key.
            self._verified.clear()
            self._verified_by = keys
        # The wall clock may be set back, so a result expires by the monotonic clock as well.
        seconds = min(claims.exp, now + _LONGEST_MEMORY) - now + self._leeway
        until = clock.monotonic() + seconds
        verified = verified_token(kid, payload, claims, leeway=self._leeway, until=until)
        self._verified.keep(text, verified)
        if (expiry := EXPIRY.get()) is not None:
            expiry.until(verified.ends)
        return owner if self._revoked is None else await self._unless_revoked(owner)

    async def _unless_revoked(self, owner: _T) -> _T:
        if self._revoked is not None:
            answer = self._revoked(owner)
            if await answer if isinstance(answer, Awaitable) else answer:
                raise Refused("it was revoked")
        return owner

    def issue(self, user: _T, *, expires: timedelta | float = _EXPIRES) -> str:
        """Return a new token that holds the claims of ``user`` and expires after a time (seconds if it is a number).

        It is signed by the first key with the first algorithm. ``iss``, ``aud``, ``iat``, ``exp`` and a new ``jti`` are
        set, and replace those of ``user``. Raises ValueError for a time that is not positive, and
        InvalidSecurityError if there is no private key.
        """
        self._check()
        seconds = expires.total_seconds() if isinstance(expires, timedelta) else expires
        if not seconds > 0:
            raise ValueError(f"expires={expires!r} is not a time to come")
        algorithm = self._algorithms[0]
        key = None if isinstance(self._keys, JWKS) else self._keys.signer(algorithm)
        if key is None:
            hint = "give the private key first in keys=, or let the issuer make the tokens"
            raise InvalidSecurityError("JWT.issue()", f"no key that it is given signs with {algorithm}", hint=hint)
        now = int(clock.time())
        own = {
            "iss": self._issuer,
            "aud": self._own_audience(),
            "iat": now,
            "exp": now + max(1, int(seconds)),
            "jti": secrets.token_urlsafe(16),
        }
        # A user that was read from another token has some of these; claims that are not configured are left out.
        given = {name: value for name, value in msgspec.to_builtins(user).items() if name not in own}
        claims = given | {name: value for name, value in own.items() if value is not None}
        return _sign({"alg": algorithm, "typ": self._types[0], "kid": key.kid}, claims, key)

    def _own_audience(self) -> str | list[str] | None:
        return self._audience if self._audience is None or isinstance(self._audience, str) else list(self._audience)

    def _check(self) -> None:
        if self._mistake is not None:
            raise InvalidSecurityError("JWT", self._mistake[0], hint=self._mistake[1])


def _is_signed(token: Token, keys: Sequence[Any]) -> bool:
    from joserfc.errors import JoseError

    for key in keys:
        try:
            if model_of(token.header.alg).verify(token.signed, token.signature, key):
                return True
        except (JoseError, TypeError, ValueError):
            continue
    return False


def _sign(header: dict[str, Any], claims: dict[str, Any], key: Any) -> str:
    signed = f"{to_base64(msgspec.json.encode(header))}.{to_base64(msgspec.json.encode(claims))}"
    return f"{signed}.{to_base64(model_of(header['alg']).sign(signed.encode(), key))}"
