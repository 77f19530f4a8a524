"""Sends mails by SMTP, or writes them to the log."""

import asyncio
import logging
import smtplib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from email.message import EmailMessage

from yarl import URL

from app_template.settings import Settings

__all__ = ("Mail", "Mailer", "choose_mailer")

_LOGGER = logging.getLogger(__name__)
_TIMEOUT_SECONDS = 20


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
        """Send a mail. Raises OSError or smtplib.SMTPException."""


class SMTPMailer(Mailer):
    """Hands mails to the server of the settings, in a thread: smtplib blocks."""

    def __init__(self, server: URL, sender: str) -> None:
        self._server = server
        self._sender = sender

    async def send(self, mail: Mail) -> None:
        """Send a mail. Raises OSError or smtplib.SMTPException."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._sender, mail.to, mail.subject
        message.set_content(mail.text)
        await asyncio.to_thread(self._send, message)

    def _send(self, message: EmailMessage) -> None:
        server = self._server
        kind = smtplib.SMTP_SSL if server.scheme == "smtps" else smtplib.SMTP
        with kind(server.host or "", server.port or 0, timeout=_TIMEOUT_SECONDS) as smtp:
            if server.user is not None:
                if server.scheme == "smtp":
                    smtp.starttls()
                smtp.login(server.user, server.password or "")
            smtp.send_message(message)


class LoggedMailer(Mailer):
    """Writes mails to the log, for development: the links in them can be opened from there."""

    async def send(self, mail: Mail) -> None:
        """Write a mail to the log."""
        _LOGGER.info("Mail to %s: %s\n%s", mail.to, mail.subject, mail.text)


def choose_mailer(settings: Settings) -> Mailer:
    """Return the mailer that the settings name."""
    if settings.smtp_url is None:
        return LoggedMailer()
    return SMTPMailer(URL(settings.smtp_url.reveal()), settings.mail_sender)
