"""Swagger UI: the vendored files, the page, the script that starts it and the policy around them."""

import gzip
import json
import re
import runpy
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest

import framework
from framework._openapi import ui

ASSETS = Path(framework.__file__).parent / "_openapi" / "assets"
TOOL = runpy.run_path(str(Path(__file__).parents[3] / "tools" / "vendor_swagger_ui.py"))


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


def test_vendored_files_match_the_manifest() -> None:
    """The folder holds the files of the manifest and no other, each with the hash that stands there."""
    found = {file.name: sha256(file.read_bytes()).hexdigest() for file in ASSETS.iterdir() if file.name != "MANIFEST"}
    lines = (ASSETS / "MANIFEST").read_text().splitlines()
    assert found == {name: digest for digest, name in (line.split("  ") for line in lines)}


def test_vendored_version_is_the_pinned_one() -> None:
    """VERSION names the release that the vendoring tool pins."""
    assert (ASSETS / "VERSION").read_text() == TOOL["VERSION"] + "\n"


def test_licence_and_notice_are_shipped() -> None:
    """Apache-2.0, section 4: LICENSE and NOTICE go with the copies, and so do the terms of what the bundle contains."""
    opening = (ASSETS / "LICENSE").read_text().split("\n", 3)[1:3]
    assert [line.strip() for line in opening] == ["Apache License", "Version 2.0, January 2004"]
    assert (ASSETS / "NOTICE").read_text() == "swagger-ui\nCopyright 2020-2021 SmartBear Software Inc.\n"
    assert (ASSETS / "swagger-ui-bundle.js.LICENSE.txt").read_text().startswith("/*!\n")


def test_assets_are_served_under_their_upstream_names() -> None:
    """Each asset has its media type; the two large ones are stored compressed."""
    assert {name: (asset.name, asset.media_type, asset.gzipped) for name, asset in ui.load_assets().items()} == {
        "favicon-32x32.png": ("favicon-32x32.png", "image/png", False),
        "index.css": ("index.css", "text/css; charset=utf-8", False),
        "oauth2-redirect.html": ("oauth2-redirect.html", "text/html; charset=utf-8", False),
        "oauth2-redirect.js": ("oauth2-redirect.js", "text/javascript; charset=utf-8", False),
        "swagger-ui-bundle.js": ("swagger-ui-bundle.js", "text/javascript; charset=utf-8", True),
        "swagger-ui.css": ("swagger-ui.css", "text/css; charset=utf-8", True),
    }


def test_asset_bodies_are_the_files() -> None:
    """The body of an asset is its stored file, byte for byte."""
    found = {name: asset.body for name, asset in ui.load_assets().items()}
    assert found == {
        name: (ASSETS / (f"{name}.gz" if asset.gzipped else name)).read_bytes()
        for name, asset in ui.load_assets().items()
    }


def test_assets_are_read_once_and_cannot_be_changed() -> None:
    """Every call returns the same read-only mapping."""
    assert ui.load_assets() is ui.load_assets()
    with pytest.raises(TypeError, match="does not support item assignment"):
        ui.load_assets()["index.css"] = ui.load_assets()["swagger-ui.css"]  # type: ignore[index]


@pytest.mark.parametrize("name", ["swagger-ui-bundle.js", "swagger-ui.css"])
def test_compressed_assets_hold_no_time_and_no_name(name: str) -> None:
    """The gzip header (RFC 1952, section 2.3) has no flags and time 0, so that vendoring again changes nothing."""
    assert ui.load_assets()[name].body[:8] == bytes.fromhex("1f8b0800 00000000")


@pytest.mark.parametrize("name", ["oauth2-redirect.js", "swagger-ui-bundle.js"])
def test_scripts_evaluate_no_text(name: str) -> None:
    """No script needs 'unsafe-eval': the three spots that build a function from text are never reached."""
    asset = ui.load_assets()[name]
    script = (gzip.decompress(asset.body) if asset.gzipped else asset.body).decode()
    for fallback in TOOL["UNREACHED"]:
        script = script.replace(fallback, "")
    assert TOOL["EVALUATION"].findall(script) == []


def test_assets_version_is_a_hash_of_the_content() -> None:
    """The version is taken from the manifest, which changes with every byte of every file."""
    assert ui.assets_version() == sha256((ASSETS / "MANIFEST").read_bytes()).hexdigest()[:12]


