"""The messages between the processes of ``framework dev``."""

import asyncio
import socket

from framework.cli.dev.messages import FromWarm, Warmed, connect, receive, send


async def test_a_message_may_have_the_files_of_large_packages() -> None:
    """An app on SQLAlchemy and a few others has imported more files than 64 KiB hold."""
    files = tuple(f"/home/somebody/project/.venv/lib/python3.11/site-packages/package/{n}.py" for n in range(20_000))
    own, other = socket.socketpair()
    reader, writer = await connect(own)
    with other:
        sending = asyncio.create_task(asyncio.to_thread(send, other, Warmed(files, 1)))
        try:
            async with asyncio.timeout(30):
                message = await anext(receive(reader, FromWarm))
        finally:
            # Also if it fails: the other side then ends sending.
            writer.transport.abort()
            await sending
    assert message == Warmed(files, 1)
