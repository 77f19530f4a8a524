"""configure_logging: one format for all log records, with the id of the request and without secrets."""

import logging
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from framework.errors import InvalidOptionError
from framework.telemetry.extras import missing_packages

__all__ = ("configure_logging",)

_GUNICORN = ("gunicorn.error", "gunicorn.access")
_OWN = "framework"
"""The name of the handler."""


class _ToStandardError(logging.StreamHandler[Any]):
    """Writes to what is standard error at the moment of a record, as programs and tests may replace it."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> Any:
        """The standard error."""
        return sys.stderr

    @stream.setter
    def stream(self, _: Any) -> None:
        """Ignore another stream."""


def configure_logging(*, json: bool | None = None, level: int | str = "INFO", redact: Sequence[str] = ()) -> None:
    """Write all log records to standard error: as JSON, or readable in a terminal (``json=False``).

    It concerns the records of the standard library's ``logging`` (the framework, aiohttp, gunicorn, libraries) and of
    ``structlog``. Each has the id of its request, and of its trace if OpenTelemetry is in use. Values whose names mean
    a secret, or are in ``redact``, are ``***``, as is each ``SecretStr``. Without ``json``, records are JSON unless
    standard error is a terminal. Raises InvalidOptionError for wrong options, and if structlog is not installed.
    """
    for what, hint in _mistakes(json, level, redact):
        raise InvalidOptionError("configure_logging", what, hint=hint)
    # Imported late: the package is an extra.
    from framework.telemetry.log_events import formatter_of

    handler = _ToStandardError()
    handler.name = _OWN
    handler.setFormatter(formatter_of(as_json=not sys.stderr.isatty() if json is None else json, redact=redact))
    root = logging.getLogger()
    _remove_streams(root)
    root.addHandler(handler)
    root.setLevel(level)
    for name in _GUNICORN:
        logger = logging.getLogger(name)
        _remove_streams(logger)
        # gunicorn may also be configured to write to files.
        logger.propagate = not logger.handlers


def _mistakes(json: object, level: object, redact: object) -> Iterator[tuple[str, str]]:
    if not (json is None or isinstance(json, bool)):
        yield f"json={json!r} is neither True nor False", "write json=settings.production"
    known = logging.getLevelNamesMapping()
    if isinstance(level, bool) or not (isinstance(level, int) or level in known):
        yield f"level={level!r} is not a level", 'write it as level="INFO"'
    if isinstance(redact, str) or not isinstance(redact, Sequence) or not all(isinstance(one, str) for one in redact):
        yield f"redact={redact!r} is not a sequence of strings", 'write it as redact=("pin",)'
    yield from missing_packages("configure_logging()", "logging", "structlog")


def _remove_streams(logger: logging.Logger) -> None:
    """Remove the handlers that write to standard output or error, an earlier one of this function too."""
    for handler in list(logger.handlers):
        stream: Any = getattr(handler, "stream", None)
        standard = (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)
        if handler.name == _OWN or (type(handler) is logging.StreamHandler and stream in standard):
            logger.removeHandler(handler)
