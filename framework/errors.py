"""The programmer's mistakes: each says where it is, what is wrong and how to fix it."""

from collections.abc import Sequence

__all__ = (
    "BodyNotAllowedError",
    "CaptiveProviderError",
    "CyclicProviderError",
    "DefinitionError",
    "DefinitionErrors",
    "DuplicateParameterError",
    "DuplicateProviderError",
    "DuplicateRouteError",
    "DuplicateRouteNameError",
    "InvalidCallbackError",
    "InvalidControllerError",
    "InvalidDefaultError",
    "InvalidExampleError",
    "InvalidGuardError",
    "InvalidHandlerError",
    "InvalidLayerError",
    "InvalidLinkError",
    "InvalidMarkerError",
    "InvalidObserverError",
    "InvalidOptionError",
    "InvalidPatchError",
    "InvalidPathError",
    "InvalidProviderError",
    "InvalidResponseError",
    "InvalidSecurityError",
    "InvalidSocketError",
    "InvalidTaskError",
    "MissingAnnotationError",
    "MissingProviderError",
    "MissingReturnAnnotationError",
    "NoRequestError",
    "RequestInSingletonError",
    "ResponseMismatchError",
    "ReverseError",
    "SeveralBodiesError",
    "UnboundPlaceholderError",
    "UnencodableReturnError",
    "UnknownAttributeError",
    "UnknownPlaceholderError",
    "UnresolvedAnnotationError",
    "UnsupportedTypeError",
)


class DefinitionError(Exception):
    """A mistake in what was declared, found when the application is built.

    Subclasses take data and render themselves as ``where: what.`` with the lines ``Needed by:`` (where something
    asked for it) and ``Hint:``.
    """

    def __init__(self, where: str, what: str, *, hint: str, needed_by: Sequence[str] = ()) -> None:
        lines = [f"{where}: {what}."]
        if needed_by:
            lines.append("  Needed by: " + " -> ".join(needed_by))
        lines.append(f"  Hint: {hint}.")
        super().__init__("\n".join(lines))
        self.where = where
        self.what = what
        self.hint = hint
        self.needed_by = tuple(needed_by)


class DefinitionErrors(ExceptionGroup[DefinitionError]):
    """All errors in what was declared, as ``App.build()`` raises them; there is a group for a single error too."""

    def derive(self, excs: Sequence[DefinitionError], /) -> "DefinitionErrors":  # type: ignore[override]  # its own kind
        """Return a group of some of the errors, for ``split`` and ``except*``."""
        return DefinitionErrors(self.message, excs)

    def listing(self) -> str:
        """Return the messages one below the other, and how many there are."""
        return "\n".join([*map(str, self.exceptions), f"{self.message}."])


class MissingAnnotationError(DefinitionError):
    """A parameter that the framework must fill has no annotation; ``example`` is one that it may have."""

    def __init__(self, where: str, parameter: str, *, example: str = "int") -> None:
        annotation = "Request" if parameter == "request" else example
        hint = f"say what it takes, for example {parameter}: {annotation}"
        if where.startswith("<lambda>"):
            hint = "write a function with annotated parameters; those of a lambda have no types"
        super().__init__(f"{where}, parameter {parameter!r}", "it has no type annotation", hint=hint)


class MissingReturnAnnotationError(DefinitionError):
    """A handler does not say what it returns."""

    def __init__(
        self, where: str, *, hint: str = "say what is answered, for example -> Order, or -> None for 204 No Content"
    ) -> None:
        super().__init__(where, "it has no return annotation", hint=hint)


