"""A URL shortener: a POST makes a short name, a GET redirects and counts."""

import secrets
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from framework import App, Container, Controller, HTTPError, OpenAPI, Response, get, post
from framework.middleware import RateLimit
from framework.responses import Redirect
from framework.types import HttpUrl

__all__ = ("app", "create_app")

ShortName = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{4,32}$", examples=["docs-2026"])]


class NewLink(Struct, forbid_unknown_fields=True):
    """A URL to shorten, with a name if the client has one."""

    url: HttpUrl
    name: ShortName | None = None


class Link(Struct):
    """A short link."""

    name: str
    url: str
    visits: int = 0


class LinkNotFound(HTTPError, status=404, title="Link not found"):
    """There is no link with this name."""

    name: str


class NameTaken(HTTPError, status=409, title="Name taken"):
    """Another link has this name."""

    name: str


class Links:
    """Keeps the links in memory; replace it by a repository over a database."""

    def __init__(self) -> None:
        self._links: dict[str, Link] = {}

    def add(self, new: NewLink) -> Link:
        """Add a link. Raises NameTaken."""
        name = new.name or secrets.token_urlsafe(6)
        if name in self._links:
            raise NameTaken(name=name)
        self._links[name] = link = Link(name, new.url)
        return link

    def find(self, name: str) -> Link:
        """Return a link. Raises LinkNotFound."""
        if name not in self._links:
            raise LinkNotFound(name=name)
        return self._links[name]


class LinkController(Controller):
    """Makes and shows links."""

    path = "/links"
    tags = ("links",)

    def __init__(self, links: Links) -> None:
        self._links = links

    @post(status=201, raises=(NameTaken,), middlewares=(RateLimit("20/minute"),))
    async def create(self, link: NewLink) -> Response[Link]:
        """Shorten a URL."""
        made = self._links.add(link)
        return Response(made, headers={"Location": f"/{made.name}"})

    @get("/{name}", raises=(LinkNotFound,))
    async def show(self, name: ShortName) -> Link:
        """Return a link and the number of its visits."""
        return self._links.find(name)


class VisitController(Controller):
    """Redirects visitors."""

    tags = ("visits",)

    def __init__(self, links: Links) -> None:
        self._links = links

    @get("/{name}", raises=(LinkNotFound,))
    async def visit(self, name: ShortName) -> Redirect:
        """Redirect to the URL of a link."""
        link = self._links.find(name)
        link.visits += 1
        # Redirects to other hosts are refused unless they are named: here the host is what the client has given.
        return Redirect(link.url, status=307, hosts=(urlsplit(link.url).netloc,))


def create_app() -> App:
    """Return the app with an empty store."""
    container = Container()
    container.add_singleton(Links)
    return App([LinkController, VisitController], container=container, openapi=OpenAPI(title="Short links"))


app = create_app()
