"""The documentation pages that there are; one more page is one more row."""

from collections.abc import Sequence
from types import MappingProxyType

from framework._openapi.ui import SCRIPT, Page

__all__ = ("PAGES", "SWAGGER_UI")

_STYLE = "text/css; charset=utf-8"

# It needs no inline style: it sets styles through the DOM, and its sanitizer strips those in descriptions. What a
# browser still reports is a style attribute (or an aligned table) in a description, while the sanitizer parses it.
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
    start="""\
"use strict";
(() => {
  const absolute = (reference) => new URL(reference, document.baseURI).href;
  SwaggerUIBundle({
    dom_id: "#swagger-ui",
    url: absolute(%(document)s),
    oauth2RedirectUrl: absolute(%(base)s + "/oauth2-redirect.html"),
    validatorUrl: null,
    deepLinking: true,
    persistAuthorization: false,
    tryItOutEnabled: true,
  });
})();
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

PAGES: Sequence[Page] = (SWAGGER_UI,)
