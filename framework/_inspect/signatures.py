"""Reads signatures: parameters with resolved annotations and type variables."""

import functools
import inspect
import math
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from enum import Enum
from types import FunctionType, MethodType
from typing import Any

from msgspec import Struct

from framework._inspect.names import constructor_of, describe
from framework.errors import InvalidHandlerError, InvalidProviderError, UnresolvedAnnotationError

__all__ = (
    "MISSING",
    "UNSTATED",
    "Parameter",
    "Signature",
    "accepts",
    "bind_call",
    "bound_parameters",
    "called_of",
    "class_hints",
    "declared_in",
    "fill_in",
    "instance_call",
    "is_async",
    "is_async_generator",
    "is_generator",
    "is_sync_generator",
    "positional_names",
    "read_signature",
    "show_constructor",
    "type_arguments",
)


class _Missing(Enum):
    MISSING = "missing"


MISSING = _Missing.MISSING
"""The value for an annotation or a default that was not written."""
UNSTATED: tuple[Any, ...] = (MISSING, Any, object)
"""Annotations that allow any type."""


class Parameter(Struct, frozen=True, kw_only=True):
    """One parameter of a function or constructor."""

    name: str
    annotation: Any
    default: Any
    positional: bool
    """Whether it can only be passed by position."""


class Signature(Struct, frozen=True, kw_only=True):
    """The signature of a callable: its place, its parameters and its return annotation."""

    where: str
    parameters: tuple[Parameter, ...]
    returns: Any
    rest: str = ""
    """The parameters that accept any further arguments, as they are written: ``*args, **kwargs``."""


def read_signature(
    target: Callable[..., Any],
    *,
    owner: type | None = None,
    method: bool = False,
    variables: Mapping[Any, Any] | None = None,
) -> Signature:
    """Read the parameters and the return annotation of a function, a class's constructor or a callable object.

    ``owner`` is the class through which a method is used, ``method`` leaves out its first parameter, ``variables`` are
    the values of type variables. Raises UnresolvedAnnotationError, InvalidProviderError and InvalidHandlerError.
    """
    where = describe(target, owner=owner)
    try:
        hints = _hints(target)
        signature = _OF_OBJECT if _has_no_constructor(target) else inspect.signature(target)
    except (NameError, TypeError, AttributeError, SyntaxError) as error:
        raise UnresolvedAnnotationError(where, str(error).rstrip(".")) from error
    except ValueError as error:
        raise InvalidProviderError(
            where, "its parameters cannot be read", hint="give a function with annotated parameters that calls it"
        ) from error
    listed = list(signature.parameters.values())
    if method:
        _check_method(listed, hints, where)
        listed = listed[1:]
    return Signature(
        where=where,
        parameters=tuple(_parameter(one, hints, variables or {}) for one in listed if _is_named(one)),
        returns=MISSING
        if isinstance(_called(target), type)
        else _filled(hints.get("return", MISSING), variables or {}),
        rest=", ".join(str(one).partition(":")[0] for one in listed if not _is_named(one)),
    )


# The parameters of object() are in a string, which would be parsed each time.
_OF_OBJECT = inspect.signature(object)
_MAKERS_OF_OBJECT = type.__call__, object.__init__, object.__new__


def _has_no_constructor(target: Any) -> bool:
    """Return whether something is a class that is made as an object is."""
    if not isinstance(target, type) or hasattr(target, "__signature__"):
        return False
    makers: tuple[Any, ...] = type(target).__call__, constructor_of(target), target.__new__
    return makers == _MAKERS_OF_OBJECT


def _called(target: Any) -> Any:
    while isinstance(target, functools.partial):
        target = target.func
    return target


def _hints(target: Callable[..., Any]) -> dict[str, Any]:
    target = _called(target)
    if isinstance(target, type):
        written = constructor_of(target)
        if hasattr(written, "__code__"):
            return typing.get_type_hints(written, include_extras=True)
        return typing.get_type_hints(target, include_extras=True) if issubclass(target, Struct) else {}
    if not hasattr(target, "__annotations__"):
        target = type(target).__call__
    return typing.get_type_hints(target, include_extras=True)


