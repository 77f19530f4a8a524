"""The types of the fixtures, and how two sites are made and compared."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from aiohttp import web

from framework import App, Controller
from tests.http.raw import Answer

__all__ = ("Pair", "Serve", "Sites", "data_of", "heads", "sites_of")


class Sites(NamedTuple):
    """The same site twice."""

    by_hand: web.Application
    controllers: web.Application


class Pair(Protocol):
    """Sends a request to both sites."""

    async def __call__(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: Any = None
    ) -> tuple[Answer, Answer]:
        """Return the response of the site by hand, and that of the controllers."""
        ...


class Serve(Protocol):
    """Serves two sites."""

    async def __call__(self, sites: Sites, switch_on: Any) -> Pair:
        """Switch a package on in both, and serve them."""
        ...


def sites_of(routes: Sequence[web.AbstractRouteDef], *controllers: type[Controller]) -> Sites:
    """Return a site by hand with these routes, and one of these controllers."""
    by_hand = web.Application()
    by_hand.add_routes(routes)
    return Sites(by_hand, App(controllers=controllers, openapi=None).build())


def data_of(response: Answer) -> Any:
    """Return the decoded JSON body of a successful response; its Content-Type may name a charset."""
    assert response.status == 200
    return json.loads(response.body)


def heads(response: Answer, *names: str) -> list[Any]:
    """Return the status of a response and some of its headers."""
    return [response.status, *(response.headers.getall(name, None) for name in names)]
