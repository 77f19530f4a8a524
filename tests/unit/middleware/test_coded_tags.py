"""Tags of coded bodies: written, and known again."""

import pytest

from framework.middleware.coded_tags import coded_tag, held_tag, with_plain_tags

CODINGS = ("zstd", "br", "gzip")


@pytest.mark.parametrize(
    ("tag", "coded"),
    [('"v1"', '"v1-gzip"'), ('""', '"-gzip"'), ('W/"v1"', 'W/"v1"'), ("v1", "v1"), ('"v1', '"v1'), ('"a"b"', '"a"b"')],
)
def test_coded(tag: str, coded: str) -> None:
    """A strong tag gets a suffix; a weak or malformed one stays."""
    assert coded_tag(tag, "gzip") == coded


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ('"v1-gzip"', '"v1-gzip", "v1"'),
        ('"v1-gzip", "v1-br", "v2-zstd"', '"v1-gzip", "v1-br", "v2-zstd", "v1", "v2"'),
        ('W/"v1-gzip"', 'W/"v1-gzip", W/"v1"'),
        ('"v1-gzip-br"', '"v1-gzip-br", "v1-gzip"'),
        ('"v1", "v1-xz"', '"v1", "v1-xz"'),
        ("*", "*"),
        ("v1-gzip", "v1-gzip"),
    ],
)
def test_plain(tags: str, expected: str) -> None:
    """The tags for which coded ones stand are added, and none is taken out."""
    assert with_plain_tags(tags, CODINGS) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ('"v1"', '"v1"'),
        ('"v0-gzip"', '"v1"'),
        ('"v1-gzip", "v1-br"', '"v1-br"'),
        ('"v1", W/"v1-gzip"', '"v1-gzip"'),
        ("*", '"v1"'),
    ],
)
def test_held(tags: str, expected: str) -> None:
    """The first coding counts whose tag is listed."""
    assert held_tag('"v1"', tags, CODINGS) == expected
