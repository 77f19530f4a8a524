"""Settings of the worker are read from environment variables; wrong ones are errors with a hint."""

import pytest

from framework._process.settings import WorkerSettings, WrongSettingsError, read_worker_settings
from framework._process.times import StopTimes


def read(**variables: str) -> WorkerSettings:
    """Read settings beside gunicorn's defaults."""
    return read_worker_settings({"PATH": "/bin", **variables}, graceful=30, timeout=30)


def test_the_defaults() -> None:
    """Without variables."""
    assert read() == WorkerSettings(announce=1.0, start_timeout=60.0, retry=10.0, stall=0.25)


def test_all_can_be_set() -> None:
    """Each is a number of seconds."""
    assert read(
        FRAMEWORK_WORKER_ANNOUNCE="2.5",
        FRAMEWORK_WORKER_START_TIMEOUT="5",
        FRAMEWORK_WORKER_RETRY="1",
        FRAMEWORK_WORKER_STALL="0",
    ) == WorkerSettings(announce=2.5, start_timeout=5, retry=1, stall=0)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "ANOUNCE",
            "1",
            "FRAMEWORK_WORKER_ANOUNCE is not a setting of the worker.\n"
            "  Hint: write FRAMEWORK_WORKER_ANNOUNCE instead.",
        ),
        (
            "PORT",
            "1",
            "FRAMEWORK_WORKER_PORT is not a setting of the worker.\n"
            "  Hint: use one of FRAMEWORK_WORKER_ANNOUNCE, FRAMEWORK_WORKER_START_TIMEOUT, FRAMEWORK_WORKER_RETRY, "
            "FRAMEWORK_WORKER_STALL.",
        ),
        *(
            (
                "RETRY",
                value,
                f"FRAMEWORK_WORKER_RETRY={value!r} is not a number of seconds.\n"
                "  Hint: write a number of 0 or more, as in 2.5.",
            )
            for value in ("soon", "-1", "nan", "inf", "")
        ),
        (
            "ANNOUNCE",
            "16",
            "FRAMEWORK_WORKER_ANNOUNCE=16 is more than half of the graceful timeout of 30 seconds.\n"
            "  Hint: shorten it, or set the graceful timeout to at least twice of it.",
        ),
        (
            "START_TIMEOUT",
            "0",
            "FRAMEWORK_WORKER_START_TIMEOUT=0 leaves no time for the start.\n  Hint: leave it out, for 60 seconds.",
        ),
        (
            "STALL",
            "30",
            "FRAMEWORK_WORKER_STALL=30 is not shorter than the timeout of 30 seconds, after which a blocked "
            "worker is killed.\n  Hint: shorten it, or disable the log with 0.",
        ),
    ],
)
def test_wrong_ones_are_errors(name: str, value: str, message: str) -> None:
    """With the variable, what is wrong and a hint."""
    with pytest.raises(WrongSettingsError) as caught:
        read(**{f"FRAMEWORK_WORKER_{name}": value})
    assert str(caught.value) == message


def test_all_wrong_ones_are_reported_together() -> None:
    """One after the other."""
    with pytest.raises(WrongSettingsError) as caught:
        read(FRAMEWORK_WORKER_RETRY="soon", FRAMEWORK_WORKER_STALL="late")
    assert str(caught.value).count("Hint: ") == 2


@pytest.mark.parametrize("graceful", [1.0, 4.0, 30.0, 300.0])
def test_the_parts_of_a_stop_fit_into_the_graceful_time(graceful: float) -> None:
    """In their order; requests have at least 0.6 of it, and the end of the process the last part."""
    times = StopTimes.within(graceful, announce=1.0)
    assert 0 <= times.announce <= times.requests
    assert times.requests >= 0.6 * graceful
    assert times.requests + 2 * times.cancel + times.cleanup <= times.tasks < times.services < graceful
