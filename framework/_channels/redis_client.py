"""Connections to Redis for channels."""

import asyncio
from typing import Any

from framework._topics import ChannelError, ChannelSettings, url_of_channels
from framework.errors import InvalidOptionError

__all__ = ("RedisConnections",)

_MOST = 8
"""Connections that publish at the same time."""


class RedisConnections:
    """The library, its errors, and the connections that publish."""

    def __init__(self, settings: ChannelSettings, url: str) -> None:
        try:
            from redis import asyncio as library
            from redis import exceptions
            from redis.asyncio.retry import Retry
            from redis.backoff import NoBackoff
            from redis.maint_notifications import MaintNotificationsConfig
        except ImportError as error:
            hint = "install it: pip install 'framework-aiohttp[redis]'"
            raise InvalidOptionError(
                "ChannelSettings",
                f"{url_of_channels(settings).partition('://')[0]}:// requires the package redis ({error})",
                hint=hint,
            ) from error
        self._library: Any = library
        self._url = url
        self._timeout = settings.timeout
        self._places = asyncio.Semaphore(_MOST)
        self._client: Any = None
        self.errors = (exceptions.RedisError, OSError, TimeoutError)
        self.no_script = exceptions.NoScriptError
        self._options: dict[str, Any] = {
            "protocol": 2,
            "socket_timeout": None,
            "socket_connect_timeout": settings.timeout,
            # An event is not sent twice.
            "retry": Retry(NoBackoff(), 0),
            "maint_notifications_config": MaintNotificationsConfig(enabled=False),
        }

    def reader(self) -> Any:
        """Return a client of its own for one connection that reads."""
        return self._library.Redis.from_url(self._url, **self._options)

    async def run(self, *command: Any) -> Any:
        """Send a command and return its result; raises ChannelError."""
        if self._client is None:
            self._client = self._library.Redis.from_url(self._url, max_connections=_MOST, **self._options)
        try:
            async with self._places, asyncio.timeout(self._timeout):
                return await self._client.execute_command(*command)
        except self.no_script:
            raise
        except TimeoutError as error:
            raise ChannelError(f"Redis has not responded within {self._timeout} s") from error
        except self.errors as error:
            raise ChannelError(f"Redis: {error}") from error

    async def close(self) -> None:
        """Close the connections that publish."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()
