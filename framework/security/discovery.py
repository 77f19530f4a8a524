"""The configuration of an OpenID provider (OpenID Connect Discovery 1.0), fetched on first use and kept."""

from typing import Any, ClassVar

import msgspec
from msgspec import Struct
from yarl import URL

from framework.security.published import Published, fetch, is_safe_url

__all__ = ("Provider", "ProviderMetadata")

_WELL_KNOWN = "/.well-known/openid-configuration"


class ProviderMetadata(Struct, frozen=True, kw_only=True):
    """The configuration that an OpenID provider publishes, as far as it is used."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str | None = None
    code_challenge_methods_supported: list[str] | None = None
    token_endpoint_auth_methods_supported: list[str] = []
    authorization_response_iss_parameter_supported: bool = False


class Provider(Published[ProviderMetadata]):
    """The OpenID provider with an issuer URL."""

    # Less than that of its keys: when they are fetched again, so is this.
    pause: ClassVar[float] = 0.5

    def __init__(self, issuer: str, *, timeout: float, cooldown: float, lifespan: float) -> None:
        super().__init__(
            f"{str(issuer).removesuffix('/')}{_WELL_KNOWN}", timeout=timeout, cooldown=cooldown, lifespan=lifespan
        )
        self.issuer = issuer

    @property
    def url(self) -> str:
        """The URL of the configuration."""
        return self._url

    @property
    def times(self) -> dict[str, float]:
        """Timeout, cooldown and lifespan."""
        return {"timeout": self._timeout, "cooldown": self._cooldown, "lifespan": self._lifespan}

    @property
    def subject(self) -> str:
        """What is fetched, for messages."""
        return f"The configuration of {self.issuer}"

    @property
    def missing(self) -> str:
        """The detail of the error while there is no configuration."""
        return "The identity provider is not available"

    def mistake(self, label: str) -> tuple[str, str] | None:
        """Return the error in the options, and a hint; ``None`` if they are valid."""
        issuer: Any = self.issuer
        if not is_safe_url(issuer) or URL(issuer).query_string or URL(issuer).fragment:
            what = f"{label}({issuer!r}) is not the URL of an issuer"
            return (what, "give an https URL without a query; http is allowed for a loopback host alone")
        return self._mistake(label)

    async def load(self) -> ProviderMetadata:
        """Fetch the configuration."""
        found = msgspec.json.decode(await fetch(self._url), type=ProviderMetadata)
        # Section 4.3: otherwise, a server could publish keys and endpoints in the name of another one.
        if found.issuer != self.issuer:
            raise ValueError("its issuer is another one")
        unsafe = [one for one in _urls(found) if not is_safe_url(one)]
        if unsafe:
            raise ValueError("it has a URL that is not https")
        return found


def _urls(found: ProviderMetadata) -> list[str]:
    urls = [found.authorization_endpoint, found.token_endpoint, found.jwks_uri]
    return urls if found.end_session_endpoint is None else [*urls, found.end_session_endpoint]
