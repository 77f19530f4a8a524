"""Several tenants in one application: the host names the tenant, and no service sees the data of another."""

from typing import Annotated

from msgspec import Meta, Struct

from framework import App, Container, Controller, HTTPError, OpenAPI, Request, get, post
from framework.middleware import TrustedHosts

__all__ = ("app", "create_app")

_DOMAIN = ".localhost"


class UnknownTenant(HTTPError, status=404, title="Unknown tenant"):
    """No tenant has this host."""


class NewNote(Struct, forbid_unknown_fields=True):
    """A note as a client sends it."""

    text: Annotated[str, Meta(min_length=1, max_length=500)]


class Note(Struct):
    """A note."""

    id: int
    text: str


class Tenant(Struct, frozen=True):
    """The tenant of a request."""

    name: str


class Tenants:
    """The tenants and their data; in production each has a schema or a database of its own."""

    def __init__(self) -> None:
        self.notes: dict[str, list[Note]] = {"acme": [], "globex": []}


async def current_tenant(request: Request, tenants: Tenants) -> Tenant:
    """Return the tenant that the host of the request names. Raises UnknownTenant."""
    name = (request.url.host or "").removesuffix(_DOMAIN)
    if name not in tenants.notes:
        raise UnknownTenant
    return Tenant(name)


class Notes:
    """The notes of one tenant; a handler cannot reach those of others."""

    def __init__(self, tenant: Tenant, tenants: Tenants) -> None:
        self._notes = tenants.notes[tenant.name]

    def add(self, text: str) -> Note:
        """Add a note."""
        note = Note(len(self._notes) + 1, text)
        self._notes.append(note)
        return note

    def all(self) -> list[Note]:
        """Return all notes."""
        return self._notes


class NoteController(Controller):
    """Keeps notes."""

    path = "/notes"
    tags = ("notes",)
    raises = (UnknownTenant,)

    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    @get()
    async def search(self) -> list[Note]:
        """Return the notes of the tenant."""
        return self._notes.all()

    @post(status=201)
    async def create(self, note: NewNote) -> Note:
        """Add a note for the tenant."""
        return self._notes.add(note.text)


def create_app() -> App:
    """Return the app without notes."""
    container = Container()
    container.add_singleton(Tenants)
    container.add_scoped(Tenant, current_tenant)
    container.add_scoped(Notes)
    return App(
        [NoteController],
        container=container,
        middlewares=[TrustedHosts("localhost", f"*{_DOMAIN}")],
        openapi=OpenAPI(title="Notes of tenants"),
    )


app = create_app()
