"""Fixtures of the tests beside other packages: the same requests go to a site by hand and to one of controllers."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from aiohttp import web
from pytest_aiohttp.plugin import AiohttpServer

from tests.http.raw import Answer, ask
from tests.neighbours.shapes import Pair, Sites

Switch = Callable[[web.Application], object]
"""Switches a package on in an application."""


@pytest.fixture
def serve_both(aiohttp_server: AiohttpServer) -> Callable[..., Awaitable[Pair]]:
    """Serve both sites with a package switched on in each."""

    async def serve(sites: Sites, switch_on: Switch) -> Pair:
        servers = []
        for site in sites:
            switched: Any = switch_on(site)
            if switched is not None and hasattr(switched, "__await__"):
                await switched
            servers.append(await aiohttp_server(site))
        by_hand, controllers = servers

        async def both(
            method: str, path: str, headers: Mapping[str, str] | None = None, body: Any = None
        ) -> tuple[Answer, Answer]:
            return (
                await ask(by_hand, method, path, headers=headers, body=body),
                await ask(controllers, method, path, headers=headers, body=body),
            )

        return both

    return serve
