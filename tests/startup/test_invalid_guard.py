"""What a guard cannot take: the body, placeholders that a route does not have, and values from nowhere."""

from typing import Annotated, Any

from aiohttp import web
from msgspec import Struct

from framework import (
    Body,
    Container,
    Controller,
    File,
    Form,
    Header,
    Path,
    Query,
    Request,
    Router,
    UploadFile,
    get,
    post,
)
from framework.errors import (
    DuplicateParameterError,
    InvalidGuardError,
    InvalidLayerError,
    InvalidMarkerError,
    MissingProviderError,
    UnknownPlaceholderError,
    UnresolvedAnnotationError,
)
from tests.startup.expected import mistakes, place


class Page(Struct):
    """A model."""

    number: int


class Session:
    """Nobody registers it."""


class Tenant:
    """Is made from a body."""


def orders(*guards: Any) -> type[Controller]:
    """Return a controller with a guarded POST."""

    class Orders(Controller):
        path = "/orders"

        @post("/{order_id}", guards=guards)
        async def create(self, order_id: int) -> str:
            return str(order_id)

    return Orders


BODY = "  Hint: take it in the handler, or decide by path, query, headers or cookies."


def test_the_body() -> None:
    """A guard runs before the body is read, in whatever way it would be read."""

    async def reading(
        page: Annotated[Page, Body()], name: Annotated[str, Form()], file: Annotated[UploadFile, File()]
    ) -> None:
        raise NotImplementedError

    where = f"reading ({place(reading)})"
    assert mistakes(orders(reading)) == [
        (
            InvalidGuardError,
            f"{where}, parameter {name!r}: it is read from the body, and the guard reading runs before the body is "
            f"read.\n  Needed by: Orders.create -> reading\n{BODY}",
        )
        for name in ("page", "name", "file")
    ]


def test_a_service_that_reads_the_body() -> None:
    """What a guard needs is made before the body is read."""

    async def tenant_of(page: Annotated[Page, Body()]) -> Tenant:
        raise NotImplementedError(page)

    async def member(tenant: Tenant) -> None:
        raise NotImplementedError(tenant)

    container = Container()
    container.add_scoped(Tenant, tenant_of)
    assert mistakes(orders(member), container=container) == [
        (
            InvalidGuardError,
            f"tenant_of ({place(tenant_of)}), parameter 'page': it is read from the body, and the guard member runs "
            f"before the body is read.\n  Needed by: Orders.create -> member -> Tenant\n{BODY}",
        )
    ]


def test_a_placeholder() -> None:
    """Each route that a guard covers has its placeholders, or is named."""

    async def own(order_id: Annotated[int, Path()]) -> None:
        raise NotImplementedError(order_id)

    class Other(Controller):
        @get("/items", "/items/{item}")
        async def search(self, item: str = "") -> str:
            return item

    assert mistakes(Router("", [orders(), Other], guards=(own,))) == [
        (
            UnknownPlaceholderError,
            f"own ({place(own)}), parameter 'order_id': the path {path!r} has no placeholder {{order_id}}.\n"
            "  Needed by: Other.search -> own\n"
            "  Hint: add {order_id} to the path, or give the guard own only to routes that have it.",
        )
        for path in ("/items", "/items/{item}")
    ]


def test_values_from_nowhere() -> None:
    """A value is read by its marker alone, and a service is one that is registered."""

    async def guard(request: Request, page: Page, limit: int, session: Session, name: str, level: int = 3) -> None:
        raise NotImplementedError

    where = f"guard ({place(guard)})"
    needed = "  Needed by: Orders.create -> guard\n"
    assert mistakes(orders(guard)) == [
        (
            MissingProviderError,
            f"{where}, parameter 'page': no provider for Page.\n{needed}"
            "  Hint: name its source, for example Annotated[Page, Query()]; a body is read by the handler alone.",
        ),
        (
            MissingProviderError,
            f"{where}, parameter 'limit': no provider for int.\n{needed}"
            "  Hint: name its source, for example Annotated[int, Query()].",
        ),
        (
            MissingProviderError,
            f"{where}, parameter 'session': no provider for Session.\n{needed}"
            "  Hint: pass container= to App, with container.add_scoped(Session), or give the parameter a default.",
        ),
        (
            MissingProviderError,
            f"{where}, parameter 'name': no provider for str.\n{needed}"
            "  Hint: name its source, for example Annotated[str, Query()].",
        ),
        (
            InvalidGuardError,
            f"{where}, parameter 'level': it has no marker, so it is never read from the request and always has its "
            "default.\n  Hint: name its source, for example Annotated[int, Query()], or leave it out.",
        ),
    ]


class Depends:
    """Another framework's marker."""


Depends.__module__ = "fastapi.params"


def test_markers_of_others() -> None:
    """They are read by nobody."""

    async def guard(session: Annotated[Session, Depends()]) -> None:
        raise NotImplementedError(session)

    assert mistakes(orders(guard)) == [
        (
            InvalidMarkerError,
            f"guard ({place(guard)}), parameter 'session': it carries Depends() of fastapi, which nobody reads here.\n"
            "  Hint: take the markers of framework and Meta of msgspec; services are injected by their type.",
        )
    ]


def test_two_types_of_one_name() -> None:
    """Guards and handler read a name with one type, as the document says it."""

    async def paged(number: Annotated[int, Query()], x_level: Annotated[int, Header()]) -> None:
        raise NotImplementedError(number, x_level)

    async def levels(x_level: Annotated[str, Header()]) -> None:
        raise NotImplementedError(x_level)

    class Orders(Controller):
        @get("/orders", guards=(paged, levels))
        async def search(self, number: str) -> str:
            return number

    where = f"Orders.search ({place(Orders.search)})"
    hint = "  Hint: give both the same type, or one of them another name on the wire."
    assert mistakes(Orders) == [
        (
            DuplicateParameterError,
            f"{where}: the query parameter 'number' is read with different types: str, int.\n{hint}",
        ),
        (
            DuplicateParameterError,
            f"{where}: the header parameter 'x-level' is read with different types: int, str.\n{hint}",
        ),
    ]


def test_what_cannot_be_called_as_a_guard() -> None:
    """A parameter without a type is nothing that can be injected, and a result is looked at by nobody."""

    async def bare(request: web.Request, user) -> None:  # type: ignore[no-untyped-def]  # what is tested
        raise NotImplementedError

    async def telling(request: web.Request, level: Annotated[int, Header()]) -> bool:
        raise NotImplementedError(request, level)

    async def lost(request: web.Request, level: "Nowhere") -> None:  # type: ignore[name-defined]  # what is tested
        raise NotImplementedError(request, level)

    found = mistakes(orders(), guards=(bare, telling, lost))

    assert [kind for kind, _ in found] == [InvalidLayerError, InvalidLayerError, UnresolvedAnnotationError]
    assert found[0][1].startswith(f"bare ({place(bare)}): bare is given as a guard of app and cannot be called as one.")
    assert found[1][1].startswith(f"telling ({place(telling)}): it is given as a guard of app and returns bool.")
    assert found[2][1].startswith(f"lost ({place(lost)}): its annotations cannot be resolved (name 'Nowhere' is not")
