"""Changes to JSON documents, at random places but the same for the same seed."""

import json
import random
from collections.abc import Iterator
from typing import Any, TypeAlias

from tests.faults.bodies import SAMPLES

__all__ = (
    "KEYS",
    "STRANGE",
    "Path",
    "copied",
    "is_in",
    "mutated",
    "own_changes",
    "path_pointer",
    "replaced",
    "some_path",
)

Path: TypeAlias = tuple[str | int, ...]

STRANGE: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 3, 5, 1.0, 1.5, -0.0, 1e300, 2**63, 2**64, 2**70, 10**400, "", "a", "x", "red", "null",
    "nan", "1", "1.5", "12345", "YQ==", "card", "line", "2020-01-02", "2020-01-02T03:04:05", "03:04:05", "PT1S",
    "2020-01-02T03:04:05+01:00", "12345678-1234-5678-1234-567812345678", "\x00", "é" * 12, [], {}, [1], [[1]], {"a": 1},
    {"type": 1, "a": 1}, {"kind": "card", "number": "1234"}, {"low": 2, "high": 1}, {"low": 1, "high": 2}, ["line"],
    [1, 2], [1, "a"],
)  # fmt: skip
KEYS = ("a", "x", "kind", "type", "1", "2.0", "", "a/b~c", "low", "name", "red", "k" * 300, "2020-01-02")


def copied(document: Any) -> Any:
    """Return another document with the same content."""
    return json.loads(json.dumps(document))


def some_path(rng: random.Random, document: Any) -> Path:
    """Choose a node by going down at random, so that deep and wide places are met alike."""
    path: Path = ()
    while isinstance(document, (dict, list)) and document and rng.random() < 0.8:
        key = rng.choice(list(document)) if isinstance(document, dict) else rng.randrange(len(document))
        path, document = (*path, key), document[key]
    return path


def get(document: Any, path: Path) -> Any:
    for key in path:
        document = document[key]
    return document


def replaced(document: Any, path: Path, value: Any) -> Any:
    """Put another value at a place of a document, and return the document."""
    if not path:
        return value
    get(document, path[:-1])[path[-1]] = value
    return document


def _mutate_object(rng: random.Random, node: dict[str, Any]) -> None:
    action = rng.randrange(4)
    if action == 0 or not node:
        node[rng.choice(KEYS)] = copied(rng.choice(STRANGE))
    elif action == 1:
        del node[rng.choice(list(node))]
    else:
        key = rng.choice(list(node))
        node[rng.choice(KEYS)] = node.pop(key)


def _mutate_array(rng: random.Random, node: list[Any]) -> None:
    action = rng.randrange(4)
    if action == 0 or not node:
        node.append(copied(rng.choice(STRANGE)))
    elif action == 1:
        del node[rng.randrange(len(node))]
    elif action == 2:
        node.append(copied(rng.choice(node)))
    else:
        rng.shuffle(node)


def mutate(rng: random.Random, document: Any) -> Any:
    """Change one thing at one place of a document: a value, a key, an item, its nesting."""
    path = some_path(rng, document)
    node = get(document, path)
    action = rng.randrange(6)
    if action == 0 and isinstance(node, dict):
        _mutate_object(rng, node)
    elif action == 1 and isinstance(node, list):
        _mutate_array(rng, node)
    elif action == 2:
        return replaced(document, path, copied(get(document, some_path(rng, document))))
    elif action == 3:
        return replaced(document, path, [node])
    else:
        return replaced(document, path, copied(rng.choice(STRANGE)))
    return document


def mutated(seed: int, count: int) -> Iterator[tuple[Any, Any]]:
    """Yield types with bodies that were valid before one to four mutations."""
    rng = random.Random(seed)  # noqa: S311  nothing is secret here
    for _ in range(count):
        hint, valid = rng.choice(SAMPLES)
        body = copied(valid)
        for _ in range(rng.choice((1, 1, 1, 2, 3, 4))):
            body = mutate(rng, body)
        yield hint, body


def _steps(pointer: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def is_in(document: Any, pointer: str) -> bool:
    """Tell whether a pointer leads to something in a document; a step of 100 characters may be a longer key."""
    for step in _steps(pointer):
        if isinstance(document, list) and step.isdecimal() and int(step) < len(document):
            document = document[int(step)]
        elif isinstance(document, dict) and (keys := [key for key in document if key[:100] == step]):
            document = document[keys[0]]
        else:
            return False
    return True


def path_pointer(path: Path) -> str:
    """Return the JSON pointer of a path."""
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in path)


def own_changes(rng: random.Random, valid: Any, count: int) -> dict[Path, Any]:
    """Choose changes at places apart from each other, none of which decides how another place is read."""
    changes: dict[Path, Any] = {}
    for _ in range(count):
        path = some_path(rng, valid)
        is_tag = path[-1:] in (("kind",), ("type",)) or get(valid, path) in ("circle", "line")
        if not is_tag and not any(path[: len(other)] == other[: len(path)] for other in changes):
            changes[path] = rng.choice(STRANGE)
    return changes
