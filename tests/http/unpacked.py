"""Serves readers of bodies where the packages of some codings cannot be imported: ``python -m tests.http.unpacked br``.

Prints the port, and stops when its input ends.
"""

import asyncio
import sys

_MODULES = {"br": ("brotli", "brotlicffi"), "zstd": ("backports.zstd", "compression.zstd")}


async def serve() -> None:
    """Serve until the input ends."""
    from aiohttp import web

    from tests.http.readers import Readers
    from tests.http.shapes import app_of

    runner = web.AppRunner(app_of(Readers).build(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    for coding in sys.argv[2:]:
        sys.modules.update(dict.fromkeys(_MODULES[coding]))  # type: ignore[arg-type]  # None forbids an import
    if sys.argv[1] == "uvloop":
        import uvloop

        uvloop.run(serve())
    else:
        asyncio.run(serve())
