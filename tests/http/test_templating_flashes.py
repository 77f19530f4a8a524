"""Messages that the next page shows once: flash() and flashes()."""

from pathlib import Path
from typing import Any

import pytest
from aiohttp import CookieJar
from msgspec import Struct
from pytest_aiohttp.plugin import AiohttpClient

from framework import App, Container, Controller, Request, Response, get, post
from framework.middleware import Session, Sessions
from framework.responses import Redirect, see_other
from framework.stores import MemoryStore
from framework.templating import Flash, Templates, flash, flashes

PAGE = "{% if flashes() %}{% for one in flashes() %}[{{ one.kind }}: {{ one.text }}]{% endfor %}{% endif %}"
FRAGMENT = """\
{% extends "page.html" %}
{% block row %}<li>{% for one in flashes() %}{{ one.text }}{% endfor %}</li>{% endblock %}
"""


class Visit(Struct):
    """The value of the session."""

    number: int = 0
    flashes: list[Flash] = []


class Nothing(Struct):
    """The names of the pages."""


def app_of(folder: Path, sessions: Sessions[Visit]) -> App:
    """Return an app with messages."""
    (folder / "page.html").write_text(PAGE, encoding="utf-8")
    (folder / "fragment.html").write_text(FRAGMENT, encoding="utf-8")
    templates = Templates(folder)
    page = templates.page("page.html", Nothing)
    row = templates.page("fragment.html", Nothing, block="row")

    class Pages(Controller):
        def __init__(self, session: Session[Visit]) -> None:
            self._session = session

        @get("/", media_type="text/html")
        async def show(self, request: Request) -> str:
            return page.render(request, Nothing())

        @get("/broken", media_type="text/html")
        async def broken(self, request: Request) -> Response[str]:
            return Response(page.render(request, Nothing()), status=503)

        @post("/saved")
        async def saved(self, kinds: int = 1) -> Redirect:
            flash(self._session, "Saved <b>.")
            for number in range(1, kinds):
                flash(self._session, f"Note {number}", "error")
            return see_other("/hop")

        @get("/hop")
        async def hop(self) -> Redirect:
            return see_other("/")

        @post("/row", media_type="text/html")
        async def row(self, request: Request) -> str:
            flash(request, "Added")
            return row.render(request, Nothing())

        @post("/logged-in")
        async def log_in(self) -> Redirect:
            self._session.renew()
            flash(self._session, "Welcome")
            return see_other("/")

    class Others(Controller):
        @get("/other", media_type="text/html")
        async def other(self, request: Request) -> str:
            return page.render(request, Nothing())

    container = Container()
    container.add_instance(Templates, templates)
    return App([Pages, Others], container=container, middlewares=[sessions])


@pytest.fixture(params=["cookie", "store"])
async def client(request: Any, tmp_path: Path, aiohttp_client: AiohttpClient) -> Any:
    """Serve the app to a browser with cookies."""
    sessions = Sessions(Visit, store=MemoryStore()) if request.param == "store" else Sessions(Visit, secret="s" * 32)
    return await aiohttp_client(app_of(tmp_path, sessions).build(), cookie_jar=CookieJar(unsafe=True))


async def look(client: Any, path: str = "/") -> str:
    """Return a page."""
    text: str = await (await client.get(path)).text()
    return text


async def test_a_message_is_shown_once_after_redirects(client: Any) -> None:
    """Escaped, on the page at the end of all redirects; a page may call flashes() several times."""
    assert await look(client) == ""
    shown = await (await client.post("/saved?kinds=3")).text()

    assert shown == "[info: Saved &lt;b&gt;.][error: Note 1][error: Note 2]"
    assert await look(client) == ""


async def test_messages_wait_for_a_page(client: Any) -> None:
    """Those of several requests are shown together, and a failure does not lose them."""
    for _ in range(2):
        await client.post("/saved", allow_redirects=False)

    assert await look(client, "/broken") == "[info: Saved &lt;b&gt;.][info: Saved &lt;b&gt;.]"
    assert await look(client) == "[info: Saved &lt;b&gt;.][info: Saved &lt;b&gt;.]"
    assert await look(client) == ""


async def test_a_fragment_shows_its_own_message(client: Any) -> None:
    """As HTMX requests it, without a redirect."""
    assert await (await client.post("/row")).text() == "<li>Added</li>"
    assert await look(client) == ""


async def test_a_renewed_session_keeps_its_messages(client: Any) -> None:
    """After a login."""
    assert await (await client.post("/logged-in")).text() == "[info: Welcome]"


async def test_a_route_without_the_session(client: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The error names what is missing."""
    assert (await client.get("/other")).status == 500
    assert "add a parameter such as session: Session[Visit] to its handler" in caplog.text


def test_a_session_without_a_request() -> None:
    """In tests of a handler."""
    session = Session(Visit())

    flash(session, "Saved.", "success")

    assert session.value.flashes == [Flash("Saved.", "success")]


async def test_a_session_of_another_type(aiohttp_client: AiohttpClient) -> None:
    """A value without the field keeps no messages."""

    class Cart(Struct):
        items: int = 0

    class Pages(Controller):
        @get("/")
        async def show(self, request: Request, session: Session[Cart]) -> list[Flash]:
            del session
            return flashes(request)

    client = await aiohttp_client(App([Pages], middlewares=[Sessions(Cart, secret="s" * 32)]).build())

    assert (await client.get("/")).status == 500
