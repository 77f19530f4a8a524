"""InvalidHandlerError: what carries a route decorator is not a method that can answer."""

import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cached_property
from typing import Any

import pytest

from framework import Controller, EventStream, get, post
from framework.errors import InvalidHandlerError
from tests.startup.expected import mistakes, place

AsyncMethod = Callable[..., Awaitable[str]]


def unwrapped(function: AsyncMethod) -> AsyncMethod:
    """Wrap a handler without functools.wraps."""

    async def wrapper(*args: Any, **kwargs: Any) -> str:
        return await function(*args, **kwargs)

    return wrapper


def plain(function: AsyncMethod) -> AsyncMethod:
    """Wrap an async handler in a plain function."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Awaitable[str]:
        return function(*args, **kwargs)

    return wrapper


def wrapped(function: AsyncMethod) -> AsyncMethod:
    """Wrap a handler as it should be."""

    @functools.wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> str:
        return await function(*args, **kwargs)

    return wrapper


def test_a_decorator_without_parentheses() -> None:
    """@get instead of @get() is told with all other mistakes."""

    class Orders(Controller):
        @get  # type: ignore[arg-type]  # the mistake
        async def first(self) -> str:  # type: ignore[misc]  # as above
            return ""

        @post("/b")
        @get  # type: ignore[arg-type]  # the mistake
        async def second(self) -> str:  # type: ignore[misc]  # as above
            return ""

    hint = '  Hint: write @get() or @get("/path").'
    where = [f"Orders.{name} ({place(vars(Orders)[name])})" for name in ("first", "second")]
    assert mistakes(Orders) == [
        (InvalidHandlerError, f"{where[0]}: its route decorator has no parentheses.\n{hint}"),
        (InvalidHandlerError, f"{where[1]}: its route decorator has no parentheses.\n{hint}"),
    ]


def test_what_is_no_method() -> None:
    """Static methods, class methods, properties and classes cannot answer, whatever the order of the decorators."""

    class Orders(Controller):
        @staticmethod
        @get("/a")
        async def static() -> str:
            return ""

        @get("/b")
        @staticmethod
        async def static_too() -> str:
            return ""

        @classmethod
        @get("/c")
        async def of_class(cls) -> str:
            return ""

        @property
        @get("/d")
        def value(self) -> str:
            return ""

        @cached_property
        @get("/e")
        def cached(self) -> str:
            return ""

        @get("/f")
        class Inner:
            """A class."""

    names = {
        "static": "a static method",
        "static_too": "a static method",
        "of_class": "a class method",
        "value": "a property",
        "cached": "a property",
    }
    functions = {
        "static": Orders.static,
        "static_too": Orders.static_too,
        "of_class": Orders.of_class.__func__,  # type: ignore[attr-defined]  # of the bound method
        "value": vars(Orders)["value"].fget,
        "cached": vars(Orders)["cached"].func,
    }
    # inspect counts from the decorator, the message from the class statement.
    filename, _, line = place(Orders.Inner).rpartition(":")
    assert mistakes(Orders) == [
        *(
            (
                InvalidHandlerError,
                f"Orders.{name} ({place(functions[name])}): {kind} cannot be a handler.\n"
                "  Hint: write it as a method of the controller.",
            )
            for name, kind in names.items()
        ),
        (
            InvalidHandlerError,
            f"Orders.Inner ({filename}:{int(line) + 1}): it stands in the place of a handler and is not a method.\n"
            "  Hint: write it as async def.",
        ),
    ]


def test_what_takes_no_attribute() -> None:
    """A decorator that cannot leave its record on something says so at once, where the decorator stands."""
    with pytest.raises(InvalidHandlerError) as caught:

        class Orders(Controller):
            @get("/a")  # type: ignore[prop-decorator]  # the mistake
            @property
            def value(self) -> str:
                return ""

    assert str(caught.value) == (
        "a route decorator of GET '/a': a property cannot be a handler.\n  Hint: decorate a method of a controller."
    )


def test_a_handler_that_was_overridden_by_no_method() -> None:
    """What replaces an inherited handler must be one."""

    class Base(Controller):
        @get("/a")
        async def show(self) -> str:
            return ""

    class Orders(Base):
        show = None  # type: ignore[assignment]  # the mistake

    assert mistakes(Orders) == [
        (
            InvalidHandlerError,
            "Orders.show: it stands in the place of a handler and is not a method.\n  Hint: write it as async def.",
        )
    ]


def test_a_name_that_every_controller_has() -> None:
    """A handler named like an attribute of Controller would hide it."""

    class Orders(Controller):
        @get("/a")
        async def path(self) -> str:  # type: ignore[override]  # the mistake
            return ""

        @get("/b")
        async def guards(self) -> str:  # type: ignore[override]  # the mistake
            return ""

        @get("/c")
        def __init__(self) -> None:
            """Be no handler."""

    assert sorted(mistakes(Orders)) == sorted(
        (
            InvalidHandlerError,
            f"Orders.{name} ({place(vars(Orders)[name])}): "
            f"a handler cannot be named {name}, which every controller has already.\n"
            "  Hint: rename it.",
        )
        for name in ("path", "guards", "__init__")
    )


def test_a_method_without_self() -> None:
    """The first parameter is the controller, whatever its name and type say."""

    class Orders(Controller):
        @get("/a")
        async def nothing() -> str:  # type: ignore[misc]  # the mistake
            return ""

        @get("/{order_id}")
        async def value(order_id: int) -> str:  # type: ignore[misc]  # the mistake
            return str(order_id)

        @get("/c")
        async def named(*, order_id: int) -> str:  # type: ignore[misc]  # the mistake
            return str(order_id)

    assert mistakes(Orders) == [
        (
            InvalidHandlerError,
            f"Orders.{name} ({place(vars(Orders)[name])}): its first parameter is not self.\n  Hint: write self first.",
        )
        for name in ("nothing", "value", "named")
    ]


def test_parameters_without_a_name() -> None:
    """*args and **kwargs are filled by nothing; that of a wrapper without functools.wraps is the usual case."""

    class Orders(Controller):
        @get("/a")
        async def several(self, *tags: str) -> str:
            return str(tags)

        @get("/b")
        async def named(self, **tags: str) -> str:
            return str(tags)

        @get("/c")
        @unwrapped
        async def decorated(self, limit: int) -> str:
            return str(limit)

    hint = "  Hint: name the parameters one by one; a decorator around a handler needs functools.wraps."
    wrapper = vars(Orders)["decorated"]
    assert mistakes(Orders) == [
        (InvalidHandlerError, f"Orders.several ({place(Orders.several)}): nothing fills *tags.\n{hint}"),
        (InvalidHandlerError, f"Orders.named ({place(Orders.named)}): nothing fills **tags.\n{hint}"),
        (InvalidHandlerError, f"Orders.wrapper ({place(wrapper)}): nothing fills **kwargs.\n{hint}"),
    ]


def test_an_async_handler_in_a_plain_wrapper() -> None:
    """A plain wrapper would run in a thread and answer with a coroutine."""

    class Orders(Controller):
        @get("/a")
        @plain
        async def search(self) -> str:
            return ""

        @get("/b")
        @wrapped
        async def fine(self) -> str:
            return ""

    assert mistakes(Orders) == [
        (
            InvalidHandlerError,
            f"Orders.search ({place(Orders.search)}): the decorator around it makes it a plain function.\n"
            "  Hint: write its wrapper as async def.",
        )
    ]


def test_a_generator() -> None:
    """A handler that yields without being async answers nothing."""

    class Orders(Controller):
        @get("/a")
        def search(self) -> Any:
            yield ""

    assert mistakes(Orders) == [
        (
            InvalidHandlerError,
            f"Orders.search ({place(Orders.search)}): it is a generator.\n"
            "  Hint: write it as async def, or return the value instead.",
        )
    ]


def test_an_async_generator_that_does_not_say_so() -> None:
    """A handler that yields is annotated with a stream and nothing else."""

    class Orders(Controller):
        @get("/a")
        async def untyped(self) -> Any:
            yield ""

        @get("/b")
        async def several(self) -> list[int]:  # type: ignore[misc]  # pyright: ignore[reportReturnType]  the mistake
            yield [1]  # pyright: ignore[reportReturnType]  as above

        @get("/c")
        async def unannotated(self):  # type: ignore[no-untyped-def]
            yield ""

        @get("/d")
        async def perhaps(self) -> AsyncIterator[int] | None:
            yield 1

    hint = (
        "  Hint: annotate it -> AsyncIterator[Order] or -> EventStream[Order] with the type that it yields, "
        "or return the value."
    )
    said = {
        "untyped": "is annotated -> Any",
        "several": "is annotated -> list[int]",
        "unannotated": "has no return annotation",
        "perhaps": "is annotated -> AsyncIterator[int] | None",
    }
    assert mistakes(Orders) == [
        (InvalidHandlerError, f"Orders.{name} ({place(vars(Orders)[name])}): it yields, and {what}.\n{hint}")
        for name, what in said.items()
    ]


def test_a_plain_function_that_returns_a_stream() -> None:
    """What runs in a thread can hand no async iterator back to the loop's services."""

    class Orders(Controller):
        @get("/a")
        def lines(self) -> AsyncIterator[int]:
            raise NotImplementedError

        @get("/b")
        def events(self) -> EventStream[int]:
            raise NotImplementedError

    returned = {"lines": "AsyncIterator[int]", "events": "EventStream[int]"}
    assert mistakes(Orders) == [
        (
            InvalidHandlerError,
            f"Orders.{name} ({place(vars(Orders)[name])}): it is a plain function that returns {what}.\n"
            "  Hint: write it as async def.",
        )
        for name, what in returned.items()
    ]


def test_an_async_generator_in_a_plain_wrapper() -> None:
    """A plain wrapper around a streaming handler is told as one around any other."""

    class Orders(Controller):
        @get("/a")
        @plain  # type: ignore[arg-type]  # as above
        async def feed(self) -> AsyncIterator[int]:
            yield 1

    assert mistakes(Orders) == [
        (
            InvalidHandlerError,
            f"Orders.feed ({place(Orders.feed)}): the decorator around it makes it a plain function.\n"
            "  Hint: write its wrapper as async def.",
        )
    ]
