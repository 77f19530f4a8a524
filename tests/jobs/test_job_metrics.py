"""The metrics of jobs: attempts, leases, schedules, and what the store has."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
from prometheus_client import CollectorRegistry, Counter
from sqlalchemy.ext.asyncio import AsyncEngine

from framework import App, clock
from framework._jobs.records import JobState
from framework.job_store import JobFilter, JobStore, QueueState
from framework.jobs import Discard, JobQueue, Jobs, JobSettings, job
from framework.telemetry import Metrics
from framework.telemetry.processes import join_metrics_folder, leave_metrics_folder, mark_worker_dead
from framework.telemetry.stored_jobs import StoredJobs
from framework.telemetry.totals import JobRow, Snapshot
from framework.testing import AppClientFactory
from tests.jobs.working import working
from tests.waiting import until

FOLDER = "PROMETHEUS_MULTIPROC_DIR"


class Mail(Jobs):
    """Jobs with different ends."""

    @job(queue="mails")
    async def send(self) -> None:
        """Do nothing."""

    @job(retries=1, backoff=0.01)
    async def fail(self) -> None:
        """Fail."""
        raise ValueError("no server")

    @job
    async def discard(self) -> None:
        """Give up."""
        raise Discard("no address")


class Clock(Jobs):
    """A job of a schedule, which is longer than its period."""

    @job(every=0.5)
    async def tick(self) -> None:
        """Wait for the end of the test."""
        await asyncio.sleep(1.2)


def made(**options: Any) -> Metrics:
    """Return metrics of a registry of their own."""
    return Metrics(registry=CollectorRegistry(), **options)


def shown(metrics: Metrics, queues: Any = None) -> dict[str, float]:
    """Return the samples of jobs by name and labels."""
    body, _ = metrics._exposed(queues, "")  # noqa: SLF001  what its route responds
    lines = [line.rpartition(" ") for line in body.decode().splitlines() if line.startswith("jobs_")]
    return {name: float(value) for name, _, value in lines}


async def test_attempts_are_counted_by_name_queue_and_outcome(database: AsyncEngine) -> None:
    """Each attempt is in one bucket of its job, whatever its outcome."""
    metrics = made(job_buckets=(60.0,))
    async with working(database, Mail, observers=[metrics]) as app:
        numbers = [await app.add(one) for one in (Mail.send, Mail.send, Mail.fail, Mail.discard)]
        for number in numbers:
            await app.until(number, JobState.DONE, JobState.DEAD)
    found = shown(metrics)

    seconds = {name: found.pop(name) for name in tuple(found) if "_sum{" in name}
    assert len(seconds) == 3
    assert all(0 <= one < 60 for one in seconds.values())
    assert found == {
        'jobs_attempts_total{name="Mail.send",outcome="done",queue="mails"}': 2,
        'jobs_attempts_total{name="Mail.fail",outcome="failed",queue="default"}': 1,
        'jobs_attempts_total{name="Mail.fail",outcome="dead",queue="default"}': 1,
        'jobs_attempts_total{name="Mail.discard",outcome="dead",queue="default"}': 1,
        'jobs_attempt_duration_seconds_bucket{le="60.0",name="Mail.send",queue="mails"}': 2,
        'jobs_attempt_duration_seconds_bucket{le="+Inf",name="Mail.send",queue="mails"}': 2,
        'jobs_attempt_duration_seconds_count{name="Mail.send",queue="mails"}': 2,
        'jobs_attempt_duration_seconds_bucket{le="60.0",name="Mail.fail",queue="default"}': 2,
        'jobs_attempt_duration_seconds_bucket{le="+Inf",name="Mail.fail",queue="default"}': 2,
        'jobs_attempt_duration_seconds_count{name="Mail.fail",queue="default"}': 2,
        'jobs_attempt_duration_seconds_bucket{le="60.0",name="Mail.discard",queue="default"}': 1,
        'jobs_attempt_duration_seconds_bucket{le="+Inf",name="Mail.discard",queue="default"}': 1,
        'jobs_attempt_duration_seconds_count{name="Mail.discard",queue="default"}': 1,
        "jobs_lost_leases_total": 0,
        "jobs_rescued_total": 0,
        'jobs_schedule_ticks_total{result="added"}': 0,
        'jobs_schedule_ticks_total{result="skipped"}': 0,
    }


async def test_schedules_and_leases_are_counted(database: AsyncEngine) -> None:
    """What workers count beside attempts; several workers of a process are added up."""
    metrics = made()
    async with working(database, Clock, observers=[metrics], workers=2) as app:
        await until(lambda: shown(metrics).get('jobs_schedule_ticks_total{result="skipped"}', 0) > 0)
        assert shown(metrics)['jobs_schedule_ticks_total{result="added"}'] > 0
        for worker, _ in app.workers:
            worker.counts.lost, worker.counts.rescued = 2, 3
    assert (shown(metrics)["jobs_lost_leases_total"], shown(metrics)["jobs_rescued_total"]) == (4, 6)


def app_with(metrics: Metrics, folder: Path, *routes: Any, **settings: Any) -> App:
    """Return an app whose only declaration for jobs is that it has some."""
    jobs = JobSettings([Mail], url=f"sqlite+aiosqlite:///{folder}/jobs.db", poll=0.1, **settings)
    return App([*routes], observers=[metrics], jobs=jobs, openapi=None)


async def test_the_observers_of_an_app_observe_its_jobs(tmp_path: Path, app_client: AppClientFactory) -> None:
    """The same route shows requests, attempts and the queues, which are read when it is called."""
    metrics = made()
    app = app_with(metrics, tmp_path, metrics.routes(), in_process=True)
    client = await app_client(app)

    async def add(queue: JobQueue) -> None:
        await queue.add(Mail.send)
        await queue.add(Mail.fail, delay=1000)

    async def done(store: JobStore) -> bool:
        return bool(await store.list(JobFilter(states=("done",))))

    async with app.services() as services:
        await services.call(add)
        await until(lambda: services.call(done))
    text = await (await client.http.get("/metrics")).text()

    assert 'jobs_attempts_total{name="Mail.send",outcome="done",queue="mails"} 1.0' in text
    assert 'jobs_stored{queue="mails",state="done"} 1.0' in text
    assert 'jobs_stored{queue="default",state="scheduled"} 1.0' in text
    assert 'jobs_oldest_ready_seconds{queue="default"} 0.0' in text
    assert 'jobs_queue_paused{queue="default"} 0.0' in text


async def test_an_app_without_jobs_has_no_metrics_of_jobs(app_client: AppClientFactory) -> None:
    """They would be noise."""
    metrics = made()
    client = await app_client(App([metrics.routes()], observers=[metrics], openapi=None))
    text = await (await client.http.get("/metrics")).text()

    assert "http_requests_in_progress" in text
    assert "jobs_" not in text


class Store(JobStore):
    """A store with one queue, or that does not respond."""

    def __init__(self) -> None:
        self.reads = 0
        self.fails = False

    async def queues(self, *, most: int | None = 10_000) -> list[QueueState]:  # noqa: ARG002  as the interface has it
        """Count the calls."""
        self.reads += 1
        if self.fails:
            raise OSError("connection refused")
        return [QueueState(name="default", paused=True, oldest=12.5, counts={"ready": self.reads})]


async def test_the_store_is_read_at_most_once_in_some_seconds(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """However often metrics are asked for; while it does not respond, the others are shown, with one warning."""
    now = 1000.0
    monkeypatch.setattr(clock, "monotonic", lambda: now)
    store = Store()
    stored = StoredJobs(store)
    for moment, reads in ((1000.0, 1), (1004.9, 1), (1005.0, 2), (1006.0, 2)):
        now = moment
        found = await asyncio.gather(stored.read(), stored.read())
        assert (store.reads, found[0][0].counts) == (reads, {"ready": reads})
    samples = shown(made(), found[0])
    assert samples['jobs_oldest_ready_seconds{queue="default"}'] == 12.5
    assert samples['jobs_queue_paused{queue="default"}'] == 1

    store.fails = True
    for moment in (1020.0, 1040.0):
        now = moment
        assert await stored.read() == ()
    assert [one.getMessage() for one in caplog.records] == [
        "The metrics have no numbers of stored jobs, because they cannot be read: OSError('connection refused')"
    ]


def test_processes_share_the_metrics_of_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that is asked adds up all; of one that has ended, the counters are kept."""
    place = tmp_path / "metrics"
    monkeypatch.setenv(FOLDER, str(place))
    join_metrics_folder()
    (place / "other.txt").touch()
    join_metrics_folder()
    assert (place / "other.txt").exists()
    other = Snapshot((1.0,), [], jobs=[JobRow("Mail.send", "mails", "done", [3, 1], 9.0)], counts={"rescued": 2})
    file = place / "framework-jobs__of_jobs-999999-ab.metrics"
    file.write_bytes(msgspec.msgpack.encode(other))
    metrics = made(job_buckets=(1.0,))
    sent = 'jobs_attempts_total{name="Mail.send",outcome="done",queue="mails"}'
    for _ in range(2):
        found = shown(metrics, [])
        assert (found[sent], found["jobs_rescued_total"]) == (4, 2)
        mark_worker_dead(999999)
    assert not file.exists()


