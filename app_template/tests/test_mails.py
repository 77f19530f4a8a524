"""Mails by a real SMTP server."""

import asyncio
from collections.abc import AsyncIterator
from email.message import Message

import msgspec
import pytest
from aiosmtpd.handlers import Message as MessageHandler
from aiosmtpd.smtp import SMTP

from app_template.application import create_app, create_container
from app_template.settings import Settings
from app_template.tests.shop import ADA, login, place
from framework.testing import AppClientFactory, CapturedJobs
from framework.types import SecretStr


class KeptMessages(MessageHandler):
    """Keeps what a server receives."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[Message] = []

    def handle_message(self, message: Message) -> None:
        """Keep a message."""
        self.messages.append(message)


@pytest.fixture
async def smtp() -> AsyncIterator[tuple[KeptMessages, str]]:
    """Run an SMTP server; yield what it receives, and its URL."""
    kept = KeptMessages()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(kept), "127.0.0.1", 0)
    yield kept, f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


async def test_an_order_is_confirmed_by_mail(
    smtp: tuple[KeptMessages, str], settings: Settings, app_client: AppClientFactory, jobs: CapturedJobs
) -> None:
    """The mail is plain text, from the address of the settings."""
    kept, url = smtp
    with_mails = msgspec.structs.replace(settings, smtp_url=SecretStr(url), mail_sender="orders@shop.example")
    app = create_app(with_mails, create_container(with_mails))
    client = await app_client(app, headers=login(with_mails, ADA))

    await place(client.http, MUG_1=2)
    assert await jobs.drain() == 1

    (message,) = kept.messages
    assert (message["From"], message["To"]) == ("orders@shop.example", "ada@shop.example")
    assert message["Subject"] == "Your order 1"
    assert message.get_content_type() == "text/plain"
    assert "2 x MUG-1: 25.00 EUR" in str(message.get_payload())


async def test_an_unreachable_server_does_not_disturb_an_order(
    settings: Settings, app_client: AppClientFactory, jobs: CapturedJobs
) -> None:
    """The order is placed; the job fails, so that it is tried again."""
    broken = msgspec.structs.replace(settings, smtp_url=SecretStr("smtp://127.0.0.1:1"))
    client = await app_client(create_app(broken, create_container(broken)), headers=login(broken, ADA))

    status, _ = await place(client.http, MUG_1=1)

    assert status == 201
    with pytest.raises(ConnectionRefusedError):
        await jobs.drain()
