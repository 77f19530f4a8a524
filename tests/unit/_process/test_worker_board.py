"""Workers of one master know of each other, and decide from that when they stop."""

import os
import subprocess
import sys
import warnings

from framework._process.board import Board, State
from framework._process.handover import Handover, may_recycle

_SUCCESSOR = 5


def board_with(*states: State) -> Board:
    """Return a board of workers with the ages 1, 2 and so on, all of them the process of the test."""
    board = Board()
    for age, state in enumerate(states, start=1):
        board.add(age)
        board.set(age, state)
    return board


def write_as_child(board: Board, age: int, state: State) -> int:
    """Let another process write its entry; return its number, which is not used any more."""
    with warnings.catch_warnings():
        # Of newer Pythons, about other threads of the process: the child uses none of their locks.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        board.set(age, state)
        os._exit(0)
    os.waitpid(child, 0)
    return child


def test_processes_share_it() -> None:
    """What a forked process writes is read by the others; its end is noticed."""
    board = board_with(State.READY)
    board.add(_SUCCESSOR)
    entry = board.entry(_SUCCESSOR)
    assert entry is not None
    assert (entry.state, entry.process, entry.is_alive) == (State.STARTING, 0, True)

    child = write_as_child(board, _SUCCESSOR, State.FAILED)

    entry = board.entry(_SUCCESSOR)
    assert entry is not None
    assert (entry.state, entry.process, entry.is_alive) == (State.FAILED, child, False)


def test_it_keeps_the_last_workers() -> None:
    """Old entries are replaced."""
    board = Board()
    for age in range(1, 2000):
        board.add(age)
    ages = sorted(one.age for one in board.entries())
    assert (len(ages), ages[0], ages[-1]) == (1024, 976, 1999)
    assert board.entry(1) is None


def test_failures_are_counted_until_a_worker_serves() -> None:
    """The number is that of failures in a row."""
    board = board_with(State.STARTING)
    before = board.was_ready
    assert [board.fail(1), board.fail(2)] == [1, 2]
    board.set(3, State.READY)
    assert (before, board.was_ready) == (False, True)
    assert board.fail(4) == 1


def test_without_successors_it_stops_at_once() -> None:
    """SIGTERM to a worker alone, or to all."""
    handover = Handover(board_with(State.READY, State.READY), 1)
    assert (handover.is_decided, handover.has_failed) == (True, False)


def test_it_waits_for_successors_and_stops_when_they_serve() -> None:
    """A reload: the new workers are starting."""
    board = board_with(State.READY, State.STARTING, State.STARTING)
    handover = Handover(board, 1)
    assert not handover.is_decided
    board.set(2, State.READY)
    assert not handover.is_decided
    board.set(3, State.READY)
    assert (handover.is_decided, handover.has_failed) == (True, False)


def test_it_goes_on_if_all_successors_have_failed() -> None:
    """A failed worker counts while its process waits; when it has ended, the old worker goes on."""
    board = board_with(State.READY, State.STARTING)
    handover = Handover(board, 1)
    board.fail(2)
    assert not handover.is_decided
    write_as_child(board, 2, State.FAILED)
    assert (handover.is_decided, handover.has_failed) == (True, True)
    # The next SIGTERM has no successors, so it is meant.
    later = Handover(board, 1)
    assert (later.is_decided, later.has_failed) == (True, False)


def test_it_stops_with_successors_that_are_stopped() -> None:
    """The master stops during a reload."""
    board = board_with(State.READY, State.FAILED)
    handover = Handover(board, 1)
    board.set(2, State.STOPPING)
    assert (handover.is_decided, handover.has_failed) == (True, False)


def test_a_worker_leaves_by_itself_if_all_others_serve() -> None:
    """Not while another one starts, stops, or cannot start."""
    board = board_with(State.READY, State.READY)
    assert may_recycle(board, 1)
    for state in (State.STARTING, State.FAILED, State.STOPPING):
        board.set(2, state)
        assert not may_recycle(board, 1)
    write_as_child(board, 2, State.STOPPING)
    assert may_recycle(board, 1)


def test_a_process_of_another_user_is_alive() -> None:
    """Signals to it are not permitted, which shows that it exists."""
    program = (
        "import os\nfrom framework._process.board import Entry, State\n"
        "os.setuid(65534)\nprint(Entry(1, int(os.environ['OTHER']), State.READY).is_alive)"
    )
    if os.geteuid():
        program = program.replace("os.setuid(65534)\n", "")
    # Another user cannot write the data of coverage.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    environment = {**kept, "OTHER": "1" if os.geteuid() else str(os.getpid())}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)  # noqa: S603  ours
    assert (done.stdout, done.stderr) == ("True\n", "")
