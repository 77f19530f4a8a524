"""NoRequestError: what runs outside of requests needs what reads one."""

from typing import Annotated, Any

from framework import Container, Header, Periodic, Request
from framework.errors import NoRequestError
from tests.startup.expected import Told, mistakes, place

HINT = (
    "  Hint: pass what is needed of the request as an argument, or write Request | None where the request itself is "
    "asked for."
)


class User:
    """Who asks."""

    def __init__(self, name: str) -> None:
        self.name = name


def find_user(authorization: Annotated[str, Header()]) -> User:
    """Read the request."""
    return User(authorization)


def told_of(function: Any) -> Told:
    """Return the mistakes of an app with one periodic task."""
    container = Container()
    container.add_scoped(User, find_user)
    return mistakes(container=container, periodic=[Periodic(function, every=60)])


def test_through_a_service() -> None:
    """A periodic task has no header to read."""

    async def refresh(user: User) -> None:
        """Need a service that reads one."""

    assert told_of(refresh) == [
        (
            NoRequestError,
            f"find_user ({place(find_user)}), parameter 'authorization': "
            "it is read from a request, and refresh runs outside of one.\n"
            f"  Needed by: refresh -> User\n{HINT}",
        )
    ]


def test_by_itself() -> None:
    """Neither a marker nor the request, unless it may be None."""

    async def refresh(request: Request, page: Annotated[int, Header()], perhaps: Request | None) -> None:
        """Ask for all there is."""

    assert told_of(refresh) == [
        (
            NoRequestError,
            f"refresh ({place(refresh)}), parameter {name!r}: it is read from a request, and refresh runs outside of "
            f"one.\n  Needed by: refresh\n{HINT}",
        )
        for name in ("request", "page")
    ]
