"""Checks the custom types that an application declares."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import inspect

from framework._codecs import CustomType, declared
from framework._compile.declarations.documents import is_part_of_document
from framework._inspect.calls import explained_class
from framework._inspect.names import callable_name, type_name, value_name
from framework._inspect.signatures import accepts, is_async, is_generator
from framework._inspect.types import kind_of
from framework._secret import SecretStr
from framework.errors import DefinitionError, InvalidOptionError

__all__ = ("usable_types",)

_Mistake = tuple[str, str]

# Here, because its own module is below the one that explains wrong calls.
explained_class("CustomType", "CustomType(ObjectId, decode=ObjectId, encode=str)")(CustomType)


def usable_types(
    where: str, types: Sequence[CustomType], report: Callable[[DefinitionError], None]
) -> tuple[CustomType, ...]:
    """Return the types, one for each class, and report the errors in their declarations."""
    found: dict[Any, CustomType] = {}
    for one in types:
        for what, hint in _mistakes(one, found):
            report(InvalidOptionError(where, what, hint=hint))
        if isinstance(one.cls, type):
            # Invalid ones are kept as well, so that routes that use the class do not report it again.
            found.setdefault(one.cls, one)
    return tuple(found.values())


def _mistakes(one: Any, found: Mapping[Any, CustomType]) -> Iterator[_Mistake]:
    if not isinstance(one.cls, type):
        what = f"CustomType({value_name(one.cls)}) is not about a class"
        yield what, "give the class itself: CustomType(ObjectId, …)"
        return
    name = f"CustomType({type_name(one.cls)})"
    if one.cls in found:
        yield f"{name} is declared twice", "keep one of them"
        return
    if _is_known(one.cls):
        what = f"{name} is about a class that is read and written without it"
        yield what, f"drop it, or wrap the value in a class of its own: class Price: …, instead of {type_name(one.cls)}"
        return
    yield from _functions(name, one)
    if one.schema is not None and not (isinstance(one.schema, Mapping) and is_part_of_document(one.schema)):
        what = f"{name} has schema={value_name(one.schema)}, which is not a JSON Schema"
        yield what, 'write it as a dict of what JSON has: schema={"type": "string"}'
    other = declared(one.cls)
    if other is not None and not _is_same(one, other):
        what = f"{name} is declared by another application of this process with other functions"
        yield what, "declare it once, and give both applications the same CustomType"


def _is_known(cls: type) -> bool:
    try:
        kind = kind_of(cls)
    except (TypeError, NameError, AttributeError, RecursionError):
        return False
    return not isinstance(kind, inspect.CustomType) or cls in (object, SecretStr)


def _functions(name: str, one: Any) -> Iterator[_Mistake]:
    if one.decode is None and one.encode is None:
        yield (
            f"{name} has neither decode= nor encode=",
            f"give it one of them: CustomType({type_name(one.cls)}, encode=str)",
        )
    for option, function in (("decode", one.decode), ("encode", one.encode)):
        if function is None:
            continue
        if not callable(function):
            yield f"{name} has {option}={value_name(function)}, which is not a function", "give a function of one value"
        elif is_async(function) or is_generator(function):
            yield f"{option}= of {name} is not a plain function", "write it as a plain def: it runs while msgspec does"
        elif not accepts(function, 1, unknown=True):
            what = f"{option}={callable_name(function)} of {name} does not take one value"
            yield what, f"write it as def {option}(value): …"
    errors: Any = one.errors
    if not isinstance(errors, Sequence) or not all(_is_exception(error) for error in errors):
        what = f"{name} has errors={value_name(errors)}, which is not a sequence of exception classes"
        yield what, "write it as errors=(InvalidId,)"


def _is_exception(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, Exception)


def _is_same(one: CustomType, other: CustomType) -> bool:
    """Return whether two declarations are from the same place: an application factory may run twice."""
    return all(_place(getattr(one, name)) == _place(getattr(other, name)) for name in ("decode", "encode"))


def _place(function: Any) -> Any:
    name = getattr(function, "__qualname__", None)
    return function if name is None else (getattr(function, "__module__", None), name)
