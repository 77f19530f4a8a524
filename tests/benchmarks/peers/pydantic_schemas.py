"""The schemas and services of the workloads for frameworks that validate with pydantic."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = (
    "CatalogOfModels",
    "ItemModel",
    "LineModel",
    "MessageModel",
    "NewOrderModel",
    "OrdersOfModels",
    "ReceiptModel",
    "SessionModel",
    "SignupModel",
    "ThingModel",
    "WelcomeModel",
)


class MessageModel(BaseModel):
    """One small object."""

    message: str


class ItemModel(BaseModel):
    """What ``item`` answers."""

    id: int
    name: str
    limit: int | None
    price: float


class LineModel(BaseModel):
    """One line of an order."""

    model_config = ConfigDict(extra="forbid")
    sku: Annotated[str, Field(min_length=3, max_length=20)]
    quantity: Annotated[int, Field(ge=1, le=1000)]
    price: Annotated[float, Field(gt=0)]


class AddressModel(BaseModel):
    """Where an order goes."""

    model_config = ConfigDict(extra="forbid")
    street: Annotated[str, Field(min_length=1, max_length=100)]
    city: Annotated[str, Field(min_length=1, max_length=100)]
    country: Annotated[str, Field(min_length=2, max_length=2)]


class NewOrderModel(BaseModel):
    """The body of ``order``."""

    model_config = ConfigDict(extra="forbid")
    customer: Annotated[str, Field(min_length=1, max_length=80)]
    address: AddressModel
    lines: Annotated[list[LineModel], Field(min_length=1, max_length=100)]
    note: Annotated[str, Field(max_length=200)] | None = None


class SignupModel(BaseModel):
    """The urlencoded form of ``form``."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    email: Annotated[str, Field(min_length=3, max_length=80)]
    age: Annotated[int, Field(ge=0, le=150)]
    newsletter: bool = False


class WelcomeModel(BaseModel):
    """What ``form`` and ``upload`` answer: a name and a number."""

    name: str
    number: int


class ReceiptModel(BaseModel):
    """What ``order`` answers."""

    id: int
    customer: str
    lines: int
    total: float


class SessionModel(BaseModel):
    """What ``scoped`` answers."""

    open: bool
    live: int


class ThingModel(BaseModel):
    """What each of the thousand routes answers."""

    section: int
    kind: int
    id: int


class CatalogOfModels:
    """``services.Catalog`` with models."""

    def __init__(self) -> None:
        self._items = [
            ItemModel(id=number, name=f"item {number}", limit=None, price=number + 0.5) for number in range(100)
        ]

    def find(self, item_id: int, name: str, limit: int | None) -> ItemModel:
        """Return the item of ``item``."""
        return ItemModel(id=item_id, name=name, limit=limit, price=9.75)

    def first_hundred(self) -> list[ItemModel]:
        """Return the items of ``items100``."""
        return self._items


class OrdersOfModels:
    """``services.Orders`` with models."""

    def place(self, order: NewOrderModel) -> ReceiptModel:
        """Return the receipt of ``order``."""
        total = sum(line.quantity * line.price for line in order.lines)
        return ReceiptModel(id=1001, customer=order.customer, lines=len(order.lines), total=total)
