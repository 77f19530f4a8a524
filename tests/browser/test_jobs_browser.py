"""The page of the jobs in Chromium, under the policy of SecurityHeaders: what it shows, and what its buttons do."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from framework import App, Request
from framework._jobs.engine import Engine
from framework._jobs.worker.loop import Worker
from framework._plan.job_runs import JobTable
from framework.job_store import JobsController, JobStore
from framework.jobs import JobQueue, Jobs, JobSettings, job
from framework.middleware import SecurityHeaders
from tests.waiting import until

selenium = pytest.importorskip("selenium", reason="selenium is not installed")
from tests.browser.page import IN_BROWSER, BrowserPage  # noqa: E402  needs selenium

pytestmark = IN_BROWSER


# In one step each: the page replaces its rows from time to time.
_CELLS = """
return [...document.querySelectorAll(arguments[0])].map((row) => [...row.cells].map((cell) => cell.innerText));
"""
_PRESS = """
const found = [...document.querySelectorAll(arguments[0])].find((one) => one.textContent === arguments[1]);
found?.click();
return found !== undefined;
"""


class Mail(Jobs):
    """Jobs that end in different ways."""

    @job(queue="mails")
    async def send(self, to: str, password: str = "") -> None:
        """Do nothing."""

    @job(retries=0)
    async def fails(self) -> None:
        """Fail."""
        raise ValueError("<b>no server</b>")


async def everybody(request: Request) -> None:
    """Admit everybody, in this test."""


class StaffJobs(JobsController):
    """The jobs."""

    path = "/staff/jobs"
    guards = (everybody,)


class JobsPage(BrowserPage):
    """The page."""

    ready = "#jobs tbody tr"

    def cells(self, selector: str) -> list[list[str]]:
        """Return the texts of the rows of a table, without times."""
        found: list[list[str]] = self._driver.execute_script(_CELLS, f"{selector} tbody tr")
        return found

    def press(self, selector: str, label: str) -> str:
        """Press a button, and return the message when it has changed."""
        before = self.message
        self._find(selector)
        assert self._driver.execute_script(_PRESS, f"{selector} button", label)
        self._wait.until(lambda _: self.message != before, f"{label} changes no message")
        return self.message

    @property
    def message(self) -> str:
        """The message above the tables."""
        text: str = self._driver.find_element("id", "message").text
        return text

    def choose(self, state: str) -> None:
        """Show the jobs in a state."""
        self._find(f"#filter option:nth-of-type({['', 'ready', 'scheduled'].index(state) + 1})").click()
        self._click("#filter button")
        self._wait.until(lambda _: {row[3] for row in self.cells("#jobs")} == {state}, f"not only {state}")

    def details(self, number: int) -> tuple[str, str]:
        """Open a job, and return its record and its error."""
        self._click(f"#jobs tr[data-id='{number}'] td:first-child button")
        self._find("#record")
        return self._driver.find_element("id", "record").text, self._driver.find_element("id", "error").text


async def prepared(app: App) -> list[str]:
    """Add jobs, and run those of the default queue; return the states."""

    async def fill(queue: JobQueue) -> None:
        await queue.add(Mail.send, "ada@shop.example", password="secret")
        await queue.add(Mail.fails)
        await queue.add(Mail.send, "sam@shop.example", delay=1000)

    async with app.services() as services:
        await services.call(fill)
        engine: Engine = await services.get(Engine)  # type: ignore[type-abstract]  # registered as it is
        table = await services.get(JobTable)
        store = await services.get(JobStore)
        settings = JobSettings([Mail], queues=("default",), poll=0.02)
        worker = Worker(engine, table.plans, table.run, settings)
        running = asyncio.create_task(worker.run())

        async def dead() -> bool:
            found = await store.find(2)
            return found is not None and found.state == "dead"

        await until(dead)
        worker.stop()
        await running
        return [one.state for one in await store.list()]


def used(page: Any) -> dict[str, Any]:
    """Use the page, and return what it showed."""
    seen = {"queues": page.cells("#queues"), "jobs": [row[:5] for row in page.cells("#jobs")]}
    seen["details"] = page.details(1)
    seen["failed"] = page.details(2)[1]
    seen["retried"] = page.press("#jobs tr[data-id='2']", "retry")
    seen["started"] = page.press("#jobs tr[data-id='3']", "run-now")
    seen["paused"] = page.press("#queues tr[data-queue='mails']", "pause")
    seen["paused queue"] = page.cells("#queues")[1][0]
    seen["resumed"] = page.press("#queues tr[data-queue='mails']", "resume")
    seen["discarded"] = page.press("#jobs tr[data-id='1']", "discard")
    page.choose("ready")
    seen["ready"] = [row[0] for row in page.cells("#jobs")]
    return seen


async def test_a_person_sees_and_changes_jobs(tmp_path: Path, look: Any) -> None:
    """Markup of an error is text, and values of secret names are hidden."""
    settings = JobSettings([Mail], url=f"sqlite+aiosqlite:///{tmp_path / 'jobs.db'}")
    headers = SecurityHeaders(csp={"default-src": "'none'", "script-src": "'self'", "style-src": "'self'"} | _REST)
    app = App([StaffJobs], jobs=settings, middlewares=[headers], openapi=None)
    assert await prepared(app) == ["scheduled", "dead", "ready"]

    seen = await look(app.build(), JobsPage, "/staff/jobs", used)

    assert [row[:-2] for row in seen["queues"]] == [
        ["default", "0", "0", "0", "0", "1", "0"],
        ["mails", "1", "1", "0", "0", "0", "0"],
    ]
    assert seen["jobs"] == [
        ["3", "Mail.send", "mails", "scheduled", "0 of 6"],
        ["2", "Mail.fails", "default", "dead", "1 of 1"],
        ["1", "Mail.send", "mails", "ready", "0 of 6"],
    ]
    record, error = seen["details"]
    assert '"to": "ada@shop.example"' in record
    assert '"password": "***"' in record
    assert error == ""
    assert seen["failed"].endswith("ValueError: <b>no server</b>")
    assert (seen["retried"], seen["started"], seen["discarded"]) == ("Job 2: retry", "Job 3: run-now", "Job 1: discard")
    assert (seen["paused"], seen["resumed"]) == ("Queue mails: paused", "Queue mails: resumed")
    assert seen["paused queue"] == "mails (paused)"
    assert seen["ready"] == ["3", "2"]


_REST = {"img-src": "data:", "connect-src": "'self'"}
