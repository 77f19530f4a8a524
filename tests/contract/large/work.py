"""Services of all lifetimes, and work beside requests."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Annotated, Any, Generic, TypeVar

from framework import BackgroundTasks, Container, Controller, Inject, Periodic, delete, get, post
from framework.http_errors import Conflict
from tests.contract.large.layers import CurrentUser, current_user
from tests.contract.large.types import Name, Pair, Small

__all__ = ("LIFESPAN", "PERIODIC", "WorkController", "make_container")

T = TypeVar("T")


class Outbox:
    """Letters that were sent: a singleton."""

    def __init__(self) -> None:
        self.letters: list[str] = []


class Mail:
    """A connection to the mail server: scoped."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def send(self, text: str) -> None:
        """Send a letter, and forget old ones."""
        self._outbox.letters.append(text)
        del self._outbox.letters[:-10]


async def open_mail(outbox: Outbox) -> AsyncIterator[Mail]:
    """Connect to the mail server."""
    yield Mail(outbox)


def open_outbox() -> Iterator[Outbox]:
    """Open the list of letters."""
    outbox = Outbox()
    yield outbox
    outbox.letters.clear()


class Store(Generic[T]):
    """Knows how many things of a kind there are."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def count(self) -> int:
        """Return how many there are."""
        return min(len(self._outbox.letters), 10)


class Rule:
    """A rule about numbers."""

    def __init__(self, number: int) -> None:
        self.number = number


async def confirm(text: str, mail: Mail) -> None:
    """Send a letter after the answer."""
    await mail.send(text)


async def forget(outbox: Outbox) -> None:
    """Forget old letters, now and then."""
    del outbox.letters[:-10]


async def announce(outbox: Outbox) -> AsyncIterator[None]:
    """Tell that one serves."""
    outbox.letters.append("served")
    yield
    outbox.letters.append("gone")


LIFESPAN = (announce,)
PERIODIC = (Periodic(forget, every=timedelta(minutes=5), jitter=1, run_at_start=True),)


class WorkController(Controller):
    """Answers before its work is done."""

    path = "/work"
    tags = ("work",)

    def __init__(self, store: Store[Pair], limit: Annotated[Rule, Inject("limit")], rules: list[Rule]) -> None:
        self._store = store
        self._limit = limit
        self._rules = rules

    @post("/letters", status=202, raises=(Conflict,))
    async def write(self, pair: Pair, tasks: BackgroundTasks, mail: Mail) -> Pair:
        """Send a letter at once, and one when it is answered."""
        if pair.number > self._limit.number:
            raise Conflict
        await mail.send(pair.text)
        tasks.add(confirm, pair.text)
        return pair

    @get("/rules")
    async def rules(self) -> list[int]:
        """Return all rules."""
        return sorted(one.number for one in self._rules)

    @delete("/letters/{number}", timeout=5)
    def remove(self, number: Small, reason: Name = "none") -> dict[str, Any]:
        """Remove nothing, from a thread."""
        return {"count": self._store.count(), "number": number, "reason": reason}


def make_container() -> Container:
    """Register everything that handlers ask for."""
    container = Container()
    container.add_singleton(Outbox, open_outbox)
    container.add_scoped(Mail, open_mail)
    container.add_transient(Store)
    container.add_instance(Rule, Rule(900), qualifier="limit")
    container.add_instance(Rule, Rule(7), qualifier="least")
    container.add_scoped(CurrentUser, current_user)
    return container
