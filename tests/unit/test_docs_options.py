"""The tables of options in the documentation list every option."""

import inspect
import re
from dataclasses import fields
from pathlib import Path

import pytest

from framework import App, Controller, Limits, OpenAPI, Router
from framework.routing import RouteOptions, SocketOptions
from framework.static import StaticFiles
from framework.types import CustomType

_REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
_FIRST_CELLS = re.compile(r"^\|(.*?)\|", re.MULTILINE)
_PARAGRAPHS = re.compile(r"^(?!```)[^|\n#].*", re.MULTILINE)
_NAME = re.compile(r"\b(\w+)=|`(\w+)`")

_OPTIONS = {
    ("settings.md", "App"): tuple(inspect.signature(App).parameters),
    ("settings.md", "Limits"): Limits.__struct_fields__,
    ("routing.md", "route decorators"): tuple(RouteOptions.__annotations__),
    ("routing.md", "Controller"): tuple(Controller.__annotations__),
    ("routing.md", "Router"): tuple(field.name for field in fields(Router)),
    ("websockets.md", "websocket"): tuple(SocketOptions.__annotations__),
    ("openapi.md", "OpenAPI"): OpenAPI.__struct_fields__,
    ("types.md", "CustomType"): tuple(field.name for field in fields(CustomType)),
    ("files.md", "StaticFiles"): tuple(field.name for field in fields(StaticFiles)),
}


@pytest.mark.parametrize(("page", "of"), _OPTIONS, ids=[of for _, of in _OPTIONS])
def test_a_page_names_every_option(page: str, of: str) -> None:
    """Each option is in the first column of a table, or in a paragraph, as code."""
    text = (_REFERENCE / page).read_text(encoding="utf-8")
    places = (*_FIRST_CELLS.findall(text), *_PARAGRAPHS.findall(text))
    named = {name for place in places for names in _NAME.findall(place) for name in names}

    missing = [option for option in _OPTIONS[page, of] if option not in named]

    assert missing == []
