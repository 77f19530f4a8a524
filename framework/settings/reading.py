"""``read_settings``: the settings of an application from environment variables, all errors at once."""

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from framework.conversion import ConversionError, convert_strings
from framework.settings.env_files import read_env_file
from framework.settings.errors import SettingError, SettingsError
from framework.settings.hints import as_setting_errors, hint_of, misspelt
from framework.settings.report import record
from framework.settings.sources import Given, UnusableError, find_text
from framework.settings.texts import TextError, shape
from framework.settings.variables import Section, Variable, section_of
from framework.startup import reported_class

__all__ = ("read_settings",)

_T = TypeVar("_T")


def read_settings(
    settings: type[_T],
    environ: Mapping[str, str] | None = None,
    *,
    prefix: str = "",
    env_file: str | Path | None = None,
    ignore: Collection[str] = (),
) -> _T:
    """Read a Struct or dataclass from environment variables, by default those of the process.

    With ``prefix="SHOP_"``, the field ``port`` is ``SHOP_PORT``, and ``url`` of the section ``database`` (a field whose
    type is a Struct or dataclass) is ``SHOP_DATABASE__URL``. A field with another name
    (``field(name="DATABASE_URL")``) is exactly that variable. ``SHOP_KEY_FILE`` names a file that contains
    ``SHOP_KEY``. ``env_file`` is a file for development; variables of the environment have priority, and a missing
    file is ignored. ``ignore`` are variables that look like misspelt settings, and are not. Raises SettingsError with
    all errors, and InvalidOptionError for a class that cannot be read.
    """
    reading = _Reading(section_of(settings, prefix), prefix)
    reading.load(os.environ if environ is None else environ, None if env_file is None else Path(env_file))
    tree = reading.tree(reading.root)
    near = reading.misspelt(ignore)
    made: Any = None
    try:
        made = convert_strings(tree, settings)
    except ConversionError as error:
        reading.explain(error, near)
    if reading.errors:
        raise reported_class(SettingsError)(reading.in_order())
    record(settings, prefix, reading.root, reading.found, made)
    return made  # type: ignore[no-any-return]  # convert_strings returns an instance of the class


class _Reading:
    """One call of read_settings."""

    def __init__(self, root: Section, prefix: str) -> None:
        self.root = root
        self._prefix = prefix
        self._variables = list(root.all())
        self._declared = frozenset(one.name for one in self._variables)
        self._layers: Sequence[Mapping[str, Given]] = ()
        self._unusable: set[str] = set()
        self.errors: list[SettingError] = []
        self.found: dict[str, Given] = {}

    def load(self, environ: Mapping[str, str], env_file: Path | None) -> None:
        """Read the environment and the file."""
        given = {name: Given(text=text, source="environment") for name, text in environ.items()}
        file = {} if env_file is None else read_env_file(env_file, environ, self.errors.append)
        self._layers = (given, file)

    def tree(self, section: Section) -> dict[str, Any]:
        """Return the texts of a section, as the conversion reads them; sections without any are left out."""
        found: dict[str, Any] = {}
        for one in section.parts:
            if isinstance(one, Variable):
                value = self._value(one)
                found |= {} if value is None else {one.key: value}
            else:
                inner = self.tree(one)
                if inner or one.required or any(each.name in self._unusable for each in one.all()):
                    found[one.key] = inner
        return found

    def _value(self, variable: Variable) -> Any:
        try:
            given = find_text(variable.name, self._layers, self._declared)
            if given is None:
                return None
            self.found[variable.name] = given
            return shape(variable.kind, given.text)
        except UnusableError as error:
            self.errors.append(error.error)
        except TextError as error:
            text = self.found[variable.name].text
            self.errors.append(SettingError(variable.name, str(error), hint=hint_of(variable, text)))
        self._unusable.add(variable.name)
        return None

    def misspelt(self, ignore: Collection[str]) -> dict[str, str]:
        """Report variables that are nearly settings; return them by the name of the setting, if that is not set."""
        known = [*self._declared, *(f"{one}_FILE" for one in self._declared)]
        given = {name: None for layer in self._layers for name in layer if name not in ignore}
        near = misspelt({name: None for name in given if name not in known}, known, self._prefix)
        missing = {one.name for one in self._variables if one.required} - self.found.keys() - self._unusable
        for name, meant in sorted(near.items()):
            if meant not in missing:
                what = "no setting has this name"
                self.errors.append(SettingError(name, what, hint=f"write {meant}, or name it in ignore="))
        return {meant: name for name, meant in near.items()}

    def explain(self, error: ConversionError, near: Mapping[str, str]) -> None:
        """Add the errors of the conversion."""
        texts = {name: given.text for name, given in self.found.items()}
        found = as_setting_errors(self.root, error.errors, texts, near)
        self.errors += [one for one in found if one.variable not in self._unusable]

    def in_order(self) -> list[SettingError]:
        """Return the errors in the order of the fields, and then those of other variables and lines."""
        places = {one.name: place for place, one in enumerate(self._variables)}
        return sorted(self.errors, key=lambda one: places.get(one.variable.removesuffix("_FILE"), len(self._variables)))
