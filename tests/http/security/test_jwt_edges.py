"""JSON Web Tokens at the edges of time, in other forms, and with keys in their headers; ids are rows of the cases."""

import asyncio
import json
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web
from joserfc.jwk import ECKey
from pytest_aiohttp.plugin import AiohttpClient, AiohttpServer

from framework.security import JWT
from tests.http.security.tokens import (
    EC,
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

NOW = 1_800_000_000


@pytest.mark.parametrize(
    ("claims", "accepted"),
    [
        ({"exp": NOW - 29}, True),
        ({"exp": NOW - 31}, False),
        ({"exp": NOW + 600, "nbf": NOW + 29}, True),
        ({"exp": NOW + 600, "nbf": NOW + 31}, False),
        ({"exp": NOW + 600, "iat": NOW + 29}, True),
        ({"exp": NOW + 600, "iat": NOW + 31}, False),
        ({"exp": NOW + 600, "iat": NOW + 3_600}, False),
        ({"exp": NOW - 30}, False),
        ({"exp": NOW + 600, "nbf": NOW + 30}, True),
    ],
    ids=["J13-exp-29", "J13-exp-31", "J13-nbf-29", "J13-nbf-31", "J14-29", "J14-31", "J14-hour", "J13-exp", "J13-nbf"],
)
async def test_edges_of_the_leeway(monkeypatch: pytest.MonkeyPatch, claims: dict[str, int], *, accepted: bool) -> None:
    """The leeway is 30 seconds, to the second: a token expires at ``exp``, and is valid from ``nbf`` on."""
    monkeypatch.setattr(
        "framework.security.jwt.clock", SimpleNamespace(time=lambda: float(NOW), monotonic=time.monotonic)
    )
    assert await verifier()(make_token(**claims)) == (User("ann") if accepted else None)


def _flattened(token: str) -> str:
    protected, payload, signature = token.split(".")
    return json.dumps({"protected": protected, "payload": payload, "signature": signature})


FORMS: dict[str, Callable[[str], str]] = {
    "J30-space-before": lambda token: f" {token}",
    "J30-space-after": lambda token: f"{token} ",
    "J30-space-inside": lambda token: token.replace(".", ". ", 1),
    "J30-newline": lambda token: f"{token}\n",
    "J30-tab": lambda token: token.replace(".", "\t.", 1),
    "J30-NUL": lambda token: f"{token}\0",
    "J30-JSON": _flattened,
    "J30-padded-payload": lambda token: token.replace(".", "=.", 2),
    "J30-JWE": lambda token: f"{token}.a.b",
    "J30-two-parts": lambda token: token.rpartition(".")[0],
}


@pytest.mark.parametrize("form", FORMS)
async def test_j30_other_forms(form: str) -> None:
    """A token has one spelling; the JSON serialization and JWE are not tokens."""
    verify = verifier(remember=10)
    token = make_token()
    assert await verify(token) == User("ann")
    assert await verify(FORMS[form](token)) is None


@pytest.mark.parametrize("other", [" {}", "{} x", "{}, Bearer {}", "{}\t", '"{}"'])
async def test_j30_in_the_header(aiohttp_client: AiohttpClient, other: str) -> None:
    """Whatever surrounds a token in the header is part of it, except blanks, which fields do not have at their ends."""
    client = await aiohttp_client(naming(verifier()).build())
    token = make_token()
    answer = await client.get("/name", headers={"Authorization": f"Bearer {other.format(token, token)}"})
    assert answer.status == (200 if other.strip() == "{}" else 401)


@pytest.mark.parametrize("member", ["jku", "x5u"])
async def test_j6_nothing_is_fetched(aiohttp_server: AiohttpServer, member: str) -> None:
    """A token cannot make the server send a request."""
    asked: list[str] = []
    other = ECKey.generate_key("P-256", {"kid": "ec"})

    async def publish(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.json_response({"keys": [other.as_dict(private=False)]})

    application = web.Application()
    application.router.add_get("/keys", publish)
    server = await aiohttp_server(application)
    header = header_of(**{member: str(server.make_url("/keys"))})
    assert await verifier()(sign(header, claims_of(), other, "ES256")) is None
    assert await verifier()(sign(header, claims_of(), EC, "ES256")) == User("ann")
    await asyncio.sleep(0.05)
    assert asked == []


@pytest.mark.parametrize(
    "kid", ["../../etc/passwd", "' OR 1=1 --", "http://127.0.0.1:1/", "k" * 2_900, 7, None, {}, []]
)
async def test_j5_a_kid_is_looked_up_in_a_dictionary(kid: Any) -> None:
    """Whatever names the key, it is not one of ours."""
    assert await verifier()(make_token({"kid": kid})) is None


async def test_j20_the_deepest_payload_that_fits() -> None:
    """A payload of 10 000 levels is refused, and a signature does not help it."""
    verify: JWT[Any] = JWT(dict, keys=EC, algorithms=("ES256",), audience="api")
    deep = b'{"a":' * 2_000 + b"1" + b"}" * 2_000
    assert await verify(sign(header_of(), deep, EC, "ES256")) is None
    assert (
        await verify(f"{base64(json.dumps(header_of()).encode())}.{base64(b'[' * 10_000)}.{base64(bytes(64))}") is None
    )


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "BeArEr"])
async def test_j32_the_scheme_has_no_case(aiohttp_client: AiohttpClient, scheme: str) -> None:
    """RFC 9110, section 11.1."""
    client = await aiohttp_client(naming(verifier()).build())
    assert (await client.get("/name", headers={"Authorization": f"{scheme} {make_token()}"})).status == 200
    assert (await client.get("/name", headers={"Authorization": make_token()})).status == 401
    assert (await client.get("/name", headers={**bearer(""), "Cookie": f"token={make_token()}"})).status == 401
