"""A store in Redis, or another server with the same protocol."""

import asyncio
import hashlib
import math
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from framework.errors import InvalidOptionError
from framework.option_errors import explained_class
from framework.stores.base import QUOTA, Store, StoreError, StoreTimeoutError, checked_cost, checked_ttl, full_key
from framework.stores.quotas import STEPS, Quota, QuotaState, Reservation
from framework.stores.scripts import DELETE, INCREMENT, REFUND, REPLACE, RESERVE
from framework.types import SecretStr

__all__ = ("RedisStore",)

_SCHEMES = ("redis", "rediss", "unix")
_SECOND = 1_000_000
"""Scripts count in microseconds, as TIME does."""
_NOT_A_NUMBER = ("not an integer", "would overflow")


class _Script(NamedTuple):
    """A Lua script and its digest, which identifies it on the server."""

    text: str
    digest: str


def _script(text: str) -> _Script:
    return _Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


_INCREMENT, _RESERVE, _REFUND = _script(INCREMENT), _script(RESERVE), _script(REFUND)
_REPLACE, _DELETE = _script(REPLACE), _script(DELETE)


class _Connections:
    """The connections of a store, shared by its views and opened on first use."""

    def __init__(self, url: str, timeout: float, most: int) -> None:
        try:
            from redis import asyncio as library
            from redis import exceptions
            from redis.asyncio.retry import Retry
            from redis.backoff import NoBackoff
            from redis.maint_notifications import MaintNotificationsConfig
        except ImportError as error:
            hint = "install it: pip install 'framework-aiohttp[redis]'"
            raise InvalidOptionError("RedisStore", f"it requires the package redis ({error})", hint=hint) from error
        self._url = url
        self._timeout = timeout
        self._most = most
        self._library = library
        self._errors = exceptions
        self._options: dict[str, Any] = {
            "protocol": 3,
            # A call has one deadline, and is not repeated, because it may have been executed.
            "socket_timeout": None,
            "socket_connect_timeout": None,
            "retry": Retry(NoBackoff(), 0),
            "max_connections": most,
            # With notifications, a connection that the server has closed would not be noticed before it is used.
            "maint_notifications_config": MaintNotificationsConfig(enabled=False),
        }
        self._client: Any = None
        self._places: asyncio.Semaphore | None = None

    async def run(self, *command: Any) -> Any:
        """Send a command and return its result; raises StoreError, or StoreTimeoutError after the timeout."""
        errors = self._errors
        try:
            async with asyncio.timeout(self._timeout):
                return await self._send(command)
        except errors.NoScriptError:
            raise
        except (TimeoutError, errors.TimeoutError) as error:
            raise StoreTimeoutError(f"Redis has not responded within {self._timeout} s") from error
        except (errors.RedisError, OSError) as error:
            raise StoreError(f"Redis: {error}") from error

    async def run_script(self, script: _Script, key: bytes, *arguments: Any) -> Any:
        """Run a script on a key; send its text to a server that does not have it, for example after a restart."""
        try:
            return await self.run("EVALSHA", script.digest, 1, key, *arguments)
        except self._errors.NoScriptError:
            return await self.run("EVAL", script.text, 1, key, *arguments)

    async def _send(self, command: tuple[Any, ...]) -> Any:
        if self._client is None or self._places is None:
            self._client = self._library.Redis.from_url(self._url, **self._options)
            self._places = asyncio.Semaphore(self._most)
        # If no connection is free, the call waits for one, within the same deadline.
        async with self._places:
            return await self._client.execute_command(*command)

    async def close(self) -> None:
        """Close all connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()


@explained_class("RedisStore", "RedisStore(url)")
class RedisStore(Store):
    """A store in Redis (6.2 or newer, or Valkey), shared by all processes that use the same server and namespace.

    ``url`` is ``redis://[[user]:password@]host[:port][/database]``, ``rediss://…`` with TLS, or ``unix://path``. Every
    method is one command or one script. After ``timeout`` seconds without a result it raises StoreTimeoutError. A
    failed call is not repeated; the next call connects again.
    """

    def __init__(
        self,
        url: str | SecretStr = "redis://127.0.0.1:6379/0",
        *,
        namespace: str = "",
        timeout: float = 0.5,
        max_connections: int = 20,
    ) -> None:
        plain = url.reveal() if isinstance(url, SecretStr) else url
        if urlsplit(plain).scheme not in _SCHEMES:
            raise _wrong("its URL begins with none of redis://, rediss:// and unix://", "redis://127.0.0.1:6379/0")
        if not 0 < timeout < math.inf:
            raise _wrong(f"timeout={timeout!r} is not a number of seconds above 0", "timeout=0.5")
        if max_connections < 1:
            raise _wrong(f"max_connections={max_connections!r} is not above 0", "max_connections=20")
        self._connections = _Connections(plain, timeout, max_connections)
        if namespace:
            self.prefix = self.namespace(namespace).prefix

    async def get(self, key: str) -> bytes | None:
        """Return a value."""
        found: bytes | None = await self._connections.run("GET", full_key(self.prefix, key))
        return found

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        """Store a value."""
        await self._set(key, value, ttl)

    async def add(self, key: str, value: bytes, *, ttl: float | None = None) -> bool:
        """Store a value unless there is one."""
        return await self._set(key, value, ttl, "NX")

    async def replace(self, key: str, value: bytes, *, ttl: float | None = None, expected: bytes | None = None) -> bool:
        """Store a value only if there is one."""
        if expected is None:
            return await self._set(key, value, ttl, "XX")
        expiry = "" if ttl is None else _milliseconds(ttl)
        name = full_key(self.prefix, key)
        return bool(await self._connections.run_script(_REPLACE, name, expected, value, expiry))

    async def _set(self, key: str, value: bytes, ttl: float | None, *condition: str) -> bool:
        expiry = () if ttl is None else ("PX", _milliseconds(ttl))
        return bool(await self._connections.run("SET", full_key(self.prefix, key), value, *expiry, *condition))

    async def delete(self, key: str, *, expected: bytes | None = None) -> bool:
        """Delete a value."""
        name = full_key(self.prefix, key)
        if expected is None:
            return bool(await self._connections.run("DEL", name))
        return bool(await self._connections.run_script(_DELETE, name, expected))

    async def increment(self, key: str, amount: int = 1, *, ttl: float | None = None) -> int:
        """Add to a counter."""
        expiry = "" if ttl is None else _milliseconds(ttl)
        try:
            return int(await self._connections.run_script(_INCREMENT, full_key(self.prefix, key), amount, expiry))
        except StoreError as error:
            if any(reason in str(error) for reason in _NOT_A_NUMBER):
                raise ValueError("the value is not an integer of 64 bits") from error
            raise

    async def expire(self, key: str, ttl: float) -> bool:
        """Let a value expire."""
        return bool(await self._connections.run("PEXPIRE", full_key(self.prefix, key), _milliseconds(ttl)))

    async def reserve(self, key: str, quotas: Sequence[Quota], cost: int = 1) -> Reservation:
        """Charge all quotas of a key, or none."""
        arguments: list[int] = [checked_cost(cost), STEPS]
        for quota in quotas:
            arguments += (quota.limit, round(quota.window * _SECOND))
        name = full_key(self.prefix, key, QUOTA)
        admitted, at, *states = await self._connections.run_script(_RESERVE, name, *arguments)
        return Reservation(
            bool(admitted),
            at / _SECOND,
            tuple(
                QuotaState(remaining, reset / _SECOND, bool(exceeded))
                for remaining, reset, exceeded in zip(states[::3], states[1::3], states[2::3], strict=True)
            ),
        )

    async def refund(self, key: str, quotas: Sequence[Quota], reservation: Reservation, cost: int = 1) -> None:
        """Give back what a reservation has charged."""
        windows = [round(quota.window * _SECOND) for quota in quotas]
        name = full_key(self.prefix, key, QUOTA)
        await self._connections.run_script(_REFUND, name, cost, round(reservation.at * _SECOND), *windows)

    async def close(self) -> None:
        """Close all connections."""
        await self._connections.close()


def _milliseconds(ttl: float) -> int:
    return math.ceil(checked_ttl(ttl) * 1_000)


def _wrong(what: str, example: str) -> InvalidOptionError:
    return InvalidOptionError("RedisStore", what, hint=f"give for example {example}")
