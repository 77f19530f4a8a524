"""A chat: typed messages on web sockets, a room for each path, shared by all processes through a channel."""

import asyncio
import os
from collections.abc import AsyncIterable
from typing import Annotated

from msgspec import Meta, Struct

from framework import App, Controller, OpenAPI, WebSocket, get, websocket
from framework.channels import Channels, ChannelSettings, Topic

__all__ = ("app", "create_app")

_PAGE = """\
<!doctype html>
<title>Chat</title>
<ul id="said"></ul>
<form><input name="text" autocomplete="off" maxlength="500"><button>Say</button></form>
<script>
  const socket = new WebSocket(location.href.replace(/^http/, "ws").replace("/rooms/", "/sockets/"));
  socket.onmessage = (event) => {
    const said = JSON.parse(event.data);
    document.getElementById("said").append(
      Object.assign(document.createElement("li"), { textContent: `${said.name}: ${said.text}` }));
  };
  document.forms[0].onsubmit = (event) => {
    event.preventDefault();
    socket.send(JSON.stringify({ name: "me", text: event.target.text.value }));
    event.target.reset();
  };
</script>
"""


class Message(Struct, frozen=True):
    """What a person says."""

    name: Annotated[str, Meta(min_length=1, max_length=40)]
    text: Annotated[str, Meta(min_length=1, max_length=500)]


CHAT = Topic[Message]("chat", history=50)


class ChatController(Controller):
    """The rooms."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    @get("/rooms/{room}", media_type="text/html")
    async def show(self, room: str) -> str:  # noqa: ARG002  the page reads it from its own address
        """Show the page of a room."""
        return _PAGE

    @websocket("/sockets/{room}")
    async def talk(self, room: str, socket: WebSocket[Message, Message]) -> None:
        """Send what is said in a room to all who are in it."""
        place = CHAT.room(room)
        messages = self._channels.subscribe(place)
        await socket.accept()
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(_send(messages, socket))
            async for message in socket:
                await self._channels.publish(place, message)
            sending.cancel()


async def _send(messages: AsyncIterable[Message], socket: WebSocket[Message, Message]) -> None:
    async for message in messages:
        await socket.send(message)


def create_app(url: str = "memory://") -> App:
    """Return the app; with another URL all processes share the rooms."""
    channels = ChannelSettings(topics=[CHAT], url=url)
    return App([ChatController], channels=channels, openapi=OpenAPI(title="Chat"))


app = create_app(os.environ.get("CHANNELS_URL", "memory://"))
