"""What all pages have in common: the templates, the visitor, and protection of their forms."""

from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct

from app_template.pages.visit import Visit
from framework import Request
from framework.middleware import CSRFToken, Session
from framework.templating import Template, Templates

__all__ = ("TEMPLATES", "Layout", "PageContext")


def euros(cents: int) -> str:
    """Return an amount as pages show it."""
    return f"{cents / 100:.2f} €"


TEMPLATES = Templates(Path(__file__).with_name("templates"), filters={"euros": euros})


class PageContext(Struct, kw_only=True):
    """The names that base.html uses."""

    title: str
    visitor: Visit
    csrf: CSRFToken


_Page = TypeVar("_Page", bound=PageContext)


class Layout:
    """Renders pages for the visitor of a request."""

    def __init__(self, request: Request, session: Session[Visit], csrf: CSRFToken) -> None:
        self._request = request
        self._session = session
        self._csrf = csrf

    def render(self, template: Template[_Page], kind: type[_Page], title: str, **names: Any) -> str:
        """Return the HTML of a page. base.html shows the messages of the session."""
        context = kind(title=title, visitor=self._session.value, csrf=self._csrf, **names)
        return template.render(self._request, context)
