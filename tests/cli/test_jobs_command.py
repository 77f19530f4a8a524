"""``framework jobs``: runs jobs, and shows and changes those that are stored."""

import asyncio
import json
import re
import signal
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.cli.conftest import Run, Write
from tests.cli.dev_server import Starting, command, python_command
from tests.forked import run_command
from tests.waiting import until

SHOP = '''\
import asyncio
from pathlib import Path

from framework import App
from framework.jobs import JobQueue, Jobs, JobSettings, job


def note(text: str) -> None:
    with Path("log.txt").open("a") as file:
        file.write(f"{text}\\n")


class Mail(Jobs):
    """Mails."""

    @job(queue="mails")
    async def confirm(self, number: int, token: str = "t") -> None:
        """Confirm an order.

        By mail.
        """
        note(f"confirmed {number}")

    @job(retries=0)
    async def fails(self) -> None:
        raise ValueError("no server")

    @job(result=True)
    async def slow(self, seconds: float) -> int:
        note("started")
        await asyncio.sleep(seconds)
        note("ended")
        return 7

    @job(cron="0 3 * * *", timezone="Europe/Berlin")
    async def report(self) -> None: ...


async def fill(queue: JobQueue) -> None:
    await queue.add(Mail.confirm, number=1)
    await queue.add(Mail.confirm, number=2, delay=1000)
    await queue.add(Mail.fails)


async def slow(seconds: float, queue: JobQueue) -> None:
    await queue.add(Mail.slow, seconds=seconds)


app = App(
    jobs=JobSettings([Mail], url="sqlite+aiosqlite:///jobs.db", lease=2, heartbeat=0.2, poll=0.02),
    commands=[fill, slow],
)
'''
CONFIGURED = '[tool.framework]\napp = "shop:app"\n'


@pytest.fixture
def shop(write: Write, folder: Path) -> Path:
    """Write an app with jobs, and name it in pyproject.toml."""
    write("shop.py", SHOP)
    write("pyproject.toml", CONFIGURED)
    return folder


def listed(run: Run, *words: str) -> list[tuple[int, str, str]]:
    """Return id, name and state of the jobs that are listed."""
    found: Any = json.loads(run("jobs", "list", "--json", *words).out)
    return [(one["id"], one["name"], one["state"]) for one in found["jobs"]]


@pytest.mark.usefixtures("shop")
def test_jobs_are_listed_and_changed(run: Run) -> None:
    """Each command says what it has done; times are in UTC."""
    assert run("fill").code == 0
    shown = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "(a moment)       ", run("jobs", "list").out)
    assert re.sub(r" +\d s\n", " 0 s\n", shown) == (
        "QUEUE    READY  SCHEDULED  RUNNING  DONE  DEAD  CANCELLED  OLDEST\n"
        "default  1      0          0        0     0     0 0 s\n"
        "mails    1      1          0        0     0     0 0 s\n"
        "\n"
        "ID  NAME          QUEUE    STATE      ATTEMPT  DUE                  ERROR\n"
        "3   Mail.fails    default  ready      0 of 1   (a moment)       \n"
        "2   Mail.confirm  mails    scheduled  0 of 6   (a moment)       \n"
        "1   Mail.confirm  mails    ready      0 of 6   (a moment)       \n"
    )
    assert run("jobs", "run-now", "--id", "2").out == "1 job made ready.\n"
    assert run("jobs", "discard", "--queue", "mails").out == "2 jobs cancelled.\n"
    assert run("jobs", "discard", "--id", "1", "--json").out == '{\n  "changed": 0\n}\n'
    assert run("jobs", "retry", "--state", "cancelled", "--name", "Mail.confirm").out == "2 jobs made ready again.\n"
    assert run("jobs", "discard", "--all").out == "3 jobs cancelled.\n"
    assert listed(run, "--state", "cancelled", "--limit", "1") == [(3, "Mail.fails", "cancelled")]
    assert listed(run, "--state", "dead") == []


@pytest.mark.usefixtures("shop")
def test_all_jobs_are_changed_on_request_only(run: Run) -> None:
    """A forgotten filter does not discard everything; --all with a filter is unclear."""
    message = "Error: name jobs with --id, --state, --queue or --name, or all of them with --all alone\n"
    for words in (("discard",), ("retry", "--all", "--id", "1"), ("run-now",)):
        done = run("jobs", *words)
        assert (done.code, done.err.splitlines(keepends=True)[-1]) == (2, message)


@pytest.mark.usefixtures("shop")
def test_one_job_is_shown(run: Run) -> None:
    """With its arguments; those with the name of a secret are hidden."""
    run("fill")
    lines = run("jobs", "show", "1").out.splitlines()
    assert lines[:7] == [
        "id: 1",
        "name: Mail.confirm",
        "queue: mails",
        "state: ready",
        "priority: 0",
        "attempt: 0",
        "max_attempts: 6",
    ]
    assert lines[7] == 'arguments: {"number": 1, "token": "***"}'
    assert json.loads(run("jobs", "show", "1", "--json").out)["arguments"] == {"number": 1, "token": "***"}
    assert run("jobs", "show", "99") == (
        2,
        "",
        "Error: there is no job 99; framework jobs list shows the latest.\n",
    )


