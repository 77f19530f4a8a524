"""JSON Web Tokens: what is accepted and what is refused; the ids are the rows of the table of cases."""

import json
import logging
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from joserfc.jwk import ECKey, OctKey, OKPKey
from msgspec import Struct
from pytest_aiohttp.plugin import AiohttpClient

from framework.security import JWT
from tests.http.security.tokens import (
    CHALLENGE,
    EC,
    ISSUER,
    REFUSED,
    RSA,
    User,
    base64,
    bearer,
    claims_of,
    header_of,
    make_token,
    naming,
    sign,
    verifier,
)

# The order of P-256.
_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_OTHER = ECKey.generate_key("P-256", {"kid": "ec"})


def _of_pem(form: str) -> str:
    public = {
        "pem": EC.as_pem(private=False),
        "der": EC.as_der(private=False),
        "jwk": json.dumps(EC.as_dict(private=False)).encode(),
    }[form]
    secret = OctKey(public, public)
    return sign(header_of(alg="HS256"), claims_of(), secret, "HS256")


def _with_signature(change: Callable[[bytes], bytes]) -> str:
    signed, _, signature = make_token().rpartition(".")
    return f"{signed}.{base64(change(_bytes(signature)))}"


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _malleable(raw: bytes) -> bytes:
    return raw[:32] + (_N - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")


def _der(raw: bytes) -> bytes:
    return encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))


