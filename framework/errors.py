"""Definition errors: errors of the programmer, each with where, what and a hint."""

from collections.abc import Sequence
from typing import ClassVar

from framework.startup import ReportedError

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
    "InvalidJobError",
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
    "InvalidTemplateError",
    "InvalidTopicError",
    "LayerOrderError",
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
    """An error in a declaration, found when the application is built.

    Subclasses take data. Their message is ``where: what.`` with the lines ``Needed by:`` (if another service or handler
    needs it) and ``Hint:``. Each class of the framework has a code of its own, which never changes.
    """

    code: ClassVar[str] = ""
    """``framework explain CODE`` prints an explanation; empty for classes of an application."""

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
        if self.code:
            # Shown below the message in a traceback, also that of pytest.
            self.add_note(f"Explained by: framework explain {self.code}")


class DefinitionErrors(ReportedError, ExceptionGroup[DefinitionError]):
    """All errors in the declarations, as ``App.build()`` raises them; a single error is in a group too."""

    def derive(self, excs: Sequence[DefinitionError], /) -> "DefinitionErrors":  # type: ignore[override]  # its own kind
        """Return a group of some of the errors; Python calls it for ``split`` and ``except*``."""
        return DefinitionErrors(self.message, excs)

    def listing(self) -> str:
        """Return all messages, one below the other, and their number."""
        return "\n".join([*map(str, self.exceptions), f"{self.message}."])

    def explained_by(self) -> str:
        """Return a line with the command that explains the errors; empty if no error has a code."""
        codes = dict.fromkeys(one.code for one in self.exceptions if isinstance(one, DefinitionError) and one.code)
        return f"Explained by: framework explain {' '.join(codes)}" if codes else ""


class MissingAnnotationError(DefinitionError):
    """A parameter that the framework must fill has no annotation; ``example`` is a possible annotation."""

    code = "E101"

    def __init__(self, where: str, parameter: str, *, example: str = "int") -> None:
        annotation = "Request" if parameter == "request" else example
        hint = f"annotate it, for example {parameter}: {annotation}"
        if where.startswith("<lambda>"):
            hint = "write a function with annotated parameters; those of a lambda have no types"
        super().__init__(f"{where}, parameter {parameter!r}", "it has no type annotation", hint=hint)


class MissingReturnAnnotationError(DefinitionError):
    """A handler has no return annotation."""

    code = "E102"

    def __init__(
        self, where: str, *, hint: str = "annotate the return type, for example -> Order, or -> None for 204 No Content"
    ) -> None:
        super().__init__(where, "it has no return annotation", hint=hint)


class UnresolvedAnnotationError(DefinitionError):
    """An annotation contains a name that cannot be resolved."""

    code = "E103"

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(
            where,
            f"its annotations cannot be resolved ({reason})",
            hint="import the name at module level, not under TYPE_CHECKING, where the function is defined",
        )


class UnsupportedTypeError(DefinitionError):
    """A type that cannot be read from a request, or has no schema."""

    code = "E104"

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

    code = "E105"

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

    code = "E106"

    def __init__(self, where: str, name: str, example: object, reason: str) -> None:
        super().__init__(
            where,
            f"the example {f'{name!r}: ' if name else ''}{example!r} does not fit its type ({reason})",
            hint="give an example that fits",
        )


class UnboundPlaceholderError(DefinitionError):
    """A placeholder of the path has no parameter; ``marker`` is the marker that gives the parameter another source."""

    code = "E202"

    def __init__(self, where: str, path: str, placeholder: str, *, marker: str = "") -> None:
        hint = f"take {marker} from the parameter" if marker else "add a parameter named"
        super().__init__(
            where,
            f"no parameter takes the placeholder {{{placeholder}}} of the path {path!r}",
            hint=f"{hint} {placeholder!r}, or take the placeholder out of the path",
        )


class UnknownPlaceholderError(DefinitionError):
    """A path parameter, by its marker or on another path of its handler, has no placeholder in this path."""

    code = "E203"

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
    """More than one parameter would be the request body."""

    code = "E109"

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
    """A route of a method without a request body has a body parameter."""

    code = "E110"

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
    """A parameter marker is used in a place where it is not allowed."""

    code = "E107"

    def __init__(self, where: str, parameter: str, what: str, hint: str) -> None:
        super().__init__(f"{where}, parameter {parameter!r}", what, hint=hint)


