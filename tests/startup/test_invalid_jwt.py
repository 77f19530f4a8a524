"""InvalidSecurityError: options of JWT() and JWKS() that are not safe, or cannot be used; ids are rows of the cases."""

import sys
import warnings
from typing import Annotated, Any

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from msgspec import Struct

from framework import Controller, get
from framework.errors import InvalidSecurityError
from framework.security import JWKS, JWT, Bearer
from framework.types import SecretStr
from tests.startup.expected import mistakes, place

EC = ECKey.generate_key("P-256", {"kid": "ec"})
SECRET = "s" * 64
KNOWN = "HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519, Ed448"
NAMED = 'name what the issuer signs with, for example algorithms=("ES256",)'
KEYS = 'give a PEM text, a JWK, a secret of bytes, several in a tuple, or JWKS("https://…")'
ANOTHER = "make another one, for a secret by secrets.token_urlsafe(64)"
SAFE = "give an https URL; http is allowed for a loopback host alone"
READ = "give a Struct, a dataclass or a TypedDict whose fields are the claims that you read"


class User(Struct):
    """Who is asking."""

    sub: str


class Strict(Struct, forbid_unknown_fields=True):
    """Knows all claims."""

    sub: str


class Plain:
    """Is not a type of JSON."""


def as_oct(secret: bytes) -> OctKey:
    """Return a key of joserfc that no import has looked at."""
    return OctKey(secret, secret, {"kid": "k"})


