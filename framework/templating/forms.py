"""A form as a page shows it: empty, or again with what was sent and the errors."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Self

from msgspec import Struct, field

from framework.http_errors import InvalidForm

__all__ = ("FormState",)

_PASSWORD = re.compile(r"password|passwd|passphrase|passcode|(?:^|[_-])pwd(?:$|[_-])", re.IGNORECASE)
"""Fields whose values no page repeats, also if they are not declared as SecretStr: ``password``, ``newPassword``."""


class FormState(Struct, frozen=True):
    """The values and the errors of a form, by the names of its fields.

    In a template, ``form.value("title")`` is the text of a field and ``form.errors_of("title")`` are its messages.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    messages: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, error: InvalidForm) -> Self:
        """Return the form as it was sent, without passwords, with its errors."""
        values = {name: value for name, value in error.values.items() if not _PASSWORD.search(name)}
        return cls(values, error.messages)

    def value(self, name: str, default: Any = "") -> Any:
        """Return what was sent for a field: a string, or a list of strings if its name was sent repeatedly."""
        return self.values.get(name, default)

    def errors_of(self, name: str = "") -> Sequence[str]:
        """Return the messages of a field; without a name, those of the form as a whole."""
        return self.messages.get(name, ())
