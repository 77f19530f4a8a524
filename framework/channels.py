"""Channels: typed events from every process of an application to subscribers in web sockets and event streams."""

from framework._channels.channels import Channels, LastEventID, Subscription
from framework._channels.presence.service import PresenceChanges, Tracked
from framework._topics import ChannelError, ChannelSettings, Lagged, Presence, PresenceChange, Topic

__all__ = (
    "ChannelError",
    "ChannelSettings",
    "Channels",
    "Lagged",
    "LastEventID",
    "Presence",
    "PresenceChange",
    "PresenceChanges",
    "Subscription",
    "Topic",
    "Tracked",
)
