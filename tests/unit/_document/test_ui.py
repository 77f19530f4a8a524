"""Documentation pages: the vendored files, the HTML, the scripts that start them and the policy around them."""

import gzip
import json
import re
import runpy
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest

import framework
from framework._document.pages import ui
from framework._document.pages.pages import PAGES, REDOC, SCALAR, SWAGGER_UI

ASSETS = Path(framework.__file__).parent / "_document" / "pages" / "assets"
TOOL = runpy.run_path(str(Path(__file__).parents[3] / "tools" / "vendor_pages.py"))
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.folder)


class Markup(HTMLParser):
    """Collects what a Content-Security-Policy asks about: elements with attributes, and the text inside them."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one element."""
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Add text to the element that was opened last."""
        if data.strip():
            tag = self.elements[-1][0]
            self.text[tag] = self.text.get(tag, "") + data


def read_markup(document: bytes) -> Markup:
    """Parse a page: bytes -> its elements and texts."""
    markup = Markup()
    markup.feed(document.decode())
    markup.close()
    return markup


@every_page
def test_vendored_files_match_the_manifest(page: ui.Page) -> None:
    """The folder holds the files of the manifest and no other, each with the hash that stands there."""
    folder = ASSETS / page.folder
    found = {file.name: sha256(file.read_bytes()).hexdigest() for file in folder.iterdir() if file.name != "MANIFEST"}
    lines = (folder / "MANIFEST").read_text().splitlines()
    assert found == {name: digest for digest, name in (line.split("  ") for line in lines)}


def test_every_page_is_vendored() -> None:
    """Pages, folders and the rows of the vendoring tool are the same."""
    assert (
        sorted(TOOL["PAGES"]) == sorted(page.folder for page in PAGES) == sorted(one.name for one in ASSETS.iterdir())
    )


@every_page
def test_vendored_version_is_the_pinned_one(page: ui.Page) -> None:
    """VERSION names the release that the vendoring tool pins."""
    assert (ASSETS / page.folder / "VERSION").read_text() == TOOL["PAGES"][page.folder].tarballs[0].version + "\n"


def test_licence_and_notice_of_swagger_ui_are_shipped() -> None:
    """Apache-2.0, section 4: LICENSE and NOTICE go with the copies, and so do the terms of what the bundle contains."""
    folder = ASSETS / "swagger-ui"
    opening = (folder / "LICENSE").read_text().split("\n", 3)[1:3]
    assert [line.strip() for line in opening] == ["Apache License", "Version 2.0, January 2004"]
    assert (folder / "NOTICE").read_text() == "swagger-ui\nCopyright 2020-2021 SmartBear Software Inc.\n"
    assert (folder / "swagger-ui-bundle.js.LICENSE.txt").read_text().startswith("/*!\n")


@pytest.mark.parametrize(
    ("folder", "owners"),
    [
        ("redoc", ["Copyright (c) 2015-present, Rebilly, Inc.", "Copyright (c) 2021-present, Redocly Inc."]),
        ("scalar", ["Copyright (c) 2023-present Scalar"]),
    ],
)
def test_the_mit_licences_are_shipped(folder: str, owners: list[str]) -> None:
    """MIT: the copyright notice and the permission go with the copies."""
    licence = (ASSETS / folder / "LICENSE").read_text()
    assert [line for line in licence.splitlines() if line.startswith("Copyright")] == owners
    assert "Permission is hereby granted, free of charge" in licence


ICON = "image/png"
STYLE = "text/css; charset=utf-8"
SCRIPT = "text/javascript; charset=utf-8"
STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@pytest.mark.parametrize(
    ("page", "served"),
    [
        pytest.param(
            SWAGGER_UI,
            {
                "favicon-32x32.png": ("favicon-32x32.png", ICON, False),
                "index.css": ("index.css", STYLE, False),
                "oauth2-redirect.html": ("oauth2-redirect.html", "text/html; charset=utf-8", False),
                "oauth2-redirect.js": ("oauth2-redirect.js", SCRIPT, False),
                "swagger-ui-bundle.js": ("swagger-ui-bundle.js", SCRIPT, True),
                "swagger-ui.css": ("swagger-ui.css", STYLE, True),
            },
            id="swagger-ui",
        ),
        pytest.param(REDOC, {"redoc.standalone.js": ("redoc.standalone.js", SCRIPT, True)}, id="redoc"),
        pytest.param(SCALAR, {"scalar.js": ("scalar.js", SCRIPT, True)}, id="scalar"),
    ],
)
def test_assets_are_served_under_their_upstream_names(page: ui.Page, served: dict[str, tuple[str, str, bool]]) -> None:
    """Each asset has its media type; the large ones are stored compressed."""
    found = ui.load_assets(page).items()
    assert {name: (asset.name, asset.media_type, asset.gzipped) for name, asset in found} == served


@every_page
def test_asset_bodies_are_the_files(page: ui.Page) -> None:
    """The body of an asset is its stored file, byte for byte."""
    found = {name: asset.body for name, asset in ui.load_assets(page).items()}
    assert found == {
        name: (ASSETS / page.folder / (f"{name}.gz" if asset.gzipped else name)).read_bytes()
        for name, asset in ui.load_assets(page).items()
    }


@every_page
def test_assets_are_read_once_and_cannot_be_changed(page: ui.Page) -> None:
    """Every call returns the same read-only mapping."""
    assert ui.load_assets(page) is ui.load_assets(page)
    name = next(iter(page.files))
    with pytest.raises(TypeError, match="does not support item assignment"):
        ui.load_assets(page)[name] = ui.load_assets(page)[name]  # type: ignore[index]


@every_page
def test_compressed_assets_hold_no_time_and_no_name(page: ui.Page) -> None:
    """The gzip header (RFC 1952, section 2.3) has no flags and time 0, so that vendoring again changes nothing."""
    compressed = [asset.body[:8] for asset in ui.load_assets(page).values() if asset.gzipped]
    assert compressed == [bytes.fromhex("1f8b0800 00000000")] * len(compressed) != []


def scripts_of(page: ui.Page) -> dict[str, str]:
    """Return the texts of the scripts of a page."""
    found = {name: asset for name, asset in ui.load_assets(page).items() if name.endswith(".js")}
    return {
        name: (gzip.decompress(asset.body) if asset.gzipped else asset.body).decode() for name, asset in found.items()
    }


@every_page
def test_scripts_evaluate_no_text(page: ui.Page) -> None:
    """No script needs 'unsafe-eval': the spots that build a function from text are never reached."""
    row = TOOL["PAGES"][page.folder]
    scripts = scripts_of(page)
    assert scripts != {}
    assert {name: found for name, script in scripts.items() if (found := TOOL["evaluations"](row, script))} == {}


@every_page
def test_scripts_hold_what_the_tool_writes_into_them(page: ui.Page) -> None:
    """What would ask for something by itself is replaced in the vendored script."""
    replaced = TOOL["PAGES"][page.folder].replaced
    text = "".join(scripts_of(page).values())
    assert [(old in text, new in text) for old, new in replaced.items()] == [(False, True)] * len(replaced)


@every_page
def test_assets_version_is_a_hash_of_the_content(page: ui.Page) -> None:
    """The version is taken from the manifest, which changes with every byte of every file."""
    manifest = (ASSETS / page.folder / "MANIFEST").read_bytes()
    assert ui.assets_version(page) == sha256(manifest).hexdigest()[:12]


def test_swagger_ui_page() -> None:
    """The page names its files below the base and is otherwise constant."""
    assert ui.markup(SWAGGER_UI, "Shop", "/docs/assets/abc123", "n0nce").decode() == (
        "<!doctype html>\n"
        '<html lang="en">\n'
        "<head>\n"
        '<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<title>Shop</title>\n"
        '<link rel="icon" type="image/png" sizes="32x32" href="/docs/assets/abc123/favicon-32x32.png">\n'
        '<link rel="stylesheet" href="/docs/assets/abc123/index.css">\n'
        '<link rel="stylesheet" href="/docs/assets/abc123/swagger-ui.css">\n'
        "</head>\n"
        "<body>\n"
        '<div id="swagger-ui"></div>\n'
        '<script src="/docs/assets/abc123/swagger-ui-bundle.js"></script>\n'
        '<script src="/docs/assets/abc123/initializer.js"></script>\n'
        "</body>\n"
        "</html>\n"
    )


def test_redoc_page() -> None:
    """One module starts it; an empty icon keeps the browser from asking for one."""
    assert ui.markup(REDOC, "Shop", "redoc/assets/abc123", "n0nce").decode() == (
        "<!doctype html>\n"
        '<html lang="en">\n'
        "<head>\n"
        '<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<title>Shop</title>\n"
        '<link rel="icon" href="data:,">\n'
        "</head>\n"
        "<body>\n"
        '<div id="redoc"></div>\n'
        '<script type="module" src="redoc/assets/abc123/initializer.js"></script>\n'
        "</body>\n"
        "</html>\n"
    )


def test_scalar_page() -> None:
    """The script that starts it comes first, and finds the nonce for styles in the head."""
    assert ui.markup(SCALAR, "Shop", "scalar/assets/abc123", "n0nce").decode() == (
        "<!doctype html>\n"
        '<html lang="en">\n'
        "<head>\n"
        '<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta property="csp-nonce" content="n0nce">\n'
        "<title>Shop</title>\n"
        '<link rel="icon" href="data:,">\n'
        "</head>\n"
        "<body>\n"
        '<div id="scalar"></div>\n'
        '<script src="scalar/assets/abc123/initializer.js"></script>\n'
        '<script src="scalar/assets/abc123/scalar.js"></script>\n'
        "</body>\n"
        "</html>\n"
    )


@pytest.mark.parametrize(
    "document",
    [
        *(pytest.param(ui.markup(page, "Shop", "docs/assets/abc123", "n0nce"), id=page.folder) for page in PAGES),
        pytest.param(ui.load_assets(SWAGGER_UI)["oauth2-redirect.html"].body, id="oauth2-redirect"),
    ],
)
def test_pages_hold_no_inline_script_and_no_inline_style(document: bytes) -> None:
    """Scripts are empty elements with a source; there is no style element, no style attribute and no event handler."""
    markup = read_markup(document)
    scripts = [attributes for tag, attributes in markup.elements if tag == "script"]
    inline = [name for _, attributes in markup.elements for name in attributes if name == "style" or name[:2] == "on"]
    assert [attributes.get("src") is not None for attributes in scripts] == [True] * len(scripts) != []
    assert (markup.text.get("script"), "style" in dict(markup.elements), inline) == (None, False, [])


def references_of(page: ui.Page) -> list[str]:
    """Return what a page asks for, in the order in which it stands there."""
    markup = read_markup(ui.markup(page, "Shop", "base", "n0nce"))
    references = [attributes.get("src") or attributes.get("href") for _, attributes in markup.elements]
    return [reference for reference in references if reference and not reference.startswith("data:")]


def test_swagger_ui_refers_to_served_files_only() -> None:
    """What the page asks for below its base is an asset or the initializer; it asks for nothing else."""
    references = references_of(SWAGGER_UI)
    assert sorted(references) == [
        "base/favicon-32x32.png",
        "base/index.css",
        "base/initializer.js",
        "base/swagger-ui-bundle.js",
        "base/swagger-ui.css",
    ]
    assert {name for name in ui.load_assets(SWAGGER_UI) if not name.startswith("oauth2")} | {"initializer.js"} == {
        reference.removeprefix("base/") for reference in references
    }


@every_page
@pytest.mark.parametrize(
    "title", ["</title><script>alert(1)</script>", "Fish & \"Chips\" 'n' {base}", "Größe %s {nonce}"]
)
def test_page_escapes_a_hostile_title(page: ui.Page, title: str) -> None:
    """A title is text, whatever stands in it: the browser sees it as written and no element more."""
    plain = read_markup(ui.markup(page, "Shop", "/base", "n0nce"))
    hostile = read_markup(ui.markup(page, title, "/base", "n0nce"))
    assert hostile.elements == plain.elements
    assert hostile.text == {"title": title}


@every_page
def test_page_escapes_a_hostile_base(page: ui.Page) -> None:
    """A base cannot leave the attribute that it stands in."""
    plain = read_markup(ui.markup(page, "Shop", "/base", "n0nce"))
    hostile = read_markup(ui.markup(page, "Shop", '"><script>alert(1)</script>', "n0nce"))
    assert hostile.elements == [
        (tag, {name: value and value.replace("/base/", '"><script>alert(1)</script>/') for name, value in one.items()})
        for tag, one in plain.elements
    ]


def test_swagger_ui_initializer() -> None:
    """The script asks no validator, keeps no credentials, and resolves both URLs against the page's."""
    script = ui.initializer(SWAGGER_UI, "openapi.json", "docs/assets/abc123").decode()

    assert script.startswith('"use strict";\n(() => {\n')
    assert script.endswith(
        "  SwaggerUIBundle({\n"
        "    ...snippets,\n"
        '    dom_id: "#swagger-ui",\n'
        "    url: shown,\n"
        "    responseInterceptor: interceptor,\n"
        '    oauth2RedirectUrl: absolute("docs/assets/abc123" + "/oauth2-redirect.html"),\n'
        "    validatorUrl: null,\n"
        "    deepLinking: true,\n"
        "    persistAuthorization: false,\n"
        "    tryItOutEnabled: true,\n"
        "  });\n"
        "})();\n"
    )
    assert 'const shown = absolute("openapi.json");' in script
    assert "%" not in script