def test_page() -> None:
    """The page names its files below the base and is otherwise constant."""
    assert ui.page("Shop", "/docs/assets/abc123").decode() == (
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


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(ui.page("Shop", "docs/assets/abc123"), id="page"),
        pytest.param(ui.load_assets()["oauth2-redirect.html"].body, id="oauth2-redirect"),
    ],
)
def test_pages_hold_no_inline_script_and_no_inline_style(document: bytes) -> None:
    """Scripts are empty elements with a source; there is no style element, no style attribute and no event handler."""
    markup = read_markup(document)
    scripts = [attributes for tag, attributes in markup.elements if tag == "script"]
    inline = [name for _, attributes in markup.elements for name in attributes if name == "style" or name[:2] == "on"]
    assert [list(attributes) for attributes in scripts] == [["src"]] * len(scripts)
    assert (markup.text.get("script"), "style" in dict(markup.elements), inline) == (None, False, [])


def test_page_refers_to_served_files_only() -> None:
    """What the page asks for below its base is an asset or the initializer; it asks for nothing else."""
    markup = read_markup(ui.page("Shop", "base"))
    references = [attributes.get("src") or attributes.get("href") for _, attributes in markup.elements]
    assert sorted(reference for reference in references if reference) == [
        "base/favicon-32x32.png",
        "base/index.css",
        "base/initializer.js",
        "base/swagger-ui-bundle.js",
        "base/swagger-ui.css",
    ]
    assert {name for name in ui.load_assets() if not name.startswith("oauth2")} | {"initializer.js"} == {
        reference.removeprefix("base/") for reference in references if reference
    }


@pytest.mark.parametrize("title", ["</title><script>alert(1)</script>", "Fish & \"Chips\" 'n' {base}", "Größe %s"])
def test_page_escapes_a_hostile_title(title: str) -> None:
    """A title is text, whatever stands in it: the browser sees it as written and no element more."""
    plain, hostile = read_markup(ui.page("Shop", "/base")), read_markup(ui.page(title, "/base"))
    assert hostile.elements == plain.elements
    assert hostile.text == {"title": title}


def test_page_escapes_a_hostile_base() -> None:
    """A base cannot leave the attribute that it stands in."""
    markup = read_markup(ui.page("Shop", '"><script>alert(1)</script>'))
    assert [attributes for tag, attributes in markup.elements if tag == "script"] == [
        {"src": '"><script>alert(1)</script>/swagger-ui-bundle.js'},
        {"src": '"><script>alert(1)</script>/initializer.js'},
    ]


def test_initializer() -> None:
    """The script asks no validator, keeps no credentials, and resolves both URLs against the page's."""
    assert ui.initializer("openapi.json", "docs/assets/abc123").decode() == (
        '"use strict";\n'
        "(() => {\n"
        "  const absolute = (reference) => new URL(reference, document.baseURI).href;\n"
        "  SwaggerUIBundle({\n"
        '    dom_id: "#swagger-ui",\n'
        '    url: absolute("openapi.json"),\n'
        '    oauth2RedirectUrl: absolute("docs/assets/abc123/oauth2-redirect.html"),\n'
        "    validatorUrl: null,\n"
        "    deepLinking: true,\n"
        "    persistAuthorization: false,\n"
        "    tryItOutEnabled: true,\n"
        "  });\n"
        "})();\n"
    )


def test_initializer_escapes_hostile_urls() -> None:
    """A URL stays one string of JavaScript: quotes, line ends, tags and U+2028 cannot end it, nor the script."""
    hostile = "\"');alert(1)//</script><!--&\\\r\n\u2028\u2029é%s"
    script = ui.initializer(hostile, "/base")
    literal = re.search(rb'url: absolute\(("(?:[^"\\]|\\.)*")\),\n    oauth2RedirectUrl', script)
    assert literal is not None
    assert script == ui.initializer("/openapi.json", "/base").replace(b'"/openapi.json"', literal[1])
    assert json.loads(literal[1]) == hostile
    assert (script.isascii(), re.findall(rb"[<&]|/>", script)) == (True, [])


def test_content_security_policy() -> None:
    """Only the application's own files run and are asked; nothing inline, nothing evaluated, no frame around it."""
    assert ui.CONTENT_SECURITY_POLICY == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
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
    assert ui.content_security_policy({}) == ui.CONTENT_SECURITY_POLICY
    assert ui.content_security_policy(document) == ui.CONTENT_SECURITY_POLICY.replace(
        "connect-src 'self'", "connect-src 'self' https://id.example.org https://api.example.org:8443"
    )
