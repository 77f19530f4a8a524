"""SeveralBodiesError: more than one parameter would take the body."""

from typing import Annotated

from msgspec import Struct

from framework import Body, Container, Controller, post
from framework.errors import SeveralBodiesError
from tests.startup.expected import mistakes, place

MEND = (
    "  Mend: put them into one Struct, mark the others with Query(), Header() or Cookie(), "
    "or register their types in the container."
)


class Order(Struct):
    """A body."""

    sku: str


class Payment(Struct):
    """Another body."""

    amount: int


def test_two_structs() -> None:
    """Two parameters with fields contend for the body."""

    class Orders(Controller):
        @post()
        async def create(self, order: Order, payment: Payment) -> str:
            return f"{order} {payment}"

    assert mistakes(Orders) == [
        (
            SeveralBodiesError,
            f"Orders.create ({place(Orders.create)}): several parameters would take the request body: "
            f"'order', 'payment'.\n{MEND}",
        )
    ]


def test_three_are_told_together() -> None:
    """All that contend are named in one mistake, the same type twice among them."""

    class Orders(Controller):
        @post()
        async def create(self, order: Order, other: Order, note: Annotated[str, Body()]) -> str:
            return f"{order} {other} {note}"

    assert mistakes(Orders) == [
        (
            SeveralBodiesError,
            f"Orders.create ({place(Orders.create)}): several parameters would take the request body: "
            f"'order', 'other', 'note'.\n{MEND}",
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
            f"'order', 'payment'.\n{MEND}",
        )
    ]
    assert mistakes(Orders, container=sharing) == []
