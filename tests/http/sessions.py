"""A scoped service that notes when it is opened and how it ends."""

from collections.abc import AsyncIterator, Callable

__all__ = ("Session", "session_noting")


class Session:
    """One for each scope."""

    def __init__(self, trace: list[str]) -> None:
        self.trace = trace


def session_noting(
    trace: list[str], describe: Callable[[BaseException], str] = repr
) -> Callable[[], AsyncIterator[Session]]:
    """Return a provider that notes "open", and "commit" or "roll back" with the description of the exception."""

    async def open_session() -> AsyncIterator[Session]:
        trace.append("open")
        try:
            yield Session(trace)
        except BaseException as error:
            trace.append(f"roll back {describe(error)}")
            raise
        trace.append("commit")

    return open_session
