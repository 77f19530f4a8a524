"""A TLS certificate that is read again when its files change."""

import logging
import os
import ssl

__all__ = ("CertificateError", "Certificates")

_LOGGER = logging.getLogger("framework")


class CertificateError(Exception):
    """A certificate cannot be used."""


class Certificates:
    """The context of the connections to come; raises CertificateError.

    ``key`` is the file of the private key, by default the one of the certificate.
    """

    def __init__(self, certificate: str, key: str | None) -> None:
        self._certificate = certificate
        self._key = key
        self._seen = self._state()
        self.context = self._load(ssl.create_default_context(ssl.Purpose.CLIENT_AUTH))
        self.context.set_alpn_protocols(["http/1.1"])

    def look(self) -> None:
        """Read the files again if they have changed."""
        if self._state() != self._seen:
            self.reload()

    def reload(self) -> None:
        """Read the files again; files that cannot be used are logged, and the old certificate stays."""
        self._seen = self._state()
        try:
            # A context that has read half of a pair would have none.
            self._load(ssl.create_default_context(ssl.Purpose.CLIENT_AUTH))
            self._load(self.context)
        except CertificateError as error:
            _LOGGER.error("%s; the old certificate is still used", error)  # noqa: TRY400  one line
        else:
            _LOGGER.info("The certificate %s has been read again", self._certificate)

    def _state(self) -> tuple[tuple[int, int, int] | None, ...]:
        return tuple(_state(one) for one in (self._certificate, self._key) if one is not None)

    def _load(self, context: ssl.SSLContext) -> ssl.SSLContext:
        try:
            context.load_cert_chain(self._certificate, self._key, password=_refuse)
        except (OSError, ValueError) as error:
            named = " and ".join(one for one in (self._certificate, self._key) if one is not None)
            raise CertificateError(f"the certificate in {named} cannot be used: {_reason(error)}") from error
        return context


def _refuse() -> str:
    """Called instead of asking at the terminal."""
    raise ValueError("the key is encrypted")


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        # What is not a PEM file has no reason in all versions.
        return error.reason.replace("_", " ").lower() if error.reason else "no PEM certificate and key"
    return os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)


def _state(file: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(file)  # noqa: PTH116  no object is needed
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
