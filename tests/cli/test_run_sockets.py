"""``framework run`` listens where it is told: by options, by variables of a platform, by systemd, with TLS."""

import asyncio
import datetime as dt
import os
import signal
import socket
import ssl
import sys
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.cli.dev_server import PATIENCE, SHOP, command, get
from tests.deployment.serving import free_port


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with an app."""
    (tmp_path / "shop.py").write_text(SHOP, encoding="utf-8")
    return tmp_path


async def test_the_variables_of_platforms(folder: Path) -> None:
    """$PORT alone means all addresses, as platforms expect; $WEB_CONCURRENCY is the number of workers."""
    port = free_port()
    variables = {"PORT": str(port), "WEB_CONCURRENCY": "1"}
    async with command(folder, "run", "shop:app", "--no-spare", variables=variables) as running:
        await running.prints(f"Serving at http://0.0.0.0:{port} with 1 worker.")
        assert await get(f"http://127.0.0.1:{port}/") == "one"
        assert await running.stop() == 0
    async with command(folder, "run", "shop:app", variables={"PORT": str(port), "HOST": "127.0.0.1"}) as running:
        await running.prints(f"Serving at http://127.0.0.1:{port} in one process.")
        assert await running.stop() == 0


@pytest.mark.parametrize("named", ["", "/nowhere"])
async def test_workers_start_without_a_name_of_the_current_folder(folder: Path, named: str) -> None:
    """Containers and systemd set no PWD."""
    port = str(free_port())
    variables = {"PWD": named, "PORT": port, "HOST": "127.0.0.1"}
    async with command(folder, "run", "shop:app", "--workers", "1", "--no-spare", variables=variables) as running:
        await running.prints(f"Serving at http://127.0.0.1:{port} with 1 worker.")
        assert await get(f"http://127.0.0.1:{port}/") == "one"
        assert await running.stop() == 0


@pytest.mark.parametrize("workers", [(), ("--workers", "1", "--no-spare")])
async def test_a_unix_socket(folder: Path, workers: tuple[str, ...]) -> None:
    """A file that a process has left behind is replaced; the file is removed at the end."""
    path = folder / "shop.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    async with (
        command(folder, "run", "shop:app", "--unix-socket", str(path), *workers) as running,
        aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path))) as client,
    ):
        await running.prints(f"Serving at unix:{path} ")
        assert await (await client.get("http://localhost/")).text() == "one"
        async with command(folder, "run", "shop:app", "--unix-socket", str(path)) as second:
            assert await asyncio.wait_for(second.process.wait(), PATIENCE) == 2
        assert second.printed == (
            f"Error: {path} is in use; stop the process that listens there, or give another --unix-socket.\n"
        )
        assert await (await client.get("http://localhost/")).text() == "one"
        assert await running.stop() == 0
    assert not path.exists()


_ACTIVATE = """\
import os, socket, sys
listening = socket.create_server(("127.0.0.1", int(sys.argv[1])))
os.dup2(listening.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES="web")
os.execv(sys.executable, [sys.executable, "-m", "framework", "run", "shop:app", *sys.argv[2:]])
"""


@pytest.mark.slow
async def test_systemd(folder: Path) -> None:
    """Its socket is used, and it learns when requests are served, when a reload begins and ends, and of the stop."""
    port, path = free_port(), folder / "notify"
    (folder / "activate.py").write_text(_ACTIVATE)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
        notified.bind(str(path))
        notified.settimeout(PATIENCE)

        async def told() -> str:
            return (await asyncio.to_thread(notified.recv, 4096)).decode()

        variables = {"NOTIFY_SOCKET": str(path), "PYTHONPATH": os.pathsep.join(sys.path)}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "activate.py", str(port), "--workers", "1", "--no-spare"),
            cwd=folder,
            env={**os.environ, **variables},
        )
        try:
            assert await told() == "READY=1"
            assert await get(f"http://127.0.0.1:{port}/") == "one"
            process.send_signal(signal.SIGHUP)
            assert (await told()).startswith("RELOADING=1\nMONOTONIC_USEC=")
            assert await told() == "READY=1"
            process.terminate()
            assert await told() == "STOPPING=1"
            assert await asyncio.wait_for(process.wait(), PATIENCE) == 0
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def test_systemd_and_an_address(folder: Path) -> None:
    """One of the two is too many."""
    (folder / "activate.py").write_text(_ACTIVATE)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "activate.py", str(free_port()), "--port", "0"),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert errors.decode() == "Error: --port is given, and systemd has passed sockets; leave one of them out.\n"
    assert process.returncode == 2


def write_certificate(folder: Path, number: int) -> None:
    """Write a certificate of localhost with a serial number, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), number, now, now + dt.timedelta(days=1))
    pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    (folder / "certificate.pem").write_bytes(pem)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(secret)


