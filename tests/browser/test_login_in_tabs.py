"""OpenIDLogin in a real browser: the cookies of a login survive the way to the provider, on another site, and back."""

import asyncio
import socket
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from aiohttp import web
from msgspec import Struct
from pytest_aiohttp.plugin import AiohttpServer

from framework import App, Container, Controller, Query, Request, get
from framework.responses import Redirect, SetCookie
from framework.security import APIKey, AuthorizationResponse, OpenIDLogin, Signer, public
from tests.http.security.identity import running_provider

selenium = pytest.importorskip("selenium", reason="selenium is not installed")
from selenium.common.exceptions import (  # noqa: E402  needs selenium
    NoSuchElementException,
    StaleElementReferenceException,
)
from selenium.webdriver.common.by import By  # noqa: E402  needs selenium
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402  needs selenium

from tests.browser.page import IN_BROWSER, open_browser  # noqa: E402  needs selenium

pytestmark = IN_BROWSER

PATIENCE = 20.0
SIGNER = Signer("s" * 32, purpose="user")


class User(Struct):
    """The claims of the ID token."""

    sub: str
    email: str | None = None


async def read_user(key: str) -> User | None:
    """Return the user of a session."""
    return SIGNER.read(key, User)


class Login(Controller):
    """Logs users in."""

    def __init__(self, login: OpenIDLogin[User]) -> None:
        self._login = login

    @public
    @get("/login")
    async def start(self, request: Request, target: str) -> Redirect:
        """Send the browser to the provider."""
        return await self._login.start(request, target)

    @public
    @get("/callback")
    async def finish(self, request: Request, response: Annotated[AuthorizationResponse, Query()]) -> Redirect:
        """Begin a session."""
        done = await self._login.finish(request, response)
        return done.redirect(cookies=[SetCookie(name="user", value=SIGNER.sign(done.claims))])

    @get("/me/{tab}")
    async def me(self, user: Annotated[User, APIKey(read_user, cookie="user")], tab: int) -> str:
        """Return who asks."""
        return f"{user.email} in tab {tab}"


@pytest.fixture
def port() -> int:
    """Return a free port: the provider must know it before the application is served."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
        return found


@pytest.fixture
def issuer(port: int) -> Iterator[str]:
    """Run a provider on 127.0.0.1, which is another site than the localhost of the application."""
    with running_provider(f"http://localhost:{port}/callback") as found:
        yield found


def app_of(issuer: str, port: int) -> web.Application:
    """Return the application."""
    container = Container()
    login = OpenIDLogin(
        User,
        issuer=issuer,
        client_id="public",
        redirect_uri=f"http://localhost:{port}/callback",
        secret="s" * 32,
        scopes=("openid", "email"),
    )
    container.add_instance(OpenIDLogin[User], login)
    guard = APIKey(read_user, cookie="user")
    return App([Login], container=container, openapi=None, default_guard=guard).build()


def submit(driver: Any) -> None:
    """Fill in the form of the provider, if there is a name to enter, and send it."""
    for field in driver.find_elements(By.CSS_SELECTOR, "input[name=login], input[name=password]"):
        field.send_keys("ann")
    driver.find_element(By.CSS_SELECTOR, "button[type=submit]").click()


def log_in(driver: Any) -> str:
    """Log in and consent at the provider; return the page that follows."""
    wait = WebDriverWait(driver, PATIENCE, ignored_exceptions=[NoSuchElementException, StaleElementReferenceException])
    submit(driver)
    wait.until(lambda page: "Sign-in" not in page.find_element(By.TAG_NAME, "body").text)
    if "127.0.0.1" in driver.current_url:
        submit(driver)
    wait.until(lambda page: page.current_url.startswith("http://localhost:"))
    return str(driver.find_element(By.TAG_NAME, "body").text)


async def test_two_tabs(aiohttp_server: AiohttpServer, issuer: str, port: int) -> None:
    """Both tabs of a browser that have started a login complete it, the first one last."""
    server = await aiohttp_server(app_of(issuer, port), host="127.0.0.1", port=port)
    home = f"http://localhost:{server.port}"

    def run() -> tuple[list[str], list[str]]:
        with open_browser() as driver:
            driver.get(f"{home}/login?target=/me/1")
            first = driver.current_window_handle
            driver.switch_to.new_window("tab")
            driver.get(f"{home}/login?target=/me/2")
            seen = [log_in(driver)]
            driver.switch_to.window(first)
            seen.append(log_in(driver))
            return seen, sorted(one["name"] for one in driver.get_cookies())

    seen, cookies = await asyncio.to_thread(run)

    assert seen == ["ann@example.org in tab 2", "ann@example.org in tab 1"]
    assert cookies == ["user"]


async def test_a_forged_callback(aiohttp_server: AiohttpServer, issuer: str, port: int) -> None:
    """A link of an attacker to the callback logs nobody in."""
    server = await aiohttp_server(app_of(issuer, port), host="127.0.0.1", port=port)
    home = f"http://localhost:{server.port}"

    def run() -> tuple[str, list[str]]:
        with open_browser() as driver:
            driver.get(f"{home}/login?target=/me/1")
            driver.get(f"{home}/callback?code=stolen&state=guessed&iss={issuer}")
            text = str(driver.find_element(By.TAG_NAME, "body").text)
            return text, [one["name"] for one in driver.get_cookies() if one["name"] == "user"]

    text, cookies = await asyncio.to_thread(run)

    assert '"error":"invalid_state"' in text
    assert cookies == []