def weak_rsa() -> RSAKey:
    """Return a key that is too short."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return RSAKey.generate_key(1024)


def hmac(keys: Any, *algorithms: str) -> dict[str, Any]:
    """Return options with a secret."""
    return {"keys": keys, "algorithms": algorithms or ("HS256",)}


def short(length: int, least: int) -> str:
    """Return what is told of a secret that is too short."""
    return f"JWT(keys=...) cannot be used: the secret of an HMAC has {length} bytes, and {least} are the least"


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "J3-empty": ({"algorithms": ()}, "JWT(algorithms=()) accepts no algorithm", NAMED),
    "J3-text": ({"algorithms": "ES256"}, "JWT(algorithms='ES256') accepts no algorithm", NAMED),
    "J3-none": (
        {"algorithms": ("none",)},
        "JWT(algorithms=...) has 'none', which is not a safe algorithm of tokens",
        f"use some of {KNOWN}",
    ),
    "J3-unknown": (
        {"algorithms": ("ES256", "es384")},
        "JWT(algorithms=...) has 'es384', which is not a safe algorithm of tokens",
        f"use some of {KNOWN}",
    ),
    "J3-mixed": (
        {"algorithms": ("HS256", "ES256")},
        "JWT(algorithms=('HS256', 'ES256')) mixes secrets with public keys",
        "make a JWT() for each, and give Bearer() a function that asks both",
    ),
    "J3-short": (hmac("s" * 31), short(31, 32), ANOTHER),
    "J3-short-bytes": (hmac(b"s" * 47, "HS384"), short(47, 48), ANOTHER),
    "J3-short-for-one": (hmac(SecretStr("s" * 63), "HS256", "HS512"), short(63, 64), ANOTHER),
    "J3-NUL": (
        hmac(b"s" * 40 + b"\0"),
        "JWT(keys=...) cannot be used: the secret of an HMAC ends with a zero byte, and signs as the shorter secret "
        "without it does",
        ANOTHER,
    ),
    "J3-PEM": (
        hmac(as_oct(EC.as_pem(private=False))),
        "JWT(keys=...) cannot be used: an asymmetric key is given as the secret of an HMAC",
        ANOTHER,
    ),
    "J3-DER": (
        hmac(EC.as_der(private=False)),
        "JWT(keys=...) cannot be used: an asymmetric key is given as the secret of an HMAC",
        KEYS,
    ),
    "J3-PEM-text": (
        hmac(EC.as_pem(private=False).decode()),
        "JWT() has a key of the type EC, which fits none of HS256",
        "take it out, or name its algorithm",
    ),
    "J3-broken-PEM": (
        {"keys": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"},
        "JWT(keys=...) cannot be used: a text that begins as a PEM does is not a key that can be read",
        KEYS,
    ),
    "J3-JWK": (
        {"keys": {"kty": "EC", "kid": "x"}},
        "JWT(keys=...) cannot be used: a JWK is not a key that can be read",
        KEYS,
    ),
    "J3-number": ({"keys": 7}, "JWT(keys=...) cannot be used: int is not a key", KEYS),
    "J3-no-keys": ({"keys": ()}, "JWT() has no keys", KEYS),
    "J3-empty-set": ({"keys": {"keys": []}}, "JWT() has no keys", KEYS),
    "J3-RSA": (
        {"keys": weak_rsa(), "algorithms": ("RS256",)},
        "JWT(keys=...) cannot be used: an RSA key of 1024 bits is too short, 2048 are the least",
        ANOTHER,
    ),
    "J3-curve": (
        {"keys": OKPKey.generate_key("X25519"), "algorithms": ("EdDSA",)},
        "JWT() has a key of the type OKP, which fits none of EdDSA",
        "take it out, or name its algorithm",
    ),
    "J3-JWKS": (
        hmac(JWKS("https://id.example.org/jwks")),
        "HS256 verifies by a secret, and a JWKS publishes public keys",
        'use algorithms=("ES256",)',
    ),
    "J26-http": (
        {"keys": JWKS("http://id.example.org/jwks")},
        "JWKS('http://id.example.org/jwks') cannot be fetched safely",
        SAFE,
    ),
    "J26-file": ({"keys": JWKS("file:///etc/keys")}, "JWKS('file:///etc/keys') cannot be fetched safely", SAFE),
    "J26-data": ({"keys": JWKS("data:,{}")}, "JWKS('data:,{}') cannot be fetched safely", SAFE),
    "J26-relative": ({"keys": JWKS("jwks.json")}, "JWKS('jwks.json') cannot be fetched safely", SAFE),
    "J26-timeout": (
        {"keys": JWKS("https://id.example.org", timeout=0)},
        "JWKS(timeout=0) is not a number of seconds",
        "write it as timeout=30.0",
    ),
    "forbids": (
        {"claims": Strict},
        "Strict forbids unknown fields, and tokens have claims that it does not have",
        "take forbid_unknown_fields out: claims that are not understood are ignored",
    ),
    "claims": (
        {"claims": list[str]},
        "JWT() is given list[str], which cannot be read from claims",
        READ,
    ),
    "issuer": ({"issuer": ""}, "JWT(issuer='') is not an issuer", 'write it as issuer="https://id.example.org"'),
    "audience": (
        {"audience": ()},
        "JWT(audience=()) is not an audience",
        'write it as audience="orders", or several in a tuple',
    ),
    "leeway": ({"leeway": 301}, "JWT(leeway=301) is not a number of seconds up to 300", "write it as leeway=30"),
    "types": ({"types": ()}, "JWT(types=()) does not name types of tokens", 'write it as types=("JWT", "at+jwt")'),
    "revoked": (
        {"revoked": {"a"}},
        "JWT(revoked=...) cannot be called",
        "write it as async def revoked(user: User) -> bool",
    ),
    "remember": (
        {"remember": -1},
        "JWT(remember=-1) is not a number of tokens",
        "write it as remember=1000, 0 for none",
    ),
}


def asking(verify: Any) -> type[Controller]:
    """Return a controller whose handler asks for a token."""

    class Names(Controller):
        @get("/name")
        async def name(self, user: Annotated[User, Bearer(verify)]) -> str:
            return user.sub

    return Names


@pytest.mark.parametrize(("options", "what", "hint"), WRONG.values(), ids=WRONG)
def test_wrong_options(options: dict[str, Any], what: str, hint: str) -> None:
    """An option that is wrong is reported when the app is built."""
    usual = {"claims": User, "keys": EC, "algorithms": ("ES256",)}
    controller = asking(JWT(**{**usual, **options}))
    where = f"Names.name ({place(controller.name)}), parameter 'user'"  # type: ignore[attr-defined]
    text = f"{where}: {what}.\n  Needed by: Names.name\n  Hint: {hint}."
    assert mistakes(controller) == [(InvalidSecurityError, text)]


def test_a_class_that_is_not_json() -> None:
    """What has no form in JSON cannot be read from claims."""
    ((kind, text),) = mistakes(asking(JWT(Plain, keys=EC, algorithms=("ES256",))))
    assert kind is InvalidSecurityError
    assert "which cannot be read from claims" in text


def test_loopback_without_tls() -> None:
    """Keys may be fetched without TLS from the same machine."""
    for host in ("localhost", "127.0.0.1:8080", "[::1]:8080"):
        assert JWKS(f"http://{host}/jwks").mistake() is None
    assert JWKS("https://id.example.org/jwks").mistake() is None


def test_joserfc_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hint names the extra."""
    monkeypatch.setitem(sys.modules, "joserfc", None)
    assert JWT(User, keys=EC, algorithms=("ES256",)).mistake() == (
        "JWT() uses the package joserfc, which is not installed",
        "install framework-aiohttp[jwt]",
    )


async def test_one_that_is_wrong_is_not_called() -> None:
    """Where no app has reported it, the first call does."""
    tokens = JWT(User, keys=SECRET, algorithms=())
    text = f"JWT: JWT(algorithms=()) accepts no algorithm.\n  Hint: {NAMED}."
    with pytest.raises(InvalidSecurityError) as asked:
        await tokens("a.b.c")
    with pytest.raises(InvalidSecurityError) as issued:
        tokens.issue(User("ann"))
    assert (str(asked.value), str(issued.value)) == (text, text)


def test_issuing_without_a_private_key() -> None:
    """A public key signs nothing, and keys of another server are its own."""
    hint = "give the private key first in keys=, or let the issuer make the tokens"
    for keys in (EC.as_dict(private=False), JWKS("https://id.example.org")):
        with pytest.raises(InvalidSecurityError) as raised:
            JWT(User, keys=keys, algorithms=("ES256",)).issue(User("ann"))
        assert str(raised.value) == f"JWT.issue(): no key that it is given signs with ES256.\n  Hint: {hint}."
