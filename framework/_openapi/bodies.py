"""Request bodies in the document."""

from typing import Any

from msgspec import inspect

from framework._openapi.scalars import compact
from framework._openapi.schemas import default_of
from framework._plan import BodyPlan
from framework.media_types import essence

__all__ = ("request_body",)


def request_body(body: BodyPlan) -> dict[str, Any]:
    """Return the request body object of a body."""
    # None only says that the body may be absent.
    default = {} if body.default is None else default_of(body)
    kind = inspect.Metadata(body.type, extra_json_schema=default) if default else body.type
    return compact(
        description=body.description, content={essence(body.media_type): {"schema": kind}}, required=body.required
    )
