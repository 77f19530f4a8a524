"""What an App of another framework has, and App has not."""

import pytest

from framework import App
from framework.errors import UnknownAttributeError
from tests.startup.expected import after


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("run", "serve it with framework run, or app.build() with aiohttp.web.run_app()"),
        ("get", "routes are methods of controllers: class Items(Controller), given as App(controllers=[Items])"),
        ("on_event", "write an async generator that yields once, given as App(lifespan=[…])"),
    ],
)
def test_an_attribute_that_others_have(name: str, hint: str) -> None:
    """It is an AttributeError with a place and a hint, so that hasattr() works."""
    app = App()

    def use() -> object:
        return getattr(app, name)

    with pytest.raises(UnknownAttributeError) as caught:
        use()
    assert str(caught.value) == f"app.{name} ({after(use, 1)}): App has no such attribute.\n  Hint: {hint}."
    assert not hasattr(app, name)


def test_any_other_attribute() -> None:
    """What nobody is likely to look for is Python's own error."""
    with pytest.raises(AttributeError, match=r"\A'App' object has no attribute 'colour'\Z"):
        getattr(App(), "colour")  # noqa: B009  a type checker would find it
