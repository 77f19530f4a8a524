"""InvalidLayerError and InvalidOptionError: what is wrong with middlewares that are compiled."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from framework import App, Controller, get
from framework.errors import InvalidLayerError, InvalidOptionError
from framework.http_errors import Conflict
from framework.layers import Layer, Steps
from framework.middleware import SecurityHeaders
from framework.routing import RouteInfo
from tests.startup.expected import after, mistakes, place, told


class Orders(Controller):
    """A controller with nothing wrong."""

    @get("/orders")
    async def search(self) -> str:
        """Respond."""
        return ""


class First(Layer):
    """The outermost."""

    rank: ClassVar[int | None] = 10

    def compile(self, _: RouteInfo | None) -> Steps | None:
        """Do nothing."""
        return None


def test_a_class_in_the_place_of_an_instance() -> None:
    """A layer is given with its options."""

    def make() -> App:
        return App([Orders], openapi=None, middlewares=[First, SecurityHeaders])

    where = f"App ({after(make, 1)})"
    assert told(make()) == [
        (InvalidLayerError, f"{where}: First is given as a middleware of app.\n  Hint: give an instance: First()."),
        (
            InvalidLayerError,
            f"{where}: SecurityHeaders is given as a middleware of app.\n  Hint: give an instance: SecurityHeaders().",
        ),
    ]


@dataclass(frozen=True)
class Optional(First):
    """Has options, and does not compile with wrong ones."""

    number: int

    def compile(self, _: RouteInfo | None) -> Steps | None:
        """Rely on the options."""
        assert self.number > 0
        return None

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong."""
        if self.number <= 0:
            yield f"Optional({self.number}) is too small", "give a positive number"


def test_options_are_reported_with_all_other_errors() -> None:
    """At the place where the layer was given, once for all routes."""
    wrong: Any = ("admin",)

    class Inner(Orders):
        middlewares = (Optional(0), Optional(1))
        guards = wrong

        @get("/more")
        async def more(self) -> str:
            return ""

    found = mistakes(Inner, middlewares=[Optional(-1)])
    assert [(kind, text.partition(": ")[2]) for kind, text in found if kind is InvalidOptionError] == [
        (InvalidOptionError, "Optional(-1) is too small.\n  Hint: give a positive number."),
        (InvalidOptionError, "Optional(0) is too small.\n  Hint: give a positive number."),
    ]
    assert [text.partition(": ")[0] for _, text in found][-2:] == [f"Inner ({place(Inner)})"] * 2
    assert InvalidLayerError in [kind for kind, _ in found]


@dataclass(frozen=True)
class Giving(Layer):
    """Returns what it is given."""

    steps: Any

    def compile(self, _: RouteInfo | None) -> Any:
        """Return it."""
        if isinstance(self.steps, Exception):
            raise self.steps
        return self.steps


def takes_nothing() -> None:
    """Take nothing."""


def test_what_is_no_step() -> None:
    """Steps are checked once, when the layer has returned them."""
    wrong: Any = object()

    def text(steps: Any) -> str:
        ((kind, said),) = mistakes(Orders, middlewares=[Giving(steps)])
        assert kind is InvalidLayerError
        where = f"Giving.compile ({place(Giving.compile)}): "
        assert said.startswith(where)
        return said.removeprefix(where)

    assert text("text") == ("it returns 'text'.\n  Hint: return Steps(...), or None for a layer that does nothing.")
    assert text(Steps(before=takes_nothing)) == (  # type: ignore[arg-type]  # what is tested
        "it returns Steps(before=the function takes_nothing), which cannot be called so.\n"
        "  Hint: write it as before(request)."
    )
    assert text(Steps(after=takes_nothing)) == (  # type: ignore[arg-type]  # as above
        "it returns Steps(after=the function takes_nothing), which cannot be called so.\n"
        "  Hint: write it as after(request, response)."
    )
    assert text(Steps(headers={"X-A": "a\r\nb"})) == (
        "it returns Steps(headers=...): the response header 'X-A' holds a control character (RFC 9110, section 5.5).\n"
        "  Hint: use a token and a string on one line."
    )
    assert text(Steps(raises=(Conflict, KeyError))) == (  # type: ignore[arg-type]  # as above
        "it returns Steps(raises=...) with the class KeyError.\n  Hint: name subclasses of HTTPError."
    )
    assert text(Steps(opens=(wrong,))) == (
        "it returns Steps(opens=...) with an instance of object.\n  Hint: give async context managers."
    )


def test_a_layer_may_refuse_a_route() -> None:
    """A DefinitionError that compile() raises is reported with all others."""
    error = InvalidOptionError("here", "it is wrong", hint="make it right")
    assert mistakes(Orders, middlewares=[Giving(error), Giving("text")])[:1] == [
        (InvalidOptionError, "here: it is wrong.\n  Hint: make it right.")
    ]
