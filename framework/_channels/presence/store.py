"""What keeps the connections of all processes, and the one in the memory of this process."""

from collections.abc import Collection, Mapping
from typing import Protocol

__all__ = ("MemoryPresence", "PresenceStore")


class PresenceStore(Protocol):
    """Keeps connections by their ids, for the lifetime of the settings. All methods may raise ChannelError."""

    async def put(self, address: str, entries: Mapping[str, bytes]) -> None:
        """Add connections, or renew them."""
        ...

    async def remove(self, address: str, ids: Collection[str]) -> None:
        """Remove connections; ids that are unknown are skipped."""
        ...

    async def read(self, address: str) -> Mapping[str, bytes]:
        """Return the connections of an address that were added or renewed within the lifetime."""
        ...


class MemoryPresence:
    """Keeps them until they are removed: they cannot outlive this process."""

    def __init__(self) -> None:
        self._addresses: dict[str, dict[str, bytes]] = {}

    async def put(self, address: str, entries: Mapping[str, bytes]) -> None:
        """Add connections."""
        self._addresses.setdefault(address, {}).update(entries)

    async def remove(self, address: str, ids: Collection[str]) -> None:
        """Remove connections, and the address with the last one."""
        known = self._addresses.get(address, {})
        for one in ids:
            known.pop(one, None)
        if not known:
            self._addresses.pop(address, None)

    async def read(self, address: str) -> Mapping[str, bytes]:
        """Return a copy."""
        return dict(self._addresses.get(address, {}))
