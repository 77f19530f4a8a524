"""The middlewares that come with the framework, compiled into the routes that they cover."""

from framework.middleware.compression import COMPRESSIBLE, Compression
from framework.middleware.concurrency_limit import ConcurrencyLimit, TooBusy
from framework.middleware.cors import CORS
from framework.middleware.csrf import CSRF
from framework.middleware.csrf_tokens import CSRFToken, csrf_token
from framework.middleware.https_redirect import HTTPSRedirect
from framework.middleware.idempotency import Idempotency
from framework.middleware.idempotency_keys import KeyReused, RequestInProgress, ResponseNotKept
from framework.middleware.policies import QuotaExceeded
from framework.middleware.proxy_headers import ProxyHeaders
from framework.middleware.rate_limit import RateLimit, client_address
from framework.middleware.request_id import RequestID
from framework.middleware.response_cache import Cache, ResponseCache
from framework.middleware.security_headers import SecurityHeaders, csp_nonce
from framework.middleware.session import Session, opened_sessions
from framework.middleware.sessions import Sessions
from framework.middleware.trusted_hosts import TrustedHosts

__all__ = (
    "COMPRESSIBLE",
    "CORS",
    "CSRF",
    "CSRFToken",
    "Cache",
    "Compression",
    "ConcurrencyLimit",
    "HTTPSRedirect",
    "Idempotency",
    "KeyReused",
    "ProxyHeaders",
    "QuotaExceeded",
    "RateLimit",
    "RequestID",
    "RequestInProgress",
    "ResponseCache",
    "ResponseNotKept",
    "SecurityHeaders",
    "Session",
    "Sessions",
    "TooBusy",
    "TrustedHosts",
    "client_address",
    "csp_nonce",
    "csrf_token",
    "opened_sessions",
)