def _loose(token: str) -> str:
    """Set the last bits, which carry nothing: 64 bytes leave four of them."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + letters[letters.index(token[-1]) + 1]


def _unsigned(algorithm: str) -> str:
    parts = (json.dumps(header_of(alg=algorithm)).encode(), json.dumps(claims_of()).encode())
    return ".".join(map(base64, parts)) + "."


def _raw(claims: str) -> str:
    """Return a signed token whose claims are written as they are."""
    return sign(header_of(), claims.encode(), EC, "ES256")


def _written(exp: str) -> str:
    return _raw(f'{{"sub": "ann", "iss": "{ISSUER}", "aud": "api", "exp": {exp}}}')


def _now() -> int:
    return int(time.time())


REFUSED_TOKENS: dict[str, Callable[[], str]] = {
    "J1-none": lambda: _unsigned("none"),
    "J1-None": lambda: _unsigned("None"),
    "J1-empty-signature": lambda: make_token().rpartition(".")[0] + ".",
    "J2-pem": lambda: _of_pem("pem"),
    "J2-der": lambda: _of_pem("der"),
    "J2-jwk": lambda: _of_pem("jwk"),
    "J5-path": lambda: make_token({"kid": "../../../../dev/null"}),
    "J5-sql": lambda: make_token({"kid": "x' UNION SELECT 'secret"}),
    "J5-url": lambda: make_token({"kid": "https://evil.example/key"}),
    "J5-long": lambda: make_token({"kid": "k" * 5_000}),
    "J5-number": lambda: make_token({"kid": 1}),
    "J5-null": lambda: make_token({"kid": None}),
    "J6-jwk": lambda: sign(header_of(jwk=_OTHER.as_dict(private=False)), claims_of(), _OTHER, "ES256"),
    "J9-unknown": lambda: make_token({"crit": ["x"], "x": 1}),
    "J9-empty": lambda: make_token({"crit": []}),
    "J9-text": lambda: make_token({"crit": "b64"}),
    "J9-exp": lambda: make_token({"crit": ["exp"], "exp": 1}),
    "J9-b64": lambda: make_token({"crit": ["b64"], "b64": True}),
    "J9-null": lambda: make_token({"crit": None}),
    "J10-logout": lambda: make_token({"typ": "logout+jwt"}),
    "J10-dpop": lambda: make_token({"typ": "dpop+jwt"}),
    "J10-event": lambda: make_token({"typ": "secevent+jwt"}),
    "J11": lambda: make_token(exp=...),
    "J12-text": lambda: make_token(exp=str(_now() + 600)),
    "J12-bool": lambda: make_token(exp=True),
    "J12-null": lambda: make_token(exp=None),
    "J12-infinite": lambda: _written("1e999"),
    "J12-nan": lambda: _written("NaN"),
    "J13-exp": lambda: make_token(exp=_now() - 31),
    "J13-nbf": lambda: make_token(nbf=_now() + 40),
    "J14": lambda: make_token(iat=_now() + 3600),
    "J15-empty": lambda: make_token(aud=[]),
    "J15-other": lambda: make_token(aud="api2"),
    "J15-case": lambda: make_token(aud="API"),
    "J15-nested": lambda: make_token(aud=[["api"]]),
    "J15-absent": lambda: make_token(aud=...),
    "J17-slash": lambda: make_token(iss=f"{ISSUER}/"),
    "J17-longer": lambda: make_token(iss=f"{ISSUER}.evil"),
    "J17-list": lambda: make_token(iss=[ISSUER]),
    "J17-absent": lambda: make_token(iss=...),
    "J18-sub": lambda: make_token(sub=7),
    "J18-claim": lambda: make_token(scopes="not a list"),
    "J18-array": lambda: _raw("[]"),
    "J20-header": lambda: make_token({"x": "x" * 3_500}),
    "J20-deep": lambda: _raw("[" * 3_000),
    "J28-zero": lambda: _with_signature(lambda _: bytes(64)),
    "J28-order": lambda: _with_signature(lambda _: _N.to_bytes(32, "big") * 2),
    "J28-der": lambda: _with_signature(_der),
    "J28-63": lambda: _with_signature(lambda raw: raw[:63]),
    "J28-65": lambda: _with_signature(lambda raw: raw + b"\0"),
    "J30-padding": lambda: make_token() + "=",
    "J30-plus": lambda: make_token().replace("-", "+").replace("_", "/") + "+",
    "J30-loose": lambda: _loose(make_token()),
    "J30-4": lambda: make_token() + ".x",
    "J30-empty": lambda: "a..b",
    "J30-JWE": lambda: f"{base64(b'{}')}.a.b.c.d",
}


@pytest.mark.parametrize("make", REFUSED_TOKENS.values(), ids=REFUSED_TOKENS)
async def test_refused(
    aiohttp_client: AiohttpClient, caplog: pytest.LogCaptureFixture, make: Callable[[], str]
) -> None:
    """What is not a good token is 401 without a reason; the log has one line, and nothing of the token in it."""
    caplog.set_level(logging.DEBUG, "framework")
    client = await aiohttp_client(naming(verifier()).build())
    token = make()
    answer = await client.get("/name", headers=bearer(token))
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, CHALLENGE)
    assert await answer.json() == REFUSED
    lines = [one.getMessage() for one in caplog.records if one.name == "framework.security"]
    assert len(lines) == 1
    assert lines[0].startswith("A token was refused: ")
    assert not any(part and part in caplog.text for part in token.split(".") if len(part) > 3)


ACCEPTED_TOKENS: dict[str, Callable[[], str]] = {
    "J6-jku": lambda: make_token({"jku": "https://evil.example/jwks", "x5u": 7, "x5c": "x", "jwk": {}}),
    "J7": lambda: make_token({"kid": ...}),
    "J7-RSA": lambda: sign({"alg": "RS256"}, claims_of(), RSA, "RS256"),
    "J8": lambda: make_token({"x": {"deep": [1]}, "b64": False}),
    "J10-absent": lambda: make_token({"typ": ...}),
    "J10-JWT": lambda: make_token({"typ": "jwt"}),
    "J10-at": lambda: make_token({"typ": "application/at+jwt"}),
    "J12-float": lambda: make_token(exp=time.time() + 600.5),
    "J12-huge": lambda: _written("1" + "0" * 400),
    "J13-exp": lambda: make_token(exp=_now() - 20),
    "J13-nbf": lambda: make_token(nbf=_now() + 29),
    "J15-text": lambda: make_token(aud="api"),
    "J15-list": lambda: make_token(aud=["x", "api"]),
    "J19-claims": lambda: _raw(f'{{"sub": "eve", {json.dumps(claims_of())[1:]}'),
    "J19-header": lambda: sign(b'{"alg": "none", "kid": "no", "alg": "ES256", "kid": "ec"}', claims_of(), EC, "ES256"),
    "J29": lambda: _with_signature(_malleable),
}


@pytest.mark.parametrize("make", ACCEPTED_TOKENS.values(), ids=ACCEPTED_TOKENS)
async def test_accepted(aiohttp_client: AiohttpClient, make: Callable[[], str]) -> None:
    """A good token says who is asking; what the framework does not know of it is ignored."""
    client = await aiohttp_client(naming(verifier()).build())
    answer = await client.get("/name", headers=bearer(make()))
    assert (answer.status, await answer.text()) == (200, "ann")


@pytest.mark.parametrize(
    "parameters",
    [{"use": "enc"}, {"alg": "ES384"}, {"key_ops": ["sign"]}],
    ids=["J4-use", "J4-alg", "J4-key_ops"],
)
async def test_a_key_for_something_else(parameters: Any) -> None:
    """A key signs only by the algorithm, and for the purpose, that it names."""
    named: Any = {"kid": "other", **parameters}
    other = ECKey.generate_key("P-256", named)
    signing = ECKey.import_key(other.as_pem(private=True))
    verify = verifier(keys={"keys": [EC.as_dict(private=False), other.as_dict(private=False)]})
    assert await verify(sign(header_of(kid="other"), claims_of(), signing, "ES256")) is None
    assert await verify(make_token()) == User("ann")


async def test_j4_a_key_of_another_type() -> None:
    """The type of a key is its own, whatever the header says."""
    verify = verifier()
    assert await verify(sign(header_of(kid="rsa"), claims_of(), EC, "ES256")) is None
    assert await verify(sign(header_of(alg="RS256"), claims_of(), RSA, "RS256")) is None


async def test_j7_at_most_eight_keys() -> None:
    """Without a name, eight keys are tried and no more."""
    keys = [ECKey.generate_key("P-256") for _ in range(9)]
    verify = verifier(keys=keys)
    assert await verify(sign({"alg": "ES256"}, claims_of(), keys[7], "ES256")) == User("ann")
    assert await verify(sign({"alg": "ES256"}, claims_of(), keys[8], "ES256")) is None


async def test_j16_no_audience_is_expected() -> None:
    """A token that is meant for somebody is refused where nobody is expected."""
    verify = verifier(audience=None)
    assert await verify(make_token()) is None
    assert await verify(make_token(aud=[])) is None
    assert await verify(make_token(aud=...)) == User("ann")


async def test_j15_several_audiences() -> None:
    """One of those that are expected is enough."""
    verify = verifier(audience=("api", "admin"))
    assert await verify(make_token(aud="admin")) == User("ann")
    assert await verify(make_token(aud=["x"])) is None


async def test_j20_too_long(caplog: pytest.LogCaptureFixture) -> None:
    """A token over 16 kB is refused before anything of it is decoded, and one that is nested too deep afterwards."""
    caplog.set_level(logging.DEBUG, "framework")
    verify = verifier()
    assert await verify(make_token(x="x" * 16_000)) is None
    assert await verify(_raw("[" * 10_000)) is None
    assert await verify(make_token({"x": "x" * 4_000})) is None
    assert [one.getMessage() for one in caplog.records] == [
        "A token was refused: it is too long",
        "A token was refused: its header or its claims do not have the required form",
        "A token was refused: its header is too long",
    ]


@pytest.mark.parametrize("name", ["EdDSA", "Ed25519"], ids=["J27-EdDSA", "J27-Ed25519"])
async def test_names_of_ed25519(name: str) -> None:
    """Each of the two names is accepted where it is in the list, and not the other one."""
    key = OKPKey.generate_key("Ed25519", {"kid": "ed"})
    verify = verifier(keys=key, algorithms=(name,))
    for sent in ("EdDSA", "Ed25519"):
        token = sign(header_of(alg=sent, kid="ed"), claims_of(), key, sent)
        assert await verify(token) == (User("ann") if sent == name else None)


class Clock(SimpleNamespace):
    """A wall clock and a monotonic one."""

    wall: float
    steady: float

    def time(self) -> float:
        """Return the time of the wall clock."""
        return self.wall

    def monotonic(self) -> float:
        """Return the time of the clock that nobody sets."""
        return self.steady


async def test_j31_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A remembered signature is verified again after the expiry, by the clock that nobody sets."""
    clock = Clock(wall=time.time(), steady=1_000.0)
    monkeypatch.setattr("framework.security.jwt.clock", clock)
    verified: list[str | None] = []
    verify = verifier(keys=EC, remember=2, leeway=0)
    ring: Any = verify._keys  # noqa: SLF001  asked for keys by each verification
    candidates = ring.candidates

    def counted(kid: str | None, algorithm: str) -> Any:
        verified.append(kid)
        return candidates(kid, algorithm)

    monkeypatch.setattr(ring, "candidates", counted)
    token = make_token(exp=int(clock.wall) + 600)
    assert await verify(token) == await verify(token) == User("ann")
    assert len(verified) == 1
    clock.steady += 601
    clock.wall -= 3_600
    assert await verify(token) == User("ann")
    assert len(verified) == 2
    clock.wall += 3_600 + 601
    assert await verify(token) is None


