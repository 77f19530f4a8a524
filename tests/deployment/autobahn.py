"""Autobahn's fuzzing client, version 0.8.2, against a web socket of a controller that sends everything back.

``python -m tests.deployment.autobahn`` needs Python 2.7, for which the client was written. It is installed into a
temporary folder; 247 cases take about twenty seconds.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from framework import App, Controller, Limits, WebSocket, websocket

__all__ = ("KNOWN", "failures", "find_python", "install", "run_cases")

REQUIREMENTS = ("autobahntestsuite==0.8.2", "autobahn[twisted]==0.10.9")
CASES = ("1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*")
"""Framing, pings, reserved bits, opcodes, fragments, UTF-8, closing, and a message in many frames."""
KNOWN = ("7.9.5",)
"""aiohttp takes the close code 1006, which nobody may send."""
_PASSED = frozenset({"OK", "NON-STRICT", "INFORMATIONAL"})
# The packages of a namespace are found only where the .pth files of a folder are read.
_PROGRAM = """
import site, sys
site.addsitedir(sys.argv[1])
from autobahntestsuite.wstest import run
sys.argv = ["wstest", "-m", "fuzzingclient", "-s", sys.argv[2]]
run()
"""


class EchoController(Controller):
    """What the client talks to."""

    limits = Limits(message=2**25)

    @websocket("/")
    async def echo(self, socket: WebSocket[str | bytes]) -> None:
        """Send everything back."""
        async for message in socket:
            await socket.send(message)


def find_python() -> str | None:
    """Return a Python 2.7 that runs, from the path or from pyenv."""
    return next((one for one in _candidates() if _is_27(one)), None)


def _candidates() -> Iterator[str]:
    found = shutil.which("python2.7")
    if found is not None:
        yield found
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from map(str, sorted(root.glob("versions/2.7.*/bin/python")))


def _is_27(python: str) -> bool:
    program = "import sys; print(sys.version_info[:2])"
    done = subprocess.run([python, "-c", program], capture_output=True, text=True, check=False)  # noqa: S603  found
    return done.stdout.strip() == "(2, 7)"


def install(python: str, folder: Path) -> None:
    """Install the client into a folder; raises CalledProcessError."""
    command = [python, "-W", "ignore", "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*command, "--target", str(folder), *REQUIREMENTS], check=True, timeout=400)  # noqa: S603  found


async def run_cases(python: str, folder: Path, reports: Path) -> Mapping[str, Any]:
    """Serve the echo, run all cases against it, and return their results by number."""
    runner = web.AppRunner(App([EchoController], openapi=None).build(), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        specification = {
            "outdir": str(reports),
            "servers": [{"agent": "framework", "url": f"ws://127.0.0.1:{runner.addresses[0][1]}"}],
            "cases": CASES,
            "exclude-cases": [],
            "exclude-agent-cases": {},
        }
        file = folder / "specification.json"
        file.write_text(json.dumps(specification))
        process = await asyncio.create_subprocess_exec(
            *(python, "-W", "ignore", "-c", _PROGRAM, str(folder), str(file)), stdout=asyncio.subprocess.DEVNULL
        )
        try:
            async with asyncio.timeout(400):
                await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    finally:
        await runner.cleanup()
    results: Mapping[str, Any] = json.loads((reports / "index.json").read_text())["framework"]
    return results


def failures(results: Mapping[str, Any]) -> list[str]:
    """Return the numbers of the cases that did not pass, by what was sent or by how it was closed."""
    return sorted(number for number, one in results.items() if not {one["behavior"], one["behaviorClose"]} <= _PASSED)


def main() -> int:
    """Run and say what failed."""
    python = find_python()
    if python is None:
        sys.stdout.write("Python 2.7 is not found: nothing is run\n")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        install(python, Path(folder))
        results = asyncio.run(run_cases(python, Path(folder), Path(folder) / "reports"))
    failed = failures(results)
    sys.stdout.write(f"{len(results)} cases; failed: {', '.join(failed) or 'none'} (known: {', '.join(KNOWN)})\n")
    return 0 if set(failed) <= set(KNOWN) else 1


if __name__ == "__main__":
    sys.exit(main())
