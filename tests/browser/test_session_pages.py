"""Sessions and CSRF in a real browser: login and logout by forms, a script with a nonce, and pages of other origins."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from msgspec import Struct
from pytest_aiohttp.plugin import AiohttpServer

from framework import App, Controller, Form, Request, get, post, put
from framework.middleware import CORS, CSRF, CSRFToken, SecurityHeaders, Session, Sessions, csp_nonce
from framework.responses import Redirect, see_other
from framework.stores import MemoryStore

selenium = pytest.importorskip("selenium", reason="selenium is not installed")
from selenium.common.exceptions import WebDriverException  # noqa: E402  after the check
from selenium.webdriver.support.wait import WebDriverWait  # noqa: E402  after the check

from tests.browser.page import IN_BROWSER, BrowserPage, open_browser  # noqa: E402  needs selenium
from tests.browser.test_cross_origin import Log, Page  # noqa: E402  as above

pytestmark = IN_BROWSER

_LOGIN = """<!doctype html><title>Log in</title><link rel="icon" href="data:,"><h1>Log in</h1>
<form method="post" action="/login">{field}<input id="user" name="user"><button id="login">Log in</button></form>"""
_ACCOUNT = """<!doctype html><title>Likes</title><link rel="icon" href="data:,"><h1>{user}</h1>
<button id="like">Like</button> <output>{likes}</output>
<form method="post" action="/logout">{field}<button id="logout">Log out</button></form>
<script nonce="{nonce}">
document.getElementById("like").addEventListener("click", async () => {{
  const response = await fetch("/likes", {{ method: "POST", headers: {{ "X-CSRF-Token": "{token}" }} }});
  document.querySelector("output").textContent = await response.text();
}});
</script>"""
_FETCH = """
const [url, options, done] = arguments;
fetch(url, options).then(
  async (response) => done([response.status, await response.text()]),
  (error) => done(error.name),
);
"""
# What a page of an attacker does: a form that needs no preflight, sent by a script.
_FORGE = """
const form = document.createElement("form");
form.method = "post"; form.action = arguments[0]; form.enctype = "text/plain";
document.body.append(form); form.submit();
"""


class Visit(Struct):
    """The value of a session."""

    user: str | None = None
    likes: int = 0


class Likes(Struct):
    """How often something is liked."""

    count: int


class Site(Controller):
    """Has a login, a page with a script, and a logout."""

    @get("/", media_type="text/html")
    async def show(self, request: Request, session: Session[Visit], token: CSRFToken) -> str:
        """Return the login, or the page of the user."""
        visit = session.value
        if visit.user is None:
            return _LOGIN.format(field=token.field())
        nonce = csp_nonce(request)
        return _ACCOUNT.format(user=visit.user, likes=visit.likes, field=token.field(), token=token, nonce=nonce)

    @post("/login")
    async def login(self, user: Annotated[str, Form()], session: Session[Visit]) -> Redirect:
        """Log in."""
        session.value = Visit(user)
        session.renew()
        return see_other("/")

    @post("/logout")
    async def logout(self, session: Session[Visit]) -> Redirect:
        """Log out."""
        session.end()
        return see_other("/")

    @post("/likes")
    async def like(self, session: Session[Visit]) -> int:
        """Count a like."""
        return (await session.update(lambda visit: Visit(visit.user, visit.likes + 1))).likes

    @put("/likes")
    async def set_likes(self, likes: Likes, session: Session[Visit]) -> str:
        """Set the number."""
        session.value.likes = likes.count
        return session.value.user or "nobody"

    @get("/me")
    async def me(self, session: Session[Visit]) -> str:
        """Return who asks."""
        return session.value.user or "nobody"


@dataclass
class Visitor:
    """A browser, and the pages that it opens."""

    driver: Any
    site: str
    friend: str
    foreign: str

    def open(self, url: str) -> BrowserPage:
        """Open a page."""
        return BrowserPage(self.driver, url)

    def wait_for(self, selector: str, text: str) -> None:
        """Wait until an element has a text, also while the browser goes to another page."""
        script = "return document.querySelector(arguments[0])?.textContent"
        wait = WebDriverWait(self.driver, 30, ignored_exceptions=[WebDriverException])
        wait.until(lambda driver: driver.execute_script(script, selector) == text, f"{selector} is not {text}")

    def fetch(self, path: str, **options: Any) -> Any:
        """Fetch something of the site from the open page: status and text, or the name of the error."""
        return self.driver.execute_async_script(_FETCH, f"{self.site}{path}", options)

    def put(self, count: int) -> Any:
        """Send JSON with the session, which needs a preflight."""
        options = {"headers": {"Content-Type": "application/json"}, "credentials": "include"}
        return self.fetch("/likes", method="PUT", body=f'{{"count":{count}}}', **options)

    def cookies(self) -> dict[str, tuple[bool, str]]:
        """Return the cookies of the open page: whether scripts cannot read them, and SameSite."""
        found = self.driver.get_cookies()
        return {one["name"]: (one["httpOnly"], one["sameSite"]) for one in found}


def log_in(visitor: Visitor) -> Iterator[tuple[str, Any]]:
    """Log in with the form, and use the script of the page."""
    page = visitor.open(visitor.site)
    yield "at first", (page.headings(), visitor.cookies())
    page._find("#user").send_keys("ann")  # noqa: SLF001  what a person does
    page._click("#login")  # noqa: SLF001  as above
    visitor.wait_for("h1", "ann")
    page._click("#like")  # noqa: SLF001  as above
    visitor.wait_for("output", "1")
    yield "logged in", (page.headings(), visitor.cookies()["session"], page.complaints())
    yield "read by a script", visitor.driver.execute_script("return document.cookie")


def from_elsewhere(visitor: Visitor) -> Iterator[tuple[str, Any]]:
    """Ask from a page that is allowed, and from one that is not."""
    visitor.open(visitor.friend)
    yield "friend without credentials", visitor.fetch("/me")
    yield "friend with credentials", visitor.fetch("/me", credentials="include")
    yield "friend puts", [visitor.put(7), visitor.put(8)]
    visitor.open(visitor.foreign)
    yield "foreign with credentials", visitor.fetch("/me", credentials="include")
    yield "foreign puts", visitor.put(9)
    visitor.fetch("/logout", method="POST", credentials="include", mode="no-cors")
    visitor.driver.execute_script(_FORGE, f"{visitor.site}/logout")
    WebDriverWait(visitor.driver, 30).until(lambda driver: driver.current_url == f"{visitor.site}/logout")
    page = visitor.open(visitor.site)
    likes = visitor.driver.find_element("css selector", "output").text
    yield "still logged in", (page.headings(), likes)


def log_out(visitor: Visitor) -> Iterator[tuple[str, Any]]:
    """Log out with the form."""
    page = visitor.open(visitor.site)
    page._click("#logout")  # noqa: SLF001  what a person does
    visitor.wait_for("h1", "Log in")
    yield (
        "logged out",
        (page.headings(), "session" in visitor.cookies(), visitor.driver.execute_script("return violations")),
    )
    yield "afterwards", visitor.fetch("/me")


def site(friend: str, log: Log) -> App:
    """Return the site, which trusts one other origin."""
    policy = {
        "default-src": ("'none'",),
        "script-src": ("'nonce'",),
        "connect-src": ("'self'",),
        "img-src": ("data:",),
        "form-action": ("'self'",),
        "frame-ancestors": ("'none'",),
    }
    middlewares = [
        log,
        SecurityHeaders(csp=policy),
        CORS(origins=(friend,), credentials=True),
        Sessions(Visit, store=MemoryStore(), owner=lambda visit: visit.user),
        CSRF(secret="s" * 32, origins=(friend,)),
    ]
    return App([Site], openapi=None, middlewares=middlewares)


async def test_sessions_in_a_browser(aiohttp_server: AiohttpServer) -> None:
    """The user logs in and out; an allowed page acts for the user after one preflight, and a foreign page cannot."""
    friend, foreign = [await aiohttp_server(App([Page], openapi=None).build(), host="127.0.0.1") for _ in range(2)]
    log = Log()
    own = await aiohttp_server(site(str(friend.make_url("")).rstrip("/"), log).build(), host="127.0.0.1")

    def run() -> dict[str, Any]:
        with open_browser() as driver:
            urls = [str(one.make_url("")).rstrip("/") for one in (own, friend, foreign)]
            visitor = Visitor(driver, *urls)
            return dict([*log_in(visitor), *from_elsewhere(visitor), *log_out(visitor)])

    found = await asyncio.to_thread(run)

    assert found == {
        "at first": (["Log in"], {"csrf": (True, "Lax")}),
        "logged in": (["ann"], (True, "Lax"), []),
        "read by a script": "",
        "friend without credentials": [200, "nobody"],
        "friend with credentials": [200, "ann"],
        "friend puts": [[200, "ann"], [200, "ann"]],
        "foreign with credentials": "TypeError",
        "foreign puts": "TypeError",
        "still logged in": (["ann"], "8"),
        "logged out": (["Log in"], False, []),
        "afterwards": [200, "nobody"],
    }
    # One preflight for two PUTs of the friend, and one that was refused to the foreign page. Its two POSTs arrive, and
    # are refused.
    assert [line for line in log.lines if not line.startswith("GET ")] == [
        "POST /login",
        "POST /likes",
        "OPTIONS /likes",
        "PUT /likes",
        "PUT /likes",
        "OPTIONS /likes",
        "POST /logout",
        "POST /logout",
        "POST /logout",
    ]
