"""The typed client: web sockets and event streams."""

import pytest

from framework.testing import AppClient, AppClientFactory, ClosedSocket, ProblemError
from tests.testing.called_shop import ChatController, Found, Line, Order, OrderController, shop


@pytest.fixture
async def client(app_client: AppClientFactory) -> AppClient:
    """Serve the shop."""
    return await app_client(shop())


async def test_a_socket_sends_and_receives_messages(client: AppClient) -> None:
    """Messages are those of the handler; the end of the socket is an error for who expects a message."""
    async with client.socket(ChatController.talk, room="hall") as socket:
        await socket.send(Line("MUG-1"))
        assert await socket.receive() == Found("hall MUG-1")
        await socket.send(Line("MUG-1", 2))
        await socket.receive()
        with pytest.raises(ClosedSocket, match=r"^the socket is closed: 4000 enough$") as caught:
            await socket.receive()
    assert (caught.value.code, caught.value.reason) == (4000, "enough")


async def test_a_test_waits_for_the_end_of_a_socket(client: AppClient) -> None:
    """A message before the end is an error."""
    async with client.socket(ChatController.talk, room="hall") as socket:
        await socket.send(Line("MUG-1", 2))
        with pytest.raises(AssertionError, match=r"^expected the end of the socket, received "):
            await socket.closed()
        assert await socket.closed() == 4000


async def test_a_handler_of_messages(client: AppClient) -> None:
    """The message is the first parameter, and the others are arguments."""
    async with client.socket(ChatController.on_message, "hall") as socket:
        await socket.send(Line("MUG-1", 3))
        assert await socket.receive() == Found("hall 3")
        await socket.close()


async def test_text_is_sent_as_text(client: AppClient) -> None:
    """A socket whose first parameter is not the socket has untyped messages."""
    async with client.socket(ChatController.echo, room="hall") as socket:
        await socket.send("hello")
        assert await socket.receive() == "hall hello"
        with pytest.raises(TimeoutError):
            await socket.receive(timeout=0.05)


async def test_bytes_are_sent_as_bytes(client: AppClient) -> None:
    """Cookies of the handler and of the client are sent with the handshake."""
    ada = client.with_credentials(cookies={"other": "x"})
    async with ada.socket(ChatController.reverse, room="hall", user="ada") as socket:
        await socket.send(b"abc")
        assert await socket.receive() == b"hall ada cba"


async def test_a_refused_handshake_is_a_problem(client: AppClient) -> None:
    """The error has the members of the problem."""
    with pytest.raises(ProblemError, match=r"^WEBSOCKET /rooms/cellar/talk responded with 409") as caught:
        async with client.socket(ChatController.talk, room="cellar"):
            pass
    assert caught.value.problem["sku"] == "cellar"


async def test_events_are_read_one_by_one(client: AppClient) -> None:
    """Each event has its data as the annotated type, its type and its id."""
    async with client.events(OrderController.feed, after=3) as events:
        event = await events.next()
        assert (event.data, event.id, event.event, event.retry) == (Order(3, "Ada\nLovelace"), "3", "placed", 100)
        assert [one.data.number async for one in events] == [4]
        with pytest.raises(AssertionError, match=r"^the stream has ended$"):
            await events.next()


async def test_a_refused_stream_is_a_problem(client: AppClient) -> None:
    """The error is raised when the stream is opened."""
    with pytest.raises(ProblemError, match=r"header /after: Expected `int` >= 0$"):
        async with client.events(OrderController.feed, after=-1):
            pass


async def test_events_are_not_called(client: AppClient) -> None:
    """The message names the right method."""
    with pytest.raises(TypeError, match=r"^OrderController.feed sends events: use client.events\(\.\.\.\)$"):
        await client.call(OrderController.feed)
