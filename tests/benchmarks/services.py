"""The services that the applications inject; each does as little as it can, so that the frameworks are measured."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.benchmarks.schemas import Item, NewOrder, Receipt, SessionState
from tests.benchmarks.workloads import PART, PARTS

__all__ = ("Catalog", "Orders", "Session", "open_session", "parts", "session_scope")


class Catalog:
    """Knows the items."""

    def __init__(self) -> None:
        self._items = [Item(id=number, name=f"item {number}", limit=None, price=number + 0.5) for number in range(100)]

    def find(self, item_id: int, name: str, limit: int | None) -> Item:
        """Return the item of ``item``."""
        return Item(id=item_id, name=name, limit=limit, price=9.75)

    def first_hundred(self) -> list[Item]:
        """Return the items of ``items100``."""
        return self._items


class Orders:
    """Takes orders."""

    def place(self, order: NewOrder) -> Receipt:
        """Return the receipt of ``order``."""
        total = sum(line.quantity * line.price for line in order.lines)
        return Receipt(id=1001, customer=order.customer, lines=len(order.lines), total=total)


class Session:
    """A resource of one request, such as a database session."""

    live = 0

    def __init__(self) -> None:
        self.is_open = True
        Session.live += 1

    def state(self) -> SessionState:
        """Tell whether this session is open, and how many are: 1, unless sessions are left open."""
        return SessionState(open=self.is_open, live=Session.live)

    async def close(self) -> None:
        """Give the resource back."""
        self.is_open = False
        Session.live -= 1


async def open_session() -> AsyncIterator[Session]:
    """Open a session for one request and close it afterwards: the generator that ``scoped`` injects."""
    session = Session()
    try:
        yield session
    finally:
        await session.close()


session_scope = asynccontextmanager(open_session)
"""The same for frameworks without injection of generators: ``async with session_scope() as session``."""


async def parts() -> AsyncIterator[bytes]:
    """Yield the parts of ``stream``."""
    for _ in range(PARTS):
        yield PART
