"""Raises the errors of an application so that only their messages are printed; see docs/design/start-up.md."""

import os
from collections.abc import Sequence
from typing import NoReturn

from framework.errors import DefinitionError, DefinitionErrors
from framework.startup import TRACEBACK, reported_class

__all__ = ("raise_all",)


def raise_all(errors: Sequence[DefinitionError]) -> NoReturn:
    """Raise all errors as one group; if it is not caught, only the messages are printed."""
    message = f"{len(errors)} error{'s' if len(errors) > 1 else ''} in the application"
    if not os.environ.get(TRACEBACK):
        for one in errors:
            # The traceback of the framework does not help; the place in the application is in the message.
            one.__cause__ = one.__context__ = one.__traceback__ = None
    raise reported_class(DefinitionErrors)(message, errors)
