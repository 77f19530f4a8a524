"""A mailer for tests."""

import asyncio
import re

from app_template.mails.mailer import Mail, Mailer

__all__ = ("KeptMails",)


class KeptMails(Mailer):
    """Keeps mails instead of sending them."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.sent = asyncio.Event()

    async def send(self, mail: Mail) -> None:
        """Keep a mail."""
        self.mails.append(mail)
        self.sent.set()

    def token(self) -> str:
        """Return the token of the link in the latest mail."""
        found = re.search(r"\?token=(\S+)", self.mails[-1].text)
        assert found is not None
        return found[1]
