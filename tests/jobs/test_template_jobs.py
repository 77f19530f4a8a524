"""The template's setting for a broker of jobs: an order is placed, and a worker process gets its job from Redis."""

from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from redis.asyncio import Redis

from app_template.application import create_app, create_container
from app_template.settings import read
from app_template.tests.shop import ADA, login, place
from framework import App
from framework.errors import DefinitionErrors
from framework.job_store import JobFilter, JobStore
from tests.cli.dev_server import command
from tests.jobs.brokers import BrokerServer
from tests.waiting import until

_STREAM = "shop_jobs:default"


def application(variables: dict[str, str]) -> App:
    """Return the shop as a server with these variables would build it."""
    settings = read(variables)
    return create_app(settings, create_container(settings))


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """Return the environment of the shop, without a broker."""
    return {"SHOP_SECRET": "s" * 32, "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}"}


@pytest.mark.slow
async def test_a_broker_carries_the_jobs_of_orders(
    variables: dict[str, str], brokers: Callable[[str], BrokerServer], tmp_path: Path
) -> None:
    """The server and ``framework jobs run`` read the same setting; the mail is sent by the worker."""
    variables["SHOP_JOBS_URL"] = brokers("redis").url
    app = application(variables)
    async with TestClient(TestServer(app.build()), headers=login(read(variables), ADA)) as client:
        status, _ = await place(client, MUG_1=2)
    assert status == 201
    async with (
        Redis.from_url(variables["SHOP_JOBS_URL"]) as redis,
        command(tmp_path, "jobs", "run", "app_template.main:app", variables=variables) as worker,
    ):
        assert await redis.exists(_STREAM) == 0
        await worker.prints("Your order 1")
        assert (await redis.xinfo_stream(_STREAM))["entries-added"] == 1
        async with application(variables).services() as services:
            store = await services.get(JobStore)

            async def done() -> bool:
                return bool(await store.list(JobFilter(states=("done",), name="orders.confirm")))

            await until(done)


async def test_an_empty_setting_is_no_broker(variables: dict[str, str]) -> None:
    """As it is in files that list all settings; a URL of another kind is an error at start-up."""
    variables["SHOP_JOBS_URL"] = ""
    application(variables).build()
    variables["SHOP_JOBS_URL"] = "mqtt://broker"
    with pytest.raises(DefinitionErrors) as caught:
        application(variables).build()
    assert "JobSettings(broker=) begins with none of nats://" in caught.value.listing()
