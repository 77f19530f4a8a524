"""Sends mails, or writes them to the log."""

import logging
from abc import ABC, abstractmethod
from dataclasses import dataclass

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Mail:
    """A mail of plain text to one address."""

    to: str
    subject: str
    text: str


class Mailer(ABC):
    """Sends mails; tests register one that keeps them."""

    @abstractmethod
    async def send(self, mail: Mail) -> None:
        """Send a mail. Raises OSError."""


class LoggedMailer(Mailer):
    """Writes mails to the log, for development."""

    async def send(self, mail: Mail) -> None:
        """Write a mail to the log."""
        LOGGER.info("Mail to %s: %s\n%s", mail.to, mail.subject, mail.text)
