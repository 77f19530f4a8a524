"""The project that a file is made in, and the name of what is made."""

import keyword
import re
from pathlib import Path

from msgspec import Struct

from framework.cli.errors import ToolError
from framework.cli.references import configured_reference

__all__ = ("Named", "Project", "find_project", "read_named")

_NAME = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*\Z")


class Project(Struct, frozen=True):
    """A project whose ``pyproject.toml`` names its app."""

    root: Path
    package: str

    @property
    def application(self) -> Path:
        """The file that declares services and controllers, from the root."""
        return Path(self.package, "application.py")


class Named(Struct, frozen=True):
    """What is made: ``order-lines``."""

    path: str
    """The name as part of a URL."""

    @property
    def module(self) -> str:
        """The name of a folder and a module: ``order_lines``."""
        return self.path.replace("-", "_")

    @property
    def words(self) -> str:
        """The name in a sentence: ``order lines``."""
        return self.path.replace("-", " ")

    def class_name(self, kind: str) -> str:
        """Return the name of a class: ``OrderLinesController``."""
        return "".join(one.capitalize() for one in self.path.split("-")) + kind


def find_project(folder: Path) -> Project:
    """Return the project of the nearest ``pyproject.toml``. Raises ToolError."""
    reference, root = configured_reference(folder)
    package = reference.partition(":")[0].partition(".")[0]
    if not (root / package / "__init__.py").is_file():
        raise ToolError(
            f"{reference!r} in {root / 'pyproject.toml'} is not in a package of this project",
            hint="run it in a project of framework new, or write the file by hand",
        )
    return Project(root, package)


def read_named(text: str) -> Named:
    """Check the name of what is made: ``orders``, ``order-lines``. Raises ToolError."""
    named = Named(text.replace("_", "-"))
    if not _NAME.match(text) or keyword.iskeyword(named.module):
        raise ToolError(f"{text!r} is not a name", hint="write lower-case letters, digits and hyphens: order-lines")
    return named
