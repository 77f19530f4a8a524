"""The document of the jobs of an app, for people and tools: the messages that its table or broker carries."""

import json
from collections.abc import Sequence
from textwrap import dedent
from typing import Any

import msgspec

from framework._codecs import codec_of
from framework._plan.jobs import JobPlan

__all__ = ("document_of_jobs",)

_REF = "#/components/schemas/{name}"


def document_of_jobs(plans: Sequence[JobPlan]) -> str:
    """Return the document as JSON, which is the same for the same jobs."""
    types = [one.arguments for one in plans]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF, schema_hook=_schema)
    jobs = {plan.name: _job(plan, schema) for plan, schema in zip(plans, schemas, strict=True)}
    document = {"jobs": dict(sorted(jobs.items())), "components": {"schemas": dict(sorted(components.items()))}}
    return json.dumps(document, indent=2) + "\n"


def _job(plan: JobPlan, schema: Any) -> dict[str, Any]:
    described = {
        "description": _described(plan),
        "aliases": list(plan.aliases) or None,
        "queue": plan.queue,
        "priority": plan.priority,
        "attempts": plan.max_attempts,
        "timeout": plan.timeout,
        "concurrency": plan.concurrency,
        "unique": plan.unique is not None,
        "transactional": plan.transactional,
        "schedule": None if plan.schedule is None else plan.schedule.text,
        "arguments": schema,
    }
    return {name: value for name, value in described.items() if value is not None}


def _described(plan: JobPlan) -> str | None:
    first, _, rest = (plan.function.__doc__ or "").partition("\n")
    return f"{first.strip()}\n{dedent(rest)}".strip() or None


def _schema(cls: type) -> dict[str, Any]:
    """Return the schema of a class that msgspec does not know."""
    codec = codec_of(cls)
    return {} if codec is None or codec.schema is None else dict(codec.schema)
