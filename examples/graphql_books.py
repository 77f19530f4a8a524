"""GraphQL beside controllers: Strawberry's view for aiohttp in the same application."""

import strawberry
from aiohttp import web
from msgspec import Struct
from strawberry.aiohttp.views import GraphQLView

from framework import App, Container, Controller, OpenAPI, get

__all__ = ("app", "create_app")


class Book(Struct):
    """A book, as the REST API sends it."""

    id: int
    title: str


class Books:
    """Both APIs read it."""

    def __init__(self) -> None:
        self.all = [Book(1, "Ulysses"), Book(2, "Dubliners")]


BOOKS = Books()


@strawberry.type(name="Book")
class BookType:
    """A book, as the GraphQL API sends it."""

    id: int
    title: str


@strawberry.type
class Query:
    """What clients of the GraphQL API can read."""

    @strawberry.field
    async def books(self, title: str = "") -> list[BookType]:
        """Return books whose title contains a string."""
        return [BookType(id=one.id, title=one.title) for one in BOOKS.all if title.lower() in one.title.lower()]


class BookController(Controller):
    """The REST API."""

    path = "/books"
    tags = ("books",)

    def __init__(self, books: Books) -> None:
        self._books = books

    @get()
    async def search(self) -> list[Book]:
        """Return all books."""
        return self._books.all


def create_app() -> web.Application:
    """Return one application with both APIs."""
    container = Container()
    container.add_instance(Books, BOOKS)
    site = web.Application()
    site.router.add_route("*", "/graphql", GraphQLView(schema=strawberry.Schema(Query)))
    App([BookController], container=container, openapi=OpenAPI(title="Books")).attach(site)
    return site


app = create_app()
