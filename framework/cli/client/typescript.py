"""``framework client typescript``: types for openapi-fetch and others, written by openapi-typescript from npm."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from framework.cli.diff.changes import Document
from framework.cli.documents import render_document
from framework.cli.errors import ToolError

__all__ = ("typescript_client", "typescript_command")

_PACKAGES = ("openapi-typescript@7.13.0", "typescript@5.9.3")


def typescript_command(document: str, output: str, *, npx: str = "npx") -> list[str]:
    """Return the command that writes the types for a document: ``npx --yes --package=... openapi-typescript ...``."""
    return [
        npx,
        "--yes",
        *(f"--package={one}" for one in _PACKAGES),
        "openapi-typescript",
        document,
        "--output",
        output,
    ]


def typescript_client(document: Document) -> str:
    """Return the types of a document as the source of a TypeScript module.

    Raises ToolError if ``npx``, which comes with Node.js, is not installed or fails.
    """
    npx = shutil.which("npx")
    if npx is None:
        told = " ".join(typescript_command("openapi.json", "client.ts"))
        raise ToolError("npx is not installed", hint=f"install Node.js, or run elsewhere what this would do: {told}")
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "openapi.json"), Path(folder, "client.ts")
        source.write_text(render_document(document), encoding="utf-8")
        command = typescript_command(str(source), str(target), npx=npx)
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  fixed words
        if done.returncode != 0:
            said = " ".join((done.stderr or done.stdout).split())
            raise ToolError(f"openapi-typescript failed: {said}", hint="hint what it says")
        return target.read_text(encoding="utf-8")