async def test_few_signatures_are_remembered() -> None:
    """The oldest is forgotten, and claims are checked each time."""
    verify = verifier(remember=2)
    tokens = [make_token(sub=str(one)) for one in range(3)]
    for one in tokens:
        assert await verify(one) is not None
    assert len(verify._verified) == 2  # noqa: SLF001
    first, second = await verify(tokens[2]), await verify(tokens[2])
    assert first == second == User("2")
    assert first is not second


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([("Authorization", "bearer {}")], 200),
        ([("Authorization", "Bearer  {}")], 200),
        ([("Authorization", "Bearer {}"), ("Authorization", "Bearer {}")], 401),
        ([("Cookie", "access_token={}")], 401),
        ([], 401),
    ],
    ids=["J32-case", "J32-spaces", "J32-twice", "J32-cookie", "J32-query"],
)
async def test_where_a_token_stands(aiohttp_client: AiohttpClient, headers: list[tuple[str, str]], status: int) -> None:
    """A token is read from one Authorization header, and from nowhere else."""
    client = await aiohttp_client(naming(verifier()).build())
    token = make_token()
    sent = [(name, value.format(token)) for name, value in headers]
    query = {} if headers else {"access_token": token}
    assert (await client.get("/name", headers=sent, params=query)).status == status


