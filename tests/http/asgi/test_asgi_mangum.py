import asyncio
import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from mangum import Mangum

from framework.asgi import ASGIApp
from tests.http.asgi.asgi_shop import PICTURE, shop_app

_HEADERS = {"Host": "shop.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7", "Accept": "*/*"}


def _rest(method: str, path: str, body: bytes | None = None, **more: Any) -> dict[str, Any]:
    """Return an event of API Gateway's REST APIs, version 1, as it was recorded."""
    headers = {**_HEADERS, **more.pop("headers", {})}
    query: dict[str, list[str]] = more.pop("query", {})
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": {"proxy": path.lstrip("/")},
        "stageVariables": None,
        "requestContext": {
            "resourcePath": "/{proxy+}",
            "httpMethod": method,
            "path": f"/prod{path}",
            "stage": "prod",
            "protocol": "HTTP/1.1",
            "identity": {"sourceIp": "192.0.2.7", "userAgent": "curl/8"},
        },
        "body": None if body is None else base64.b64encode(body).decode(),
        "isBase64Encoded": body is not None,
    }


def _http(method: str, path: str, body: bytes | None = None, **more: Any) -> dict[str, Any]:
    """Return an event of API Gateway's HTTP APIs, version 2.0, as it was recorded."""
    headers = {name.lower(): value for name, value in {**_HEADERS, **more.pop("headers", {})}.items()}
    cookies = headers.pop("cookie", "")
    if body is not None:
        headers["content-length"] = str(len(body))
    query = "&".join(f"{name}={one}" for name, values in more.pop("query", {}).items() for one in values)
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "cookies": cookies.split("; ") if cookies else None,
        "headers": headers,
        "requestContext": {
            "domainName": "shop.example",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.7",
                "userAgent": "curl/8",
            },
            "stage": "$default",
        },
        "body": None if body is None else base64.b64encode(body).decode(),
        "isBase64Encoded": body is not None,
    }


def _balancer(method: str, path: str, body: bytes | None = None, **more: Any) -> dict[str, Any]:
    """Return an event of an application load balancer with multi-value headers, as it was recorded."""
    headers = {name.lower(): [value] for name, value in {**_HEADERS, **more.pop("headers", {})}.items()}
    return {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/shop/1"}},
        "httpMethod": method,
        "path": path,
        "multiValueQueryStringParameters": more.pop("query", {}),
        "multiValueHeaders": headers,
        "body": "" if body is None else base64.b64encode(body).decode(),
        "isBase64Encoded": body is not None,
    }


_KINDS = {"REST": _rest, "HTTP": _http, "load balancer": _balancer}


class _Lambda:
    """A function with its event loop, as in the runtime of AWS."""

    def __init__(self, lifespan: Any = "off") -> None:
        self.log: list[str] = []
        self._handler = Mangum(ASGIApp(shop_app(self.log)), lifespan=lifespan)

    def __call__(self, event: dict[str, Any]) -> dict[str, Any]:
        return self._handler(event, object())  # type: ignore[arg-type]  # the context is not read


@pytest.fixture
def loop() -> Iterator[None]:
    """Let a new event loop be the one of the thread."""
    made = asyncio.new_event_loop()
    asyncio.set_event_loop(made)
    yield
    made.run_until_complete(made.shutdown_asyncgens())
    made.close()
    asyncio.set_event_loop(None)


@pytest.fixture
def function(loop: None) -> _Lambda:  # noqa: ARG001  it runs there
    """Return a function."""
    return _Lambda()


def _headers(response: dict[str, Any]) -> dict[str, list[str]]:
    """Return the headers of a response, which has them in one of three members."""
    found: dict[str, list[str]] = {}
    for name, value in (response.get("headers") or {}).items():
        found.setdefault(name.lower(), []).append(value)
    for name, values in (response.get("multiValueHeaders") or {}).items():
        found.setdefault(name.lower(), []).extend(values)
    if response.get("cookies"):
        found["set-cookie"] = response["cookies"]
    return found


def _body(response: dict[str, Any]) -> bytes:
    body: str = response["body"]
    return base64.b64decode(body) if response["isBase64Encoded"] else body.encode()


