"""Bodies and parts without their type, to find all errors after msgspec has rejected them."""

from typing import Any

import msgspec

from framework._serve.requests.accepting import JSON_TYPE
from framework._serve.requests.decoding import parser_for
from framework._serve.requests.form_errors import broken_form
from framework._serve.validation.walker import single_error
from framework.formats import Format
from framework.http_errors import BadRequest, FieldError, UnprocessableContent

__all__ = ("MAXIMUM", "parse_tree", "problem_of")

MAXIMUM = 100
"""The most errors that a problem lists."""


def parse_tree(data: bytes, format_: Format, location: str, pointer: str = "") -> Any:
    """Return the body without its type, or the problem if it cannot be parsed."""
    tree = _untyped(data, format_) if data else "The body is empty"
    if isinstance(tree, msgspec.ValidationError):
        # It can be parsed; a number in it is beyond the range of Python's numbers.
        return problem_of([single_error(tree, location, pointer)], more=False)
    if isinstance(tree, _Syntax) or not data:
        if location == "form":
            return broken_form(str(tree), pointer)
        name = "JSON" if format_.media_type == JSON_TYPE else format_.media_type
        return BadRequest(f"The body is not valid {name}", errors=(FieldError(location, pointer, "syntax", str(tree)),))
    return tree


class _Syntax(str):
    """The reason why a body cannot be parsed."""

    __slots__ = ()


def _untyped(data: bytes, format_: Format) -> Any:
    is_json = format_.media_type == JSON_TYPE
    try:
        if is_json:
            data.decode()
            return format_.parse(data)
        return _with_text_keys(parser_for(format_)(data))
    except msgspec.ValidationError as error:
        return error
    except UnicodeDecodeError as error:
        return _Syntax(f"Not valid UTF-8 (byte {error.start})")
    except RecursionError:
        return _Syntax("JSON is nested too deeply" if is_json else "Nested too deeply")
    except (msgspec.DecodeError, TypeError) as error:
        # The TypeError is that of a key that is not hashable in Python.
        return _Syntax(str(error))


def _with_text_keys(tree: Any) -> Any:
    """Convert the keys of mappings as JSON would, which the walker and pointers expect: {1: b""} -> {"1": b""}."""
    if isinstance(tree, dict):
        return {key if isinstance(key, str) else _as_text(key): _with_text_keys(one) for key, one in tree.items()}
    return [_with_text_keys(one) for one in tree] if isinstance(tree, list) else tree


def _as_text(key: Any) -> str:
    return {None: "null", True: "true", False: "false"}.get(key) or str(key)


def problem_of(errors: list[FieldError], *, more: bool) -> UnprocessableContent:
    """Return the problem with these errors; ``more`` if there are others."""
    if more or len(errors) > MAXIMUM:
        detail = f"More than {MAXIMUM} errors in the request; the first {MAXIMUM} are listed"
    else:
        detail = f"{len(errors)} error{'' if len(errors) == 1 else 's'} in the request"
    return UnprocessableContent(detail, errors=tuple(errors[:MAXIMUM]))
