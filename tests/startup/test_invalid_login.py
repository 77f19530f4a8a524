"""InvalidSecurityError: options with which no login at a provider would be safe, raised where it is made."""

from typing import Any

import pytest

from framework import Controller, get
from framework.errors import DefinitionError, InvalidSecurityError
from framework.security import JWKS, JWT, Bearer, OpenIdConnect, OpenIDLogin
from tests.startup.expected import mistakes

USUAL: dict[str, Any] = {
    "claims": dict,
    "issuer": "https://id.example.org",
    "client_id": "shop",
    "redirect_uri": "https://shop.example/callback",
    "secret": "s" * 32,
}
NOT_AN_ISSUER = "give an https URL without a query; http is allowed for a loopback host alone"
REDIRECT = 'write it as redirect_uri="https://shop.example/callback"; http is for a loopback host alone'
SCOPES = 'write it as scopes=("openid", "email")'
CASES: dict[str, tuple[dict[str, Any], str, str]] = {
    "issuer-http": (
        {"issuer": "http://id.example.org"},
        "OpenIDLogin('http://id.example.org') is not the URL of an issuer",
        NOT_AN_ISSUER,
    ),
    "issuer-query": (
        {"issuer": "https://id.example.org/?a=1"},
        "OpenIDLogin('https://id.example.org/?a=1') is not the URL of an issuer",
        NOT_AN_ISSUER,
    ),
    "issuer-none": ({"issuer": None}, "OpenIDLogin(None) is not the URL of an issuer", NOT_AN_ISSUER),
    "timeout": (
        {"timeout": 0},
        "OpenIDLogin(timeout=0) is not a number of seconds",
        "write it as timeout=30.0",
    ),
    "expires": (
        {"expires": float("nan")},
        "OpenIDLogin(expires=nan) is not a number of seconds",
        "write it as expires=30.0",
    ),
    "algorithms": (
        {"algorithms": ("HS256",)},
        "HS256 verifies by a secret, and a JWKS publishes public keys",
        'use algorithms=("ES256",)',
    ),
    "client_id": (
        {"client_id": ""},
        "OpenIDLogin(client_id='') is not the name of a client",
        "give the name that the provider has for the application",
    ),
    "client_secret": (
        {"client_secret": ""},
        "OpenIDLogin(client_secret=...) is not a secret",
        "give a SecretStr, or None for a public client",
    ),
    "redirect-http": (
        {"redirect_uri": "http://shop.example/callback"},
        "OpenIDLogin(redirect_uri='http://shop.example/callback') is not a URL of this application",
        REDIRECT,
    ),
    "redirect-path": (
        {"redirect_uri": "/callback"},
        "OpenIDLogin(redirect_uri='/callback') is not a URL of this application",
        REDIRECT,
    ),
    "redirect-fragment": (
        {"redirect_uri": "https://shop.example/#x"},
        "OpenIDLogin(redirect_uri='https://shop.example/#x') is not a URL of this application",
        REDIRECT,
    ),
    "scopes-none": (
        {"scopes": ("email",)},
        "OpenIDLogin(scopes=('email',)) does not request an ID token",
        SCOPES,
    ),
    "scopes-text": ({"scopes": "openid"}, "OpenIDLogin(scopes='openid') does not request an ID token", SCOPES),
    "scopes-blank": (
        {"scopes": ("openid", "a b")},
        "OpenIDLogin(scopes=('openid', 'a b')) does not request an ID token",
        SCOPES,
    ),
    "parameters": (
        {"parameters": {"max_age": 1}},
        "OpenIDLogin(parameters={'max_age': 1}) are not parameters of a URL",
        'write it as parameters={"prompt": "login"}',
    ),
    "parameters-own": (
        {"parameters": {"state": "x", "nonce": "y"}},
        "OpenIDLogin(parameters=...) has nonce, state, which the login sets itself",
        "take it out",
    ),
    "store": (
        {"store": "redis://"},
        "OpenIDLogin(store='redis://') is not a Store",
        "give a RedisStore or a MemoryStore",
    ),
}


@pytest.mark.parametrize(("options", "what", "hint"), CASES.values(), ids=CASES)
def test_wrong_options(options: dict[str, Any], what: str, hint: str) -> None:
    """Each option is checked."""
    with pytest.raises(InvalidSecurityError) as raised:
        OpenIDLogin(**{**USUAL, **options})
    place, _, text = str(raised.value).partition("): ")
    assert place.startswith("OpenIDLogin (tests/startup/test_invalid_login.py:")
    assert text == f"{what}.\n  Hint: {hint}."


def test_a_short_secret() -> None:
    """The secret of the cookie is checked by the Sealer that uses it."""
    with pytest.raises(DefinitionError, match="it is given a secret that is too short"):
        OpenIDLogin(**{**USUAL, "secret": "short"})


async def verify(token: str) -> dict[str, Any] | None:
    """Accept every token."""
    return {"sub": token}


def test_openid_connect_without_a_provider() -> None:
    """The document must name the provider."""

    class Songs(Controller):
        guards = (OpenIdConnect(verify),)

        @get("/songs")
        async def search(self) -> str:
            return ""

    assert mistakes(Songs) == [
        (
            InvalidSecurityError,
            "the guards of Songs: OpenIdConnect() does not name its provider.\n  Needed by: guards of Songs\n"
            '  Hint: give url="https://…/.well-known/openid-configuration", or a JWT with '
            'keys=JWKS.discover("https://…").',
        )
    ]


def test_an_issuer_that_cannot_be_discovered() -> None:
    """The issuer of keys is checked as their URL is."""

    class Songs(Controller):
        guards = (Bearer(JWT(dict, keys=JWKS.discover("ftp://id.example.org"), algorithms=("RS256",))),)

        @get("/songs")
        async def search(self) -> str:
            return ""

    assert mistakes(Songs) == [
        (
            InvalidSecurityError,
            "the guards of Songs: JWKS.discover('ftp://id.example.org') is not the URL of an issuer.\n"
            f"  Needed by: guards of Songs\n  Hint: {NOT_AN_ISSUER}.",
        )
    ]
