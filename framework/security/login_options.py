"""The checks of the options of an OpenIDLogin: each error with its hint."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from yarl import URL

from framework.security.discovery import Provider
from framework.security.jwt import JWT
from framework.security.published import is_safe_url, seconds_mistake
from framework.stores import Store
from framework.types import SecretStr

__all__ = ("LoginOptions", "login_mistake")

# RFC 6749, section 3.3.
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_OWN = frozenset(
    (
        "client_id", "code_challenge", "code_challenge_method", "nonce", "redirect_uri", "response_mode",
        "response_type", "scope", "state",
    )
)  # fmt: skip
"""The parameters of the authorization URL that the login sets itself, or relies on."""
_Found = Iterator[tuple[str, str]]


class LoginOptions(NamedTuple):
    """The options of an OpenIDLogin."""

    provider: Provider
    tokens: JWT[Any]
    client_id: Any
    client_secret: Any
    redirect_uri: Any
    scopes: Any
    parameters: Any
    store: Any
    expires: Any


def login_mistake(options: LoginOptions) -> tuple[str, str] | None:
    """Return the first error in the options, ``None`` if they are valid."""
    found = options.provider.mistake("OpenIDLogin") or next(_mistakes(options), None) or options.tokens.mistake()
    return found or seconds_mistake("OpenIDLogin", expires=options.expires)


def _mistakes(options: LoginOptions) -> _Found:
    if not isinstance(options.client_id, str) or not options.client_id:
        what = f"OpenIDLogin(client_id={options.client_id!r}) is not the name of a client"
        yield (what, "give the name that the provider has for the application")
    secret = options.client_secret
    if secret is not None and not (isinstance(secret, str | SecretStr) and secret):
        yield ("OpenIDLogin(client_secret=...) is not a secret", "give a SecretStr, or None for a public client")
    uri = options.redirect_uri
    if not is_safe_url(uri) or URL(uri).fragment:
        what = f"OpenIDLogin(redirect_uri={uri!r}) is not a URL of this application"
        yield (what, 'write it as redirect_uri="https://shop.example/callback"; http is for a loopback host alone')
    yield from _scope_mistakes(options.scopes)
    yield from _parameter_mistakes(options.parameters)
    if options.store is not None and not isinstance(options.store, Store):
        yield (f"OpenIDLogin(store={options.store!r}) is not a Store", "give a RedisStore or a MemoryStore")


def _scope_mistakes(scopes: Any) -> _Found:
    listed = isinstance(scopes, tuple | list) and all(isinstance(one, str) and _SCOPE.fullmatch(one) for one in scopes)
    if not listed or "openid" not in scopes:
        what = f"OpenIDLogin(scopes={scopes!r}) does not request an ID token"
        yield (what, 'write it as scopes=("openid", "email")')


def _parameter_mistakes(parameters: Any) -> _Found:
    listed = isinstance(parameters, Mapping) and all(
        isinstance(one, str) for pair in parameters.items() for one in pair
    )
    own = sorted(_OWN.intersection(parameters)) if listed else []
    if not listed:
        what = f"OpenIDLogin(parameters={parameters!r}) are not parameters of a URL"
        yield (what, 'write it as parameters={"prompt": "login"}')
    if own:
        what = f"OpenIDLogin(parameters=...) has {', '.join(own)}, which the login sets itself"
        yield (what, "take it out")
