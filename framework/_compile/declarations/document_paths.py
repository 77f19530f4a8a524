"""Checks the paths of documents and their pages, before they are planned."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from framework._inspect.names import value_name
from framework.errors import DefinitionError, InvalidOptionError
from framework.openapi import OpenAPI

__all__ = ("has_wrong_places",)

_Place = tuple[str, Any]
# The option of a path -> the path.
_EXAMPLES = {"path": "/openapi.json", "docs_path": "/docs", "redoc_path": "/redoc", "scalar_path": "/scalar"}


def has_wrong_places(where: str, documents: Any, report: Callable[[DefinitionError], None]) -> bool:
    """Report invalid paths, and equal paths of one app (most often the default); return whether there are any."""
    listed = documents if isinstance(documents, Collection) else (documents,)
    places = [(option, getattr(one, option)) for one in listed if isinstance(one, OpenAPI) for option in _EXAMPLES]
    mistakes = [*_not_paths(where, places), *_shared(where, places)]
    for mistake in mistakes:
        report(mistake)
    return bool(mistakes)


def _not_paths(where: str, places: Sequence[_Place]) -> list[DefinitionError]:
    mistakes: dict[str, DefinitionError] = {}
    for option, place in places:
        optional = option != "path"
        if not (isinstance(place, str) or (optional and place is None)):
            expected = "a path or None" if optional else "a path"
            what = f"OpenAPI({option}={value_name(place)}) is not {expected}"
            hint = f'write it as OpenAPI({option}="{_EXAMPLES[option]}")'
            mistakes[what] = InvalidOptionError(where, what, hint=hint)
    return list(mistakes.values())


def _shared(where: str, places: Sequence[_Place]) -> list[DefinitionError]:
    options: dict[str, list[str]] = {}
    for option, place in places:
        if isinstance(place, str):
            options.setdefault(place, []).append(option)
    shared = {place: tuple(dict.fromkeys(named)) for place, named in options.items() if len(named) > 1}
    return [_shared_by(where, place, named) for place, named in shared.items()]


def _shared_by(where: str, place: str, options: tuple[str, ...]) -> DefinitionError:
    if len(options) == 1:
        what = f"several documents of openapi= have {options[0]}={place!r}"
        return InvalidOptionError(where, what, hint=f"give each OpenAPI its own {options[0]}=")
    what = f"{' and '.join(f'{option}={place!r}' for option in options)} of openapi= are one place"
    return InvalidOptionError(where, what, hint="give each a path of its own")
