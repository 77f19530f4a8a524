"""Swagger UI in a real browser: it loads, tries out and authorizes, under the strict policy and without other hosts."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import pytest
from aiohttp import web
from msgspec import Meta, Struct

from app_template.application import create_app, create_container
from app_template.settings import Settings
from framework import App, Controller, Form, UploadFile, post
from tests.browser.apps import guarded_app

selenium = pytest.importorskip("selenium", reason="selenium is not installed")
from tests.browser.page import IN_BROWSER, DocsPage  # noqa: E402  needs selenium

pytestmark = IN_BROWSER


def shop(folder: Path) -> web.Application:
    """Return the template's application over a database of its own."""
    settings = Settings(database_url=f"sqlite+aiosqlite:///{folder / 'shop.db'}")
    return create_app(settings, create_container(settings)).build()


async def test_an_order_is_placed(look: Any, tmp_path: Path) -> None:
    """«Try it out» sends what is written there, and shows the answer; DOCS_PICTURE=1 keeps a picture of the page."""

    def work(page: DocsPage) -> tuple[int, Any]:
        if os.environ.get("DOCS_PICTURE"):
            page.picture(Path(__file__).parents[2] / "docs" / "images" / "swagger-ui.png")
        page.authorize("oauth2", "ada@shop.example", "only for development")
        return page.execute("orders", "create", {"lines": [{"sku": "MUG-1", "quantity": 1}]})

    status, order = await look(shop(tmp_path), DocsPage, "/docs", work)
    assert (status, order["customer"]) == (201, "Ada")


_CREDENTIALS: dict[str, tuple[str, tuple[str, ...]]] = {
    "bearer": ("bearer", ("the-token",)),
    "basic": ("basic", ("ann", "the-token")),
    "key": ("header-X-Key", ("the-token",)),
    "oauth2": ("oauth2", ()),
}


async def test_authorize_opens_operations(look: Any) -> None:
    """What is given to «Authorize» goes along with requests; OAuth 2 comes back through the vendored page."""

    def work(page: DocsPage) -> dict[str, tuple[int, Any]]:
        found = {}
        for operation, (scheme, values) in _CREDENTIALS.items():
            page.authorize(scheme, *values)
            found[operation] = page.execute("default", operation)
            page.forget(scheme)
        return found

    visitor = {"name": "ann", "scopes": ["read"]}
    assert await look(guarded_app().build(), DocsPage, "/docs", work) == dict.fromkeys(_CREDENTIALS, (200, visitor))


class Badge(Struct):
    """A badge of a visitor."""

    name: Annotated[str, Meta(pattern=r"\S")]
    number: Annotated[str, Meta(pattern="^[A-Z]-[0-9]+$", examples=["A-12"])]
    colours: list[str] = []
    guest: bool = False
    note: str | None = None


class BadgeController(Controller):
    """Prints badges."""

    path = "/badges"
    tags = ("badges",)

    @post(operation_id="print")
    async def make(self, badge: Badge) -> Badge:
        """Print a badge."""
        return badge

    @post("/pictures", operation_id="picture")
    async def picture(self, name: Annotated[str, Form()], picture: UploadFile) -> list[str]:
        """Keep a picture."""
        return [name, picture.filename or "", (await picture.read()).decode()]


def run_in_python(code: str, folder: Path) -> Any:
    """Run a program, and return the JSON that it prints."""
    done = subprocess.run(  # noqa: S603  what our page shows
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


async def test_examples_and_code_are_those_that_a_person_would_write(look: Any, tmp_path: Path) -> None:
    """A pattern makes no random text; the code in Python and in TypeScript sends the same request again."""
    sent = {"name": 'A "quoted" name', "number": "A-12", "colours": ["red"], "guest": False, "note": None}
    (tmp_path / "a.txt").write_text("picture", encoding="utf-8")

    def work(page: DocsPage) -> Any:
        example = page.example("badges", "print")
        page.execute("badges", "print", sent)
        made = page.code("Python"), page.run(page.code("TypeScript"))
        return example, run_in_python(made[0], tmp_path), json.loads(made[1])

    example, *again = await look(App([BadgeController]).build(), DocsPage, "/docs", work)
    assert example == {"name": "string", "number": "A-12", "colours": [], "guest": False, "note": None}
    assert again == [sent, sent]


async def test_the_code_of_an_upload_sends_the_file(look: Any, tmp_path: Path) -> None:
    """In Python it is opened by its name."""
    (tmp_path / "a.txt").write_text("picture", encoding="utf-8")

    def work(page: DocsPage) -> Any:
        page.choose("picture", {"picture": tmp_path / "a.txt"}, {"name": "Ada"})
        assert page.execute("badges", "picture") == (200, ["Ada", "a.txt", "picture"])
        return run_in_python(page.code("Python"), tmp_path), page.code("TypeScript")

    again, script = await look(App([BadgeController]).build(), DocsPage, "/docs", work)
    assert again == ["Ada", "a.txt", "picture"]
    assert 'form.append("picture", file);' in script