def _takes_self(first: inspect.Parameter, hints: Mapping[str, Any]) -> bool:
    if first.kind is inspect.Parameter.VAR_POSITIONAL:
        return True
    # Another name with a type is meant for a value.
    return first.kind is not inspect.Parameter.KEYWORD_ONLY and (first.name == "self" or first.name not in hints)


def _check_method(listed: Sequence[inspect.Parameter], hints: Mapping[str, Any], where: str) -> None:
    """Reject a handler without ``self``, or with parameters that cannot be passed by name."""
    if not listed or not _takes_self(listed[0], hints):
        raise InvalidHandlerError(where, "its first parameter is not self", hint="write self first")
    for one in listed[1:]:
        if not _is_named(one):
            raise InvalidHandlerError(
                where,
                f"nothing fills {str(one).partition(':')[0]}",
                hint="name the parameters one by one; a decorator around a handler needs functools.wraps",
            )


# PERF: no set, because the hash of a member of an enum is a function in Python.
_REST = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _is_named(parameter: inspect.Parameter) -> bool:
    return parameter.kind not in _REST


def _parameter(parameter: inspect.Parameter, hints: Mapping[str, Any], variables: Mapping[Any, Any]) -> Parameter:
    return Parameter(
        name=parameter.name,
        annotation=_filled(hints.get(parameter.name, MISSING), variables),
        default=MISSING if parameter.default is inspect.Parameter.empty else parameter.default,
        positional=parameter.kind is inspect.Parameter.POSITIONAL_ONLY,
    )


def _filled(annotation: Any, variables: Mapping[Any, Any]) -> Any:
    return fill_in(annotation, variables) if variables else annotation


def fill_in(annotation: Any, variables: Mapping[Any, Any]) -> Any:
    """Replace type variables by types: ``Page[T]`` with ``{T: Order}`` -> ``Page[Order]``."""
    if isinstance(annotation, typing.TypeVar):
        return variables.get(annotation, annotation)
    parameters = getattr(annotation, "__parameters__", ())
    if not parameters or isinstance(annotation, type):
        return annotation
    return annotation[tuple(variables.get(one, one) for one in parameters)]


def type_arguments(annotation: Any) -> dict[type, dict[Any, Any]]:
    """Return, for a class or a parametrised generic and each of its bases, the values of their type variables."""
    if isinstance(annotation, type) and not hasattr(annotation, "__orig_bases__"):
        # Nothing in it is generic.
        return {one: {} for one in annotation.__mro__}
    found: dict[type, dict[Any, Any]] = {}

    def visit(base: Any, variables: Mapping[Any, Any]) -> None:
        origin = typing.get_origin(base) or base
        if origin in (typing.Generic, typing.Protocol) or not isinstance(origin, type):
            return
        values = [fill_in(one, variables) for one in typing.get_args(base)]
        found[origin] = dict(zip(getattr(origin, "__parameters__", ()), values, strict=False))
        for parent in getattr(origin, "__orig_bases__", origin.__bases__):
            visit(parent, found[origin])

    visit(annotation, {})
    return found


def show_constructor(cls: Any) -> None:
    """Show the parameters of ``__init__`` as those of a class, which ``__new__`` would hide from help() and editors."""
    signature = inspect.signature(cls.__init__)
    cls.__signature__ = signature.replace(parameters=list(signature.parameters.values())[1:])


def instance_call(cls: type) -> Any:
    """Return the ``__call__`` of the instances of a class, ``None`` if they are not callable."""
    return next((vars(base)["__call__"] for base in cls.__mro__ if "__call__" in vars(base)), None)


def called_of(layer: Any) -> tuple[Any, int]:
    """Return the function that is called for a layer, and how many of its first parameters are ``self``: 0 or 1."""
    return (instance_call(layer), 1) if isinstance(layer, type) else (layer, 0)


