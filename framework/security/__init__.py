"""Who is asking: credentials that are read, verified once per request, and told in the OpenAPI document."""

from framework.schemes import Credentials, Refusal, SecurityRequirement, SecurityScheme
from framework.security.api_key import APIKey
from framework.security.base import Alternatives
from framework.security.basic import Basic
from framework.security.bearer import Bearer
from framework.security.oauth2 import OAuth2, OpenIdConnect
from framework.security.stating import states

__all__ = (
    "APIKey",
    "Alternatives",
    "Basic",
    "Bearer",
    "Credentials",
    "OAuth2",
    "OpenIdConnect",
    "Refusal",
    "SecurityRequirement",
    "SecurityScheme",
    "states",
)
