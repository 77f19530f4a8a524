"""msgspec's verdict on one value, and the conversion of its messages to validation errors."""

import functools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile

import msgspec
from msgspec import Struct

from framework._hooks import decode_hook, raise_broken, raise_broken_cause
from framework._http.pointers import step as pointer_step
from framework._pydantic import ModelError, ModelFinding
from framework._serve.validation.kinds import Form
from framework.http_errors import FieldError

__all__ = (
    "UNHASHABLE",
    "Finding",
    "explain",
    "is_ambiguous",
    "judge",
    "model_findings",
    "pointer_to",
    "single_error",
)

UNHASHABLE = ("type", "Expected a hashable value")
"""Code and detail of an unhashable item of a set.

msgspec raises a TypeError without a path up to 0.22, and since 0.23 a ValidationError that names a Python type.
"""

# A client's own key may be as long as the body.


class Finding(Struct, frozen=True):
    """One message of msgspec about a value; ``steps`` lead from that value to the error.

    A step of None is unknown: msgspec does not name the keys of mappings.
    """

    steps: tuple[str | None, ...]
    code: str
    detail: str


def pointer_to(steps: tuple[str | None, ...]) -> str:
    """Return the JSON pointer of the steps, as far as they are known: ("a", "0", None, "b") -> /a/0."""
    return "".join(pointer_step(each) for each in takewhile(lambda each: each is not None, steps) if each is not None)


def judge(form: Form, value: object, *, strict: bool) -> Finding | None:
    """Return msgspec's error for a value, or None if it is valid.

    An exception of a ``__post_init__`` that msgspec does not convert (KeyError) propagates.
    """
    try:
        if strict and form.exact:
            # The standard library's encoder, because msgspec's writes integers beyond 64 bits as strings.
            msgspec.json.decode(json.dumps(value), type=form.hint, dec_hook=decode_hook)
        elif form.probe is None:
            msgspec.convert(value, form.hint, strict=strict, str_keys=True, dec_hook=decode_hook)
        else:
            msgspec.convert((value,), form.probe, strict=strict, str_keys=True, dec_hook=decode_hook)
    except msgspec.ValidationError as error:
        raise_broken(error)
        if error.__traceback__ is not None and error.__traceback__.tb_next is not None:
            # A __post_init__ raised it itself, so msgspec adds no path.
            return Finding((None,), "value", str(error) or "Invalid value")
        return explain(error) if form.probe is None or (strict and form.exact) else _explain_probe(error)
    except UnicodeEncodeError:
        return Finding((), "value", "Expected text in UTF-8")
    except msgspec.DecodeError:
        # MessagePack has floats that JSON does not have.
        return Finding((None,), "value", "Expected a finite number")
    except TypeError as error:
        if "unhashable type" not in str(error):
            raise
        return Finding((None,), *UNHASHABLE)
    return None


_AT = " - at `"
_IN_PROBE = " - at `$[0]`"
_STEP = re.compile(r"\.([^.\[]*)|\[(\d+)\]|\[\.\.\.\]")

# The rest of these messages is a client's value, or the name of a field: $.a misses b -> /a/b.
_VALUES = {"Invalid enum value ": ("value", "Invalid enum value"), "Invalid value ": ("tag", "Invalid tag")}
_FIELDS = {
    "Object missing required field `": ("missing", "Field required"),
    "Object contains unknown field `": ("unknown", "Unknown field"),
}


def explain(error: msgspec.ValidationError) -> Finding:
    """Convert an error of msgspec to a finding: Expected `int`, got `str` - at `$.a[0]` -> ("a", "0"), type."""
    text, cause = str(error), "" if error.__cause__ is None else str(error.__cause__)
    # The message of a __post_init__ may look like a path.
    message, mark, place = text.removeprefix(cause).rpartition(_AT)
    if not mark or not place.endswith("`"):
        message, place = text, ""
    path = place.removeprefix("key` in `")
    name = path[2:-1]
    if path.startswith("$.") and "." not in name and "[" not in name:
        # PERF: most errors are one step away, which needs no search.
        steps: tuple[str | None, ...] = (name,)
    else:
        steps = tuple(step[1] if step[2] is None else step[2] for step in _STEP.finditer(path[:-1], 1)) if path else ()
    if error.__cause__ is not None:
        steps += getattr(error.__cause__, "steps", ())
        return Finding(steps, getattr(error.__cause__, "code", "value"), cause.strip() or "Invalid value")
    finding = _classify(steps, message.strip())
    return Finding(steps, "key", finding.detail) if path != place else finding


def _explain_probe(error: msgspec.ValidationError) -> Finding:
    """Explain an error without the first step, which leads into the probe."""
    text = str(error)
    if text.endswith(_IN_PROBE) and error.__cause__ is None:
        return _classify((), text[: -len(_IN_PROBE)].strip())
    finding = explain(error)
    return Finding(finding.steps[1:], finding.code, finding.detail)


# If a pattern has a name, the error contains the name instead of the pattern.
_PATTERN = "Expected `str` matching regex "


@functools.cache
def _named_patterns() -> Mapping[str, str]:
    # Imported late: compiling the patterns takes a tenth of the framework's import time.
    from framework.types import PATTERNS

    return {f"Expected `str` matching regex {pattern!r}": name for pattern, name in PATTERNS.items()}


def _classify(steps: tuple[str | None, ...], message: str) -> Finding:
    if message.startswith(UNHASHABLE[1]):
        return Finding(steps, *UNHASHABLE)
    if message.startswith(_PATTERN) and message in _named_patterns():
        return Finding(steps, "value", f"Expected {_named_patterns()[message]}")
    if message.startswith("Expected `"):
        # Expected `int`, got `str`; but Expected `int` >= 1.
        return Finding(steps, "type" if message.endswith("`") else "constraint", message)
    for start, (code, detail) in _FIELDS.items():
        if message.startswith(start):
            return Finding((*steps, message[len(start) : -1]), code, detail)
    code, detail = next((found for start, found in _VALUES.items() if message.startswith(start)), ("value", message))
    return Finding(steps, code, detail or "Invalid value")


def model_findings(cls: type, value: object) -> Sequence[ModelFinding]:
    """Return all errors of pydantic for a value of a model."""
    try:
        decode_hook(cls, value)
    except ModelError as error:
        return error.findings
    except (ValueError, TypeError) as error:
        raise_broken_cause(error)
        return [ModelFinding((), "value", str(error) or "Invalid value")]
    return ()


def is_ambiguous(finding: Finding, keys: Iterable[str]) -> bool:
    """Return whether a path may be made up by a client: an object's unknown field may be called "a` - at `$.b.c"."""
    return finding.code == "unknown" and any(_AT in key for key in keys)


def single_error(error: Exception, location: str, pointer: str = "") -> FieldError:
    """Convert the only error that msgspec reports, for values in which the walker finds none."""
    if not isinstance(error, msgspec.ValidationError):
        return FieldError(location, pointer, "value", "Invalid value")
    finding = explain(error)
    return FieldError(location, pointer + pointer_to(finding.steps), finding.code, finding.detail)