@pytest.mark.usefixtures("shop")
def test_a_paused_queue_is_found_by_the_doctor(run: Run) -> None:
    """Its exit code is 1 if something keeps jobs from running."""
    assert run("jobs", "doctor") == (0, "Nothing is found that keeps jobs from running.\n", "")
    assert run("jobs", "pause", "mails").out == "Queue mails is paused.\n"
    assert run("jobs", "doctor") == (1, "Queue mails is paused.\n  Hint: framework jobs resume mails.\n\n", "")
    assert run("jobs", "resume", "mails").out == "Queue mails is not paused.\n"
    assert run("jobs", "doctor", "--json").out == '{\n  "findings": []\n}\n'


def test_a_broker_that_is_away_is_found(run: Run, shop: Path) -> None:
    """Jobs are added and listed without it."""
    given = 'url="sqlite+aiosqlite:///jobs.db"'
    assert given in SHOP
    with_broker = SHOP.replace(given, f'{given}, broker="redis://:secret@127.0.0.1:1/0"')
    (shop / "shop.py").write_text(with_broker)
    run("fill")
    done = run_command(shop, "jobs", "doctor")
    assert done.status == 1
    assert done.printed.startswith(
        "The broker redis://127.0.0.1:1 cannot be reached: ConnectionError: Error 111 connecting to 127.0.0.1:1"
    )
    assert "Hint: start it, or see that this machine reaches it; jobs wait in the table until then." in done.printed
    assert "secret" not in done.printed


def test_a_job_that_the_app_does_not_have_is_found(run: Run, shop: Path) -> None:
    """One that was renamed without aliases would wait for ever."""
    run("fill")
    # The new name has another length: bytecode of a file with the same size and second would be taken for current.
    (shop / "shop.py").write_text(SHOP.replace("def confirm", "def send").replace(".confirm", ".send"))
    done = run_command(shop, "jobs", "doctor")
    assert done.status == 1
    assert "Jobs named Mail.confirm are waiting, and the app has no such job.\n" in done.printed


def test_the_document(run: Run, shop: Path) -> None:
    """Names, options, schedules, and the JSON Schema of arguments."""
    document: Any = json.loads(run("jobs", "document").out)
    assert document["jobs"]["Mail.confirm"] == {
        "description": "Confirm an order.\n\nBy mail.",
        "queue": "mails",
        "priority": 0,
        "attempts": 6,
        "timeout": 300.0,
        "unique": False,
        "transactional": False,
        "arguments": {"$ref": "#/components/schemas/Mail.confirm"},
    }
    assert document["jobs"]["Mail.report"]["schedule"] == "cron 0 3 * * * Europe/Berlin"
    assert document["components"]["schemas"]["Mail.confirm"]["properties"] == {
        "number": {"type": "integer"},
        "token": {"type": "string", "default": "t"},
    }
    assert run("jobs", "document", "--output", "jobs.json").code == 0
    assert json.loads((shop / "jobs.json").read_text(encoding="utf-8")) == document


def test_an_app_without_jobs(run: Run, write: Write) -> None:
    """The hint names the option."""
    write("shop.py", "from framework import App\n\napp = App()\n")
    assert run("jobs", "list", "shop:app") == (2, "", "Error: the app has no jobs; App(jobs=[Mail]) adds some.\n")


@pytest.mark.parametrize("start", [command, pytest.param(python_command, marks=pytest.mark.slow)])
async def test_a_queue_without_jobs_is_reported(shop: Path, start: Starting) -> None:
    """A misspelt name would wait for ever; jobs of a queue that was renamed run."""
    async with start(shop, "jobs", "run", "--queue", "mail") as running:
        await running.prints("Press Ctrl+C to stop.")
        assert await running.stop(signal.SIGTERM) == 0
    assert running.printed.startswith("No job of the app is in the queue mail; the queues are default, mails.\n")


def test_jobs_of_a_queue_that_is_not_served_are_found(run: Run, shop: Path) -> None:
    """The queue of their job was changed after they were stored."""
    run("fill")
    (shop / "shop.py").write_text(SHOP.replace('queue="mails"', 'queue="letters"'))

    done = run_command(shop, "jobs", "doctor")
    assert done.printed == (
        "Queue mails has waiting jobs, and workers do not serve it by default.\n"
        "  Hint: framework jobs run --queue mails, or add it to JobSettings(queues=).\n\n"
    )


