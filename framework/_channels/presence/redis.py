"""Connections in Redis: a hash for each address, with the time at which each value ends, by the clock of the server."""

import hashlib
import itertools
from collections.abc import Collection, Mapping
from typing import Any

from framework._channels.redis_client import RedisConnections

__all__ = ("RedisPresence",)

_NOW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""
_PUT = f"""{_NOW}
local ends = string.format('%.0f ', now + ARGV[1])
for i = 2, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ends .. ARGV[i + 1]) end
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
"""
_READ = f"""{_NOW}
local all, found = redis.call('HGETALL', KEYS[1]), {{}}
for i = 1, #all, 2 do
    local space = string.find(all[i + 1], ' ', 1, true)
    if space and (tonumber(string.sub(all[i + 1], 1, space)) or 0) > now then
        found[#found + 1] = all[i]
        found[#found + 1] = string.sub(all[i + 1], space + 1)
    else
        redis.call('HDEL', KEYS[1], all[i])
    end
end
return found
"""
_AT_ONCE = 500
"""Connections in one command, so that no command stops the server for long."""


class RedisPresence:
    """Uses the connections of the engine that publish."""

    def __init__(self, redis: RedisConnections, prefix: str, lifetime: float) -> None:
        self._redis = redis
        self._prefix = f"{prefix}.presence:"
        self._lifetime = round(lifetime * 1_000)

    async def put(self, address: str, entries: Mapping[str, bytes]) -> None:
        """Add connections, or renew them."""
        flat = [*itertools.chain.from_iterable(entries.items())]
        for start in range(0, len(flat), 2 * _AT_ONCE):
            await self._script(_PUT, address, self._lifetime, *flat[start : start + 2 * _AT_ONCE])

    async def remove(self, address: str, ids: Collection[str]) -> None:
        """Remove connections."""
        await self._redis.run("HDEL", self._prefix + address, *ids)

    async def read(self, address: str) -> Mapping[str, bytes]:
        """Return the connections whose time has not ended; the others are deleted."""
        found = await self._script(_READ, address)
        return {id_.decode(errors="replace"): data for id_, data in zip(found[::2], found[1::2], strict=True)}

    async def _script(self, text: str, address: str, *arguments: Any) -> Any:
        digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
        try:
            return await self._redis.run("EVALSHA", digest, 1, self._prefix + address, *arguments)
        except self._redis.no_script:
            return await self._redis.run("EVAL", text, 1, self._prefix + address, *arguments)
