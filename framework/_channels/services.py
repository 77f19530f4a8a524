"""The services that the channels of an app register."""

import copy
import logging
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

from framework._channels.channels import Channels
from framework._channels.engines import make_engine
from framework._channels.hub import Hub
from framework._channels.presence.service import Presences
from framework._channels.workers import has_siblings
from framework._topics import ChannelSettings, url_of_channels
from framework.container import Container, Lifetime
from framework.errors import DefinitionError, InvalidOptionError

__all__ = ("NOW", "with_channels")

_LOGGER = logging.getLogger("framework.channels")
NOW = "now"
"""The qualifier of the channels that publish at once, whatever the session does."""
_ALONE = (
    "The channels are in memory, and there are several workers: events stay in the process that publishes them. Give "
    "ChannelSettings(url=) an engine, for example redis+streams://"
)


def with_channels(
    container: Container | None,
    settings: ChannelSettings,
    where: str,
    report: Callable[[DefinitionError], None],
) -> Container:
    """Return the container of a build with the services of channels."""
    made = Container() if container is None else copy.copy(container)
    try:
        make_engine(settings)
    except DefinitionError as error:
        report(InvalidOptionError(f"{where}, {error.where}", error.what, hint=error.hint))
    session = _session_of(made)
    made.add_singleton(Hub, _opener(settings))
    made.add_singleton(Presences, _presences_opener(settings))
    made.add_singleton(Channels, qualifier=NOW)
    if session is None:
        made.add_singleton(Channels)
    else:
        made.add_scoped(Channels, _with_session(session))
    return made


def _opener(settings: ChannelSettings) -> Callable[[], AsyncIterator[Hub]]:
    async def open_hub() -> AsyncIterator[Hub]:
        if url_of_channels(settings).startswith("memory:") and has_siblings():
            _LOGGER.warning(_ALONE)
        hub = Hub(settings, make_engine(settings))
        try:
            yield hub
        finally:
            await hub.close()

    return open_hub


def _presences_opener(settings: ChannelSettings) -> Callable[..., AsyncIterator[Presences]]:
    async def open_presences(hub: Hub) -> AsyncIterator[Presences]:
        presences = Presences(hub, settings)
        try:
            yield presences
        finally:
            await presences.close()

    return open_presences


def _session_of(container: Container) -> Any:
    """Return the type under which a scoped ``AsyncSession`` of SQLAlchemy is registered, if there is one."""
    library = sys.modules.get("sqlalchemy.ext.asyncio")
    if library is None:
        return None
    for one in container.registrations():
        plain = isinstance(one.key, type) and issubclass(one.key, library.AsyncSession)
        if plain and one.qualifier is None and one.lifetime is Lifetime.SCOPED:
            return one.key
    return None


def _with_session(session_type: Any) -> Callable[..., AsyncIterator[Channels]]:
    # Imported late: it requires SQLAlchemy.
    from framework._channels.outbox import Outbox

    async def open_channels(hub: Hub, presences: Presences, session: Any) -> AsyncIterator[Channels]:
        outbox = Outbox(hub, session)
        yield Channels(hub, presences, outbox)
        outbox.finish()

    open_channels.__annotations__["session"] = session_type
    return open_channels
