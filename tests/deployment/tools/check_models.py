# ruff: noqa: SLF001, T201  the packages have no public names for what their models know; it prints what is wrong
"""Checks files for clouds against the models of the clouds' own packages; run by the Python that has them.

``python check_models.py KIND FILE``; prints what is wrong, one line each, and ends with status 1 if anything is.
"""

import re
import sys
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from azure.mgmt.appcontainers import models as apps
from azure.mgmt.appcontainers._utils.model_base import Model
from azure.mgmt.appcontainers.models import _models
from azure.mgmt.containerinstance import models as instances
from google.appengine.api import appinfo
from googleapiclient import discovery_cache

_PARTS = re.compile(r"(?<!\\)\.")
_SCALARS = {"str": str, "int": int, "float": (int, float), "bool": bool}


def app_engine(text: str) -> Iterator[str]:
    """Read app.yaml as App Engine's SDK does."""
    try:
        appinfo.LoadSingleAppInfo(text)
    except Exception as error:  # noqa: BLE001  of several packages
        yield str(error)


def cloud_run(text: str) -> Iterator[str]:
    """Compare a service with the schema of Cloud Run's API, version 1; unknown members are errors."""
    file = Path(discovery_cache.__file__).with_name("documents") / "run.v1.json"
    schemas = yaml.safe_load(file.read_text(encoding="utf-8"))["schemas"]
    for one in schemas.values():
        _close(one)
    validator = jsonschema.Draft7Validator({**schemas["Service"], "schemas": schemas})
    for error in validator.iter_errors(yaml.safe_load(text)):
        yield f"{'.'.join(map(str, error.absolute_path))}: {error.message}"


def _close(schema: Any) -> None:
    """Turn a schema of a discovery document into one of JSON Schema without further members."""
    if isinstance(schema, dict):
        if isinstance(reference := schema.get("$ref"), str):
            schema["$ref"] = f"#/schemas/{reference}"
        if "properties" in schema:
            schema["additionalProperties"] = False
        for one in [*schema.values()]:
            _close(one)


def container_app(text: str) -> Iterator[str]:
    """Compare with the models of Azure Container Apps."""
    yield from _compare(yaml.safe_load(text), apps.ContainerApp, "")


def _compare(value: Any, kind: Any, where: str) -> Iterator[str]:
    """Yield what a value has that its model does not."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Union:
        kinds = [one for one in arguments if one is not type(None)]
        found = [[*_compare(value, one, where)] for one in kinds]
        yield from min(found, key=len)
    elif origin is list:
        if not isinstance(value, list):
            yield f"{where} is not a list"
            return
        for number, one in enumerate(value):
            yield from _compare(one, arguments[0], f"{where}[{number}]")
    elif isinstance(kind, type) and issubclass(kind, Model):
        yield from _compare_model(value, kind, where)
    elif isinstance(kind, type) and kind in {str, int, float, bool} and not isinstance(value, _SCALARS[kind.__name__]):
        yield f"{where} is {value!r}, not {kind.__name__}"


def _compare_model(value: Any, model: Any, where: str) -> Iterator[str]:
    hints = typing.get_type_hints(model, {**vars(_models), "_models": apps})
    # An object of a model fills the names in.
    model(value)
    names = {field._rest_name: name for name, field in model._attr_to_rest_field.items()}
    for key, member in value.items():
        if key not in names:
            yield f"{where}.{key} is unknown; known are {sorted(names)}"
        else:
            yield from _compare(member, hints[names[key]], f"{where}.{key}")


def container_group(text: str) -> Iterator[str]:
    """Compare with the models of Azure Container Instances."""
    data = yaml.safe_load(text)
    known = {key: value for key, value in data.items() if key != "apiVersion"}
    yield from _compare_mapped(known, "ContainerGroup", "")


def _compare_mapped(value: Any, kind: str, where: str) -> Iterator[str]:
    """Yield what a value has that its model does not; the model maps names to paths: ``properties.containers``."""
    if kind[0] in "[{":
        for key, one in enumerate(value) if kind[0] == "[" else value.items():
            yield from _compare_mapped(one, kind[1:-1], f"{where}.{key}")
        return
    model = getattr(instances, kind, None)
    if model is None or not hasattr(model, "_attribute_map"):
        if kind in _SCALARS and not isinstance(value, _SCALARS[kind]):
            yield f"{where} is {value!r}, not {kind}"
        return
    paths = {name: tuple(_PARTS.split(one["key"])) for name, one in model._attribute_map.items()}
    required = {paths[name] for name, rules in model._validation.items() if rules.get("required")}
    yield from (f"{where}.{'.'.join(one)} is missing" for one in required if not _has(value, one))
    types = {paths[name]: one["type"] for name, one in model._attribute_map.items()}
    yield from _compare_paths(value, types, (), where)


def _has(value: Any, path: tuple[str, ...]) -> bool:
    return not path or (path[0] in value and _has(value[path[0]], path[1:]))


def _compare_paths(value: Any, types: dict[tuple[str, ...], str], before: tuple[str, ...], where: str) -> Iterator[str]:
    for key, member in value.items():
        path = (*before, key)
        if path in types:
            yield from _compare_mapped(member, types[path], f"{where}.{key}")
        elif any(one[: len(path)] == path for one in types):
            yield from _compare_paths(member, types, path, f"{where}.{key}")
        else:
            yield f"{where}.{key} is unknown"


KINDS: dict[str, Callable[[str], Iterator[str]]] = {
    "app-engine": app_engine,
    "cloud-run": cloud_run,
    "container-app": container_app,
    "container-group": container_group,
}

if __name__ == "__main__":
    kind, file = sys.argv[1:]
    wrong = [*KINDS[kind](Path(file).read_text(encoding="utf-8"))]
    print(*wrong, sep="\n")
    sys.exit(bool(wrong))
