"""The arguments of a job: bound and checked where it is added, stored as JSON, read where it runs."""

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from framework._compile.binding.defaults import misfit
from framework._hooks import decode_hook, encode_hook
from framework._inspect.names import callable_name, type_name, value_text
from framework._inspect.signatures import MISSING, Parameter, Signature, bind_call
from framework._inspect.types import Unsupported, holds_secrets, kind_of, unsupported
from framework._serve.conversion.output import Output
from framework.errors import (
    DefinitionError,
    InvalidDefaultError,
    InvalidJobError,
    MissingAnnotationError,
    ResponseMismatchError,
)

__all__ = ("Arguments", "check_stored", "key_function", "refused_secret")

_TAKEN = ("delay", "at", "key")
"""The options of JobQueue.add()."""


class Arguments:
    """Binds, encodes and decodes the arguments of one job, as instances of a Struct made for it."""

    def __init__(self, name: str, function: Callable[..., Any], signature: Signature) -> None:
        self._name = name
        self._function = function
        fields = [_field(one) for one in signature.parameters]
        # Unknown arguments are those of another release: they are not dropped without a word.
        self.type: type[Struct] = msgspec.defstruct(name, fields, kw_only=True, forbid_unknown_fields=True)
        self._checked = Output(self.type, name, checks_all=True)
        self._decoder = msgspec.json.Decoder(self.type, dec_hook=decode_hook)
        self._encoder = msgspec.json.Encoder(enc_hook=encode_hook)

    def bind(self, args: tuple[Any, ...], keywords: Mapping[str, Any]) -> Struct:
        """Return the arguments of a call; raises TypeError for those that do not fit the job."""
        try:
            # None stands for self.
            bound = bind_call(self._function, (None, *args), keywords)
        except TypeError as error:
            raise TypeError(f"{self._name}: {error}") from None
        given = dict(list(bound.items())[1:])
        try:
            checked: Struct = self._checked(self.type(**given))
            # Constraints of custom types, and what only the encoder finds.
            self._decoder.decode(self._encoder.encode(checked))
        except ResponseMismatchError as error:
            found = "" if error.found is None else f", got `{error.found}`"
            raise TypeError(f"{self._name}: {_place(error.pointer)}expected `{error.expected}`{found}") from None
        except (msgspec.MsgspecError, TypeError, ValueError, OverflowError) as error:
            raise TypeError(f"{self._name}: {error}") from error
        return checked

    def encode(self, arguments: Struct) -> bytes:
        """Return the arguments as JSON."""
        return self._encoder.encode(arguments)

    def decode(self, stored: bytes) -> Struct:
        """Return stored arguments; raises msgspec.ValidationError and msgspec.DecodeError."""
        return self._decoder.decode(stored)


def _place(pointer: str) -> str:
    name, _, rest = pointer.removeprefix("/").partition("/")
    inside = f" at /{rest}" if rest else ""
    return f"argument {name!r}{inside}: " if name else ""


def _field(parameter: Parameter) -> Any:
    name, default = parameter.name, parameter.default
    if default is MISSING:
        return name, parameter.annotation
    if default is None or isinstance(default, str | bytes | int | float):
        return name, parameter.annotation, default
    # A job may change what it is given.
    return name, parameter.annotation, msgspec.field(default_factory=lambda: copy.deepcopy(default))


def check_stored(signature: Signature, owner: type, knows: Callable[[Any], bool]) -> Iterator[DefinitionError]:
    """Yield the errors of parameters that cannot be stored; ``knows`` returns whether a type is a service."""
    for one in signature.parameters:
        where = f"{signature.where}, parameter {one.name!r}"
        if one.name in _TAKEN:
            what = f"{one.name}= is an option of JobQueue.add()"
            yield InvalidJobError(where, what, hint="give the parameter another name")
        elif one.positional:
            yield InvalidJobError(where, "it can only be given by position", hint="leave out the / of the signature")
        elif one.annotation is MISSING:
            yield MissingAnnotationError(signature.where, one.name)
        elif knows(one.annotation):
            what = f"{type_name(one.annotation)} is a service, which cannot be stored"
            hint = f"take it in the constructor of {callable_name(owner)}"
            yield InvalidJobError(where, what, hint=hint)
        else:
            yield from _check_value(one, signature.where)


def _check_value(parameter: Parameter, where: str) -> Iterator[DefinitionError]:
    annotation = parameter.annotation
    refused = unsupported(annotation) or unsupported(annotation, written=True) or refused_secret(annotation)
    if refused is not None:
        what = f"{type_name(annotation)} cannot be stored ({refused.reason})"
        hint = refused.hint or "take services in the constructor, and store ids instead of objects"
        yield InvalidJobError(f"{where}, parameter {parameter.name!r}", what, hint=hint)
    elif parameter.default is not MISSING:
        reason = misfit(parameter.default, annotation)
        if reason is not None:
            yield InvalidDefaultError(where, f"parameter {parameter.name!r}", value_text(parameter.default), reason)


def refused_secret(annotation: Any) -> Unsupported | None:
    """Return why values of a type that holds secrets are not stored, ``None`` for other types."""
    if not holds_secrets(kind_of(annotation)):
        return None
    return Unsupported("it would be stored in plain text", "store an id, and read the secret in the job")


def key_function(
    where: str, option: str, function: Callable[..., Any], arguments: Arguments
) -> Callable[[Struct], str]:
    """Return the function of arguments that makes a key. Raises InvalidJobError if it cannot be called with them."""
    names = arguments.type.__struct_fields__
    try:
        bind_call(function, (), dict.fromkeys(names))
    except TypeError as error:
        listed = ", ".join(names)
        what = f"{option}={callable_name(function)} cannot be called with the arguments of the job ({error})"
        hint = f"write a function with the same parameters: lambda {listed}: …"
        raise InvalidJobError(where, what, hint=hint) from None

    def key(given: Struct) -> str:
        return str(function(**{name: getattr(given, name) for name in names}))

    return key
