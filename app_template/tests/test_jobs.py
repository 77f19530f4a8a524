"""The jobs of the shop: mails of orders in the transaction of the order, a report every night, their page."""

import asyncio
import logging
from datetime import UTC, datetime

import pytest
from pytest_aiohttp.plugin import AiohttpClient

from app_template.orders.reports import OrderReports
from app_template.settings import Settings
from app_template.tests.mails import KeptMails
from app_template.tests.shop import ADA, BOTH_DATABASES, ShopClient, login, place
from framework import App
from framework.job_store import JobStore
from framework.jobs import working_in_process
from framework.request_ids import RequestIDFilter
from framework.testing import Clock

_SOON = 10.0


@BOTH_DATABASES
async def test_an_order_and_its_mail_are_one_transaction(
    settings: Settings, mails: KeptMails, app: App, aiohttp_client: AiohttpClient
) -> None:
    """A worker sends the mail of an order that is placed; one that is out of stock has none."""
    with working_in_process():
        client = await aiohttp_client(app.build(), headers=login(settings, ADA))

    refused, _ = await place(client, MUG_1=1, POT_1=100)
    placed, _ = await place(client, MUG_1=2, POT_1=1)
    async with asyncio.timeout(_SOON):
        await mails.sent.wait()
    await client.close()

    assert (refused, placed) == (409, 201)
    (mail,) = mails.mails
    assert (mail.to, mail.subject) == ("ada@shop.example", "Your order 1")
    assert "2 x MUG-1: 25.00 EUR\n1 x POT-1: 39.00 EUR\n\nTotal: 64.00 EUR" in mail.text


async def test_mails_are_logged_in_development(
    settings: Settings, app: App, aiohttp_client: AiohttpClient, caplog: pytest.LogCaptureFixture
) -> None:
    """The line has the id of the request that has added the job."""
    logged = asyncio.Event()

    class Note(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            if record.name == "app_template.mails.mailer":
                logged.set()
            return True

    caplog.set_level(logging.INFO, "app_template.mails")
    with working_in_process():
        client = await aiohttp_client(app.build(), headers=login(settings, ADA))

    with caplog.filtering(RequestIDFilter()), caplog.filtering(Note()):
        await place(client, MUG_1=1)
        async with asyncio.timeout(_SOON):
            await logged.wait()
    await client.close()

    (record,) = [record for record in caplog.records if record.name == "app_template.mails.mailer"]
    assert record.getMessage().startswith("Mail to ada@shop.example: Your order 1\nHello Ada,")
    assert vars(record)["request_id"] == "place"


async def test_a_report_is_sent_to_the_staff(mails: KeptMails, app: App, client: ShopClient, clock: Clock) -> None:
    """It has the orders of the day before, without those that were cancelled."""
    await place(client, MUG_1=2)
    _, cancelled = await place(client, MUG_1=1)
    await client.post(f"/api/orders/{cancelled['id']}/cancel")

    async def send(reports: OrderReports) -> None:
        await reports.send_report()

    clock.set(datetime.fromtimestamp(datetime.now(UTC).timestamp() + 86_400, UTC))
    async with app.services() as services:
        await services.call(send)

    (mail,) = mails.mails
    assert mail.to == "sam@shop.example"
    assert mail.text == "1 orders, 25.00 EUR\n"


async def test_the_staff_sees_the_jobs(app: App, client: ShopClient, visitor: ShopClient) -> None:
    """An order adds a job; its page is for the staff, and others are sent to the login."""
    await place(client, MUG_1=1)
    async with app.services() as services:
        (stored,) = await (await services.get(JobStore)).list()

    response = await visitor.get("/jobs", allow_redirects=False)

    assert (stored.name, stored.state, stored.arguments) == ("orders.confirm", "ready", {"order_id": 1})
    assert (response.status, response.headers["Location"]) == (303, "/login")
