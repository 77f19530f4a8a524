"""An OpenID provider from npm, run for a test, and a browser whose user logs in there."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, CookieJar
from yarl import URL

from tests.node_packages import installed

__all__ = ("REDIRECT_URI", "at_provider", "running_provider")

REDIRECT_URI = "http://localhost:8099/callback"
_FOLDER = Path(__file__).parent / "provider"
_LISTENING = re.compile(r"listening on (\S+)")


@contextmanager
def running_provider(redirect_uri: str = REDIRECT_URI) -> Iterator[str]:
    """Run the provider for an application, and yield its issuer; skips the test if Node.js is not installed."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        pytest.skip("Node.js is not installed")
    folder = installed(_FOLDER, ".node-provider").parent
    shutil.copy(_FOLDER / "provider.js", folder)
    with subprocess.Popen(  # noqa: S603  ours
        [node, "provider.js", redirect_uri], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield _issuer_of(process)
        finally:
            process.kill()


def _issuer_of(process: "subprocess.Popen[str]") -> str:
    for line in process.stdout or ():
        found = _LISTENING.search(line)
        if found is not None:
            return found[1]
    raise AssertionError("the provider does not start")


async def at_provider(url: str, name: str | None = "ann") -> dict[str, str]:
    """Log in and consent at the provider, or refuse to; return the query with which it sends the browser back."""
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as browser:
        target = await _next(browser, URL(url, encoded=True))
        while target.host != URL(REDIRECT_URI).host:
            if "/interaction/" in target.path:
                target = await _interact(browser, target, name)
            else:
                target = await _next(browser, target)
        assert str(target.with_query(None)) == REDIRECT_URI
        return dict(target.query)


async def _interact(browser: ClientSession, page: URL, name: str | None) -> URL:
    if name is None:
        return await _next(browser, page / "abort")
    async with browser.get(page) as response:
        prompt = "login" if 'name="login"' in await response.text() else "consent"
    return await _next(browser, page, {"prompt": prompt, "login": name, "password": "any"})


async def _next(browser: ClientSession, url: URL, form: Mapping[str, Any] | None = None) -> URL:
    """Return where a response leads."""
    method = "GET" if form is None else "POST"
    async with browser.request(method, url, data=form, allow_redirects=False) as response:
        assert response.status in {302, 303}, await response.text()
        return url.join(URL(response.headers["Location"], encoded=True))
