"""Request bodies in the document."""

from typing import Any

from msgspec import inspect

from framework._openapi.scalars import compact
from framework._openapi.schemas import default_of
from framework._plan import BodyPlan
from framework.media_types import essence
from framework.merge_patch import MERGE_PATCH, Patch

__all__ = ("request_body",)


def request_body(body: BodyPlan) -> dict[str, Any]:
    """Return the request body object of a body."""
    # None only says that the body may be absent.
    default = {} if body.default is None else default_of(body)
    kind = inspect.Metadata(body.type, extra_json_schema=default) if default else body.type
    media_types = [essence(body.media_type)]
    if isinstance(body.type, inspect.StructType) and issubclass(body.type.cls, Patch):
        media_types.append(MERGE_PATCH)
    return compact(
        description=body.description, content={one: {"schema": kind} for one in media_types}, required=body.required
    )