async def test_a_worker_runs_jobs_until_it_is_stopped(run: Run, shop: Path) -> None:
    """A line when it starts and when it has stopped; the job that runs ends before; only its queues are served."""
    log = shop / "log.txt"
    await asyncio.to_thread(run, "fill")
    await asyncio.to_thread(run, "slow", "0.5")
    async with command(shop, "jobs", "run", "--queue", "default", "--concurrency", "2") as running:
        await running.prints("runs jobs of default, 2 at once. Press Ctrl+C to stop.")
        await until(lambda: log.exists() and "started" in log.read_text())
        assert await running.stop(signal.SIGTERM) == 0

    assert re.search(r"Worker \S+ has stopped; 2 attempts ended\.", running.printed)
    assert log.read_text() == "started\nended\n"
    assert await asyncio.to_thread(listed, run) == [
        (4, "Mail.slow", "done"),
        (3, "Mail.fails", "dead"),
        (2, "Mail.confirm", "scheduled"),
        (1, "Mail.confirm", "ready"),
    ]
    shown = (await asyncio.to_thread(run, "jobs", "show", "4")).out
    assert "result: 7\n" in shown
    failed = (await asyncio.to_thread(run, "jobs", "show", "3")).out
    assert failed.rstrip().endswith("ValueError: no server")
    # The time of an attempt that is not made is not shown.
    assert "run_at:" not in failed


async def test_a_job_that_does_not_end_is_handed_back(run: Run, shop: Path) -> None:
    """After the grace it is ready again, and the attempt is not counted."""
    log = shop / "log.txt"
    await asyncio.to_thread(run, "slow", "60")
    async with command(shop, "jobs", "run", "--grace", "0.1") as running:
        await until(lambda: log.exists() and "started" in log.read_text())
        assert await running.stop(signal.SIGTERM) == 0

    record: Any = json.loads((await asyncio.to_thread(run, "jobs", "show", "1", "--json")).out)
    assert (record["state"], record["attempt"]) == ("ready", 0)


@pytest.mark.slow
async def test_the_server_of_development_runs_jobs(run: Run, shop: Path) -> None:
    """Without a second process, and without a setting."""
    log = shop / "log.txt"
    await asyncio.to_thread(run, "fill")
    async with python_command(shop, "dev", "--port", "0") as running:
        await until(lambda: log.exists() and "confirmed 1" in log.read_text())
        assert await running.stop(signal.SIGINT) == 0
    assert log.read_text() == "confirmed 1\n"


async def fetched(port: int, path: str) -> tuple[int, str]:
    """Return the response of a worker."""
    async with aiohttp.ClientSession() as client, client.get(f"http://127.0.0.1:{port}{path}") as response:
        return response.status, await response.text()


OBSERVED = SHOP.replace("app = App(", "app = App(\n    observers=[Metrics()],").replace(
    "from framework.jobs", "from framework.telemetry import Metrics\nfrom framework.jobs"
)


async def test_a_worker_serves_its_metrics(write: Write, shop: Path) -> None:
    """And whether it works; a worker that stops is not ready, and ends all the same."""
    write("shop.py", OBSERVED)
    assert run_command(shop, "fill").status == 0
    async with command(shop, "jobs", "run", "--listen", "127.0.0.1:0") as running:
        await running.prints("Press Ctrl+C to stop.")
        found = re.search(r"It serves /metrics and /health/ready at http://127\.0\.0\.1:(\d+)\. ", running.printed)
        assert found is not None
        port = int(found[1])

        async def counted() -> bool:
            return 'jobs_attempts_total{name="Mail.fails",outcome="dead"' in (await fetched(port, "/metrics"))[1]

        await until(counted)
        _, text = await fetched(port, "/metrics")
        assert 'jobs_stored{queue="mails",state="scheduled"} 1.0' in text
        assert await fetched(port, "/health/ready") == (200, '{"status":"ready"}')
        assert await running.stop(signal.SIGTERM) == 0


async def test_a_worker_without_metrics_serves_its_readiness(shop: Path) -> None:
    """It says so; numbers require an observer."""
    async with command(shop, "jobs", "run", "--listen", "[::1]:0") as running:
        await running.prints("Press Ctrl+C to stop.")
        assert re.search(r"It serves /health/ready at http://\[::1\]:\d+\. ", running.printed)
        assert await running.stop(signal.SIGTERM) == 0


@pytest.mark.parametrize("address", ["9100", "localhost", "127.0.0.1:http", "127.0.0.1:9100/metrics", "a@b:1"])
@pytest.mark.usefixtures("shop")
def test_an_address_that_cannot_be_listened_on(run: Run, address: str) -> None:
    """The hint shows one that can."""
    done = run("jobs", "run", "--listen", address)
    message = f"Error: --listen {address} is not an address with a port; write --listen 127.0.0.1:9100.\n"
    assert (done.code, done.err) == (2, message)


async def test_a_worker_shares_its_metrics(write: Write, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It creates the folder, and keeps its numbers there when it ends."""
    write("shop.py", OBSERVED)
    assert run_command(shop, "fill").status == 0
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(shop / "metrics"))
    async with command(shop, "jobs", "run") as running:
        await running.prints("Press Ctrl+C to stop.")
        await until(lambda: "is dead" in running.printed)
        assert await running.stop(signal.SIGTERM) == 0
    (file,) = (shop / "metrics").glob("*.metrics")
    assert file.name == "framework-jobs__of_jobs-0-ended.metrics"
    assert b"Mail.fails" in file.read_bytes()
