"""The container: registrations of services. Nothing is resolved here."""

import sys
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, Protocol, TypeAlias, runtime_checkable

from msgspec import Struct
from msgspec.structs import replace

from framework._inspect import calls
from framework._inspect.calls import explained
from framework._inspect.names import type_name
from framework.errors import DefinitionError

__all__ = ("ChecksItself", "Container", "Lifetime", "Registration", "RouteNames")


class Lifetime(StrEnum):
    """How long a service lives: as long as the process, a request, or the object that it was created for."""

    SINGLETON = "singleton"
    SCOPED = "scoped"
    TRANSIENT = "transient"


RouteNames: TypeAlias = Mapping[str, Sequence[frozenset[str]]]
"""The names of the routes of an app, each with the placeholders of its paths."""


@runtime_checkable
class ChecksItself(Protocol):
    """An instance whose errors are reported with all others when an app with it in its container is built."""

    def definition_errors(self, routes: RouteNames) -> Iterable[DefinitionError]:
        """Yield the errors in its declaration; ``routes`` are the routes of the app, for ``App.url_for``."""
        ...


class Registration(Struct, frozen=True, kw_only=True, eq=False):
    """The registration of one service."""

    key: Any
    """The type under which it is injected; a parametrised generic is a type of its own."""
    qualifier: str | None
    lifetime: Lifetime
    factory: Callable[..., Any] | None
    """A class, a function, a generator function or a context manager; ``None`` for an instance."""
    instance: Any
    place: str
    """File and line of the registration."""
    replaces: bool = False
    """Whether it replaces another registration: an override."""
    orphan: bool = False
    """Whether it is an override without a registration to replace."""
    outermost: bool = False
    """Whether it is opened before all others of its scope, and therefore closed after them."""

    def provides(self, key: Any, qualifier: str | None) -> bool:
        """Return whether this is the registration of a type under a qualifier."""
        return bool(self.key == key and self.qualifier == qualifier)


_WAYS = {
    "instance": "write container.add_instance(Settings, settings)",
    "lifetime": "the lifetime is in the name of the method: add_singleton, add_scoped or add_transient",
    "scope": "the lifetime is in the name of the method: add_singleton, add_scoped or add_transient",
    "provider": "write factory= instead",
    "name": "write qualifier= instead",
    "type": "write key= instead",
    "use_class": "write factory= instead",
}


def _instance_example(arguments: Sequence[Any]) -> str:
    """Return the corrected call for a single argument: an instance is registered with its type."""
    given = arguments[1] if len(arguments) > 1 else None
    name = "Settings" if given is None else type_name(given if isinstance(given, type) else type(given))
    return f"container.add_instance({name}, {'instance' if isinstance(given, type) else '…'})"


class Container:
    """Holds registrations of services by type; ``App.build()`` orders and checks them.

    A factory is a class or a function: sync or async, plain, a generator that yields once, or one that returns a
    context manager. Its parameters are injected by their annotated types. Without a factory, the type is the factory.
    """

    def __init__(self) -> None:
        self._registrations: list[Registration] = []
        self._overrides: list[Registration] = []

    def __copy__(self) -> "Container":
        """Return a container with the same registrations and overrides, to which others can be added."""
        made = Container()
        made._registrations = [*self._registrations]
        made._overrides = [*self._overrides]
        return made

    @explained("container.add_singleton", "container.add_singleton(Engine, open_engine)", _WAYS)
    def add_singleton(
        self, key: Any, factory: Callable[..., Any] | None = None, *, qualifier: str | None = None
    ) -> None:
        """Register a service that is opened when the app starts and closed, in reverse order, when it stops."""
        self._add(key, factory, Lifetime.SINGLETON, qualifier)

    @explained("container.add_scoped", "container.add_scoped(Session, open_session)", _WAYS)
    def add_scoped(self, key: Any, factory: Callable[..., Any] | None = None, *, qualifier: str | None = None) -> None:
        """Register a service that is created once per request that uses it, and closed before the response is sent."""
        self._add(key, factory, Lifetime.SCOPED, qualifier)

    @explained("container.add_transient", "container.add_transient(OrderService)", _WAYS)
    def add_transient(
        self, key: Any, factory: Callable[..., Any] | None = None, *, qualifier: str | None = None
    ) -> None:
        """Register a service that is created for each service or handler that it is injected into."""
        self._add(key, factory, Lifetime.TRANSIENT, qualifier)

    @explained("container.add_instance", _instance_example, _WAYS)
    def add_instance(self, key: Any, instance: Any, *, qualifier: str | None = None) -> None:
        """Register an existing object; the framework neither opens nor closes it."""
        self._registrations.append(_instance(key, instance, qualifier))

    @explained("container.override", "container.override(OrderRepository, instance=fake)", _WAYS)
    @contextmanager
    def override(
        self, key: Any, factory: Callable[..., Any] | None = None, *, instance: Any = None, qualifier: str | None = None
    ) -> Iterator[None]:
        """Replace a registration for every ``App.build()`` inside the ``with`` block; other registrations stay.

        The replacement keeps the lifetime of the original. Pass either a factory or an instance. ``build()`` reports a
        replacement without a registration as an error.
        """
        if factory is None:
            replacement = _instance(key, instance, qualifier, replaces=True)
        else:
            known = self._replaced(key, qualifier)
            replacement = Registration(
                key=key,
                qualifier=qualifier,
                lifetime=known.lifetime if known else Lifetime.SCOPED,
                factory=factory,
                instance=None,
                place=_place(),
                replaces=True,
            )
        self._overrides.append(replacement)
        try:
            yield
        finally:
            self._overrides.remove(replacement)

    def registrations(self) -> tuple[Registration, ...]:
        """Return the current registrations, with overrides in place of the originals."""
        # Compared, not hashed: a key that is not a type may be unhashable, and is reported at start-up.
        kept = [_last(self._overrides, one.key, one.qualifier) or one for one in self._registrations]
        latest = [one for one in self._overrides if _last(self._overrides, one.key, one.qualifier) is one]
        added = (one for one in latest if one not in kept)
        return (*kept, *(replace(one, orphan=self._replaced(one.key, one.qualifier) is None) for one in added))

    def _replaced(self, key: Any, qualifier: str | None) -> Registration | None:
        # If one type of an open generic is replaced, the generic is the registration.
        return _last(self._registrations, key, qualifier) or _last(
            self._registrations, typing.get_origin(key), qualifier
        )

    def _add(self, key: Any, factory: Callable[..., Any] | None, lifetime: Lifetime, qualifier: str | None) -> None:
        self._registrations.append(
            Registration(
                key=key,
                qualifier=qualifier,
                lifetime=lifetime,
                factory=key if factory is None else factory,
                instance=None,
                place=_place(),
            )
        )


def _last(registrations: Iterable[Registration], key: Any, qualifier: str | None) -> Registration | None:
    return next((one for one in reversed([*registrations]) if one.provides(key, qualifier)), None)


def _instance(key: Any, instance: Any, qualifier: str | None, *, replaces: bool = False) -> Registration:
    return Registration(
        key=key,
        qualifier=qualifier,
        lifetime=Lifetime.SINGLETON,
        factory=None,
        instance=instance,
        place=_place(),
        replaces=replaces,
    )


def _place() -> str:
    # The caller of the public method is above the frames of this module, of calls and of contextlib.
    frame = sys._getframe(1)  # noqa: SLF001  the only way to find the place of a registration
    while frame.f_back is not None and frame.f_globals.get("__name__") in {__name__, calls.__name__, "contextlib"}:
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
