"""What msgspec says about one value, and how its messages become faults."""

import json
import re
from itertools import takewhile

import msgspec
from msgspec import Struct

from framework._binding.faults_kinds import Form
from framework.http_errors import Fault

__all__ = ("Finding", "explain", "judge", "pointer_to", "single_fault", "token")

# A client's own key may be as long as the body.
_KEY_LENGTH = 100


class Finding(Struct, frozen=True):
    """One message of msgspec's about a value; ``steps`` lead from that value to the fault.

    A step of None is one that is not known: msgspec tells no keys of mappings.
    """

    steps: tuple[str | None, ...]
    code: str
    detail: str


def token(key: str) -> str:
    """Return a key as the next step of a JSON pointer (RFC 6901), cut at 100 characters: a/b -> /a~1b."""
    return "/" + key[:_KEY_LENGTH].replace("~", "~0").replace("/", "~1")


def pointer_to(steps: tuple[str | None, ...]) -> str:
    """Return the JSON pointer of the steps, as far as they are known: ("a", "0", None, "b") -> /a/0."""
    return "".join(token(step) for step in takewhile(lambda step: step is not None, steps) if step is not None)


def judge(form: Form, value: object, *, strict: bool) -> Finding | None:
    """Return what msgspec has against a value, or None where it is valid.

    An error that a ``__post_init__`` raises and msgspec does not take for a fault (KeyError) escapes.
    """
    try:
        if strict and form.exact:
            # The standard library's encoder, because msgspec's writes integers past 64 bits as strings.
            msgspec.json.decode(json.dumps(value), type=form.hint)
        else:
            msgspec.convert(value, form.hint, strict=strict, str_keys=True)
    except msgspec.ValidationError as error:
        if error.__traceback__ is not None and error.__traceback__.tb_next is not None:
            # A __post_init__ raised it by hand, and msgspec adds no path to it.
            return Finding((None,), "value", str(error) or "Invalid value")
        return explain(error)
    except UnicodeEncodeError:
        return Finding((), "value", "Expected text in UTF-8")
    except TypeError as error:
        if "unhashable type" not in str(error):
            raise
        return Finding((), "type", "Expected hashable items")
    return None


_PLACE = re.compile(r"(.*) - at (`key` in )?`\$(.*)`", re.DOTALL)
_STEP = re.compile(r"\.([^.\[]*)|\[(\d+)\]|\[\.\.\.\]")

# The first that matches the whole message decides; where the detail is None the message holds no client's value.
_RULES: tuple[tuple[re.Pattern[str], str, str | None], ...] = tuple(
    (re.compile(pattern, re.DOTALL), code, detail)
    for pattern, code, detail in (
        (r"Expected `[^`]*`(?:, got `[^`]*`)?", "type", None),
        (r"Expected `.*", "constraint", None),
        (r"Object missing required field `(.*)`", "missing", "Field required"),
        (r"Object contains unknown field `(.*)`", "unknown", "Unknown field"),
        (r"Invalid enum value .*", "value", "Invalid enum value"),
        (r"Invalid value .*", "tag", "Invalid tag"),
        (r".*", "value", None),
    )
)


def explain(error: msgspec.ValidationError) -> Finding:
    """Turn an error of msgspec's into a finding: Expected `int`, got `str` - at `$.a[0]` -> ("a", "0"), type."""
    text, cause = str(error), error.__cause__
    place = _PLACE.fullmatch(text)
    message, in_key, path = place.groups() if place is not None else (text, None, "")
    steps = tuple(step[1] if step[2] is None else step[2] for step in _STEP.finditer(path))
    if cause is not None:
        return Finding(steps, "value", str(cause).strip() or "Invalid value")
    finding = _match_rule(steps, message.strip())
    return Finding(steps, "key", finding.detail) if in_key else finding


def _match_rule(steps: tuple[str | None, ...], message: str) -> Finding:
    for pattern, code, detail in _RULES:
        match = pattern.fullmatch(message)
        if match is not None:
            return Finding((*steps, *match.groups()), code, detail or message or "Invalid value")
    return Finding(steps, "value", "Invalid value")


def single_fault(error: Exception, location: str, pointer: str = "") -> Fault:
    """Turn the one error that msgspec reports into a fault, for when the walker has nothing to say."""
    if not isinstance(error, msgspec.ValidationError):
        return Fault(location, pointer, "value", "Invalid value")
    finding = explain(error)
    return Fault(location, pointer + pointer_to(finding.steps), finding.code, finding.detail)
