"""Channels: typed events from every process of an application to subscribers in web sockets and event streams."""

from framework._channels.channels import Channels, LastEventID, Subscription
from framework._topics import ChannelError, ChannelSettings, Lagged, Topic

__all__ = ("ChannelError", "ChannelSettings", "Channels", "Lagged", "LastEventID", "Subscription", "Topic")
