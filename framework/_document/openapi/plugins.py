"""The two apispec plugins for msgspec's types and for routes; imported only when a document is built."""

from collections.abc import Sequence
from typing import Any

from apispec import BasePlugin
from apispec.core import Components
from msgspec import inspect

from framework._document.openapi.directions import directed_schemas
from framework._document.openapi.operations import Operation
from framework._document.schemas.placeholders import with_schemas
from framework._document.schemas.schemas import Names, OutputNames, component_schema

__all__ = ("ControllerPlugin", "MsgspecPlugin", "SchemaComponents")


class ControllerPlugin(BasePlugin):
    """Fills a path item with the operations of its routes: ``spec.path(described=operations)``."""

    def path_helper(
        self,
        path: str | None = None,
        operations: dict[str, Any] | None = None,
        parameters: list[dict[str, Any]] | None = None,  # noqa: ARG002  apispec's signature
        *,
        described: Sequence[Operation] = (),
        **_: Any,
    ) -> str | None:
        """Return the path of the operations."""
        if operations is not None:
            operations.update({one.method: one.body for one in described})
        return described[0].path if described else path


class MsgspecPlugin(BasePlugin):
    """Replaces types by schemas.

    ``spec.components.schema(name, kind=...)`` takes a class as msgspec describes it; ``spec.components.response()`` and
    the operations of ``spec.path()`` take types wherever OpenAPI has ``schema``.
    """

    def __init__(self, names: Names, output_names: OutputNames) -> None:
        self._names = names
        self._output_names = output_names

    def schema_helper(
        self,
        name: str,  # noqa: ARG002  apispec's signature
        definition: dict[str, Any],  # noqa: ARG002  apispec's signature
        *,
        kind: inspect.Type | None = None,
        output: bool = False,
        **_: Any,
    ) -> dict[str, Any] | None:
        """Return the schema of a class."""
        return None if kind is None else component_schema(kind, self._output_names if output else self._names)

    def response_helper(self, response: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Return a shared response with schemas in place of types."""
        return with_schemas(response, self._output_names)  # type: ignore[no-any-return]  # a dict comes back as a dict

    def operation_helper(self, path: str | None = None, operations: dict[str, Any] | None = None, **_: Any) -> None:  # noqa: ARG002  apispec's signature
        """Replace types by schemas in all operations of a path."""
        if operations is not None:
            for operation in operations.values():
                operation.update(directed_schemas(operation, self._names, self._output_names))


class SchemaComponents(Components):
    """apispec's components, without its treatment of the schemas ``true`` and ``false``.

    apispec takes every value that is not a dictionary for a component's name: ``items: False`` would become a reference
    to ``#/components/schemas/False``.
    """

    def get_ref(self, obj_type: str, obj_or_component_id: Any) -> Any:
        """Return a reference for a name, and any other value unchanged."""
        if isinstance(obj_or_component_id, bool):
            return obj_or_component_id
        return super().get_ref(obj_type, obj_or_component_id)

    def _resolve_refs_in_schema(self, schema: Any) -> None:
        if not isinstance(schema, bool):
            super()._resolve_refs_in_schema(schema)
