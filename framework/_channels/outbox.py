"""Events that are published inside a transaction of SQLAlchemy: they are sent when it commits."""

from typing import Any

from sqlalchemy import event

from framework._channels.hub import Hub, Ready

__all__ = ("Outbox",)


class Outbox:
    """The events of one ``AsyncSession``, each with the transaction or savepoint on which it depends."""

    def __init__(self, hub: Hub, session: Any) -> None:
        self._hub = hub
        self._session = session.sync_session
        self._kept: list[tuple[Any, Ready]] = []
        event.listen(self._session, "after_commit", self._committed)
        event.listen(self._session, "after_transaction_end", self._ended)

    def keep(self, ready: Ready) -> None:
        """Keep an event until the transaction commits; without a transaction, until the next one or ``finish``."""
        session = self._session
        self._kept.append((session.get_nested_transaction() or session.get_transaction(), ready))

    def _committed(self, session: Any) -> None:
        savepoint = session.get_nested_transaction()
        if savepoint is not None:
            # Released: what depended on it depends on the transaction around it.
            self._kept = [(savepoint.parent if one is savepoint else one, ready) for one, ready in self._kept]
        else:
            self._send()

    def _ended(self, _: Any, transaction: Any) -> None:
        # After a commit, nothing is left that depends on it. Without one, what was published before it began is dropped
        # as well.
        ended = (transaction,) if transaction.parent else (transaction, None)
        self._kept = [(one, ready) for one, ready in self._kept if one not in ended]

    def _send(self) -> None:
        kept, self._kept = self._kept, []
        if kept:
            self._hub.send_later([ready for _, ready in kept])

    def finish(self) -> None:
        """Send what was published without a transaction, at the end of a scope without an error."""
        if not self._session.in_transaction():
            self._send()
