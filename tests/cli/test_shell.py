"""``framework shell``: services at hand, and await at the top level."""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.forked import Outcome, run_command

SHOP = """\
from collections.abc import AsyncIterator

from framework import App, Container, Controller, get


class Engine: ...


class Session: ...


async def open_engine() -> AsyncIterator[Engine]:
    print("opened")
    yield Engine()
    print("closed")


class Orders(Controller):
    @get("/orders")
    async def show(self) -> str:
        return ""


container = Container()
container.add_singleton(Engine, open_engine)
container.add_scoped(Session)
app = App([Orders], container=container)
"""
SESSION = """\
engine = await get(Engine)
print(type(engine).__name__, app.routes()[0].path)
async def count(session: Session) -> int:
    return 7

await call(count)
1 / 0
nope nope
import asyncio
await asyncio.sleep(0, "slept")
"""


# Makes the terminal of the standard input the controlling one, so that Ctrl+C is a signal.
TAKE_TERMINAL = """\
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


def talk(tmp_path: Path, lines: str) -> Outcome:
    """Run a session whose input is a file."""
    (tmp_path / "shop.py").write_text(SHOP)
    return run_command(tmp_path, "shell", "shop:app", entered=lines)


def test_statements_and_their_errors(tmp_path: Path) -> None:
    """Singletons are open, each call has a scope, and tracebacks begin in the statement."""
    code, out, err = talk(tmp_path, SESSION)

    assert code == 0
    assert out == "opened\nEngine /orders\n7\n'slept'\nclosed\n"
    assert err.startswith(
        'Traceback (most recent call last):\n  File "<console>", line 1, in <module>\n'
        "ZeroDivisionError: division by zero\n"
    )
    assert err.count("SyntaxError") == 1
    assert "framework" not in err


@pytest.mark.parametrize(("line", "code"), [("exit()", 0), ("exit(3)", 3), ("raise SystemExit('no')", 1)])
def test_the_end_of_a_session(tmp_path: Path, line: str, code: int) -> None:
    """The singletons are closed, and the exit code is that of exit()."""
    assert talk(tmp_path, f"{line}\nprint('after')\n") == (code, "opened\nclosed\n", "")


def test_a_service_that_cannot_be_opened(tmp_path: Path) -> None:
    """One line says which exception it has raised, and where."""
    text = SHOP.replace('    print("opened")', '    raise OSError("no database")')
    (tmp_path / "shop.py").write_text(text)

    code, out, err = run_command(tmp_path, "shell", "shop:app")

    assert (code, out) == (2, "")
    place = f"({tmp_path / 'shop.py'}:13)"
    assert err == f"Error: a service of the app cannot be opened: OSError: no database {place}; correct it there.\n"


def in_terminal(tmp_path: Path, words: Sequence[str], sent: Sequence[tuple[str, str]]) -> str:
    """Run a session in a terminal: wait for each text, then send the keys; return what was shown."""
    (tmp_path / "shop.py").write_text(SHOP)
    outer, inner = pty.openpty()
    environment = {
        **os.environ,
        "TERM": "dumb",
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    process = subprocess.Popen(  # noqa: S603  fixed words
        [sys.executable, "-c", TAKE_TERMINAL, "-m", "framework", "shell", *words, "shop:app"],
        cwd=tmp_path,
        env=environment,
        stdin=inner,
        stdout=inner,
        stderr=inner,
        start_new_session=True,
    )
    os.close(inner)
    shown, at = "", 0
    try:
        for awaited, keys in (*sent, ("closed", "")):
            end = time.monotonic() + 60
            while awaited not in shown[at:] and time.monotonic() < end:
                if select.select([outer], [], [], 0.5)[0]:
                    shown += os.read(outer, 4096).decode(errors="replace")
            assert awaited in shown[at:], shown
            at = shown.index(awaited, at) + len(awaited)
            os.write(outer, keys.encode())
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
        os.close(outer)
    return shown


def test_ctrl_c_interrupts_a_statement(tmp_path: Path) -> None:
    """The session goes on, and its services stay open."""
    shown = in_terminal(
        tmp_path,
        ["--plain"],
        [
            (">>> ", "import asyncio; print('be' + 'gun'); await asyncio.sleep(600)\n"),
            ("begun", "\x03"),
            ("Interrupted", "print(type(await get(Engine)).__name__, 6 * 7)\n"),
            ("Engine 42", "exit()\n"),
        ],
    )

    assert "Types: Engine, Session" in shown


@pytest.mark.slow
def test_ipython_is_used_if_it_is_installed(tmp_path: Path) -> None:
    """It awaits on the loop of the services, which are closed at its end."""
    in_terminal(
        tmp_path,
        [],
        [
            ("In [1]", "print(type(await get(Engine)).__name__, 6 * 7)\r"),
            ("Engine 42", ""),
            ("In [2]", "exit\r"),
        ],
    )
