"""Policies of Content Security Policy Level 3: written, and checked when the app is built."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

__all__ = ("Policy", "policy_mistakes")

_NONCE = "'nonce'"
_SOURCES = frozenset(
    {
        "base-uri", "child-src", "connect-src", "default-src", "fenced-frame-src", "font-src", "form-action",
        "frame-ancestors", "frame-src", "img-src", "manifest-src", "media-src", "object-src", "script-src",
        "script-src-attr", "script-src-elem", "style-src", "style-src-attr", "style-src-elem", "worker-src",
    }
)  # fmt: skip
_OTHERS = frozenset(
    {
        "report-to", "report-uri", "require-trusted-types-for", "sandbox", "trusted-types",
        "upgrade-insecure-requests",
    }
)  # fmt: skip
_KEYWORDS = frozenset(
    {
        "none", "self", "unsafe-inline", "unsafe-eval", "unsafe-hashes", "strict-dynamic", "report-sample",
        "wasm-unsafe-eval", "inline-speculation-rules", "nonce",
    }
)  # fmt: skip
# CSP3, section 2.2: the characters of a value; a comma would begin another policy.
_SOURCE = re.compile(r"[!-+\--:<-~]+\Z")
_HASHED = re.compile(r"(nonce-|sha(256|384|512)-)")


class Policy:
    """A policy without errors."""

    def __init__(self, directives: Mapping[str, str | Sequence[str]]) -> None:
        listed = {name: sources_of(given) for name, given in directives.items()}
        self._template = "; ".join(" ".join((name, *sources)) for name, sources in listed.items())
        self.has_nonce = any(_NONCE in sources for sources in listed.values())
        """Whether it has a nonce for each request."""
        self.text = "; ".join(" ".join((name, *_without_nonce(sources))) for name, sources in listed.items())
        """The policy without the nonce, for requests whose handler did not use it."""

    def with_nonce(self, nonce: str) -> str:
        """Return the policy for a request."""
        return self._template.replace(_NONCE, f"'nonce-{nonce}'")


def _without_nonce(sources: Sequence[str]) -> Sequence[str]:
    kept = [one for one in sources if one != _NONCE]
    return kept if kept or not sources else ["'none'"]


def sources_of(given: str | Sequence[str]) -> Sequence[str]:
    """Return the sources of a directive, which may be written as one string."""
    return given.split() if isinstance(given, str) else given


def policy_mistakes(given: Any) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a policy as it was given, each with a hint."""
    if given is None:
        return
    if not isinstance(given, Mapping):
        what = f"SecurityHeaders(csp={given!r}) is not a mapping"
        yield what, """write it as csp={"default-src": ("'self'",)}, or None for no policy"""
        return
    for name, value in given.items():
        if name not in _SOURCES | _OTHERS:
            yield f"SecurityHeaders(csp=...) has the unknown directive {name!r}", "use a directive of CSP Level 3"
        elif not isinstance(value, str | Sequence) or not all(isinstance(one, str) for one in value):
            yield f"{_of(name)} is {value!r}", "give the sources as strings"
        else:
            yield from _source_mistakes(name, sources_of(value))


def _source_mistakes(name: str, sources: Sequence[str]) -> Iterator[tuple[str, str]]:
    for one in sources:
        if not _SOURCE.match(one):
            yield f"{_of(name)} has the source {one!r}", "write each source by itself, without blanks, ';' and ','"
        elif name in _SOURCES and (one.lower() in _KEYWORDS or _HASHED.match(one)):
            yield f"{_of(name)} has {one}, which would be a host", f"write it in quotes: \"'{one}'\""
    if "'unsafe-inline'" in sources and any(one == _NONCE or _HASHED.match(one[1:]) for one in sources):
        what = f"{_of(name)} has 'unsafe-inline' beside a nonce or hash, and browsers ignore it"
        yield what, "leave 'unsafe-inline' out, or the nonce"
    if "'none'" in sources and len(sources) > 1:
        yield f"{_of(name)} has 'none' beside other sources, and browsers ignore it", "leave 'none' out"


def _of(name: str) -> str:
    return f"SecurityHeaders(csp=...): {name}"
