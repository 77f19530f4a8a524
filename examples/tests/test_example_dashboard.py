"""Browsers receive the measurements."""

from examples.dashboard import DashboardController, create_app
from framework.testing import AppClientFactory


async def test_a_browser_that_returns_misses_nothing(app_client: AppClientFactory) -> None:
    """The stream goes on after the last event."""
    client = await app_client(create_app(every=0.05))

    async with client.events(DashboardController.load) as events:
        first = await events.next()
    async with client.events(DashboardController.load, last=first.id) as events:
        second = await events.next()

    assert second.data.time > first.data.time
    assert len(second.data.load) == 3
