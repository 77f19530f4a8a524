"""Tokens of OAuth 2 and OpenID Connect: read as bearer tokens, and told in the document with where they come from."""

from collections.abc import Mapping
from typing import Any

from framework.security.bearer import TokenScheme

__all__ = ("OAuth2", "OpenIdConnect")

# OpenAPI 3.1, section 4.8.29: what each flow must say.
_FLOWS: Mapping[str, tuple[str, ...]] = {
    "implicit": ("authorizationUrl", "scopes"),
    "password": ("tokenUrl", "scopes"),
    "clientCredentials": ("tokenUrl", "scopes"),
    "authorizationCode": ("authorizationUrl", "tokenUrl", "scopes"),
}


class OAuth2(TokenScheme, frozen=True, kw_only=True):
    """A token that an OAuth 2 server gave; ``flows`` are written as the OAuth Flows Object of OpenAPI 3.1.

    ``OAuth2(verify, flows={"authorizationCode": {"authorizationUrl": …, "tokenUrl": …, "scopes": {…}}})``.
    """

    flows: Mapping[str, Mapping[str, Any]]

    @property
    def default_name(self) -> str:
        """The scheme's name in the document where no other is given."""
        return "oauth2"

    def document(self) -> Mapping[str, Any]:
        """Return the Security Scheme Object."""
        return {"type": "oauth2", "flows": self.flows}

    def mistake(self) -> tuple[str, str] | None:
        """Return what is wrong with the flows, beside what can be wrong with every scheme."""
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
    """A token of an OpenID provider, found at ``url``: ``https://id.example.org/.well-known/openid-configuration``."""

    url: str

    @property
    def default_name(self) -> str:
        """The scheme's name in the document where no other is given."""
        return "openIdConnect"

    def document(self) -> Mapping[str, Any]:
        """Return the Security Scheme Object."""
        return {"type": "openIdConnect", "openIdConnectUrl": self.url}
