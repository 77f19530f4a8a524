"""Media types; nothing here is public any more, and the module goes with the next release."""

import warnings
from typing import Any

from framework._http import media_types

__all__ = ()


def __getattr__(name: str) -> Any:
    found = getattr(media_types, name)
    warnings.warn(f"{__name__}.{name} is now framework._http.media_types.{name}", DeprecationWarning, stacklevel=2)
    return found
