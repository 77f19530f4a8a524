"""Unknown options of what comes with the framework: an InvalidOptionError at the place of the call, with a hint."""

from collections.abc import Callable
from typing import Any

import pytest

from framework.caching import CacheControl
from framework.errors import InvalidOptionError
from framework.formats import Format
from framework.health import Health, HealthCheck
from framework.middleware import (
    CORS,
    CSRF,
    Compression,
    ConcurrencyLimit,
    HTTPSRedirect,
    Idempotency,
    ProxyHeaders,
    RateLimit,
    RequestID,
    ResponseCache,
    SecurityHeaders,
    Sessions,
    TrustedHosts,
)
from framework.security import (
    JWKS,
    JWT,
    APIKey,
    Basic,
    Bearer,
    LoginThrottle,
    OAuth2,
    OpenIdConnect,
    OpenIDLogin,
    Scopes,
)
from framework.static import StaticFiles
from framework.stores import MemoryStore, RedisStore
from framework.templating import Templates
from framework.types import CustomType
from tests.startup.expected import after


@pytest.mark.parametrize(
    ("cls", "near", "right"),
    [
        (APIKey, "heeder", "header"),
        (Basic, "relm", "realm"),
        (Bearer, "verfy", "verify"),
        (CORS, "origin", "origins"),
        (CSRF, "secrets", "secret"),
        (CacheControl, "maxage", "max_age"),
        (Compression, "minimum_sizes", "minimum_size"),
        (ConcurrencyLimit, "retryafter", "retry_after"),
        (CustomType, "decoder", "decode"),
        (Format, "encode", "encoder"),
        (HTTPSRedirect, "ports", "port"),
        (Health, "check", "checks"),
        (HealthCheck, "timout", "timeout"),
        (Idempotency, "lockttl", "lock_ttl"),
        (JWKS, "time_out", "timeout"),
        (JWT, "algorithm", "algorithms"),
        (LoginThrottle, "stores", "store"),
        (MemoryStore, "max_entrys", "max_entries"),
        (OAuth2, "scope", "scopes"),
        (OpenIDLogin, "client", "client_id"),
        (OpenIdConnect, "urls", "url"),
        (ProxyHeaders, "trust", "trusted"),
        (RateLimit, "keys", "key"),
        (RedisStore, "namespaces", "namespace"),
        (RequestID, "headers", "header"),
        (ResponseCache, "tag", "tags"),
        (Scopes, "scope", "scopes"),
        (SecurityHeaders, "htst", "hsts"),
        (Sessions, "secrets", "secret"),
        (StaticFiles, "indexes", "index"),
        (Templates, "global", "globals"),
    ],
    ids=lambda one: getattr(one, "__name__", one),
)
def test_a_misspelt_option_is_reported(cls: Callable[..., Any], near: str, right: str) -> None:
    """The hint names the option that was meant, and the place is that of the call, not one of the framework."""

    def make() -> None:
        cls(**{near: 1})

    with pytest.raises(InvalidOptionError) as caught:
        make()
    assert str(caught.value) == (
        f"{cls.__name__} ({after(make, 1)}): it has no option {near}=.\n  Hint: write {right}= instead."
    )


def test_a_class_without_options() -> None:
    """The hint is a correct call."""

    def make() -> None:
        TrustedHosts(hosts=("shop.example",))  # type: ignore[call-arg]  # what is tested

    with pytest.raises(InvalidOptionError) as caught:
        make()
    assert str(caught.value) == (
        f'TrustedHosts ({after(make, 1)}): it has no option hosts=.\n  Hint: write TrustedHosts("shop.example").'
    )
