"""Checks where documents and their pages are, before anything is planned from it."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from framework._inspect.names import value_name
from framework._openapi.pages import PAGES
from framework._openapi.settings import OpenAPI
from framework.errors import DefinitionError, InvalidOptionError

__all__ = ("has_wrong_places",)

_Place = tuple[str, Any]
# What names a place -> a place.
_EXAMPLES = {"path": "/openapi.json", **{page.setting: f"/{page.setting.removesuffix('_path')}" for page in PAGES}}


def has_wrong_places(where: str, documents: Any, report: Callable[[DefinitionError], None]) -> bool:
    """Report paths that are none, and those of one app that would be one place, most often the default."""
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
            what = f"OpenAPI({option}={value_name(place)}) is not a path{' or None' * optional}"
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
