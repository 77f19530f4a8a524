"""The spans and the error reports of jobs."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from framework import App, Controller, post
from framework.jobs import Discard, JobQueue, Jobs, JobSettings, RetryLater, job
from framework.middleware import RequestID
from framework.telemetry import ErrorReports, Tracing
from framework.testing import AppClientFactory
from tests.kept_reports import Kept, kept_reports
from tests.waiting import until

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


class Mail(Jobs):
    """Jobs with different ends; what they see is kept."""

    ended: list[str]

    @job(queue="mails", retries=0)
    async def send(self) -> None:
        """Do something that has a span of its own, also in a thread."""
        provider.get_tracer("shop").start_span("smtp").end()
        await asyncio.to_thread(lambda: provider.get_tracer("shop").start_span("thread").end())

    @job(retries=1, backoff=0.01)
    async def fail(self, password: str) -> None:
        """Fail."""
        raise ValueError(f"password={password}")

    @job(retries=1)
    async def wait(self) -> None:
        """Ask for another attempt."""
        raise RetryLater(0.01)

    @job
    async def discard(self) -> None:
        """Give up."""
        raise Discard("no address")

    @job(retries=0)
    async def leave(self) -> None:
        """Try to end the worker."""
        raise SystemExit(3)


class MailController(Controller):
    """Adds jobs."""

    @post("/mails/{name}", status=202)
    async def create(self, name: str, queue: JobQueue) -> None:
        """Add the job of a name."""
        arguments = {"password": "hunter2"} if name == "fail" else {}
        await queue.add(getattr(Mail, name), **arguments)


exporter = InMemorySpanExporter()
provider = TracerProvider(shutdown_on_exit=False)
provider.add_span_processor(SimpleSpanProcessor(exporter))


@pytest.fixture
def spans() -> InMemorySpanExporter:
    """Keep the spans of a test."""
    exporter.clear()
    return exporter


def app_with(folder: Path, *observers: Any) -> App:
    """Return an app that runs its jobs itself."""
    url = f"sqlite+aiosqlite:///{folder}/jobs.db"
    jobs = JobSettings([Mail], url=url, in_process=True, poll=0.1, lease=2, heartbeat=0.5)
    return App([MailController], observers=observers, jobs=jobs, middlewares=[RequestID()])


def ids(span: ReadableSpan) -> tuple[str, str]:
    """Return the ids of the trace and the span."""
    context = span.get_span_context()
    assert context is not None
    return trace.format_trace_id(context.trace_id), trace.format_span_id(context.span_id)


def named(spans: InMemorySpanExporter, name: str) -> list[ReadableSpan]:
    """Return the ended spans of a name."""
    return [one for one in spans.get_finished_spans() if one.name == name]


async def test_the_span_of_a_job_is_linked_to_the_request(
    tmp_path: Path, app_client: AppClientFactory, spans: InMemorySpanExporter
) -> None:
    """It is the root of a trace of its own, has what the conventions name, and is current in the job."""
    client = await app_client(app_with(tmp_path, Tracing(provider=provider)))
    await client.http.post("/mails/send", headers={"traceparent": f"00-{TRACE}-{CALLER}-01"})
    await until(lambda: bool(named(spans, "process Mail.send")))

    (request,) = named(spans, "POST /mails/{name}")
    (span,) = named(spans, "process Mail.send")
    assert (span.kind, span.parent, span.status.status_code) == (
        trace.SpanKind.CONSUMER,
        None,
        trace.StatusCode.UNSET,
    )
    (link,) = span.links
    assert (trace.format_trace_id(link.context.trace_id), trace.format_span_id(link.context.span_id)) == ids(request)
    assert (ids(request)[0], ids(span)[0] == TRACE) == (TRACE, False)
    assert dict(span.attributes or {}) == {
        "messaging.system": "framework",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": "mails",
        "messaging.message.id": "1",
        "framework.job.name": "Mail.send",
        "framework.job.attempt": 1,
        "framework.job.outcome": "done",
    }
    for name in ("smtp", "thread"):
        (below,) = named(spans, name)
        assert below.parent is not None
        assert trace.format_span_id(below.parent.span_id) == ids(span)[1]


async def test_failed_attempts_are_errors(
    tmp_path: Path, app_client: AppClientFactory, spans: InMemorySpanExporter
) -> None:
    """Each attempt has a span; what a job discards or puts off itself is no error, unless it was the last attempt."""
    client = await app_client(app_with(tmp_path, Tracing(provider=provider)))
    for name in ("fail", "wait", "discard"):
        await client.http.post(f"/mails/{name}")
    names = ("process Mail.fail", "process Mail.wait", "process Mail.discard")
    await until(lambda: [len(named(spans, one)) for one in names] == [2, 2, 1])

    found = [
        (one.name, dict(one.attributes or {})["framework.job.outcome"], (one.attributes or {}).get("error.type"))
        for name in names
        for one in named(spans, name)
    ]
    assert found == [
        ("process Mail.fail", "failed", "builtins.ValueError"),
        ("process Mail.fail", "dead", "builtins.ValueError"),
        ("process Mail.wait", "failed", None),
        ("process Mail.wait", "dead", "framework.jobs.RetryLater"),
        ("process Mail.discard", "dead", None),
    ]


@pytest.mark.parametrize(("sampled", "count"), [("00", 0), ("01", 1)])
async def test_a_share_of_spans(
    tmp_path: Path, app_client: AppClientFactory, spans: InMemorySpanExporter, sampled: str, count: int
) -> None:
    """With a share, a job has a span if the request that added it was sampled; nothing below it has one otherwise."""
    client = await app_client(app_with(tmp_path, Tracing(provider=provider, sample=0.0)))
    await client.http.post("/mails/send", headers={"traceparent": f"00-{TRACE}-{CALLER}-{sampled}"})
    # Its jobs end in the order in which they were added.
    await client.http.post("/mails/fail", headers={"traceparent": f"00-{TRACE}-{CALLER}-01"})
    await until(lambda: bool(named(spans, "process Mail.fail")))
    await until(lambda: len(named(spans, "process Mail.send")) == count)
    assert [len(named(spans, one)) for one in ("process Mail.send", "smtp", "thread")] == [count] * 3


@pytest.fixture
def kept() -> Iterator[Kept]:
    """Keep what the SDK sends in a test."""
    with kept_reports() as kept:
        yield kept


def tags(kept: Kept) -> list[dict[str, str]]:
    """Return the tags of the reports."""
    return [dict(one["tags"]) for one in kept.events]


@pytest.mark.parametrize("each", [False, True])
async def test_dead_jobs_are_reported(tmp_path: Path, app_client: AppClientFactory, kept: Kept, *, each: bool) -> None:
    """One report for each, although it is logged too; or one for each attempt that fails."""
    reports = ErrorReports(dsn="http://key@127.0.0.1:9/1", options={"transport": kept}, each_attempt=each)
    client = await app_client(app_with(tmp_path, reports))
    for name in ("discard", "wait", "fail"):
        await client.http.post(f"/mails/{name}", headers={"X-Request-ID": f"id-{name}"})
    await until(lambda: [one["outcome"] for one in tags(kept)].count("dead") == 2)

    failed = [one for one in tags(kept) if one["job"] == "Mail.fail"]
    last = {
        "job": "Mail.fail",
        "job_id": "3",
        "queue": "default",
        "attempt": "2",
        "outcome": "dead",
        "request_id": "id-fail",
    }
    assert failed == ([last | {"attempt": "1", "outcome": "failed"}] if each else []) + [last]
    assert [one["attempt"] for one in tags(kept) if one["job"] == "Mail.wait"] == ["2"]
    assert {one["job"] for one in tags(kept)} == {"Mail.fail", "Mail.wait"}
    event = next(one for one in kept.events if one["tags"] == last)
    assert (event["transaction"], event["transaction_info"]) == ("Mail.fail", {"source": "task"})
    assert [one["value"] for one in event["exception"]["values"]] == ["password=***"]


async def test_a_job_that_tries_to_end_its_worker_is_reported(
    tmp_path: Path, app_client: AppClientFactory, kept: Kept
) -> None:
    """It has failed like any other."""
    reports = ErrorReports(dsn="http://key@127.0.0.1:9/1", options={"transport": kept})
    client = await app_client(app_with(tmp_path, reports))
    await client.http.post("/mails/leave")
    await until(lambda: bool(kept.events))
    assert [one["exception"]["values"][0]["type"] for one in kept.events] == ["SystemExit"]
