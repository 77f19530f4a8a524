"""The table of paths: one dictionary look-up for static paths, a tree with backtracking for the others.

The cost of a look-up grows with the number of segments in the path, never with the number of routes.
"""

from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar
from urllib.parse import unquote_to_bytes

from framework._serve.routing.template import PathTemplate

__all__ = ("PathTable", "UndecodablePathError")

_E = TypeVar("_E")


class UndecodablePathError(ValueError):
    """A path that is not UTF-8 or contains a NUL."""


class _Node(Generic[_E]):
    __slots__ = ("affixed", "entry", "literals", "placeholder", "rest")

    def __init__(self) -> None:
        self.literals: dict[str, _Node[_E]] = {}
        self.affixed: list[tuple[str, str, _Node[_E]]] = []
        self.placeholder: _Node[_E] | None = None
        self.rest: _E | None = None
        self.entry: _E | None = None


class PathTable(Generic[_E]):
    """Finds the entry of a path; an entry is any object that the caller keeps for one template shape."""

    def __init__(self) -> None:
        self.static: dict[str, _E] = {}
        """The entries of the paths without placeholders."""
        self._root: _Node[_E] = _Node()

    def add(self, template: PathTemplate, entry: _E) -> None:
        """Add a template; the caller makes templates of one shape share an entry."""
        if not template.placeholders:
            self.static[template.text] = entry
        node = self._root
        for segment in template.segments:
            if segment.rest:
                node.rest = entry
                return
            if segment.name is None:
                node = node.literals.setdefault(segment.before, _Node())
            elif segment.before or segment.after:
                node = _affixed_child(node, segment.before, segment.after)
            else:
                node.placeholder = node.placeholder or _Node()
                node = node.placeholder
        node.entry = entry

    def last_placeholders(self) -> dict[str, _E]:
        """Return the entries of paths in which only the last segment is a placeholder, by the part before its slash.

        ``/items/{item_id}`` is under ``/items``, and matches each path below it that is not a static path.
        """
        return dict(_last_placeholders(self._root, ""))

    def find(self, path: str) -> tuple[_E, Sequence[str]] | None:
        """Return the entry of a raw (percent-encoded) path and the decoded strings of its placeholders.

        Raises UndecodablePathError.
        """
        entry = self.static.get(path)
        if entry is not None:
            return entry, ()
        if "%" in path or not path.isascii():
            return self._search([_decoded(one) for one in path[1:].split("/")]) if path[:1] == "/" else None
        return self.find_plain(path)

    def find_plain(self, path: str) -> tuple[_E, Sequence[str]] | None:
        """Return the same for a path that is ASCII, without escapes, and not among the static ones."""
        if path[:1] != "/":
            return None  # The ``*`` of OPTIONS, or the bare prefix of a sub-application.
        node = self._root
        captures: list[str] = []
        segments = path[1:].split("/")
        # PERF: most paths are found without backtracking, in one loop.
        for segment in segments:
            child = node.literals.get(segment)
            if child is None:
                child = node.placeholder
                if child is None or node.affixed or not segment:
                    return self._search(segments)
                captures.append(segment)
            node = child
        return self._search(segments) if node.entry is None else (node.entry, captures)

    def _search(self, segments: Sequence[str]) -> tuple[_E, Sequence[str]] | None:
        captures: list[str] = []
        found = _walk(self._root, segments, 0, captures)
        return None if found is None else (found, captures)


def _last_placeholders(node: _Node[_E], path: str) -> Iterator[tuple[str, _E]]:
    # Segments with a prefix or suffix would have to be tried first.
    if node.placeholder is not None and node.placeholder.entry is not None and not node.affixed:
        yield path, node.placeholder.entry
    for literal, child in node.literals.items():
        yield from _last_placeholders(child, f"{path}/{literal}")


def _affixed_child(node: _Node[_E], before: str, after: str) -> _Node[_E]:
    for known_before, known_after, child in node.affixed:
        if (known_before, known_after) == (before, after):
            return child
    child = _Node[_E]()
    node.affixed.append((before, after, child))
    # The most specific first, whatever the order of registration.
    node.affixed.sort(key=lambda one: (-len(one[0]) - len(one[1]), one[0], one[1]))
    return child


def _walk(node: _Node[_E], segments: Sequence[str], index: int, captures: list[str]) -> _E | None:
    if index == len(segments):
        return node.entry
    segment = segments[index]
    child = node.literals.get(segment)
    if child is not None:
        found = _walk(child, segments, index + 1, captures)
        if found is not None:
            return found
    for before, after, child in node.affixed:
        if len(segment) > len(before) + len(after) and segment.startswith(before) and segment.endswith(after):
            found = _captured(child, segment[len(before) : len(segment) - len(after)], segments, index, captures)
            if found is not None:
                return found
    if node.placeholder is not None and segment:
        found = _captured(node.placeholder, segment, segments, index, captures)
        if found is not None:
            return found
    if node.rest is not None:
        captures.append("/".join(segments[index:]))
    return node.rest


def _captured(child: _Node[_E], text: str, segments: Sequence[str], index: int, captures: list[str]) -> _E | None:
    captures.append(text)
    found = _walk(child, segments, index + 1, captures)
    if found is None:
        captures.pop()
    return found


def _decoded(segment: str) -> str:
    try:
        text = unquote_to_bytes(segment).decode()
    except UnicodeError as error:
        raise UndecodablePathError(segment) from error
    if "\0" in text:
        raise UndecodablePathError(segment)
    return text
