"""Chooses the engine by the scheme of its URL."""

from collections.abc import Callable, Mapping
from typing import Any

from framework._channels.engine import Engine
from framework._channels.memory import MemoryEngine
from framework._topics import ChannelSettings, url_of_channels
from framework.errors import InvalidOptionError

__all__ = ("SCHEMES", "make_engine")


def _memory(_: ChannelSettings) -> Engine:
    return MemoryEngine()


def _redis_streams(settings: ChannelSettings) -> Engine:
    # Imported late, like the others: an app has one engine.
    from framework._channels.redis_streams import RedisStreamsEngine

    return RedisStreamsEngine(settings)


def _redis_pubsub(settings: ChannelSettings) -> Engine:
    from framework._channels.redis_pubsub import RedisPubSubEngine

    return RedisPubSubEngine(settings)


def _nats(settings: ChannelSettings) -> Engine:
    from framework._channels.nats import NATSEngine

    return NATSEngine(settings)


def _postgresql(settings: ChannelSettings) -> Engine:
    from framework._channels.postgresql import PostgreSQLEngine

    return PostgreSQLEngine(settings)


SCHEMES: Mapping[str, Callable[[ChannelSettings], Engine]] = {
    "memory": _memory,
    "redis+streams": _redis_streams,
    "rediss+streams": _redis_streams,
    "unix+streams": _redis_streams,
    "redis": _redis_pubsub,
    "rediss": _redis_pubsub,
    "unix": _redis_pubsub,
    "nats": _nats,
    "tls": _nats,
    "postgresql+asyncpg": _postgresql,
}


def make_engine(settings: ChannelSettings) -> Engine:
    """Return the engine, which connects on first use; raises InvalidOptionError for a wrong URL or a missing extra."""
    url: Any = url_of_channels(settings)
    scheme = url.partition("://")[0] if isinstance(url, str) and "://" in url else ""
    if scheme not in SCHEMES:
        known = ", ".join(f"{one}://" for one in SCHEMES)
        raise InvalidOptionError(
            "ChannelSettings",
            f"the url begins with none of {known}",
            hint='write it as url="redis+streams://127.0.0.1:6379/0"',
        )
    return SCHEMES[scheme](settings)
