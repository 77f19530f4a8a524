"""JobsController: JSON routes behind a guard, readiness, and the queue beside them."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from framework import App, Request
from framework.health import Health
from framework.http_errors import Forbidden
from framework.job_store import JobFilter, JobsController, JobStore, jobs_ready
from framework.jobs import JobQueue, Jobs, JobSettings, job
from framework.testing import AppClient, AppClientFactory


class Work(Jobs):
    """Some jobs."""

    @job
    async def run(self, number: int, password: str = "") -> None:
        """Do nothing."""


async def staff_only(request: Request) -> None:
    """Admit who has a header."""
    if "X-Staff" not in request.headers:
        raise Forbidden


class StaffJobs(JobsController):
    """The jobs, for the staff."""

    path = "/staff/jobs"
    guards = (staff_only,)


def app_in(folder: Path) -> App:
    """Return an app whose jobs are in a folder."""
    settings = JobSettings([Work], url=f"sqlite+aiosqlite:///{folder / 'jobs.db'}")
    return App([StaffJobs, Health(checks=[jobs_ready], cache=0)], jobs=settings)


@pytest.fixture
async def client(tmp_path: Path, app_client: AppClientFactory) -> AppClient:
    """Serve the app, with two jobs that wait."""
    app = app_in(tmp_path)

    async def fill(queue: JobQueue) -> None:
        await queue.add(Work.run, 1, password="secret")
        await queue.add(Work.run, 2, delay=1000)

    async with app.services() as services:
        await services.call(fill)
    return await app_client(app, headers={"X-Staff": "1"})


async def answer(client: AppClient, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Return status and body of a request below the page."""
    async with client.http.request(method, f"/staff/jobs{path}", json=body) as response:
        return response.status, await response.json() if response.content_type.endswith("json") else None


async def test_jobs_and_queues_are_listed(client: AppClient) -> None:
    """The newest first; values of secret names are hidden."""
    _, queues = await answer(client, "GET", "/queues")
    _, found = await answer(client, "GET", "/items")
    _, scheduled = await answer(client, "GET", "/items?state=scheduled&queue=default&name=Work.run&limit=1")
    _, older = await answer(client, "GET", "/items?before=2")
    status, shown = await answer(client, "GET", "/items/1")

    assert [(one["name"], one["paused"], one["counts"]["ready"]) for one in queues] == [("default", False, 1)]
    assert [one["id"] for one in found] == [2, 1]
    assert [one["id"] for one in scheduled] == [2]
    assert older == [shown]
    assert (status, shown["state"], shown["arguments"]) == (200, "ready", {"number": 1, "password": "***"})


async def test_jobs_are_changed(client: AppClient) -> None:
    """Only those in a state that can be changed; the number of them is returned."""
    assert await answer(client, "POST", "/run-now", {"ids": [1, 2]}) == (200, {"changed": 1})
    assert await answer(client, "POST", "/discard", {"all": True}) == (200, {"changed": 2})
    assert await answer(client, "POST", "/retry", {"states": ["dead"]}) == (200, {"changed": 0})
    assert await answer(client, "POST", "/retry", {"states": ["cancelled"], "ids": [2]}) == (200, {"changed": 1})
    assert await answer(client, "PUT", "/queues/default", {"paused": True}) == (204, None)
    _, (queue,) = await answer(client, "GET", "/queues")
    assert queue["paused"] is True


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "detail"),
    [
        ("GET", "/items/99", None, 404, "There is no job 99"),
        (
            "GET",
            "/items?state=deed",
            None,
            422,
            "'deed' is not a state; the states are ready, running, done, dead, cancelled, scheduled",
        ),
        (
            "POST",
            "/retry",
            {"states": ["deed"]},
            422,
            "'deed' is not a state; the states are ready, running, done, dead, cancelled, scheduled",
        ),
        ("GET", "/items?limit=1000", None, 422, "1 error in the request"),
        ("PUT", "/queues/default", {"pause": True}, 422, "2 errors in the request"),
        ("POST", "/discard", {"id": [1]}, 422, "1 error in the request"),
        ("POST", "/discard", {}, 422, "Name jobs with ids, states, queue or name, or all of them with all alone"),
        (
            "POST",
            "/run-now",
            {"all": True, "ids": [1]},
            422,
            "Name jobs with ids, states, queue or name, or all of them with all alone",
        ),
    ],
)
async def test_wrong_requests(client: AppClient, method: str, path: str, body: Any, status: int, detail: str) -> None:
    """A problem; a misspelt filter does not mean all jobs."""
    found, problem = await answer(client, method, path, body)

    assert (found, problem["detail"]) == (status, detail)


@pytest.mark.parametrize("path", ["", "/page.js", "/page.css", "/queues", "/items", "/items/1"])
async def test_everything_is_behind_the_guard(tmp_path: Path, app_client: AppClientFactory, path: str) -> None:
    """The files of the page, too."""
    client = await app_client(app_in(tmp_path))

    async with client.http.get(f"/staff/jobs{path}") as response:
        assert response.status == 403


async def test_the_page_names_its_files_relative_to_itself(client: AppClient) -> None:
    """So that it works behind a proxy that removes a prefix."""
    async with client.http.get("/staff/jobs") as response:
        text = await response.text()

    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert '<script src="jobs/page.js" defer></script>' in text
    for name, kind in (("page.js", "text/javascript"), ("page.css", "text/css")):
        async with client.http.get(f"/staff/jobs/{name}") as response:
            assert (response.status, response.content_type) == (200, kind)


async def test_the_store_is_a_service(tmp_path: Path, client: AppClient) -> None:
    """Code does what the routes do."""
    assert isinstance(client, AppClient)
    async with app_in(tmp_path).services() as services:
        store = await services.get(JobStore)
        found = await store.find(1)
        assert found is not None
        assert await store.find(99) is None
        assert await store.discard(JobFilter(ids=(found.id,))) == 1
        assert await store.result(1) is None
        with pytest.raises(ValueError, match=r"^'deed' is not a state; the states are ready, running, done"):
            await store.list(JobFilter(states=("deed",)))


async def test_readiness_knows_the_engine(tmp_path: Path, app_client: AppClientFactory) -> None:
    """It fails while the database of the jobs cannot be read."""
    client = await app_client(app_in(tmp_path))

    async def status() -> int:
        async with client.http.get("/health/ready") as response:
            return response.status

    assert await status() == 200
    with sqlite3.connect(tmp_path / "jobs.db") as connection:
        connection.execute("DROP TABLE framework_jobs")
    assert await status() == 503
