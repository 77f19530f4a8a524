"""Sends an app what its own document allows, and what it forbids, and looks at the answers; made by schemathesis."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

import msgspec
from yarl import URL

from framework.app import App
from framework.formats import MSGPACK
from framework.testing.contract import Answer, Contract, ContractError
from framework.testing.extras import need
from framework.testing.mistakes import is_no_mistake, is_too_long, is_unstable_example, is_writable
from framework.testing.serving import serve_in_thread
from framework.testing.widening import FORMATS, as_accepted

__all__ = ("ContractFailure", "ContractReport", "ContractViolatedError", "check_contract", "schemathesis_schema")

_SHOWN = 5
# Done by Contract in its place: schemathesis 4 looks at a document that was widened, and cannot check a tuple.
_SCHEMA_CHECK = "response_schema_conformance"
# What a handler may answer to a good request: any error but those that call the request itself bad. 408 is never its.
_GOOD_ENOUGH = [
    "2xx",
    "3xx",
    *(str(one) for one in range(401, 452) if one not in {406, 408, 413, 414, 415, 422}),
    "5xx",
]
# How a bad request may be refused: by the statuses of schemathesis, and as too large.
_BAD_ENOUGH = ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "428", "429", "5xx"]
# A method that no server knows yet is answered with 501, as RFC 9110, section 9.1 says; schemathesis wants 405.
_METHODS = {"get", "put", "post", "delete", "options", "patch", "trace"}


class ContractFailure(NamedTuple):
    """One kind of answer that is not as the document says."""

    operation: str
    """``POST /orders``."""
    check: str
    """The check of schemathesis that failed: ``response_schema_conformance``."""
    message: str
    request: str
    """As a curl command."""

    def __str__(self) -> str:
        text = "\n  ".join(line for line in self.message.splitlines() if line.strip())
        return f"{self.operation}, {self.check}:\n  {text}\n  {self.request}"


class ContractReport(NamedTuple):
    """What a run came to."""

    cases: int
    """The number of requests that were sent."""
    failures: Sequence[ContractFailure]
    """The first of each kind."""


class ContractViolatedError(AssertionError):
    """An app does not answer as its document says."""

    def __init__(self, report: ContractReport) -> None:
        shown = [str(one) for one in report.failures[:_SHOWN]]
        rest = len(report.failures) - len(shown)
        head = f"{len(report.failures)} of the answers to {report.cases} requests are not as the document says"
        super().__init__("\n\n".join([f"{head}:", *shown, *([f"and {rest} more"] if rest else [])]))
        self.report = report


def check_contract(
    app: App,
    *,
    examples: int = 25,
    coverage: bool = True,
    seed: int | None = None,
    path: str | None = None,
    headers: Mapping[str, str] | None = None,
    exclude_checks: Sequence[str] = (),
) -> ContractReport:
    """Serve an app on loopback and send it generated requests; raises ContractViolatedError with the failing ones.

    For each operation of the document (at ``path``, where there are several) up to ``examples`` requests are made at
    random; ``coverage`` adds those that go to each limit of a schema, some dozens. Without a seed they are the same
    each time. ``headers`` go with every request; ``exclude_checks`` are names of checks of schemathesis. Services are
    overridden as ever, by ``with container.override(...)`` around the call. Raises MissingExtraError without
    schemathesis.
    """
    schema = schemathesis_schema(app, path=path, seed=seed)
    contract = None if _SCHEMA_CHECK in exclude_checks else Contract(app)
    with serve_in_thread(app.build()) as url, _quiet():
        _configure(schema, url, examples, headers)
        schema.config.generation.deterministic = seed is None
        schema.config.phases.coverage.enabled = coverage
        schema.config.checks.update(excluded_check_names=[_SCHEMA_CHECK, *exclude_checks])
        report = _run(schema, contract)
    if report.failures:
        raise ContractViolatedError(report)
    return report


def schemathesis_schema(app: App, *, path: str | None = None, seed: int | None = None) -> Any:
    """Return an app's document as schemathesis has it: ``@schema.parametrize()``, ``schema["/orders"]["POST"]``.

    It can make MessagePack, and texts in all formats of the document. Raises MissingExtraError without schemathesis.
    """
    schemathesis = need("schemathesis")
    _teach()
    config = need("schemathesis.config").SchemathesisConfig(seed=seed)
    schema = schemathesis.openapi.from_dict(as_accepted(app.document(path)), config=config)
    schema.config.generation.allow_extra_parameters = False  # What is not declared is ignored.
    schema.config.checks.positive_data_acceptance.expected_statuses = _GOOD_ENOUGH
    schema.config.checks.negative_data_rejection.expected_statuses = _BAD_ENOUGH
    schema.config.phases.coverage.unexpected_methods = _METHODS
    schema.hook("map_body")(lambda _, body: _whole(body))
    schema.hook("filter_case")(lambda _, case: is_writable(case))
    return schema


def _whole(value: Any) -> Any:
    """Write 5.0 as 5: to JSON Schema they are one number, and a strict reader of integers takes the one alone."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(one) for key, one in value.items()}
    return [_whole(one) for one in value] if isinstance(value, list) else value