class DuplicateParameterError(DefinitionError):
    """Two parameters read the same name of the request with different types."""

    code = "E108"

    def __init__(self, where: str, source: str, name: str, types: Sequence[str]) -> None:
        super().__init__(
            where,
            f"the {source} parameter {name!r} is read with different types: {', '.join(types)}",
            hint="give both the same type, or one of them another name on the wire",
        )


class UnencodableReturnError(DefinitionError):
    """The return annotation is a type that no encoder can write."""

    code = "E601"

    def __init__(self, where: str, type_name: str, reason: str, *, hint: str = "") -> None:
        super().__init__(
            where,
            f"its return type {type_name} cannot be encoded ({reason})",
            hint=hint or "return a Struct, a dataclass or builtins, a framework Response, or an aiohttp StreamResponse",
        )


class InvalidResponseError(DefinitionError):
    """A status and a return annotation contradict each other."""

    code = "E602"


class InvalidSecurityError(DefinitionError):
    """Credentials that cannot be verified as they were declared."""

    code = "E404"


class InvalidSocketError(DefinitionError):
    """A web socket has an invalid handler, message type or origin."""

    code = "E701"


class InvalidLinkError(DefinitionError):
    """A link has no target operation, passes an unknown parameter, or reads a value that the route does not have."""

    code = "E702"


class InvalidCallbackError(DefinitionError):
    """A callback or webhook has an invalid declaration."""

    code = "E703"


class InvalidPathError(DefinitionError):
    """A path template cannot be parsed."""

    code = "E201"

    def __init__(self, where: str, path: object, reason: str, *, hint: str) -> None:
        super().__init__(where, f"the path {path!r} {reason}", hint=hint)


class DuplicateRouteError(DefinitionError):
    """Two handlers serve the same method on the same path (placeholder names are ignored)."""

    code = "E204"

    def __init__(
        self, where: str, what: str, other: str, *, hint: str = "change the path or the method of one of them"
    ) -> None:
        super().__init__(where, f"{what} is also handled by {other}", hint=hint)


class DuplicateRouteNameError(DefinitionError):
    """Two handlers have the same route name."""

    code = "E205"

    def __init__(self, where: str, name: str, other: str) -> None:
        super().__init__(
            where, f"the route name {name!r} is also that of {other}", hint="give one of them another name="
        )


class InvalidOptionError(DefinitionError):
    """An option is unknown, or its value has the wrong type."""

    code = "E501"


class UnknownAttributeError(DefinitionError, AttributeError):
    """The attribute belongs to the App of another framework."""

    code = "E502"


class InvalidHandlerError(DefinitionError):
    """A route decorator is on an object that is not a method for requests."""

    code = "E206"


class InvalidControllerError(DefinitionError):
    """An item of ``controllers=`` is not a controller that can be built."""

    code = "E207"


class InvalidGuardError(DefinitionError):
    """A parameter of a guard has a source that guards do not have."""

    code = "E402"


class InvalidLayerError(DefinitionError):
    """A guard, middleware or exception handler has the wrong shape."""

    code = "E401"


class LayerOrderError(DefinitionError):
    """A middleware of the catalogue is inside a middleware that must be further in."""

    code = "E403"

    def __init__(self, where: str, inner: str, outer: str, order: Sequence[str]) -> None:
        super().__init__(
            where,
            f"the middleware {inner} is inside {outer}",
            hint=f"give them in this order, from the outside in: {', '.join(order)}",
        )


class InvalidObserverError(DefinitionError):
    """An observer has neither ``begin`` nor ``end``, or one of them cannot be called."""

    code = "E405"


class MissingProviderError(DefinitionError):
    """A constructor, provider or handler needs a type that has no provider."""

    code = "E301"

    def __init__(self, where: str, parameter: str, type_name: str, needed_by: Sequence[str], *, hint: str) -> None:
        super().__init__(
            f"{where}, parameter {parameter!r}", f"no provider for {type_name}", needed_by=needed_by, hint=hint
        )


class CyclicProviderError(DefinitionError):
    """Providers depend on each other in a cycle."""

    code = "E302"

    def __init__(self, where: str, cycle: Sequence[str]) -> None:
        super().__init__(
            where,
            f"the provider of {cycle[0]} needs itself",
            needed_by=cycle,
            hint="let one of them take what it needs as a method argument, or move what both need to a third service",
        )


