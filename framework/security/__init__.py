"""Authentication: credentials are read, verified once per request, and described in the OpenAPI document."""

from framework.credentials import Credentials, Refusal, SecurityRequirement, SecurityScheme
from framework.expiry import valid_until
from framework.security.api_key import APIKey
from framework.security.base import Alternatives
from framework.security.basic import Basic
from framework.security.bearer import Bearer
from framework.security.guards import Policy, Roles, Scopes
from framework.security.jwks import JWKS
from framework.security.jwt import JWT
from framework.security.login import AuthorizationResponse, Login, OpenIDLogin
from framework.security.login_tokens import LoginFailed, LoginTokens
from framework.security.oauth2 import OAuth2, OpenIdConnect
from framework.security.passwords import PasswordHasher
from framework.security.public import public
from framework.security.signing import Sealer, Signer
from framework.security.stating import states
from framework.security.throttle import LoginAttempt, LoginThrottle, TooManyAttempts
from framework.security.token_route import PasswordForm, TokenError, TokenErrorBody, TokenResponse, token_errors

__all__ = (
    "JWKS",
    "JWT",
    "APIKey",
    "Alternatives",
    "AuthorizationResponse",
    "Basic",
    "Bearer",
    "Credentials",
    "Login",
    "LoginAttempt",
    "LoginFailed",
    "LoginThrottle",
    "LoginTokens",
    "OAuth2",
    "OpenIDLogin",
    "OpenIdConnect",
    "PasswordForm",
    "PasswordHasher",
    "Policy",
    "Refusal",
    "Roles",
    "Scopes",
    "Sealer",
    "SecurityRequirement",
    "SecurityScheme",
    "Signer",
    "TokenError",
    "TokenErrorBody",
    "TokenResponse",
    "TooManyAttempts",
    "public",
    "states",
    "token_errors",
    "valid_until",
)