def serial_of(port: int) -> int:
    """Return the serial number of the certificate that a server shows."""
    pem = ssl.get_server_certificate(("127.0.0.1", port), timeout=PATIENCE)
    return x509.load_pem_x509_certificate(pem.encode()).serial_number


@pytest.mark.parametrize("workers", [(), ("--workers", "1", "--no-spare")])
async def test_tls(folder: Path, workers: tuple[str, ...]) -> None:
    """A certificate is read again when its files change; a broken one is logged, and the old one stays."""
    port = free_port()
    write_certificate(folder, 1)
    files = ("--certificate", "certificate.pem", "--key", "key.pem")
    async with command(folder, "run", "shop:app", "--port", str(port), *files, *workers) as running:
        await running.prints(f"Serving at https://127.0.0.1:{port} ")
        assert await asyncio.to_thread(serial_of, port) == 1
        # While both files are written, they do not fit.
        (folder / "certificate.pem").write_text("broken")
        await running.prints("the certificate in certificate.pem and key.pem cannot be used: ")
        assert await asyncio.to_thread(serial_of, port) == 1
        write_certificate(folder, 2)
        async with asyncio.timeout(PATIENCE):
            while await asyncio.to_thread(serial_of, port) != 2:  # noqa: ASYNC110  another process
                await asyncio.sleep(0.1)
        if not workers:
            running.process.send_signal(signal.SIGHUP)
            await running.prints("SIGHUP does not load new code into one process: use framework run --workers 1")
        assert await running.stop() == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--key", "shop.py"), "Error: --key is given without --certificate; give both.\n"),
        (
            ("--certificate", "shop.py"),
            "Error: the certificate in shop.py cannot be used: no PEM certificate and key; give the files with "
            "--certificate and --key.\n",
        ),
        (("--max-requests", "5"), "Error: --max-requests requires a supervisor; add --workers 1.\n"),
        (("--unix-socket", "shop.py"), "Error: shop.py is a file; give another --unix-socket.\n"),
        (("--unix-socket", "a", "--port", "1"), "Error: --port and --unix-socket are given; leave one of them out.\n"),
        (
            ("--unix-socket", "no/a"),
            "Error: no/a cannot be opened: No such file or directory; give another --unix-socket.\n",
        ),
        (
            ("--graceful-timeout", "1"),
            "FRAMEWORK_WORKER_ANNOUNCE=1 is more than half of the graceful timeout of 1 seconds.\n"
            "  Hint: shorten it, or set the graceful timeout to at least twice of it.\n",
        ),
    ],
)
async def test_wrong_options(folder: Path, options: tuple[str, ...], message: str) -> None:
    """They are reported in one line, with the exit code 2."""
    async with command(folder, "run", "shop:app", *options) as running:
        assert await asyncio.wait_for(running.process.wait(), PATIENCE) == 2
    assert running.printed == message


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("PORT", "http", "Error: Invalid value for '--port' (env var: 'PORT'): 'http' is not a valid integer"),
        ("WEB_CONCURRENCY", "0", "Error: Invalid value for '--workers' (env var: 'WEB_CONCURRENCY'): 0 is not in"),
        ("FRAMEWORK_WORKER_RETRYY", "1", "FRAMEWORK_WORKER_RETRYY is not a setting of the worker.\n  Hint: write "),
    ],
)
async def test_wrong_variables(folder: Path, variable: str, value: str, message: str) -> None:
    """The message names the variable."""
    async with command(folder, "run", "shop:app", variables={variable: value}) as running:
        assert await asyncio.wait_for(running.process.wait(), PATIENCE) == 2
    assert message in running.printed


async def test_errors_of_the_app_are_printed_by_the_first_worker(folder: Path) -> None:
    """The exit code is that of ``framework check``, and no other worker is tried."""
    (folder / "shop.py").write_text(SHOP.replace("people: int", "people"))
    async with command(folder, "run", "shop:app", "--port", "0", "--workers", "3") as running:
        assert await asyncio.wait_for(running.process.wait(), PATIENCE) == 1
    assert running.printed.count("Shop.share (shop.py:") == 1
    assert running.printed.endswith("1 error in the application.\nExplained by: framework explain E101\n")