def test_redoc_initializer() -> None:
    """It tells nobody of its use, keeps its place in the fragment, and searches without a worker."""
    assert ui.initializer(REDOC, "openapi.json", "redoc/assets/abc123").decode() == (
        'import { init } from "./redoc.standalone.js";\n'
        "\n"
        "globalThis.Worker = undefined;\n"
        'const url = new URL("openapi.json", document.baseURI).href;\n'
        'init(url, { disableTelemetry: true, router: "hash" }, document.getElementById("redoc"));\n'
    )


def test_scalar_initializer() -> None:
    """No fonts, proxy, telemetry, agent or tools of another host; every style element gets the nonce."""
    assert ui.initializer(SCALAR, "openapi.json", "scalar/assets/abc123").decode() == (
        '"use strict";\n'
        "(() => {\n"
        "  globalThis.__zod_globalConfig = { jitless: true };\n"
        '  const nonce = document.querySelector("meta[property=csp-nonce]").content;\n'
        "  const createElement = document.createElement;\n"
        "  document.createElement = (...given) => {\n"
        "    const element = createElement.apply(document, given);\n"
        "    if (element instanceof HTMLStyleElement) element.nonce = nonce;\n"
        "    return element;\n"
        "  };\n"
        '  document.addEventListener("DOMContentLoaded", () => {\n'
        '    Scalar.createApiReference("#scalar", {\n'
        '      url: new URL("openapi.json", document.baseURI).href,\n'
        "      agent: { disabled: true },\n"
        "      hideClientButton: true,\n"
        "      mcp: { disabled: true },\n"
        "      persistAuth: false,\n"
        '      proxyUrl: "",\n'
        '      showDeveloperTools: "never",\n'
        "      telemetry: false,\n"
        "      withDefaultFonts: false,\n"
        "    });\n"
        "  });\n"
        "})();\n"
    )


