"""Builds URLs from a handler or a route's name and the values of its placeholders."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from yarl import URL

from framework._compile.declarations.collect import Mounted
from framework._hooks import encode_hook
from framework._inspect.names import callable_name
from framework.errors import ReverseError

__all__ = ("reverse", "wire_text")


def reverse(mounted: Sequence[Mounted], target: Callable[..., Any] | str, values: Mapping[str, Any]) -> URL:
    """Return the URL of a handler, or of a route by its name; raises ReverseError."""
    # A bound method of a controller: url_for(self.show).
    target = getattr(target, "__func__", target)
    label = target if isinstance(target, str) else callable_name(target)
    known = [one for one in mounted if target in (one.name, one.function)]
    if not known:
        raise ReverseError(f"url_for: no route of this app is {label}")
    fitting = [one for one in known if set(one.template.placeholders) == set(values)]
    paths = sorted({one.template.text for one in fitting})
    if not fitting:
        wanted = " or ".join(sorted({f"({', '.join(one.template.placeholders)})" for one in known}))
        raise ReverseError(f"url_for: {label} takes {wanted}, not ({', '.join(values)})")
    if len(paths) > 1:
        names = sorted({one.name for one in fitting})
        hint = f"ask by name: {', '.join(names)}" if len(names) > 1 else "give each a decorator with its own name="
        raise ReverseError(f"url_for: {label} has several paths ({', '.join(paths)}); {hint}")
    texts = {name: _text(name, value, label) for name, value in values.items()}
    path = fitting[0].template.fill(texts)
    if not {".", ".."}.isdisjoint(path.split("/")):
        # RFC 3986, section 5.2.4: clients remove dot segments, also percent-encoded ones.
        raise ReverseError(f"url_for: {label} cannot be {path}, which clients resolve to another path")
    return URL(path, encoded=True)


def _text(name: str, value: Any, label: str) -> str:
    text = wire_text(value)
    if not text:
        raise ReverseError(f"url_for: {label} cannot have {value!r} as its {name}")
    return text


def wire_text(value: Any) -> str | None:
    """Return a value in the form of a parameter on the wire, ``None`` if it is not a single value."""
    try:
        plain = msgspec.to_builtins(value, builtin_types=(), enc_hook=encode_hook)
    except TypeError:
        return None
    if isinstance(plain, bool):
        return "true" if plain else "false"
    return None if plain is None or isinstance(plain, dict | list) else str(plain)
