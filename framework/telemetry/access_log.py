"""AccessLog: one log record for each request."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from aiohttp import hdrs

from framework import clock
from framework.layers import logged_facts
from framework.observers import Observation, Observer
from framework.telemetry.secret_names import hiding

__all__ = ("AccessLog", "is_access_record")

_FORMAT = '%(remote)s "%(method)s %(target)s" %(status)s %(bytes)s %(duration).6f "%(user_agent)s" %(request_id)s'
_EXAMPLE: Mapping[str, Any] = {
    "remote": "-", "method": "GET", "target": "/orders/7?page=2", "path": "/orders/7", "query": "page=2", "route": "-",
    "status": "-", "bytes": 27, "duration": 0.001_25, "user_agent": "-", "request_id": "-", "aborted": False,
    "error": "-", "close_code": "-",
}  # fmt: skip
"""All fields, with the values of those that a record may lack."""
_USUAL: dict[str, Any] = {**dict.fromkeys(_EXAMPLE), "query": "", "aborted": False}

_FACTORY = logging.getLogRecordFactory
_USER_AGENT = hdrs.USER_AGENT
_LONGEST = 1024
"""The longest logged value of a client, in characters."""
_REMEMBERED, _SHORT = 512, 256
"""How many values of clients are kept with their escaped form, and how long they may be."""


class _Shown:
    """The fields of a record for its message: a dash for a missing field."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = fields

    def __getitem__(self, name: str) -> Any:
        value = self._fields[name]
        return "-" if value is None else value


class _Record(logging.LogRecord):
    """A record whose message is made of its own attributes."""

    def getMessage(self) -> str:  # noqa: N802  the name in logging
        """Return the message. A QueueHandler has made it already, and set ``args`` to ``None``."""
        return str(self.msg) if self.args is None else self.msg % _Shown(vars(self))


class _Escaped(dict[str, str]):
    r"""Maps strings of clients to printable ASCII without quotes: a tab -> ``\t``, ``"`` -> ``\"``.

    The first few are kept: clients send the same paths and names of browsers again.
    """

    def __missing__(self, text: str) -> str:
        escaped = _escaped(text)
        if len(self) < _REMEMBERED and len(text) <= _SHORT:
            self[text] = escaped
        return escaped


