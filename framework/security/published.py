"""Documents that another server publishes: fetched on first use, and kept while the server cannot be reached."""

import asyncio
import logging
from ipaddress import ip_address
from math import inf, isfinite
from typing import Any, ClassVar, Generic, TypeVar

import msgspec
from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout
from yarl import URL

from framework import clock
from framework.http_errors import ServiceUnavailable

__all__ = ("FAILURES", "Published", "fetch", "is_safe_url", "read_body", "seconds_mistake")

_T = TypeVar("_T")
_LOG = logging.getLogger("framework.security")
_LARGEST = 1 << 20
"""The largest document in bytes."""
FAILURES = (
    ClientError,
    TimeoutError,
    OSError,
    msgspec.MsgspecError,
    ValueError,
    RecursionError,
    ServiceUnavailable,
)
"""The exceptions of a server that cannot be reached, or sends something else."""


class Published(Generic[_T]):
    """A document of another server. The first request fetches it; it is fetched again when it is too old.

    If that fails, the known document stays in use. ``timeout`` is the limit of one attempt. An object must not be
    shared by event loops that run at the same time.
    """

    pause: ClassVar[float] = 1.0
    """Seconds between two attempts as long as there is no document at all."""

    def __init__(self, url: str, *, timeout: float, cooldown: float, lifespan: float) -> None:
        self._url = url
        self._timeout = timeout
        self._cooldown = cooldown
        self._lifespan = lifespan
        self._kept: _T | None = None
        # Times of the monotonic clock: of the last success, and of the last attempt.
        self._fetched = self._tried = -inf
        self._failed = False
        self._flight: asyncio.Task[None] | None = None

    @property
    def subject(self) -> str:
        """What is fetched, for messages: ``The keys of https://…``."""
        raise NotImplementedError

    async def load(self) -> _T:
        """Fetch the document; raises one of FAILURES."""
        raise NotImplementedError

    async def current(self) -> _T:
        """Return the document; fetch it first if it is too old.

        Raises ServiceUnavailable as long as no attempt has succeeded.
        """
        return (await self._refreshed())[0]

    async def _refreshed(self) -> tuple[_T, bool]:
        """Return the document, and whether the request has waited for an attempt."""
        if self._kept is None:
            return await self._first(), True
        now, waited = clock.monotonic(), False
        if now - self._fetched >= self._lifespan and (not self._failed or now - self._tried >= self._cooldown):
            flight = self._start()
            # If the last attempt failed, requests do not wait for the next one.
            waited = not self._failed
            if waited:
                await asyncio.shield(flight)
        return self._kept, waited

    async def _first(self) -> _T:
        if self._is_flying() or clock.monotonic() - self._tried >= self.pause:
            await asyncio.shield(self._start())
        if self._kept is None:
            raise ServiceUnavailable(self.missing, headers={"Retry-After": "1"})
        return self._kept

    @property
    def missing(self) -> str:
        """The detail of the error while there is no document."""
        raise NotImplementedError

    def _is_flying(self) -> bool:
        flight = self._flight
        # A task of an event loop that has ended would never be done.
        return flight is not None and not flight.done() and flight.get_loop() is asyncio.get_running_loop()

    def _start(self) -> "asyncio.Task[None]":
        """Return the running attempt, or begin one; several requests may wait for it, so none of them may cancel it."""
        if self._flight is None or not self._is_flying():
            self._flight = asyncio.get_running_loop().create_task(self._attempt())
        return self._flight

    async def _attempt(self) -> None:
        self._tried = clock.monotonic()
        try:
            async with asyncio.timeout(self._timeout):
                found = await self.load()
        except FAILURES as error:
            self._failed = True
            _LOG.warning("%s could not be fetched: %s", self.subject, str(error) or type(error).__name__)
        else:
            self._kept, self._failed, self._fetched = found, False, clock.monotonic()

    def _mistake(self, label: str) -> tuple[str, str] | None:
        if not is_safe_url(self._url):
            what = f"{label}({self._url!r}) cannot be fetched safely"
            return (what, "give an https URL; http is allowed for a loopback host alone")
        return seconds_mistake(label, timeout=self._timeout, cooldown=self._cooldown, lifespan=self._lifespan)


async def fetch(url: str) -> bytes:
    """Return a document; raises ValueError if it is too large, a redirect or an error."""
    # A session for each attempt: attempts are rare, and no session is left open when an application stops.
    async with (
        ClientSession(timeout=ClientTimeout(total=None)) as session,
        session.get(url, allow_redirects=False, headers={"Accept": "application/json"}) as response,
    ):
        if response.status != 200:  # noqa: PLR2004  OK
            raise ValueError(f"its status is {response.status}")
        return await read_body(response)


async def read_body(response: ClientResponse) -> bytes:
    """Return the body of a response; raises ValueError if it is too large."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(1 << 16):
        body += chunk
        if len(body) > _LARGEST:
            raise ValueError(f"it is larger than {_LARGEST} bytes")
    return bytes(body)


def is_safe_url(given: Any) -> bool:
    """Return whether a URL is https, or http for a loopback host."""
    try:
        url = URL(given)
        host = url.host or ""
        if url.scheme == "https":
            return bool(host)
        return url.scheme == "http" and (host == "localhost" or ip_address(host).is_loopback)
    except (TypeError, ValueError):
        return False


def seconds_mistake(label: str, **options: Any) -> tuple[str, str] | None:
    """Return the error in options that are a number of seconds, and a hint; ``None`` if there is none."""
    for name, value in options.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not value > 0 or not isfinite(value):
            return (f"{label}({name}={value!r}) is not a number of seconds", f"write it as {name}=30.0")
    return None