class CaptiveProviderError(DefinitionError):
    """A service with the lifetime of the process would keep a service with the lifetime of a request.

    ``fixed``: the holder (a guard, a middleware) cannot have another lifetime. ``movable``: the service can have
    another lifetime. ``called``: the holder is a class whose instances are called. ``instead``: what a holder with the
    lifetime of the process takes in its place.
    """

    code = "E303"

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
        instead: str = "",
    ) -> None:
        elsewhere = ", or take it in __call__ of a guard or an exception handler" if fixed and called else ""
        ways = [f"{type_name} as a singleton"] if movable else []
        if not fixed:
            ways.append(f"{holder} as scoped")
        register = f"register {', or '.join(ways)}" if ways else "take the parameter out"
        if instead:
            register = f"take {instead}" if fixed else f"take {instead}, or register {holder} as scoped"
        super().__init__(
            f"{where}, parameter {parameter!r}",
            f"{holder} lives as long as the process, and {type_name} is scoped",
            needed_by=needed_by,
            hint=register + elsewhere,
        )


class DuplicateProviderError(DefinitionError):
    """A type is registered twice under the same qualifier."""

    code = "E304"

    def __init__(self, where: str, type_name: str, qualifier: str | None, first: str) -> None:
        under = f" with qualifier {qualifier!r}" if qualifier is not None else ""
        super().__init__(
            where,
            f"{type_name} is registered more than once{under} (first at {first})",
            hint="drop one of the registrations, or tell them apart with qualifier=",
        )


class InvalidProviderError(DefinitionError):
    """A factory cannot make the type that it is registered for."""

    code = "E305"


class RequestInSingletonError(DefinitionError):
    """A provider with the lifetime of the process reads a request.

    ``fixed``: it (a guard, a middleware) cannot have another lifetime. ``called``: it is an object that is called.
    """

    code = "E306"

    def __init__(self, where: str, parameter: str, holder: str, *, fixed: bool, called: bool = True) -> None:
        elsewhere = "take the parameter out" + ("; the request is given to __call__" if called else "")
        super().__init__(
            f"{where}, parameter {parameter!r}",
            f"{holder} lives as long as the process and cannot read a request",
            hint=elsewhere if fixed else f"register {holder} with add_scoped, or take the parameter out",
        )


class InvalidPatchError(DefinitionError):
    """The type of ``Patch[T]`` cannot be patched; raised when ``Patch[T]`` is evaluated."""

    code = "E111"

    def __init__(self, type_name: str, what: str, *, hint: str) -> None:
        super().__init__(f"Patch[{type_name}]", what, hint=hint)


class NoRequestError(DefinitionError):
    """A function that runs outside requests, such as a background task, needs a service that reads a request."""

    code = "E307"

    def __init__(self, where: str, parameter: str, asker: str, *, needed_by: Sequence[str]) -> None:
        super().__init__(
            f"{where}, parameter {parameter!r}",
            f"it is read from a request, and {asker} runs outside of one",
            needed_by=needed_by,
            hint="pass what is needed of the request as an argument, or write Request | None where the request itself "
            "is asked for",
        )


class InvalidTaskError(DefinitionError):
    """A background task, periodic task or lifespan function cannot be called as one."""

    code = "E801"


class InvalidTopicError(DefinitionError):
    """A topic of channels, or a setting of them, cannot be used."""

    code = "E803"


class InvalidJobError(DefinitionError):
    """A job, or the settings of jobs, cannot be used as declared."""

    code = "E804"


class InvalidTemplateError(DefinitionError):
    """A template is missing or broken, or uses a name that it is not given."""

    code = "E802"


class ReverseError(LookupError):
    """A URL cannot be built: the handler or name is unknown, or the parameters do not match."""


class ResponseMismatchError(TypeError):
    """A handler has sent a value that does not match its annotation and cannot be converted.

    It is raised while a request is served and logged like any unhandled exception. The client gets a 500.
    """

    def __init__(self, where: str, pointer: str, expected: str, found: str | None, *, hint: str = "") -> None:
        self.where = where
        self.pointer = pointer
        """A JSON pointer to the value; empty for the whole value."""
        self.expected = expected
        self.found = found
        got = "" if found is None else f", got `{found}`"
        super().__init__(
            f"{where} sends what its annotation does not allow, at {pointer or 'the top'}: expected `{expected}`{got}"
            + (f"; {hint}" if hint else "")
        )
