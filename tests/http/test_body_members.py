"""Several parameters that share a JSON body as keys of one object, and one that is embedded."""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from framework import Body, Container, Controller, OpenAPI, post
from tests.http.raw import ask
from tests.http.shapes import Serve, app_of, fault, invalid


class Order(Struct):
    """A body."""

    sku: str


class Payment(Struct, forbid_unknown_fields=True):
    """Another body."""

    amount: Annotated[int, Meta(ge=1)]


class Orders(Controller):
    """Takes orders."""

    @post("/both")
    async def both(self, order: Order, payment: Payment, note: Annotated[str, Body()] = "-") -> str:
        """Take three keys."""
        return repr((order, payment, note))

    @post("/same")
    async def same(self, first: Order, second: Order) -> str:
        """Take two of a type."""
        return repr((first, second))

    @post("/one")
    async def one(self, order: Annotated[Order, Body(embed=True)]) -> str:
        """Take one key."""
        return repr(order)

    @post("/optional")
    async def optional(
        self,
        order: Order | None = None,
        lines: Annotated[list[int], Body()] = [],  # noqa: B006  requests do not share it
    ) -> str:
        """Take keys that may be absent."""
        lines.append(1)
        return repr((order, lines))


async def test_parameters_are_keys_of_one_object(serve: Serve) -> None:
    """Two parameters or more share the body, each under its own name, in any format."""
    server = await serve(app_of(Orders))
    body = {"order": {"sku": "a"}, "payment": {"amount": 1}, "more": 1}
    expected = repr((Order("a"), Payment(1), "-"))
    assert (await ask(server, "POST", "/both", body=body)).body.decode() == expected
    packed = {"Content-Type": "application/msgpack"}
    answer = await ask(server, "POST", "/both", body=msgspec.msgpack.encode(body), headers=packed)
    assert answer.body.decode() == expected
    body = {"first": {"sku": "a"}, "second": {"sku": "b"}}
    assert (await ask(server, "POST", "/same", body=body)).body.decode() == repr((Order("a"), Order("b")))


async def test_one_parameter_is_embedded(serve: Serve) -> None:
    """Body(embed=True) makes a single parameter a key."""
    server = await serve(app_of(Orders))
    assert (await ask(server, "POST", "/one", body={"order": {"sku": "a"}})).body.decode() == repr(Order("a"))
    answer = await ask(server, "POST", "/one", body={"sku": "a"})
    assert answer.problem == invalid("/one", fault("body", "/order", "missing", "Field required"))


async def test_faults_of_all_keys_are_told(serve: Serve) -> None:
    """The pointers of faults begin with the parameter's name."""
    answer = await ask(
        await serve(app_of(Orders)),
        "POST",
        "/both",
        body={"order": {"sku": 1}, "payment": {"amount": 0, "x": 1}, "note": None},
    )
    assert answer.problem == invalid(
        "/both",
        fault("body", "/order/sku", "type", "Expected `str`, got `int`"),
        fault("body", "/payment/amount", "constraint", "Expected `int` >= 1"),
        fault("body", "/payment/x", "unknown", "Unknown field"),
        fault("body", "/note", "type", "Expected `str`, got `null`"),
    )


async def test_keys_with_defaults_may_be_absent(serve: Serve) -> None:
    """Where every key has a default the body may be empty; requests do not share what can be changed."""
    server = await serve(app_of(Orders))
    for _ in range(2):
        assert (await ask(server, "POST", "/optional")).body == b"(None, [1])"
        assert (await ask(server, "POST", "/optional", body={})).body == b"(None, [1])"
    body = {"lines": [5], "order": {"sku": "a"}}
    assert (await ask(server, "POST", "/optional", body=body)).body.decode() == repr((Order("a"), [5, 1]))
    assert (await ask(server, "POST", "/both")).status == 400


async def test_provider_shares_a_key(serve: Serve) -> None:
    """A service reads the key of the handler's that has its type."""

    class Audit:
        def __init__(self, text: str) -> None:
            self.text = text

    def audit(payment: Annotated[Payment, Body()]) -> Audit:
        return Audit(repr(payment))

    class Audited(Controller):
        def __init__(self, audit: Audit) -> None:
            self._audit = audit

        @post("/audited")
        async def create(self, order: Order, payment: Payment) -> str:
            return f"{order} {payment} {self._audit.text}"

    container = Container()
    container.add_scoped(Audit, audit)
    server = await serve(app_of(Audited, container=container))
    body = {"order": {"sku": "a"}, "payment": {"amount": 1}}
    answer = await ask(server, "POST", "/audited", body=body)
    assert answer.body.decode() == f"{Order('a')} {Payment(1)} {Payment(1)}"


async def test_object_stands_in_the_document(serve: Serve) -> None:
    """The object is a component, named for its handler."""
    server = await serve(app_of(Orders, openapi=OpenAPI(title="t", version="1")))
    document = (await ask(server, "GET", "/openapi.json")).json
    operation = document["paths"]["/both"]["post"]
    reference = {"schema": {"$ref": "#/components/schemas/OrdersBothBody"}}
    assert operation["requestBody"] == {
        "content": {"application/json": reference, "application/msgpack": reference},
        "required": True,
    }
    assert document["components"]["schemas"]["OrdersBothBody"] == {
        "type": "object",
        "properties": {
            "order": {"$ref": "#/components/schemas/Order"},
            "payment": {"$ref": "#/components/schemas/Payment"},
            "note": {"type": "string", "default": "-"},
        },
        "required": ["order", "payment"],
    }
    assert document["paths"]["/optional"]["post"]["requestBody"]["required"] is False
