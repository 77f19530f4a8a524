"""The client that compares every answer with the document: what it finds, and what it leaves alone."""

import sys
from typing import Annotated, Any

import pytest
from aiohttp import web
from msgspec import Meta, Struct

from framework import App, Controller, HTTPError, OpenAPI, Response, get, post, route
from framework.testing import Answer, Contract, ContractClient, ContractError, MissingExtraError, check_contract

pytest_plugins = ["framework.testing.fixtures"]


class Item(Struct):
    """A thing."""

    number: Annotated[int, Meta(ge=0)]
    name: str = ""


class Missing(HTTPError, status=404, title="Missing"):
    """There is no such thing."""

    number: int


class Items(Controller):
    """Answers as it says, or not, as it is asked to."""

    path = "/items"

    @get("/{number}", raises=(Missing,))
    async def show(self, number: int) -> Item:
        """Return an item."""
        if number == 0:
            raise Missing(number=0)
        return Item(number, 3 if number == 7 else "")  # type: ignore[arg-type]  # the mistake

    @get("/undeclared/status")
    async def status(self) -> str:
        """Answer another status."""
        raise Missing(number=1)

    @get("/undeclared/type")
    async def media_type(self) -> Response[str]:
        """Answer another media type."""
        return Response("a,b", media_type="text/csv")

    @get("/undeclared/body")
    async def body(self) -> web.StreamResponse:
        """Answer a body of aiohttp's."""
        return web.Response(body=b"<p>", content_type="text/html")

    @post("/nothing")
    async def nothing(self) -> None:
        """Answer nothing."""

    @get("/hidden/crash", in_document=False)
    async def hidden(self) -> int:
        """Crash, in no document."""
        raise RuntimeError

    @get("/files/{name:path}")
    async def file(self, name: str) -> bytes:
        """Return bytes."""
        return name.encode()

    @route("/both", methods=("GET", "PUT"))
    async def both(self) -> list[Item]:
        """Return items, the first of which is none."""
        return [Item(-1), Item(-2), Item(-3), Item(-4)]


APP = App([Items])


async def test_good_answers_pass(contract_client: ContractClient) -> None:
    """Bodies, declared problems, HEAD, nothing: what is as declared reaches the test as ever, body included."""
    client = await contract_client(APP)

    assert await (await client.get("/items/1")).json() == {"number": 1, "name": ""}
    assert (await client.get("/items/0")).status == 404
    assert (await client.get("/items/x")).status == 422
    assert (await client.head("/items/1")).status == 200
    assert (await client.post("/items/nothing")).status == 204
    assert await (await client.get("/items/files/a%20b/c")).read() == b"a b/c"


async def test_what_no_document_says_is_left_alone(contract_client: ContractClient) -> None:
    """Other paths and methods, the document's own pages, and routes that stand in no document."""
    client = await contract_client(APP)

    for method, path, status in (
        ("GET", "/nothing", 404),
        ("DELETE", "/items/1", 405),
        ("OPTIONS", "/items/1", 204),
        ("GET", "/openapi.json", 200),
        ("GET", "/items/hidden/crash", 500),
    ):
        assert (await client.request(method, path)).status == status


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("GET", "/items/7", "200: the body is not as declared: /name: 3 is not of type 'string'"),
        ("GET", "/items/undeclared/status", "404: the status is not declared, only 200, 406"),
        ("GET", "/items/undeclared/type", "200: the media type 'text/csv' is not declared, only text/plain"),
        (
            "GET",
            "/items/both",
            "200: the body is not as declared: /0/number: -1 is less than the minimum of 0; "
            "/1/number: -2 is less than the minimum of 0; /2/number: -3 is less than the minimum of 0, and 1 more",
        ),
        ("PUT", "/items/both", "200: the body is not as declared: "),
    ],
)
async def test_other_answers_fail(contract_client: ContractClient, method: str, path: str, said: str) -> None:
    """The failure says which request, which status, and what is not declared."""
    client = await contract_client(APP)

    with pytest.raises(ContractError) as caught:
        await client.request(method, path)

    assert str(caught.value).startswith(f"{method} {path} responded with {said}")


async def test_a_crash_fails(contract_client: ContractClient) -> None:
    """A 500 is declared by nobody."""

    class Crash(Controller):
        @get("/crash")
        async def crash(self) -> int:
            raise RuntimeError

    client = await contract_client(App([Crash]))

    with pytest.raises(
        ContractError, match=r"^GET /crash responded with 500: the status is not declared, only 200, 406$"
    ):
        await client.get("/crash")


async def test_every_document_counts(contract_client: ContractClient) -> None:
    """An operation that only the second document has is looked at as well."""
    documents = (OpenAPI(include=("/items/nothing",)), OpenAPI(path="/b.json", docs_path=None))
    client = await contract_client(App([Items], openapi=documents))

    with pytest.raises(ContractError):
        await client.get("/items/7")


async def test_settings_and_middlewares_go_to_the_client(contract_client: ContractClient) -> None:
    """What aiohttp_client takes is taken, middlewares of the test's own too."""
    seen: list[str] = []

    async def note(request: Any, handler: Any) -> Any:
        seen.append(request.url.path)
        return await handler(request)

    client = await contract_client(APP, middlewares=(note,), headers={"X-Test": "1"})
    await client.get("/items/1")

    assert seen == ["/items/1"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer("GET", "/items/1", 200, "application/json", b"{"), "the body is not valid application/json: "),
        (Answer("POST", "/items/nothing", 204, "text/plain", b"x"), "there is a body, and none is declared"),
        (Answer("GET", "/items/1", 200, "", b""), "the media type '' is not declared, only application/json"),
    ],
)
def test_answers_from_elsewhere(answer: Answer, said: str) -> None:
    """A contract compares what it is given, wherever it was recorded."""
    with pytest.raises(ContractError) as caught:
        Contract(APP).check(answer)

    assert str(caught.value).startswith(f"{answer.method} {answer.path} responded with {answer.status}: {said}")


def test_without_the_extra_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names what to install."""
    for package in ("jsonschema", "schemathesis"):
        monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises(MissingExtraError, match=r"^jsonschema is not installed; install framework-aiohttp\[testing\]$"):
        Contract(APP)
    with pytest.raises(MissingExtraError, match=r"^schemathesis is not installed; install framework-aiohttp"):
        check_contract(APP)
