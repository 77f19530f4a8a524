"""Does what a reader of the tutorial does: serves a project by the commands of its page, and asks it with curl."""

import asyncio
import os
import re
import shlex
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from aiohttp import ClientSession, ClientTimeout

from tests.cli.dev_server import PATIENCE, Command, command
from tests.pages import Block, commands, comparable, read_curl
from tests.waiting import until

__all__ = ("Reader", "reading")

_ASSIGNMENT = re.compile(r"(\w+)=(\S+)\Z")
_TOKEN = re.compile(r'"access_token":"([^"]+)"')
# A comment that keeps the connection of a stream open.
_PING = re.compile(r"^:\n\n", re.MULTILINE)
_SERVERS = ("dev", "run")


class Reader:
    """Follows a page in a copy of its project."""

    def __init__(self, folder: Path, session: ClientSession, stack: AsyncExitStack, redis_url: str) -> None:
        self._folder = folder
        self._session = session
        self._stack = stack
        self._redis_url = redis_url
        self._variables: dict[str, str] = {}
        self._words: dict[str, str] = {}
        self._running: list[Command] = []
        self._server: Command | None = None
        self._streams: list[tuple[str, list[str]]] = []
        self._token = ""

    async def read(self, block: Block) -> None:
        """Do what a block asks for."""
        if block.language == "sh":
            for line in block.text.splitlines():
                await self._type(line)
        elif block.language == "console":
            for line, output in commands(block.text):
                await self._enter(line, output)

    async def _type(self, line: str) -> None:
        """Run a line whose output the page does not show; installing and testing are done elsewhere."""
        words = shlex.split(line, comments=True)
        if words[:1] == ["export"]:
            self._export(words[1])
        elif words[:1] == ["mkdir"] or words[:2] == ["python3", "-c"]:
            process = await asyncio.create_subprocess_shell(line, cwd=self._folder)
            assert await process.wait() == 0, line
        elif "framework" in words and all("=" in word for word in words[: words.index("framework")]):
            await self._serve(words)

    def _export(self, assignment: str) -> None:
        name, _, value = assignment.partition("=")
        self._variables[name] = self._redis_url if value.startswith("redis://") else value

    async def _serve(self, words: list[str]) -> None:
        """Start a server in place of the one before, or a worker of jobs beside it."""
        at = words.index("framework")
        variables = self._variables | dict(word.split("=", 1) for word in words[:at])
        options = words[at + 1 :]
        is_server = options[0] in _SERVERS
        if is_server:
            await self.stop()
            options = [*options, "--port", "0"]
        running = await self._stack.enter_async_context(command(self._folder, *options, variables=variables))
        self._running.append(running)
        await running.prints("Press Ctrl+C")
        if is_server:
            self._server = running
        else:
            # Of the order before.
            await running.prints("Mail to ")

    async def _enter(self, line: str, output: str) -> None:
        """Run a command, and compare its output with that of the page."""
        assignment = _ASSIGNMENT.match(line)
        if assignment is not None:
            self._words[assignment[1]] = self._token
        elif line.startswith("framework "):
            printed = await self._run(shlex.split(line)[1:])
            assert printed.strip() == output.strip(), printed
        else:
            await self._ask(os.path.expandvars(self._with_words(line)), output)

    def _with_words(self, line: str) -> str:
        return re.sub(r"\$(\w+)", lambda found: self._words[found[1]], line)

    async def _run(self, words: list[str]) -> str:
        async with command(self._folder, *words, variables=self._variables) as running:
            await asyncio.wait_for(running.process.wait(), PATIENCE)
        return running.printed

    async def _ask(self, line: str, output: str) -> None:
        assert self._server is not None, "the page has not said how its project is served"
        method, target, options = read_curl(line)
        url = f"{self._server.url}{target}"
        if " -N " in line:
            await self._follow(url, options["headers"], output)
            return
        async with self._session.request(method, url, **options) as response:
            text = await response.text()
        self._token = found[1] if (found := _TOKEN.search(text)) else self._token
        assert comparable(text) == comparable(output), f"{line}\n{text}"

    async def _follow(self, url: str, headers: dict[str, str], output: str) -> None:
        """Read a stream in the background; what it sends until the server stops is compared then."""
        received: list[str] = []
        response = await self._stack.enter_async_context(self._session.get(url, headers=headers))

        async def receive() -> None:
            async for data in response.content.iter_any():
                received.append(data.decode())  # noqa: PERF401  the events arrive one after the other

        task = asyncio.create_task(receive())
        self._stack.callback(task.cancel)
        self._streams.append((output, received))
        await until(lambda: bool(received))

    async def stop(self) -> None:
        """Stop all that runs, after the streams have sent what the page shows."""
        for output, received in self._streams:
            await until(partial(_are_equal, received, output))
        self._streams.clear()
        for running in self._running:
            assert await running.stop() == 0, running.printed
        self._running.clear()


def _are_equal(received: list[str], output: str) -> bool:
    return bool(comparable(_PING.sub("", "".join(received))) == comparable(output))


@asynccontextmanager
async def reading(project: Path, folder: Path, redis_url: str) -> AsyncIterator[Reader]:
    """Copy a project into a folder, and follow its page there."""
    shutil.copytree(project, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", "*.db*"))
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(ClientSession(timeout=ClientTimeout(total=PATIENCE)))
        reader = Reader(folder, session, stack, redis_url)
        yield reader
        await reader.stop()
