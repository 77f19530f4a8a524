"""Tokens, good and bad, and an app that asks for them."""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Annotated, Any

from joserfc.jwa import JWS_ALGORITHMS
from joserfc.jwk import ECKey, RSAKey
from msgspec import Struct

from framework import App, Controller, get
from framework.security import JWT, Bearer
from tests.http.shapes import app_of, problem

__all__ = (
    "CHALLENGE",
    "EC",
    "ISSUER",
    "REFUSED",
    "RSA",
    "User",
    "base64",
    "bearer",
    "claims_of",
    "header_of",
    "make_token",
    "naming",
    "naming_controller",
    "sign",
    "verifier",
)

ISSUER = "https://i"
EC = ECKey.generate_key("P-256", {"kid": "ec"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
CHALLENGE = 'Bearer realm="api", error="invalid_token"'
REFUSED = problem(401, "/name", "The credentials are not valid")


class User(Struct):
    """Who is asking."""

    sub: str
    scopes: tuple[str, ...] = ()


def verifier(**options: Any) -> JWT[User]:
    """Return the verifier of the table, with some options changed."""
    usual = {
        "keys": (EC, RSA),
        "algorithms": ("ES256", "RS256"),
        "issuer": ISSUER,
        "audience": "api",
        "leeway": 30,
    }
    return JWT(User, **{**usual, **options})


def naming_controller(verify: Any) -> type[Controller]:
    """Return a controller that answers the name of who is asking."""

    class Names(Controller):
        @get("/name")
        async def name(self, user: Annotated[User, Bearer(verify)]) -> str:
            return user.sub

    return Names


def naming(verify: Any) -> App:
    """Return an app that answers the name of who is asking."""
    return app_of(naming_controller(verify))


def bearer(token: str) -> dict[str, str]:
    """Return the headers that carry a token."""
    return {"Authorization": f"Bearer {token}"}


def base64(data: bytes) -> str:
    """Return base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def claims_of(**changes: Any) -> dict[str, Any]:
    """Return good claims with some changed; ``...`` leaves one out."""
    usual = {"sub": "ann", "iss": ISSUER, "aud": "api", "exp": int(time.time()) + 600}
    return {name: value for name, value in {**usual, **changes}.items() if value is not ...}


def header_of(**changes: Any) -> dict[str, Any]:
    """Return a good header with some members changed; ``...`` leaves one out."""
    usual = {"alg": "ES256", "typ": "JWT", "kid": "ec"}
    return {name: value for name, value in {**usual, **changes}.items() if value is not ...}


def sign(header: Mapping[str, Any] | bytes, payload: Mapping[str, Any] | bytes, key: Any, algorithm: str) -> str:
    """Return a token with exactly these parts."""
    parts = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in (header, payload)]
    signed = ".".join(map(base64, parts))
    (model,) = (one for one in JWS_ALGORITHMS if one.name == algorithm)
    return f"{signed}.{base64(model.sign(signed.encode(), key))}"


def make_token(header: Mapping[str, Any] | None = None, /, **changes: Any) -> str:
    """Return a token signed with ES256 whose header and claims are good but for what is changed."""
    return sign(header_of(**(header or {})), claims_of(**changes), EC, "ES256")
