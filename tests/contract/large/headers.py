"""Headers and cookies that are read."""

from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta

from framework import Controller, Cookie, Header, Response, get
from tests.contract.large.types import ClientHeaders, Colour, Crumbs, Small

__all__ = ("HeaderController",)


class HeaderController(Controller):
    """Headers and cookies."""

    path = "/headers"
    tags = ("headers",)

    @get()
    async def headers(
        self,
        client: Annotated[ClientHeaders, Header()],
        x_trace: Annotated[str | None, Header(description="Comes back.")] = None,
        session: Annotated[int, Cookie()] = 0,
    ) -> Response[list[Any]]:
        """Return what was read, with a header and a cookie."""
        return Response([client, x_trace, session], headers={"X-Build": str(client.x_build)}, cookies={"seen": "1"})

    @get("/lists")
    async def lists(
        self,
        x_number: Annotated[list[Small], Header()] = [],  # noqa: B006  copied
        x_colour: Annotated[frozenset[Colour], Header(name="X-Colours", example=["red"])] = frozenset(),
        x_flag: Annotated[bool, Header()] = False,  # noqa: FBT002  by name
        x_mode: Annotated[Literal["fast", "safe"] | None, Header(deprecated=True)] = None,
        range_: Annotated[Annotated[str, Meta(max_length=40)] | None, Header(name="X-Range")] = None,
    ) -> list[Any]:
        """Return lists in headers."""
        return [x_number, sorted(one.value for one in x_colour), x_flag, x_mode, range_]

    @get("/cookies")
    async def cookies(
        self,
        crumbs: Annotated[Crumbs, Cookie()],
        trace: Annotated[UUID | None, Cookie(name="trace-id", description="What it belongs to.")] = None,
    ) -> list[Any]:
        """Return the cookies."""
        return [crumbs, trace]
