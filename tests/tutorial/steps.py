"""The steps of the tutorial: their pages and their projects."""

import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ("STEPS", "Step")

_TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial"


@dataclass(frozen=True)
class Step:
    """A step: a page, a project, and the project before it."""

    page: Path
    project: Path
    before: Path | None

    @property
    def name(self) -> str:
        """The name of its page."""
        return self.page.stem

    def files(self) -> dict[str, str]:
        """Return the files of the project that have a text, by their paths."""
        return _files(self.project)

    def added_lines(self) -> dict[str, list[str]]:
        """Return the lines of each file that the project before does not have in that file."""
        before = {} if self.before is None else _files(self.before)
        lines = {file: text.splitlines() for file, text in self.files().items()}
        known = {file: before.get(file, "").splitlines() for file in lines}
        added = {file: [line for line in lines[file] if line.strip() and line not in known[file]] for file in lines}
        return {file: rest for file, rest in added.items() if rest}


def _files(project: Path) -> dict[str, str]:
    files = (file for file in project.rglob("*") if file.is_file() and not _is_made(file))
    texts = {file.relative_to(project).as_posix(): file.read_text(encoding="utf-8") for file in sorted(files)}
    return {file: text for file, text in texts.items() if text}


def _is_made(file: Path) -> bool:
    """Return whether a run of the project has made a file."""
    return ".db" in file.suffixes or any(part == "__pycache__" or part.endswith("_cache") for part in file.parts)


def _steps() -> list[Step]:
    pages = sorted(_TUTORIAL.glob("*.md"))
    projects = [_TUTORIAL / "steps" / f"step_{re.sub('-.*', '', page.stem)}_{_title(page)}" for page in pages]
    return [Step(*triple) for triple in zip(pages, projects, [None, *projects], strict=False)]


def _title(page: Path) -> str:
    return page.stem.partition("-")[2].replace("-", "_")


STEPS = _steps()
