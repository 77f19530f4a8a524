"""The names of a project: of its folder and distribution, of its package, and of its OpenAPI document."""

import keyword
import re
import sys
from importlib.metadata import packages_distributions

from msgspec import Struct

from framework.cli.errors import ToolError

__all__ = ("LONGEST_NAME", "ProjectName", "read_name")

LONGEST_NAME = 30
"""In characters. Lines of the template that contain the name are then at most 120 characters long."""
_NAME = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*\Z")
_HINT = "write lower-case letters, digits and hyphens, for example my-shop"
# What the generated project contains beside its package, and what its tests import.
_OWN = frozenset({"app_template", "framework", "requirements", "test", "tests"})


class ProjectName(Struct, frozen=True):
    """The name of a project: ``my-shop``."""

    distribution: str
    """Also the name of the folder."""

    @property
    def package(self) -> str:
        """The name that is imported: ``my_shop``."""
        return self.distribution.replace("-", "_")

    @property
    def title(self) -> str:
        """The title of the OpenAPI document: ``My shop``."""
        return self.package.replace("_", " ").capitalize()


def read_name(text: str) -> ProjectName:
    """Check the name of a project, and return it as a normalized distribution name. Raises ToolError."""
    if not _NAME.match(text):
        raise ToolError(f"{text!r} is not a name of a project", hint=_HINT)
    if len(text) > LONGEST_NAME:
        raise ToolError(f"{text!r} has {len(text)} characters", hint=f"{LONGEST_NAME} are allowed")
    name = ProjectName(text.replace("_", "-"))
    if keyword.iskeyword(name.package) or keyword.issoftkeyword(name.package):
        raise ToolError(f"{text!r} is a keyword of Python", hint="choose another name")
    if name.package in sys.stdlib_module_names:
        raise ToolError(f"{text!r} is a module of Python's library", hint="choose another name")
    if name.package in _OWN or name.package in packages_distributions():
        raise ToolError(f"{text!r} is the name of an installed package", hint="choose another name")
    return name
