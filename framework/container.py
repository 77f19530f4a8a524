"""The container: registrations of services, nothing resolved here."""

import sys
import typing
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

__all__ = ("Container", "Lifetime", "Registration")


class Lifetime(StrEnum):
    """How long a service lives: as long as the process, as long as a request, or as long as who asked for it."""

    SINGLETON = "singleton"
    SCOPED = "scoped"
    TRANSIENT = "transient"


class Registration(Struct, frozen=True, kw_only=True, eq=False):
    """What was said about one service."""

    key: Any
    """The type by which it is asked for; a parametrised generic counts as a type of its own."""
    qualifier: str | None
    lifetime: Lifetime
    factory: Callable[..., Any] | None
    """A class, a function, a generator function or a context manager; ``None`` for an instance."""
    instance: Any
    place: str
    """File and line of the registration."""
    replaces: bool = False
    """Whether it stands in the place of another: an override."""
    orphan: bool = False
    """Whether it is an override of what nobody registered."""
    outermost: bool = False
    """Whether it is opened before all others of its scope, and so closed after them."""

    def provides(self, key: Any, qualifier: str | None) -> bool:
        """Tell whether this is the registration of a type under a qualifier."""
        return bool(self.key == key and self.qualifier == qualifier)


class Container:
    """Holds registrations of services by type; ``App.build()`` orders and checks them.

    A factory is a class or a function: sync or async, plain, a generator that yields once, or one that returns a
    context manager. Its parameters are injected by their annotated types. Without a factory the type makes itself.
    """

    def __init__(self) -> None:
        self._registrations: list[Registration] = []
        self._overrides: list[Registration] = []

    def add_singleton(
        self, key: Any, factory: Callable[..., Any] | None = None, *, qualifier: str | None = None
    ) -> None:
        """Register a service that is opened when the app starts and closed, in reverse order, when it stops."""
        self._add(key, factory, Lifetime.SINGLETON, qualifier)

    def add_scoped(self, key: Any, factory: Callable[..., Any] | None = None, *, qualifier: str | None = None) -> None:
        """Register a service that is made once for each request that needs it, and closed before the answer is sent."""
        self._add(key, factory, Lifetime.SCOPED, qualifier)

    def add_transient(
        self, key: Any, factory: Callable[..., Any] | None = None, *, qualifier: str | None = None
    ) -> None:
        """Register a service that is made anew for everything that asks for it."""
        self._add(key, factory, Lifetime.TRANSIENT, qualifier)

    def add_instance(self, key: Any, instance: Any, *, qualifier: str | None = None) -> None:
        """Register something that exists already; the framework neither opens nor closes it."""
        self._registrations.append(_instance(key, instance, qualifier))

    @contextmanager
    def override(
        self, key: Any, factory: Callable[..., Any] | None = None, *, instance: Any = None, qualifier: str | None = None
    ) -> Iterator[None]:
        """Replace a registration for every ``App.build()`` inside the ``with`` block; the rest of the graph stays.

        The replacement keeps the lifetime of what it replaces. Give either a factory or an instance. To replace what
        nobody registered is a mistake, told by ``build()``.
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
        """Return what is registered now, overrides put in the place of what they replace."""
        # Compared, not hashed: what is not a type may not be a key of a dictionary either, and is reported at start-up.
        kept = [_last(self._overrides, one.key, one.qualifier) or one for one in self._registrations]
        latest = [one for one in self._overrides if _last(self._overrides, one.key, one.qualifier) is one]
        added = (one for one in latest if one not in kept)
        return (*kept, *(replace(one, orphan=self._replaced(one.key, one.qualifier) is None) for one in added))

    def _replaced(self, key: Any, qualifier: str | None) -> Registration | None:
        # Where one type of an open generic is replaced, it is the generic that was registered.
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
    # The caller of the public method stands three frames up, of override() five (contextlib lies between).
    frame = sys._getframe(1)  # noqa: SLF001  the only way to say where a registration stands
    while frame.f_back is not None and frame.f_globals.get("__name__") in {__name__, "contextlib"}:
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
