"""The workload ``production`` of FastAPI: Starlette's middlewares, asgi-correlation-id, slowapi and PyJWT."""

from typing import Annotated, Any

import jwt
from asgi_correlation_id import CorrelationIdMiddleware, correlation_id
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from slowapi import Limiter
from slowapi.middleware import SlowAPIASGIMiddleware
from slowapi.util import get_remote_address
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from tests.benchmarks.peers.asgi_layers import AccessLog, FixedHeaders
from tests.benchmarks.production import ALGORITHM, AUDIENCE, HOSTS, ISSUER, LIMIT, MINIMUM_SIZE, ORIGIN, SECRET

__all__ = ("production",)

_REQUIRED = {"require": ["exp", "iss", "aud", "sub"]}
_BEARER = HTTPBearer()


async def owner(credentials: Annotated[HTTPAuthorizationCredentials, Depends(_BEARER)]) -> str:
    """Verify the token of a request."""
    try:
        claims = jwt.decode(
            credentials.credentials, SECRET, algorithms=[ALGORITHM], audience=AUDIENCE, issuer=ISSUER, options=_REQUIRED
        )
    except jwt.InvalidTokenError:
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"}) from None
    return str(claims["sub"])


def production(small: Any) -> FastAPI:
    """Return the application with its middlewares, the innermost first."""
    app = FastAPI()
    limiter = Limiter(key_func=get_remote_address, application_limits=[f"{LIMIT}/minute"], headers_enabled=True)
    app.state.limiter = limiter
    app.add_middleware(SlowAPIASGIMiddleware)
    app.add_middleware(GZipMiddleware, minimum_size=MINIMUM_SIZE)
    app.add_middleware(CORSMiddleware, allow_origins=[ORIGIN])
    app.add_middleware(FixedHeaders)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(HOSTS))
    app.add_middleware(AccessLog, request_id=correlation_id.get)
    app.add_middleware(CorrelationIdMiddleware)
    app.get("/json", dependencies=[Depends(owner)])(small)
    return app
