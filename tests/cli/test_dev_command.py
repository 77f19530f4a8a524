"""``framework dev`` and ``framework run`` report in one line what keeps them from starting."""

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from framework.cli.listening import open_sockets, url_of
from tests.cli.conftest import SHOP, Run, Write, run_python

BOTH = pytest.mark.parametrize("name", ["dev", "run"])


@pytest.fixture
def taken() -> Iterator[int]:
    """Return a port on which another process listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@BOTH
def test_a_port_in_use_is_reported(run: Run, write: Write, taken: int, name: str) -> None:
    """With what can be done about it."""
    write("shop.py", SHOP)

    code, out, err = run(name, "shop:app", "--port", str(taken))

    assert (code, out) == (2, "")
    assert err == (
        f"Error: port {taken} of 127.0.0.1 is in use; stop the process that listens there, or give another --port.\n"
    )


@BOTH
def test_an_unknown_host_is_reported(run: Run, write: Write, name: str) -> None:
    """It is a name that cannot be resolved."""
    write("shop.py", SHOP)

    code, _, err = run(name, "shop:app", "--host", "no host")

    assert code == 2
    assert err == "Error: the host 'no host' is unknown; give another one with --host.\n"


@BOTH
def test_an_address_of_another_machine_is_reported(run: Run, write: Write, name: str) -> None:
    """It cannot be listened on here."""
    write("shop.py", SHOP)

    code, _, err = run(name, "shop:app", "--host", "192.0.2.1")

    assert code == 2
    assert err == (
        "Error: 192.0.2.1:8080 cannot be opened: Cannot assign requested address; give another --host or --port.\n"
    )


@BOTH
def test_no_app_named_is_reported(run: Run, name: str) -> None:
    """As by every other command."""
    code, _, err = run(name)

    assert code == 2
    assert err.startswith("Error: no app is named, and no pyproject.toml is found; name it as in ")


def test_watchfiles_is_an_extra(run: Run, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line has the command that installs it."""
    write("shop.py", SHOP)
    monkeypatch.setitem(sys.modules, "watchfiles", None)

    assert run("dev", "shop:app") == (
        2,
        "",
        "Error: watchfiles is not installed; pip install 'framework-aiohttp[dev]'.\n",
    )


def test_errors_in_the_app_keep_it_from_being_served(run: Run, write: Write) -> None:
    """``framework run`` reports them as ``framework check`` does."""
    write("shop.py", SHOP.replace("number: int) -> Order", "number) -> Order"))

    code, out, err = run("run", "shop:app")

    assert (code, out) == (1, "")
    assert err.endswith("1 error in the application.\nExplained by: framework explain E101\n")


def test_all_addresses_of_a_name_get_one_port() -> None:
    """Port 0 is any free port; the URL is that of the first address."""
    sockets = open_sockets("localhost", 0)
    try:
        ports = {one.getsockname()[1] for one in sockets}
        assert len(ports) == 1
        assert url_of(sockets).endswith(f":{ports.pop()}")
        assert url_of(sockets).startswith(("http://127.0.0.1:", "http://[::1]:"))
    finally:
        for one in sockets:
            one.close()


def test_the_supervisor_imports_neither_aiohttp_nor_what_builds_apps(tmp_path: Path) -> None:
    """It starts quickly, and what a change breaks does not break it."""
    found = "[name for name in ('aiohttp', 'framework.app') if name in sys.modules]"
    program = f"import sys, framework.cli.dev.command, framework.cli.dev.supervisor\nprint({found})"

    assert run_python("-c", program, cwd=tmp_path) == (0, "[]\n", "")
