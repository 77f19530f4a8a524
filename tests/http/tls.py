"""TLS contexts with the tests' own certificate, for both ends of a connection."""

import ssl
from pathlib import Path

__all__ = ("client_context", "server_context")

_CERTIFICATE = Path(__file__).with_name("localhost.pem")


def server_context() -> ssl.SSLContext:
    """Return the context of a server: ``await serve(app, ssl=server_context())``."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(_CERTIFICATE)
    return context


def client_context() -> ssl.SSLContext:
    """Return the context of a client that trusts the server: ``connect(server, tls=client_context())``."""
    return ssl.create_default_context(cafile=_CERTIFICATE)
