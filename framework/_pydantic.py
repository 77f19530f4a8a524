"""Models and dataclasses of pydantic 2 as values, recognised by their attributes, without importing pydantic.

pydantic validates and serializes; msgspec calls it through its hooks wherever a model is part of a value.
"""

import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import msgspec

from framework._custom import CustomType
from framework._pydantic_dataclasses import inherits_pydantic_dataclass, is_pydantic_dataclass, original

__all__ = (
    "Mode",
    "ModelError",
    "ModelFinding",
    "ModelType",
    "model_problem",
    "model_schema",
    "model_type",
    "unfolded",
)

Mode: TypeAlias = Literal["validation", "serialization"]
_INSTALL = "install it with pip install 'framework-aiohttp[pydantic]'"
_LOWEST = (2, 11)
_JSON = (dict, list, str, int, float, bool, type(None))


@dataclass(frozen=True)
class ModelFinding:
    """One error in a value; ``steps`` lead from the value to the place of the error."""

    steps: tuple[str, ...]
    code: str
    detail: str


class ModelError(ValueError):
    """The errors of pydantic: at least one."""

    def __init__(self, findings: Sequence[ModelFinding]) -> None:
        super().__init__(findings[0].detail)
        self.findings = findings
        self.steps = findings[0].steps
        self.code = findings[0].code


class ModelType(CustomType):
    """How a pydantic model is read and written."""


@functools.lru_cache(maxsize=4096)
def model_type(cls: Any) -> ModelType | None:
    """Return how a model is read and written; ``None`` for other classes."""
    cls = original(cls)
    if not isinstance(cls, type) or not _is_model(cls):
        return None
    return ModelType(cls, decode=functools.partial(_decode, cls), encode=functools.partial(_encode, cls))


def _is_model(cls: Any) -> bool:
    has_fields = hasattr(cls, "__pydantic_validator__") and hasattr(cls, "__pydantic_generic_metadata__")
    return has_fields or is_pydantic_dataclass(cls)


def model_problem(cls: Any) -> tuple[str, str] | None:
    """Return why a model cannot be a value, and a hint; ``None`` for valid models and other classes."""
    name = getattr(cls, "__name__", str(cls))
    if is_pydantic_dataclass(cls) and getattr(cls, "__parameters__", None):
        return f"{name} is a generic dataclass, and pydantic ignores its type arguments", "derive it from BaseModel"
    if inherits_pydantic_dataclass(cls):
        return (
            f"{name} is derived from a dataclass of pydantic, whose checks do not know its fields",
            f"decorate {name} with pydantic.dataclasses.dataclass",
        )
    if not isinstance(cls, type) or not _is_model(cls):
        # Without attribute access that a metaclass warns about.
        found = set[str]().union(*map(vars, getattr(cls, "__mro__", ())))
        if not found >= {"__fields__", "__validators__"}:
            return None
        return f"{name} is a model of pydantic 1", f"write it for pydantic 2, and {_INSTALL}"
    try:
        from pydantic import VERSION
    except ImportError:
        return f"{name} is a model of pydantic, which is not installed", _INSTALL
    if tuple(map(int, VERSION.split(".")[:2])) < _LOWEST:
        return f"{name} is a model of pydantic {VERSION}, and the oldest supported one is 2.11", _INSTALL
    return _incomplete(cls, name)


def _incomplete(cls: Any, name: str) -> tuple[str, str] | None:
    if not cls.__pydantic_complete__ and not _rebuild(cls):
        call = f"rebuild_dataclass({name})" if is_pydantic_dataclass(cls) else f"{name}.model_rebuild()"
        return f"{name} refers to classes that are not defined", f"define them before, or call {call}"
    try:
        for mode in ("validation", "serialization"):
            model_schema(cls, mode)
    except Exception as error:  # noqa: BLE001  pydantic's errors, and those of a model's own functions
        reason = str(error).partition("\n")[0].rstrip(".")
        hint = "use types that pydantic describes: a msgspec Struct cannot be a field of a model; write it as a model"
        return f"the JSON Schema of {name} cannot be made ({reason})", hint
    return None


