"""Tokens of OAuth 2 and OpenID Connect: bearer tokens whose source is described in the document."""

from collections.abc import Mapping
from typing import Any

from framework.security.base import Verifier
from framework.security.bearer import TokenScheme

__all__ = ("OAuth2", "OpenIdConnect")

# OpenAPI 3.1, section 4.8.29: the required fields of each flow.
_FLOWS: Mapping[str, tuple[str, ...]] = {
    "implicit": ("authorizationUrl", "scopes"),
    "password": ("tokenUrl", "scopes"),
    "clientCredentials": ("tokenUrl", "scopes"),
    "authorizationCode": ("authorizationUrl", "tokenUrl", "scopes"),
}


class OAuth2(TokenScheme, frozen=True, kw_only=True):
    """A token of an OAuth 2 server; ``flows`` is the OAuth Flows Object of OpenAPI 3.1.

    ``OAuth2(verify, flows={"authorizationCode": {"authorizationUrl": …, "tokenUrl": …, "scopes": {…}}})``.
    """

    flows: Mapping[str, Mapping[str, Any]]

    @property
    def default_name(self) -> str:
        """The default name of the scheme in the document."""
        return "oauth2"

    def document(self) -> Mapping[str, Any]:
        """Return the Security Scheme Object."""
        return {"type": "oauth2", "flows": self.flows}

    def mistake(self) -> tuple[str, str] | None:
        """Return the error in the flows, or an error that every scheme may have."""
        if not self.flows:
            return ("OAuth2() has no flow", f"give one of {', '.join(_FLOWS)}")
        for name, flow in self.flows.items():
            if name not in _FLOWS:
                return (f"OAuth2() has a flow {name!r}, which nobody knows", f"give one of {', '.join(_FLOWS)}")
            lacking = [one for one in _FLOWS[name] if one not in flow]
            if lacking:
                return (f"the flow {name!r} of OAuth2() lacks {' and '.join(lacking)}", "add what is lacking")
        known = {scope for flow in self.flows.values() for scope in flow["scopes"]}
        unknown = next((one for one in self.scopes if one not in known), None)
        if unknown is not None:
            return (f"no flow of OAuth2() gives the scope {unknown!r}", "add it to the scopes of a flow")
        return super().mistake()


class OpenIdConnect(TokenScheme, frozen=True, kw_only=True):
    """A token of an OpenID provider; ``url`` is ``https://id.example.org/.well-known/openid-configuration``.

    Without ``url``, it is that of the verifier: ``OpenIdConnect(JWT(User, keys=JWKS.discover(issuer), ...))``.
    """

    url: str | None = None

    @property
    def _discovered(self) -> str | None:
        found = self.verify.openid_url if isinstance(self.verify, Verifier) else None
        return found if self.url is None else self.url

    @property
    def default_name(self) -> str:
        """The default name of the scheme in the document."""
        return "openIdConnect"

    def document(self) -> Mapping[str, Any]:
        """Return the Security Scheme Object."""
        return {"type": "openIdConnect", "openIdConnectUrl": self._discovered}

    def mistake(self) -> tuple[str, str] | None:
        """Return the error in the URL, or an error that every scheme may have."""
        if self._discovered is None:
            hint = (
                'give url="https://…/.well-known/openid-configuration", or a JWT with keys=JWKS.discover("https://…")'
            )
            return ("OpenIdConnect() does not name its provider", hint)
        return super().mistake()
