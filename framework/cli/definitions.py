"""The definition errors in an exception: one that was raised alone, or a group of them."""

from collections.abc import Iterator, Sequence

from framework.errors import DefinitionError, DefinitionErrors

__all__ = ("definition_errors", "is_definition_error", "listed")


def is_definition_error(error: BaseException) -> bool:
    """Return whether an exception is a DefinitionError, or a group of nothing else, as ``App.build()`` raises it."""
    if isinstance(error, ExceptionGroup):
        return error.split(DefinitionError)[1] is None
    return isinstance(error, DefinitionError)


def definition_errors(error: BaseException) -> list[DefinitionError]:
    """Return the definition errors in an exception and its groups; an empty list for another exception."""
    return list(_leaves(error)) if is_definition_error(error) else []


def listed(errors: Sequence[DefinitionError]) -> str:
    """Return the messages of errors, their number, and the command that explains them, one below the other."""
    group = DefinitionErrors(f"{len(errors)} error{'s' if len(errors) > 1 else ''} in the application", errors)
    return "\n".join([group.listing(), *filter(None, [group.explained_by()])])


def _leaves(error: BaseException) -> Iterator[DefinitionError]:
    if isinstance(error, DefinitionError):
        yield error
    elif isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _leaves(one)
