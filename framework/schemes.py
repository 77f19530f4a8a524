"""The former name of :mod:`framework.credentials`; it goes with the next release."""

import warnings
from typing import Any

from framework import credentials

__all__ = ()


def __getattr__(name: str) -> Any:
    found = getattr(credentials, name)
    warnings.warn(f"{__name__}.{name} is now framework.credentials.{name}", DeprecationWarning, stacklevel=2)
    return found
