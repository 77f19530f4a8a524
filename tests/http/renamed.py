"""Serves an app with an aiohttp in which names are others: ``python -m tests.http.renamed _waiter _match_info``.

The names are changed wherever aiohttp's source has them, so that aiohttp itself works as before. Needs
``AIOHTTP_NO_EXTENSIONS=1``: what is written in C has names of its own. Prints what came back, and
the warnings, as JSON.
"""

import asyncio
import json
import re
import sys
import warnings
from collections.abc import AsyncIterator
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

__all__ = ("main",)

_ELSEWHERE = "_elsewhere"
"""What is put behind each name."""


class _Loader(SourceFileLoader):
    names = re.compile("")

    def get_code(self, fullname: str) -> CodeType | None:  # noqa: ARG002  as the base has it
        source = self.get_data(self.path).decode()
        return compile(self.names.sub(rf"\1{_ELSEWHERE}", source), self.path, "exec")


class _Finder(MetaPathFinder):
    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path, target) if fullname.partition(".")[0] == "aiohttp" else None
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(fullname, spec.loader.path)
        return spec


_FILE = Path(__file__).parents[2] / "framework/_document/pages/assets/swagger-ui/swagger-ui-bundle.js.gz"
_REQUESTS: tuple[tuple[str, str, Any], ...] = (
    ("GET", "/value/7?word=x", None),
    ("GET", "/value/seven", None),
    ("HEAD", "/value/7", None),
    ("OPTIONS", "/value/7", None),
    ("POST", "/body", {"a": 1}),
    ("POST", "/body", {"a": "x"}),
    ("GET", "/shared", None),
    ("GET", "/shared", None),
    ("GET", "/shared", None),
    ("GET", "/stream", None),
    ("GET", "/file", None),
    ("GET", "/nowhere", None),
    ("DELETE", "/value/7", None),
    ("GET", "/fails", None),
)


def _application() -> Any:
    """Make the app when the names are changed: nothing of aiohttp may be imported before."""
    from framework import App, Controller, Response, WebSocket, get, post, websocket
    from framework.responses import FileResponse

    shared_response: Response[dict[str, int]] = Response({"shared": 1}, status=201, cookies={"a": "b"})

    class Everything(Controller):
        @get("/value/{number}")
        async def value(self, number: int, word: str = "none") -> dict[str, Any]:
            return {"number": number, "word": word}

        @post("/body")
        async def body(self, body: dict[str, int]) -> dict[str, int]:
            return body

        @get("/shared")
        async def shared(self) -> Response[dict[str, int]]:
            return shared_response

        @get("/stream")
        async def stream(self) -> AsyncIterator[int]:
            for number in range(3):
                yield number

        @get("/file")
        async def file(self) -> FileResponse:
            return FileResponse(_FILE, media_type="application/octet-stream")

        @get("/fails")
        async def fails(self) -> str:
            raise ValueError

        @websocket("/talk")
        async def talk(self, socket: WebSocket[str, str]) -> None:
            async for message in socket:
                await socket.send(message)

    return App(controllers=[Everything]).build()


async def _exchanges() -> dict[str, Any]:
    from aiohttp import web
    from aiohttp.test_utils import TestClient, TestServer

    from tests.http.shapes import web_server_of

    application = _application()
    found: dict[str, Any] = {}
    server = TestServer(application)
    async with TestClient(server) as client:
        found["fast"] = type(web_server_of(server)) is not web.Server
        for method, path, sent in _REQUESTS:
            response = await client.request(method, path, json=sent)
            body = await response.read()
            found[f"{len(found)} {method} {path} {sent}"] = [
                response.status,
                body.decode() if len(body) < 1000 else len(body),
                response.headers.get("Content-Type"),
                response.headers.getall("Set-Cookie", []),
                response.headers.get("Connection"),
            ]
        socket = await client.ws_connect("/talk")
        await socket.send_str('"hello"')
        found["socket"] = await socket.receive_str()
        await socket.close()
    return found


def main() -> None:
    """Serve, ask, and print."""
    _Loader.names = re.compile(rf"\b({'|'.join(sys.argv[1:]) or 'no name'})\b")
    sys.meta_path.insert(0, _Finder())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RuntimeWarning)
        found = asyncio.run(_exchanges())
    found["warnings"] = [str(one.message) for one in caught if one.category is RuntimeWarning]
    print(json.dumps(found))  # noqa: T201  read by the tests


if __name__ == "__main__":
    main()
