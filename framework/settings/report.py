"""What was read, for ``framework config``: each setting with its value and its source, secrets hidden."""

import re
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
from msgspec import Struct, inspect

from framework.settings.sources import Given
from framework.settings.texts import plain
from framework.settings.variables import Section, Variable
from framework.types import SecretStr

__all__ = ("SettingValue", "SettingsReport", "record", "settings_reports")

_HIDDEN = "***"
_SECRET = re.compile(
    r"(^|_)(PASSWORD|PASSWD|PWD|PASSPHRASE|SECRET|SECRETS|TOKEN|CREDENTIALS?|API_?KEY|PRIVATE_?KEY|SECRET_?KEY|KEY|DSN)(_|$)"
)
# To the last @, as drivers read it, which accept a password with @ and / in it. ``:8080/`` is a port in URLs of HTTP,
# whose clients accept no such passwords; elsewhere it may be the beginning of a password.
_NOT_WEB = r"(?<!http)(?<!https)(?<!ws)(?<!wss)"
_PASSWORD = re.compile(
    rf"((?:{_NOT_WEB}://[^:@/\s]*:)|(?:://[^:@/\s]*:(?!\d*/)))(?:[^\s\"]+|[^@/\s]+)@",
    re.IGNORECASE,
)


class SettingValue(Struct, frozen=True, kw_only=True):
    """One setting as it was read."""

    variable: str
    """``SHOP_DATABASE__URL``."""
    field: str
    """``database.url``."""
    value: str
    """The value as text; ``***`` for a secret."""
    source: str
    """``environment``, a line of a file (``.env:3``), ``SHOP_KEY_FILE (environment)``, or ``default``."""


class SettingsReport(Struct, frozen=True, kw_only=True):
    """What one call of ``read_settings`` has read."""

    settings: str
    """The class: ``shop.settings.Settings``."""
    prefix: str
    values: tuple[SettingValue, ...]


_REPORTS: WeakKeyDictionary[type, dict[str, SettingsReport]] = WeakKeyDictionary()


def settings_reports() -> tuple[SettingsReport, ...]:
    """Return what this process has read, the last reading of each class and prefix, in their order."""
    return tuple(report for reports in _REPORTS.values() for report in reports.values())


def record(cls: type, prefix: str, root: Section, found: Mapping[str, Given], made: Any) -> None:
    """Keep what was read."""
    values = tuple(_value(one, found.get(one.name), made) for one in root.all())
    report = SettingsReport(settings=f"{cls.__module__}.{cls.__qualname__}", prefix=prefix, values=values)
    _REPORTS.setdefault(cls, {})[prefix] = report


def _value(variable: Variable, given: Given | None, made: Any) -> SettingValue:
    value = made
    for name in variable.field.split("."):
        value = getattr(value, name, None)
    is_secret = _is_secret(variable, value) or (given is not None and given.from_file)
    return SettingValue(
        variable=variable.name,
        field=variable.field,
        value=_HIDDEN if is_secret and value is not None else _text(value),
        source="default" if given is None else given.source,
    )


def _is_secret(variable: Variable, value: Any) -> bool:
    kind = plain(variable.kind)
    is_typed = isinstance(kind, inspect.CustomType) and kind.cls is SecretStr
    return is_typed or isinstance(value, SecretStr) or _SECRET.search(variable.name.upper()) is not None


def _text(value: Any) -> str:
    """Return a value as text, without the password of a URL."""
    if isinstance(value, str):
        text = str(value)
    else:
        text = msgspec.json.encode(value, enc_hook=_encoded).decode()
        text = text[1:-1] if text.startswith('"') else text
    return _PASSWORD.sub(rf"\1{_HIDDEN}@", text)


def _encoded(value: Any) -> str:
    return _HIDDEN if isinstance(value, SecretStr) else str(value)
