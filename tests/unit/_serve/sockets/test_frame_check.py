"""The check in front of aiohttp's reader of frames: what is valid passes unchanged, however it is cut."""

import struct
from collections.abc import Sequence
from typing import Any

from aiohttp import WebSocketError, WSCloseCode
from aiohttp._websocket.reader_py import WebSocketReader
from hypothesis import given
from hypothesis import strategies as st

from framework._serve.sockets.frames import FrameCheck
from tests.http.frames import client_frame


class Queue:
    """Collects what a reader reads."""

    _size, _limit, _stalled_reader = 0, 2**62, None

    def __init__(self) -> None:
        self.read: list[Any] = []
        self.raised: list[BaseException] = []

    def feed_data(self, message: Any, size: int) -> None:
        """Take a message."""
        del size
        self.read.append(message)

    def set_exception(self, error: BaseException, *_: Any) -> None:
        """Take the error that ends the reading."""
        self.raised.append(error)


class Reader:
    """Keeps the bytes that it is fed with."""

    def __init__(self) -> None:
        self.fed = b""

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Take bytes."""
        self.fed += data
        return False, b""

    def feed_eof(self) -> None:
        """Do nothing."""


SIZES = st.sampled_from([0, 1, 2, 5, 124, 125, 126, 127, 200, 65_535, 65_536])
VALID = st.builds(
    lambda size, opcode, fin: client_frame(b"x" * size, opcode, fin=fin),
    SIZES,
    st.sampled_from([0, 1, 2]),
    st.booleans(),
) | st.builds(lambda size, opcode: client_frame(b"x" * size, opcode), st.integers(0, 125), st.sampled_from([8, 9, 10]))
INVALID = st.sampled_from(
    [
        b"\x81\x00",
        b"\x89\x02hi",
        b"\x81\x7e\x01\x00",
        struct.pack("!BBH", 0x82, 0xFE, 125),
        struct.pack("!BBQ", 0x82, 0xFF, 65_535),
        struct.pack("!BBQ", 0x82, 0xFF, 1 << 63),
    ]
)
CUTS = st.lists(st.integers(1, 300), min_size=1, max_size=50)


def feed(data: bytes, cuts: Sequence[int]) -> tuple[bytes, bool]:
    """Return what passes the check when data comes in pieces of these sizes, and whether it is refused."""
    reader = Reader()
    check = FrameCheck(reader)
    at = number = 0
    ended = False
    while at < len(data):
        size = cuts[number % len(cuts)] * (1 if number < 200 else 1000)
        refused, _ = check.feed_data(data[at : at + size])
        ended = ended or refused
        at, number = at + size, number + 1
    return reader.fed, ended


@given(frames=st.lists(VALID, max_size=6), cuts=CUTS)
def test_valid_frames_pass_unchanged(frames: list[bytes], cuts: list[int]) -> None:
    """The reader gets the same bytes, whatever the segments are."""
    data = b"".join(frames)
    assert feed(data, cuts) == (data, False)


@given(before=st.lists(VALID, max_size=4), frame=INVALID, cuts=CUTS)
def test_a_forbidden_frame_is_replaced(before: list[bytes], frame: bytes, cuts: list[int]) -> None:
    """What comes before it passes, then only headers that the reader refuses."""
    data = b"".join(before)
    passed, ended = feed(data + frame + client_frame(b"never"), cuts)
    assert passed.startswith(data)
    assert ended
    assert set(passed[len(data) :: 2]) == {0x70}


def test_the_reader_refuses_the_replacement() -> None:
    """Of such a header aiohttp's reader makes the error of the protocol that closes with 1002."""
    queue: Any = Queue()
    reader: Any = WebSocketReader(queue, 1000, compress=True, decode_text=False)
    FrameCheck(reader).feed_data(client_frame(b"first") + b"\x81\x02hi")
    assert [one.data for one in queue.read] == [b"first"]
    (error,) = queue.raised
    assert isinstance(error, WebSocketError)
    assert error.code == WSCloseCode.PROTOCOL_ERROR
