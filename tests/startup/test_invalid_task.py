"""InvalidTaskError: what is to run beside requests cannot be called as such."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, ClassVar

import pytest

from framework import App, BackgroundTasks, Container, Controller, Periodic, Request, get
from framework.commands import Command
from framework.errors import (
    CaptiveProviderError,
    InvalidOptionError,
    InvalidProviderError,
    InvalidTaskError,
    MissingAnnotationError,
    MissingProviderError,
    RequestInSingletonError,
)
from tests.startup.expected import Told, after, mistakes, place, told

YIELD = (
    "write it as an async generator that yields once: what is before the yield runs at the start, and what is after it "
    "at the stop"
)


class Session:
    """A scoped service."""


def container_of() -> Container:
    """Return a container with a scoped service."""
    container = Container()
    container.add_scoped(Session)
    return container


def test_lifespan_functions_that_give_no_context() -> None:
    """What is entered must be left again."""

    async def start() -> None:
        """Never stop."""

    async def never() -> AsyncIterator[None]:
        raise NotImplementedError

    assert mistakes(lifespan=[start, never]) == [
        (
            InvalidTaskError,
            f"start ({place(start)}): it stands in lifespan= and gives no context manager.\n  Hint: {YIELD}.",
        ),
        (
            InvalidTaskError,
            f"never ({place(never)}): it is annotated as a generator and never yields.\n"
            "  Hint: yield the service, or annotate what is returned.",
        ),
    ]


def test_lifespan_functions_that_need_what_lives_shorter() -> None:
    """There is no request around serving."""

    async def open_bus(session: Session, request: Request, number: int) -> AsyncIterator[object]:
        yield session, request, number

    where = f"open_bus ({place(open_bus)})"
    assert mistakes(container=container_of(), lifespan=[open_bus]) == [
        (
            CaptiveProviderError,
            f"{where}, parameter 'session': open_bus lives as long as the process, and Session is scoped.\n"
            "  Needed by: open_bus -> Session\n"
            "  Hint: register Session as a singleton.",
        ),
        (
            RequestInSingletonError,
            f"{where}, parameter 'request': open_bus lives as long as the process and cannot read a request.\n"
            "  Hint: take the parameter out.",
        ),
        (
            MissingProviderError,
            f"{where}, parameter 'number': no provider for int.\n"
            "  Needed by: open_bus\n"
            "  Hint: register a function that passes the int, or give the parameter a default.",
        ),
    ]


def test_what_is_no_function() -> None:
    """A context manager that was entered already cannot be entered in each process."""
    named: Any = "refresh"
    app = App(openapi=None, lifespan=[named], periodic=[Periodic(named, every=60)])
    assert told(app) == [
        (
            InvalidTaskError,
            "'refresh': it is to be called with injected services and is not a function.\n"
            "  Hint: give a function or a method.",
        ),
        (
            InvalidTaskError,
            f"App ({after(test_what_is_no_function, 3)}): 'refresh' stands in lifespan= and cannot be called.\n"
            "  Hint: give the function itself.",
        ),
    ]


@pytest.mark.parametrize(
    ("settings", "what", "hint"),
    [
        ({"every": 0}, "every=0 is not a positive time", "write every=60 (seconds), or a timedelta"),
        ({"every": "60"}, "every='60' is not a positive time", "write every=60 (seconds), or a timedelta"),
        ({"every": float("nan")}, "every=nan is not a positive time", "write every=60 (seconds), or a timedelta"),
        (
            {"every": timedelta(seconds=-1)},
            "every=datetime.timedelta(days=-1, seconds=86399) is not a positive time",
            "write every=60 (seconds), or a timedelta",
        ),
        ({"every": 60, "jitter": -1}, "jitter=-1 is not a time", "write jitter=5 (seconds), or a timedelta"),
    ],
)
def test_times_of_a_periodic_task(settings: Any, what: str, hint: str) -> None:
    """An interval is positive, and a jitter not negative."""

    async def refresh() -> None:
        """Do nothing."""

    assert mistakes(periodic=[Periodic(refresh, **settings)]) == [
        (InvalidTaskError, f"Periodic of refresh ({place(refresh)}): {what}.\n  Hint: {hint}.")
    ]


def test_a_periodic_task_whose_arguments_nobody_gives() -> None:
    """All of them are services."""

    async def refresh(limit: int, session: Session, other: App) -> None:
        """Do nothing."""

    where = f"refresh ({place(refresh)})"
    assert mistakes(container=container_of(), periodic=[Periodic(refresh, every=60)]) == [
        (
            MissingProviderError,
            f"{where}, parameter 'limit': no provider for int.\n"
            "  Needed by: refresh\n"
            "  Hint: pass it as an argument, or give the parameter a default.",
        ),
        (
            MissingProviderError,
            f"{where}, parameter 'other': no provider for App.\n"
            "  Needed by: refresh\n"
            "  Hint: container.add_scoped(App), or give the parameter a default.",
        ),
    ]


def test_a_generator_is_no_periodic_task() -> None:
    """Nobody would run it."""

    async def refresh() -> AsyncIterator[int]:
        yield 1

    assert mistakes(periodic=[Periodic(refresh, every=60)]) == [
        (
            InvalidTaskError,
            f"refresh ({place(refresh)}): it is to be called with injected services and is a generator.\n"
            "  Hint: write it as a plain function; services that are closed after it are injected.",
        )
    ]


def test_settings_of_another_type() -> None:
    """The settings of the app are checked as all others."""
    app: Any = App
    made = app(openapi=None, lifespan=container_of, periodic=[60], shutdown_timeout=0)
    where = f"App ({after(test_settings_of_another_type, 3)})"
    expected: Told = [
        (
            InvalidOptionError,
            f"{where}: lifespan=container_of is not a sequence of functions.\n"
            "  Hint: write it as lifespan=[container_of].",
        ),
        (
            InvalidOptionError,
            f"{where}: periodic=[60] is not a sequence of Periodic.\n"
            "  Hint: write it as periodic=[Periodic(refresh, every=60)].",
        ),
        (
            InvalidOptionError,
            f"{where}: shutdown_timeout=0 is not a positive number of seconds.\n"
            "  Hint: write it as shutdown_timeout=2.5.",
        ),
    ]
    assert told(made) == expected


def test_tasks_cannot_be_kept_by_a_singleton() -> None:
    """BackgroundTasks is scoped, and can be nothing else."""

    class Mailer:
        def __init__(self, tasks: BackgroundTasks) -> None:
            self.tasks = tasks

    class Guard:
        def __init__(self, tasks: BackgroundTasks) -> None:
            self.tasks = tasks

        async def __call__(self, request: Request) -> None:
            """Admit everybody."""

    class Orders(Controller):
        @get("/orders")
        async def search(self) -> str:
            return ""

    container = Container()
    container.add_singleton(Mailer)
    assert mistakes(Orders, container=container, guards=[Guard]) == [
        (
            CaptiveProviderError,
            f"Mailer.__init__ ({place(Mailer.__init__)}), parameter 'tasks': "
            "Mailer lives as long as the process, and BackgroundTasks is scoped.\n"
            "  Needed by: Mailer -> BackgroundTasks\n"
            "  Hint: register Mailer as scoped.",
        ),
        (
            CaptiveProviderError,
            f"Guard.__init__ ({place(Guard.__init__)}), parameter 'tasks': "
            "Guard lives as long as the process, and BackgroundTasks is scoped.\n"
            "  Needed by: Guard -> BackgroundTasks\n"
            "  Hint: take the parameter out, or take it in __call__ of a guard or an exception handler.",
        ),
    ]


def test_an_override_of_nothing() -> None:
    """A fake in the place of what nobody registered, most often of the wrong type, is told."""

    class Fake(Session):
        """A fake."""

    container = Container()
    with container.override(Session, Fake), container.override(Session, instance=Fake(), qualifier="x"):
        assert told(App(container=container, openapi=None)) == [
            (
                InvalidProviderError,
                f"{after(test_an_override_of_nothing, 7)}: Session is overridden{under} and was never registered.\n"
                "  Hint: override a type that is registered.",
            )
            for under in ("", " with qualifier 'x'")
        ]


async def count(session: Session, number: int) -> None:
    """Need what nothing provides."""


class Counting(Controller):
    """Calls functions that cannot be called."""

    injected_calls: ClassVar[Any] = (count, 3)

    @get("/count")
    async def show(self) -> None:
        """Return nothing."""


class Uncalled(Counting):
    """Names one function."""

    injected_calls = count


def test_functions_that_a_controller_calls() -> None:
    """They are called without arguments; a subclass replaces those of its base."""
    assert mistakes(Counting, container=container_of()) == [
        (
            MissingProviderError,
            f"count ({place(count)}), parameter 'number': no provider for int.\n"
            "  Needed by: count\n"
            "  Hint: pass it as an argument, or give the parameter a default.",
        ),
        (
            InvalidTaskError,
            "3: it is to be called with injected services and is not a function.\n  Hint: give a function or a method.",
        ),
    ]
    assert mistakes(Uncalled, container=container_of()) == [
        (
            InvalidOptionError,
            f"Uncalled ({place(Uncalled)}): injected_calls=count is not a sequence of functions.\n"
            "  Hint: write it as injected_calls=(count,).",
        )
    ]


def import_products(file: str, session: Session) -> None:
    """Be a command."""


def test_commands_that_cannot_be_run() -> None:
    """Each is reported with what it lacks."""

    def twice(names: list[str], numbers: list[int]) -> None:
        """Take all arguments twice."""

    def unclear(names: dict[str, str]) -> None:
        """Take what no argument can be."""

    def untyped(name):  # type: ignore[no-untyped-def]  # that is the error
        """Take anything."""

    def unknown(other: Counting) -> None:
        """Need a service that is not registered."""

    commands: list[Any] = [
        import_products,
        Command(import_products, name="import-products"),
        Command(import_products, name="Import it"),
        twice,
        unclear,
        untyped,
        unknown,
        "clean",
        Session,
    ]

    where = f"import_products ({place(import_products)})"
    found = mistakes(container=container_of(), commands=commands)

    assert [kind for kind, _ in found] == [
        *[InvalidTaskError] * 4,
        MissingAnnotationError,
        MissingProviderError,
        *[InvalidTaskError] * 2,
    ]
    assert [text for _, text in found] == [
        f"{where}: the command import-products is also {where}.\n"
        '  Hint: give one of them another name: Command(import_products, name="other").',
        f"{where}: 'Import it' is not the name of a command.\n"
        '  Hint: write lower-case words with hyphens: Command(function, name="import").',
        f"twice ({place(twice)}): names and numbers would both take all remaining arguments.\n"
        "  Hint: give one of them a default, so that it is an option.",
        f"unclear ({place(unclear)}): parameter 'names' is dict[str, str], which no argument can be.\n"
        "  Hint: take its fields one by one, or register the type in the container.",
        f"untyped ({place(untyped)}), parameter 'name': it has no type annotation.\n"
        "  Hint: annotate it, for example name: int.",
        found[5][1],
        "App: 'clean' is among the commands and is not a function.\n  Hint: write it as commands=[import_products].",
        "App: the class Session is among the commands and is not a function.\n"
        "  Hint: write it as commands=[import_products].",
    ]
    assert found[5][1].startswith(f"unknown ({place(unknown)}), parameter 'other': no provider for Counting.\n")
