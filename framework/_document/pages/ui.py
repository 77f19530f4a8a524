"""A documentation page: its HTML, the script that starts it, its files, and its Content-Security-Policy.

The pages are in :mod:`framework._document.pages.pages`. Their files, written by ``tools/vendor_pages.py``, are below
``assets``. URLs are used as the caller passes them; a relative URL (``docs/assets/abc123``, ``openapi.json``) is
resolved by the browser against the URL of the page, so that it holds also where the application is mounted under a
prefix.
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
    "INITIALIZER",
    "NONCE",
    "SCRIPT",
    "Asset",
    "Page",
    "assets_version",
    "content_security_policy",
    "initializer",
    "load_assets",
    "markup",
)

NONCE = "{nonce}"
"""The placeholder in a policy for a random value of each response."""
INITIALIZER = "initializer.js"
SCRIPT = "text/javascript; charset=utf-8"

# Nothing inline, nothing evaluated, no other host.
_POLICY: Mapping[str, tuple[str, ...]] = {
    "default-src": ("'none'",),
    "script-src": ("'self'",),
    "style-src": ("'self'",),
    "img-src": ("'self'", "data:", "blob:"),  # data: icons in style sheets; blob: an image in a response
    "media-src": ("'self'",),  # audio in a response
    "connect-src": ("'self'",),
    "base-uri": ("'none'",),
    "form-action": ("'none'",),
    "frame-ancestors": ("'none'",),
}
# The URLs that the page itself requests: those of tokens, and the description of an OpenID provider.
_REQUESTED_URLS = ("tokenUrl", "refreshUrl", "openIdConnectUrl")


class Page(Struct, frozen=True, eq=False):
    """One documentation page: everything in which pages differ."""

    name: str
    setting: str
    """The name of its path among the settings of :class:`OpenAPI`."""
    folder: str
    """The folder of its files, below ``assets``."""
    template: str
    """The HTML, with ``{title}``, ``{base}`` and, if its policy has one, ``{nonce}``."""
    start: str
    """The script that starts it, with ``%(document)s`` and ``%(base)s``, which become JavaScript strings."""
    files: Mapping[str, tuple[str, str]]
    """The name under which a file is served below ``base`` -> the name under which it is stored, and its type."""
    allowed: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    """What its policy allows in addition, by directive."""


class Asset(Struct, frozen=True):
    """One file as it is served: ``media_type`` is the whole Content-Type, ``gzipped`` adds Content-Encoding."""

    name: str
    media_type: str
    body: bytes
    gzipped: bool


def content_security_policy(
    document: Mapping[str, Any], allowed: Mapping[str, tuple[str, ...]] = MappingProxyType({})
) -> str:
    """Return the policy that lets a page only connect to the servers of a document and fetch tokens."""
    widened = {"connect-src": _origins(document), **allowed}
    directives = {name: (*_POLICY.get(name, ()), *widened.get(name, ())) for name in (*_POLICY, *allowed)}
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in directives.items())


def _origins(document: Mapping[str, Any]) -> tuple[str, ...]:
    schemes = document.get("components", {}).get("securitySchemes", {}).values()
    described = [*schemes, *(flow for scheme in schemes for flow in scheme.get("flows", {}).values())]
    urls = [one[name] for one in described for name in _REQUESTED_URLS if name in one]
    urls += [server.get("url", "") for server in document.get("servers", ())]
    return tuple(dict.fromkeys(origin for url in urls if (origin := _origin(url)) is not None))


def _origin(url: str) -> str | None:
    """Return scheme, host and port of an absolute URL, ``None`` if a server's URL has variables in them."""
    found = re.match(r"(https?://[A-Za-z0-9.:\[\]-]+)(?:[/?#]|$)", url)
    return found[1].lower() if found else None


@cache
def load_assets(page: Page) -> Mapping[str, Asset]:
    """Return the vendored files by the name under which they are served below ``base``.

    ``initializer.js`` is served there too, but is made by :func:`initializer`.
    """
    return MappingProxyType(
        {
            name: Asset(name, media_type, _read(page, stored), stored.endswith(".gz"))
            for name, (stored, media_type) in page.files.items()
        }
    )


@cache
def assets_version(page: Page) -> str:
    """Return 12 hexadecimal digits that change with any vendored file: a URL with them can be cached forever.

    ``initializer.js`` is not among these files: it changes with the application, so it must be revalidated.
    """
    return hashlib.sha256(_read(page, "MANIFEST")).hexdigest()[:12]


def markup(page: Page, title: str, base: str, nonce: str) -> bytes:
    """Return the HTML of a page, whose scripts and styles are all files below ``base``."""
    return page.template.format(title=html.escape(title), base=html.escape(base), nonce=nonce).encode()


def initializer(page: Page, document_url: str, base: str) -> bytes:
    """Return the script that starts a page for the document; both URLs may be relative to the page's."""
    return (page.start % {"document": _quote(document_url), "base": _quote(base)}).encode()


def _quote(text: str) -> str:
    r"""Return a JavaScript string in ASCII that no HTML parser can end: ``</a>`` -> ``"\u003c/a\u003e"``."""
    return json.dumps(text).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _read(page: Page, name: str) -> bytes:
    """Return the content of one vendored file, also if the package is not a folder (zipimport)."""
    from importlib.resources import files  # slow to import, and only needed to serve the page

    return (files("framework._document.pages") / "assets" / page.folder / name).read_bytes()
