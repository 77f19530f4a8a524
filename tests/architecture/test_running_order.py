"""The tests that take long begin first, on all workers."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.running_order import LONG, ROOT, spread


def made(**counts: int) -> list[Any]:
    """Return tests of files: of ``jobs``, which take long, and of others."""
    folder = {"jobs": "tests/jobs", "http": "tests/http"}
    return [
        SimpleNamespace(path=ROOT / folder[name.partition("_")[0]] / f"{name}.py", number=number)
        for name, count in counts.items()
        for number in range(count)
    ]


@pytest.mark.parametrize("place", LONG)
def test_what_is_named_exists(place: str) -> None:
    """A file that was renamed would run at the end."""
    assert (ROOT / place).exists()


def test_each_worker_begins_with_what_takes_long() -> None:
    """Workers get equal parts of the list; the tests of a file stay together, and none is lost."""
    tests = made(http_a=4, http_b=3, jobs_a=2, http_c=3, jobs_b=2)
    found: list[Any] = spread(tests, 2)

    assert [f"{one.path.stem} {one.number}" for one in found] == [
        *("jobs_a 0", "jobs_a 1", "http_a 0", "http_a 1", "http_a 2", "http_a 3"),
        *("jobs_b 0", "jobs_b 1", "http_b 0", "http_b 1", "http_b 2", "http_c 0", "http_c 1", "http_c 2"),
    ]


def test_one_process_runs_them_in_one_list() -> None:
    """Files that take equally long keep their order."""
    tests = made(http_a=1, jobs_b=1, jobs_a=1, http_c=1)

    assert [one.path.stem for one in spread(tests, 1)] == ["jobs_b", "jobs_a", "http_a", "http_c"]
