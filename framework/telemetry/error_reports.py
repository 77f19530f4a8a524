"""ErrorReports: unhandled exceptions of requests and jobs for Sentry."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from framework.job_observers import JobEnd, JobStart, OutcomeKind
from framework.observers import Observation, Observer
from framework.request_ids import UNHANDLED, request_id
from framework.telemetry.extras import missing_packages
from framework.telemetry.secret_names import hiding_text
from framework.telemetry.unhandled import unhandled_error, unhandled_job_error
from framework.types import SecretStr

__all__ = ("ErrorReports",)

_OF_AIOHTTP = "aiohttp"
# No local variables, headers, bodies, addresses or command lines. The log of one request must not be in the report of
# another one.
_PRIVATE: Mapping[str, Any] = {
    "include_local_variables": False,
    "max_breadcrumbs": 0,
    "auto_enabling_integrations": False,
}
_UNHANDLED = next(iter(UNHANDLED))


@dataclass(frozen=True, kw_only=True)
class ErrorReports(Observer):
    """Reports unhandled exceptions to Sentry: ``App(observers=[ErrorReports(dsn=settings.sentry_dsn)])``.

    A report has the path template and the id of the request, and no headers, bodies, queries or local variables. HTTP
    errors are not reported. With a ``dsn``, the SDK is started for it with ``options`` (arguments of
    ``sentry_sdk.init``); without, the application has started the SDK. A job is reported when it is dead, or after
    ``each_attempt`` that fails, with its name, id and attempt and without its arguments.
    """

    dsn: str | SecretStr | None = None
    each_attempt: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with the options; start the SDK if nothing is."""
        wrong = [*self._wrong_options(), *missing_packages("ErrorReports", "sentry", "sentry_sdk")]
        yield from wrong
        if not wrong:
            try:
                _ = self._sdk
            except (TypeError, ValueError) as error:
                yield f"Sentry's SDK cannot be started ({error})", "write the DSN that Sentry shows for the project"
                return
            if self._sdk.get_client().get_integration(_OF_AIOHTTP) is not None:
                hint = "leave it out: sentry_sdk.init(..., disabled_integrations=[AioHttpIntegration()])"
                yield "ErrorReports() and Sentry's AioHttpIntegration would report each exception twice", hint

    def _wrong_options(self) -> Iterator[tuple[str, str]]:
        dsn: object = self.dsn
        if not (dsn is None or isinstance(dsn, str | SecretStr)) or dsn == "":
            yield "the dsn of ErrorReports() is not a string", 'write it as dsn="https://key@sentry.example/1"'
        options: object = self.options
        if not isinstance(options, Mapping) or not all(isinstance(one, str) for one in options):
            hint = 'write them as options={"environment": "production"}'
            yield f"ErrorReports(options={options!r}) are not arguments of sentry_sdk.init", hint
        elif options and dsn is None:
            yield "ErrorReports(options=) requires a dsn", "pass them to your own call of sentry_sdk.init"
        each: object = self.each_attempt
        if not isinstance(each, bool):
            hint = "leave it out to have one report for each dead job"
            yield f"ErrorReports(each_attempt={each!r}) is neither True nor False", hint

    @cached_property
    def _sdk(self) -> Any:
        """Sentry's SDK, started."""
        import sentry_sdk
        from sentry_sdk.integrations.argv import ArgvIntegration

        if self.dsn is not None:
            dsn = self.dsn.reveal() if isinstance(self.dsn, SecretStr) else self.dsn
            settings = {"disabled_integrations": [ArgvIntegration()], **_PRIVATE, **self.options}
            sentry_sdk.init(dsn, **settings)
        scope: Any = sentry_sdk.get_global_scope()
        if _is_reported not in getattr(scope, "_event_processors", ()):
            scope.add_event_processor(_is_reported)
        return sentry_sdk

    def end(self, observation: Observation, state: Any) -> None:  # noqa: ARG002  there is none
        """Report the exception of a request, unless it is expected."""
        if observation.exception is not None:
            error = unhandled_error(observation)
            # A client that disconnects, or a server that stops, cancels handlers.
            if isinstance(error, Exception):
                self._report(error, observation)

    def begin_job(self, start: JobStart) -> None:
        """Do nothing: an attempt is reported when it has ended."""

    def end_job(self, end: JobEnd, state: Any) -> None:  # noqa: ARG002  there is none
        """Report the exception of an attempt, unless it is expected or there is another attempt."""
        error = unhandled_job_error(end)
        if error is not None and (self.each_attempt or end.kind is OutcomeKind.DEAD):
            start = end.start
            known = {"job": start.name, "job_id": start.id, "queue": start.queue, "attempt": start.attempt}
            tags = known | {"outcome": end.kind.name.lower(), "request_id": start.context.get("request_id")}
            self._send(error, start.name, "task", tags)

    def _report(self, error: Exception, observation: Observation) -> None:
        route = observation.route or "unmatched"
        known = {"request_id": request_id(observation.request), "status": observation.status}
        tags = {"method": observation.method, "route": route, **known}
        self._send(error, f"{observation.method} {route}", "route", tags)

    def _send(self, error: BaseException, name: str, source: str, tags: Mapping[str, Any]) -> None:
        """Report an exception below the name of what it has ended; tags without a value are left out."""
        from sentry_sdk.utils import event_from_exception

        client = self._sdk.get_client()
        settings = {**client.options, "include_local_variables": False}
        event, _ = event_from_exception(error, settings, {"type": "framework", "handled": False})
        found: Any = event
        for one in found["exception"]["values"]:
            one["value"] = _hide(one.get("value") or "")
        found |= {
            "transaction": name,
            "transaction_info": {"source": source},
            "tags": {tag: str(value) for tag, value in tags.items() if value is not None},
        }
        # Without the hint: the integration that leaves out duplicates has seen the exception in the log.
        self._sdk.capture_event(found)


_hide = hiding_text()


def _is_reported(event: Any, hint: Mapping[str, Any]) -> Any:
    """Leave out the event that Sentry's integration of logging makes of an exception that is reported here."""
    return None if getattr(hint.get("log_record"), _UNHANDLED, False) else event