@dataclass(frozen=True, kw_only=True)
class AccessLog(Observer):
    """Logs one record for each request when it has ended: ``App(observers=[AccessLog()])``.

    Its fields are attributes of the record (``extra``); ``format`` is the message, in the style of logging:
    ``"%(method)s %(target)s %(status)s"``. Credentials are never logged; values of query parameters whose names mean a
    secret, or are in ``redact``, are ``***``. Routes whose templates are in ``exclude`` are not logged, nor, without
    ``probes``, are probes: health routes, and routes with ``metadata={"probe": True}``.
    """

    logger: str = "framework.access"
    level: int = logging.INFO
    format: str = _FORMAT
    redact: Sequence[str] = ()
    exclude: Sequence[str] = ()
    probes: bool = False

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with the options."""
        logger: object = self.logger
        level: object = self.level
        if not isinstance(logger, str) or not logger:
            yield f"AccessLog(logger={logger!r}) is not the name of a logger", 'write it as logger="shop.access"'
        if not isinstance(level, int) or isinstance(level, bool):
            yield f"AccessLog(level={level!r}) is not a level", "write it as level=logging.INFO"
        probes: object = self.probes
        if not isinstance(probes, bool):
            yield f"AccessLog(probes={probes!r}) is neither True nor False", "write probes=True to log them"
        for name in ("redact", "exclude"):
            given: object = getattr(self, name)
            if not _are_strings(given):
                example = '("pin",)' if name == "redact" else '("/health",)'
                yield f"AccessLog({name}={given!r}) is not a sequence of strings", f"write it as {name}={example}"
        yield from _wrong_format(self.format)

    def end(self, observation: Observation, state: Any) -> None:  # noqa: ARG002  there is none
        """Log a request that has ended."""
        logger = self._logger
        if not logger.isEnabledFor(self.level) or (self.exclude and observation.route in self.exclude):
            return
        if not self.probes and observation.metadata.get("probe") is True:
            return
        record = self._record(observation)
        if logger.filters:
            logger.handle(record)
        else:
            # PERF: what handle() does without filters, of which the logger has none.
            logger.callHandlers(record)

    @cached_property
    def _logger(self) -> logging.Logger:
        return logging.getLogger(self.logger)

    @cached_property
    def _record(self) -> Callable[[Observation], logging.LogRecord]:
        escaped, agents, hide, other, new = _Escaped(), _Escaped(), self._query, self._other, object.__new__
        usual = vars(_Record(self.logger, self.level, __file__, 0, self.format, (), None)) | _USUAL
        if "taskName" in usual:
            # The records are of other requests.
            usual["taskName"] = None
        begun = usual["created"] - usual["relativeCreated"] / 1000

        def make(observation: Observation) -> logging.LogRecord:
            # PERF: a copy of an earlier record: the constructor looks up thread, process and file each time, 13 000
            # instructions. Keys that are there already are set at a third of the cost of a second dictionary, and most
            # fields keep the values of _USUAL; storing a key costs as much as a call.
            fields = usual.copy()
            fields["method"], fields["route"], fields["status"] = observation.labels
            target, fields["remote"], fields["request_id"], headers = logged_facts(observation.request)
            if "?" in target:
                path, _, query = target.partition("?")
                fields["path"] = path = escaped[path]
                fields["query"] = query = hide(query)
                fields["target"] = f"{path}?{query}"
            else:
                fields["target"] = fields["path"] = escaped[target]
            fields["bytes"] = observation.body_size
            fields["duration"] = observation.duration
            agent = headers.get(_USER_AGENT)
            if agent is not None:
                fields["user_agent"] = agents[agent]
            if observation.client_gone:
                fields["aborted"] = True
            if observation.exception is not None:
                fields["error"] = type(observation.exception).__name__
            if observation.close_code is not None:
                fields["close_code"] = observation.close_code
            if _FACTORY() is not logging.LogRecord:
                return other({name: fields[name] for name in _USUAL})
            fields["created"] = created = clock.time()
            # PERF: operations of floats alone take half as long as those with integers.
            fields["msecs"] = created % 1.0 * 1000.0 // 1.0
            fields["relativeCreated"] = (created - begun) * 1000.0
            record = new(_Record)
            record.__dict__ = fields
            return record

        return make

    def _other(self, fields: dict[str, Any]) -> logging.LogRecord:
        """Return a record of the application's own factory."""
        record = self._logger.makeRecord(self.logger, self.level, __file__, 0, self.format, (), None)
        # Not as extra=, which rejects fields that a record factory has set already.
        vars(record).update(fields, args=_Shown(fields))
        return record

    @cached_property
    def _query(self) -> Callable[[str], str]:
        hide = hiding(self.redact)
        return lambda query: _escaped(hide(query))


def is_access_record(record: object) -> bool:
    """Return whether a log record is one of an AccessLog."""
    return isinstance(record, _Record)


def _are_strings(given: object) -> bool:
    return isinstance(given, Sequence) and not isinstance(given, str) and all(isinstance(one, str) for one in given)


def _escaped(text: str) -> str:
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}..."
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return text
    return text.encode("unicode_escape").decode().replace('"', '\\"')


def _wrong_format(given: object) -> Iterator[tuple[str, str]]:
    known = ", ".join(_EXAMPLE)
    try:
        if isinstance(given, str) and given:
            _ = given % _EXAMPLE
            return
    except KeyError as error:
        yield f"the format of AccessLog() has a field {error.args[0]!r}, which no record has", f"the fields are {known}"
    except (TypeError, ValueError) as error:
        yield f"the format {given!r} of AccessLog() cannot be filled in ({error})", f"the fields are {known}"
    else:
        yield f"AccessLog(format={given!r}) is not a format", 'write it as format="%(method)s %(target)s %(status)s"'