class Member(Struct):
    """A type with claims that the framework sets."""

    sub: str
    exp: int = 0
    iat: int = 0
    jti: str = ""
    iss: str = ""
    aud: str = ""


async def test_j33_issue(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that is issued has all claims that are checked, and the first algorithm and key."""
    monkeypatch.setattr("framework.security.jwt.clock", Clock(wall=1_800_000_000.7, steady=0.0))
    tokens: JWT[Member] = JWT(Member, keys=(EC, RSA), algorithms=("RS256", "ES256"), issuer=ISSUER, audience="api")
    first, second = (tokens.issue(Member("ann", jti="old")) for _ in range(2))
    header = json.loads(_bytes(first.split(".")[0]))
    assert header == {"alg": "RS256", "typ": "JWT", "kid": "rsa"}
    found, other = await tokens(first), await tokens(second)
    assert found is not None
    assert other is not None
    assert found == Member("ann", 1_800_000_900, 1_800_000_000, found.jti, ISSUER, "api")
    assert len({found.jti, other.jti, "old"}) == 3
    long = await tokens(tokens.issue(Member("ann"), expires=3600))
    assert long is not None
    assert long.exp == 1_800_003_600
    with pytest.raises(ValueError, match=r"^expires=0 is not a time to come$"):
        tokens.issue(Member("ann"), expires=0)


@pytest.mark.parametrize("token", ["", ".", "..", "...", "ä.ä.ä", "\ud800.\ud800.\ud800"])
async def test_what_no_header_carries(token: str) -> None:
    """Whatever is given is refused, never an exception."""
    verify = verifier(remember=1)
    good = make_token()
    assert await verify(good) == User("ann")
    assert await verify(token) is None
    assert await verify(good.replace(".", "\ud800.", 1)) is None
    assert await verify(good[:-1] + "\ud800") is None