async def test_a_worker_that_ends_keeps_its_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: AsyncEngine, kind: str
) -> None:
    """They are in the file of ended processes, once."""
    if kind == "postgresql":
        return
    monkeypatch.setenv(FOLDER, str(tmp_path / "metrics"))
    join_metrics_folder()
    metrics = made()
    async with working(database, Mail, observers=[metrics]) as app:
        await app.until(await app.add(Mail.send), JobState.DONE)
    leave_metrics_folder()
    files = [one.name for one in (tmp_path / "metrics").glob("*.metrics")]
    assert files == ["framework-jobs__of_jobs-0-ended.metrics"]
    other = made()
    assert shown(other, [])['jobs_attempts_total{name="Mail.send",outcome="done",queue="mails"}'] == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"job_prefix": "2"}, "Metrics(job_prefix='2') is not the beginning of a name"),
        ({"job_buckets": (2, 1)}, "Metrics(job_buckets=(2, 1)) are not growing, positive times"),
    ],
)
def test_wrong_options(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    """They are found when the app is built, whether they are given to the app or to the settings of the jobs."""
    metrics = made(**options)
    url = f"sqlite+aiosqlite:///{tmp_path}/jobs.db"
    with pytest.RaisesGroup(pytest.RaisesExc(Exception, match=message.replace("(", r"\(").replace(")", r"\)"))):
        app_with(metrics, tmp_path).build()
    with pytest.RaisesGroup(pytest.RaisesExc(Exception, match=message.replace("(", r"\(").replace(")", r"\)"))):
        App(jobs=JobSettings([Mail], url=url, observers=[metrics])).build()


def test_names_that_exist(tmp_path: Path) -> None:
    """Another prefix is advised."""
    metrics = made()
    Counter("jobs_rescued_total", "Of the application.", registry=metrics.registry)
    with pytest.RaisesGroup(pytest.RaisesExc(Exception, match=r"Metrics\(job_prefix='jobs'\) has names that exist")):
        app_with(metrics, tmp_path).build()


class Watching:
    """An observer of requests and jobs that is given as a class."""

    def end(self, observation: Any, state: Any) -> None:
        """See a request end."""

    def begin_job(self, start: Any) -> None:
        """See an attempt begin."""

    def end_job(self, end: Any, state: Any) -> None:
        """See an attempt end."""


def test_a_class_cannot_observe_jobs(tmp_path: Path) -> None:
    """It would be built for requests, and silently miss the jobs."""
    jobs = JobSettings([Mail], url=f"sqlite+aiosqlite:///{tmp_path}/jobs.db")
    with pytest.RaisesGroup(pytest.RaisesExc(Exception, match="observes jobs, and is a class")):
        App(observers=[Watching], jobs=jobs).build()
