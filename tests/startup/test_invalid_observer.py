"""InvalidObserverError: an observer without a method that is called, or with one that cannot be called."""

from collections.abc import Iterator
from typing import Any

import pytest

from framework import App, Container, Controller, Observation, Observer, Request, get
from framework.errors import InvalidLayerError, InvalidObserverError, InvalidOptionError, MissingProviderError
from tests.startup.expected import after, mistakes, place, told

BEGIN = "  Hint: write it as def begin(self, request)"
END = "  Hint: write it as def end(self, observation, state)"
SLOW = ", and hand slow work to a queue or a task."
NEITHER = (
    " as an observer of app and has neither begin nor end.\n"
    "  Hint: derive a class from framework.Observer and write def begin(self, request) or "
    "def end(self, observation, state)."
)


class Orders(Controller):
    """A controller with nothing wrong."""

    @get("/orders")
    async def show(self) -> None:
        """Do nothing."""


class Good(Observer):
    """An observer as it should be."""

    def end(self, observation: Observation, state: Any) -> None:
        """Do nothing."""


class Silent(Observer):
    """An observer that overrides nothing."""

    def ends(self, observation: Observation, state: Any) -> None:
        """Have another name."""


class Awaited:
    """An observer whose methods would be awaited, or iterated over."""

    async def begin(self, request: Request) -> None:
        """Be async."""

    def end(self, observation: Observation, state: Any) -> Iterator[None]:  # noqa: ARG002  as it would be used
        """Be a generator."""
        yield


class AsyncEnd(Observer):
    """An observer whose end would be awaited."""

    async def end(self, observation: Observation, state: Any) -> None:  # type: ignore[override]  # what is reported
        """Be async."""


class Narrow:
    """An observer whose methods take something else."""

    def begin(self) -> None:
        """Take no request."""

    @staticmethod
    def end(observation: Observation) -> None:
        """Take no state."""


class Short:
    """An observer with one wrong method."""

    def end(self, observation: Observation) -> None:
        """Take no state."""


class NoMethod:
    """An observer whose end is not a method."""

    end = 3


class Needy(Observer):
    """An observer that asks for what nobody provides."""

    def __init__(self, request_ids: "Ids") -> None:
        self._ids = request_ids

    def end(self, observation: Observation, state: Any) -> None:
        """Do nothing."""


class Ids:
    """A service that nobody registers."""

    def __init__(self, first: int) -> None:
        self.first = first


def function(request: Request) -> None:
    """Be no observer."""


def observed(*observers: Any, container: Container | None = None) -> list[tuple[type[Exception], str]]:
    """Return the mistakes of an app with observers."""
    return [*mistakes(Orders, container=container, observers=observers)]


def test_a_class_that_overrides_nothing() -> None:
    """There would be nothing to call."""
    assert observed(Good, Silent) == [
        (
            InvalidObserverError,
            f"Silent ({place(Silent)}): Silent is given{NEITHER}",
        )
    ]


@pytest.mark.parametrize(
    ("given", "shown"),
    [(function, "function"), ("log", "'log'"), (None, "None"), (Silent(), "an instance of Silent")],
)
def test_what_is_no_observer(given: Any, shown: str) -> None:
    """A function, a value, or an object without the methods."""

    def build() -> App:
        return App([Orders], openapi=None, observers=[given])

    assert told(build()) == [
        (
            InvalidObserverError,
            f"App ({after(build, 1)}): {shown} is given{NEITHER}",
        )
    ]


def test_methods_that_are_async() -> None:
    """Observers are called on the loop, and nobody waits for them."""
    what = "and observers are called, not awaited"
    assert observed(Awaited(), AsyncEnd) == [
        (
            InvalidObserverError,
            f"Awaited.begin ({place(Awaited.begin)}): begin of an observer is async, {what}.\n{BEGIN}{SLOW}",
        ),
        (
            InvalidObserverError,
            f"Awaited.end ({place(Awaited.end)}): end of an observer is a generator, {what}.\n{END}{SLOW}",
        ),
        (
            InvalidObserverError,
            f"AsyncEnd.end ({place(AsyncEnd.end)}): end of an observer is async, {what}.\n{END}{SLOW}",
        ),
    ]


def test_methods_with_other_parameters() -> None:
    """Both methods of a class are reported, whether an instance is given or the class."""
    assert observed(Narrow(), Short, NoMethod()) == [
        (
            InvalidObserverError,
            f"Narrow.begin ({place(Narrow.begin)}): begin of an observer has the wrong parameters.\n{BEGIN}.",
        ),
        (
            InvalidObserverError,
            f"Narrow.end ({place(Narrow.end)}): end of an observer has the wrong parameters.\n{END}.",
        ),
        (
            InvalidObserverError,
            f"Short.end ({place(Short.end)}): end of an observer has the wrong parameters.\n{END}.",
        ),
        (
            InvalidObserverError,
            f"NoMethod ({place(NoMethod)}), end: end of an observer is not a method.\n{END}.",
        ),
    ]


def test_a_constructor_that_cannot_be_injected() -> None:
    """The class of an observer is built by the container, as that of a middleware is."""
    ((kind, text),) = observed(Needy)
    assert kind is MissingProviderError
    assert text.startswith(f"Needy.__init__ ({place(Needy.__init__)}), parameter 'request_ids': ")


def test_a_scoped_observer() -> None:
    """It lives as long as the process."""
    container = Container()
    container.add_scoped(Good)
    ((kind, text),) = observed(Good, container=container)
    assert kind is InvalidLayerError
    assert "it is given as an observer of app, which lives as long as the process" in text


def test_observers_that_are_no_sequence() -> None:
    """One observer alone must stand in a list."""
    ((kind, text),) = mistakes(Orders, observers=Good())
    assert kind is InvalidOptionError
    assert text.endswith(
        "observers=an instance of Good is not a sequence.\n  Hint: write it as observers=[AccessLog()]."
    )