@every_page
def test_initializer_escapes_hostile_urls(page: ui.Page) -> None:
    """A URL stays one string of JavaScript: quotes, line ends, tags and U+2028 cannot end it, nor the script."""
    hostile = "\"');alert(1)//</script><!--&\\\r\n\u2028\u2029é%s"
    script = ui.initializer(page, hostile, "/base")
    plain = ui.initializer(page, "/openapi.json", "/base")
    before, after = plain.split(b'"/openapi.json"')
    assert (script.startswith(before), script.endswith(after)) == (True, True)
    literal = script[len(before) : -len(after)]
    assert re.fullmatch(rb'"(?:[^"\\]|\\.)*"', literal)
    assert json.loads(literal) == hostile
    assert (literal.isascii(), re.findall(rb"[<&]|/>", literal)) == (True, [])


def test_content_security_policy() -> None:
    """Only the application's own files run and are asked; nothing inline, nothing evaluated, no frame around it."""
    assert ui.content_security_policy({}, SWAGGER_UI.allowed) == ui.content_security_policy({}) == STRICT


def test_policies_of_the_other_pages() -> None:
    """ReDoc needs empty style elements and its icons; Scalar a nonce for style elements, and attributes."""
    assert (
        ui.content_security_policy({}, REDOC.allowed)
        == STRICT.replace("style-src 'self'", "style-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='")
        + "; font-src data:"
    )
    assert (
        ui.content_security_policy({}, SCALAR.allowed)
        == STRICT.replace("style-src 'self'", "style-src 'self' 'nonce-{nonce}'") + "; style-src-attr 'unsafe-inline'"
    )


def test_the_policy_knows_whom_the_page_asks() -> None:
    """Servers and what gives tokens may be asked; a URL without a host, or with variables, adds nobody."""
    flows = {"password": {"tokenUrl": "https://id.example.org/token", "refreshUrl": "/refresh", "scopes": {}}}
    document = {
        "servers": [
            {"url": "https://API.example.org:8443/v1"},
            {"url": "/v2"},
            {"url": "https://{tenant}.example.org"},
        ],
        "components": {
            "securitySchemes": {
                "oauth2": {"type": "oauth2", "flows": flows},
                "openid": {"type": "openIdConnect", "openIdConnectUrl": "https://id.example.org/.well-known/x"},
            }
        },
    }
    assert ui.content_security_policy(document) == STRICT.replace(
        "connect-src 'self'", "connect-src 'self' https://id.example.org https://api.example.org:8443"
    )
