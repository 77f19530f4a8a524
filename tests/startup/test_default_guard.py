"""A default guard, and what is public, if they are declared in the wrong way."""

from typing import Any

import pytest

from framework import Controller, Request, get
from framework.errors import InvalidHandlerError, InvalidLayerError, InvalidOptionError
from framework.security import public
from framework.static import StaticFiles
from tests.startup.expected import mistakes, place


class Plain(Controller):
    """Has a route."""

    @get("/")
    async def show(self) -> str:
        """Answer."""
        return ""


async def talkative(request: Request) -> bool:
    """Return what nobody looks at."""
    return bool(request)


@pytest.mark.parametrize("given", ["admin", 7])
def test_something_else(given: Any) -> None:
    """It is one guard."""
    ((kind, text),) = mistakes(Plain, default_guard=given)
    assert kind is InvalidOptionError
    assert text.endswith(
        f": default_guard={given!r} is not a guard.\n  Hint: write it as default_guard=Bearer(verify)."
    )


def test_a_guard_that_returns() -> None:
    """It is checked as all guards are, once, also if nothing is closed."""

    @public
    class Open(Plain):
        path = "/open"

    expected = (
        InvalidLayerError,
        f"talkative ({place(talkative)}): it is given as a guard of default_guard and returns bool.\n"
        "  Hint: raise Forbidden or another HTTPError to refuse, and annotate it -> None: nobody looks at its result.",
    )
    assert mistakes(Plain, default_guard=talkative) == [expected]
    assert mistakes(Open, default_guard=talkative) == [expected]


def test_public_files() -> None:
    """An instance is not decorated."""
    files: Any = StaticFiles("/assets", ".")
    with pytest.raises(InvalidHandlerError) as raised:
        public(files)
    assert str(raised.value) == (
        "the decorator @public: an instance of StaticFiles cannot be public.\n"
        "  Hint: decorate a controller or one of its methods; static files have the option public=True."
    )
