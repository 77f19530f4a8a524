"""What is kept for the values that clients choose is bounded."""

import gc

from framework import App, Controller, get
from framework._serve.responses.head import Head
from framework.middleware import CORS, RequestID, SecurityHeaders
from tests.http.raw import connect, make_request
from tests.http.shapes import Serve


class Rooms(Controller):
    """Has rooms."""

    @get("/rooms")
    async def show(self) -> dict[str, int]:
        """Return them."""
        return {"rooms": 3}


def heads() -> int:
    """Return how many prepared heads there are in this process."""
    gc.collect()
    return sum(isinstance(one, Head) for one in gc.get_objects())


async def test_a_client_with_ever_new_origins_fills_no_memory(serve: Serve) -> None:
    """Each allowed origin has a prepared head; those of origins that were met long ago are freed."""
    policy = CORS(origins=("https://*.app.example",))
    server = await serve(App([Rooms], middlewares=[RequestID(), SecurityHeaders(), policy], openapi=None))
    before = heads()
    async with connect(server) as connection:
        for number in range(1_200):
            origin = f"https://x{number}.app.example"
            answer = await connection.exchange(make_request("GET", "/rooms", headers={"Origin": origin}))
            assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert heads() - before < 600
