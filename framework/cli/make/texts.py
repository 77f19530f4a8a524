"""The files that are made, as text."""

from framework.cli.make.project import Named

__all__ = (
    "controller_test",
    "controller_text",
    "job_test",
    "job_text",
    "package_text",
    "service_test",
    "service_text",
    "test_text",
)

_CLIENT = """\
from aiohttp import web
from aiohttp.test_utils import TestClient
"""


def package_text(named: Named) -> str:
    """Return the ``__init__.py`` of a new folder."""
    return f'"""{named.words.capitalize()}."""\n'


def controller_text(named: Named) -> str:
    """Return a controller with one route."""
    return f'''\
"""The routes of {named.words}."""

from framework import Controller, get

__all__ = ("{named.class_name("Controller")}",)


class {named.class_name("Controller")}(Controller):
    """Lists {named.words}."""

    path = "/{named.path}"
    tags = ("{named.path}",)

    @get()
    async def search(self) -> list[str]:
        """Return the names of all {named.words}."""
        return []
'''


def controller_test(named: Named, prefix: str) -> str:
    """Return a test that sends a request to the controller."""
    return f'''\
{_CLIENT}

async def test_{named.module}_are_listed(client: TestClient[web.Request, web.Application]) -> None:
    """At the beginning there are none."""
    response = await client.get("{prefix}/{named.path}")

    assert response.status == 200
    assert await response.json() == []
'''


def service_text(named: Named) -> str:
    """Return a service that keeps names in memory."""
    return f'''\
"""The operations on {named.words}."""

__all__ = ("{named.class_name("Service")}",)


class {named.class_name("Service")}:
    """Keeps {named.words} in memory."""

    def __init__(self) -> None:
        self._names: list[str] = []

    def add(self, name: str) -> None:
        """Keep a name."""
        self._names.append(name)

    def names(self) -> list[str]:
        """Return all names, the latest last."""
        return list(self._names)
'''


def service_test(named: Named, package: str) -> str:
    """Return a test that uses the service as the application provides it."""
    service = named.class_name("Service")
    return f'''\
from framework import App

from {package}.{named.module}.service import {service}


async def test_{named.module}_are_kept(app: App) -> None:
    """The application provides one service for all requests."""
    async with app.services() as services:
        (await services.get({service})).add("first")

        assert (await services.get({service})).names() == ["first"]
'''


def job_text(named: Named) -> str:
    """Return a class with one job."""
    return f'''\
"""The jobs of {named.words}."""

import logging

from framework.jobs import Jobs, job

__all__ = ("{named.class_name("Jobs")}",)

_LOGGER = logging.getLogger(__name__)


class {named.class_name("Jobs")}(Jobs):
    """Runs beside requests: ``await queue.add({named.class_name("Jobs")}.process, number=7)``."""

    @job(name="{named.path}.process")
    async def process(self, number: int) -> None:
        """Process one of the {named.words}. It may run more than once."""
        _LOGGER.info("{named.words.capitalize()} %d", number)
'''


def job_test(named: Named, package: str) -> str:
    """Return a test that runs the job as the application builds it."""
    jobs = named.class_name("Jobs")
    return f'''\
import logging

import pytest
from framework import App

from {package}.{named.module}.jobs import {jobs}


async def test_{named.module}_are_processed(app: App, caplog: pytest.LogCaptureFixture) -> None:
    """The application builds the class with its services, as a worker does for each job."""
    caplog.set_level(logging.INFO, {jobs}.__module__)

    async def run(jobs: {jobs}) -> None:
        await jobs.process(7)

    async with app.services() as services:
        await services.call(run)

    assert "{named.words.capitalize()} 7" in caplog.text
'''


def test_text(named: Named) -> str:
    """Return a test over HTTP that passes in any application."""
    return f'''\
{_CLIENT}

async def test_{named.module}(client: TestClient[web.Request, web.Application]) -> None:
    """A path without a route is a problem with the status 404."""
    response = await client.get("/{named.path}/without-a-route")

    assert response.status == 404
    assert response.content_type == "application/problem+json"
'''
