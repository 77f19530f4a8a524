"""Log records as structlog's events: what is added to them, what is hidden in them, and how they are written."""

import json
import logging
import sys
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any

import orjson
import structlog

from framework.request_ids import UNHANDLED, current_request_id
from framework.telemetry.access_log import is_access_record
from framework.telemetry.secret_names import HIDDEN, hiding_text, plain_name
from framework.types import SecretStr

__all__ = ("formatter_of",)

Event = MutableMapping[str, Any]
_TRACES = "opentelemetry.trace"
_SECRET = frozenset(
    (
        "accesskey", "apikey", "auth", "authorization", "cookie", "credential", "credentials", "jwt", "passphrase",
        "passwd", "privatekey", "proxyauthorization", "pwd", "sessionid", "setcookie", "xapikey",
    )
)  # fmt: skip
_SECRET_ENDS = ("password", "secret", "token")
_DEEPEST = 8
"""The deepest level of values in which secrets are looked for; what is deeper is written as its ``repr()``."""
_OWN = ("event", "level", "logger", "timestamp", "request_id", "trace_id", "span_id")
"""What ``redact`` cannot hide."""
_USUAL = tuple(vars(logging.LogRecord("", 0, "", 0, "", (), None)))
"""The attributes of every record."""
_KNOWN = frozenset({*_USUAL, *UNHANDLED, "asctime", "message", "taskName"})
"""Those and what other formatters set: no fields."""
_PLAIN = (str, int, float, bool, type(None))
_IN_MESSAGE = object()
"""The request id of a record whose message has it already."""


def formatter_of(*, as_json: bool, redact: Sequence[str]) -> logging.Formatter:
    """Return the formatter of all records, and let structlog's loggers use it."""
    first: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _identify,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *first,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    return _Formatter(
        foreign_pre_chain=[_add_fields, *first],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            _Hider(redact),
            _to_json if as_json else _console(),
        ],
        keeps_fields=as_json,
    )


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Formats records whose class makes their message, too: structlog copies records, and copies have no such class.

    In a terminal, the message of an access log contains all of its fields, with the request id if its format has it.
    """

    def __init__(self, *, keeps_fields: bool, **settings: Any) -> None:
        super().__init__(**settings)
        self._keeps_fields = keeps_fields

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, or the lines, of a record."""
        if type(record).getMessage is not logging.LogRecord.getMessage:
            known, fields = record, vars(record)
            if is_access_record(record) and not self._keeps_fields:
                has_id = "%(request_id)" in str(record.msg)
                fields = {name: fields[name] for name in _USUAL} | ({"request_id": _IN_MESSAGE} if has_id else {})
            record = logging.makeLogRecord(fields)
            record.msg, record.args = known.getMessage(), None
        return super().format(record)


def _add_fields(_logger: Any, _name: str, event: Event) -> Event:
    """Add what ``extra=`` has given a record of logging."""
    fields = vars(event["_record"])
    event.update({name: fields[name] for name in fields if name not in _KNOWN})
    return event


def _identify(_logger: Any, _name: str, event: Event) -> Event:
    """Add the ids of the request and of the trace, as far as there are any."""
    if event.get("request_id") is _IN_MESSAGE:
        del event["request_id"]
    elif (known := current_request_id()) is not None and event.get("request_id") is None:
        event["request_id"] = known
    trace: Any = sys.modules.get(_TRACES)
    if trace is not None:
        context = trace.get_current_span().get_span_context()
        if context.is_valid:
            event.setdefault("trace_id", trace.format_trace_id(context.trace_id))
            event.setdefault("span_id", trace.format_span_id(context.span_id))
    return event


class _Hider:
    """Replaces secrets in events, by their names, their type, and where a string has a name before its value."""

    def __init__(self, redact: Sequence[str]) -> None:
        self._secret = _SECRET | {plain_name(one) for one in redact}
        self._hide_text = hiding_text(redact)

    def __call__(self, _logger: Any, _name: str, event: Event) -> Event:
        """Return an event without secrets."""
        return {name: self._value(name, value, 0) for name, value in event.items()}

    def _value(self, name: str, value: Any, depth: int) -> Any:
        if isinstance(value, SecretStr) or (name not in _OWN and self._is_secret(name)):
            return HIDDEN
        if isinstance(value, str):
            return self._hide_text(value)
        if isinstance(value, _PLAIN):
            return value
        if depth < _DEEPEST:
            if isinstance(value, Mapping):
                return {str(key): self._value(str(key), one, depth + 1) for key, one in value.items()}
            if isinstance(value, list | tuple | set | frozenset):
                return [self._value("", one, depth + 1) for one in value]
        return self._hide_text(repr(value))

    def _is_secret(self, name: str) -> bool:
        plain = plain_name(name)
        return plain in self._secret or plain.endswith(_SECRET_ENDS)


def _to_json(_logger: Any, _name: str, event: Event) -> str:
    """Return an event in one line; the hider has left only what JSON has."""
    try:
        return orjson.dumps(event).decode()
    except TypeError:
        # Lone surrogates, and numbers of more than 64 bits.
        return json.dumps(event)


def _console() -> Callable[[Any, str, Event], str]:
    """Return what writes events for people."""
    plain = structlog.dev.plain_traceback
    render: Callable[[Any, str, Event], str] = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=plain
    )
    return render
