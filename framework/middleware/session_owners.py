"""The sessions of each owner, so that all but one can be ended."""

from collections.abc import Collection

import msgspec

from framework import clock
from framework.stores import Store, StoreError

__all__ = ("Owners",)

_MOST = 200
"""How many sessions of an owner are listed; beyond that, the oldest ones are ended."""
_TRIES = 50
_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(list[tuple[str, float]])


class Owners:
    """Lists the keys of the sessions of each owner, with the time until which they may exist."""

    def __init__(self, lists: Store, sessions: Store, absolute: float) -> None:
        self._lists = lists
        self._sessions = sessions
        self._absolute = absolute

    async def enlist(self, owner: str | None, key: str, now: float) -> None:
        """Add a session to the list of its owner, if it has one; raises StoreError."""
        if owner is None:
            return
        for _ in range(_TRIES):
            stored = await self._lists.get(owner)
            listed = [one for one in _read(stored) if one[1] > now and one[0] != key]
            for old, _until in listed[: -_MOST + 1]:
                await self._sessions.delete(old)
            if await self._replace(owner, stored, [*listed[-_MOST + 1 :], (key, now + self._absolute)]):
                return
        raise StoreError("the sessions of one owner are changed by too many requests at once")

    async def has(self, owner: str | None, key: str) -> bool:
        """Return whether a session is in the list of its owner, or has no owner; raises StoreError."""
        return owner is None or any(one[0] == key for one in _read(await self._lists.get(owner)))

    async def end_others(self, owner: str | None, own: Collection[str]) -> int:
        """End the sessions of an owner, except some; return how many existed. Raises StoreError."""
        if owner is None:
            return 0
        ended = 0
        for _ in range(_TRIES):
            stored = await self._lists.get(owner)
            if stored is None:
                return ended
            listed = _read(stored)
            for key, _until in listed:
                if key not in own:
                    ended += await self._sessions.delete(key)
            if await self._replace(owner, stored, [one for one in listed if one[0] in own]):
                return ended
        raise StoreError("the sessions of one owner are changed by too many requests at once")

    async def _replace(self, owner: str, stored: bytes | None, listed: list[tuple[str, float]]) -> bool:
        made = _encode(listed)
        ttl = max([self._absolute, *(until - clock.time() for _, until in listed)])
        if stored is None:
            return await self._lists.add(owner, made, ttl=ttl)
        return await self._lists.replace(owner, made, ttl=ttl, expected=stored)


def _read(stored: bytes | None) -> list[tuple[str, float]]:
    if stored is None:
        return []
    try:
        return _decoder.decode(stored)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return []