class UnresolvedAnnotationError(DefinitionError):
    """An annotation names something that cannot be found."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(
            where,
            f"its annotations cannot be resolved ({reason})",
            hint="import the name at module level, not under TYPE_CHECKING, where the function is defined",
        )


class UnsupportedTypeError(DefinitionError):
    """A type that cannot be read from a request, or has no schema."""

    def __init__(self, where: str, parameter: str, type_name: str, reason: str, *, hint: str = "") -> None:
        super().__init__(
            f"{where}, parameter {parameter!r}",
            f"{type_name} cannot be read from a request ({reason})",
            hint=hint
            or "use a builtin, a msgspec Struct, a dataclass, a TypedDict, a NamedTuple or an attrs class, or "
            "register the type in the container",
        )


class InvalidDefaultError(DefinitionError):
    """A default that is not a value of its own type."""

    def __init__(self, where: str, name: str, default: str, reason: str) -> None:
        super().__init__(
            f"{where}, {name}",
            f"its default {default} does not fit its type ({reason})",
            hint="write the type as T | None, or give a default that fits"
            if default == "None"
            else "give a default that fits, or a type that admits it",
        )


class InvalidExampleError(DefinitionError):
    """An example that is not a value of its own type."""

    def __init__(self, where: str, name: str, example: object, reason: str) -> None:
        super().__init__(
            where,
            f"the example {f'{name!r}: ' if name else ''}{example!r} does not fit its type ({reason})",
            hint="give an example that fits",
        )


class UnboundPlaceholderError(DefinitionError):
    """A placeholder of the path has no parameter that takes it; ``marker`` is what takes that parameter elsewhere."""

    def __init__(self, where: str, path: str, placeholder: str, *, marker: str = "") -> None:
        hint = f"take {marker} from the parameter" if marker else "add a parameter named"
        super().__init__(
            where,
            f"no parameter takes the placeholder {{{placeholder}}} of the path {path!r}",
            hint=f"{hint} {placeholder!r}, or take the placeholder out of the path",
        )


class UnknownPlaceholderError(DefinitionError):
    """A parameter is a path parameter by its marker, or on another path of its handler, and has no placeholder here."""

    def __init__(
        self,
        where: str,
        parameter: str,
        placeholder: str,
        path: str,
        *,
        marked: bool = True,
        guard: str = "",
        needed_by: Sequence[str] = (),
    ) -> None:
        other = "drop the Path() marker" if marked else "give the parameter a default"
        other = f"give the guard {guard} only to routes that have it" if guard else other
        super().__init__(
            f"{where}, parameter {parameter!r}",
            f"the path {path!r} has no placeholder {{{placeholder}}}",
            needed_by=needed_by,
            hint=f"add {{{placeholder}}} to the path, or {other}",
        )


class SeveralBodiesError(DefinitionError):
    """More than one parameter would take the request body."""

    def __init__(self, where: str, parameters: Sequence[str], *, hint: str = "") -> None:
        names = ", ".join(repr(name) for name in parameters)
        super().__init__(
            where,
            f"several parameters would take the request body: {names}",
            hint=hint
            or "put them into one Struct, mark the others with Query(), Header() or Cookie(), or register their "
            "types in the container",
        )


class BodyNotAllowedError(DefinitionError):
    """A method without a request body has a parameter that would take one."""

    def __init__(
        self, where: str, parameter: str, type_name: str, method: str, *, hint: str, needed_by: Sequence[str] = ()
    ) -> None:
        super().__init__(
            f"{where}, parameter {parameter!r}",
            f"{type_name} would be the request body, and {method} has none",
            needed_by=needed_by,
            hint=hint,
        )


class InvalidMarkerError(DefinitionError):
    """A parameter marker stands where it makes no sense."""

    def __init__(self, where: str, parameter: str, what: str, hint: str) -> None:
        super().__init__(f"{where}, parameter {parameter!r}", what, hint=hint)


class DuplicateParameterError(DefinitionError):
    """Two parameters read one name of the request with different types."""

    def __init__(self, where: str, source: str, name: str, types: Sequence[str]) -> None:
        super().__init__(
            where,
            f"the {source} parameter {name!r} is read with different types: {', '.join(types)}",
            hint="give both the same type, or one of them another name on the wire",
        )


class UnencodableReturnError(DefinitionError):
    """The return annotation names a type that no encoder can write."""

    def __init__(self, where: str, type_name: str, reason: str, *, hint: str = "") -> None:
        super().__init__(
            where,
            f"its return type {type_name} cannot be encoded ({reason})",
            hint=hint or "return a Struct, a dataclass or builtins, a framework Response, or an aiohttp StreamResponse",
        )


class InvalidResponseError(DefinitionError):
    """A status and a return annotation contradict each other."""


class InvalidSecurityError(DefinitionError):
    """Credentials that cannot be verified as they were declared."""


class InvalidSocketError(DefinitionError):
    """A web socket's handler, messages or origins are not what they can be."""


class InvalidLinkError(DefinitionError):
    """A link leads to no operation, or gives it what it does not take or what the route does not have."""


class InvalidCallbackError(DefinitionError):
    """A callback or webhook cannot be sent as it was declared."""


class InvalidPathError(DefinitionError):
    """A path template that cannot be read."""

    def __init__(self, where: str, path: object, reason: str, *, hint: str) -> None:
        super().__init__(where, f"the path {path!r} {reason}", hint=hint)


class DuplicateRouteError(DefinitionError):
    """Two handlers answer one method on one path (placeholder names do not count)."""

    def __init__(
        self, where: str, what: str, other: str, *, hint: str = "change the path or the method of one of them"
    ) -> None:
        super().__init__(where, f"{what} is also answered by {other}", hint=hint)


class DuplicateRouteNameError(DefinitionError):
    """Two handlers share one route name."""

    def __init__(self, where: str, name: str, other: str) -> None:
        super().__init__(
            where, f"the route name {name!r} is also that of {other}", hint="give one of them another name="
        )


class InvalidOptionError(DefinitionError):
    """A setting that nobody knows, or whose value has the wrong type."""


class UnknownAttributeError(DefinitionError, AttributeError):
    """An attribute that an App of another framework has."""


class InvalidHandlerError(DefinitionError):
    """What carries a route decorator is not a method that can answer a request."""


