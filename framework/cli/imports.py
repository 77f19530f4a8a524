"""Hints for modules and names that cannot be imported."""

import pkgutil
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from importlib import import_module

import framework
from framework._inspect.near_names import did_you_mean

__all__ = ("import_hint",)

_MISSING_NAME = re.compile(r"cannot import name '(\w+)' from '([\w.]+)'")
_EXTRAS: Mapping[str, str] = {
    "aiosqlite": "sql",
    "alembic": "sql",
    "argon2": "passwords",
    "asyncpg": "postgres",
    "cronsim": "jobs",
    "dotenv": "dotenv",
    "jinja2": "templating",
    "joserfc": "jwt",
    "nats": "nats",
    "opentelemetry": "opentelemetry",
    "polyfactory": "factories",
    "prometheus_client": "prometheus",
    "pydantic": "pydantic",
    "redis": "redis",
    "sentry_sdk": "sentry",
    "sqlalchemy": "sql",
    "structlog": "logging",
    "yaml": "yaml",
}
"""The extra that installs a package, by the name of its module."""
_ELSEWHERE: Mapping[str, str] = {
    "APIRouter": "write Router",
    "BackgroundTask": "write BackgroundTasks",
    "BaseModel": "write Struct of msgspec, or take BaseModel from pydantic",
    "Blueprint": "write Router",
    "Depends": "leave it out: services are injected by the type of a parameter",
    "FastAPI": "write App",
    "Field": "write Meta of msgspec",
    "HTTPException": "write HTTPError, or one of framework.http_errors",
    "Meta": "import it from msgspec",
    "Provide": "leave it out: services are injected by the type of a parameter",
    "Struct": "import it from msgspec",
}
"""Names of other packages, and what stands for them here."""
_OPERATING = frozenset({"asgi", "cli", "pytest_plugin", "testing", "worker"})


def import_hint(error: BaseException) -> str:
    """Return what to do about an exception that an imported module has raised."""
    if isinstance(error, ModuleNotFoundError) and error.name:
        return _hint_for_module(error.name)
    found = _MISSING_NAME.match(str(error)) if isinstance(error, ImportError) else None
    return (_hint_for_name(*found.groups()) if found else "") or "fix it there"


def _hint_for_module(name: str) -> str:
    top, _, rest = name.partition(".")
    if top in _EXTRAS:
        return f"pip install 'framework-aiohttp[{_EXTRAS[top]}]'"
    if top == "framework":
        meant = did_you_mean(rest, [*_public_modules()])
        return f"write framework.{meant}" if meant else "correct the name of the module"
    meant = did_you_mean(name, ["framework", "msgspec", "aiohttp"])
    return f"write {meant}" if meant else "correct its name, or install the package that has it"


def _hint_for_name(name: str, module: str) -> str:
    known: Collection[str] = getattr(sys.modules.get(module), "__all__", None) or dir(sys.modules.get(module))
    if module.partition(".")[0] == "framework":
        there = next((one for one in _public_modules() if name in _names_of(f"framework.{one}")), "")
        if there or name in _ELSEWHERE:
            return f"import it from framework.{there}" if there else _ELSEWHERE[name]
    meant = did_you_mean(name, known)
    return f"write {meant}" if meant else ""


def _public_modules() -> Iterator[str]:
    for one in pkgutil.iter_modules(framework.__path__):
        if not one.name.startswith("_") and one.name not in _OPERATING:
            yield one.name


def _names_of(module: str) -> Collection[str]:
    with suppress(Exception):
        names: Collection[str] = import_module(module).__all__
        return names
    return ()
