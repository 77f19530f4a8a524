"""Swagger UI from the framework's own files: the page, the script that starts it, and the policy that fences it in.

The files in ``assets`` are written by ``tools/vendor_swagger_ui.py``. URLs are used as the caller gives them; a
relative one (``docs/assets/abc123``, ``openapi.json``) is resolved by the browser against the URL of the page, so that
it holds also where the application is mounted under a prefix.
"""

import hashlib
import html
import json
import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from msgspec import Struct

__all__ = (
    "CONTENT_SECURITY_POLICY",
    "Asset",
    "assets_version",
    "content_security_policy",
    "initializer",
    "load_assets",
    "page",
)

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; "
    "script-src 'self'; "
    "style-src 'self'; "
    "img-src 'self' data: blob:; "  # data: the icons in the style sheet; blob: a response that is an image
    "media-src 'self'; "  # a response that is sound
    "connect-src 'self'; "
    "base-uri 'none'; "
    "form-action 'none'; "
    "frame-ancestors 'none'"
)
"""The header of the page and of ``oauth2-redirect.html``: nothing inline, nothing evaluated, no other host.

Swagger UI needs no inline style: it sets styles through the DOM, and its sanitizer strips those in descriptions. What a
browser still reports is a ``style`` attribute (or an aligned table) in a description, while the sanitizer parses it.
"""

_SAME_HOST = "connect-src 'self'"
# What the page itself asks: where tokens are fetched from, and what describes an OpenID provider.
_ASKED = ("tokenUrl", "refreshUrl", "openIdConnectUrl")


def content_security_policy(document: Mapping[str, Any]) -> str:
    """Return the policy that lets the page talk to the servers of a document, and fetch tokens, and no more."""
    schemes = document.get("components", {}).get("securitySchemes", {}).values()
    described = [*schemes, *(flow for scheme in schemes for flow in scheme.get("flows", {}).values())]
    urls = [one[name] for one in described for name in _ASKED if name in one]
    urls += [server.get("url", "") for server in document.get("servers", ())]
    origins = dict.fromkeys(origin for url in urls if (origin := _origin(url)) is not None)
    return CONTENT_SECURITY_POLICY.replace(_SAME_HOST, " ".join((_SAME_HOST, *origins)))


def _origin(url: str) -> str | None:
    """Return scheme, host and port of an absolute URL; a server's URL may have variables, which name no one host."""
    found = re.match(r"(https?://[A-Za-z0-9.:\[\]-]+)(?:[/?#]|$)", url)
    return found[1].lower() if found else None


_SCRIPT = "text/javascript; charset=utf-8"
_STYLE = "text/css; charset=utf-8"
_STORED = {
    "favicon-32x32.png": ("favicon-32x32.png", "image/png"),
    "index.css": ("index.css", _STYLE),
    "oauth2-redirect.html": ("oauth2-redirect.html", "text/html; charset=utf-8"),
    "oauth2-redirect.js": ("oauth2-redirect.js", _SCRIPT),
    "swagger-ui-bundle.js": ("swagger-ui-bundle.js.gz", _SCRIPT),
    "swagger-ui.css": ("swagger-ui.css.gz", _STYLE),
}

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" type="image/png" sizes="32x32" href="{base}/favicon-32x32.png">
<link rel="stylesheet" href="{base}/index.css">
<link rel="stylesheet" href="{base}/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="{base}/swagger-ui-bundle.js"></script>
<script src="{base}/initializer.js"></script>
</body>
</html>
"""

_INITIALIZER = """\
"use strict";
(() => {
  const absolute = (reference) => new URL(reference, document.baseURI).href;
  SwaggerUIBundle({
    dom_id: "#swagger-ui",
    url: absolute(%s),
    oauth2RedirectUrl: absolute(%s),
    validatorUrl: null,
    deepLinking: true,
    persistAuthorization: false,
    tryItOutEnabled: true,
  });
})();
"""


class Asset(Struct, frozen=True):
    """One file as it is served: ``media_type`` is the whole Content-Type, ``gzipped`` asks for Content-Encoding."""

    name: str
    media_type: str
    body: bytes
    gzipped: bool


@cache
def load_assets() -> Mapping[str, Asset]:
    """Return the vendored files by the name under which they are served below ``base``.

    ``initializer.js`` stands there too, but is made by :func:`initializer`.
    """
    return MappingProxyType(
        {
            name: Asset(name, media_type, _read(stored), stored.endswith(".gz"))
            for name, (stored, media_type) in _STORED.items()
        }
    )


@cache
def assets_version() -> str:
    """Return 12 hexadecimal digits that change with any vendored file: a URL that holds them may be cached for ever.

    ``initializer.js`` is not among these files: it changes with the application, so it must be revalidated.
    """
    return hashlib.sha256(_read("MANIFEST")).hexdigest()[:12]


def page(title: str, base: str) -> bytes:
    """Return the HTML page, whose scripts and styles are all files below ``base``."""
    return _PAGE.format(title=html.escape(title), base=html.escape(base)).encode()


def initializer(document_url: str, base: str) -> bytes:
    """Return the script that starts Swagger UI for the document; both URLs may be relative to the page's."""
    return (_INITIALIZER % (_quote(document_url), _quote(f"{base}/oauth2-redirect.html"))).encode()


def _quote(text: str) -> str:
    r"""Write a JavaScript string in ASCII that not even an HTML parser could end: ``</a>`` -> ``"\u003c/a\u003e"``."""
    return json.dumps(text).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _read(name: str) -> bytes:
    """Return the content of one vendored file, found also where the package is not a folder."""
    from importlib.resources import files  # slow to import, and needed only where the page is served

    return (files("framework._openapi") / "assets" / name).read_bytes()
