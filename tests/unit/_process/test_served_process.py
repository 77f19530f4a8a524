"""A process of ``framework run``, in the process of the tests: its start, its limits, and its certificate."""

import asyncio
import datetime as dt
import logging
import os
import socket
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from framework import App, Controller, get
from framework._process.certificates import CertificateError, Certificates
from framework._process.options import RunOptions
from framework._process.served import ServedProcess
from framework._process.service_manager import InheritedSocketsError, ServiceManager, inherited_sockets
from framework._process.settings import WorkerSettings
from tests.waiting import until

QUICK = RunOptions(settings=WorkerSettings(announce=0.0), graceful=3600.0, max_requests=3)


class Site(Controller):
    """A page."""

    @get("/")
    async def show(self) -> str:
        """Return a text."""
        return "text"


async def test_it_serves_until_it_is_stopped() -> None:
    """Its owner learns that it is ready, once that it has served enough, and that it stops."""
    told: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        process = ServedProcess(
            QUICK,
            [listening],
            ready=lambda: told.append("ready"),
            stopping=lambda: told.append("stopping"),
            spent=lambda: told.append("spent"),
        )
        running = asyncio.create_task(process.run((App([Site]).build(), None)))
        await until(lambda: told == ["ready"])
        async with aiohttp.ClientSession(f"http://127.0.0.1:{listening.getsockname()[1]}") as client:
            for _ in range(5):
                assert await (await client.get("/")).text() == "text"
            await until(lambda: told == ["ready", "spent"])
        process.read_certificate()
        begun = asyncio.get_running_loop().time()
        process.stop()
        await running
        # Not with the next look, after a second.
        assert asyncio.get_running_loop().time() - begun < 0.8
    assert told == ["ready", "spent", "stopping"]


async def test_a_stop_before_the_start() -> None:
    """It opens nothing."""
    told: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        process = ServedProcess(
            QUICK, [listening], ready=lambda: told.append("ready"), stopping=lambda: told.append("stopping")
        )
        process.stop()
        await process.run((App([Site]).build(), None))
    assert told == ["stopping"]


def write_certificate(folder: Path, password: bytes | None = None) -> tuple[str, str]:
    """Write a certificate of localhost and its key; return both files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + dt.timedelta(days=1))
    certificate, secret = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    encrypted = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encrypted))
    return str(certificate), str(secret)


def test_a_certificate_is_read_again_when_it_changes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Half of a new pair is reported once, and the old pair stays."""
    caplog.set_level(logging.INFO, "framework")
    files = write_certificate(tmp_path)
    certificates = Certificates(*files)
    certificates.look()
    assert caplog.messages == []
    old = (tmp_path / "key.pem").read_bytes()
    write_certificate(tmp_path)
    new = (tmp_path / "key.pem").read_bytes()
    (tmp_path / "key.pem").write_bytes(old)
    certificates.look()
    certificates.look()
    named = " and ".join(files)
    half = f"the certificate in {named} cannot be used: key values mismatch; the old certificate is still used"
    assert caplog.messages == [half]
    (tmp_path / "key.pem").write_bytes(new)
    certificates.look()
    assert caplog.messages == [half, f"The certificate {files[0]} has been read again"]
    (tmp_path / "key.pem").unlink()
    certificates.look()
    assert caplog.messages[2:] == [
        f"the certificate in {named} cannot be used: No such file or directory; the old certificate is still used"
    ]


def test_a_key_that_is_encrypted(tmp_path: Path) -> None:
    """Nobody is asked for its password."""
    files = write_certificate(tmp_path, b"secret")
    with pytest.raises(CertificateError, match="cannot be used: the key is encrypted"):
        Certificates(*files)


@pytest.mark.parametrize(
    ("count", "message"),
    [("one", "LISTEN_FDS='one' is not a number"), ("1", "file descriptor 3 is not a s")],
)
def test_inherited_sockets_that_cannot_be_used(count: str, message: str) -> None:
    """They are errors; the variables are removed nevertheless."""
    program = (
        "import os, sys\n"
        "from framework._process.service_manager import inherited_sockets\n"
        "os.dup2(os.open(os.devnull, os.O_RDONLY), 3)\n"
        "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=sys.argv[1])\n"
        "inherited_sockets(os.environ)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, count], capture_output=True, text=True, check=False)  # noqa: S603  ours
    assert f"InheritedSocketsError: {message}" in done.stderr


def test_sockets_for_another_process_are_left_alone() -> None:
    """As sd_listen_fds(3) demands."""
    environ = {"LISTEN_PID": str(os.getpid() + 1), "LISTEN_FDS": "x", "LISTEN_FDNAMES": "web"}
    assert inherited_sockets(environ) == []
    assert environ == {}
    with pytest.raises(InheritedSocketsError):
        inherited_sockets({"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "x"})


def test_a_service_manager_that_is_gone(tmp_path: Path) -> None:
    """Messages to it are lost; without one, none is sent. An abstract socket is one too."""
    ServiceManager({}).ready()
    ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "gone")}).stopping()
    name = f"framework-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
        notified.bind(f"\0{name}")
        ServiceManager({"NOTIFY_SOCKET": f"@{name}"}).ready()
        notified.settimeout(5)
        assert notified.recv(100) == b"READY=1"