@pytest.mark.parametrize("kind", _KINDS)
def test_urls(function: _Lambda, kind: str) -> None:
    """Escaped characters and repeated parameters arrive as they were sent."""
    response = function(_KINDS[kind]("GET", "/shop/lines/a%20b", query={"tag": ["x", "y"], "sort": ["up"]}))
    assert (response["statusCode"], json.loads(_body(response))) == (
        200,
        {"sku": "a b", "tag": ["x", "y"], "sort": "up"},
    )


@pytest.mark.parametrize("kind", _KINDS)
def test_bodies(function: _Lambda, kind: str) -> None:
    """JSON and bytes arrive, and background tasks have run when the function returns."""
    headers = {"Content-Type": "application/json"}
    response = function(_KINDS[kind]("POST", "/shop/lines", b'{"sku":"a","count":2}', headers=headers))
    assert (response["statusCode"], _body(response)) == (201, b'{"sku":"a","count":2}')
    assert function.log == ["opened", "remembered a"]
    response = function(_KINDS[kind]("POST", "/shop/count", PICTURE))
    assert _body(response) == b"32640"
    response = function(_KINDS[kind]("POST", "/shop/lines", b'{"sku":1}', headers=headers))
    problem = json.loads(_body(response))
    assert (response["statusCode"], problem["detail"], problem["instance"]) == (
        422,
        "2 errors in the request",
        "/shop/lines",
    )
    assert function.log == ["opened", "remembered a"]


@pytest.mark.parametrize("kind", _KINDS)
def test_responses(function: _Lambda, kind: str) -> None:
    """Bytes are sent in base64, cookies one by one; errors and redirects have their status."""
    response = function(_KINDS[kind]("GET", "/shop/picture"))
    assert (response["isBase64Encoded"], _body(response)) == (True, PICTURE)
    response = function(_KINDS[kind]("GET", "/shop/session", headers={"Cookie": "user=ann; b=c", "X-Agent": "q"}))
    assert _body(response) == b"ann q"
    assert [one.partition(";")[0] for one in _headers(response)["set-cookie"]] == ["one=1", "two=2"]
    response = function(_KINDS[kind]("GET", "/shop/moved"))
    assert (response["statusCode"], _headers(response)["location"]) == (303, ["/shop/picture"])
    response = function(_KINDS[kind]("DELETE", "/shop/picture"))
    assert (response["statusCode"], _headers(response)["allow"]) == (405, ["GET, HEAD, OPTIONS"])
    response = function(_KINDS[kind]("GET", "/nowhere"))
    assert (response["statusCode"], _headers(response)["content-type"]) == (404, ["application/problem+json"])


@pytest.mark.parametrize("kind", _KINDS)
def test_event_and_client(function: _Lambda, kind: str) -> None:
    """The request has the address of the client, and the event."""
    response = function(_KINDS[kind]("GET", "/shop/place"))
    assert json.loads(_body(response)) == {
        "url": "https://shop.example/shop/place",
        "remote": "192.0.2.7",
        "event": True,
        "function": None,
    }


def test_content_length_of_another_body(function: _Lambda) -> None:
    """The length of the body that the function gets counts, not that of the header."""
    headers = {"Content-Type": "application/json", "Content-Length": "4000"}
    response = function(_rest("POST", "/shop/lines", b'{"sku":"a","count":2}', headers=headers))
    assert response["statusCode"] == 201


def test_header_with_a_line_end(function: _Lambda) -> None:
    """A header of an event cannot add another header."""
    headers = {"Cookie": "user=ann", "X-Agent": "a\r\nX-Agent: b"}
    response = function(_rest("GET", "/shop/session", headers=headers))
    assert _body(response) == b"ann a  X-Agent: b"


def test_lifespan_of_each_event(loop: None) -> None:  # noqa: ARG001  it runs there
    """With its lifespan, Mangum starts and stops the application for each event."""
    function = _Lambda(lifespan="on")
    for _ in range(2):
        assert function(_rest("GET", "/shop/picture"))["statusCode"] == 200
    assert function.log == ["opened", "closed", "opened", "closed"]
