"""A server of one's own that speaks the protocol of SQS, on a free port of the loopback interface, for tests: moto."""

import contextlib
import json
import socket
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.local_server import LocalServer

__all__ = ("SQSServer", "sqs_started")

_SIGNED = "AWS4-HMAC-SHA256 Credential=test/20261201/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0"


class SQSServer(LocalServer):
    """A server that can be killed and started again: its queues exist then, and are empty."""

    scheme = "sqs"
    # The client signs its requests, and the server accepts all signatures.
    database = "?aws_access_key_id=test&aws_secret_access_key=test"

    def __init__(self) -> None:
        super().__init__(sys.executable)
        self._queues: list[str] = []

    def options(self, port: int) -> Sequence[str]:
        """Listen on the loopback interface."""
        return ("-m", "moto.server", "-H", "127.0.0.1", "-p", str(port))

    def responds(self, connection: socket.socket) -> bool:
        """It speaks HTTP."""
        connection.sendall(b"GET /moto-api/ HTTP/1.0\r\n\r\n")
        return connection.recv(5) == b"HTTP/"

    def start(self) -> None:
        """Start the server with the queues that it had."""
        super().start()
        for name in self._queues:
            self._create(name)

    def create(self, name: str) -> None:
        """Create a queue."""
        self._queues.append(name)
        self._create(name)

    def _create(self, name: str) -> None:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/",
            json.dumps({"QueueName": name}).encode(),
            {
                "X-Amz-Target": "AmazonSQS.CreateQueue",
                "Content-Type": "application/x-amz-json-1.0",
                "Authorization": _SIGNED,
            },
        )
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310  HTTP
            assert response.status == 200


@contextlib.contextmanager
def sqs_started(folder: Path) -> Iterator[SQSServer]:  # noqa: ARG001  it stores nothing
    """Run a server, and kill it at the end."""
    with SQSServer() as server:
        yield server