class InvalidControllerError(DefinitionError):
    """What stands among the controllers is not a controller that can be built."""


class InvalidGuardError(DefinitionError):
    """A parameter of a guard takes what no guard can have."""


class InvalidLayerError(DefinitionError):
    """A guard, middleware or exception handler has the wrong shape."""


class InvalidObserverError(DefinitionError):
    """An observer has no method that is called, or one that cannot be called."""


class MissingProviderError(DefinitionError):
    """A constructor, provider or handler asks for a type that nobody provides."""

    def __init__(self, where: str, parameter: str, type_name: str, needed_by: Sequence[str], *, hint: str) -> None:
        super().__init__(
            f"{where}, parameter {parameter!r}", f"no provider for {type_name}", needed_by=needed_by, hint=hint
        )


class CyclicProviderError(DefinitionError):
    """Providers need each other in a circle."""

    def __init__(self, where: str, cycle: Sequence[str]) -> None:
        super().__init__(
            where,
            f"the provider of {cycle[0]} needs itself",
            needed_by=cycle,
            hint="let one of them take what it needs as a method argument, or move what both need to a third service",
        )


class CaptiveProviderError(DefinitionError):
    """Something that lives as long as the process would keep something that lives as long as a request.

    ``fixed`` says that the holder (a guard, a middleware) has no other lifetime, ``movable`` that the service may, and
    ``called`` that the holder is a class whose instances are called.
    """

    def __init__(
        self,
        where: str,
        parameter: str,
        holder: str,
        type_name: str,
        *,
        needed_by: Sequence[str],
        fixed: bool,
        movable: bool = True,
        called: bool = False,
    ) -> None:
        elsewhere = ", or take it in __call__ of a guard or an exception handler" if fixed and called else ""
        ways = [f"{type_name} as a singleton"] * movable + [f"{holder} as scoped"] * (not fixed)
        super().__init__(
            f"{where}, parameter {parameter!r}",
            f"{holder} lives as long as the process, and {type_name} is scoped",
            needed_by=needed_by,
            hint=(f"register {', or '.join(ways)}" if ways else "take the parameter out") + elsewhere,
        )


class DuplicateProviderError(DefinitionError):
    """One type is registered twice under one qualifier."""

    def __init__(self, where: str, type_name: str, qualifier: str | None, first: str) -> None:
        under = f" with qualifier {qualifier!r}" if qualifier is not None else ""
        super().__init__(
            where,
            f"{type_name} is registered more than once{under} (first at {first})",
            hint="drop one of the registrations, or tell them apart with qualifier=",
        )


class InvalidProviderError(DefinitionError):
    """A factory that cannot make what it is registered for."""


class RequestInSingletonError(DefinitionError):
    """A provider that lives as long as the process reads a request.

    ``fixed`` says that it (a guard, a middleware) has no other lifetime, ``called`` that it is an object to be called.
    """

    def __init__(self, where: str, parameter: str, holder: str, *, fixed: bool, called: bool = True) -> None:
        elsewhere = "take the parameter out" + ("; the request is given to __call__" if called else "")
        super().__init__(
            f"{where}, parameter {parameter!r}",
            f"{holder} lives as long as the process and cannot read a request",
            hint=elsewhere if fixed else f"register {holder} with add_scoped, or take the parameter out",
        )


class InvalidPatchError(DefinitionError):
    """A type that has no partial form; raised where ``Patch[T]`` is written."""

    def __init__(self, type_name: str, what: str, *, hint: str) -> None:
        super().__init__(f"Patch[{type_name}]", what, hint=hint)


class NoRequestError(DefinitionError):
    """Something that runs outside of requests, such as a background task, needs what reads one."""

    def __init__(self, where: str, parameter: str, asker: str, *, needed_by: Sequence[str]) -> None:
        super().__init__(
            f"{where}, parameter {parameter!r}",
            f"it is read from a request, and {asker} runs outside of one",
            needed_by=needed_by,
            hint="pass what is needed of the request as an argument, or write Request | None where the request itself "
            "is asked for",
        )


class InvalidTaskError(DefinitionError):
    """What is to be run in the background, periodically or around serving cannot be called as such."""


class ReverseError(LookupError):
    """A URL was asked for that cannot be built: unknown handler or name, or parameters that do not fit."""


class ResponseMismatchError(TypeError):
    """A handler has sent a value that is not, and cannot be converted to, what it is annotated with.

    It is raised while a request is served, logged as any unhandled exception is, and is a 500 for the client.
    """

    def __init__(self, where: str, pointer: str, expected: str, found: str | None, *, hint: str = "") -> None:
        self.where = where
        self.pointer = pointer
        """A JSON pointer to the value; empty for the whole."""
        self.expected = expected
        self.found = found
        got = "" if found is None else f", got `{found}`"
        super().__init__(
            f"{where} sends what its annotation does not allow, at {pointer or 'the top'}: expected `{expected}`{got}"
            + (f"; {hint}" if hint else "")
        )
