"""What is said in a room reaches all who are in it, and nobody else."""

from pytest_aiohttp.plugin import AiohttpClient

from examples.chat import create_app


async def test_people_in_a_room_hear_each_other(aiohttp_client: AiohttpClient) -> None:
    """Also the one who speaks; another room hears nothing."""
    client = await aiohttp_client(create_app().build())
    said, other = {"name": "Ada", "text": "Hello"}, {"name": "Bob", "text": "Elsewhere"}

    async with (
        client.ws_connect("/sockets/hall") as ada,
        client.ws_connect("/sockets/hall") as sam,
        client.ws_connect("/sockets/kitchen") as bob,
    ):
        await bob.send_json(other)
        await ada.send_json(said)

        assert await ada.receive_json() == await sam.receive_json() == said
        assert await bob.receive_json() == other


async def test_a_wrong_message_ends_the_connection(aiohttp_client: AiohttpClient) -> None:
    """With the code for messages that break the rules, and the reason."""
    client = await aiohttp_client(create_app().build())

    async with client.ws_connect("/sockets/hall") as ada:
        await ada.send_json({"name": "", "text": 5})
        message = await ada.receive()

    assert message.data == 1008
    assert "/name" in str(message.extra)
