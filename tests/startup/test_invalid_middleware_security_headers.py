"""Options of SecurityHeaders that browsers would ignore, or that cannot stand in a header."""

from typing import Any

import pytest

from framework import App
from framework.errors import InvalidOptionError
from framework.middleware import SecurityHeaders
from tests.startup.expected import after, told

YEAR = 31_536_000


def texts(**options: Any) -> list[str]:
    """Return what is reported of the options, without where they stand."""

    def make() -> App:
        return App([], openapi=None, middlewares=[SecurityHeaders(**options)])

    where = f"App ({after(make, 1)}): "
    found = told(make())
    assert all(kind is InvalidOptionError and text.startswith(where) for kind, text in found)
    return [text.removeprefix(where) for _, text in found]


HSTS = f"  Hint: give a whole number, for example hsts={YEAR} for a year."
PRELOAD = [
    "SecurityHeaders(hsts_preload=True) is not accepted by hstspreload.org without a year and subdomains.\n"
    f"  Hint: give hsts={YEAR} or more, and leave hsts_subdomains=True."
]


@pytest.mark.parametrize("value", [-1, 0.5, True, "1"])
def test_ages(value: Any) -> None:
    """An age is a whole number of seconds."""
    assert texts(hsts=value) == [f"SecurityHeaders(hsts={value!r}) is not a number of seconds.\n{HSTS}"]


@pytest.mark.parametrize("options", [{}, {"hsts": YEAR - 1}, {"hsts": YEAR, "hsts_subdomains": False}])
def test_preload(options: dict[str, Any]) -> None:
    """Preloading needs a year, with subdomains."""
    assert texts(hsts_preload=True, **options) == PRELOAD
    assert texts(hsts_preload=True, hsts=YEAR) == []


def of(directive: str, what: str, hint: str) -> list[str]:
    """Return what is reported of a directive."""
    return [f"SecurityHeaders(csp=...): {directive} {what}.\n  Hint: {hint}."]


@pytest.mark.parametrize("source", ["a;b", "a,b", "a\r\nb", "a b", "ü", ""])
def test_sources(source: str) -> None:
    """What would end a source, a directive or the header is not a source."""
    hint = "write each source by itself, without blanks, ';' and ','"
    assert texts(csp={"img-src": (source,)}) == of("img-src", f"has the source {source!r}", hint)


@pytest.mark.parametrize("word", ["self", "none", "unsafe-inline", "nonce", "nonce-abc", "sha256-abc", "Self"])
def test_words_without_quotes(word: str) -> None:
    """They would be hosts."""
    expected = of("script-src", f"has {word}, which would be a host", f"""write it in quotes: "'{word}'\"""")
    assert texts(csp={"script-src": word}) == expected


@pytest.mark.parametrize("beside", ["'nonce'", "'nonce-abc'", "'sha256-abc='"])
def test_unsafe_inline(beside: str) -> None:
    """It says the opposite of a nonce, and browsers ignore it."""
    what = "has 'unsafe-inline' beside a nonce or hash, and browsers ignore it"
    expected = of("style-src", what, "leave 'unsafe-inline' out, or the nonce")
    assert texts(csp={"style-src": f"'unsafe-inline' {beside}"}) == expected
    assert texts(csp={"style-src": "'unsafe-inline'"}) == []


def test_none_beside_others() -> None:
    """It means nothing there."""
    what = "has 'none' beside other sources, and browsers ignore it"
    assert texts(csp={"img-src": "'none' data:"}) == of("img-src", what, "leave 'none' out")


def test_shapes() -> None:
    """A policy is a mapping of directives to their sources; all errors are reported."""
    assert texts(csp="default-src 'self'") == [
        """SecurityHeaders(csp="default-src 'self'") is not a mapping.\n"""
        """  Hint: write it as csp={"default-src": ("'self'",)}, or None for no policy."""
    ]
    assert texts(csp={"scripts": "'self'", "img-src": 1, "font-src": [1]}) == [
        "SecurityHeaders(csp=...) has the unknown directive 'scripts'.\n  Hint: use a directive of CSP Level 3.",
        "SecurityHeaders(csp=...): img-src is 1.\n  Hint: give the sources as strings.",
        "SecurityHeaders(csp=...): font-src is [1].\n  Hint: give the sources as strings.",
    ]


@pytest.mark.parametrize(
    ("option", "header", "choices"),
    [
        ("frame_options", "X-Frame-Options", "'DENY', 'SAMEORIGIN'"),
        (
            "opener_policy",
            "Cross-Origin-Opener-Policy",
            "'same-origin', 'same-origin-allow-popups', 'noopener-allow-popups', 'unsafe-none'",
        ),
        ("resource_policy", "Cross-Origin-Resource-Policy", "'same-origin', 'same-site', 'cross-origin'"),
        ("embedder_policy", "Cross-Origin-Embedder-Policy", "'require-corp', 'credentialless', 'unsafe-none'"),
    ],
)
def test_words_of_headers(option: str, header: str, choices: str) -> None:
    """Each has its own words."""
    what = f"SecurityHeaders({option}='on') is not a value of {header}"
    assert texts(**{option: "on"}) == [f"{what}.\n  Hint: use {choices}, or None."]


@pytest.mark.parametrize("value", ["", "a\nb", "ü", 1])
def test_permissions(value: Any) -> None:
    """A permissions policy is one line."""
    what = f"SecurityHeaders(permissions_policy={value!r}) cannot stand in a header"
    hint = 'write it on one line, for example "camera=(), geolocation=()"'
    assert texts(permissions_policy=value) == [f"{what}.\n  Hint: {hint}."]
