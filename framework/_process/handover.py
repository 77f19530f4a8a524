"""When a worker that has received SIGTERM may stop: its successors serve, or there are none."""

from framework._process.board import Board, Entry, State

__all__ = ("Handover", "may_recycle")


class Handover:
    """The successors that were starting when a worker received SIGTERM."""

    def __init__(self, board: Board, age: int) -> None:
        self._board = board
        self._ages = [one.age for one in board.entries() if one.age > age and _is_coming(one)]

    @property
    def is_decided(self) -> bool:
        """Whether no successor is starting, or waits after a failed start."""
        return not any(map(_is_coming, self._found()))

    @property
    def has_failed(self) -> bool:
        """Whether none of the successors serves: the worker must go on. Without successors, it must stop."""
        found = self._found()
        left = any(one.state in {State.READY, State.STOPPING} for one in found)
        return bool(self._ages) and not left

    def _found(self) -> list[Entry]:
        return [found for age in self._ages if (found := self._board.entry(age)) is not None]


def may_recycle(board: Board, age: int) -> bool:
    """Return whether a worker may leave by itself: all others serve."""
    return not any(one.age != age and (one.state is not State.READY) and one.is_alive for one in board.entries())


def _is_coming(entry: Entry) -> bool:
    return entry.state in {State.STARTING, State.FAILED} and entry.is_alive