def is_async(target: Any) -> bool:
    """Return whether a call returns a coroutine: an ``async def``, or an object with an async ``__call__``."""
    target = _called(target)
    if isinstance(target, FunctionType | MethodType):
        return inspect.iscoroutinefunction(target)
    return inspect.iscoroutinefunction(target) or inspect.iscoroutinefunction(getattr(target, "__call__", None))  # noqa: B004  the method of the class


def is_sync_generator(target: Any) -> bool:
    """Return whether a call returns a synchronous generator."""
    return inspect.isgeneratorfunction(target)


def is_async_generator(target: Any) -> bool:
    """Return whether a call returns an async generator."""
    return inspect.isasyncgenfunction(target)


def is_generator(target: Any) -> bool:
    """Return whether a call returns a generator of either kind."""
    return is_sync_generator(target) or is_async_generator(target)


def bound_parameters(target: Callable[..., Any], count: int, names: Iterable[str], where: str) -> AbstractSet[str]:
    """Return the parameters that arguments fill, ``count`` by position and others by name; raises TypeError."""
    try:
        bound = inspect.signature(target).bind_partial(*range(count), **dict.fromkeys(names))
    except ValueError:  # It has no signature.
        return frozenset()
    except TypeError as error:
        raise TypeError(f"{where}: {error}") from None
    return bound.arguments.keys()


def bind_call(target: Callable[..., Any], args: Sequence[Any], keywords: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a call by parameter, without defaults; raises TypeError if they do not fit."""
    return dict(inspect.signature(target).bind(*args, **keywords).arguments)


def declared_in(cls: type, name: str) -> Any:
    """Return an attribute of a class as it is written: a staticmethod, not its function."""
    return inspect.getattr_static(cls, name)


def accepts(target: Callable[..., Any], count: int, *, more: bool = False, unknown: bool = False) -> bool:
    """Return whether something can be called with ``count`` positional arguments, or with them and ``more``.

    ``unknown`` is returned for callables without a signature, such as ``str``.
    """
    counts = _counts(target)
    if counts is not None:
        return (more or counts[0] <= count) and count <= counts[1]
    try:
        signature = inspect.signature(target)
        (signature.bind_partial if more else signature.bind)(*range(count))
    except TypeError:
        return False
    except ValueError:
        return unknown
    return True


def _counts(target: Any) -> tuple[int, float] | None:
    """Return how many positional arguments a plain function takes, at least and at most; ``None`` for all others."""
    # PERF: inspect.signature() takes forty times as long.
    bound = isinstance(target, MethodType)
    function = target.__func__ if bound else target
    if not isinstance(function, FunctionType) or vars(function):
        return None
    code = function.__code__
    if code.co_kwonlyargcount or code.co_argcount < bound:
        return None
    most = math.inf if code.co_flags & inspect.CO_VARARGS else code.co_argcount - bound
    return max(code.co_argcount - len(function.__defaults__ or ()) - bound, 0), most


def positional_names(target: Any) -> tuple[str, ...]:
    """Return the names of the parameters that a function takes by position, in their order; none if that is unclear.

    A decorator's ``(*args)`` takes those of the function that it wraps.
    """
    code = getattr(target, "__code__", None)
    if code is not None and hasattr(target, "__wrapped__"):
        by_position = code.co_flags & inspect.CO_VARARGS and not code.co_flags & inspect.CO_VARKEYWORDS
        code = getattr(inspect.unwrap(target), "__code__", None) if by_position else None
    return () if code is None else code.co_varnames[: code.co_argcount]


def class_hints(cls: type) -> dict[str, Any]:
    """Return the resolved annotations of a class and its bases, ``Annotated`` left in.

    Raises NameError, TypeError or AttributeError if an annotation contains a name that cannot be found.
    """
    return typing.get_type_hints(cls, include_extras=True)
