"""Lists words that the project does not use, with their place and what is written instead.

``python -m tests.words`` prints one line for each and exits with 1 if there is any.
"""

import re
import subprocess
import sys
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from io import StringIO
from itertools import repeat
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
# Only in sentences: code, and what a program prints, have names and messages of their own.
_SENTENCES = {
    r"[Aa]nswer(s|ed|ing)?": "response, respond, handle",
    r"[Tt]ell(s|ing)?": "report, raise, log",
    r"[Ss]ays\b(?! hello)": "report, state, contain",
    r"(say|says|said) otherwise": "unless another value is set",
    r"[Ss]omebody|[Ww]hoever|[Ss]omeone": "name the person or the client: user, client, caller",
    r"[Ss]tands?\b(?! for)": "is, is in",
    r"(?<!name )(is|are|was|were) taken\b(?! from)": "is required, is accepted, is used",
    r"[Aa]sk(s|ed|ing)? for": "require, take, request",
    r"(does|do) not count": "is ignored",
    r"wants?": "requirement, install",
    r"but for": "except",
    r"(?<=, )since\b(?! \d)": "because",
    r"are no\b(?! longer| such)": "are not",
    r"[Aa] text\b(?! (file|frame|editor|message))": "a string",
    r"short way": "fast path",
    r"amid": "in the middle of",
    r"by chance": "random",
    r"as [\w ]+ has it": "as RFC 9110 defines",
    r"stops? to": "stops listening, not stops to listen",
}
# Only in docstrings and comments of the framework.
_SOURCES = {
    r"[Ff]aults?": "error, validation error",
    r"[Tt]ell whether": "Return whether",
    r"[Nn]obody": "name the person or the client: user, client, caller",
    r"has gone": "has disconnected",
}
# The glossary names the words that it replaces.
_NOT_YET = ("docs/design/glossary.md",)
_OWN = ("tests/words.py", "tests/architecture/test_words.py")
# Not the field's word, and yet the right one there.
_RIGHT = re.compile(r"[Tt]here (is|are) no |(is|are) told apart|[Tt]ells? (\S+ )?apart|`mistakes?\(\w*\)`")
_FENCE = re.compile(r"```(\w*)")
_LITERAL = re.compile(r'``[^`]*``|# noqa: [A-Z0-9, ]+|(?<!")"[^"]+"(?!")')
_CODE = re.compile(r"`[^`]*`|\]\([^)]*\)")
_WORDS = re.compile(r'(?:"""|# ).*')


def found_in(file: str, text: str) -> Iterator[str]:
    """Yield a line for each word of a file that is written otherwise."""
    is_page = file.endswith(".md") and not file.startswith(_NOT_YET)
    has_sentences = is_page and file.startswith(("docs/", "framework/"))
    words = _EVERYWHERE | (_PAGES if is_page else {})
    lines = text.splitlines()
    sentences: Iterable[str] = _sentences(lines) if has_sentences else repeat("")
    if file.startswith("framework/") and file.endswith(".py"):
        sentences, of_sentences = _notes(text), _PAGES | _SENTENCES | _SOURCES
    else:
        of_sentences = _SENTENCES
    for number, (line, sentence) in enumerate(zip(lines, sentences, strict=False), start=1):
        for instead in (*_banned(line, words), *_banned(sentence, of_sentences)):
            yield f"{file}:{number}: {line.strip()[:80]!r}: write {instead!r}"


def _banned(line: str, words: Mapping[str, str]) -> Iterator[str]:
    """Yield what is written in the place of each banned word of a line."""
    plain = _RIGHT.sub("", line)
    return (instead for word, instead in words.items() if re.search(rf"\b(?:{word})\b", plain))


def _sentences(page: Iterable[str]) -> Iterator[str]:
    """Yield each line of a page without its code; of a program, only comments and the first line of each docstring."""
    language: str | None = None
    for line in page:
        fence = _FENCE.match(line)
        if fence is not None:
            language = fence[1] if language is None else None
            yield ""
        elif language is None:
            yield _CODE.sub("", line)
        else:
            yield " ".join(_WORDS.findall(line)) if language == "python" else ""


def _notes(source: str) -> list[str]:
    """Return each line of a source without anything but its docstrings and comments, and without code in them."""
    notes = [""] * (source.count("\n") + 1)
    for token in tokenize.generate_tokens(StringIO(source).readline):
        is_docstring = token.type == tokenize.STRING and token.line.lstrip().startswith(('"""', 'r"""'))
        if token.type == tokenize.COMMENT or is_docstring:
            for number, line in enumerate(token.string.split("\n"), start=token.start[0] - 1):
                notes[number] += _CODE.sub("", _LITERAL.sub("", line))
    return notes


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
