"""Checks observers, and lets the container build those that are classes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from framework._compile.declarations.collect import Level
from framework._compile.layers import LayerPlanner
from framework._inspect.names import callable_name, describe, describe_class, value_name
from framework._inspect.signatures import accepts, is_async, is_generator
from framework._plan import ObserverPlan
from framework.errors import DefinitionError, InvalidObserverError, InvalidOptionError
from framework.observers import Observer

__all__ = ("plan_observers",)

_WRITTEN: Mapping[str, str] = {
    "begin": "def begin(self, request)",
    "end": "def end(self, observation, state)",
}
_ARGUMENTS: Mapping[str, int] = {"begin": 1, "end": 2}


def plan_observers(
    observers: Sequence[Any], level: Level, layers: LayerPlanner, report: Callable[[DefinitionError], None]
) -> tuple[ObserverPlan, ...]:
    """Plan the observers of an app, and report invalid ones."""
    planned: list[ObserverPlan] = []
    for one in observers:
        errors = list(_errors(one, level))
        if not errors:
            try:
                variable = layers.keep(one, "an observer", level)
            except DefinitionError as wrong:
                errors = [wrong]
            else:
                cls = _class_of(one)
                planned.append(ObserverPlan(variable=variable, name=callable_name(cls), methods=_methods(cls)))
        for error in errors:
            report(error)
    return tuple(planned)


def _class_of(observer: Any) -> type[Any]:
    return observer if isinstance(observer, type) else type(observer)


def _methods(cls: type[Any]) -> tuple[str, ...]:
    """Return the names of the methods that are called."""
    return tuple(name for name in _WRITTEN if _has(cls, name))


def _errors(observer: Any, level: Level) -> Iterator[DefinitionError]:
    cls = _class_of(observer)
    methods = _methods(cls)
    if not methods:
        yield InvalidObserverError(
            describe_class(cls) if isinstance(observer, type) else level.where,
            f"{_shown(observer)} is given as an observer of {level.label} and has neither begin nor end",
            hint=f"derive a class from framework.Observer and write {' or '.join(_WRITTEN.values())}",
        )
    for name in methods:
        yield from _errors_of_method(cls, name)
    if isinstance(observer, Observer):
        yield from (InvalidOptionError(level.where, what, hint=hint) for what, hint in observer.mistakes())


def _shown(observer: Any) -> str:
    return callable_name(observer) if callable(observer) else value_name(observer)


def _has(cls: type[Any], name: str) -> bool:
    found = getattr(cls, name, None)
    return found is not None and found is not getattr(Observer, name)


def _errors_of_method(cls: type[Any], name: str) -> Iterator[DefinitionError]:
    found: Any = getattr(cls, name)
    hint = f"write it as {_WRITTEN[name]}"
    if not callable(found):
        yield InvalidObserverError(
            f"{describe_class(cls)}, {name}", f"{name} of an observer is not a method", hint=hint
        )
        return
    where = describe(found, owner=cls)
    stored = next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)
    own = 0 if isinstance(stored, staticmethod | classmethod) else 1
    if is_async(found) or is_generator(found):
        yield InvalidObserverError(
            where,
            f"{name} of an observer is {'async' if is_async(found) else 'a generator'}, "
            "and observers are called, not awaited",
            hint=f"{hint}, and hand slow work to a queue or a task",
        )
    elif not accepts(found, _ARGUMENTS[name] + own):
        yield InvalidObserverError(where, f"{name} of an observer has the wrong parameters", hint=hint)
