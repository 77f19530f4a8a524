"""Content in which no delimiter can begin passes the parser of forms by: what comes out is what the parser gives."""

import random
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from multipart import MultipartError, PushMultipartParser

from framework._serve.requests.multipart import Parts
from framework.http_errors import BadRequest
from framework.limits import DEFAULT_LIMITS, Limits

BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
DELIMITER = f"\r\n--{BOUNDARY}".encode()
# Of which contents are made: what is long passes by, what begins like a delimiter must not.
PIECES = (
    b"a" * 9000,
    b"b" * 5000,
    b"c" * 200,
    b"d",
    b"\r",
    b"\n",
    b"\r\n",
    b"\r\n--",
    DELIMITER[:-1],
    DELIMITER[1:],
    b"\r" + DELIMITER[:20],
)
Form = list[tuple[str, bytes]]


class Chunks:
    """What has arrived, chunk by chunk."""

    def __init__(self, chunks: list[bytes]) -> None:
        self._chunks = iter(chunks)

    async def next(self) -> bytes:
        """Return a chunk, nothing at the end."""
        return next(self._chunks, b"")


def content_of(chance: random.Random, pieces: int) -> bytes:
    """Make a content that a form with this boundary can have."""
    while DELIMITER in (content := b"".join(chance.choices(PIECES, k=pieces))):
        pass
    return content


def body_of(contents: list[bytes], lengths: list[int | None]) -> bytes:
    """Write a form, where told so with the length of a part."""
    lines = []
    for number, (content, length) in enumerate(zip(contents, lengths, strict=True)):
        head = f'Content-Disposition: form-data; name="part{number}"\r\n'
        head += "" if length is None else f"Content-Length: {length}\r\n"
        lines.append(f"--{BOUNDARY}\r\n{head}\r\n".encode() + content)
    return b"\r\n".join([*lines, f"--{BOUNDARY}--".encode()])


def cut(body: bytes, chance: random.Random) -> list[bytes]:
    """Cut a body into chunks, sometimes many, sometimes few, always none of them empty."""
    places = {chance.randrange(1, len(body)) for _ in range(chance.choice((0, 1, 3, 40)))}
    return [body[start:end] for start, end in pairwise((0, *sorted(places), len(body)))]


async def read_parts(chunks: list[bytes]) -> Form | str:
    """Read a form as a handler does; return its parts, or what is wrong with it."""
    # An Arrival needs a request, a connection and a client; all that is asked of it is next().
    arrival: Any = Chunks(chunks)
    parts = Parts(arrival, f"multipart/form-data; boundary={BOUNDARY}", Limits(field=1_000_000).within(DEFAULT_LIMITS))
    form: Form = []
    try:
        while (part := await parts.next()) is not None:
            form.append((part.name, await part.read()))
    except BadRequest as error:
        return str(error.__cause__)
    return form


def parsed(chunks: list[bytes]) -> Form | str:
    """Do the same by the parser alone."""
    parser = PushMultipartParser(BOUNDARY)
    try:
        form = list(_parse(parser, chunks))
        parser.close()
    except MultipartError as error:
        return str(error)
    return form


def _parse(parser: PushMultipartParser, chunks: list[bytes]) -> Iterator[tuple[str, bytes]]:
    name, content = "", b""
    for chunk in chunks:
        for event in parser.parse(chunk):
            if event is None:
                yield name, content
            elif isinstance(event, bytes | bytearray):
                content += event
            else:
                name, content = event.name or "", b""


@pytest.mark.parametrize("seed", range(40))
async def test_all_parts_are_what_was_sent(seed: int) -> None:
    """Wherever a form is cut, and whatever looks like a delimiter in it."""
    chance = random.Random(seed)  # noqa: S311  no secrets
    for _ in range(10):
        contents = [content_of(chance, chance.randrange(6)) for _ in range(chance.randrange(1, 4))]
        lengths = [chance.choice((None, len(content))) for content in contents]
        form = await read_parts(cut(body_of(contents, lengths), chance))
        assert form == [(f"part{number}", content) for number, content in enumerate(contents)]


@pytest.mark.parametrize("seed", range(20))
async def test_what_is_wrong_is_told_as_by_the_parser(seed: int) -> None:
    """Lengths that are not true, forms that are broken off, bytes behind a delimiter."""
    chance = random.Random(seed)  # noqa: S311  no secrets
    for _ in range(10):
        content = content_of(chance, 6)
        body = body_of([content, b"e" * 20_000], [len(content) + chance.choice((-1, 0, 1)), chance.choice((None, 5))])
        place = chance.randrange(100, len(body))
        body = chance.choice((body, body[:place], body[:place] + DELIMITER + b"!" + body[place:]))
        chunks = cut(body, chance)
        assert await read_parts(chunks) == parsed(chunks)
