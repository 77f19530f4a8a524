"""What the workloads send and receive, as Structs; the pydantic twins stand in ``peers/pydantic_schemas.py``."""

from typing import Annotated

from msgspec import Meta, Struct

__all__ = ("Address", "Item", "Line", "Message", "NewOrder", "Receipt", "SessionState", "Signup", "Thing", "Welcome")


class Message(Struct):
    """One small object."""

    message: str


class Item(Struct):
    """What ``item`` answers, and a hundred of it ``items100``."""

    id: int
    name: str
    limit: int | None
    price: float


class Line(Struct, forbid_unknown_fields=True):
    """One line of an order."""

    sku: Annotated[str, Meta(min_length=3, max_length=20)]
    quantity: Annotated[int, Meta(ge=1, le=1000)]
    price: Annotated[float, Meta(gt=0)]


class Address(Struct, forbid_unknown_fields=True):
    """Where an order goes."""

    street: Annotated[str, Meta(min_length=1, max_length=100)]
    city: Annotated[str, Meta(min_length=1, max_length=100)]
    country: Annotated[str, Meta(min_length=2, max_length=2)]


class NewOrder(Struct, forbid_unknown_fields=True):
    """The nested body of ``order``; ``faults`` sends it with twenty constraints broken."""

    customer: Annotated[str, Meta(min_length=1, max_length=80)]
    address: Address
    lines: Annotated[list[Line], Meta(min_length=1, max_length=100)]
    note: Annotated[str, Meta(max_length=200)] | None = None


class Signup(Struct):
    """The urlencoded form of ``form``."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    email: Annotated[str, Meta(min_length=3, max_length=80)]
    age: Annotated[int, Meta(ge=0, le=150)]
    newsletter: bool = False


class Welcome(Struct):
    """What ``form`` and ``upload`` answer: a name and a number."""

    name: str
    number: int


class Receipt(Struct):
    """What ``order`` answers."""

    id: int
    customer: str
    lines: int
    total: float


class SessionState(Struct):
    """What ``scoped`` answers: whether the session was open, and how many were open at that moment."""

    open: bool
    live: int


class Thing(Struct):
    """What each of the thousand routes answers."""

    section: int
    kind: int
    id: int
