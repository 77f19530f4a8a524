"""The code that is emitted for typical routes is the code that was looked at."""

import linecache

import pytest

from tests.emitted.routes import ROUTES, explain, snapshot


@pytest.mark.parametrize("name", ROUTES)
def test_the_emitted_code_is_the_kept_one(name: str) -> None:
    """Stages and source of a route, whole; ``python -m tests.emitted.routes`` writes them again."""
    assert explain(name) == snapshot(name).read_text()


@pytest.mark.parametrize("name", ROUTES)
def test_tracebacks_can_show_it(name: str) -> None:
    """The lines stand in linecache, under the name that the frames have."""
    source = explain(name).partition("\n\n")[2].partition("\n\n")[2]
    known = ["".join(lines) for _, _, lines, filename in linecache_entries() if filename.startswith("<framework ")]
    assert source in known


def linecache_entries() -> list[tuple[int, float | None, list[str], str]]:
    """Return what linecache holds as a whole."""
    return [entry for entry in linecache.cache.values() if len(entry) == 4]


def test_no_snapshot_is_left_over() -> None:
    """Each file of a snapshot belongs to a route."""
    kept = {path.stem for path in snapshot("any").parent.glob("*.txt")}
    assert kept == set(ROUTES)
