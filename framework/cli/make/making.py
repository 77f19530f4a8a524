"""Writes what is made into the project. Of its existing files, only the one that declares the application changes."""

import ast
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from msgspec import Struct

from framework.cli.errors import ToolError
from framework.cli.make.project import Named, Project
from framework.cli.make.registration import prefix_of, with_controller, with_job, with_service
from framework.cli.make.texts import (
    controller_test,
    controller_text,
    job_test,
    job_text,
    package_text,
    service_test,
    service_text,
    test_text,
)

__all__ = ("Made", "make_controller", "make_job", "make_service", "make_test")


class Made(Struct, frozen=True):
    """What was written."""

    written: list[str]
    """New files, from the root of the project."""
    registered: str | None = None
    """The file in which the class is registered now."""
    to_add: str = ""
    """What has to be added by hand, because the place for it was not found."""


def make_controller(project: Project, named: Named) -> Made:
    """Write a controller and its test, and add it to the application. Raises ToolError."""
    name, module = named.class_name("Controller"), f"{project.package}.{named.module}.controller"
    source = _application(project)
    texts = {
        f"{named.module}/controller.py": controller_text(named),
        f"tests/test_{named.module}_controller.py": controller_test(named, prefix_of(source or "")),
    }
    changed = None if source is None else with_controller(source, module, name)
    by_hand = f"from {module} import {name}\n\nApp(controllers=[..., {name}])"
    return _write(project, _with_package(project, named, texts), changed, by_hand)


def make_service(project: Project, named: Named) -> Made:
    """Write a service and its test, and add it to the container. Raises ToolError."""
    name, module = named.class_name("Service"), f"{project.package}.{named.module}.service"
    texts = {
        f"{named.module}/service.py": service_text(named),
        f"tests/test_{named.module}_service.py": service_test(named, project.package),
    }
    source = _application(project)
    changed = None if source is None else with_service(source, module, name)
    by_hand = f"from {module} import {name}\n\ncontainer.add_singleton({name})"
    return _write(project, _with_package(project, named, texts), changed, by_hand)


def make_job(project: Project, named: Named) -> Made:
    """Write a class of jobs and its test, and add it to the application. Raises ToolError."""
    name, module = named.class_name("Jobs"), f"{project.package}.{named.module}.jobs"
    texts = {
        f"{named.module}/jobs.py": job_text(named),
        f"tests/test_{named.module}_jobs.py": job_test(named, project.package),
    }
    source = _application(project)
    changed = None if source is None else with_job(source, module, name)
    by_hand = f"from {module} import {name}\n\nApp(jobs=[..., {name}])"
    return _write(project, _with_package(project, named, texts), changed, by_hand)


def make_test(project: Project, named: Named) -> Made:
    """Write a test over HTTP. Raises ToolError."""
    return _write(project, {f"tests/test_{named.module}.py": test_text(named)}, None, "")


def _application(project: Project) -> str | None:
    """Return the source that declares the application, or None if the project has no such file. Raises ToolError."""
    file = project.root / project.application
    if not file.is_file():
        return None
    source = file.read_text(encoding="utf-8")
    try:
        ast.parse(source)
    except SyntaxError as error:
        raise ToolError(
            f"{project.application}:{error.lineno} is not valid Python: {error.msg}", hint="fix it"
        ) from error
    return source


def _with_package(project: Project, named: Named, texts: Mapping[str, str]) -> dict[str, str]:
    """Add the ``__init__.py`` that a new folder requires."""
    path = f"{named.module}/__init__.py"
    exists = (project.root / project.package / path).exists()
    return {**texts} if exists else {path: package_text(named), **texts}


def _write(project: Project, texts: Mapping[str, str], changed: str | None, by_hand: str) -> Made:
    written = {f"{project.package}/{path}": text for path, text in texts.items()}
    existing = [path for path in written if (project.root / path).exists()]
    if existing:
        raise ToolError(f"{existing[0]} exists", hint="choose another name")
    registered = None if changed is None else project.application.as_posix()
    try:
        for path, text in written.items():
            file = project.root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        if changed is not None:
            (project.root / project.application).write_text(changed, encoding="utf-8")
    except OSError as error:
        raise ToolError(f"{error.filename} cannot be written: {error.strerror}", hint="check its folder") from error
    _format(project.root, [*written, *([registered] if registered else [])])
    return Made(list(written), registered, "" if registered else by_hand)


def _format(root: Path, files: list[str]) -> None:
    """Format files with ruff and the settings of the project, if the environment has it."""
    if find_spec("ruff") is None:
        return
    for words in (("check", "--select", "I", "--fix", "--quiet"), ("format", "--quiet")):
        # What it cannot format is valid Python all the same.
        subprocess.run([sys.executable, "-m", "ruff", *words, *files], cwd=root, check=False, capture_output=True)  # noqa: S603  ours
