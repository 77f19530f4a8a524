"""Builds the source of a function line by line, and compiles it to the function."""

import functools
import itertools
import linecache
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import CodeType
from typing import Any

__all__ = ("Source",)

_numbers = itertools.count(1)


class _Block:
    """A context manager that ends a block."""

    def __init__(self, source: "Source") -> None:
        self._source = source

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self._source.dedent()


class Source:
    """Lines of Python with their indentation, and the names that they use."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._depth = 0
        self.namespace: dict[str, Any] = {}
        self.outputs: list[Any] = []
        """The function that checks the values that are sent."""

    def line(self, text: str) -> None:
        """Add a line at the current indentation."""
        self._lines.append("    " * self._depth + text)

    def once(self, text: str) -> None:
        """Add a line unless the source already has it and it has run: what it assigns does not change."""
        if "    " * self._depth + text not in self._lines:
            self.line(text)

    def lines(self, texts: Iterable[str]) -> None:
        """Add several lines."""
        for text in texts:
            self.line(text)

    def block(self, text: str) -> "_Block":
        """Add a line that opens a block, and indent what is added inside the ``with``."""
        self.line(text)
        self._depth += 1
        return _Block(self)

    def dedent(self) -> None:
        """End the innermost block."""
        self._depth -= 1

    def open(self, text: str) -> None:
        """Add a line that opens a block, which ends where the ``restoring`` around it ends."""
        self.line(text)
        self._depth += 1

    @contextmanager
    def restoring(self) -> Iterator[None]:
        """End all blocks that are opened inside the ``with``."""
        depth = self._depth
        yield
        self._depth = depth

    def use(self, **names: Any) -> None:
        """Add values to the namespace of the source under their names."""
        self.namespace.update(names)

    @property
    def text(self) -> str:
        """The source so far."""
        return "\n".join(self._lines) + "\n"

    def run(self, **names: Any) -> dict[str, Any]:
        """Run the definitions with further names, and return the namespace of this run."""
        namespace = {**self.namespace, **names}
        exec(_code(self.text), namespace)  # noqa: S102  the only exec: source made from plans only
        return namespace


# PERF: routes of one shape share their code, which halves the time and the memory that emitting takes.
@functools.lru_cache(maxsize=4096)
def _code(text: str) -> CodeType:
    """Compile a source; register its lines for tracebacks."""
    filename = f"<framework {next(_numbers)}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    return compile(text, filename, "exec")
