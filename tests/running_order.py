"""The order in which tests run: what takes long begins first, or the last worker would run it alone at the end."""

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

__all__ = ("LONG", "ROOT", "spread")

ROOT = Path(__file__).parents[1]
# The longest first. What is not named here takes milliseconds.
LONG = (
    "tests/deployment/test_new_projects.py",
    "tests/deployment",
    "tests/contract",
    "tests/jobs",
    "tests/browser",
    "tests/cli",
    "tests/tutorial",
    "tests/unit/test_docs.py",
    "app_template/tests",
    "tests/http/middleware",
    "tests/faults",
    "tests/channels",
    "tests/testing",
)


def spread(tests: Iterable[pytest.Item], workers: int) -> list[pytest.Item]:
    """Return the tests so that each worker, which gets one part of the list at first, begins with files that take long.

    The tests of a file stay together, because they share fixtures.
    """
    files = sorted((list(group) for _, group in itertools.groupby(tests, lambda test: test.path)), key=_place)
    parts: list[list[pytest.Item]] = [[] for _ in range(workers)]
    long = [file for file in files if _place(file) < len(LONG)]
    for number, file in enumerate(long):
        parts[number % workers].extend(file)
    for file in files[len(long) :]:
        min(parts, key=len).extend(file)
    return [test for part in parts for test in part]


def _place(file: Sequence[pytest.Item]) -> int:
    path = file[0].path.relative_to(ROOT)
    return next((at for at, place in enumerate(LONG) if path.is_relative_to(place)), len(LONG))