def _rebuild(cls: Any) -> bool | None:
    from pydantic.dataclasses import rebuild_dataclass

    if is_pydantic_dataclass(cls):
        return rebuild_dataclass(cls, raise_errors=False)
    done: bool | None = cls.model_rebuild(raise_errors=False)
    return done


def _decode(cls: Any, value: Any) -> Any:
    from pydantic import ValidationError

    try:
        if isinstance(value, _JSON):
            # In pydantic's JSON mode, which reads dates, sets and bytes also if a model is strict.
            return cls.__pydantic_validator__.validate_json(msgspec.json.encode(value))
        return cls.__pydantic_validator__.validate_python(value)
    except ValidationError as error:
        raise ModelError([_finding(one, value) for one in error.errors(include_url=False)]) from None


def _encode(cls: Any, value: Any) -> Any:
    # By the annotated class, so that a subclass adds no fields; with aliases, as in the schema.
    return cls.__pydantic_serializer__.to_python(value, mode="json", by_alias=True, warnings="error")


_CONSTRAINTS = frozenset(
    {"greater_than", "greater_than_equal", "less_than", "less_than_equal", "multiple_of", "string_too_short"}
    | {"string_too_long", "string_pattern_mismatch", "too_short", "too_long", "bytes_too_short", "bytes_too_long"}
    | {"decimal_max_digits", "decimal_max_places", "decimal_whole_digits", "string_not_ascii"}
)
_CODES = {
    "missing": "missing",
    "extra_forbidden": "unknown",
    "unexpected_keyword_argument": "unknown",
    "none_required": "type",
}
_DETAILS = {
    "extra_forbidden": "Unknown field",
    "unexpected_keyword_argument": "Unknown field",
    "union_tag_invalid": "Invalid tag",
}
_KEY = "[key]"


def _finding(error: Mapping[str, Any], value: Any) -> ModelFinding:
    kind, loc = error["type"], error["loc"]
    detail = _DETAILS.get(kind) or error["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    steps = tuple(_steps(loc, value, is_missing=kind == "missing"))
    if kind in {"union_tag_invalid", "union_tag_not_found"}:
        tag = str(error["ctx"]["discriminator"]).strip("'")
        code, found = ("tag", detail) if kind == "union_tag_invalid" else ("missing", "Field required")
        return ModelFinding((*steps, tag), code, found)
    return ModelFinding(steps, "key" if loc and loc[-1] == _KEY else _code(kind), detail or "Invalid value")


def _code(kind: str) -> str:
    if kind in _CONSTRAINTS:
        return "constraint"
    return _CODES.get(kind) or ("type" if kind.endswith("_type") else "value")


def _steps(loc: Sequence[str | int], value: Any, *, is_missing: bool) -> Iterator[str]:
    """Yield the steps that exist in the value; the other steps name union members and functions of the model."""
    for place, step in enumerate(loc, 1):
        if _holds(value, step):
            value = value[step]
        elif not (is_missing and place == len(loc)):
            continue
        yield str(step)


def _holds(value: Any, step: str | int) -> bool:
    if isinstance(value, dict):
        return step in value
    return isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value)


@functools.lru_cache(maxsize=4096)
def model_schema(cls: Any, mode: Mode) -> tuple[str, Mapping[str, Any]]:
    """Return the name of a model among its definitions, and the definitions, which refer to ``#/$defs/…``."""
    from pydantic.json_schema import models_json_schema

    cls = original(cls)
    references, schema = models_json_schema([(cls, mode)], by_alias=True)
    definitions = json.loads(json.dumps(schema["$defs"]))
    return references[cls, mode]["$ref"].removeprefix("#/$defs/"), definitions


def unfolded(value: Any) -> Any:
    """Return a value with what pydantic writes in the place of its dataclasses, which msgspec would write itself."""
    if is_pydantic_dataclass(type(value)):
        return _encode(type(value), value)
    if type(value) is dict:
        return {key: unfolded(one) for key, one in value.items()}
    return type(value)(map(unfolded, value)) if type(value) in (list, tuple) else value