@cache
def _teach() -> None:
    """Tell schemathesis, once for the process, what it does not know of itself."""
    schemathesis = need("schemathesis")
    strategies = need("hypothesis.strategies")
    made: dict[str, Any] = {
        "date": strategies.dates().map(str),
        "date-time": strategies.datetimes(timezones=strategies.timezones()),
        "date-time-local": strategies.datetimes(),
        "time-local": strategies.times(),
        FORMATS["duration"]: strategies.timedeltas(),
        FORMATS["base64"]: strategies.binary(),
        # A network of one address has no host bits.
        "ipv4network": strategies.ip_addresses(v=4).map("{}/32".format),
        "ipv6network": strategies.ip_addresses(v=6).map("{}/128".format),
        "ipv4interface": strategies.ip_addresses(v=4).map("{}/24".format),
        "ipv6interface": strategies.ip_addresses(v=6).map("{}/64".format),
        "decimal": strategies.decimals(allow_nan=False, allow_infinity=False),
    }
    for name, strategy in made.items():
        schemathesis.openapi.format(name, strategy.map(msgspec.to_builtins))
    media_types = (MSGPACK.media_type, *MSGPACK.aliases)
    schemathesis.serializer(*media_types)(lambda _, value: msgspec.msgpack.encode(value))
    schemathesis.deserializer(*media_types)(lambda _, response: msgspec.msgpack.decode(response.content))


def _configure(schema: Any, url: str, examples: int, headers: Mapping[str, str] | None) -> None:
    config = schema.config
    config.base_url = url
    config.headers = dict(headers or {})
    config.generation.max_examples = examples
    config.phases.stateful.enabled = False  # Each case stands for itself; links are followed by none.


def _run(schema: Any, contract: Contract | None) -> ContractReport:
    engine, events = need("schemathesis.engine"), need("schemathesis.engine.events")
    cases = 0
    failures: dict[tuple[str, str, str], ContractFailure] = {}
    for event in engine.from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            cases += len(event.recorder.interactions)
            for one, title in chain(_failed(event.recorder), _unlike(event.recorder, contract)):
                failures.setdefault((one.operation, one.check, title), one)
        elif isinstance(event, events.NonFatalError) and not is_unstable_example(event):
            one = ContractFailure(event.label, "error", str(event.value), "")
            failures.setdefault((one.operation, one.check, one.message), one)
        elif isinstance(event, events.FatalError):
            raise event.exception
    return ContractReport(cases, list(failures.values()))


def _failed(recorder: Any) -> Iterator[tuple[ContractFailure, str]]:
    for case_id, checks in recorder.checks.items():
        for check in checks:
            case, interaction = recorder.cases[case_id].value, recorder.interactions.get(case_id)
            if check.failure_info is not None and not is_no_mistake(check.name, case, interaction):
                failure = check.failure_info.failure
                message = f"{failure.title}\n{failure.message}"
                yield (
                    ContractFailure(recorder.label, check.name, message, check.failure_info.code_sample),
                    failure.title,
                )


def _unlike(recorder: Any, contract: Contract | None) -> Iterator[tuple[ContractFailure, str]]:
    """Yield the answers whose bodies are not as the document says."""
    for case_id, one in recorder.interactions.items():
        if contract is None or one.response is None or is_too_long(one):
            continue
        content_type = one.response.headers.get("content-type", [""])[0]
        path = URL(one.request.uri, encoded=True).raw_path
        answer = Answer(one.request.method, path, one.response.status_code, content_type, one.response.content)
        try:
            contract.check(answer)
        except ContractError as error:
            curl = recorder.cases[case_id].value.as_curl_command()
            yield ContractFailure(recorder.label, _SCHEMA_CHECK, str(error), curl), str(answer.status)


@contextmanager
def _quiet() -> Iterator[None]:
    """Leave out what is logged of bytes that are no HTTP, which are sent on purpose."""
    loggers = [logging.getLogger(name) for name in ("urllib3", "aiohttp.server")]
    levels = [one.level for one in loggers]
    for one in loggers:
        one.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for one, level in zip(loggers, levels, strict=True):
            one.setLevel(level)
