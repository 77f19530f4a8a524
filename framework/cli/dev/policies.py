"""Lets the Content-Security-Policy of a page allow the script that reloads it (CSP Level 3)."""

import re

__all__ = ("allow_script",)

_NONCE = re.compile(r"'nonce-([A-Za-z0-9+/=_-]+)'")
_RESTRICTS_INLINE = re.compile(r"'(nonce-|sha256-|sha384-|sha512-|strict-dynamic)")


def allow_script(policy: str, nonce: str) -> tuple[str, str]:
    """Return a policy that allows an inline script with a nonce and its event stream, and the nonce of the script.

    The nonce of the policy is used if it has one, and nothing is added that the policy allows already.
    """
    directives = _parsed(policy)
    scripts = next((name for name in ("script-src-elem", "script-src", "default-src") if name in directives), None)
    if scripts is not None:
        sources = directives[scripts]
        found = _NONCE.search(" ".join(sources))
        if found is not None:
            nonce = found[1]
        elif not _allows_inline(sources):
            directives["script-src-elem"] = [*_without_none(sources), f"'nonce-{nonce}'"]
    connections = next((name for name in ("connect-src", "default-src") if name in directives), None)
    if connections is not None and not {"'self'", "*"} & set(directives[connections]):
        directives["connect-src"] = [*_without_none(directives[connections]), "'self'"]
    return "; ".join(" ".join((name, *sources)) for name, sources in directives.items()), nonce


def _parsed(policy: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for directive in policy.split(";"):
        name, *sources = directive.split() or ("",)
        if name:
            # CSP3, section 2.2.1: only the first directive of a name counts.
            found.setdefault(name.lower(), sources)
    return found


def _allows_inline(sources: list[str]) -> bool:
    return "'unsafe-inline'" in sources and not _RESTRICTS_INLINE.search(" ".join(sources))


def _without_none(sources: list[str]) -> list[str]:
    return [one for one in sources if one.lower() != "'none'"]
