"""The documentation pages; a new page is a new row of the table."""

from collections.abc import Sequence
from types import MappingProxyType

from framework._document.pages.look import LOOK
from framework._document.pages.samples import SAMPLES
from framework._document.pages.ui import NONCE, SCRIPT, Page

__all__ = ("PAGES", "REDOC", "SCALAR", "SWAGGER_UI")

_STYLE = "text/css; charset=utf-8"
_HASH_OF_NOTHING = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"

# It needs no inline styles: it sets styles through the DOM, and its sanitizer removes those in descriptions. A
# browser may still report a style attribute (or an aligned table) in a description, while the sanitizer parses it.
SWAGGER_UI = Page(
    name="Swagger UI",
    setting="docs_path",
    folder="swagger-ui",
    template="""\
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
""",
    start=f"""\
"use strict";
(() => {{
{LOOK}{SAMPLES}
  const absolute = (reference) => new URL(reference, document.baseURI).href;
  const shown = absolute(%(document)s);
  const interceptor = (response) => {{
    if (response.url === shown && response.ok) response.text = JSON.stringify(withExamples(JSON.parse(response.text)));
    return response;
  }};
  SwaggerUIBundle({{
    ...snippets,
    dom_id: "#swagger-ui",
    url: shown,
    responseInterceptor: interceptor,
    oauth2RedirectUrl: absolute(%(base)s + "/oauth2-redirect.html"),
    validatorUrl: null,
    deepLinking: true,
    persistAuthorization: false,
    tryItOutEnabled: true,
  }});
}})();
""",
    files=MappingProxyType(
        {
            "favicon-32x32.png": ("favicon-32x32.png", "image/png"),
            "index.css": ("index.css", _STYLE),
            "oauth2-redirect.html": ("oauth2-redirect.html", "text/html; charset=utf-8"),
            "oauth2-redirect.js": ("oauth2-redirect.js", SCRIPT),
            "swagger-ui-bundle.js": ("swagger-ui-bundle.js.gz", SCRIPT),
            "swagger-ui.css": ("swagger-ui.css.gz", _STYLE),
        }
    ),
)

# It renders CommonMark and shows examples; it sends no requests. Its style elements are created empty and get their
# rules through the DOM, so the policy need only allow the hash of an empty string. Icons are a font in the script.
# Without workers it searches in the page; a worker would evaluate strings as code.
REDOC = Page(
    name="ReDoc",
    setting="redoc_path",
    folder="redoc",
    template="""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
</head>
<body>
<div id="redoc"></div>
<script type="module" src="{base}/initializer.js"></script>
</body>
</html>
""",
    start="""\
import { init } from "./redoc.standalone.js";

globalThis.Worker = undefined;
const url = new URL(%(document)s, document.baseURI).href;
init(url, { disableTelemetry: true, router: "hash" }, document.getElementById("redoc"));
""",
    files=MappingProxyType({"redoc.standalone.js": ("redoc.standalone.js.gz", SCRIPT)}),
    allowed=MappingProxyType({"style-src": (_HASH_OF_NOTHING,), "font-src": ("data:",)}),
)

# It creates style elements with rules, only the first of which gets the nonce of the page; so the script that starts
# the page gives the nonce to all of them. Highlighted code has style attributes, which cannot have a nonce.
SCALAR = Page(
    name="Scalar",
    setting="scalar_path",
    folder="scalar",
    template="""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta property="csp-nonce" content="{nonce}">
<title>{title}</title>
<link rel="icon" href="data:,">
</head>
<body>
<div id="scalar"></div>
<script src="{base}/initializer.js"></script>
<script src="{base}/scalar.js"></script>
</body>
</html>
""",
    start="""\
"use strict";
(() => {
  globalThis.__zod_globalConfig = { jitless: true };
  const nonce = document.querySelector("meta[property=csp-nonce]").content;
  const createElement = document.createElement;
  document.createElement = (...given) => {
    const element = createElement.apply(document, given);
    if (element instanceof HTMLStyleElement) element.nonce = nonce;
    return element;
  };
  document.addEventListener("DOMContentLoaded", () => {
    Scalar.createApiReference("#scalar", {
      url: new URL(%(document)s, document.baseURI).href,
      agent: { disabled: true },
      hideClientButton: true,
      mcp: { disabled: true },
      persistAuth: false,
      proxyUrl: "",
      showDeveloperTools: "never",
      telemetry: false,
      withDefaultFonts: false,
    });
  });
})();
""",
    files=MappingProxyType({"scalar.js": ("scalar.js.gz", SCRIPT)}),
    allowed=MappingProxyType({"style-src": (f"'nonce-{NONCE}'",), "style-src-attr": ("'unsafe-inline'",)}),
)

PAGES: Sequence[Page] = (SWAGGER_UI, REDOC, SCALAR)
