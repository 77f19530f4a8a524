"""Lists words that the project does not use, with their place and what is written instead.

``python -m tests.words`` prints one line for each and exits with 1 if there is any.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = ("found_in", "main")

_EVERYWHERE = {
    r"[Mm]end(s|ed|ing)?": "hint",
    r"faults? in the (request|message)": "error",
    r"Fault": "FieldError",
}
_PAGES = {
    r"[Mm]istakes?": "error",
    r"(is|are|was|were) told": "is reported, is logged, is raised",
    r"crash(es|ed)?": "unhandled exception",
    r"is no\b(?! longer| such)": "is not a",
}
# Design notes keep their words until they are rewritten; the glossary names the words that it replaces.
_NOT_YET = ("docs/design/",)
_OWN = ("tests/words.py", "tests/architecture/test_words.py")
# Not the field's word, and yet the right one there.
_RIGHT = re.compile(r"There is no |there is no |are told apart|is told apart")


def found_in(file: str, text: str) -> Iterator[str]:
    """Yield a line for each word of a file that is written otherwise."""
    banned = _EVERYWHERE | (_PAGES if file.endswith(".md") and not file.startswith(_NOT_YET) else {})
    for number, line in enumerate(text.splitlines(), start=1):
        plain = _RIGHT.sub("", line)
        for word, instead in banned.items():
            if re.search(rf"\b(?:{word})\b", plain):
                yield f"{file}:{number}: {line.strip()[:80]!r}: write {instead!r}"


def main() -> int:
    """Print what was found in all files of the project; return how many lines it was."""
    command = ("git", "ls-files", "*.py", "*.pyi", "*.md")
    listed = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  fixed words
    files = [name for name in listed.stdout.splitlines() if name not in _OWN and Path(name).exists()]
    lines = [line for name in files for line in found_in(name, Path(name).read_text(encoding="utf-8"))]
    for line in lines:
        sys.stdout.write(f"{line}\n")
    return len(lines)


if __name__ == "__main__":
    sys.exit(main() > 0)
