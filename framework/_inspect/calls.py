"""Turns a call with wrong arguments into an error with a hint.

Signatures stay as type checkers read them: the arguments are examined only after Python has rejected the call.
"""

import functools
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NoReturn, TypedDict, TypeVar

from msgspec import Struct, StructMeta

from framework._inspect.names import short_path
from framework._inspect.near_names import hint_for_option
from framework.errors import DefinitionError, InvalidOptionError

__all__ = ("ExplainedMeta", "NoOptions", "explained", "explained_class", "refuse_options")

_F = TypeVar("_F", bound=Callable[..., Any])
_C = TypeVar("_C", bound=type[Any])
_NONE: Mapping[str, str] = MappingProxyType({})
_Example = str | Callable[[Sequence[Any]], str]


class NoOptions(TypedDict):
    """The type of options that a signature does not have: type checkers reject all of them."""


def explained(name: str, example: _Example, ways: Mapping[str, str] = _NONE) -> Callable[[_F], _F]:
    """Decorate a function whose wrong calls are InvalidOptionErrors, and whose own errors at ``name`` get their place.

    ``example`` is a correct call, or a function that returns one for the arguments by position; ``ways`` are hints for
    options of other frameworks.
    """

    def decorate(function: Any) -> Any:
        @functools.wraps(function)
        def call(*arguments: Any, **options: Any) -> Any:
            try:
                return function(*arguments, **options)
            except TypeError:
                mistake = _mistake(function, arguments, options)
                if mistake is None:
                    raise
            except DefinitionError as error:
                if error.where != name:
                    raise
                raise _placed(error, f"{name} ({_caller(2)})") from None
            written = example if isinstance(example, str) else example(arguments)
            raise _error(name, mistake, _caller(2), written, ways)

        return call

    return decorate


def explained_class(name: str, example: str, ways: Mapping[str, str] = _NONE) -> Callable[[_C], _C]:
    """Decorate a class whose wrong constructor calls are InvalidOptionErrors."""

    def decorate(cls: Any) -> Any:
        cls.__init__ = explained(name, example, ways)(cls.__init__)
        return cls

    return decorate


class ExplainedMeta(StructMeta):
    """The metaclass of Structs whose wrong constructor calls are InvalidOptionErrors; ``__ways__`` are its hints.

    Its calls are slower than those of other Structs, so it is for declarations only.
    """

    __module__ = "framework.option_errors"
    __ways__: Mapping[str, str] = _NONE


def _construct(cls: Any, *arguments: Any, **options: Any) -> Any:
    try:
        return StructMeta.__call__(cls, *arguments, **options)
    except TypeError:
        mistake = _mistake(cls, arguments, options)
        if mistake is None:
            raise
    required = "=…, ".join(mistake.lacks or mistake.known[:1])
    raise _error(cls.__name__, mistake, _caller(2), f"{cls.__name__}({required}=…)", cls.__ways__)


# Assigned after the class is created: type checkers would otherwise take it for the signature of each constructor.
ExplainedMeta.__call__ = _construct  # type: ignore[assignment, method-assign]


def refuse_options(unknown: Mapping[str, Any], name: str, function: Any, ways: Mapping[str, str] = _NONE) -> NoReturn:
    """Raise the InvalidOptionError of a constructor that takes ``**unknown``.

    PERF: constructors that run for each request are not wrapped; the empty dict costs less than another call.
    """
    raise _error(name, _Mistake(unknown=tuple(unknown), known=_names(function)), _caller(3), "", ways)


class _Mistake(Struct, frozen=True):
    """The error of a call: unknown options, or missing arguments, or else Python's message."""

    unknown: Sequence[str]
    known: Sequence[str]
    lacks: Sequence[str] = ()
    what: str = ""
    """Python's message."""


def _mistake(function: Any, arguments: Sequence[Any], options: Mapping[str, Any]) -> _Mistake | None:
    """Return the error in the arguments of a call; ``None`` if the function itself has raised the TypeError."""
    signature = inspect.signature(function)
    try:
        signature.bind(*arguments, **options)
    except TypeError as error:
        known = _names(function)
        is_open = any(one.kind is one.VAR_KEYWORD for one in signature.parameters.values())
        unknown = () if is_open else [one for one in options if one not in known]
        lacks = _lacking(signature, arguments, options) if not unknown else ()
        return _Mistake(unknown=unknown, known=known, lacks=lacks, what=str(error))
    return None


def _names(function: Any) -> Sequence[str]:
    """Return the parameters that a function accepts by name."""
    parameters = list(inspect.signature(function).parameters.values())
    by_name = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [one.name for one in parameters if one.kind in by_name and one.name != "self"]


def _lacking(signature: inspect.Signature, arguments: Sequence[Any], options: Mapping[str, Any]) -> Sequence[str]:
    try:
        given = signature.bind_partial(*arguments, **options).arguments
    except TypeError:  # Too many arguments, or an argument twice.
        return ()
    required = (one for one in signature.parameters.values() if one.default is one.empty)
    return [one.name for one in required if one.name not in given and one.kind not in _REST]


_REST = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _error(name: str, mistake: _Mistake, caller: str, example: str, ways: Mapping[str, str]) -> InvalidOptionError:
    where = f"{name} ({caller})"
    if mistake.unknown:
        other = f"write {example}"
        hints = [
            ways.get(one) or (hint_for_option(one, mistake.known) if mistake.known else other)
            for one in mistake.unknown
        ]
        what = " and ".join(f"no option {one}=" for one in mistake.unknown)
        return InvalidOptionError(where, f"it has {what}", hint="; ".join(dict.fromkeys(hints)))
    what = " and ".join(f"{one}=" for one in mistake.lacks)
    return InvalidOptionError(where, f"it lacks {what}" if what else mistake.what, hint=f"write {example}")


def _placed(error: DefinitionError, where: str) -> DefinitionError:
    """Return an error that a constructor has raised, at the place of the call."""
    made = type(error).__new__(type(error))
    DefinitionError.__init__(made, where, error.what, hint=error.hint, needed_by=error.needed_by)
    return made


def _caller(depth: int) -> str:
    """Return the place of a call, ``depth`` frames above this one: ``shop/main.py:30``."""
    frame = sys._getframe(depth)  # noqa: SLF001  the only way to say where something was called
    if frame.f_globals.get("__name__") == "typing" and frame.f_back is not None:
        # A generic class with its arguments is called by a function of typing.
        frame = frame.f_back
    return f"{short_path(frame.f_code.co_filename)}:{frame.f_lineno}"
