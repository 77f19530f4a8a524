"""SeveralBodiesError: parameters that cannot share the body."""

from typing import Annotated

from msgspec import Struct

from framework import Body, BodyStream, Container, Controller, Form, MultipartStream, UploadFile, post
from framework.errors import SeveralBodiesError
from tests.startup.expected import mistakes, place

HINT = (
    "  Hint: put them into one Struct, mark the others with Query(), Header() or Cookie(), "
    "or register their types in the container."
)


class Order(Struct):
    """A body."""

    sku: str


class Payment(Struct):
    """Another body."""

    amount: int


ONE_WAY = "  Hint: read it in one way: as a form, as bytes, as text, as a stream or as values."


def test_ways_of_reading_that_exclude_each_other() -> None:
    """A form, values, bytes, a text and a stream cannot share a body; all that contend are told together."""

    class Orders(Controller):
        @post("/form")
        async def form(self, name: Annotated[str, Form()], order: Order, photo: UploadFile) -> str:
            return f"{name} {order} {photo}"

        @post("/bytes")
        async def both(self, data: Annotated[bytes, Body()], other: Annotated[bytes, Body()]) -> str:
            return f"{data!r} {other!r}"

        @post("/text")
        async def text(self, text: Annotated[str, Body(media_type="text/plain")], order: Order) -> str:
            return f"{text} {order}"

        @post("/streams")
        async def streams(self, stream: BodyStream, parts: MultipartStream) -> str:
            return f"{stream} {parts}"

        @post("/parts")
        async def parts(self, parts: MultipartStream, name: Annotated[str, Form()]) -> str:
            return f"{parts} {name}"

    contending = {
        Orders.form: "'name', 'order', 'photo'",
        Orders.both: "'data', 'other'",
        Orders.text: "'text', 'order'",
        Orders.streams: "'stream', 'parts'",
        Orders.parts: "'parts', 'name'",
    }
    assert mistakes(Orders) == [
        (
            SeveralBodiesError,
            f"Orders.{handler.__name__} ({place(handler)}): several parameters would take the request body: "
            f"{names}.\n{ONE_WAY}",
        )
        for handler, names in contending.items()
    ]


def test_values_of_different_types() -> None:
    """Values that share an object are read from the same media types."""

    class Orders(Controller):
        @post()
        async def create(
            self, order: Annotated[Order, Body(media_type="application/vnd.order+json")], payment: Payment
        ) -> str:
            return f"{order} {payment}"

    assert mistakes(Orders) == [
        (
            SeveralBodiesError,
            f"Orders.create ({place(Orders.create)}): several parameters would take the request body: "
            f"'order', 'payment'.\n{HINT}",
        )
    ]


def test_a_provider_that_reads_another_body() -> None:
    """A provider may share the handler's body, and may not read it as something else."""

    class Audit:
        """What was asked."""

    def audit(payment: Annotated[Payment, Body()]) -> Audit:
        raise NotImplementedError(payment)

    def audit_order(order: Annotated[Order, Body()]) -> Audit:
        raise NotImplementedError(order)

    class Orders(Controller):
        @post()
        async def create(self, order: Order, entry: Audit) -> str:
            return f"{order} {entry}"

    contending, sharing = Container(), Container()
    contending.add_scoped(Audit, audit)
    sharing.add_scoped(Audit, audit_order)
    assert mistakes(Orders, container=contending) == [
        (
            SeveralBodiesError,
            f"Orders.create ({place(Orders.create)}): several parameters would take the request body: "
            f"'order', 'payment'.\n{HINT}",
        )
    ]
    assert mistakes(Orders, container=sharing) == []
